/**
 * The program that loads fuse-native, started by the libfuse driver. fuse-native works on the main thread's event loop
 * of its process only, and its code is C: in a process of its own it can neither block nor take down anybody.
 *
 * libfuse's threads hand their requests to this event loop; each is passed on through a pipe to the thread that serves,
 * and its reply is waited for. There is no time-out: a slow disk is slow, not broken.
 *
 * The native functions are used rather than the npm package's class, which gives up on requests after a time, does not pass
 * on the options `ro`, `negative_timeout` and `use_ino`, and refuses mount points whose parent is on another filesystem.
 *
 * Parameters: mount point, options of libfuse. Descriptors: 0 ends with the driver, 1 takes one line of JSON (see
 * {@link BridgeStatus}), 2 what libfuse says, 3 takes requests, 4 gives replies.
 */
import { readdirSync, readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { errorCode } from '../../base/index.js';
import {
  FrameReader,
  PipeClosed,
  replyHead,
  requestHead,
  requestKind,
  statfsWords,
  statWords,
  writeBridgeStatus,
  writeFrame,
  type BridgeStatus,
} from './frames.js';

/** The native functions of fuse-native that are used here (fuse-native.c). */
interface Binding {
  readonly sizeof_fuse_thread_t: number;
  fuse_native_mount(
    mountpoint: string,
    options: string,
    thread: Buffer,
    context: object,
    malloc: (size: number) => Buffer,
    handlers: readonly unknown[],
    implemented: Uint32Array,
  ): void;
  fuse_native_signal_init(request: unknown, result: number): void;
  fuse_native_signal_getattr(request: unknown, result: number, stat: Uint32Array): void;
  fuse_native_signal_statfs(request: unknown, result: number, statfs: Uint32Array): void;
  fuse_native_signal_readlink(request: unknown, result: number, target: string): void;
  fuse_native_signal_readdir(
    request: unknown,
    result: number,
    names: readonly string[],
    stats: readonly Uint32Array[],
  ): void;
  fuse_native_signal_read(request: unknown, result: number, unused: number, memory: ArrayBufferLike): void;
  readonly op_init: number;
  readonly op_getattr: number;
  readonly op_statfs: number;
  readonly op_readlink: number;
  readonly op_readdir: number;
  readonly op_read: number;
}

const requestFd = 3;
const replyFd = 4;
/** How often it is looked whether the mount is still there. */
const watchMs = 100;
/** As many as fuse-native has operations. */
const operationCount = 35;

const [mountpoint = '', options = ''] = process.argv.slice(2);

function report(status: BridgeStatus): void {
  writeBridgeStatus(1, status);
}

/** Threads of libfuse may still run, and would run into what an orderly exit takes down. */
function end(): never {
  process.kill(process.pid, 'SIGKILL');
  // The signal is not delivered in the middle of a call.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

function load(): Binding {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve('fuse-native/package.json');
  const loadNative = createRequire(manifest)('node-gyp-build') as (directory: string) => unknown;
  return loadNative(dirname(manifest)) as Binding;
}

const replies = new FrameReader(replyFd, 1 << 18);
const request = Buffer.alloc(requestHead.bytes + 4 * 4096);

/** Sends a request and waits for the reply; its result. What is behind it is left in the reader's buffer. */
function ask(kind: number, path: string, offset: number, size: number): number {
  try {
    const length = requestHead.bytes + request.write(path, requestHead.bytes, 'utf8');
    request.writeUInt32LE(length, 0);
    request.writeUInt32LE(kind, requestHead.kind);
    request.writeDoubleLE(offset, requestHead.offset);
    request.writeUInt32LE(size, requestHead.size);
    writeFrame(requestFd, request, length);
    replyLength = replies.read();
  } catch (error) {
    // Nobody serves any more.
    if (error instanceof PipeClosed || errorCode(error) === 'EPIPE') end();
    throw error;
  }
  return replies.buffer.readInt32LE(replyHead.result);
}

let replyLength = 0;

function words(into: Uint32Array, at: number): Uint32Array {
  for (let i = 0; i < into.length; i++) into[i] = replies.buffer.readUInt32LE(at + 4 * i);
  return into;
}

/** Handlers by operation, as fuse-native calls them: an opaque request, its operation, then the arguments. */
function makeHandlers(binding: Binding): Map<number, (...args: never[]) => void> {
  const stat = new Uint32Array(statWords);
  const statfs = new Uint32Array(statfsWords);
  const two32 = 2 ** 32;
  const handlers = new Map<number, (...args: never[]) => void>();
  handlers.set(binding.op_init, (handle: unknown) => {
    binding.fuse_native_signal_init(handle, 0);
    report({ mounted: true });
    watch();
  });
  handlers.set(binding.op_getattr, (handle: unknown, _op: number, path: string) => {
    const result = ask(requestKind.getattr, path, 0, 0);
    if (result === 0) words(stat, replyHead.bytes);
    binding.fuse_native_signal_getattr(handle, result, stat);
  });
  handlers.set(binding.op_statfs, (handle: unknown, _op: number, path: string) => {
    const result = ask(requestKind.statfs, path, 0, 0);
    if (result === 0) words(statfs, replyHead.bytes);
    binding.fuse_native_signal_statfs(handle, result, statfs);
  });
  handlers.set(binding.op_readlink, (handle: unknown, _op: number, path: string) => {
    const result = ask(requestKind.readlink, path, 0, 0);
    const target = result === 0 ? replies.buffer.toString('utf8', replyHead.bytes, replyLength) : '';
    binding.fuse_native_signal_readlink(handle, result, target);
  });
  handlers.set(binding.op_readdir, (handle: unknown, _op: number, path: string) => {
    const result = ask(requestKind.readdir, path, 0, 0);
    const names: string[] = [];
    const stats: Uint32Array[] = [];
    const { buffer } = replies;
    for (let at = replyHead.bytes; result === 0 && at < replyLength;) {
      const entry = new Uint32Array(statWords);
      entry[0] = buffer.readUInt32LE(at);
      entry[7] = buffer.readUInt32LE(at + 4);
      const length = buffer.readUInt8(at + 8);
      names.push(buffer.toString('utf8', at + 9, at + 9 + length));
      stats.push(entry);
      at += 9 + length;
    }
    binding.fuse_native_signal_readdir(handle, result, names, stats);
  });
  handlers.set(
    binding.op_read,
    (
      handle: unknown,
      _op: number,
      path: string,
      _fd: number,
      into: Buffer,
      size: number,
      offsetLow: number,
      offsetHigh: number,
    ) => {
      const result = ask(requestKind.read, path, offsetLow + offsetHigh * two32, size);
      if (result > 0) replies.buffer.copy(into, 0, replyHead.bytes, replyHead.bytes + result);
      binding.fuse_native_signal_read(handle, result, 0, into.buffer);
    },
  );
  return handlers;
}

/** fuse-native does not say when libfuse has left its loop. It has when the device is closed. */
function watch(): void {
  let descriptors: string[];
  try {
    descriptors = readdirSync('/proc/self/fd');
  } catch (error) {
    // Not Linux: the driver looks at the mount table instead.
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  const fd = descriptors.find(isDevice);
  // Unmounted as soon as it was mounted.
  if (fd === undefined) end();
  setInterval(() => {
    if (!isDevice(fd)) end();
  }, watchMs);
}

function isDevice(fd: string): boolean {
  try {
    return /\/fuse$/.test(readlinkSync(`/proc/self/fd/${fd}`));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

function mount(binding: Binding): void {
  const handlers: unknown[] = [];
  const implemented = new Uint32Array(operationCount);
  for (const [operation, handler] of makeHandlers(binding)) {
    handlers[operation] = handler;
    implemented[operation] = 1;
  }
  const thread = Buffer.alloc(binding.sizeof_fuse_thread_t);
  binding.fuse_native_mount(mountpoint, `-o${options}`, thread, context, allocate, handlers, implemented);
  kept.add(thread);
}

/** Memory that libfuse's threads use for as long as this process lives. */
const kept = new Set<Buffer>();
const context = {};
function allocate(size: number): Buffer {
  const memory = Buffer.alloc(size);
  kept.add(memory);
  return memory;
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

process.title = 'lvfs-libfuse';
process.stdin.on('close', end).resume();
let binding: Binding | undefined;
try {
  binding = load();
} catch (error) {
  report({ mounted: false, failed: 'load', message: message(error) });
  end();
}
try {
  mount(binding);
} catch (error) {
  report({ mounted: false, failed: 'mount', message: message(error) });
  end();
}
