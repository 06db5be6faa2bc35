/** One walk of a path within a root, as a process that is chrooted there would go it; path_resolution(7). */

const slash = 0x2f;
const dot = 0x2e;

/** As many links as Linux follows in one path (`MAXSYMLINKS`). */
export const maxLinks = 40;

/** What a {@link walk} goes over: places, which may be paths or nodes, and the names between them, texts or bytes. */
export interface WalkedTree<Place, Name extends string | Uint8Array> {
  /** Where absolute links met in a place begin. */
  top(at: Place): Place;
  /** `..`; a top is its own. */
  parent(at: Place): Place;
  /** Whether there can be anything in a place. */
  isDirectory(at: Place): boolean;
  /** The place of a name, the link there that is to be followed, or undefined: then the walk leads nowhere. */
  child(at: Place, name: Name, isLast: boolean): Place | Link<Name> | undefined;
}

/** A link that is to be followed: the components of its target. */
export class Link<Name extends string | Uint8Array> {
  constructor(
    readonly names: readonly Name[],
    readonly isAbsolute: boolean,
  ) {}
}

/**
 * Where the components of a path lead. `.` and empty ones stay where they are, but count: a trailing slash asks for a directory, so what is in front of
 * it is not the last component, and a link there is followed.
 *
 * @param links how many are followed
 * @returns undefined when a place leads nowhere, or the links are too many
 */
export function walk<Place, Name extends string | Uint8Array>(
  start: Place,
  names: readonly Name[],
  tree: WalkedTree<Place, Name>,
  links = Infinity,
): Place | undefined {
  const todo = [...names].reverse();
  let at = start;
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    if (!tree.isDirectory(at)) return undefined;
    if (name.length === 0 || isDots(name, 1)) continue;
    if (isDots(name, 2)) {
      at = tree.parent(at);
      continue;
    }
    const next = tree.child(at, name, todo.length === 0);
    if (next === undefined) return undefined;
    if (!(next instanceof Link)) at = next;
    else if (--links < 0) return undefined;
    else {
      if (next.isAbsolute) at = tree.top(at);
      todo.push(...next.names.toReversed());
    }
  }
  return at;
}

function isDots(name: string | Uint8Array, count: number): boolean {
  return name.length === count && isDot(name[0]) && isDot(name[count - 1]);
}

function isDot(char: string | number | undefined): boolean {
  return char === '.' || char === dot;
}

/** The link that a target stands for; its last component is empty when it ends in a slash. */
export function linkOf(target: Uint8Array): Link<Uint8Array> {
  const names: Uint8Array[] = [];
  for (let start = 0; start <= target.length;) {
    const found = target.indexOf(slash, start);
    const end = found < 0 ? target.length : found;
    if (end > start || (end === target.length && names.length > 0)) names.push(target.subarray(start, end));
    start = end + 1;
  }
  return new Link(names, target[0] === slash);
}

/**
 * A path with its links followed as though chrooted into `top`; what does not exist, and links beyond the limit, are taken as written.
 *
 * @param start where the path begins: `top`, or a directory outside of it, from which absolute links lead into it all the same
 * @param top an absolute path without links, and without a trailing slash: empty for `/`
 * @param readlink the target of a link, undefined for anything else
 * @returns an absolute path, empty for `/`
 */
export function resolveWithin(
  start: string,
  path: string,
  top: string,
  readlink: (path: string) => string | undefined,
): string {
  let links = 0;
  const end = walk<string, string>(start, path.split('/'), {
    top: () => top,
    parent: (at) => (at === top ? at : at.slice(0, Math.max(0, at.lastIndexOf('/')))),
    isDirectory: () => true,
    child(at, name) {
      const target = readlink(`${at}/${name}`);
      if (target === undefined || ++links > maxLinks) return `${at}/${name}`;
      return new Link(target.split('/'), target.startsWith('/'));
    },
  });
  return end ?? path;
}
