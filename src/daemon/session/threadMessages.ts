/** What the main thread and a serving thread say to each other. */
import type { Worker, MessagePort } from 'node:worker_threads';
import type { LogLevel } from '../../base/index.js';
import type { AccessEvent, ProcessRecord } from '../../audit/index.js';
import type { NumberingKey, SharedFiles, SharedReaders, ToldPackages } from '../../filesystem/index.js';
import type { Endpoint } from '../../fuse/index.js';
import type { ProcessHandle } from '../../system/index.js';
import type { SharedView } from '../../view/index.js';
import { isRecord } from '../../base/index.js';

/** What a thread is started with. */
export interface ThreadData {
  /** Its number, from 0. */
  readonly thread: number;
}

/** The number in what a thread was started with. */
export function threadNumber(data: unknown): number {
  if (isRecord(data) && typeof data['thread'] === 'number') return data['thread'];
  throw new TypeError('a thread without a number');
}

/** What a thread serves. */
export interface ServeOrder {
  readonly endpoint: Endpoint;
  /** What all threads know of files. */
  readonly files: SharedFiles;
  /** What chooses the numbers that the kernel sees. */
  readonly numbering: NumberingKey;
  /** Who read what first. */
  readonly readers: SharedReaders;
  /** The watches on the host, shared by all threads; undefined where nothing can be watched, or the kernel not be told. */
  readonly watches: { readonly memory: SharedArrayBuffer; readonly fd: number } | undefined;
  /** Report visible paths as well. */
  readonly trace: boolean;
  /** Of which packages uses are told, and how often; undefined: the first of all files. */
  readonly told: ToldPackages | undefined;
  /** Open a handle of each process that is told of. */
  readonly handles: boolean;
  /** How many threads serve. */
  readonly threads: number;
}

/** What a thread is told: its view, which it makes ready while that is mounted, and then what to serve. Nothing reaches it after that. */
export type ToThread =
  | { readonly type: 'view'; readonly view: SharedView }
  | { readonly type: 'serve'; readonly order: ServeOrder };

/** What a thread says. */
export type FromThread =
  | { readonly type: 'log'; readonly level: LogLevel; readonly text: string }
  /** `handle`: to be closed by who hears of it. */
  | {
      readonly type: 'process';
      readonly record: ProcessRecord;
      readonly handle: ProcessHandle | undefined;
    }
  | { readonly type: 'access'; readonly event: AccessEvent }
  /** See PathIndex.onCrowded. */
  | { readonly type: 'crowded' }
  | { readonly type: 'failed'; readonly text: string };

/** Tells a thread something. */
export function tell(thread: Worker, message: ToThread): void {
  thread.postMessage(message);
}

/** Hears what a thread says. */
export function hear(thread: Worker, listener: (message: FromThread) => void): void {
  thread.on('message', listener);
}

/** The main thread, as a serving thread speaks with it. */
export class MainThread {
  readonly #port: MessagePort;
  /** Resolves with the view. */
  readonly view: Promise<SharedView>;
  /** Resolves with what to serve. */
  readonly order: Promise<ServeOrder>;

  constructor(port: MessagePort) {
    this.#port = port;
    let view: (given: SharedView) => void;
    let order: (given: ServeOrder) => void;
    this.view = new Promise((done) => (view = done));
    this.order = new Promise((done) => (order = done));
    port.on('message', (message: ToThread) => {
      if (message.type === 'view') view(message.view);
      else order(message.order);
    });
  }

  /** Says something. */
  say(message: FromThread): void {
    this.#port.postMessage(message);
  }

  /** Hangs up; nothing can be said behind it, and the thread ends. */
  close(): void {
    this.#port.close();
  }
}
