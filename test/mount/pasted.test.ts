/** `--markdown` and `--bugzilla` of a build. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { whyNotMount } from '../helpers/inView.js';
import { shown, withEmerge } from '../helpers/scriptedEmerge.js';

const reason = whyNotMount();
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

mountTest(`a build leaves texts that can be pasted into a bug${skipped}`, async (t) => {
  const f = await withEmerge(t, `phase flexer || exit 1; package`);
  // The host's emerge is asked what the machine is.
  const info = '#!/bin/sh\necho Portage 3.0.66\necho Larry is here\necho \'USE="nls ssl" ABI_X86="64"\'\n';
  writeFileSync(join(f.directory, 'emerge'), info, { mode: 0o755 });
  f.environment['PATH'] = `${f.directory}:${f.environment['PATH'] ?? ''}`;
  const [markdown, bugzilla] = [join(f.directory, 'bug.md'), join(f.directory, 'bug.txt')];
  const args = ['--no-prove', '--markdown', markdown, '--bugzilla', bugzilla, ...shown(f), 'dev-libs/foo'];
  t.is((await f.lvfs('build', ...args)).status, 29);
  t.regex(readFileSync(markdown, 'utf8'), /^# dev-libs\/foo-1: missing BDEPEND on sys-devel\/flexer\n/);
  t.regex(
    readFileSync(bugzilla, 'utf8'),
    /^Summary: dev-libs\/foo-1: missing BDEPEND on sys-devel\/flexer\n[^]*\nemerge --info:\n {2}Portage 3\.0\.66\n {2}USE="nls ssl"\n$/,
  );
});
