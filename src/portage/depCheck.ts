/**
 * What dependency strings select among the installed packages: Portage's `dep_check` with the installed-package database
 * in the place of every tree, and nothing assumed to be satisfied. What follows from that setting is left out here: everything
 * available is installed, so the preferences between installed, visible and masked packages come down to the few bins of
 * {@link bins}.
 *
 * A string is chosen from by itself ({@link DepCheck.choose}): no package asks, and virtuals are packages like any other. Or it is chosen
 * from as emerge does for the package that it is about to build ({@link DepCheck.select}): what its dependency graph has already is preferred,
 * and virtuals stand for what they need.
 */
import type { PackageId } from '../base/index.js';
import { type Atom, parseAtom } from './atom.js';
import {
  DependError,
  isAnyOf,
  isConjunction,
  printReduced,
  useReduce,
  type AnyOf,
  type Reduced,
} from './depend.js';
import type { InstalledCandidate, InstalledPackages } from './installed.js';
import { makeCandidate, matchesAtom, type Candidate } from './match.js';
import { combineOverlapping } from './overlap.js';
import { withoutUse } from './packageFiles.js';
import { compareVersions } from './version.js';
import type { Cpv } from './types.js';

/** What {@link DepCheck.choose} answers for one dependency string. */
export interface Selection {
  /** The atoms that dep_check selects, each once, in its order, without blockers and what package.provided satisfies; see {@link distinct}. */
  atoms: readonly Atom[];
  /**
   * The top-level parts that the database does not satisfy: an atom without a match, or an any-of group none of whose
   * alternatives is wholly satisfied, in the notation of ebuilds.
   */
  unsatisfied: readonly string[];
  /** The atoms of every other alternative of any-of groups that is wholly installed. */
  alternatives: readonly Atom[];
}

/** What {@link DepCheck.select} answers. */
export interface GraphSelection {
  readonly atoms: readonly Atom[];
  /** What the virtuals that were chosen need. */
  readonly inner: readonly VirtualNeed[];
  readonly upgrades: readonly Upgrade[];
}

/** What was chosen of the needs of a virtual. */
export interface VirtualNeed {
  readonly virtual: PackageId;
  readonly atom: Atom;
}

/**
 * An alternative of an any-of group that stands before the one that was taken and is not installed as it asks to be. Where a repository
 * has what is asked for in slots that are installed, emerge merges that and builds with it.
 */
export interface Upgrade {
  readonly wanted: readonly Atom[];
  /** What was taken. */
  readonly instead: readonly Atom[];
}

/** What emerge's dependency graph has while it chooses; see targetGraph.ts. */
export interface Graph {
  /** Whether it has a package that an atom matches. */
  has(atom: Atom, installed: InstalledPackages): boolean;
}

/** Chooses among installed packages as Portage would. */
export class DepCheck {
  readonly #provided = new Map<string, Candidate[]>();
  readonly #isProvided = new Map<Atom, boolean>();
  readonly #selections = new Map<string, Selection>();

  /** @param provided cpvs of package.provided. */
  constructor(
    readonly installed: InstalledPackages,
    provided: Iterable<Cpv>,
  ) {
    for (const cpv of provided) {
      const candidate = makeCandidate({ cpv });
      if (candidate === undefined) continue;
      const { cp } = candidate.package;
      this.#provided.set(cp, [...(this.#provided.get(cp) ?? []), candidate]);
    }
  }

  /**
   * Evaluates a dependency string with these flags enabled and selects from it. Answers are remembered by string and
   * flags that can matter.
   *
   * @throws DependError when the string is malformed.
   */
  choose(text: string, use: ReadonlySet<string>): Selection {
    const key = conditional.test(text) ? `${[...use].sort().join(' ')}\n${text}` : text;
    let selection = this.#selections.get(key);
    if (selection === undefined) {
      selection = this.#choose(useReduce(text, { use }));
      this.#selections.set(key, selection);
    }
    return selection;
  }

  /** Whether package.provided has the package; its slot, repository and flags are not known and play no part. */
  isProvided(atom: Atom): boolean {
    const provided = this.#provided.get(atom.cp);
    if (provided === undefined || atom.blocker !== undefined) return false;
    let answer = this.#isProvided.get(atom);
    if (answer === undefined) {
      const bare: Atom = {
        ...atom,
        slot: undefined,
        subslot: undefined,
        repo: undefined,
        buildId: undefined,
        use: [],
        requiredFlags: [],
      };
      answer = provided.some((candidate) => matchesAtom(bare, candidate));
      this.#isProvided.set(atom, answer);
    }
    return answer;
  }

  #choose(items: readonly Reduced[]): Selection {
    const combined = combineOverlapping(items);
    const atoms = distinct(this.#select(combined, { fewSlots: combined !== items }));
    return { atoms, ...this.rest(items, atoms) };
  }

  /** What there is to say of an evaluated string beside what was chosen from it. */
  rest(items: readonly Reduced[], chosen: readonly Atom[]): Omit<Selection, 'atoms'> {
    const taken = new Set(chosen.map(({ text }) => text));
    return {
      unsatisfied: items.filter((item) => !this.#isSatisfied(item)).map((item) => printReduced([item])),
      alternatives: distinct(items.flatMap((item) => this.#installedIn(item, false))).filter(
        ({ text }) => !taken.has(text),
      ),
    };
  }

  /**
   * What emerge selects from evaluated dependencies when it has a graph already. Atoms come as they are in `items`, with those of
   * package.provided left out; that of a virtual matches the version that was chosen only, under the text that was written.
   */
  select(items: readonly Reduced[], graph: Graph): GraphSelection {
    const inner = new Map<Atom, PackageId>();
    const unusable = new Set<Atom>();
    const expanded = items.flatMap((item) =>
      this.#expandVirtuals(item, graph, { inner, unusable, seen: [] }),
    );
    const combined = combineOverlapping(expanded);
    const upgrades: Upgrade[] = [];
    const selected = this.#select(combined, { fewSlots: combined !== expanded, graph, unusable, upgrades });
    return {
      upgrades,
      atoms: distinct(selected.filter((atom) => !inner.has(atom))),
      inner: selected.filter(isWanted).flatMap((atom) => {
        const virtual = inner.get(atom);
        return virtual === undefined ? [] : [{ virtual, atom }];
      }),
    };
  }

  /**
   * A virtual replaced by what each of its installed versions needs, the highest first (`_expand_new_virtuals`), so that an
   * alternative with a virtual is rated by that.
   */
  #expandVirtuals(item: Reduced, graph: Graph, expansion: Expansion): readonly Reduced[] {
    if (isConjunction(item))
      return [item.flatMap((member) => this.#expandVirtuals(member, graph, expansion))];
    if (isAnyOf(item)) {
      const anyOf = item.anyOf.flatMap((member): readonly Reduced[] => {
        const [first, ...others] = this.#expandVirtuals(member, graph, expansion);
        if (first === undefined) return [];
        if (others.length > 0) return [[first, ...others]];
        return isAnyOf(first) ? first.anyOf : [first];
      });
      return [{ anyOf }];
    }
    if (item.category !== 'virtual' || item.blocker !== undefined) return [item];
    const choices = this.installed
      .match(withoutUse(item))
      .filter(({ cpv }) => !expansion.seen.includes(cpv))
      .flatMap((virtual) => this.#expandVirtual(item, virtual, graph, expansion))
      .reverse();
    const [only] = choices;
    if (only === undefined) {
      // Atoms are shared between all who wrote them; these are told apart by identity.
      const own = { ...item };
      expansion.unusable.add(own);
      return [own];
    }
    return choices.length === 1 ? only : [{ anyOf: choices }];
  }

  /** What one version of a virtual needs, with itself behind it; nothing when that is not installed. */
  #expandVirtual(
    atom: Atom,
    virtual: InstalledCandidate,
    graph: Graph,
    { inner, unusable, seen }: Expansion,
  ): readonly (readonly Reduced[])[] {
    let needs: readonly Reduced[];
    try {
      needs = useReduce(virtual.entry.value('RDEPEND'), { use: virtual.use });
    } catch (error) {
      if (!(error instanceof DependError)) throw error;
      return [];
    }
    const nested: Expansion = { inner, unusable, seen: [...seen, virtual.cpv] };
    const expanded = needs.flatMap((need) => this.#expandVirtuals(need, graph, nested));
    const combined = combineOverlapping(expanded);
    const found = this.#select(combined, { fewSlots: combined !== expanded, graph, unusable });
    const isMissing = (need: Atom): boolean =>
      need.blocker === undefined && (unusable.has(need) || this.installed.bestWithoutUse(need) === undefined);
    if (found.some(isMissing)) return [];
    const selected = found.map((need) => {
      const own = { ...need };
      inner.set(own, inner.get(need) ?? virtual.cpv);
      return own;
    });
    const { use, requiredFlags, text } = atom;
    const exact: Atom = { ...parseAtom(`=${virtual.package.cpv}`), use, requiredFlags, text };
    return [[...selected, exact]];
  }

  /** The atoms of all alternatives that are wholly installed, in any-of groups at any depth. */
  #installedIn(item: Reduced, isAlternative: boolean): readonly Atom[] {
    if (isConjunction(item)) return item.flatMap((member) => this.#installedIn(member, isAlternative));
    if (isAnyOf(item)) {
      return item.anyOf
        .filter((member) => this.#isSatisfied(member))
        .flatMap((member) => this.#installedIn(member, true));
    }
    return isAlternative && this.installed.best(item) !== undefined ? [item] : [];
  }

  /** Whether what is installed or provided satisfies all of it. Blockers ask for nothing. */
  #isSatisfied(item: Reduced): boolean {
    if (isConjunction(item)) return item.every((member) => this.#isSatisfied(member));
    if (isAnyOf(item)) return item.anyOf.some((member) => this.#isSatisfied(member));
    return item.blocker !== undefined || this.isProvided(item) || this.installed.best(item) !== undefined;
  }

  /** Whether package.provided alone settles it: `dep_eval` after `dep_wordreduce`, to which blockers are unsettled. */
  #isSettled(item: Reduced): boolean {
    if (isConjunction(item)) return item.every((member) => this.#isSettled(member));
    if (isAnyOf(item)) return item.anyOf.some((member) => this.#isSettled(member));
    return this.isProvided(item);
  }

  /** `dep_zapdeps` of a conjunction. */
  #select(items: readonly Reduced[], how: How): Atom[] {
    if (items.every((item) => this.#isSettled(item))) return [];
    return items.flatMap((item) => {
      if (isConjunction(item)) return this.#select(item, how);
      if (isAnyOf(item)) return this.#selectAny(item, how);
      return this.isProvided(item) ? [] : [item];
    });
  }

  /** `dep_zapdeps` of an any-of group: the atoms of the alternative that is preferred. */
  #selectAny(group: AnyOf, how: How): readonly Atom[] {
    if (this.#isSettled(group)) return [];
    const rated = group.anyOf.map((item) =>
      this.#rate(
        isConjunction(item) ? this.#select(item, how) : isAnyOf(item) ? this.#selectAny(item, how) : [item],
        how,
      ),
    );
    const best = Math.min(...rated.map(({ bin }) => bin));
    const taken = preferred(
      rated.filter(({ bin }) => bin === best),
      how,
    );
    if (best === bins.installed && !taken.inGraph) {
      for (const { bin, atoms } of rated.slice(0, rated.indexOf(taken))) {
        if (bin === bins.partly || bin === bins.otherVersions)
          how.upgrades?.push({ wanted: atoms.filter(isWanted), instead: taken.atoms.filter(isWanted) });
      }
    }
    return taken.atoms;
  }

  /** How an alternative stands: which installed packages it would use, and how much of it is installed. */
  #rate(atoms: readonly Atom[], { graph, unusable }: How): Alternative {
    const { chosen, slots, state } = this.#installedFor(atoms, unusable);
    const wanted = atoms.filter(isWanted);
    // Virtuals have no cost, whether they are in the graph or not.
    const inGraph =
      graph !== undefined &&
      state !== 'absent' &&
      wanted.every((atom) => atom.category === 'virtual' || graph.has(atom, this.installed));
    return { atoms, bin: this.#binOf(state, wanted, inGraph), slots, inGraph, chosen };
  }

  #binOf(state: Choice['state'], wanted: readonly Atom[], inGraph: boolean): number {
    if (state === 'whole') return bins.installed;
    if (state === 'other flags') return inGraph ? bins.wrongUseInGraph : bins.wrongUse;
    if (wanted.some((atom) => this.installed.best(atom) !== undefined)) return bins.partly;
    return wanted.some((atom) => this.installed.versionsOf(atom.cp).length > 0)
      ? bins.otherVersions
      : bins.nothing;
  }

  /** The installed packages that atoms would use, up to the first that has none. */
  #installedFor(atoms: readonly Atom[], unusable: How['unusable']): Choice {
    const slots = new Map<string, Atom[]>();
    const chosen = new Map<string, InstalledCandidate>();
    let state: Choice['state'] = 'whole';
    for (const atom of atoms) {
      if (atom.blocker !== undefined) continue;
      const bare = this.installed.bestWithoutUse(atom);
      if (bare === undefined || unusable?.has(atom) === true)
        return { chosen, slots: slots.size, state: 'absent' };
      const withUse = atom.use.length > 0 ? this.installed.best(atom) : bare;
      if (withUse === undefined) state = 'other flags';
      const found = withUse ?? bare;
      const slot = `${atom.cp}:${found.slot}`;
      const inSlot = slots.get(slot) ?? [];
      inSlot.push(atom);
      slots.set(slot, inSlot);
      const previous = chosen.get(atom.cp);
      if (previous === undefined || isFitter(found, previous, inSlot)) chosen.set(atom.cp, found);
    }
    return { chosen, slots: slots.size, state };
  }
}

/** Whether a package takes the place of the one that atoms before it would use. */
function isFitter(found: InstalledCandidate, previous: InstalledCandidate, inSlot: readonly Atom[]): boolean {
  if (previous.slot === found.slot) {
    // One package of the slot should satisfy every atom that is about the slot.
    const foundFits = inSlot.every((other) => fitsVersion(other, found));
    const previousFits = inSlot.every((other) => fitsVersion(other, previous));
    if (foundFits !== previousFits) return foundFits;
  }
  return order(found, previous) > 0;
}

/** Installed packages for the atoms of an alternative. */
interface Choice {
  /** By `category/name`. */
  readonly chosen: ReadonlyMap<string, InstalledCandidate>;
  /** How many slots of packages they take. */
  readonly slots: number;
  /** `absent`: one has none. `other flags`: one has not the flags that are asked for. */
  readonly state: 'whole' | 'other flags' | 'absent';
}

/** How is chosen. */
interface How {
  /** Whether alternatives of few slots come first: groups were combined. */
  readonly fewSlots: boolean;
  readonly graph?: Graph;
  /** Virtuals without what they need. */
  readonly unusable?: ReadonlySet<Atom>;
  /** Where what emerge may merge first is noted. */
  readonly upgrades?: Upgrade[];
}

/** What is noted while virtuals are replaced. */
interface Expansion {
  /** What virtuals stand for: by atom, who needs it. */
  readonly inner: Map<Atom, PackageId>;
  /** Virtuals that are installed without what they need. */
  readonly unusable: Set<Atom>;
  /** The virtuals that are being replaced. */
  readonly seen: readonly PackageId[];
}

/** Whether flags can matter for what a dependency string selects. */
const conditional = /\?|\[[^\]]*=/;

/** The kinds of alternatives, preferred first. */
const bins = {
  /** All is installed with the flags that are asked for. */
  installed: 0,
  /** All is installed, some of it with other flags, and all is in the graph. */
  wrongUseInGraph: 1,
  /** All is installed, some of it with other flags. */
  wrongUse: 2,
  /** Some of it is installed. */
  partly: 3,
  /** None of it, but another version of something in it. */
  otherVersions: 4,
  nothing: 5,
} as const;

interface Alternative {
  atoms: readonly Atom[];
  bin: number;
  /** How many slots of packages it takes. */
  slots: number;
  /** Whether emerge's graph has all of it. */
  inGraph: boolean;
  /** By `category/name`, the package that it would use. */
  chosen: ReadonlyMap<string, InstalledCandidate>;
}

/** Matching as it is for a package of which only name, version, slot and repository are known. */
function fitsVersion(atom: Atom, candidate: InstalledCandidate): boolean {
  return matchesAtom({ ...atom, use: [], requiredFlags: [] }, candidate);
}

function order(a: InstalledCandidate, b: InstalledCandidate): number {
  return compareVersions(a.package.version, b.package.version) ?? 0;
}

/**
 * The alternative that is taken among equals: the first, unless a later one is better than it, so that of `|| ( foo:1 foo:2 )` the
 * higher is taken.
 *
 * dep_zapdeps moves every alternative before the first one that it is better than and takes what is then in front. What is in front
 * changes only by what is better than it, so nothing needs to be moved. With a graph no installed slot is new, so the number of slots,
 * by which alternatives of combined groups are sorted, is the same for all.
 */
function preferred(alternatives: readonly Alternative[], { fewSlots, graph }: How): Alternative {
  const ordered =
    fewSlots && graph === undefined ? [...alternatives].sort((a, b) => a.slots - b.slots) : alternatives;
  return ordered.reduce((best, other) => (isBetter(other, best) ? other : best));
}

/** Whether an alternative has upgrades and no downgrades against another, or is in the graph where the other is not. */
function isBetter(a: Alternative, b: Alternative): boolean {
  let hasUpgrade = false;
  let hasDowngrade = false;
  for (const [cp, found] of a.chosen) {
    const other = b.chosen.get(cp);
    if (other === undefined) continue;
    const difference = order(found, other);
    if (difference < 0) hasDowngrade = true;
    if (difference > 0) hasUpgrade = true;
  }
  return (hasUpgrade && !hasDowngrade) || (a.inGraph && !b.inGraph && !(hasDowngrade && !hasUpgrade));
}

function isWanted(atom: Atom): boolean {
  return atom.blocker === undefined;
}

/**
 * The atoms that are no blockers, each once. What was left of `a/b[x?]` and `a/b[y?]` is two atoms: each still asks for its flag to be
 * there.
 */
export function distinct(atoms: readonly Atom[]): readonly Atom[] {
  const key = ({ text, version = '', requiredFlags }: Atom): string =>
    `${text} ${version} ${requiredFlags.join(' ')}`;
  return [...new Map(atoms.filter(isWanted).map((atom) => [key(atom), atom])).values()];
}
