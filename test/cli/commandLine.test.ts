import { execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { verbNames } from '../../src/cli/verbs.js';
import { finished, program, sandbox, type Result } from '../helpers/lvfs.js';

const box = sandbox();
test.after.always(() => box.cleanup());

interface Expected {
  status: number;
  stdout?: string | RegExp;
  stderr?: string | RegExp;
}

function is(t: ExecutionContext, actual: Result, expected: Expected): void {
  t.is(actual.status, expected.status, actual.stderr);
  matches(t, actual.stdout, expected.stdout);
  matches(t, actual.stderr, expected.stderr);
}

function matches(t: ExecutionContext, actual: string, expected: string | RegExp | undefined): void {
  if (expected instanceof RegExp) t.regex(actual, expected);
  else t.is(actual, expected ?? '');
}

const answers = test.macro<[args: readonly string[], expected: Expected]>({
  async exec(t, args, expected) {
    is(t, await box.ask(...args), expected);
  },
  title: (_, args, expected) => `'lvfs ${args.join(' ')}' ends with status ${expected.status}`,
});

/** The same in a process of its own. */
const ends = test.macro<[args: readonly string[], expected: Expected]>({
  async exec(t, args, expected) {
    is(t, await box.lvfs(...args), expected);
  },
  title: (_, args, expected) => `the process 'lvfs ${args.join(' ')}' ends with status ${expected.status}`,
});

test(ends, [], { status: 2, stderr: /^lvfs: no command given\nhint: .*'lvfs --help'\n$/ });
test(ends, ['--version'], { status: 0, stdout: /^lvfs \d+\.\d+\.\d+\n$/ });
test(ends, ['--help', 'status'], { status: 0, stdout: /^Usage: lvfs status/ });
test(answers, ['--json', '--version'], {
  status: 0,
  stdout: /^\{"schemaVersion":1,"version":"\d+\.\d+\.\d+"\}\n$/,
});
test(answers, ['--verbose'], { status: 2, stderr: /^lvfs: --verbose: no command given\nhint: / });
test(answers, ['--verion'], {
  status: 2,
  stderr: /^lvfs: --verion: unknown option\nhint: did you mean '--version'\?/,
});
test(answers, ['stauts'], {
  status: 2,
  stderr: "lvfs: unknown command 'stauts'\nhint: did you mean 'status'? See 'lvfs --help'\n",
});
test(answers, ['xyzzy'], { status: 2, stderr: "lvfs: unknown command 'xyzzy'\nhint: see 'lvfs --help'\n" });
test(answers, ['--driver', 'libfuse', 'status'], {
  status: 2,
  stderr: "lvfs: unknown command 'libfuse'; a command's options stand behind it\nhint: see 'lvfs --help'\n",
});
test(answers, ['status', '--jsno'], {
  status: 2,
  stderr: "lvfs: status: unknown option '--jsno'\nhint: did you mean '--json'? See 'lvfs status --help'\n",
});
test(answers, ['status', '-x'], { status: 2, stderr: /^lvfs: status: unknown option '-x'\nhint: / });
test(answers, ['status', '--frobnicate=3'], {
  status: 2,
  stderr: "lvfs: status: unknown option '--frobnicate'\nhint: see 'lvfs status --help'\n",
});
test(answers, ['config', 'operand'], {
  status: 2,
  stderr: "lvfs: config: 'operand' is one operand too many: lvfs config\nhint: see 'lvfs config --help'\n",
});
test(answers, ['mount', 'dev-libs/foo', ''], {
  status: 2,
  stderr:
    "lvfs: mount: an operand is empty: lvfs mount <atom…> <mountpoint>\nhint: see 'lvfs mount --help'\n",
});
test(answers, ['config', '--root'], {
  status: 2,
  stderr: "lvfs: config: --root: needs a value (DIR)\nhint: see 'lvfs config --help'\n",
});
test(answers, ['config', '--color=sometimes'], {
  status: 2,
  stderr: /^lvfs: config: --color: 'sometimes' is not one of auto, always, never\n/,
});
test(answers, ['mount', 'a/b', '/x', '--threads', 'many'], {
  status: 2,
  stderr: /^lvfs: mount: --threads: 'many' is not a whole number from 1 to 64\n/,
});
test(answers, ['mount', 'a/b', '/x', '--threads=65'], {
  status: 2,
  stderr: /'65' is not a whole number from 1 to 64/,
});
test(answers, ['mount', 'a/b'], {
  status: 2,
  stderr: /^lvfs: mount: no mountpoint given: lvfs mount <atom…> <mountpoint>\n/,
});
test(answers, ['fix'], {
  status: 2,
  stderr: /^lvfs: fix: no atom was given, and there is no ebuild here: lvfs fix \[atom\]\n/,
});
test(answers, ['mount'], {
  status: 2,
  stderr: /^lvfs: mount: no atom and no mountpoint given: lvfs mount/,
});
test(answers, ['umount'], { status: 2, stderr: /^lvfs: umount: no mountpoint and no --all given\n/ });
test(answers, ['umount', '--all', '/x'], {
  status: 2,
  stderr: /^lvfs: umount: mount points and --all cannot be combined\n/,
});
test(answers, ['umount', '--all'], { status: 0 });
test(answers, ['umount', '/no/such/place'], {
  status: 24,
  stderr: "lvfs: /no/such/place: no view is mounted there\nhint: 'lvfs status' lists the mounted views\n",
});
test(answers, ['status'], { status: 0 });
test(answers, ['status', '/no/such/place'], { status: 24, stderr: /no view is mounted there/ });
test(answers, ['status', '--json'], { status: 0, stdout: '{"schemaVersion":1,"mounts":[]}\n' });
test(answers, ['--json', 'status'], { status: 0, stdout: '{"schemaVersion":1,"mounts":[]}\n' });
test(answers, ['--root', '/tmp', 'config', '--json'], {
  status: 0,
  stdout: /"root":\{"value":"\/tmp","origins":\["--root"\]\}/,
});
test(answers, ['config', '--json', '--', 'x'], {
  status: 2,
  stderr: /one operand too many/,
  stdout: /"code":"USAGE"/,
});
test(ends, ['status', '--json', '/no/such/place'], {
  status: 24,
  stdout:
    /^\{"schemaVersion":1,"error":\{"code":"NOT_MOUNTED","message":"[^"]+","hint":"[^"]+","exitStatus":24\}\}\n$/,
  stderr: /no view is mounted there/,
});

/** What the whole help of a verb has to say; of all verbs for the empty name. */
const helpFixture = (name: string): string =>
  fileURLToPath(new URL(`../../../test/fixtures/help/${name || 'lvfs'}.txt`, import.meta.url));

test('every verb has a help text with an example, as it stands in the fixtures', async (t) => {
  const update = process.env['LVFS_TEST_UPDATE'] === '1';
  for (const name of ['', ...verbNames]) {
    const { status, stdout, stderr } = await box.ask('--help', ...(name === '' ? [] : [name]));
    t.is(status, 0);
    t.is(stderr, '');
    t.regex(stdout, /Examples?:\n {2}\S/, name);
    const fixture = helpFixture(name);
    if (update) writeFileSync(fixture, stdout);
    t.true(existsSync(fixture), `${name}: make it with LVFS_TEST_UPDATE=1`);
    t.is(stdout, readFileSync(fixture, 'utf8'), name);
  }
});

test('help fits a terminal of 80 columns, shows what values are, and is there in two lengths', async (t) => {
  for (const name of ['', ...verbNames]) {
    const words = name === '' ? [] : [name];
    const whole = readFileSync(helpFixture(name), 'utf8');
    // Before the verb, as behind some every word is another program's.
    const [short, told] = await Promise.all([box.ask('-h', ...words), box.ask('help', ...words)]);
    t.is(told.stdout, whole);
    t.true(short.stdout.length < whole.length, name);
    for (const text of [short.stdout, whole])
      // Command lines are to be copied, and are not broken.
      t.deepEqual(
        text.split('\n').filter((line) => [...line].length > 80 && !line.startsWith('  lvfs ')),
        [],
      );
  }
  const { stdout } = await box.ask('build', '-h');
  t.regex(stdout, /^ {2}--html FILE {2,}\S/m);
  t.regex(stdout, /^The visible set: --with ATOM, /m);
  t.notRegex(stdout, /\[(string|array|boolean)\]/);
  t.regex((await box.ask('help', 'biuld')).stderr, /unknown command 'biuld'\nhint: did you mean 'build'\?/);
});

test('-h gives the help even when the rest of the line is wrong', async (t) => {
  const { status, stdout } = await box.ask('mount', '--bogus', '-h');
  t.is(status, 0);
  t.regex(stdout, /^Usage: lvfs mount/);
});

test('colours are used when asked for, and never by default in a pipe', async (t) => {
  t.false((await box.ask('config')).stdout.includes('\x1b'));
  t.true((await box.ask('config', '--color=always')).stdout.includes('\x1b[1m'));
  t.false((await box.ask('config', '--color=always', '--json')).stdout.includes('\x1b'));
});

const onTerminal = test.macro<
  [environment: Record<string, string>, args: readonly string[], colored: boolean]
>({
  async exec(t, environment, args, colored) {
    const line = [process.execPath, program, 'config', ...args].join(' ');
    const child = spawn('script', ['-qec', line, '/dev/null'], {
      env: { ...box.environment, TERM: 'xterm', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { status, stdout } = await finished(child);
    t.is(status, 0);
    t.is(stdout.includes('\x1b['), colored);
  },
  title: (_, environment, args, colored) =>
    `a terminal gets ${colored ? '' : 'no '}colours with ${JSON.stringify(environment)} ${args.join(' ')}`,
});
test(onTerminal, {}, [], true);
test(onTerminal, { NO_COLOR: '1' }, [], false);
test(onTerminal, { NO_COLOR: '' }, [], true);
test(onTerminal, { TERM: 'dumb' }, [], false);
test(onTerminal, { NO_COLOR: '1' }, ['--color=always'], true);
test(onTerminal, {}, ['--color=never'], false);

test('a reader that goes away ends the command quietly', async (t) => {
  const line = `"${process.execPath}" "${program}" config | true; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = await promisify(execFile)('bash', ['-c', line], { env: box.environment });
  t.is(stderr, '');
  t.is(stdout, '0\n');
});

test('what cannot be written to standard output is a failure of one line, and a failure stays what it is', async (t) => {
  for (const [args, status, said] of [
    [
      'config --json >/dev/full',
      1,
      'cannot write to standard output: ENOSPC: no space left on device, write',
    ],
    ['status --json /nowhere >/dev/full', 24, '/nowhere: no view is mounted there'],
    ['status --json /nowhere | true', 24, '/nowhere: no view is mounted there'],
  ] as const) {
    const line = `"${process.execPath}" "${program}" ${args}; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', line], { env: box.environment });
    t.is(stderr.split('\n')[0], `lvfs: ${said}`, args);
    t.is(stdout, `${status}\n`, args);
  }
});

const noStrace = spawnSync('strace', ['true'], { stdio: 'ignore' }).status !== 0;
const whyNotTraced = noStrace ? ' (skipped: no strace, or it may not trace)' : '';
(noStrace ? test.skip : test)(
  `the version is printed without loading anything of lvfs${whyNotTraced}`,
  async (t) => {
    const trace = join(box.directory, 'trace');
    const traced = [process.execPath, program, '--version'];
    await promisify(execFile)('strace', ['-f', '-e', 'trace=openat', '-o', trace, ...traced], {
      env: box.environment,
    });
    // Node itself may be a package's.
    t.notRegex(readFileSync(trace, 'utf8'), /cli\/run\.js|node_modules\/(?!node-)/);
  },
);
