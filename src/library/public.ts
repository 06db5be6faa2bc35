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
  type Plan,
  type SessionStatus,
} from '../daemon/index.js';
import { takeInside } from './ahead.js';
import type { BuildOutcome } from './build/building.js';
import type { Checked } from './build/checking.js';
import type { Fix, FixOptions, FixPlan } from './build/fix.js';
import { interruptionOf } from './build/interruption.js';
import type { BuildOptions, CheckOptions } from './build/options.js';
import { hearer, launchView, mountRequest, type Hearer, type MountOptions, type Talk } from './mounting.js';
import { privateRequest, type PrivateOptions } from './private.js';
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
export type { BuildOutcome, Comparison, Effort, EffortEnd, Proof } from './build/building.js';
export type { Checked } from './build/checking.js';
export type { Fix, FixOptions, FixPlan } from './build/fix.js';
export type { FixStep } from './build/fixBuilds.js';
export type { Interruptible } from './build/interruption.js';
export type { AnyBuildOptions, BuildOptions, CheckOptions, Judged } from './build/options.js';
export { version, type MountOptions, type Served, type Talk } from './mounting.js';
export type { PrivateOptions } from './private.js';
export type { Places, Shown } from './request.js';
export type { MountedView, PrivateView, ReportOptions, ReportResult, Retargeted, View } from './view.js';

/** Raised when what is described in docs/library.md changes so that a program may have to; what is added does not raise it. */
export const apiVersion = 1;

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
    const bytes = paths.map((path) => Buffer.from(latin1(path), 'latin1'));
    return targets.length > 0
      ? explainFor(requestOf(targets, this.#places, shown), bytes, this.#talk)
      : explainOwners(locationsOf(this.#places), cacheOf(this.#places), bytes, this.#talk);
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
    const request = privateRequest(targets, this.#places, options);
    const { signal } = interruptionOf(options);
    return new PrivateView(
      await openInside(await takeInside(), request, hearer(options, this.#talk), signal),
    );
  }

  /**
   * Builds targets in a private view, with emerge or a command, and proves what there is to be proved; what was found is in the report.
   * A build that fails is a result.
   *
   * @throws LvfsError as {@link privateView}
   */
  async build(targets: readonly string[], options: BuildOptions = {}): Promise<BuildOutcome> {
    const { build, buildPlan, buildRequest } = await import('./build/index.js');
    const request = buildRequest(targets, this.#places, options, options.command);
    return build(request, buildPlan(options), hearer(options, this.#talk), interruptionOf(options));
  }

  /**
   * Builds many targets, several at a time, each in a view of its own and at its own risk.
   *
   * @param ended hears what came of each; no other is begun after it has returned false
   * @throws nothing that is the fault of a target
   */
  async check(
    targets: readonly string[],
    options: CheckOptions,
    ended: (checked: Checked) => boolean | undefined,
  ): Promise<void> {
    const { checkAll, checkPlan } = await import('./build/index.js');
    const plan = checkPlan(this.#places, options);
    const listener = { begins: options.onBegin ?? (() => undefined), ended };
    await checkAll(targets, plan, listener, hearer(options, this.#talk), interruptionOf(options));
  }

  /**
   * What {@link fix} would try; builds nothing.
   *
   * @throws LvfsError as {@link fix}
   */
  async planFix(target: string, options: FixOptions = {}): Promise<FixPlan> {
    const { planFix } = await import('./build/index.js');
    return planFix([target], this.#places, options, hearer(options, this.#talk));
  }

  /**
   * Builds an ebuild until it is known what it should declare, and gives a patch of it. The ebuild itself is not changed.
   *
   * @param target an atom, or the place of an ebuild
   * @throws LvfsError as {@link build}; ONE_TARGET (exit 2), NO_EBUILD (exit 20), CANNOT_READ (exit 1); CANCELLED: the next call goes on where this one was
   */
  async fix(target: string, options: FixOptions = {}): Promise<Fix> {
    const { fixEbuild } = await import('./build/index.js');
    return fixEbuild([target], this.#places, options, hearer(options, this.#talk), interruptionOf(options));
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
