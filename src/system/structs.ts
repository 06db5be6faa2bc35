/**
 * The structs of system calls, as field lists from which offsets and sizes follow. Every one is naturally aligned, as the
 * kernel's headers for user space have them; nothing in them depends on the machine but the order of bytes.
 */
import { endianness } from 'node:os';

const sizes = { u8: 1, u16: 2, s32: 4, u32: 4, u64: 8, s64: 8 } as const;

type Scalar = keyof typeof sizes;

/** One struct: where its fields lie, in bytes, and how large it is. */
export interface Struct<N extends string> {
  readonly name: string;
  readonly offset: Readonly<Record<N, number>>;
  readonly size: number;
}

function struct<const N extends string>(
  name: string,
  fields: readonly (readonly [name: N, type: Scalar, count?: number])[],
): Struct<N> {
  const offset: Partial<Record<N, number>> = {};
  let at = 0;
  let widest = 1;
  for (const [field, type, count = 1] of fields) {
    const size = sizes[type];
    at = Math.ceil(at / size) * size;
    offset[field] = at;
    at += size * count;
    widest = Math.max(widest, size);
  }
  // Each name of N has been given an offset.
  return { name, offset: offset as Record<N, number>, size: Math.ceil(at / widest) * widest };
}

/** `struct statx` (linux/stat.h), with `struct statx_timestamp` taken apart. */
export const statxStruct = struct('statx', [
  ['mask', 'u32'],
  ['blksize', 'u32'],
  ['attributes', 'u64'],
  ['nlink', 'u32'],
  ['uid', 'u32'],
  ['gid', 'u32'],
  ['mode', 'u16'],
  ['ino', 'u64'],
  ['size', 'u64'],
  ['blocks', 'u64'],
  ['attributes_mask', 'u64'],
  ['atime_sec', 's64'],
  ['atime_nsec', 'u32'],
  ['btime_sec', 's64'],
  ['btime_nsec', 'u32'],
  ['ctime_sec', 's64'],
  ['ctime_nsec', 'u32'],
  ['mtime_sec', 's64'],
  ['mtime_nsec', 'u32'],
  ['mtime_reserved', 's32'],
  ['rdev_major', 'u32'],
  ['rdev_minor', 'u32'],
  ['dev_major', 'u32'],
  ['dev_minor', 'u32'],
  ['spare', 'u64', 14],
]);

/** `struct open_how` (linux/openat2.h). */
export const openHow = struct('open_how', [
  ['flags', 'u64'],
  ['mode', 'u64'],
  ['resolve', 'u64'],
]);

/** `struct linux_dirent64` (linux/fs/readdir.c; getdents64(2)); the name follows. */
export const dirent64 = struct('linux_dirent64', [
  ['ino', 'u64'],
  ['off', 's64'],
  ['reclen', 'u16'],
  ['type', 'u8'],
  ['name', 'u8'],
]);

/** `struct inotify_event` (linux/inotify.h); the name follows, padded with NULs. */
export const inotifyEvent = struct('inotify_event', [
  ['wd', 's32'],
  ['mask', 'u32'],
  ['cookie', 'u32'],
  ['len', 'u32'],
]);

/** `struct pidfd_info` as it was first (linux/pidfd.h, PIDFD_INFO_SIZE_VER0). */
export const pidfdInfo = struct('pidfd_info', [
  ['mask', 'u64'],
  ['cgroupid', 'u64'],
  ['pid', 'u32'],
  ['tgid', 'u32'],
  ['ppid', 'u32'],
  ['ruid', 'u32'],
  ['rgid', 'u32'],
  ['euid', 'u32'],
  ['egid', 'u32'],
  ['suid', 'u32'],
  ['sgid', 'u32'],
  ['fsuid', 'u32'],
  ['fsgid', 'u32'],
  ['exit_code', 's32'],
]);

/** The position of the less significant half of a 64-bit value, in 32-bit words; the other half is at 1 − it. */
export const lowWord = endianness() === 'LE' ? 0 : 1;

// Constants of the kernel's headers that are the same on every machine that lvfs runs on (linux/fcntl.h, linux/stat.h,
// linux/openat2.h, linux/inotify.h). Those of open(2) that differ come from Node's.
export const at = { fdcwd: -100, symlinkNofollow: 0x100, emptyPath: 0x1000, noAutomount: 0x800 } as const;
export const statxMask = { basic: 0x7ff, btime: 0x800 } as const;
/** `PIDFD_INFO_EXIT` and `PIDFD_GET_INFO`, which is `_IOWR(0xFF, 11, struct pidfd_info)` and comes out the same on every machine. */
export const pidfd = { infoExit: 0x8, getInfo: 0xc000_ff0b + (pidfdInfo.size << 16) } as const;
export const resolve = { noMagicLinks: 0x02, noSymlinks: 0x04 } as const;
export const inotify = {
  modify: 0x2,
  attrib: 0x4,
  movedFrom: 0x40,
  movedTo: 0x80,
  create: 0x100,
  delete: 0x200,
  deleteSelf: 0x400,
  moveSelf: 0x800,
  unmount: 0x2000,
  overflow: 0x4000,
  ignored: 0x8000,
  onlyDirectory: 0x0100_0000,
  dontFollow: 0x0200_0000,
} as const;
