/**
 * Starting a daemon and waiting until its view answers.
 *
 * The daemon is a process of its own session whose standard input brings the request and whose fourth descriptor takes
 * its messages, one JSON object a line. Should the starting process go away before the view is mounted, the daemon reads
 * the end of its input and gives up. Standard output and error are its log.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { exitStatus, LvfsError, type Logger, type LogLevel } from '../base/index.js';
import { messageToError } from './control.js';
import { createSessionDirectory, logFile, removeSessionDirectory } from './registry.js';
import type { SessionRequest, SessionStatus } from './request.js';

/** The descriptor on which a starting daemon reports. */
export const reportDescriptor = 3;

/** What a starting daemon says. */
export type StartupMessage =
  | { readonly type: 'progress'; readonly text: string }
  | { readonly type: 'log'; readonly level: LogLevel; readonly text: string }
  | { readonly type: 'ready'; readonly status: SessionStatus }
  | { readonly type: 'error'; readonly error: Parameters<typeof messageToError>[0] };

/** What a starting daemon is told. */
export interface StartupOrder {
  readonly request: SessionRequest;
  /** Its directory in the registry. */
  readonly directory: string;
}

/** Who hears of what the daemon does before it is ready. */
export interface LaunchListener {
  readonly progress: (text: string) => void;
  log: Logger;
}

/**
 * Starts a daemon and waits for its view.
 *
 * @param entry the program of the daemon
 * @returns the state of the mounted view
 * @throws LvfsError the daemon's own, or DAEMON_DIED (exit 1) with the last line of its log
 */
export async function launch(
  entry: URL,
  request: SessionRequest,
  listener: LaunchListener,
): Promise<SessionStatus> {
  const directory = createSessionDirectory();
  try {
    return await start(entry, { request, directory }, listener);
  } catch (error) {
    // A daemon that fails removes its directory itself, unless it was killed.
    removeSessionDirectory(directory);
    throw error;
  }
}

async function start(entry: URL, order: StartupOrder, listener: LaunchListener): Promise<SessionStatus> {
  const log = openSync(logFile(order.directory), 'ax', 0o600);
  const child = spawn(process.execPath, [fileURLToPath(entry)], {
    cwd: '/',
    detached: true,
    // glibc would give each thread a heap of its own, of which little is used.
    env: { MALLOC_ARENA_MAX: '1', ...process.env },
    stdio: ['pipe', log, log, 'pipe'],
  });
  closeSync(log);
  const input = child.stdio[0] as Writable;
  const reports = child.stdio[reportDescriptor] as Readable;
  const died = new Promise<string>((done) => {
    child.once('error', (error) => done(error.message));
    child.once('exit', (code, signal) => done(signal === null ? `status ${code}` : signal));
  });
  // A daemon that dies at once closes its end; what it died of is told below.
  input.on('error', () => undefined);
  input.write(`${JSON.stringify(order)}\n`);
  try {
    for await (const line of createInterface({ input: reports })) {
      const message = JSON.parse(line) as StartupMessage;
      if (message.type === 'progress') listener.progress(message.text);
      else if (message.type === 'log') listener.log(message.level, message.text);
      else if (message.type === 'error') {
        // Its end is waited for, so that nothing of it is left when the failure is reported.
        await died;
        throw messageToError(message.error);
      } else return message.status;
    }
    throw new LvfsError('DAEMON_DIED', `the daemon ended before the view was mounted (${await died})`, {
      exit: exitStatus.failure,
      cause: lastLine(logFile(order.directory)),
    });
  } finally {
    input.destroy();
    reports.destroy();
    child.unref();
  }
}

function lastLine(file: string): string | undefined {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  const telling = lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1);
  return telling === '' ? undefined : telling;
}
