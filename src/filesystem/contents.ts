/** What files contain, and the files that stay open for it. */
import { errno, type Errno, failure, type Outcome } from '../base/index.js';
import type { Entry, NodeId, Seconds } from '../fuse/index.js';
import { kindOfMode, nodeState, type IndexNode, type View } from '../view/index.js';
import { type NodeHost } from './host.js';
import { fileNumberOf, fileOf, nodeOf } from './nodeIds.js';
import { OpenFiles } from './openFiles.js';

/** How long the attributes of a file that is no longer at its path are believed. */
const replacedValid: Seconds = 1;

/** Whether a file was found to be a compiled cache. */
export function isCache(view: View, node: IndexNode): boolean {
  return (view.index.state[node]! & nodeState.conditional) !== 0;
}

/** The contents of a view's files, for one thread. */
export class Contents {
  readonly #view: View;
  readonly #host: NodeHost;
  readonly #files: OpenFiles;

  /** @param memory see {@link OpenFiles.memory} */
  constructor(view: View, host: NodeHost, memory: SharedArrayBuffer) {
    this.#view = view;
    this.#host = host;
    this.#files = new OpenFiles(memory, (fd) => host.files.close(fd));
  }

  /** Closes all files. */
  close(): void {
    this.#files.close();
  }

  /** The kernel has forgotten a file. */
  forget(nodeId: NodeId): void {
    this.#files.forget(nodeId);
  }

  /** Bytes read of a visible file. */
  read(node: IndexNode, nodeId: NodeId, offset: number, into: Buffer): Outcome {
    return this.#readMade(node, nodeId, offset, into) ?? this.#readFile(node, nodeId, offset, into);
  }

  /** Of a compiled cache; undefined when its content is the host's, or it is no longer the one at its path. */
  #readMade(node: IndexNode, nodeId: NodeId, offset: number, into: Buffer): number | undefined {
    if (!isCache(this.#view, node)) return undefined;
    const made = this.#view.madeContent(node);
    return made === undefined || this.isReplaced(node, nodeId) ? undefined : made.subarray(offset).copy(into);
  }

  #readFile(node: IndexNode, nodeId: NodeId, offset: number, into: Buffer): Outcome {
    const files = this.#files;
    const host = this.#host.files;
    const set = files.enter(nodeId);
    try {
      const open = files.find(set, nodeId);
      if (open >= 0) return host.read(open, into, offset);
      const fd = host.open(this.#view.paths.of(node));
      // What cannot be opened is not what the kernel knows: that was there, and a file.
      if (fd < 0)
        return fd === failure(errno.ENOENT) || fd === failure(errno.ELOOP) ? failure(errno.ESTALE) : fd;
      const isIt =
        host.statOpen(fd) === 0 &&
        fileNumberOf(this.#host, kindOfMode(this.#host.status.mode)) === fileOf(nodeId);
      const { size } = this.#host.status;
      const count = isIt ? host.read(fd, into, offset) : failure(errno.ESTALE);
      if (count < 0) host.close(fd);
      else files.keep(set, nodeId, fd, count === size);
      return count;
    } finally {
      files.leave(set);
    }
  }

  /** Whether the file of a node id is no longer the one at its path. */
  isReplaced(node: IndexNode, nodeId: NodeId): boolean {
    return fileNumberOf(this.#host, this.#host.kind(this.#view.paths.of(node))) !== fileOf(nodeId);
  }

  /** Of a file that is no longer at its path: whoever has it open may ask. */
  replacedAttributes(nodeId: NodeId, out: Entry): Errno {
    const files = this.#files;
    const set = files.enter(nodeId);
    try {
      const fd = files.find(set, nodeId);
      // Who comes by the path looks it up again after this.
      if (fd < 0 || this.#host.statOpen(fd, out.attr) !== 0) return errno.ESTALE;
    } finally {
      files.leave(set);
    }
    out.attr.ino = nodeOf(nodeId) + 1;
    out.attrValid = replacedValid;
    return 0;
  }
}
