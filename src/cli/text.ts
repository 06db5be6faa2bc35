/** Names, times and targets as people read them. */
import { displayPath } from '../base/index.js';

/** A text in which nothing moves the cursor or begins a new line: control characters as `\xNN`, a backslash as `\\`. */
export function displayText(text: string): string {
  return displayPath(Buffer.from(text).toString('latin1'));
}

/** Targets at most that are named one by one; a set has hundreds. */
const namedTargets = 3;

/** The targets of a view in a few words: `dev-libs/foo-1`, or `app-shells/bash-5 sys-libs/zlib-1.3 and 298 more`. */
export function targetNames(targets: readonly string[]): string {
  if (targets.length <= namedTargets) return targets.join(' ');
  return `${targets.slice(0, namedTargets - 1).join(' ')} and ${targets.length - namedTargets + 1} more`;
}

/** A time with its zone, in the zone of whoever reads it: `2026-01-31 12:00:00+01:00`. */
export function localTime(time: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const east = -time.getTimezoneOffset();
  const zone = `${east < 0 ? '-' : '+'}${two(Math.floor(Math.abs(east) / 60))}:${two(Math.abs(east) % 60)}`;
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${date} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}${zone}`;
}

/** `1 chain`, `2 chains`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
