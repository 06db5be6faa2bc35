/** Which hidden packages a build needed, or looked for. */
import type { PackageId } from '../base/index.js';
import {
  factsOf,
  suggestedVariable,
  suggestionsFor,
  tellingPaths,
  variableFor,
  variableForProgram,
  type Case,
  type Dismissed,
  type Missing,
  type Report,
  type ReportInput,
} from './findings.js';
import { refusalsGivenUpOver } from './givingUp.js';
import type { BuildVariable, PathKind } from './pathKinds.js';
import { isLanguageInterpreter, isPortage, type ProcessTree } from './processTree.js';
import {
  buildPhases,
  nameInSources,
  refusalsIn,
  variableOfRefusal,
  type Against,
  type Refusal,
} from './refusals.js';
import { needsAsked } from './sources/asked.js';
import { isNeeded, type Need } from './sources/needs.js';
import { declaredPackages, isAllowedByUser } from './secondHand.js';
import { giveUp, isFinding, note, scoreOf, Suspects, weigh, type Evidence } from './suspects.js';
import { isExecution, type Use } from './uses.js';
import { wordsIn, type Complaint, type Found, type Wanted, type Words } from './words/index.js';

/**
 * Weight of a message with which a tool gave up, above all that accesses can reach; the project's own words say less, and so does that
 * a build ended next.
 */
const fatalWeight = { tool: 200, project: 120, end: 120 };
/** Weight of a message that something was not found. */
const messageWeight = 6;

/** What {@link findMissing} finds. */
export interface Findings {
  readonly missing: Missing[];
  readonly dismissed: Dismissed[];
  readonly hiddenByUser: Report['hiddenByUser'];
}

/** Judges what was refused, what was said, and what was used only because the user allowed it. */
export function findMissing(whole: Case): Findings {
  const { input, tree, habits } = whole;
  const suspects = new Suspects(whole);
  const refusals = refusalsIn(input, tree, habits);
  judgeRefusals(refusals, suspects);
  const words: Words = input.log === undefined ? { complaints: [], giveUps: [] } : wordsIn(input.log);
  const needs = needsAsked(input);
  judgeWords(words, refusals, needs, suspects);
  judgeNeeds(words, needs, suspects);
  judgeAllowed(whole, suspects);
  // What a tool said is more than that it ended.
  if (input.status !== 0 && !suspects.hasFatal) judgeEnds(refusals, tree, suspects);
  if (input.status !== undefined && input.status !== 0) promoteLikeliest(suspects.found, words);
  return told(suspects);
}

function judgeRefusals(refusals: readonly Refusal[], suspects: Suspects): void {
  for (const refusal of refusals) {
    const { denial, path, owners, weight, against } = refusal;
    for (const cpv of owners) {
      const evidence = suspects.hidden(cpv, path);
      if (evidence === undefined) continue;
      note(evidence, denial, path);
      evidence.executed ||= denial.operation === 'exec';
      if (against !== undefined) evidence.dismissed.add(against.reason);
      else weigh(evidence, path, weight / owners.length, variableOfRefusal(refusal, cpv, suspects.input));
    }
  }
}

/** What was used because the user said so, and would have been missed. */
function judgeAllowed({ uses, input, tree, isIgnored }: Case, suspects: Suspects): void {
  for (const [cpv, used] of usedOnUsersWord(uses, input, tree)) {
    const counted = used.filter(({ path }) => !isIgnored(cpv, path));
    if (counted.length === 0 || suspects.targets.has(cpv)) continue;
    const evidence = suspects.of(cpv);
    evidence.allowed = true;
    for (const one of counted) {
      const { path, process } = one;
      const { kind, weight } = factsOf(path, input);
      const executed = isExecution(one, kind);
      const isRun = executed || isLoadedByScript(one, kind, tree);
      const variable = (isRun ? variableForProgram : variableFor)(cpv, path, input);
      evidence.executed ||= executed;
      weigh(evidence, path, executed ? 100 : weight, variable);
      evidence.hits += 1;
      const record = tree.record(process);
      if (record !== undefined) note(evidence, { ...record, count: 0 }, path);
    }
  }
}

/** Whether a library was loaded by the interpreter of a script, which runs while building. */
function isLoadedByScript({ process }: Use, kind: PathKind, tree: ProcessTree): boolean {
  const isLibrary = kind === 'library' || kind === 'runtime library';
  return isLibrary && isLanguageInterpreter(tree.record(process)?.program ?? '');
}

/** What is said of each. */
function told({ found, input }: Suspects): Findings {
  const declared = new Map(input.declared.map((one) => [one.cpv, one]));
  const missing: [PackageId, Evidence][] = [];
  const dismissed: Dismissed[] = [];
  const hiddenByUser: Report['hiddenByUser'] = [];
  for (const [cpv, evidence] of found) {
    const own = declared.get(cpv);
    const paths = tellingPaths(evidence.paths);
    const processes = [...evidence.processes].sort();
    if (own !== undefined && !evidence.allowed) {
      hiddenByUser.push({ cpv, variable: own.variable, atom: own.atom, paths });
      continue;
    }
    const reason = reasonToDismiss(cpv, evidence, input);
    if (reason === undefined) missing.push([cpv, evidence]);
    else dismissed.push({ cpv, reason, paths, processes });
  }
  return {
    missing: missing
      .sort(([a, x], [b, y]) => compare(x, y) || (a < b ? -1 : 1))
      .map(([cpv, evidence]) => finding(cpv, evidence, input)),
    dismissed: dismissed.sort((a, b) => (a.cpv < b.cpv ? -1 : 1)),
    hiddenByUser: hiddenByUser.sort((a, b) => (a.cpv < b.cpv ? -1 : 1)),
  };
}

/** Why what there is against a package says nothing; undefined when it does. */
function reasonToDismiss(cpv: PackageId, evidence: Evidence, input: ReportInput): string | undefined {
  if (evidence.fatal || evidence.allowed) return undefined;
  if (!isFinding(evidence)) return [...evidence.dismissed].sort().join('; ');
  return visibleEqual(cpv, tellingPaths(evidence.paths), input);
}

/** Why nobody lacks a program that was only looked for: another one that is as good is there. */
function visibleEqual(cpv: PackageId, paths: readonly string[], input: ReportInput): string | undefined {
  if (paths.some((path) => factsOf(path, input).kind !== 'executable')) return undefined;
  // Whoever looks for `mawk`, and goes on without it, is glad of gawk.
  const equal = input.equalsOf(cpv, []).find((one) => input.visible.has(one.cpv));
  return equal && `${equal.cpv} is there and as good: ${equal.by} takes either`;
}

/**
 * A build that failed without a word that leads to a package: when only one thing was looked for in vain, that is what it
 * gave up over.
 */
function promoteLikeliest(found: ReadonlyMap<PackageId, Evidence>, { giveUps }: Words): void {
  const [only, ...others] = [...found.values()].filter(isFinding);
  if (only === undefined || others.length > 0 || only.fatal || only.allowed) return;
  const last = giveUps.at(-1);
  if (last === undefined) only.fatal = true;
  else giveUp(only, last.line, last.at);
}

function certaintyOf({ fatal, allowed }: Evidence): Missing['certainty'] {
  return fatal ? 'needed' : allowed ? 'allowed' : 'probed';
}

const ranks: Readonly<Record<Missing['certainty'], number>> = { needed: 0, allowed: 1, probed: 2 };

function compare(a: Evidence, b: Evidence): number {
  return (
    ranks[certaintyOf(a)] - ranks[certaintyOf(b)] || scoreOf(b) - scoreOf(a) || b.at - a.at || b.hits - a.hits
  );
}

/** A header or library tells more than a program of the same package that was looked for beside it, unless that was to be executed. */
function variableOf({ byVariable, fatal, executed, paths }: Evidence, input: ReportInput): BuildVariable {
  const isLinked = (path: string) => /^(?:header|library)$/.test(factsOf(path, input).kind);
  const linked = !fatal && !executed && byVariable.has('DEPEND') && [...paths.keys()].some(isLinked);
  return linked ? 'DEPEND' : suggestedVariable(byVariable);
}

function finding(cpv: PackageId, evidence: Evidence, input: ReportInput): Missing {
  const paths = tellingPaths(evidence.paths);
  const suggestions = suggestionsFor(cpv, paths, variableOf(evidence, input), input);
  return {
    cpv,
    suggest: suggestions[0]?.suggest ?? '',
    suggestions,
    certainty: certaintyOf(evidence),
    hits: evidence.hits,
    paths,
    processes: [...evidence.processes].sort(),
    phases: [...evidence.phases].sort(),
    messages: [...evidence.messages]
      .sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1))
      .map(([line]) => line),
    ...(evidence.ended.length === 0 ? {} : { ended: evidence.ended }),
  };
}

/** What was refused right before everything ended. */
function judgeEnds(refusals: readonly Refusal[], tree: ProcessTree, suspects: Suspects): void {
  const { input } = suspects;
  const counted = refusals.filter(({ against, weight }) => against === undefined && weight > 0);
  for (const { refusal, ended } of refusalsGivenUpOver(counted, input, tree)) {
    const { path, owners } = refusal;
    for (const cpv of owners) {
      const evidence = suspects.hidden(cpv, path);
      if (evidence === undefined) continue;
      weigh(evidence, path, fatalWeight.end / owners.length, variableOfRefusal(refusal, cpv, input));
      evidence.fatal = true;
      evidence.ended = ended;
    }
  }
}

/** Kinds of things that are always looked for by their names. */
const refusedByName: ReadonlySet<string> = new Set(['executable', 'path', 'header', 'pkg-config', 'perl']);

// ---- words ----------------------------------------------------------------------------------------------------------

/** Joins what the build printed with what it was refused. */
function judgeWords(
  { complaints, giveUps }: Words,
  refusals: readonly Refusal[],
  needs: readonly Need[],
  suspects: Suspects,
): void {
  const { input } = suspects;
  const refused = new Refused(refusals);
  const hidden = input.findHidden(complaints.flatMap(({ wanted }) => wanted));
  for (const complaint of complaints) {
    const files = hiddenFor(complaint, hidden, input).filter(({ path }) =>
      refused.mayBeMeant(path, complaint),
    );
    const asked = files.filter(({ path }) => refused.isAsked(path, complaint));
    if (isHearsay(complaint, asked.length > 0, needs, input)) continue;
    const unseen = files.filter(({ path }) => input.wasListed(path));
    for (const { path, owners } of [asked, unseen, files].find((some) => some.length > 0) ?? []) {
      for (const cpv of owners) {
        const evidence = suspects.hidden(cpv, path);
        if (evidence === undefined) continue;
        const variable = complaint.variable ?? variableFor(cpv, path, input);
        // That a tool says it too is more than that it looked.
        const weight = weightOf(complaint) + (asked.length > 0 ? 1 : 0);
        weigh(evidence, path, weight / owners.length, variable);
        speak(evidence, complaint);
      }
    }
  }
  if (input.status !== 0) judgeGiveUps(giveUps, refused.counted, suspects);
}

/** What was refused, by what there is against its being missed. */
class Refused {
  /** Of which it counts. */
  readonly counted: readonly Refusal[];
  readonly #counted: ReadonlySet<string>;
  readonly #byHabit: ReadonlySet<string>;
  readonly #byPortage: ReadonlySet<string>;

  constructor(refusals: readonly Refusal[]) {
    const pathsUnless = (...unless: (Against['unless'] | undefined)[]) =>
      new Set(refusals.filter(({ against }) => unless.includes(against?.unless)).map(({ path }) => path));
    this.#counted = pathsUnless(undefined, 'said');
    this.#byHabit = pathsUnless('given up');
    this.#byPortage = pathsUnless('never');
    this.counted = refusals.filter(({ path }) => this.#counted.has(path));
  }

  /** Whether the one who complains has asked for a path. */
  isAsked(path: string, { fatal, voice }: Complaint): boolean {
    // A tool that gives up over what it looks for by habit was told to use it.
    const isTold = fatal && voice === 'tool';
    return this.#counted.has(path) || (isTold && this.#byHabit.has(path));
  }

  /** Whether a path may be what a complaint is about. */
  mayBeMeant(path: string, complaint: Complaint): boolean {
    return this.isAsked(path, complaint) || !(this.#byHabit.has(path) || this.#byPortage.has(path));
  }
}

/** Whether a complaint says nothing as long as nothing else confirms it. */
function isHearsay(
  { voice, fatal, kind, name }: Complaint,
  wasAsked: boolean,
  needs: readonly Need[],
  input: ReportInput,
): boolean {
  // The project's own words are guessed at: only what was refused can be meant.
  if (voice === 'project' && !wasAsked) return true;
  // What is looked for by name was refused, if it was looked for at all and not answered from configure's cache.
  if (!fatal && !wasAsked && refusedByName.has(kind)) return true;
  // Of an import no trace is left. In a build that went well, the words may be those of a test, or about an option of an installed tool.
  const isUntraceable = kind === 'python' || kind === 'distribution';
  return input.status === 0 && isUntraceable && !isNeeded(needs, kind, name);
}

/** What a build said last names what it was refused. */
function judgeGiveUps(giveUps: Words['giveUps'], refusals: readonly Refusal[], suspects: Suspects): void {
  for (const { line, at, names } of giveUps) {
    const lower = new Set(names.map((name) => name.toLowerCase()));
    for (const { path, owners } of refusals) {
      const name = nameInSources(path).toLowerCase();
      if (!lower.has(name) && !lower.has(path.slice(path.lastIndexOf('/') + 1).toLowerCase())) continue;
      for (const cpv of owners) {
        const evidence = suspects.hidden(cpv, path);
        if (evidence === undefined) continue;
        const variable = variableFor(cpv, path, suspects.input);
        weigh(evidence, path, fatalWeight.project / owners.length, variable);
        giveUp(evidence, line, at);
      }
    }
  }
}

/** Hidden files that would have satisfied a complaint: the likeliest thing that there is. */
function hiddenFor(
  { wanted, fatal }: Pick<Complaint, 'wanted' | 'fatal'>,
  found: ReadonlyMap<Wanted, readonly Found[]>,
  input: ReportInput,
): readonly Found[] {
  for (const one of wanted) {
    // What a configure script asks for is asked where the tools look by themselves.
    const hidden = (found.get(one) ?? []).filter(({ distance }) => fatal || distance === 0);
    if (hidden.length === 0) continue;
    if (input.sysroot === undefined) return hidden;
    // Two systems may have the file: a header is looked for in the one, a program in the other.
    const likely = hidden.filter(({ path, owners }) =>
      owners.some((cpv) => variableFor(cpv, path, input) === factsOf(path, input).variable),
    );
    return likely.length > 0 ? likely : hidden;
  }
  return [];
}

const weightOf = ({ fatal, voice }: Complaint): number => (fatal ? fatalWeight[voice] : messageWeight);

function speak(evidence: Evidence, { fatal, line, at }: Complaint): void {
  if (fatal) giveUp(evidence, line, at);
  else if (!evidence.messages.has(line)) evidence.messages.set(line, 0);
}

/** Weight of what the sources ask for and a listing left out. */
const needWeight = 3;

/** What the sources ask for and nobody asked the view for by name, because it was not in a listing. */
function judgeNeeds({ complaints }: Words, needs: readonly Need[], suspects: Suspects): void {
  const { input } = suspects;
  const found = input.findHidden(needs.flatMap(({ wanted }) => wanted));
  /** What is known of each besides. */
  const known = new Map<Evidence, number>();
  for (const { kind, wanted } of needs) {
    // A tool may have given up over such a thing and not said which.
    const giveUpOver = complaints.find((one) => one.kind === kind && one.fatal && one.wanted.length === 0);
    const files = hiddenFor({ wanted, fatal: false }, found, input);
    for (const { path, owners } of files) {
      if (!input.wasListed(path)) continue;
      for (const cpv of owners) {
        const evidence = suspects.hidden(cpv, path);
        if (evidence === undefined) continue;
        if (!known.has(evidence)) known.set(evidence, scoreOf(evidence));
        // What was asked for by name says more.
        if ((known.get(evidence) ?? 0) > needWeight) continue;
        evidence.hits += 1;
        weigh(evidence, path, needWeight / owners.length, variableFor(cpv, path, input));
        if (giveUpOver !== undefined) giveUp(evidence, giveUpOver.line, giveUpOver.at);
      }
    }
  }
}

// ---- the user's word ------------------------------------------------------------------------------------------------

/** What was used and is visible, or was, only because the user said so; by owner. */
function usedOnUsersWord(uses: readonly Use[], input: ReportInput, tree: ProcessTree): Map<PackageId, Use[]> {
  const declared = declaredPackages(input);
  /** Whether a package is there only because the user said so. Whatever runs the build is shown to run it. */
  const isExtra = (cpv: PackageId): boolean => {
    if (declared.has(cpv) || input.system.has(cpv) || isPortage(cpv)) return false;
    return !input.visible.has(cpv) || isAllowedByUser(cpv, input);
  };
  const hasPhases = [...input.processes.values()].some(({ phase }) => phase !== '');
  const isOfBuild = ({ process }: Use): boolean =>
    !hasPhases || buildPhases.test(tree.record(process)?.phase ?? '');
  const found = new Map<PackageId, Use[]>();
  for (const use of uses) {
    if (use.owners.length === 0 || !use.owners.every(isExtra)) continue;
    const { kind } = factsOf(use.path, input);
    if (kind === 'noise' || (kind === 'executable' && !isExecution(use, kind))) continue;
    if (!isOfBuild(use) || !isOfTarget(use, tree)) continue;
    for (const cpv of use.owners) {
      const known = found.get(cpv);
      if (known === undefined) found.set(cpv, [use]);
      else known.push(use);
    }
  }
  return found;
}

/** Whether the target had something used, or a tool that it comes with. */
function isOfTarget({ process, path, owners }: Use, tree: ProcessTree): boolean {
  const { by, tools, ownAccord } = tree.actor(process);
  if (by === 'portage') return false;
  return !ownAccord || tree.isTold(process, path) || tools.some((tool) => owners.includes(tool));
}
