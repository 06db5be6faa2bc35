/** `lvfs build` and `check` with the emerge of the view; a script stands in for it. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { host, nothingLeft, withCommands, type Commands } from '../helpers/commands.js';
import { whyNotMount } from '../helpers/inView.js';
import { finished, until } from '../helpers/lvfs.js';
import { testDriver } from '../helpers/withMemoryMount.js';

const reason = whyNotMount();
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

/** What runs in a phase, the way Portage runs it. */
const inPhase = (command: string): string =>
  `env CATEGORY=dev-libs PF=foo-1 EBUILD_PHASE=compile sh -c '${command}'`;

/** A system whose emerge is this script. It leaves its arguments and its environment in /var/tmp. */
function withEmerge(
  t: ExecutionContext,
  script: string,
  environment: NodeJS.ProcessEnv = {},
): Promise<Commands> {
  const text = `#!/bin/sh\nprintf '%s\\n' "$@" > /var/tmp/arguments\nenv > /var/tmp/environment\n${script}\n`;
  return withCommands(
    t,
    {
      packages: {
        'sys-apps/portage-3.0.66': { files: { '/opt/portage/bin/emerge': { text, mode: 0o755 } } },
        'sys-devel/flexer-2': { files: { '/opt/portage/bin/flexer': { text: '#!/bin/sh\n', mode: 0o755 } } },
      },
    },
    { PATH: '/usr/sbin:/usr/bin:/sbin:/bin:/opt/portage/bin', ...environment },
  );
}

const shown = [...host, '--with', 'sys-apps/portage'];

function seen({ gentoo }: Commands, name: 'arguments' | 'environment'): string[] {
  return readFileSync(gentoo.path(`/var/tmp/${name}`), 'utf8')
    .split('\n')
    .slice(0, -1);
}

mountTest(`build has emerge make a binary package of exactly the resolved versions${skipped}`, async (t) => {
  const f = await withEmerge(t, 'cat /opt/bar/bar.h', { USE: 'own', MAKEOPTS: '-j3' });
  const { status, stdout, stderr } = await f.lvfs('build', ...shown, 'foo', 'dev-libs/other');
  t.is(status, 0, stderr);
  t.regex(stdout, /^bar\ndev-libs\/foo-1 dev-libs\/other-2: built in [\d.]+ s\n/);
  t.deepEqual(seen(f, 'arguments'), [
    '--ask=n',
    '--oneshot',
    '--buildpkgonly',
    '--quiet-build=n',
    '=dev-libs/foo-1',
    '=dev-libs/other-2',
  ]);
  const environment = seen(f, 'environment');
  for (const line of ['LVFS_TARGET=dev-libs/foo-1 dev-libs/other-2', 'USE=own', 'MAKEOPTS=-j3'])
    t.true(environment.includes(line), line);
  t.false(environment.some((line) => /^(FEATURES|PORTAGE_CONFIGROOT)=/.test(line)));
  await nothingLeft(t, f);
});

mountTest(`colours are asked of emerge where they are wanted${skipped}`, async (t) => {
  const f = await withEmerge(t, ':');
  t.is((await f.lvfs('build', '--color', 'always', ...shown, 'dev-libs/foo')).status, 0);
  t.true(seen(f, 'arguments').includes('--color=y'));
});

for (const [script, inner] of [
  ['exit 1', 1],
  ['exit 127', 127],
  ['kill -TERM $$', 143],
] as const) {
  mountTest(`an emerge that ends by '${script}' is a failed build${skipped}`, async (t) => {
    const f = await withEmerge(t, script);
    const { status, stdout } = await f.lvfs('build', '--json', ...shown, 'dev-libs/foo');
    t.is(status, 29);
    t.is((JSON.parse(stdout) as { status: number }).status, inner);
    const check = await f.lvfs('check', '--json', ...shown, 'dev-libs/foo');
    t.is(check.status, 29);
    t.like(JSON.parse(check.stdout), { verdict: 'failed', status: inner });
  });
}

mountTest(`what a phase gave up over is undeclared although emerge succeeded${skipped}`, async (t) => {
  const f = await withEmerge(t, `${inPhase('flexer')}; exit 0`);
  const log = join(f.directory, 'denials');
  const { status, stdout } = await f.lvfs('build', '--json', '--log', log, ...shown, 'dev-libs/foo');
  t.is(status, 30);
  const { missing } = JSON.parse(stdout) as { missing: Record<string, unknown>[] };
  t.like(missing[0], {
    cpv: 'sys-devel/flexer-2',
    suggest: 'BDEPEND="sys-devel/flexer"',
    certainty: 'needed',
  });
  const knowsCallers = testDriver().capabilities.callers;
  t.deepEqual(missing[0]?.['phases'], knowsCallers ? ['compile'] : []);
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  const denials = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  t.true(
    denials.some(
      (one) =>
        one['schemaVersion'] === 1 &&
        (!knowsCallers || (one['phase'] === 'compile' && one['package'] === 'dev-libs/foo-1')),
    ),
    lines.join('\n'),
  );
});

mountTest(`a build that is killed leaves the log of what was denied so far${skipped}`, async (t) => {
  const f = await withEmerge(t, 'cat /opt/hidden/tool; echo waiting; sleep 1000');
  const log = join(f.directory, 'denials');
  writeFileSync(log, 'of an earlier build\n');
  const child = f.start('build', '--log', log, ...shown, 'dev-libs/foo');
  const end = finished(child);
  await until('the denial is in the log', () => readFileSync(log, 'utf8').includes('/opt/hidden'), 60_000);
  child.kill('SIGKILL');
  t.is((await end).signal, 'SIGKILL');
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  for (const line of lines) t.is((JSON.parse(line) as { schemaVersion: number }).schemaVersion, 1);
});

mountTest(`a log that cannot be written is refused before anything is built${skipped}`, async (t) => {
  const f = await withEmerge(t, ':');
  const { status, stderr } = await f.lvfs('build', '--log', '/no/such/file', ...shown, 'dev-libs/foo');
  t.is(status, 1);
  t.regex(stderr, /^lvfs: \/no\/such\/file: cannot be written: ENOENT/);
  t.false(existsSync(f.gentoo.path('/var/tmp/arguments')));
});

for (const verb of ['build', 'check']) {
  mountTest(`${verb} says that emerge is hidden, and runs nothing${skipped}`, async (t) => {
    const f = await withEmerge(t, ':');
    const { status, stdout, stderr } = await f.lvfs(verb, ...host, 'dev-libs/foo');
    t.is(status, 1);
    t.regex(
      stdout + stderr,
      /emerge is hidden: \/opt\/portage\/bin\/emerge belongs to sys-apps\/portage-3\.0\.66/,
    );
    t.regex(
      stdout + stderr,
      /hint: show it with --with sys-apps\/portage, or build with another program by --command/,
    );
    t.false(existsSync(f.gentoo.path('/var/tmp/arguments')));
    await nothingLeft(t, f);
  });

  mountTest(`${verb} says that emerge is not installed, and what to do${skipped}`, async (t) => {
    const f = await withCommands(t);
    const { status, stdout, stderr } = await f.lvfs(verb, 'dev-libs/foo');
    t.is(status, 1);
    t.regex(stdout + stderr, /emerge is not installed: PATH leads to none in \/tmp\//);
    t.regex(stdout + stderr, /hint: install sys-apps\/portage, or build with another program by --command\n/);
    await nothingLeft(t, f);
  });
}

mountTest(`an emerge that is only bound is found${skipped}`, async (t) => {
  const f = await withEmerge(t, ':');
  const { status, stderr } = await f.lvfs(
    'build',
    ...host,
    '--ro',
    `${f.gentoo.path('/opt/portage')}:/opt/portage`,
    'dev-libs/foo',
  );
  t.is(status, 0, stderr);
  t.deepEqual(seen(f, 'arguments').at(-1), '=dev-libs/foo-1');
});
