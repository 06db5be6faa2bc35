/** docs/errors.md is made from the table of errors, whose codes are all thrown with statuses that it has. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { errorTable, exitStatus, isErrorCode, statusesOf, type ErrorCode } from '../../src/base/index.js';

const checkout = fileURLToPath(new URL('../../..', import.meta.url));
const document = join(checkout, 'docs/errors.md');
const codes = Object.keys(errorTable).filter(isErrorCode);

function sources(): string {
  return readdirSync(join(checkout, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && name !== 'base/errorTable.ts')
    .map((name) => readFileSync(join(checkout, 'src', name), 'utf8'))
    .join('\n');
}

function row(code: ErrorCode): string {
  return `| \`${code}\` | ${statusesOf(code).join(', ')} | ${errorTable[code].means} |`;
}

test('docs/errors.md has the table of errors', (t) => {
  const text = readFileSync(document, 'utf8');
  const [head = ''] = text.split('| code |', 1);
  const table = ['| code | status | means |', '| --- | --- | --- |', ...codes.map(row), ''].join('\n');
  if (process.env['LVFS_TEST_UPDATE'] === '1') writeFileSync(document, head + table);
  else t.is(text.slice(head.length), table, 'LVFS_TEST_UPDATE=1 writes it anew');
  t.true(codes.length > 50);
});

test('every code of the table is used', (t) => {
  const text = sources();
  const unused = codes.filter((code) => !text.includes(`'${code}'`));
  t.deepEqual(unused, []);
});

test('where an error is made with a status of its own, the table has it', (t) => {
  const statuses = new Map<string, number>(Object.entries(exitStatus));
  const made = [
    ...sources().matchAll(/\bLvfsError\(\s*'([A-Z_]+)',(?:(?!;\n)[^])*?\bexit: exitStatus\.(\w+)/g),
  ];
  t.true(made.length > 2);
  for (const [, code, status = ''] of made) {
    if (!isErrorCode(code)) return t.fail(code);
    t.true(
      statusesOf(code).some((one) => one === statuses.get(status)),
      `${code} with ${status}`,
    );
  }
});
