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
import { eapiFeatures } from './eapi.js';
import { makeCandidate, matchesAtom, splitSlot, type Candidate } from './match.js';
import { withoutUse } from './packageFiles.js';
import { compareVersions, type PackageVersion } from './version.js';
import type { Cpv } from './types.js';
import type { InstalledDatabase, InstalledEntry } from './vdb.js';

/** Whether a flag belongs to every package's IUSE without being listed there, by the profile and for this EAPI. */
export type ImplicitFlags = (flag: string, eapi: string) => boolean;

/** An installed package as atoms see it; its values are read when an atom first asks for them. */
export class InstalledCandidate implements Candidate {
  readonly #implicit: ImplicitFlags;
  #slot: { slot: string; subslot: string } | undefined;
  #flags: ReadonlySet<string> | undefined;
  #use: ReadonlySet<string> | undefined;

  constructor(
    readonly entry: InstalledEntry,
    implicit: ImplicitFlags,
  ) {
    this.#implicit = implicit;
  }

  get package(): PackageVersion {
    return this.entry.parts;
  }

  get cpv(): Cpv {
    return this.entry.cpv;
  }

  get slot(): string {
    return this.#slotParts.slot;
  }

  get subslot(): string {
    return this.#slotParts.subslot;
  }

  get #slotParts(): { slot: string; subslot: string } {
    return (this.#slot ??= splitSlot(this.entry.value('SLOT'), this.entry.value('EAPI')));
  }

  get buildId(): string | undefined {
    const value = this.entry.value('BUILD_ID');
    return /^[1-9]\d*$/.test(value) ? value : undefined;
  }

  /** The recorded repository, its name repaired as Portage does it; `__unknown__` when there is none. */
  get repo(): string {
    return this.entry.repository;
  }

  /**
   * Whether a flag is in IUSE, implicit, or (from EAPI 5) was enabled when the package was built, whatever the profile says
   * now.
   */
  readonly hasFlag = (flag: string): boolean => {
    this.#flags ??= new Set(this.entry.words('IUSE').map((word) => word.replace(/^[+-]/, '')));
    if (this.#flags.has(flag)) return true;
    const eapi = this.entry.value('EAPI');
    if (this.#implicit(flag, eapi)) return true;
    return eapiFeatures(eapi).iuseEffective && this.#recorded.has(flag);
  };

  get use(): ReadonlySet<string> {
    return this.#recorded;
  }

  get #recorded(): ReadonlySet<string> {
    return (this.#use ??= new Set(this.entry.words('USE')));
  }
}

/** Matches atoms against an installed-package database; answers are remembered. */
export class InstalledPackages {
  readonly #byName = new Map<string, readonly InstalledCandidate[]>();
  readonly #matches = new Map<Atom, readonly InstalledCandidate[]>();

  constructor(
    readonly database: InstalledDatabase,
    readonly implicit: ImplicitFlags,
  ) {}

  /** The installed package of exactly this name. */
  get(cpv: Cpv): InstalledCandidate | undefined {
    const entry = this.database.get(cpv);
    return entry === undefined
      ? undefined
      : this.versionsOf(entry.parts.cp).find((found) => found.cpv === cpv);
  }

  /** The installed versions of `category/name`, ascending. */
  versionsOf(cp: string): readonly InstalledCandidate[] {
    let versions = this.#byName.get(cp);
    if (versions === undefined) {
      versions = this.database.versionsOf(cp).map((entry) => new InstalledCandidate(entry, this.implicit));
      this.#byName.set(cp, versions);
    }
    return versions;
  }

  /**
   * The installed packages that an atom matches, ascending by version (with wildcards: by name, then version). A
   * package whose repository is not recorded matches no `::repo`.
   */
  match(atom: Atom): readonly InstalledCandidate[] {
    let found = this.#matches.get(atom);
    if (found === undefined) {
      const ofName = (cp: string): readonly InstalledCandidate[] =>
        this.versionsOf(cp).filter((candidate) => isMatch(atom, candidate));
      found = atom.extended ? [...this.database.names()].sort().flatMap(ofName) : ofName(atom.cp);
      this.#matches.set(atom, found);
    }
    return found;
  }

  /** The highest installed match of an atom. */
  best(atom: Atom): InstalledCandidate | undefined {
    return this.match(atom).at(-1);
  }

  /** The highest installed match when the atom's USE dependencies are left aside. */
  bestWithoutUse(atom: Atom): InstalledCandidate | undefined {
    if (atom.use.length === 0 && atom.requiredFlags.length === 0) return this.best(atom);
    const bare = withoutUse(atom);
    return this.versionsOf(atom.cp).findLast((candidate) => isMatch(bare, candidate));
  }
}

function isMatch(atom: Atom, candidate: InstalledCandidate): boolean {
  return matchesAtom(atom, candidate) && (atom.repo === undefined || atom.repo === candidate.repo);
}

/** What {@link DepCheck.choose} answers for one dependency string. */
export interface Selection {
  /** The atoms that dep_check selects, each once, in its order, without blockers and what package.provided satisfies. */
  atoms: readonly Atom[];
  /**
   * The top-level parts that the database does not satisfy: an atom without a match, or an any-of group none of whose
   * alternatives is wholly satisfied, in the notation of ebuilds.
   */
  unsatisfied: readonly string[];
  /** The atoms of every other alternative of any-of groups that is wholly installed. */
  alternatives: readonly Atom[];
}

/** What emerge's dependency graph has while it chooses; see targetGraph.ts. */
export interface Graph {
  /** Whether it has a package that an atom matches. */
  has(atom: Atom, installed: InstalledPackages): boolean;
}

/** How many alternatives overlapping groups may have together before they are no longer combined. */
const maxCombinations = 50_000;

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
   * package.provided left out; `inner` has those that virtuals stand for.
   */
  select(items: readonly Reduced[], graph: Graph): { atoms: readonly Atom[]; inner: readonly Atom[] } {
    const virtuals = new Map<Atom, Atom>();
    const inner = new Set<Atom>();
    const unusable = new Set<Atom>();
    const expanded = items.flatMap((item) =>
      this.#expandVirtuals(item, graph, { virtuals, inner, unusable, seen: [] }),
    );
    const combined = combineOverlapping(expanded);
    const selected = this.#select(combined, { fewSlots: combined !== expanded, graph, unusable });
    return {
      atoms: distinct(selected.filter((atom) => !inner.has(atom)).map((atom) => virtuals.get(atom) ?? atom)),
      inner: selected.filter((atom) => inner.has(atom) && atom.blocker === undefined),
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
    { virtuals, inner, unusable, seen }: Expansion,
  ): readonly (readonly Reduced[])[] {
    let needs: readonly Reduced[];
    try {
      needs = useReduce(virtual.entry.value('RDEPEND'), { use: virtual.use });
    } catch (error) {
      if (!(error instanceof DependError)) throw error;
      return [];
    }
    const own: Expansion = { virtuals: new Map(), inner, unusable, seen: [...seen, virtual.cpv] };
    const expanded = needs.flatMap((need) => this.#expandVirtuals(need, graph, own));
    const combined = combineOverlapping(expanded);
    const found = this.#select(combined, { fewSlots: combined !== expanded, graph, unusable });
    const isMissing = (need: Atom): boolean =>
      need.blocker === undefined && (unusable.has(need) || this.installed.bestWithoutUse(need) === undefined);
    if (found.some(isMissing)) return [];
    const selected = found.map((need) => ({ ...need }));
    for (const need of selected) inner.add(need);
    const { use, requiredFlags, text } = atom;
    const exact: Atom = { ...parseAtom(`=${virtual.package.cpv}`), use, requiredFlags, text };
    virtuals.set(exact, atom);
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
    return preferred(
      rated.filter(({ bin }) => bin === best),
      how,
    ).atoms;
  }

  /** How an alternative stands: which installed packages it would use, and how much of it is installed. */
  #rate(atoms: readonly Atom[], { graph, unusable }: How): Alternative {
    const slots = new Map<string, Atom[]>();
    const chosen = new Map<string, InstalledCandidate>();
    let available = true;
    let useSatisfied = true;
    for (const atom of atoms) {
      if (atom.blocker !== undefined) continue;
      let found = this.installed.bestWithoutUse(atom);
      if (found === undefined || unusable?.has(atom) === true) {
        available = false;
        break;
      }
      if (atom.use.length > 0) {
        const withUse = this.installed.best(atom);
        if (withUse === undefined) useSatisfied = false;
        else found = withUse;
      }
      const slot = `${atom.cp}:${found.slot}`;
      const inSlot = slots.get(slot) ?? [];
      inSlot.push(atom);
      slots.set(slot, inSlot);

      const previous = chosen.get(atom.cp);
      if (previous !== undefined && previous.slot === found.slot) {
        // One package of the slot should satisfy every atom that is about the slot.
        const foundFits = inSlot.every((other) => fitsVersion(other, found));
        const previousFits = inSlot.every((other) => fitsVersion(other, previous));
        if (previousFits && !foundFits) continue;
        if (foundFits && !previousFits) chosen.set(atom.cp, found);
      }
      if (previous === undefined || order(found, previous) > 0) chosen.set(atom.cp, found);
    }
    const wanted = atoms.filter((atom) => atom.blocker === undefined);
    // Virtuals have no cost, whether they are in the graph or not.
    const inGraph =
      graph !== undefined &&
      available &&
      wanted.every((atom) => atom.category === 'virtual' || graph.has(atom, this.installed));
    let bin: number = bins.nothing;
    if (available) bin = useSatisfied ? bins.installed : inGraph ? bins.wrongUseInGraph : bins.wrongUse;
    else if (wanted.some((atom) => this.installed.best(atom) !== undefined)) bin = bins.partly;
    else if (wanted.some((atom) => this.installed.versionsOf(atom.cp).length > 0)) bin = bins.otherVersions;
    return { atoms, bin, slots: slots.size, inGraph, chosen };
  }
}

/** How is chosen. */
interface How {
  /** Whether alternatives of few slots come first: groups were combined. */
  readonly fewSlots: boolean;
  readonly graph?: Graph;
  /** Virtuals without what they need. */
  readonly unusable?: ReadonlySet<Atom>;
}

/** What is noted while virtuals are replaced. */
interface Expansion {
  /** By the atom of one version of a virtual, the atom that was written. */
  readonly virtuals: Map<Atom, Atom>;
  /** What virtuals stand for. */
  readonly inner: Set<Atom>;
  /** Virtuals that are installed without what they need. */
  readonly unusable: Set<Atom>;
  /** The virtuals that are being replaced. */
  readonly seen: readonly Cpv[];
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

/** The atoms that are no blockers, each once. */
function distinct(atoms: readonly Atom[]): readonly Atom[] {
  const wanted = atoms.filter(({ blocker }) => blocker === undefined);
  return [...new Map(wanted.map((atom) => [atom.text, atom])).values()];
}

/**
 * Combines any-of groups that speak of the same packages into one of all their combinations (`_overlap_dnf`), so that
 * `|| ( grep sed ) || ( sed tar )` can be satisfied by sed alone. Of groups that are repeated one is kept. Answers the
 * same array when no groups overlap.
 *
 * Groups with more than {@link maxCombinations} combinations are left as they are: Portage would not end in time.
 */
function combineOverlapping(items: readonly Reduced[]): readonly Reduced[] {
  const groups = items.filter(isAnyOf);
  if (groups.length < 2) return items;
  /** Each group's component, named by its first group. */
  const parent = groups.map((_, index) => index);
  const find = (index: number): number => {
    while (parent[index] !== index) index = parent[index] as number;
    return index;
  };
  const firstWith = new Map<string, number>();
  const names = groups.map((group) => new Set(namesOf(group)));
  names.forEach((set, index) => {
    for (const cp of set) {
      const other = firstWith.get(cp);
      if (other === undefined) firstWith.set(cp, index);
      else {
        const [a, b] = [find(other), find(index)];
        parent[Math.max(a, b)] = Math.min(a, b);
      }
    }
  });
  const components = new Map<number, AnyOf[]>();
  groups.forEach((group, index) => {
    const first = find(index);
    components.set(first, [...(components.get(first) ?? []), group]);
  });
  if (components.size === groups.length) return items;

  // Groups of nothing but blockers overlap with nothing and keep their place among the atoms.
  const result: Reduced[] = items.filter((item) => !isAnyOf(item) || names[groups.indexOf(item)]?.size === 0);
  for (const [first, component] of components) {
    if (names[first]?.size === 0) continue;
    const distinct = [...new Map(component.map((group) => [printReduced([group]), group])).values()];
    result.push(...(distinct.length > 1 ? combine(distinct) : distinct));
  }
  return result;
}

function namesOf(item: Reduced): string[] {
  if (isConjunction(item)) return item.flatMap(namesOf);
  if (isAnyOf(item)) return item.anyOf.flatMap(namesOf);
  return item.blocker === undefined ? [item.cp] : [];
}

/** One any-of group of all combinations of the alternatives of several, or the groups when there are too many. */
function combine(groups: readonly AnyOf[]): readonly Reduced[] {
  const combinations = product(groups.map(alternativesOf));
  return combinations === undefined ? groups : [{ anyOf: combinations }];
}

/** The alternatives of a group in disjunctive normal form: each a list of atoms; undefined when there are too many. */
function alternativesOf(group: AnyOf): readonly Atom[][] | undefined {
  const alternatives: Atom[][] = [];
  for (const item of group.anyOf) {
    const expanded = normalForm(item);
    if (expanded === undefined || alternatives.length + expanded.length > maxCombinations) return undefined;
    alternatives.push(...expanded);
  }
  return alternatives;
}

function normalForm(item: Reduced): readonly Atom[][] | undefined {
  if (isAnyOf(item)) return alternativesOf(item);
  if (!isConjunction(item)) return [[item]];
  const atoms = item.filter((member): member is Atom => !isConjunction(member) && !isAnyOf(member));
  const rest = item.filter((member) => isConjunction(member) || isAnyOf(member));
  return product([[atoms], ...rest.map(normalForm)]);
}

/** Every way to take one alternative of each, joined; the last varies fastest. */
function product(lists: readonly (readonly Atom[][] | undefined)[]): readonly Atom[][] | undefined {
  let result: Atom[][] = [[]];
  for (const list of lists) {
    if (list === undefined || result.length * list.length > maxCombinations) return undefined;
    result = result.flatMap((head) => list.map((tail) => [...head, ...tail]));
  }
  return result;
}
