/** Making the view that a program asks for: the options, and what the daemon is told. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isRecord, parseJson, silent, type Logger } from '../base/index.js';
import { launch, type BindRequest, type SessionRequest, type SessionStatus } from '../daemon/index.js';
import { takeDaemon } from './ahead.js';
import { packageManifest } from './programs.js';
import { requestOf, type Places, type Shown } from './request.js';

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

/** The version of lvfs. */
export function version(): string {
  return String(parseJson(readFileSync(packageManifest, 'utf8'), isRecord)?.['version']);
}

/** Somebody who hears of everything. */
export interface Hearer {
  readonly log: Logger;
  readonly progress: (text: string) => void;
}

/** Who hears, where nobody was named. */
export function hearer({ log, progress }: Talk, otherwise?: Hearer): Hearer {
  return {
    log: log ?? otherwise?.log ?? silent,
    progress: progress ?? otherwise?.progress ?? (() => undefined),
  };
}

/** Mounts what a request says; a daemon that was started ahead is taken for it. */
export function launchView(request: SessionRequest, listener: Hearer): Promise<SessionStatus> {
  return launch(takeDaemon(), request, listener);
}

/** A view to be mounted, as the daemon is asked for it. */
export function mountRequest(
  targets: readonly string[],
  mountpoint: string,
  places: Places,
  options: MountOptions,
): SessionRequest {
  return {
    ...requestOf(targets, places, options),
    ...servedOf(options),
    mountpoint: resolve(mountpoint),
    nonempty: options.nonempty ?? false,
    // An ordinary user's view, made by fusermount, is all that he may mount.
    binds: bindsOf(options, process.getuid?.() === 0),
  };
}

/** How a view is served. */
export function servedOf({ driver = 'auto', threads = 1, trace = false }: Served) {
  return { driver, threads, trace, version: version() };
}

/** What is mounted over a view, with or without what builds need unless something is said of that. */
export function bindsOf({ binds = {} }: Served, defaults: boolean): BindRequest {
  return { defaults, create: false, binds: [], readOnlyBinds: [], ...binds };
}
