/** What a view is asked to be: plain data that travels from the command line to the daemon as JSON. */
import type { SetRequest, SystemLocations } from '../portage/index.js';
import type { SystemPathKind } from '../view/index.js';

/** A change of the built-in list of system paths. */
export interface SystemPathChange {
  /** Absolute path or glob inside the root. */
  readonly path: string;
  readonly kind: Exclude<SystemPathKind, 'filtered'>;
  /** `category/name` of the packages that generate it. */
  readonly packages?: readonly string[];
  readonly reason: string;
  /** Takes the path off the list. */
  readonly remove: boolean;
}

/** What a mounted view can be asked to show instead. */
export interface Shown {
  readonly set: SetRequest;
  /** Globs of `--show` and `--hide`. */
  readonly show: readonly string[];
  readonly hide: readonly string[];
}

/** Which packages and which paths a view shows. */
export interface ViewRequest extends Shown {
  readonly locations: SystemLocations;
  readonly systemPaths: readonly SystemPathChange[];
  /** The directory in which the index is saved. */
  readonly cache: string;
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

/** A view to be mounted. */
export interface SessionRequest extends ViewRequest {
  /** As given, made absolute. */
  readonly mountpoint: string;
  /** A driver's name, or `auto`. */
  readonly driver: string;
  /** Serving threads. */
  readonly threads: number;
  /** Mount over a directory that is not empty. */
  readonly nonempty: boolean;
  /** What is mounted over it; undefined: nothing. */
  readonly binds?: BindRequest;
  /** Report every access, not only denials; slow, since nothing is remembered by the kernel. */
  readonly trace?: boolean;
  /** Tell each use of what is not @system, with who uses it, for a report of one build; costs a request for each. */
  readonly attribute?: boolean;
  /**
   * With {@link attribute}: say nothing of what is used of @system and not declared. No finding comes of it, and a view that goes on with
   * other targets need not forget it.
   */
  readonly findingsOnly?: boolean;
  /** The version of lvfs, for the record. */
  readonly version: string;
}

/** A view in a private namespace, for one command. */
export interface InsideRequest extends Omit<SessionRequest, 'mountpoint' | 'nonempty'> {
  readonly binds: BindRequest;
  /** The name of a program that PATH must lead to inside; otherwise nothing is mounted. */
  readonly program?: string;
  /** Variables that count for the view and for what is run in it, beside those of the caller. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Without a network. */
  readonly noNetwork: boolean;
  /** Among the host's processes. */
  readonly hostProcesses: boolean;
  /** So many processes of its own at most; see `EnterOptions.processes`. */
  readonly processes?: number;
}

/** Whether a view that was made for one request can become what another asks for. */
export function canBecome(made: InsideRequest, asked: InsideRequest): boolean {
  const rest = ({ set: _set, show: _show, hide: _hide, ...all }: InsideRequest): string =>
    JSON.stringify(all);
  return rest(made) === rest(asked);
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
  readonly log: string;
  /** Its daemon is in another pid namespace (a container, another machine): `pid` and perhaps `mountpoint` mean something only there. */
  readonly elsewhere?: true;
  /** Why the daemon ended; only with `failed`. */
  readonly failure?: string;
  /** What a running daemon adds. */
  readonly live?: LiveStatus;
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
