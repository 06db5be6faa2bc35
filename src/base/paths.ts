/** Paths as text. */

/** Whether `path` is `ancestor` or lies below it; both absolute and normalised. */
export function isWithin(path: string, ancestor: string): boolean {
  return path === ancestor || path.startsWith(ancestor === '/' ? '/' : `${ancestor}/`);
}

/** Whether one character a byte (latin1) and UTF-8 are the same for a text. */
export function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}
