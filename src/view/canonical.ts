/**
 * Paths of CONTENTS as nodes of the index: parents are resolved through the host's symbolic links, so that
 * `/lib64/libz.so.1` and `/usr/lib64/libz.so.1` are one node where the host has one file. The last component is not
 * followed: a link is a path of its own.
 *
 * The paths of a sysroot's packages begin at the sysroot, and links below it are followed as though chrooted there: whatever
 * they say, such a package has nothing outside of it.
 */
import { lstatSync, readlinkSync } from 'node:fs';
import { errorCode, isAscii, linkOf, maxLinks, walk } from '../base/index.js';
import { hostKind, kindOfMode, type HostKind } from './host.js';
import { maxNameBytes, rootNode, type IndexNode, type NoNode, type PathIndex } from './pathIndex.js';

/** The host's symbolic links, as the index needs them. */
export interface HostLinks {
  /**
   * The target of the symbolic link at an absolute path below the root (whose parents are no links), as it is written;
   * undefined for anything that is not a link, is not there or cannot be looked at.
   */
  readlink(path: Buffer): Buffer | undefined;
  /** The type of the file at an absolute path below the root, given as one character a byte; parents may be links. */
  kind(path: string): HostKind;
}

/** The links of a real directory tree; absolute targets are the index's business, so nothing outside it is read. */
export function hostLinks(root: string): HostLinks {
  const prefix = Buffer.from(root === '/' ? '' : root.replace(/\/+$/, ''));
  const prefixText = prefix.toString('latin1');
  return {
    readlink(path) {
      const full = prefix.length === 0 ? path : Buffer.concat([prefix, path]);
      try {
        if (lstatSync(full, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return undefined;
        return readlinkSync(full, { encoding: 'buffer' });
      } catch (error) {
        // Not there any more, no link any more, or behind a directory that we may not search or cannot read.
        if (errorCode(error) !== undefined) return undefined;
        throw error;
      }
    },
    kind(path) {
      const full = prefixText + path;
      try {
        const stat = lstatSync(isAscii(full) ? full : Buffer.from(full, 'latin1'), {
          throwIfNoEntry: false,
        });
        return stat === undefined ? hostKind.missing : kindOfMode(stat.mode);
      } catch (error) {
        if (errorCode(error) !== undefined) return hostKind.missing;
        throw error;
      }
    },
  };
}

const slash = 0x2f;
const dot = 0x2e;
/** Longer paths cannot be named to Linux (PATH_MAX, without the NUL). */
const maxPathBytes = 4095;

// What is known of a node; 0: nothing.
const plain = 1;
const link = 2;
const broken = 3;

/**
 * Tells which directory a node stands for, asking the host once a node. What it remembers is what the host said first,
 * so one is made for each pass over CONTENTS files.
 */
export class Canonicaliser {
  /** Directories that are links on the host, with the node of the directory they finally lead to. */
  readonly links = new Map<IndexNode, IndexNode>();
  readonly #index: PathIndex;
  readonly #host: HostLinks;
  readonly #sysroot: IndexNode;
  #seen: Uint8Array;
  #linksLeft = 0;

  /** @param sysroot the directory that links below it do not leave; none by default */
  constructor(index: PathIndex, host: HostLinks, sysroot: IndexNode = rootNode) {
    this.#index = index;
    this.#host = host;
    this.#sysroot = sysroot;
    this.#seen = new Uint8Array(index.capacity.nodes);
  }

  /** The directory that a path component leads to when something below it is meant; itself when it is no link. */
  directory(node: IndexNode): IndexNode {
    const seen = this.#seen[node];
    if (seen === plain || seen === broken) return node;
    if (seen === link) return this.links.get(node)!;
    return this.#ask(node);
  }

  #ask(node: IndexNode): IndexNode {
    // A link that leads nowhere, or round in a circle, stands for itself: nothing below it exists.
    this.#linksLeft = maxLinks;
    const target = this.#follow(node);
    this.#remember(node, target);
    return target ?? node;
  }

  #remember(node: IndexNode, target: IndexNode | undefined): void {
    if (node >= this.#seen.length) {
      const larger = new Uint8Array(Math.max(this.#index.capacity.nodes, node + 1));
      larger.set(this.#seen);
      this.#seen = larger;
    }
    this.#seen[node] = target === undefined ? broken : target === node ? plain : link;
    if (target !== undefined && target !== node) this.links.set(node, target);
  }

  /** The directory that a link stands for `/` in. */
  #topOf(link: IndexNode): IndexNode {
    if (this.#sysroot === rootNode) return rootNode;
    let at = this.#index.parent(link);
    while (at !== rootNode && at !== this.#sysroot) at = this.#index.parent(at);
    return at;
  }

  /** Where a node leads, or undefined when that takes too many links or has a name that is too long. */
  #follow(node: IndexNode): IndexNode | undefined {
    const seen = this.#seen[node];
    if (seen === plain) return node;
    if (seen === link) return this.links.get(node);
    if (seen === broken) return undefined;
    const target = this.#host.readlink(this.#index.pathOf(node));
    if (target === undefined) {
      this.#remember(node, node);
      return node;
    }
    if (this.#linksLeft-- === 0) return undefined;
    const top = this.#topOf(node);
    const path = linkOf(target);
    return walk<IndexNode, Uint8Array>(path.isAbsolute ? top : this.#index.parent(node), path.names, {
      top: () => top,
      parent: (at) => (at === top ? at : this.#index.parent(at)),
      isDirectory: () => true,
      child: (at, name) =>
        name.length > maxNameBytes ? undefined : this.#follow(this.#index.ensure(at, name, 0, name.length)),
    });
  }
}

/**
 * Finds or makes the nodes of many paths in a row. Neighbours in a CONTENTS file share most of their directories, so
 * only what differs from the path before is looked up.
 */
export class PathWalker {
  readonly #index: PathIndex;
  readonly #canonical: Canonicaliser;
  readonly #top: IndexNode;
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #depth = 0;
  /** Where each directory of the path before ends, from the start of the path, and the directory it leads to. */
  readonly #ends: number[] = [];
  readonly #nodes: IndexNode[] = [];

  /** @param top the directory where the paths begin */
  constructor(index: PathIndex, canonical: Canonicaliser, top: IndexNode = rootNode) {
    this.#index = index;
    this.#canonical = canonical;
    this.#top = top;
  }

  /** Must be called when the bytes of the path before may have been overwritten. */
  reset(): void {
    this.#depth = 0;
    this.#start = this.#end = 0;
  }

  /**
   * The node of the absolute path `bytes[start, end)`, made if need be; -1 for one that no filesystem can have (a name
   * of more than 255 bytes, a path of more than 4095).
   * @throws FsError ENOMEM when the index is shared and has no room
   */
  node(bytes: Uint8Array, start: number, end: number): IndexNode | NoNode {
    if (end - start > maxPathBytes) return -1;
    const ends = this.#ends;
    const nodes = this.#nodes;
    const common = this.#commonWith(bytes, start, end);
    let depth = this.#depth;
    while (depth > 0 && ends[depth - 1]! >= common) depth--;
    let node = depth === 0 ? this.#top : nodes[depth - 1]!;
    let from = start + (depth === 0 ? 1 : ends[depth - 1]! + 1);
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    for (let at = from; at < end; at++) {
      if (bytes[at] !== slash) continue;
      if (at > from) {
        const next = this.#step(node, bytes, from, at);
        if (next === -1) {
          this.#depth = depth;
          return -1;
        }
        node = this.#canonical.directory(next);
        nodes[depth] = node;
        ends[depth] = at - start;
        depth++;
      }
      from = at + 1;
    }
    this.#depth = depth;
    return from >= end ? node : this.#step(node, bytes, from, end);
  }

  #step(node: IndexNode, bytes: Uint8Array, from: number, end: number): IndexNode | NoNode {
    if (bytes[from] === dot) {
      if (end === from + 1) return node;
      if (end === from + 2 && bytes[from + 1] === dot)
        return node === this.#top ? node : this.#index.parent(node);
    }
    return end - from > maxNameBytes ? -1 : this.#index.ensure(node, bytes, from, end);
  }

  #commonWith(bytes: Uint8Array, start: number, end: number): number {
    const before = this.#bytes;
    const beforeStart = this.#start;
    const limit = Math.min(end - start, this.#end - beforeStart);
    let common = 0;
    while (common < limit && bytes[start + common] === before[beforeStart + common]) common++;
    return common;
  }
}
