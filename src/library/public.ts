/**
 * What `import … from 'lvfs'` gives; docs/library.md describes it with its promises. Nothing here prints or ends the process, and
 * everything that fails for a reason of the user's throws an `LvfsError`.
 */
import {
  checkHealth,
  connect,
  explainFor,
  explainOwners,
  makePlan,
  openInside,
  statuses,
  type Explanation,
  type Health,
  type InsideRequest,
  type Plan,
  type SessionStatus,
} from '../daemon/index.js';
import { takeInside } from './ahead.js';
import {
  bindsOf,
  hearer,
  launchView,
  mountRequest,
  servedOf,
  type Hearer,
  type MountOptions,
  type Served,
  type Talk,
} from './mounting.js';
import { cacheOf, locationsOf, requestOf, type Places, type Shown } from './request.js';
import { latin1, MountedView, PrivateView } from './view.js';

export { exitStatus, LvfsError, type ExitStatus, type Logger, type LogLevel } from '../base/index.js';
export type { Denial, Missing, Report } from '../audit/index.js';
export type {
  CommandEnd,
  Explanation,
  Health,
  HealthCheck,
  IgnoreSetting,
  LiveResult,
  Plan,
  SessionStatus,
  SystemPathChange,
  UsedPackage,
  ViewPackages,
  VisibleSet,
} from '../daemon/index.js';
export { dismissAhead, startAhead, type Ahead } from './ahead.js';
export { version, type MountOptions, type Served, type Talk } from './mounting.js';
export type { Places, Shown } from './request.js';
export type { MountedView, PrivateView, ReportOptions, ReportResult, Retargeted, View } from './view.js';

/** Raised when what is described in docs/library.md changes so that a program may have to; what is added does not raise it. */
export const apiVersion = 1;

/** A private view. */
export interface PrivateOptions extends Shown, Served, Talk {
  /** Without a network. */
  readonly noNetwork?: boolean | undefined;
  /** Among the host's processes. */
  readonly hostProcesses?: boolean | undefined;
  /** Tell each use of what is not @system, for a report of one build; costs a request for each. */
  readonly attribute?: boolean | undefined;
  /** Gives up; everything is taken away before it throws `CANCELLED`. */
  readonly signal?: AbortSignal | undefined;
}

/** A Gentoo system: where it lies, and what can be asked and made there. Nothing is read before it is asked. */
class System {
  readonly #places: Places;
  readonly #talk: Hearer;

  /** See {@link openSystem}. */
  constructor({ log, progress, ...places }: Places & Talk) {
    this.#places = places;
    this.#talk = hearer({ log, progress });
  }

  /**
   * The packages that a build of the targets may see, and why.
   *
   * @param targets atoms, names, sets (`@world`), or places of ebuilds
   * @throws LvfsError exit 20 (no such package), 21 (build dependencies are not installed), 22 (Portage's data)
   */
  plan(targets: readonly string[], shown: Shown = {}): Promise<Plan> {
    return makePlan(requestOf(targets, this.#places, shown), this.#talk.log);
  }

  /**
   * Who owns paths (absolute, inside the root); with targets also whether they would be visible, and by which rule.
   *
   * @throws LvfsError as {@link plan}
   */
  async why(
    paths: readonly (string | Buffer)[],
    targets: readonly string[] = [],
    shown: Shown = {},
  ): Promise<readonly Explanation[]> {
    const { log, progress } = this.#talk;
    const bytes = paths.map((path) => Buffer.from(latin1(path), 'latin1'));
    return targets.length > 0
      ? explainFor(requestOf(targets, this.#places, shown), bytes, log, progress)
      : explainOwners(locationsOf(this.#places), cacheOf(this.#places), bytes, log, progress);
  }

  /**
   * Mounts the view for building the targets. A daemon serves it until it is unmounted, also after this process has ended.
   *
   * @throws LvfsError as {@link plan}, or exit 23 (it cannot be mounted)
   */
  async mount(
    targets: readonly string[],
    mountpoint: string,
    options: MountOptions = {},
  ): Promise<MountedView> {
    const request = mountRequest(targets, mountpoint, this.#places, options);
    const status = await launchView(request, hearer(options, this.#talk));
    return openView(status.mountpoint);
  }

  /**
   * Makes a view that only this process sees, for running commands in; {@link PrivateView.close} takes it away, and so does the
   * end of this process.
   *
   * @throws LvfsError as {@link mount}
   */
  async privateView(targets: readonly string[], options: PrivateOptions = {}): Promise<PrivateView> {
    const {
      signal = new AbortController().signal,
      noNetwork = false,
      hostProcesses = false,
      attribute,
    } = options;
    const request: InsideRequest = {
      ...requestOf(targets, this.#places, options),
      ...servedOf(options),
      binds: bindsOf(options, true),
      noNetwork,
      hostProcesses,
      ...(attribute === undefined ? {} : { attribute }),
    };
    return new PrivateView(
      await openInside(await takeInside(), request, hearer(options, this.#talk), signal),
    );
  }

  /** Whether the machine is ready, as `lvfs doctor` says. */
  health(): Promise<Health> {
    return checkHealth(
      { locations: locationsOf(this.#places), cache: cacheOf(this.#places) },
      this.#talk.log,
    );
  }
}

export type { System };

/** Names a Gentoo system; by default that of this machine. */
export function openSystem(options: Places & Talk = {}): System {
  return new System(options);
}

/** Mounts the view for building the targets, of this machine or of `places`; see {@link System.mount}. */
export function mountView(
  targets: readonly string[],
  mountpoint: string,
  options: MountOptions & Places = {},
): Promise<MountedView> {
  return openSystem(options).mount(targets, mountpoint, options);
}

/**
 * Connects to a view that is mounted.
 *
 * @param mountpoint where it is; or the process id of a running `lvfs run`, `shell` or `build`
 * @throws LvfsError exit 24 when there is none, or its daemon does not answer
 */
export async function openView(mountpoint: string): Promise<MountedView> {
  return new MountedView(mountpoint, await connect(mountpoint));
}

/** The views of this user, also those whose daemon has died; with mount points, these. */
export function listViews(mountpoints?: readonly string[]): Promise<readonly SessionStatus[]> {
  return statuses(mountpoints);
}

/**
 * Unmounts a view, also one whose daemon has died.
 *
 * @throws LvfsError as {@link MountedView.umount}, or exit 24 when there is none
 */
export async function unmountView(
  mountpoint: string,
  { lazy = false }: { lazy?: boolean } = {},
): Promise<void> {
  const { unmountView: unmount } = await import('../daemon/index.js');
  await unmount(mountpoint, { lazy });
}
