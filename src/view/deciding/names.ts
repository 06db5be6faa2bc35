/** What names alone say. */
import { latin1 } from '../hostPaths.js';
import { rootNode, type IndexNode, type NoNode, type PathIndex } from '../pathIndex.js';

/** Whether a name has this end, and something before it. */
export function endsWith(name: Uint8Array, text: string): boolean {
  return name.length > text.length && latin1(name.subarray(name.length - text.length)) === text;
}

const pythonCache = Buffer.from('__pycache__');
const include = Buffer.from('include');

/** Whether a directory is named `__pycache__`. */
export function isPythonCache(index: PathIndex, directory: IndexNode): boolean {
  return index.isNamed(directory, pythonCache);
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

/** Whether a directory is one of headers. */
export function holdsHeaders(index: PathIndex, directory: IndexNode): boolean {
  for (let at = directory; at !== rootNode; at = index.parent(at))
    if (index.isNamed(at, include)) return true;
  return false;
}
