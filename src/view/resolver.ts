/** Follows symbolic links on the host, inside the root as though chrooted there. */
import type { HostLinks } from './canonical.js';
import { hostKind, type Host, type HostKind } from './host.js';
import { HostPaths, latin1 } from './hostPaths.js';
import { PathIndex, rootNode, type IndexNode } from './pathIndex.js';

/** The kernel's own limit (`MAXSYMLINKS`). */
const maxLinks = 40;

/** How long a directory on the way is believed to be still one, in milliseconds: links come in crowds with the same target directory. */
const directoryFreshMs = 100;
const rememberedDirectories = 1000;

/** What of a host is asked. */
type LinkHost = Pick<Host, 'kind' | 'readlink'>;

/** Where a path led. */
export interface Resolved {
  /** The canonical path: no component before the last is a link. */
  node: IndexNode;
  /** Type on the host; `missing` when the last component, or a directory in front of it, is not there. */
  kind: HostKind;
}

/** Resolves paths against the host's links, turning every component met into a node of the index. */
export class Resolver {
  readonly #index: PathIndex;
  readonly #paths: HostPaths;
  readonly #host: LinkHost;
  readonly #untouchable: (node: IndexNode) => boolean;
  readonly #outOfBounds: (node: IndexNode) => boolean;
  /** When a node was seen to be a directory. */
  readonly #directories = new Map<IndexNode, number>();

  /**
   * @param untouchable names that may never be asked for (the own mount point): they count as missing
   * @param outOfBounds names through which links are not followed (private trees)
   */
  constructor(
    index: PathIndex,
    paths: HostPaths,
    host: LinkHost,
    untouchable: (node: IndexNode) => boolean,
    outOfBounds: (node: IndexNode) => boolean,
  ) {
    this.#index = index;
    this.#paths = paths;
    this.#host = host;
    this.#untouchable = untouchable;
    this.#outOfBounds = outOfBounds;
  }

  /** Nodes may stand for other paths. */
  forget(): void {
    this.#directories.clear();
  }

  /**
   * The end of the chain that starts at a symbolic link: an existing file that is not a link, or undefined (dangling, a
   * loop, out of bounds).
   * @param visit hears of each further link, and of the end
   */
  final(link: IndexNode, visit?: (node: IndexNode) => void): Resolved | undefined {
    const target = this.#host.readlink(this.#paths.of(link));
    if (target === undefined) return undefined;
    const end = this.#walk(this.#index.parent(link), target, true, maxLinks - 1, visit);
    return end === undefined || end.kind === hostKind.missing ? undefined : end;
  }

  /**
   * A path with its parents resolved and its last component as it is; `..` and `.` are taken out. What does not
   * exist is appended as written. Undefined when links loop.
   */
  canonical(path: Uint8Array): Resolved | undefined {
    return this.#walk(rootNode, path, false, maxLinks);
  }

  #walk(
    start: IndexNode,
    path: Uint8Array,
    followLast: boolean,
    links: number,
    visit?: (node: IndexNode) => void,
  ): Resolved | undefined {
    const todo = components(path).reverse();
    let at: Resolved = { node: path[0] === slash ? rootNode : start, kind: hostKind.directory };
    // A trailing slash, or a trailing "." or "..", asks for a directory, so it makes even the last link followed.
    for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
      if (at.kind !== hostKind.directory && at.kind !== hostKind.missing) return undefined;
      if (name.length === 0 || isDots(name, 1)) continue;
      if (isDots(name, 2)) {
        at = { node: this.#index.parent(at.node), kind: hostKind.directory };
        continue;
      }
      const child = this.#index.tryEnsure(at.node, name);
      if (child === -1) return undefined;
      // What is shown from another place may lie in directories that only the view has.
      const isMissing = at.kind === hostKind.missing && !this.#paths.isGraft(child);
      const kind =
        isMissing || this.#untouchable(child) || (followLast && this.#outOfBounds(child))
          ? hostKind.missing
          : todo.length > 0
            ? this.#kindOnTheWay(child)
            : this.#host.kind(this.#paths.of(child));
      if (kind === hostKind.link || todo.length === 0) visit?.(child);
      if (kind === hostKind.link && (followLast || todo.length > 0)) {
        const target = --links < 0 ? undefined : this.#host.readlink(this.#paths.of(child));
        if (target === undefined) return undefined;
        todo.push(...components(target).reverse());
        if (target[0] === slash) at = { node: rootNode, kind: hostKind.directory };
        continue;
      }
      at = { node: child, kind };
    }
    return at;
  }

  #kindOnTheWay(node: IndexNode): HostKind {
    const now = performance.now();
    if (now - (this.#directories.get(node) ?? -Infinity) < directoryFreshMs) return hostKind.directory;
    const kind = this.#host.kind(this.#paths.of(node));
    if (kind === hostKind.directory) {
      if (this.#directories.size >= rememberedDirectories) this.#directories.clear();
      this.#directories.set(node, now);
    }
    return kind;
  }
}

/** A path of the host as {@link canonicalPaths} finds it. */
export interface CanonicalPath {
  /** Its parents are no links, and it has no dot components. */
  readonly path: Buffer;
  readonly kind: HostKind;
}

/**
 * Finds canonical paths without any index or view, as `View.canonical` does in a view that shows nothing from another place.
 *
 * @returns undefined where links loop, or something on the way is no directory
 */
export function canonicalPaths(links: HostLinks): (path: Uint8Array) => CanonicalPath | undefined {
  // The components met are kept in an index of nothing else.
  const index = PathIndex.create();
  const host = {
    kind: (path: Uint8Array) => links.kind(latin1(path)),
    readlink: (path: Uint8Array) => links.readlink(Buffer.from(path)),
  };
  const never = (): boolean => false;
  const resolver = new Resolver(index, new HostPaths(index, '', new Map()), host, never, never);
  return (path) => {
    const found = resolver.canonical(path);
    return found && { path: index.pathOf(found.node), kind: found.kind };
  };
}

const slash = 0x2f;
const dot = 0x2e;

function components(path: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let start = 0; start <= path.length;) {
    const found = path.indexOf(slash, start);
    const end = found < 0 ? path.length : found;
    // An empty component is kept only at the end, where it says "a directory".
    if (end > start || (end === path.length && parts.length > 0)) parts.push(path.subarray(start, end));
    start = end + 1;
  }
  return parts;
}

function isDots(name: Uint8Array, count: number): boolean {
  return name.length === count && name[0] === dot && name[count - 1] === dot;
}
