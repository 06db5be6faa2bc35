/**
 * The contract between a driver and a filesystem, in terms of node ids. It knows nothing of what the files mean.
 *
 * Every operation is synchronous and answers with an errno (0 = success); results are written into objects that
 * the driver owns and uses again for the next request, so nothing may be kept from one call to the next. An
 * exception is a bug: the driver logs it and answers EIO.
 */
import type { Errno, Outcome } from '../base/index.js';

/** Identifies a file towards the kernel; 1 is the root, 0 means "no such name". An integer below 2^53. */
export type NodeId = number;

/** The node id of the root directory (`FUSE_ROOT_ID` in linux/fuse.h). */
export const rootNodeId: NodeId = 1;

/** Seconds, possibly fractional. */
export type Seconds = number;

/** `struct fuse_attr` of linux/fuse.h, with times split into seconds (signed) and nanoseconds (0–999 999 999). */
export interface Attributes {
  ino: number;
  /** Bytes; an integer below 2^53. */
  size: number;
  /** Units of 512 bytes. */
  blocks: number;
  atimeSec: number;
  atimeNsec: number;
  mtimeSec: number;
  mtimeNsec: number;
  ctimeSec: number;
  ctimeNsec: number;
  /** File type and permissions, as in `stat(2)`. */
  mode: number;
  nlink: number;
  uid: number;
  gid: number;
  /** The kernel's 32-bit encoding (`new_encode_dev`): minor bits 0–7, major bits 8–19, minor bits 20–31. */
  rdev: number;
  /** Bytes. */
  blksize: number;
}

/** `struct fuse_entry_out`: the answer to a lookup. `nodeId` 0 with a validity is a cached "no such name". */
export interface Entry {
  nodeId: NodeId;
  /** How long the kernel may keep the name. */
  entryValid: Seconds;
  /** How long the kernel may keep the attributes. */
  attrValid: Seconds;
  readonly attr: Attributes;
}

/** An entry with nothing in it. All that drivers have filled are made here: objects of one shape keep the encoder fast. */
export function emptyEntry(): Entry {
  return {
    nodeId: 0,
    entryValid: 0,
    attrValid: 0,
    attr: {
      ino: 0,
      size: 0,
      blocks: 0,
      atimeSec: 0,
      atimeNsec: 0,
      mtimeSec: 0,
      mtimeNsec: 0,
      ctimeSec: 0,
      ctimeNsec: 0,
      mode: 0,
      nlink: 0,
      uid: 0,
      gid: 0,
      rdev: 0,
      blksize: 0,
    },
  };
}

/** Who asks: the header of a request (`struct fuse_in_header`). */
export interface Caller {
  uid: number;
  gid: number;
  /** Thread id of the caller in the daemon's pid namespace; 0 when it is outside of it. */
  pid: number;
}

/**
 * Where a directory listing goes. Offsets are opaque to the kernel and must stay meaningful without an open
 * handle: `nextOffset` given with an entry is where a later call goes on behind it.
 */
export interface DirectorySink {
  /** True when the kernel asked for attributes with each entry (READDIRPLUS). */
  readonly wantsAttributes: boolean;
  /** What {@link addWithAttributes} takes; to be filled before each call. */
  readonly entry: Entry;
  /**
   * Adds an entry without attributes. `type` is the `DT_*` value of dirent.h. False: there was no room and the
   * entry was not taken.
   */
  add(name: Uint8Array, ino: number, type: number, nextOffset: number): boolean;
  /** The same with the attributes in {@link entry}; only when {@link wantsAttributes}. The kernel then knows the entry's node. */
  addWithAttributes(name: Uint8Array, nextOffset: number): boolean;
}

/** `struct fuse_kstatfs`. */
export interface FilesystemStatistics {
  blocks: number;
  bfree: number;
  bavail: number;
  files: number;
  ffree: number;
  bsize: number;
  namelen: number;
  frsize: number;
}

/** Statistics of a filesystem that has nothing in it, to be filled. */
export function emptyStatistics(): FilesystemStatistics {
  return { blocks: 0, bfree: 0, bavail: 0, files: 0, ffree: 0, bsize: 4096, namelen: 255, frsize: 4096 };
}

/** A read-only filesystem. The driver answers every modification with EROFS by itself. */
export interface Operations {
  /**
   * Resolves `name` (bytes, valid during the call only) in `parent`. ENOENT may instead be a success with nodeId 0.
   * `out` comes with its node id and validities at 0. A success with a node is one reference to it, which
   * {@link forget} gives back.
   */
  lookup(parent: NodeId, name: Buffer, caller: Caller, out: Entry): Errno;
  /** The kernel dropped `count` references to a node. */
  forget(node: NodeId, count: number): void;
  /** Fills `out.attr` and `out.attrValid`. */
  getattr(node: NodeId, caller: Caller, out: Entry): Errno;
  /** The target of a symbolic link, or an errno. */
  readlink(node: NodeId, caller: Caller): Uint8Array | Errno;
  /** Reads at most `into.length` bytes at `offset` into `into`; the number of bytes read. */
  read(node: NodeId, offset: number, into: Buffer, caller: Caller): Outcome;
  /**
   * Lists a directory from `offset` (0 = start), "." and ".." included, until the sink is full. Every entry that
   * was taken with attributes, other than "." and "..", counts as one more reference to its node, as a lookup does.
   */
  readdir(node: NodeId, offset: number, caller: Caller, sink: DirectorySink): Errno;
  statfs(node: NodeId, out: FilesystemStatistics): Errno;
  /**
   * The value of an extended attribute, for a filesystem that has them; the kernel then checks POSIX ACLs as well, and asks for
   * them by `system.posix_acl_access`.
   * @param into where it is written; of no length when only its length is asked for
   * @returns its length, or a failure: ENODATA when there is none, ERANGE when it does not fit
   */
  getxattr?: ((node: NodeId, name: Buffer, into: Buffer, caller: Caller) => Outcome) | undefined;
  /** The names of all, each with a NUL behind it; otherwise as {@link getxattr}. Both or neither. */
  listxattr?: ((node: NodeId, into: Buffer, caller: Caller) => Outcome) | undefined;
}

/** Tells the kernel that something it may have cached has changed. Never call this from a thread that serves. */
export interface Notifier {
  /** Drops attributes, and with them pages from `offset` for `length` bytes (0 = to the end; -1 as offset: attributes only). */
  invalidateNode(node: NodeId, offset: number, length: number): void;
  /**
   * Drops a name, existing or missing, from the cache of its directory; where the kernel can (7.38) it is only
   * marked as expired and looked up again at its next use, so that mounts below it stay. The cached listing of
   * the directory goes with it only when the name itself was cached: where a listing has changed, invalidate the
   * directory's node as well.
   *
   * Waits for the directory's lock, and with it for everybody who has an answer about the directory that he has not
   * entered into the caches yet; {@link invalidateNode} does not, so a listing is dropped after the name.
   *
   * With `drop` it is taken out at once, and mounts below it with it. Only then is it certain that an answer that is
   * on its way to a process which looks the expired name up does not make it valid again.
   */
  invalidateEntry(parent: NodeId, name: Uint8Array, drop?: boolean): void;
}
