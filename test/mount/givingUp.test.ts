/** What a build in a mounted view gave up over, told without its output: by how its processes ended. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import test, { type ExecutionContext } from 'ava';
import type { Report } from '../../src/audit/index.js';
import { ProcessHandles } from '../../src/system/index.js';
import { host, withCommands, type Commands } from '../helpers/commands.js';
import type { InstalledSpec } from '../helpers/gentooRoot.js';
import { whyNotMount } from '../helpers/inView.js';
import { testDriver } from '../helpers/withMemoryMount.js';

/** Linux 6.13 and 6.14 answer the question, but not when it is about a process that has ended. */
function isTold(): boolean {
  const handles = ProcessHandles.open();
  const ended = spawnSync('/bin/sh', ['-c', 'exec sleep 0']).status === 0;
  return handles !== undefined && ended && /^(?:6\.(?:1[5-9]|[2-9]\d)|[7-9]|\d\d)/.test(kernel());
}

function kernel(): string {
  return spawnSync('uname', ['-r'], { encoding: 'utf8' }).stdout.trim();
}

const reason =
  whyNotMount() ??
  (testDriver().name === 'kernel' ? undefined : 'the driver does not tell who asks') ??
  (isTold() ? undefined : `Linux ${kernel()} does not tell how a process ended`);
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

const program = (name: string, text = `echo ${name}`): InstalledSpec => ({
  files: { [`/opt/tools/bin/${name}`]: { text: `#!/bin/sh\n${text}\n`, mode: 0o755 } },
});

interface Work extends Commands {
  mountpoint: string;
  /** Runs words of a shell by hand, chrooted; scripts lie in /work. */
  byHand(words: string): number;
  script(name: string, text: string): void;
  strict(): Promise<{ status: number | null; report: Report }>;
}

async function mounted(t: ExecutionContext): Promise<Work> {
  const f = await withCommands(t, {
    packages: {
      'sys-devel/flexer-2': program('flexer'),
      'dev-util/prober-1': program('prober'),
      // Of the target's dependencies: what it does is seen, while the host's programs are only bound.
      'dev-libs/bar-1': program('compiler', 'echo error; exit 1'),
    },
  });
  const mountpoint = join(f.directory, 'mnt');
  const work = join(f.directory, 'work');
  for (const directory of [mountpoint, work]) mkdirSync(directory, { recursive: true });
  const options = ['--allow-missing', ...host, '--bind', `${work}:/work`];
  const result = await f.lvfs('mount', ...options, 'dev-libs/foo', mountpoint);
  t.is(result.status, 0, result.stderr);
  t.teardown(() => f.lvfs('umount', '--lazy', mountpoint));
  return {
    ...f,
    mountpoint,
    byHand: (words) =>
      spawnSync('chroot', [mountpoint, '/bin/sh', '-c', `cd /work && ${words}`], {
        env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin:/opt/tools/bin' },
      }).status ?? -1,
    script: (name, text) => {
      writeFileSync(join(work, name), text);
      chmodSync(join(work, name), 0o755);
    },
    strict: async () => {
      const { status, stdout } = await f.lvfs('report', '--strict', '--json', mountpoint);
      return { status, report: JSON.parse(stdout) as Report };
    },
  };
}

const needed = ({ missing }: Report): string[] =>
  missing.filter(({ certainty }) => certainty === 'needed').map(({ cpv }) => cpv);

/** Builds that failed, by hand, and what they gave up over. */
const failed: readonly [about: string, scripts: Readonly<Record<string, string>>, words: string][] = [
  ['a command that is not there', {}, 'flexer --version'],
  ['make, whose recipe is not there', { Makefile: 'all:\n\tflexer x.l\n' }, 'make'],
  ['make below make', { Makefile: 'all:\n\t$(MAKE) -f deep\n', deep: 'all:\n\tflexer x.l > x.c\n' }, 'make'],
  [
    'a configure script that cleans up',
    {
      configure: `#!/bin/sh
trap 'rm -f conf*; cat configure | sort > /dev/null' 0
for name in prober flexer; do
  if command -v $name >/dev/null; then echo "$name yes"; else missing=$name; echo "$name no"; fi
done
test -z "$missing" || exit 1
`,
    },
    './configure && make',
  ],
  [
    'what an early test found missing, used later',
    {
      configure:
        '#!/bin/sh\ncommand -v flexer\nuname -s | tr a-z A-Z > kind\nmake -v > version; compiler --help\nexit 0\n',
      Makefile: 'all:\n\tflexer x.l\n',
    },
    './configure && make',
  ],
];

for (const [about, scripts, words] of failed) {
  mountTest(`needed without a log: ${about}${skipped}`, async (t) => {
    const f = await mounted(t);
    for (const [name, text] of Object.entries(scripts)) f.script(name, text);
    t.not(f.byHand(words), 0);
    const { status, report } = await f.strict();
    t.deepEqual(needed(report), ['sys-devel/flexer-2']);
    t.is(report.missing[0]?.suggest, 'BDEPEND="sys-devel/flexer"');
    t.true((report.missing[0]?.ended?.length ?? 0) > 0);
    t.is(status, 30);
    const why = await f.lvfs('report', '--why', 'sys-devel/flexer', f.mountpoint);
    t.regex(why.stdout, /^sys-devel\/flexer-2 is needed: .* and next \S+ ended with status \d+/);
  });
}

/** Builds that looked for the same and did not fail for it. */
const others: readonly [about: string, scripts: Readonly<Record<string, string>>, words: string][] = [
  ['it goes on without', { configure: '#!/bin/sh\ncommand -v flexer\nexit 0\n' }, './configure'],
  ['it catches the error', {}, 'flexer x.l || true'],
  [
    'it compiles on, and fails of its own',
    { configure: '#!/bin/sh\ncommand -v flexer\ncompiler x.c || exit 1\n' },
    './configure',
  ],
  [
    "make's question is answered no, and a recipe fails of its own",
    { Makefile: 'HAS := $(shell flexer --version)\nall:\n\tcompiler x.c\n' },
    'make',
  ],
  ['a part fails, and the whole does not', { Makefile: 'all:\n\t-flexer x.l\n\ttrue\n' }, 'make'],
];

for (const [about, scripts, words] of others) {
  mountTest(`not needed: ${about}${skipped}`, async (t) => {
    const f = await mounted(t);
    for (const [name, text] of Object.entries(scripts)) f.script(name, text);
    f.byHand(words);
    const { status, report } = await f.strict();
    t.deepEqual(needed(report), []);
    t.is(status, 0);
    t.true(report.missing.some(({ cpv }) => cpv === 'sys-devel/flexer-2'));
  });
}

mountTest(`not needed: the same command did without it before${skipped}`, async (t) => {
  const f = await mounted(t);
  f.script('configure', '#!/bin/sh\ncommand -v flexer\ncompiler x.c || exit 1\n');
  // What the second run starts the kernel knows already, and nobody sees it.
  for (let run = 0; run < 2; run++) t.is(f.byHand('./configure'), 1);
  const { status, report } = await f.strict();
  t.deepEqual(needed(report), []);
  t.is(status, 0);
});
