/**
 * The terminal goes away: the window is closed, the connection breaks. What was started from it ends and leaves nothing; so does what has a
 * session of its own, which nobody tells and which finds that it can no longer write (EIO).
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { host, nothingLeft, withCommands } from '../helpers/commands.js';
import { program, until } from '../helpers/lvfs.js';
import { Terminal, whyNoTerminal } from '../helpers/terminal.js';

const reason = whyNoTerminal();
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

const shown = host.join(' ');
/** Goes on until it is told to end. */
const work = "sh -c 'touch READY; while :; do sleep 0.05; done'";
/** Goes on as long as there is a terminal, and has something to say then. */
const chatter = "sh -c 'touch READY; until test -e GONE; do sleep 0.05; done; echo more; true'";

interface Case {
  /** What is started; READY is a file that tells that it runs, GONE one that the terminal is gone, VIEW a mount point. */
  readonly command: string;
  readonly typed?: string;
  /** What is shown when it runs, where it makes no file. */
  readonly shows?: string;
  /** Whether the view has to be there before. */
  readonly mounted?: true;
  /** What it ends with when its terminal hangs up, and when it only cannot write any more. */
  readonly statuses: readonly [told: readonly number[], untold: readonly number[]];
}

const hungUp = 128 + constants.signals.SIGHUP;

const cases = (command: string): Readonly<Record<string, Case>> => ({
  run: { command: `run ${shown} dev-libs/foo -- ${command}`, statuses: [[hungUp], [0]] },
  build: { command: `build ${shown} --command "${command}" dev-libs/foo`, statuses: [[hungUp], [1]] },
  check: { command: `check ${shown} --command "${command}" dev-libs/foo`, statuses: [[hungUp], [1]] },
  shell: {
    command: `shell ${shown} dev-libs/foo`,
    typed: 'touch READY\n',
    // Whichever it notices first: the signal, or the end of its input.
    statuses: [
      [hungUp, 0],
      [hungUp, 0],
    ],
  },
  watch: { command: 'watch VIEW', shows: 'lvfs watch', mounted: true, statuses: [[hungUp, 0], [0]] },
});

/** Starts something on a terminal, takes that away, and gives the status that it ended with. */
async function hangUp(t: ExecutionContext, { command, typed, ...what }: Case, how: string): Promise<number> {
  const f = await withCommands(t);
  const view = join(f.directory, 'mnt');
  mkdirSync(view);
  if (what.mounted) t.is((await f.lvfs('mount', '--no-binds', 'dev-libs/foo', view)).status, 0);
  const [ready, gone, talk, status] = ['ready', 'gone', 'talk', 'status'].map((name) =>
    join(f.directory, name),
  ) as [string, string, string, string];
  const filled = (text: string): string =>
    text.replaceAll('VIEW', view).replaceAll('READY', ready).replaceAll('GONE', gone);
  const line = `TERM=xterm ${how} ${process.execPath} ${program} ${filled(command)}`;
  // The terminal's own shell dies with it, which tells the others; one in between outlives that, and notes how what it started ended.
  writeFileSync(`${status}.sh`, `trap : HUP; ${line} 2>${talk}; echo $? >${status}`);
  const terminal = new Terminal(`sh ${status}.sh; exit`, f.environment);
  t.teardown(() => terminal.hangUp());
  if (typed !== undefined) terminal.type(filled(typed));
  // Inside, /tmp is that of the root.
  if (what.shows === undefined) await until('it runs', () => existsSync(f.gentoo.path(ready)), 30_000);
  else await terminal.shows(what.shows);
  terminal.hangUp();
  await terminal.end();
  writeFileSync(f.gentoo.path(gone), '');
  const isOver = (): boolean => existsSync(status) && readFileSync(status, 'utf8').endsWith('\n');
  await until('it ends', isOver, 30_000);
  t.notRegex(readFileSync(talk, 'utf8'), /\n {4}at |bug in lvfs/);
  if (what.mounted) t.is((await f.lvfs('umount', view)).status, 0);
  await nothingLeft(t, f);
  return Number(readFileSync(status, 'utf8'));
}

for (const [name, one] of Object.entries(cases(work))) {
  mountTest(`${name} on a terminal that hangs up${skipped}`, async (t) => {
    const status = await hangUp(t, one, '');
    t.true(one.statuses[0].includes(status), `${status}`);
  });
}

for (const [name, one] of Object.entries(cases(chatter))) {
  mountTest(`${name} in a session of its own, on a terminal that is gone${skipped}`, async (t) => {
    const status = await hangUp(t, one, 'setsid --wait');
    t.true(one.statuses[1].includes(status), `${status}`);
  });
}
