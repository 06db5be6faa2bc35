/** Where the host keeps what the view shows: paths for system calls, made without garbage where it matters. */
import { Memo, Windows } from '../base/index.js';
import { rootNode, type IndexNode, type PathIndex } from './pathIndex.js';

const slash = 0x2f;
/** Directories whose path is remembered; a path has about 40 bytes. */
const rememberedDirectories = 20_000;
const scratchBytes = 1 << 16;
const unreachable = '/x'.repeat(1 << 14);

/**
 * Turns nodes into host paths. A node lies below the root at its own path, unless it or a directory above it is
 * *grafted*: then below the graft's host path.
 */
export class HostPaths {
  readonly #index: PathIndex;
  readonly #root: string;
  readonly #grafts: ReadonlyMap<IndexNode, string>;
  readonly #directories = new Memo<IndexNode, string>(rememberedDirectories);
  readonly #scratch = Buffer.alloc(scratchBytes);
  readonly #windows = new Windows(this.#scratch);
  #prefixNode = -1;
  #prefixEnd = 0;

  /**
   * @param root host path of the root, latin1, without a trailing slash; empty for `/`
   * @param grafts host paths (latin1, no trailing slash) by node
   */
  constructor(index: PathIndex, root: string, grafts: ReadonlyMap<IndexNode, string>) {
    this.#index = index;
    this.#root = root;
    this.#grafts = grafts;
  }

  /** Nodes may stand for other paths. */
  forget(): void {
    this.#directories.clear();
    this.#prefixNode = -1;
  }

  /** The host path of a directory, one character per byte, without a trailing slash: empty for `/`. */
  directory(node: IndexNode): string {
    const known = this.#directories.get(node);
    if (known !== undefined) return known;
    let path = this.#grafts.get(node);
    if (path === undefined) {
      path =
        node === rootNode ? this.#root : this.directory(this.#index.parent(node)) + '/' + this.#nameOf(node);
    }
    this.#directories.set(node, path);
    return path;
  }

  /** The path as text, one character a byte. */
  text(node: IndexNode): string {
    if (node === rootNode) return '/';
    return this.directory(this.#index.parent(node)) + '/' + this.#nameOf(node);
  }

  /** The host path of a node. The result is valid until the next call. */
  of(node: IndexNode): Buffer {
    if (node === rootNode || this.#grafts.has(node)) return this.#whole(this.directory(node));
    const start = this.#prefix(this.#index.parent(node));
    return this.#windows.of(this.#index.writeName(node, this.#scratch, start));
  }

  /** The host path of a name in a directory, which must not be a graft. The result is valid until the next call. */
  child(parent: IndexNode, name: Uint8Array): Buffer {
    const start = this.#prefix(parent);
    this.#scratch.set(name, start);
    return this.#windows.of(start + name.length);
  }

  /** Whether a node is shown from another place than its own. */
  isGraft(node: IndexNode): boolean {
    return this.#grafts.size !== 0 && this.#grafts.has(node);
  }

  /** Writes `<directory>/` to the scratch memory, if it is not there already; the offset behind it. */
  #prefix(directory: IndexNode): number {
    if (this.#prefixNode === directory) return this.#prefixEnd;
    const path = this.directory(directory);
    // No host can reach so long a path; it gets one that every system call refuses with ENAMETOOLONG.
    const end = this.#scratch.write(path.length + 512 > scratchBytes ? unreachable : path, 0, 'latin1');
    this.#scratch[end] = slash;
    this.#prefixNode = directory;
    this.#prefixEnd = end + 1;
    return this.#prefixEnd;
  }

  #whole(path: string): Buffer {
    this.#prefixNode = -1;
    return this.#windows.of(this.#scratch.write(path === '' ? '/' : path, 0, 'latin1'));
  }

  #nameOf(node: IndexNode): string {
    return latin1(this.#index.name(node));
  }
}

/** A host path, as text, as the classes here want it: one character a byte, without a trailing slash. */
export function hostBytes(path: string): string {
  return Buffer.from(path).toString('latin1').replace(/\/+$/, '');
}

/** Bytes as a string of one character each. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
