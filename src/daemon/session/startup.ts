/**
 * What a process that makes a view and the one that waits for it say to each other. A daemon is given its order as a line of JSON, and says
 * what it has to say as lines of JSON until its view is there; the server of a private view says the same as events of the control protocol.
 */
import { isLogLevel, isRecord, parseJson, type Listener, type LogLevel } from '../../base/index.js';
import type { ErrorMessage } from '../control/protocol.js';
import type { SessionRequest, SessionStatus } from '../request.js';

/** What is heard while a view is being made. */
export type OpeningMessage =
  | { readonly type: 'progress'; readonly text: string }
  | { readonly type: 'log'; readonly level: LogLevel; readonly text: string };

/** A listener that passes everything on as messages. */
export function sendOpening(send: (message: OpeningMessage) => void): Listener {
  return {
    progress: (text) => send({ type: 'progress', text }),
    log: (level, text) => send({ type: 'log', level, text }),
  };
}

/** Tells a listener what a message of {@link sendOpening} says. */
export function hearOpening(listener: Listener, message: OpeningMessage): void {
  if (message.type === 'progress') listener.progress(message.text);
  else listener.log(message.level, message.text);
}

/** What a starting daemon says; one of the last two is the end of it. */
export type StartupMessage =
  | OpeningMessage
  | { readonly type: 'ready'; readonly status: SessionStatus }
  | { readonly type: 'error'; readonly error: ErrorMessage };

/** What a starting daemon is told. */
export interface StartupOrder {
  readonly request: SessionRequest;
  /** Its directory in the registry. */
  readonly directory: string;
  /** What the caller's environment has beside what the daemon was started with. */
  readonly environment: Readonly<Record<string, string>>;
}

/** An order or a message as it is sent. */
export function startupLine(said: StartupOrder | StartupMessage): string {
  return `${JSON.stringify(said)}\n`;
}

/** What a line of a starting daemon says; undefined when it is no message. */
export function readStartupMessage(line: string): StartupMessage | undefined {
  return parseJson(line, isStartupMessage);
}

/** The order that a line brings; undefined when it is none. */
export function readStartupOrder(line: string): StartupOrder | undefined {
  return parseJson(line, isStartupOrder);
}

function isStartupMessage(value: unknown): value is StartupMessage {
  if (!isRecord(value)) return false;
  const { type, text, level, status, error } = value;
  switch (type) {
    case 'progress':
      return typeof text === 'string';
    case 'log':
      return typeof text === 'string' && isLogLevel(level);
    case 'ready':
      return isRecord(status);
    default:
      return type === 'error' && isRecord(error);
  }
}

function isStartupOrder(value: unknown): value is StartupOrder {
  return (
    isRecord(value) &&
    isRecord(value['request']) &&
    isRecord(value['environment']) &&
    typeof value['directory'] === 'string'
  );
}
