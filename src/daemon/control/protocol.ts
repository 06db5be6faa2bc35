/**
 * The form of the control protocol: JSON objects, one a line, over a stream socket. docs/control-protocol.md describes it for other
 * programs. What can be asked is said in maps of methods, each with the types of its parameters, its events and its result, from which
 * server and client are checked by the compiler, and the parameters by the server when they arrive.
 */
import type { Duplex } from 'node:stream';
import type { InferInput, InferOutput, ObjectEntries, ObjectSchema } from 'valibot';
import {
  asFailure,
  describeError,
  exitStatus,
  isErrorCode,
  isExitStatus,
  isRecord,
  LvfsError,
  parseJson,
  type ErrorCode,
} from '../../base/index.js';

/** Raised when a client of the old version could misunderstand the new one. */
export const protocolVersion = 1;

/** The first line that the server sends. */
export interface Hello {
  readonly lvfs: string;
  readonly protocol: number;
  readonly pid: number;
  readonly mountpoint: string;
}

declare const carried: unique symbol;

/** Stands for values of a type that are not checked when they arrive: who sends them is lvfs itself, in the version that it names. */
export interface Carries<T> {
  readonly [carried]?: T;
}

/** See {@link Carries}. */
export function carries<T>(): Carries<T> {
  return {};
}

/** One method. */
export interface Method {
  readonly parameters: ObjectSchema<ObjectEntries, undefined>;
  /** What comes before the result, as often as there is any; default nothing. */
  readonly event?: Carries<unknown>;
  readonly result: Carries<unknown>;
  /** Whether it changes something; whoever is in the view may not ask for that. */
  readonly changes?: true;
}

/** Methods by name. */
export type Methods = Readonly<Record<string, Method>>;

/** Plain data that whoever is given it leaves alone. */
type Given<T> = { readonly [K in keyof T]: Given<T[K]> };

/** What a client gives. */
export type ParametersOf<M extends Method> = Given<InferInput<M['parameters']>>;

/** What a client hears before the result. */
export type EventOf<M extends Method> = M extends { readonly event: Carries<infer E> } ? E : never;

/** What a client is answered. */
export type ResultOf<M extends Method> = M['result'] extends Carries<infer R> ? R : never;

/** What a handler is given besides its parameters. */
export interface RequestContext<E = never> {
  /** Sends an event that belongs to this request, before its result. */
  readonly emit: (event: E) => void;
  /** Aborted when the client went away. */
  readonly signal: AbortSignal;
}

/** What a handler may return: `null` travels for nothing as well. */
type Answer<R> = R | (R extends null ? void : never);

/** Answers one method; an LvfsError reaches the client as it is. */
export type Handler<M extends Method> = (
  parameters: InferOutput<M['parameters']>,
  context: RequestContext<EventOf<M>>,
) => Answer<ResultOf<M>> | Promise<Answer<ResultOf<M>>>;

/** A handler for each method. */
export type Handlers<T extends Methods> = { readonly [K in keyof T]: Handler<T[K]> };

/** An error as it travels: the same object goes through the socket and through the pipe of a starting daemon. */
export interface ErrorMessage {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly exit: number;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Describes an error for {@link messageToError}. */
export function errorToMessage(thrown: unknown): ErrorMessage {
  const error = asFailure(thrown);
  if (error instanceof LvfsError) {
    return {
      code: error.code,
      message: describeError(error),
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      exit: error.exit,
      details: error.details,
    };
  }
  return { code: 'INTERNAL', message: `internal error: ${describeError(error)}`, exit: exitStatus.failure };
}

/** The error that {@link errorToMessage} described. */
export function messageToError(message: unknown): LvfsError {
  const { code, message: text, hint, exit, details } = isRecord(message) ? message : {};
  return new LvfsError(isErrorCode(code) ? code : 'INTERNAL', String(text), {
    ...(isExitStatus(exit) ? { exit } : {}),
    ...(typeof hint === 'string' ? { hint } : {}),
    ...(isRecord(details) ? { details } : {}),
  });
}

/** The object of a line; undefined when it is none. */
export function parseMessage(line: string): Readonly<Record<string, unknown>> | undefined {
  return parseJson(line, isRecord);
}

/** The line of an object. */
export function messageLine(message: object): string {
  return `${JSON.stringify(message)}\n`;
}

/** Divides what arrives into lines without gathering more than `longest` bytes of one. */
export function readLines(
  socket: Duplex,
  longest: number,
  on: { line: (line: string) => void; tooLong: () => void },
): void {
  let chunks: Buffer[] = [];
  let size = 0;
  let closed = false;
  socket.on('data', (data: Buffer) => {
    let start = 0;
    while (!closed) {
      const end = data.indexOf(0x0a, start);
      const piece = data.subarray(start, end === -1 ? data.length : end);
      size += piece.length;
      if (size > longest) {
        closed = true;
        on.tooLong();
        return;
      }
      chunks.push(piece);
      if (end === -1) return;
      const line = Buffer.concat(chunks).toString('utf8');
      chunks = [];
      size = 0;
      start = end + 1;
      if (line.trim() !== '') on.line(line);
    }
  });
}
