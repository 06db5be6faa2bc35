/** A thread that adds names to a shared index in an order of its own, and checks what must never change meanwhile. */
import { parentPort, workerData } from 'node:worker_threads';
import { PathIndex, rootNode, type IndexNode, type SharedIndex } from '../../src/view/pathIndex.js';

const { shared, seed, names, steady, keeper } = workerData as {
  shared: SharedIndex;
  seed: number;
  names: number;
  steady: IndexNode;
  keeper: number;
};
const index = PathIndex.attach(shared);
const parent = index.find(rootNode, Buffer.from('other'));
const nodes = new Uint32Array(names);
const wrong: string[] = [];
const bits = new Uint32Array(Math.ceil(index.packageCapacity / 32));
bits[keeper >>> 5] = 1 << (keeper & 31);

// A step that has no divisor in common with the number of names comes by all of them.
const step = [7919, 104_729, 1_299_709, 15_485_863][seed - 1]!;
for (let i = 0, n = seed; i < names && parent !== -1; i++, n = (n + step) % names) {
  const name = Buffer.from(`name-${n}`);
  const found = index.find(parent, name);
  const node = index.ensure(parent, name);
  if (found !== -1 && found !== node) wrong.push(`${name} was ${found} and is ${node}`);
  if (!Buffer.from(index.name(node)).equals(name)) wrong.push(`${node} is called ${index.name(node)}`);
  if (index.parent(node) !== parent) wrong.push(`${node} is in ${index.parent(node)}`);
  if (!index.ownerVisible(steady, bits)) wrong.push(`the owner was away at ${i}`);
  if (!index.owners(steady).includes(keeper)) wrong.push(`the owner was not listed at ${i}`);
  nodes[n] = node;
}
parentPort?.postMessage({ nodes, wrong });
