/** Paths as text. */
import { realpathSync } from 'node:fs';
import { unlessRefused } from './absence.js';
import { errorCode } from './errors.js';

/** Bytes of the longest path that a system call takes, without its end (PATH_MAX of linux/limits.h). */
export const longestPath = 4095;

/** Whether `path` is `ancestor` or lies below it; both absolute and normalised. */
export function isWithin(path: string, ancestor: string): boolean {
  return path === ancestor || path.startsWith(ancestor === '/' ? '/' : `${ancestor}/`);
}

/** The working directory of this process; `/` when it has been removed. */
export function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return '/';
  }
}

/** Whether one character a byte (latin1) and UTF-8 are the same for a text. */
export function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}

/** The text of a path for people: bytes that are not UTF-8 are written as `\xNN`, a backslash as `\\`. */
export function displayPath(path: string): string {
  const bytes = Buffer.from(path, 'latin1');
  const text = bytes.toString('utf8');
  if (!/[\uFFFD\\\p{Cc}]/u.test(text)) return text;
  let out = '';
  for (let i = 0; i < bytes.length;) {
    const length = utf8Length(bytes, i);
    const char = length === 0 ? '' : bytes.toString('utf8', i, i + length);
    if (length === 0 || /\p{Cc}/u.test(char)) {
      out += `\\x${(bytes[i] ?? 0).toString(16).padStart(2, '0')}`;
      i += 1;
    } else {
      out += char === '\\' ? '\\\\' : char;
      i += length;
    }
  }
  return out;
}

/** Length of the valid UTF-8 sequence at `at`; 0 when there is none. */
function utf8Length(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  const length =
    first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  return bytes.toString('utf8', at, at + length).includes('\uFFFD') ? 0 : length;
}

/** The last component of a path; the path itself when it has only one. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** A path without links; undefined when it cannot be had. */
export function realOf(path: string): string | undefined {
  return unlessRefused(() => realpathSync(path), undefined);
}
