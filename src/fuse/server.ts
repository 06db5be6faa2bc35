/**
 * Answers the kernel: the negotiation, what is switched off, dispatch to the {@link Operations}, and the loop that
 * a worker thread spends its life in.
 *
 * Threads and deadlocks:
 *
 * 1. The loop blocks its thread in `read`; neither timers nor signal handlers run there. It belongs in a worker.
 * 2. A process does not exit while a thread is blocked in that read. Unmount or abort the connection first.
 * 3. Several threads may serve one descriptor, each with its own {@link Session}; the kernel gives each request to
 *    one of them.
 * 4. Nothing that serves may touch a path below its own mount point, nor write notifications: both may wait for a
 *    request that only this thread would answer.
 */
import {
  errno,
  FsError,
  keysOf,
  LvfsError,
  type Errno,
  type Logger,
  failureOf,
  errnoName,
} from '../base/index.js';
import { openChannel } from '../system/index.js';
import type { Activity, ThreadActivity } from './activity.js';
import { noAnswer, Reply, Request, type NoAnswer } from './codec.js';
import * as layout from './layout.js';
import { emptyEntry, emptyStatistics, type Entry, type Operations } from './operations.js';

/** What the driver asks of the kernel; the same for every thread of a connection. */
export interface ProtocolOptions {
  /**
   * When listings carry attributes, which fills the kernel's caches at once but hides later lookups: `always`,
   * `auto` (the first part of a listing, and the rest when entries are looked up), `never`. Default `always`.
   */
  readonly readdirPlus?: 'always' | 'auto' | 'never';
  /** The most bytes that one READ asks for, as given to mount. Default 1 MiB. */
  readonly maxReadBytes?: number;
  /** Drop cached pages of a file when its size or modification time has changed. Default true. */
  readonly autoInvalidateData?: boolean;
  /** Most requests of read-ahead under way at once. Default 16. */
  readonly maxBackground?: number;
}

/** What one serving thread needs besides the descriptor and the operations. */
export interface SessionOptions {
  readonly activity: Activity;
  /** Which of the activity's threads this is, from 0. */
  readonly thread: number;
  readonly log: Logger;
  readonly protocol?: ProtocolOptions;
}

/** How a loop ended. */
export interface ServeResult {
  /**
   * `unmounted`: the mount is gone or the connection was aborted; `closed`: the descriptor was closed or is no
   * FUSE device.
   */
  readonly end: 'unmounted' | 'closed';
}

/** The largest READ when nothing else is said: 256 pages, the kernel's default limit. */
export const defaultMaxReadBytes = 1 << 20;

/** The kernel's minimum; nothing is ever written. */
const maxWriteBytes = 4096;

/** A symbolic link's target has to fit into a page with its NUL (`fuse_readlink_page`). */
const longestTarget = 4095;

/** At most so many different failures of operations are logged. */
const loggedFailures = 1000;

// Constants for the switch in the hot path.
const LOOKUP = 1;
const FORGET = 2;
const GETATTR = 3;
const READLINK = 5;
const OPEN = 14;
const READ = 15;
const STATFS = 17;
const GETXATTR = 22;
const LISTXATTR = 23;
const INIT = 26;
const OPENDIR = 27;
const READDIR = 28;
const BATCH_FORGET = 42;
const READDIRPLUS = 44;

/** The answer of an opcode without an operation: an errno, 0 for an empty success, or none. */
const fixedAnswers: (Errno | NoAnswer)[] = Array.from({ length: layout.opcodeLimit }, () => errno.ENOSYS);
for (const { number, treatment } of layout.opcodes) {
  if (treatment === 'erofs') fixedAnswers[number] = errno.EROFS;
  else if (treatment === 'enotty') fixedAnswers[number] = errno.ENOTTY;
  else if (treatment === 'ok') fixedAnswers[number] = 0;
  else if (treatment === 'none') fixedAnswers[number] = noAnswer;
}

function bits(names: Iterable<layout.InitFlag>): [number, number] {
  const words: [number, number] = [0, 0];
  for (const name of names) {
    const bit = layout.initFlag[name];
    words[bit < 32 ? 0 : 1] |= 1 << (bit & 31);
  }
  return words;
}

/** One thread's side of a connection. It knows no descriptor: bytes go in and out through its buffers. */
export class Session {
  readonly #operations: Operations;
  readonly #activity: Activity;
  readonly #marks: ThreadActivity;
  readonly #log: Logger;
  readonly #protocol: ProtocolOptions;
  readonly #request = new Request();
  readonly #reply: Reply;
  readonly #failures = new Set<string>();
  // What operations write into; used again for every request.
  readonly #entry: Entry = emptyEntry();
  readonly #statistics = emptyStatistics();
  #refusal: LvfsError | undefined;

  constructor(operations: Operations, options: SessionOptions) {
    this.#operations = operations;
    this.#activity = options.activity;
    this.#marks = options.activity.thread(options.thread);
    this.#log = options.log;
    this.#protocol = options.protocol ?? {};
    this.#reply = new Reply(this.#protocol.maxReadBytes ?? defaultMaxReadBytes);
  }

  /** Where the caller puts a request. */
  get requestBuffer(): Buffer {
    return this.#request.buffer;
  }

  /** Where {@link handle} leaves its reply. */
  get replyBuffer(): Buffer {
    return this.#reply.buffer;
  }

  /** Set when the kernel's protocol version cannot be served; every request then fails. */
  get refusal(): LvfsError | undefined {
    return this.#refusal;
  }

  /** Marks this thread as busy; see {@link Activity.quiescent}. */
  begin(): void {
    this.#marks.begin();
  }

  /** Marks this thread as idle, after the reply was written. */
  end(): void {
    this.#marks.end();
  }

  /**
   * Handles the request of `length` bytes in {@link requestBuffer}. The number of bytes of {@link replyBuffer} to
   * be written, or 0 when there is nothing to say. Never throws: what an operation throws is logged once for each
   * opcode and node, and answered with EIO.
   */
  handle(length: number): number {
    const request = this.#request;
    const problem = request.decode(length);
    this.#marks.count(request.opcode);
    if (problem !== 0) return this.#malformed(problem);
    try {
      return this.#dispatch(request);
    } catch (error) {
      // The one place where a bug in an operation ends: it costs its caller an EIO, not everybody the mount.
      return this.#failed(error);
    }
  }

  #dispatch(request: Request): number {
    const operations = this.#operations;
    const reply = this.#reply;
    const entry = this.#entry;
    switch (request.opcode) {
      case LOOKUP: {
        const name = request.name();
        if (name === undefined) {
          return reply.error(request, request.length > 256 + 40 ? errno.ENAMETOOLONG : errno.EINVAL);
        }
        entry.nodeId = 0;
        entry.entryValid = 0;
        entry.attrValid = 0;
        const code = operations.lookup(request.node, name, request.caller, entry);
        return code === 0 ? reply.entry(request, entry) : reply.error(request, code);
      }
      case GETATTR: {
        entry.attrValid = 0;
        const code = operations.getattr(request.node, request.caller, entry);
        return code === 0 ? reply.attributes(request, entry) : reply.error(request, code);
      }
      case READ: {
        const size = request.u32(layout.readIn.offset.size);
        const offset = request.u64(layout.readIn.offset.offset);
        // A shorter answer would read as the end of the file, so a size beyond what was agreed on is refused.
        if (offset < 0 || size > reply.largest) return reply.error(request, errno.EINVAL);
        const count = operations.read(request.node, offset, reply.window(size), request.caller);
        if (count < 0) return reply.error(request, failureOf(count));
        if (!(count <= size)) throw new RangeError(`read ${count} bytes of ${size}`);
        return reply.done(request, count);
      }
      case READDIRPLUS:
      case READDIR: {
        const size = request.u32(layout.readIn.offset.size);
        const offset = request.u64(layout.readIn.offset.offset);
        if (offset < 0) return reply.error(request, errno.EINVAL);
        const sink = reply.beginListing(size, request.opcode === READDIRPLUS);
        const code = operations.readdir(request.node, offset, request.caller, sink);
        // Entries with attributes count as looked up, so those already taken must reach the kernel; the error
        // comes again when it asks for the rest.
        if (code === 0 || !reply.listing.isEmpty) return reply.listed(request);
        return reply.error(request, code);
      }
      case READLINK: {
        const target = operations.readlink(request.node, request.caller);
        if (typeof target === 'number') return reply.error(request, target);
        if (target.length > longestTarget) return reply.error(request, errno.ENAMETOOLONG);
        return reply.bytes(request, target);
      }
      case FORGET: {
        operations.forget(request.node, request.u64(layout.forgetIn.offset.nlookup));
        return 0;
      }
      case BATCH_FORGET:
        return this.#batchForget(request);
      case STATFS: {
        const code = operations.statfs(request.node, this.#statistics);
        return code === 0 ? reply.statistics(request, this.#statistics) : reply.error(request, code);
      }
      case GETXATTR:
      case LISTXATTR:
        return this.#attribute(request);
      case OPEN:
      case OPENDIR:
        return this.#open(request);
      case INIT:
        return this.#init(request);
      default: {
        const code = fixedAnswers[request.opcode] ?? errno.ENOSYS;
        return code === noAnswer ? 0 : reply.error(request, code);
      }
    }
  }

  /** Without the operations: ENOSYS, and the kernel asks no more. */
  #attribute(request: Request): number {
    const { getxattr, listxattr } = this.#operations;
    const reply = this.#reply;
    if (getxattr === undefined || listxattr === undefined) return reply.error(request, errno.ENOSYS);
    const size = request.u32(layout.getxattrIn.offset.size);
    const into = reply.window(Math.min(size, reply.largest));
    let length: number;
    if (request.opcode === GETXATTR) {
      const name = request.nameBehind(layout.getxattrIn.size);
      if (name === undefined) return reply.error(request, errno.EINVAL);
      length = getxattr(request.node, name, into, request.caller);
    } else {
      length = listxattr(request.node, into, request.caller);
    }
    if (length < 0) return reply.error(request, failureOf(length));
    if (size === 0) return reply.attributeSize(request, length);
    if (!(length <= into.length)) throw new RangeError(`an attribute of ${length} bytes in ${into.length}`);
    return reply.done(request, length);
  }

  #batchForget(request: Request): number {
    const count = request.u32(layout.batchForgetIn.offset.count);
    const { size, offset } = layout.forgetOne;
    const present = Math.floor((request.length - layout.inHeader.size - layout.batchForgetIn.size) / size);
    for (let i = 0; i < Math.min(count, present); i++) {
      const at = layout.batchForgetIn.size + i * size;
      const node = request.u64(at + offset.nodeid);
      if (node > 0) this.#operations.forget(node, request.u64(at + offset.nlookup));
    }
    return 0;
  }

  /**
   * ENOSYS makes the kernel open everything by itself from then on, with page and directory caches kept. Kernels
   * that cannot do that get an empty handle with the same promise.
   */
  #open(request: Request): number {
    const isDirectory = request.opcode === OPENDIR;
    const accessMode = request.u32(layout.openIn.offset.flags) & 3;
    if (accessMode !== 0) return this.#reply.error(request, errno.EROFS);
    if (this.#activity.isEnabled(isDirectory ? 'NO_OPENDIR_SUPPORT' : 'NO_OPEN_SUPPORT')) {
      return this.#reply.error(request, errno.ENOSYS);
    }
    const { keepCache, cacheDir } = layout.openFlag;
    return this.#reply.opened(request, isDirectory ? keepCache | cacheDir : keepCache);
  }

  #init(request: Request): number {
    const o = layout.initIn.offset;
    const body = request.length - layout.inHeader.size;
    const major = request.u32(o.major);
    const minor = request.u32(o.minor);
    const none = {
      maxReadahead: 0,
      flags: [0, 0] as const,
      maxBackground: 0,
      congestionThreshold: 0,
      maxWrite: maxWriteBytes,
      maxPages: 0,
    };
    if (major > layout.protocolMajor) {
      // The kernel sends a second INIT with the major version it finds in this reply.
      return this.#reply.init(request, { ...none, minor: layout.newestMinor });
    }
    if (major < layout.protocolMajor || minor < layout.oldestMinor) {
      this.#refusal = new LvfsError(
        'FUSE_PROTOCOL',
        `the kernel speaks version ${major}.${minor} of the FUSE protocol; ` +
          `${layout.protocolMajor}.${layout.oldestMinor} to ${layout.protocolMajor}.${layout.newestMinor} are known`,
      );
      return this.#reply.error(request, errno.EPROTO);
    }
    if (body < layout.initIn.sizeAt(Math.min(minor, 35))) return this.#reply.error(request, errno.EINVAL);
    const first = request.u32(o.flags);
    const second = minor >= 36 && body >= layout.initIn.size ? request.u32(o.flags2) : 0;
    const offered = keysOf(layout.initFlag).filter((name) => {
      const bit = layout.initFlag[name];
      return ((bit < 32 ? first : second) >>> (bit & 31)) & 1;
    });
    const wanted = this.#wantedFlags();
    const enabled = bits(offered.filter((name) => wanted.has(name)));
    const agreed = Math.min(minor, layout.newestMinor);
    const background = this.#protocol.maxBackground ?? 16;
    this.#activity.setNegotiated(agreed, bits(offered), enabled);
    return this.#reply.init(request, {
      minor: agreed,
      // The kernel takes the smaller of this and what is set for the mount, which the driver does.
      maxReadahead: Math.max(request.u32(o.max_readahead), this.#reply.largest),
      flags: [enabled[0] >>> 0, enabled[1] >>> 0],
      maxBackground: background,
      congestionThreshold: Math.ceil(background * 0.75),
      maxWrite: maxWriteBytes,
      // In the kernel's pages, which are 4 KiB or more; `max_read` of the mount limits what that allows.
      maxPages: Math.ceil(this.#reply.largest / 4096),
    });
  }

  #wantedFlags(): Set<layout.InitFlag> {
    const { readdirPlus = 'always', autoInvalidateData = true } = this.#protocol;
    const wanted = new Set<layout.InitFlag>([
      'ASYNC_READ',
      'NO_OPEN_SUPPORT',
      'NO_OPENDIR_SUPPORT',
      'PARALLEL_DIROPS',
      'MAX_PAGES',
      'CACHE_SYMLINKS',
      'INIT_EXT',
      // Without it a file handle would still open what the view has hidden since.
      'NO_EXPORT_SUPPORT',
    ]);
    if (this.#operations.getxattr !== undefined) wanted.add('POSIX_ACL');
    if (autoInvalidateData) wanted.add('AUTO_INVAL_DATA');
    if (readdirPlus !== 'never') wanted.add('DO_READDIRPLUS');
    if (readdirPlus === 'auto') wanted.add('READDIRPLUS_AUTO');
    return wanted;
  }

  #malformed(code: Errno | NoAnswer): number {
    const request = this.#request;
    if (code === noAnswer) {
      this.#logOnce('short', 'warn', `fuse: a request of ${request.length} bytes cannot be answered`);
      return 0;
    }
    const name = layout.opcodeTable[request.opcode]?.name ?? `opcode ${request.opcode}`;
    this.#logOnce(`malformed ${name}`, 'warn', `fuse: malformed ${name} of ${request.length} bytes`);
    const hasReply = fixedAnswers[request.opcode] !== noAnswer;
    return hasReply ? this.#reply.error(request, code) : 0;
  }

  #failed(error: unknown): number {
    const request = this.#request;
    if (error instanceof FsError) return this.#reply.error(request, error.errno);
    const name = layout.opcodeTable[request.opcode]?.name ?? `opcode ${request.opcode}`;
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#logOnce(
      `${name} ${request.node}`,
      'error',
      `fuse: ${name} of node ${request.node} failed: ${detail.replace(/\s*\n\s*/g, ' | ')}`,
    );
    const hasReply = fixedAnswers[request.opcode] !== noAnswer;
    return hasReply ? this.#reply.error(request, errno.EIO) : 0;
  }

  /** Logs the first message of each kind, and later says nothing: a broken file may be asked for in a loop. */
  #logOnce(kind: string, level: 'warn' | 'error', message: string): void {
    if (this.#failures.has(kind) || this.#failures.size >= loggedFailures) return;
    this.#failures.add(kind);
    this.#log(level, message);
  }

  /**
   * Reports a reply that the kernel did not take, other than because nobody waits for it any more, and makes another one.
   * @returns bytes of a reply that says EIO, so that whoever asked does not wait for ever; 0 when nobody does
   */
  unwritten(code: Errno): number {
    // Interrupted, aborted or unmounted meanwhile: expected, and the next read tells what became of the mount.
    if (withdrawn.has(code)) return 0;
    const name = layout.opcodeTable[this.#request.opcode]?.name ?? `opcode ${this.#request.opcode}`;
    this.#logOnce(
      `reply ${name}`,
      'error',
      `fuse: the kernel refused the reply to ${name} of node ${this.#request.node}: ${errnoName(code)}`,
    );
    return this.#reply.error(this.#request, errno.EIO);
  }
}

/** What the kernel says of a reply for which nobody waits any more. */
const withdrawn: ReadonlySet<Errno> = new Set([errno.ENOENT, errno.ENODEV, errno.EPERM, errno.ECONNABORTED]);

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** How long a loop waits for the mount to be made on its descriptor. */
const mountDeadlineMs = 10_000;

/** What it means when the device cannot be read. */
const readFailures: ReadonlyMap<Errno, ServeResult['end'] | 'again' | 'later' | 'not mounted yet'> = new Map([
  [errno.ENODEV, 'unmounted'],
  [errno.ECONNABORTED, 'unmounted'],
  [errno.EBADF, 'closed'],
  [errno.EINTR, 'again'],
  // The request was withdrawn between being queued and being read.
  [errno.ENOENT, 'again'],
  [errno.EAGAIN, 'later'],
  [errno.EPERM, 'not mounted yet'],
]);

/**
 * Serves `fd`, an open /dev/fuse, until the mount is gone. Blocks the thread. Reads that fail because the mount is
 * not there yet are tried again for ten seconds.
 *
 * Throws an {@link LvfsError} `FUSE_PROTOCOL` (exit 23) for a kernel that is too old, and `FUSE_DEVICE` when the
 * device cannot be read.
 */
export function serveDevice(fd: number, operations: Operations, options: SessionOptions): ServeResult {
  const session = new Session(operations, options);
  const channel = openChannel(fd, session.requestBuffer, session.replyBuffer);
  let waited = 0;
  for (;;) {
    const length = channel.read();
    if (length < 0) {
      const code = failureOf(length);
      const meaning = readFailures.get(code);
      if (meaning === 'unmounted' || meaning === 'closed') return { end: meaning };
      if (meaning === 'again') continue;
      if (meaning === 'later' || (meaning === 'not mounted yet' && waited++ < mountDeadlineMs)) {
        Atomics.wait(sleeper, 0, 0, 1);
        continue;
      }
      throw new LvfsError('FUSE_DEVICE', `cannot read requests from /dev/fuse (${errnoName(code)})`);
    }
    if (length === 0) return { end: 'closed' };
    session.begin();
    const size = session.handle(length);
    if (size > 0) {
      const written = channel.write(size);
      // Whatever the kernel says of one reply, the others still have to be given.
      if (written < 0) {
        const rest = session.unwritten(failureOf(written));
        if (rest > 0) channel.write(rest);
      }
    }
    session.end();
    if (session.refusal !== undefined) throw session.refusal;
  }
}
