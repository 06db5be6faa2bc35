import { spawnSync } from 'node:child_process';
import test from 'ava';
import pc from 'picocolors';
import { table } from '../../../src/cli/table.js';
import { counted, displayText, localTime, targetNames } from '../../../src/cli/text.js';

const output = { colors: pc.createColors(false) };

test('a text for a terminal stays on its line', (t) => {
  t.is(displayText('a\nb\x1b[31m'), 'a\\x0ab\\x1b[31m');
  t.is(displayText('Größe 大'), 'Größe 大');
});

test('many targets are named in a few words', (t) => {
  t.is(targetNames(['a/b-1']), 'a/b-1');
  t.is(targetNames(['a/b-1', 'c/d-2', 'e/f-3']), 'a/b-1 c/d-2 e/f-3');
  const many = Array.from({ length: 300 }, (_, i) => `a/b${i}-1`);
  t.is(targetNames(many), 'a/b0-1 a/b1-1 and 298 more');
});

test('one is not many', (t) => {
  t.is(counted(1, 'chain'), '1 chain');
  t.is(counted(0, 'chain'), '0 chains');
});

test('a time is that of the place, with its zone', (t) => {
  const module = new URL('../../../src/cli/text.js', import.meta.url).href;
  const program = `import { localTime } from '${module}'; console.log(localTime(new Date(Date.UTC(2026, 0, 31, 23, 5, 9))));`;
  const at = (zone: string): string =>
    spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      env: { ...process.env, TZ: zone },
      encoding: 'utf8',
    }).stdout.trim();
  t.is(at('UTC'), '2026-01-31 23:05:09+00:00');
  t.is(at('Europe/Berlin'), '2026-02-01 00:05:09+01:00');
  t.is(at('America/St_Johns'), '2026-01-31 19:35:09-03:30');
  t.is(new Date(localTime(new Date(1e12)).replace(' ', 'T')).getTime(), 1e12);
});

test('columns are as wide as what is in them on a terminal', (t) => {
  t.is(
    table(
      ['name', 'n'],
      [
        ['大きい', '1'],
        ['é', '12'],
        ['\x1b[31mred\x1b[39m', '3'],
      ],
      output,
      [1],
    ),
    'name     n\n大きい   1\né       12\n\x1b[31mred\x1b[39m      3',
  );
});
