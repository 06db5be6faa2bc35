/** Room in the index: which of the names that were met in the life of a view it need not know any more. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { hostKind } from './host.js';
import { nodeBehind, rootNode, type IndexNode, type PathIndex } from './pathIndex.js';
import { nodeState, type View } from './view.js';

/** So many names are looked at before others have a turn. */
const atATime = 500;

/**
 * Names that the index knows only because somebody asked for them, that nobody owns, and that the host does not have, from below.
 * The index keeps no note of it any more that the kernel may hold them as missing: as of a name that it never knew.
 */
export async function missingNames(view: View): Promise<IndexNode[]> {
  const { index, host, paths } = view;
  const told = nodeState.positive | nodeState.negative;
  const missing: IndexNode[] = [];
  host.forget();
  for (let node = index.firstLoose, looked = 0; node < index.nodeCount; node = nodeBehind(node)) {
    if (!index.isUsed(node) || index.isOwned(node) || view.isPlace(node) || !view.mayBeAsked(node)) continue;
    if (++looked % atATime === 0) {
      await nextTurn();
      host.forget();
    }
    // First, so that what a thread notes once the name is there is not lost.
    const noted = index.state[node]! & told;
    index.clearState(node, told);
    if (host.kind(paths.of(node)) === hostKind.missing) missing.push(node);
    else index.setState(node, noted);
  }
  return fromBelow(index, missing);
}

/** Nodes in such an order that each comes before the directory that it is in. */
export function fromBelow(index: PathIndex, nodes: Iterable<IndexNode>): IndexNode[] {
  const depthOf = (node: IndexNode): number => {
    let depth = 0;
    for (let at = node; at !== rootNode; at = index.parent(at)) depth++;
    return depth;
  };
  return [...nodes]
    .map((node) => ({ node, depth: depthOf(node) }))
    .sort((a, b) => b.depth - a.depth)
    .map(({ node }) => node);
}
