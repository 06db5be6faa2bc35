/**
 * What emerge would select for the package that it is asked to build, as far as installed packages go. Its `depgraph` gives
 * `dep_check` the graph that it has so far, so an any-of group takes an alternative that something else brings in already.
 *
 * The order decides (`depgraph._add_pkg_deps`, `_create_graph`): first everything that is not a matter of choice, of all strings; then
 * the any-of groups and virtuals of each, those needed to build first, each seeing what was chosen before. Dependencies of
 * installed packages are not followed: without `--deep` emerge does not either.
 */
import type { Atom } from './atom.js';
import {
  type DepCheck,
  distinct,
  type Graph,
  type Selection,
  type Upgrade,
  type VirtualNeed,
} from './depCheck.js';
import type { InstalledCandidate, InstalledPackages } from './installed.js';
import { isAnyOf, isConjunction, type Reduced, useReduce } from './depend.js';
import { type Candidate, matchesAtom } from './match.js';

/** One dependency string of the package to be built. */
export interface TargetString<V extends string> {
  readonly variable: V;
  readonly text: string;
  /** That of the package, which says what a group without alternatives means. */
  readonly eapi: string;
  /** The system in which it has to be satisfied. */
  readonly root: { readonly installed: InstalledPackages; readonly check: DepCheck };
}

/** What emerge selects from one string of a target. */
export interface TargetSelection extends Selection {
  /** What emerge chose for virtuals, which need not be what is chosen from their dependencies by themselves. */
  readonly inner: readonly VirtualNeed[];
  readonly upgrades: readonly Upgrade[];
}

/** Packages that emerge would keep or build. */
class TargetGraph implements Graph {
  readonly #packages = new Set<InstalledCandidate>();

  constructor(
    readonly target: Candidate,
    /** The system that the target belongs to. */
    readonly home: InstalledPackages,
  ) {}

  has(atom: Atom, installed: InstalledPackages): boolean {
    if (installed === this.home && matchesAtom(atom, this.target)) return true;
    return installed.match(atom).some((candidate) => this.#packages.has(candidate));
  }

  add(atoms: readonly Atom[], installed: InstalledPackages): void {
    for (const atom of atoms) {
      const best = installed.best(atom);
      if (best !== undefined && !this.#replaces(best, installed)) this.#packages.add(best);
    }
  }

  /** Whether an installed package would make room for the target. */
  #replaces(candidate: InstalledCandidate, installed: InstalledPackages): boolean {
    const { target } = this;
    return (
      installed === this.home && candidate.package.cp === target.package.cp && candidate.slot === target.slot
    );
  }
}

/**
 * What emerge selects from each string.
 *
 * @param target the package to be built.
 * @param home the installed packages of the system that it is built for.
 * @param strings in the order in which emerge reads them: what is needed to build last.
 * @param onError told of a string that is malformed, with its `DependError`; throws something better.
 */
export function chooseForTarget<V extends string>(
  target: Candidate,
  home: InstalledPackages,
  strings: readonly TargetString<V>[],
  onError: (error: unknown, variable: V) => never,
): ReadonlyMap<V, TargetSelection> {
  const graph = new TargetGraph(target, home);
  const chosen = new Map<V, Atom[]>();
  const inner = new Map<V, VirtualNeed[]>();
  const upgrades = new Map<V, Upgrade[]>();
  const reduced = new Map<V, readonly Reduced[]>();
  const choose = ({ variable, root }: TargetString<V>, items: readonly Reduced[]): void => {
    const selection = root.check.select(items, graph);
    chosen.get(variable)?.push(...selection.atoms);
    inner.get(variable)?.push(...selection.inner);
    upgrades.get(variable)?.push(...selection.upgrades);
    graph.add([...selection.atoms, ...selection.inner.map(({ atom }) => atom)], root.installed);
  };
  const choices: (() => void)[] = [];
  for (const string of strings) {
    let items: readonly Reduced[];
    try {
      items = useReduce(string.text, { use: target.use, groupsEapi: string.eapi });
    } catch (error) {
      onError(error, string.variable);
    }
    reduced.set(string.variable, items);
    chosen.set(string.variable, []);
    inner.set(string.variable, []);
    upgrades.set(string.variable, []);
    choose(
      string,
      items.filter((item) => !isChoice(item)),
    );
    choices.push(() => {
      choose(string, items.filter(isChoice));
    });
  }
  for (const decide of choices.reverse()) decide();
  return new Map(
    strings.map(({ variable, root: { check } }) => {
      const unique = distinct(chosen.get(variable) ?? []);
      const rest = check.rest(reduced.get(variable) ?? [], unique);
      return [
        variable,
        {
          atoms: unique,
          inner: inner.get(variable) ?? [],
          upgrades: upgrades.get(variable) ?? [],
          ...rest,
        },
      ];
    }),
  );
}

/** Whether there is something to choose: an any-of group, or a virtual, which may stand for one. */
function isChoice(item: Reduced): boolean {
  if (isConjunction(item)) return item.some(isChoice);
  return isAnyOf(item) || item.category === 'virtual';
}
