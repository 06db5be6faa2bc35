/** `lvfs emerge` builds one package after the other in one view: what is said of each is what a new view would have said. */
import { existsSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { nothingLeft } from '../helpers/commands.js';
import { withFakePortage, type FakePortage, type Order } from '../helpers/fakePortage.js';
import type { FileTree } from '../helpers/gentooRoot.js';
import { whyNotMount } from '../helpers/inView.js';
import { finished, until } from '../helpers/lvfs.js';
import { testDriver } from '../helpers/withMemoryMount.js';

const reason =
  whyNotMount() ??
  (testDriver().capabilities.staleSeconds > 0 ? 'needs to take back what was told' : undefined);
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

function filesOf(name: string): FileTree {
  return {
    [`/opt/${name}/include/${name}.h`]: `#define ${name} 1\n`,
    [`/opt/${name}/bin/${name}-tool`]: { text: `#!/bin/sh\necho ${name}\n`, mode: 0o755 },
    [`/opt/share/${name}.txt`]: `${name}\n`,
  };
}

/** Uses, looks for and lists a bit of everything; who serves it is noted on the host. */
const compile = [
  'exec >/dev/null 2>&1',
  'for p in a b deep c; do',
  '  cat /opt/$p/include/$p.h; /opt/$p/bin/$p-tool; test -e /opt/share/$p.txt',
  'done',
  'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18; do /opt/a/bin/a-tool; cat /opt/b/include/b.h; done',
  'ls /opt /opt/share; cat /opt/litter; :',
].join('\n');

const servers = [
  'for p in $(pgrep -f insideMain); do',
  `  [ "$(readlink /proc/$p/exe)" = ${realpathSync(process.env['LVFS_TEST_NODE'] ?? process.execPath)} ] || continue`,
  '  grep -qzFx "FAKE_ORDERS=$FAKE_ORDERS" /proc/$p/environ && echo $p',
  'done >> "$FAKE_TMPDIR/servers"; :',
].join('\n');

const settings: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'app/with-1': { LVFS_WITH: 'dev-libs/c' },
  'app/without-1': { LVFS_WITHOUT: 'dev-libs/deep' },
  'app/show-1': { LVFS_SHOW: '/opt/litter /opt/c' },
  'app/hide-1': { LVFS_HIDE: '/opt/a/bin' },
  'app/report-1': { LVFS_MODE: 'report' },
};

const ebuilds = {
  'app/one-1': { DEPEND: 'dev-libs/a' },
  'app/two-1': { DEPEND: 'dev-libs/b' },
  'app/flags-1': { DEPEND: 'amd64? ( dev-libs/c ) !amd64? ( dev-libs/a )', IUSE: '+amd64' },
  'app/none-1': {},
  'app/all-1': { DEPEND: 'dev-libs/a dev-libs/b dev-libs/c' },
  'app/with-1': {},
  'app/without-1': { DEPEND: 'dev-libs/b' },
  'app/show-1': { DEPEND: 'dev-libs/a' },
  'app/hide-1': { DEPEND: 'dev-libs/a' },
  'app/report-1': { DEPEND: 'dev-libs/a' },
};
const targets = Object.keys(ebuilds);

/** What is said of each package, but for the time that it took. */
async function verdicts(
  f: FakePortage,
  words: readonly string[],
): Promise<Map<string, Record<string, unknown>>> {
  const file = join(f.directory, 'verdicts');
  rmSync(file, { force: true });
  await f.lvfs('emerge', `--lvfs-json=${file}`, '--lvfs-reports', join(f.directory, 'reports'), ...words);
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  return new Map(
    lines.map((line) => {
      const { seconds, started, ended, ...said } = JSON.parse(line) as Record<string, unknown>;
      return [
        String(said['target']),
        { ...said, hasTimes: [seconds, started, ended].every((time) => time !== undefined) },
      ];
    }),
  );
}

/** How many servers there were since the last time. */
function serverCount(f: FakePortage): number {
  const file = join(f.directory, 'servers');
  const pids = readFileSync(file, 'utf8').trimEnd().split('\n');
  rmSync(file);
  return new Set(pids).size;
}

mountTest(
  `reports of packages in one view are those of views of their own, in any order${skipped}`,
  async (t) => {
    t.timeout(600_000);
    const f = await withFakePortage(t, {
      packages: {
        'dev-libs/a-1': { files: filesOf('a') },
        'dev-libs/b-1': { RDEPEND: 'dev-libs/deep', files: filesOf('b') },
        'dev-libs/deep-1': { files: filesOf('deep') },
        'dev-libs/c-1': { files: filesOf('c') },
      },
      ebuilds,
    });
    f.gentoo.write('/opt/litter', 'unowned');
    const order = (target: string): Partial<Order> => ({
      compile,
      preinst: servers,
      ...(settings[target] === undefined ? {} : { settings: settings[target] }),
    });
    f.order(Object.fromEntries(targets.map((target) => [target, order(target)])));
    const fresh = new Map<string, Record<string, unknown>>();
    for (const target of targets)
      for (const [name, said] of await verdicts(f, [target])) fresh.set(name, said);
    t.deepEqual([...fresh.keys()], targets);
    t.is(serverCount(f), targets.length);
    // What is said differs, so the comparison is of something.
    const missing = (target: string): string => JSON.stringify(fresh.get(target)?.['missing']);
    t.regex(missing('app/none-1'), /dev-libs\/a-1/);
    t.notRegex(missing('app/all-1'), /dev-libs\/a-1/);

    const mixed = targets.map((_, i) => targets[(i * 7 + 3) % targets.length] ?? '');
    for (const words of [targets, [...targets].reverse(), mixed]) {
      const reused = await verdicts(f, words);
      t.is(serverCount(f), 1, words.join(' '));
      t.deepEqual([...reused.keys()], words);
      for (const [target, said] of reused)
        t.deepEqual(said, fresh.get(target), `${target} of ${words.join(' ')}`);
    }
    await nothingLeft(t, f);
  },
);

mountTest(
  `a view in which nothing runs shows what was merged meanwhile to who asks, and to the next package${skipped}`,
  async (t) => {
    const f = await withFakePortage(t, {
      packages: { 'dev-libs/a-1': { files: filesOf('a') } },
      ebuilds: { 'app/one-1': {}, 'app/two-1': { DEPEND: 'dev-libs/late' } },
    });
    const go = join(f.directory, 'go');
    const preinst = `touch ${go}.waits; until [ -e ${go} ]; do sleep 0.05; done`;
    f.order({ 'app/one-1': { compile: ':', preinst }, 'app/two-1': { compile: 'cat /opt/late/late.h' } });
    const file = join(f.directory, 'verdicts');
    const result = finished(f.start('emerge', `--lvfs-json=${file}`, 'app/one-1', 'app/two-1'));
    await until('one package is merged', () => existsSync(`${go}.waits`));
    f.gentoo.install('dev-libs/late-1', { files: { '/opt/late/late.h': 'late' } });
    const { mounts } = JSON.parse((await f.lvfs('status', '--json')).stdout) as { mounts: { pid: number }[] };
    const why = await f.lvfs('why', '--mount', String(mounts[0]?.pid), '--json', '/opt/late/late.h');
    t.regex(why.stdout, /"owners": ?\[\s*"dev-libs\/late-1"/, why.stderr);
    writeFileSync(go, '');
    const { status, stderr } = await result;
    t.is(status, 0, stderr);
    t.regex(readFileSync(join(f.buildDirectory, 'app/two-1/temp/build.log'), 'utf8'), /^late$/m);
    await nothingLeft(t, f);
  },
);
