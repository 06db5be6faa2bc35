/** `lvfs watch` on a terminal. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { processStartTime } from '../../src/daemon/registry/registry.js';
import { finished, program, until } from '../helpers/lvfs.js';
import { Tmux, whyNoTmux } from '../helpers/tmux.js';
import { testDriver } from '../helpers/withMemoryMount.js';
import { mountTest, skipped, withViews, type Views } from '../helpers/views.js';

const reason = whyNoTmux();
const title = reason === undefined ? skipped : ` (skipped: ${reason})`;
const screenTest = reason === undefined ? mountTest : test.serial.skip;

interface Watched extends Omit<Views, 'mountpoint'> {
  readonly tmux: Tmux;
  readonly mountpoint: string;
  readonly pid: number;
  /** Has a process of a phase look for something in the view. */
  readonly look: (path: string, phase: string) => void;
}

const lvfs = `${process.execPath} ${program}`;

async function watched(t: ExecutionContext, environment: NodeJS.ProcessEnv = {}): Promise<Watched> {
  const f = await withViews(t);
  // A directory that is nobody's in particular.
  for (const name of ['a', 'b', 'c', 'd'])
    f.gentoo.install(`x11-libs/${name}-1`, { files: { [`/usr/share/vala/${name}.vapi`]: name } });
  const { mountpoint, pid } = await f.mount();
  const tmux = new Tmux(t, f.directory, { ...f.environment, ...environment });
  await tmux.shows('$');
  const look = (path: string, phase: string): void => {
    const env = { ...process.env, CATEGORY: 'dev-libs', PF: 'foo-1', EBUILD_PHASE: phase };
    spawnSync('cat', [join(mountpoint, path)], { env });
  };
  return { ...f, tmux, mountpoint, pid, look };
}

/** The line of the screen that is chosen. */
const chosen = (screen: string): string => /^>.*$/m.exec(screen)?.[0] ?? '';

const whoTest = testDriver().capabilities.callers ? screenTest : test.serial.skip;
const whoTitle = testDriver().capabilities.callers ? title : ' (skipped: this driver does not tell who asks)';

whoTest(`denials are shown by package, and keys act on them${whoTitle}`, async (t) => {
  const { tmux, mountpoint, look, directory } = await watched(t);
  tmux.run(`stty -g; ${lvfs} watch ${mountpoint}; echo "status $?"; stty -g`);
  await tmux.shows('nothing hidden was looked for yet');
  t.true(tmux.isOther);
  look('usr/include/hidden.h', 'compile');
  await tmux.shows((screen) =>
    /^>.dev-libs\/hidden +1 \/usr\/include\/hidden\.h +compile +cat/m.test(screen),
  );

  tmux.press('a');
  await tmux.shows('1 allowed');
  t.true(existsSync(join(mountpoint, 'usr/include/hidden.h')));
  look('usr/share/vala/c.vapi', 'compile');
  await tmux.shows((screen) => /^ .x11-libs\/c +1 \/usr\/share\/vala\/c\.vapi/m.test(screen));
  tmux.press('d');
  await tmux.shows((screen) => chosen(screen).startsWith('>-dev-libs/hidden'));
  t.false(existsSync(join(mountpoint, 'usr/include/hidden.h')));

  tmux.press('f');
  await tmux.shows('phase: compile');
  tmux.press('Enter');
  await tmux.shows('looked for (the last 1 of 1)');
  t.regex(tmux.screen(), /hidden-owner, owned by dev-libs\/hidden-1/);
  tmux.press('Escape');
  await tmux.shows('a allow');

  tmux.press('s');
  await tmux.shows('foo-1.html');
  tmux.press('C-u');
  tmux.type(join(directory, 'report.json'));
  tmux.press('Enter');
  await tmux.shows('report.json is written');
  const report = JSON.parse(readFileSync(join(directory, 'report.json'), 'utf8')) as {
    schemaVersion: number;
  };
  t.is(report.schemaVersion, 1);
  tmux.press('s', 'C-u');
  tmux.type('/nowhere/report.txt');
  tmux.press('Enter');
  await tmux.shows('/nowhere/report.txt: cannot be written');

  tmux.press('i');
  tmux.type('it does without');
  tmux.press('Enter');
  await tmux.shows('1 ignored');
  tmux.press('q');
  const end = await tmux.shows('status 0');
  t.regex(end, /package = "dev-libs\/hidden"\ntarget = "dev-libs\/foo"\nreason = "it does without"/);
  await tmux.shows((screen) => screen.trimEnd().endsWith('$'));
  // Wrapped lines are joined.
  const modes = tmux.screen('-J').match(/^[0-9a-f]+(?::[0-9a-f]+){20,}/gm) ?? [];
  t.is(modes.length, 2, end);
  t.is(modes[0], modes[1]);
  t.false(tmux.isOther);
});

screenTest(`an atom stands for the view that is mounted for it${title}`, async (t) => {
  const { tmux } = await watched(t);
  tmux.run(`${lvfs} watch dev-libs/foo`);
  await tmux.shows('lvfs watch  dev-libs/foo-1');
  tmux.press('C-c');
  await tmux.shows((screen) => screen.trimEnd().endsWith('$'));
  t.false(tmux.isOther);
  tmux.run(`${lvfs} watch dev-libs/other; echo "status $?"`);
  t.regex(await tmux.shows('status 24'), /no view is mounted for it/);
});

screenTest(`Ctrl-Z gives the terminal back, and a new size is followed${title}`, async (t) => {
  const { tmux, mountpoint, look } = await watched(t);
  look('usr/include/hidden.h', 'configure');
  tmux.run(`${lvfs} watch ${mountpoint}; true`);
  await tmux.shows('>');
  tmux.press('C-z');
  await tmux.shows('Stopped');
  t.false(tmux.isOther);
  tmux.run('fg');
  await tmux.shows('a allow');
  tmux.resize(50, 8);
  await tmux.shows(
    (screen) => screen.split('\n').filter((line) => line !== '').length <= 8 && /^>.dev-libs/m.test(screen),
  );
  tmux.press('q');
  await tmux.shows((screen) => screen.trimEnd().endsWith('$'));
});

screenTest(`a view that goes away ends it, and so does a signal${title}`, async (t) => {
  const { tmux, mountpoint, directory, lvfs: run, mount } = await watched(t);
  tmux.run(`${lvfs} watch ${mountpoint}; echo "status $?"`);
  await tmux.shows('nothing hidden');
  t.is((await run('umount', mountpoint)).status, 0);
  t.regex(await tmux.shows('status 0'), /the view is no longer mounted/);
  t.false(tmux.isOther);

  const killed = await mount();
  tmux.run(`clear; ${lvfs} watch ${killed.mountpoint}; echo "status $?"`);
  await tmux.shows('nothing hidden');
  process.kill(killed.pid, 'SIGKILL');
  await until('the daemon is gone', () => processStartTime(killed.pid) === undefined);
  await tmux.shows('status 0');
  t.is((await run('umount', killed.mountpoint)).status, 0);

  const last = await mount();
  const file = join(directory, 'pid');
  tmux.run(`clear; sh -c 'echo $$ >${file}; exec ${lvfs} watch ${last.mountpoint}'; echo "status $?"`);
  await tmux.shows('nothing hidden');
  process.kill(Number(readFileSync(file, 'utf8')), 'SIGTERM');
  await tmux.shows('status 143');
  t.false(tmux.isOther);
});

screenTest(`without colours there are none, and a dumb terminal has lines${title}`, async (t) => {
  const { tmux, mountpoint, look } = await watched(t, { NO_COLOR: '1' });
  look('usr/include/hidden.h', 'compile');
  tmux.run(`${lvfs} watch ${mountpoint}`);
  await tmux.shows('> dev-libs/hidden');
  // eslint-disable-next-line no-control-regex -- that is what is looked for
  t.notRegex(tmux.screen('-e'), /\x1b/);
  tmux.press('q');
  await tmux.shows((screen) => screen.trimEnd().endsWith('$'));
  tmux.run(`clear; TERM=dumb ${lvfs} watch ${mountpoint}`);
  await tmux.shows('/usr/include/hidden.h (dev-libs/hidden-1)');
  t.false(tmux.isOther);
  tmux.press('C-c');
});

mountTest(`--plain, and --json, are what lvfs log -f prints${skipped}`, async (t) => {
  const f = await withViews(t);
  const { mountpoint } = await f.mount();
  t.false(existsSync(join(mountpoint, 'usr/include/hidden.h')));
  const log = await f.lvfs('log', mountpoint);
  t.regex(log.stdout, /hidden\.h/);
  const followers = [f.start('watch', '--plain', mountpoint), f.start('watch', '--json', mountpoint)];
  const texts = followers.map(() => '');
  followers.forEach((child, at) =>
    child.stdout?.on('data', (data: Buffer) => (texts[at] = `${texts[at] ?? ''}${data.toString()}`)),
  );
  const ends = followers.map(finished);
  await until('both follow', () => texts.every((text) => text.endsWith('\n')));
  t.is((await f.lvfs('umount', mountpoint)).status, 0);
  t.deepEqual(
    (await Promise.all(ends)).map(({ status }) => status),
    [0, 0],
  );
  t.is(texts[0], log.stdout);
  t.is((JSON.parse(texts[1] ?? '') as { path: string }).path, '/usr/include/hidden.h');
});
