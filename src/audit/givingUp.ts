/**
 * What a build gave up over, told from how its processes ended and not from what they said: a process was refused something, ended
 * with an error next, and so did who had started it, up to the root of the build.
 *
 * Configure scripts run thousands of programs that fail and mean nothing by it. So a refusal counts only when everything above it
 * failed as well, each soon after the one below, and nobody went on with anything else in between; of a build the last such one.
 * Where one end is not known nothing is said.
 */
import { baseName } from '../base/index.js';
import type { Ended, Milliseconds, ProcessEnd, ProcessRecord } from './events.js';
import type { ReportInput } from './findings.js';
import type { Denial } from './ledger.js';
import { programName, type ProcessTree } from './processTree.js';

/** Ended "next": so long after it was refused, or after the process below ended. A busy machine takes a while to say goodbye. */
const soon: Milliseconds = 2_000;

/** The same for the shell of a phase, which has much to print before it tells that it ends. */
const soonInPhase: Milliseconds = 10_000;

/** With what scripts write their logs and clean up when they have given up, whatever comes of it. */
const farewell =
  /^(?:sh|bash|dash|cat|echo|printf|rm|rmdir|mv|cp|ls|sed|grep|egrep|fgrep|awk|gawk|mawk|sort|uniq|tr|head|tail|cut|expr|test|\[|date|hostname|uname|tee|basename|dirname|sleep|kill|touch|wc|diff|cmp|tput|stty|logger|env|id|true|false)$/;

/** What goes on with other parts of its work for a while when one has failed. */
const parallel = /^(?:g?make|bmake|ninja|samu|gcc|g\+\+|cc|c\+\+|clang|clang\+\+|xargs|parallel)$/;

/** What a process that was refused something did next. `unknown`: nobody can tell. */
type Sequel = 'gave up' | 'went on' | 'unknown';

interface Instance<R> {
  readonly refusal: R;
  readonly at: Milliseconds;
  /** From the one that was refused to the root of the build. */
  readonly chain: readonly ProcessRecord[];
  readonly sequel: Sequel;
}

/** A refusal that a build gave up over, with who ended over it, from the one that was refused outwards. */
export interface GivingUp<R> {
  readonly refusal: R;
  readonly ended: readonly Ended[];
}

/**
 * The refusals that builds gave up over.
 *
 * @param refusals those that count as evidence
 */
export function refusalsGivenUpOver<R extends { readonly path: string; readonly denial: Denial }>(
  refusals: readonly R[],
  { processes, ends, uses }: Pick<ReportInput, 'processes' | 'ends' | 'uses'>,
  tree: ProcessTree,
): GivingUp<R>[] {
  if (ends.size === 0) return [];
  const sequels = new Sequels(processes, ends, executedBy(uses), tree);
  const runs = new Map<number, Instance<R>[]>();
  for (const refusal of refusals) {
    refusal.denial.processes.forEach((process, i) => {
      const chain = sequels.chain(process);
      const root = chain.at(-1);
      if (root === undefined) return;
      const at = refusal.denial.asked[i] ?? refusal.denial.last;
      const instance = { refusal, at, chain, sequel: sequels.of(chain, refusal.path, at) };
      const run = runs.get(root.id);
      if (run === undefined) runs.set(root.id, [instance]);
      else run.push(instance);
    });
  }
  const found = new Map<R, GivingUp<R>>();
  for (const [root, run] of runs) {
    const over = run.filter(({ sequel }) => sequel === 'gave up');
    const last = Math.max(...over.map(({ at }) => at));
    for (const { refusal, at, chain } of over) {
      if (at < last || wentOnOnceMore(refusal.path, root, runs)) continue;
      const ended = chain.map(({ id, comm }) => ({ process: comm, status: ends.get(id)?.status ?? 0 }));
      found.set(refusal, { refusal, ended });
    }
  }
  return [...found.values()];
}

/** Whether the same command did without a path another time: what it failed over was something else then, and may be again. */
function wentOnOnceMore<R extends { readonly path: string }>(
  path: string,
  root: number,
  runs: ReadonlyMap<number, readonly Instance<R>[]>,
): boolean {
  const commandOf = (run: readonly Instance<R>[] | undefined): string => {
    const last = run?.[0]?.chain.at(-1);
    return last === undefined ? '' : [last.directory, last.phase, ...last.arguments].join('\0');
  };
  const command = commandOf(runs.get(root));
  return [...runs].some(([other, run]) => {
    if (other === root || commandOf(run) !== command) return false;
    const sequels = run.filter(({ refusal }) => refusal.path === path).map(({ sequel }) => sequel);
    return sequels.length > 0 && sequels.every((sequel) => sequel === 'went on');
  });
}

/** Base names of what processes executed, by process: each as it was before it ran that. */
function executedBy(uses: ReportInput['uses']): Map<number, string[]> {
  const executed = new Map<number, string[]>();
  for (const { operation, process, path, wanted } of uses) {
    if (operation !== 'exec') continue;
    const name = baseName(wanted === undefined || wanted === '' ? path : wanted);
    const known = executed.get(process);
    if (known === undefined) executed.set(process, [name]);
    else known.push(name);
  }
  return executed;
}

class Sequels {
  readonly #processes: ReportInput['processes'];
  readonly #ends: ReportInput['ends'];
  readonly #executed: ReadonlyMap<number, readonly string[]>;
  readonly #tree: ProcessTree;

  constructor(
    processes: ReportInput['processes'],
    ends: ReportInput['ends'],
    executed: ReadonlyMap<number, readonly string[]>,
    tree: ProcessTree,
  ) {
    this.#processes = processes;
    this.#ends = ends;
    this.#executed = executed;
    this.#tree = tree;
  }

  /** A process and those above it, up to the root of the build: a phase of Portage, or what was started by hand or from outside. */
  chain(id: number): ProcessRecord[] {
    const chain: ProcessRecord[] = [];
    for (let at = id; at !== 0 && !chain.some((one) => one.id === at);) {
      const record = this.#processes.get(at);
      if (record === undefined || this.#tree.isPrompt(at)) break;
      chain.push(record);
      if (this.#tree.role(at).kind === 'phase') break;
      at = record.parent;
    }
    return chain;
  }

  of(chain: readonly ProcessRecord[], path: string, at: Milliseconds): Sequel {
    // It has found one of the same name.
    if (this.#executed.get(chain[0]?.id ?? 0)?.includes(baseName(path)) === true) return 'went on';
    const ends = chain.map(({ id }) => this.#ends.get(id));
    if (ends.some((end) => end?.status === 0)) return 'went on';
    let before = at;
    for (const [i, end] of ends.entries()) {
      if (end === undefined) return 'unknown';
      const isPhase = this.#tree.role(chain[i]?.id ?? 0).kind === 'phase';
      if (!isPhase && end.alive - before > soon) return 'went on';
      // How long Portage takes to end a phase says nothing, only when it begins to.
      if (isPhase && i === 0 && this.#leaves(chain[i], end, at) - at > soonInPhase) return 'went on';
      before = end.ended;
    }
    return this.#hasGoneOn(chain, at) ? 'went on' : 'gave up';
  }

  /** When a phase has begun to end, which Portage tells emerge of: `die` prints what happened before. */
  #leaves(phase: ProcessRecord | undefined, end: ProcessEnd, at: Milliseconds): Milliseconds {
    let earliest = end.alive;
    for (const { parent, arguments: words, seen } of this.#processes.values()) {
      const isLeaving = words[1]?.endsWith('/ebuild-ipc.py') === true && words[2] === 'exit';
      if (isLeaving && parent === phase?.id && seen >= at) earliest = Math.min(earliest, seen);
    }
    return earliest;
  }

  /** Whether somebody in a chain started other work after that time. */
  #hasGoneOn(chain: readonly ProcessRecord[], at: Milliseconds): boolean {
    const places = new Map(chain.map(({ id }, place) => [id, place]));
    for (const record of this.#processes.values()) {
      if (record.seen <= at || places.has(record.id)) continue;
      // It has found another program.
      if (record.pid === chain[0]?.pid) return true;
      const above = this.#nearest(record, places);
      const starter = above === undefined ? undefined : chain[above];
      if (starter === undefined) continue;
      if (this.#isOver(record, starter, above === 0)) continue;
      if (above === 0 || !parallel.test(programName(starter))) return true;
      // Which of two that failed was the reason cannot be told.
      if ((this.#ends.get(record.id)?.status ?? 0) !== 0) return true;
    }
    return false;
  }

  /** Whether a process says only that all is over: part of a script that takes leave, or Portage ending a phase. */
  #isOver(record: ProcessRecord, starter: ProcessRecord, wasRefused: boolean): boolean {
    const isPhase = this.#tree.role(starter.id).kind === 'phase';
    if ((isPhase && !wasRefused) || this.#tree.role(record.id).kind === 'portage') return true;
    const executed = this.#executed.get(record.id) ?? [];
    // One that has executed nothing yet is a part of who started it.
    const isPart = record.arguments.join('\0') === starter.arguments.join('\0');
    return [...executed, ...(isPart ? [] : [programName(record)])].every((name) => farewell.test(name));
  }

  /** The place in a chain of the nearest process that a process descends from. */
  #nearest(record: ProcessRecord, places: ReadonlyMap<number, number>): number | undefined {
    const seen = new Set<number>();
    for (let at = record.parent; at !== 0 && !seen.has(at); at = this.#processes.get(at)?.parent ?? 0) {
      const place = places.get(at);
      if (place !== undefined) return place;
      seen.add(at);
    }
    return undefined;
  }
}
