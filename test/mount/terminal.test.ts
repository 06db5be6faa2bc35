/** `lvfs shell` and `run` on a terminal: job control, the shell's status, and the terminal as it was. */
import { existsSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { host, nothingLeft, withCommands } from '../helpers/commands.js';
import { whyNotMount } from '../helpers/inView.js';
import { program } from '../helpers/lvfs.js';
import { hasScript, Terminal } from '../helpers/terminal.js';

const reason =
  whyNotMount() ??
  (!hasScript() ? 'needs script(1) of util-linux' : existsSync('/bin/bash') ? undefined : 'needs bash');
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

/** Text that a shell prints when it runs this, and that does not stand in what was typed. */
const say = (text: string): string => `echo ${text.slice(0, 1)}''${text.slice(1)}`;

async function onTerminal(
  t: ExecutionContext,
  command: (lvfs: string, host: string) => string,
  talk: (terminal: Terminal) => Promise<void>,
): Promise<{ status: number | null; shown: string }> {
  const f = await withCommands(t);
  const terminal = new Terminal(command(`${process.execPath} ${program}`, host.join(' ')), f.environment);
  // Without it a test that fails would wait for ever for its shell.
  t.teardown(() => terminal.hangUp());
  await talk(terminal);
  const end = await terminal.end();
  await nothingLeft(t, f);
  return end;
}

const shell = (lvfs: string, with_: string): string => `${lvfs} shell ${with_} dev-libs/foo`;

mountTest(`a shell on a terminal greets, and lvfs ends with its status${skipped}`, async (t) => {
  const { status, shown } = await onTerminal(t, shell, async (terminal) => {
    terminal.type(`${say('ready')}\n`);
    await terminal.shows('ready');
    terminal.type(`test -t 0 && test -t 1 && test -t 2 && ${say('terminal')}\nexit 3\n`);
  });
  t.is(status, 3);
  t.regex(shown, /this shell sees what a build of dev-libs\/foo-1 may use \(2 packages\)/);
  t.regex(shown, /^terminal\r$/m);
});

mountTest(`Ctrl-C ends the job in the foreground, not the shell${skipped}`, async (t) => {
  const { status } = await onTerminal(t, shell, async (terminal) => {
    // Short sleeps: a signal that comes while dash starts a command is seen when that command ends.
    const wait = 'while :; do sleep 0.1; done';
    terminal.type(`sh -c 'trap "${say('caught')}; exit 9" INT; ${say('waiting')}; ${wait}'\n`);
    await terminal.shows('waiting');
    terminal.type('\x03');
    await terminal.shows('caught');
    terminal.type(`${say('alive')}; exit 4\n`);
    await terminal.shows('alive');
  });
  t.is(status, 4);
});

mountTest(`a job is stopped with Ctrl-Z, and goes on in the foreground${skipped}`, async (t) => {
  const { status, shown } = await onTerminal(t, shell, async (terminal) => {
    terminal.type(`sh -c '${say('waiting')}; read answer; echo "got $answer"'\n`);
    await terminal.shows('waiting');
    terminal.type('\x1a');
    await terminal.shows('topped');
    terminal.type(`${say('between')}\n`);
    await terminal.shows('between');
    terminal.type('fg\n');
    terminal.type('words\n');
    await terminal.shows('got words');
    terminal.type('exit 5\n');
  });
  t.is(status, 5, shown);
});

mountTest(
  `Ctrl-C ends a command that does not expect it, and lvfs by the same signal${skipped}`,
  async (t) => {
    const { status } = await onTerminal(
      t,
      (lvfs, with_) =>
        `trap : INT; ${lvfs} run ${with_} dev-libs/foo -- sh -c "${say('waiting')}; exec sleep 1000"; echo "status $?"; exit 6`,
      async (terminal) => {
        await terminal.shows('waiting');
        terminal.type('\x03');
        await terminal.shows('status 130');
      },
    );
    t.is(status, 6);
  },
);

mountTest(`the terminal is left as it was found${skipped}`, async (t) => {
  const { status, shown } = await onTerminal(
    t,
    (lvfs, with_) =>
      `stty intr ^B; stty -g; ${lvfs} run ${with_} dev-libs/foo -- true; echo; stty -g; ${lvfs} shell ${with_} dev-libs/foo -- -c 'echo; stty -g'; read answer && echo "then $answer"`,
    async (terminal) => {
      await terminal.shows(':');
      terminal.type('typed\n');
    },
  );
  const modes = [...shown.matchAll(/^[0-9a-f:]{40,}\r$/gm)].map(([line]) => line);
  t.is(modes.length, 3, shown);
  t.is(new Set(modes).size, 1, modes.join('\n'));
  t.is(status, 0);
});
