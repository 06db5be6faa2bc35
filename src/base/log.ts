/** Levelled logging without global state: whoever makes a part hands it a {@link Logger}. */

/** How much a message matters; `debug` is not shown unless asked for. */
export type LogLevel = (typeof logLevels)[number];

const logLevels = ['error', 'warn', 'info', 'debug'] as const;

/** Whether a value is one of them. */
export function isLogLevel(value: unknown): value is LogLevel {
  return logLevels.some((level) => level === value);
}

/** Where messages go: one line each, without the line end. */
export type Logger = (level: LogLevel, message: string) => void;

/** Who hears of what is done: how far it is, and what there is to say about it. */
export interface Listener {
  readonly progress: (text: string) => void;
  readonly log: Logger;
}

/** A logger that drops everything. */
export const silent: Logger = () => undefined;

/** Passes each message on once: for what is done many times over, and has the same to say each time. */
export function eachOnce(log: Logger): Logger {
  const said = new Set<string>();
  return (level, message) => {
    const size = said.size;
    if (said.add(`${level} ${message}`).size > size) log(level, message);
  };
}
