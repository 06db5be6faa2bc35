import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { gentooName, validPackageName } from '../../../examples/debianNames.js';
import { makeDebianVdb, type DebianVdb } from '../../../examples/debianVdb.js';
import { gentooVersion } from '../../../examples/dpkg.js';

const md5 = (content: string | Buffer): string => createHash('md5').update(content).digest('hex');

function temporary(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-debian-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

interface Package {
  version: string;
  source?: string;
  fields?: string;
  /** Path -> content; null is a directory, `-> x` a link. Names are latin1. */
  files: Record<string, string | null>;
  /** Listed and summed, but not on the host. */
  absent?: string[];
}

/** A small host: files below `root`, dpkg's database below `dpkg`, everything unpacked "now" and older. */
function makeHost(directory: string, packages: Record<string, Package>, diversions = ''): void {
  const info = join(directory, 'dpkg/info');
  mkdirSync(info, { recursive: true });
  const root = join(directory, 'root');
  for (const part of ['usr/bin', 'usr/lib']) mkdirSync(join(root, part), { recursive: true });
  for (const [link, target] of [
    ['bin', 'usr/bin'],
    ['lib', 'usr/lib'],
  ] as const) {
    if (!existsSync(join(root, link))) symlinkSync(target, join(root, link));
  }
  let status = '';
  for (const [name, { version, source = name, fields = '', files, absent = [] }] of Object.entries(
    packages,
  )) {
    status += `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nSource: ${source}\nVersion: ${version}\n${fields}Description: ${name} - text\n more\n\n`;
    const sums: string[] = absent.map((path) => `${'a'.repeat(32)}  ${path.slice(1)}`);
    for (const [path, content] of Object.entries(files)) {
      const host = Buffer.from(root + path, 'latin1');
      const diverted = path === '/usr/bin/tool' && diversions !== '' && name === 'libdemo1';
      if (content === null) {
        if (!existsSync(host)) mkdirSync(host, { recursive: true });
      } else if (content.startsWith('-> ')) {
        rmSync(host, { force: true });
        symlinkSync(content.slice(3), host);
      } else {
        const place = diverted ? `${root}/usr/bin/tool.real` : host;
        writeFileSync(place, content);
        utimesSync(place, 1000000000.5, 1000000000.5);
        sums.push(`${md5(content)}  ${path.slice(1)}`);
      }
    }
    const list = ['/.', ...Object.keys(files), ...absent].map((line) => `${line}\n`).join('');
    writeFileSync(join(info, `${name}.list`), Buffer.from(list, 'latin1'));
    writeFileSync(join(info, `${name}.md5sums`), Buffer.from(sums.map((s) => `${s}\n`).join(''), 'latin1'));
  }
  writeFileSync(join(directory, 'dpkg/status'), status);
  writeFileSync(join(directory, 'dpkg/diversions'), diversions);
}

const base: Record<string, Package> = {
  'base-files': {
    version: '12.4+deb12u11',
    files: { '/bin': '-> usr/bin', '/lib': '-> usr/lib', '/etc': null, '/etc/issue': 'hello\n' },
    fields: 'Conffiles:\n /etc/issue 00000000000000000000000000000000\nPre-Depends: awk\n',
  },
  bash: {
    version: '5.2.15-2+b8',
    files: { '/bin': null, '/bin/bash': 'ELF', '/usr': null, '/usr/bin': null, '/usr/bin/caf\xe9': 'x' },
    fields: 'Depends: libdemo1 (>= 1.1), nothing | libdemo-dev, debconf | debconf-2.0\n',
  },
  libdemo1: {
    version: '1:1.2.3-4',
    source: 'demo',
    files: { '/lib': null, '/lib/libdemo.so.1': 'lib', '/usr/bin/tool': 'tool of libdemo1' },
    fields: 'Depends: bash (= 5.2.15-2+b8) | x\nProvides: awk\n',
  },
  'libdemo-dev': {
    version: '1:1.2.3-4',
    source: 'demo',
    files: { '/lib': null, '/lib/libdemo.so': '-> libdemo.so.1' },
    absent: ['/usr/share/doc/demo/copyright'],
    fields: 'Depends: libdemo1 (= 1:1.2.3-4), gawk:any\n',
  },
  gawk: { version: '1:5.2.1-2', files: { '/usr/bin/gawk': 'gawk' }, fields: 'Provides: awk\n' },
  gone: { version: '1', files: {} },
  tool: { version: '2.0~rc1-1', files: { '/usr/bin/tool': 'tool of tool' } },
};
const diversion = '/usr/bin/tool\n/usr/bin/tool.real\ntool\n';

function make(directory: string, options = {}): DebianVdb {
  return makeDebianVdb(join(directory, 'out'), {
    dpkg: join(directory, 'dpkg'),
    root: join(directory, 'root'),
    ...options,
  });
}

const contents = (made: DebianVdb, cpv: string): string[] =>
  readFileSync(join(made.vdb, cpv, 'CONTENTS'), 'latin1')
    .trimEnd()
    .split('\n');

test('a small host becomes VDB entries with types, times, targets and sums', (t) => {
  const directory = temporary(t);
  makeHost(directory, base, diversion);
  const made = make(directory);
  t.deepEqual(
    made.packages.map((one) => one.cpv),
    [
      'app-alternatives/awk-0',
      'app-alternatives/sh-0',
      'app-shells/bash-5.2.15-r2',
      'debian/demo-1.2.3-r4',
      'debian/gone-1',
      'debian/tool-2.0_rc1',
      'sys-apps/baselayout-12.4',
      'sys-apps/gawk-5.2.1-r2',
      'virtual/debian-awk-0',
    ],
  );
  const time = Math.floor(lstatSync(join(directory, 'root/lib/libdemo.so')).mtimeMs / 1000);
  t.deepEqual(contents(made, 'debian/demo-1.2.3-r4'), [
    `dir /lib`,
    `obj /lib/libdemo.so.1 ${md5('lib')} 1000000000`,
    `obj /usr/bin/tool.real ${md5('tool of libdemo1')} 1000000000`,
    `sym /lib/libdemo.so -> libdemo.so.1 ${time}`,
    `obj /usr/share/doc/demo/copyright ${'a'.repeat(32)} 0`,
  ]);
  t.deepEqual(contents(made, 'debian/tool-2.0_rc1'), [`obj /usr/bin/tool ${md5('tool of tool')} 1000000000`]);
  t.true(contents(made, 'app-shells/bash-5.2.15-r2').includes('dir /bin'), 'a directory with paths below it');
  t.true(contents(made, 'app-shells/bash-5.2.15-r2').includes(`obj /usr/bin/caf\xe9 ${md5('x')} 1000000000`));
  t.regex(contents(made, 'sys-apps/baselayout-12.4').join('\n'), /^sym \/bin -> usr\/bin \d+$/m);
  t.true(
    contents(made, 'sys-apps/baselayout-12.4').includes(`obj /etc/issue ${md5('hello\n')} 1000000000`),
    'configuration files are read: the sum that dpkg knows is that of the package',
  );
  t.is(readFileSync(join(made.vdb, 'debian/gone-1/CONTENTS'), 'utf8'), '');
});

test('dependencies become atoms: bounds, slots, any-of groups, virtual packages, none on itself', (t) => {
  const directory = temporary(t);
  makeHost(directory, base, diversion);
  const rdepend = new Map(make(directory).packages.map((one) => [one.cpv, one.rdepend]));
  t.is(rdepend.get('app-shells/bash-5.2.15-r2'), '>=debian/demo-1.1 || ( debian/nothing debian/demo )');
  t.is(rdepend.get('debian/demo-1.2.3-r4'), 'sys-apps/gawk || ( >=app-shells/bash-5.2.15 debian/x )');
  t.is(rdepend.get('sys-apps/baselayout-12.4'), 'virtual/debian-awk');
  t.is(rdepend.get('virtual/debian-awk-0'), '|| ( debian/demo sys-apps/gawk )');
});

test('the repository and the configuration are complete', (t) => {
  const directory = temporary(t);
  makeHost(directory, base);
  const made = make(directory);
  const profile = join(made.configRoot, 'etc/portage/make.profile');
  t.is(readlinkSync(profile), '../../repos/debian/profiles/default/linux/amd64');
  t.is(readFileSync(join(profile, 'parent'), 'utf8'), '../../../base\n');
  t.deepEqual(
    readFileSync(join(made.repository, 'profiles/base/packages'), 'utf8').trim().split('\n'),
    made.system.map((atom) => `*${atom}`),
  );
  const cpv = made.addTarget({
    category: 'app-misc',
    name: 'wanted',
    version: '1',
    DEPEND: 'debian/demo',
    phases: 'src_compile() {\n\ttrue\n}',
  });
  t.is(cpv, 'app-misc/wanted-1');
  const cache = readFileSync(join(made.repository, 'metadata/md5-cache', cpv), 'utf8');
  const ebuild = readFileSync(join(made.repository, 'app-misc/wanted/wanted-1.ebuild'));
  t.regex(cache, /^DEPEND=debian\/demo$/m);
  t.regex(cache, /^DEFINED_PHASES=compile$/m);
  t.true(cache.includes(`_md5_=${md5(ebuild)}\n`));
  t.true(readFileSync(join(made.repository, 'profiles/categories'), 'utf8').includes('app-misc\n'));
});

test('a second run writes only what changed, and removes what is gone', (t) => {
  const directory = temporary(t);
  makeHost(directory, base);
  t.is(make(directory).renewed.length, 9);
  const before = statSync(join(directory, 'out/var/db/pkg/sys-apps/gawk-5.2.1-r2')).ino;
  t.deepEqual(make(directory).renewed, []);
  const { gone, tool, ...rest } = base;
  t.truthy(gone);
  makeHost(directory, { ...rest, tool: { ...tool!, version: '2.0-1' } });
  const made = make(directory);
  t.true(made.renewed.includes('debian/tool-2.0'));
  t.deepEqual(readdirSync(join(made.vdb, 'debian')).sort(), ['demo-1.2.3-r4', 'tool-2.0']);
  t.false(existsSync(join(made.repository, 'debian/tool/tool-2.0_rc1.ebuild')));
  t.not(before, 0);
});

test('a file that was written after it was unpacked is read for its sum', (t) => {
  const directory = temporary(t);
  makeHost(directory, base);
  const list = join(directory, 'dpkg/info/gawk.list');
  utimesSync(list, 1100000000, 1100000000);
  writeFileSync(join(directory, 'root/usr/bin/gawk'), 'patched');
  t.regex(contents(make(directory), 'sys-apps/gawk-5.2.1-r2').join('\n'), new RegExp(md5('patched')));
});

test('verify reads everything', (t) => {
  const directory = temporary(t);
  makeHost(directory, base);
  const file = join(directory, 'root/usr/bin/gawk');
  writeFileSync(file, 'patched in secret');
  utimesSync(file, 1000000000, 1000000000);
  const has = (made: DebianVdb): boolean =>
    contents(made, 'sys-apps/gawk-5.2.1-r2').some((line) => line.includes(md5('patched in secret')));
  t.false(has(make(directory)));
  t.true(has(make(directory, { verify: true })));
});

test('the consolidated form has the values in a metadata file that names the time of its directory', (t) => {
  const directory = temporary(t);
  makeHost(directory, base);
  const made = make(directory, { consolidated: true });
  const entry = join(made.vdb, 'app-shells/bash-5.2.15-r2');
  const metadata = readFileSync(join(entry, 'metadata'), 'utf8');
  t.regex(metadata, /^#format=1\n/);
  t.regex(metadata, /^SLOT=0$/m);
  t.true(metadata.endsWith(`#dir_mtime=${statSync(entry, { bigint: true }).mtimeNs}\n`));
  t.false(existsSync(join(entry, 'SLOT')));
});

test('files that no Debian package owns can be made a package', (t) => {
  const directory = temporary(t);
  makeHost(directory, base);
  const own = join(directory, 'root/opt/own');
  mkdirSync(dirname(own), { recursive: true });
  writeFileSync(own, 'mine');
  const made = make(directory);
  const cpv = made.addInstalled({
    category: 'app-misc',
    name: 'own',
    version: '1',
    RDEPEND: 'app-shells/bash',
    paths: ['/opt', '/opt/own', '/opt/none'],
  });
  const [first, second, ...more] = contents(made, cpv);
  t.is(first, 'dir /opt');
  t.regex(second ?? '', new RegExp(`^obj /opt/own ${md5('mine')} \\d+$`));
  t.deepEqual(more, []);
  t.is(readFileSync(join(made.vdb, cpv, 'RDEPEND'), 'utf8'), 'app-shells/bash\n');
  t.deepEqual(make(directory).renewed, [], 'and it stays through the next run');
  t.true(existsSync(join(made.vdb, cpv, 'CONTENTS')));
});

test('a VDB that was not made here is left alone', (t) => {
  const directory = temporary(t);
  makeHost(directory, base);
  mkdirSync(join(directory, 'out/var/db/pkg'), { recursive: true });
  t.throws(() => make(directory), { code: 'NOT_OURS', message: /out has a VDB/ });
});

test('/ and a host without dpkg are refused', (t) => {
  const directory = temporary(t);
  makeHost(directory, base);
  t.throws(() => makeDebianVdb('/', { dpkg: join(directory, 'dpkg') }), { code: 'UNSAFE_DIRECTORY' });
  t.throws(() => makeDebianVdb(join(directory, 'x'), { dpkg: join(directory, 'none') }), { code: 'NO_DPKG' });
  t.false(existsSync(join(directory, 'x')));
});

test('a damaged record of the last run only means that everything is written again', (t) => {
  const directory = temporary(t);
  makeHost(directory, base);
  make(directory);
  writeFileSync(join(directory, 'out/debian-vdb.json'), '{"vers');
  t.is(make(directory).renewed.length, 9);
});

const versions: Record<string, string> = {
  '12.2.0-14+deb12u1': '12.2.0-r14',
  '1:1.2.13.dfsg-1': '1.2.13',
  '5.2.15-2+b8': '5.2.15-r2',
  '0~20171227-0.3+deb12u1': '0_pre20171227',
  '3.3a-3': '3.3a-r3',
  '2.4+20151223.gitfa8646d.1-2+b2': '2.4_p20151223-r2',
  '2025b-0+deb12u2': '2025b',
  '1.0~rc2-1': '1.0_rc2',
  '2:9.0.1378-2+deb12u2': '9.0.1378-r2',
  '2.38.1-5+deb12u3': '2.38.1-r5',
  'abc-1': '0',
};
for (const [debian, gentoo] of Object.entries(versions)) {
  test(`the version ${debian} becomes ${gentoo}`, (t) => {
    t.is(gentooVersion(debian), gentoo);
  });
}

const names: [name: string, source: string, gentoo: string, files?: string[]][] = [
  ['libstdc++-12-dev', 'gcc-12', 'sys-devel/gcc:12'],
  ['gcc', 'gcc-defaults', 'sys-devel/gcc-config:0'],
  ['libc6-dev', 'glibc', 'sys-libs/glibc:2.2'],
  ['zlib1g-dev', 'zlib', 'sys-libs/zlib:0/1'],
  ['python3.11-minimal', 'python3.11', 'dev-lang/python:3.11'],
  ['libudev1', 'systemd', 'sys-apps/systemd-utils:0'],
  ['libperl5.36', 'perl', 'dev-lang/perl:0'],
  ['autoconf2.69', 'autoconf2.69', 'dev-build/autoconf:2.69'],
  ['libllvm14', 'llvm-toolchain-14', 'llvm-core/llvm:14'],
  ['libjson-perl', 'libjson-perl', 'dev-perl/JSON:0', ['/usr/share/perl5/JSON.pm']],
  ['python3-toml', 'python-toml', 'dev-python/toml:0'],
  ['libfoo1.2', 'foo1.2', 'debian/foo1_2:0'],
];
for (const [name, source, gentoo, files = []] of names) {
  test(`${name} belongs to ${gentoo}`, (t) => {
    const found = gentooName({ name, source, siblings: [name], files: () => files });
    t.is(`${found.category}/${found.name}:${found.slot}`, gentoo);
  });
}

test('package names have no dots and no end like a version', (t) => {
  t.is(validPackageName('perlapi-5.36.0'), 'perlapi_5_36_0');
  t.is(validPackageName('gtk+2.0'), 'gtk+2_0');
  t.is(validPackageName('a-1-b'), 'a-1-b');
});
