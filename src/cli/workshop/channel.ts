/**
 * How a shell in a view asks the `lvfs shell` around it, for what stands in common.sh. Everything that the shell starts inherits its end
 * of the channel, so what counts is who has written a request, which the kernel says; and the shell is who asked first, before
 * it had started anything.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { errorCode } from '../../base/index.js';
import { SignedSocket } from '../../system/index.js';

/** What is asked. */
export interface ShellRequest {
  readonly words: readonly string[];
  /** Whether the shell itself asks, rather than something that it has started. */
  readonly isShell: boolean;
}

/** Where what is said goes, and when. */
export interface ShellAnswer {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** Answers a request; resolves to its exit status. */
export type Answering = (request: ShellRequest, answer: ShellAnswer) => Promise<number>;

/** The longest request in bytes; what is longer is forgotten. */
const longestRequest = 1 << 20;
/** Words of a request at most. */
const mostWords = 4096;
/** Requests that wait at most; further ones are not answered. */
const mostWaiting = 16;
/** Processes whose requests are not complete, at most. */
const mostWriters = 64;

/** See the head of this file. */
export class ShellChannel {
  readonly #socket: SignedSocket;
  readonly #answering: Answering;
  readonly #answers: Socket;
  /** What each process has written that is no whole request yet. */
  readonly #pieces = new Map<number, Buffer>();
  #shell: ProgramOfProcess | undefined;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(socket: SignedSocket, answering: Answering) {
    this.#socket = socket;
    this.#answering = answering;
    // What is written to is read by nobody but the kernel's receiver above.
    this.#answers = new Socket({ fd: socket.own, readable: false, writable: true });
    // The shell has ended while it was being answered.
    this.#answers.on('error', () => undefined);
    socket.listen(() => this.#hear());
  }

  /** @returns undefined where the kernel cannot tell who writes */
  static open(answering: Answering): ShellChannel | undefined {
    const socket = SignedSocket.open();
    return socket === undefined ? undefined : new ShellChannel(socket, answering);
  }

  /** The shell's end, to be inherited; {@link release} it then. */
  get descriptor(): number {
    return this.#socket.other;
  }

  /** Once the shell has its end. */
  release(): void {
    this.#socket.release();
  }

  /** Nothing is answered afterwards. */
  close(): void {
    this.#socket.close();
    this.#answers.destroy();
  }

  #hear(): void {
    for (const { pid, data } of this.#socket.read()) {
      const { request, rest } = parseRequest(Buffer.concat([this.#pieces.get(pid) ?? Buffer.alloc(0), data]));
      this.#pieces.delete(pid);
      if (rest.length > 0 && rest.length <= longestRequest) this.#keep(pid, rest);
      for (const one of request) this.#take(pid, one);
    }
  }

  /** Where there are too many, what has waited longest is given up, unless it is the shell's. */
  #keep(pid: number, piece: Buffer): void {
    this.#pieces.set(pid, piece);
    if (this.#pieces.size <= mostWriters) return;
    const oldest = [...this.#pieces.keys()].find((writer) => writer !== this.#shell?.pid);
    if (oldest !== undefined) this.#pieces.delete(oldest);
  }

  #take(pid: number, { id, words }: ParsedRequest): void {
    if (this.#waiting >= mostWaiting) return;
    // What it is now: it may be another program when it is its turn.
    this.#shell ??= words[0] === 'hello' ? programOf(pid) : undefined;
    const isShell = this.#shell !== undefined && isSame(this.#shell, programOf(pid));
    this.#waiting++;
    this.#last = this.#last.then(async () => {
      const say = (kind: string, text: string): void => {
        if (this.#answers.writable)
          this.#answers.write([id, kind, text.replaceAll('\0', '')].map((field) => `${field}\0`).join(''));
      };
      const status = await this.#answering(
        { words, isShell },
        { out: (text) => say('out', text), err: (text) => say('err', text) },
      );
      say('end', String(status));
      this.#waiting--;
    });
  }
}

interface ParsedRequest {
  readonly id: string;
  readonly words: readonly string[];
}

/** Takes whole requests from the beginning of what a process has written; what is none is left out with all behind it. */
export function parseRequest(data: Buffer): { request: ParsedRequest[]; rest: Buffer } {
  const request: ParsedRequest[] = [];
  let rest = data;
  for (;;) {
    const fields: string[] = [];
    let at = 0;
    let wanted = 2;
    while (fields.length < wanted) {
      const end = rest.indexOf(0, at);
      if (end === -1) return { request, rest };
      fields.push(rest.toString('utf8', at, end));
      at = end + 1;
      if (fields.length !== 2) continue;
      const count = /^\d{1,5}$/.test(fields[1] ?? '') ? Number(fields[1]) : 0;
      if (count < 1 || count > mostWords) return { request, rest: Buffer.alloc(0) };
      wanted += count;
    }
    const [id = '', , ...words] = fields;
    request.push({ id, words });
    rest = rest.subarray(at);
  }
}

/** Which program a process runs, and how it was called. */
interface ProgramOfProcess {
  readonly pid: number;
  readonly program: string;
  readonly commandLine: string;
}

/** Undefined for a process that cannot be looked at. */
function programOf(pid: number): ProgramOfProcess | undefined {
  try {
    return {
      pid,
      program: readlinkSync(`/proc/${pid}/exe`),
      commandLine: readFileSync(`/proc/${pid}/cmdline`, 'latin1'),
    };
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
}

/** What has replaced the shell in its process (exec) is another program, called in another way. */
function isSame(shell: ProgramOfProcess, other: ProgramOfProcess | undefined): boolean {
  return (
    other?.pid === shell.pid && other.program === shell.program && other.commandLine === shell.commandLine
  );
}
