/** `lvfs emerge` with a stand-in for Portage: what runs where, and what comes of it. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { nothingLeft } from '../helpers/commands.js';
import { withFakePortage, type FakePortage } from '../helpers/fakePortage.js';
import { whyNotMount } from '../helpers/inView.js';
import { finished, program, until } from '../helpers/lvfs.js';
import { testDriver } from '../helpers/withMemoryMount.js';

const reason = whyNotMount();
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

/** Says which of the packages' files are there. */
const look = 'echo $EBUILD_PHASE: $(cd /opt && ls -d bar/bar.h tool/tool 2>/dev/null)';

interface Line {
  target: string;
  verdict: string;
  missing?: { suggest: string; certainty: string }[];
}

/** An emerge with its verdicts. */
async function emerge(
  f: FakePortage,
  ...words: string[]
): Promise<{ status: number | null; stderr: string; lines: Line[] }> {
  const file = join(f.directory, 'verdicts');
  const reports = join(f.directory, 'reports');
  const { status, stderr } = await f.lvfs(
    'emerge',
    `--lvfs-json=${file}`,
    ...words,
    '--lvfs-reports',
    reports,
  );
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const lines = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Line]));
  return { status, stderr, lines };
}

function log(f: FakePortage, cpv: string): string {
  return readFileSync(join(f.buildDirectory, cpv, 'temp/build.log'), 'utf8');
}

async function verdictsOf(
  t: ExecutionContext,
  f: FakePortage,
  expected: readonly string[],
  ...words: string[]
): Promise<Line[]> {
  const { lines, stderr } = await emerge(f, ...words);
  t.deepEqual(lines.map(({ target, verdict }) => `${target} ${verdict}`).sort(), expected, stderr);
  return lines;
}

mountTest(`src_* phases run in the view, as they were started, and others do not${skipped}`, async (t) => {
  const f = await withFakePortage(t);
  const facts = 'umask; readlink /proc/self/fd/9; tr "\\0" " " < /proc/1/cmdline; echo; echo $USE; pwd';
  f.order({ 'dev-libs/foo-1': { setup: look, unpack: look, compile: `${look}; ${facts}`, install: look } });
  await verdictsOf(t, f, ['dev-libs/foo-1 clean'], 'dev-libs/foo-1');
  const lines = log(f, 'dev-libs/foo-1').trim().split('\n');
  t.is(lines[0], 'setup: bar/bar.h tool/tool');
  t.is(lines[1], 'unpack: bar/bar.h');
  t.is(lines[2], 'compile: bar/bar.h');
  t.is(lines[3], '0022');
  t.is(lines[4], '/dev/null');
  t.regex(lines[5] ?? '', /python\S* \/opt\/lvfs-portage\/bin\/pid-ns-init {4}18 0,1,2,9 \/bin\/sh/);
  t.deepEqual(lines.slice(6, 9), ['amd64', '/', 'install: bar/bar.h']);
  t.deepEqual(readdirSync(join(f.directory, 'reports/dev-libs')).sort(), ['foo-1.html', 'foo-1.json']);
  await nothingLeft(t, f);
});

mountTest(`what is not declared is said in the build's log, and --lvfs-strict is 30${skipped}`, async (t) => {
  const f = await withFakePortage(t);
  f.order({ 'dev-libs/foo-1': { compile: '/opt/tool/tool; :' } });
  const { status, lines, stderr } = await emerge(f, '--lvfs-strict', 'dev-libs/foo-1');
  t.is(status, 30, stderr);
  t.like(lines[0], { target: 'dev-libs/foo-1', verdict: 'undeclared' });
  t.like(lines[0]?.missing?.[0], { suggest: 'BDEPEND="dev-util/tool"', certainty: 'needed' });
  const [what, phase] = [
    String.raw`\* lvfs: BDEPEND="dev-util/tool" is not declared: .*/opt/tool/tool.*`,
    String.raw`\(src_compile\)`,
  ];
  // In which phase it was, the other driver does not tell.
  const line = new RegExp(testDriver().name === 'kernel' ? what + phase : what);
  t.regex(log(f, 'dev-libs/foo-1'), line);
  const messages = readFileSync(join(f.buildDirectory, 'dev-libs/foo-1/temp/logging/install'), 'utf8');
  t.regex(messages, /^QA lvfs: BDEPEND="dev-util\/tool" is not declared/m);
  t.regex(stderr, /^lvfs: 1 package built in views: 1 undeclared\n {2}undeclared {2}dev-libs\/foo-1: /m);
  t.is((await emerge(f, 'dev-libs/foo-1')).status, 0);
});

mountTest(`a failed phase is emerge's to tell, and its findings are there before${skipped}`, async (t) => {
  const f = await withFakePortage(t);
  f.order({ 'dev-libs/foo-1': { compile: '/opt/tool/tool || exit 7' }, 'dev-libs/other-2': {} });
  const { status, lines } = await emerge(f, 'dev-libs/foo-1', 'dev-libs/other-2');
  t.is(status, 1);
  t.deepEqual(
    lines.map(({ target, verdict }) => `${target} ${verdict}`),
    ['dev-libs/foo-1 failed'],
  );
  t.regex(log(f, 'dev-libs/foo-1'), /to build it all the same: LVFS_WITH="dev-util\/tool"/);
  await nothingLeft(t, f);
});

mountTest(
  `a view shows what was merged before it, and packages have views of their own${skipped}`,
  async (t) => {
    const f = await withFakePortage(t, {
      ebuilds: { 'dev-libs/new-1': {}, 'dev-libs/user-1': { DEPEND: 'dev-libs/new' } },
    });
    const entry = f.gentoo.path('/var/db/pkg/dev-libs/new-1');
    const merge = [
      `mkdir -p /opt/new ${entry}`,
      'echo new > /opt/new/new.h',
      `cp ${f.gentoo.path('/var/db/pkg/dev-libs/bar-1')}/* ${entry}/`,
      `echo new-1 > ${entry}/PF`,
      `printf 'dir /opt/new\\nobj /opt/new/new.h 0 0\\n' > ${entry}/CONTENTS`,
    ].join(' && ');
    const list = 'ls /opt';
    f.order({
      'dev-libs/new-1': { install: list, preinst: merge },
      'dev-libs/user-1': { install: list },
      'dev-libs/foo-1': { install: list },
      'dev-libs/other-2': { install: list },
    });
    const words = ['dev-libs/new-1', 'dev-libs/user-1', '+dev-libs/foo-1', '+dev-libs/other-2'];
    await verdictsOf(t, f, [...words].map((word) => `${word.replace('+', '')} clean`).sort(), ...words);
    const seen = (cpv: string): string => log(f, cpv).trim().split('\n').join(' ');
    t.is(seen('dev-libs/new-1'), 'lvfs-portage');
    t.is(seen('dev-libs/user-1'), 'lvfs-portage new');
    t.is(seen('dev-libs/foo-1'), 'bar lvfs-portage');
    t.is(seen('dev-libs/other-2'), 'lvfs-portage');
    await nothingLeft(t, f);
  },
);

mountTest(`settings hold for a package: off, more to show, report mode${skipped}`, async (t) => {
  const f = await withFakePortage(t);
  const install = `${look}; cat /opt/tool/tool >/dev/null; ls /opt/litter 2>/dev/null; :`;
  f.gentoo.write('/opt/litter', 'unowned');
  f.order({ 'dev-libs/foo-1': { install, settings: { LVFS: 'off' } } });
  await verdictsOf(t, f, [], 'dev-libs/foo-1');
  t.regex(log(f, 'dev-libs/foo-1'), /^install: bar\/bar.h tool\/tool$/m);
  f.order({ 'dev-libs/other-2': { install, settings: { LVFS_WITH: 'dev-util/tool' } } });
  const [shown] = await verdictsOf(t, f, ['dev-libs/other-2 undeclared'], 'dev-libs/other-2');
  t.like(shown?.missing?.[0], { certainty: 'allowed' });
  t.regex(log(f, 'dev-libs/other-2'), /^install: tool\/tool$/m);
  f.order({ 'dev-libs/other-2': { install, settings: { LVFS_MODE: 'report' } } });
  await verdictsOf(t, f, ['dev-libs/other-2 undeclared'], 'dev-libs/other-2');
  t.regex(log(f, 'dev-libs/other-2'), /^install: bar\/bar.h tool\/tool\n\/opt\/litter\n/m);
});

mountTest(`the caches of compilers are written to where they are${skipped}`, async (t) => {
  const f = await withFakePortage(t);
  const caches = { CCACHE_DIR: '/opt/ccache', DISTCC_DIR: '/opt/distcc' };
  for (const directory of Object.values(caches)) f.gentoo.write(`${directory}/before`, '');
  const compile = 'cp $CCACHE_DIR/before $CCACHE_DIR/after && cp $DISTCC_DIR/before $DISTCC_DIR/after';
  f.order({ 'dev-libs/foo-1': { compile, settings: caches } });
  await verdictsOf(t, f, ['dev-libs/foo-1 clean'], 'dev-libs/foo-1');
  for (const directory of Object.values(caches))
    t.deepEqual(readdirSync(f.gentoo.path(directory)).sort(), ['after', 'before']);
});

mountTest(`where there can be no view, the build fails, but not in report mode${skipped}`, async (t) => {
  const f = await withFakePortage(t);
  const settings = { LVFS_WITHOUT: 'sys-apps/portage' };
  f.order({ 'dev-libs/foo-1': { install: look, settings } });
  const { status, lines } = await emerge(f, 'dev-libs/foo-1');
  t.is(status, 1);
  t.like(lines[0], { verdict: 'error' });
  t.regex(
    log(f, 'dev-libs/foo-1'),
    /\* lvfs: no view for this package: \/opt\/lvfs-portage\/bin\/pid-ns-init, which Portage needs, is hidden: it belongs to sys-apps\/portage-3 \(LVFS_WITH="=sys-apps\/portage-3"\)/,
  );
  const order = { unpack: look, install: look, settings: { LVFS_MODE: 'report' } };
  f.order({ 'dev-libs/gone-1': order });
  const all = await emerge(f, 'dev-libs/gone-1');
  t.is(all.status, 0, all.stderr);
  t.deepEqual(
    all.lines.map(({ target, verdict }) => `${target} ${verdict}`),
    ['dev-libs/gone-1 error'],
  );
  const notes = log(f, 'dev-libs/gone-1').match(/lvfs: built without a view: .*/g);
  t.is(notes?.length, 1);
  t.regex(log(f, 'dev-libs/gone-1'), /^install: bar\/bar.h tool\/tool$/m);
  await nothingLeft(t, f);
});

mountTest(`where a view cannot be entered, the build fails, but not in report mode${skipped}`, async (t) => {
  const f = await withFakePortage(t);
  f.order({
    'dev-libs/foo-1': { install: look },
    'dev-libs/other-2': { unpack: look, install: look, settings: { LVFS_MODE: 'report' } },
  });
  // As in a container that does not give CAP_SYS_CHROOT.
  const words = ['--bounding-set', '-sys_chroot', process.execPath, program, 'emerge'];
  const run = (name: string): ReturnType<typeof finished> =>
    finished(
      spawn('setpriv', [...words, '--lvfs-reports', join(f.directory, 'reports'), name], {
        env: f.environment,
      }),
    );
  t.is((await run('dev-libs/foo-1')).status, 1);
  const reason = 'its view cannot be entered: [Errno 1] setns: Operation not permitted';
  t.true(log(f, 'dev-libs/foo-1').includes(`* lvfs: no view for this package: ${reason}`));
  const { status, stderr } = await run('dev-libs/other-2');
  t.is(status, 0, stderr);
  t.regex(log(f, 'dev-libs/other-2'), /^install: bar\/bar.h tool\/tool$/m);
  t.is(log(f, 'dev-libs/other-2').split(`lvfs: built without a view: ${reason}`).length, 2);
  await nothingLeft(t, f);
});

mountTest(`without pid-sandbox, and where LVFS is off, nothing is half done${skipped}`, async (t) => {
  const f = await withFakePortage(t, {}, { FEATURES: '-pid-sandbox' });
  const { status, stderr } = await emerge(f, '--version');
  t.is(status, 1);
  t.regex(
    stderr,
    /^lvfs: pid-sandbox is not in FEATURES, and views need it\nhint: FEATURES="pid-sandbox" lvfs emerge …/,
  );
  const plain = await withFakePortage(t, {}, { FEATURES: '-pid-sandbox', LVFS: 'off' });
  plain.order({});
  t.is((await plain.lvfs('emerge', '--version')).stdout, 'fake\n');
});

mountTest(`a Portage that merges itself can replace what is covered${skipped}`, async (t) => {
  const f = await withFakePortage(t, { ebuilds: { 'sys-apps/portage-4': {} } });
  const program = '/opt/lvfs-portage/bin/pid-ns-init';
  const before = readFileSync(program, 'utf8');
  const replace = `echo '# new' > ${program}.new && mv -f ${program}.new ${program}`;
  f.order({ 'sys-apps/portage-4': { install: look, instprep: look, preinst: replace } });
  const { status, lines, stderr } = await emerge(f, 'sys-apps/portage-4');
  t.is(status, 0, stderr);
  t.like(lines[0], { target: 'sys-apps/portage-4', verdict: 'clean' });
  t.not(before, '# new\n');
  t.is(readFileSync(program, 'utf8'), '# new\n');
  await nothingLeft(t, f);
});

mountTest(
  `what a build puts in the place of its log and messages is neither read nor written${skipped}`,
  async (t) => {
    const f = await withFakePortage(t);
    const [secret, victim] = [join(f.directory, 'secret'), join(f.directory, 'victim')];
    writeFileSync(secret, 'a secret of root\n');
    for (const replace of [`ln -s ${secret}`, 'mkfifo']) {
      const links = `rm -f $T/build.log; ${replace} $T/build.log; ln -sfn ${victim} $T/logging/install`;
      f.order({ 'dev-libs/foo-1': { install: `/opt/tool/tool; ${links}` } });
      // Without its log nobody knows how much it was missed.
      await verdictsOf(t, f, ['dev-libs/foo-1 clean'], 'dev-libs/foo-1');
      t.notRegex(readFileSync(join(f.directory, 'reports/dev-libs/foo-1.json'), 'utf8'), /secret of root/);
      t.false(existsSync(victim));
      rmSync(join(f.buildDirectory, 'dev-libs'), { recursive: true });
      rmSync(join(f.directory, 'verdicts'));
    }
    await nothingLeft(t, f);
  },
);

for (const waits of [true, false]) {
  const how = waits ? 'fails because' : 'is killed because';
  mountTest(
    `a phase that ${how} the user ends everything is no verdict on the package${skipped}`,
    async (t) => {
      const f = await withFakePortage(t);
      const [begun, ending] = [join(f.directory, 'begun'), join(f.directory, 'ending')];
      if (waits) f.environment['FAKE_ENDING'] = ending;
      f.order({
        'dev-libs/foo-1': { compile: `: >${begun}; while [ ! -e ${ending} ]; do sleep 0.05; done; exit 1` },
      });
      const reports = join(f.directory, 'reports');
      const child = f.start('emerge', '--lvfs-reports', reports, 'dev-libs/foo-1');
      const end = finished(child);
      await until('it builds', () => existsSync(begun), 60_000);
      child.kill('SIGTERM');
      const { stderr } = await end;
      t.regex(
        stderr,
        /built in views: 1 interrupted\n {2}interrupted dev-libs\/foo-1: ended in the phase compile/,
      );
      t.notRegex(log(f, 'dev-libs/foo-1'), /to build it all the same/);
      await nothingLeft(t, f);
    },
  );
}
