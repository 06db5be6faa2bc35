/** The packages that may be missing, and what there is against each. */
import type { PackageId } from '../base/index.js';
import type { Ended } from './events.js';
import { installedTargets, type Case, type IgnoreCheck, type ReportInput } from './findings.js';
import type { Denial } from './ledger.js';
import type { BuildVariable } from './pathKinds.js';

/** What is known of one hidden package. */
export interface Evidence {
  hits: number;
  fatal: boolean;
  /** Somebody wanted to execute something of it, or did. */
  executed: boolean;
  allowed: boolean;
  /** Line of the last message with which somebody gave up. */
  at: number;
  byVariable: Map<BuildVariable, number>;
  /** Paths with the weight of the strongest piece of evidence that each is. */
  paths: Map<string, number>;
  processes: Set<string>;
  phases: Set<string>;
  /** With the line that each stands in; later ones tell more. */
  messages: Map<string, number>;
  /** Who ended over it. */
  ended: readonly Ended[];
  /** Why it is no finding so far. */
  dismissed: Set<string>;
}

function newEvidence(): Evidence {
  return {
    hits: 0,
    fatal: false,
    executed: false,
    allowed: false,
    at: 0,
    byVariable: new Map(),
    paths: new Map(),
    processes: new Set(),
    phases: new Set(),
    messages: new Map(),
    ended: [],
    dismissed: new Set(),
  };
}

/** The packages that there is evidence of. */
export class Suspects {
  readonly input: ReportInput;
  readonly targets: ReadonlySet<PackageId>;
  readonly #isIgnored: IgnoreCheck;
  readonly #found = new Map<PackageId, Evidence>();

  constructor({ input, isIgnored }: Case) {
    this.input = input;
    this.targets = installedTargets(input);
    this.#isIgnored = isIgnored;
  }

  /** All that there is so far. */
  get found(): ReadonlyMap<PackageId, Evidence> {
    return this.#found;
  }

  /** The evidence of a package, to be added to. */
  of(cpv: PackageId): Evidence {
    let evidence = this.#found.get(cpv);
    if (evidence === undefined) this.#found.set(cpv, (evidence = newEvidence()));
    return evidence;
  }

  /** The same of a hidden package; undefined when the package is none, or a path of it is no evidence. */
  hidden(cpv: PackageId, path: string): Evidence | undefined {
    if (this.targets.has(cpv) || this.input.visible.has(cpv)) return undefined;
    return this.#isIgnored(cpv, path) ? undefined : this.of(cpv);
  }

  /** Whether somebody gave up over one of them. */
  get hasFatal(): boolean {
    return [...this.#found.values()].some(({ fatal }) => fatal);
  }
}

/** Adds who it was that asked for a path, and where. */
export function note(
  evidence: Evidence,
  { comm, phase, count }: Pick<Denial, 'comm' | 'phase' | 'count'>,
  path: string,
): void {
  evidence.hits += count;
  if (!evidence.paths.has(path)) evidence.paths.set(path, 0);
  if (comm !== '') evidence.processes.add(comm);
  if (phase !== '') evidence.phases.add(phase);
}

/** Adds a piece of evidence. */
export function weigh(
  { paths, byVariable }: Evidence,
  path: string,
  weight: number,
  variable: BuildVariable,
): void {
  paths.set(path, Math.max(paths.get(path) ?? 0, weight));
  byVariable.set(variable, (byVariable.get(variable) ?? 0) + weight);
}

/** Adds that somebody gave up over it, with his words. */
export function giveUp(evidence: Evidence, line: string, at: number): void {
  evidence.fatal = true;
  evidence.at = Math.max(evidence.at, at);
  evidence.messages.set(line, at);
}

/** How much all of it says: the strongest decides, each other path adds a tenth, in whatever order they were met. */
export function scoreOf({ paths }: Evidence): number {
  const [strongest = 0, ...others] = [...paths.values()].sort((a, b) => b - a);
  return others.reduce((sum, weight) => sum + weight / 10, strongest);
}

/** Whether there is anything that counts. */
export function isFinding(evidence: Evidence): boolean {
  return evidence.fatal || evidence.allowed || scoreOf(evidence) > 0;
}
