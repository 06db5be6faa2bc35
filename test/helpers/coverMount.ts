/**
 * A program for tests: covers a mount with the platform's mounter and prints what came of it. Run in a mount namespace of its
 * own, in which it makes all mounts shared; the first argument is the directory to mount on, the second the binds.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { mounter, namespaces, type Bind } from '../../src/daemon/platform/index.js';
import { until } from './lvfs.js';

/** What {@link file://./coverMount.ts} prints. */
export interface Covered {
  readonly error: string | undefined;
  readonly cause: string | undefined;
  /** The mounts at and below the directory in their order: place, `rw` or `ro`, `shared` or `private`, and `new` for memory. */
  readonly mounts: readonly string[];
  /** What a peer and a slave namespace have mounted below the directory around the view, each. */
  readonly elsewhere: readonly (readonly string[])[];
}

const [view, binds] = process.argv.slice(2) as [string, string];
execFileSync('mount', ['--make-rshared', '/']);
const beside = ['unchanged', 'slave'].map((propagation) =>
  spawn('unshare', ['--mount', '--propagation', propagation, 'sleep', 'infinity']),
);
const own = namespaces.mountNamespace('self');
await until('the other namespaces are there', () =>
  beside.every(({ pid = 0 }) => ![own, undefined].includes(namespaces.mountNamespace(pid))),
);
execFileSync('mount', ['-t', 'tmpfs', '--make-shared', 'view', view]);
const plan = JSON.parse(binds) as Bind[];
for (const { target, kind } of plan) if (kind !== 'proc') mkdirSync(join(view, target), { recursive: true });
let error: Error | undefined;
try {
  await mounter.cover(view, plan, { hostProc: false });
} catch (thrown) {
  error = thrown as Error;
}
const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
  .split('\n')
  .map((line) => line.split(' '))
  .filter(([, , , , place]) => place?.startsWith(view))
  .map((fields) => {
    const [, , , , place = '', options = ''] = fields;
    const dash = fields.indexOf('-');
    const isShared = fields.slice(6, dash).some((field) => field.startsWith('shared:'));
    const words = [
      options.slice(0, 2),
      isShared ? 'shared' : 'private',
      fields[dash + 2] === 'lvfs' ? 'new' : '',
    ];
    return `${place.slice(view.length)}: ${words.join(' ').trim()}`;
  });
const elsewhere = beside.map(({ pid }) =>
  readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[4] ?? [])
    .filter((place) => place.startsWith(`${dirname(view)}/`)),
);
for (const child of beside) child.kill();
const result: Covered = {
  error: error?.message,
  cause: error?.cause as string | undefined,
  mounts,
  elsewhere,
};
console.log(JSON.stringify(result));
