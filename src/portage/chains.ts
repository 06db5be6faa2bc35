/** The chains of reasons by which a package of a visible set is in it. */
import { originPackage, type PackageId } from '../base/index.js';
import type { ChainLink, VisibleSet } from './types.js';

/** How many unfinished chains {@link chainsTo} looks at before it gives up finding more. */
const maxSteps = 20_000;

/**
 * The chains that bring a package into a visible set, the shortest first and at most `limit`; none when it is not in the
 * set. Each begins with a package that is in the set by itself and ends with `cpv`; no package is in a chain twice. In a
 * big set only the shortest may be found: there can be more chains than could ever be listed.
 */
export function chainsTo(set: VisibleSet, cpv: PackageId, limit = 20): readonly (readonly ChainLink[])[] {
  if (!set.visible.has(cpv)) return [];
  const distances = rootDistances(set);

  /** A chain from `link` down to `cpv`, growing upwards. */
  interface Partial {
    link: ChainLink;
    below: Partial | undefined;
    length: number;
  }
  const contains = (partial: Partial | undefined, name: PackageId): boolean => {
    for (let part = partial; part !== undefined; part = part.below) if (part.link.cpv === name) return true;
    return false;
  };
  // By the length the whole chain will have at least: the distance to the next root is known, so what is found first
  // is shortest.
  const queues: Partial[][] = [];
  const grow = (name: PackageId, below: Partial | undefined): void => {
    for (const reason of set.visible.get(name) ?? []) {
      const length = (below?.length ?? 0) + 1;
      const by = originPackage(reason.from);
      const rest = by === undefined ? 0 : distances.get(by);
      if (rest === undefined || by === name || (by !== undefined && contains(below, by))) continue;
      (queues[length + rest] ??= []).push({ link: { cpv: name, ...reason }, below, length });
    }
  };
  const chains: ChainLink[][] = [];
  grow(cpv, undefined);
  let steps = 0;
  for (let length = 0; length < queues.length; length++) {
    const queue = queues[length] ?? [];
    for (const partial of queue) {
      if (chains.length >= limit || steps++ >= maxSteps) return chains;
      const by = originPackage(partial.link.from);
      if (by !== undefined) {
        grow(by, partial);
        continue;
      }
      const chain: ChainLink[] = [];
      for (let part: Partial | undefined = partial; part !== undefined; part = part.below)
        chain.push(part.link);
      chains.push(chain);
    }
  }
  return chains;
}

const knownDistances = new WeakMap<VisibleSet, ReadonlyMap<PackageId, number>>();

/** For every package of a set, how many links its shortest chain has; remembered, for whoever asks about all of them. */
function rootDistances(set: VisibleSet): ReadonlyMap<PackageId, number> {
  const known = knownDistances.get(set);
  if (known !== undefined) return known;
  const users = new Map<PackageId, PackageId[]>();
  const distances = new Map<PackageId, number>();
  for (const [cpv, reasons] of set.visible) {
    for (const { from } of reasons) {
      const by = originPackage(from);
      if (by === undefined) distances.set(cpv, 1);
      else {
        const list = users.get(by);
        if (list === undefined) users.set(by, [cpv]);
        else list.push(cpv);
      }
    }
  }
  for (const [cpv, distance] of distances) {
    for (const next of users.get(cpv) ?? []) if (!distances.has(next)) distances.set(next, distance + 1);
  }
  knownDistances.set(set, distances);
  return distances;
}
