import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { merged, obj, type IndexedHost } from '../../helpers/indexedHost.js';
import fc from '../../helpers/fastCheck.js';
import { blockBytes, Doubt, IndexFile } from '../../../src/view/indexFile.js';
import { indexSection, type PathIndex } from '../../../src/view/pathIndex.js';
import { pkg } from '../../helpers/installed.js';

/** The owners of a path, and of what is below it. */
function ownersWithin(index: PathIndex, path: string): string[] {
  const node = index.resolve(Buffer.from(path));
  const owners = node === -1 ? [] : index.ownersWithin(node).map((id) => index.cpv(id));
  return owners.sort();
}

/** A host with owned directories, shared paths and a link; saved. */
async function saved(host: IndexedHost): Promise<void> {
  host.install('a/a-1', `dir /usr\n${obj('/lib64/liba.so')}${obj('/usr/bin/both')}`);
  host.install('b/b-1', `dir /usr\n${obj('/usr/bin/both')}${obj('/usr/bin/caf\xe9')}`);
  const lines = Array.from({ length: 5000 }, (_, i) => obj(`/usr/share/some/${i % 70}/file-${i}`));
  host.install('c/big-1', lines.join(''));
  (await host.open()).save();
}

const questions: [path: string, owners: string[]][] = [
  ['/usr/lib64/liba.so', ['a/a-1']],
  ['/lib64/liba.so', []],
  ['/usr', ['a/a-1', 'b/b-1', 'c/big-1']],
  ['/usr/bin/both', ['a/a-1', 'b/b-1']],
  ['/usr/bin/neither', []],
  ['/usr/bin/both/below', []],
  ['/usr/share/some/39/file-4939', ['c/big-1']],
  // Nobody lists it.
  ['/usr/share/some', ['c/big-1']],
  ['/usr/lib64', ['a/a-1']],
  ['/', ['a/a-1', 'b/b-1', 'c/big-1']],
];
const paths = questions.map(([path]) => path);
const answers = questions.map(([, owners]) => owners);

test('owners are told from the saved file alone', async (t) => {
  const host = merged(t);
  t.is(host.askSaved(paths), undefined);
  await saved(host);
  t.deepEqual(host.askSaved(paths), answers);
  t.deepEqual(host.askSaved([]), []);
});

const changes: [what: string, change: (host: IndexedHost) => void][] = [
  ['a package was merged', (host) => host.install('d/d-1', obj('/usr/bin/both'))],
  ['a package was unmerged', (host) => host.uninstall('a/a-1')],
  [
    'a package has another version',
    (host) => {
      host.uninstall('a/a-1');
      host.install('a/a-2', obj('/usr/bin/both'));
    },
  ],
  ['a package was merged again', (host) => host.install('a/a-1', obj('/usr/bin/both'))],
  ['a CONTENTS file is gone', (host) => rmSync(join(host.root, 'vdb/b/b-1/CONTENTS'))],
  [
    'a CONTENTS file was written in place',
    (host) => writeFileSync(join(host.root, 'vdb/b/b-1/CONTENTS'), obj('/usr/x')),
  ],
  [
    'a link of the host is a directory now',
    (host) => {
      rmSync(join(host.root, 'lib64'));
      host.directory('lib64');
    },
  ],
  [
    'a link of the host leads elsewhere',
    (host) => {
      rmSync(join(host.root, 'lib64'));
      host.link('lib64', 'usr/lib');
    },
  ],
  ['a directory of the host is a link now', (host) => host.link('usr/share', '../opt')],
];
for (const [what, change] of changes) {
  test(`the saved file is not asked when ${what}, until it is saved again`, async (t) => {
    const host = merged(t);
    await saved(host);
    change(host);
    t.is(host.askSaved(paths), undefined);
    const store = await host.open();
    const now = paths.map((path) => ownersWithin(store.index, path));
    store.save();
    t.deepEqual(host.askSaved(paths), now);
  });
}

test('preserved libraries count', async (t) => {
  const host = merged(t);
  await saved(host);
  const preserved = [{ cpv: pkg('b/b-1'), paths: ['/lib64/old.so'] }];
  t.is(host.askSaved(['/usr/lib64/old.so'], preserved), undefined);
  (await host.open({ preserved })).save();
  t.deepEqual(host.askSaved(['/usr/lib64/old.so'], preserved), [['b/b-1']]);
  t.is(host.askSaved(['/usr/lib64/old.so']), undefined);
});

test('a damaged CONTENTS has to be told of each time, so the saved file is not asked', async (t) => {
  const host = merged(t);
  host.install('a/a-1', `${obj('/usr/a')}nonsense\n`);
  (await host.open()).save();
  t.is(host.askSaved(['/usr/a']), undefined);
});

test('a link that leads round in a circle is nothing new', async (t) => {
  const host = merged(t);
  host.link('round', 'round');
  host.install('a/a-1', obj('/round/a'));
  (await host.open()).save();
  t.deepEqual(host.askSaved(['/round/a']), [['a/a-1']]);
});

/** The sections that an answer comes from; the others are not even read. */
const used: ReadonlySet<string> = new Set([
  ...['hash', 'parent', 'nameAt', 'names', 'owner', 'owners', 'firstChild', 'nextSibling'],
  ...['records', 'packageNames', 'directories'],
]);
const sections = [...Object.keys(indexSection), 'directories'];

for (const [number, name] of sections.entries()) {
  test(`damage to the section ${name} is noticed by those who use it`, async (t) => {
    const host = merged(t);
    await saved(host);
    const data = readFileSync(host.cacheFile);
    // Nothing else in the file is as long as the sections together, so they are found from its end.
    const lengths = lengthsIn(data);
    const start = data.length - lengths.slice(number).reduce((sum, length) => sum + length, 0);
    const length = lengths[number]!;
    t.true(length > 0);
    for (let at = start; at < start + length; at += blockBytes) data[at] = data[at]! ^ 1;
    writeFileSync(host.cacheFile, data);

    t.deepEqual(host.askSaved(paths), used.has(name) ? undefined : answers);
    t.is((await host.open()).origin, 'built');
    t.regex(host.warnings.join('\n'), /will be made anew: a checksum is wrong/);
  });
}

/** Bytes of each section, from the header. */
function lengthsIn(data: Buffer): number[] {
  const header = JSON.parse(data.toString('utf8', 16, 16 + data.readUInt32LE(8))) as {
    sizes: Record<
      'nodes' | 'names' | 'owners' | 'slots' | 'packages' | 'packageNodes' | 'packageNames',
      number
    >;
    directoryBytes: number;
  };
  const { nodes, names, owners, slots, packages, packageNodes, packageNames } = header.sizes;
  return [
    ...[slots * 4, nodes * 4, nodes * 4, nodes * 4, nodes * 4, nodes * 4],
    ...[owners * 8, packages * 48, packageNodes * 4, names, nodes, packageNames, header.directoryBytes],
  ];
}

test('no change of any byte, and no cut, gives a wrong answer', async (t) => {
  const host = merged(t);
  await saved(host);
  const sound = readFileSync(host.cacheFile);
  const property = fc.property(
    fc.oneof(fc.nat(1000), fc.nat(sound.length - 1)),
    fc.integer({ min: 1, max: 255 }),
    fc.boolean(),
    (at, change, isCut) => {
      const damaged = isCut ? sound.subarray(0, at) : Buffer.from(sound);
      if (!isCut) damaged[at] = damaged[at]! ^ change;
      writeFileSync(host.cacheFile, damaged);
      const answer = host.askSaved(paths);
      if (isCut) t.is(answer, undefined);
      else t.deepEqual(answer ?? answers, answers);
    },
  );
  fc.assert(property, { numRuns: 60 });
});

test('a file that is no index, and one that others may write, are not asked', async (t) => {
  const host = merged(t);
  await saved(host);
  chmodSync(host.cacheFile, 0o666);
  t.is(host.askSaved(paths), undefined);
  rmSync(host.cacheFile);
  mkdirSync(host.cacheFile);
  t.is(host.askSaved(paths), undefined);
  t.throws(() => new IndexFile(host.cacheFile), { instanceOf: Doubt, message: 'it is not a regular file' });
});
