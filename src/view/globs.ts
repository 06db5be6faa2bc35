/** Lists of globs over paths, and where they may match at all. */
import { expandBraces, globMatcher, isGlob, literalGlob } from './glob.js';

interface CompiledGlob {
  /** The position of the pattern that it comes from. */
  readonly pattern: number;
  /**
   * The directory up to which it is literal, with a slash at the end, or all of it; `/` for patterns without a leading
   * slash.
   */
  readonly base: string;
  readonly matches: (path: string) => boolean;
}

/**
 * A list of globs for absolute paths: `*` and `?` within a component, `**` across them, `[…]`, `{a,b}`. Names that
 * begin with a dot are like any other. A pattern without a leading slash matches at any depth. Text without special
 * characters matches itself.
 *
 * Paths are given with one character per byte; so are patterns, after being taken as UTF-8.
 */
export class GlobSet {
  readonly #globs: CompiledGlob[];

  /**
   * @throws LvfsError GLOB (exit 2) when braces stand for too many
   * @param resolve where a directory (one character a byte, with a slash at the end) really is, in the same form: a pattern
   *   matches there as well as where its literal beginning says
   */
  constructor(
    patterns: readonly string[],
    resolve: (directory: string) => string = (directory) => directory,
  ) {
    this.#globs = patterns.flatMap((text, pattern) => {
      const bytes = Buffer.from(text.length > 1 ? text.replace(/\/+$/, '') : text).toString('latin1');
      const whole = bytes.startsWith('/') ? bytes : `/**/${bytes}`;
      const places = new Map(expandBraces(whole).flatMap((glob) => inPlace(glob, resolve)));
      return Array.from(places, ([glob, base]): CompiledGlob => ({ pattern, base, matches: matcher(glob) }));
    });
  }

  get isEmpty(): boolean {
    return this.#globs.length === 0;
  }

  /** Whether the path itself matches. */
  matches(path: string): boolean {
    return this.indexOf(path) >= 0;
  }

  /** The position of the first pattern that the path matches, or -1. */
  indexOf(path: string): number {
    return this.#globs.find(({ base, matches }) => path.startsWith(base) && matches(path))?.pattern ?? -1;
  }

  /** Whether something below a directory (no trailing slash) could match. */
  reaches(directory: string): boolean {
    const prefix = directory + '/';
    return this.#globs.some(({ base }) => base.startsWith(prefix) || prefix.startsWith(base));
  }
}

/** Most patterns never meet a path that begins like them, so they are compiled when they do. */
function matcher(glob: string): CompiledGlob['matches'] {
  let matches: CompiledGlob['matches'] | undefined;
  return (path) => (matches ??= globMatcher(glob))(path);
}

/** A glob as it is written and as it is when its literal beginning is resolved, each with its {@link CompiledGlob.base}. */
function inPlace(
  glob: string,
  resolve: (directory: string) => string,
): (readonly [glob: string, base: string])[] {
  const directory = literalBase(glob);
  const base = isGlob(glob) ? directory : glob;
  const place = directory === '/' ? directory : resolve(directory);
  if (place === directory) return [[glob, base]];
  const rest = glob.slice(directory.length);
  const moved = isGlob(glob) ? literalGlob(place) + rest : place + rest;
  return [
    [glob, base],
    [moved, isGlob(glob) ? place : moved],
  ];
}

function literalBase(pattern: string): string {
  const literal = /^[^*?[\]{}()!\\]*/.exec(pattern)?.[0] ?? '';
  return literal.slice(0, literal.lastIndexOf('/') + 1);
}
