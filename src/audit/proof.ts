/**
 * Proof by experiment: which of the hidden packages make a build fail, or come out differently. Nothing here builds; who does is
 * given a set of packages to show besides, and says what came of it.
 *
 * The searches take it that a package more does not take an effect away, and believe nothing that was not seen in a build: what was found is
 * built with exactly that before it is named.
 */
import type { PackageId } from '../base/index.js';
import type { SettingChange } from './settings.js';

/** What came of one build. */
export interface BuildResult {
  readonly built: boolean;
  /** Of a build that failed: what it said of that, to tell one failure from another. */
  readonly failure?: ReadonlySet<string>;
  /** Of a build that failed: hidden packages that its tools say they lack, the likeliest first. */
  readonly suspects?: readonly PackageId[];
  /** Of a build that succeeded: how it differs from the first one, as a state for each subject. Undefined: that cannot be told. */
  readonly facts?: ReadonlyMap<string, string>;
  /** Of a build that succeeded: what it found out otherwise than the first one. */
  readonly settings?: readonly SettingChange[];
  /** Packages shown besides that the build used, those first that it certainly did. */
  readonly used?: readonly PackageId[];
}

/**
 * Builds with these hidden packages, and what they need to run, shown besides.
 *
 * @returns undefined when there are to be no more builds: the time is over, or the user wants no more
 */
export type Build = (shown: readonly PackageId[]) => Promise<BuildResult | undefined>;

/** Hidden packages that a search looks at. */
export interface Candidates {
  /** What was refused or left out, the likeliest first. */
  readonly likely: readonly PackageId[];
  /** Every hidden package that may be shown; a view with these is a full one. */
  readonly all: readonly PackageId[];
  /** The hidden packages that are shown with a package because it needs them to run. */
  needsOf(one: PackageId): Promise<readonly PackageId[]>;
}

/** Builds that a search makes at the most. */
const maxBuilds = 60;

/** The builds made so far, and what follows from them. */
class Trials {
  readonly #build: Build;
  readonly #made: { readonly shown: ReadonlySet<PackageId>; readonly result: BuildResult }[];
  /** Builds made, the first one not counted. */
  count = 0;

  constructor(first: BuildResult, build: Build) {
    this.#build = build;
    this.#made = [{ shown: new Set(), result: first }];
  }

  /** Builds, unless exactly this was built before. */
  async make(shown: readonly PackageId[]): Promise<BuildResult | undefined> {
    const known = this.#made.find((one) => one.shown.size === shown.length && isWithin(shown, one.shown));
    if (known !== undefined) return known.result;
    const result = await this.again(shown);
    if (result !== undefined) this.#made.push({ shown: new Set(shown), result });
    return result;
  }

  /** Builds, whatever was built before. */
  async again(shown: readonly PackageId[]): Promise<BuildResult | undefined> {
    if (this.count >= maxBuilds) return undefined;
    this.count++;
    return this.#build(shown);
  }

  /** Whether something holds with these packages shown: it did with fewer, it did not with more, or it is tried. */
  async ask(
    shown: readonly PackageId[],
    holds: (result: BuildResult) => boolean,
  ): Promise<boolean | undefined> {
    const wanted = new Set(shown);
    for (const one of this.#made) {
      if (holds(one.result) ? isWithin(one.shown, wanted) : isWithin(wanted, one.shown))
        return holds(one.result);
    }
    const result = await this.make(shown);
    return result === undefined ? undefined : holds(result);
  }
}

function isWithin(some: Iterable<PackageId>, all: ReadonlySet<PackageId>): boolean {
  for (const one of some) if (!all.has(one)) return false;
  return true;
}

type Ask = (shown: readonly PackageId[]) => Promise<boolean | undefined>;

interface Smallest {
  readonly packages: readonly PackageId[];
  /** `unsteady`: what held with all does not hold with all any more. `open`: there were to be no more builds. */
  readonly end: 'found' | 'unsteady' | 'open';
}

/** Where to look for the smallest set that something holds with. */
interface Search {
  /** All that it was seen to hold with, the likeliest first. */
  readonly ordered: readonly PackageId[];
  /** How many of them are likely. */
  readonly likely: number;
  /** Whether it holds with all of them once more; asked before the search goes beyond what is likely, and when only all would do. */
  readonly again: () => Promise<boolean | undefined>;
}

/**
 * The smallest set that something holds with. It takes one build when the first package alone is it, and about twice the logarithm of a
 * package's place for each package of the set.
 */
async function smallest(ask: Ask, { ordered, likely, again }: Search): Promise<Smallest> {
  const packages: PackageId[] = [];
  let sure = false;
  let end: Smallest['end'] = 'open';
  const isSure = async (): Promise<boolean> => {
    if (sure) return true;
    const held = await again();
    sure = held === true;
    if (held === false) end = 'unsteady';
    return sure;
  };
  const shortest = async (rest: readonly PackageId[]): Promise<number | undefined> => {
    const length = await shortestPrefix(rest.length, async (n) =>
      n > likely && !(await isSure()) ? undefined : ask([...rest.slice(0, n), ...packages]),
    );
    return length === ordered.length && length > 1 && !(await isSure()) ? undefined : length;
  };
  for (let rest = ordered; rest.length > 0;) {
    const length = await shortest(rest);
    if (length === undefined) return { packages, end };
    packages.push(...rest.slice(length - 1, length));
    rest = rest.slice(0, length - 1);
    const enough = await ask(packages);
    if (enough === undefined) return { packages, end: 'open' };
    if (enough) return { packages, end: 'found' };
  }
  return { packages, end: 'unsteady' };
}

/**
 * The same set without packages that are in it only for what they need to run: showing a package shows that too. Such a one is replaced by
 * those of its needs that matter.
 *
 * @param isCertain leaves a package as it is
 * @param used what was used in a build with the set
 */
async function refined(
  ask: Ask,
  { found, used }: { readonly found: readonly PackageId[]; readonly used: readonly PackageId[] },
  candidates: Candidates,
  isCertain: (one: PackageId) => boolean,
): Promise<Smallest> {
  let packages = [...found];
  const open = packages.filter((one) => !isCertain(one));
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    const others = packages.filter((other) => other !== one);
    const needs = new Set(await candidates.needsOf(one));
    // What was not so much as looked at does not matter.
    const ordered = used.filter((need) => needs.has(need) && !others.includes(need));
    if (ordered.length === 0) continue;
    const askAbout: Ask = (shown) => ask([...others, ...shown]);
    const enough = await askAbout(ordered);
    if (enough === undefined) return { packages, end: 'open' };
    if (!enough) continue;
    const again = (): Promise<boolean> => Promise.resolve(true);
    const smaller = await smallest(askAbout, { ordered, likely: ordered.length, again });
    if (smaller.end !== 'found') return { packages, end: smaller.end };
    packages = [...others, ...smaller.packages];
    open.push(...smaller.packages);
  }
  return { packages, end: 'found' };
}

/** The length of the shortest prefix that something holds for; it holds for `all`. Short ones are tried first. */
async function shortestPrefix(
  all: number,
  holds: (length: number) => Promise<boolean | undefined>,
): Promise<number | undefined> {
  let [low, high] = [0, all];
  for (let next = 1; next < all; next *= 2) {
    const held = await holds(next);
    if (held === undefined) return undefined;
    if (held) {
      high = next;
      break;
    }
    low = next;
  }
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    const held = await holds(middle);
    if (held === undefined) return undefined;
    if (held) high = middle;
    else low = middle;
  }
  return high;
}

function distinct(...lists: readonly (readonly PackageId[])[]): PackageId[] {
  return [...new Set(lists.flat())];
}

/** In what order to search. */
type Order = Pick<Search, 'ordered' | 'likely'>;

/** In what order to search in the light of a build in which all was shown: what that used is likeliest. */
function inOrder(
  { likely, all }: Pick<Candidates, 'likely' | 'all'>,
  used: readonly PackageId[],
  accused: readonly PackageId[],
): Order {
  const wasUsed = new Set(used);
  const first = distinct(
    accused,
    likely.filter((one) => wasUsed.has(one)),
    used,
    likely,
  );
  return { ordered: distinct(first, all), likely: first.length };
}

/** What the proof of a failed build came to. */
export interface FailureProof {
  /**
   * `needs`: with `packages` shown it builds, without them it does not. `own`: it fails in a full view as well. `unsteady`: the same build
   * succeeds one time and fails another. `open`: there were to be no more builds.
   */
  readonly outcome: 'needs' | 'own' | 'unsteady' | 'open';
  /** With any other outcome than `needs`: those that got the build further. */
  readonly packages: readonly PackageId[];
  /** How many builds this took. */
  readonly builds: number;
}

/**
 * Finds out what a build failed for. One more build when its tools say what they lack and are right, two when it fails by itself.
 *
 * @param first what failed
 */
export async function proveFailure(
  first: BuildResult,
  candidates: Candidates,
  build: Build,
): Promise<FailureProof> {
  const trials = new Trials(first, build);
  let accused: PackageId[] = [];
  const ask: Ask = (shown) => trials.ask(shown, ({ built }) => built);
  const ended = (outcome: FailureProof['outcome'], packages: readonly PackageId[]): FailureProof => ({
    outcome,
    packages,
    builds: trials.count,
  });
  const isAccused = (one: PackageId): boolean => accused.includes(one);
  const search = async (where: Search): Promise<FailureProof> => {
    const found = await smallest(ask, where);
    if (found.end !== 'found') return ended(found.end, found.packages);
    const used = (await trials.make(found.packages))?.used ?? [];
    const { packages, end } = await refined(ask, { found: found.packages, used }, candidates, isAccused);
    return ended(end === 'found' ? 'needs' : end, packages);
  };
  const again = (shown: readonly PackageId[]) => async () => (await trials.again(shown))?.built;

  // As far as the build itself tells what it lacks: each failure names the next.
  let further: PackageId[] = [];
  /** Named alone, and the build got further with it. */
  const named: PackageId[] = [];
  let last = first;
  for (let next = first.suspects ?? []; next.length > 0;) {
    accused = distinct(accused, next);
    const result = await trials.make(accused);
    if (result === undefined) return ended('open', further);
    if (result.built) {
      // Of several that would do, it is the one that is taken where all are there.
      const ordered = distinct((result.used ?? []).filter(isAccused), accused);
      // That it is no accident is plain from what it said before.
      const proof = await search({ ordered, likely: ordered.length, again: () => Promise.resolve(true) });
      const { outcome, packages } = proof;
      return outcome === 'needs'
        ? { ...proof, packages: await withBrought(named, packages, candidates) }
        : proof;
    }
    if (!isSameFailure(last, result)) {
      further = distinct(further, next);
      if (next.length === 1) named.push(...next);
    }
    last = result;
    next = (result.suspects ?? []).filter((one) => !accused.includes(one));
  }

  // Not remembered: what fails in a full view need not fail with less.
  const full = await trials.again(candidates.all);
  if (full === undefined) return ended('open', further);
  if (full.built) {
    // No tool has said that it lacks something, so the build may as well fail one time and succeed another.
    if (further.length === 0) {
      const control = await trials.again([]);
      if (control === undefined) return ended('open', further);
      if (control.built) return ended('unsteady', []);
    }
    const order = inOrder(candidates, full.used ?? [], accused);
    return search({ ...order, again: again(order.ordered) });
  }
  if (isSameFailure(last, full)) return ended('own', further);
  // All that is installed may be too much of a good thing.
  const refused = distinct(accused, candidates.likely);
  const result = await trials.make(refused);
  if (result === undefined) return ended('open', further);
  if (!result.built) return ended('own', further);
  return search({ ordered: refused, likely: refused.length, again: again(refused) });
}

/**
 * A set without which a build fails, with those that it also failed for and that are shown with the others, as these need them to run: no
 * build could leave them out.
 */
async function withBrought(
  named: readonly PackageId[],
  packages: readonly PackageId[],
  candidates: Candidates,
): Promise<PackageId[]> {
  const brought = new Set<PackageId>();
  if (named.length > 0)
    for (const one of packages) for (const need of await candidates.needsOf(one)) brought.add(need);
  return distinct(
    named.filter((one) => brought.has(one)),
    packages,
  );
}

/** Whether two builds failed for the same thing, as far as their words tell. */
function isSameFailure(
  { failure: a = new Set() }: BuildResult,
  { failure: b = new Set() }: BuildResult,
): boolean {
  return a.size === 0 && b.size === 0 ? true : [...a].some((sign) => b.has(sign));
}

/** Packages that together make a difference. */
export interface Culprit {
  readonly packages: readonly PackageId[];
  /** The subjects of {@link BuildResult.facts} that change with them. */
  readonly subjects: readonly string[];
  /** What a build with them finds out otherwise. */
  readonly settings?: readonly SettingChange[];
}

/** What the comparison of builds came to. */
export interface DifferenceProof {
  /** `compared`, with nothing or with everything explained; `incomparable`: no build succeeds in a full view, or what it makes cannot be told. */
  readonly outcome: 'compared' | 'incomparable' | 'open';
  readonly culprits: readonly Culprit[];
  /** What differs from one build to the next although the same is shown. */
  readonly unsteady: readonly string[];
  /** Differences that nobody was found for. */
  readonly unexplained: readonly string[];
  /** The packages that were shown in the build that the first one was compared with. */
  readonly shown: readonly PackageId[];
  readonly builds: number;
}

/**
 * Compares a build that succeeded with one in a full view, and finds out which packages make the differences. One more build when there
 * are none, two when one likely package makes them all.
 *
 * @param isWeak whether a difference may well be one of the time and not of what was shown (mere content); such are believed only when the
 *   same build, made once more, does not show them as well
 */
export function proveDifference(
  candidates: Candidates,
  isWeak: (subject: string) => boolean,
  build: Build,
): Promise<DifferenceProof> {
  return new Comparison(candidates, isWeak, build).prove();
}

/** The search for those who make the differences, one difference after the other. */
class Comparison {
  readonly #candidates: Candidates;
  readonly #isWeak: (subject: string) => boolean;
  readonly #trials: Trials;
  readonly #culprits: Culprit[] = [];
  readonly #unsteady: string[] = [];
  /** Differences that nobody was found for so far, with the state in a full view. */
  #open = new Map<string, string>();
  #shown: readonly PackageId[];
  #isControlled = false;

  constructor(candidates: Candidates, isWeak: (subject: string) => boolean, build: Build) {
    this.#candidates = candidates;
    this.#isWeak = isWeak;
    this.#trials = new Trials({ built: true, facts: new Map() }, build);
    this.#shown = candidates.all;
  }

  async prove(): Promise<DifferenceProof> {
    const outcome = await this.#compare();
    return {
      outcome,
      culprits: this.#culprits,
      unsteady: this.#unsteady,
      unexplained: [...this.#open.keys()],
      shown: this.#shown,
      builds: this.#trials.count,
    };
  }

  async #compare(): Promise<DifferenceProof['outcome']> {
    const full = await this.#buildInFullView();
    if (full === undefined) return 'open';
    if (!full.built || full.facts === undefined) return 'incomparable';
    const order = inOrder({ likely: this.#candidates.likely, all: this.#shown }, full.used ?? [], []);
    this.#open = new Map(full.facts);
    const isWeak = this.#isWeak;
    const strongFirst = [...this.#open.keys()].sort((a, b) => Number(isWeak(a)) - Number(isWeak(b)));
    for (const subject of strongFirst) if (!(await this.#explain(subject, order))) return 'open';
    return 'compared';
  }

  /** Not remembered: what fails in a full view need not fail with less. */
  async #buildInFullView(): Promise<BuildResult | undefined> {
    const full = await this.#trials.again(this.#shown);
    const { likely } = this.#candidates;
    if (full?.built !== false || likely.length === 0) return full;
    // All that is installed may be too much of a good thing.
    this.#shown = likely;
    return this.#trials.again(likely);
  }

  /** Finds out who makes a difference; false: there were to be no more builds. */
  async #explain(subject: string, order: Order): Promise<boolean> {
    if (this.#open.has(subject) && this.#isWeak(subject) && !(await this.#control())) return false;
    const state = this.#open.get(subject);
    if (state === undefined) return true;
    const { packages, end } = await this.#culpritOf(subject, state, order);
    if (end === 'open') return false;
    if (end === 'unsteady') this.#setAside(subject);
    else await this.#accuse(packages);
    return true;
  }

  async #culpritOf(subject: string, state: string, order: Order): Promise<Smallest> {
    const trials = this.#trials;
    const holds = ({ built, facts }: BuildResult): boolean => built && facts?.get(subject) === state;
    const ask: Ask = (asked) => trials.ask(asked, holds);
    // Several that are known may do together what none does alone.
    const known = distinct(...this.#culprits.map(({ packages }) => packages));
    if (this.#culprits.length > 1 && (await ask(known)) === true) return { packages: known, end: 'found' };
    const again = async (): Promise<boolean | undefined> => {
      if (!(await this.#control())) return undefined;
      if (!this.#open.has(subject)) return false;
      const result = await trials.again(order.ordered);
      return result === undefined ? undefined : holds(result);
    };
    const found = await smallest(ask, { ...order, again });
    if (found.end !== 'found') return found;
    const used = (await trials.make(found.packages))?.used ?? [];
    return refined(ask, { found: found.packages, used }, this.#candidates, () => false);
  }

  /** Whatever else is as in the full view with these packages shown, they make as well. */
  async #accuse(packages: readonly PackageId[]): Promise<void> {
    const { facts = new Map<string, string>(), settings = [] } = (await this.#trials.make(packages)) ?? {};
    const subjects = [...this.#open].filter(([one, wanted]) => facts.get(one) === wanted).map(([one]) => one);
    for (const one of subjects) this.#open.delete(one);
    this.#culprits.push({ packages, subjects, ...(settings.length === 0 ? {} : { settings }) });
  }

  /** Takes out what differs without anything being shown; false: there were to be no more builds. */
  async #control(): Promise<boolean> {
    if (this.#isControlled) return true;
    const again = await this.#trials.again([]);
    if (again === undefined) return false;
    this.#isControlled = true;
    for (const subject of again.facts?.keys() ?? []) this.#setAside(subject);
    return true;
  }

  #setAside(subject: string): void {
    if (this.#open.delete(subject)) this.#unsteady.push(subject);
  }
}
