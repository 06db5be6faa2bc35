/**
 * Finds out by building what an ebuild should declare and does not, under which condition, and what it declares in vain. Nothing here
 * builds; who does is given a {@link Variant}. Nothing is proposed but what builds with it and without it have shown, or it is said that it
 * is not proved.
 */
import { imageFacts, isMereContent, type Image, type Missing, type Report } from '../audit/index.js';
import { packageName, type PackageId } from '../base/index.js';
import { findCondition, wordOf, type Flags, type FoundCondition } from './conditions.js';
import { dependencyVariables, nameOf, type DependencyVariable } from './dependencyEdit.js';

/** What a build is to differ in from one of the ebuild as it is. */
export interface Variant {
  /** cpvs of installed packages that are shown besides. */
  readonly shown: readonly PackageId[];
  /** cpvs of packages that are hidden although they are declared. */
  readonly hidden: readonly PackageId[];
  /** USE flags that are set otherwise than the configuration has them. */
  readonly flags: Flags;
  /** Paths that are hidden although somebody who is visible owns them. */
  readonly paths?: readonly string[];
}

/** What is wanted of a build besides its end. */
export interface Purpose {
  /** Why it is made, as the middle of a line: "without dev-libs/foo". */
  readonly why: string;
  /** When it fails, find out what it lacks. */
  readonly prove: boolean;
  /** When it succeeds, find out which hidden packages make a difference. */
  readonly compare: boolean;
}

/** What came of a build. */
export interface Built {
  /** `impossible`: the flags cannot be set so, or what they need is not installed. */
  readonly end: 'built' | 'failed' | 'impossible';
  readonly report: Report;
  /** What it would install. */
  readonly image?: Image;
  /** Of a failed build that was to be proved. */
  readonly lacks?: {
    readonly outcome: 'needs' | 'own' | 'unsteady' | 'open';
    readonly packages: readonly PackageId[];
  };
  /** There were to be no more builds before all was known that was asked. */
  readonly isOpen?: boolean;
  /** Of a build that was compared: groups of packages that make a difference together. */
  readonly automagic?: readonly {
    readonly packages: readonly PackageId[];
    readonly files: readonly string[];
  }[];
}

/** Builds a variant; undefined when there are to be no more builds. */
export type Builder = (variant: Variant, purpose: Purpose) => Promise<Built | undefined>;

/** What is known of the ebuild before anything is built. */
export interface Subject {
  /** Flags of its own that a user may switch, with their effective state. */
  readonly flags: ReadonlyMap<string, boolean>;
  /** Base names of the libraries that an installed package has. */
  libraries(cpv: PackageId): ReadonlySet<string>;
  /** Whether the ebuild may set BDEPEND (EAPI 7 and later). */
  readonly hasBdepend: boolean;
}

/** What is looked for. */
export interface SearchOptions {
  readonly unused: boolean;
  readonly compare: boolean;
}

/** A dependency that the ebuild should declare. */
export interface Addition {
  readonly cpv: PackageId;
  readonly variable: DependencyVariable;
  /** The likeliest atom first; of several the builds cannot tell which is meant. */
  readonly atoms: readonly { readonly atom: string; readonly reason: string }[];
  /**
   * `needed`: the build fails without it. `automagic`: the result differs. `second-hand`: it is used, and visible only for what others
   * declare.
   */
  readonly kind: 'needed' | 'automagic' | 'second-hand';
  /** As in {@link FoundCondition}. */
  readonly condition?: string;
  /** Whether the condition, or that there is none, was shown by builds. */
  readonly isConditionKnown: boolean;
  /** Where that is not known: `flag` or `!flag`, of each that it may go with and of which no build has told. */
  readonly untold: readonly string[];
  /** The result is linked with it. */
  readonly linked: boolean;
  /** Builds with it and without it have shown that. */
  readonly proved: boolean;
  readonly paths: readonly string[];
  readonly messages: readonly string[];
  /** What of the result changes with it. */
  readonly files: readonly string[];
  /** Of what is second-hand: what brings it in. */
  readonly from: readonly string[];
}

/** A dependency that is declared in vain. */
export interface Withdrawal {
  readonly cpv: PackageId;
  readonly variable: DependencyVariable;
  readonly atom: string;
}

/** What the search came to. */
export interface Findings {
  /**
   * `done`; `own`: the build fails with all that is installed; `unsteady`: the same build fails one time and succeeds another; `open`: there
   * were to be no more builds before all was known.
   */
  readonly outcome: 'done' | 'own' | 'unsteady' | 'open';
  readonly additions: readonly Addition[];
  readonly withdrawals: readonly Withdrawal[];
}

const asItIs: Variant = { shown: [], hidden: [], flags: {} };

/** See the head of this file. */
export async function findFix(subject: Subject, build: Builder, options: SearchOptions): Promise<Findings> {
  const { compare } = options;
  let shown: readonly PackageId[] = [];
  const first = await build(asItIs, { why: 'with what the ebuild declares', prove: true, compare });
  if (first === undefined) return { outcome: 'open', additions: [], withdrawals: [] };
  let base = first;
  if (first.end !== 'built') {
    const { outcome = 'open', packages = [] } = first.lacks ?? {};
    const known = packages.map((cpv) => entryOf(cpv, [first.report]));
    if (outcome !== 'needs') {
      // What got it further was missing, although that was not all; and so, it seems, was what it gave up over and nobody has tried.
      const others =
        outcome === 'open'
          ? first.report.missing.filter(
              ({ cpv, certainty }) => certainty === 'needed' && !packages.includes(cpv),
            )
          : [];
      const additions = [...known, ...others].map((entry) =>
        additionOf(entry, 'needed', subject, undefined, false),
      );
      return { outcome, additions, withdrawals: [] };
    }
    shown = packages;
    const why = `with ${namesOf(shown)}`;
    const second = await build({ ...asItIs, shown }, { why, prove: false, compare });
    if (second?.end !== 'built') {
      const additions = known.map((entry) => additionOf(entry, 'needed', subject, undefined, true));
      return { outcome: second === undefined ? 'open' : 'unsteady', additions, withdrawals: [] };
    }
    base = second;
  }
  return new Search(subject, build, base, first).all(shown, options);
}

/** A package of those that were added without which it does not come out the same. */
interface Necessary {
  readonly cpv: PackageId;
  readonly kind: 'needed' | 'automagic';
  /** It was built without it, rather than not built any more. */
  readonly proved: boolean;
}

/** From a build that succeeds to what the ebuild should say. */
class Search {
  readonly #subject: Subject;
  readonly #build: Builder;
  readonly #base: Built;
  readonly #reports: readonly Report[];
  #isOpen = false;

  constructor(subject: Subject, build: Builder, base: Built, first: Built) {
    this.#subject = subject;
    this.#build = build;
    this.#base = base;
    this.#isOpen = base.isOpen === true;
    this.#reports = [base.report, first.report];
  }

  async all(needed: readonly PackageId[], { unused }: SearchOptions): Promise<Findings> {
    const groups = this.#base.automagic ?? [];
    const hard = await this.#necessary(needed);
    const additions: Addition[] = [];
    for (const one of hard)
      additions.push(
        await this.#needed(
          one,
          hard.map(({ cpv }) => cpv),
        ),
      );
    for (const { packages, files } of groups)
      for (const cpv of packages) additions.push(await this.#automagic(cpv, files, needed, packages));
    for (const one of this.#base.report.secondHand) {
      if (one.use !== 'direct' || additions.some(({ cpv }) => cpv === one.cpv)) continue;
      const addition = await this.#secondHand(one, needed);
      if (addition !== undefined) additions.push(addition);
    }
    const withdrawals = unused ? await this.#unused(hard.map(({ cpv }) => cpv)) : [];
    return { outcome: this.#isOpen ? 'open' : 'done', additions: additions.sort(byPlace), withdrawals };
  }

  async #try(variant: Variant, why: string): Promise<Built | undefined> {
    const built = await this.#build(variant, { why, prove: false, compare: false });
    if (built === undefined) this.#isOpen = true;
    return built;
  }

  #isSame(built: Built, other: Built = this.#base): boolean {
    if (built.end !== 'built' || built.image === undefined || other.image === undefined) return false;
    return [...imageFacts(other.image, built.image).keys()].every(isMereContent);
  }

  /** Takes what was added away again, one by one. */
  async #necessary(added: readonly PackageId[]): Promise<Necessary[]> {
    // Without the only one it is the build that failed.
    if (added.length < 2) return added.map((cpv) => ({ cpv, kind: 'needed', proved: true }));
    const found: Necessary[] = [];
    let left = added;
    for (const cpv of added) {
      const others = left.filter((one) => one !== cpv);
      const built = await this.#try({ ...asItIs, shown: others }, `without ${packageName(cpv)}`);
      if (built !== undefined && this.#isSame(built)) left = others;
      else
        found.push({
          cpv,
          kind: built?.end === 'built' ? 'automagic' : 'needed',
          proved: built !== undefined,
        });
    }
    return found;
  }

  async #needed({ cpv, kind, proved }: Necessary, all: readonly PackageId[]): Promise<Addition> {
    const entry = entryOf(cpv, this.#reports);
    const others = all.filter((one) => one !== cpv);
    const condition = await this.#conditionOf(entry, async (flags, words) => {
      const built = await this.#try(
        { shown: others, hidden: [], flags },
        `${words}, without ${packageName(cpv)}`,
      );
      return built === undefined || built.end === 'impossible' ? undefined : built.end === 'built';
    });
    return this.#addition(entry, kind, condition, proved);
  }

  /** An automagic dependency goes with a flag when without that flag it makes no difference. */
  async #automagic(
    cpv: PackageId,
    files: readonly string[],
    base: readonly PackageId[],
    group: readonly PackageId[],
  ): Promise<Addition> {
    const entry = { ...entryOf(cpv, this.#reports), files: [...files] };
    const found = await firstThatFits(this.#fittingFlags(cpv), async (flags) => {
      const words = flagWords(flags);
      const without = await this.#try({ shown: base, hidden: [], flags }, words);
      if (without === undefined || without.end === 'impossible') return undefined;
      if (without.end === 'failed') return false;
      const shown = [...base, ...group];
      const present = await this.#try({ shown, hidden: [], flags }, `${words}, with ${namesOf(group)}`);
      return present === undefined ? undefined : this.#isSame(present, without);
    });
    // What no flag switches may as well be switched off in the ebuild: that nobody but its author decides.
    return this.#addition(entry, 'automagic', found, true);
  }

  /**
   * What is used, and there for others only. It cannot be hidden as a whole, which would break what brings it in; so the files that were
   * used are. Undefined when the result is the same without them.
   */
  async #secondHand(
    one: Report['secondHand'][number],
    shown: readonly PackageId[],
  ): Promise<Addition | undefined> {
    const name = packageName(one.cpv);
    const hidden = await this.#try(
      { ...asItIs, shown, paths: one.paths },
      `without what it uses of ${name}, which ${namesOf(one.from)} brings in`,
    );
    if (hidden !== undefined && this.#isSame(hidden)) return undefined;
    const entry: Entry = {
      ...one,
      suggestions: [{ suggest: one.suggest, reason: '' }],
      messages: [],
      files: [],
      phases: [],
    };
    const found = await firstThatFits(this.#fittingFlags(one.cpv), async (flags) => {
      const built = await this.#try({ shown, hidden: [], flags }, flagWords(flags));
      if (built === undefined || built.end === 'impossible') return undefined;
      return built.end === 'built' && built.report.secondHand.every(({ cpv }) => cpv !== one.cpv);
    });
    return { ...this.#addition(entry, 'second-hand', found, hidden !== undefined), from: one.from };
  }

  #addition(
    entry: Entry,
    kind: Addition['kind'],
    { condition, isKnown, untold }: FoundCondition,
    proved: boolean,
  ): Addition {
    const made = additionOf(entry, kind, this.#subject, condition, proved, this.#base.image);
    return { ...made, isConditionKnown: isKnown, untold };
  }

  #fittingFlags(cpv: PackageId): [string, boolean][] {
    return [...this.#subject.flags].filter(([flag]) => doesFit(flag, cpv));
  }

  /** Under which flags a package is needed. */
  #conditionOf(
    { cpv, phases }: Pick<Entry, 'cpv' | 'phases'>,
    isDispensable: (flags: Flags, words: string) => Promise<boolean | undefined>,
  ): Promise<FoundCondition> {
    const isTest = phases.length > 0 && phases.every((phase) => phase === 'test');
    // Without such a flag the tests can be left out as well, and it is the flag that the ebuild lacks.
    const flags = isTest ? new Map([['test', true], ...this.#subject.flags]) : this.#subject.flags;
    const likely = [
      ...(isTest && flags.get('test') === true ? [['test', true] as const] : []),
      ...this.#fittingFlags(cpv),
    ];
    return findCondition(flags, likely, (switched) => isDispensable(switched, this.#flagWords(switched)));
  }

  #flagWords({ test, ...others }: Flags): string {
    if (test !== false || this.#subject.flags.has('test'))
      return flagWords(test === undefined ? others : { test, ...others });
    return ['without the tests', ...(Object.keys(others).length === 0 ? [] : [flagWords(others)])].join(', ');
  }

  /** Hides what was declared and not used, as long as the result stays the same. */
  async #unused(shown: readonly PackageId[]): Promise<Withdrawal[]> {
    const hidden: PackageId[] = [];
    const found: Withdrawal[] = [];
    for (const { cpv, atom, variable } of this.#base.report.unused) {
      const named = dependencyVariables.find((one) => one === variable);
      if (named === undefined) continue;
      if (!hidden.includes(cpv)) {
        const built = await this.#try(
          { shown, hidden: [...hidden, cpv], flags: {} },
          `without ${packageName(cpv)}, which was not used`,
        );
        if (built === undefined || !this.#isSame(built)) continue;
        hidden.push(cpv);
      }
      found.push({ cpv, variable: named, atom });
    }
    return found;
  }
}

/** The first of the flags with which, switched, something is not used any more. */
async function firstThatFits(
  flags: readonly (readonly [string, boolean])[],
  isWithout: (flags: Flags) => Promise<boolean | undefined>,
): Promise<FoundCondition> {
  const untold: string[] = [];
  for (const one of flags) {
    const [flag, state] = one;
    const answer = await isWithout({ [flag]: !state });
    if (answer === true) return { condition: wordOf(one), isKnown: true, untold: [] };
    if (answer === undefined) untold.push(wordOf(one));
  }
  return { condition: undefined, isKnown: false, untold };
}

type Entry = Pick<Missing, 'cpv' | 'suggestions' | 'paths' | 'messages' | 'phases'> & {
  readonly files?: string[];
};

/** What reports say of a package; of one that they do not speak of no more than its name. */
function entryOf(cpv: PackageId, reports: readonly Report[]): Entry {
  const all = reports.flatMap(({ missing }) => missing.filter((one) => one.cpv === cpv));
  const [shown] = all;
  if (shown === undefined) {
    const suggest = `DEPEND="${packageName(cpv)}"`;
    return { cpv, suggestions: [{ suggest, reason: '' }], paths: [], messages: [], phases: [] };
  }
  // How it was used tells more than how it was looked for; what was said over it was said where it was not there.
  const said = all.find(({ messages }) => messages.length > 0);
  return said === undefined
    ? { ...shown, messages: [] }
    : { ...shown, messages: said.messages, suggestions: calledAs(said, shown) };
}

/** By which atoms: first those that go by what the build called, which may be a link to what it then used (`yacc`, of bison). */
function calledAs(said: Missing, shown: Missing): Missing['suggestions'] {
  const variable = /^\w+/.exec(shown.suggest)?.[0] ?? 'DEPEND';
  const called = said.suggestions.map(({ suggest, reason }) => ({
    suggest: suggest.replace(/^\w+/, variable),
    reason,
  }));
  const isNew = (one: string): boolean => called.every(({ suggest }) => suggest !== one);
  return [...called, ...shown.suggestions.filter(({ suggest }) => isNew(suggest))];
}

function additionOf(
  entry: Entry,
  kind: Addition['kind'],
  subject: Subject,
  condition: string | undefined,
  proved: boolean,
  image?: Image,
): Addition {
  const { cpv, suggestions, paths, messages, files = [] } = entry;
  const lines = suggestions.flatMap(({ suggest, reason }) => {
    const [, variable, atom] = /^(\w+)="(.*)"$/s.exec(suggest) ?? [];
    return variable === undefined || atom === undefined ? [] : [{ variable, atom, reason }];
  });
  const linked = isLinked(cpv, subject, image);
  const suggested = linked ? 'DEPEND' : lines[0]?.variable;
  const named = dependencyVariables.find((one) => one === suggested) ?? 'DEPEND';
  return {
    cpv,
    variable: named === 'BDEPEND' && !subject.hasBdepend ? 'DEPEND' : named,
    atoms: lines.map(({ atom, reason }) => ({ atom, reason })),
    kind,
    ...(condition === undefined ? {} : { condition }),
    isConditionKnown: false,
    untold: [...subject.flags].filter(([flag, state]) => state || doesFit(flag, cpv)).map(wordOf),
    linked,
    proved,
    paths,
    messages,
    files,
    from: [],
  };
}

/** Whether something that would be installed needs a library of the package. */
function isLinked(cpv: PackageId, subject: Subject, image: Image | undefined): boolean {
  if (image === undefined) return false;
  const libraries = subject.libraries(cpv);
  return [...image.values()].some(({ needed }) => needed.some((name) => libraries.has(name)));
}

/** Whether a flag may well be named after a package: `xml` after libxml2, `ssl` after openssl. */
export function doesFit(flag: string, cpv: string): boolean {
  const plain = (text: string): string =>
    text
      .toLowerCase()
      .replaceAll(/[^a-z0-9]/g, '')
      .replace(/^lib(?=...)/, '')
      .replace(/\d+$/, '');
  const name = plain(nameOf(packageName(cpv)).split('/').at(-1) ?? '');
  const wanted = plain(flag);
  if (wanted.length < 2 || name.length < 2) return false;
  return (
    name === wanted ||
    (wanted.length > 2 && name.includes(wanted)) ||
    (name.length > 3 && wanted.includes(name))
  );
}

function flagWords(flags: Flags): string {
  const words = Object.entries(flags).map(([flag, state]) => (state ? flag : `-${flag}`));
  return `with USE="${words.join(' ')}"`;
}

function namesOf(cpvs: readonly string[]): string {
  return cpvs.map(packageName).join(', ');
}

function byPlace(a: Addition, b: Addition): number {
  const order = (one: Addition): number => dependencyVariables.indexOf(one.variable);
  return order(a) - order(b) || (a.cpv < b.cpv ? -1 : 1);
}
