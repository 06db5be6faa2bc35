/** Plain data that the library gives: findings, states, explanations. The fields are those of docs/json.md. */

/**
 * A package with version as Portage writes it: `category/PF`. An installed one of the sysroot's database is marked; see
 * packages.ts in `base`.
 */
export type Cpv = string;

/** What brings a package into a visible set: what is built, a set (by its name without `@`), the user's option, or a package that needs it. */
export type Origin =
  | { readonly kind: 'target' }
  | { readonly kind: 'set'; readonly name: string }
  | { readonly kind: 'option'; readonly name: 'with' }
  | { readonly kind: 'package'; readonly cpv: string };

/** One link of the chain that brings a package into the visible set. */
export interface Reason {
  from: Origin;
  /** `DEPEND`, `BDEPEND`, `RDEPEND`, `PDEPEND`, or the empty string for sets and options. */
  variable: string;
  /** The atom that selected the package. */
  atom: string;
  /** Present when emerge would choose another alternative of an any-of group than the one with this atom. */
  alternative?: true;
}

/** A package of a chain, with the reason through which the one before it in the chain (or a root) brings it in. */
export interface ChainLink extends Reason {
  cpv: Cpv;
}

/** The same as JSON has it. */
export interface ToldLink extends Omit<ChainLink, 'from'> {
  /** A cpv, `"@system"` or another set, `"target"` or `"--with"`. */
  readonly from: string;
}

/** The ebuild (or, when no repository has it, the installed package) that is to be built. */
export interface Target {
  cpv: Cpv;
  repository: string;
  slot: string;
  eapi: string;
  /** Effective USE: enabled flags inside IUSE_EFFECTIVE, sorted. */
  use: readonly string[];
  /** The dependency strings before evaluation, by variable name. */
  dependencies: Readonly<Record<'DEPEND' | 'BDEPEND' | 'RDEPEND' | 'PDEPEND' | 'IDEPEND', string>>;
  /** Best installed matches of DEPEND and BDEPEND, each with what selected it. */
  buildDeps: ReadonlyMap<Cpv, readonly Reason[]>;
  /** Absent for what only the database of installed packages has. */
  ebuild?: EbuildSource;
}

/** An ebuild as it lies in its repository. */
export interface EbuildSource {
  /** Host path. */
  file: string;
  /** Host path of the repository. */
  repository: string;
  /** Its own flags that a user may switch (neither masked, forced nor of USE_EXPAND), with their effective state. */
  flags: Readonly<Record<string, boolean>>;
}

/** A build dependency that no installed package satisfies; an any-of group is given as a string. */
export interface Unsatisfied {
  variable: 'DEPEND' | 'BDEPEND' | 'RDEPEND' | 'PDEPEND';
  atom: string;
  /** With a sysroot: in which of the two systems it was looked for; a path inside the root. */
  root?: string;
}

/** The visible set of a request. */
export interface VisibleSet {
  targets: readonly Target[];
  /** Every visible installed package with all that brought it in; keys sorted by code point. */
  visible: ReadonlyMap<Cpv, readonly Reason[]>;
  /** Union of the targets' build dependencies, sorted. */
  buildDeps: readonly Cpv[];
  unsatisfied: readonly Unsatisfied[];
  /** Installed packages whose VDB entry is shown although their files are not (the targets' run-time closure). */
  metadataOnly: readonly Cpv[];
}

/** How many files a package has. */
export interface PackageFiles {
  readonly cpv: string;
  /** Files and links that its CONTENTS lists. */
  readonly files: number;
  /** What Portage recorded as its size in bytes; null when it recorded none. */
  readonly bytes: number | null;
}

/** The visible set of a request, and more about it. */
export interface Plan {
  readonly set: VisibleSet;
  /** The system that is built for, as a path inside the root; undefined when that is the root. */
  readonly sysroot: string | undefined;
  /** The set of other targets in the same system, with everything else the same. */
  setOf(targets: readonly string[]): VisibleSet;
  /**
   * The installed packages that atoms or names match.
   *
   * @throws LvfsError exit 20 for a name that is unknown or ambiguous
   */
  matchInstalled(atoms: readonly string[]): readonly string[];
  /** The chains that bring a package in, the shortest first. */
  chains(cpv: string, limit: number): readonly (readonly ChainLink[])[];
  /** How many files packages have. Opens the index. */
  files(cpvs: Iterable<string>, progress: (text: string) => void): Promise<PackageFiles[]>;
}

/** A change of the built-in list of system paths. */
export interface SystemPathChange {
  /** Absolute path or glob inside the root. */
  readonly path: string;
  readonly kind: 'tree' | 'directory' | 'private' | 'beside';
  /** `category/name` of the packages that generate it. */
  readonly packages?: readonly string[];
  readonly reason: string;
  /** Takes the path off the list. */
  readonly remove: boolean;
}

/** What is mounted over a view; see binds.ts. */
export interface BindRequest {
  /** Everything that builds need; false: only what is listed here. */
  readonly defaults: boolean;
  /** Make the directories on the host that emerge itself would make; otherwise missing ones are in memory. */
  readonly create: boolean;
  /** `SRC[:DST]`, writable. */
  readonly binds: readonly string[];
  /** `SRC[:DST]`, read-only. */
  readonly readOnlyBinds: readonly string[];
  /** A directory of the host in which work is done: also shown at its own place, writable, where it is not seen otherwise. */
  readonly workingDirectory?: string;
}

/** Evidence that reports pass over, as in lvfs.conf(5). */
export interface IgnoreSetting {
  /** `category/name` or cpv of the owner. */
  readonly package?: string;
  /** Glob. */
  readonly path?: string;
  /** Only for this target. */
  readonly target?: string;
  readonly reason: string;
}

/** What `lvfs allow` or `deny` did; also listed by `status`. */
export interface LiveResult {
  /** cpvs that became visible, the run-time dependencies of what was named among them. */
  readonly shown: readonly string[];
  readonly hidden: readonly string[];
  /** Paths that are now shown or hidden by themselves. */
  readonly paths: readonly string[];
}

/** How a mounted view differs from what it was when it was mounted. */
export interface LiveChangesMade {
  /** What `lvfs allow` and `lvfs deny` changed, as given. */
  readonly allowed: readonly string[];
  readonly denied: readonly string[];
  /** What should be visible and is not installed: atoms of build dependencies, and names as given. */
  readonly missing: readonly string[];
  /** Why the visible packages could not be computed anew after a change on the host; null: they were. */
  readonly problem: string | null;
}

/** Facts that only the daemon itself knows. */
export interface LiveStatus extends LiveChangesMade {
  /** Requests answered so far by kind; see linux/fuse.h. */
  readonly requests: Readonly<Record<string, number>>;
  /** Resident memory of the daemon in bytes, the shared index included. */
  readonly residentBytes: number;
  readonly threads: number;
  /** What the driver can do. */
  readonly capabilities: Readonly<Record<string, boolean | number>>;
  /** Minor version of the FUSE protocol in use. */
  readonly protocolMinor: number | null;
  /** Changes of the visible set since the mount. */
  readonly changes: number;
}

/** `lvfs status --json` of one mount; see docs/json.md. */
export interface SessionStatus {
  readonly mountpoint: string;
  readonly pid: number;
  /**
   * `detached`: it is unmounted, but another mount namespace still has it; `failed`: its daemon ended by an error, which `failure`
   * says; `stale`: its daemon was killed; `stuck`: its daemon does not answer.
   */
  readonly state: 'serving' | 'detached' | 'unmounting' | 'stale' | 'stuck' | 'failed';
  readonly driver: string;
  /** cpvs. */
  readonly targets: readonly string[];
  /** Visible packages. */
  readonly packages: number | null;
  /** Paths that belong to them. */
  readonly paths: number | null;
  /** Lookups of hidden paths that were recorded. */
  readonly denials: number | null;
  /** ISO 8601. */
  readonly since: string;
  readonly root: string;
  /** The system that is built for, as a path inside the view; absent when that is the root. */
  readonly sysroot?: string;
  /** Its daemon is in another pid namespace (a container, another machine): `pid` and perhaps `mountpoint` mean something only there. */
  readonly elsewhere?: true;
  readonly log: string;
  /** Why the daemon ended; only with `failed`. */
  readonly failure?: string;
  /** What a running daemon adds. */
  readonly live?: LiveStatus;
}

/** Milliseconds since the epoch. */
export type Milliseconds = number;

/**
 * What a process was doing when it met a path, told from its system call where the kernel shows it
 * (`/proc/<tid>/syscall`), else `lookup`.
 */
export type Operation = 'exec' | 'open' | 'stat' | 'access' | 'readlink' | 'list' | 'read' | 'lookup';

/** A process that ended with an error. */
export interface Ended {
  /** What `/proc/<pid>/comm` called it. */
  readonly process: string;
  /** As a shell gives it. */
  readonly status: number;
}

/** A denial as `lvfs log` shows it; the field names are those of `docs/json.md`. */
export interface Denial {
  /** First seen. */
  time: Milliseconds;
  path: string;
  owners: readonly string[];
  operation: Operation;
  pid: number;
  comm: string;
  cmdline: string;
  phase: string;
  package: string;
  /** How often this was seen; a lower bound. */
  count: number;
  /** Whether the host has a directory there. */
  directory: boolean;
  /** True for an access to something visible, which only a trace records. */
  visible: boolean;
  /** For a directory: the path that was asked for, which may lie in it; empty when that is not known. */
  wanted: string;
  /** Last seen. */
  last: Milliseconds;
  /** {@link ProcessRecord.id} of who asked, each once: the first ones, and the last. */
  processes: number[];
  /** When each of {@link processes} asked last. */
  asked: Milliseconds[];
}

/** A line for an ebuild, and why that one. */
export interface Suggestion {
  suggest: string;
  reason: string;
}

/** A package that was looked for in vain, or that only the user's word made visible. */
export interface Missing {
  cpv: string;
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

/** What was refused and is no finding. */
export interface Dismissed {
  cpv: string;
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
  unused: {
    atom: string;
    cpv: string;
    variable: string;
  }[];
  /** @system packages that were used. */
  implicit: {
    cpv: string;
    hits: number;
    paths: string[];
  }[];
  /** What was used of the target's any-of groups although emerge would have chosen another alternative; only where all are shown. */
  alternatives: {
    cpv: string;
    variable: string;
    atom: string;
    hits: number;
    paths: string[];
  }[];
  /** Hidden files of no package that were looked for, and hidden directories of many. */
  unowned: {
    path: string;
    hits: number;
    processes: string[];
  }[];
  /** Declared packages that the user has hidden, and that were looked for. */
  hiddenByUser: {
    cpv: string;
    variable: string;
    atom: string;
    paths: string[];
  }[];
  dismissed: Dismissed[];
  /** What the ignore rules took out. */
  ignored: {
    cpv: string;
    path: string;
    reason: string;
  }[];
  /** What was looked for in vain, and was proved to make no difference; only after a proof. */
  ruledOut?: {
    cpv: string;
    suggest: string;
  }[];
}

/** A report, and the same as a page. */
export interface ReportResult {
  readonly report: Report;
  readonly html?: string;
}

/** How a report is made; what is left out is as `lvfs report` has it. */
export interface ReportOptions {
  /** Evidence to pass over, as in lvfs.conf(5). */
  readonly ignore?: readonly IgnoreSetting[] | undefined;
  /** Names of the built-in rules about the habits of tools that do not hold. */
  readonly habitsOff?: readonly string[] | undefined;
  /** Also as a self-contained page. */
  readonly html?: boolean | undefined;
  /** What the build printed. */
  readonly log?: string | undefined;
}

/** `lvfs why --json` of one path; see docs/json.md. Paths are one character a byte (latin1). */
export interface Explanation {
  readonly path: string;
  /** The path with the links of its parents resolved. */
  readonly canonical: string;
  /** Whether the host has it. */
  readonly exists: boolean;
  /** Null when nothing was said about a visible set. */
  readonly visible: boolean | null;
  readonly rule: string | null;
  /** What the rule means here: the glob, the system path, the end of the link, the hidden directory above. */
  readonly detail: string;
  readonly owners: readonly string[];
  /** How the first visible owner came into the set. */
  readonly chain: readonly ToldLink[];
}

/** A package that was used, and the first of the files that were. */
export interface UsedPackage {
  readonly cpv: string;
  /** By which an ebuild would name it. */
  readonly atom: string;
  /** Whether content of it was read; otherwise its files were only found. */
  readonly read: boolean;
  /** At most ten; when it was read, those that were. */
  readonly paths: readonly string[];
}

/** Which installed packages a view shows, and which of them were used. */
export interface ViewPackages {
  readonly visible: readonly string[];
  /** Those that could be shown. */
  readonly hidden: readonly string[];
  readonly used: readonly UsedPackage[];
}

/** One line of the answer. */
export interface HealthCheck {
  readonly name: string;
  /** `fail`: lvfs cannot work; `warn`: something of it cannot, or will be slower. */
  readonly state: 'ok' | 'warn' | 'fail';
  /** What was found. */
  readonly found: string;
  /** How to mend it; not with `ok`. */
  readonly remedy?: string;
}

/** Something that closes a way. */
export interface Obstacle {
  /** What was found. */
  readonly found: string;
  /** How to mend it. */
  readonly remedy: string;
}

/** One of the ways in which an ordinary user can have a view. */
export interface UserWay {
  readonly way: 'user namespace' | 'fusermount';
  /** What he can do in it. */
  readonly commands: readonly string[];
  /** Nothing closes it: {@link obstacles} is empty. */
  readonly open: boolean;
  /** What closes it, and how to mend that. */
  readonly obstacles: readonly Obstacle[];
}

/** The whole answer. */
export interface Health {
  /** No check failed and, for an ordinary user, a way is open. */
  readonly ready: boolean;
  readonly checks: readonly HealthCheck[];
  /** For an ordinary user, whoever asks. */
  readonly users: readonly UserWay[];
}

/** How a command ended: by a status, or killed by a signal. */
export interface CommandEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A file, and what of it only one image has. */
export interface FileDifference {
  readonly path: string;
  readonly onlyFirst: readonly string[];
  readonly onlySecond: readonly string[];
}

/** How two images differ. Paths are absolute as they would be installed, one character a byte. */
export interface ImageDifference {
  readonly onlyFirst: readonly string[];
  readonly onlySecond: readonly string[];
  /** Files whose needs differ, in sonames or module names. */
  readonly needs: readonly FileDifference[];
  /** Libraries that offer other symbols. */
  readonly symbols: readonly FileDifference[];
  /** Files that differ in content only. */
  readonly changed: readonly string[];
}

/** A setting that two builds have differently. */
export interface SettingChange {
  /** Relative to the directory of the build. */
  readonly file: string;
  readonly name: string;
  /** Null where it is not set. */
  readonly without: string | null;
  readonly with: string | null;
}

/** Why something is left open; `remains`: a command failed again on what it had left itself. */
export type EffortEnd = 'time' | 'interrupted' | 'builds' | 'remains';

/** How many builds a proof took and how long. */
export interface Effort {
  readonly builds: number;
  readonly seconds: number;
  /** Why there were no more builds, when that left something open. */
  readonly end?: EffortEnd;
}

/** What building a failed build again has shown. */
export interface Proof extends Effort {
  /**
   * `needs`: with `packages` shown it builds, without them it does not. `own`: it fails with all that is installed as well. `unsteady`: the
   * same build succeeds one time and fails another. `open`: there were to be no more builds.
   */
  readonly outcome: 'needs' | 'own' | 'unsteady' | 'open';
  /** With any other outcome than `needs`: those that got the build further. */
  readonly packages: readonly string[];
}

/** What `--compare` has shown. */
export interface Comparison extends Effort {
  /**
   * `same`; `differs`: what is hidden makes a difference; `open`: there were to be no more builds before that was known, or known
   * of all; `impossible`: nothing could be compared, and `reason` says why.
   */
  readonly outcome: 'same' | 'differs' | 'open' | 'impossible';
  readonly reason?: string;
  /** What was looked for in vain and shown in the build that was compared; so was all else that is installed. */
  readonly allowed: readonly string[];
  /** Of the build with that; undefined when there was none. */
  readonly status?: number;
  /** Between the first build's result and that one's. */
  readonly difference?: ImageDifference;
  /** Packages that make a difference, and the files in which: those of an entry together. */
  readonly automagic: readonly {
    readonly packages: readonly string[];
    readonly files: readonly string[];
    /** What the build finds out otherwise with them. */
    readonly settings: readonly SettingChange[];
  }[];
  /** Files that differ from one build to the next although the same is shown. */
  readonly unsteady: readonly string[];
  /** Files that differ, and nobody was found for. */
  readonly unexplained: readonly string[];
}

/** What came of a build. */
export interface BuildOutcome {
  /** cpvs. */
  readonly targets: readonly string[];
  /** Exit status of the build command, as a shell gives it. */
  readonly status: number;
  /** Of the first build, as are its beginning and its end, in ISO 8601. */
  readonly seconds: number;
  readonly started: string;
  readonly ended: string;
  /** In the light of what was proved. */
  readonly report: Report;
  readonly html?: string;
  /** The end of the first build's output. */
  readonly output: string;
  /** The logs that emerge has left of a build that failed, by their paths on the host. */
  readonly logs: readonly string[];
  readonly proof?: Proof;
  readonly comparison?: Comparison;
  /** The user ended the build: what is known is of what happened so far. */
  readonly interrupted: boolean;
}

/** What came of a target: a build, or why there is none; a build that was ended has both. */
export interface Checked {
  readonly target: string;
  readonly outcome?: BuildOutcome;
  readonly error?: Error & { readonly code: string; readonly exit: number };
}

/** What may be done about an addition. */
export interface Answer {
  readonly text: string;
  /** Undefined: it is not declared. */
  readonly atom?: string;
  /** `flag` or `!flag`: it is declared under that. */
  readonly condition?: string;
}

/** Something that builds cannot tell, with what may be answered; the first answer is taken where nobody is asked. */
export interface Question {
  readonly cpv: string;
  readonly text: string;
  readonly answers: readonly Answer[];
}

/** A dependency that the ebuild should declare. */
export interface Addition {
  readonly cpv: string;
  readonly variable: 'DEPEND' | 'BDEPEND' | 'RDEPEND' | 'PDEPEND' | 'IDEPEND';
  /** The likeliest atom first; of several the builds cannot tell which is meant. */
  readonly atoms: readonly { readonly atom: string; readonly reason: string }[];
  /**
   * `needed`: the build fails without it. `automagic`: the result differs. `second-hand`: it is used, and visible only for what others
   * declare.
   */
  readonly kind: 'needed' | 'automagic' | 'second-hand';
  /** `flag` or `!flag`; several that all have to hold are separated by a space, and alternatives by ` | `. Absent: it is always needed, or that is not known. */
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
  readonly cpv: string;
  readonly variable: 'DEPEND' | 'BDEPEND' | 'RDEPEND' | 'PDEPEND' | 'IDEPEND';
  readonly atom: string;
}

/** A build that was made. */
export interface FixStep {
  readonly what: string;
  readonly end: 'built' | 'failed' | 'impossible';
  readonly seconds: number;
  /** It was made by an earlier call. */
  readonly known: boolean;
}

/** What would be tried. */
export interface FixPlan {
  /** cpv. */
  readonly target: string;
  readonly ebuild: string;
  /** How many builds there may be. */
  readonly builds: number;
  /** In words. */
  readonly steps: readonly string[];
}

/** What came of it. */
export interface Fix {
  /**
   * `done`; `own`: the build fails with all that is installed; `unsteady`: the same build fails one time and succeeds another; `open`: there
   * were to be no more builds before all was known.
   */
  readonly outcome: 'done' | 'own' | 'unsteady' | 'open';
  readonly additions: readonly Addition[];
  readonly withdrawals: readonly Withdrawal[];
  /** What was left open, and so stands in the ebuild as a comment. */
  readonly open: readonly string[];
  /** The commit message; the first line is the subject. */
  readonly message: string;
  /** cpv. */
  readonly target: string;
  /** Its file. */
  readonly ebuild: string;
  /** The repository that the patch is for. */
  readonly repository: string;
  /** How many builds this call has made. */
  readonly builds: number;
  /** There would have been more, but for `builds` or `buildTime`. */
  readonly limited: boolean;
  readonly steps: readonly FixStep[];
  /** For `git am`; empty when nothing is to be changed. */
  readonly patch: string;
  /** What the builds have shown is kept, so that the next call begins where this one ended, until this is called. */
  forget(): void;
}
