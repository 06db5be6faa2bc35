/** `lvfs fix`: what it proves, whom it asks, where it goes on; a script stands in for emerge. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import type { Addition } from '../../src/author/index.js';
import type { FixStep } from '../../src/library/public.js';
import { nothingLeft, type Commands } from '../helpers/commands.js';
import { repositoryPath } from '../helpers/gentooRoot.js';
import { whyNotMount } from '../helpers/inView.js';
import { finished, program, until, type Result } from '../helpers/lvfs.js';
import { nothingOfProofs, runs, shown, withEmerge } from '../helpers/scriptedEmerge.js';
import { hasScript, Terminal } from '../helpers/terminal.js';

const reason = whyNotMount();
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

interface Fixed {
  outcome: string;
  builds: number;
  additions: Addition[];
  open: string[];
  message: string;
  patch: string;
  steps: FixStep[];
}

const fixed = ({ stdout, stderr }: Result): Fixed => {
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Fixed;
};
const fix = (f: Commands, ...args: string[]): Promise<Result> =>
  f.lvfs('fix', '--json', ...args, ...shown(f), 'dev-libs/foo');

/** Lines that the patch adds to the ebuild. */
const added = (patch: string): string[] =>
  patch
    .split('\n')
    .filter((line) => line.startsWith('+') && !line.startsWith('+++'))
    .map((line) => line.slice(1));

const off = (flag: string): string => `case " $USE " in *" -${flag} "*) false ;; *) true ;; esac`;

mountTest(`what is needed with two flags only is declared under both${skipped}`, async (t) => {
  const script = `if ${off('gui')} && ${off('man')}; then phase flexer || exit 1; fi; package`;
  const f = await withEmerge(t, script, {
    ebuilds: { 'dev-libs/foo-1': { DEPEND: 'dev-libs/bar', IUSE: '+acl +gui +man +zip' } },
  });
  const { additions, message, patch } = fixed(await fix(f));
  t.deepEqual(additions[0]?.condition?.split(' ').sort(), ['gui', 'man']);
  t.regex(added(patch).join(' '), /(gui\? \( man\?|man\? \( gui\?) \( sys-devel\/flexer \) \)/);
  t.regex(message.replaceAll('\n', ' '), /With USE="-(gui|man)" or USE="-(gui|man)" it is not needed/);
});

mountTest(`what is needed with either of two flags is declared under each${skipped}`, async (t) => {
  const script = `if ${off('gui')} || ${off('man')}; then phase flexer || exit 1; fi; package`;
  const f = await withEmerge(t, script, {
    ebuilds: { 'dev-libs/foo-1': { DEPEND: 'dev-libs/bar', IUSE: '+acl +gui +man +zip' } },
  });
  const { additions, patch } = fixed(await fix(f));
  t.deepEqual(additions[0]?.condition?.split(' | ').sort(), ['gui', 'man']);
  const text = added(patch).join(' ');
  for (const flag of ['gui', 'man']) t.true(text.includes(`${flag}? ( sys-devel/flexer )`), text);
});

const deeper = {
  'dev-libs/bar-1': { RDEPEND: 'dev-util/deeper', files: { '/opt/bar/bar.h': 'bar' } },
  'dev-util/deeper-1': {
    files: { '/opt/portage/bin/deeper': { text: '#!/bin/sh\necho deeper\n', mode: 0o755 } },
  },
};

mountTest(`what is used second-hand is proved by hiding what is used of it${skipped}`, async (t) => {
  const f = await withEmerge(t, `phase 'cat /opt/bar/bar.h; deeper' || exit 1; package`, {
    packages: deeper,
  });
  const { additions, steps, message } = fixed(await fix(f));
  t.like(additions[0], { cpv: 'dev-util/deeper-1', kind: 'second-hand', proved: true });
  t.true(
    steps.some(
      ({ what, end }) =>
        what === 'without what it uses of dev-util/deeper, which dev-libs/bar brings in' && end === 'failed',
    ),
  );
  t.regex(message.replaceAll('\n', ' '), /without what it uses of it the build fails/);
});

mountTest(`what is used second-hand to no effect is not declared${skipped}`, async (t) => {
  const f = await withEmerge(t, `phase 'cat /opt/bar/bar.h; deeper || :'; package`, { packages: deeper });
  const { additions, outcome, patch } = fixed(await fix(f));
  t.deepEqual([additions, outcome, patch], [[], 'done', '']);
});

mountTest(
  `what the build fails without is told from what only its result differs by${skipped}`,
  async (t) => {
    const script = `phase flexer || exit 1; phase bisoner && touch $build/image/with-bisoner; package`;
    const { additions, open } = fixed(await fix(await withEmerge(t, script)));
    t.deepEqual(additions.map(({ cpv, kind, proved }) => [cpv, kind, proved]).sort(), [
      ['sys-devel/bisoner-3', 'automagic', true],
      ['sys-devel/flexer-2', 'needed', true],
    ]);
    t.is(open.length, 1);
  },
);

mountTest(`no build of a search that was interrupted is made twice but its first${skipped}`, async (t) => {
  const script = `[ $run -ne 4 ] || [ -e /var/tmp/gone ] || { echo > /var/tmp/ready; sleep 1000; }
    phase flexer || exit 1; phase bisoner || exit 1; phase scanner || exit 1; package`;
  const f = await withEmerge(t, script);
  const child = f.start('fix', ...shown(f), 'dev-libs/foo');
  const ended = finished(child);
  await until('the fourth build runs', () => existsSync(f.gentoo.path('/var/tmp/ready')), 60_000);
  child.kill('SIGTERM');
  const { stderr } = await ended;
  await nothingLeft(t, f);
  nothingOfProofs(t, f);
  f.gentoo.write('/var/tmp/gone', '');
  const told = [...stderr.matchAll(/^ +\d+ {2}(.*?): (?:builds|fails) /gm)].map(([, what = '']) => what);
  t.is(told.length, 3, stderr);
  const before = runs(f).length;
  const { steps, outcome } = fixed(await fix(f));
  t.is(outcome, 'done');
  t.deepEqual(
    steps.filter(({ known }) => known).map(({ what }) => what),
    told.slice(1),
  );
  t.is(runs(f).length - before, steps.filter(({ known }) => !known).length);
});

mountTest(`--again believes nothing of an earlier call${skipped}`, async (t) => {
  const f = await withEmerge(t, `phase flexer || exit 1; phase bisoner || exit 1; package`);
  t.is(fixed(await fix(f, '--builds=5')).outcome, 'open');
  const { steps, outcome } = fixed(await fix(f, '--again'));
  t.is(outcome, 'done');
  t.deepEqual(
    steps.filter(({ known }) => known),
    [],
  );
});

mountTest(
  `--build-time: a build that proves something ends with the time, and what is known is told${skipped}`,
  async (t) => {
    // The clock that counts is that of the process: nothing waits for a minute.
    const f = await withEmerge(
      t,
      `[ $run -lt 2 ] || { echo > /var/tmp/ready; sleep 1000; }; phase flexer || exit 1; package`,
    );
    f.environment['NODE_OPTIONS'] = `--import=data:text/javascript,${encodeURIComponent(
      `import { existsSync } from 'node:fs'; const now = performance.now.bind(performance), set = setTimeout; const late = ${JSON.stringify(f.gentoo.path('/var/tmp/ready'))};
     performance.now = () => now() + (existsSync(late) ? 3600e3 : 0);
     globalThis.setTimeout = (call, ms, ...more) => set(call, ms > 30e3 && ms < 61e3 ? 3e3 : ms, ...more);`,
    )}`;
    const { outcome, steps } = fixed(await fix(f, '--build-time=1'));
    t.is(outcome, 'open');
    t.is(steps[0]?.end, 'failed');
    t.true(runs(f).length <= 2);
    await nothingLeft(t, f);
    nothingOfProofs(t, f);
  },
);

const terminalTest = reason === undefined && hasScript() ? test.serial : test.serial.skip;
const noTerminal = reason ?? (hasScript() ? undefined : 'needs script(1) of util-linux');
terminalTest(
  `on a terminal the author is asked, again until he answers${noTerminal === undefined ? '' : ` (skipped: ${noTerminal})`}`,
  async (t) => {
    const f = await withEmerge(t, `phase flexer && touch $build/image/with-flexer; package`);
    const out = `${f.directory}/foo.patch`;
    const ask = async (answer: (terminal: Terminal) => Promise<void>, expected = 0): Promise<string> => {
      const command = [process.execPath, program, 'fix', `--patch=${out}`, ...shown(f), 'dev-libs/foo'];
      const terminal = new Terminal(command.join(' '), f.environment);
      t.teardown(() => terminal.hangUp());
      await terminal.shows('or nothing to leave it open: ');
      await answer(terminal);
      const { status, shown: said } = await terminal.end();
      t.is(status, expected, said);
      t.notRegex(said, /bug in lvfs/);
      t.regex(
        said,
        /sys-devel\/flexer is picked up where it is installed, and changes \/?with-flexer; is it to be declared\?/,
      );
      return readFileSync(out, 'utf8');
    };
    const declared = await ask(async (terminal) => {
      terminal.type('7\n');
      await terminal.shows('open: 7\r\r\n1-2, or nothing');
      terminal.type('1\n');
    });
    t.deepEqual(added(declared), ['BDEPEND="sys-devel/flexer"']);
    t.is(await ask(async (terminal) => Promise.resolve(terminal.type('2\n'))), '', 'it will be switched off');
    // An empty answer, and the end of all answers.
    for (const key of ['\n', '\x04']) {
      const open = await ask(async (terminal) => Promise.resolve(terminal.type(key)));
      t.regex(added(open).join(' '), /^# TODO: sys-devel\/flexer is used where it is installed/);
    }
    writeFileSync(out, 'as it was');
    const interrupted = await ask(async (terminal) => Promise.resolve(terminal.type('\x03')), 130);
    t.is(interrupted, 'as it was');
    await nothingLeft(t, f);
  },
);

const hasPkgcheck = spawnSync('pkgcheck', ['--version']).status === 0;
const checkTest = reason === undefined && hasPkgcheck ? test.serial : test.serial.skip;
const noCheck = reason ?? (hasPkgcheck ? undefined : 'there is no pkgcheck here');
checkTest(
  `pkgcheck has nothing to say of what the patch adds${noCheck === undefined ? '' : ` (skipped: ${noCheck})`}`,
  async (t) => {
    const f = await withEmerge(t, `phase flexer || exit 1; package`);
    const repository = f.gentoo.path(repositoryPath);
    const scan = (): string[] => {
      const { stdout } = spawnSync(
        'pkgcheck',
        ['scan', '-r', repository, '-R', 'FormatReporter', '--format', '{name}', 'dev-libs/foo'],
        { encoding: 'utf8' },
      );
      return stdout.split('\n').sort();
    };
    const before = scan();
    const { patch } = fixed(await fix(f));
    t.is(spawnSync('git', ['apply', '-'], { cwd: repository, input: patch }).status, 0);
    const news = scan();
    for (const one of before) if (news.includes(one)) news.splice(news.indexOf(one), 1);
    t.deepEqual(news, []);
  },
);
