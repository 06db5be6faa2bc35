/**
 * The host's files, as the view asks for them. Nothing here throws for what files can be; other failures of the
 * host (EIO, EACCES) are told apart from absence only where the kernel is to be told.
 */
import { errno, readMountTable, unlessRefused, type Errno } from '../base/index.js';
import { identityWords, openFiles, type Files, type FileIdentity, type FileStatus } from '../system/index.js';
import type { Attributes } from '../fuse/index.js';
import {
  hostKind,
  kindOfMode,
  type Host,
  type HostCompilation,
  type HostKind,
  type HostListing,
} from '../view/index.js';
import { compile } from './compile.js';

/** The errors that mean "no such file" for a path that is taken component by component. */
const absent: ReadonlySet<Errno> = new Set([errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP]);

/** Errors that say nothing of a path, but of this process and machine. */
const shortages: ReadonlySet<Errno> = new Set([errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EAGAIN]);

/** How long the list of mount points is believed. */
const mountsValidMs = 1000;

/** The host of one thread. */
export class NodeHost implements Host {
  /** Ways to files without the view's words. */
  readonly files: Files = openFiles();
  /** What the last {@link stat}, {@link kind} or {@link hasOtherNames} found, where it found anything. */
  readonly status: FileStatus = this.files.status;
  /** What tells the file that {@link status} was last asked about from all others. */
  readonly identity: FileIdentity = new Uint32Array(identityWords);
  #mounts: ReadonlySet<string> = new Set();
  #mountsReadAt = -Infinity;

  get failures(): number {
    return this.files.failures.count;
  }

  /** What the machine lacks, when that is why it could not say what is there the last time. */
  get shortage(): Errno | undefined {
    const { last } = this.files.failures;
    return shortages.has(last) ? last : undefined;
  }

  kind(path: Uint8Array): HostKind {
    return this.files.stat(path) === 0 ? kindOfMode(this.status.mode) : hostKind.missing;
  }

  /** Whether a path is one of several names of a file that is no directory. */
  hasOtherNames(path: Uint8Array): boolean {
    return (
      this.files.stat(path) === 0 &&
      this.status.nlink > 1 &&
      kindOfMode(this.status.mode) !== hostKind.directory
    );
  }

  readlink(path: Uint8Array): Uint8Array | undefined {
    return this.files.readlink(path);
  }

  list(path: Uint8Array): HostListing | undefined {
    return this.files.list(path);
  }

  isMountPoint(path: string): boolean {
    const now = performance.now();
    if (now - this.#mountsReadAt > mountsValidMs) {
      this.#mountsReadAt = now;
      this.#mounts = readMountPoints();
    }
    return this.#mounts.has(path);
  }

  forget(): void {
    this.files.forget();
  }

  read(path: Uint8Array): Buffer | undefined {
    const fd = this.files.open(path);
    if (fd < 0) return undefined;
    try {
      if (this.files.statOpen(fd) !== 0 || kindOfMode(this.status.mode) !== hostKind.file) return undefined;
      const content = Buffer.alloc(this.status.size);
      const count = this.files.read(fd, content, 0);
      return count < 0 ? undefined : content.subarray(0, count);
    } finally {
      this.files.close(fd);
    }
  }

  stamp(path: Uint8Array): string | undefined {
    if (this.files.stat(path) !== 0) return undefined;
    const { size, mtimeSec, mtimeNsec, ctimeSec, ctimeNsec } = this.status;
    const identity = new Uint32Array(identityWords);
    this.status.identify(identity);
    return [...identity, size, mtimeSec, mtimeNsec, ctimeSec, ctimeNsec].join('/');
  }

  compile(compilation: HostCompilation): ReadonlyMap<string, Buffer> | string {
    return compile(compilation);
  }

  /**
   * The attributes of a file as the host has them, but for `ino`.
   * @returns 0, or an errno: ENOENT for what is not there
   */
  stat(path: Uint8Array, out: Attributes): Errno {
    const code = this.files.stat(path);
    if (code !== 0) return absent.has(code) ? errno.ENOENT : code;
    this.#give(out);
    return 0;
  }

  /** The same of an open file. */
  statOpen(fd: number, out: Attributes): Errno {
    const code = this.files.statOpen(fd);
    if (code === 0) this.#give(out);
    return code;
  }

  #give(out: Attributes): void {
    const { status } = this;
    out.size = status.size;
    out.blocks = status.blocks;
    out.mode = status.mode;
    out.nlink = status.nlink;
    out.uid = status.uid;
    out.gid = status.gid;
    out.blksize = status.blksize;
    out.rdev = status.rdev;
    out.atimeSec = status.atimeSec;
    out.atimeNsec = status.atimeNsec;
    out.mtimeSec = status.mtimeSec;
    out.mtimeNsec = status.mtimeNsec;
    out.ctimeSec = status.ctimeSec;
    out.ctimeNsec = status.ctimeNsec;
  }
}

/** Mount points of this namespace, latin1; none when /proc is not there, as in some chroots. */
function readMountPoints(): Set<string> {
  return unlessRefused(
    () => new Set(readMountTable().map(({ mountpointBytes }) => mountpointBytes)),
    new Set(),
  );
}
