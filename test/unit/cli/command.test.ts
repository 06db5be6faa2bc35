import test from 'ava';
import { LvfsError } from '../../../src/base/index.js';
import { defineCommand, parse, splitVerb } from '../../../src/cli/command.js';

const command = defineCommand({
  name: 'emerge',
  summary: '',
  describe: '',
  options: {
    'lvfs-strict': { type: 'boolean', describe: '' },
    'lvfs-mode': { type: 'string', choices: ['report', 'enforce'], describe: '' },
  },
  examples: [],
  operands: [{ name: 'argument…', is: 'target', optional: true }],
  passesOn: true,
  run: () => 0,
});

function parsed(...argv: string[]): ReturnType<typeof parse<(typeof command)['options']>> {
  const split = splitVerb(argv);
  return parse(command, split?.rest ?? [], split?.before);
}

test('a verb that passes words on keeps its own options wherever they stand, and changes no other word', (t) => {
  const words = ['-1', '--jobs', '4', '--json', '--', '-q', '--with-bdeps=y', '', 'dev-libs/foo'];
  const [first, ...rest] = words;
  const { operands, options } = parsed(
    ...['--quiet', 'emerge', first!, '--lvfs-mode', 'report', ...rest, '--lvfs-strict'],
  );
  t.deepEqual(operands, words);
  t.is(options['lvfs-mode'], 'report');
  t.true(options['lvfs-strict']);
  t.true(options.quiet);
  t.false(options.json);
});

test('its own options are checked, and no others', (t) => {
  t.throws(() => parsed('emerge', '--lvfs-mode=loud'), { message: /'loud' is not one of report, enforce/ });
  t.throws(() => parsed('emerge', '--lvfs-mode'), { message: /needs a value/ });
  t.throws(() => parsed('emerge', '--lvfs-strickt'), { message: /unknown option '--lvfs-strickt'/ });
  t.throws(() => parsed('--bogus', 'emerge'), { message: /unknown option '--bogus'/ });
  t.deepEqual(parsed('emerge', '--bogus').operands, ['--bogus']);
});

test('what is wrong points at help of lvfs, also where --help is that of another program', (t) => {
  const passing = t.throws(() => parsed('emerge', '--lvfs-mode'), { instanceOf: LvfsError });
  t.is(passing.hint, "see 'lvfs help emerge'");
  const own = defineCommand({ ...command, name: 'build', passesOn: false });
  t.is(
    t.throws(() => parse(own, ['--lvfs-mode']), { instanceOf: LvfsError }).hint,
    "see 'lvfs build --help'",
  );
});
