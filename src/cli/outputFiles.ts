/**
 * The files that a command writes besides what it prints. They are opened before the work begins, so that one that cannot be
 * written is found before an hour of building; and one that fails in the end costs neither the others nor the answer.
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
  type Stats,
} from 'node:fs';
import { dirname } from 'node:path';
import { errorCode, exitStatus, LvfsError, type ExitStatus } from '../base/index.js';
import { schemaVersion, type Output } from './output.js';

/** All of a command. */
export class OutputFiles {
  readonly #files: OutputFile[] = [];

  /**
   * A file for one text; undefined without a path.
   *
   * @throws LvfsError CANNOT_WRITE (exit 1)
   */
  result(path: string | undefined): ResultFile | undefined {
    return path === undefined ? undefined : this.#add(new ResultFile(path));
  }

  /**
   * A file of JSON objects, one a line, that grows; undefined without a path.
   *
   * @throws LvfsError CANNOT_WRITE (exit 1)
   */
  lines(path: string | undefined, how: 'empty' | 'add' = 'empty'): LineFile | undefined {
    return path === undefined ? undefined : this.#add(new LineFile(path, how));
  }

  #add<T extends OutputFile>(file: T): T {
    this.#files.push(file);
    return file;
  }

  /** Says which files could not be written, and what the command ends with: `status`, or 1 where that is 0. */
  end(status: ExitStatus, output: Output): ExitStatus {
    const failures = this.#files.flatMap(({ failure }) => failure ?? []);
    for (const failure of failures) output.complain(failure);
    return status === exitStatus.ok && failures.length > 0 ? exitStatus.failure : status;
  }

  /** Nothing is written afterwards. What nothing was written to is as it was. */
  close(): void {
    for (const file of this.#files.splice(0)) file.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** An open file that remembers its first failure instead of throwing it. */
abstract class OutputFile {
  readonly path: string;
  readonly #isNew: boolean;
  #fd: number | undefined;
  #isWritten = false;
  #failure: LvfsError | undefined;

  /** @throws LvfsError CANNOT_WRITE (exit 1) */
  constructor(path: string, flags: number) {
    this.path = path;
    this.#isNew = !existsSync(path);
    try {
      this.#fd = openOwn(path, constants.O_WRONLY | constants.O_CREAT | flags);
    } catch (error) {
      throw this.#cannotWrite(error);
    }
  }

  /** Why not all is in the file. */
  get failure(): LvfsError | undefined {
    return this.#failure;
  }

  close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd === undefined) return;
    closeSync(fd);
    if (this.#isNew && !this.#isWritten) rmSync(this.path, { force: true });
  }

  /** Does something with the file, unless something has failed before. */
  protected act(action: (fd: number) => void): void {
    const fd = this.#fd;
    if (fd === undefined || this.#failure !== undefined) return;
    try {
      action(fd);
      this.#isWritten = true;
    } catch (error) {
      this.#failure = this.#cannotWrite(error);
    }
  }

  #cannotWrite(error: unknown): LvfsError {
    if (error instanceof LvfsError) return error;
    if (errorCode(error) === undefined) throw error;
    return new LvfsError('CANNOT_WRITE', `${this.path}: cannot be written`, { cause: error });
  }
}

/**
 * Opens a file for writing. Where others can make names, as in /tmp, somebody may have put a link to another's file there, a file to his
 * liking, or another's file by a second name: what is there must be of this user, or of the directory's, and have one name. The kernel sees to
 * some of that as well where fs.protected_symlinks and its kin are set (proc_sys_fs(5)), which not all have.
 *
 * @throws LvfsError CANNOT_WRITE (exit 1), or what open(2) says
 */
export function openOwn(path: string, flags: number): number {
  const directory = statSync(dirname(path), { throwIfNoEntry: false });
  if (directory === undefined || !isShared(directory)) return openSync(path, flags);
  const trusted = new Set([process.getuid?.(), directory.uid]);
  const refuse = (): never => {
    throw new LvfsError(
      'CANNOT_WRITE',
      `${path}: is another user's, or has another name, in a directory that others can write to`,
    );
  };
  // Nobody else can take away a link of ours: such directories have the sticky bit, and without it there is nothing to trust.
  const isSticky = (directory.mode & 0o1000) !== 0;
  const there = lstatSync(path, { throwIfNoEntry: false });
  const followed = there?.isSymbolicLink() === true && isSticky;
  if (followed && !trusted.has(there.uid)) refuse();
  const fd = openSync(path, followed ? flags : flags | constants.O_NOFOLLOW);
  const stat = fstatSync(fd);
  if (followed || (trusted.has(stat.uid) && !(stat.isFile() && stat.nlink > 1))) return fd;
  closeSync(fd);
  return refuse();
}

/** Whether others than this user and root can make names in a directory. */
function isShared({ mode, uid, gid }: Stats): boolean {
  const me = process.getuid?.();
  if ((mode & 0o002) !== 0 || (uid !== me && uid !== 0)) return true;
  // A user's own group is often his alone; one that root gives a directory to is not.
  return me === 0 && gid !== 0 && (mode & 0o020) !== 0;
}

/** A file that is written once. What was in it before stays until then. */
export class ResultFile extends OutputFile {
  constructor(path: string) {
    super(path, 0);
  }

  /** Puts a text in the place of what was in the file. */
  write(text: string): void {
    this.act((fd) => {
      if (fstatSync(fd).isFile()) ftruncateSync(fd);
      writeFileSync(fd, text);
    });
  }
}

/** A file of JSON objects, one a line. A line is in it when {@link write} returns, whatever becomes of this process. */
export class LineFile extends OutputFile {
  /** Makes the file, or empties it or is about to add to it. */
  constructor(path: string, how: 'empty' | 'add') {
    super(path, constants.O_APPEND);
    // Without lines it is empty, not absent.
    this.act((fd) => {
      if (how === 'empty' && fstatSync(fd).isFile()) ftruncateSync(fd);
    });
  }

  /** Adds a line. */
  write(value: Readonly<Record<string, unknown>>): void {
    this.act((fd) => writeFileSync(fd, `${JSON.stringify({ schemaVersion, ...value })}\n`));
  }
}
