import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import test, { type ExecutionContext } from 'ava';
import { compile } from '../../../src/filesystem/compile.js';
import { writeTree } from '../../helpers/writeTree.js';

const sh = '/bin/sh';

function left(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('lvfs-compile-'));
}

function run(
  script: string,
  files: readonly { name: string; path: string }[] = [],
): ReadonlyMap<string, Buffer> | string {
  return compile({ root: '/', program: sh, args: ['-c', script, 'sh', '%'], files });
}

test('a program finds its inputs, and what it makes is handed back', (t) => {
  const host = writeTree(t, { 'a.xml': 'one', 'b.xml': 'two' });
  const made = run('cd "$1" && cat a.xml more/b.xml > out && mkdir deep && cat out out > deep/out', [
    { name: 'a.xml', path: `${host}/a.xml` },
    { name: 'more/b.xml', path: `${host}/b.xml` },
  ]);
  if (typeof made === 'string') return t.fail(made);
  t.deepEqual([...made].map(([name, content]) => `${name}: ${content.toString()}`).sort(), [
    'deep/out: onetwoonetwo',
    'out: onetwo',
  ]);
});

test('names that are not UTF-8 are kept', (t) => {
  const host = writeTree(t, {});
  const name = 'caf\xe9';
  writeFileSync(Buffer.from(`${host}/${name}`, 'latin1'), 'x');
  const made = run('cd "$1" && for f in *; do cp "$f" "$f.out"; done', [{ name, path: `${host}/${name}` }]);
  t.deepEqual(typeof made === 'string' ? made : [...made.keys()], [`${name}.out`]);
});

test('why nothing was made is said in one line', (t) => {
  t.is(run('echo broken >&2; echo more >&2; exit 3'), 'it ended with status 3: broken');
  t.is(run('kill -9 $$'), 'it ended with SIGKILL');
  const missing = compile({ root: '/', program: '/nowhere/program', args: [], files: [] });
  t.regex(typeof missing === 'string' ? missing : '', /ENOENT/);
});

test.serial('nothing is left behind', (t) => {
  const before = left();
  run('echo x > "$1/out"');
  run('echo x > "$1/out"; exit 1');
  compile({ root: '/', program: '/nowhere/program', args: [], files: [] });
  t.deepEqual(left(), before);
});

function withTool(tool: string, title: string, body: (t: ExecutionContext) => void): void {
  const there = existsSync(tool);
  (there ? test : test.skip)(`${title}${there ? '' : ` (skipped: no ${tool})`}`, body);
}

const glibCompileSchemas = '/usr/bin/glib-compile-schemas';
withTool(glibCompileSchemas, 'glib-compile-schemas makes a cache of links', (t) => {
  const schema = (id: string): string =>
    `<schemalist><schema id="org.${id}" path="/org/${id}/"><key name="k" type="i"><default>7</default></key></schema></schemalist>`;
  const host = writeTree(t, { 'a.gschema.xml': schema('visible'), 'b.gschema.xml': schema('hidden') });
  const made = compile({
    root: '/',
    program: glibCompileSchemas,
    args: ['%'],
    files: [{ name: 'a.gschema.xml', path: `${host}/a.gschema.xml` }],
  });
  if (typeof made === 'string') return t.fail(made);
  t.deepEqual([...made.keys()], ['gschemas.compiled']);
  t.true(made.get('gschemas.compiled')?.includes('org.visible'));
});

const updateMimeDatabase = '/usr/bin/update-mime-database';
withTool(updateMimeDatabase, 'update-mime-database makes all its files', (t) => {
  const host = writeTree(t, {
    'a.xml':
      '<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info"><mime-type type="text/x-a"><glob pattern="*.aa"/></mime-type></mime-info>',
  });
  const made = compile({
    root: '/',
    program: updateMimeDatabase,
    args: ['%'],
    files: [{ name: 'packages/a.xml', path: `${host}/a.xml` }],
  });
  if (typeof made === 'string') return t.fail(made);
  for (const name of ['mime.cache', 'globs2', 'text/x-a.xml']) t.true(made.has(name), name);
  t.regex(made.get('globs2')?.toString() ?? '', /text\/x-a:\*\.aa/);
});
