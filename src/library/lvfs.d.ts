/**
 * What `import … from 'lvfs'` gives, as docs/library.md promises it: all that a program may rely on. A test compares it with the code.
 */
import type {
  Plan,
  BuildOutcome,
  Checked,
  Fix,
  FixPlan,
  FixStep,
  IgnoreSetting,
  Question,
  Answer,
  SystemPathChange,
  BindRequest,
  LiveResult,
  SessionStatus,
  Denial,
  ReportResult,
  ReportOptions,
  Explanation,
  ViewPackages,
  Health,
  CommandEnd,
} from './shapes.js';

export type * from './shapes.js';

/**
 * Every exit status of the `lvfs` command. Node itself uses 1 and 3–14 for its own failures, so scripts should
 * act on 2 and on 20 and above only.
 */
export declare const exitStatus: {
  /** Done. */
  readonly ok: 0;
  /** Failed for another stated reason. */
  readonly failure: 1;
  /** Wrong usage of the command line. */
  readonly usage: 2;
  /** No such package or version, an ambiguous name, or a masked one. */
  readonly noPackage: 20;
  /** Build dependencies are not installed. */
  readonly notInstalled: 21;
  /** Portage's data is unreadable or malformed. */
  readonly portageData: 22;
  /** Cannot mount: no /dev/fuse, no rights, busy or stale mount point. */
  readonly cannotMount: 23;
  /** No such mount, or its daemon does not answer. */
  readonly noMount: 24;
  /** `build`, `check`: the build failed. */
  readonly buildFailed: 29;
  /** `build`, `check`, `report --strict`: undeclared dependencies were found. */
  readonly undeclared: 30;
  /** `run`, `shell`: lvfs itself failed before the command could run. */
  readonly runFailed: 125;
  /** `run`, `shell`: the command was found but could not be executed. */
  readonly notExecutable: 126;
  /** `run`, `shell`: the command was not found. */
  readonly commandNotFound: 127;
};

/** One of the documented exit statuses. */
export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus];

/** What an {@link LvfsError} may carry besides its message. */
export interface LvfsErrorOptions {
  /** The status the command ends with; 1 when not given. */
  exit?: ExitStatus;
  /** A second line that says what the user can do. */
  hint?: string;
  /** What led to this error; its message is appended when the error is shown. */
  cause?: unknown;
  /** Further facts for `--json`, such as the candidates of an ambiguous name. */
  details?: Readonly<Record<string, unknown>>;
}

/**
 * A failure that is explained to the user: one line, without a stack.
 *
 * `code` is stable and in capitals (`AMBIGUOUS_ATOM`); the message names the offending value.
 */
export declare class LvfsError extends Error {
  readonly code: string;
  readonly exit: ExitStatus;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;
  constructor(code: string, message: string, options?: LvfsErrorOptions);
}

/** How much a message matters; `debug` is not shown unless asked for. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** Where messages go: one line each, without the line end. */
export type Logger = (level: LogLevel, message: string) => void;

/** Where Portage's data lies. Paths are made absolute; everything but `root` defaults to its place inside `root`. */
export interface Places {
  /** The tree that is shown; default `/`. */
  readonly root?: string | undefined;
  /** The database of installed packages; default `var/db/pkg`. */
  readonly vdb?: string | undefined;
  /** The system that targets are built for, when it is not the root: CROSS BUILDS in lvfs(1). */
  readonly sysroot?: string | undefined;
  /** Where the targets' `etc/portage` lies; default the sysroot, else the root. */
  readonly configRoot?: string | undefined;
  /** Offset of a Gentoo Prefix; default none. */
  readonly prefix?: string | undefined;
  /** Repositories in place of repos.conf; the first is the main one. */
  readonly repos?: readonly string[] | undefined;
  /** The directory in which the index is saved; default `/var/cache/lvfs`, for an ordinary user in `$XDG_CACHE_HOME`. */
  readonly cache?: string | undefined;
}

/** What a view shows, beside what its targets declare. The options of `lvfs mount` with these names say more. */
export interface Shown {
  /** Installed packages (atoms, names, sets) to show as well, with what they need to run. */
  readonly with?: readonly string[] | undefined;
  /** Installed packages to hide. */
  readonly without?: readonly string[] | undefined;
  /** @system and what it needs to run; default true. */
  readonly system?: boolean | undefined;
  /** Also what the targets need to run. */
  readonly rdepend?: boolean | undefined;
  /** As with `FEATURES=test`. */
  readonly test?: boolean | undefined;
  /** Do not fail when a build dependency is not installed. */
  readonly allowMissing?: boolean | undefined;
  /** All installed alternatives of an any-of group, rather than the one that emerge would choose. */
  readonly allAlternatives?: boolean | undefined;
  /** Also take an ebuild that emerge would refuse, as far as its dependencies can be understood. */
  readonly allowInvalid?: boolean | undefined;
  /** Globs of paths to show or to hide, whoever owns them. */
  readonly show?: readonly string[] | undefined;
  readonly hide?: readonly string[] | undefined;
  /** Changes of the built-in list of system paths. */
  readonly systemPaths?: readonly SystemPathChange[] | undefined;
}

/** Who hears of what happens on the way; default: nobody. */
export interface Talk {
  /** Warnings and more, a line each. */
  readonly log?: Logger | undefined;
  /** What takes long, while it does. */
  readonly progress?: ((text: string) => void) | undefined;
}

/** How a view is served, and what is mounted over it. */
export interface Served {
  /** How to speak to the kernel; default `auto`, the first that works. */
  readonly driver?: 'auto' | 'kernel' | 'libfuse' | undefined;
  /** Serving threads; default 1. */
  readonly threads?: number | undefined;
  /** Report every access, not only denials; slow. */
  readonly trace?: boolean | undefined;
  /** What is mounted over it; default all that builds need. */
  readonly binds?: Partial<BindRequest> | undefined;
}

/** A mounted view. */
export interface MountOptions extends Shown, Served, Talk {
  /** Mount over a directory that is not empty. */
  readonly nonempty?: boolean | undefined;
}

/** How a program ends what it has asked for. */
export interface Interruptible {
  /** Gives up; everything is taken away before it throws `CANCELLED`. A command that runs is sent SIGTERM. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Passes on other signals than that to the command that runs: is given who takes them, and gives what ends that.
   */
  readonly passTo?: ((receiver: (name: NodeJS.Signals) => void) => () => void) | undefined;
}

/** A private view. */
export interface PrivateOptions extends Shown, Served, Talk, Interruptible {
  /** Without a network. */
  readonly noNetwork?: boolean | undefined;
  /** Among the host's processes. */
  readonly hostProcesses?: boolean | undefined;
  /** Tell each use of what is not @system, for a report of one build; costs a request for each. */
  readonly attribute?: boolean | undefined;
}

/** What is passed over in a report. */
export interface Judged {
  /** Evidence to pass over, as in lvfs.conf(5). */
  readonly ignore?: readonly IgnoreSetting[] | undefined;
  /** Names of the built-in rules about the habits of tools that do not hold. */
  readonly habitsOff?: readonly string[] | undefined;
}

/** What builds are, one or many: as `lvfs build` has it. */
export interface AnyBuildOptions extends Omit<PrivateOptions, 'attribute'>, Judged {
  /** Build with this, run by `sh -c` in the current directory, instead of emerge. */
  readonly command?: string | undefined;
  /** Build again with all that is installed, to find out which packages make a difference. */
  readonly compare?: boolean | undefined;
  /** Build again to find out what a failed build lacked; default true. */
  readonly prove?: boolean | undefined;
  /** How long building again may take in all, in minutes; default 30. */
  readonly proofTime?: number | undefined;
  /** With `command`: where the result of a build lies, for `compare`; default the current directory. */
  readonly image?: string | undefined;
  /** Also make a page of the report. */
  readonly html?: boolean | undefined;
}

/** One build. */
export interface BuildOptions extends AnyBuildOptions {
  /** What the build prints is shown on standard output; `'color'`: in colours. */
  readonly echo?: boolean | 'color' | undefined;
  /** Hears of every denial of the first build as it happens. */
  readonly onDenial?: ((denial: Denial) => void) | undefined;
}

/** Many builds. */
export interface CheckOptions extends AnyBuildOptions {
  /** Builds at a time; default half as many as there are processors. */
  readonly jobs?: number | undefined;
  /** Minutes that one target may take, everything included; default a day. */
  readonly timeout?: number | undefined;
  /** Processes and threads of a target at most; default 16384. */
  readonly processes?: number | undefined;
  /** One view for each job, that becomes the view of one target after the other; default true. */
  readonly reuse?: boolean | undefined;
  /** Hears what is begun. */
  readonly onBegin?: ((target: string) => void) | undefined;
}

/** Asks; undefined when there is nobody to be asked. */
export type Asker = (question: Question) => Promise<Answer | undefined>;

/** How an ebuild is mended. */
export interface FixOptions extends Omit<PrivateOptions, 'attribute'>, Judged {
  /** Also find out which declared build dependencies can go. */
  readonly unused?: boolean | undefined;
  /** Find out what only makes the result differ (automagic); default true. */
  readonly compare?: boolean | undefined;
  /** How many builds there may be; default 40. */
  readonly builds?: number | undefined;
  /** How long building may take in all, in minutes; default no limit. */
  readonly buildTime?: number | undefined;
  /** Build everything again, also what an earlier call has found out. */
  readonly again?: boolean | undefined;
  /** Answers what no build can tell; without it, that is left open, and is a comment in the ebuild. */
  readonly ask?: Asker | undefined;
  /** Hears how each build ended. */
  readonly onStep?: ((step: FixStep) => void) | undefined;
}

/** What a change of the targets did. */
export type Retargeted = LiveResult & {
  readonly targets: readonly string[];
};

/** What every view can be asked. Everything may throw an `LvfsError`; `NO_ANSWER` when the view is gone. */
export interface View {
  /** What it is, and how it fares. */
  status(): Promise<SessionStatus>;
  /** What was looked for in vain so far, each once. */
  denials(): Promise<readonly Denial[]>;
  /** Tells of every denial so far and from now on; resolves when the view has ended. */
  follow(onDenial: (denial: Denial) => void): Promise<void>;
  /** What the work in it says about the targets' dependencies. */
  report(options?: ReportOptions): Promise<ReportResult>;
  /** Who owns paths (absolute, as they are inside), and why they are visible or not. */
  why(paths: readonly (string | Buffer)[]): Promise<readonly Explanation[]>;
  /** Which installed packages are visible, which could be, and which of them were used. */
  packages(): Promise<ViewPackages>;
  /** Shows more, at once: atoms, names and sets of installed packages, or absolute paths. */
  allow(names: readonly string[]): Promise<LiveResult>;
  /** Shows less, at once. */
  deny(names: readonly string[]): Promise<LiveResult>;
  /** Makes it the view of other targets, as if it had just been made for them. */
  retarget(targets: readonly string[]): Promise<Retargeted>;
  /** Ends this connection, or the private view. */
  close(): void | Promise<void>;
}

/** A connection to a view that `lvfs mount` or `mountView` has made. The view stays when the connection, or this process, ends. */
export interface MountedView extends View {
  /** Where it is mounted. */
  readonly mountpoint: string;
  /**
   * Unmounts it, with all that is mounted over it, and waits until its daemon has ended.
   *
   * @param lazy detach it although it is in use; who uses it gets errors
   * @throws LvfsError MOUNT_BUSY (exit 23) with who uses it
   */
  umount(options?: { lazy?: boolean }): Promise<void>;
  close(): void;
}

/** A view that nobody but this process and what it runs there sees, and that ends with it. */
export interface PrivateView extends View {
  /**
   * Runs a command in it to its end, one at a time; nothing that it started is left then. It has this process's standard
   * input, output and error, unless `capture` keeps its output for {@link output} and for the report.
   */
  run(
    argv: readonly string[],
    options?: { capture?: boolean; environment?: Record<string, string> },
  ): Promise<CommandEnd>;
  /** What the last command printed, if that was captured. */
  output(): Promise<string>;
  /** Passes a signal on to the running command. */
  signal(name: NodeJS.Signals): void;
  /** Takes the view away, and returns when nothing is left of it. */
  close(): Promise<void>;
}

/** A Gentoo system: where it lies, and what can be asked and made there. Nothing is read before it is asked. */
export interface System {
  /**
   * The packages that a build of the targets may see, and why.
   *
   * @param targets atoms, names, sets (`@world`), or places of ebuilds
   * @throws LvfsError exit 20 (no such package), 21 (build dependencies are not installed), 22 (Portage's data)
   */
  plan(targets: readonly string[], shown?: Shown): Promise<Plan>;
  /**
   * Who owns paths (absolute, inside the root); with targets also whether they would be visible, and by which rule.
   *
   * @throws LvfsError as {@link plan}
   */
  why(
    paths: readonly (string | Buffer)[],
    targets?: readonly string[],
    shown?: Shown,
  ): Promise<readonly Explanation[]>;
  /**
   * Mounts the view for building the targets. A daemon serves it until it is unmounted, also after this process has ended.
   *
   * @throws LvfsError as {@link plan}, or exit 23 (it cannot be mounted)
   */
  mount(targets: readonly string[], mountpoint: string, options?: MountOptions): Promise<MountedView>;
  /**
   * Makes a view that only this process sees, for running commands in; {@link PrivateView.close} takes it away, and so does the
   * end of this process.
   *
   * @throws LvfsError as {@link mount}
   */
  privateView(targets: readonly string[], options?: PrivateOptions): Promise<PrivateView>;
  /**
   * Builds targets in a private view, with emerge or a command, and proves what there is to be proved; what was found is in the report.
   * A build that fails is a result.
   *
   * @throws LvfsError as {@link privateView}
   */
  build(targets: readonly string[], options?: BuildOptions): Promise<BuildOutcome>;
  /**
   * Builds many targets, several at a time, each in a view of its own and at its own risk.
   *
   * @param ended hears what came of each; no other is begun after it has returned false
   * @throws nothing that is the fault of a target
   */
  check(
    targets: readonly string[],
    options: CheckOptions,
    ended: (checked: Checked) => boolean | undefined,
  ): Promise<void>;
  /**
   * What {@link fix} would try; builds nothing.
   *
   * @throws LvfsError as {@link fix}
   */
  planFix(target: string, options?: FixOptions): Promise<FixPlan>;
  /**
   * Builds an ebuild until it is known what it should declare, and gives a patch of it. The ebuild itself is not changed.
   *
   * @param target an atom, or the place of an ebuild
   * @throws LvfsError as {@link build}; ONE_TARGET (exit 2), NO_EBUILD (exit 20), CANNOT_READ (exit 1); CANCELLED: the next call goes on where this one was
   */
  fix(target: string, options?: FixOptions): Promise<Fix>;
  /** Whether the machine is ready, as `lvfs doctor` says. */
  health(): Promise<Health>;
}

/** Names a Gentoo system; by default that of this machine. */
export declare function openSystem(options?: Places & Talk): System;

/** Mounts the view for building the targets, of this machine or of `places`; see {@link System.mount}. */
export declare function mountView(
  targets: readonly string[],
  mountpoint: string,
  options?: MountOptions & Places,
): Promise<MountedView>;

/**
 * Connects to a view that is mounted.
 *
 * @param mountpoint where it is; or the process id of a running `lvfs run`, `shell` or `build`
 * @throws LvfsError exit 24 when there is none, or its daemon does not answer
 */
export declare function openView(mountpoint: string): Promise<MountedView>;

/** The views of this user, also those whose daemon has died; with mount points, these. */
export declare function listViews(mountpoints?: readonly string[]): Promise<readonly SessionStatus[]>;

/**
 * Unmounts a view, also one whose daemon has died.
 *
 * @throws LvfsError as {@link MountedView.umount}, or exit 24 when there is none
 */
export declare function unmountView(
  mountpoint: string,
  {
    lazy,
  }?: {
    lazy?: boolean;
  },
): Promise<void>;

/** What may be started: the daemon of a mounted view, or the server of a private one. */
export type Ahead = 'daemon' | 'inside';

/** Starts it, if that is possible, for the next view that is made: whoever makes that is told why it is not. */
export declare function startAhead(which: Ahead): Promise<void>;

/** Ends what was started ahead and nobody has taken, nor will. */
export declare function dismissAhead(): Promise<void>;

/** The version of lvfs. */
export declare function version(): string;

/** Raised when what is described in docs/library.md changes so that a program may have to; what is added does not raise it. */
export declare const apiVersion = 1;
