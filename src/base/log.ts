/** Levelled logging without global state: whoever makes a part hands it a {@link Logger}. */

/** How much a message matters; `debug` is not shown unless asked for. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** Where messages go: one line each, without the line end. */
export type Logger = (level: LogLevel, message: string) => void;

/** A logger that drops everything. */
export const silent: Logger = () => undefined;
