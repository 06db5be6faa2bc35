/** What names alone say. */
import { latin1 } from '../hostPaths.js';
import { rootNode, type IndexNode, type NoNode, type PathIndex } from '../pathIndex.js';

/** Whether a name has this end, and something before it. */
export function endsWith(name: Uint8Array, text: string): boolean {
  return name.length > text.length && latin1(name.subarray(name.length - text.length)) === text;
}

/** Whether a name is this one. */
function isNamed(name: Uint8Array, text: string): boolean {
  return name.length === text.length && latin1(name) === text;
}

/** Whether a directory is named `__pycache__`. */
export function isPythonCache(index: PathIndex, directory: IndexNode): boolean {
  return isNamed(index.name(directory), '__pycache__');
}

const scratch = Buffer.alloc(256);

/** The `name.py` of a `__pycache__/name.*.pyc`; -1 for anything else. */
export function sourceOfCache(index: PathIndex, node: IndexNode): IndexNode | NoNode {
  const directory = index.parent(node);
  const name = index.name(node);
  if (!endsWith(name, '.pyc') || !isPythonCache(index, directory)) return -1;
  const stem = name.subarray(0, name.indexOf(0x2e));
  if (stem.length === 0 || stem.length > 252) return -1;
  scratch.set(stem);
  scratch.write('.py', stem.length, 'latin1');
  const parent = index.parent(directory);
  return index.tryEnsure(parent, scratch, 0, stem.length + 3);
}

/** Whether a path lies in a directory of headers. */
export function isHeader(index: PathIndex, node: IndexNode): boolean {
  for (let at = index.parent(node); at !== rootNode; at = index.parent(at))
    if (isNamed(index.name(at), 'include')) return true;
  return false;
}
