/** The search of execvp, in a view; a table stands in for it. */
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { findProgram, type FoundProgram } from '../../../../src/daemon/plan/findProgram.js';
import { removeTree } from '../../../helpers/removeTree.js';

test('a command is looked for as exec does it', (t) => {
  const host = mkdtempSync(join(tmpdir(), 'lvfs-find-'));
  t.teardown(() => removeTree(host));
  const write = (name: string, text: string, mode: number): void => {
    writeFileSync(join(host, name), text);
    chmodSync(join(host, name), mode);
  };
  write('tool', '\x7fELF', 0o755);
  write('plain', 'text', 0o644);
  write('script', '#! /bin/tool -x\n', 0o755);
  write('orphan', '#!/bin/gone\n', 0o755);
  write('empty', '', 0o755);
  mkdirSync(join(host, 'directory'));
  const view = new Map([
    ...['tool', 'script', 'orphan', 'empty'].map((name) => [`/bin/${name}`, join(host, name)] as const),
    ['/etc/tool', join(host, 'plain')],
    ['/work/run', join(host, 'tool')],
    ['/work/plain', join(host, 'plain')],
    ['/work/directory', join(host, 'directory')],
  ]);
  const find = (name: string, search: string | undefined = '/etc:/bin'): FoundProgram =>
    findProgram(name, search, '/work', (path) => view.get(path));
  const there = { found: 'there' } as const;
  t.deepEqual(find('tool'), there, 'what cannot be run is passed by');
  t.deepEqual(find('tool', '/etc'), { found: 'unusable', path: '/etc/tool', why: 'mode' });
  t.deepEqual(
    findProgram('tool', undefined, '/work', (path) => view.get(path)),
    there,
  );
  t.deepEqual(find('run', ':/bin'), there, 'an empty component is the directory');
  t.deepEqual(find('./run'), there);
  t.deepEqual(find('./plain'), { found: 'unusable', path: '/work/plain', why: 'mode' });
  t.deepEqual(find('/work/directory'), { found: 'unusable', path: '/work/directory', why: 'directory' });
  t.deepEqual(find('none'), { found: 'absent', paths: ['/etc/none', '/bin/none'] });
  t.deepEqual(find('../none'), { found: 'absent', paths: ['/none'] });
  t.deepEqual(find(''), { found: 'absent', paths: [] });
  t.deepEqual(find('script'), there);
  t.deepEqual(find('empty'), there);
  t.deepEqual(find('orphan'), { found: 'absent', paths: ['/bin/gone'], script: '/bin/orphan' });
});
