/**
 * Which installed packages a build may see, and why: the build dependencies of the targets and @system, closed under what
 * the installed packages need at run time, with the user's adjustments.
 *
 * A build for a sysroot looks in two systems, as Portage's `_add_pkg_deps` does: DEPEND is satisfied in the sysroot, BDEPEND in
 * the root; before EAPI 7, which has no BDEPEND, DEPEND in the root as well (without `--root-deps`). What a package needs at run
 * time it needs in the system it is installed in.
 *
 * Answers are kept per package and per dependency string, so that many targets in one process share their work. Nothing here
 * recurses along dependencies: circles and long chains are ordinary.
 */
import {
  exitStatus,
  fromTarget,
  fromUser,
  isInSysroot,
  LvfsError,
  originName,
  plainPackageName,
  systemMeant,
  unmarked,
  type PackageId,
  type Origin,
} from '../base/index.js';
import { parseAtom } from './atom.js';
import type { DepCheck, Selection } from './depCheck.js';
import type { InstalledPackages } from './installed.js';
import { DependError } from './depend.js';
import { eapiFeatures } from './eapi.js';
import { makeCandidate } from './match.js';
import { chooseForTarget, type TargetSelection } from './targetGraph.js';
import type { ResolvedTarget, Selected, TargetResolver } from './targets.js';
import type { Upgrades } from './upgrades.js';
import type { Cpv, DataWarning, Reason, SetRequest, Target, Unsatisfied, VisibleSet } from './types.js';

/** A package with something that brings it into the set. */
interface Edge {
  cpv: PackageId;
  reason: Reason;
}

type Variable = Unsatisfied['variable'];

/** What targets bring in, and lack. */
interface Found {
  readonly roots: Edge[];
  readonly runTime: Edge[];
  readonly unsatisfied: Unsatisfied[];
  readonly missing: (Unsatisfied & { target: Cpv })[];
}

/** A database of installed packages with the configuration of its system: what Portage calls a root. */
export interface PackageRoot {
  readonly installed: InstalledPackages;
  readonly check: DepCheck;
  readonly targets: TargetResolver;
  readonly upgrades: Upgrades;
  /** Where it is, as a path inside the shown root. */
  readonly place: string;
}

/** Computes visible sets over one state of the system. */
export class VisibleSets {
  /** Where build tools are run. */
  readonly #tools: PackageRoot;
  /** Where targets are built for: another one with a sysroot. */
  readonly #target: PackageRoot;
  readonly #toolchains: readonly string[];
  readonly #warn: (warning: DataWarning) => void;
  /** What installed packages bring in, as chosen and with all alternatives. */
  readonly #edges = new Map<PackageId, readonly Edge[]>();
  readonly #allEdges = new Map<PackageId, readonly Edge[]>();

  /**
   * @param target the same object as `tools` when nothing is built for another system.
   * @param toolchains categories of the tools' packages that belong to their @system: the cross compiler.
   */
  constructor(
    tools: PackageRoot,
    target: PackageRoot,
    toolchains: readonly string[],
    warn: (warning: DataWarning) => void,
  ) {
    this.#tools = tools;
    this.#target = target;
    this.#toolchains = toolchains;
    this.#warn = warn;
  }

  get #roots(): readonly PackageRoot[] {
    return this.#isCross ? [this.#tools, this.#target] : [this.#target];
  }

  get #isCross(): boolean {
    return this.#tools !== this.#target;
  }

  /** The system in which Portage looks for what a variable names; see the head of this file. */
  #rootFor(variable: Variable, eapi: string): PackageRoot {
    const ofTools = variable === 'BDEPEND' || (variable === 'DEPEND' && !eapiFeatures(eapi).bdepend);
    return ofTools ? this.#tools : this.#target;
  }

  /**
   * The visible set of a request.
   *
   * @throws LvfsError exit 20 for a target that is unknown, ambiguous or masked; `MISSING_DEPENDENCIES`, exit 21, with
   * all of them in `details.unsatisfied`, unless they are allowed to be missing; exit 22 for data that cannot be read.
   */
  compute(request: SetRequest): VisibleSet {
    const all = request.allAlternatives ?? false;
    const options = {
      test: request.test ?? false,
      allowInvalid: request.allowInvalid ?? false,
      use: request.use,
    };
    const found: Found = { roots: [], runTime: [], unsatisfied: [], missing: [] };
    const resolved = this.#target.targets.resolve(request.targets, options);
    const targets = resolved.map((one) => this.#addTarget(one, request, found));
    if (found.missing.length > 0 && request.allowMissing !== true)
      throw missingDependencies(found.missing, this.#isCross ? this.#target.place : undefined);

    const named = this.#named(request.with ?? [], (name, root) =>
      root.targets.installedMatches([name], fromUser),
    );
    const system =
      request.system === false ? [] : this.#roots.flatMap((root) => root.targets.installedSystem());
    found.roots.push(...[...named, ...system].map(rootOf));
    if (request.system !== false) found.roots.push(...this.#toolchain());
    const hidden = this.matching(request.without ?? []);
    const visible = this.#close(found.roots, hidden, all);
    const runTime = this.#close(found.runTime, hidden, all);
    const buildDeps = new Set(targets.flatMap((target) => [...target.buildDeps.keys()]));
    return {
      targets,
      visible,
      buildDeps: [...buildDeps].filter((cpv) => visible.has(cpv)).sort(),
      unsatisfied: distinct(found.unsatisfied),
      metadataOnly: [...runTime.keys()].filter((cpv) => !visible.has(cpv)),
    };
  }

  /** Adds what a target brings in. */
  #addTarget(target: ResolvedTarget, request: SetRequest, found: Found): Target {
    const all = request.allAlternatives ?? false;
    const buildDeps = new Map<PackageId, Reason[]>();
    const selections = this.#chooseAll(target);
    const absent = (variable: Variable, root: PackageRoot): Unsatisfied[] =>
      selections(variable).unsatisfied.map((atom) => ({
        variable,
        atom,
        ...(this.#isCross ? { root: root.place } : {}),
      }));
    /** What is chosen, and what comes with it. */
    const edges = (variable: Variable, root: PackageRoot, chosen: readonly Edge[]): Edge[] => [
      ...chosen,
      ...this.#innerOf(selections(variable), root, all),
      ...(all ? alternatives(root, selections(variable), fromTarget, variable) : []),
    ];
    for (const variable of buildVariables(target.eapi)) {
      const root = this.#rootFor(variable, target.eapi);
      this.#tellUpgrades(target, variable, root, selections(variable));
      const chosen = matches(root, selections(variable), fromTarget, variable);
      for (const { cpv, reason } of chosen) addReason(buildDeps, cpv, reason);
      found.roots.push(...edges(variable, root, chosen));
      found.unsatisfied.push(...absent(variable, root));
      found.missing.push(...absent(variable, root).map((one) => ({ target: target.cpv, ...one })));
    }
    for (const variable of ['RDEPEND', 'PDEPEND'] as const) {
      const root = this.#target;
      const needed = edges(variable, root, matches(root, selections(variable), fromTarget, variable));
      found.runTime.push(...needed);
      if (request.rdepend !== true) continue;
      found.roots.push(...needed);
      found.unsatisfied.push(...absent(variable, root));
    }
    const { cpv, repository, slot, eapi, use, dependencies, ebuild } = target;
    return {
      ...{ cpv, repository, slot, eapi, use: [...use].sort(), dependencies },
      buildDeps: sortedMap(buildDeps),
      ...(ebuild === undefined ? {} : { ebuild }),
    };
  }

  /**
   * The same, with other resolvers of names, for what is installed still.
   *
   * @param resolver makes one for the packages of a system; whether that is the one that is built for
   */
  again(resolver: (installed: InstalledPackages, isTarget: boolean) => TargetResolver): VisibleSets {
    const root = (old: PackageRoot, isTarget: boolean): PackageRoot => ({
      ...old,
      targets: resolver(old.installed, isTarget),
    });
    const target = root(this.#target, true);
    const tools = this.#isCross ? root(this.#tools, false) : target;
    const sets = new VisibleSets(tools, target, this.#toolchains, this.#warn);
    for (const [cpv, edges] of this.#edges) sets.#edges.set(cpv, edges);
    for (const [cpv, edges] of this.#allEdges) sets.#allEdges.set(cpv, edges);
    return sets;
  }

  /** The names of all sets of the system that targets are built for, without `@`, sorted. */
  get setNames(): readonly string[] {
    return this.#target.targets.setNames;
  }

  /** The atoms of one of these, given with its `@`. */
  setMembers(name: string): readonly string[] {
    return this.#target.targets.setMembers(name);
  }

  /**
   * All installed packages that names and sets match, in the system that a name is marked with, else in each.
   *
   * @throws LvfsError exit 20 for a name that neither a repository nor a database has.
   */
  matching(names: readonly string[]): ReadonlySet<PackageId> {
    return new Set(this.#named(names, (name, root) => [...root.targets.hidden([name])]));
  }

  /** See `System.atomFor`. */
  atomFor(cpv: PackageId): string {
    const { installed } = this.#rootWith(cpv);
    const found = installed.get(cpv);
    const cp = found?.package.cp ?? plainPackageName(cpv);
    const slot = found?.slot;
    const isOnlySlot = installed.versionsOf(cp).every((other) => other.slot === slot);
    return slot === undefined || isOnlySlot ? cp : `${cp}:${slot}`;
  }

  /** The system in which a package is installed. */
  #rootWith(cpv: PackageId): PackageRoot {
    return isInSysroot(cpv) ? this.#target : this.#tools;
  }

  /** What names stand for in each system that they are about; one that any of these knows is no error. */
  #named<T>(names: readonly string[], ask: (name: string, root: PackageRoot) => readonly T[]): readonly T[] {
    if (!this.#isCross) return names.flatMap((name) => ask(name, this.#target));
    return names.flatMap((name) => {
      const system = systemMeant(name);
      const roots = system === undefined ? this.#roots : [system === 'sysroot' ? this.#target : this.#tools];
      const found: T[] = [];
      const failures: LvfsError[] = [];
      for (const root of roots) {
        try {
          found.push(...ask(unmarked(name), root));
        } catch (error) {
          if (!(error instanceof LvfsError) || error.exit !== exitStatus.noPackage) throw error;
          failures.push(error);
        }
      }
      const [failure] = failures;
      if (failure !== undefined && failures.length === roots.length) throw failure;
      return found;
    });
  }

  /** The cross compiler and what belongs to it: without being in any profile, @system of what builds with it. */
  #toolchain(): Edge[] {
    return this.#toolchains.flatMap((category) => {
      const atom = parseAtom(`${category}/*`, { allowWildcard: true });
      return this.#tools.installed
        .match(atom)
        .map(({ cpv }) => rootOf({ cpv, from: { kind: 'set', name: 'system' }, atom: atom.text }));
    });
  }

  /** Everything that the roots need at run time, with all direct reasons, sorted; what is hidden brings in nothing. */
  #close(roots: readonly Edge[], hidden: ReadonlySet<PackageId>, all: boolean): Map<PackageId, Reason[]> {
    const members = new Set<PackageId>();
    const isHidden = ({ cpv, reason: { from } }: Edge): boolean =>
      hidden.has(cpv) || (from.kind === 'package' && hidden.has(from.cpv));
    const shown = roots.filter((edge) => !isHidden(edge));
    for (const { cpv } of shown) members.add(cpv);
    // Packages that are added while this runs are visited too.
    for (const cpv of members) {
      for (const edge of this.#edgesOf(cpv, all)) if (!hidden.has(edge.cpv)) members.add(edge.cpv);
    }
    const sorted = [...members].sort();
    const reasons = new Map<PackageId, Reason[]>(sorted.map((cpv) => [cpv, []]));
    for (const { cpv, reason } of shown) addReason(reasons, cpv, reason);
    for (const list of reasons.values()) list.sort(compareReasons);
    // From here on in order: packages by code point, and their edges are sorted.
    for (const from of sorted) {
      for (const { cpv, reason } of this.#edgesOf(from, all)) reasons.get(cpv)?.push(reason);
    }
    return reasons;
  }

  /** What an installed package needs at run time, as it was recorded when it was built, by variable and atom. */
  #edgesOf(cpv: PackageId, all: boolean): readonly Edge[] {
    const known = all ? this.#allEdges : this.#edges;
    let edges = known.get(cpv);
    if (edges === undefined) {
      edges = this.#findEdges(cpv, all);
      known.set(cpv, edges);
    }
    return edges;
  }

  #findEdges(cpv: PackageId, all: boolean): readonly Edge[] {
    const root = this.#rootWith(cpv);
    const candidate = root.installed.get(cpv);
    if (candidate === undefined) return [];
    const edges: Edge[] = [];
    const from: Origin = { kind: 'package', cpv };
    for (const variable of ['PDEPEND', 'RDEPEND']) {
      const text = candidate.entry.value(variable);
      if (text === '') continue;
      try {
        const selection = root.check.choose(text, candidate.use);
        const found = matches(root, selection, from, variable);
        if (all) found.push(...alternatives(root, selection, from, variable));
        edges.push(...found.sort((a, b) => compareText(a.reason.atom, b.reason.atom)));
      } catch (error) {
        if (!(error instanceof DependError)) throw error;
        const message = `${variable} cannot be understood and counts as empty: ${error.message}`;
        this.#warn({ ...candidate.entry.sourceOf(variable), message });
      }
    }
    return edges;
  }

  /** What emerge would build with for the virtuals of a target, beside what these bring in by themselves. */
  #innerOf({ inner }: TargetSelection, root: PackageRoot, all: boolean): Edge[] {
    return inner.flatMap(({ virtual, atom }) => {
      const cpv = root.installed.best(atom)?.cpv;
      if (cpv === undefined || this.#edgesOf(virtual, all).some((edge) => edge.cpv === cpv)) return [];
      return [
        { cpv, reason: { from: { kind: 'package', cpv: virtual }, variable: 'RDEPEND', atom: atom.text } },
      ];
    });
  }

  /** Says where emerge would build with what is not installed yet. */
  #tellUpgrades(
    target: ResolvedTarget,
    variable: Variable,
    root: PackageRoot,
    { upgrades }: TargetSelection,
  ): void {
    for (const upgrade of upgrades) {
      const merged = root.upgrades.merged(upgrade);
      if (merged === undefined) continue;
      const [wanted, instead] = [upgrade.wanted, upgrade.instead].map((atoms) =>
        atoms.map(({ text }) => text).join(' '),
      );
      this.#warn({
        file: `${target.cpv}::${target.repository}`,
        line: 0,
        message: `${variable}: emerge would merge ${merged.join(', ')} first and build with it: ${wanted} stands before ${instead}, which is shown in its place`,
      });
    }
  }

  /** What emerge would select from each dependency string of a target. */
  #chooseAll(target: ResolvedTarget): (variable: Variable) => TargetSelection {
    const { eapi, dependencies, cpv, slot, repository, use } = target;
    const candidate = makeCandidate({ cpv, slot, eapi, repo: repository, iuse: () => true, use });
    if (candidate === undefined) throw new TypeError(`'${cpv}' is not category/name-version`);
    const { bdepend, idepend } = eapiFeatures(eapi);
    // In the order of `_add_pkg_deps`.
    const strings = (['RDEPEND', 'IDEPEND', 'PDEPEND', 'DEPEND', 'BDEPEND'] as const)
      .filter((variable) => (variable !== 'IDEPEND' || idepend) && (variable !== 'BDEPEND' || bdepend))
      .map((variable) => ({
        variable,
        eapi,
        text: dependencies[variable],
        root: variable === 'IDEPEND' ? this.#tools : this.#rootFor(variable, eapi),
      }));
    const selections = chooseForTarget(candidate, this.#target.installed, strings, (error, variable) => {
      if (!(error instanceof DependError)) throw error;
      throw new LvfsError('INVALID_DEPENDENCY', `${variable} of ${cpv}::${repository} cannot be understood`, {
        cause: error,
        details: { cpv, variable },
      });
    });
    return (variable) => selections.get(variable) ?? noSelection;
  }
}

const noSelection: TargetSelection = {
  atoms: [],
  inner: [],
  unsatisfied: [],
  alternatives: [],
  upgrades: [],
};

/** The best installed match of each selected atom. */
function matches(root: PackageRoot, selection: Selection, from: Origin, variable: string): Edge[] {
  const edges: Edge[] = [];
  for (const atom of selection.atoms) {
    const best = root.installed.best(atom);
    if (best === undefined) continue;
    const { cpv } = best;
    // Several atoms may have the same text; see `distinct` in depCheck.ts.
    if (edges.some((edge) => edge.cpv === cpv && edge.reason.atom === atom.text)) continue;
    edges.push({ cpv, reason: { from, variable, atom: atom.text } });
  }
  return edges;
}

/** The best installed match of each atom of the alternatives that were not chosen. */
function alternatives(root: PackageRoot, selection: Selection, from: Origin, variable: string): Edge[] {
  const atoms = selection.alternatives;
  return matches(root, { ...selection, atoms }, from, variable).map(({ cpv, reason }) => ({
    cpv,
    reason: { ...reason, alternative: true },
  }));
}

function buildVariables(eapi: string): readonly Variable[] {
  return eapiFeatures(eapi).bdepend ? ['DEPEND', 'BDEPEND'] : ['DEPEND'];
}

function rootOf(selected: Selected): Edge {
  return { cpv: selected.cpv, reason: { from: selected.from, variable: '', atom: selected.atom } };
}

function addReason(reasons: Map<PackageId, Reason[]>, cpv: PackageId, reason: Reason): void {
  const known = reasons.get(cpv);
  if (known === undefined) reasons.set(cpv, [reason]);
  else if (
    !known.some(
      ({ from, variable, atom }) =>
        originName(from) === originName(reason.from) && variable === reason.variable && atom === reason.atom,
    )
  ) {
    known.push(reason);
  }
}

function distinct(unsatisfied: readonly Unsatisfied[]): Unsatisfied[] {
  const key = ({ variable, atom, root = '' }: Unsatisfied): string => `${variable} ${atom} ${root}`;
  return [...new Map(unsatisfied.map((item) => [key(item), item])).values()];
}

function missingDependencies(
  missing: readonly (Unsatisfied & { target: Cpv })[],
  sysroot: string | undefined,
): LvfsError {
  // What several variables ask for is missing once.
  const describe = (parts: readonly Unsatisfied[]): string => {
    const variables = new Map<string, string[]>();
    for (const { variable, atom, root } of distinct(parts)) {
      const where = root === undefined ? '' : ` in ${root}`;
      const key = `${atom}\0${where}`;
      variables.set(key, [...(variables.get(key) ?? []), variable]);
    }
    return [...variables]
      .map(([key, names]) => {
        const [atom = '', where = ''] = key.split('\0');
        return `${atom} (${names.join(', ')}${where})`;
      })
      .join(', ');
  };
  const targets = [...new Set(missing.map(({ target }) => target))];
  const lists = targets.map((target) => {
    const parts = missing.filter((item) => item.target === target);
    return `${target} needs ${describe(parts)}`;
  });
  const places =
    sysroot === undefined ? '' : ` --root=${sysroot} --sysroot=${sysroot} --config-root=${sysroot}`;
  return new LvfsError('MISSING_DEPENDENCIES', `build dependencies are not installed: ${lists.join('; ')}`, {
    hint: `install them (emerge${places} --onlydeps =${targets.join(' =')}), or go on without them with --allow-missing`,
    details: { unsatisfied: missing },
  });
}

const ranks: Readonly<Record<Origin['kind'], number>> = { target: 0, option: 1, set: 2, package: 3 };

/** Where chains begin comes first, then packages by code point. */
function compareReasons(a: Reason, b: Reason): number {
  return (
    ranks[a.from.kind] - ranks[b.from.kind] ||
    compareText(originName(a.from), originName(b.from)) ||
    compareText(a.variable, b.variable) ||
    compareText(a.atom, b.atom)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sortedMap(reasons: ReadonlyMap<PackageId, Reason[]>): Map<PackageId, Reason[]> {
  const sorted = [...reasons].sort(([a], [b]) => compareText(a, b));
  for (const [, list] of sorted) list.sort(compareReasons);
  return new Map(sorted);
}
