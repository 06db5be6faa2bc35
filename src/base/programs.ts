/** How programs of the system are run, and how users are told to run them. */
import { spawn, spawnSync, type ChildProcess, type StdioOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The environment for programs of util-linux and fuse: this process's, with the usual directories of the system behind its PATH, for
 * mount(8) lies in /sbin on some systems, and with untranslated messages, for they are matched.
 */
export function utilityEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, LC_ALL: 'C', PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin` };
}

/** Where a program is found with {@link utilityEnvironment}; undefined: nowhere. */
export function findUtility(name: string): string | undefined {
  const directories = (utilityEnvironment()['PATH'] ?? '').split(':').filter((directory) => directory !== '');
  return directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
}

/**
 * The options of Node by which this process has loaded something before its program, for others of lvfs's that do the same. What else Node
 * was told, such as what to do instead of running a program (`--eval`), is nobody else's business.
 */
export function preloads(options: readonly string[] = process.execArgv): string[] {
  return options.flatMap((option, i) => {
    if (/^(?:--import|--require|-r)$/.test(option)) return [option, options[i + 1] ?? ''];
    return /^(?:--import|--require)=/.test(option) ? [option] : [];
  });
}

/** How a process ended; all null when it could not be started. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What came of a program that was run to its end. */
export interface Ran extends ProcessEnd {
  readonly stdout: string;
  readonly stderr: string;
  /** Why it could not be run, or was not waited for. */
  readonly error?: Error;
}

/** What may differ from how programs are run: with {@link utilityEnvironment}, nothing to read, in the root directory, which nobody removes. */
export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Descriptors that it has as 3 and up. */
  readonly inherited?: readonly (number | 'pipe')[];
  /** In milliseconds; then it is killed, and the error is ETIMEDOUT. */
  readonly timeout?: number;
}

function commonOptions({ env = utilityEnvironment(), cwd = '/', inherited = [] }: RunOptions) {
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', ...inherited];
  return { env, cwd, stdio };
}

/** Runs a program to its end, while this thread waits. */
export function runSync(program: string, args: readonly string[], options: RunOptions = {}): Ran {
  const { timeout } = options;
  const { status, signal, error, stdout, stderr } = spawnSync(program, args, {
    ...commonOptions(options),
    encoding: 'utf8',
    maxBuffer: Infinity,
    ...(timeout === undefined ? {} : { timeout, killSignal: 'SIGKILL' }),
  });
  const said = { code: status, signal, stdout: stdout ?? '', stderr: stderr ?? '' };
  return error === undefined ? said : { ...said, error };
}

/** Runs a program to its end. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: Omit<RunOptions, 'timeout'> = {},
): Promise<Ran> {
  const child = spawn(program, args, commonOptions(options));
  let [stdout, stderr] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const end = await endOf(child);
  return { ...end, stdout, stderr };
}

/**
 * How a process ends; with an error when it could not be started. Never rejects.
 *
 * @param when at its exit, or when its pipes are closed as well, which those that it has started may have
 */
export function endOf(
  child: ChildProcess,
  when: 'exit' | 'close' = 'close',
): Promise<ProcessEnd & { readonly error?: Error }> {
  return new Promise((done) => {
    child.once('error', (error) => done({ code: null, signal: null, error }));
    child.once(when, (code: number | null, signal: NodeJS.Signals | null) => done({ code, signal }));
  });
}

/** What a program said, in one line. */
export function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, '; ');
}

/** A word as a shell would need it typed. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
