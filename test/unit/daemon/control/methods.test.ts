/** docs/control-protocol.md says what there is. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { viewMethods } from '../../../../src/daemon/control/methods.js';
import type { Methods } from '../../../../src/daemon/control/protocol.js';

/** The table of methods: name → its parameters. */
function documented(): Record<string, string[]> {
  const text = readFileSync('docs/control-protocol.md', 'utf8');
  const table = text.slice(text.indexOf('## Methods'), text.indexOf('## Trying it'));
  const found: Record<string, string[]> = {};
  for (const row of table.split('\n')) {
    const [, names = '', parameters = ''] = row.split('|');
    for (const [, name = ''] of names.matchAll(/`(\w+)`/g))
      found[name] = [...parameters.matchAll(/`(\w+)`:/g)].map(([, parameter = '']) => parameter).sort();
  }
  return found;
}

test('docs/control-protocol.md lists every method with its parameters', (t) => {
  const methods: Methods = viewMethods;
  const said = Object.entries(methods).map(([name, { parameters }]) => [
    name,
    Object.keys(parameters.entries).sort(),
  ]);
  t.deepEqual(documented(), Object.fromEntries(said));
});
