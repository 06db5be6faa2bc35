/** Globs over paths, matched byte by byte. */
import picomatch from 'picomatch';

interface CompiledGlob {
  /**
   * The directories up to which the pattern is literal, each with a slash at the end, or the whole pattern; `/` for patterns
   * without a leading slash.
   */
  readonly bases: readonly string[];
  readonly matches: (path: string) => boolean;
}

/** Whether a text would match anything but itself. */
export function isGlob(text: string): boolean {
  return /[*?[\]{}()!\\]/.test(text);
}

/** The glob that matches a path and nothing else. */
export function literalGlob(path: string): string {
  return path.replace(/[*?[\]{}()!\\]/g, '\\$&');
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

  constructor(patterns: readonly string[]) {
    this.#globs = patterns.map((text) => {
      const bytes = Buffer.from(text.length > 1 ? text.replace(/\/+$/, '') : text).toString('latin1');
      const pattern = bytes.startsWith('/') ? bytes : `/**/${bytes}`;
      if (!isGlob(pattern)) return { bases: [pattern], matches: (path) => path === pattern };
      let matches: CompiledGlob['matches'] | undefined;
      return {
        bases: [...new Set(alternatives(pattern).map(literalBase))],
        // Most patterns never meet a path that begins like them.
        matches: (path) =>
          (matches ??= picomatch(pattern, { dot: true, nonegate: true, noextglob: true, windows: false }))(
            path,
          ),
      };
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
    return this.#globs.findIndex(
      (glob) => glob.bases.some((base) => path.startsWith(base)) && glob.matches(path),
    );
  }

  /** Whether something below a directory (no trailing slash) could match. */
  reaches(directory: string): boolean {
    const prefix = directory + '/';
    return this.#globs.some(({ bases }) =>
      bases.some((base) => base.startsWith(prefix) || prefix.startsWith(base)),
    );
  }
}

function literalBase(pattern: string): string {
  const literal = /^[^*?[\]{}()!\\]*/.exec(pattern)?.[0] ?? '';
  return literal.slice(0, literal.lastIndexOf('/') + 1);
}

/** The patterns that a pattern with `{a,b}` stands for, so that each begins with as much literal text as it can. */
function alternatives(pattern: string): string[] {
  // Only innermost braces, one after the other; a backslash or a class may quote them, and then nothing is gained here.
  const braces = /[[\\]/.test(pattern) ? null : /\{([^{}]*,[^{}]*)\}/.exec(pattern);
  if (braces === null) return [pattern];
  const before = pattern.slice(0, braces.index);
  const behind = pattern.slice(braces.index + braces[0].length);
  return (braces[1] as string).split(',').flatMap((part) => alternatives(before + part + behind));
}
