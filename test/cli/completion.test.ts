/** What a shell offers while a command line of lvfs is typed. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { gentooRoot } from '../helpers/gentooRoot.js';
import { program, sandbox } from '../helpers/lvfs.js';

const gentoo = await gentooRoot({
  packages: { 'sys-libs/zlib-1.3': {}, 'dev-libs/bar-1': {} },
  ebuilds: { 'dev-libs/foo-1': {}, 'dev-libs/fool-1': {}, 'app-misc/other-1': {} },
  portage: { 'sets/mine': 'dev-libs/foo\n' },
});
const box = sandbox({ LVFS_ROOT: gentoo.root });
test.after.always(() => {
  gentoo.cleanup();
  box.cleanup();
});

const offers = test.macro<[line: readonly string[], words: readonly string[]]>({
  async exec(t, line, words) {
    const { status, stdout, stderr } = await box.ask('completion', 'words', '--', ...line);
    t.is(status, 0);
    t.is(stderr, '');
    const found = stdout.split('\n').filter((row) => row !== '');
    t.deepEqual(
      found.map((row) => row.split('\t')[0]),
      [...words],
    );
  },
  title: (_, line) => `completes 'lvfs ${line.join(' ')}'`,
});

test(offers, ['bui'], ['build']);
test(offers, ['--'], ['--help', '--version']);
test(offers, ['status', '--js'], ['--json']);
test(offers, ['build', '--co'], ['--color', '--config', '--config-root', '--command', '--compare']);
test(offers, ['build', '--color', 'a'], ['auto', 'always']);
test(offers, ['build', '--color=n'], ['--color=never']);
test(offers, ['index', ''], ['build', 'check', 'rebuild']);
test(offers, ['help', 'che'], ['check']);
test(offers, ['deps', 'dev'], ['dev-libs/']);
test(offers, ['deps', 'dev-libs/foo'], ['dev-libs/foo', 'dev-libs/fool']);
test(offers, ['deps', '--json', '>=dev-libs/foo'], ['>=dev-libs/foo', '>=dev-libs/fool']);
test(offers, ['deps', '@mi'], ['@mine']);
test(offers, ['deps', 'foo', '--with', 'sys'], ['sys-libs/']);
test(offers, ['deps', 'foo', '--with=sys-libs/'], ['--with=sys-libs/zlib']);
test(offers, ['deps', 'foo', './'], [':files']);
test(offers, ['deps', 'foo', '--root', ''], [':directories']);
test(offers, ['deps', '--root', '/nowhere', 'dev-libs/'], []);
test(offers, ['mount', 'foo', ''], [':directories']);
test(offers, ['report', '--html', ''], [':files']);
test(offers, ['status', ''], []);
test(offers, ['run', 'foo', '--', ''], [':files']);
test(offers, ['nonsense', ''], []);
test(offers, ['paths', ''], []);

test('packages in the root that is named on the line are offered', async (t) => {
  const own = sandbox();
  t.teardown(() => own.cleanup());
  const line = ['--root', gentoo.root, 'deps', 'dev-libs/fool'];
  const { stdout } = await own.ask('completion', 'words', '--', ...line);
  t.is(stdout, 'dev-libs/fool\t\n');
});

/** What bash makes of a line, with the cursor at its end. */
function inBash(line: string): string[] {
  const bin = join(box.directory, 'bin');
  mkdirSync(bin, { recursive: true });
  const link = join(bin, 'lvfs');
  if (spawnSync('test', ['-e', link]).status !== 0) symlinkSync(program, link);
  const script = join(box.directory, 'ask.bash');
  writeFileSync(
    script,
    `eval "$(lvfs completion bash)"
compopt() { :; }
# Words as bash breaks them at blanks and at COMP_WORDBREAKS.
COMP_LINE=$1 COMP_POINT=\${#1}
mapfile -t COMP_WORDS < <(grep -oE '[=:]+|[^=: ]+' <<<"$1")
[[ $1 == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
_lvfs
printf '%s\\n' "\${COMPREPLY[@]}"
`,
  );
  const environment = { ...box.environment, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
  const { stdout, stderr } = spawnSync('bash', [script, line], {
    env: environment,
    cwd: box.directory,
    encoding: 'utf8',
  });
  return [...stdout.split('\n').slice(0, -1), ...stderr.split('\n').slice(0, -1)];
}

test('bash replaces only what stands behind the last = or :', (t) => {
  t.deepEqual(inBash('lvfs sta'), ['status']);
  t.deepEqual(inBash('lvfs deps dev-libs/fo'), ['dev-libs/foo', 'dev-libs/fool']);
  t.deepEqual(inBash('lvfs deps =dev-libs/fo'), ['dev-libs/foo', 'dev-libs/fool']);
  t.deepEqual(inBash('lvfs deps --color='), ['auto', 'always', 'never']);
  t.deepEqual(inBash('lvfs build --color '), ['auto', 'always', 'never']);
  mkdirSync(join(box.directory, 'place with blanks'), { recursive: true });
  t.true(inBash('lvfs deps --root place').includes('place with blanks'));
});

for (const shell of ['bash', 'zsh', 'fish']) {
  const isThere = spawnSync(shell, ['--version']).error === undefined;
  const why = isThere ? '' : ` (skipped: ${shell} is not installed)`;
  (isThere ? test : test.skip)(`${shell} can read its script${why}`, async (t) => {
    const { stdout } = await box.ask('completion', shell);
    const file = join(box.directory, `lvfs.${shell}`);
    writeFileSync(file, stdout);
    const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
    t.is(stderr, '');
    t.is(status, 0);
  });
}
