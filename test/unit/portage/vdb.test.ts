import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { packageId } from '../../../src/base/index.js';
import { InstalledDatabase, listKnown } from '../../../src/portage/vdb.js';
import type { DataWarning } from '../../../src/portage/types.js';
import { pkg } from '../../helpers/installed.js';

/** Writes files below a new database; `@TIME@` becomes the modification time of the file's directory in ns. */
function database(t: ExecutionContext, files: Record<string, string>): string {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-vdb-'));
  t.teardown(() => {
    rmSync(directory, { recursive: true });
  });
  for (const path of Object.keys(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), '');
  }
  // Appending does not change the directory's time any more.
  for (const [path, text] of Object.entries(files)) {
    const file = join(directory, path);
    const time = statSync(dirname(file), { bigint: true }).mtimeNs;
    appendFileSync(file, text.replaceAll('@TIME@', String(time)));
  }
  return directory;
}

function open(directory: string): { db: InstalledDatabase; warnings: DataWarning[] } {
  const warnings: DataWarning[] = [];
  return { db: new InstalledDatabase(directory, (warning) => warnings.push(warning)), warnings };
}

test('packages are listed in code point order and what is no package is skipped', (t) => {
  const directory = database(t, {
    'dev-libs/foo-1.2-r3/SLOT': '0',
    'dev-libs/bar-1.10/SLOT': '0',
    'app-misc/x-1_p2/SLOT': '0',
    'app-misc/noversion/SLOT': '0',
    'app-misc/foo-1-2/SLOT': '0',
    'dev-libs/-MERGING-foo-2/SLOT': '0',
    'dev-libs/.hidden-1/SLOT': '0',
    'dev-libs/CVS/SLOT': '0',
    'dev-libs/stray-1': 'a file',
    '.cache/foo-1/SLOT': '0',
    '-bad/foo-1/SLOT': '0',
    note: 'a file',
  });
  symlinkSync('foo-1.2-r3', join(directory, 'dev-libs/link-1'));
  symlinkSync('nowhere', join(directory, 'dev-libs/dangling-1'));
  const { db, warnings } = open(directory);
  t.deepEqual(
    db.packages.map((entry) => entry.cpv),
    ['app-misc/x-1_p2', 'dev-libs/bar-1.10', 'dev-libs/foo-1.2-r3', 'dev-libs/link-1'],
  );
  t.like(db.get(pkg('dev-libs/foo-1.2-r3')), {
    category: 'dev-libs',
    pf: 'foo-1.2-r3',
    directory: `${directory}/dev-libs/foo-1.2-r3`,
  });
  t.deepEqual(
    warnings.map((warning) => warning.file).sort(),
    ['app-misc/foo-1-2', 'app-misc/noversion'].map((path) => join(directory, path)),
  );
});

test('known packages are listed without a closer look, and only they', (t) => {
  const directory = database(t, {
    'dev-libs/foo-1/SLOT': '0',
    'dev-libs/-MERGING-foo-2/SLOT': '0',
    'app-misc/x-1/SLOT': '0',
    '.cache/foo-1/SLOT': '0',
    note: 'a file',
  });
  const known = new Set(
    ['dev-libs/foo-1', 'app-misc/x-1', 'gone/gone-1'].map((cpv) => packageId(cpv, 'sysroot')),
  );
  const sorted = listKnown(directory, 'sysroot', known)?.sort((a, b) => (a.cpv < b.cpv ? -1 : 1));
  t.deepEqual(sorted, [
    { cpv: packageId('app-misc/x-1', 'sysroot'), directory: `${directory}/app-misc/x-1` },
    { cpv: packageId('dev-libs/foo-1', 'sysroot'), directory: `${directory}/dev-libs/foo-1` },
  ]);
  t.is(listKnown(directory, 'root', known), undefined);
  t.deepEqual(listKnown(join(directory, 'missing'), 'root', known), []);
  writeFileSync(join(directory, 'dev-libs/new-1'), 'perhaps a package');
  t.is(listKnown(directory, 'sysroot', known), undefined);
});

test('a database that does not exist is empty, and one that cannot be listed is an error', (t) => {
  const directory = database(t, { file: '' });
  t.deepEqual(open(join(directory, 'missing')).db.packages, []);
  t.throws(() => new InstalledDatabase(join(directory, 'missing'), () => t.fail(), { mustExist: true }), {
    code: 'VDB_UNREADABLE',
    message: /missing$/,
  });
  const error = t.throws(() => open(join(directory, 'file')), { code: 'VDB_UNREADABLE' });
  t.true(error.message.includes(join(directory, 'file')));
});

test('single files are read with their white space made single spaces', (t) => {
  const { db } = open(database(t, { 'a/b-1/RDEPEND': ' a/b \n\t c/d\n', 'a/b-1/IUSE': '+x\u00a0y\n' }));
  const entry = db.get(pkg('a/b-1'));
  t.is(entry?.value('RDEPEND'), 'a/b c/d');
  t.deepEqual(entry?.words('IUSE'), ['+x', 'y']);
  t.is(entry?.value('DEPEND'), '');
  t.deepEqual(entry?.words('DEPEND'), []);
  t.is(entry?.value('EAPI'), '0');
});

const header = '#format=1\n';
const trailer = '#dir_mtime=@TIME@\n';

const metadata = test.macro({
  exec(t, text: string, expected: string) {
    const { db } = open(database(t, { 'a/b-1/SLOT': 'single\n', 'a/b-1/metadata': text }));
    t.is(db.get(pkg('a/b-1'))?.value('SLOT'), expected);
  },
  title: (title) => title ?? '',
});

test('a fresh metadata file is believed', metadata, `${header}SLOT=2/3\nEAPI=8\n${trailer}`, '2/3');
test(
  'a fresh metadata file without a value means that it is empty',
  metadata,
  `${header}EAPI=8\n${trailer}`,
  '0',
);
test(
  'a metadata file of another time is not believed',
  metadata,
  `${header}SLOT=2\n#dir_mtime=17\n`,
  'single',
);
test('a truncated metadata file is not believed', metadata, `${header}SLOT=2\n`, 'single');
test(
  'a metadata file of another format is not believed',
  metadata,
  `#format=2\nSLOT=2\n${trailer}`,
  'single',
);
test('a metadata file without a format is not believed', metadata, `SLOT=2\n${trailer}`, 'single');
test('a format that is no number is not believed', metadata, `#format=one\nSLOT=2\n${trailer}`, 'single');
test('the last of repeated values counts', metadata, `${header}SLOT=2\nnonsense\nSLOT=3\n${trailer}`, '3');

const slot = test.macro({
  exec(t, eapi: string, written: string, expected: string) {
    const { db } = open(database(t, { 'a/b-1/EAPI': eapi, 'a/b-1/SLOT': written }));
    t.is(db.get(pkg('a/b-1'))?.value('SLOT'), expected);
  },
  title: (_, eapi, written, expected) =>
    `SLOT ${JSON.stringify(written)} in EAPI ${eapi} is read as ${expected}`,
});

test(slot, '8', '0/1.2\n', '0/1.2');
test(slot, '4', '0/1.2\n', '0');
test(slot, '8', '', '0');
test(slot, '8', '0/\n', '0');
test(slot, '8', '-1\n', '0');
test(slot, '8', '1 2\n', '0');

test('messages can say where a value stands', (t) => {
  const directory = database(t, {
    'a/b-1/metadata': `${header}EAPI=8\nRDEPEND=x/y\n${trailer}`,
    'a/c-1/RDEPEND': 'x/y\n',
  });
  const { db } = open(directory);
  t.deepEqual(db.get(pkg('a/b-1'))?.sourceOf('RDEPEND'), { file: `${directory}/a/b-1/metadata`, line: 3 });
  t.deepEqual(db.get(pkg('a/c-1'))?.sourceOf('RDEPEND'), { file: `${directory}/a/c-1/RDEPEND`, line: 1 });
});

const unreadable = test.macro((t) => {
  const directory = database(t, { 'a/b-1/RDEPEND': 'x/y\n' });
  chmodSync(join(directory, 'a/b-1/RDEPEND'), 0);
  const { db, warnings } = open(directory);
  t.is(db.get(pkg('a/b-1'))?.value('RDEPEND'), '');
  t.is(warnings[0]?.file, join(directory, 'a/b-1/RDEPEND'));
  t.regex(warnings[0]?.message ?? '', /EACCES/);
});

if (process.getuid?.() === 0)
  test.skip('a file that cannot be read is warned about (not as root: it can read all)', unreadable);
else test('a file that cannot be read is warned about', unreadable);

test('a value that is a directory is warned about and counts as missing', (t) => {
  const directory = database(t, { 'a/b-1/RDEPEND/x': '' });
  const { db, warnings } = open(directory);
  t.is(db.get(pkg('a/b-1'))?.value('RDEPEND'), '');
  t.deepEqual(warnings, [
    {
      file: join(directory, 'a/b-1/RDEPEND'),
      line: 0,
      message: 'cannot be read (EISDIR); it counts as missing',
    },
  ]);
});

test('versions of one package are found by its name', (t) => {
  const { db } = open(database(t, { 'a/b-1.9/SLOT': '', 'a/b-1.10/SLOT': '', 'a/b-c-1/SLOT': '' }));
  t.deepEqual(
    db.versionsOf('a/b').map((entry) => entry.parts.version),
    ['1.9', '1.10'],
  );
  t.deepEqual(db.versionsOf('a/none'), []);
  t.deepEqual([...db.names()].sort(), ['a/b', 'a/b-c']);
});

test('a metadata file that is larger than any buffer is read whole', (t) => {
  const many = Array.from({ length: 20_000 }, (_, index) => `cat/name${String(index)}`).join(' ');
  const { db } = open(
    database(t, { 'a/b-1/metadata': `${header}RDEPEND=${many}\n${trailer}`, 'a/c-1/RDEPEND': `${many}\n` }),
  );
  t.is(db.get(pkg('a/b-1'))?.value('RDEPEND'), many);
  t.is(db.get(pkg('a/c-1'))?.value('RDEPEND'), many);
});
