/**
 * What a platform's namespace helper does: it runs programs so that nobody else sees their mounts, and nothing of them
 * outlives them.
 *
 * On a platform without namespaces {@link NamespaceHelper.spawnPrivate} and {@link NamespaceHelper.enter} fail with NO_TOOL:
 * `run`, `shell`, `build` and `check` do not work there, `mount`, `umount` and chroot(1) into the result do.
 */
import type { ChildProcess, StdioOptions } from 'node:child_process';
import type { LvfsError, ProcessEnd } from '../../base/index.js';
import type { HealthCheck, Obstacle } from './health.js';

/** How a command is run in a view. */
export interface EnterOptions {
  /** Where the view is mounted; the command's root directory. */
  readonly root: string;
  /** Directory inside the view in which the command starts; it must exist there. */
  readonly cwd: string;
  /** The command; a path is one inside the view. */
  readonly argv: readonly string[];
  /** All of its environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly stdio: StdioOptions;
  /** Take the network away. */
  readonly noNetwork: boolean;
  /**
   * See and be seen by the host's processes. What the command leaves behind is then killed by
   * {@link NamespaceHelper.killAll} only.
   */
  readonly hostProcesses: boolean;
  /** Mount the processes of the new namespace on the view's /proc. */
  readonly mountProc: boolean;
  /** With {@link mountProc}: so many processes and threads at most, where the kernel can count them by namespace (Linux 6.14); undefined: no limit. */
  readonly processes?: number | undefined;
  /** Make a mount namespace of its own; otherwise the caller's is used, which must be private. */
  readonly ownMounts: boolean;
  /** Mounts that are taken away in the namespace, with what is over them: it would keep them alive for as long as the command runs. */
  readonly leave: readonly string[];
}

/** A command that was started. */
export interface Entered {
  /** The helper around the command; its streams are the command's. */
  readonly child: ChildProcess;
  /**
   * Resolves when the command and everything it started are gone. Statuses 125 to 127 are the helper's, as in chroot(1).
   *
   * @throws LvfsError NO_TOOL (exit 125)
   */
  readonly ended: Promise<ProcessEnd>;
  /** Sends a signal to the command itself; nothing when it has ended. */
  readonly signal: (name: NodeJS.Signals) => void;
  /** Kills the command and everything it started. */
  readonly kill: () => void;
}

/** How a program with mounts of its own is started. */
export interface PrivateOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly stdio: StdioOptions;
}

/** A program with mounts of its own. */
export interface PrivateProcess {
  /** The program itself, so that its process id is the one to look for. */
  readonly child: ChildProcess;
  /** Resolves when it has ended; with NO_TOOL (exit 125) when it could not be started. */
  readonly ended: Promise<LvfsError | undefined>;
}

/** What a program sees instead of what the host has. */
export interface Covering {
  /** Existing directory that is an empty one in memory instead, but for `proc`: the processes that the caller sees. */
  readonly place: string;
  /** Puts into it what is needed; `seen` is where the caller finds it. */
  readonly prepare: (seen: string) => Promise<void>;
  /** Files of the host and the name in `place` of what stands there instead. */
  readonly covers: readonly { readonly path: string; readonly by: string }[];
}

/** A program that sees some files of the host replaced. */
export interface CoveredProcess extends PrivateProcess {
  /** Resolves when everything is in place and the program is about to be started. Rejects with COVER_FAILED (exit 23), or as `prepare`. */
  readonly ready: Promise<void>;
  /** Shows the host's own files again, so that they can be replaced from in there. Rejects with COVER_FAILED (exit 23). */
  uncover(): Promise<void>;
}

/** A mount namespace that is held. */
export interface HeldNamespace {
  readonly name: string;
  /** Lets go of it, and with it of what is mounted in it when nobody is in there any more. */
  release(): void;
}

/** Namespaces on a platform. A namespace is named by an opaque text, equal for all processes in it. */
export interface NamespaceHelper {
  /**
   * Starts a program of the host in a mount namespace of its own, in which it may mount: for an ordinary user as root of a
   * user namespace in which he is root. Its mounts are seen nowhere else, and vanish with the last process in there. When the
   * caller ends, the program gets SIGTERM; if it ended before that was arranged, nobody tells, so the program compares its
   * parent.
   */
  spawnPrivate(argv: readonly string[], options: PrivateOptions): PrivateProcess;

  /**
   * Starts a program of the host, as root, in a mount namespace of its own in which files of the host are covered by others; it sees what is
   * mounted on the host meanwhile, and nothing that is mounted in there is seen outside. All of that vanishes with the last process in
   * there. When the caller ends, the program gets SIGTERM. Standard streams are the caller's, and so is the directory.
   */
  spawnCovered(argv: readonly string[], env: NodeJS.ProcessEnv, covering: Covering): CoveredProcess;

  /**
   * Kills every process in a mount namespace that belongs to the caller's session (setsid(2)), and waits until they are gone, for five
   * seconds at most. What has made itself a session of its own, as daemons do, is left alone.
   */
  killSession(namespace: string): Promise<void>;

  /**
   * Starts a command with a view as its root directory, in a process namespace of its own unless told otherwise. Everything
   * it starts is killed when it ends, when {@link Entered.kill} is called, and when the caller ends in whatever way.
   */
  enter(options: EnterOptions): Entered;

  /** Names the mount namespace of a process; undefined when the process is gone or not the caller's to look at. */
  mountNamespace(pid: number | 'self'): string | undefined;

  /**
   * Holds the mount namespace of a process, so that its name stays its own when all in there have ended: the kernel gives the names of
   * those that are gone to new ones. Undefined as for {@link mountNamespace}.
   */
  hold(pid: number): HeldNamespace | undefined;

  /** Kills every process in a mount namespace but the caller and `spared`, and waits until they are gone, for five seconds at most. */
  killAll(namespace: string, spared?: readonly number[]): Promise<void>;

  /** Waits until nobody but the caller is left in a mount namespace, for five seconds at most. */
  emptied(namespace: string): Promise<void>;

  /** Where processes in other namespaces find a path of the caller's own mount namespace, for as long as the caller lives. */
  seenFromOutside(path: string): string;

  /** What `lvfs doctor` says about what the caller can do. */
  check(): HealthCheck[];

  /** What keeps an ordinary user from a private view; none: nothing does. As root this is tried as such a user. */
  userObstacles(): Obstacle[];
}
