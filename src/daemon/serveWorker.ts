/**
 * A serving thread: loads its code while the main thread computes, then blocks in its read of the device until the mount is
 * gone. Messages to the main thread go out all the while; none reach this thread.
 */
import { once } from 'node:events';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { describeError, LvfsError, type Logger, type LogLevel } from '../base/index.js';
import type { AccessEvent, ProcessRecord } from '../audit/index.js';
import {
  NodeHost,
  Readers,
  ViewFs,
  WatchedDirectories,
  type SharedFiles,
  type SharedReaders,
} from '../filesystem/index.js';
import { Activity, serve, type Endpoint } from '../fuse/index.js';
import { DirectoryWatcher } from '../system/index.js';
import { PathIndex, View, type SharedView } from '../view/index.js';
import { optimiseLate } from './compiler.js';

/** What a thread is started with. */
export interface WorkerData {
  /** Its number, from 0. */
  readonly thread: number;
}

/** What a thread is told second, when the view is mounted. The first is the view, which it makes ready meanwhile. */
export interface ToWorker {
  readonly endpoint: Endpoint;
  /** What all threads know of files. */
  readonly files: SharedFiles;
  /** Who read what first. */
  readonly readers: SharedReaders;
  /** The watches on the host, shared by all threads; undefined where nothing can be watched, or the kernel not be told. */
  readonly watches: { readonly memory: SharedArrayBuffer; readonly fd: number } | undefined;
  /** Report visible paths as well. */
  readonly trace: boolean;
  /** Packages whose uses are told one by one, as bits by package id; undefined: none. */
  readonly attributed: SharedArrayBuffer | undefined;
  /** How many threads serve. */
  readonly threads: number;
}

/** What a thread says. */
export type FromWorker =
  | { readonly type: 'log'; readonly level: LogLevel; readonly text: string }
  | { readonly type: 'process'; readonly record: ProcessRecord }
  | { readonly type: 'access'; readonly event: AccessEvent }
  | { readonly type: 'crowded' }
  | { readonly type: 'failed'; readonly text: string };

const { thread } = workerData as WorkerData;
const port = parentPort;
if (port === null) throw new Error('not a worker');
const say = (message: FromWorker): void => port.postMessage(message);
const log: Logger = (level, text) => say({ type: 'log', level, text });

// For all threads, by the first, which knows when both have to be: compiled code that Node brings along is not used with other
// options than it was made with, so not before this thread has loaded its modules; and no longer than until the view answers.
const startIsOver = thread === 0 ? optimiseLate() : undefined;

port.once('message', (shared: SharedView) => {
  void work(shared)
    .catch((error: unknown) => {
      if (error instanceof Error && !(error instanceof LvfsError)) log('debug', error.stack ?? error.message);
      say({ type: 'failed', text: `serving thread ${thread} failed: ${describeError(error)}` });
    })
    // Nothing can be said behind this, and the thread ends.
    .finally(() => port.close());
});

async function work(shared: SharedView): Promise<void> {
  const ordered = once(port as MessagePort, 'message') as Promise<[ToWorker]>;
  const host = new NodeHost();
  const index = PathIndex.attach(shared.index);
  index.onCrowded = () => say({ type: 'crowded' });
  const view = View.attach(index, shared, host, log);
  const [{ endpoint, files: sharedFiles, readers, watches, trace, attributed, threads }] = await ordered;
  const activity = new Activity(endpoint.shared);
  const watcher = watches && DirectoryWatcher.attach(watches.fd);
  const watched = watches && watcher && new WatchedDirectories(view, watches.memory, watcher);
  const files = new ViewFs(view, host, {
    shared: sharedFiles,
    readers: new Readers(readers),
    trace,
    thread: { number: thread, count: threads },
    ...(attributed === undefined ? {} : { attributed: new Uint32Array(attributed) }),
    checksLists: () => activity.isEnabled('POSIX_ACL'),
    ...(watched === undefined ? {} : { watched }),
    onProcess: (record) => say({ type: 'process', record }),
    onAccess: (event) => say({ type: 'access', event }),
  });
  startIsOver?.();
  try {
    const { end } = await serve(endpoint, files, { thread, log });
    if (end === 'closed')
      say({ type: 'failed', text: `serving thread ${thread} failed: the FUSE device was closed` });
  } finally {
    files.close();
  }
}
