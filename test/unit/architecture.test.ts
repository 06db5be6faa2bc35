/**
 * The layout as a fact: which folder of `src` may import which, that other folders are entered through their
 * index only, and that nothing but `src/cli` prints or exits.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import ts from 'typescript';

const source = path.resolve(import.meta.dirname, '../../../src');

/** Folder → folders it may import. `types:` marks an edge that may carry types only. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  cli: [
    'library',
    'page',
    'types:author',
    'daemon',
    'system',
    'filesystem',
    'fuse',
    'audit',
    'view',
    'portage',
    'base',
  ],
  page: ['types:daemon', 'audit', 'base'],
  library: ['page', 'author', 'daemon', 'audit', 'view', 'base'],
  daemon: ['filesystem', 'system', 'fuse', 'audit', 'view', 'portage', 'base'],
  filesystem: ['types:fuse', 'view', 'audit', 'system', 'base'],
  audit: ['view', 'base'],
  author: ['audit', 'base'],
  view: ['types:portage', 'base'],
  portage: ['base'],
  fuse: ['system', 'base'],
  system: ['base'],
  base: [],
};

interface Import {
  file: string;
  /** The file that is imported. */
  target: string;
  typeOnly: boolean;
  /** Loaded when it is needed, by `import()`. */
  late: boolean;
}

function sourceFiles(): string[] {
  return readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
}

const all: readonly Import[] = sourceFiles().flatMap((file) => {
  const text = readFileSync(path.join(source, file), 'utf8');
  const pattern =
    /\b(?:import|export)\s+(type\s)?([^;'"]*?)\bfrom\s+'(\.[^']+)'|\bimport\(\s*'(\.[^']+)'\s*\)/g;
  return [...text.matchAll(pattern)].map((match) => {
    const target = path.join(path.dirname(file), match[3] ?? match[4] ?? '').replace(/\.js$/, '.ts');
    const names = (match[2] ?? '')
      .replace(/[{}]/g, '')
      .split(',')
      .filter((name) => name.trim() !== '');
    const typeOnly =
      match[1] !== undefined || (names.length > 0 && names.every((name) => /^\s*type\s/.test(name)));
    return { file, target, typeOnly, late: match[4] !== undefined };
  });
});

/** Imports from one folder of `src` into another. */
function imports(): { file: string; from: string; to: string; inside: string; typeOnly: boolean }[] {
  return all
    .map(({ file, target, typeOnly }) => {
      const [from = '', to = ''] = [file.split('/')[0], target.split('/')[0]];
      return { file, from, to, inside: target.split('/').slice(1).join('/'), typeOnly };
    })
    .filter(({ from, to }) => from !== to);
}

test('folders import in the agreed direction only', (t) => {
  const wrong = imports().filter(({ from, to, typeOnly }) => {
    const edges = allowed[from] ?? [];
    return !(edges.includes(to) || (typeOnly && edges.includes(`types:${to}`)));
  });
  t.deepEqual(
    wrong.map(({ file, to }) => `${file} imports ${to}`),
    [],
  );
});

test('other folders are entered through their index only', (t) => {
  const wrong = imports().filter(({ inside }) => inside !== 'index.ts');
  t.deepEqual(
    wrong.map(({ file, to, inside }) => `${file} imports ${to}/${inside}`),
    [],
  );
});

test('no file needs itself through others, types included', (t) => {
  const next = new Map(sourceFiles().map((file) => [file, new Set<string>()]));
  for (const { file, target, late } of all) if (!late) next.get(file)?.add(target);
  // What nothing that is left imports, or what imports nothing that is left, is in no circle.
  const left = new Map(next);
  for (let before = -1; before !== left.size;) {
    before = left.size;
    for (const [file, targets] of left)
      if (![...targets].some((target) => left.has(target))) left.delete(file);
    const imported = new Set([...left.values()].flatMap((targets) => [...targets]));
    for (const file of left.keys()) if (!imported.has(file)) left.delete(file);
  }
  t.deepEqual([...left.keys()], []);
});

test('only src/cli prints or exits', (t) => {
  const wrong = sourceFiles().filter((file) => {
    if (file.startsWith('cli/')) return false;
    const text = readFileSync(path.join(source, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
    return /\bconsole\.|\bprocess\.(exit\(|stdout|stderr)/.test(text);
  });
  t.deepEqual(wrong, []);
});

test('one file knows by what packages of two systems are told apart', (t) => {
  const knowing = sourceFiles().filter((file) => {
    const text = readFileSync(path.join(source, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
    return /['"`]@(?:sys)?root['"`]/.test(text);
  });
  t.deepEqual(knowing, ['base/packages.ts']);
});

/** What may be asserted of types in `src`, `as const` left out. It only falls: what comes from outside is looked at instead. */
const mostAssertions = 20;

test('types are told, not asserted', (t) => {
  const found = sourceFiles().flatMap((file) => {
    const text = readFileSync(path.join(source, file), 'utf8');
    const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
    const here: string[] = [];
    const look = (node: ts.Node): void => {
      if (ts.isAssertionExpression(node) && !ts.isConstTypeReference(node.type)) {
        const { line } = tree.getLineAndCharacterOfPosition(node.expression.end);
        here.push(`${file}:${line + 1}: ${node.type.getText(tree)}`);
      }
      ts.forEachChild(node, look);
    };
    look(tree);
    return here;
  });
  t.true(found.length <= mostAssertions, `${found.length} assertions:\n${found.join('\n')}`);
  t.is(found.length, mostAssertions, 'there are fewer: lower the number');
});

test('src/fuse knows no word of Gentoo', (t) => {
  const wrong = sourceFiles().filter((file) => {
    const text = readFileSync(path.join(source, file), 'utf8').replace(/npm package|package\.json/gi, '');
    return file.startsWith('fuse/') && /\b(atom|package|vdb|portage|ebuild)s?\b/i.test(text);
  });
  t.deepEqual(wrong, []);
});

test('only the platform and the drivers mount, make namespaces, and read the mount table', (t) => {
  const wrong = sourceFiles().filter((file) => {
    if (!/^(cli|daemon)\//.test(file) || file.startsWith('daemon/platform/')) return false;
    const text = readFileSync(path.join(source, file), 'utf8');
    const runs =
      /\b(spawn|spawnSync|exec|execFile|execFileSync)\(\s*\[?'(unshare|setpriv|nsenter|mount|umount|fusermount3?|sh|\/bin\/sh)'/;
    return runs.test(text) || /readMountTable|\/proc\/(self|\$\{\w+\})\/(mount|ns|uid_map)/.test(text);
  });
  t.deepEqual(wrong, []);
});

test('the platform is entered through its index only', (t) => {
  const wrong = sourceFiles().filter((file) => {
    const text = readFileSync(path.join(source, file), 'utf8');
    return !file.startsWith('daemon/platform/') && /platform\/(?!index\.js)\w+\.js'/.test(text);
  });
  t.deepEqual(wrong, []);
});
