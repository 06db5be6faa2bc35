/** What a compiled cache is looked at against: the files that it was made of, on the host and in the view. */

/** What there is at a path: in the view, only on the host, or nowhere. */
export type Presence = 'visible' | 'hidden' | 'missing';

/** A program of the host that makes caches, and what it is given. */
export interface Compilation {
  /** Where the program may be, absolute in the view: the first that is visible is run. */
  readonly programs: readonly string[];
  /** `%` stands for the directory with the inputs. */
  readonly args: readonly string[];
  /** Host files, by the names that they get in that directory: absolute in the view. */
  readonly inputs: ReadonlyMap<string, string>;
}

/** The host's files and what the view makes of them. Paths are absolute in the view, one character a byte. */
export interface Sources {
  /** What there is at the end of a path, links followed. */
  presence(path: string): Presence;
  /** The same for names in one directory, which costs less when there are many. */
  presenceIn(directory: string): (name: string) => Presence;
  /** Whether anything below a directory is hidden. */
  hidesBelow(directory: string): boolean;
  /** The names in a directory of the host, in the order of their bytes; none when there is no such directory. */
  names(directory: string): readonly string[];
  /** The content of a file of the host, whether it is hidden or not. */
  read(path: string): Buffer | undefined;
  /**
   * What a program makes of visible inputs, by names in the directory. It runs on the host, so that what it reads does not
   * count as used. Undefined when it is not visible, or fails.
   */
  compile(compilation: Compilation): ReadonlyMap<string, Buffer> | undefined;
  /** Tells of something about the cache, once. */
  warn(message: string): void;
  /** Where absolute paths in the cache begin: the sysroot that it belongs to, else empty. */
  readonly place: string;
  /** The `/usr` and `/etc` that it belongs to begin here: a sysroot or a Gentoo Prefix, else empty. */
  readonly prefix: string;
}

/** A cache as the host has it. */
export interface CacheFile {
  /** Absolute in the view, one character a byte. */
  readonly path: string;
  /** The directory that it is in. */
  readonly directory: string;
  readonly name: string;
  /** Read when it is asked for. */
  contents(): Buffer;
}

/** In place of contents: the cache does not exist in the view. */
export const leftOut = 'left-out';

/** What the view has instead of a cache: other contents, or nothing; undefined: the host's file as it is. */
export type Made = Buffer | typeof leftOut | undefined;

/** `name` in `directory`, or `name` itself when it is absolute; then it begins at `place`. */
export function pathIn(directory: string, name: string, place: string): string {
  return name.startsWith('/') ? place + name : `${directory}/${name}`;
}
