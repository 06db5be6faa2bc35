/** Where names stand in the hash: each at the first free place from its own on. */
import type { Tables } from './tables.js';

/** FNV-1a over the name, begun with the parent, then mixed so that the low bits depend on all. */
export function hashOf(parent: number, name: Uint8Array, start: number, end: number): number {
  let hash = Math.imul(parent ^ 0x811c9dc5, 0x9e3779b1);
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ name[i]!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Puts a node that is not in the hash there, for all threads to see. */
export function publish(places: Uint32Array, node: number, hash: number): void {
  const mask = places.length - 1;
  let place = hash & mask;
  while (places[place] !== 0) place = (place + 1) & mask;
  Atomics.store(places, place, node);
}

/** Puts all nodes but the root in an empty hash. */
export function publishAll({ hash, nameAt, names, parent }: Tables, nodeCount: number): void {
  for (let node = 1; node < nodeCount; node++) {
    const at = nameAt[node]! + 1;
    publish(hash, node, hashOf(parent[node]!, names, at, at + names[at - 1]!));
  }
}
