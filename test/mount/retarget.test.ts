/** A mounted view that goes on with other targets: what it then shows and reports is what a new one would. */
import { existsSync, mkdirSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import type { Report } from '../../src/audit/index.js';
import { silent } from '../../src/base/index.js';
import { insideProgram } from '../../src/cli/programs.js';
import { openInside, startInside, type Inside, type InsideRequest } from '../../src/daemon/index.js';
import { gentooRoot, type FileTree, type GentooRoot } from '../helpers/gentooRoot.js';
import { whyNotMount } from '../helpers/inView.js';
import { sandbox } from '../helpers/lvfs.js';
import { testDriver } from '../helpers/withMemoryMount.js';

const reason =
  whyNotMount() ??
  (testDriver().capabilities.staleSeconds > 0 ? 'needs to take back what was told' : undefined);
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

const packages = ['base', 'a', 'b', 'deep', 'c', 'd'] as const;

function filesOf(name: string): FileTree {
  return {
    [`/opt/${name}/include/${name}.h`]: `#define ${name} 1\n`,
    [`/opt/${name}/bin/${name}-tool`]: { text: `#!/bin/sh\necho ${name}\n`, mode: 0o755 },
    [`/opt/share/${name}.txt`]: `${name}\n`,
    [`/opt/share/${name}/data`]: 'data',
  };
}

async function system(t: ExecutionContext): Promise<GentooRoot> {
  const gentoo = await gentooRoot({
    packages: {
      'sys-libs/base-1': { files: filesOf('base') },
      'dev-libs/a-1': { files: filesOf('a') },
      'dev-libs/b-1': { RDEPEND: 'dev-libs/deep', files: filesOf('b') },
      'dev-libs/deep-1': { files: filesOf('deep') },
      'dev-libs/c-1': { files: filesOf('c') },
      'dev-libs/d-1': { files: filesOf('d') },
    },
    files: { '/opt/link-to-a': { link: 'a/include/a.h' }, '/opt/litter': 'unowned' },
    ebuilds: {
      'app/one-1': { DEPEND: 'dev-libs/a' },
      'app/two-1': { DEPEND: 'dev-libs/b', BDEPEND: 'sys-libs/base' },
      'app/three-1': { DEPEND: 'dev-libs/a dev-libs/c' },
      'app/four-1': {},
      'app/five-1': { BDEPEND: 'dev-libs/deep dev-libs/d' },
      'app/idle-1': { BDEPEND: 'sys-libs/base' },
    },
    system: ['sys-libs/base'],
  });
  t.teardown(gentoo.cleanup);
  return gentoo;
}

const targets = ['app/one', 'app/two', 'app/three', 'app/four', 'app/five', 'app/idle'];

/** Uses, looks for and lists a bit of everything, a tool more often than each use is told. */
const build = [
  // The two streams may be mixed up in any way.
  'exec >/dev/null',
  'for p in base a b deep c d; do',
  '  cat /opt/$p/include/$p.h; /opt/$p/bin/$p-tool; test -e /opt/share/$p.txt; cat /opt/share/$p/data',
  'done',
  'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do /opt/a/bin/a-tool; cat /opt/b/include/b.h; done',
  'ls /opt /opt/share; cat /opt/link-to-a /opt/litter',
].join('\n');

function requestFor(gentoo: GentooRoot, cache: string, target: string, findingsOnly: boolean): InsideRequest {
  const host = ['/bin', '/lib', '/lib64', '/usr'].filter((path) => existsSync(path));
  return {
    locations: { root: gentoo.root },
    set: { targets: [target] },
    show: [],
    hide: [],
    systemPaths: [],
    cache,
    driver: 'kernel',
    threads: 1,
    version: '0',
    binds: { defaults: true, create: false, binds: [], readOnlyBinds: host },
    noNetwork: false,
    hostProcesses: false,
    attribute: true,
    findingsOnly,
  };
}

/** Builds, and what is said of it. `app/idle` does nothing with what it declares. */
async function reportOf(inside: Inside, target: string): Promise<Report> {
  await inside.run({
    argv: ['/bin/sh', '-c', target === 'app/idle' ? 'test -e /opt/base/include/base.h' : build],
    capture: true,
    show: false,
    environment: { CATEGORY: 'app', PF: `${target.slice(4)}-1`, EBUILD_PHASE: 'compile', LC_ALL: 'C' },
  });
  const order = { ignore: [], captured: true, status: 0 };
  return (await inside.view.request('report', order)).report;
}

/** Opens a view of a target, or makes one that of a target. */
type Opener = (target: string, inside?: Inside) => Promise<Inside>;

async function opener(t: ExecutionContext, findingsOnly: boolean): Promise<Opener> {
  const gentoo = await system(t);
  const box = sandbox();
  t.teardown(() => box.cleanup());
  const listener = { progress: () => undefined, log: silent };
  const left = new AbortController();
  return async (target, inside) => {
    const request = requestFor(gentoo, `${box.directory}/cache`, target, findingsOnly);
    if (inside !== undefined) {
      await inside.become(request);
      return inside;
    }
    const opened = await openInside(await startInside(insideProgram), request, listener, left.signal);
    // Also after a failure.
    t.teardown(() => opened.close());
    return opened;
  };
}

/** The reports of all targets in views of their own, after those in one view were compared with them. */
async function compared(
  t: ExecutionContext,
  open: Opener,
  orders: readonly (readonly string[])[],
): Promise<Map<string, Report>> {
  const fresh = new Map<string, Report>();
  for (const target of targets) {
    const inside = await open(target);
    fresh.set(target, await reportOf(inside, target));
    await inside.close();
  }
  for (const order of orders) {
    let inside: Inside | undefined;
    for (const [i, target] of order.entries()) {
      inside = await open(target, inside);
      const report = await reportOf(inside, target);
      t.deepEqual(report, fresh.get(target), `${target} after ${order.slice(0, i).join(' ')}`);
    }
    await inside?.close();
  }
  // What is asked for by name is found, so the comparison is of something.
  t.true(fresh.get('app/one')?.missing.some(({ cpv }) => cpv === 'dev-libs/b-1'));
  t.true(fresh.get('app/two')?.secondHand.some(({ cpv }) => cpv === 'dev-libs/deep-1'));
  return fresh;
}

mountTest(
  `reports of targets in one view are those of views of their own, in any order${skipped}`,
  async (t) => {
    t.timeout(300_000);
    const backwards = [...targets].reverse();
    const twice = targets.flatMap((target) => [target, target]);
    const fresh = await compared(t, await opener(t, false), [
      [...targets, ...targets],
      backwards,
      twice,
      ['app/three', 'app/one', 'app/five', 'app/one'],
    ]);
    t.true(fresh.get('app/four')?.implicit.some(({ cpv }) => cpv === 'sys-libs/base-1'));
  },
);

mountTest(
  `where nobody asks for uses of @system, its files are asked for again only by who declares them${skipped}`,
  async (t) => {
    t.timeout(300_000);
    const open = await opener(t, true);
    const fresh = await compared(t, open, [
      ['app/four', 'app/two', 'app/idle', 'app/two', 'app/one', 'app/two'],
      [...targets].reverse(),
    ]);
    t.deepEqual(fresh.get('app/four')?.implicit, []);
    t.deepEqual(
      fresh.get('app/idle')?.unused.map(({ cpv }) => cpv),
      ['sys-libs/base-1'],
      'what has been read for others only',
    );
    let inside = await open('app/four');
    const asked = async (): Promise<number> => {
      const reads = async (): Promise<number> =>
        (await inside.view.request('status')).live?.requests?.['READ'] ?? 0;
      const before = await reads();
      const command = 'cat /opt/base/include/base.h /opt/share/base/data; /opt/base/bin/base-tool';
      await inside.run({ argv: ['/bin/sh', '-c', command], capture: true, show: false });
      return (await reads()) - before;
    };
    t.is(await asked(), 3);
    inside = await open('app/three', inside);
    t.is(await asked(), 0);
    inside = await open('app/two', inside);
    t.is(await asked(), 3);
  },
);

mountTest(
  `lvfs retarget changes a mounted view, undoes what was allowed, and changes nothing when it fails${skipped}`,
  async (t) => {
    const gentoo = await system(t);
    const box = sandbox({ LVFS_ROOT: gentoo.root });
    const mountpoint = `${box.directory}/view`;
    t.teardown(async () => {
      await box.lvfs('umount', '--lazy', mountpoint);
      box.cleanup();
    });
    mkdirSync(mountpoint);
    const mounted = await box.lvfs('mount', '--no-binds', 'app/one', mountpoint);
    t.is(mounted.status, 0, mounted.stderr);
    const shown = (): string[] =>
      packages.filter((name) => existsSync(`${mountpoint}/opt/${name}/include/${name}.h`));
    t.deepEqual(shown(), ['base', 'a']);
    t.is((await box.lvfs('allow', mountpoint, 'dev-libs/d', '/opt/litter')).status, 0);
    t.true(existsSync(`${mountpoint}/opt/litter`));
    const { status, stdout } = await box.lvfs('retarget', '--json', mountpoint, 'app/two');
    t.is(status, 0);
    t.deepEqual(JSON.parse(stdout), {
      schemaVersion: 1,
      targets: ['app/two-1'],
      shown: ['dev-libs/b-1', 'dev-libs/deep-1'],
      hidden: ['dev-libs/a-1', 'dev-libs/d-1'],
    });
    t.deepEqual(shown(), ['base', 'b', 'deep']);
    t.false(existsSync(`${mountpoint}/opt/litter`));
    const state = JSON.parse((await box.lvfs('status', '--json', mountpoint)).stdout) as {
      mounts: { targets: string[]; live: { allowed: string[] } }[];
    };
    t.like(state.mounts[0], { targets: ['app/two-1'], live: { allowed: [] } });
    const failed = await box.lvfs('retarget', mountpoint, 'app/none');
    t.is(failed.status, 20, failed.stderr);
    t.deepEqual(shown(), ['base', 'b', 'deep']);
  },
);
