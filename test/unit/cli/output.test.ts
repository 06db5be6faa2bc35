import { spawnSync } from 'node:child_process';
import test from 'ava';

const module = new URL('../../../src/cli/output.js', import.meta.url).href;

/** What a program that has an `output` prints. */
function printed(
  body: string,
  { json = false, color = 'never' }: { json?: boolean; color?: 'always' | 'never' } = {},
): { out: string; error: string } {
  const options = JSON.stringify({ json, color, quiet: false, verbose: true });
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { Output } from '${module}'; const output = new Output(${options}); ${body}`,
    ],
    { encoding: 'utf8' },
  );
  return { out: stdout, error: stderr };
}

/** Takes the line back, names a window, turns the writing round, and begins a sequence with one byte. */
const evil = String.raw`'a\r\x1b[2K\x1b]0;t\x07\u202eb\x9b1m'`;
const shown = String.raw`a\x0d\x1b[2K\x1b]0;t\x07\u202eb\x9b1m`;

test('nothing that is printed acts on the terminal', (t) => {
  for (const color of ['always', 'never'] as const) {
    t.is(printed(`output.print(${evil})`, { color }).out, `${shown}\n`);
    t.true(printed(`output.log('info', ${evil})`, { color }).error.endsWith(`lvfs: ${shown}\n`));
    t.true(printed(`output.failure(new Error(${evil}))`, { color }).error.includes(shown));
  }
});

test('colours are there with colours only, line ends and tabs always', (t) => {
  t.is(printed(String.raw`output.print('\x1b[1;31mred\x1b[0m\n\tx')`).out, '\\x1b[1;31mred\\x1b[0m\n\tx\n');
  const { out } = printed(String.raw`output.print(output.colors.red('red'))`, { color: 'always' });
  t.is(out, '\x1b[31mred\x1b[39m\n');
});

test('JSON says the same, in escapes', (t) => {
  const { out } = printed(`output.printJson({ name: ${evil} })`, { json: true });
  t.regex(out, /^[\x20-\x7e]*\n$/);
  t.is((JSON.parse(out) as { name: string }).name, 'a\r\x1b[2K\x1b]0;t\x07\u202eb\x9b1m');
});
