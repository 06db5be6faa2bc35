import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import test from 'ava';
import fc from '../../helpers/fastCheck.js';
import { scanContents } from '../../../src/portage/contents.js';
import { indexFileName, type OpenIndexOptions } from '../../../src/view/indexStore.js';
import { IndexedHost, merged, obj, ownersOf } from '../../helpers/indexedHost.js';
import { PathIndex, type IndexNode } from '../../../src/view/pathIndex.js';
import { pkg } from '../../helpers/installed.js';

test('owners are those that CONTENTS names', async (t) => {
  const host = new IndexedHost(t);
  host.install('a/a-1', `dir /usr\ndir /usr/bin\n${obj('/usr/bin/a')}${obj('/usr/bin/with space')}`);
  host.install('b/b-2', `dir /usr\nsym /usr/bin/b -> a 1700000000\nfif /run/b\ndev /dev/b\n`);
  const { index, origin } = await host.open();
  t.is(origin, 'built');
  t.deepEqual(ownersOf(index, '/usr'), ['a/a-1', 'b/b-2']);
  t.deepEqual(ownersOf(index, '/usr/bin'), ['a/a-1']);
  t.deepEqual(ownersOf(index, '/usr/bin/b'), ['b/b-2']);
  t.deepEqual(ownersOf(index, '/usr/bin/with space'), ['a/a-1']);
  t.deepEqual(ownersOf(index, '/run'), []);
  t.deepEqual(ownersOf(index, '/run/b'), ['b/b-2']);
  t.deepEqual(host.warnings, []);
});

test('both spellings of a merged-usr path are one node, and the link itself is another', async (t) => {
  const host = merged(t);
  host.install('a/old-1', `dir /lib64\n${obj('/lib64/libz.so.1')}sym /bin -> usr/bin 1\n${obj('/bin/sh')}`);
  host.install('a/new-1', `dir /usr\ndir /usr/lib64\n${obj('/usr/lib64/libz.so.1')}`);
  const { index } = await host.open();
  t.deepEqual(ownersOf(index, '/usr/lib64/libz.so.1'), ['a/old-1', 'a/new-1']);
  t.deepEqual(ownersOf(index, '/usr/bin/sh'), ['a/old-1']);
  t.deepEqual(ownersOf(index, '/lib64'), ['a/old-1']);
  t.deepEqual(ownersOf(index, '/usr/lib64'), ['a/new-1']);
  t.deepEqual(ownersOf(index, '/bin'), ['a/old-1']);
  t.is(index.resolve(Buffer.from('/lib64/libz.so.1')), -1);
});

const linkCases: [title: string, links: Record<string, string>, listed: string, canonical: string][] = [
  ['a relative link', { 'usr/alias': 'lib64' }, '/usr/alias/f', '/usr/lib64/f'],
  ['an absolute link, inside the root', { 'usr/alias': '/opt' }, '/usr/alias/f', '/opt/f'],
  ['a link that goes up', { 'usr/lib/up': '../../opt/./x' }, '/usr/lib/up/f', '/opt/x/f'],
  ['a link that goes up beyond the root', { 'usr/lib/up': '../../../../opt' }, '/usr/lib/up/f', '/opt/f'],
  ['links through links', { one: 'two', two: '/three/x', three: 'opt' }, '/one/f', '/opt/x/f'],
  ['a link to the root', { all: '/' }, '/all/opt/f', '/opt/f'],
  ['a link that leads nowhere', { lost: 'not/there' }, '/lost/f', '/not/there/f'],
  ['links in a circle', { one: 'two', two: 'one' }, '/one/f', '/one/f'],
  ['a link to itself', { self: 'self/x' }, '/self/f', '/self/f'],
  ['a link as the last component', { file: 'opt' }, '/file', '/file'],
  ['a link to a name that no directory can have', { far: 'y'.repeat(300) }, '/far/f', '/far/f'],
];
for (const [title, links, listed, canonical] of linkCases) {
  test(`a parent is resolved through ${title}`, async (t) => {
    const host = merged(t);
    for (const [path, target] of Object.entries(links)) host.link(path, target);
    host.install('a/a-1', obj(listed));
    const { index } = await host.open();
    t.deepEqual(ownersOf(index, canonical), ['a/a-1']);
    if (listed !== canonical) t.deepEqual(ownersOf(index, listed), []);
  });
}

test('names are bytes, and entries that no filesystem can hold are passed over', async (t) => {
  const host = new IndexedHost(t);
  const longest = 'n'.repeat(255);
  const contents = `${obj('/caf\xe9')}${obj(`/${longest}/${longest}`)}${obj(`/${longest}x/y`)}${obj(`/${longest}x`)}${obj('/z')}`;
  host.install('a/a-1', Buffer.from(contents, 'latin1'));
  const { index } = await host.open();
  t.deepEqual(ownersOf(index, Buffer.from('/caf\xe9', 'latin1')), ['a/a-1']);
  t.deepEqual(ownersOf(index, `/${longest}/${longest}`), ['a/a-1']);
  t.deepEqual(ownersOf(index, '/z'), ['a/a-1']);
  t.is(index.nodesOf(index.packageId(pkg('a/a-1'))).length, 3);
});

test('a path of a damaged file that goes up stays inside the root', async (t) => {
  const host = new IndexedHost(t);
  host.install('a/a-1', `${obj('../x')}${obj('/a/../../b/c')}dir /\ndir .\n`);
  const { index } = await host.open();
  t.deepEqual(ownersOf(index, '/x'), ['a/a-1']);
  t.deepEqual(ownersOf(index, '/b/c'), ['a/a-1']);
  t.deepEqual(ownersOf(index, '/'), ['a/a-1']);
});

const wanted =
  '; expected "dir PATH", "obj PATH MD5 TIME", "sym PATH -> TARGET TIME", "fif PATH" or "dev PATH"; the line is ignored';

test('of a file that is damaged all over three lines are named', async (t) => {
  const host = new IndexedHost(t);
  host.install('a/a-1', `${'junk\n'.repeat(1000)}dir /a\n`);
  t.deepEqual(ownersOf((await host.open()).index, '/a'), ['a/a-1']);
  t.deepEqual(
    host.warnings.map((warning) => warning.replace(`${host.root}/vdb/a/a-1/CONTENTS:`, '')),
    [
      ...[1, 2, 3].map((line) => `${line}: Unrecognized CONTENTS entry${wanted}`),
      '0: 997 more lines are damaged and ignored',
    ],
  );
});

test('damaged lines are named with file and line, each time, also behind megabytes of good ones', async (t) => {
  const host = new IndexedHost(t);
  const many = 20_000;
  const lines = Array.from({ length: many }, (_, i) => obj(`/usr/share/some-directory/file-${i}`));
  host.install('a/big-1', `${lines.join('')}what is this\n${obj('/usr/after')}`);
  host.install('a/crlf-1', `dir /a\r\nnonsense\r\ndir /b\rnonsense`);
  const store = await host.open();
  const expected = [
    `${host.root}/vdb/a/big-1/CONTENTS:${many + 1}: Unrecognized CONTENTS entry${wanted}`,
    `${host.root}/vdb/a/crlf-1/CONTENTS:2: Unrecognized CONTENTS entry${wanted}`,
    `${host.root}/vdb/a/crlf-1/CONTENTS:4: Unrecognized CONTENTS entry${wanted}`,
  ];
  t.deepEqual(host.warnings.splice(0), expected);
  t.deepEqual(ownersOf(store.index, '/usr/after'), ['a/big-1']);
  t.deepEqual(ownersOf(store.index, `/usr/share/some-directory/file-${many - 1}`), ['a/big-1']);
  t.deepEqual(ownersOf(store.index, '/b'), ['a/crlf-1']);
  t.true(store.save());
  t.is((await host.open()).origin, 'saved');
  t.deepEqual(host.warnings, expected);
});

test('a line longer than any buffer is still one line, and a path longer than any is passed over', async (t) => {
  const host = new IndexedHost(t);
  const deep = `/d${'/e'.repeat(2000)}`;
  host.install('a/a-1', `${obj('/d'.repeat(1_200_000))}${obj(deep)}what\n`);
  const { index } = await host.open();
  t.deepEqual(ownersOf(index, deep), ['a/a-1']);
  t.is(index.nodesOf(index.packageId(pkg('a/a-1'))).length, 1);
  t.regex(host.warnings.join(), /:3: Unrecognized/);
});

test('an entry without CONTENTS owns nothing; one that cannot be read is warned about', async (t) => {
  const host = new IndexedHost(t);
  host.install('a/none-1', undefined);
  host.install('a/odd-1', undefined);
  host.directory('vdb/a/odd-1/CONTENTS');
  host.install('a/empty-1', '');
  const { index } = await host.open({
    packages: [...host.state().packages, { cpv: pkg('a/gone-1'), directory: '/not/there' }],
  });
  t.deepEqual(
    index.packages.map(({ cpv }) => cpv),
    ['a/none-1', 'a/odd-1', 'a/empty-1', 'a/gone-1'],
  );
  t.is(host.warnings.length, 1);
  t.regex(host.warnings[0]!, /odd-1\/CONTENTS:0: .*EISDIR/);
});

test('preserved libraries belong to the package that the registry names', async (t) => {
  const host = merged(t);
  host.install('a/a-2', obj('/usr/lib64/liba.so.2'));
  host.install('b/b-1', '');
  const preserved = [
    { cpv: pkg('a/a-2'), paths: ['/lib64/liba.so.1', 'relative'] },
    { cpv: pkg('a/gone-1'), paths: ['/usr/lib64/libgone.so.1'] },
  ];
  const store = await host.open({ preserved });
  t.deepEqual(ownersOf(store.index, '/usr/lib64/liba.so.1'), ['a/a-2']);
  t.deepEqual(ownersOf(store.index, '/usr/lib64/libgone.so.1'), []);
  store.save();
  t.is((await host.open({ preserved })).origin, 'saved');
  const without = await host.open();
  t.is(without.origin, 'updated');
  t.deepEqual(ownersOf(without.index, '/usr/lib64/liba.so.1'), []);
  t.deepEqual(ownersOf(without.index, '/usr/lib64/liba.so.2'), ['a/a-2']);
  const changes = without.update(host.state([{ cpv: pkg('b/b-1'), paths: ['/usr/lib64/liba.so.1'] }]));
  t.deepEqual(changes.changed, ['b/b-1']);
  t.deepEqual(ownersOf(without.index, '/usr/lib64/liba.so.1'), ['b/b-1']);
});

test('a saved index is loaded, and only what changed is read again', async (t) => {
  const host = merged(t);
  host.install('a/a-1', obj('/lib64/a') + obj('/usr/both'));
  host.install('b/b-1', obj('/lib64/b') + obj('/usr/both'));
  host.install('c/c-1', obj('/lib64/c'));
  const built = await host.open();
  t.true(built.needsSaving);
  t.true(built.save());
  t.false(built.needsSaving);
  t.false(built.save());

  const read: string[] = [];
  const scan: OpenIndexOptions['scan'] = (data, visitor) => {
    read.push(Buffer.from(data).toString());
    scanContents(data, visitor);
  };
  const loaded = await host.open({ scan });
  t.is(loaded.origin, 'saved');
  t.false(loaded.needsSaving);
  t.deepEqual(read, []);

  host.uninstall('a/a-1');
  host.install('a/a-1-r1', obj('/lib64/a-new'));
  host.install('c/c-1', obj('/lib64/c2'));
  const updated = await host.open({ scan });
  t.is(updated.origin, 'updated');
  t.deepEqual(read.sort(), [obj('/lib64/a-new'), obj('/lib64/c2')]);
  t.true(updated.save());
  const again = await host.open();
  t.is(again.origin, 'saved');
  for (const { index } of [updated, again]) {
    t.deepEqual(ownersOf(index, '/usr/lib64/a'), []);
    t.deepEqual(ownersOf(index, '/usr/lib64/a-new'), ['a/a-1-r1']);
    t.deepEqual(ownersOf(index, '/usr/both'), ['b/b-1']);
    t.deepEqual(ownersOf(index, '/usr/lib64/c2'), ['c/c-1']);
    t.deepEqual(ownersOf(index, '/usr/lib64/c'), []);
    t.deepEqual(index.packages.map(({ cpv }) => cpv).sort(), ['a/a-1-r1', 'b/b-1', 'c/c-1']);
  }
});

test('when a link of the host has changed, all paths are resolved anew', async (t) => {
  const host = merged(t);
  host.directory('usr/share/deep/dir');
  host.install('a/a-1', obj('/lib64/a') + obj('/usr/share/deep/file'));
  (await host.open()).save();

  rmSync(join(host.root, 'lib64'));
  host.directory('lib64');
  const split = await host.open();
  t.is(split.origin, 'built');
  t.deepEqual(ownersOf(split.index, '/lib64/a'), ['a/a-1']);
  split.save();

  rmSync(join(host.root, 'usr/share/deep'), { recursive: true });
  host.link('usr/share/deep', '/opt');
  const moved = await host.open();
  t.is(moved.origin, 'built');
  t.deepEqual(ownersOf(moved.index, '/opt/file'), ['a/a-1']);
  moved.save();
  t.is((await host.open()).origin, 'saved');
});

test('an index with many left-overs is built anew', async (t) => {
  const host = new IndexedHost(t);
  const paths = (name: string) => Array.from({ length: 2000 }, (_, i) => obj(`/usr/${name}/${i}`)).join('');
  host.install('a/a-1', paths('one'));
  (await host.open()).save();
  host.install('a/a-1', paths('two'));
  const store = await host.open();
  t.is(store.origin, 'built');
  t.is(store.index.resolve(Buffer.from('/usr/one')), -1);
});

test('live changes are seen by those who share the index, and tell which nodes they are about', async (t) => {
  const host = merged(t);
  host.install('a/a-1', `dir /usr\n${obj('/lib64/a')}${obj('/usr/same')}`);
  host.install('b/b-1', `dir /usr\n${obj('/usr/b')}`);
  const store = await host.open();
  store.save();
  const other = PathIndex.attach(store.index.share());
  t.deepEqual(store.update(host.state()), { added: [], removed: [], changed: [], nodes: [] });

  host.uninstall('a/a-1');
  host.install('a/a-2', `dir /usr\n${obj('/usr/lib64/a2')}${obj('/usr/same')}`);
  host.install('b/b-1', `dir /usr\n${obj('/usr/b')}`);
  const changes = store.update(host.state());
  t.deepEqual([changes.added, changes.removed, changes.changed], [['a/a-2'], ['a/a-1'], []]);
  t.deepEqual([...new Set(changes.nodes.map((node) => store.index.pathOf(node).toString()))].sort(), [
    '/usr',
    '/usr/lib64/a',
    '/usr/lib64/a2',
    '/usr/same',
  ]);
  t.deepEqual(ownersOf(other, '/usr'), ['b/b-1', 'a/a-2']);
  t.deepEqual(ownersOf(other, '/usr/lib64/a'), []);
  t.deepEqual(ownersOf(other, '/usr/lib64/a2'), ['a/a-2']);
  t.false(store.save());
  const next = await host.open();
  t.is(next.origin, 'updated');
  t.deepEqual(ownersOf(next.index, '/usr/lib64/a2'), ['a/a-2']);

  rmSync(join(host.root, 'lib64'));
  host.directory('lib64');
  host.install('c/c-1', obj('/lib64/c'));
  store.update(host.state());
  t.deepEqual(ownersOf(other, '/lib64/c'), ['c/c-1']);
});

test('an index that was updated before it was shared can be saved again', async (t) => {
  const host = new IndexedHost(t);
  host.install('a/a-1', obj('/a'));
  const store = await host.open();
  store.save();
  host.install('b/b-1', obj('/b'));
  store.update(host.state());
  t.true(store.needsSaving);
  t.true(store.save());
  t.is((await host.open()).origin, 'saved');
});

const damages: [title: string, damage: (file: string) => void, warning: RegExp][] = [
  ['was cut short', (file) => truncateSync(file, readFileSync(file).length - 1), /size is wrong/],
  ['is empty', (file) => truncateSync(file, 0), /cut short/],
  ['ends in its header', (file) => truncateSync(file, 20), /cut short/],
  [
    'is longer',
    (file) => writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.from('x')])),
    /size is wrong/,
  ],
  ['is something else', (file) => writeFileSync(file, 'something else altogether'), /not an index/],
  ['is of another version', (file) => rewriteHeader(file, { version: 0 }), /of version 0/],
  ['is from another machine', (file) => rewriteHeader(file, { isLittleEndian: false }), /byte order/],
  ['claims impossible sizes', (file) => rewriteHeader(file, { sizes: { nodes: 5 } }), /sizes are impossible/],
  ['claims more directories', (file) => rewriteHeader(file, { directoryBytes: 1e9 }), /size is wrong/],
  ['claims fewer than none', (file) => rewriteHeader(file, { directoryBytes: -1 }), /sizes are impossible/],
  ['has other checksums', (file) => rewriteHeader(file, { sums: 1 }), /checksums are damaged/],
  ['can be written by others', (file) => chmodSync(file, 0o666), /others may write/],
  ['is a directory', (file) => (rmSync(file), mkdirSync(file)), /not a regular file/],
  ['is a link', (file) => (renameSync(file, `${file}2`), symlinkSync(`${file}2`, file)), /ELOOP/],
];
for (const [title, damage, warning] of damages) {
  test(`a saved index that ${title} is not believed`, async (t) => {
    const host = merged(t);
    host.install('a/a-1', obj('/lib64/a'));
    (await host.open()).save();
    damage(host.cacheFile);
    const store = await host.open();
    t.is(store.origin, 'built');
    t.is(host.warnings.length, 1);
    t.regex(host.warnings[0]!, warning);
    t.deepEqual(ownersOf(store.index, '/usr/lib64/a'), ['a/a-1']);
  });
}

/** Changes values of the header and gives it a checksum that agrees. */
function rewriteHeader(file: string, values: Record<string, unknown>): void {
  const data = readFileSync(file);
  const end = 16 + data.readUInt32LE(8);
  const header = Buffer.from(
    JSON.stringify({ ...(JSON.parse(data.toString('utf8', 16, end)) as object), ...values }),
  );
  const prelude = data.subarray(0, 16);
  prelude.writeUInt32LE(header.length, 8);
  prelude.writeUInt32LE(crc32(header), 12);
  writeFileSync(file, Buffer.concat([prelude, header, data.subarray(end)]));
}

test('no change of any byte of a saved index is believed', async (t) => {
  const host = merged(t);
  host.install('a/a-1', obj('/lib64/a') + obj('/usr/share/x'));
  host.install('b/b-1', obj('/usr/lib64/a'));
  (await host.open()).save();
  const sound = readFileSync(host.cacheFile);
  const property = fc.asyncProperty(
    fc.oneof(fc.nat(200), fc.nat(sound.length - 1)),
    fc.integer({ min: 1, max: 255 }),
    fc.boolean(),
    async (at, change, isCut) => {
      const damaged = isCut ? sound.subarray(0, at) : Buffer.from(sound);
      if (!isCut) damaged[at] = damaged[at]! ^ change;
      writeFileSync(host.cacheFile, damaged);
      const store = await host.open();
      t.is(store.origin, 'built');
      t.deepEqual(ownersOf(store.index, '/usr/lib64/a'), ['a/a-1', 'b/b-1']);
    },
  );
  await fc.assert(property, { numRuns: 60 });
  t.true(host.warnings.length > 0);
});

test('a cache that cannot be written is one warning and no more', async (t) => {
  const host = new IndexedHost(t);
  host.install('a/a-1', obj('/a'));
  writeFileSync(join(host.root, 'file'), '');
  const store = await host.open({ cacheFile: join(host.root, 'file', 'index') });
  t.false(store.save());
  t.false(store.needsSaving);
  t.is(host.warnings.filter((line) => /cannot be saved/.test(line)).length, 1);
  t.deepEqual(ownersOf(store.index, '/a'), ['a/a-1']);

  const unsaved = await host.open({ cacheFile: undefined });
  t.false(unsaved.needsSaving);
  t.false(unsaved.save());
});

test('what a process killed while saving has left is neither read nor kept for ever', async (t) => {
  const host = new IndexedHost(t);
  host.install('a/a-1', obj('/a'));
  (await host.open()).save();
  const whole = readFileSync(host.cacheFile);
  const [fresh, stale] = [`${host.cacheFile}.1-a.tmp`, `${host.cacheFile}.2-b.tmp`];
  for (const file of [fresh, stale]) writeFileSync(file, whole.subarray(0, 1000));
  utimesSync(stale, 1, 1);
  t.is((await host.open()).origin, 'saved');
  host.install('b/b-1', obj('/b'));
  t.true((await host.open()).save());
  t.deepEqual(readdirSync(join(host.root, 'cache')).sort(), ['index', 'index.1-a.tmp']);
});

test('several that save at once leave a sound index', async (t) => {
  const host = new IndexedHost(t);
  const lines = Array.from({ length: 3000 }, (_, i) => obj(`/usr/share/d${i % 50}/file${i}`));
  for (let i = 0; i < 20; i++) host.install(`a/p-${i}`, lines.slice(i * 150, i * 150 + 150).join(''));
  const run = () =>
    new Promise<string[]>((resolve, reject) => {
      const worker = new Worker(new URL('../../helpers/indexSaver.js', import.meta.url), {
        workerData: {
          root: host.root,
          cacheFile: host.cacheFile,
          packages: host.state().packages,
          rounds: 15,
        },
      });
      worker.once('message', resolve).once('error', reject);
    });
  const warnings = await Promise.all([run(), run(), run()]);
  t.deepEqual(warnings.flat(), []);
  t.is((await host.open()).origin, 'saved');
  t.deepEqual(readdirSync(join(host.root, 'cache')), ['index']);
});

test('the file of an index is named after its root and VDB', (t) => {
  const name = indexFileName('/var/cache/lvfs', '/', '/var/db/pkg');
  t.regex(name, /^\/var\/cache\/lvfs\/index-var-db-pkg-[0-9a-f]{8}$/);
  t.not(indexFileName('/c', '/a', '/var/db/pkg'), name.replace('/var/cache/lvfs', '/c'));
});

const names = ['a', 'b', 'lib', 'lib64'];
const arbitraryPath = fc
  .array(fc.constantFrom(...names, 'file', '\xfc'), { minLength: 1, maxLength: 5 })
  .map((parts) => `/${parts.join('/')}`);
const arbitraryTarget = fc
  .tuple(fc.boolean(), fc.array(fc.constantFrom(...names, '..', '.'), { minLength: 1, maxLength: 3 }))
  .map(([isAbsolute, parts]) => (isAbsolute ? '/' : '') + parts.join('/'));
const arbitrarySystem = fc.record({
  directories: fc.array(fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }), {
    maxLength: 6,
  }),
  links: fc.array(
    fc.tuple(fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }), arbitraryTarget),
    { maxLength: 5 },
  ),
  rounds: fc.array(
    fc.dictionary(fc.constantFrom('a/1', 'a/2', 'b/1', 'c/1'), fc.array(arbitraryPath, { maxLength: 8 })),
    {
      minLength: 1,
      maxLength: 4,
    },
  ),
});

/** The path with its parents' links followed by a second, simpler way; undefined for what leads round in circles. */
function canonicalPath(root: string, path: string, left = { links: 60 }): string | undefined {
  const parts = path.split('/').filter((part) => part !== '');
  const last = parts.pop() ?? '';
  const parent = realDirectory(root, parts, left);
  return parent === undefined ? undefined : `${parent === '/' ? '' : parent}/${last}`;
}

function realDirectory(root: string, parts: string[], left: { links: number }): string | undefined {
  let at = '';
  const rest = [...parts];
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      at = at.slice(0, Math.max(0, at.lastIndexOf('/')));
      continue;
    }
    const next = `${at}/${part}`;
    let target: string;
    try {
      target = readlinkSync(root + next);
    } catch {
      // Not a link, or not there.
      at = next;
      continue;
    }
    if (left.links-- === 0) return undefined;
    if (target.startsWith('/')) at = '';
    rest.unshift(...target.split('/'));
  }
  return at === '' ? '/' : at;
}

test('on any system, loaded, updated or live, owners are those of a plain map', async (t) => {
  const property = fc.asyncProperty(arbitrarySystem, async ({ directories, links, rounds }) => {
    const host = new IndexedHost(t);
    try {
      for (const [path, target] of links) {
        try {
          host.directory(path.slice(0, -1).join('/'));
          host.link(path.join('/'), target);
        } catch {
          // Something is there already, or a link of before is in the way.
        }
      }
      for (const path of directories) {
        try {
          host.directory(path.join('/'));
        } catch {
          // A link is in the way.
        }
      }
      const live = await host.open({ cacheFile: undefined });
      live.index.share();
      for (const round of rounds) {
        for (const { cpv } of host.state().packages) if (!(cpv in round)) host.uninstall(cpv);
        const model = new Map<string, Set<string>>();
        let isCircular = false;
        for (const [cpv, paths] of Object.entries(round)) {
          host.install(cpv, Buffer.from(paths.map(obj).join(''), 'latin1'));
          for (const path of paths) {
            const canonical = canonicalPath(host.root, path);
            if (canonical === undefined) isCircular = true;
            else model.set(canonical, (model.get(canonical) ?? new Set()).add(cpv));
          }
        }
        const loaded = await host.open();
        loaded.save();
        const before = new Map<number, string>();
        for (let node = 0; node < live.index.nodeCount; node++)
          before.set(node, owners(live.index, node).join());
        const { nodes } = live.update(host.state());
        for (let node = 0; node < live.index.nodeCount; node++) {
          if ((before.get(node) ?? '') !== owners(live.index, node).join())
            t.true(nodes.includes(node as IndexNode));
        }
        const again = await host.open();
        t.is(again.origin, 'saved');
        if (isCircular) continue;
        t.deepEqual(
          host.askSaved([...model.keys()]),
          [...model.keys()].map((path) => ownersWithin(model, path)),
        );
        for (const { index } of [loaded, again, live]) {
          const found = new Map<string, string[]>();
          for (let node = 0; node < index.nodeCount; node++) {
            const list = owners(index, node);
            if (list.length > 0) found.set(index.pathOf(node as IndexNode).toString('latin1'), list);
          }
          t.deepEqual(
            [...found].sort(),
            [...model].map(([path, set]) => [path, [...set].sort()] as [string, string[]]).sort(),
          );
        }
      }
    } finally {
      rmSync(host.root, { recursive: true, force: true });
    }
  });
  await fc.assert(property, { numRuns: 60 });
});

/** Of a path and what is below it. */
function ownersWithin(model: ReadonlyMap<string, ReadonlySet<string>>, path: string): string[] {
  const below = path === '/' ? '/' : `${path}/`;
  const within = [...model].filter(([other]) => other === path || other.startsWith(below));
  return [...new Set(within.flatMap(([, set]) => [...set]))].sort();
}

function owners(index: PathIndex, node: number): string[] {
  return index
    .owners(node as IndexNode)
    .map((id) => index.cpv(id))
    .sort();
}
