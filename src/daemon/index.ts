/**
 * One running view from mount to unmount, and what can be asked without one. What needs Portage's data, the index or a driver is loaded
 * when it is called: most commands need only a part.
 */
import type { Listener, Logger } from '../base/index.js';
import type { SystemLocations } from '../portage/index.js';
import type { DaemonChannels, RunOptions } from './session/detached.js';
import type { Health } from './health.js';
import type { Remedy } from './remedies.js';
import type * as emergeModule from './emerge/emerge.js';
import type { Inside } from './private/client.js';
import type { StartedInside } from './private/start.js';
import type { MountedCommand } from './private/entering.js';
import type { InsideChannels } from './private/supervisor.js';
import type { IndexAction, IndexReport } from './plan/inspect.js';
import type { Explanation } from './plan/explanation.js';
import type { Names } from './plan/names.js';
import type { SystemPath } from '../view/index.js';
import type { Plan } from './plan/plan.js';
import type { Entered } from './platform/index.js';
import type {
  InsideRequest,
  SessionRequest,
  SessionStatus,
  SystemPathChange,
  ViewRequest,
} from './request.js';
import type { SessionEnd } from './session/session.js';
import type { Ended, UnmountOptions } from './registry/unmounting.js';
import type { ControlClient } from './control/client.js';

export type { VisibleSet } from '../portage/index.js';
export type { ControlClient } from './control/client.js';
export type { IndexAction, IndexReport } from './plan/inspect.js';
export {
  dismissDaemon,
  launch,
  reportDescriptor,
  startDaemon,
  type StartedDaemon,
} from './session/launch.js';
export { startupLine, type StartupMessage } from './session/startup.js';
export { ownCapabilities, passedCapabilities } from './session/surroundings.js';
export type { PackageEnd, PackageView, PhaseListener } from './emerge/phases.js';
export type { PhaseFacts } from './emerge/protocol.js';
export type { ReportGraph, UsedPackage } from './report/auditing.js';
export type { IgnoreSetting } from '../audit/index.js';
export type { ViewPackages } from './control/methods.js';
export type { Inside } from './private/client.js';
export type { StartedInside } from './private/start.js';
export type { Health } from './health.js';
export type { Remedy } from './remedies.js';
export type { Explanation } from './plan/explanation.js';
export type { FoundProgram } from './plan/findProgram.js';
export type { Plan } from './plan/plan.js';
export type { ProcessEnd as CommandEnd } from '../base/index.js';
export type { Entered, HealthCheck } from './platform/index.js';
export { createSessionDirectory } from './registry/registry.js';
export type { Ended } from './registry/unmounting.js';
export type {
  BindRequest,
  InsideRequest,
  LiveResult,
  SessionRequest,
  SessionStatus,
  SystemPathChange,
  ViewRequest,
} from './request.js';

type EmergeModule = typeof emergeModule;

/** See `checkHealth` in health.ts. */
export async function checkHealth(
  request: Pick<ViewRequest, 'locations' | 'cache'>,
  log: Logger,
): Promise<Health> {
  return (await import('./health.js')).checkHealth(request, log);
}

/** See `safeRemedies` in remedies.ts. */
export async function safeRemedies(): Promise<Remedy[]> {
  return (await import('./remedies.js')).safeRemedies();
}

/** Runs a command in a view that is mounted; see `enterMounted` in entering.ts. */
export async function enterMounted(given: string, how: MountedCommand): Promise<Entered> {
  return (await import('./private/entering.js')).enterMounted(given, how);
}

/** What runs Portage with its phases in views; see emerge.ts. */
export async function loadEmerge(): Promise<EmergeModule> {
  return import('./emerge/emerge.js');
}

/** Mounts a view for this process only; see `Inside.open` in private/client.ts. */
export async function openInside(
  started: StartedInside,
  request: InsideRequest,
  listener: Listener,
  signal: AbortSignal,
): Promise<Inside> {
  return (await import('./private/client.js')).Inside.open(started, request, listener, signal);
}

/** See `startInside` in private/start.ts. */
export async function startInside(entry: URL, descriptors?: readonly number[]): Promise<StartedInside> {
  return (await import('./private/start.js')).startInside(entry, descriptors);
}

/** See `dismissInside` in private/start.ts. */
export async function dismissInside(started: StartedInside): Promise<void> {
  await (await import('./private/start.js')).dismissInside(started);
}

/** Serves a private view; see `serveInside` in private/supervisor.ts. */
export async function serveInside(channels: InsideChannels): Promise<never> {
  return (await import('./private/supervisor.js')).serveInside(channels);
}

/** Computes the visible set of a request; see {@link Plan}. */
export async function makePlan(request: ViewRequest, log: Logger): Promise<Plan> {
  const { Plan } = await import('./plan/plan.js');
  return new Plan(request, log);
}

/** See `explainFor` in plannedView.ts. */
export async function explainFor(
  request: ViewRequest,
  paths: readonly Buffer[],
  listener: Listener,
): Promise<Explanation[]> {
  return (await import('./plan/plannedView.js')).explainFor(request, paths, listener);
}

/** See `explainOwners` in inspect.ts. */
export async function explainOwners(
  locations: SystemLocations,
  cache: string,
  paths: readonly Buffer[],
  listener: Listener,
): Promise<Explanation[]> {
  return (await import('./plan/inspect.js')).explainOwners(locations, cache, paths, listener);
}

/** See `indexHost` in inspect.ts. */
export async function indexHost(
  locations: SystemLocations,
  cache: string,
  action: IndexAction,
  listener: Listener,
): Promise<IndexReport> {
  return (await import('./plan/inspect.js')).indexHost(locations, cache, action, listener);
}

/** The system paths in force; see `systemPathList` in systemPlaces.ts. */
export async function systemPathList(
  changes: readonly SystemPathChange[],
  log: Logger,
  locations: SystemLocations,
): Promise<SystemPath[]> {
  const { systemPathList } = await import('./plan/systemPlaces.js');
  const { readSystem } = await import('./plan/systemIndex.js');
  return systemPathList(changes, log, readSystem(locations, log));
}

/** See `namesBeginning` in names.ts. */
export async function namesBeginning(
  start: string,
  which: 'target' | 'installed',
  locations: SystemLocations,
): Promise<Names> {
  return (await import('./plan/names.js')).namesBeginning(start, which, locations);
}

/** See `withoutSets` in names.ts. */
export async function withoutSets(
  names: readonly string[],
  locations: SystemLocations,
  log: Logger,
): Promise<string[]> {
  return (await import('./plan/names.js')).withoutSets(names, locations, log);
}

/** See `runDaemon` in detached.ts. */
export async function runDaemon(channels: DaemonChannels): Promise<boolean> {
  return (await import('./session/detached.js')).runDaemon(channels);
}

/** See `runSession` in detached.ts. */
export async function runSession(request: SessionRequest, options: RunOptions): Promise<SessionEnd> {
  return (await import('./session/detached.js')).runSession(request, options);
}

/** See `connect` in sessions.ts. */
export async function connect(given: string): Promise<ControlClient> {
  return (await import('./registry/sessions.js')).connect(given);
}

/** See `isView` in sessions.ts. */
export async function isView(given: string): Promise<boolean> {
  return (await import('./registry/sessions.js')).isView(given);
}

/** See `statuses` in sessions.ts. */
export async function statuses(only?: readonly string[]): Promise<SessionStatus[]> {
  return (await import('./registry/sessions.js')).statuses(only);
}

/** See `describeHolders` in sessions.ts. */
export async function describeHolders(holders: Ended['holders']): Promise<string> {
  return (await import('./registry/busy.js')).describeHolders(holders);
}

/** See `unmountView` in sessions.ts. */
export async function unmountView(given: string, options: UnmountOptions): Promise<Ended> {
  return (await import('./registry/unmounting.js')).unmountView(given, options);
}
