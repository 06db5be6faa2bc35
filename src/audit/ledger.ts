/**
 * Keeps what was refused, and with tracing what was allowed too: deduplicated, counted and bounded in memory. Counts are lower bounds, since the kernel
 * remembers an answer and asks once.
 */
import { displayPath } from '../base/index.js';
import type { AccessEvent, Milliseconds, Operation } from './events.js';

/** A denial as `lvfs log` shows it; the field names are those of `docs/json.md`. */
export interface Denial {
  /** First seen. */
  time: Milliseconds;
  path: string;
  owners: readonly string[];
  operation: Operation;
  pid: number;
  comm: string;
  cmdline: string;
  phase: string;
  package: string;
  /** How often this was seen; a lower bound. */
  count: number;
  /** Whether the host has a directory there. */
  directory: boolean;
  /** True for an access to something visible, which only a trace records. */
  visible: boolean;
}

/** Bounds of a {@link Ledger}. */
export interface LedgerOptions {
  /** Distinct (path, operation, comm, phase, package) kept; later new ones are only counted. Default 50 000. */
  maxDenials?: number;
  /** Keep accesses to visible paths as well. */
  trace?: boolean;
}

/** The record of one session's denials. */
export class Ledger {
  readonly #max: number;
  readonly #trace: boolean;
  readonly #denials = new Map<string, Denial>();
  readonly #subscribers = new Set<(denial: Denial) => void>();
  #total = 0;
  #dropped = 0;

  constructor(options: LedgerOptions = {}) {
    this.#max = options.maxDenials ?? 50_000;
    this.#trace = options.trace ?? false;
  }

  /** Denials seen, repeated ones included. */
  get total(): number {
    return this.#total;
  }

  /** Distinct denials that found no room. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Distinct denials, in the order in which they were first seen. */
  denials(): Denial[] {
    return this.accesses().filter(({ visible }) => !visible);
  }

  /** The same with the accesses to visible paths that a trace recorded. */
  accesses(): Denial[] {
    return [...this.#denials.values()];
  }

  /** Takes note of an access; of a visible one only when tracing. Subscribers hear of what is new. */
  record(event: AccessEvent): void {
    const { process, visible } = event;
    if (visible && !this.#trace) return;
    if (!visible) this.#total += 1;
    const key = [event.path, event.operation, visible, process.comm, process.phase, process.package].join(
      '\0',
    );
    const known = this.#denials.get(key);
    if (known !== undefined) {
      known.count += 1;
      return;
    }
    if (this.#denials.size >= this.#max) {
      this.#dropped += 1;
      return;
    }
    const denial: Denial = {
      time: event.time,
      path: displayPath(event.path),
      owners: event.owners,
      operation: event.operation,
      pid: process.pid,
      comm: process.comm,
      cmdline: process.cmdline,
      phase: process.phase,
      package: process.package,
      count: 1,
      directory: event.directory,
      visible,
    };
    this.#denials.set(key, denial);
    for (const subscriber of this.#subscribers) subscriber(denial);
  }

  /** Calls `subscriber` with every new denial (and traced access) until the returned function is called. */
  subscribe(subscriber: (denial: Denial) => void): () => void {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  /** Forgets everything recorded so far, so that a new build in the same view starts from nothing. */
  clear(): void {
    this.#denials.clear();
    this.#total = 0;
    this.#dropped = 0;
  }
}
