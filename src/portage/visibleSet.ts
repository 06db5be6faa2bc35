/**
 * Which installed packages a build may see, and why: the build dependencies of the targets and @system, closed under what
 * the installed packages need at run time, with the user's adjustments.
 *
 * Answers are kept per package and per dependency string, so that many targets in one process share their work. Nothing here
 * recurses along dependencies: circles and long chains are ordinary.
 */
import { exitStatus, LvfsError } from '../base/index.js';
import type { DepCheck, InstalledPackages, Selection } from './depCheck.js';
import { DependError } from './depend.js';
import { eapiFeatures } from './eapi.js';
import type { ResolvedTarget, Selected, TargetResolver } from './targets.js';
import type {
  ChainLink,
  Cpv,
  DataWarning,
  Reason,
  SetRequest,
  Target,
  Unsatisfied,
  VisibleSet,
} from './types.js';

/** A package with something that brings it into the set. */
interface Edge {
  cpv: Cpv;
  reason: Reason;
}

type Variable = Unsatisfied['variable'];

/** Computes visible sets over one state of the system. */
export class VisibleSets {
  readonly #installed: InstalledPackages;
  readonly #check: DepCheck;
  readonly #targets: TargetResolver;
  readonly #warn: (warning: DataWarning) => void;
  readonly #edges = new Map<Cpv, readonly Edge[]>();

  constructor(
    installed: InstalledPackages,
    check: DepCheck,
    targets: TargetResolver,
    warn: (warning: DataWarning) => void,
  ) {
    this.#installed = installed;
    this.#check = check;
    this.#targets = targets;
    this.#warn = warn;
  }

  /**
   * The visible set of a request.
   *
   * @throws LvfsError exit 20 for a target that is unknown, ambiguous or masked; `MISSING_DEPENDENCIES`, exit 21, with
   * all of them in `details.unsatisfied`, unless they are allowed to be missing; exit 22 for data that cannot be read.
   */
  compute(request: SetRequest): VisibleSet {
    const targets: Target[] = [];
    const unsatisfied: Unsatisfied[] = [];
    const missing: { target: Cpv; variable: Variable; atom: string }[] = [];
    const roots: Edge[] = [];
    const runTime: Edge[] = [];
    for (const resolved of this.#targets.resolve(request.targets, { test: request.test ?? false })) {
      const buildDeps = new Map<Cpv, Reason[]>();
      for (const variable of buildVariables(resolved.eapi)) {
        const selection = this.#choose(resolved, variable);
        for (const { cpv, reason } of this.#matches(selection, 'target', variable)) {
          roots.push({ cpv, reason });
          addReason(buildDeps, cpv, reason);
        }
        for (const atom of selection.unsatisfied) {
          unsatisfied.push({ variable, atom });
          missing.push({ target: resolved.cpv, variable, atom });
        }
      }
      for (const variable of ['RDEPEND', 'PDEPEND'] as const) {
        const selection = this.#choose(resolved, variable);
        const found = this.#matches(selection, 'target', variable);
        runTime.push(...found);
        if (request.rdepend !== true) continue;
        roots.push(...found);
        for (const atom of selection.unsatisfied) unsatisfied.push({ variable, atom });
      }
      targets.push({
        cpv: resolved.cpv,
        repository: resolved.repository,
        slot: resolved.slot,
        eapi: resolved.eapi,
        use: [...resolved.use].sort(),
        dependencies: resolved.dependencies,
        buildDeps: sortedMap(buildDeps),
      });
    }
    if (missing.length > 0 && request.allowMissing !== true) throw missingDependencies(missing);

    for (const selected of this.#targets.installedMatches(request.with ?? [], '--with')) {
      roots.push(rootOf(selected));
    }
    if (request.system !== false) {
      for (const selected of this.#targets.installedSystem()) roots.push(rootOf(selected));
    }
    const hidden = this.#targets.hidden(request.without ?? []);
    const visible = this.#close(roots, hidden);
    const metadataOnly = [...this.#close(runTime, hidden).keys()].filter((cpv) => !visible.has(cpv));
    const buildDeps = new Set(targets.flatMap((target) => [...target.buildDeps.keys()]));
    return {
      targets,
      visible,
      buildDeps: [...buildDeps].filter((cpv) => visible.has(cpv)).sort(),
      unsatisfied: distinct(unsatisfied),
      metadataOnly,
    };
  }

  /** Everything that the roots need at run time, with all direct reasons, sorted; what is hidden brings in nothing. */
  #close(roots: readonly Edge[], hidden: ReadonlySet<Cpv>): Map<Cpv, Reason[]> {
    const members = new Set<Cpv>();
    for (const { cpv } of roots) if (!hidden.has(cpv)) members.add(cpv);
    // Packages that are added while this runs are visited too.
    for (const cpv of members) {
      for (const edge of this.#edgesOf(cpv)) if (!hidden.has(edge.cpv)) members.add(edge.cpv);
    }
    const sorted = [...members].sort();
    const reasons = new Map<Cpv, Reason[]>(sorted.map((cpv) => [cpv, []]));
    for (const { cpv, reason } of roots) if (!hidden.has(cpv)) addReason(reasons, cpv, reason);
    for (const list of reasons.values()) list.sort(compareReasons);
    // From here on in order: packages by code point, and their edges are sorted.
    for (const from of sorted) {
      for (const { cpv, reason } of this.#edgesOf(from)) reasons.get(cpv)?.push(reason);
    }
    return reasons;
  }

  /** What an installed package needs at run time, as it was recorded when it was built, by variable and atom. */
  #edgesOf(cpv: Cpv): readonly Edge[] {
    let edges = this.#edges.get(cpv);
    if (edges === undefined) {
      edges = this.#findEdges(cpv);
      this.#edges.set(cpv, edges);
    }
    return edges;
  }

  #findEdges(cpv: Cpv): readonly Edge[] {
    const candidate = this.#installed.get(cpv);
    if (candidate === undefined) return [];
    const edges: Edge[] = [];
    for (const variable of ['PDEPEND', 'RDEPEND']) {
      const text = candidate.entry.value(variable);
      if (text === '') continue;
      try {
        const selection = this.#check.choose(text, candidate.use);
        edges.push(
          ...this.#matches(selection, cpv, variable).sort((a, b) =>
            compareText(a.reason.atom, b.reason.atom),
          ),
        );
      } catch (error) {
        if (!(error instanceof DependError)) throw error;
        const message = `${variable} cannot be understood and counts as empty: ${error.message}`;
        this.#warn({ ...candidate.entry.sourceOf(variable), message });
      }
    }
    return edges;
  }

  /** The best installed match of each selected atom. */
  #matches(selection: Selection, from: string, variable: string): Edge[] {
    const roots: Edge[] = [];
    for (const atom of selection.atoms) {
      const best = this.#installed.best(atom);
      if (best !== undefined) roots.push({ cpv: best.cpv, reason: { from, variable, atom: atom.text } });
    }
    return roots;
  }

  #choose(target: ResolvedTarget, variable: Variable): Selection {
    try {
      return this.#check.choose(target.dependencies[variable], target.use);
    } catch (error) {
      if (!(error instanceof DependError)) throw error;
      throw new LvfsError(
        'INVALID_DEPENDENCY',
        `${variable} of ${target.cpv}::${target.repository} cannot be understood`,
        { exit: exitStatus.portageData, cause: error, details: { cpv: target.cpv, variable } },
      );
    }
  }
}

function buildVariables(eapi: string): readonly Variable[] {
  return eapiFeatures(eapi).bdepend ? ['DEPEND', 'BDEPEND'] : ['DEPEND'];
}

function rootOf(selected: Selected): Edge {
  return { cpv: selected.cpv, reason: { from: selected.from, variable: '', atom: selected.atom } };
}

function addReason(reasons: Map<Cpv, Reason[]>, cpv: Cpv, reason: Reason): void {
  const known = reasons.get(cpv);
  if (known === undefined) reasons.set(cpv, [reason]);
  else if (
    !known.some(
      ({ from, variable, atom }) =>
        from === reason.from && variable === reason.variable && atom === reason.atom,
    )
  ) {
    known.push(reason);
  }
}

function distinct(unsatisfied: readonly Unsatisfied[]): Unsatisfied[] {
  return [...new Map(unsatisfied.map((item) => [`${item.variable} ${item.atom}`, item])).values()];
}

function missingDependencies(missing: readonly { target: Cpv; variable: string; atom: string }[]): LvfsError {
  const targets = [...new Set(missing.map(({ target }) => target))];
  const lists = targets.map((target) => {
    const parts = missing.filter((item) => item.target === target);
    return `${target} needs ${parts.map(({ variable, atom }) => `${atom} (${variable})`).join(', ')}`;
  });
  return new LvfsError('MISSING_DEPENDENCIES', `build dependencies are not installed: ${lists.join('; ')}`, {
    exit: exitStatus.notInstalled,
    hint: `install them (emerge --onlydeps =${targets.join(' =')}), or go on without them with --allow-missing`,
    details: { unsatisfied: missing },
  });
}

/** Whether a reason's `from` is where a chain begins, not an installed package. */
export function isRoot(from: string): boolean {
  return from === 'target' || from.startsWith('@') || from.startsWith('--');
}

/** Where chains begin comes first, then packages by code point. */
function compareReasons(a: Reason, b: Reason): number {
  const rank = (from: string): number =>
    from === 'target' ? 0 : from.startsWith('--') ? 1 : isRoot(from) ? 2 : 3;
  return (
    rank(a.from) - rank(b.from) ||
    compareText(a.from, b.from) ||
    compareText(a.variable, b.variable) ||
    compareText(a.atom, b.atom)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sortedMap(reasons: ReadonlyMap<Cpv, Reason[]>): Map<Cpv, Reason[]> {
  const sorted = [...reasons].sort(([a], [b]) => compareText(a, b));
  for (const [, list] of sorted) list.sort(compareReasons);
  return new Map(sorted);
}

/** How many unfinished chains {@link chainsTo} looks at before it gives up finding more. */
const maxSteps = 20_000;

/**
 * The chains that bring a package into a visible set, the shortest first and at most `limit`; none when it is not in the
 * set. Each begins with a package that is in the set by itself and ends with `cpv`; no package is in a chain twice. In a
 * big set only the shortest may be found: there can be more chains than could ever be listed.
 */
export function chainsTo(set: VisibleSet, cpv: Cpv, limit = 20): readonly (readonly ChainLink[])[] {
  if (!set.visible.has(cpv)) return [];
  const distances = rootDistances(set);

  /** A chain from `link` down to `cpv`, growing upwards. */
  interface Partial {
    link: ChainLink;
    below: Partial | undefined;
    length: number;
  }
  const contains = (partial: Partial | undefined, name: Cpv): boolean => {
    for (let part = partial; part !== undefined; part = part.below) if (part.link.cpv === name) return true;
    return false;
  };
  // By the length the whole chain will have at least: the distance to the next root is known, so what is found first
  // is shortest.
  const queues: Partial[][] = [];
  const grow = (name: Cpv, below: Partial | undefined): void => {
    for (const reason of set.visible.get(name) ?? []) {
      const length = (below?.length ?? 0) + 1;
      const rest = isRoot(reason.from) ? 0 : distances.get(reason.from);
      if (rest === undefined || reason.from === name || contains(below, reason.from)) continue;
      (queues[length + rest] ??= []).push({ link: { cpv: name, ...reason }, below, length });
    }
  };
  const chains: ChainLink[][] = [];
  grow(cpv, undefined);
  let steps = 0;
  for (let length = 0; length < queues.length; length++) {
    const queue = queues[length] ?? [];
    for (const partial of queue) {
      if (chains.length >= limit || steps++ >= maxSteps) return chains;
      if (!isRoot(partial.link.from)) {
        grow(partial.link.from, partial);
        continue;
      }
      const chain: ChainLink[] = [];
      for (let part: Partial | undefined = partial; part !== undefined; part = part.below)
        chain.push(part.link);
      chains.push(chain);
    }
  }
  return chains;
}

const knownDistances = new WeakMap<VisibleSet, ReadonlyMap<Cpv, number>>();

/** For every package of a set, how many links its shortest chain has; remembered, for whoever asks about all of them. */
function rootDistances(set: VisibleSet): ReadonlyMap<Cpv, number> {
  const known = knownDistances.get(set);
  if (known !== undefined) return known;
  const users = new Map<Cpv, Cpv[]>();
  const distances = new Map<Cpv, number>();
  for (const [cpv, reasons] of set.visible) {
    for (const { from } of reasons) {
      if (isRoot(from)) distances.set(cpv, 1);
      else {
        const list = users.get(from);
        if (list === undefined) users.set(from, [cpv]);
        else list.push(cpv);
      }
    }
  }
  for (const [cpv, distance] of distances) {
    for (const next of users.get(cpv) ?? []) if (!distances.has(next)) distances.set(next, distance + 1);
  }
  knownDistances.set(set, distances);
  return distances;
}
