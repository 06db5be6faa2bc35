/** Follows symbolic links on the host, inside the root as though chrooted there. */
import type { Link } from '../base/index.js';
import { linkOf, maxLinks, Memo, walk } from '../base/index.js';
import type { HostLinks } from './canonical.js';
import { hostKind, type Host, type HostKind } from './host.js';
import { HostPaths, latin1 } from './hostPaths.js';
import { PathIndex, rootNode, type IndexNode } from './pathIndex.js';

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

type Visitor = (node: IndexNode) => void;

const ignored: Visitor = () => undefined;

/** Resolves paths against the host's links, turning every component met into a node of the index. */
export class Resolver {
  readonly #index: PathIndex;
  readonly #paths: HostPaths;
  readonly #host: LinkHost;
  readonly #untouchable: (node: IndexNode) => boolean;
  readonly #outOfBounds: (node: IndexNode) => boolean;
  /** When a node was seen to be a directory. */
  readonly #directories = new Memo<IndexNode, number>(rememberedDirectories);

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
  final(link: IndexNode, visit: Visitor = ignored): Resolved | undefined {
    const target = this.#host.readlink(this.#paths.of(link));
    if (target === undefined) return undefined;
    const end = this.#walk(this.#index.parent(link), linkOf(target), maxLinks - 1, visit);
    return end === undefined || end.kind === hostKind.missing ? undefined : end;
  }

  /**
   * A path with its parents resolved and its last component as it is; `..` and `.` are taken out. What does not
   * exist is appended as written. Undefined when links loop.
   */
  canonical(path: Uint8Array): Resolved | undefined {
    return this.#walk(rootNode, linkOf(path), maxLinks);
  }

  /** @param onEnd follows the end as well, and hears of each link and of the end */
  #walk(start: IndexNode, link: Link<Uint8Array>, links: number, onEnd?: Visitor): Resolved | undefined {
    const root: Resolved = { node: rootNode, kind: hostKind.directory };
    return walk<Resolved, Uint8Array>(
      link.isAbsolute ? root : { node: start, kind: hostKind.directory },
      link.names,
      {
        top: () => root,
        parent: ({ node }) => ({ node: this.#index.parent(node), kind: hostKind.directory }),
        // What does not exist is gone through as it is written.
        isDirectory: ({ kind }) => kind === hostKind.directory || kind === hostKind.missing,
        child: (at, name, isLast) => this.#child(at, name, isLast, onEnd),
      },
      links,
    );
  }

  #child(
    at: Resolved,
    name: Uint8Array,
    isLast: boolean,
    onEnd: Visitor | undefined,
  ): Resolved | Link<Uint8Array> | undefined {
    const node = this.#index.tryEnsure(at.node, name);
    if (node === -1) return undefined;
    const kind = this.#isOut(at, node, onEnd !== undefined)
      ? hostKind.missing
      : isLast
        ? this.#host.kind(this.#paths.of(node))
        : this.#kindOnTheWay(node);
    const isLink = kind === hostKind.link;
    if (isLink || isLast) onEnd?.(node);
    if (!isLink || (isLast && onEnd === undefined)) return { node, kind };
    const target = this.#host.readlink(this.#paths.of(node));
    return target && linkOf(target);
  }

  /** Whether nobody may be asked about a name. */
  #isOut(at: Resolved, node: IndexNode, isFollowed: boolean): boolean {
    // What is shown from another place may lie in directories that only the view has.
    if (at.kind === hostKind.missing && !this.#paths.isGraft(node)) return true;
    return this.#untouchable(node) || (isFollowed && this.#outOfBounds(node));
  }

  #kindOnTheWay(node: IndexNode): HostKind {
    const now = performance.now();
    if (now - (this.#directories.get(node) ?? -Infinity) < directoryFreshMs) return hostKind.directory;
    const kind = this.#host.kind(this.#paths.of(node));
    if (kind === hostKind.directory) {
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
