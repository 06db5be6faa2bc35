/**
 * Answers what libfuse asks about paths from {@link Operations}, which speak of nodes: a path is walked by lookups, and
 * what it led to is remembered for a moment.
 */
import { isUtf8 } from 'node:buffer';
import { LRUCache } from 'lru-cache';
import {
  errno,
  errorCode,
  FsError,
  type Errno,
  type Logger,
  failure,
  type Outcome,
} from '../../base/index.js';
import type { Activity } from '../activity.js';
import {
  FrameReader,
  PipeClosed,
  replyHead,
  requestHead,
  requestKind,
  statfsWords,
  statWords,
  writeFrame,
} from './frames.js';
import {
  emptyEntry,
  emptyStatistics,
  rootNodeId,
  type Attributes,
  type Caller,
  type DirectorySink,
  type NodeId,
  type Operations,
  type Seconds,
} from '../operations.js';
import type { ServeResult } from '../server.js';

/** The pipes, and what a serving thread reports to. */
export interface PathServerOptions {
  readonly requestFd: number;
  readonly replyFd: number;
  readonly activity: Activity;
  readonly thread: number;
  readonly log: Logger;
  /** How long anybody may believe what he was told. */
  readonly validity: Seconds;
}

/** Paths remembered at most. */
const rememberedPaths = 20_000;
/** What a path's attributes are asked with here; the number is the kernel's. */
const lookupOpcode = 1;
/** NAME_MAX of limits.h. */
const longestName = 255;
/** Failures logged at most, each once. */
const loggedFailures = 100;
/** The name that invalid UTF-8 turns into on its way through fuse-native: U+FFFD. */
const replacement = Buffer.from('\ufffd');
/** libfuse does not tell fuse-native who asks, or fuse-native does not pass it on. */
const nobody: Caller = { uid: 0, gid: 0, pid: 0 };
const two32 = 2 ** 32;

interface Known {
  readonly node: NodeId;
  /** On the clock of `performance.now()`. */
  readonly until: number;
}

/** The protocol that libfuse 2.9 speaks with the kernel, whatever the kernel offers: 7.19. */
const libfuseProtocolMinor = 19;

/** Inode numbers for a driver that has 32 bits for them: larger ones are replaced, each always by the same. */
class SmallInodes {
  readonly #replaced = new Map<number, number>();
  #next = two32 - 1;

  of(ino: number): number {
    // Small ones are node ids, which grow from below and do not meet the others.
    if (ino < two32 / 2) return ino;
    let small = this.#replaced.get(ino);
    if (small === undefined) {
      small = this.#next;
      if (this.#next > two32 / 2) this.#next--;
      this.#replaced.set(ino, small);
    }
    return small;
  }
}

/** Collects a whole listing. */
class ListingSink implements DirectorySink {
  readonly wantsAttributes = false;
  readonly entry = emptyEntry();
  buffer = Buffer.alloc(1 << 16);
  length: number = replyHead.bytes;

  constructor(private readonly inodes: SmallInodes) {}

  add(name: Uint8Array, ino: number, type: number): boolean {
    // What cannot be asked for is not listed either.
    if (!isUtf8(name) || Buffer.from(name).includes(replacement)) return true;
    const room = this.length + 9 + name.length;
    if (room > this.buffer.length) {
      const larger = Buffer.alloc(2 * room);
      this.buffer.copy(larger, 0, 0, this.length);
      this.buffer = larger;
    }
    this.buffer.writeUInt32LE((type << 12) >>> 0, this.length);
    this.buffer.writeUInt32LE(this.inodes.of(ino), this.length + 4);
    this.buffer.writeUInt8(name.length, this.length + 8);
    this.buffer.set(name, this.length + 9);
    this.length = room;
    return true;
  }

  addWithAttributes(): boolean {
    throw new Error('attributes were not asked for');
  }
}

/** One connection's serving side. */
class PathServer {
  readonly #operations: Operations;
  readonly #options: PathServerOptions;
  readonly #requests: FrameReader;
  readonly #paths: LRUCache<string, Known>;
  readonly #inodes = new SmallInodes();
  readonly #entry = emptyEntry();
  readonly #statistics = emptyStatistics();
  readonly #failures = new Set<string>();
  #reply = Buffer.alloc(replyHead.bytes + (1 << 17));
  #length = 0;

  constructor(operations: Operations, options: PathServerOptions) {
    this.#operations = operations;
    this.#options = options;
    this.#requests = new FrameReader(options.requestFd, requestHead.bytes + 4 * 4096);
    this.#paths = new LRUCache<string, Known>({
      max: rememberedPaths,
      dispose: ({ node }) => operations.forget(node, 1),
    });
  }

  /** Serves until the other end is closed. Blocks the thread. */
  run(): ServeResult {
    const { activity, thread, replyFd } = this.#options;
    const marks = activity.thread(thread);
    activity.setNegotiated(libfuseProtocolMinor, [0, 0], [0, 0]);
    try {
      for (;;) {
        const length = this.#requests.read();
        marks.begin();
        const { buffer } = this.#requests;
        const kind = buffer.readUInt32LE(requestHead.kind);
        const path = buffer.toString('utf8', requestHead.bytes, length);
        marks.count(kind === requestKind.getattr && path !== '/' ? lookupOpcode : kind);
        this.#answer(kind, path);
        writeFrame(replyFd, this.#reply, this.#length);
        marks.end();
      }
    } catch (error) {
      // The process that speaks with libfuse has ended, and the mount with it.
      if (error instanceof PipeClosed || errorCode(error) === 'EPIPE') return { end: 'unmounted' };
      throw error;
    } finally {
      this.#paths.clear();
    }
  }

  #answer(kind: number, path: string): void {
    let result: number;
    this.#length = replyHead.bytes;
    try {
      result = path.includes('\ufffd') ? failure(errno.ENOENT) : this.#dispatch(kind, path);
    } catch (error) {
      result = failure(this.#failed(error, kind, path));
    }
    if (result < 0) this.#length = replyHead.bytes;
    this.#reply.writeUInt32LE(this.#length, 0);
    this.#reply.writeInt32LE(result, replyHead.result);
  }

  #dispatch(kind: number, path: string): number {
    switch (kind) {
      case requestKind.getattr:
        return this.#getattr(path);
      case requestKind.readdir:
        return this.#readdir(path);
      case requestKind.readlink:
        return this.#readlink(path);
      case requestKind.read:
        return this.#read(path);
      case requestKind.statfs:
        return this.#statfs(path);
      default:
        return failure(errno.ENOSYS);
    }
  }

  /** The node of a path, or a failure. */
  #resolve(path: string): Outcome {
    if (path === '/' || path === '') return rootNodeId;
    const known = this.#paths.get(path);
    if (known !== undefined && performance.now() < known.until) return known.node;
    return this.#lookup(path);
  }

  /** The same, looked up anew, with its attributes left in the entry. */
  #lookup(path: string): number {
    const slash = path.lastIndexOf('/');
    const parent = this.#resolve(path.slice(0, slash));
    if (parent < 0) return parent;
    const entry = this.#entry;
    entry.nodeId = 0;
    entry.entryValid = 0;
    entry.attrValid = 0;
    const name = Buffer.from(path.slice(slash + 1));
    if (name.length > longestName) return failure(errno.ENAMETOOLONG);
    const code = this.#operations.lookup(parent, name, nobody, entry);
    if (code !== 0) return failure(code);
    if (entry.nodeId === 0) return failure(errno.ENOENT);
    const validMs = Math.min(entry.entryValid, this.#options.validity) * 1000;
    this.#paths.set(path, { node: entry.nodeId, until: performance.now() + validMs });
    return entry.nodeId;
  }

  #getattr(path: string): number {
    if (path === '/') {
      const code = this.#operations.getattr(rootNodeId, nobody, this.#entry);
      if (code !== 0) return failure(code);
    } else {
      const node = this.#lookup(path);
      if (node < 0) return node;
    }
    this.#writeStat(this.#entry.attr);
    return 0;
  }

  #writeStat(attr: Attributes): void {
    const put = (word: number, value: number) =>
      this.#reply.writeUInt32LE(value >>> 0, replyHead.bytes + 4 * word);
    const put64 = (word: number, value: number) => {
      put(word, value % two32);
      put(word + 1, Math.floor(value / two32));
    };
    // fuse-native takes times as milliseconds since 1970, without a sign.
    const milliseconds = (seconds: number, nanoseconds: number) =>
      Math.max(0, seconds * 1000 + Math.floor(nanoseconds / 1e6));
    put(0, attr.mode);
    put(1, attr.uid);
    put(2, attr.gid);
    put64(3, attr.size);
    put(5, 0);
    put(6, attr.nlink);
    put(7, this.#inodes.of(attr.ino));
    put(8, attr.rdev);
    put(9, attr.blksize);
    put64(10, attr.blocks);
    put64(12, milliseconds(attr.atimeSec, attr.atimeNsec));
    put64(14, milliseconds(attr.mtimeSec, attr.mtimeNsec));
    put64(16, milliseconds(attr.ctimeSec, attr.ctimeNsec));
    this.#length = replyHead.bytes + 4 * statWords;
  }

  #readdir(path: string): number {
    const node = this.#resolve(path);
    if (node < 0) return node;
    const sink = new ListingSink(this.#inodes);
    const code = this.#operations.readdir(node, 0, nobody, sink);
    if (code !== 0) return failure(code);
    if (sink.buffer.length > this.#reply.length) this.#reply = sink.buffer;
    else sink.buffer.copy(this.#reply, 0, 0, sink.length);
    this.#length = sink.length;
    return 0;
  }

  #readlink(path: string): number {
    const node = this.#resolve(path);
    if (node < 0) return node;
    const target = this.#operations.readlink(node, nobody);
    if (typeof target === 'number') return failure(target);
    if (target.length >= 4096) return failure(errno.ENAMETOOLONG);
    // fuse-native would hand out another target than the real one.
    if (!isUtf8(target)) return failure(errno.EILSEQ);
    this.#reply.set(target, replyHead.bytes);
    this.#length = replyHead.bytes + target.length;
    return 0;
  }

  #read(path: string): number {
    const { buffer } = this.#requests;
    const offset = buffer.readDoubleLE(requestHead.offset);
    const size = buffer.readUInt32LE(requestHead.size);
    const node = this.#resolve(path);
    if (node < 0) return node;
    if (replyHead.bytes + size > this.#reply.length) this.#reply = Buffer.alloc(replyHead.bytes + size);
    const into = this.#reply.subarray(replyHead.bytes, replyHead.bytes + size);
    const count = this.#operations.read(node, offset, into, nobody);
    if (!(count <= size)) throw new RangeError(`read ${count} bytes of ${size}`);
    if (count > 0) this.#length = replyHead.bytes + count;
    return count;
  }

  #statfs(path: string): number {
    const node = this.#resolve(path);
    if (node < 0) return node;
    const statistics = this.#statistics;
    const code = this.#operations.statfs(node, statistics);
    if (code !== 0) return failure(code);
    // Numbers have 32 bits: large disks are counted in larger blocks.
    let scale = 1;
    while (statistics.blocks / scale >= two32) scale *= 2;
    const blocks = (count: number) => Math.floor(count / scale);
    const files = (count: number) => Math.min(count, two32 - 1);
    const values = [
      statistics.bsize,
      statistics.frsize * scale,
      blocks(statistics.blocks),
      blocks(statistics.bfree),
      blocks(statistics.bavail),
      files(statistics.files),
      files(statistics.ffree),
      files(statistics.ffree),
      0,
      0,
      statistics.namelen,
    ];
    for (const [i, value] of values.entries()) this.#reply.writeUInt32LE(value, replyHead.bytes + 4 * i);
    this.#length = replyHead.bytes + 4 * statfsWords;
    return 0;
  }

  #failed(error: unknown, kind: number, path: string): Errno {
    if (error instanceof FsError) return error.errno;
    const key = `${kind} ${path}`;
    if (!this.#failures.has(key) && this.#failures.size < loggedFailures) {
      this.#failures.add(key);
      const name = Object.entries(requestKind).find(([, number]) => number === kind)?.[0] ?? kind;
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#options.log('error', `fuse: ${name} of ${path} failed: ${detail.replace(/\s*\n\s*/g, ' | ')}`);
    }
    return errno.EIO;
  }
}

/** Serves paths until the process at the other end is gone. Blocks the thread. */
export function servePaths(operations: Operations, options: PathServerOptions): ServeResult {
  return new PathServer(operations, options).run();
}
