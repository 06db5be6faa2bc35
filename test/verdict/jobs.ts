/**
 * Jobs: processes that build cases one after the other, each in a Gentoo system of its own, so that the system is entered
 * once a job and not once a case.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Order, Outcome, Setup } from './inside.js';

/** How a Gentoo system is entered: a command that is given another command. */
export interface Entrance {
  command: string[];
  /** The inner half, a program of Node. */
  inside: string;
  setup: Setup;
}

/** Raised when a job ends before it has answered. */
export class JobEnded extends Error {}

/**
 * Does the orders with `count` jobs at a time, the next order by whichever job is free, and calls `done` as each comes
 * back. A signal to end ends all jobs, and what they run, before the promise is rejected.
 */
export async function runOrders(
  orders: readonly Order[],
  count: number,
  entrance: Entrance,
  done: (order: Order, outcome: Outcome) => void,
): Promise<void> {
  const queue = [...orders];
  const job = async (): Promise<void> => {
    const [program = '', ...args] = [
      ...entrance.command,
      process.execPath,
      entrance.inside,
      JSON.stringify(entrance.setup),
    ];
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
    // The end of its input is what ends a job; that it is already gone shows in its output.
    child.stdin.on('error', () => undefined);
    const stop = (): void => void child.stdin.end();
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    signals.forEach((signal) => process.on(signal, stop));
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', (code, signal) => resolve(`status ${signal ?? code}`));
    });
    try {
      for (let order = queue.shift(); order !== undefined; order = queue.shift()) {
        child.stdin.write(`${JSON.stringify(order)}\n`);
        const answer = await answers.next();
        if (answer.done === true) throw new JobEnded(`${order.key}: the job ended: ${await ended}`);
        done(order, JSON.parse(answer.value) as Outcome);
      }
    } finally {
      child.stdin.end();
      await ended;
      signals.forEach((signal) => process.off(signal, stop));
    }
  };
  const jobs = await Promise.allSettled(Array.from({ length: Math.min(count, orders.length) }, job));
  for (const one of jobs) if (one.status === 'rejected') throw one.reason;
}
