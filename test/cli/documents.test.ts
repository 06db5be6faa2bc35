/** What stands in several places: README, the manual and mount.lvfs beside the definitions of the commands. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import type { Command } from '../../src/cli/command.js';
import { loadVerb, loadVerbs } from '../../src/cli/verbs.js';
import { comparisonWith, emergeOptions, manualWith, mountOptions, readmeWith } from '../helpers/documents.js';
import { manualOf, wrapped } from '../helpers/markdownManual.js';

const fileOf = (name: string): string => fileURLToPath(new URL(`../../../${name}`, import.meta.url));

async function isCurrent(
  t: ExecutionContext,
  name: string,
  make: (text: string, commands: readonly Command[]) => string,
): Promise<void> {
  const file = fileOf(name);
  const text = readFileSync(file, 'utf8');
  const made = make(text, await loadVerbs());
  if (process.env['LVFS_TEST_UPDATE'] === '1') writeFileSync(file, made);
  else t.is(text, made, 'LVFS_TEST_UPDATE=1 makes it anew');
  t.is(make(made, await loadVerbs()), made);
}

test('the table of README is that of the commands', (t) => isCurrent(t, 'README.md', readmeWith));

test('the figures of docs/comparison.md are those of the benchmark', (t) =>
  isCurrent(t, 'docs/comparison.md', (text) =>
    comparisonWith(text, readFileSync(fileOf('bench/RESULTS.md'), 'utf8')),
  ));

test('the OPTIONS of lvfs(1) are those of the commands', (t) =>
  isCurrent(t, 'man/lvfs.1', (text, commands) => wrapped(manualWith(text, commands))));

test('lvfs(1) says something of each command', async (t) => {
  const text = readFileSync(fileOf('man/lvfs.1'), 'utf8');
  const commands = text.slice(text.indexOf('.SH COMMANDS'), text.indexOf('.SH OPTIONS'));
  for (const { name } of await loadVerbs())
    t.regex(commands, new RegExp(`^\\.B[RI]* "?(.*" )?${name}\\b`, 'm'));
});

test('mount.lvfs and its manual take the options of lvfs mount', async (t) => {
  const manual = readFileSync(fileOf('man/mount.lvfs.8'), 'utf8');
  const helper = readFileSync(fileOf('mount-helper/mount.lvfs'), 'utf8');
  for (const option of mountOptions(await loadVerb('mount'))) {
    t.regex(manual, new RegExp(`^\\.B[RI] ${option}[ ,]`, 'm'));
    t.regex(helper, new RegExp(`(^|\\| *)\\s*${option}(\\*)?( \\||\\))`, 'm'));
  }
});

test('lvfs-json(5) is docs/json.md', (t) =>
  isCurrent(t, 'man/lvfs-json.5', () =>
    manualOf(readFileSync(fileOf('docs/json.md'), 'utf8'), {
      name: 'lvfs-json',
      section: 5,
      title: 'File formats',
      summary: 'what the commands of lvfs print with --json',
      before: [],
      after: ['.SH SEE ALSO', '.BR lvfs (1),', '.BR lvfs\\-emerge (1),', '.BR lvfs.conf (5)'],
    }),
  ));

test('lvfs-emerge(1) is docs/emerge.md, with the options', (t) =>
  isCurrent(t, 'man/lvfs-emerge.1', (_, commands) =>
    manualOf(readFileSync(fileOf('docs/emerge.md'), 'utf8'), {
      name: 'lvfs-emerge',
      section: 1,
      title: 'User commands',
      summary: 'emerge, with every build in a view',
      before: [
        '.SH SYNOPSIS',
        '.B lvfs emerge',
        '.RI [ argument ...]',
        '.br',
        '.B lvfs ebuild',
        '.IR argument ...',
        '.br',
        '.B lvfs emerge',
        '.RB { \\-\\-install | \\-\\-uninstall }',
      ],
      after: [
        ...emergeOptions(commands),
        '.SH EXIT STATUS',
        'That of emerge; 30 with',
        '.B \\-\\-lvfs\\-strict',
        'when emerge succeeded and something undeclared was found; those of',
        '.BR lvfs (1)',
        'when emerge could not be started.',
        '.SH SEE ALSO',
        '.BR lvfs (1),',
        '.BR lvfs\\-json (5),',
        '.BR lvfs.conf (5),',
        '.BR emerge (1),',
        '.BR make.conf (5)',
      ],
    }),
  ));

const pages = readdirSync(fileOf('man')).filter((name) => /\.[1-8]$/.test(name));

for (const page of ['lvfs.conf.5', 'mount.lvfs.8']) {
  test(`the lines of ${page} are no wider than roff readers like`, (t) =>
    isCurrent(t, `man/${page}`, (text) => wrapped(text)));
}

for (const [checker, ...args] of [
  ['groff', '-t', '-man', '-Tutf8', '-ww', '-z'],
  ['mandoc', '-T', 'lint'],
] as const) {
  const isThere = spawnSync(checker, ['--version']).error === undefined;
  const title = `the manual has no mistakes that ${checker} knows of${isThere ? '' : ` (skipped: ${checker} is not installed)`}`;
  (isThere ? test : test.skip)(title, (t) => {
    for (const page of pages) {
      const { stdout, stderr } = spawnSync(checker, [...args, fileOf(`man/${page}`)], { encoding: 'utf8' });
      t.is(stdout + stderr, '', page);
    }
  });
}

test('package.json lists all manuals', (t) => {
  const { man } = JSON.parse(readFileSync(fileOf('package.json'), 'utf8')) as { man: string[] };
  t.deepEqual(man.toSorted(), pages.map((page) => `man/${page}`).sort());
});
