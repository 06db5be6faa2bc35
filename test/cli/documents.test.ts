/** What stands in several places: README, the manual and mount.lvfs beside the definitions of the commands. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import type { Command } from '../../src/cli/command.js';
import { loadVerb, loadVerbs } from '../../src/cli/verbs.js';
import { manualWith, mountOptions, readmeWith } from '../helpers/documents.js';

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

test('the OPTIONS of lvfs(1) are those of the commands', (t) => isCurrent(t, 'man/lvfs.1', manualWith));

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

const groff = spawnSync('groff', ['--version']).error === undefined;
const flawless = `the manual has no mistakes that groff knows of${groff ? '' : ' (skipped: groff is not installed)'}`;
(groff ? test : test.skip)(flawless, (t) => {
  for (const page of ['lvfs.1', 'lvfs.conf.5', 'mount.lvfs.8']) {
    const args = ['-t', '-man', '-Tutf8', '-ww', '-z', fileOf(`man/${page}`)];
    t.is(spawnSync('groff', args, { encoding: 'utf8' }).stderr, '', page);
  }
});
