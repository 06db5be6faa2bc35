/** Counts the requests of one FUSE connection, whoever serves it, by the kernel's own trace points. */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './peers.js';

/**
 * Uses tracefs' `fuse:fuse_request_send` (Linux 6.12 and newer) in a trace instance of its own, so that nobody else's tracing is
 * touched. Only the kernel's counters of the ring buffer are read: what is overwritten counts, too. FORGET has no answer and
 * costs no waiting; it is left out. Tracing costs time: count in a pass that is not timed.
 */
export class RequestCounter {
  readonly #instance: string | undefined;

  /** @param directory an empty directory for the mount of tracefs, which stays until the mount namespace ends */
  constructor(directory: string) {
    mkdirSync(directory, { recursive: true });
    try {
      run('mount', ['-t', 'tracefs', 'tracefs', directory]);
    } catch {
      return; // A kernel without tracing: the tables go without requests.
    }
    if (!existsSync(join(directory, 'events/fuse/fuse_request_send'))) return;
    const instance = join(directory, 'instances', `lvfs-bench-${process.pid}`);
    mkdirSync(instance);
    writeFileSync(join(instance, 'buffer_size_kb'), '64');
    this.#instance = instance;
  }

  get isAvailable(): boolean {
    return this.#instance !== undefined;
  }

  /** Runs `work` and returns how many requests the connection (the minor of its device) saw meanwhile. */
  during(connection: number, work: () => void): number {
    if (this.#instance === undefined) return NaN;
    const event = join(this.#instance, 'events/fuse/fuse_request_send');
    writeFileSync(join(event, 'filter'), `connection == ${connection} && opcode != 2 && opcode != 42`);
    writeFileSync(join(this.#instance, 'trace'), '');
    writeFileSync(join(event, 'enable'), '1');
    try {
      work();
    } finally {
      writeFileSync(join(event, 'enable'), '0');
    }
    let total = 0;
    for (const cpu of readdirSync(join(this.#instance, 'per_cpu'))) {
      const stats = readFileSync(join(this.#instance, 'per_cpu', cpu, 'stats'), 'latin1');
      for (const name of ['entries', 'overrun']) {
        total += Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(stats)?.[1] ?? 0);
      }
    }
    return total;
  }

  close(): void {
    if (this.#instance !== undefined) rmdirSync(this.#instance);
  }
}
