/** A private view as a program asks for it, and as the daemon is asked for it. */
import type { InsideRequest } from '../daemon/index.js';
import type { Interruptible } from './build/interruption.js';
import { bindsOf, servedOf, type Served, type Talk } from './mounting.js';
import { requestOf, type Places, type Shown } from './request.js';

/** A private view. */
export interface PrivateOptions extends Shown, Served, Talk, Interruptible {
  /** Without a network. */
  readonly noNetwork?: boolean | undefined;
  /** Among the host's processes. */
  readonly hostProcesses?: boolean | undefined;
  /** Tell each use of what is not @system, for a report of one build; costs a request for each. */
  readonly attribute?: boolean | undefined;
}

/** The view of targets that commands run in. */
export function privateRequest(
  targets: readonly string[],
  places: Places,
  options: PrivateOptions,
): InsideRequest {
  const { noNetwork = false, hostProcesses = false, attribute, test = false } = options;
  return {
    ...requestOf(targets, places, options),
    ...servedOf(options),
    binds: bindsOf(options, true),
    noNetwork,
    hostProcesses,
    ...(attribute === undefined ? {} : { attribute }),
    ...(test ? { environment: { FEATURES: withFeature('test') } } : {}),
  };
}

/** FEATURES of this process's environment with one more word (make.conf(5), incremental). */
export function withFeature(word: string, given = process.env['FEATURES']): string {
  return `${given ?? ''} ${word}`.trim();
}

/**
 * The same for building: emerge has to be visible, and the directories that it would make are made; another command works on what lies in
 * the current directory, which is shown, unless nothing is to be bound.
 */
export function buildRequest(
  targets: readonly string[],
  places: Places,
  options: PrivateOptions,
  command?: string,
): InsideRequest {
  const request = privateRequest(targets, places, options);
  const { binds } = request;
  if (command === undefined) return { ...request, program: 'emerge', binds: { ...binds, create: true } };
  // Where that has been removed, the command would work on something else.
  const workingDirectory = process.cwd();
  return binds.defaults ? { ...request, binds: { workingDirectory, ...binds } } : request;
}
