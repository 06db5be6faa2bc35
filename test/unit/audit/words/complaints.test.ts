/** Which of several messages is told, and what the project's own words add. */
import test from 'ava';
import { keyOf, namesIn, thingOf, wordsIn } from '../../../../src/audit/index.js';
import { complaintsIn } from '../../../helpers/complaints.js';

const only = (log: string) => {
  const [complaint, ...others] = complaintsIn(log);
  if (complaint === undefined || others.length > 0) throw new Error(`not one complaint: ${log}`);
  return complaint;
};

test('the line that the build died of is told, not the first that speaks of it', (t) => {
  const { line, at, fatal } = only(
    [
      'checking for yacc... no',
      '/bin/sh: 1: yacc: not found',
      'gcc -c x.c',
      '  make[1]: yacc: No such file or directory',
    ].join('\n'),
  );
  t.deepEqual({ line, at, fatal }, { line: 'make[1]: yacc: No such file or directory', at: 4, fatal: true });
});

test('a probe after a fatal message does not take its place', (t) => {
  const { at, fatal } = only('/bin/sh: 1: yacc: not found\nchecking for yacc... no');
  t.deepEqual({ at, fatal }, { at: 1, fatal: true });
});

test('what was given up over comes first, the last of it first', (t) => {
  const names = complaintsIn(
    ['checking for a... no', 'sh: 1: b: not found', 'checking for c... no', 'sh: 1: d: not found'].join('\n'),
  ).map(({ name }) => name);
  t.deepEqual(names, ['d', 'b', 'a', 'c']);
});

test('words of the project make what was asked for before the reason', (t) => {
  const { tool, voice, kind, name, line, at, fatal } = only(
    'checking for yaml.h... no\nchecking for x... yes\nconfigure: error: libyaml is required',
  );
  t.deepEqual(
    { tool, voice, kind, name, line, at, fatal },
    {
      tool: 'configure',
      voice: 'tool',
      kind: 'header',
      name: 'yaml.h',
      line: 'configure: error: libyaml is required',
      at: 3,
      fatal: true,
    },
  );
});

test('the last lines before a failure are words of the project, the last lines of all are not known to be', (t) => {
  const log = 'checking for gengetopt... no\nThe manual wants gengetopt, sorry.';
  t.false(only(log).fatal);
  t.true(only(`${log}\n * ERROR: a/b-1::c failed (configure phase):`).fatal);
  t.true(only(`${log}\nmake: *** [Makefile:3: all] Error 1`).fatal);
  t.deepEqual(
    wordsIn(log).giveUps.map(({ names, hasFailed }) => [names, hasFailed]),
    [[['wants', 'gengetopt', 'sorry'], false]],
  );
});

test("the source that a compiler quotes is nobody's last word", (t) => {
  const end = 'compilation terminated.\n * ERROR: a/b-1::c failed (compile phase):';
  const gcc = 'u.c:1:10: fatal error: yaml.h: No such file or directory';
  for (const quote of [
    '    1 | #include <yaml.h>\n      |          ^~~~~~~~',
    '#include <yaml.h>\n         ^~~~~~~~',
  ]) {
    const { complaints, giveUps } = wordsIn(`${gcc}\n${quote}\n${end}`);
    t.deepEqual(
      complaints.map(({ line }) => line),
      [gcc],
    );
    t.deepEqual(
      giveUps.map(({ line }) => line),
      ['compilation terminated.'],
    );
  }
});

test('a sentence names what is missing when nothing was asked for before, as the project calls it', (t) => {
  const { voice, name, fatal, wanted } = only('configure: error: libfoo 1.2 or later is required');
  t.deepEqual([voice, name, fatal], ['project', 'libfoo', true]);
  t.deepEqual(
    wanted.map(({ kind, name: one }) => `${kind} ${one}`),
    ['executable libfoo', 'pkg-config libfoo', 'pkg-config foo', 'library foo', 'header foo.h'],
  );
});

const sentence = test.macro<[string, string[]]>({
  exec(t, text, expected) {
    const complaints = complaintsIn(`configure: error: ${text}`);
    t.deepEqual(
      complaints.map(({ name }) => name),
      expected,
    );
  },
  title: (_, text, expected) => `${text} → ${expected.join(' ') || 'nothing'}`,
});
test(sentence, 'GTK-Doc not found', ['GTK-Doc']);
test(sentence, 'could not find the xsltproc program', ['xsltproc']);
test(sentence, 'You need to install gperf', ['gperf']);
test(sentence, 'Please install libpng-dev.', ['libpng-dev']);
test(sentence, "'help2man' is missing on your system", ['help2man']);
test(sentence, 'lua headers are not found', ['lua']);
test(sentence, 'cannot build the documentation without asciidoctor!', ['asciidoctor']);
test(sentence, 'the compiler is too old', []);
test(sentence, 'in-tree builds are not supported', []);
test(sentence, 'unrecognized option: --foo', []);

test('a native dependency of meson belongs in BDEPEND, wherever else it is said to be missing', (t) => {
  const { variable, fatal } = only(
    'Build-time dependency scdoc found: NO (tried pkgconfig)\nERROR: Dependency "scdoc" not found, tried pkgconfig',
  );
  t.deepEqual([variable, fatal], ['BDEPEND', true]);
});

const wants = test.macro<[string, string[]]>({
  exec(t, message, expected) {
    const wanted = complaintsIn(message).flatMap((complaint) => complaint.wanted);
    t.deepEqual(
      wanted.map((one) => keyOf(one).replaceAll('\0', ' ').replaceAll('  ', ' ')),
      expected,
    );
  },
  title: (_, message, [first = '']) => `${message} → ${first} …`,
});
test(wants, 'sh: 1: AX_FOO: not found', ['aclocal AX_FOO', 'executable AX_FOO']);
test(wants, 'sh: 1: /usr/bin/gen: not found', ['path /usr/bin/gen', 'interpreter /usr/bin/gen']);
test(wants, 'sh: 1: GEN_EXECUTABLE-NOTFOUND: not found', ['executable gen']);
test(wants, "No module named 'a.b.c'", ['python a.b.c', 'python a.b', 'python a']);
test(wants, '-- Could NOT find BISON (missing: BISON_EXECUTABLE)', [
  'cmake BISON',
  'cmake variable BISON BISON_EXECUTABLE',
  'executable bison',
  'pkg-config bison',
  'pkg-config libbison',
]);
test(wants, '-- Could NOT find Qt6 (missing: Svg)', [
  'cmake Qt6Svg',
  'cmake Qt6',
  'pkg-config qt6',
  'pkg-config libqt6',
]);
test(wants, '-- Could NOT find PkgConfig (missing: PKG_CONFIG_EXECUTABLE)', [
  'cmake PkgConfig',
  'cmake variable PkgConfig PKG_CONFIG_EXECUTABLE',
  'executable pkg_config',
  'executable pkg-config',
  'executable config',
  'pkg-config pkgconfig',
  'pkg-config libpkgconfig',
]);
test(wants, '/usr/bin/ld: cannot find -lFOO_LIBRARY-NOTFOUND', ['library foo']);
test(wants, 'x.c:1:1: fatal error: /usr/include/x.h: No such file or directory', ['path /usr/include/x.h']);

test('words of a line that may be names', (t) => {
  t.deepEqual(
    namesIn('No assembler: neither yasm nor nasm-2.1 was found. Use --disable-asm, or see https://x.y/z.'),
    ['assembler', 'yasm', 'nasm-2.1', 'disable-asm', 'https://x.y/z'],
  );
});

test('names of one thing', (t) => {
  for (const [a, b] of [
    ['libusb-1.0', 'usb.h'],
    ['yaml', '/usr/include/yaml.h'],
    ['libxml2', '/usr/bin/xml2-config'],
    ['fmt', '/usr/lib64/cmake/fmt/fmtConfig.cmake'],
    ['curl', '/usr/lib64/libcurl.so.4'],
    ['XML::Parser', 'xml-parser'],
  ] as const)
    t.is(thingOf(a), thingOf(b), `${a} ${b}`);
  t.not(thingOf('yasm'), thingOf('nasm'));
  t.not(thingOf('lib'), thingOf('png'));
});

test('colours, carriage returns and positions do not hide a message', (t) => {
  const { at, line } = only(
    'one\r\n[ 10%]\r[ 20%]\rx.c:1:2: \u001b[01;31mfatal error: \u001b[mzlib.h: No such file or directory\r\n',
  );
  t.deepEqual([at, line], [2, 'x.c:1:2: fatal error: zlib.h: No such file or directory']);
});

test('a log of endless lines is looked at in bounded time', (t) => {
  t.deepEqual(complaintsIn('a'.repeat(5_000_000)), []);
  for (const text of ['not found ', 'error: ', 'checking for ', '"a" ', 'a: ', 'No such file or directory: '])
    t.true(complaintsIn(`${text.repeat(1_000_000)}\n`).length < 3, text);
});

test('a message at the very end of a log, without a line feed, and an empty log', (t) => {
  t.is(only('sh: 1: gperf: not found').name, 'gperf');
  t.deepEqual(complaintsIn(''), []);
});
