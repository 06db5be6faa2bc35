/** A control group of its own (cgroups(7), version 1 or 2) whose processes have only so much memory. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { until } from './lvfs.js';

/** See the head of this file. */
export interface MemoryGroup {
  /** A command of sh(1) by which a process goes into it, with all that it starts. */
  readonly enter: string;
  /** How much memory there is from now on. @returns false when what is held cannot be brought down to that */
  limit(mebibytes: number): boolean;
}

/** Where groups can be made that count memory. */
function place(): { directory: string; file: string } | undefined {
  for (const line of readFileSync('/proc/self/mountinfo', 'latin1').split('\n')) {
    const [before = '', behind = ''] = line.split(' - ');
    const [type = '', , options = ''] = behind.split(' ');
    const directory = before.split(' ')[4] ?? '';
    if (type === 'cgroup' && options.split(',').includes('memory'))
      return { directory, file: 'memory.limit_in_bytes' };
    const control = join(directory, 'cgroup.subtree_control');
    if (type === 'cgroup2' && existsSync(control) && readFileSync(control, 'latin1').includes('memory'))
      return { directory, file: 'memory.max' };
  }
  return undefined;
}

/** Makes one; it is gone after the test. @returns undefined where none can be made */
export function memoryGroup(t: ExecutionContext): MemoryGroup | undefined {
  const found = place();
  if (found === undefined) return undefined;
  const directory = join(found.directory, `lvfs-test-${process.pid}-${++count}`);
  try {
    mkdirSync(directory);
  } catch {
    // Not root, or a container that may only look.
    return undefined;
  }
  t.teardown(() =>
    until('the control group is empty', () => {
      try {
        rmdirSync(directory);
        return true;
      } catch {
        // A process that was killed is still in it.
        return false;
      }
    }),
  );
  return {
    enter: `echo $$ >${directory}/cgroup.procs`,
    limit: (mebibytes) => {
      try {
        writeFileSync(join(directory, found.file), String(mebibytes << 20));
        return true;
      } catch {
        // Version 1 says so; version 2 ends somebody.
        return false;
      }
    },
  };
}

let count = 0;
