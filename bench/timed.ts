/** How long a command takes. */
import { spawnSync } from 'node:child_process';

/** Of one command, in seconds. */
export interface Timed {
  wall: number;
  /** Processor time of the command and what it waited for, seconds. */
  cpu: number;
}

/** Runs a command to its end. The shell's `times` tells what it used. */
export function timed(command: string, args: readonly string[]): Timed {
  const start = process.hrtime.bigint();
  const result = spawnSync('sh', ['-c', '"$@" >/dev/null || exit 1; times', 'sh', command, ...args], {
    encoding: 'utf8',
  });
  const wall = Number(process.hrtime.bigint() - start) / 1e9;
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${result.stderr.trim()}`);
  const children = (result.stdout.trim().split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g);
  let cpu = 0;
  for (const [, minutes, seconds] of children) cpu += Number(minutes) * 60 + Number(seconds);
  return { wall, cpu };
}
