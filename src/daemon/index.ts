/**
 * One running view from mount to unmount, and what can be asked without one. What needs Portage's data, the index or a driver is loaded
 * when it is called: most commands need only a part.
 */
import type { Logger } from '../base/index.js';
import type { SystemLocations } from '../portage/index.js';
import type { DaemonChannels, RunOptions } from './detached.js';
import type { Health } from './health.js';
import type * as insideModule from './inside.js';
import type { MountedCommand } from './inside.js';
import type { IndexAction, IndexReport } from './inspect.js';
import type { Explanation } from './explanation.js';
import type { SystemPath } from './openView.js';
import type { Plan } from './plan.js';
import type { Entered } from './platform/index.js';
import type { SessionRequest, SessionStatus, SystemPathChange, ViewRequest } from './request.js';
import type { SessionEnd } from './session.js';
import type { UnmountOptions } from './sessions.js';
import type { ControlClient } from './control.js';

export type { ChainLink, VisibleSet } from '../portage/index.js';
export type { ControlClient } from './control.js';
export type { IndexAction, IndexReport } from './inspect.js';
export {
  dismissDaemon,
  launch,
  reportDescriptor,
  startDaemon,
  type LaunchListener,
  type StartedDaemon,
  type StartupMessage,
} from './launch.js';
export type { ReportGraph, ReportResult, UsedPackage } from './auditing.js';
export type { Inside } from './inside.js';
export type { Health } from './health.js';
export type { Explanation } from './explanation.js';
export type { PackageFiles, Plan } from './plan.js';
export type { CommandEnd, Entered, HealthCheck } from './platform/index.js';
export { createSessionDirectory } from './registry.js';
export type {
  BindRequest,
  InsideRequest,
  LiveResult,
  SessionRequest,
  SessionStatus,
  SystemPathChange,
  ViewRequest,
} from './request.js';

type InsideModule = typeof insideModule;

/** See `checkHealth` in health.ts. */
export async function checkHealth(
  request: Pick<ViewRequest, 'locations' | 'cache'>,
  log: Logger,
): Promise<Health> {
  return (await import('./health.js')).checkHealth(request, log);
}

/** Runs a command in a view that is mounted; see `enterMounted` in inside.ts. */
export async function enterMounted(given: string, how: MountedCommand): Promise<Entered> {
  return (await import('./inside.js')).enterMounted(given, how);
}

/** What runs commands in private views; see inside.ts. */
export async function loadInside(): Promise<InsideModule> {
  return import('./inside.js');
}

/** Computes the visible set of a request; see {@link Plan}. */
export async function makePlan(request: ViewRequest, log: Logger): Promise<Plan> {
  const { Plan } = await import('./plan.js');
  return new Plan(request, log);
}

/** See `explainFor` in openView.ts. */
export async function explainFor(
  request: ViewRequest,
  paths: readonly Buffer[],
  log: Logger,
  progress: (text: string) => void,
): Promise<Explanation[]> {
  return (await import('./openView.js')).explainFor(request, paths, log, progress);
}

/** See `explainOwners` in inspect.ts. */
export async function explainOwners(
  locations: SystemLocations,
  cache: string,
  paths: readonly Buffer[],
  log: Logger,
  progress: (text: string) => void,
): Promise<Explanation[]> {
  return (await import('./inspect.js')).explainOwners(locations, cache, paths, log, progress);
}

/** See `indexHost` in inspect.ts. */
export async function indexHost(
  locations: SystemLocations,
  cache: string,
  action: IndexAction,
  log: Logger,
  progress: (text: string) => void,
): Promise<IndexReport> {
  return (await import('./inspect.js')).indexHost(locations, cache, action, log, progress);
}

/** The system paths in force; see `systemPathList` in openView.ts. */
export async function systemPathList(
  changes: readonly SystemPathChange[],
  log: Logger,
  locations: SystemLocations,
): Promise<SystemPath[]> {
  const { systemPathList } = await import('./openView.js');
  const { readSystem } = await import('./systemIndex.js');
  return systemPathList(changes, log, readSystem(locations, log));
}

/** See `startThreadAhead` in servingThreads.ts. */
export async function startThreadAhead(): Promise<void> {
  (await import('./servingThreads.js')).startThreadAhead();
}

/** See `runDaemon` in detached.ts. */
export async function runDaemon(channels: DaemonChannels): Promise<boolean> {
  return (await import('./detached.js')).runDaemon(channels);
}

/** See `runSession` in detached.ts. */
export async function runSession(request: SessionRequest, options: RunOptions): Promise<SessionEnd> {
  return (await import('./detached.js')).runSession(request, options);
}

/** See `connect` in sessions.ts. */
export async function connect(given: string): Promise<ControlClient> {
  return (await import('./sessions.js')).connect(given);
}

/** See `statuses` in sessions.ts. */
export async function statuses(only?: readonly string[]): Promise<SessionStatus[]> {
  return (await import('./sessions.js')).statuses(only);
}

/** See `unmountView` in sessions.ts. */
export async function unmountView(given: string, options: UnmountOptions): Promise<void> {
  return (await import('./sessions.js')).unmountView(given, options);
}
