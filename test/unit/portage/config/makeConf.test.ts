import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from '../../../helpers/fastCheck.js';
import { LvfsError } from '../../../../src/base/index.js';
import { expandVariables, readMakeConf } from '../../../../src/portage/config/makeConf.js';
import { RootFiles } from '../../../../src/portage/rootFiles.js';
import type { DataWarning } from '../../../../src/portage/types.js';

function folder(t: ExecutionContext, files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'lvfs-makeconf-'));
  t.teardown(() => {
    rmSync(directory, { recursive: true });
  });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.join(directory, path.dirname(name)), { recursive: true });
    writeFileSync(path.join(directory, name), text);
  }
  return directory;
}

function read(
  t: ExecutionContext,
  files: Readonly<Record<string, string>>,
  expand: Readonly<Record<string, string>> = {},
): { vars: Record<string, string> | undefined; warnings: DataWarning[]; directory: string } {
  const directory = folder(t, files);
  const warnings: DataWarning[] = [];
  const vars = readMakeConf(new RootFiles('/'), path.join(directory, 'make.conf'), {
    expand: new Map(Object.entries(expand)),
    sourcing: true,
    recursive: true,
    warn: (warning) => warnings.push(warning),
  });
  return { vars: vars && Object.fromEntries(vars), warnings, directory };
}

const accepted = test.macro({
  exec(t, text: string, vars: Record<string, string>, expand: Record<string, string> = {}) {
    t.deepEqual(read(t, { 'make.conf': text }, expand).vars, vars);
  },
  title: (_, text: string) => `reads ${JSON.stringify(text)}`,
});

test(accepted, 'A=1\n', { A: '1' });
test(accepted, 'A=1 B=2', { A: '1', B: '2' });
test(accepted, 'export A="x y" # z\n', { A: 'x y' });
test(accepted, 'A=a"b c"d\n', { A: 'ab cd' });
test(accepted, 'A=\'say "x"\'\n', { A: 'say "x"' });
test(accepted, 'A=""\n', { A: '' });
test(accepted, 'A=x#y\n', { A: 'x' });
test(accepted, 'A="1 # c"\n', { A: '1 # c' });
test(accepted, 'A="a\nb"\n', { A: 'a b' });
test(accepted, 'A="a \\\n  b"\n', { A: 'a   b' });
test(accepted, 'A=1\nB="$A${A}$C"\n', { A: '1', B: '110' }, { C: '0' });
test(accepted, "A=1\nB='$A'\n", { A: '1', B: '1' });
test(accepted, 'A="it\'s $A"\n', { A: "it's $A" });
test(accepted, 'A="\\$A \\\\ \\t"\n', { A: '$A \\ \\t' });
test(accepted, 'A="x$"\n', { A: 'x$' });
test(accepted, 'A="$NOPE"\n', { A: '' });
test(accepted, 'A="1\r\n2"\r\nB=3\r', { A: '1 2', B: '3' });
test(accepted, 'source /dev/null\nA=1\n', { A: '1' });

const refused = test.macro({
  exec(t, text: string, line: number, found: string) {
    const error = t.throws(() => read(t, { 'make.conf': text }), { instanceOf: LvfsError });
    t.is(error.code, 'MAKE_CONF');
    t.is(error.details['line'], line);
    t.true(error.message.includes(`make.conf:${line}: `), error.message);
    t.true(error.message.includes(found), error.message);
  },
  title: (_, text: string) => `refuses ${JSON.stringify(text)} with its line`,
});

test(refused, 'A=\n', 2, "expected a value for 'A'");
test(refused, 'A=1\nB\n', 3, "expected '='");
test(refused, 'A+=1\n', 1, "found 'A+', expected the name of a variable");
test(refused, 'A=1\nB C\n', 2, "found 'C' after 'B', expected '='");
test(refused, '=1\n', 1, "found '1' after '=', expected '='");
test(refused, 'A=(1)\n', 1, "found ')' after '1', expected '='");
test(refused, 'a-b=1\n', 1, "found 'a-b', expected the name of a variable");
test(refused, '1A=1 B=2\n', 1, "found '1A'");
test(refused, '\nA="x\n', 2, 'expected the closing "');
test(refused, 'source\n', 2, "'source' expected a file name");
test(refused, 'source ""\n', 1, "'source' expected a file name");
test(refused, 'A=1\nsource gone\n', 2, 'no such file');
test(refused, 'source .\n', 1, 'cannot source');

const complained = test.macro({
  exec(t, value: string, complaint: string) {
    t.deepEqual(expandVariables(value, new Map()), { complaint });
    const { vars, warnings } = read(t, { 'make.conf': `A="${value}"\n` });
    t.deepEqual(vars, { A: '' });
    t.is(warnings.length, 1);
    t.is(warnings[0]?.line, 1);
    t.true(warnings[0]?.message.includes(complaint));
  },
  title: (_, value: string) => `empties and reports the value ${JSON.stringify(value)}`,
});

test(complained, '${B:-x}', "found the end of the value, expected '}'");
test(complained, '${B', "found the end of the value, expected '}'");
test(complained, 'a $ b', '$: bad substitution');
test(complained, '${}', '${}: bad substitution');

test('a missing file has no variables at all, an empty one has none', (t) => {
  t.is(read(t, {}).vars, undefined);
  t.deepEqual(read(t, { 'make.conf': '' }).vars, {});
});

test('a folder is read in the order of the names, without hidden and backup files', (t) => {
  const { vars } = read(t, {
    'make.conf/10': 'A=1',
    'make.conf/9': 'A=2 B="$A"',
    'make.conf/.hidden': 'A=3',
    'make.conf/z~': 'A=4',
    'make.conf/.git/x': 'A=5',
    'make.conf/CVS/x': 'A=6',
    'make.conf/sub/x': 'C="$B"',
  });
  t.deepEqual(vars, { A: '2', B: '2', C: '2' });
});

test('an error in a folder or a sourced file names that file', (t) => {
  const inFolder = t.throws(() => read(t, { 'make.conf/a': 'A=1\n', 'make.conf/b': '\nB\n' }), {
    instanceOf: LvfsError,
  });
  t.true(inFolder.message.includes('make.conf/b:3: '), inFolder.message);
  const sourced = t.throws(() => read(t, { 'make.conf': 'source sub/x\n', 'sub/x': 'A=1\nB C\n' }), {
    instanceOf: LvfsError,
  });
  t.true(sourced.message.includes('sub/x:2: '), sourced.message);
});

test('source takes names relative to the file and expands variables', (t) => {
  const { vars } = read(t, {
    'make.conf': 'D=sub\nsource "$D/a"\nX="$A"\n',
    'sub/a': 'source b\nA="$A 2"',
    'sub/b': 'A=1\n',
  });
  t.deepEqual(vars, { D: 'sub', A: '1 2', X: '1 2' });
});

test('`..` is above the folder that a link leads to', (t) => {
  const directory = folder(t, {
    'real/inner/make.conf': 'source ../common\n',
    'real/common': 'A=1\n',
    common: 'A=2\n',
  });
  symlinkSync('real/inner', path.join(directory, 'link'));
  const options = { expand: new Map(), sourcing: true, warn: () => undefined };
  const vars = readMakeConf(new RootFiles('/'), path.join(directory, 'link/make.conf'), options);
  t.deepEqual(vars, new Map([['A', '1']]));
});

test('files that source each other without end are refused', (t) => {
  const error = t.throws(() => read(t, { 'make.conf': 'A=1\nsource make.conf\n' }), {
    instanceOf: LvfsError,
  });
  t.regex(error.message, /is sourced without end/);
  const files: Record<string, string> = { 'make.conf': 'source 0 source 0\n' };
  for (let i = 0; i < 30; i++) files[String(i)] = `source ${i + 1} source ${i + 1}\n`;
  files['30'] = '';
  t.throws(() => read(t, files), { instanceOf: LvfsError });
});

test('without expansion values stay as they are', (t) => {
  const directory = folder(t, { 'profile.env': "export A='$B'\n" });
  const vars = readMakeConf(new RootFiles('/'), path.join(directory, 'profile.env'), {
    expand: false,
    warn: () => undefined,
  });
  t.deepEqual([...(vars ?? [])], [['A', '$B']]);
});

test('an absolute source and an absolute symlink are looked up inside the root', (t) => {
  const directory = folder(t, {
    'etc/portage/make.conf': 'source /etc/portage/link\n',
    'usr/share/real': 'A=inside\n',
  });
  symlinkSync('/usr/share/real', path.join(directory, 'etc/portage/link'));
  const files = new RootFiles(directory);
  const vars = readMakeConf(files, files.at('/etc/portage/make.conf'), {
    expand: new Map(),
    sourcing: true,
    recursive: true,
    warn: () => undefined,
  });
  t.deepEqual([...(vars ?? [])], [['A', 'inside']]);
});

test('no text makes the reader hang, overflow or throw anything but its own error', (t) => {
  const directory = folder(t, { 'make.conf': '' });
  const file = path.join(directory, 'make.conf');
  const files = new RootFiles('/');
  const piece = fc.constantFrom(
    ...[
      'A',
      '=',
      '"',
      "'",
      '\\',
      '$',
      '{',
      '}',
      '#',
      '\n',
      ' ',
      'source',
      'export',
      '(',
      'é',
      '\0',
      '1',
      '${A}',
    ],
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece).map((pieces) => pieces.join('')),
    fc.tuple(piece, fc.constantFrom(0, 1, 100_000)).map(([p, n]) => `A="${p.repeat(n)}`),
  );
  const reads = fc.property(text, (content) => {
    writeFileSync(file, content);
    try {
      readMakeConf(files, file, {
        expand: new Map(),
        sourcing: true,
        recursive: true,
        warn: () => undefined,
      });
    } catch (error) {
      if (!(error instanceof LvfsError) || error.code !== 'MAKE_CONF') throw error;
    }
  });
  t.notThrows(() => fc.assert(reads, { numRuns: 300 }));
});
