/** What lvfs depends on is listed with its reason, and pinned. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string): string => readFileSync(repository + path, 'utf8');

/** The packages that the program imports. */
function imported(): string[] {
  const names = new Set<string>();
  for (const file of readdirSync(`${repository}src`, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const imports = /(?:\bfrom |\bimport\(|\brequire\(|import\.meta\.url\)\()\s*'([@\w][\w./@-]*)'/g;
    for (const [, name = ''] of read(`src/${file}`).matchAll(imports))
      names.add(
        name
          .split('/')
          .slice(0, name.startsWith('@') ? 2 : 1)
          .join('/'),
      );
  }
  // By a name that is none for the compiler, as it may be missing.
  const { optionalDependencies } = JSON.parse(read('package.json')) as {
    optionalDependencies: Record<string, string>;
  };
  for (const name of Object.keys(optionalDependencies)) names.add(name);
  return [...names].filter((name) => !name.startsWith('node:') && name !== 'lvfs').sort();
}

test('every package that the program uses is listed with its reason, and no other', (t) => {
  const [, table = ''] = read('docs/reliability.md').split('## What it depends on');
  const listed = [...table.matchAll(/^\| ([^|]+) \|/gm)].slice(2);
  const names = listed.flatMap(([, cell = '']) => cell.replace(' (optional)', '').split(', '));
  t.deepEqual(names.sort(), imported());
});

test('every package is pinned to a version and its checksum, and comes from a registry', (t) => {
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { version?: string; resolved?: string; integrity?: string }>;
  };
  for (const [place, { version = '', resolved = '', integrity = '' }] of Object.entries(packages)) {
    if (place === '') continue;
    t.regex(version, /^\d+\.\d+\.\d+/, place);
    // Else it is the registry that is set.
    t.regex(resolved, /^(?:$|https:\/\/registry\.npmjs\.org\/)/, place);
    t.regex(integrity, /^sha512-/, place);
  }
});
