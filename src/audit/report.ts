/**
 * The verdict on a build: which packages its ebuild should declare and does not, and which it declares in vain.
 *
 * What is said, and in which order, follows from what happened and not from what came first, as that differs from one build to the next
 * where several processes run at a time. Every number is a lower bound: the kernel remembers answers, so a second request for the same path is not always seen.
 */
import type { PackageId } from '../base/index.js';
import {
  alternativeOf,
  factsOf,
  tellingPaths,
  type Case,
  type IgnoreCheck,
  type Report,
  type ReportInput,
} from './findings.js';
import { habits as allHabits, type Habit } from './habits.js';
import { Mentions } from './mentions.js';
import { findMissing } from './missing.js';
import { Ignoring } from './ignoring.js';
import type { Denial } from './ledger.js';
import { ProcessTree } from './processTree.js';
import { isSharedDirectory } from './refusals.js';
import { deliberateUses, findSecondHand } from './secondHand.js';
import { withoutSweeps, type Use } from './uses.js';

/** Makes the report; see {@link Report}. */
export function makeReport(input: ReportInput, habits: readonly Habit[] = allHabits): Report {
  const ignored = new Map<string, Report['ignored'][number]>();
  const ignoring = new Ignoring(input.ignore ?? [], input.targets);
  const isIgnored: IgnoreCheck = (owner, path) => {
    const rule = ignoring.find(owner, path);
    if (rule === undefined) return false;
    ignored.set(`${owner} ${path}`, { cpv: owner, path, reason: rule.reason });
    return true;
  };
  const tree = new ProcessTree(input);
  const uses = usesOf(input, tree);
  const whole: Case = { uses, input, tree, habits, isIgnored };
  const { missing, dismissed, hiddenByUser } = findMissing(whole);
  return {
    missing,
    secondHand: findSecondHand(whole),
    unused: findUnused(uses, input),
    implicit: findImplicit(uses, input),
    alternatives: findAlternatives(uses, input),
    unowned: findUnowned(input, tree),
    hiddenByUser,
    dismissed,
    ignored: [...ignored].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one),
  };
}

/** Uses that tell something: those of the target and of its tools, without those of whoever goes through whole directories. */
function usesOf(input: ReportInput, tree: ProcessTree): Use[] {
  const kindOf = (path: string) => factsOf(path, input).kind;
  const uses = input.uses
    .filter(({ process }) => tree.actor(process).by !== 'portage')
    // In which shell somebody looks around is his own business.
    .filter(({ process, owners }) => !tree.isPromptOf(process, owners))
    // A link to a directory (/sbin) on the way to a program is not what was executed.
    .filter(({ path, wanted }) => wanted?.startsWith(`${path}/`) !== true)
    .map((use) => ({ ...use, path: sourceOf(use.path) }));
  const named = namedModules(uses, input, tree);
  return withoutSweeps(uses, kindOf, (use) => {
    // Of whom nothing is known it cannot be said that it went through a directory.
    if (tree.record(use.process) === undefined) return true;
    return named.has(use.path) || isOnCommandLine(use, tree);
  });
}

/** Whether the process of a use was told the name of the file, without its ending. */
function isOnCommandLine({ path, process }: Use, tree: ProcessTree): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/\.pc$/, '');
  return tree.record(process)?.arguments.some((word) => word.split(/[\s,]+/).includes(name)) === true;
}

/** The modules of pkg-config that somebody asked for, and those that these require. */
function namedModules(uses: readonly Use[], input: ReportInput, tree: ProcessTree): ReadonlySet<string> {
  const modules = uses.filter(({ path }) => factsOf(path, input).kind === 'pkg-config');
  const named = new Set(modules.filter((use) => isOnCommandLine(use, tree)).map(({ path }) => path));
  const files = modules.map(({ path, owners }) => ({ path, owners, kind: 'pkg-config' }) as const);
  const mentions = new Mentions(files, input.readText);
  for (let before = -1; before < named.size;) {
    before = named.size;
    for (const file of files) if (mentions.by(file).some(({ path }) => named.has(path))) named.add(file.path);
  }
  return named;
}

/** The Python module of which a file is the compiled form; any other path as it is. */
function sourceOf(path: string): string {
  return path.replace(/\/__pycache__\/([^/.]+)\.[^/]*\.pyc$/, '/$1.py');
}

/** Portage's phases that follow a build that went well. */
const latePhases = /^(?:package|instprep|preinst|postinst|merge|qmerge)$/;

/** Whether the build has reached its end: only then can it be said what it did without. */
function hasEnded({ status, processes, uses }: ReportInput): boolean {
  if (status !== undefined) return status === 0;
  let hasPhases = false;
  for (const { phase } of processes.values()) {
    if (latePhases.test(phase)) return true;
    hasPhases ||= phase !== '';
  }
  return !hasPhases && uses.some(({ operation }) => operation === 'exec');
}

/** Programs that Portage's functions look for in each phase. */
const portageLooksFor = /\/(?:autoconf|automake|aclocal|libtoolize|fakeroot)$/;

/**
 * Whether somebody asked for a file of a package by name and found it: that a header exists may be all that is to be known, and the path of a
 * program be written down for later. @system's files are found by everything.
 */
function isFound(cpv: PackageId, input: ReportInput): boolean {
  if (input.system.has(cpv)) return false;
  return input
    .foundOf(cpv)
    .some((path) => factsOf(path, input).kind !== 'noise' && !portageLooksFor.test(path));
}

function findUnused(uses: readonly Use[], input: ReportInput): Report['unused'] {
  if (!hasEnded(input)) return [];
  const used = new Set(uses.flatMap(({ owners }) => owners));
  // Whether a macro that aclocal has read is in the configure script cannot be told from here.
  for (const { path, owners } of input.uses)
    if (factsOf(path, input).kind === 'aclocal') for (const owner of owners) used.add(owner);
  const seen = new Set<string>();
  return input.declared
    .filter(({ cpv, atom, variable }) => {
      const key = `${variable} ${atom} ${cpv}`;
      if (used.has(cpv) || !input.hasFiles(cpv) || seen.has(key) || isFound(cpv, input)) return false;
      seen.add(key);
      return true;
    })
    .map(({ atom, cpv, variable }) => ({ atom, cpv, variable }));
}

function findImplicit(uses: readonly Use[], input: ReportInput): Report['implicit'] {
  const declared = new Set(input.declared.map(({ cpv }) => cpv));
  return [...deliberateUses(uses, input)]
    .filter(([cpv]) => input.system.has(cpv) && !declared.has(cpv))
    .map(([cpv, used]) => ({ cpv, ...evidenceOf(used, input) }))
    .sort(byHits);
}

function findAlternatives(uses: readonly Use[], input: ReportInput): Report['alternatives'] {
  return [...deliberateUses(uses, input)]
    .flatMap(([cpv, used]) => {
      const reason = input.system.has(cpv) ? undefined : alternativeOf(cpv, input);
      if (reason === undefined) return [];
      const { variable, atom } = reason;
      return [{ cpv, variable, atom, ...evidenceOf(used, input) }];
    })
    .sort(byHits);
}

function evidenceOf(used: readonly Use[], input: ReportInput): { hits: number; paths: string[] } {
  return {
    hits: used.length,
    paths: tellingPaths(new Map(used.map(({ path }) => [path, factsOf(path, input).weight]))),
  };
}

function byHits(a: { cpv: PackageId; hits: number }, b: { cpv: PackageId; hits: number }): number {
  return b.hits - a.hits || (a.cpv < b.cpv ? -1 : 1);
}

/** Whether a shell that somebody types into looked for something of its own, as its history and start-up files, and not for what was typed. */
function isShellsOwn({ path, processes }: Denial, input: ReportInput, tree: ProcessTree): boolean {
  if (factsOf(path, input).kind === 'executable') return false;
  return processes.length > 0 && processes.every((id) => tree.isPrompt(id) && tree.record(id)?.phase === '');
}

/** Hidden paths that were looked for and for which no package can be named. */
function findUnowned(input: ReportInput, tree: ProcessTree): Report['unowned'] {
  const byPath = new Map<string, { hits: number; processes: Set<string> }>();
  for (const denial of input.denials) {
    const { path, owners, count, comm, directory, wanted } = denial;
    if ((owners.length > 0 && !isSharedDirectory(denial)) || factsOf(path, input).weight === 0) continue;
    if (directory && (denial.operation === 'exec' || wanted !== path)) continue;
    if (isShellsOwn(denial, input, tree)) continue;
    const entry = byPath.get(path) ?? { hits: 0, processes: new Set<string>() };
    entry.hits += count;
    if (comm !== '') entry.processes.add(comm);
    byPath.set(path, entry);
  }
  return [...byPath]
    .map(([path, { hits, processes }]) => ({ path, hits, processes: [...processes].sort() }))
    .sort((a, b) => b.hits - a.hits || (a.path < b.path ? -1 : 1));
}
