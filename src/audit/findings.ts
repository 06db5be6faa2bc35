/** What a report is made of, what it says, and what its judgements share. */
import {
  isInSysroot,
  packageId,
  type EqualPackage,
  type Naming,
  type PackageId,
  type Reason,
} from '../base/index.js';
import type { Ended, ProcessEnd, ProcessRecord } from './events.js';
import type { IgnoreSetting } from './ignoring.js';
import type { Habit } from './habits.js';
import type { Denial } from './ledger.js';
import { pathFacts, type BuildVariable, type PathKind } from './pathKinds.js';
import type { ProcessTree } from './processTree.js';
import type { Use } from './uses.js';
import type { Includes } from './sources/includes.js';
import type { Need } from './sources/needs.js';
import type { Found, Wanted } from './words/index.js';

/** A build dependency that the target declares, with the installed package that satisfies it. */
export interface Declared {
  variable: string;
  atom: string;
  cpv: PackageId;
}

/** Whether a finding is to be left out; one that is, is noted. */
export type IgnoreCheck = (owner: PackageId, path: string) => boolean;

/** What findings are made of. */
export interface Case {
  /** What was used, sweeps left out, with those who may explain it. */
  readonly uses: readonly Use[];
  readonly input: ReportInput;
  readonly tree: ProcessTree;
  readonly habits: readonly Habit[];
  readonly isIgnored: IgnoreCheck;
}

/** A file that the view hides. */
export interface HiddenFile {
  readonly path: string;
  readonly owners: readonly PackageId[];
}

/** A line for an ebuild, and why that one. */
export interface Suggestion {
  suggest: string;
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
  /** The EAPI of all targets is older than BDEPEND (PMS 8.1: EAPI 7): what is run while building stands in DEPEND as well. */
  lacksBdepend?: boolean;
  declared: readonly Declared[];
  /** Visible packages with those that brought each in (`from` of the reasons). */
  visible: ReadonlyMap<PackageId, readonly Reason[]>;
  /** @system and what it needs to run. */
  system: ReadonlySet<PackageId>;
  denials: readonly Denial[];
  /** First reads, and uses that were told one by one. */
  uses: readonly Use[];
  processes: ReadonlyMap<number, ProcessRecord>;
  /** How they ended, as far as the kernel tells. */
  ends: ReadonlyMap<number, ProcessEnd>;
  /** Where programs are looked for: the directories of PATH. */
  searchPath: readonly string[];
  /** TZ where the build was started: what it names is no wish of the target's. */
  timeZone?: string;
  /** What the build printed, if it was caught. */
  log?: string;
  /** The exit status of the build; absent when nobody told. */
  status?: number;
  /** Hidden files that are, or have, each of these things; for what the log complains about. */
  readonly findHidden: (wanted: readonly Wanted[]) => ReadonlyMap<Wanted, readonly Found[]>;
  /** What the host has, and the view hides, at a path that somebody asked for; undefined when that is nothing. */
  hiddenAt(path: string): HiddenFile | undefined;
  /** cpvs of the owners of a path, its links followed. */
  readonly ownersOf: (path: string) => readonly PackageId[];
  /** Text of a visible file, or undefined when it cannot be had. */
  readonly readText: (path: string) => string | undefined;
  /** Whether a name occurs in what the target brings along; undefined when that was not looked through. */
  isInSources(name: string): boolean | undefined;
  /** What the sources ask for, as far as they were looked through. */
  needs: readonly Need[];
  /** What the sources in C and its kin include, as far as they were looked through. */
  includes: readonly Includes[];
  /** Whether somebody has listed a directory in which a path lies, not far above it: then its absence was seen. */
  wasListed(path: string): boolean;
  /** The atoms by which an ebuild may name an installed package, the likeliest first; `paths` were wanted of it. */
  namesFor(cpv: PackageId, paths: readonly string[]): readonly Naming[];
  /** Other installed packages that are as good as this one in what was wanted of it, with what takes each of them. */
  equalsOf(cpv: PackageId, paths: readonly string[]): readonly EqualPackage[];
  /** Whether the package installs files at all (a virtual does not). */
  hasFiles(cpv: PackageId): boolean;
  /** The kinds of the files that a package has. */
  kindsOf(cpv: PackageId): ReadonlySet<PathKind>;
  /** Files of a visible package that somebody has found, whether they were read or not. */
  foundOf(cpv: PackageId): readonly string[];
  ignore?: readonly IgnoreSetting[];
}

/** A package that was looked for in vain, or that only the user's word made visible. */
export interface Missing {
  cpv: PackageId;
  /** A line for the ebuild: `BDEPEND="sys-devel/flex"`. */
  suggest: string;
  /** That line and others that would do, the likeliest first. */
  suggestions: readonly Suggestion[];
  /**
   * `needed`: a tool gave up over it. `allowed`: the user has shown it, and it was used. `probed`: it was looked for; the build may
   * have gone on without it (automagic).
   */
  certainty: 'needed' | 'allowed' | 'probed';
  /** Denials, or uses of what was allowed, that count as evidence; a lower bound. */
  hits: number;
  /** The most telling paths first; at most ten. */
  paths: string[];
  processes: string[];
  phases: string[];
  /** Lines of the build's output that speak of it, the most telling first. */
  messages: string[];
  /** Processes that ended with an error over it, from the one that was refused outwards, when it is needed for that. */
  ended?: readonly Ended[];
  /** True when the build was made with it and without it, and that made the difference: it fails without, or the result differs. */
  proved?: boolean;
  /** What of the result changes with it, when it is proved that something does: paths as they would be installed. */
  files?: string[];
}

/** A package that was used although only a dependency of a dependency brought it in. */
export interface SecondHand {
  cpv: PackageId;
  suggest: string;
  /** What brought it in. */
  from: string[];
  /** `direct`: used by the target's own sources. `through`: only by files of other packages (a header including another). */
  use: 'direct' | 'through';
  hits: number;
  paths: string[];
  processes: string[];
}

/** What was refused and is no finding. */
export interface Dismissed {
  cpv: PackageId;
  /** Why not, as the end of a sentence: "… is no finding: REASON". */
  reason: string;
  paths: string[];
  processes: string[];
}

/** The report; its fields are those of `docs/json.md`. */
export interface Report {
  missing: Missing[];
  secondHand: SecondHand[];
  /** Declared build dependencies none of whose files were used, or so much as found by name, by a build that reached its end. */
  unused: { atom: string; cpv: PackageId; variable: string }[];
  /** @system packages that were used. */
  implicit: { cpv: PackageId; hits: number; paths: string[] }[];
  /** What was used of the target's any-of groups although emerge would have chosen another alternative; only where all are shown. */
  alternatives: { cpv: PackageId; variable: string; atom: string; hits: number; paths: string[] }[];
  /** Hidden files of no package that were looked for, and hidden directories of many. */
  unowned: { path: string; hits: number; processes: string[] }[];
  /** Declared packages that the user has hidden, and that were looked for. */
  hiddenByUser: { cpv: PackageId; variable: string; atom: string; paths: string[] }[];
  dismissed: Dismissed[];
  /** What the ignore rules took out. */
  ignored: { cpv: PackageId; path: string; reason: string }[];
  /** What was looked for in vain, and was proved to make no difference; only after a proof. */
  ruledOut?: { cpv: PackageId; suggest: string }[];
}

const maxPaths = 10;

/** What a path tells, wherever its system lies. */
export function factsOf(path: string, { sysroot }: ReportInput): ReturnType<typeof pathFacts> {
  const isInside = sysroot !== undefined && path.startsWith(`${sysroot}/`);
  return pathFacts(isInside ? path.slice(sysroot.length) : path);
}

/**
 * The variable in which a need for a package's file belongs: with two systems, the package's own decides. Where there is nothing to compile
 * or to link with, the `.pc` file of a tool (scdoc) and modules of CMake (extra-cmake-modules) are for the machine that builds.
 */
export function variableFor(cpv: PackageId, path: string, input: ReportInput): BuildVariable {
  if (input.sysroot !== undefined) return isInSysroot(cpv) ? 'DEPEND' : 'BDEPEND';
  const { kind, variable } = factsOf(path, input);
  if (kind !== 'pkg-config' && kind !== 'cmake') return variable;
  const kinds = input.kindsOf(cpv);
  const isLinked = kinds.has('header') || kinds.has('library') || kinds.has('runtime library');
  return !isLinked && (kind === 'cmake' || kinds.has('executable')) ? 'BDEPEND' : variable;
}

/** The same for a program that was executed, whatever its path looks like. */
export function variableForProgram(cpv: PackageId, path: string, input: ReportInput): BuildVariable {
  const isPlain = input.sysroot === undefined && factsOf(path, input).kind !== 'executable';
  return isPlain ? 'BDEPEND' : variableFor(cpv, path, input);
}

/** The atom by which a target's any-of group has a package that is not the one emerge would choose. */
export function alternativeOf(cpv: PackageId, input: ReportInput): Reason | undefined {
  const reasons = (input.visible.get(cpv) ?? []).filter(
    ({ from, variable }) => from.kind === 'target' && (variable === 'DEPEND' || variable === 'BDEPEND'),
  );
  return reasons.every(({ alternative }) => alternative === true) ? reasons[0] : undefined;
}

/** The names that the targets have where they are installed. */
export function installedTargets({ targets, sysroot }: ReportInput): Set<PackageId> {
  return new Set(targets.map((cpv) => packageId(cpv, sysroot === undefined ? 'root' : 'sysroot')));
}

/** The line that declares an atom, in a variable that the ebuild's EAPI has. */
export function suggestion(variable: BuildVariable, atom: string, { lacksBdepend }: ReportInput): string {
  return `${lacksBdepend === true ? 'DEPEND' : variable}="${atom}"`;
}

/** What an ebuild would call a package of which these paths were wanted. */
export function atomFor(cpv: PackageId, paths: readonly string[], input: ReportInput): string {
  return input.namesFor(cpv, paths)[0]?.atom ?? cpv;
}

/** Lines for an ebuild that lacks a package, the likeliest first. */
export function suggestionsFor(
  cpv: PackageId,
  paths: readonly string[],
  variable: BuildVariable,
  input: ReportInput,
): Suggestion[] {
  const found = new Map<string, Suggestion>();
  const add = (atom: string, reason: string): void => {
    const suggest = suggestion(variable, atom, input);
    if (!found.has(suggest)) found.set(suggest, { suggest, reason });
  };
  for (const { atom, reason } of input.namesFor(cpv, paths)) add(atom, reason);
  const [path] = paths;
  for (const other of path === undefined ? [] : input.ownersOf(path))
    if (other !== cpv) add(atomFor(other, [path ?? ''], input), `it has ${path ?? ''} as well`);
  for (const { cpv: other, by } of input.equalsOf(cpv, paths))
    add(atomFor(other, [], input), `it is installed, and ${by} takes it as well`);
  return [...found.values()];
}

/** The variable that most of the evidence speaks for. */
export function suggestedVariable(byVariable: ReadonlyMap<BuildVariable, number>): BuildVariable {
  return (byVariable.get('BDEPEND') ?? 0) > (byVariable.get('DEPEND') ?? 0) ? 'BDEPEND' : 'DEPEND';
}

/** The paths of most weight, the shortest first. */
export function tellingPaths(paths: ReadonlyMap<string, number>): string[] {
  return [...paths]
    .sort(([a, x], [b, y]) => y - x || a.length - b.length || (a < b ? -1 : 1))
    .slice(0, maxPaths)
    .map(([path]) => path);
}
