import test from 'ava';
import { makeReport, type Found, type ReportInput } from '../../../src/audit/index.js';
import { denial, processRecord, processTable, reportInput } from '../../helpers/auditInput.js';
import { pkg, pkgs } from '../../helpers/installed.js';

const owners: Record<string, string> = {
  '/usr/bin/bash': 'app-shells/bash-5',
  '/usr/bin/grep': 'sys-apps/grep-3',
  '/usr/bin/pkgconf': 'dev-util/pkgconf-2',
  '/usr/bin/meson': 'dev-build/meson-1',
  '/usr/bin/python3': 'dev-lang/python-3',
  '/usr/bin/itstool': 'dev-util/itstool-2',
  '/usr/lib/portage/ebuild.sh': 'sys-apps/portage-3.0.82',
};
const phase = processRecord(1, {
  comm: 'ebuild.sh',
  program: '/usr/bin/bash',
  arguments: ['bash', '/usr/lib/portage/ebuild.sh', 'compile'],
});

/** What is said of one refusal: of process 2, which process 1, a phase of an ebuild, has started. */
function said(
  path: string,
  process: Parameters<typeof processRecord>[1],
  changes: Partial<ReportInput> = {},
): string {
  const { missing, dismissed } = makeReport(
    reportInput({
      denials: [denial(path, ['a/hidden-1'], { processes: [2] })],
      processes: processTable(phase, processRecord(2, { parent: 1, ...process })),
      ownersOf: (one) => pkgs(...[owners[one] ?? []].flat()),
      ...changes,
    }),
  );
  return missing[0]?.certainty ?? dismissed[0]?.reason ?? 'nothing';
}

test('what a tool is told to read is asked for by who told it', (t) => {
  const grep = (...words: string[]) => ({ program: '/usr/bin/grep', arguments: ['grep', ...words] });
  const path = '/usr/share/iso-codes/json/x.json';
  t.is(said(path, grep('-c', '.', path)), 'probed');
  t.is(said(path, grep('-c', '.')), 'sys-apps/grep-3 looked for it of its own accord');
});

test('what the ebuild itself names is spoken of, although it is no file of the sources', (t) => {
  const pkgconf = (...words: string[]) => ({
    program: '/usr/bin/pkgconf',
    arguments: ['pkg-config', ...words],
  });
  const of = (parent: number, ...words: string[]) =>
    said('/usr/share/pkgconfig/wayland-protocols.pc', pkgconf(...words), {
      isInSources: () => false,
      processes: processTable(
        phase,
        processRecord(2, { ...pkgconf(...words), parent }),
        processRecord(3, { program: '/work/configure', arguments: ['configure'], parent: 1 }),
      ),
    });
  t.is(of(1, '--variable=pkgdatadir', 'wayland-protocols'), 'probed');
  t.is(of(1, '--libs', 'zlib'), 'nothing in the sources speaks of it');
  t.is(
    of(3, '--libs', 'wayland-protocols'),
    'nothing in the sources speaks of it',
    'a macro of others asked',
  );
});

test('what configure looks for in vain is a habit where it was switched off', (t) => {
  const configure = (...words: string[]) => ({
    comm: 'configure',
    program: '/usr/bin/bash',
    arguments: ['/bin/sh', './configure', ...words],
    directory: '/work',
  });
  t.regex(said('/usr/bin/msgfmt', configure('--disable-nls')), /--disable-nls was given/);
  t.is(said('/usr/bin/msgfmt', configure('--enable-nls')), 'probed');
  t.is(said('/usr/bin/bison', configure('--disable-nls')), 'probed');
});

test('what belongs to another version of what is built is no need of it', (t) => {
  const configure = {
    comm: 'configure',
    program: '/usr/bin/bash',
    arguments: ['/bin/sh', './configure'],
    directory: '/work',
  };
  t.regex(said('/usr/bin/xsltproc', configure, { targets: ['a/hidden-2'] }), /another version/);
  t.is(said('/usr/bin/xsltproc', configure, { targets: ['a/hidden-data-1'] }), 'probed');
});

test('what an ebuild gives a tool by its path is spoken of', (t) => {
  const path = '/usr/share/iso-codes/json/x.json';
  const grep = { program: '/usr/bin/grep', arguments: ['grep', '-c', '.', path] };
  t.is(said(path, grep, { isInSources: () => false }), 'probed');
});

test('what configure looks for before it tells its options is no need', (t) => {
  const configure = (...words: string[]) => ({
    comm: 'configure',
    program: '/usr/bin/bash',
    arguments: ['/bin/sh', './configure', ...words],
    directory: '/work',
  });
  t.regex(said('/usr/bin/bison', configure('--help')), /only asked which options/);
  t.is(said('/usr/bin/bison', configure('--prefix=/usr')), 'probed');
  // Portage's econf asks first; what the script then does counts.
  const { missing, dismissed } = makeReport(
    reportInput({
      denials: [denial('/usr/bin/msgfmt', ['a/hidden-1'], { processes: [2, 3] })],
      processes: processTable(
        phase,
        processRecord(2, { parent: 1, ...configure('--help') }),
        processRecord(3, { parent: 1, ...configure('--disable-nls') }),
      ),
      ownersOf: (one) => pkgs(...[owners[one] ?? []].flat()),
    }),
  );
  t.deepEqual(missing, []);
  t.regex(dismissed[0]?.reason ?? '', /--disable-nls was given/);
});

test('a tool that gives up over what it looks for by habit was told to use it', (t) => {
  const found: Found = { path: '/usr/bin/cmake', owners: [pkg('a/hidden-1')], distance: 0 };
  const meson = (log: string) =>
    said(
      '/usr/bin/cmake',
      { comm: 'meson', program: '/usr/bin/meson', arguments: ['meson'] },
      {
        log,
        findHidden: (wanted) => new Map(wanted.map((one) => [one, one.name === 'cmake' ? [found] : []])),
      },
    );
  t.regex(meson(''), /looks for it by itself/);
  t.regex(meson('Program cmake found: NO'), /looks for it by itself/);
  t.is(meson('ERROR: CMake binary for machine host machine not found. Giving up.'), 'needed');
});

test('options of an interpreter are not taken for those of a shell', (t) => {
  const itstool = {
    program: '/usr/bin/python3',
    arguments: ['/usr/bin/python3', '-s', '/usr/bin/itstool', 'u.xml'],
  };
  t.is(said('/usr/share/its/x.its', itstool), 'dev-util/itstool-2 looked for it of its own accord');
});

test('a program that is looked for is a tool, a script that tells how to link with a library is that library', (t) => {
  const suggested = (path: string, operation: 'exec' | 'stat') =>
    makeReport(reportInput({ denials: [denial(path, ['a/hidden-1'], { operation })] })).missing[0]?.suggest;
  for (const operation of ['exec', 'stat'] as const) {
    t.is(suggested('/usr/bin/flex', operation), 'BDEPEND="a/hidden"');
    t.is(suggested('/usr/bin/curl-config', operation), 'DEPEND="a/hidden"');
    t.is(suggested('/usr/bin/python3-config', operation), 'DEPEND="a/hidden"');
    t.is(suggested('/usr/bin/pkg-config', operation), 'BDEPEND="a/hidden"');
    t.is(suggested('/usr/bin/x86_64-pc-linux-gnu-pkg-config', operation), 'BDEPEND="a/hidden"');
  }
  t.is(suggested('/usr/lib64/nodejs/node_modules/x/cli.js', 'exec'), 'BDEPEND="a/hidden"');
});

test('where nobody tells who asked, what tools look for by habit comes last', (t) => {
  const asked = (path: string, owner: string) => denial(path, [owner], { processes: [] });
  const { missing } = makeReport(
    reportInput({
      denials: [
        asked('/usr/bin/hostname', 'a/hostname-1'),
        asked('/usr/bin/git', 'b/git-1'),
        asked('/usr/include/fribidi.h', 'c/fribidi-1'),
        asked('/usr/share/zoneinfo/Asia/Tokyo', 'd/tzdata-1'),
      ],
      timeZone: 'Asia/Tokyo',
    }),
  );
  t.deepEqual(
    missing.map(({ cpv }) => cpv),
    ['c/fribidi-1', 'a/hostname-1', 'b/git-1'],
  );
});

test('a compiler that only lists what a file includes lacks nothing when the build goes on', (t) => {
  const path = '/usr/include/uv.h';
  const log = 'u.c:1:10: fatal error: uv.h: No such file or directory';
  const findHidden: ReportInput['findHidden'] = (wanted) =>
    new Map(wanted.map((one) => [one, [{ path, owners: pkgs('a/hidden-1'), distance: 0 }]]));
  const of = (status: number, ...words: string[]) =>
    said(
      path,
      { program: '/usr/libexec/cc1', arguments: ['cc1', '-quiet', ...words] },
      { status, log, findHidden },
    );
  t.is(of(0, '-E', '-M', 'u.c'), 'a compiler was only asked what a file depends on');
  t.is(of(0, '-E', '-MM', 'u.c'), 'a compiler was only asked what a file depends on');
  t.is(of(1, '-E', '-M', 'u.c'), 'needed');
  t.is(of(0, '-MD', 'u.d', 'u.c'), 'needed');
});
