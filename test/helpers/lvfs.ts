/** Runs the built command the way a user does, cut off from the machine's own settings and sessions. */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { fstatSync, ftruncateSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CommandOrder } from './commandServer.js';
import { checkJson } from './jsonSchemas.js';
import { removeTree } from './removeTree.js';

/** The program under test. */
export const program = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

/** A command that takes longer hangs, and is killed: its test fails then, and the others go on. */
const longestCommandMs = 600_000;

/** What a command said, and how it ended. */
export interface Result {
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A place for sessions, saved indexes and settings of one test. */
export interface Sandbox {
  directory: string;
  /** The registry's directory. */
  runtime: string;
  environment: NodeJS.ProcessEnv;
  /** Runs lvfs to its end. What it prints with --json has to be as docs/schemas describes it. */
  lvfs(...args: string[]): Promise<Result>;
  /**
   * The same in a process that answers many command lines, one after the other, in a tenth of the time: for those that only look at things and
   * say what they see.
   */
  ask(...args: string[]): Promise<Result>;
  /** Starts lvfs without waiting. */
  start(...args: string[]): ChildProcess;
  cleanup(): void;
}

/** Makes a sandbox; the caller must call `cleanup`, after everything that was mounted is gone. */
export function sandbox(more: NodeJS.ProcessEnv = {}): Sandbox {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-test-'));
  const runtime = join(directory, 'run');
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(LVFS_|NO_COLOR|FORCE_COLOR|TERM$|XDG_)/.test(name)),
  );
  const environment = {
    ...inherited,
    LVFS_CONFIG: '',
    LVFS_DRIVER: process.env['LVFS_TEST_DRIVER'] ?? 'kernel',
    LVFS_RUNTIME_DIR: runtime,
    LVFS_CACHE: join(directory, 'cache'),
    HOME: directory,
    ...more,
  };
  const start = (...args: string[]): ChildProcess =>
    spawn(process.execPath, [...hooksOf(environment), program, ...args], {
      // Where the tests are run from may be another directory inside.
      cwd: '/',
      env: { ...environment, NODE_OPTIONS: undefined },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: longestCommandMs,
      killSignal: 'SIGKILL',
    });
  return {
    directory,
    runtime,
    environment,
    start,
    async lvfs(...args) {
      const result = await finished(start(...args));
      checkJson(args, result);
      return result;
    },
    async ask(...args) {
      const result = await commandServer.ask(args, environment);
      checkJson(args, result);
      return result;
    },
    cleanup: () => removeTree(directory),
  };
}

/**
 * The process that answers the command lines of this test file, and ends with it. Its outputs are files, in which all is that a command has
 * written by the time its status comes.
 */
class CommandServer {
  #child: ChildProcess | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #outputs: readonly [stdout: number, stderr: number] | undefined;

  ask(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<Result> {
    const answer = this.#last.then(() => this.#run({ args, environment }));
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async #run(order: CommandOrder): Promise<Result> {
    const outputs = (this.#outputs ??= [outputFile(), outputFile()]);
    const child = (this.#child ??= fork(new URL('commandServer.js', import.meta.url), {
      stdio: ['ignore', ...outputs, 'ipc'],
      execArgv: [],
    }));
    const late = setTimeout(() => child.kill('SIGKILL'), longestCommandMs);
    child.ref();
    child.channel?.ref();
    child.send(order);
    const ended = await new Promise<Pick<Result, 'status' | 'signal'>>((done) => {
      for (const event of ['message', 'exit']) child.removeAllListeners(event);
      child.once('message', (status) => done({ status: Number(status), signal: null }));
      // One that dies has ended as a command would have.
      child.once('exit', (status, signal) => {
        this.#child = undefined;
        done({ status, signal });
      });
    });
    clearTimeout(late);
    // Nobody waits for it but who asks.
    child.unref();
    child.channel?.unref();
    const [stdout, stderr] = outputs.map(taken);
    return { ...ended, stdout: stdout ?? '', stderr: stderr ?? '' };
  }
}

const commandServer = new CommandServer();

/** A file without a name, to which is appended. */
function outputFile(): number {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-output-'));
  const fd = openSync(join(directory, 'output'), 'a+');
  rmSync(directory, { recursive: true });
  return fd;
}

/** What is in such a file, which is empty then. */
function taken(fd: number): string {
  const content = Buffer.alloc(fstatSync(fd).size);
  readSync(fd, content, 0, content.length, 0);
  ftruncateSync(fd);
  return content.toString();
}

/**
 * What is to be loaded into all processes of lvfs, as options of Node: NODE_OPTIONS and the environment do not come as far as a daemon. A hook that
 * is a file finds in its own URL what the environment says to it (`TEST_…`).
 */
function hooksOf({ NODE_OPTIONS: options = '', ...environment }: NodeJS.ProcessEnv): string[] {
  const said = Object.entries(environment).filter(([name]) => name.startsWith('TEST_'));
  const query = new URLSearchParams(
    said.map(([name, value = '']): [string, string] => [name, value]),
  ).toString();
  return options
    .split(' ')
    .filter((option) => option !== '')
    .map((option) => (/^--import=file:/.test(option) && query !== '' ? `${option}?${query}` : option));
}

/** Collects what a process says until it ends. */
export function finished(child: ChildProcess): Promise<Result> {
  const result: Result = { status: null, signal: null, stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (result.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (result.stderr += text));
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (status, signal) => done({ ...result, status, signal }));
  });
}

/** Waits until `check` holds, asking again every few milliseconds; fails after ten seconds. */
export async function until(
  what: string,
  check: () => boolean | Promise<boolean>,
  deadlineMs = 10_000,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}
