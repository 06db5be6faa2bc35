/**
 * Node ids: a path, and which of the files that may stand there one after the other.
 *
 *     [21 bits: the file, 0 for a directory][32 bits: the path's node + 1]
 *
 * What the kernel has cached of a file it keeps with the node id. So when a name stands for another file, it is answered with
 * another node id, and pages of the two never mix; who still uses the first goes on with that. Which file it is follows from
 * the host's own facts, so there is no table, and every thread gives the same number. A directory has one id whatever becomes
 * of it on the host: things are mounted on directories, and what is in them is told by name.
 */
import type { NodeId } from '../fuse/index.js';
import type { FileIdentity } from '../system/index.js';
import { hostKind, type HostKind, type IndexNode, type NoNode, type View } from '../view/index.js';
import type { NodeHost } from './host.js';

const two32 = 0x1_0000_0000;
/** A node id stays below 2^53. */
const fileBits = 21;

/** A directory. */
export const anyFile = 0;

/** The number of a file among those at its path: above 0. Two files have the same with a chance of 2^−21. */
function fileNumber(identity: FileIdentity): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < identity.length; i++) {
    hash = Math.imul(hash ^ identity[i]!, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash >>> (32 - fileBits) || 1;
}

/** @param file a {@link fileNumber}, or {@link anyFile} */
export function nodeIdOf(node: IndexNode, file: number): NodeId {
  return file * two32 + node + 1;
}

/** The path of a node id; −1 for none. */
export function nodeOf(nodeId: NodeId): IndexNode | NoNode {
  return ((nodeId >>> 0) - 1) as IndexNode | NoNode;
}

/** The {@link fileNumber} in a node id, or {@link anyFile}. */
export function fileOf(nodeId: NodeId): number {
  return Math.floor(nodeId / two32);
}

/** The {@link fileNumber} of the file that the host's status is about, which leaves its identity in {@link NodeHost.identity}. */
export function fileNumberOf(host: NodeHost, kind: HostKind): number {
  if (kind === hostKind.directory || kind === hostKind.missing) return anyFile;
  host.status.identify(host.identity);
  return fileNumber(host.identity);
}

/** The node id by which the kernel knows what is at a path now. Asks the host. */
export function kernelNodeId(view: View, host: NodeHost, node: IndexNode): NodeId {
  const kind = view.mayBeAsked(node) ? host.kind(view.paths.of(node)) : hostKind.missing;
  return nodeIdOf(node, fileNumberOf(host, kind));
}
