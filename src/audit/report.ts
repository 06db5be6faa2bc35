/**
 * The verdict on a build: which packages its ebuild should declare and does not, and which it declares in vain.
 *
 * Every number is a lower bound: the kernel remembers answers, so a second request for the same path is not seen.
 */
import { isInSysroot, sysrootMark } from '../base/index.js';
import type { Denial } from './ledger.js';
import { pathFacts, type BuildVariable, type PathKind } from './pathKinds.js';
import { complaintsIn, type Complaint, type Found, type Wanted } from './words/index.js';

/** The first time the content of a visible file was read. */
export interface Use {
  path: string;
  owners: readonly string[];
  /** `comm` of the process that read it first; empty when unknown. */
  comm: string;
}

/** A build dependency that the target declares, with the installed package that satisfies it. */
export interface Declared {
  variable: string;
  atom: string;
  cpv: string;
}

/** Accesses that are known and not to be reported, with the reason the user gave. */
export interface IgnoreRule {
  /** cpv or `category/name` of the target this holds for; absent: all. */
  target?: string;
  /** Whether a denied or used thing is meant. */
  matches(item: { owner: string; path: string }): boolean;
  reason: string;
}

/** All that a report is made of. */
export interface ReportInput {
  /** cpvs of the targets. */
  targets: readonly string[];
  /**
   * The system that they are built for, as a path inside the view; absent when that is the root. Then what its packages have
   * belongs in DEPEND, and what the root's have in BDEPEND (PMS 8.1).
   */
  sysroot?: string;
  declared: readonly Declared[];
  /** Visible packages with those that brought each in (`from` of the reasons). */
  visible: ReadonlyMap<string, readonly { from: string; variable: string; atom: string }[]>;
  /** @system and what it needs to run. */
  system: ReadonlySet<string>;
  denials: readonly Denial[];
  uses: readonly Use[];
  /** Where programs are looked for: the directories of PATH. */
  searchPath: readonly string[];
  /** What the build printed, if it was caught. */
  log?: string;
  /** Hidden files that are, or have, each of these things; for what the log complains about. */
  findHidden(wanted: readonly Wanted[]): ReadonlyMap<Wanted, readonly Found[]>;
  /** Text of a visible file, or undefined when it cannot be had. */
  readText(path: string): string | undefined;
  /** An atom that selects this installed package in an ebuild: `sys-devel/gcc:12` where slots matter. */
  atomFor(cpv: string): string;
  /** Whether the package installs files at all (a virtual does not). */
  hasFiles(cpv: string): boolean;
  ignore?: readonly IgnoreRule[];
}

/** A package that was looked for in vain. */
export interface Missing {
  cpv: string;
  /** A line for the ebuild: `BDEPEND="sys-devel/flex"`. */
  suggest: string;
  /** `needed`: a tool gave up over it. `probed`: it was looked for; the build may have gone on without it (automagic). */
  certainty: 'needed' | 'probed';
  /** Denials that count as evidence; a lower bound. */
  hits: number;
  /** The most telling paths first; at most ten. */
  paths: string[];
  processes: string[];
  phases: string[];
  /** Lines of the build's output that speak of it. */
  messages: string[];
  /** True when the build was made with it and without it, and that made the difference: it fails without, or the result differs. */
  proved?: boolean;
  /** What of the result changes with it, when it is proved that something does: paths as they would be installed. */
  files?: string[];
}

/** A package that was used although only a dependency of a dependency brought it in. */
export interface SecondHand {
  cpv: string;
  suggest: string;
  /** What brought it in. */
  from: string[];
  /** `direct`: used by the target's own sources. `through`: only by files of other packages (a header including another). */
  use: 'direct' | 'through';
  hits: number;
  paths: string[];
  processes: string[];
}

/** The report; its fields are those of `docs/json.md`. */
export interface Report {
  missing: Missing[];
  secondHand: SecondHand[];
  /** Declared build dependencies none of whose files were read. */
  unused: { atom: string; cpv: string; variable: string }[];
  /** @system packages that were used. */
  implicit: { cpv: string; hits: number; paths: string[] }[];
  /** Hidden files of no package that were looked for. */
  unowned: { path: string; hits: number; processes: string[] }[];
  /** What the ignore rules took out. */
  ignored: { cpv: string; path: string; reason: string }[];
  /** What was looked for in vain, and was proved to make no difference; only after a proof. */
  ruledOut?: { cpv: string; suggest: string }[];
}

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

/** Weight of a message with which a tool gave up, above all that accesses can reach. */
const fatalWeight = 100;
/** Weight of a message that something was not found. */
const messageWeight = 6;

/** The phases that run what an ebuild's author wrote for a build; in others, and outside of any, Portage itself is at work. */
const buildPhases = /^(unpack|prepare|configure|compile|test|install)$/;

const maxPaths = 10;

/** Programs that run what a build's own files tell them to: what these start, the target uses. */
const drivers =
  /^(sh|bash|dash|ebuild\.sh|g?make|ninja|samu|meson|cmake|configure|config\.status|env|python[\d.]*|perl|xargs|libtool|waf|scons)$/;

/** Who must have read a file of a kind for it to count; kinds not listed count from anybody. */
const readers: Readonly<Partial<Record<PathKind, RegExp>>> = {
  executable: drivers,
};

/** Makes the report; see {@link Report}. */
export function makeReport(input: ReportInput): Report {
  const ignored: Report['ignored'] = [];
  const isIgnored = (owner: string, path: string) => {
    const rule = input.ignore?.find(
      (candidate) =>
        (candidate.target === undefined || input.targets.some((t) => isPackage(t, candidate.target ?? ''))) &&
        candidate.matches({ owner, path }),
    );
    if (rule === undefined) return false;
    ignored.push({ cpv: owner, path, reason: rule.reason });
    return true;
  };
  return {
    missing: findMissing(input, isIgnored),
    secondHand: findSecondHand(input, isIgnored),
    unused: findUnused(input),
    implicit: findImplicit(input),
    unowned: findUnowned(input),
    ignored,
  };
}

/** Whether a cpv is of a package given as cpv or as `category/name`. */
function isPackage(cpv: string, name: string): boolean {
  return cpv === name || (cpv.startsWith(`${name}-`) && /^\d/.test(cpv.slice(name.length + 1)));
}

/** What a path tells, wherever its system lies. */
function factsOf(path: string, { sysroot }: ReportInput): ReturnType<typeof pathFacts> {
  const isInside = sysroot !== undefined && path.startsWith(`${sysroot}/`);
  return pathFacts(isInside ? path.slice(sysroot.length) : path);
}

/** The variable in which a need for a package's file belongs: with two systems, the package's own decides. */
function variableFor(cpv: string, path: string, input: ReportInput): BuildVariable {
  if (input.sysroot === undefined) return factsOf(path, input).variable;
  return isInSysroot(cpv) ? 'DEPEND' : 'BDEPEND';
}

/** The names that the targets have where they are installed. */
function installedTargets({ targets, sysroot }: ReportInput): Set<string> {
  return new Set(targets.map((cpv) => (sysroot === undefined ? cpv : cpv + sysrootMark)));
}

interface Evidence {
  score: number;
  hits: number;
  fatal: boolean;
  byVariable: Map<BuildVariable, number>;
  paths: Map<string, number>;
  processes: Set<string>;
  phases: Set<string>;
  messages: Set<string>;
}

function newEvidence(): Evidence {
  return {
    score: 0,
    hits: 0,
    fatal: false,
    byVariable: new Map(),
    paths: new Map(),
    processes: new Set(),
    phases: new Set(),
    messages: new Set(),
  };
}

/**
 * Whether somebody went through the directories of PATH: execve(2), and a shell's stat(2), meets each of them before any
 * program.
 */
function isPathSearch({ operation, directory, path }: Denial, { searchPath }: ReportInput): boolean {
  if (!directory || operation === 'list') return false;
  return operation === 'exec' || searchPath.some((one) => one === path || one.startsWith(`${path}/`));
}

/** Adds a piece of evidence. The strongest decides, further ones of the same strength add a tenth each. */
function weigh(
  evidence: Evidence,
  path: string,
  weight: number,
  variable: BuildVariable,
  isNew = !evidence.paths.has(path),
): void {
  const before = evidence.score;
  evidence.score = Math.max(before, weight) + (isNew ? Math.min(before, weight) / 10 : 0);
  evidence.paths.set(path, Math.max(evidence.paths.get(path) ?? 0, weight));
  evidence.byVariable.set(variable, (evidence.byVariable.get(variable) ?? 0) + weight);
}

function findMissing(input: ReportInput, isIgnored: (owner: string, path: string) => boolean): Missing[] {
  const found = new Map<string, Evidence>();
  const evidenceFor = (cpv: string) => {
    let evidence = found.get(cpv);
    if (evidence === undefined) found.set(cpv, (evidence = newEvidence()));
    return evidence;
  };
  const targets = installedTargets(input);
  const hasPhases = input.denials.some(({ phase }) => phase !== '');
  for (const denial of input.denials) {
    const facts = factsOf(denial.path, input);
    const owners = denial.owners.filter((cpv) => !targets.has(cpv) && !input.visible.has(cpv));
    const weight = (operationWeight[denial.operation] * facts.weight) / Math.max(1, denial.owners.length);
    if (weight === 0 || isPathSearch(denial, input)) continue;
    if (hasPhases && !buildPhases.test(denial.phase)) continue;
    for (const cpv of owners) {
      if (isIgnored(cpv, denial.path)) continue;
      const evidence = evidenceFor(cpv);
      // A directory stands for whatever was wanted inside it, which was never asked for.
      const variable = variableFor(cpv, denial.path, input);
      weigh(evidence, denial.path, denial.directory ? weight * 0.8 : weight, variable);
      evidence.hits += denial.count;
      if (denial.comm !== '') evidence.processes.add(denial.comm);
      if (denial.phase !== '') evidence.phases.add(denial.phase);
    }
  }
  const complaints = input.log === undefined ? [] : complaintsIn(input.log);
  const hidden = input.findHidden(complaints.flatMap(({ wanted }) => wanted));
  for (const complaint of complaints) {
    for (const { path, owners } of hiddenFor(complaint, hidden, input)) {
      for (const cpv of owners) {
        if (targets.has(cpv) || input.visible.has(cpv) || isIgnored(cpv, path)) continue;
        const evidence = evidenceFor(cpv);
        const weight = (complaint.fatal ? fatalWeight : messageWeight) / owners.length;
        // That a tool says it too is more than that it looked.
        weigh(evidence, path, weight, variableFor(cpv, path, input), true);
        evidence.fatal ||= complaint.fatal;
        evidence.messages.add(complaint.line);
      }
    }
  }
  return [...found]
    .sort(([a, x], [b, y]) => y.score - x.score || y.hits - x.hits || (a < b ? -1 : 1))
    .map(([cpv, evidence]) => ({
      cpv,
      suggest: suggestion(heaviest(evidence.byVariable), input.atomFor(cpv)),
      certainty: evidence.fatal ? 'needed' : 'probed',
      hits: evidence.hits,
      paths: tellingPaths(evidence.paths),
      processes: [...evidence.processes].sort(),
      phases: [...evidence.phases].sort(),
      messages: [...evidence.messages],
    }));
}

/** Hidden files that would have satisfied a complaint: the likeliest thing that there is. */
function hiddenFor(
  { wanted, fatal }: Complaint,
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

function suggestion(variable: BuildVariable, atom: string): string {
  return `${variable}="${atom}"`;
}

function heaviest(byVariable: ReadonlyMap<BuildVariable, number>): BuildVariable {
  return (byVariable.get('BDEPEND') ?? 0) > (byVariable.get('DEPEND') ?? 0) ? 'BDEPEND' : 'DEPEND';
}

function tellingPaths(paths: ReadonlyMap<string, number>): string[] {
  return [...paths]
    .sort(([a, x], [b, y]) => y - x || a.length - b.length || (a < b ? -1 : 1))
    .slice(0, maxPaths)
    .map(([path]) => path);
}

/** Uses that show that somebody wrote a package's name into the target, by owner. */
function deliberateUses(input: ReportInput): Map<string, Use[]> {
  const byOwner = new Map<string, Use[]>();
  for (const use of input.uses) {
    const { kind } = factsOf(use.path, input);
    // A library with a version, a module and data are opened by what uses them, not by the target.
    if (!['executable', 'header', 'library', 'pkg-config', 'cmake', 'aclocal'].includes(kind)) continue;
    if (use.comm !== '' && readers[kind]?.test(use.comm) === false) continue;
    for (const cpv of use.owners) {
      const uses = byOwner.get(cpv);
      if (uses === undefined) byOwner.set(cpv, [use]);
      else uses.push(use);
    }
  }
  return byOwner;
}

function findSecondHand(
  input: ReportInput,
  isIgnored: (owner: string, path: string) => boolean,
): SecondHand[] {
  const declared = declaredPackages(input);
  const targets = installedTargets(input);
  const uses = deliberateUses(input);
  const programs = programOwners(input);
  const mentions = mentionsIn(input);
  const result: SecondHand[] = [];
  for (const [cpv, all] of uses) {
    const reasons = input.visible.get(cpv);
    if (reasons === undefined || declared.has(cpv) || input.system.has(cpv) || targets.has(cpv)) continue;
    // The user has asked for it.
    if (reasons.some(({ from }) => from === '--with')) continue;
    // A tool runs what its own package depends on.
    const isOfTool = ({ comm }: Use) => reasons.some(({ from }) => programs.get(comm)?.has(from) === true);
    const counted = all.filter((use) => !isOfTool(use) && !isIgnored(cpv, use.path));
    if (counted.length === 0) continue;
    const direct = counted.filter((use) => !mentions(use));
    const shown = direct.length > 0 ? direct : counted;
    const byVariable = new Map<BuildVariable, number>();
    for (const { path } of shown) {
      const variable = variableFor(cpv, path, input);
      byVariable.set(variable, (byVariable.get(variable) ?? 0) + factsOf(path, input).weight);
    }
    result.push({
      cpv,
      suggest: suggestion(heaviest(byVariable), input.atomFor(cpv)),
      from: [...new Set(reasons.map(({ from }) => from))].sort(),
      use: direct.length > 0 ? 'direct' : 'through',
      hits: counted.length,
      paths: tellingPaths(new Map(shown.map(({ path }) => [path, factsOf(path, input).weight]))),
      processes: [...new Set(shown.map(({ comm }) => comm).filter((comm) => comm !== ''))].sort(),
    });
  }
  return result.sort(
    (a, b) =>
      Number(a.use === 'through') - Number(b.use === 'through') ||
      b.hits - a.hits ||
      (a.cpv < b.cpv ? -1 : 1),
  );
}

/** What the target declares; a package without files (a virtual) stands for what it depends on. */
function declaredPackages(input: ReportInput): Set<string> {
  const declared = new Set(input.declared.map(({ cpv }) => cpv));
  for (let grown = true; grown;) {
    grown = false;
    for (const [cpv, reasons] of input.visible) {
      if (declared.has(cpv) || !reasons.some(({ from }) => declared.has(from) && !input.hasFiles(from)))
        continue;
      declared.add(cpv);
      grown = true;
    }
  }
  return declared;
}

/** The packages of used programs, by the name that the process of such a program has. */
function programOwners(input: ReportInput): Map<string, Set<string>> {
  const programs = new Map<string, Set<string>>();
  for (const { path, owners } of input.uses) {
    if (factsOf(path, input).kind !== 'executable') continue;
    // The kernel cuts names (TASK_COMM_LEN).
    const name = base(path).slice(0, 15);
    const known = programs.get(name) ?? new Set<string>();
    for (const owner of owners) known.add(owner);
    programs.set(name, known);
  }
  return programs;
}

/**
 * Whether a used file is named by a used file of *another* package: a header that another package's header includes,
 * a `.pc` file that another one requires. Then the target need not know of it.
 */
function mentionsIn(input: ReportInput): (use: Use) => boolean {
  const includes = new Map<string, Set<string>>();
  const note = (name: string, owners: readonly string[]) => {
    let by = includes.get(name);
    if (by === undefined) includes.set(name, (by = new Set()));
    for (const owner of owners) by.add(owner);
  };
  for (const { path, owners } of input.uses) {
    const { kind } = factsOf(path, input);
    if (kind === 'header') {
      for (const [, name = ''] of (input.readText(path) ?? '').matchAll(
        /^\s*#\s*include(?:_next)?\s*[<"]([^>"\n]+)[>"]/gm,
      ))
        note(`header ${base(name)}`, owners);
    } else if (kind === 'pkg-config') {
      for (const [, list = ''] of (input.readText(path) ?? '').matchAll(/^Requires(?:\.private)?\s*:(.*)$/gm))
        for (const name of list.split(/[\s,]+/)) if (/^[A-Za-z]/.test(name)) note(`pc ${name}`, owners);
    }
  }
  const targets = installedTargets(input);
  return ({ path, owners }) => {
    const { kind } = factsOf(path, input);
    const key = kind === 'header' ? `header ${base(path)}` : `pc ${base(path).replace(/\.pc$/, '')}`;
    const by = includes.get(key);
    return by !== undefined && [...by].some((owner) => !owners.includes(owner) && !targets.has(owner));
  };
}

function base(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function findUnused(input: ReportInput): Report['unused'] {
  const used = new Set(input.uses.flatMap(({ owners }) => owners));
  const seen = new Set<string>();
  return input.declared
    .filter(({ cpv, atom, variable }) => {
      const key = `${variable} ${atom} ${cpv}`;
      if (used.has(cpv) || !input.hasFiles(cpv) || seen.has(key)) return false;
      seen.add(key);
      return true;
    })
    .map(({ atom, cpv, variable }) => ({ atom, cpv, variable }));
}

function findImplicit(input: ReportInput): Report['implicit'] {
  const declared = new Set(input.declared.map(({ cpv }) => cpv));
  return [...deliberateUses(input)]
    .filter(([cpv]) => input.system.has(cpv) && !declared.has(cpv))
    .map(([cpv, uses]) => ({
      cpv,
      hits: uses.length,
      paths: tellingPaths(new Map(uses.map(({ path }) => [path, factsOf(path, input).weight]))),
    }))
    .sort((a, b) => b.hits - a.hits || (a.cpv < b.cpv ? -1 : 1));
}

function findUnowned(input: ReportInput): Report['unowned'] {
  const byPath = new Map<string, { hits: number; processes: Set<string> }>();
  for (const denial of input.denials) {
    const { path, owners, count, comm } = denial;
    if (owners.length > 0 || factsOf(path, input).weight === 0 || isPathSearch(denial, input)) continue;
    const entry = byPath.get(path) ?? { hits: 0, processes: new Set<string>() };
    entry.hits += count;
    if (comm !== '') entry.processes.add(comm);
    byPath.set(path, entry);
  }
  return [...byPath]
    .map(([path, { hits, processes }]) => ({ path, hits, processes: [...processes].sort() }))
    .sort((a, b) => b.hits - a.hits || (a.path < b.path ? -1 : 1));
}
