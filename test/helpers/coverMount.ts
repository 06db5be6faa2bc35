/**
 * A program for tests: covers a mount with the platform's mounter and prints what came of it. Run in a mount namespace of its
 * own; the first argument is the directory to mount on, the second the binds, the third a scratch directory.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mounter, type Bind } from '../../src/daemon/platform/index.js';

/** What {@link file://./coverMount.ts} prints. */
export interface Covered {
  readonly error: string | undefined;
  readonly cause: string | undefined;
  /** The mounts at and below the directory in their order: place, `rw` or `ro`, `shared` or `private`, and `new` for memory. */
  readonly mounts: readonly string[];
  /** What is left in the scratch directory. */
  readonly left: readonly string[];
}

const [view, binds, scratch] = process.argv.slice(2) as [string, string, string];
execFileSync('mount', ['-t', 'tmpfs', '--make-shared', 'view', view]);
const plan = JSON.parse(binds) as Bind[];
for (const { target, kind } of plan) if (kind !== 'proc') mkdirSync(join(view, target), { recursive: true });
let error: Error | undefined;
try {
  await mounter.cover(view, plan, { scratch, hostProc: false });
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
const result: Covered = {
  error: error?.message,
  cause: error?.cause as string | undefined,
  mounts,
  left: readdirSync(scratch),
};
console.log(JSON.stringify(result));
