/** `--markdown` and `--bugzilla` of a build. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { whyNotMount } from '../helpers/inView.js';
import { shown, withEmerge } from '../helpers/scriptedEmerge.js';

const reason = whyNotMount();
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

mountTest(`a build leaves texts that can be pasted into a bug${skipped}`, async (t) => {
  const f = await withEmerge(t, `phase flexer || exit 1; package`);
  const [markdown, bugzilla] = [join(f.directory, 'bug.md'), join(f.directory, 'bug.txt')];
  const args = ['--no-prove', '--markdown', markdown, '--bugzilla', bugzilla, ...shown(f), 'dev-libs/foo'];
  t.is((await f.lvfs('build', ...args)).status, 29);
  t.regex(readFileSync(markdown, 'utf8'), /^# dev-libs\/foo-1: missing BDEPEND on sys-devel\/flexer\n/);
  t.regex(
    readFileSync(bugzilla, 'utf8'),
    /^Summary: dev-libs\/foo-1: missing BDEPEND on sys-devel\/flexer\n/,
  );
});
