import test from 'ava';
import { makeReport, type Includes } from '../../../src/audit/index.js';
import { denial, processRecord, processTable, reportInput, use } from '../../helpers/auditInput.js';
import { pkgs } from '../../helpers/installed.js';

/** Modules of three languages that a script of the target's has loaded: of what it declares, and of what that brought in. */
const modules = {
  perl: ['/usr/share/perl5/Own/Tool.pm', '/usr/share/perl5/Inner/Helper.pm'],
  ruby: ['/usr/lib/ruby/vendor_ruby/own.rb', '/usr/lib/ruby/vendor_ruby/inner/helper.rb'],
  python: [
    '/usr/lib/python3/site-packages/own/__init__.py',
    '/usr/lib/python3/site-packages/inner/__init__.py',
  ],
} as const;
const texts: Record<string, string> = {
  '/usr/share/perl5/Own/Tool.pm': 'package Own::Tool;\nuse Inner::Helper 1.0 qw(x);\n',
  '/usr/lib/ruby/vendor_ruby/own.rb': "require 'inner/helper'\n",
  '/usr/lib/python3/site-packages/own/__init__.py': 'from inner import helper\n',
};
const script = processRecord(1, { comm: 'gen', program: '/work/gen', arguments: ['gen'] });

for (const language of ['perl', 'ruby', 'python'] as const) {
  const [own, inner] = modules[language];
  const report = (text: (path: string) => string | undefined, isInSources: boolean | undefined) =>
    makeReport(
      reportInput({
        processes: processTable(script),
        uses: [use(own, 'dev-libs/a-1', { process: 1 }), use(inner, 'dev-libs/b-1', { process: 1 })],
        readText: text,
        isInSources: () => isInSources,
      }),
    ).secondHand.map(({ cpv, use: how }) => [cpv, how]);

  test(`a ${language} module of what a dependency brought in is used directly when the sources load it`, (t) => {
    t.deepEqual(
      report(() => '', true),
      [['dev-libs/b-1', 'direct']],
    );
    t.deepEqual(
      report(() => '', undefined),
      [['dev-libs/b-1', 'direct']],
    );
  });

  test(`a ${language} module that another one loads is used through it`, (t) => {
    t.deepEqual(
      report((path) => texts[path], true),
      [['dev-libs/b-1', 'through']],
    );
  });

  test(`a ${language} module that the sources do not speak of is loaded by others`, (t) => {
    t.deepEqual(
      report(() => '', false),
      [],
    );
  });
}

test('a module that is named on the command line is loaded by the target', (t) => {
  const named = (...words: string[]) =>
    makeReport(
      reportInput({
        processes: processTable(
          processRecord(1, { program: '/usr/bin/perl', arguments: ['perl', ...words, '-e', '1'] }),
        ),
        uses: [use('/usr/share/perl5/Inner/Helper.pm', 'dev-libs/b-1', { process: 1 })],
        isInSources: () => false,
      }),
    ).secondHand.length;
  t.is(named('-MInner::Helper'), 1);
  t.is(named('-w'), 0);
});

test('a pkg-config module that the target has named is used directly, whatever requires it besides', (t) => {
  const howIsUsed = (...names: string[]) =>
    makeReport(
      reportInput({
        processes: processTable(
          processRecord(1, {
            program: '/usr/bin/pkg-config',
            arguments: ['pkg-config', '--cflags', ...names],
          }),
        ),
        uses: [
          use('/usr/lib64/pkgconfig/a.pc', 'dev-libs/a-1', { process: 1 }),
          use('/usr/lib64/pkgconfig/b-2.0.pc', 'dev-libs/b-1', { process: 1 }),
        ],
        readText: (path) => (path.endsWith('/a.pc') ? 'Name: a\nRequires: b-2.0 >= 1\n' : ''),
      }),
    ).secondHand.map(({ use: how }) => how);
  t.deepEqual(howIsUsed('a'), ['through']);
  t.deepEqual(howIsUsed('a', 'b-2.0'), ['direct']);
});

test('a habit of a tool is no use of what it finds by it', (t) => {
  const meson = processRecord(1, { comm: 'meson', program: '/usr/bin/meson', arguments: ['meson', 'setup'] });
  const used = (program: string) =>
    makeReport(
      reportInput({
        processes: processTable(meson),
        uses: [use(`/usr/bin/${program}`, 'dev-libs/b-1', { process: 1, operation: 'exec' })],
      }),
    ).secondHand.map(({ cpv }) => cpv);
  t.deepEqual(used('dpkg-architecture'), []);
  t.deepEqual(used('bison'), ['dev-libs/b-1']);
});

test('a header that a compiled source includes is used directly, whatever includes it besides', (t) => {
  const howIsUsed = (includes: Includes[], ...more: string[]) =>
    makeReport(
      reportInput({
        processes: processTable(
          processRecord(1, { arguments: ['cc1', '-quiet', 'src/main.c'] }),
          processRecord(2, { program: '/usr/bin/install', arguments: ['install', 'example.c', '/usr'] }),
        ),
        uses: [
          use('/usr/include/a/a.h', 'dev-libs/a-1', { process: 1 }),
          ...['/usr/include/b/tree.h', ...more].map((path) => use(path, 'dev-libs/b-1', { process: 1 })),
        ],
        readText: (path) => (path.endsWith('/a.h') ? '#include <b/tree.h>\n#include <b/other/tree.h>\n' : ''),
        includes,
      }),
    ).secondHand.map(({ use: how }) => how);
  const main = (...names: string[]) => ({ file: 'main.c', names });
  t.deepEqual(howIsUsed([main('a/a.h')]), ['through']);
  t.deepEqual(howIsUsed([main('a/a.h', 'b/tree.h')]), ['direct']);
  t.deepEqual(howIsUsed([main('own.h'), { file: 'own.h', names: ['b/tree.h'] }]), ['direct']);
  t.deepEqual(
    howIsUsed([main('a/a.h'), { file: 'example.c', names: ['b/tree.h'] }]),
    ['through'],
    'only installed',
  );
  t.deepEqual(howIsUsed([main('tree.h'), { file: 'tree.h', names: [] }]), ['through'], 'its own');
  t.deepEqual(howIsUsed([main('tree.h')], '/usr/include/b/other/tree.h'), ['through'], 'one of two');
});

test('whom libraries for TLS may trust is read by whatever has them, and by a script that asks for it', (t) => {
  const missing = (program: string) =>
    makeReport(
      reportInput({
        processes: processTable(
          processRecord(1, { comm: program, program: `/usr/bin/${program}`, phase: 'compile' }),
        ),
        denials: [
          denial('/etc/ssl/certs/ca-certificates.crt', ['app-misc/ca-certificates-1'], { processes: [1] }),
        ],
      }),
    ).missing.map(({ cpv }) => cpv);
  t.deepEqual(missing('python3'), []);
  t.deepEqual(missing('cat'), ['app-misc/ca-certificates-1']);
});

test('what a driver needs for itself is no excuse for what it runs', (t) => {
  const cmake = processRecord(1, {
    comm: 'cmake',
    program: '/usr/bin/cmake',
    arguments: ['cmake', '--build'],
  });
  const compiler = processRecord(2, { comm: 'cc1', program: '/usr/libexec/cc1', parent: 1 });
  const used = (process: number) =>
    makeReport(
      reportInput({
        processes: processTable(cmake, compiler),
        ownersOf: (path) =>
          path === '/usr/bin/cmake'
            ? pkgs('dev-libs/a-1')
            : path.endsWith('/cc1')
              ? pkgs('sys-devel/gcc-13')
              : [],
        uses: [use('/usr/include/b.h', 'dev-libs/b-1', { process })],
      }),
    ).secondHand.map(({ cpv }) => cpv);
  t.deepEqual(used(1), []);
  t.deepEqual(used(2), ['dev-libs/b-1']);
});

test('a link on the way to a program is not executed', (t) => {
  const used = (path: string) =>
    makeReport(
      reportInput({
        processes: processTable(script),
        uses: [use(path, 'dev-libs/b-1', { process: 1, operation: 'exec', wanted: '/sbin/ldconfig' })],
      }),
    ).secondHand.length;
  t.is(used('/sbin'), 0);
  t.is(used('/sbin/ldconfig'), 1);
});

test('a tool runs what it likes, unless it was told to', (t) => {
  const used = (...words: string[]) =>
    makeReport(
      reportInput({
        processes: processTable(
          script,
          processRecord(2, {
            parent: 1,
            program: '/usr/bin/bash',
            arguments: ['sh', '/usr/bin/a', ...words],
          }),
        ),
        ownersOf: (path) =>
          path === '/usr/bin/a'
            ? pkgs('dev-libs/c-1')
            : path === '/usr/bin/bash'
              ? pkgs('app-shells/bash-5')
              : [],
        uses: [use('/usr/bin/b', 'dev-libs/b-1', { process: 2, operation: 'exec' })],
      }),
    ).secondHand.map(({ cpv }) => cpv);
  t.deepEqual(used(), []);
  t.deepEqual(used('b', '--x'), ['dev-libs/b-1']);
});

test('a script is used by whoever has it executed, although its interpreter needs its package', (t) => {
  const owners: Record<string, string> = {
    '/usr/bin/bash': 'app-shells/bash-5',
    '/usr/bin/ruby': 'dev-libs/a-1',
    '/usr/bin/rake': 'dev-libs/b-1',
  };
  const { secondHand } = makeReport(
    reportInput({
      processes: processTable(
        processRecord(1, {
          pid: 7,
          program: '/usr/bin/bash',
          arguments: ['bash', './build'],
          directory: '/work',
        }),
        processRecord(2, { pid: 7, program: '/usr/bin/ruby', arguments: ['/usr/bin/ruby', '/usr/bin/rake'] }),
      ),
      ownersOf: (path) => pkgs(...[owners[path] ?? []].flat()),
      uses: [
        use('/usr/bin/rake', 'dev-libs/b-1', { process: 1, operation: 'exec', wanted: '/usr/bin/rake' }),
      ],
    }),
  );
  t.deepEqual(
    secondHand.map(({ cpv }) => cpv),
    ['dev-libs/b-1'],
  );
});

test('what configure runs that the sources do not speak of, a macro of others has asked for', (t) => {
  const configure = processRecord(1, { program: '/usr/bin/sh', arguments: ['/bin/sh', './configure'] });
  const perl = processRecord(2, {
    parent: 1,
    program: '/usr/bin/perl',
    arguments: ['perl', '-e', 'require B'],
  });
  const used = (isInSources: boolean) =>
    makeReport(
      reportInput({
        processes: processTable(configure, perl),
        uses: [
          use('/usr/bin/perl', 'dev-libs/b-1', { process: 1, operation: 'exec' }),
          use('/usr/share/perl5/B.pm', 'dev-libs/b-1', { process: 2 }),
        ],
        isInSources: () => isInSources,
      }),
    ).secondHand.map(({ cpv }) => cpv);
  t.deepEqual(used(false), []);
  t.deepEqual(used(true), ['dev-libs/b-1']);
});

test('data that the target gives to a tool is its wish, what the tool reads besides is not', (t) => {
  const path = '/usr/share/xml/docbook/html/docbook.xsl';
  const owners: Record<string, string> = {
    '/usr/bin/xsltproc': 'dev-libs/libxslt-1',
    '/usr/bin/xmlto': 'app-text/xmlto-1',
    '/usr/bin/python3': 'dev-lang/python-3',
    [path]: 'dev-libs/b-1',
  };
  const as = (pid: number, parent: number, program: string, ...words: string[]) =>
    makeReport(
      reportInput({
        processes: processTable(
          processRecord(1, { program: '/work/build', arguments: ['build'] }),
          processRecord(2, { program: '/usr/bin/xmlto', arguments: ['xmlto', 'html', 'u.xml'], parent: 1 }),
          processRecord(3, { program, arguments: [program, ...words], parent, pid }),
        ),
        uses: [use(path, 'dev-libs/b-1', { process: 3 })],
        ownersOf: (one) => pkgs(...[owners[one] ?? []].flat()),
      }),
    ).secondHand.map(({ cpv, use: how }) => `${cpv} ${how}`);
  const of = (parent: number, program: string, ...words: string[]) => as(3, parent, program, ...words);
  const found = ['dev-libs/b-1 direct'];
  t.deepEqual(of(1, '/usr/bin/xsltproc', path, 'u.xml'), found);
  t.deepEqual(of(1, '/usr/bin/xsltproc', 'http://docbook.example/html/docbook.xsl', 'u.xml'), found);
  t.deepEqual(of(1, '/usr/bin/python3', path), found);
  t.deepEqual(of(1, '/usr/bin/xsltproc', 'own.xsl', 'u.xml'), []);
  t.deepEqual(of(2, '/usr/bin/xsltproc', path, 'u.xml'), []);
  // xmlto has executed it in its own place.
  t.deepEqual(as(2, 1, '/usr/bin/xsltproc', path, 'u.xml'), []);
});
