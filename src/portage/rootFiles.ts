/**
 * Reading files as a process chrooted into the root would: absolute symlinks and absolute paths found in Portage's
 * configuration are looked up inside the root, never on the host around it.
 *
 * All paths that come out are host paths, ready to be opened and to be shown in messages. Nothing is ever written.
 */
import { lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import {
  errorCode,
  isAbsent,
  LvfsError,
  readRegularFile,
  resolveWithin,
  unlessRefused,
} from '../base/index.js';
import { LookedAt } from './lookedAt.js';

/** What a path leads to after all symlinks: `other` is a device, socket or pipe. */
export type FileKind = 'file' | 'directory' | 'other';

/** Folders of version control systems, which Portage never descends into (`portage.const.VCS_DIRS`). */
const VCS_DIRECTORIES = new Set(['CVS', 'RCS', 'SCCS', '.bzr', '.git', '.hg', '.svn']);

/** Bytes of a text, and of any other file. Those of Portage are a thousand times smaller. */
const largestText = 16 << 20;
const largestFile = 1 << 30;

function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Joins `base`, an absolute host path, with further components; a component that is absolute does not restart. */
function join(base: string, ...parts: string[]): string {
  return path.posix.join(base, ...parts);
}

/** What a method that may fail gives, as text. */
type Answer = readonly string[] | string | undefined;

/** See the head of this file. An instance caches how directories resolve and is meant for one configuration. */
export class RootFiles {
  /** The root, absolute and free of symlinks, without trailing slash (`''` for `/`). */
  readonly #root: string;
  readonly #directories = new Map<string, string>();
  readonly #seen: LookedAt | undefined;
  /** Asks what has been asked again, without what this one has remembered of links; undefined when nobody does. */
  #now: RootFiles | undefined;

  /**
   * @param root the tree that is shown; must exist and be a directory.
   * @param isNoted whether to keep what is found for {@link isUnchanged}.
   * @throws LvfsError `NO_ROOT` otherwise.
   */
  constructor(root: string, isNoted = false) {
    this.#seen = isNoted ? new LookedAt() : undefined;
    const absolute = path.resolve(root);
    let real: string;
    try {
      real = realpathSync(absolute);
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      throw new LvfsError('NO_ROOT', `the root '${root}' cannot be opened`, { cause: error });
    }
    if (this.#kindOfResolved(real) !== 'directory') {
      throw new LvfsError('NO_ROOT', `the root '${root}' is not a directory`);
    }
    this.#root = real === '/' ? '' : real;
  }

  /** The root as a host path, without symlinks. */
  get root(): string {
    return this.#root === '' ? '/' : this.#root;
  }

  /** The same tree, for what is not to be noted. */
  unnoted(): RootFiles {
    return new RootFiles(this.root);
  }

  /** Whether everything that was asked would be answered in the same way; only for one that notes that. */
  isUnchanged(): boolean {
    this.#now = this.unnoted();
    return this.#seen?.isUnchanged() === true;
  }

  /** Answers, and takes note of it. */
  #noted<T extends Answer>(what: string, hostPath: string, ask: (files: RootFiles) => T, path?: string): T {
    const seen = this.#seen;
    if (seen === undefined) return ask(this);
    const again = (): string => this.#answered(() => ask(this.#now ?? this));
    try {
      const found = ask(this);
      seen.note(`${what} ${hostPath}`, asText(found), again, path);
      return found;
    } catch (error) {
      if (error instanceof LvfsError) seen.note(`${what} ${hostPath}`, error.message, again);
      throw error;
    }
  }

  #answered(ask: () => Answer): string {
    try {
      return asText(ask());
    } catch (error) {
      if (error instanceof LvfsError) return error.message;
      throw error;
    }
  }

  /** The host path of `inside`, an absolute path as seen inside the root; `..` is taken lexically and symlinks are not yet resolved. */
  at(inside: string): string {
    return join(this.root, path.posix.join('/', inside));
  }

  /**
   * Resolves every symlink of a host path. Below the root, absolute targets start at the root and `..` ends there;
   * elsewhere (a directory that was set apart) absolute targets start at the root too. What does not exist is
   * kept as written, so the result may not exist.
   */
  resolve(hostPath: string): string {
    return this.#noted('end', hostPath, (files) => files.#resolve(hostPath));
  }

  #resolve(hostPath: string): string {
    const absolute = path.posix.resolve('/', hostPath);
    if (this.#root === '') {
      return unlessRefused(() => realpathSync(absolute), absolute);
    }
    if (absolute === this.#root || absolute.startsWith(`${this.#root}/`)) {
      return this.#within(this.#root, absolute.slice(this.#root.length + 1));
    }
    return this.#within('', absolute);
  }

  #within(start: string, path: string): string {
    return resolveWithin(start, path, this.#root, (link) => this.#linkTarget(link)) || '/';
  }

  /** A host path below the root as it is seen inside, after its symlinks. */
  inside(hostPath: string): string {
    const real = this.resolve(hostPath);
    return this.#root !== '' && real.startsWith(`${this.#root}/`) ? real.slice(this.#root.length) : real;
  }

  /** Whether `hostPath`, after its symlinks, is a file, a directory, something else, or nothing (undefined). */
  kind(hostPath: string): FileKind | undefined {
    return this.#noted('kind', hostPath, (files) => files.#kindOfResolved(files.#opened(hostPath)));
  }

  /** What to open for a path: below a root of its own links have to be followed here. */
  #opened(hostPath: string): string {
    return this.#root === '' ? hostPath : this.#resolve(hostPath);
  }

  /**
   * The text of a file, decoded as UTF-8 (other bytes become U+FFFD) with line ends made `\n`; undefined when
   * there is no such file.
   * @throws LvfsError `UNREADABLE` when it cannot be read, is no file, or is larger than 16 MiB.
   */
  readText(hostPath: string): string | undefined {
    return this.#noted('text', hostPath, (files) => files.#readText(hostPath), this.#opened(hostPath));
  }

  /**
   * What `part` takes of the text of a file, where nothing else of it counts. Errors as {@link readText}.
   *
   * @param part must not throw.
   */
  readPart(hostPath: string, part: (text: string | undefined) => string): string {
    return this.#noted('part', hostPath, (files) => part(files.#readText(hostPath)), this.#opened(hostPath));
  }

  #readText(hostPath: string): string | undefined {
    let text: string;
    try {
      text = readRegularFile(this.#opened(hostPath), largestText).toString('utf8');
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw unreadable(hostPath, error);
    }
    return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
  }

  /** The time of the last change in whole seconds since the epoch; undefined when there is no such file. */
  mtimeSeconds(hostPath: string): number | undefined {
    const seconds = this.#noted('time', hostPath, (files) => files.#mtime(hostPath)?.toString());
    return seconds === undefined ? undefined : Number(seconds);
  }

  #mtime(hostPath: string): bigint | undefined {
    const stat = statSync(this.#opened(hostPath), { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? undefined : stat.mtimeNs / 1_000_000_000n;
  }

  /** The bytes of a file of at most 1 GiB, which are not noted; undefined when there is no such file. Errors as {@link readText}. */
  readBytes(hostPath: string): Buffer | undefined {
    try {
      return readRegularFile(this.#opened(hostPath), largestFile);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw unreadable(hostPath, error);
    }
  }

  /** The names in a directory, sorted by code point; undefined when it is none or cannot be listed. */
  list(hostPath: string): string[] | undefined {
    return this.#noted('list', hostPath, (files) => files.#list(hostPath), this.#opened(hostPath));
  }

  #list(hostPath: string): string[] | undefined {
    try {
      return readdirSync(this.#opened(hostPath)).sort(byCodePoint);
    } catch (error) {
      const code = errorCode(error);
      if (code === undefined) throw error;
      if (isAbsent(error) || code === 'EACCES') return undefined;
      throw unreadable(hostPath, error);
    }
  }

  /**
   * The files that a path of Portage's configuration stands for (portage(5), "Any file in this directory … may be
   * more than just a flat file"): the file itself, or all files below a directory in the order of their names,
   * without hidden ones, backups (`*~`) and the folders of version control.
   */
  expand(hostPath: string): string[] {
    const files: string[] = [];
    const visited = new Set<string>();
    const visit = (file: string, name: string): void => {
      const kind = this.kind(file);
      if (kind === undefined || kind === 'other' || name.startsWith('.') || name.endsWith('~')) return;
      if (kind === 'file') {
        files.push(file);
        return;
      }
      if (VCS_DIRECTORIES.has(name)) return;
      const real = this.resolve(file);
      // A link to a folder that holds it would be followed until the path is too long.
      if (visited.has(real)) return;
      visited.add(real);
      for (const child of this.list(file) ?? []) visit(join(file, child), child);
      visited.delete(real);
    };
    visit(hostPath, path.posix.basename(hostPath));
    return files;
  }

  #kindOfResolved(hostPath: string): FileKind | undefined {
    let stat;
    try {
      stat = statSync(hostPath, { throwIfNoEntry: false });
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      return undefined;
    }
    if (stat === undefined) return undefined;
    return stat.isFile() ? 'file' : stat.isDirectory() ? 'directory' : 'other';
  }

  /** The target of a symlink, undefined for anything else; remembered, for every file has the same parents. */
  #linkTarget(hostPath: string): string | undefined {
    const known = this.#directories.get(hostPath);
    if (known !== undefined) return known === '' ? undefined : known;
    let target = '';
    try {
      if (lstatSync(hostPath, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
        target = readlinkSync(hostPath);
      }
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
    }
    this.#directories.set(hostPath, target);
    return target === '' ? undefined : target;
  }
}

function asText(answer: Answer): string {
  if (answer === undefined) return '\0';
  return typeof answer === 'string' ? answer : answer.join('\0');
}

function unreadable(hostPath: string, error: unknown): LvfsError {
  if (errorCode(error) === undefined) throw error;
  return new LvfsError('UNREADABLE', `cannot read '${hostPath}'`, { cause: error });
}
