/** Patches are what git takes. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { filePatch } from '../../../src/author/patch.js';

const hasGit = spawnSync('git', ['--version']).status === 0;
const gitTest = hasGit ? test : test.skip;

test('nothing changed is no patch', (t) => {
  t.is(filePatch('a', 'x\n', 'x\n'), '');
});

test('a patch as git writes it', (t) => {
  const patch = filePatch('a/b/b-1.ebuild', '1\n2\n3\n4\n5\n6\n7\n', '1\n2\n3\n4\nnew\n5\n6\n7\n');
  t.deepEqual(patch.split('\n'), [
    'diff --git a/a/b/b-1.ebuild b/a/b/b-1.ebuild',
    // `git hash-object` says so.
    'index 06e567b11dfdafeaf7d3edcc89864149383aeab6..b1d631e0337c1c6534e422a51917ac5b6024c30c 100644',
    '--- a/a/b/b-1.ebuild',
    '+++ b/a/b/b-1.ebuild',
    '@@ -2,6 +2,7 @@',
    ...[' 2', ' 3', ' 4', '+new', ' 5', ' 6', ' 7', ''],
  ]);
});

gitTest(`git apply makes of the one what the other is${hasGit ? '' : ' (skipped: needs git)'}`, (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-patch-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, 'cat'));
  spawnSync('git', ['init', '-q', directory]);
  const line = fc.constantFrom('a', 'b', 'c', 'd', '');
  const text = fc
    .tuple(fc.array(line, { minLength: 1, maxLength: 25 }), fc.boolean())
    .map(([lines, ends]) => lines.join('\n') + (ends ? '\n' : ''))
    .filter((one) => one !== '');
  fc.assert(
    fc.property(text, text, (before, after) => {
      const file = join(directory, 'cat/file');
      writeFileSync(file, before);
      const input = filePatch('cat/file', before, after);
      if (input === '') return;
      const { status, stderr } = spawnSync('git', ['apply', '--unidiff-zero', '-'], {
        cwd: directory,
        input,
        encoding: 'utf8',
      });
      t.is(status, 0, `${stderr}\n${input}`);
      t.is(readFileSync(file, 'utf8'), after);
    }),
    { numRuns: 60 },
  );
});
