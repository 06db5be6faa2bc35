/** Where the host's links lead in a view. */
import type { HostPaths } from '../hostPaths.js';
import type { Host } from '../host.js';
import { rootNode, type IndexNode, type PathIndex } from '../pathIndex.js';
import { Resolver, type Resolved } from '../resolver.js';
import { ensureAll, type ViewState } from './viewState.js';

/** A link and the directories that {@link ViewLinks.directoriesOf} tells of. */
interface Followed {
  readonly link: IndexNode;
  readonly directories: ReadonlySet<IndexNode>;
}

/** Follows links, for one thread. */
export class ViewLinks {
  /** Follows links through private trees as well. */
  readonly unbounded: Resolver;
  readonly #inBounds: Resolver;
  readonly #index: PathIndex;
  readonly #names: HostPaths;
  #followed: Followed | undefined;

  /**
   * @param paths where the host keeps what the view shows
   * @param names tells paths of the view
   * @param isOutOfBounds whether a link may not lead through a name
   */
  constructor(
    state: ViewState,
    host: Host,
    paths: HostPaths,
    names: HostPaths,
    isOutOfBounds: (node: IndexNode) => boolean,
  ) {
    const resolver = (bound: (node: IndexNode) => boolean): Resolver =>
      new Resolver(state.index, paths, host, (node) => state.isUntouchable(node), bound);
    this.#index = state.index;
    this.#names = names;
    this.#inBounds = resolver(isOutOfBounds);
    this.unbounded = resolver(() => false);
  }

  /** Forgets what it remembers of nodes. */
  forget(): void {
    for (const resolver of [this.#inBounds, this.unbounded]) resolver.forget();
    this.#followed = undefined;
  }

  /** The canonical form of an absolute path: its parents resolved on the host. Undefined when links loop. */
  canonical(path: Uint8Array): Resolved | undefined {
    return this.#inBounds.canonical(path);
  }

  /** What a symbolic link leads to in the end; undefined when that does not exist on the host, or may not be looked at. */
  end(link: IndexNode): Resolved | undefined {
    return this.#inBounds.final(link);
  }

  /**
   * The directories of the links through which a link leads, and of its end: what its visibility hangs on. As they were
   * found by the last decision, if that was about this link.
   */
  directoriesOf(link: IndexNode): ReadonlySet<IndexNode> {
    if (this.#followed?.link !== link) this.follow(link);
    return this.#followed!.directories;
  }

  /** Like {@link end}; what it went by is remembered for {@link directoriesOf}. */
  follow(link: IndexNode): Resolved | undefined {
    const directories = new Set([this.#index.parent(link)]);
    const end = this.#inBounds.final(link, (node) => directories.add(this.#index.parent(node)));
    this.#followed = { link, directories };
    return end;
  }

  /** The node of a view path with its parents resolved; as written when they cannot be. */
  locate(path: string): IndexNode {
    const bytes = Buffer.from(path);
    const found = this.#inBounds.canonical(bytes)?.node;
    if (found !== undefined) return found;
    return ensureAll(this.#index, bytes.toString('latin1'));
  }

  /** Where the directory at the beginning of a glob is, through the host's links; see {@link GlobSet}. */
  readonly placeOf = (directory: string): string => {
    // The dot makes a link at the end followed.
    const found = this.#inBounds.canonical(Buffer.from(`${directory}.`, 'latin1'));
    if (found === undefined) return directory;
    return found.node === rootNode ? '/' : `${this.#names.directory(found.node)}/`;
  };
}
