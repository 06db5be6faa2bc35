/** Character classes shared by the parsers of this folder: one lookup per character, ASCII only but for white space. */

/** `[0-9]` */
export const DIGIT = 1;
/** `[a-z]` */
export const LOWER = 2;
/** `[A-Za-z0-9_]`: what may begin a category, a package name, a slot or a repository name (PMS 3.1). */
export const WORD = 4;
/** Inside a package name: a word character, `+` or `-` (PMS 3.1.2). */
export const NAME = 8;
/** Inside a category or a slot: a name character or `.` (PMS 3.1.1 and 3.1.3). */
export const CATEGORY = 16;
/** `[A-Za-z0-9]`: what may begin a USE flag (PMS 3.1.4). */
export const ALNUM = 32;
/** Inside a USE flag: `[A-Za-z0-9+_@-]`. */
export const FLAG = 64;

const classes = new Uint8Array(128);
for (let code = 0; code < 128; code++) {
  const c = String.fromCharCode(code);
  let bits = 0;
  if (/[0-9]/.test(c)) bits |= DIGIT;
  if (/[a-z]/.test(c)) bits |= LOWER;
  if (/[A-Za-z0-9_]/.test(c)) bits |= WORD;
  if (/[A-Za-z0-9_+-]/.test(c)) bits |= NAME;
  if (/[A-Za-z0-9_+.-]/.test(c)) bits |= CATEGORY;
  if (/[A-Za-z0-9]/.test(c)) bits |= ALNUM;
  if (/[A-Za-z0-9+_@-]/.test(c)) bits |= FLAG;
  classes[code] = bits;
}

/** Whether the character at `at` is of a class; false beyond the end and outside ASCII. */
export function is(text: string, at: number, wanted: number): boolean {
  const code = text.charCodeAt(at);
  return code < 128 && (classes[code]! & wanted) !== 0;
}

/** The offset behind the characters of a class that begin at `at`. */
export function skip(text: string, at: number, wanted: number): number {
  let i = at;
  while (is(text, i, wanted)) i++;
  return i;
}

/** What Python's `str.split` separates words at, which is how Portage reads nearly everything. */
// eslint-disable-next-line no-control-regex -- Python counts U+001C to U+001F as white space
export const whiteSpace = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

/** Whether the character at `at` is {@link whiteSpace}; false beyond the end. */
export function isSpace(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code <= 32
    ? code === 32 || (code >= 9 && code <= 13) || code >= 28
    : code >= 0x85 && whiteSpace.test(text[at]!);
}

/** A piece of input for a message: quoted, with control characters escaped, cut when long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}
