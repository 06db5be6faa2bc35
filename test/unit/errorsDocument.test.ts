/** docs/errors.md lists each code that an error for users may have, and no other. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { exitStatus } from '../../src/base/index.js';

const checkout = fileURLToPath(new URL('../../..', import.meta.url));

/** The codes that the sources have: what errors are made with, by the class itself or by a function that fills in the rest. */
function codesInSources(): Set<string> {
  const made =
    /\b(?:LvfsError|super|fail|cannotMount|failed|noPackage|mountError)\(\s*'([A-Z][A-Z_]+)'|\bcode: '([A-Z][A-Z_]+)', message:/g;
  const found = new Set<string>();
  for (const name of readdirSync(join(checkout, 'src'), { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.ts'))
      for (const [, direct, protocol] of readFileSync(join(checkout, 'src', name), 'utf8').matchAll(made))
        found.add(direct ?? protocol ?? '');
  return found;
}

const rows = [
  ...readFileSync(join(checkout, 'docs/errors.md'), 'utf8').matchAll(
    /^\| `([A-Z_]+)` \| ([\d, ]+) \| (.+) \|$/gm,
  ),
];

test('every code of an error is in docs/errors.md, and no other', (t) => {
  const [made, listed] = [codesInSources(), new Set(rows.map(([, code = '']) => code))];
  t.deepEqual(
    [...made].filter((code) => !listed.has(code)),
    [],
    'not listed',
  );
  t.deepEqual(
    [...listed].filter((code) => !made.has(code)),
    [],
    'listed, but made nowhere',
  );
});

test('its exit statuses are those of lvfs', (t) => {
  const known = new Set<number>(Object.values(exitStatus).filter((value) => typeof value === 'number'));
  for (const [, code = '', statuses = ''] of rows)
    for (const status of statuses.split(', ')) t.true(known.has(Number(status)), code);
});
