/** `lvfs check` of many targets: what they are, what is kept of them, and what one that misbehaves costs. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { host, nothingLeft, withCommands, type Commands } from '../helpers/commands.js';
import { whyNotMount } from '../helpers/inView.js';
import { finished, program, until, type Result } from '../helpers/lvfs.js';

const reason = whyNotMount();
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

type Json = Record<string, unknown>;

const names = ['one', 'two', 'three', 'four', 'five'] as const;

/** Five targets; a set has all but the last. */
async function box(t: ExecutionContext): Promise<Commands> {
  const f = await withCommands(t, {
    ebuilds: Object.fromEntries(names.map((name) => [`app/${name}-1`, { DEPEND: 'dev-libs/bar' }])),
  });
  const sets = f.gentoo.path('/etc/portage/sets');
  mkdirSync(sets, { recursive: true });
  writeFileSync(
    join(sets, 'most'),
    names
      .slice(0, 4)
      .map((name) => `app/${name}\n`)
      .join(''),
  );
  return f;
}

const lines = (text: string): Json[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Json);

/** The verdicts of what a check printed, by target. */
const verdicts = ({ stdout }: Pick<Result, 'stdout'>): Record<string, unknown> =>
  Object.fromEntries(lines(stdout).map((line) => [String(line['target']), line['verdict']]));

/** Notes each target that is built, in a file. */
function noting(f: Commands, command: string): string[] {
  return ['--bind', f.directory, '--command', `echo $LVFS_TARGET >>${f.directory}/built; ${command}`];
}

const built = (f: Commands): string[] =>
  existsSync(join(f.directory, 'built'))
    ? readFileSync(join(f.directory, 'built'), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : [];

mountTest(
  `targets come from arguments, sets, standard input and files, each once, in parts${skipped}`,
  async (t) => {
    const f = await box(t);
    const list = join(f.directory, 'list');
    writeFileSync(list, 'app/five # the last\n\napp/one app/two\n');
    const check = async (input: string, ...operands: string[]): Promise<string[]> => {
      const args = [program, 'check', '--json', ...host, '--command', 'true', ...operands];
      const child = spawn(process.execPath, args, { env: f.environment });
      child.stdin.end(input);
      const end = await finished(child);
      t.is(end.status, 0, end.stderr);
      return Object.keys(verdicts(end));
    };
    t.deepEqual(await check('app/five\napp/one\n', 'app/two', '@most', '-', list), [
      ...['app/two', 'app/one', 'app/three', 'app/four', 'app/five'],
    ]);
    const parts = [await check('', '--shard', '1/2', '@most'), await check('', '--shard=2/2', '@most')];
    t.deepEqual(parts, [
      ['app/one', 'app/three'],
      ['app/two', 'app/four'],
    ]);
    const unknown = await f.lvfs('check', ...host, '--command', 'true', '@none');
    t.is(unknown.status, 20);
    t.is((await f.lvfs('check', '--shard', '3/2', 'app/one')).status, 2);
    t.is((await f.lvfs('check', '--resume', 'app/one')).status, 2);
  },
);

mountTest(`a check that was killed goes on where it was, and nothing is built twice${skipped}`, async (t) => {
  const f = await box(t);
  const results = join(f.directory, 'results');
  const command = `case $LVFS_TARGET in *three*) echo failing; exit 3;; *four*) [ -e ${f.directory}/go ] || sleep 1000;; esac`;
  const args = [
    'check',
    '-j',
    '1',
    '--no-prove',
    '--results',
    results,
    ...host,
    ...noting(f, command),
    '@most',
  ];
  const child = f.start(...args);
  const end = finished(child);
  await until('the fourth is being built', () => built(f).length === 4, 60_000);
  child.kill('SIGKILL');
  t.is((await end).signal, 'SIGKILL');
  writeFileSync(join(f.directory, 'go'), '');
  const refused = await f.lvfs(...args);
  t.is(refused.status, 1);
  t.regex(refused.stderr, /has verdicts already\nhint: --resume goes on/);
  const junit = join(f.directory, 'junit.xml');
  const resumed = await f.lvfs(...args, '--resume', '--junit', junit);
  t.is(resumed.status, 29, resumed.stderr);
  t.regex(
    resumed.stderr,
    /^lvfs: 4 of 4 checked: 3 clean, 1 failed \(3 of them before\), in \d+ s$/m,
    'all that the status speaks of',
  );
  t.deepEqual(
    built(f),
    ['one', 'two', 'three', 'four', 'four'].map((name) => `app/${name}-1`),
  );
  t.regex(readFileSync(junit, 'utf8'), /tests="4" failures="1" errors="0">/);
  t.regex(readFileSync(junit, 'utf8'), /<system-out>failing\n<\/system-out>/);
  const page = readFileSync(join(results, 'index.html'), 'utf8');
  t.is(page.match(/<tr data-verdict="clean"/g)?.length, 3);
  t.true(page.includes('<a href="app/three-1.html">app/three-1</a>'));
  t.is(readFileSync(join(results, 'app/three-1.log'), 'utf8'), 'failing\n');
  t.like(JSON.parse(readFileSync(join(results, 'app/three-1.json'), 'utf8')), {
    verdict: 'failed',
    status: 3,
  });
  t.regex(readFileSync(join(results, 'app/three-1.html'), 'utf8'), /The build failed with status 3\./);
  await nothingLeft(t, f);
});

mountTest(`only what is new counts against a baseline${skipped}`, async (t) => {
  const f = await box(t);
  const [before, junit] = ['before', 'junit.xml'].map((name) => join(f.directory, name)) as [string, string];
  const check = (status: string, ...more: string[]): Promise<Result> =>
    f.lvfs('check', '--json', ...host, '--command', `case $LVFS_TARGET in ${status} esac`, ...more, '@most');
  const first = await check('*one*) exit 1;;');
  t.is(first.status, 29);
  writeFileSync(before, first.stdout);
  const same = await check('*one*) exit 1;;', '--baseline', before, '--junit', junit);
  t.is(same.status, 0, same.stdout);
  t.like(
    lines(same.stdout).find((line) => line['target'] === 'app/one'),
    { verdict: 'failed', known: true },
  );
  t.regex(readFileSync(junit, 'utf8'), /failures="0" errors="0" skipped="1"/);
  const worse = await check('*one*|*two*) exit 1;;', '--baseline', before);
  t.is(worse.status, 29);
  const stopped = await check('*two*) exit 1;;', '--no-keep-going', '-j', '1');
  t.deepEqual(verdicts(stopped), { 'app/one': 'clean', 'app/two': 'failed' });
});

mountTest(`parts that several machines have checked make one result${skipped}`, async (t) => {
  const f = await box(t);
  const part = (index: number, ...more: string[]): Promise<Result> =>
    f.lvfs(
      ...['check', ...host, '--command', 'case $LVFS_TARGET in *two*) exit 1;; esac', '@most'],
      ...['--shard', `${index}/2`, '--results', join(f.directory, `part-${index}`), ...more],
    );
  t.is((await part(1)).status, 0);
  const all = join(f.directory, 'all');
  const places = [join(f.directory, 'part-1'), join(f.directory, 'part-2')];
  t.is((await part(2)).status, 29);
  const merged = await f.lvfs('check', '--merge', '--json', '--results', all, ...places, String(places[0]));
  t.is(merged.status, 29, merged.stderr);
  t.deepEqual(verdicts(merged), {
    'app/one': 'clean',
    'app/two': 'failed',
    'app/three': 'clean',
    'app/four': 'clean',
  });
  t.is(readFileSync(join(all, 'index.html'), 'utf8').match(/<tr data-verdict/g)?.length, 4);
  t.true(existsSync(join(all, 'app/two-1.html')));
  // One that died has a list of what it was to check.
  writeFileSync(join(f.directory, 'dead'), '{"targets":["app/one","app/six"]}\n');
  const lacking = await f.lvfs('check', '--merge', String(places[0]), join(f.directory, 'dead'));
  t.is(lacking.status, 1);
  t.regex(lacking.stderr, /not checked by anybody: app\/six/);
});

mountTest(`a target that hangs costs its own verdict${skipped}`, async (t) => {
  t.timeout(240_000);
  const f = await box(t);
  f.environment['NODE_OPTIONS'] = `--import=${new URL('../helpers/hasteHook.js', import.meta.url).href}`;
  const command = `case $LVFS_TARGET in *two*) trap '' TERM INT; echo hanging; while :; do sleep 1000; done;; esac`;
  const results = join(f.directory, 'results');
  const check = await f.lvfs(
    ...['check', '--json', '-j', '1', '--timeout', '1', '--results', results, ...host, '--command', command],
    '@most',
  );
  t.deepEqual(verdicts(check), {
    'app/one': 'clean',
    'app/two': 'error',
    'app/three': 'clean',
    'app/four': 'clean',
  });
  const hanging = lines(check.stdout).find((line) => line['target'] === 'app/two');
  t.like(hanging, { error: { code: 'TIMEOUT', message: 'it took longer than 1 minute, and was ended' } });
  t.regex(readFileSync(join(results, 'app/two-1.log'), 'utf8'), /^hanging\n/);
  await nothingLeft(t, f);
});

mountTest(
  `targets that fork, kill and unmount what they can cost their own verdicts${skipped}`,
  async (t) => {
    t.timeout(240_000);
    const f = await box(t);
    const command = [
      'case $LVFS_TARGET in',
      // All of them live until the limit is met, and the last fork fails.
      "*one*) perl -e 'for (1..100000) { my $pid = fork; exit 7 unless defined $pid; if (!$pid) { sleep 1000 } } exit 0';;",
      '*two*) kill -9 1; kill -9 $PPID; kill -9 -1; exit 0;;',
      '*three*) umount -l /proc /dev /tmp; umount -l /opt; umount -a -l; umount -l /; cat /opt/bar/bar.h; exit 1;;',
      '*) test -r /proc/self/status && cat /opt/bar/bar.h && test ! -e /opt/hidden;;',
      'esac',
    ].join('\n');
    for (const jobs of ['1', '3']) {
      const check = await f.lvfs(
        ...['check', '--json', '-j', jobs, '--processes', '500', '--no-prove', ...host, '--command', command],
        ...names.map((name) => `app/${name}`),
      );
      const expected = {
        'app/four': 'clean',
        'app/five': 'clean',
        'app/one': 'failed',
        'app/three': 'failed',
      };
      t.like(verdicts(check), expected, check.stdout + check.stderr);
      t.is(lines(check.stdout).length, names.length, 'all have a verdict');
      const forking = lines(check.stdout).find((line) => line['target'] === 'app/one');
      t.is(forking?.['status'], 7, 'it could not fork any more');
    }
    await nothingLeft(t, f);
  },
);

mountTest(`a target that fills the disk costs its own verdict${skipped}`, async (t) => {
  const f = await box(t);
  const disk = f.gentoo.path('/var/tmp');
  mkdirSync(disk, { recursive: true });
  t.is(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]).status, 0);
  t.teardown(() => spawnSync('umount', ['--lazy', disk]));
  const meet = f.directory;
  // The second writes while the first has filled the disk, and waits for that as long as the first is there.
  const command = [
    'case $LVFS_TARGET in',
    `*one*) cat /dev/zero >/var/tmp/fill; : >${meet}/full; n=0`,
    `  while [ ! -e ${meet}/tried ] && [ $n -lt 1000 ]; do n=$((n + 1)); sleep 0.02; done`,
    '  rm /var/tmp/fill; exit 1;;',
    `*two*) [ -e ${meet}/tried ] || while [ ! -e ${meet}/full ]; do sleep 0.02; done`,
    `  head -c 100000 /dev/zero >/var/tmp/small; s=$?; : >${meet}/tried; rm -f /var/tmp/small; exit $s;;`,
    'esac',
  ].join('\n');
  const check = await f.lvfs(
    ...['check', '--json', '-j', '2', '--no-prove', ...host, '--bind', f.directory],
    ...['--command', command, 'app/one', 'app/two', 'app/three'],
  );
  t.deepEqual(verdicts(check), { 'app/three': 'clean', 'app/one': 'error', 'app/two': 'clean' });
  t.like(
    lines(check.stdout).find((line) => line['target'] === 'app/one'),
    { error: { code: 'NO_SPACE' } },
  );
});

const changing = /^(seconds|started|ended)$/;
const steady = (line: Json): Json =>
  Object.fromEntries(Object.entries(line).filter(([name]) => !changing.test(name)));

mountTest(
  `verdicts in one view after another and in new views are equal, in any order${skipped}`,
  async (t) => {
    t.timeout(400_000);
    const libraries = ['a', 'b', 'c'];
    const files = (name: string): Record<string, string> => ({
      [`/opt/${name}/${name}.h`]: name,
      [`/opt/share/${name}.txt`]: name,
    });
    const wants = ['', 'a', 'b', 'c', 'a b', 'b c', 'a c', 'a b c', 'deep', 'a deep'];
    const targets = wants.map((_, i) => `app/t${i}`);
    const f = await withCommands(t, {
      packages: {
        ...Object.fromEntries(libraries.map((name) => [`dev-libs/${name}-1`, { files: files(name) }])),
        'dev-libs/c-1': { RDEPEND: 'dev-libs/deep', files: files('c') },
      },
      ebuilds: Object.fromEntries(
        wants.map((want, i) => [
          `app/t${i}-1`,
          {
            DEPEND: want
              .split(' ')
              .flatMap((name) => (name === '' ? [] : [`dev-libs/${name}`]))
              .join(' '),
          },
        ]),
      ),
    });
    const command = [
      'for p in a b c; do cat /opt/$p/$p.h; test -e /opt/share/$p.txt; done 2>/dev/null',
      'cat /opt/deep/deep.h /opt/litter 2>/dev/null; ls /opt/share >/dev/null; test -n "$(cat /opt/a/a.h 2>/dev/null)" || exit 3',
    ].join('\n');
    const check = async (order: readonly string[], ...more: string[]): Promise<Map<unknown, Json>> => {
      const args = ['check', '--json', '-j', '1', '--no-prove', ...more, ...host, '--command', command];
      const { stdout, stderr } = await f.lvfs(...args, ...order);
      t.is(stderr.replace(/^lvfs: .* checked: .*\n/, ''), '');
      return new Map(lines(stdout).map((line) => [line['target'], steady(line)]));
    };
    const fresh = await check(targets, '--no-reuse');
    t.is(fresh.size, 10);
    t.true([...fresh.values()].some(({ verdict }) => verdict === 'undeclared' || verdict === 'failed'));
    const mixed = targets.filter((_, i) => i % 2 === 0).concat(targets.filter((_, i) => i % 2 === 1));
    for (const order of [targets, [...targets].reverse(), mixed]) {
      const reused = await check(order);
      for (const target of targets)
        t.deepEqual(reused.get(target), fresh.get(target), `${target} in ${order.join(' ')}`);
    }
  },
);

const hasScript =
  spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true;
const terminalTest = reason === undefined && hasScript ? test.serial : test.serial.skip;
const why = reason ?? (hasScript ? undefined : 'needs script(1) of util-linux');
terminalTest(
  `progress is a bar with times on a terminal, and a line at the end elsewhere${why === undefined ? '' : ` (skipped: ${why})`}`,
  async (t) => {
    const f = await box(t);
    // The bar is drawn twice a second.
    const args = ['check', '-j', '1', ...host, '--command', 'sleep 0.7', '@most'];
    const plain = await f.lvfs(...args);
    t.regex(plain.stderr, /^lvfs: 4 of 4 checked: 4 clean, in \d+ s\n$/);
    const line = [process.execPath, program, ...args].map((word) => `'${word}'`).join(' ');
    const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
      env: { ...f.environment, TERM: 'xterm', COLUMNS: '200' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { status, stdout } = await finished(child);
    t.is(status, 0);
    t.regex(stdout, /░ 0 of 4, \d+s {2}building app\/\w+/);
    t.regex(stdout, /░ \d of 4, \d+s, about .* left {2}.*building app\/\w+/);
    t.false(stdout.includes('\x1b[?7l'), 'nothing that is printed in between is cut off');
    t.regex(stdout, /lvfs: 4 of 4 checked: 4 clean/);
  },
);
