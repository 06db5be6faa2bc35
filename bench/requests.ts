/** Counts the requests of one FUSE connection, whoever serves it, by the kernel's own trace points. */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './peers.js';

/** What a connection was asked meanwhile. */
export interface Requests {
  /** All that wait for an answer, but those of {@link ioctls}. */
  readonly counted: number;
  /** IOCTL: a program asks whether an open file is a terminal. No answer makes the kernel keep it to itself. */
  readonly ioctls: number;
}

// FORGET and BATCH_FORGET have no answer, and cost no waiting.
const filters = { counted: 'opcode != 2 && opcode != 42 && opcode != 39', ioctls: 'opcode == 39' };

/**
 * Uses tracefs' `fuse:fuse_request_send` (Linux 6.12 and newer) in trace instances of its own, so that nobody else's tracing is
 * touched. Only the kernel's counters of the ring buffer are read: what is overwritten counts, too. An event costs a tenth of a
 * microsecond, a request a hundred times that, so what is counted can be timed as well.
 */
export class RequestCounter {
  readonly #instances: Readonly<Record<keyof Requests, string>> | undefined;

  /** @param directory an empty directory for the mount of tracefs, which stays until the mount namespace ends */
  constructor(directory: string) {
    mkdirSync(directory, { recursive: true });
    try {
      run('mount', ['-t', 'tracefs', 'tracefs', directory]);
    } catch {
      return; // A kernel without tracing: the tables go without requests.
    }
    if (!existsSync(join(directory, 'events/fuse/fuse_request_send'))) return;
    const instance = (name: string): string => {
      const made = join(directory, 'instances', `lvfs-bench-${process.pid}-${name}`);
      mkdirSync(made);
      writeFileSync(join(made, 'buffer_size_kb'), '64');
      return made;
    };
    this.#instances = { counted: instance('counted'), ioctls: instance('ioctls') };
  }

  get isAvailable(): boolean {
    return this.#instances !== undefined;
  }

  /**
   * Runs `work` and tells what the connection (the minor of its device) was asked meanwhile; undefined where that cannot
   * be known.
   */
  during<T>(connection: number | undefined, work: () => T): { result: T; requests: Requests | undefined } {
    const instances = this.#instances;
    if (instances === undefined || connection === undefined) return { result: work(), requests: undefined };
    for (const name of names) {
      const event = eventOf(instances[name]);
      writeFileSync(join(event, 'filter'), `connection == ${connection} && ${filters[name]}`);
      writeFileSync(join(instances[name], 'trace'), '');
      writeFileSync(join(event, 'enable'), '1');
    }
    try {
      const result = work();
      return { result, requests: { counted: total(instances.counted), ioctls: total(instances.ioctls) } };
    } finally {
      for (const name of names) writeFileSync(join(eventOf(instances[name]), 'enable'), '0');
    }
  }

  close(): void {
    for (const instance of Object.values(this.#instances ?? {})) rmdirSync(instance);
  }
}

const names = ['counted', 'ioctls'] as const;
const eventOf = (instance: string): string => join(instance, 'events/fuse/fuse_request_send');

/** Events of a trace instance since it was emptied. */
function total(instance: string): number {
  let sum = 0;
  for (const cpu of readdirSync(join(instance, 'per_cpu'))) {
    const stats = readFileSync(join(instance, 'per_cpu', cpu, 'stats'), 'latin1');
    for (const name of ['entries', 'overrun']) {
      sum += Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(stats)?.[1] ?? 0);
    }
  }
  return sum;
}
