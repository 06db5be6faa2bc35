/** Which hidden packages a build needed, or looked for. */
import type { PackageId } from '../base/index.js';
import {
  factsOf,
  installedTargets,
  suggestedVariable,
  suggestionsFor,
  tellingPaths,
  variableFor,
  variableForProgram,
  type Dismissed,
  type IgnoreCheck,
  type Missing,
  type Report,
  type ReportInput,
} from './findings.js';
import { refusalsGivenUpOver } from './givingUp.js';
import type { Habit } from './habits.js';
import type { Ended } from './events.js';
import type { Denial } from './ledger.js';
import type { BuildVariable } from './pathKinds.js';
import { isPortage, type ProcessTree } from './processTree.js';
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
import { isExecution, type Use } from './uses.js';
import { wordsIn, type Complaint, type Found, type Wanted, type Words } from './words/index.js';

/**
 * Weight of a message with which a tool gave up, above all that accesses can reach; the project's own words say less, and so does that
 * a build ended next.
 */
const fatalWeight = { tool: 200, project: 120, end: 120 };
/** Weight of a message that something was not found. */
const messageWeight = 6;

/** What is known of one hidden package. */
interface Evidence {
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

/** What {@link findMissing} finds. */
export interface Findings {
  readonly missing: Missing[];
  readonly dismissed: Dismissed[];
  readonly hiddenByUser: Report['hiddenByUser'];
}

/** @param uses what was used, sweeps left out, with those who may explain it */
export function findMissing(
  uses: readonly Use[],
  input: ReportInput,
  tree: ProcessTree,
  habits: readonly Habit[],
  isIgnored: IgnoreCheck,
): Findings {
  const targets = installedTargets(input);
  const declared = new Map(input.declared.map((one) => [one.cpv, one]));
  const found = new Map<PackageId, Evidence>();
  const evidenceFor = (cpv: PackageId) => {
    let evidence = found.get(cpv);
    if (evidence === undefined) found.set(cpv, (evidence = newEvidence()));
    return evidence;
  };
  const isHidden = (cpv: PackageId) => !targets.has(cpv) && !input.visible.has(cpv);

  const refusals = refusalsIn(input, tree, habits);
  for (const refusal of refusals) {
    const { denial, path, owners, weight, against } = refusal;
    for (const cpv of owners.filter(isHidden)) {
      if (isIgnored(cpv, path)) continue;
      const evidence = evidenceFor(cpv);
      note(evidence, denial, path);
      evidence.executed ||= denial.operation === 'exec';
      if (against !== undefined) evidence.dismissed.add(against.reason);
      else weigh(evidence, path, weight / owners.length, variableOfRefusal(refusal, cpv, input));
    }
  }
  const words: Words = input.log === undefined ? { complaints: [], giveUps: [] } : wordsIn(input.log);
  const hiddenEvidence = (cpv: PackageId, path: string) =>
    isHidden(cpv) && !isIgnored(cpv, path) ? evidenceFor(cpv) : undefined;
  const needs = needsAsked(input);
  judgeWords(words, refusals, needs, input, hiddenEvidence);
  judgeNeeds(words, needs, input, hiddenEvidence);
  for (const [cpv, used] of usedOnUsersWord(uses, input, tree)) {
    const counted = used.filter(({ path }) => !isIgnored(cpv, path));
    if (counted.length === 0 || targets.has(cpv)) continue;
    const evidence = evidenceFor(cpv);
    evidence.allowed = true;
    for (const one of counted) {
      const { path, process } = one;
      const { kind, weight } = factsOf(path, input);
      const executed = isExecution(one, kind);
      const variable = (executed ? variableForProgram : variableFor)(cpv, path, input);
      evidence.executed ||= executed;
      weigh(evidence, path, executed ? 100 : weight, variable);
      evidence.hits += 1;
      const record = tree.record(process);
      if (record !== undefined) note(evidence, { ...record, count: 0 }, path);
    }
  }

  // What a tool said is more than that it ended.
  if (input.status !== 0 && ![...found.values()].some(({ fatal }) => fatal))
    judgeEnds(refusals, input, tree, (cpv, path) =>
      !isHidden(cpv) || isIgnored(cpv, path) ? undefined : evidenceFor(cpv),
    );
  if (input.status !== undefined && input.status !== 0) promoteLikeliest(found, words);

  const missing: [PackageId, Evidence][] = [];
  const dismissed: Dismissed[] = [];
  const hiddenByUser: Report['hiddenByUser'] = [];
  for (const [cpv, evidence] of found) {
    const own = declared.get(cpv);
    const paths = tellingPaths(evidence.paths);
    const processes = [...evidence.processes].sort();
    if (own !== undefined && !evidence.allowed)
      hiddenByUser.push({ cpv, variable: own.variable, atom: own.atom, paths });
    else if (evidence.fatal || evidence.allowed) missing.push([cpv, evidence]);
    else if (isFinding(evidence)) {
      const equal = visibleEqual(cpv, paths, input);
      if (equal === undefined) missing.push([cpv, evidence]);
      else dismissed.push({ cpv, reason: equal, paths, processes });
    } else dismissed.push({ cpv, reason: [...evidence.dismissed].sort().join('; '), paths, processes });
  }
  return {
    missing: missing
      .sort(([a, x], [b, y]) => compare(x, y) || (a < b ? -1 : 1))
      .map(([cpv, evidence]) => finding(cpv, evidence, input)),
    dismissed: dismissed.sort((a, b) => (a.cpv < b.cpv ? -1 : 1)),
    hiddenByUser: hiddenByUser.sort((a, b) => (a.cpv < b.cpv ? -1 : 1)),
  };
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

function isFinding(evidence: Evidence): boolean {
  return evidence.fatal || evidence.allowed || scoreOf(evidence) > 0;
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

function note(
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
function weigh({ paths, byVariable }: Evidence, path: string, weight: number, variable: BuildVariable): void {
  paths.set(path, Math.max(paths.get(path) ?? 0, weight));
  byVariable.set(variable, (byVariable.get(variable) ?? 0) + weight);
}

/** How much all of it says: the strongest decides, each other path adds a tenth, in whatever order they were met. */
function scoreOf({ paths }: Evidence): number {
  const [strongest = 0, ...others] = [...paths.values()].sort((a, b) => b - a);
  return others.reduce((sum, weight) => sum + weight / 10, strongest);
}

/** What was refused right before everything ended. */
function judgeEnds(
  refusals: readonly Refusal[],
  input: ReportInput,
  tree: ProcessTree,
  evidenceFor: (cpv: PackageId, path: string) => Evidence | undefined,
): void {
  const counted = refusals.filter(({ against, weight }) => against === undefined && weight > 0);
  for (const { refusal, ended } of refusalsGivenUpOver(counted, input, tree)) {
    const { path, owners } = refusal;
    for (const cpv of owners) {
      const evidence = evidenceFor(cpv, path);
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
  input: ReportInput,
  evidenceFor: (cpv: PackageId, path: string) => Evidence | undefined,
): void {
  const pathsUnless = (...unless: (Against['unless'] | undefined)[]) =>
    new Set(refusals.filter(({ against }) => unless.includes(against?.unless)).map(({ path }) => path));
  const refused = pathsUnless(undefined, 'said');
  const byHabit = pathsUnless('given up');
  const byPortage = pathsUnless('never');
  const hidden = input.findHidden(complaints.flatMap(({ wanted }) => wanted));
  for (const complaint of complaints) {
    // A tool that gives up over what it looks for by habit was told to use it.
    const isTold = complaint.fatal && complaint.voice === 'tool';
    const isAsked = (path: string) => refused.has(path) || (isTold && byHabit.has(path));
    const files = hiddenFor(complaint, hidden, input).filter(
      ({ path }) => isAsked(path) || !(byHabit.has(path) || byPortage.has(path)),
    );
    const asked = files.filter(({ path }) => isAsked(path));
    // The project's own words are guessed at: only what was refused can be meant.
    if (complaint.voice === 'project' && asked.length === 0) continue;
    // What is looked for by name was refused, if it was looked for at all and not answered from configure's cache.
    if (!complaint.fatal && asked.length === 0 && refusedByName.has(complaint.kind)) continue;
    // Of an import no trace is left. In a build that went well, the words may be those of a test, or about an option of an installed tool.
    const isUntraceable = complaint.kind === 'python' || complaint.kind === 'distribution';
    if (input.status === 0 && isUntraceable && !isNeeded(needs, complaint.kind, complaint.name)) continue;
    const unseen = files.filter(({ path }) => input.wasListed(path));
    for (const { path, owners } of [asked, unseen, files].find((some) => some.length > 0) ?? []) {
      for (const cpv of owners) {
        const evidence = evidenceFor(cpv, path);
        if (evidence === undefined) continue;
        speak(evidence, complaint, path, cpv, owners.length, asked.length > 0, input);
      }
    }
  }
  if (input.status === 0) return;
  for (const { line, at, names } of giveUps) {
    const lower = new Set(names.map((name) => name.toLowerCase()));
    for (const { path, owners } of refusals.filter((one) => refused.has(one.path))) {
      const name = nameInSources(path).toLowerCase();
      if (!lower.has(name) && !lower.has(path.slice(path.lastIndexOf('/') + 1).toLowerCase())) continue;
      for (const cpv of owners) {
        const evidence = evidenceFor(cpv, path);
        if (evidence === undefined) continue;
        weigh(evidence, path, fatalWeight.project / owners.length, variableFor(cpv, path, input));
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
    // Two systems may have the file: a header is looked for in the one, a program in the other.
    const likely = hidden.filter(({ path, owners }) =>
      owners.some((cpv) => variableFor(cpv, path, input) === factsOf(path, input).variable),
    );
    return likely.length > 0 ? likely : hidden;
  }
  return [];
}

function speak(
  evidence: Evidence,
  complaint: Complaint,
  path: string,
  cpv: PackageId,
  sharers: number,
  wasRefused: boolean,
  input: ReportInput,
): void {
  const { fatal, voice, line, at } = complaint;
  const variable = complaint.variable ?? variableFor(cpv, path, input);
  // That a tool says it too is more than that it looked.
  const weight = ((fatal ? fatalWeight[voice] : messageWeight) + (wasRefused ? 1 : 0)) / sharers;
  weigh(evidence, path, weight, variable);
  if (fatal) giveUp(evidence, line, at);
  else if (!evidence.messages.has(line)) evidence.messages.set(line, 0);
}

function giveUp(evidence: Evidence, line: string, at: number): void {
  evidence.fatal = true;
  evidence.at = Math.max(evidence.at, at);
  evidence.messages.set(line, at);
}

/** Weight of what the sources ask for and a listing left out. */
const needWeight = 3;

/** What the sources ask for and nobody asked the view for by name, because it was not in a listing. */
function judgeNeeds(
  { complaints }: Words,
  needs: readonly Need[],
  input: ReportInput,
  evidenceFor: (cpv: PackageId, path: string) => Evidence | undefined,
): void {
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
        const evidence = evidenceFor(cpv, path);
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
  const hasPhases = [...input.processes.values()].some(({ phase }) => phase !== '');
  const found = new Map<PackageId, Use[]>();
  for (const use of uses) {
    if (use.owners.length === 0 || use.owners.some((cpv) => declared.has(cpv) || input.system.has(cpv)))
      continue;
    if (use.owners.some((cpv) => input.visible.has(cpv) && !isAllowedByUser(cpv, input))) continue;
    const { kind } = factsOf(use.path, input);
    if (kind === 'noise' || (kind === 'executable' && !isExecution(use, kind))) continue;
    // Whatever runs the build is shown to run it.
    if (use.owners.some(isPortage)) continue;
    const phase = tree.record(use.process)?.phase ?? '';
    if (hasPhases && !buildPhases.test(phase)) continue;
    const { by, tools, ownAccord } = tree.actor(use.process);
    if (by === 'portage') continue;
    const isWanted = !ownAccord || tree.isTold(use.process, use.path);
    if (!isWanted && !tools.some((tool) => use.owners.includes(tool))) continue;
    for (const cpv of use.owners) {
      const known = found.get(cpv);
      if (known === undefined) found.set(cpv, [use]);
      else known.push(use);
    }
  }
  return found;
}
