/** A terminal that can be looked at, made by tmux(1). */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { until } from './lvfs.js';

/** Why there is none; undefined when there is. */
export function whyNoTmux(): string | undefined {
  return spawnSync('tmux', ['-V']).status === 0 ? undefined : 'needs tmux';
}

/** How long something may take to be shown. */
const patienceMs = 30_000;

/** A terminal with a shell; gone after the test. */
export class Tmux {
  readonly #socket: string;

  /** @param environment of the shell and all that is run in it */
  constructor(t: ExecutionContext, directory: string, environment: NodeJS.ProcessEnv) {
    this.#socket = join(directory, 'tmux');
    const size = ['-x', '80', '-y', '24'];
    const start = [
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      ...size,
      "exec env PS1='$ ' bash --norc --noprofile",
    ];
    execFileSync('tmux', ['-S', this.#socket, ...start], {
      env: { ...environment, LC_ALL: 'C.UTF-8' },
    });
    t.teardown(() => spawnSync('tmux', ['-S', this.#socket, 'kill-server']));
  }

  #tmux(...words: readonly string[]): string {
    return execFileSync('tmux', ['-S', this.#socket, ...words], { encoding: 'utf8' });
  }

  /** Presses keys, by tmux's names. */
  press(...keys: readonly string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  /** Types a text. */
  type(text: string): void {
    this.#tmux('send-keys', '-l', text);
  }

  /** Types a command line. */
  run(line: string): void {
    this.type(line);
    this.press('Enter');
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** What is on the screen; `-e` with its colours. */
  screen(...options: readonly string[]): string {
    return this.#tmux('capture-pane', '-p', ...options);
  }

  /** Whether a program has a screen of its own. */
  get isOther(): boolean {
    return this.#tmux('display-message', '-p', '#{alternate_on}').trim() === '1';
  }

  /** Waits until the screen has a text, or is such. */
  async shows(what: string | ((screen: string) => boolean)): Promise<string> {
    let screen = '';
    const isSo = (): boolean => {
      screen = this.screen();
      return typeof what === 'string' ? screen.includes(what) : what(screen);
    };
    try {
      await until(`the screen shows ${what}`, isSo, patienceMs);
    } catch (error) {
      throw new Error(`there is only\n${screen}`, { cause: error });
    }
    return screen;
  }
}
