/** Which hidden packages a build needed, or looked for; and which refusals are no finding, with the reason. */
import {
  factsOf,
  installedTargets,
  suggestedVariable,
  suggestion,
  tellingPaths,
  variableFor,
  type Dismissed,
  type HiddenFile,
  type IgnoreCheck,
  type Missing,
  type Report,
  type ReportInput,
} from './findings.js';
import { habitOf, type Habit } from './habits.js';
import type { Denial } from './ledger.js';
import type { BuildVariable } from './pathKinds.js';
import { isPortage, type ProcessTree } from './processTree.js';
import { hasSay } from './sources/needs.js';
import { declaredPackages, isAllowedByUser } from './secondHand.js';
import { isExecution, type Use } from './uses.js';
import { wordsIn, type Complaint, type Found, type Wanted, type Words } from './words/index.js';

/** How much the kind of access says about a need. */
const operationWeight: Readonly<Record<Denial['operation'], number>> = {
  exec: 8,
  open: 8,
  read: 8,
  access: 4,
  stat: 4,
  readlink: 2,
  lookup: 4,
  list: 0,
};

/** Weight of a message with which a tool gave up, above all that accesses can reach; the project's own words say less. */
const fatalWeight = { tool: 200, project: 120 };
/** Weight of a message that something was not found. */
const messageWeight = 6;

/** A directory of more packages says nothing about any of them. */
const directoryOwners = 2;

/** The phases that run what an ebuild's author wrote for a build; in others, and outside of any, Portage itself is at work. */
const buildPhases = /^(unpack|prepare|configure|compile|test|install)$/;

/** What is known of one hidden package. */
interface Evidence {
  score: number;
  hits: number;
  fatal: boolean;
  /** Somebody wanted to execute something of it, or did. */
  executed: boolean;
  allowed: boolean;
  /** Line of the last message with which somebody gave up. */
  at: number;
  byVariable: Map<BuildVariable, number>;
  paths: Map<string, number>;
  processes: Set<string>;
  phases: Set<string>;
  /** With the line that each stands in; later ones tell more. */
  messages: Map<string, number>;
  /** Why it is no finding so far. */
  dismissed: Set<string>;
}

function newEvidence(): Evidence {
  return {
    score: 0,
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
    dismissed: new Set(),
  };
}

/** A refusal, as far as it concerns packages. */
interface Refusal {
  readonly denial: Denial;
  readonly path: string;
  readonly owners: readonly string[];
  readonly weight: number;
  readonly variable: BuildVariable | undefined;
  /** Why it is no finding; undefined: it is one. */
  readonly against: Against | undefined;
}

/** Why nobody is to blame for a refusal. */
interface Against {
  readonly reason: string;
  /** Whatever anybody says about it; else the words of a tool can make it one. */
  readonly always: boolean;
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
  const found = new Map<string, Evidence>();
  const evidenceFor = (cpv: string) => {
    let evidence = found.get(cpv);
    if (evidence === undefined) found.set(cpv, (evidence = newEvidence()));
    return evidence;
  };
  const isHidden = (cpv: string) => !targets.has(cpv) && !input.visible.has(cpv);

  const refusals = refusalsIn(input, tree, habits);
  for (const { denial, path, owners, weight, variable, against } of refusals) {
    for (const cpv of owners.filter(isHidden)) {
      if (isIgnored(cpv, path)) continue;
      const evidence = evidenceFor(cpv);
      note(evidence, denial, path);
      evidence.executed ||= denial.operation === 'exec';
      if (against !== undefined) evidence.dismissed.add(against.reason);
      else weigh(evidence, path, weight / owners.length, variable ?? variableFor(cpv, path, input));
    }
  }
  const words: Words = input.log === undefined ? { complaints: [], giveUps: [] } : wordsIn(input.log);
  judgeWords(words, refusals, input, (cpv, path) => {
    if (!isHidden(cpv) || isIgnored(cpv, path)) return undefined;
    return evidenceFor(cpv);
  });
  judgeNeeds(words, input, (cpv, path) => {
    if (!isHidden(cpv) || isIgnored(cpv, path)) return undefined;
    return evidenceFor(cpv);
  });
  for (const [cpv, used] of usedOnUsersWord(uses, input, tree)) {
    const counted = used.filter(({ path }) => !isIgnored(cpv, path));
    if (counted.length === 0 || targets.has(cpv)) continue;
    const evidence = evidenceFor(cpv);
    evidence.allowed = true;
    for (const one of counted) {
      const { path, process } = one;
      const { kind, weight } = factsOf(path, input);
      const executed = isExecution(one, kind);
      const variable = executed && input.sysroot === undefined ? 'BDEPEND' : variableFor(cpv, path, input);
      evidence.executed ||= executed;
      weigh(evidence, path, executed ? 100 : weight, variable);
      evidence.hits += 1;
      const record = tree.record(process);
      if (record !== undefined) note(evidence, { ...record, count: 0 }, path);
    }
  }

  if (input.status !== undefined && input.status !== 0) promoteLikeliest(found, words);

  const missing: [string, Evidence][] = [];
  const dismissed: Dismissed[] = [];
  const hiddenByUser: Report['hiddenByUser'] = [];
  for (const [cpv, evidence] of found) {
    const own = declared.get(cpv);
    const paths = tellingPaths(evidence.paths);
    const processes = [...evidence.processes].sort();
    if (own !== undefined && !evidence.allowed)
      hiddenByUser.push({ cpv, variable: own.variable, atom: own.atom, paths });
    else if (evidence.fatal || evidence.allowed || evidence.score > 0) missing.push([cpv, evidence]);
    else dismissed.push({ cpv, reason: [...evidence.dismissed].sort().join('; '), paths, processes });
  }
  return {
    missing: missing
      .sort(([a, x], [b, y]) => compare(x, y) || (a < b ? -1 : 1))
      .map(([cpv, evidence]) => finding(cpv, evidence, input)),
    dismissed: dismissed.sort((a, b) => (a.cpv < b.cpv ? -1 : 1)),
    hiddenByUser,
  };
}

/**
 * A build that failed without a word that leads to a package: when only one thing was looked for in vain, that is what it
 * gave up over.
 */
function promoteLikeliest(found: ReadonlyMap<string, Evidence>, { giveUps }: Words): void {
  const all = [...found.values()].filter(({ score, fatal, allowed }) => score > 0 || fatal || allowed);
  const [only, ...others] = all;
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
  return ranks[certaintyOf(a)] - ranks[certaintyOf(b)] || b.score - a.score || b.at - a.at || b.hits - a.hits;
}

/** A header or library tells more than a program of the same package that was looked for beside it, unless that was to be executed. */
function variableOf({ byVariable, fatal, executed, paths }: Evidence, input: ReportInput): BuildVariable {
  const isLinked = (path: string) => /^(?:header|library)$/.test(factsOf(path, input).kind);
  const linked = !fatal && !executed && byVariable.has('DEPEND') && [...paths.keys()].some(isLinked);
  return linked ? 'DEPEND' : suggestedVariable(byVariable);
}

function finding(cpv: string, evidence: Evidence, input: ReportInput): Missing {
  return {
    cpv,
    suggest: suggestion(variableOf(evidence, input), input.atomFor(cpv)),
    certainty: certaintyOf(evidence),
    hits: evidence.hits,
    paths: tellingPaths(evidence.paths),
    processes: [...evidence.processes].sort(),
    phases: [...evidence.phases].sort(),
    messages: [...evidence.messages].sort(([, a], [, b]) => b - a).map(([line]) => line),
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

/** Adds a piece of evidence. The strongest decides, further ones of the same strength add a tenth each. */
function weigh(evidence: Evidence, path: string, weight: number, variable: BuildVariable): void {
  const before = evidence.score;
  const isNew = (evidence.paths.get(path) ?? 0) === 0;
  evidence.score = Math.max(before, weight) + (isNew ? Math.min(before, weight) / 10 : 0);
  evidence.paths.set(path, Math.max(evidence.paths.get(path) ?? 0, weight));
  evidence.byVariable.set(variable, (evidence.byVariable.get(variable) ?? 0) + weight);
}

// ---- refusals -------------------------------------------------------------------------------------------------------

/**
 * Whether somebody went through the directories of PATH: execve(2), and a shell's stat(2), meets each of them before any
 * program.
 */
function isPathSearch({ operation, directory, path, wanted }: Denial, { searchPath }: ReportInput): boolean {
  if (!directory || wanted !== '' || operation === 'list') return false;
  return operation === 'exec' || searchPath.some((one) => one === path || one.startsWith(`${path}/`));
}

/** Directories that tools look for whatever they are asked for. */
const generalDirectory =
  /\/(?:s?bin|lib\w*|libexec|include|share|cmake|pkgconfig|aclocal\S*|perl5?|(?:site|dist|vendor)[-_]\w+|python[\d.]*|etc|data|doc|modules)$/;

/** What was really asked for: below a hidden directory the file that the system call named. */
function aimOf(denial: Denial, input: ReportInput): HiddenFile | undefined {
  const { path, owners, wanted, directory } = denial;
  if (!directory) return { path, owners };
  if (wanted !== '' && withoutDots(wanted) !== path) {
    const hidden = input.hiddenAt(wanted);
    // The name of the directory may have been written through a link.
    if (hidden === undefined || hidden.path !== path) return hidden;
  }
  return isSharedDirectory(denial) || generalDirectory.test(path) ? undefined : { path, owners };
}

/** Whether a denial is about a directory of so many packages that it speaks of none of them. */
export function isSharedDirectory({ directory, owners }: Denial): boolean {
  return directory && owners.length > directoryOwners;
}

function withoutDots(path: string): string {
  return path
    .replace(/\/+$/, '')
    .replaceAll(/\/+(?:\.\/+)*/g, '/')
    .replace(/\/\.$/, '');
}

function refusalsIn(input: ReportInput, tree: ProcessTree, habits: readonly Habit[]): Refusal[] {
  const hasPhases = input.denials.some(({ phase }) => phase !== '');
  const habitual = phaseHabits(input, tree);
  const refusals: Refusal[] = [];
  for (const denial of input.denials) {
    if (isPathSearch(denial, input)) continue;
    if (hasPhases && !buildPhases.test(denial.phase)) continue;
    const aim = aimOf(denial, input);
    if (aim === undefined || aim.owners.length === 0) continue;
    const facts = factsOf(aim.path, input);
    // A directory stands for whatever was wanted inside it, which was never asked for.
    const weight = operationWeight[denial.operation] * facts.weight * (denial.directory ? 0.8 : 1);
    refusals.push({
      denial,
      ...aim,
      weight,
      variable: denial.operation === 'exec' && input.sysroot === undefined ? 'BDEPEND' : undefined,
      against:
        weight === 0
          ? { reason: 'such files are looked for by everything', always: false }
          : reasonAgainst(denial, aim, input, tree, habits, habitual),
    });
  }
  return refusals;
}

/** Why nobody is to blame for a refusal; undefined when the target's own instructions asked. */
function reasonAgainst(
  denial: Denial,
  { path }: HiddenFile,
  input: ReportInput,
  tree: ProcessTree,
  habits: readonly Habit[],
  habitual: ReadonlySet<Denial>,
): Against | undefined {
  if (habitual.has(denial))
    return { reason: "Portage's own shell functions look for it in each phase", always: false };
  const { processes } = denial;
  if (processes.length === 0) return undefined;
  const actors = processes.map((id) => tree.actor(id));
  if (actors.every(({ by }) => by === 'portage'))
    return { reason: 'Portage itself looked for it', always: true };
  const byTarget = processes.filter((_, i) => actors[i]?.by === 'target' && actors[i]?.ownAccord === false);
  if (byTarget.length === 0) {
    const tool = actors.find(({ ownAccord }) => ownAccord)?.tools[0] ?? '';
    return { reason: `${tool} looked for it of its own accord`, always: false };
  }
  const habit = habitOf(path, tree.record(byTarget[0] ?? 0), habits);
  if (habit !== undefined) return { reason: habit.reason, always: true };
  // A shell, or make, looks for what it was told to run; a compiler for what is included.
  const isOfTool = byTarget.every((id) => tree.role(id).kind === 'tool');
  const { kind } = factsOf(path, input);
  if (isOfTool && kind !== 'header' && kind !== 'library' && input.isInSources(nameInSources(path)) === false)
    return { reason: 'nothing in the sources speaks of it', always: false };
  return undefined;
}

/** By which name sources speak of a file. */
function nameInSources(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return name
    .replace(/^lib(?=.*\.(?:so|a|la)\b)/, '')
    .replace(/\.(?:pc|so|a|la|pm|py|m4|cmake)(?:\..*)?$/, '');
}

/** Programs that ebuild.sh looks for in each phase, and that an ebuild's shell does not look for any more then. */
const intercepted = /\/(?:autoconf|automake|aclocal|libtoolize)$/;

/**
 * Refusals of Portage's phase processes that are the same in each phase: its own functions make them before the ebuild's run.
 * More in one phase than in the others is the ebuild's.
 */
function phaseHabits({ denials }: ReportInput, tree: ProcessTree): ReadonlySet<Denial> {
  const asked = new Map<string, Map<string, number>>();
  const ofPhase = denials.filter(
    ({ processes, phase }) =>
      phase !== '' && processes.length > 0 && processes.every((id) => tree.role(id).kind === 'phase'),
  );
  for (const { path, phase, count } of ofPhase) {
    const phases = asked.get(path) ?? new Map<string, number>();
    phases.set(phase, (phases.get(phase) ?? 0) + count);
    asked.set(path, phases);
  }
  return new Set(
    ofPhase.filter(({ path, phase }) => {
      const phases = asked.get(path);
      if (phases === undefined) return false;
      // Where only one phase was seen, what ebuild.sh puts functions in front of is known all the same (QA_INTERCEPTORS).
      if (phases.size < 2) return intercepted.test(path);
      return (phases.get(phase) ?? 0) <= Math.min(...phases.values());
    }),
  );
}

// ---- words ----------------------------------------------------------------------------------------------------------

/** Joins what the build printed with what it was refused. */
function judgeWords(
  { complaints, giveUps }: Words,
  refusals: readonly Refusal[],
  input: ReportInput,
  evidenceFor: (cpv: string, path: string) => Evidence | undefined,
): void {
  const refused = new Set(refusals.filter(({ against }) => against?.always !== true).map(({ path }) => path));
  const never = new Set(refusals.filter(({ path }) => !refused.has(path)).map(({ path }) => path));
  const hidden = input.findHidden(complaints.flatMap(({ wanted }) => wanted));
  for (const complaint of complaints) {
    const files = hiddenFor(complaint, hidden, input).filter(({ path }) => !never.has(path));
    const asked = files.filter(({ path }) => refused.has(path));
    // The project's own words are guessed at: only what was refused can be meant.
    if (complaint.voice === 'project' && asked.length === 0) continue;
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
  cpv: string,
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

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Weight of what the sources ask for and a listing left out. */
const needWeight = 3;

/** What the sources ask for and nobody asked the view for by name, because it was not in a listing. */
function judgeNeeds(
  { complaints }: Words,
  input: ReportInput,
  evidenceFor: (cpv: string, path: string) => Evidence | undefined,
): void {
  const found = input.findHidden(input.needs.flatMap(({ wanted }) => wanted));
  const run = new Set(
    [...input.processes.values()].flatMap((one) => one.arguments.slice(0, 6).map(baseName)),
  );
  for (const need of input.needs.filter((one) => hasSay(one, run))) {
    const { kind, wanted } = need;
    // A tool may have given up over such a thing and not said which.
    const giveUpOver = complaints.find((one) => one.kind === kind && one.fatal && one.wanted.length === 0);
    const files = hiddenFor({ wanted, fatal: false }, found, input);
    for (const { path, owners } of files) {
      if (!input.wasListed(path)) continue;
      for (const cpv of owners) {
        const evidence = evidenceFor(cpv, path);
        // What was asked for by name says more.
        if (evidence === undefined || evidence.score > needWeight) continue;
        evidence.hits += 1;
        weigh(evidence, path, needWeight / owners.length, variableFor(cpv, path, input));
        if (giveUpOver !== undefined) giveUp(evidence, giveUpOver.line, giveUpOver.at);
      }
    }
  }
}

// ---- the user's word ------------------------------------------------------------------------------------------------

/** What was used and is visible, or was, only because the user said so; by owner. */
function usedOnUsersWord(uses: readonly Use[], input: ReportInput, tree: ProcessTree): Map<string, Use[]> {
  const declared = declaredPackages(input);
  const hasPhases = [...input.processes.values()].some(({ phase }) => phase !== '');
  const found = new Map<string, Use[]>();
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
    if (by === 'portage' || (ownAccord && !tools.some((tool) => use.owners.includes(tool)))) continue;
    for (const cpv of use.owners) {
      const known = found.get(cpv);
      if (known === undefined) found.set(cpv, [use]);
      else known.push(use);
    }
  }
  return found;
}
