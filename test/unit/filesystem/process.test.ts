/** What is known of the processes that ask, from a made-up /proc. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { ProcessRecord } from '../../../src/audit/index.js';
import { Processes } from '../../../src/filesystem/process.js';

interface Made {
  readonly parent: number;
  readonly words: readonly string[];
  /** As the links of /proc tell them. */
  readonly root: string;
  readonly directory: string;
  /** Of its mount namespace; ours is 1. */
  readonly namespace?: number;
}

function procOf(t: ExecutionContext, processes: Readonly<Record<number, Made>>): string {
  const proc = mkdtempSync(join(tmpdir(), 'lvfs-test-proc-'));
  t.teardown(() => rmSync(proc, { recursive: true }));
  mkdirSync(join(proc, 'self/ns'), { recursive: true });
  symlinkSync('mnt:[1]', join(proc, 'self/ns/mnt'));
  for (const [pid, { parent, words, root, directory, namespace = 2 }] of Object.entries(processes)) {
    const place = join(proc, pid);
    mkdirSync(join(place, 'ns'), { recursive: true });
    const fields = ['S', parent, ...Array.from({ length: 17 }, () => 0), 77].join(' ');
    writeFileSync(join(place, 'stat'), `${pid} (a (b) c) ${fields}`);
    writeFileSync(join(place, 'cmdline'), words.map((word) => `${word}\0`).join(''));
    writeFileSync(join(place, 'environ'), 'A=1\0EBUILD_PHASE=compile\0');
    symlinkSync(`mnt:[${namespace}]`, join(place, 'ns/mnt'));
    symlinkSync(root, join(place, 'root'));
    symlinkSync(directory, join(place, 'cwd'));
    symlinkSync(`${root === '/' ? '' : root}/usr/bin/sh`, join(place, 'exe'));
  }
  return proc;
}

function recordsOf(
  t: ExecutionContext,
  processes: Readonly<Record<number, Made>>,
  pid: number,
): ProcessRecord[] {
  const records: ProcessRecord[] = [];
  const known = new Processes({
    mountpoint: '/run/view',
    proc: procOf(t, processes),
    onProcess: (record) => records.push(record),
  });
  const id = known.id(pid, false);
  t.true(id !== 0 && records.at(-1)?.id === id);
  return records;
}

for (const [title, root] of [
  ['with our mounts', '/run/view'],
  ['with mounts of its own, where we are chrooted', '/srv/chroot/run/view'],
  ['whose root the view is', '/'],
] as const) {
  test(`a process ${title} is in the view, as is who started it, but not who started that`, (t) => {
    const below = root === '/' ? '' : root;
    const outside = {
      parent: 1,
      words: ['unshare'],
      root: root.replace('/run/view', '') || '/',
      directory: '/',
      namespace: 1,
    };
    const records = recordsOf(
      t,
      {
        // Of a view that is the root of its namespace, nothing but the namespace tells who is outside.
        ...(root === '/' ? {} : { 10: outside }),
        11: { parent: 10, words: ['sh', 'tool'], root, directory: `${below}/work` },
        12: { parent: 11, words: ['m4'], root, directory: `${below}/work` },
      },
      12,
    );
    t.deepEqual(
      records.map(({ pid, parent, program, directory, phase }) => ({
        pid,
        parent,
        program,
        directory,
        phase,
      })),
      [
        { pid: 11, parent: 0, program: '/usr/bin/sh', directory: '/work', phase: 'compile' },
        { pid: 12, parent: 1, program: '/usr/bin/sh', directory: '/work', phase: 'compile' },
      ],
    );
  });
}
