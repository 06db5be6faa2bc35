/** What each verb prints with --json, when it succeeds and when it fails, is as docs/schemas describes it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { verbNames } from '../../src/cli/verbs.js';
import { whyNotMount } from '../helpers/inView.js';
import { complaintsAbout, schemaNames } from '../helpers/jsonSchemas.js';
import { shown, withEmerge } from '../helpers/scriptedEmerge.js';
import { withFakePortage } from '../helpers/fakePortage.js';

const reason = whyNotMount();
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

const repository = fileURLToPath(new URL('../../../', import.meta.url));

test('the schemas are those of the list that they are made of', (t) => {
  const { status, stderr } = spawnSync(process.execPath, ['.ci/schemas.js', '--check'], {
    cwd: repository,
    encoding: 'utf8',
  });
  t.is(status, 0, stderr);
});

test('every verb has its schema, and docs/json.md names all', (t) => {
  const without = ['help', 'completion', 'ebuild'];
  const names = verbNames.filter((name) => !without.includes(name));
  t.deepEqual(
    names.filter((name) => !schemaNames.includes(name)),
    [],
  );
  const document = readFileSync(join(repository, 'docs/json.md'), 'utf8');
  t.deepEqual(
    schemaNames.filter((name) => !document.includes(`schemas/${name}.json`)),
    [],
  );
});

test('what the schemas do not describe is complained about', (t) => {
  const good = { schemaVersion: 1, shown: ['a/b-1'], hidden: [], paths: [] };
  t.deepEqual(complaintsAbout('allow', good), []);
  t.not(complaintsAbout('allow', { ...good, more: 1 }).length, 0);
  t.not(complaintsAbout('allow', { ...good, shown: ['b'] }).length, 0);
  t.not(complaintsAbout('allow', { ...good, schemaVersion: 2 }).length, 0);
  t.not(complaintsAbout('allow', { schemaVersion: 1, shown: [], paths: [] }).length, 0);
});

/** One object a line. */
const objects = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

mountTest(`each verb says what its schema says, and fails as it says${skipped}`, async (t) => {
  t.timeout(300_000);
  const f = await withEmerge(t, `phase flexer || exit 1; package`, {
    packages: { 'dev-libs/vain-1': { files: { '/opt/vain/x': 'x' } } },
    ebuilds: {
      'dev-libs/foo-1': { DEPEND: 'dev-libs/bar dev-libs/vain', IUSE: '+flex' },
      'dev-libs/other-2': {},
      'dev-libs/lacks-1': { DEPEND: 'no/such' },
    },
  });
  const view = f.gentoo.path('/var/tmp/view');
  mkdirSync(view);
  const seen = new Set<string>();
  /** Runs it and looks at each line; the sandbox throws when one is not as described. */
  const lvfs = async (status: number, ...args: string[]): Promise<Record<string, unknown>[]> => {
    const result = await f.lvfs(...args, '--json');
    const lines = objects(result.stdout);
    t.is(result.status, status, `${args.join(' ')}: ${result.stdout}${result.stderr}`);
    t.not(lines.length, 0, args.join(' '));
    for (const line of lines)
      seen.add(`${args[0]} ${'error' in line && !('target' in line) ? 'fails' : 'answers'}`);
    return lines;
  };
  const foo = 'dev-libs/foo';
  for (const more of [
    [],
    ['--files'],
    ['--tree'],
    ['--dot'],
    ['--why=dev-libs/bar'],
    ['--diff=dev-libs/other'],
  ])
    await lvfs(0, 'deps', ...more, foo);
  await lvfs(0, 'deps', '--allow-missing', 'dev-libs/lacks');
  await lvfs(21, 'deps', 'dev-libs/lacks');
  await lvfs(20, 'deps', 'no/such');
  await lvfs(0, 'why', `--for=${foo}`, '/opt/bar/bar.h');
  await lvfs(0, 'why', '/opt/bar/bar.h', '/opt/litter', '/absent');
  await lvfs(2, 'why', 'relative');
  for (const verb of ['paths', 'config', 'doctor']) await f.lvfs(verb, '--json');
  await lvfs(0, 'paths');
  await lvfs(0, 'config');
  await lvfs(0, 'index');
  await lvfs(22, 'index', 'build', '--vdb=/absent');
  await lvfs(2, 'paths', '--no-such');
  await lvfs(2, 'config', '--no-such');
  await lvfs(2, 'doctor', '--no-such');
  await lvfs(0, 'mount', ...shown(f), foo, view);
  await lvfs(23, 'mount', ...shown(f), foo, view);
  await lvfs(0, 'status');
  await lvfs(0, 'status', view);
  await lvfs(24, 'status', '/absent');
  spawnSync('cat', [join(view, 'opt/hidden/tool'), join(view, 'opt/bar/bar.h')]);
  await lvfs(0, 'log', view);
  await lvfs(0, 'report', view);
  await lvfs(0, 'report', '--why=dev-libs/hidden', view);
  await lvfs(0, 'allow', view, 'dev-libs/hidden');
  await lvfs(0, 'deny', view, 'dev-libs/hidden', '/opt/bar/bar.h');
  await lvfs(0, 'retarget', view, 'dev-libs/other');
  for (const verb of ['log', 'report', 'umount']) await lvfs(24, verb, '/absent');
  for (const verb of ['allow', 'deny', 'retarget']) await lvfs(24, verb, '/absent', foo);
  await lvfs(0, 'umount', view);
  await lvfs(29, 'build', ...shown(f), foo);
  await lvfs(30, 'build', '--compare', '--with=sys-devel/flexer', ...shown(f), foo);
  await lvfs(20, 'build', 'no/such');
  const results = join(f.directory, 'results');
  await lvfs(29, 'check', `--results=${results}`, ...shown(f), foo, 'no/such');
  await lvfs(2, 'check', '--no-such');
  const journal = readdirSync(results).find((name) => name.startsWith('journal')) ?? '';
  for (const line of objects(readFileSync(join(results, journal), 'utf8')))
    t.deepEqual(complaintsAbout('check-journal', line), [], JSON.stringify(line));
  await lvfs(0, 'fix', '--unused', ...shown(f), foo);
  await lvfs(0, 'fix', '--dry-run', ...shown(f), foo);
  await lvfs(20, 'fix', 'no/such');
  await lvfs(0, '--version');
  // Not printed by themselves.
  const printed = schemaNames.filter(
    (name) => !['run', 'shell', 'emerge', 'check-journal', 'version'].includes(name),
  );
  t.deepEqual(
    printed
      .flatMap((verb) => ['answers', 'fails'].map((how) => `${verb} ${how}`))
      .filter((one) => !seen.has(one)),
    ['doctor answers'],
  );
  for (const verb of ['run', 'shell']) {
    const { stdout, status } = await f.lvfs(verb, '--json', 'no/such', '--', 'true');
    t.not(status, 0);
    for (const line of objects(stdout)) t.deepEqual(complaintsAbout(verb, line), []);
    t.is(objects(stdout).length, 1);
  }
});

mountTest(`the reports of lvfs emerge are as described${skipped}`, async (t) => {
  const f = await withFakePortage(t);
  f.order({
    'dev-libs/foo-1': { compile: 'cat /opt/tool/tool; cat /opt/bar/bar.h' },
    'dev-libs/other-2': { compile: 'exit 1' },
  });
  const lines = join(f.directory, 'all.json');
  const reports = join(f.directory, 'reports');
  const { stderr } = await f.lvfs(
    'emerge',
    `--lvfs-json=${lines}`,
    `--lvfs-reports=${reports}`,
    'dev-libs/foo-1',
    'dev-libs/other-2',
  );
  const all = objects(readFileSync(lines, 'utf8'));
  t.is(all.length, 2, stderr);
  const file = join(reports, 'dev-libs/foo-1.json');
  for (const one of [...all, ...objects(readFileSync(file, 'utf8'))])
    t.deepEqual(complaintsAbout('emerge', one), [], JSON.stringify(one));
});
