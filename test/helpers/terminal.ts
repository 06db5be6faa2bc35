/** Terminals for commands that ask whether they are on one. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { finished, until, type Result } from './lvfs.js';

/** Whether there is what makes terminals: script(1) of util-linux. */
export function hasScript(): boolean {
  return spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true;
}

/** A command on a terminal of its own. */
export class Terminal {
  readonly #child: ChildProcess;
  readonly #end: Promise<Result>;
  #shown = '';

  constructor(command: string, environment: NodeJS.ProcessEnv) {
    this.#child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      env: { ...environment, SHELL: '/bin/bash', TERM: 'dumb' },
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
    await until(`'${text}' is shown; there is ${this.#shown}`, () => this.#shown.includes(text), 60_000);
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
