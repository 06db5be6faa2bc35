/** Every system call that takes a path, by its number, for attackers: what it fails with, of a name and of another. */
import { constants } from 'node:fs';
import { createRequire } from 'node:module';

/** A system call by its number and arguments. */
export type Native = (...args: readonly unknown[]) => number;

/** What of koffi is used. */
interface Koffi {
  load(path: null): { func(name: string, result: string, parameters: readonly string[]): Native };
  errno(): number;
}

/** Whether calls can be made by the numbers below, which are those of one architecture. */
export const hasNumbers = process.platform === 'linux' && process.arch === 'x64';

const koffi = (): Koffi => createRequire(import.meta.url)('koffi') as Koffi;

/** syscall(2) with arguments of these types. */
export function native(parameters: readonly string[]): Native {
  return koffi()
    .load(null)
    .func('syscall', 'long', ['long', ...parameters]);
}

const here = -100;
const buffer = (): Buffer => Buffer.alloc(4096);
const text = (path: string): Buffer => Buffer.from(`${path}\0`);
const [close, openat] = [3, 257];

/** Opens with some flags, and closes. */
const opening =
  (flags: number): PathCall =>
  (path) => {
    const fd = native(['int', 'void *', 'int', 'int'])(openat, here, text(path), flags, 0o600);
    return fd < 0 ? fd : native(['int'])(close, fd);
  };

/** Opens something else to make the call with. */
const withDescriptor = (make: () => number, use: (fd: number) => number): number => {
  const fd = make();
  if (fd < 0) return fd;
  const result = use(fd);
  const errno = koffi().errno();
  native(['int'])(close, fd);
  return result < 0 ? -errno : result;
};

/** A call with a path: negative when it fails, and errno says why. */
type PathCall = (path: string) => number;

const O_PATH = 0o10000000;
const O_TMPFILE = 0o20200000;

const calls: Readonly<Record<string, PathCall>> = {
  statx: (path) =>
    native(['int', 'void *', 'int', 'int', 'void *'])(332, here, text(path), 0, 0x7ff, buffer()),
  newfstatat: (path) => native(['int', 'void *', 'void *', 'int'])(262, here, text(path), buffer(), 0x100),
  openat2: (path) => {
    const fd = native(['int', 'void *', 'void *', 'size_t'])(437, here, text(path), Buffer.alloc(24), 24);
    return fd < 0 ? fd : native(['int'])(close, fd);
  },
  open_tree: (path) => {
    const fd = native(['int', 'void *', 'int'])(428, here, text(path), 0);
    return fd < 0 ? fd : native(['int'])(close, fd);
  },
  'open, path only': opening(O_PATH),
  'open, a directory': opening(constants.O_DIRECTORY),
  'open, no link': opening(constants.O_NOFOLLOW),
  'open, emptied': opening(constants.O_WRONLY | constants.O_TRUNC),
  'open, made if need be': opening(constants.O_WRONLY | constants.O_CREAT),
  'open, a temporary file in it': opening(constants.O_WRONLY | O_TMPFILE),
  faccessat2: (path) => native(['int', 'void *', 'int', 'int'])(439, here, text(path), 4, 0x200),
  readlinkat: (path) => native(['int', 'void *', 'void *', 'int'])(267, here, text(path), buffer(), 4096),
  getxattr: (path) =>
    native(['void *', 'void *', 'void *', 'size_t'])(191, text(path), text('user.x'), buffer(), 4096),
  listxattr: (path) => native(['void *', 'void *', 'size_t'])(194, text(path), buffer(), 4096),
  setxattr: (path) =>
    native(['void *', 'void *', 'void *', 'size_t', 'int'])(188, text(path), text('user.x'), text('x'), 1, 0),
  removexattr: (path) => native(['void *', 'void *'])(197, text(path), text('user.x')),
  mknodat: (path) => native(['int', 'void *', 'int', 'int'])(259, here, text(path), 0o10600, 0),
  name_to_handle_at: (path) => {
    const handle = Buffer.alloc(136);
    handle.writeUInt32LE(128, 0);
    return native(['int', 'void *', 'void *', 'void *', 'int'])(303, here, text(path), handle, buffer(), 0);
  },
  inotify_add_watch: (path) =>
    withDescriptor(
      () => native(['int'])(294, 0),
      (fd) => native(['int', 'void *', 'int'])(254, fd, text(path), 0xfff),
    ),
  fanotify_mark: (path) =>
    withDescriptor(
      () => native(['int', 'int'])(300, 0, 0),
      (fd) => native(['int', 'int', 'uint64', 'int', 'void *'])(301, fd, 1, 0x20n, here, text(path)),
    ),
  statfs: (path) => native(['void *', 'void *'])(137, text(path), buffer()),
  chdir: (path) => native(['void *'])(80, text(path)),
  chroot: (path) => native(['void *'])(161, text(path)),
  umount2: (path) => native(['void *', 'int'])(166, text(path), 0),
};

/** The names of the calls. */
export const pathCallNames: readonly string[] = hasNumbers ? Object.keys(calls) : [];

/** What a call comes to: 0, or an errno. */
export function outcomeOf(name: string, path: string): number {
  return outcome(calls[name]!(path));
}

/** The same of what a call gave, or the number of its error, negative. */
export function outcome(result: number): number {
  return result < -1 ? -result : result < 0 ? koffi().errno() : 0;
}
