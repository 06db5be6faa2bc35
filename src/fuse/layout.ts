/**
 * The shapes of the FUSE kernel protocol: struct layouts and the table of requests, transcribed from
 * `include/uapi/linux/fuse.h`. Only data is here; reading and writing them is `codec.ts`, what is answered is
 * `server.ts`.
 *
 * Offsets and sizes are computed from the field lists. Every struct is naturally aligned and padded to 8 bytes by
 * its own fields, so an offset is the sum of what precedes it. Where a struct grew, the new fields carry the
 * minor version that brought them, and {@link Struct.sizeAt} gives the size that older kernels use
 * (`FUSE_COMPAT_*_SIZE`).
 */

/** `FUSE_KERNEL_VERSION`: the only major version spoken here. */
export const protocolMajor = 7;

/** The newest minor version whose structs and requests are known here (Linux 6.18). */
export const newestMinor = 45;

/** The oldest minor version that is served (Linux 2.6.24): structs of the hot requests have not changed since. */
export const oldestMinor = 9;

const scalarSizes = { u16: 2, u32: 4, i32: 4, u64: 8, i64: 8 } as const;

/** A scalar of the protocol, in host byte order. */
export type Scalar = keyof typeof scalarSizes;

/** Name, type, and where needed: how often it repeats, and since which minor version it exists. */
export type Field<N extends string = string> = readonly [
  name: N,
  type: Scalar | Struct,
  options?: { readonly count?: number; readonly since?: number },
];

/** One struct of linux/fuse.h. */
export interface Struct<N extends string = string> {
  readonly name: string;
  readonly fields: readonly Field<N>[];
  /** Bytes at the newest minor version. */
  readonly size: number;
  /** Bytes from the start of the struct to each field. */
  readonly offset: Readonly<Record<N, number>>;
  /** Bytes at a given minor version of the protocol. */
  sizeAt(minor: number): number;
}

function sizeOfField([, type, options]: Field, minor: number): number {
  if (options?.since !== undefined && minor < options.since) return 0;
  const one = typeof type === 'string' ? scalarSizes[type] : type.sizeAt(minor);
  return one * (options?.count ?? 1);
}

function struct<const N extends string>(name: string, fields: readonly Field<N>[]): Struct<N> {
  const sizeAt = (minor: number) => fields.reduce((sum, field) => sum + sizeOfField(field, minor), 0);
  const offset = {} as Record<N, number>;
  let at = 0;
  for (const field of fields) {
    offset[field[0]] = at;
    at += sizeOfField(field, Infinity);
  }
  return { name, fields, size: at, offset, sizeAt };
}

export const inHeader = struct('fuse_in_header', [
  ['len', 'u32'],
  ['opcode', 'u32'],
  ['unique', 'u64'],
  ['nodeid', 'u64'],
  ['uid', 'u32'],
  ['gid', 'u32'],
  ['pid', 'u32'],
  ['total_extlen', 'u16'],
  ['padding', 'u16'],
]);

export const outHeader = struct('fuse_out_header', [
  ['len', 'u32'],
  ['error', 'i32'],
  ['unique', 'u64'],
]);

export const attr = struct('fuse_attr', [
  ['ino', 'u64'],
  ['size', 'u64'],
  ['blocks', 'u64'],
  ['atime', 'i64'],
  ['mtime', 'i64'],
  ['ctime', 'i64'],
  ['atimensec', 'u32'],
  ['mtimensec', 'u32'],
  ['ctimensec', 'u32'],
  ['mode', 'u32'],
  ['nlink', 'u32'],
  ['uid', 'u32'],
  ['gid', 'u32'],
  ['rdev', 'u32'],
  ['blksize', 'u32', { since: 9 }],
  ['flags', 'u32', { since: 9 }],
]);

export const entryOut = struct('fuse_entry_out', [
  ['nodeid', 'u64'],
  ['generation', 'u64'],
  ['entry_valid', 'u64'],
  ['attr_valid', 'u64'],
  ['entry_valid_nsec', 'u32'],
  ['attr_valid_nsec', 'u32'],
  ['attr', attr],
]);

export const attrOut = struct('fuse_attr_out', [
  ['attr_valid', 'u64'],
  ['attr_valid_nsec', 'u32'],
  ['dummy', 'u32'],
  ['attr', attr],
]);

export const kstatfs = struct('fuse_kstatfs', [
  ['blocks', 'u64'],
  ['bfree', 'u64'],
  ['bavail', 'u64'],
  ['files', 'u64'],
  ['ffree', 'u64'],
  ['bsize', 'u32'],
  ['namelen', 'u32'],
  ['frsize', 'u32', { since: 4 }],
  ['padding', 'u32', { since: 4 }],
  ['spare', 'u32', { since: 4, count: 6 }],
]);

export const dirent = struct('fuse_dirent', [
  ['ino', 'u64'],
  ['off', 'u64'],
  ['namelen', 'u32'],
  ['type', 'u32'],
]);

export const direntplus = struct('fuse_direntplus', [
  ['entry_out', entryOut],
  ['dirent', dirent],
]);

export const initIn = struct('fuse_init_in', [
  ['major', 'u32'],
  ['minor', 'u32'],
  ['max_readahead', 'u32', { since: 6 }],
  ['flags', 'u32', { since: 6 }],
  ['flags2', 'u32', { since: 36 }],
  ['unused', 'u32', { since: 36, count: 11 }],
]);

export const initOut = struct('fuse_init_out', [
  ['major', 'u32'],
  ['minor', 'u32'],
  ['max_readahead', 'u32', { since: 5 }],
  ['flags', 'u32', { since: 5 }],
  ['max_background', 'u16', { since: 5 }],
  ['congestion_threshold', 'u16', { since: 5 }],
  ['max_write', 'u32', { since: 5 }],
  ['time_gran', 'u32', { since: 23 }],
  ['max_pages', 'u16', { since: 23 }],
  ['map_alignment', 'u16', { since: 23 }],
  ['flags2', 'u32', { since: 23 }],
  ['max_stack_depth', 'u32', { since: 23 }],
  ['request_timeout', 'u16', { since: 23 }],
  ['unused', 'u16', { since: 23, count: 11 }],
]);

export const forgetIn = struct('fuse_forget_in', [['nlookup', 'u64']]);

export const forgetOne = struct('fuse_forget_one', [
  ['nodeid', 'u64'],
  ['nlookup', 'u64'],
]);

export const batchForgetIn = struct('fuse_batch_forget_in', [
  ['count', 'u32'],
  ['dummy', 'u32'],
]);

export const getattrIn = struct('fuse_getattr_in', [
  ['getattr_flags', 'u32', { since: 9 }],
  ['dummy', 'u32', { since: 9 }],
  ['fh', 'u64', { since: 9 }],
]);

export const openIn = struct('fuse_open_in', [
  ['flags', 'u32'],
  ['open_flags', 'u32'],
]);

export const openOut = struct('fuse_open_out', [
  ['fh', 'u64'],
  ['open_flags', 'u32'],
  ['backing_id', 'i32'],
]);

/** Used by READ, READDIR and READDIRPLUS. */
export const readIn = struct('fuse_read_in', [
  ['fh', 'u64'],
  ['offset', 'u64'],
  ['size', 'u32'],
  ['read_flags', 'u32'],
  ['lock_owner', 'u64', { since: 9 }],
  ['flags', 'u32', { since: 9 }],
  ['padding', 'u32', { since: 9 }],
]);

export const writeIn = struct('fuse_write_in', [
  ['fh', 'u64'],
  ['offset', 'u64'],
  ['size', 'u32'],
  ['write_flags', 'u32'],
  ['lock_owner', 'u64', { since: 9 }],
  ['flags', 'u32', { since: 9 }],
  ['padding', 'u32', { since: 9 }],
]);

export const releaseIn = struct('fuse_release_in', [
  ['fh', 'u64'],
  ['flags', 'u32'],
  ['release_flags', 'u32'],
  ['lock_owner', 'u64', { since: 8 }],
]);

export const flushIn = struct('fuse_flush_in', [
  ['fh', 'u64'],
  ['unused', 'u32'],
  ['padding', 'u32'],
  ['lock_owner', 'u64'],
]);

export const setattrIn = struct('fuse_setattr_in', [
  ['valid', 'u32'],
  ['padding', 'u32'],
  ['fh', 'u64'],
  ['size', 'u64'],
  ['lock_owner', 'u64'],
  ['atime', 'i64'],
  ['mtime', 'i64'],
  ['ctime', 'i64'],
  ['atimensec', 'u32'],
  ['mtimensec', 'u32'],
  ['ctimensec', 'u32'],
  ['mode', 'u32'],
  ['unused4', 'u32'],
  ['uid', 'u32'],
  ['gid', 'u32'],
  ['unused5', 'u32'],
]);

export const mknodIn = struct('fuse_mknod_in', [
  ['mode', 'u32'],
  ['rdev', 'u32'],
  ['umask', 'u32', { since: 12 }],
  ['padding', 'u32', { since: 12 }],
]);

export const mkdirIn = struct('fuse_mkdir_in', [
  ['mode', 'u32'],
  ['umask', 'u32'],
]);

export const renameIn = struct('fuse_rename_in', [['newdir', 'u64']]);

export const rename2In = struct('fuse_rename2_in', [
  ['newdir', 'u64'],
  ['flags', 'u32'],
  ['padding', 'u32'],
]);

export const linkIn = struct('fuse_link_in', [['oldnodeid', 'u64']]);

export const createIn = struct('fuse_create_in', [
  ['flags', 'u32'],
  ['mode', 'u32'],
  ['umask', 'u32', { since: 12 }],
  ['open_flags', 'u32', { since: 12 }],
]);

export const fsyncIn = struct('fuse_fsync_in', [
  ['fh', 'u64'],
  ['fsync_flags', 'u32'],
  ['padding', 'u32'],
]);

/** With `FUSE_SETXATTR_EXT` (7.33), which is never asked for here, two more words follow. */
export const setxattrIn = struct('fuse_setxattr_in', [
  ['size', 'u32'],
  ['flags', 'u32'],
]);

export const getxattrIn = struct('fuse_getxattr_in', [
  ['size', 'u32'],
  ['padding', 'u32'],
]);

/** The answer when only a size was asked for; otherwise bytes follow the header. */
export const getxattrOut = struct('fuse_getxattr_out', [
  ['size', 'u32'],
  ['padding', 'u32'],
]);

export const accessIn = struct('fuse_access_in', [
  ['mask', 'u32'],
  ['padding', 'u32'],
]);

export const fileLock = struct('fuse_file_lock', [
  ['start', 'u64'],
  ['end', 'u64'],
  ['type', 'u32'],
  ['pid', 'u32'],
]);

export const lkIn = struct('fuse_lk_in', [
  ['fh', 'u64'],
  ['owner', 'u64'],
  ['lk', fileLock],
  ['lk_flags', 'u32', { since: 9 }],
  ['padding', 'u32', { since: 9 }],
]);

export const interruptIn = struct('fuse_interrupt_in', [['unique', 'u64']]);

export const bmapIn = struct('fuse_bmap_in', [
  ['block', 'u64'],
  ['blocksize', 'u32'],
  ['padding', 'u32'],
]);

export const ioctlIn = struct('fuse_ioctl_in', [
  ['fh', 'u64'],
  ['flags', 'u32'],
  ['cmd', 'u32'],
  ['arg', 'u64'],
  ['in_size', 'u32'],
  ['out_size', 'u32'],
]);

export const pollIn = struct('fuse_poll_in', [
  ['fh', 'u64'],
  ['kh', 'u64'],
  ['flags', 'u32'],
  ['events', 'u32'],
]);

export const fallocateIn = struct('fuse_fallocate_in', [
  ['fh', 'u64'],
  ['offset', 'u64'],
  ['length', 'u64'],
  ['mode', 'u32'],
  ['padding', 'u32'],
]);

export const lseekIn = struct('fuse_lseek_in', [
  ['fh', 'u64'],
  ['offset', 'u64'],
  ['whence', 'u32'],
  ['padding', 'u32'],
]);

export const copyFileRangeIn = struct('fuse_copy_file_range_in', [
  ['fh_in', 'u64'],
  ['off_in', 'u64'],
  ['nodeid_out', 'u64'],
  ['fh_out', 'u64'],
  ['off_out', 'u64'],
  ['len', 'u64'],
  ['flags', 'u64'],
]);

export const notifyInvalInodeOut = struct('fuse_notify_inval_inode_out', [
  ['ino', 'u64'],
  ['off', 'i64'],
  ['len', 'i64'],
]);

export const notifyInvalEntryOut = struct('fuse_notify_inval_entry_out', [
  ['parent', 'u64'],
  ['namelen', 'u32'],
  ['flags', 'u32'],
]);

/** `enum fuse_notify_code`, as far as it is sent from here. */
export const notifyCode = { invalInode: 2, invalEntry: 3 } as const;

/** `FUSE_EXPIRE_ONLY` of fuse_notify_inval_entry_out. */
export const expireOnly = 1;

/** The `FUSE_*` flags of INIT that matter here, by bit; those from 32 on travel in `flags2`. */
export const initFlag = {
  ASYNC_READ: 0,
  EXPORT_SUPPORT: 4,
  AUTO_INVAL_DATA: 12,
  DO_READDIRPLUS: 13,
  READDIRPLUS_AUTO: 14,
  NO_OPEN_SUPPORT: 17,
  PARALLEL_DIROPS: 18,
  POSIX_ACL: 20,
  MAX_PAGES: 22,
  CACHE_SYMLINKS: 23,
  NO_OPENDIR_SUPPORT: 24,
  INIT_EXT: 30,
  HAS_EXPIRE_ONLY: 35,
  NO_EXPORT_SUPPORT: 38,
} as const;

/** The name of an INIT flag without its `FUSE_`. */
export type InitFlag = keyof typeof initFlag;

/** `FOPEN_*` flags of an OPEN or OPENDIR reply. */
export const openFlag = { keepCache: 1 << 1, cacheDir: 1 << 3 } as const;

/**
 * What a request gets when no file operation is behind it:
 * `operation`: it is handed to the filesystem; `erofs`: it would modify something; `enosys`: not supported, and
 * the kernel does not send it again; `enotty`: the kernel asks each time; `ok`: an empty success;
 * `none`: the protocol has no reply.
 */
export type Treatment = 'operation' | 'erofs' | 'enosys' | 'enotty' | 'ok' | 'none';

/** A row of {@link opcodes}. */
export interface Opcode {
  readonly number: number;
  /** Without its `FUSE_`. */
  readonly name: string;
  /** The minor version that brought it. */
  readonly since: number;
  /** What follows the header, or undefined. */
  readonly request: Struct | undefined;
  /** How many NUL-terminated strings follow that. */
  readonly names: number;
  /** What a success carries behind the header; undefined for nothing or for bytes without a layout. */
  readonly reply: Struct | undefined;
  readonly treatment: Treatment;
}

function row(
  number: number,
  name: string,
  since: number,
  request: Struct | undefined,
  names: number,
  reply: Struct | undefined,
  treatment: Treatment,
): Opcode {
  return { number, name, since, request, names, reply, treatment };
}

const nothing = undefined;

/** Every request of `enum fuse_opcode`. */
export const opcodes: readonly Opcode[] = [
  row(1, 'LOOKUP', 1, nothing, 1, entryOut, 'operation'),
  row(2, 'FORGET', 1, forgetIn, 0, nothing, 'none'),
  row(3, 'GETATTR', 1, getattrIn, 0, attrOut, 'operation'),
  row(4, 'SETATTR', 1, setattrIn, 0, attrOut, 'erofs'),
  row(5, 'READLINK', 1, nothing, 0, nothing, 'operation'),
  row(6, 'SYMLINK', 1, nothing, 2, entryOut, 'erofs'),
  row(8, 'MKNOD', 1, mknodIn, 1, entryOut, 'erofs'),
  row(9, 'MKDIR', 1, mkdirIn, 1, entryOut, 'erofs'),
  row(10, 'UNLINK', 1, nothing, 1, nothing, 'erofs'),
  row(11, 'RMDIR', 1, nothing, 1, nothing, 'erofs'),
  row(12, 'RENAME', 1, renameIn, 2, nothing, 'erofs'),
  row(13, 'LINK', 1, linkIn, 1, entryOut, 'erofs'),
  row(14, 'OPEN', 1, openIn, 0, openOut, 'operation'),
  row(15, 'READ', 1, readIn, 0, nothing, 'operation'),
  row(16, 'WRITE', 1, writeIn, 0, nothing, 'erofs'),
  row(17, 'STATFS', 1, nothing, 0, kstatfs, 'operation'),
  row(18, 'RELEASE', 1, releaseIn, 0, nothing, 'ok'),
  row(20, 'FSYNC', 1, fsyncIn, 0, nothing, 'enosys'),
  row(21, 'SETXATTR', 1, setxattrIn, 1, nothing, 'erofs'),
  row(22, 'GETXATTR', 1, getxattrIn, 1, nothing, 'operation'),
  row(23, 'LISTXATTR', 1, getxattrIn, 0, nothing, 'operation'),
  row(24, 'REMOVEXATTR', 1, nothing, 1, nothing, 'erofs'),
  row(25, 'FLUSH', 1, flushIn, 0, nothing, 'enosys'),
  row(26, 'INIT', 1, initIn, 0, initOut, 'operation'),
  row(27, 'OPENDIR', 1, openIn, 0, openOut, 'operation'),
  row(28, 'READDIR', 1, readIn, 0, nothing, 'operation'),
  row(29, 'RELEASEDIR', 1, releaseIn, 0, nothing, 'ok'),
  row(30, 'FSYNCDIR', 2, fsyncIn, 0, nothing, 'enosys'),
  row(31, 'GETLK', 7, lkIn, 0, nothing, 'enosys'),
  row(32, 'SETLK', 7, lkIn, 0, nothing, 'enosys'),
  row(33, 'SETLKW', 7, lkIn, 0, nothing, 'enosys'),
  row(34, 'ACCESS', 3, accessIn, 0, nothing, 'enosys'),
  row(35, 'CREATE', 3, createIn, 1, nothing, 'erofs'),
  // Without it the kernel stops sending interrupts, and operations here end by themselves in microseconds.
  row(36, 'INTERRUPT', 7, interruptIn, 0, nothing, 'enosys'),
  row(37, 'BMAP', 8, bmapIn, 0, nothing, 'enosys'),
  row(38, 'DESTROY', 8, nothing, 0, nothing, 'ok'),
  row(39, 'IOCTL', 11, ioctlIn, 0, nothing, 'enotty'),
  row(40, 'POLL', 11, pollIn, 0, nothing, 'enosys'),
  row(41, 'NOTIFY_REPLY', 15, nothing, 0, nothing, 'none'),
  row(42, 'BATCH_FORGET', 16, batchForgetIn, 0, nothing, 'none'),
  row(43, 'FALLOCATE', 19, fallocateIn, 0, nothing, 'erofs'),
  row(44, 'READDIRPLUS', 21, readIn, 0, nothing, 'operation'),
  row(45, 'RENAME2', 23, rename2In, 2, nothing, 'erofs'),
  row(46, 'LSEEK', 24, lseekIn, 0, nothing, 'enosys'),
  row(47, 'COPY_FILE_RANGE', 28, copyFileRangeIn, 0, nothing, 'erofs'),
  row(48, 'SETUPMAPPING', 31, nothing, 0, nothing, 'enosys'),
  row(49, 'REMOVEMAPPING', 31, nothing, 0, nothing, 'enosys'),
  row(50, 'SYNCFS', 34, nothing, 0, nothing, 'enosys'),
  row(51, 'TMPFILE', 37, createIn, 1, nothing, 'erofs'),
  row(52, 'STATX', 39, nothing, 0, nothing, 'enosys'),
  row(53, 'COPY_FILE_RANGE_64', 45, copyFileRangeIn, 0, nothing, 'erofs'),
];

/** One more than the highest known opcode; counters have this many places, and place 0 is for unknown ones. */
export const opcodeLimit = 54;

/** The row of an opcode, by its number; undefined for one that is not known. */
export const opcodeTable: readonly (Opcode | undefined)[] = Array.from({ length: opcodeLimit }, (_, number) =>
  opcodes.find((opcode) => opcode.number === number),
);
