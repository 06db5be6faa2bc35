/** What makes a shell in a view a workshop: it can ask and change the view from inside, by this process, which stays outside. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeError, errorCode, exitStatus, LvfsError, packageName, preloads } from '../../base/index.js';
import type { View } from '../../library/index.js';
import type { Settings } from '../config.js';
import { candidatesOf, hiddenProgram } from '../notFound.js';
import type { Output } from '../output.js';
import { mainProgram, workshopFiles } from '../programs.js';
import { displayText, targetNames } from '../text.js';
import { ShellChannel, type ShellAnswer, type ShellRequest } from './channel.js';
import { shortNames, suspects, suspectsText } from './lastDenials.js';
import { understand, workshopUsage } from './verbs.js';
import type { FailedBuild } from './failedBuild.js';

/** How a shell is started so that it is a workshop. */
export interface WorkshopShell {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Which of {@link Workshop.descriptors} it has, from 3 on, counted from 0. */
  readonly descriptors: readonly number[];
}

/** The view that a workshop is in. */
export interface WorkshopView {
  /** How it is called outside: its mount point, or the process that serves it. */
  readonly name: string;
  /** cpvs. */
  readonly targets: readonly string[];
}

/** See the head of this file. */
export class Workshop {
  readonly #channel: ShellChannel;
  readonly #files: readonly number[];
  readonly #output: Output;
  readonly #rules: Pick<Settings, 'ignore' | 'habitsOff'>;
  #view: WorkshopView | undefined;
  #client: View | undefined;
  /** When the shell last told of a command that failed, in milliseconds. */
  #asked = Date.now();
  /** What was said since then of commands that were not found. */
  readonly #told = new Set<string>();

  private constructor(channel: ShellChannel, files: readonly number[], output: Output, rules: Settings) {
    this.#channel = channel;
    this.#files = files;
    this.#output = output;
    this.#rules = rules;
  }

  /** @returns undefined where the kernel cannot tell who asks */
  static open(output: Output, rules: Settings): Workshop | undefined {
    let workshop: Workshop | undefined;
    const channel = ShellChannel.open((request, answer) => workshop!.#answer(request, answer));
    if (channel === undefined) return undefined;
    const home = process.env['HOME'] ?? '/';
    const dots = process.env['ZDOTDIR'] ?? home;
    const files = [
      ...['bashrc', 'common.sh', 'zsh'].map((name) =>
        openSync(fileURLToPath(new URL(name, workshopFiles)), 'r'),
      ),
      // Home directories are hidden, and what a user has set up for himself is none of a build's business.
      ...[join(home, '.bashrc'), join(dots, '.zshenv'), join(dots, '.zshrc')].map(openOrNothing),
    ];
    return (workshop = new Workshop(channel, files, output, rules));
  }

  /** What has to be handed to the shell. */
  get descriptors(): readonly number[] {
    return [this.#channel.descriptor, ...this.#files];
  }

  /** Once the shell, or who starts it, has them. */
  release(): void {
    this.#channel.release();
    for (const file of this.#files) closeSync(file);
  }

  /**
   * How to start a shell; undefined for one that cannot be made a workshop.
   *
   * @param program its path inside
   */
  shell(
    program: string,
    { targets }: Pick<WorkshopView, 'targets'>,
    here?: FailedBuild,
  ): WorkshopShell | undefined {
    const [channel, bashrc, common, zsh, userBashrc, userZshenv, userZshrc] = [0, 1, 2, 3, 4, 5, 6] as const;
    const environment = {
      LVFS_WORKSHOP: `lvfs ${targetNames(targets)}`,
      LVFS_WORKSHOP_BUILD: [
        'emerge --ask=n --oneshot --buildpkgonly',
        ...targets.map((cpv) => `=${cpv}`),
      ].join(' '),
      LVFS_WORKSHOP_HERE: here?.directory ?? '',
      LVFS_WORKSHOP_DIRECTORY: here?.where ?? '',
    };
    switch (basename(program)) {
      case 'bash':
        return {
          argv: [program, '--rcfile', '/proc/self/fd/4', '-i'],
          environment,
          descriptors: [channel, bashrc, common, userBashrc],
        };
      case 'zsh':
        return {
          argv: [program, '-i'],
          environment: {
            ...environment,
            ZDOTDIR: '/proc/self/fd/4',
            LVFS_WORKSHOP_ZDOTDIR: process.env['ZDOTDIR'] ?? '',
          },
          descriptors: [channel, zsh, common, userZshenv, userZshrc],
        };
      default:
        return undefined;
    }
  }

  /** From now on the shell is answered about this view. */
  async begin(view: WorkshopView): Promise<void> {
    const { openView } = await import('../../library/index.js');
    this.#client = await openView(view.name);
    this.#view = view;
  }

  /** Nobody is answered afterwards. */
  close(): void {
    this.#channel.close();
    void this.#client?.close();
  }

  async #answer(request: ShellRequest, answer: ShellAnswer): Promise<number> {
    const [kind, ...words] = request.words;
    try {
      if (kind === 'missing') return await this.#missing(words, answer);
      if (kind === 'failed') return await this.#failed(words, answer);
      if (kind === 'lvfs') return await this.#verb(words, request.isShell, answer);
      return exitStatus.ok;
    } catch (thrown) {
      answer.err(`lvfs: ${describeError(thrown)}\n`);
      return thrown instanceof LvfsError ? thrown.exit : exitStatus.failure;
    }
  }

  get #asking(): View {
    if (this.#client === undefined) throw new Error('a shell asked before there was a view');
    return this.#client;
  }

  /** Who has a program that was not found. */
  async #missing([search = '', name = '']: readonly string[], answer: ShellAnswer): Promise<number> {
    const hidden = await hiddenProgram(
      candidatesOf(name, search),
      (paths) => this.#asking.why(paths),
      (await this.#asking.status()).root,
    );
    if (hidden === undefined) return exitStatus.failure;
    const { path, owner } = hidden;
    const what = owner === undefined ? path : packageName(owner);
    this.#told.add(what);
    const whose = owner === undefined ? 'it belongs to no package' : what;
    answer.err(`${name} is hidden: ${whose}, lvfs allow ${(await this.#short())(what)}\n`);
    return exitStatus.ok;
  }

  /** What was hidden from a command that failed. */
  async #failed([since = '']: readonly string[], answer: ShellAnswer): Promise<number> {
    // Microseconds, and a moment for what the command met first.
    const from = /^\d+$/.test(since) ? Number(since) / 1000 - 1 : this.#asked;
    this.#asked = Date.now();
    const told = new Set(this.#told);
    this.#told.clear();
    const denials = await this.#asking.denials();
    const recent = denials.filter(({ last, visible }) => last >= from && !visible);
    if (recent.length === 0) return exitStatus.ok;
    const { report } = await this.#asking.report(this.#rules);
    const found = suspects(recent, report);
    if (found.length === 0 || found.every(({ name }) => told.has(name))) return exitStatus.ok;
    answer.err(`lvfs: ${suspectsText(found, await this.#short())}\n`);
    return exitStatus.ok;
  }

  async #short(): Promise<(name: string) => string> {
    const { visible, hidden } = await this.#asking.packages();
    return shortNames([...visible, ...hidden]);
  }

  /** Does what was typed, as another process would that is told of the view. */
  async #verb(
    [cwd = '/', terminal, ...words]: readonly string[],
    isShell: boolean,
    answer: ShellAnswer,
  ): Promise<number> {
    if (words.length === 0 || ['help', '--help', '-h'].includes(words[0] ?? '')) {
      answer.out(workshopUsage);
      return exitStatus.ok;
    }
    const understood = understand(words, this.#view?.name ?? '', cwd);
    if ('problem' in understood) {
      answer.err(`lvfs: ${understood.problem}\n`);
      return exitStatus.usage;
    }
    const { argv, changes, json } = understood;
    if (changes && !isShell) {
      answer.err(
        `lvfs: ${words[0]}: only the shell itself can change the view, nothing that it starts\nhint: type it at the prompt, by itself\n`,
      );
      return exitStatus.failure;
    }
    const color = terminal === '1' && this.#output.colors.isColorSupported ? 'always' : 'never';
    const child = spawn(
      process.execPath,
      [...preloads(), fileURLToPath(mainProgram), ...argv.slice(0, 1), `--color=${color}`, ...argv.slice(1)],
      {
        cwd: '/',
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    // What was changed is said on the terminal, whatever becomes of the answer.
    const said = changes && !json ? (text: string) => this.#output.tell(text.trimEnd()) : answer.out;
    child.stdout.setEncoding('utf8').on('data', said);
    child.stderr.setEncoding('utf8').on('data', answer.err);
    const status = await new Promise<number | null>((done) => child.on('close', done));
    if (changes && json && status === 0) this.#output.tell(displayText(`lvfs: done: ${words.join(' ')}`));
    return status ?? exitStatus.failure;
  }
}

/** A file that may not be there, or not be the caller's to read: then an empty one. */
function openOrNothing(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return openSync('/dev/null', 'r');
  }
}
