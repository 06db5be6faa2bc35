import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { makeDebianVdb, type DebianVdb } from '../../examples/debianVdb.js';
import type { Report } from '../../src/audit/index.js';
import {
  buildCases,
  copyProject,
  declared,
  missingTools,
  type BuildCase,
  type Removal,
} from '../helpers/buildCases.js';
import { whyNotMount } from '../helpers/inView.js';
import { sandbox, until, type Result, type Sandbox } from '../helpers/lvfs.js';
import { testDriver } from '../helpers/withMemoryMount.js';
import { removeTree } from '../helpers/removeTree.js';

/** The packages of this host, described as Gentoo's; undefined where there is no dpkg. */
interface Host {
  directory: string;
  vdb: DebianVdb;
  installed: Set<string>;
  box: Sandbox;
}

const unable = whyNotMount();
const host = unable === undefined && existsSync('/var/lib/dpkg/status') ? describeHost() : undefined;

function describeHost(): Host {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-host-'));
  const vdb = makeDebianVdb(directory);
  const installed = new Set(vdb.packages.map(({ cpv }) => cpv.replace(/-\d[^-]*(-r\d+)?$/, '')));
  const box = sandbox({
    LVFS_VDB: join(directory, 'var/db/pkg'),
    LVFS_CONFIG_ROOT: directory,
    LVFS_REPOS: join(directory, 'repos/debian'),
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C',
  });
  return { directory, vdb, installed, box };
}

test.after.always(() => {
  if (host === undefined) return;
  host.box.cleanup();
  removeTree(host.directory);
});

interface Built extends Result {
  report: Report & { status: number };
}

let builds = 0;

/** Builds a project in the view of an ebuild that declares what it needs, or all but one thing. */
async function build(
  { vdb, box }: Host,
  one: BuildCase,
  removal?: Removal,
  ...args: string[]
): Promise<Built> {
  const name = `${one.name}-${++builds}`;
  const directory = copyProject(one, join(box.directory, name));
  vdb.addTarget({
    category: 'app-misc',
    name: `test-${one.name}${builds}`,
    version: '1',
    DEPEND: declared(one, 'DEPEND', removal),
    BDEPEND: declared(one, 'BDEPEND', removal),
  });
  const command = `cd ${directory} && { ${one.build}; } && { ${one.run}; } > ${directory}/printed`;
  const result = await box.lvfs(
    'build',
    '--json',
    '--command',
    command,
    ...args,
    `app-misc/test-${one.name}${builds}`,
  );
  return { ...result, report: JSON.parse(result.stdout || '{}') as Built['report'] };
}

function whySkipped(one: BuildCase): string | undefined {
  if (unable !== undefined) return unable;
  if (host === undefined) return 'needs a Debian host';
  const missing = missingTools(one, (atom) => host.installed.has(atom) || atom.startsWith('virtual/'));
  return missing.length === 0 ? undefined : `no ${missing.join(', ')} here`;
}

for (const one of buildCases) {
  const why = whySkipped(one);
  const add = why === undefined ? test.serial : test.serial.skip;
  const reason = why === undefined ? '' : ` (skipped: ${why})`;

  add(`${one.name} builds in the view of what it declares: ${one.about}${reason}`, async (t) => {
    const { status, report, stderr } = await build(host!, one);
    t.is(report.status, 0, stderr);
    t.deepEqual(
      report.missing.filter(({ certainty }) => certainty === 'needed'),
      [],
    );
    const names = report.secondHand.map(({ cpv }) => packageName(cpv));
    t.is(status, report.secondHand.some(({ use }) => use === 'direct') ? 30 : 0);
    if (one.secondHand !== undefined) t.true(names.includes(one.secondHand), names.join(' '));
  });

  for (const removal of one.removals) {
    const what = removal.outcome === 'fails' ? 'fails' : 'goes without';
    add(`${one.name} without ${removal.atom} ${what}, and the report names it first${reason}`, async (t) => {
      const { status, report, stderr } = await build(host!, one, removal);
      t.is(report.status === 0 ? 'without' : 'fails', removal.outcome, stderr);
      t.is(status === 29 ? 'fails' : 'without', removal.outcome);
      const [first] = report.missing;
      t.is(
        first === undefined ? undefined : packageName(first.cpv),
        removal.names,
        JSON.stringify(report.missing),
      );
      t.regex(first?.suggest ?? '', new RegExp(`^${removal.variable}="${removal.names}`));
    });
  }
}

for (const one of buildCases) {
  const why = whySkipped(one);
  const add = why === undefined ? test.serial : test.serial.skip;
  const [removal] = one.removals;
  if (removal === undefined) continue;

  add(
    `${one.name} built twice without ${removal.atom} has the same report twice${why === undefined ? '' : ` (skipped: ${why})`}`,
    async (t) => {
      const reports = [];
      for (let i = 0; i < 2; i++) {
        const { report } = await build(host!, one, removal, '--no-prove');
        const { missing, secondHand, unused, implicit, unowned, dismissed } = report;
        t.true(missing.length > 0);
        // Each build is of a package, and in a directory, of its own; how often something was seen is a lower bound.
        const text = JSON.stringify({ missing, secondHand, unused, implicit, unowned, dismissed }, null, 1)
          .replaceAll(new RegExp(`${one.name}-?${builds}\\b`, 'g'), one.name)
          .replaceAll(/"hits": \d+/g, '"hits": 1');
        reports.push(text);
      }
      t.is(reports[1], reports[0]);
    },
  );
}

const hello = buildCases.find(({ name }) => name === 'hello')!;
const whyNoHello = whySkipped(hello);
const comparing = `--compare shows that a build comes out differently with what was hidden${
  whyNoHello === undefined ? '' : ` (skipped: ${whyNoHello})`
}`;
(whyNoHello === undefined ? test.serial : test.serial.skip)(comparing, async (t) => {
  const { box } = host!;
  const [removal] = hello.removals;
  const image = join(box.directory, `hello-${builds + 1}`);
  const { status, report } = await build(host!, hello, removal, '--compare', '--image', image);
  const { comparison } = report as unknown as {
    comparison: {
      allowed: string[];
      difference: { onlySecond: string[] };
      automagic: { packages: string[]; files: string[] }[];
    };
  };
  t.deepEqual(comparison.allowed.map(packageName), ['sys-devel/gettext']);
  t.deepEqual(comparison.difference.onlySecond, ['/de.mo']);
  t.deepEqual(
    comparison.automagic.map(({ packages, files }) => ({ packages: packages.map(packageName), files })),
    [{ packages: ['sys-devel/gettext'], files: ['/de.mo', '/printed'] }],
  );
  t.is(status, 30);
});

const serving = `the driver under test is what serves a build${unable === undefined ? '' : ` (skipped: ${unable})`}`;
(host === undefined ? test.serial.skip : test.serial)(serving, async (t) => {
  const { box, vdb } = host!;
  vdb.addTarget({ category: 'app-misc', name: 'waiting', version: '1' });
  const [ready, go] = ['ready', 'go'].map((name) => join(box.directory, name));
  const command = `: >${ready}; while [ ! -e ${go} ]; do sleep 0.05; done`;
  const building = box.lvfs('build', '--json', '--command', command, 'app-misc/waiting');
  const began = until('the build begins', () => existsSync(ready!), 60_000);
  await Promise.race([began, building]);
  const { stdout, stderr } = await box.lvfs('status', '--json');
  writeFileSync(go!, '');
  t.is((await building).status, 0, (await building).stderr);
  const { mounts } = JSON.parse(stdout) as { mounts: { driver: string; live: { protocolMinor: number } }[] };
  const { name } = testDriver();
  t.deepEqual(
    mounts.map(({ driver }) => driver),
    [name],
    stderr,
  );
  // Whatever the kernel offers, libfuse 2.9 speaks 7.19.
  t.is(mounts[0]?.live.protocolMinor === 19, name === 'libfuse');
});

function packageName(cpv: string): string {
  return cpv.replace(/-\d[^-]*(-r\d+)?$/, '');
}
