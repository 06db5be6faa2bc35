/** Commands on a terminal of their own, made by script(1). */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { host, nothingLeft, withCommands, type Commands } from './commands.js';
import { whyNotMount } from './inView.js';
import { finished, program, until, type Result } from './lvfs.js';

/** Why there can be no test on a terminal; undefined when there can. */
export function whyNoTerminal(): string | undefined {
  return (
    whyNotMount() ??
    (!hasScript() ? 'needs script(1) of util-linux' : existsSync('/bin/bash') ? undefined : 'needs bash')
  );
}

/** Whether there is what makes terminals: script(1) of util-linux. */
export function hasScript(): boolean {
  return spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true;
}

/** A command on a terminal of its own. */
export class Terminal {
  readonly #child: ChildProcess;
  readonly #end: Promise<Result>;
  #shown = '';

  /** @param shell not that of whoever runs the tests */
  constructor(command: string, environment: NodeJS.ProcessEnv, shell = '/bin/bash') {
    this.#child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      env: { ...environment, SHELL: shell, TERM: 'dumb' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stdout?.on('data', (data: Buffer) => (this.#shown += data.toString()));
    this.#end = finished(this.#child);
  }

  /** Types something. */
  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Waits until a text has been shown. */
  async shows(text: string): Promise<void> {
    try {
      await until(`'${text}' is shown`, () => this.#shown.includes(text), 60_000);
    } catch (error) {
      throw new Error(`there is only ${this.#shown}`, { cause: error });
    }
  }

  /** Takes the terminal away: what runs on it gets a SIGHUP. */
  hangUp(): void {
    this.#child.kill('SIGKILL');
  }

  /** The status of the command, and all that was shown. */
  async end(): Promise<{ status: number | null; shown: string }> {
    const { status } = await this.#end;
    return { status, shown: this.#shown };
  }
}

/** Text that a shell prints when it runs this, and that does not stand in what was typed. */
export const say = (text: string): string => `echo ${text.slice(0, 1)}''${text.slice(1)}`;

/** Talks to a command on a terminal; nothing is left of it then. */
export async function onTerminal(
  t: ExecutionContext,
  command: (lvfs: string, host: string) => string,
  talk: (terminal: Terminal, commands: Commands) => Promise<void>,
  more?: Parameters<typeof withCommands>[1],
  environment?: NodeJS.ProcessEnv,
): Promise<{ status: number | null; shown: string }> {
  const f = await withCommands(t, more, environment);
  const line = command(`${process.execPath} ${program}`, host.join(' '));
  const terminal = new Terminal(line, f.environment, environment?.['SHELL']);
  // Without it a test that fails would wait for ever for its shell.
  t.teardown(() => terminal.hangUp());
  await talk(terminal, f);
  const end = await terminal.end();
  await nothingLeft(t, f);
  return end;
}
