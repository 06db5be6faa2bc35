import test from 'ava';
import {
  makeReport,
  pathKind,
  type Denial,
  type Found,
  type PathKind,
  type ReportInput,
  whyInReport,
} from '../../../src/audit/index.js';
import { packageId } from '../../../src/base/index.js';
import { denial, processRecord, processTable, reportInput as input, use } from '../../helpers/auditInput.js';
import { origin } from '../../helpers/origin.js';
import { pkg, pkgs } from '../../helpers/installed.js';

/** A host that hides things of these names. */
function hiding(files: Record<string, Omit<Found, 'distance'>>): ReportInput['findHidden'] {
  return (wanted) =>
    new Map(
      wanted.map((one) => {
        const found = files[one.name];
        return [one, found === undefined ? [] : [{ ...found, distance: 0 }]];
      }),
    );
}

const kind = test.macro({
  exec(t, path: string, expected: PathKind) {
    t.is(pathKind(path), expected);
  },
  title: (_, path, expected) => `${path} is of kind ${expected}`,
});
test(kind, '/usr/bin/flex', 'executable');
test(kind, '/usr/include/zlib.h', 'header');
test(kind, '/usr/lib64/pkgconfig/zlib.pc', 'pkg-config');
test(kind, '/usr/lib64/ruby/gems/3.1.0/gems/x-1/lib/x/libx.a', 'library');
test(kind, '/usr/lib/x86_64-linux-gnu/odd.so', 'library');
test(kind, '/usr/lib64/ruby/gems/3.1.0/gems/nokogiri-1/lib/nokogiri/nokogiri.so', 'data');
test(kind, '/usr/lib64/geany/splitwindow.so', 'data');
test(kind, '/usr/lib64/libz.so', 'library');
test(kind, '/usr/lib/x86_64-linux-gnu/libz.a', 'library');
test(kind, '/usr/lib64/libz.so.1.3', 'runtime library');
test(kind, '/usr/lib64/cmake/ZLIB/ZLIBConfig.cmake', 'cmake');
test(kind, '/usr/share/aclocal/libtool.m4', 'aclocal');
test(kind, '/usr/lib/python3.12/site-packages/docutils/__init__.py', 'python');
test(kind, '/usr/lib64/perl5/vendor_perl/5.40/XML/Parser.pm', 'perl');
test(kind, '/usr/share/locale/de/LC_MESSAGES/bash.mo', 'noise');
test(kind, '/usr/lib64/gconv/UTF-16.so', 'noise');
test(kind, '/usr/share/man/man1/x.1', 'noise');
test(kind, '/usr/share/zoneinfo/UTC', 'noise');
test(kind, '/usr/share/zoneinfo/Asia/Tokyo', 'data');
test(kind, '/usr/lib/python3.12/site-packages/x-1.dist-info/entry_points.txt', 'data');
test(kind, '/usr/share/xml/docbook/x.dtd', 'data');

test('a denied header is a missing DEPEND, a denied program a missing BDEPEND', (t) => {
  const { missing } = makeReport(
    input({
      denials: [
        denial('/usr/include/zlib.h', ['sys-libs/zlib-1.3']),
        denial('/usr/bin/flex', ['sys-devel/flex-2.6'], {
          operation: 'exec',
          comm: 'sh',
          phase: 'configure',
        }),
      ],
    }),
  );
  t.deepEqual(missing.map(({ suggest }) => suggest).sort(), [
    'BDEPEND="sys-devel/flex"',
    'DEPEND="sys-libs/zlib"',
  ]);
});

test('strong evidence ranks before weak, whatever the counts', (t) => {
  const { missing } = makeReport(
    input({
      denials: [
        denial('/usr/share/foo/data', ['a/data-1'], { operation: 'stat', count: 900 }),
        denial('/usr/bin/doxygen', ['a/doxygen-1'], { operation: 'stat', count: 20 }),
        denial('/usr/include/b.h', ['a/header-1']),
      ],
    }),
  );
  t.deepEqual(
    missing.map(({ cpv }) => cpv),
    ['a/header-1', 'a/doxygen-1', 'a/data-1'],
  );
});

test('a path of many owners says less than a path of one', (t) => {
  const { missing } = makeReport(
    input({
      denials: [
        denial('/usr/include/shared', ['a/x-1', 'a/y-1'], { directory: true }),
        denial('/usr/include/y.h', ['a/y-1'], { operation: 'open' }),
      ],
    }),
  );
  t.is(missing[0]?.cpv, pkg('a/y-1'));
});

test('noise is no evidence', (t) => {
  const { missing, unowned } = makeReport(
    input({
      denials: [
        denial('/usr/share/locale/de/LC_MESSAGES/x.mo', ['a/x-1']),
        denial('/usr/share/man/man1', [], { directory: true }),
        denial('/usr/local/include', [], { directory: true, operation: 'stat' }),
        denial('/opt/litter', [], { directory: true, operation: 'exec', comm: 'sh' }),
        denial('/opt/tools', ['a/tools-1'], { directory: true, operation: 'stat', comm: 'sh' }),
        denial('/opt/tools/bin', [], { directory: true, operation: 'stat', comm: 'sh' }),
        denial('/var/db/pkg/app-text', [], { directory: true, comm: 'emerge' }),
        denial('/home/me/gentoo/var/db/pkg/app-text/x-1', [], { comm: 'emerge' }),
        denial('/usr/local/include/mine.h', []),
      ],
    }),
  );
  t.deepEqual(missing, []);
  t.deepEqual(
    unowned.map(({ path }) => path),
    ['/usr/local/include/mine.h'],
  );
});

test("what a shell at a terminal looks for of its own is not the build's", (t) => {
  const program = '/usr/bin/bash';
  const shell = processRecord(1, { program, arguments: ['bash', '--rcfile', '/dev/fd/4', '-i'], phase: '' });
  const script = processRecord(2, { program, arguments: ['bash', 'x.sh'], phase: '' });
  const { unowned } = makeReport(
    input({
      processes: processTable(shell, script),
      denials: [
        denial('/root/.bash_history', [], { processes: [1] }),
        denial('/usr/local/bin/typed', [], { processes: [1] }),
        denial('/root/.profile', [], { processes: [1, 2] }),
      ],
    }),
  );
  t.deepEqual(unowned.map(({ path }) => path).sort(), ['/root/.profile', '/usr/local/bin/typed']);
});

test('which shell somebody looks around in is none of the build', (t) => {
  const zsh = 'app-shells/zsh-5';
  const starter = processRecord(1, { pid: 7, program: '/usr/bin/unshare', phase: '' });
  const shell = processRecord(2, { pid: 7, program: '/usr/bin/zsh', arguments: ['zsh', '-i'], phase: '' });
  const child = processRecord(3, { pid: 8, program: '/usr/bin/make', phase: '', parent: 2 });
  const report = (...uses: ReportInput['uses'][number][]) =>
    makeReport(
      input({
        processes: processTable(starter, shell, child),
        uses,
        ownersOf: (path) => (path === '/usr/bin/zsh' ? pkgs(zsh) : []),
        visible: new Map([[pkg(zsh), [{ from: origin('--with'), variable: '', atom: zsh }]]]),
      }),
    ).missing.map(({ certainty }) => certainty);
  const own = [
    use('/usr/bin/zsh', zsh, { operation: 'exec', process: 1 }),
    use('/usr/lib/zsh/complete.so', zsh, { process: 2 }),
  ];
  t.deepEqual(report(...own), []);
  t.deepEqual(report(...own, use('/usr/bin/zsh', zsh, { operation: 'exec', process: 3 })), ['allowed']);
});

test('a time zone is named by the target, whichever tool looks for it, but for the one of the machine', (t) => {
  const report = (zone: string, timeZone?: string) =>
    makeReport(
      input({
        denials: [
          denial(`/usr/share/zoneinfo/${zone}`, ['sys-libs/timezone-data-1'], {
            comm: 'date',
            processes: [2],
          }),
        ],
        processes: processTable(
          processRecord(1, { program: '/work/gen', comm: 'gen' }),
          processRecord(2, { parent: 1, program: '/usr/bin/date', arguments: ['date'], comm: 'date' }),
        ),
        ownersOf: (path) => (path === '/usr/bin/date' ? pkgs('sys-apps/coreutils-9') : []),
        ...(timeZone === undefined ? {} : { timeZone }),
      }),
    ).missing.map(({ cpv }) => cpv);
  t.deepEqual(report('Asia/Tokyo'), ['sys-libs/timezone-data-1']);
  t.deepEqual(report('Asia/Tokyo', 'Asia/Tokyo'), []);
  t.deepEqual(report('UTC'), []);
});

test('the target itself, hidden in an older version, is not missing', (t) => {
  t.deepEqual(makeReport(input({ denials: [denial('/usr/include/t.h', ['a/target-1'])] })).missing, []);
});

test('what only the log speaks of is found among the hidden files and comes first', (t) => {
  const { missing } = makeReport(
    input({
      denials: [
        denial('/usr/bin/git', ['dev-vcs/git-2'], { operation: 'exec', comm: 'meson', phase: 'configure' }),
      ],
      log: "ModuleNotFoundError: No module named 'docutils'",
      findHidden: hiding({
        docutils: {
          path: '/usr/lib/python3/dist-packages/docutils/__init__.py',
          owners: [pkg('dev-python/docutils-0.19')],
        },
      }),
    }),
  );
  t.deepEqual(
    missing.map(({ cpv, certainty, suggest }) => [cpv, certainty, suggest]),
    [
      ['dev-python/docutils-0.19', 'needed', 'BDEPEND="dev-python/docutils"'],
      ['dev-vcs/git-2', 'probed', 'BDEPEND="dev-vcs/git"'],
    ],
  );
});

test('a header of a second-hand package that the sources include is used directly', (t) => {
  const { secondHand } = makeReport(input({ uses: [use('/usr/include/b.h', 'dev-libs/b-1')] }));
  t.deepEqual(
    secondHand.map(({ cpv, use, suggest, from }) => ({ cpv, use, suggest, from })),
    [{ cpv: 'dev-libs/b-1', use: 'direct', suggest: 'DEPEND="dev-libs/b"', from: ['dev-libs/a-1'] }],
  );
});

test('an alternative that emerge would not choose is declared, and told of when it is used', (t) => {
  const visible = new Map([
    ...input().visible,
    [
      pkg('dev-libs/other-1'),
      [{ from: origin('target'), variable: 'DEPEND', atom: '>=dev-libs/other-1', alternative: true }],
    ],
    [
      pkg('dev-libs/idle-1'),
      [{ from: origin('target'), variable: 'DEPEND', atom: 'dev-libs/idle', alternative: true }],
    ],
    // Of its RDEPEND it would be second-hand.
    [
      pkg('dev-libs/run-1'),
      [{ from: origin('target'), variable: 'RDEPEND', atom: 'dev-libs/run', alternative: true }],
    ],
  ] as const);
  const report = makeReport(
    input({
      visible,
      uses: [use('/usr/include/other.h', 'dev-libs/other-1'), use('/usr/include/run.h', 'dev-libs/run-1')],
    }),
  );
  const { secondHand, alternatives } = report;
  t.deepEqual(
    secondHand.map(({ cpv }) => cpv),
    ['dev-libs/run-1'],
  );
  t.deepEqual(alternatives, [
    {
      cpv: 'dev-libs/other-1',
      variable: 'DEPEND',
      atom: '>=dev-libs/other-1',
      hits: 1,
      paths: ['/usr/include/other.h'],
    },
  ]);
  t.deepEqual(whyInReport(report, 'dev-libs/other'), [
    'dev-libs/other-1 is declared (DEPEND: >=dev-libs/other-1, one of several) and was used (/usr/include/other.h), although emerge would choose another.',
  ]);
});

test('a header that another package includes is used through it', (t) => {
  const { secondHand } = makeReport(
    input({
      uses: [use('/usr/include/a.h', 'dev-libs/a-1'), use('/usr/include/b.h', 'dev-libs/b-1')],
      readText: (path) => (path === '/usr/include/a.h' ? '#pragma once\n# include <b.h>\n' : ''),
    }),
  );
  t.deepEqual(
    secondHand.map(({ cpv, use }) => [cpv, use]),
    [['dev-libs/b-1', 'through']],
  );
});

test('a pkg-config module that another one requires is used through it', (t) => {
  const { secondHand } = makeReport(
    input({
      uses: [
        use('/usr/lib64/pkgconfig/a.pc', 'dev-libs/a-1', { process: 1 }),
        use('/usr/lib64/pkgconfig/b.pc', 'dev-libs/b-1', { process: 1 }),
      ],
      readText: (path) => (path.endsWith('/a.pc') ? 'Name: a\nRequires: b >= 1, c\n' : ''),
    }),
  );
  t.is(secondHand[0]?.use, 'through');
});

test('a library loaded at run time is no use by the target', (t) => {
  const { secondHand } = makeReport(input({ uses: [use('/usr/lib64/libb.so.1', 'dev-libs/b-1')] }));
  t.deepEqual(secondHand, []);
});

test('a program counts when the target has it executed, not when a tool that needs it does', (t) => {
  const processes = processTable(
    processRecord(1, { comm: 'make', program: '/usr/bin/make', arguments: ['make'] }),
    processRecord(2, { comm: 'sh', program: '/bin/sh', arguments: ['sh', '-c', 'b'], parent: 1 }),
    processRecord(3, { comm: 'a', program: '/usr/bin/a', arguments: ['a'], parent: 2 }),
    processRecord(4, { comm: 'sh', program: '/bin/sh', arguments: ['sh', '-c', 'b'], parent: 3 }),
  );
  const owners: Record<string, string> = {
    '/usr/bin/make': 'dev-build/make-4',
    '/bin/sh': 'app-shells/dash-1',
    '/usr/bin/a': 'dev-libs/a-1',
  };
  const ownersOf = (path: string) => pkgs(...[owners[path] ?? []].flat());
  const report = (process: number, operation: 'exec' | 'read') =>
    makeReport(
      input({ processes, ownersOf, uses: [use('/usr/bin/b', 'dev-libs/b-1', { process, operation })] }),
    ).secondHand.map(({ suggest }) => suggest);
  t.deepEqual(report(2, 'exec'), ['BDEPEND="dev-libs/b"']);
  t.deepEqual(report(4, 'exec'), []);
  t.deepEqual(report(2, 'read'), [], 'it was only read');
});

test('a declared package none of whose files were read is unused, a virtual is not', (t) => {
  t.deepEqual(makeReport(input({ status: 0 })).unused, [
    { atom: 'dev-libs/a', cpv: 'dev-libs/a-1', variable: 'DEPEND' },
  ]);
  t.deepEqual(makeReport(input({ status: 0, hasFiles: () => false })).unused, []);
  const uses = [use('/usr/lib64/liba.so.1', 'dev-libs/a-1')];
  t.deepEqual(makeReport(input({ status: 0, uses })).unused, []);
});

test('a declared package of which a file was found is not unused, unless everything looks for that', (t) => {
  const unused = (path: string, system: string[] = []) =>
    makeReport(input({ status: 0, system: new Set(pkgs(...system)), foundOf: () => [path] })).unused.map(
      ({ cpv }) => cpv,
    );
  t.deepEqual(unused('/usr/include/a.h'), []);
  t.deepEqual(unused('/usr/bin/a'), []);
  t.deepEqual(unused('/usr/share/man/man1/a.1'), pkgs('dev-libs/a-1'));
  t.deepEqual(unused('/usr/bin/libtoolize'), pkgs('dev-libs/a-1'));
  t.deepEqual(unused('/usr/bin/a', ['dev-libs/a-1']), pkgs('dev-libs/a-1'));
});

test('nothing is called unused by a build that did not reach its end', (t) => {
  t.deepEqual(makeReport(input({ status: 1 })).unused, []);
  t.deepEqual(makeReport(input()).unused, [], 'nothing has been built');
});

test('@system packages that were used are implicit', (t) => {
  const uses = [use('/usr/bin/make', 'dev-build/make-4', { operation: 'exec' })];
  t.deepEqual(makeReport(input({ uses })).implicit, [
    { cpv: 'dev-build/make-4', hits: 1, paths: ['/usr/bin/make'] },
  ]);
});

test('an ignore rule takes evidence out and is reported with its reason', (t) => {
  const { missing, ignored } = makeReport(
    input({
      denials: [denial('/usr/bin/git', ['dev-vcs/git-2'], { operation: 'exec' })],
      ignore: [{ target: 'a/target', package: 'dev-vcs/git', reason: 'version only' }],
    }),
  );
  t.deepEqual(missing, []);
  t.deepEqual(ignored, [{ cpv: 'dev-vcs/git-2', path: '/usr/bin/git', reason: 'version only' }]);
});

/** The same build for a sysroot. */
function crossInput(changes: Partial<ReportInput>): ReportInput {
  return input({ sysroot: '/usr/target', ...changes });
}

test('for a sysroot the system that a package is in decides between DEPEND and BDEPEND', (t) => {
  const { missing } = makeReport(
    crossInput({
      denials: [
        denial('/usr/target/usr/include/z.h', ['sys-libs/zlib-1@sysroot']),
        denial('/usr/target/usr/bin/z-config', ['dev-libs/config-1@sysroot'], {
          operation: 'exec',
          comm: 'sh',
        }),
        denial('/usr/include/z.h', ['sys-libs/zlib-1']),
        denial('/usr/bin/flex', ['sys-devel/flex-2'], { operation: 'exec', comm: 'sh' }),
        denial('/usr/target/usr/share/locale/de/z.mo', ['dev-libs/noise-1@sysroot']),
      ],
      namesFor: (cpv) => [{ atom: cpv.replace(/-\d.*$/, ''), reason: '' }],
    }),
  );
  t.deepEqual(Object.fromEntries(missing.map(({ cpv, suggest }) => [cpv, suggest])), {
    'sys-libs/zlib-1@sysroot': 'DEPEND="sys-libs/zlib"',
    'dev-libs/config-1@sysroot': 'DEPEND="dev-libs/config"',
    'sys-libs/zlib-1': 'BDEPEND="sys-libs/zlib"',
    'sys-devel/flex-2': 'BDEPEND="sys-devel/flex"',
  });
});

test('of a file that both systems have, a message means the one that its kind is looked for in', (t) => {
  const both: Record<string, string> = { 'z.h': '/usr/include/z.h', flex: '/usr/bin/flex' };
  const report = (log: string) =>
    makeReport(
      crossInput({
        log,
        findHidden: (wanted) =>
          new Map(
            wanted.map((one) => {
              const path = both[one.name] ?? '';
              const roots = [path, `/usr/target${path}`].filter(() => path !== '');
              return [
                one,
                roots.map((file, i) => ({
                  path: file,
                  owners: [packageId('dev-libs/z-1', i === 1 ? 'sysroot' : 'root')],
                  distance: 0,
                })),
              ];
            }),
          ),
      }),
    ).missing.map(({ cpv, certainty }) => [cpv, certainty]);
  t.deepEqual(report('x.c:1:10: fatal error: z.h: No such file or directory'), [
    ['dev-libs/z-1@sysroot', 'needed'],
  ]);
  t.deepEqual(report('/bin/sh: line 1: flex: command not found'), [['dev-libs/z-1', 'needed']]);
});

test('a target that is installed in the sysroot is not missing, but may be as a tool', (t) => {
  const { missing } = makeReport(
    crossInput({
      denials: [
        denial('/usr/target/usr/include/target.h', ['a/target-1@sysroot']),
        denial('/usr/bin/target', ['a/target-1'], { operation: 'exec', comm: 'sh' }),
      ],
    }),
  );
  t.deepEqual(
    missing.map(({ cpv }) => cpv),
    ['a/target-1'],
  );
});

test('a macro that was left in configure is needed, also when the shell does not say which it was', (t) => {
  const report = (log: string) =>
    makeReport(
      input({
        log,
        status: 1,
        needs: [
          {
            kind: 'aclocal',
            file: 'configure.ac',
            name: 'AX_FOO',
            wanted: [{ kind: 'aclocal', name: 'AX_FOO' }],
          },
        ],
        findHidden: hiding({
          AX_FOO: { path: '/usr/share/aclocal/ax_foo.m4', owners: [pkg('dev-build/autoconf-archive-2024')] },
        }),
      }),
    ).missing.map(({ cpv, certainty, messages }) => [cpv, certainty, messages]);
  const line = './configure: 3: Syntax error: word unexpected (expecting ")")';
  t.deepEqual(report(`${line}\nmake: *** [x] Error 2\nx.c:1:1: error: y`), [
    ['dev-build/autoconf-archive-2024', 'needed', [line]],
  ]);
  const forbidden = 'configure.ac:20: error: a macro is not there: run apt-get.';
  t.deepEqual(report(forbidden), [['dev-build/autoconf-archive-2024', 'needed', [forbidden]]]);
});

test('words about an import count in a build that went well only where something imports it', (t) => {
  const report = (status: number, ...names: string[]) =>
    makeReport(
      input({
        log: "ModuleNotFoundError: No module named 'mako'",
        status,
        processes: processTable(processRecord(1, { arguments: ['python3', 'gen.py'] })),
        needs: names.map((name) => ({
          kind: 'python',
          name,
          file: 'gen.py',
          wanted: [{ kind: 'python', name }],
        })),
        findHidden: hiding({
          mako: {
            path: '/usr/lib/python3/site-packages/mako/__init__.py',
            owners: [pkg('dev-python/mako-1')],
          },
        }),
      }),
    ).missing.map(({ certainty }) => certainty);
  t.deepEqual(report(1), ['needed']);
  t.deepEqual(report(0), []);
  t.deepEqual(report(0, 'yaml'), []);
  t.deepEqual(report(0, 'mako.template'), ['needed']);
});

test('what was looked for by name and not refused was answered from a cache', (t) => {
  const report = (line: string, ...refused: string[]) =>
    makeReport(
      input({
        log: line,
        denials: refused.map((path) => denial(path, ['app-text/doxygen-1'])),
        findHidden: hiding({ doxygen: { path: '/usr/bin/doxygen', owners: [pkg('app-text/doxygen-1')] } }),
      }),
    ).missing.map(({ certainty }) => certainty);
  t.deepEqual(report('checking for doxygen... (cached) no'), []);
  t.deepEqual(report('checking for doxygen... no', '/usr/bin/doxygen'), ['probed']);
  t.deepEqual(report('sh: 1: doxygen: not found'), ['needed'], 'somebody gave up over it');
});

test('a program that was looked for is no finding when one that is as good is there', (t) => {
  const base = input({
    denials: [denial('/usr/bin/mawk', ['sys-apps/mawk-1'], { operation: 'access', comm: 'configure' })],
    equalsOf: () => [{ cpv: pkg('dev-build/make-4'), by: 'app-alternatives/awk' }],
  });
  const { missing, dismissed } = makeReport(base);
  t.deepEqual(missing, []);
  t.like(dismissed, [
    {
      cpv: 'sys-apps/mawk-1',
      reason: 'dev-build/make-4 is there and as good: app-alternatives/awk takes either',
    },
  ]);
  const log = '/bin/sh: 1: mawk: not found\n';
  const findHidden = hiding({ mawk: { path: '/usr/bin/mawk', owners: [pkg('sys-apps/mawk-1')] } });
  t.like(makeReport({ ...base, log, findHidden }).missing, [
    {
      cpv: 'sys-apps/mawk-1',
      suggestions: [
        { suggest: 'BDEPEND="sys-apps/mawk"' },
        {
          suggest: 'BDEPEND="dev-build/make"',
          reason: 'it is installed, and app-alternatives/awk takes it as well',
        },
      ],
    },
  ]);
});

test('a launcher, and a link of another package, are the business of what they start', (t) => {
  const visible: ReportInput['visible'] = new Map([
    [pkg('dev-lang/python-3'), [{ from: origin('target'), variable: 'BDEPEND', atom: 'dev-lang/python' }]],
    [
      pkg('dev-lang/python-exec-2'),
      [{ from: origin('dev-lang/python-3'), variable: 'RDEPEND', atom: 'dev-lang/python-exec' }],
    ],
  ]);
  const launcher = '/usr/lib/python-exec/python-exec2';
  const secondHand = (started: boolean, owners: Readonly<Record<string, string[]>>) =>
    makeReport(
      input({
        visible,
        declared: [{ variable: 'BDEPEND', atom: 'dev-lang/python', cpv: pkg('dev-lang/python-3') }],
        processes: processTable(
          processRecord(1, { pid: 7, program: '/bin/sh', arguments: ['sh', './build'] }),
          ...(started ? [processRecord(2, { pid: 7, program: '/usr/bin/python3.11' })] : []),
        ),
        uses: [
          use('/usr/bin/python3', 'dev-lang/python-exec-2', {
            operation: 'exec',
            process: 1,
            wanted: '/usr/bin/python3',
          }),
        ],
        ownersOf: (path) => pkgs(...(owners[path] ?? [])),
      }),
    ).secondHand.map(({ cpv }) => cpv);
  const programs = { '/usr/bin/python3.11': ['dev-lang/python-3'], [launcher]: ['dev-lang/python-exec-2'] };
  const toLauncher = { ...programs, '/usr/bin/python3': ['dev-lang/python-exec-2'] };
  t.deepEqual(secondHand(false, toLauncher), ['dev-lang/python-exec-2']);
  t.deepEqual(secondHand(true, toLauncher), []);
  t.deepEqual(secondHand(false, { ...programs, '/usr/bin/python3': ['dev-lang/python-3'] }), []);
});

test('what ebuild.sh looks for in each phase is no finding where only one phase was seen', (t) => {
  const script = { path: '/usr/lib/portage/bin/ebuild.sh' };
  const shell = processRecord(1, {
    comm: 'bash',
    program: '/bin/bash',
    arguments: ['bash', script.path, 'install'],
    phase: 'install',
  });
  const refused = (path: string, owner: string): Denial =>
    denial(path, [owner], { phase: 'install', comm: 'bash', operation: 'lookup', processes: [1] });
  const { missing, dismissed } = makeReport(
    input({
      ownersOf: (path) =>
        path === script.path
          ? pkgs('sys-apps/portage-3')
          : path === '/bin/bash'
            ? pkgs('app-shells/bash-5')
            : [],
      processes: processTable(shell),
      denials: [
        refused('/usr/bin/autoconf', 'dev-build/autoconf-2'),
        refused('/usr/bin/help2man', 'sys-apps/help2man-1'),
      ],
    }),
  );
  t.deepEqual(
    missing.map(({ cpv }) => cpv),
    ['sys-apps/help2man-1'],
  );
  t.like(dismissed[0], {
    cpv: 'dev-build/autoconf-2',
    reason: "Portage's own shell functions look for it in each phase",
  });
});

test('what an ebuild looks for in several phases is not taken for what Portage does in each', (t) => {
  const script = '/usr/lib/portage/bin/ebuild.sh';
  const phases = ['configure', 'compile', 'install'];
  const shells = phases.map((phase, i) =>
    processRecord(i + 1, { comm: 'bash', program: '/bin/bash', arguments: ['bash', script, phase], phase }),
  );
  const refused = (path: string, owner: string, phase: string): Denial =>
    denial(path, [owner], {
      ...{ phase, comm: 'bash', operation: 'lookup' },
      processes: [phases.indexOf(phase) + 1],
    });
  const { missing, dismissed } = makeReport(
    input({
      ownersOf: (path) =>
        path === script ? pkgs('sys-apps/portage-3') : path === '/bin/bash' ? pkgs('app-shells/bash-5') : [],
      processes: processTable(...shells),
      denials: [
        ...phases.map((phase) => refused('/usr/bin/fakeroot', 'sys-apps/fakeroot-1', phase)),
        ...['configure', 'install'].map((phase) => refused('/usr/bin/xmllint', 'dev-libs/libxml2-2', phase)),
      ],
    }),
  );
  t.deepEqual(
    missing.map(({ cpv }) => cpv),
    ['dev-libs/libxml2-2'],
  );
  t.deepEqual(
    dismissed.map(({ cpv }) => cpv),
    ['sys-apps/fakeroot-1'],
  );
});

test('what the user named is allowed, though something else that he named needs it', (t) => {
  const used = (from: string, variable = 'BDEPEND') =>
    makeReport(
      input({
        processes: processTable(processRecord(1, { arguments: ['bash', 'build'] })),
        uses: [use('/usr/bin/bison', 'sys-devel/bison-3', { operation: 'exec', process: 1 })],
        visible: new Map([
          [
            pkg('sys-devel/bison-3'),
            [
              named('sys-devel/bison'),
              { from: origin('app-alternatives/yacc-1'), variable: 'RDEPEND', atom: 'sys-devel/bison' },
            ],
          ],
          [
            pkg('app-alternatives/yacc-1'),
            [
              named('app-alternatives/yacc'),
              ...(from === '' ? [] : [{ from: origin(from), variable, atom: 'app-alternatives/yacc' }]),
            ],
          ],
        ]),
      }),
    );
  const named = (atom: string) => ({ from: origin('--with'), variable: '', atom });
  t.like(used('').missing, [{ cpv: 'sys-devel/bison-3', certainty: 'allowed' }]);
  t.deepEqual(used('').secondHand, []);
  t.deepEqual(used('target').missing, []);
  t.like(used('target').secondHand, [{ cpv: 'sys-devel/bison-3' }]);
});

test('an ebuild without BDEPEND declares its tools in DEPEND', (t) => {
  const tool = denial('/usr/bin/gperf', ['dev-util/gperf-3'], { operation: 'exec' });
  const suggest = (lacksBdepend: boolean) =>
    makeReport(input({ denials: [tool], lacksBdepend })).missing.map((one) => one.suggest);
  t.deepEqual(suggest(false), ['BDEPEND="dev-util/gperf"']);
  t.deepEqual(suggest(true), ['DEPEND="dev-util/gperf"']);
});

test('words that are said of other things as well count for what was refused', (t) => {
  const xxd = { path: '/usr/bin/xxd', owners: pkgs('dev-util/xxd-9') };
  const said = (denials: Denial[]) =>
    makeReport(
      input({
        denials,
        status: 0,
        log: 'find: ‘xxd’: No such file or directory',
        findHidden: hiding({ xxd }),
      }),
    ).missing.map(({ cpv, certainty }) => [cpv, certainty]);
  t.deepEqual(said([denial(xxd.path, xxd.owners, { operation: 'exec', comm: 'find' })]), [
    ['dev-util/xxd-9', 'needed'],
  ]);
  t.deepEqual(said([]), []);
});

test('a library that an interpreter loads is needed while building, one that is linked with in the result', (t) => {
  const of = (program: string, path: string) =>
    makeReport(
      input({
        processes: processTable(processRecord(1, { program, arguments: [program, 'gen.tcl'] })),
        uses: [use(path, 'dev-tcltk/expect-5', { process: 1 })],
        visible: new Map([
          [pkg('dev-tcltk/expect-5'), [{ from: origin('--with'), variable: '', atom: 'dev-tcltk/expect' }]],
        ]),
      }),
    ).missing.map(({ suggest }) => suggest);
  const library = '/usr/lib64/expect5.45/libexpect5.45.so';
  t.deepEqual(of('/usr/bin/tclsh8.6', library), ['BDEPEND="dev-tcltk/expect"']);
  t.deepEqual(of('/usr/bin/tclsh8.6', `${library}.1`), ['BDEPEND="dev-tcltk/expect"']);
  t.deepEqual(of('/usr/bin/ld', library), ['DEPEND="dev-tcltk/expect"']);
});

test('a .pc file of a tool, and modules of CMake alone, belong to the machine that builds', (t) => {
  const suggest = (path: string, ...kinds: PathKind[]) =>
    makeReport(input({ denials: [denial(path, ['a/b-1'])], kindsOf: () => new Set(kinds) })).missing.map(
      (one) => one.suggest.replace(/=.*/, ''),
    );
  const [module, cmake] = ['/usr/share/pkgconfig/b.pc', '/usr/share/ECM/cmake/ECMConfig.cmake'];
  t.deepEqual(suggest(module, 'pkg-config', 'executable'), ['BDEPEND']);
  t.deepEqual(suggest(module, 'pkg-config', 'executable', 'header'), ['DEPEND']);
  t.deepEqual(suggest(module, 'pkg-config', 'data'), ['DEPEND']);
  t.deepEqual(suggest(cmake, 'cmake', 'data'), ['BDEPEND']);
  t.deepEqual(suggest(cmake, 'cmake', 'library'), ['DEPEND']);
  t.deepEqual(suggest('/usr/share/vala/vapi/b.vapi', 'data'), ['DEPEND']);
});
