import { Worker } from 'node:worker_threads';
import test from 'ava';
import fc from '../../helpers/fastCheck.js';
import { errno, FsError } from '../../../src/base/index.js';
import {
  indexKind,
  PathIndex,
  rootNode,
  type IndexNode,
  type IndexSizes,
} from '../../../src/view/pathIndex.js';
import { pkg } from '../../helpers/installed.js';

const bytes = (text: string) => Buffer.from(text, 'latin1');
/** Room for a few dozen paths. */
const tiny: IndexSizes = {
  nodes: 48,
  names: 400,
  owners: 64,
  slots: 64,
  packages: 4,
  packageNodes: 32,
  packageNames: 16,
};

function ensurePath(index: PathIndex, path: string): IndexNode {
  let node = rootNode;
  for (const name of path.split('/').slice(1)) node = index.ensure(node, bytes(name));
  return node;
}

function childrenOf(index: PathIndex, node: IndexNode): string[] {
  const names: string[] = [];
  for (let child = index.firstChild(node); child !== -1; child = index.nextSibling(child)) {
    names.push(Buffer.from(index.name(child)).toString('latin1'));
  }
  return names.sort();
}

function give(index: PathIndex, cpv: string, nodes: readonly IndexNode[], changed?: IndexNode[]): number {
  const id = index.addPackage(pkg(cpv));
  index.setPackageNodes(
    id,
    nodes,
    nodes.map(() => indexKind.obj),
    nodes.length,
    changed,
  );
  return id;
}

test('a path is found again and reads as it was written', (t) => {
  const index = PathIndex.create();
  const usr = index.ensure(rootNode, bytes('usr'));
  const bin = index.ensure(usr, bytes('bin'));
  t.is(index.ensure(usr, bytes('bin')), bin);
  t.is(index.find(usr, bytes('/usr/bin'), 5, 8), bin);
  t.is(index.find(rootNode, bytes('bin')), -1);
  t.is(index.resolve(bytes('/usr/bin')), bin);
  t.is(index.resolve(bytes('/usr//./bin/../bin/')), bin);
  t.is(index.resolve(bytes('/../usr/bin')), bin);
  t.is(index.resolve(bytes('/usr/sbin')), -1);
  t.is(index.resolve(bytes('/')), rootNode);
  t.is(index.pathOf(bin).toString(), '/usr/bin');
  t.is(index.pathOf(rootNode).toString(), '/');
  t.is(index.nameLength(bin), 3);
  const target = Buffer.alloc(5, '.');
  t.is(index.writeName(bin, target, 1), 4);
  t.is(target.toString(), '.bin.');
  t.is(index.parent(bin), usr);
  t.is(index.parent(rootNode), rootNode);
});

test('names are bytes of 1 to 255', (t) => {
  const index = PathIndex.create();
  const longest = Buffer.alloc(255, 0xff);
  const node = index.ensure(rootNode, longest);
  t.deepEqual(Buffer.from(index.name(node)), longest);
  t.deepEqual(index.pathOf(node), Buffer.concat([bytes('/'), longest]));
  t.is(index.tryEnsure(rootNode, Buffer.alloc(256, 0x61)), -1);
  t.is(index.tryEnsure(rootNode, bytes('')), -1);
  const error = t.throws(() => index.ensure(rootNode, Buffer.alloc(256, 0x61)), { instanceOf: FsError });
  t.is(error.errno, errno.ENAMETOOLONG);
  t.not(index.ensure(rootNode, bytes('caf\xe9')), index.ensure(rootNode, Buffer.from('café')));
});

test('a full index grows before it is shared and says ENOMEM after', (t) => {
  const index = PathIndex.create({}, tiny);
  const nodes: IndexNode[] = [];
  for (let i = 0; i < 200; i++) nodes.push(ensurePath(index, `/d${i % 7}/file${i}`));
  const ids = Array.from({ length: 9 }, (_, i) => give(index, `a/p-${i}`, nodes.slice(i * 10)));
  t.true(index.capacity.nodes > tiny.nodes);
  for (const [i, node] of nodes.entries()) {
    t.is(index.resolve(bytes(`/d${i % 7}/file${i}`)), node);
    t.deepEqual(
      index.owners(node),
      ids.filter((id) => id * 10 <= i),
    );
  }

  const small = PathIndex.create({}, tiny);
  small.share();
  let made = 0;
  while (small.tryEnsure(rootNode, bytes(`n${made}`)) !== -1) made++;
  // A little is left for what has to be in it.
  t.is(made, tiny.nodes - 2);
  t.not(small.ensure(rootNode, bytes('a place')), -1);
  const error = t.throws(() => small.ensure(rootNode, bytes('one more')), { instanceOf: FsError });
  t.is(error.errno, errno.ENOMEM);
  t.not(small.find(rootNode, bytes('n0')), -1);
});

test('a change of packages that does not fit changes nothing', (t) => {
  const index = PathIndex.create({}, tiny);
  const nodes = Array.from({ length: 30 }, (_, i) => ensurePath(index, `/n${i}`));
  const first = give(index, 'a/a-1', nodes.slice(0, 3));
  index.share();
  t.throws(() => give(index, 'a/b-1', nodes), { instanceOf: FsError });
  t.deepEqual(
    nodes.map((node) => index.owners(node)),
    nodes.map((_, i) => (i < 3 ? [first] : [])),
  );
});

test('every package that lists a path is its owner, once', (t) => {
  const index = PathIndex.create();
  const usr = ensurePath(index, '/usr');
  const file = ensurePath(index, '/usr/file');
  const a = give(index, 'a/a-1', [usr, file, usr]);
  const b = give(index, 'a/b-1', [usr, usr]);
  t.deepEqual(index.owners(usr), [a, b]);
  t.deepEqual(index.owners(file), [a]);
  t.deepEqual([...index.nodesOf(a)], [usr, file]);
  t.is(index.kind(file), indexKind.obj);
  t.deepEqual(index.packages, [
    { id: a, cpv: 'a/a-1' },
    { id: b, cpv: 'a/b-1' },
  ]);

  const changed: IndexNode[] = [];
  index.removePackage(a, changed);
  t.deepEqual(changed, [usr, file]);
  t.deepEqual(index.owners(usr), [b]);
  t.false(index.isOwned(file));
  t.is(index.kind(file), indexKind.implied);
  t.is(index.packageId(pkg('a/a-1')), -1);
  t.is(index.cpv(a), pkg('a/a-1'));
  t.is(give(index, 'a/a-1', [file]), a);
});

test('another view of the same memory sees names and packages, and cannot change packages', (t) => {
  const index = PathIndex.create();
  const other = PathIndex.attach(index.share());
  const node = other.ensure(rootNode, bytes('new'));
  t.is(index.find(rootNode, bytes('new')), node);
  const id = give(index, 'a/a-1', [node]);
  t.is(other.packageId(pkg('a/a-1')), id);
  t.deepEqual(other.owners(node), [id]);
  index.setState(node, 5);
  other.clearState(node, 1);
  t.is(index.state[node], 4);
  t.throws(() => other.addPackage(pkg('a/b-1')), { message: /only in the thread/ });
});

test('what was added after sharing is not saved', async (t) => {
  const index = PathIndex.create({}, { ...tiny, nodes: 96, slots: 128 });
  const before = Array.from({ length: 20 }, (_, i) => ensurePath(index, `/d${i % 3}/n${i}`));
  const id = give(index, 'a/a-1', before);
  index.share();
  for (let i = 0; i < 20; i++) ensurePath(index, `/d${i % 4}/later${i}`);

  const saved = index.sections();
  const copy = await PathIndex.fromSections(saved.sizes, saved.abandoned, (sections) => {
    sections.forEach((section, i) => section.set(saved.sections[i] as Uint8Array));
  });
  for (const [i, node] of before.entries()) t.is(copy.resolve(bytes(`/d${i % 3}/n${i}`)), node);
  t.deepEqual([...copy.nodesOf(id)], before);
  for (let i = 0; i < 20; i++) t.is(copy.resolve(bytes(`/d${i % 4}/later${i}`)), -1);
  const names = before.flatMap((_, i) => (i % 3 === 1 ? [`n${i}`] : []));
  t.deepEqual(childrenOf(copy, ensurePath(copy, '/d1')), names.sort());
  t.deepEqual(childrenOf(copy, rootNode), ['d0', 'd1', 'd2']);
});

test('names that come and go are many more than fit', async (t) => {
  const index = PathIndex.create({}, { ...tiny, nodes: 96, slots: 128, names: 4096 });
  const owned = Array.from({ length: 20 }, (_, i) => ensurePath(index, `/d${i % 3}/n${i}`));
  const id = give(index, 'a/a-1', owned);
  index.share();
  const stays = ensurePath(index, '/d1/loose/stays');
  index.hold(stays);
  const merged = ensurePath(index, '/d1/merged');
  const other = give(index, 'a/b-1', [merged]);
  const names = (round: number) =>
    // Of other lengths each time, so that no name has the room of another.
    Array.from(
      { length: 12 },
      (_, i) => `/d${i % 3}/${round}/${'x'.repeat((round * 37 + i * 11) % 200)}${i}`,
    );
  for (let round = 0; round < 200; round++) {
    const made = names(round).map((name) => ensurePath(index, name));
    for (const [i, name] of names(round).entries()) {
      t.is(index.resolve(bytes(name)), made[i]!);
      t.is(index.pathOf(made[i]!).toString(), name);
    }
    index.setState(made[0]!, 1);
    const directories = [0, 1, 2].map((i) => index.resolve(bytes(`/d${i}/${round}`)) as IndexNode);
    t.is(
      index.giveBack([...made, ...directories, stays, merged, ...owned]),
      made.length + directories.length,
    );
    t.true(names(round).every((name) => index.resolve(bytes(name)) === -1));
    t.false(index.isUsed(made[0]!));
  }
  t.deepEqual([index.resolve(bytes('/d1/loose/stays')), index.resolve(bytes('/d1/merged'))], [stays, merged]);
  t.deepEqual([[...index.nodesOf(id)], index.owners(merged)], [owned, [other]]);
  t.deepEqual(
    childrenOf(index, ensurePath(index, '/d1')),
    [...owned.flatMap((_, i) => (i % 3 === 1 ? [`n${i}`] : [])), 'loose', 'merged'].sort(),
  );
  // A new name has nothing of the one that had its number.
  const again = ensurePath(index, '/d1/new');
  t.deepEqual([index.state[again], index.isOwned(again), index.firstChild(again)], [0, false, -1]);

  index.release(stays, 1);
  t.is(index.giveBack([stays, index.parent(stays)]), 2);
  const saved = index.sections();
  const copy = await PathIndex.fromSections(saved.sizes, saved.abandoned, (sections) => {
    sections.forEach((section, i) => section.set(saved.sections[i] as Uint8Array));
  });
  t.deepEqual(
    owned.map((_, i) => copy.resolve(bytes(`/d${i % 3}/n${i}`))),
    owned,
  );
  t.deepEqual(childrenOf(copy, rootNode), ['d0', 'd1', 'd2']);
});

test('a directory stays as long as anything in it does', (t) => {
  const index = PathIndex.create({}, tiny);
  index.share();
  const [file, held] = [ensurePath(index, '/a/b/file'), ensurePath(index, '/a/held')];
  const [b, a] = [index.parent(file), index.parent(held)];
  index.hold(held);
  t.is(index.giveBack([a, b, file, held]), 2);
  t.deepEqual(childrenOf(index, a), ['held']);
  t.is(index.giveBack([a]), 0);
  index.release(held, 1);
  t.is(index.giveBack([a, held]), 2);
  t.is(index.firstChild(rootNode), -1);
});

test('room is asked for once, before there is none', (t) => {
  const index = PathIndex.create({}, tiny);
  const { buffer } = index.share();
  const thread = PathIndex.attach({ buffer });
  let asked = 0;
  thread.onCrowded = () => asked++;
  const made: IndexNode[] = [];
  const fill = () => {
    for (let i = 0; ; i++) {
      const node = thread.tryEnsure(rootNode, bytes(`n${i}`));
      if (node === -1) return;
      if (asked === 0) made.push(node);
    }
  };
  fill();
  t.is(asked, 1);
  t.true(made.length > 10 && made.length < 30, `asked after ${made.length}`);
  // Nothing can be given back: it is asked again when somebody wants more.
  index.giveBack([]);
  index.listenAgain();
  t.is(thread.tryEnsure(rootNode, bytes('more')), -1);
  t.is(asked, 2);
  index.listenAgain();
  t.is(index.giveBack(made), made.length);
  t.not(thread.tryEnsure(rootNode, bytes('more')), -1);
  t.is(asked, 2);
});

const arbitraryPath = fc
  .array(fc.constantFrom('a', 'b', 'c', 'lib', '\xff\xfe', 'x'.repeat(255)), { minLength: 1, maxLength: 4 })
  .map((names) => `/${names.join('/')}`);
const arbitrarySteps = fc.array(
  fc.record({
    cpv: fc.constantFrom('a/1', 'a/2', 'b/1', 'b/2', 'c/1'),
    paths: fc.array(arbitraryPath, { maxLength: 12 }),
  }),
  { maxLength: 12 },
);

test('after any changes the owners are those of a plain map', (t) => {
  const property = fc.property(
    arbitrarySteps,
    fc.boolean(),
    fc.uniqueArray(fc.constantFrom('a/1', 'a/2', 'b/1', 'b/2', 'c/1')),
    (steps, isShared, visible) => {
      const index = PathIndex.create(
        {},
        isShared
          ? {
              ...tiny,
              nodes: 3000,
              slots: 4096,
              names: 1 << 20,
              owners: 4000,
              packages: 8,
              packageNodes: 4000,
            }
          : tiny,
      );
      if (isShared) index.share();
      const model = new Map<string, Set<string>>();
      const everything = new Set<string>();
      for (const { cpv, paths } of steps) {
        const before = new Map([...everything].map((path) => [path, ownersIn(model, path)]));
        const changed: IndexNode[] = [];
        // No paths stands for the removal.
        if (paths.length > 0) {
          give(
            index,
            cpv,
            paths.map((path) => ensurePath(index, path)),
            changed,
          );
          model.set(cpv, new Set(paths));
        } else if (index.packageId(pkg(cpv)) >= 0) {
          index.removePackage(index.packageId(pkg(cpv)), changed);
          model.delete(cpv);
        }
        for (const path of paths) everything.add(path);
        const differing = [...everything].filter(
          (path) => ownersIn(model, path).join() !== (before.get(path) ?? []).join(),
        );
        t.deepEqual(changed.map((node) => index.pathOf(node).toString('latin1')).sort(), differing.sort());
      }
      const bits = new Uint32Array(Math.ceil(index.packageCapacity / 32));
      for (const cpv of visible) {
        const id = index.packageId(pkg(cpv));
        if (id >= 0) bits[id >>> 5] = bits[id >>> 5]! | (1 << (id & 31));
      }
      for (const path of everything) {
        const node = index.resolve(bytes(path));
        if (node === -1) return void t.fail(path);
        const owners = ownersIn(model, path);
        t.deepEqual(
          index
            .owners(node)
            .map((id) => index.cpv(id))
            .sort(),
          owners,
        );
        t.is(index.isOwned(node), owners.length > 0);
        t.is(
          index.ownerVisible(node, bits),
          owners.some((cpv) => (visible as string[]).includes(cpv)),
        );
      }
      t.deepEqual(index.packages.map(({ cpv }) => cpv).sort(), [...model.keys()].sort());
      for (const [cpv, paths] of model) {
        const nodes = [...index.nodesOf(index.packageId(pkg(cpv)))] as IndexNode[];
        t.deepEqual(nodes.map((node) => index.pathOf(node).toString('latin1')).sort(), [...paths].sort());
      }
    },
  );
  fc.assert(property, { numRuns: 150 });
});

function ownersIn(model: ReadonlyMap<string, ReadonlySet<string>>, path: string): string[] {
  return [...model].flatMap(([cpv, paths]) => (paths.has(path) ? [cpv] : [])).sort();
}

test('threads that add the same names at once get the same nodes, while packages change', async (t) => {
  const index = PathIndex.create();
  const steady = ensurePath(index, '/steady');
  const other = ensurePath(index, '/other');
  const keeper = give(index, 'a/keeper-1', [steady]);
  const shared = index.share();
  const names = 20_000;
  const workers = [1, 2, 3, 4].map((seed) => {
    const worker = new Worker(new URL('../../helpers/indexWorker.js', import.meta.url), {
      workerData: { shared, seed, names, steady, keeper },
    });
    return new Promise<{ nodes: Uint32Array; wrong: string[] }>((resolve, reject) => {
      worker.once('message', resolve).once('error', reject);
    });
  });
  let isDone = false;
  const results = Promise.all(workers).finally(() => (isDone = true));
  let rounds = 0;
  while (!isDone) {
    // Lists of owners grow and shrink at the head, in the middle and at the end.
    for (const cpv of ['b/1', 'b/2', 'b/3']) give(index, cpv, rounds % 2 === 0 ? [steady, other] : [steady]);
    for (const cpv of ['b/2', 'b/1', 'b/3']) index.removePackage(index.packageId(pkg(cpv)));
    if (++rounds > 10_000) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [first, ...rest] = await results;
  t.deepEqual(first?.wrong, []);
  for (const { nodes, wrong } of rest) {
    t.deepEqual(wrong, []);
    t.deepEqual(nodes, first?.nodes);
  }
  t.is(index.nodeCount, 3 + names);
  t.is(new Set(childrenOf(index, other)).size, names);
  t.deepEqual(index.owners(steady), [keeper]);
  t.deepEqual(index.owners(other), []);
});
