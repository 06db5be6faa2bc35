/** What was refused, whose business that is, and why most of it is no finding. */
import { baseName, isInSysroot, packageName, plainPackageName, type PackageId } from '../base/index.js';
import { factsOf, variableFor, variableForProgram, type HiddenFile, type ReportInput } from './findings.js';
import { habitOf, isHabitual, type Habit } from './habits.js';
import type { ProcessRecord } from './events.js';
import type { Denial } from './ledger.js';
import type { BuildVariable } from './pathKinds.js';
import type { ProcessTree } from './processTree.js';

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

/** A directory of more packages says nothing about any of them. */
const directoryOwners = 2;

/** The phases that run what an ebuild's author wrote for a build; in others, and outside of any, Portage itself is at work. */
export const buildPhases = /^(unpack|prepare|configure|compile|test|install)$/;

/** A refusal, as far as it concerns packages. */
export interface Refusal {
  readonly denial: Denial;
  readonly path: string;
  readonly owners: readonly PackageId[];
  readonly weight: number;
  /** Why it is no finding; undefined: it is one. */
  readonly against: Against | undefined;
}

/** Why nobody is to blame for a refusal. */
export interface Against {
  readonly reason: string;
  /** Which words of a tool make it one all the same: any about it, those with which the tool gives up, or none. */
  readonly unless: 'said' | 'given up' | 'never';
}

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
  /\/(?:s?bin|lib\w*|libexec|include|share|cmake|pkgconfig|aclocal\S*|perl5?|(?:site|dist|vendor)[-_]\w+|python[\d.]*|etc|data|doc|modules|zoneinfo)$/;

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

/** The variable in which a package belongs that somebody was refused a file of. */
export function variableOfRefusal(
  { denial, path }: Refusal,
  cpv: PackageId,
  input: ReportInput,
): BuildVariable {
  return (denial.operation === 'exec' ? variableForProgram : variableFor)(cpv, path, input);
}

/** The refusals that concern packages, each with why it is no finding, if so. */
export function refusalsIn(input: ReportInput, tree: ProcessTree, habits: readonly Habit[]): Refusal[] {
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
    const weight =
      operationWeight[denial.operation] *
      facts.weight *
      (denial.directory ? 0.8 : 1) *
      (isUntoldHabit(denial, aim, habits) ? 0.1 : 1);
    refusals.push({
      denial,
      ...aim,
      weight,
      against:
        weight === 0
          ? { reason: 'such files are looked for by everything', unless: 'said' }
          : reasonAgainst(denial, aim, input, tree, habits, habitual),
    });
  }
  return refusals;
}

/** Whether tools look for a file of their own accord, and nobody tells who asked (libfuse): it may be the target all the same. */
function isUntoldHabit({ processes }: Denial, { path }: HiddenFile, habits: readonly Habit[]): boolean {
  return processes.length === 0 && isHabitual(path, habits);
}

/** Why nobody is to blame for a refusal; undefined when the target's own instructions asked. */
function reasonAgainst(
  denial: Denial,
  { path, owners }: HiddenFile,
  input: ReportInput,
  tree: ProcessTree,
  habits: readonly Habit[],
  habitual: ReadonlySet<Denial>,
): Against | undefined {
  if (habitual.has(denial))
    return { reason: "Portage's own shell functions look for it in each phase", unless: 'said' };
  if (owners.every((cpv) => isOfTargetsPackage(cpv, input)))
    return { reason: 'it belongs to another version of what is built', unless: 'given up' };
  const { processes } = denial;
  const actors = processes.map((id) => tree.actor(id));
  if (actors.length > 0 && actors.every(({ by }) => by === 'portage'))
    return { reason: 'Portage itself looked for it', unless: 'never' };
  const zone = zoneOf(path);
  if (zone !== undefined)
    return zone === input.timeZone ? { reason: 'TZ names it on this machine', unless: 'said' } : undefined;
  if (processes.length === 0) return undefined;
  const asked = processes.filter(
    (id, i) => actors[i]?.by === 'target' && (!actors[i]?.ownAccord || tree.isTold(id, path, denial.wanted)),
  );
  if (asked.length === 0) {
    const tool = actors.find(({ ownAccord }) => ownAccord)?.tools[0] ?? '';
    return { reason: `${tool} looked for it of its own accord`, unless: 'said' };
  }
  const byTarget = asked.filter((id) => !isOnlyAskedForHelp(id, tree));
  if (byTarget.length === 0)
    return { reason: 'configure was only asked which options it has', unless: 'given up' };
  // The same compiler meets it again when it compiles the file; a list that is not complete makes no difference.
  if (input.status === 0 && byTarget.every((id) => isOnlyListing(tree.record(id))))
    return { reason: 'a compiler was only asked what a file depends on', unless: 'never' };
  const [habit, ...others] = byTarget.map((id) => habitOf(path, tree.record(id), habits));
  if (habit !== undefined && !others.includes(undefined)) return { reason: habit.reason, unless: 'given up' };
  // A shell, or make, looks for what it was told to run; a compiler for what is included.
  const isOfTool = byTarget.every((id) => tree.role(id).kind === 'tool');
  const { kind } = factsOf(path, input);
  const name = nameInSources(path);
  const isSpokenOf =
    input.isInSources(name) !== false || byTarget.some((id) => isGivenByEbuild(id, name, tree));
  if (isOfTool && kind !== 'header' && kind !== 'library' && !isSpokenOf)
    return { reason: 'nothing in the sources speaks of it', unless: 'said' };
  return undefined;
}

/** Whether a package is a version of a target; not on the system that builds where that is another than the one built for. */
function isOfTargetsPackage(cpv: PackageId, { targets, sysroot }: ReportInput): boolean {
  if (sysroot !== undefined && !isInSysroot(cpv)) return false;
  return targets.some((target) => packageName(target) === plainPackageName(cpv));
}

/** Whether a process is, or was started by, a configure script that tells its options (Portage's econf asks each). */
function isOnlyAskedForHelp(id: number, tree: ProcessTree): boolean {
  for (let record = tree.record(id); record !== undefined; record = tree.record(record.parent)) {
    const [first = '', second = '', third = ''] = record.arguments;
    const asked = baseName(first) === 'configure' ? second : baseName(second) === 'configure' ? third : '';
    if (asked === '--help') return true;
    if (tree.role(record.id).kind === 'phase') return false;
  }
  return false;
}

/** Whether a process is a compiler that only lists what its sources include: `-M` and `-MM` (gcc(1)), in place of compiling. */
function isOnlyListing(record: ProcessRecord | undefined): boolean {
  return record?.arguments.slice(1).some((word) => word === '-M' || word === '-MM') === true;
}

/**
 * The time zone whose data a file is. Whichever tool asks for it (date, or the C library in any other), no tool chooses a zone: it is
 * named by TZ.
 */
function zoneOf(path: string): string | undefined {
  return /\/zoneinfo\/(?:(?:posix|right)\/)?(.+)$/.exec(path)?.[1];
}

/** Whether the ebuild itself, which is not among the sources, has given a process a name, alone or in a list. */
function isGivenByEbuild(id: number, name: string, tree: ProcessTree): boolean {
  const record = tree.record(id);
  if (record === undefined || tree.role(record.parent).kind !== 'phase') return false;
  return record.arguments
    .slice(1)
    .some((word) => word.split(/[\s,=:]+/).some((part) => part === name || nameInSources(part) === name));
}

/** By which name sources speak of a file. */
export function nameInSources(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return name
    .replace(/^lib(?=.*\.(?:so|a|la)\b)/, '')
    .replace(/\.(?:pc|so|a|la|pm|py|m4|cmake)(?:\..*)?$/, '');
}

/** Programs that ebuild.sh looks for in each phase, and that an ebuild's shell does not look for any more then. */
const intercepted = /\/(?:autoconf|automake|aclocal|libtoolize)$/;

/** The phases in which ebuilds build, each of which runs Portage's functions first (PMS 9.1). */
const buildingPhases: ReadonlySet<string> = new Set([
  'unpack',
  'prepare',
  'configure',
  'compile',
  'test',
  'install',
]);

/**
 * Refusals of Portage's phase processes that are the same in each phase: its own functions make them before the ebuild's run.
 * More in one phase than in the others, or none in one of them, is the ebuild's.
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
  const building = new Set(ofPhase.map(({ phase }) => phase).filter((phase) => buildingPhases.has(phase)));
  return new Set(
    ofPhase.filter(({ path, phase }) => {
      const phases = asked.get(path);
      if (phases === undefined) return false;
      // Where only one phase was seen, what ebuild.sh puts functions in front of is known all the same (QA_INTERCEPTORS).
      if (phases.size < 2) return intercepted.test(path);
      if (!intercepted.test(path) && ![...building].every((one) => phases.has(one))) return false;
      return (phases.get(phase) ?? 0) <= Math.min(...phases.values());
    }),
  );
}
