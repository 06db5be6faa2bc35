/**
 * Keeps what was refused, what was used, and by which processes: deduplicated, counted and bounded in memory. Counts are lower
 * bounds, since the kernel remembers an answer and asks once.
 */
import { displayPath, type PackageId } from '../base/index.js';
import type { AccessEvent, Milliseconds, Operation, ProcessEnd, ProcessRecord } from './events.js';

/** A denial as `lvfs log` shows it; the field names are those of `docs/json.md`. */
export interface Denial {
  /** First seen. */
  time: Milliseconds;
  path: string;
  owners: readonly PackageId[];
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
  /** For a directory: the path that was asked for, which may lie in it; empty when that is not known. */
  wanted: string;
  /** Last seen. */
  last: Milliseconds;
  /** {@link ProcessRecord.id} of who asked, each once: the first ones, and the last. */
  processes: number[];
  /** When each of {@link processes} asked last. */
  asked: Milliseconds[];
}

/** A visible file that a process opened or executed. */
export interface ToldUse {
  path: string;
  owners: readonly PackageId[];
  operation: Operation;
  /** {@link ProcessRecord.id}. */
  process: number;
  /** For `exec`: the path that was executed; empty when it is not known. */
  wanted: string;
}

/** Bounds of a {@link Ledger}. */
export interface LedgerOptions {
  /** Distinct (path, operation, comm, phase, package) kept; later new ones are only counted. Default 50 000. */
  maxDenials?: number;
  /** Processes, and uses that were told one by one, kept. Default 200 000. */
  maxUses?: number;
  /** Keep accesses to visible paths as well. */
  trace?: boolean;
}

/** Processes kept for one denial. */
const maxProcesses = 64;

const nobody: Omit<ProcessRecord, 'id'> = {
  parent: 0,
  pid: 0,
  comm: '',
  program: '',
  arguments: [],
  directory: '',
  phase: '',
  package: '',
  buildDirectory: '',
  seen: 0,
};

/** The record of one session. */
export class Ledger {
  readonly #max: number;
  readonly #maxUses: number;
  readonly #trace: boolean;
  readonly #denials = new Map<string, Denial>();
  readonly #uses = new Map<string, ToldUse>();
  readonly #processes = new Map<number, ProcessRecord>();
  readonly #ends = new Map<number, ProcessEnd>();
  readonly #subscribers = new Set<(denial: Denial) => void>();
  /** Hears of each process that is met. */
  onProcess: ((record: ProcessRecord) => void) | undefined;
  #total = 0;
  #dropped = 0;

  constructor(options: LedgerOptions = {}) {
    this.#max = options.maxDenials ?? 50_000;
    this.#maxUses = options.maxUses ?? 200_000;
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

  /** The processes that events refer to, by {@link ProcessRecord.id}. */
  get processes(): ReadonlyMap<number, ProcessRecord> {
    return this.#processes;
  }

  /** How processes ended, as far as the kernel tells, by {@link ProcessRecord.id}. */
  get ends(): ReadonlyMap<number, ProcessEnd> {
    return this.#ends;
  }

  /** Distinct denials, in the order in which they were first seen. */
  denials(): Denial[] {
    return this.accesses().filter(({ visible }) => !visible);
  }

  /** The same with the accesses to visible paths that a trace recorded. */
  accesses(): Denial[] {
    return [...this.#denials.values()];
  }

  /** Uses of visible files that were told one by one. */
  uses(): ToldUse[] {
    return [...this.#uses.values()];
  }

  /** Takes note of a process. */
  meet(record: ProcessRecord): void {
    if (this.#processes.size < this.#maxUses) this.#processes.set(record.id, record);
    this.onProcess?.(record);
  }

  /** Takes note of how a process has ended. */
  end(process: number, end: ProcessEnd): void {
    if (this.#processes.has(process)) this.#ends.set(process, end);
  }

  /** Takes note of an access. Subscribers hear of denials, and of accesses that a trace records, that are new. */
  record(event: AccessEvent): void {
    const { visible, operation } = event;
    if (visible && (operation === 'open' || operation === 'exec')) this.#use(event);
    if (visible && !this.#trace) return;
    if (!visible) this.#total += 1;
    const process = this.#processes.get(event.process) ?? nobody;
    const { comm, phase } = process;
    const key = [event.path, operation, visible, event.wanted, comm, phase, process.package].join('\0');
    const known = this.#denials.get(key);
    if (known !== undefined) {
      known.count += 1;
      known.last = event.time;
      addProcess(known, event);
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
      operation,
      pid: process.pid,
      comm,
      cmdline: process.arguments.join(' '),
      phase,
      package: process.package,
      count: 1,
      directory: event.directory,
      visible,
      wanted: displayPath(event.wanted),
      last: event.time,
      processes: [],
      asked: [],
    };
    addProcess(denial, event);
    this.#denials.set(key, denial);
    for (const subscriber of this.#subscribers) subscriber(denial);
  }

  #use({ path, owners, operation, process, wanted }: AccessEvent): void {
    if (this.#uses.size >= this.#maxUses) return;
    this.#uses.set(`${path}\0${operation}\0${process}`, {
      path: displayPath(path),
      owners,
      operation,
      process,
      wanted: displayPath(wanted),
    });
  }

  /** Calls `subscriber` with every new denial (and traced access) until the returned function is called. */
  subscribe(subscriber: (denial: Denial) => void): () => void {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  /**
   * Forgets everything recorded so far, so that a new build in the same view starts from nothing. Processes that are of no ebuild's phase
   * are kept: they may go on.
   */
  clear(): void {
    this.#denials.clear();
    this.#uses.clear();
    for (const [id, { phase }] of this.#processes) if (phase !== '') this.#processes.delete(id);
    for (const id of this.#ends.keys()) if (!this.#processes.has(id)) this.#ends.delete(id);
    this.#total = 0;
    this.#dropped = 0;
  }
}

function addProcess({ processes, asked }: Denial, { process, time }: AccessEvent): void {
  if (process === 0) return;
  const known = processes.indexOf(process);
  const at = known >= 0 ? known : Math.min(processes.length, maxProcesses - 1);
  processes[at] = process;
  asked[at] = time;
}
