/**
 * The layout as a fact: which folder of `src` may import which, that other folders are entered through their
 * index only, and that nothing but `src/cli` prints or exits.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';

const source = path.resolve(import.meta.dirname, '../../../src');

/** Folder → folders it may import. `types:` marks an edge that may carry types only. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  cli: ['daemon', 'system', 'filesystem', 'fuse', 'audit', 'view', 'portage', 'base'],
  daemon: ['filesystem', 'system', 'fuse', 'audit', 'view', 'portage', 'base'],
  filesystem: ['types:fuse', 'view', 'audit', 'system', 'base'],
  audit: ['view', 'base'],
  view: ['types:portage', 'base'],
  portage: ['base'],
  fuse: ['system', 'base'],
  system: ['base'],
  base: [],
};

interface Import {
  file: string;
  from: string;
  to: string;
  inside: string;
  typeOnly: boolean;
}

function sourceFiles(): string[] {
  return readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
}

function imports(): Import[] {
  const found: Import[] = [];
  for (const file of sourceFiles()) {
    const text = readFileSync(path.join(source, file), 'utf8');
    const pattern =
      /\b(?:import|export)\s+(type\s)?([^;'"]*?)\bfrom\s+'(\.[^']+)'|\bimport\(\s*'(\.[^']+)'\s*\)/g;
    for (const match of text.matchAll(pattern)) {
      const target = path.join(path.dirname(file), match[3] ?? match[4] ?? '');
      const names = (match[2] ?? '')
        .replace(/[{}]/g, '')
        .split(',')
        .filter((name) => name.trim() !== '');
      const typeOnly =
        match[1] !== undefined || (names.length > 0 && names.every((name) => /^\s*type\s/.test(name)));
      const [from = '', to = ''] = [file.split('/')[0], target.split('/')[0]];
      if (from !== to) found.push({ file, from, to, inside: target.split('/').slice(1).join('/'), typeOnly });
    }
  }
  return found;
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
  const wrong = imports().filter(({ inside }) => inside !== 'index.js');
  t.deepEqual(
    wrong.map(({ file, to, inside }) => `${file} imports ${to}/${inside}`),
    [],
  );
});

test('only src/cli prints or exits', (t) => {
  const wrong = sourceFiles().filter((file) => {
    if (file.startsWith('cli/')) return false;
    const text = readFileSync(path.join(source, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
    return /\bconsole\.|\bprocess\.(exit\(|stdout|stderr)/.test(text);
  });
  t.deepEqual(wrong, []);
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
