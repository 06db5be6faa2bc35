import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { format } from 'prettier';
import { drivers } from '../../../src/fuse/index.js';
import { capabilityMeanings, capabilityTable } from '../../helpers/capabilityTable.js';

const file = fileURLToPath(new URL('../../../../docs/porting.md', import.meta.url));
const marked = /(<!-- capabilities -->\n)[^]*?(\n<!-- end of capabilities -->)/;

test('the table of capabilities in docs/porting.md is that of the code (LVFS_TEST_UPDATE=1 writes it)', async (t) => {
  const table = await format(capabilityTable(drivers), { parser: 'markdown', printWidth: 110 });
  const text = readFileSync(file, 'utf8');
  t.regex(text, marked);
  const wanted = text.replace(marked, (_, start: string, end: string) => `${start}\n${table}${end}`);
  if (process.env['LVFS_TEST_UPDATE'] === '1') writeFileSync(file, wanted);
  t.is(readFileSync(file, 'utf8'), wanted);
});

test('every driver states every capability', (t) => {
  for (const { name, capabilities } of drivers)
    t.deepEqual(Object.keys(capabilities).sort(), Object.keys(capabilityMeanings).sort(), name);
});
