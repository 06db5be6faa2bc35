/** A small filesystem in memory, to try drivers on: described by plain values, so that it can go to a worker. */
import { errno, type Errno } from '../../src/base/index.js';
import type {
  Attributes,
  Caller,
  DirectorySink,
  Entry,
  FilesystemStatistics,
  Operations,
} from '../../src/fuse/index.js';

export interface FileSpec {
  /** Content; a `size` beyond it is a hole, in which each 8-byte word at offset n holds n. */
  data?: string;
  size?: number;
  /** Target of a symbolic link, latin1. */
  link?: string;
  /** Entries of a directory by name, latin1. */
  entries?: Record<string, FileSpec>;
  /** `n` more entries named f0 … . */
  many?: number;
  mode?: number;
  uid?: number;
  gid?: number;
  nlink?: number;
  ino?: number;
  /** Seconds and nanoseconds. */
  mtime?: [number, number];
  /** Exists only while this bit of the first shared word is set. */
  whenBit?: number;
  /** The data is the decimal value of this shared word. */
  word?: number;
  /** Every operation on it throws. */
  broken?: boolean;
  /** Looking it up waits until this shared word is not 0, for at most a minute. */
  gate?: number;
}

interface Node {
  id: number;
  spec: FileSpec;
  mode: number;
  parent: Node | undefined;
  names: string[];
  children: Map<string, Node>;
}

const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;

export interface MemoryOptions {
  /** Of names and attributes; default a day. */
  validSeconds?: number;
  /** Answer missing names with a cached negative entry. */
  cacheMissing?: boolean;
  /** Hand out listings without attributes although they are wanted. */
  plainListings?: boolean;
  shared?: Int32Array;
}

export class MemoryFilesystem implements Operations {
  readonly #nodes: Node[] = [];
  readonly #valid: number;
  readonly forgotten = new Map<number, number>();

  constructor(
    root: FileSpec,
    readonly options: MemoryOptions = {},
  ) {
    this.#valid = options.validSeconds ?? 86_400;
    this.#nodes.push(undefined as never);
    this.#add(root, undefined);
  }

  #add(spec: FileSpec, parent: Node | undefined): Node {
    const isDirectory = spec.entries !== undefined || spec.many !== undefined;
    const type = isDirectory ? S_IFDIR : spec.link !== undefined ? S_IFLNK : S_IFREG;
    const mode = type | (spec.mode ?? (isDirectory ? 0o755 : spec.link === undefined ? 0o644 : 0o777));
    const node: Node = {
      id: this.#nodes.length,
      spec,
      mode,
      parent,
      names: [],
      children: new Map(),
    };
    this.#nodes.push(node);
    for (const [name, child] of Object.entries(spec.entries ?? {})) {
      node.children.set(name, this.#add(child, node));
    }
    for (let i = 0; i < (spec.many ?? 0); i++)
      node.children.set(`f${i}`, this.#add({ data: `${i}\n` }, node));
    node.names = [...node.children.keys()];
    return node;
  }

  #node(id: number): Node {
    const node = this.#nodes[id];
    if (node === undefined) throw new Error(`node ${id} was never handed out`);
    if (node.spec.broken) throw new Error('broken on purpose');
    return node;
  }

  #exists(node: Node): boolean {
    const { whenBit } = node.spec;
    return whenBit === undefined || (((this.options.shared?.[0] ?? 0) >> whenBit) & 1) === 1;
  }

  #data(node: Node): Buffer {
    const { word, data = '' } = node.spec;
    if (word !== undefined) return Buffer.from(String(this.options.shared?.[word] ?? 0));
    return Buffer.from(data, 'latin1');
  }

  #fill(node: Node, attr: Attributes): void {
    const { spec } = node;
    const [sec, nsec] = spec.mtime ?? [1_600_000_000, 123_456_789];
    attr.ino = spec.ino ?? node.id;
    attr.size = spec.size ?? (spec.link !== undefined ? spec.link.length : this.#data(node).length);
    attr.blocks = Math.ceil(attr.size / 512);
    attr.atimeSec = attr.mtimeSec = attr.ctimeSec = sec;
    attr.atimeNsec = attr.mtimeNsec = attr.ctimeNsec = nsec;
    attr.mode = node.mode;
    attr.nlink = spec.nlink ?? 1;
    attr.uid = spec.uid ?? 0;
    attr.gid = spec.gid ?? 0;
    attr.rdev = 0;
    attr.blksize = 4096;
  }

  lookup(parent: number, name: Buffer, _caller: Caller, out: Entry): Errno {
    const node = this.#node(parent);
    if ((node.mode & 0o170000) !== S_IFDIR) return errno.ENOTDIR;
    const child = node.children.get(name.toString('latin1'));
    if (child === undefined || !this.#exists(child)) {
      if (!this.options.cacheMissing) return errno.ENOENT;
      out.nodeId = 0;
      out.entryValid = this.#valid;
      return 0;
    }
    const { gate } = child.spec;
    if (gate !== undefined) Atomics.wait(this.options.shared!, gate, 0, 60_000);
    out.nodeId = child.id;
    out.entryValid = out.attrValid = this.#valid;
    this.#fill(child, out.attr);
    return 0;
  }

  forget(node: number, count: number): void {
    this.forgotten.set(node, (this.forgotten.get(node) ?? 0) + count);
  }

  getattr(id: number, _caller: Caller, out: Entry): Errno {
    this.#fill(this.#node(id), out.attr);
    out.attrValid = this.#valid;
    return 0;
  }

  readlink(id: number): Uint8Array | Errno {
    const { link } = this.#node(id).spec;
    return link === undefined ? errno.EINVAL : Buffer.from(link, 'latin1');
  }

  read(id: number, offset: number, into: Buffer): number {
    const node = this.#node(id);
    const { size } = node.spec;
    if (size === undefined) return this.#data(node).subarray(offset).copy(into);
    const count = Math.max(0, Math.min(into.length, size - offset));
    for (let i = 0; i + 8 <= count; i += 8) into.writeBigUInt64LE(BigInt(offset + i), i);
    return count;
  }

  readdir(id: number, offset: number, _caller: Caller, sink: DirectorySink): Errno {
    const node = this.#node(id);
    if ((node.mode & 0o170000) !== S_IFDIR) return errno.ENOTDIR;
    const { entry } = sink;
    entry.entryValid = entry.attrValid = this.#valid;
    for (let at = offset; at < node.names.length + 2; at++) {
      if (at < 2) {
        const target = at === 0 ? node : (node.parent ?? node);
        if (!sink.add(Buffer.from(at === 0 ? '.' : '..'), target.id, 4, at + 1)) return 0;
        continue;
      }
      const name = node.names[at - 2]!;
      const child = node.children.get(name)!;
      if (!this.#exists(child)) continue;
      const bytes = Buffer.from(name, 'latin1');
      if (sink.wantsAttributes && this.options.plainListings !== true && !child.spec.broken) {
        entry.nodeId = child.id;
        this.#fill(child, entry.attr);
        if (!sink.addWithAttributes(bytes, at + 1)) return 0;
      } else if (!sink.add(bytes, child.spec.ino ?? child.id, child.mode >> 12, at + 1)) {
        return 0;
      }
    }
    return 0;
  }

  statfs(_node: number, out: FilesystemStatistics): Errno {
    out.blocks = 1000;
    out.bfree = out.bavail = 10;
    out.files = this.#nodes.length;
    out.ffree = 3;
    return 0;
  }
}
