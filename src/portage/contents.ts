/**
 * CONTENTS files: what a package installed, one entry a line, as Portage's merge writes them and as it reads them back
 * (`dblink.getcontents`; the format is described in portage(5) under `/var/db/pkg`).
 *
 *     dir PATH
 *     obj PATH MD5 MTIME
 *     sym PATH -> TARGET MTIME
 *     fif PATH
 *     dev PATH
 *
 * Paths may contain anything but line ends and NUL, spaces and ` -> ` included, so the fields are found from the end of
 * the line: the last ` -> ` that leaves a target divides a `sym` line. Symbolic links of before 2005 have a whole
 * `(mode, inode, …)` tuple in the place of the time. A carriage return ends a line, alone or before a newline.
 *
 * Everything here works on bytes: a name need not be UTF-8. Which paths exist on the host is not asked.
 */

/** What kind of entry a line is about. */
export const contentsKind = { dir: 0, obj: 1, sym: 2, fif: 3, dev: 4 } as const;

/** One of the numbers in {@link contentsKind}. */
export type ContentsKind = (typeof contentsKind)[keyof typeof contentsKind];

/**
 * One entry, valid only during the call that hands it over: the scanner uses the same object for all.
 */
export interface ContentsEntry {
  kind: ContentsKind;
  /** What `start` and `end` count in: the scanned data itself, or a copy when the path had to be normalised. */
  bytes: Uint8Array;
  /**
   * `bytes[start, end)` is the path: it begins with a slash, does not end with one (but for `/` itself) and has no empty,
   * `.` or `..` components. The exception is a relative path in a damaged file: what cannot be resolved of it stays
   * (`../x` is read as `/../x`, `.` as `/.`).
   */
  start: number;
  end: number;
  /** The MD5 of an `obj`, the target of a `sym`, in the scanned data; both 0 for other kinds. */
  valueStart: number;
  valueEnd: number;
  /** The decimal modification time (seconds) of an `obj` or `sym`, in the scanned data; both 0 for other kinds. */
  timeStart: number;
  timeEnd: number;
}

/** Receives what {@link scanContents} finds, in the order of the file. */
export interface ContentsVisitor {
  entry(entry: ContentsEntry): void;
  /** A line that cannot be used; `line` counts from 1. The message is one of Portage's two. */
  problem(line: number, message: string): void;
}

const slash = 0x2f;
const space = 0x20;

/**
 * Scans a CONTENTS file. Never throws because of what the file contains: a damaged line is reported and skipped.
 *
 * Makes no garbage for ordinary lines, so that the index of a whole system (more than a million lines) can be built from
 * it in well under a second.
 */
export function scanContents(data: Uint8Array, visitor: ContentsVisitor): void {
  const entry: ContentsEntry = {
    kind: contentsKind.dir,
    bytes: data,
    start: 0,
    end: 0,
    valueStart: 0,
    valueEnd: 0,
    timeStart: 0,
    timeEnd: 0,
  };
  const length = data.length;
  let line = 0;
  for (let position = 0; position < length;) {
    line++;
    const lineStart = position;
    let hasNul = false;
    let perhapsOdd = false;
    let previous = 0;
    let byte = 0;
    for (; position < length; position++) {
      byte = data[position]!;
      if (byte < 0x30) {
        if (byte === 0x0a || byte === 0x0d) break;
        if (byte === 0) hasNul = true;
        else if (previous === slash && (byte === slash || byte === 0x2e)) perhapsOdd = true;
      }
      previous = byte;
    }
    const lineEnd = position;
    position++;
    if (byte === 0x0d && data[position] === 0x0a) position++;

    if (hasNul) visitor.problem(line, 'Null byte found in CONTENTS entry');
    else if (!splitLine(data, lineStart, lineEnd, entry))
      visitor.problem(line, 'Unrecognized CONTENTS entry');
    else {
      entry.bytes = data;
      if ((perhapsOdd || isOddAtTheEnds(data, entry)) && isOdd(data, entry.start, entry.end)) {
        const normal = normalisePath(Buffer.from(data.subarray(entry.start, entry.end)).toString('latin1'));
        entry.bytes = Buffer.from(normal, 'latin1');
        entry.start = 0;
        entry.end = normal.length;
      }
      visitor.entry(entry);
    }
  }
}

/** Finds the fields of the line `data[start, end)`; false when it is none of the five forms. */
function splitLine(data: Uint8Array, start: number, end: number, entry: ContentsEntry): boolean {
  const pathStart = start + 4;
  if (end <= pathStart || data[start + 3] !== space) return false;
  const kind = kindOf(data, start);
  if (kind === undefined) return false;
  entry.kind = kind;
  entry.start = pathStart;
  entry.end = end;
  entry.valueStart = entry.valueEnd = entry.timeStart = entry.timeEnd = 0;
  if (kind !== contentsKind.obj && kind !== contentsKind.sym) return true;

  let lastSpace = lastSpaceBefore(data, end, pathStart);
  if (isDecimal(data, lastSpace + 1, end)) {
    entry.timeStart = lastSpace + 1;
    entry.timeEnd = end;
  } else {
    if (kind === contentsKind.obj || data[end - 1] !== 0x29) return false;
    lastSpace = findOldTime(data, pathStart, end, entry);
    if (lastSpace < 0) return false;
  }

  if (kind === contentsKind.obj) {
    const sumStart = lastSpaceBefore(data, lastSpace, pathStart) + 1;
    if (sumStart <= pathStart + 1 || !isWord(data, sumStart, lastSpace)) return false;
    entry.end = sumStart - 1;
    entry.valueStart = sumStart;
  } else {
    // The arrow takes the bytes [arrow, arrow + 4), and at least one byte of target comes before the last space.
    let arrow = lastSpace - 5;
    while (arrow > pathStart && !isArrow(data, arrow)) arrow--;
    if (arrow <= pathStart) return false;
    entry.end = arrow;
    entry.valueStart = arrow + 4;
  }
  entry.valueEnd = lastSpace;
  return true;
}

function kindOf(data: Uint8Array, at: number): ContentsKind | undefined {
  const word = (data[at]! << 16) | (data[at + 1]! << 8) | data[at + 2]!;
  if (word === 0x6f626a) return contentsKind.obj;
  if (word === 0x646972) return contentsKind.dir;
  if (word === 0x73796d) return contentsKind.sym;
  if (word === 0x666966) return contentsKind.fif;
  if (word === 0x646576) return contentsKind.dev;
  return undefined;
}

/** The position of the last space in `data[from, end)`, or `from - 1`. */
function lastSpaceBefore(data: Uint8Array, end: number, from: number): number {
  let position = end - 1;
  while (position >= from && data[position] !== space) position--;
  return position;
}

function isArrow(data: Uint8Array, at: number): boolean {
  return data[at + 1] === 0x2d && data[at + 2] === 0x3e && data[at] === space && data[at + 3] === space;
}

/** Whether the bytes are one or more decimal digits; Portage's `\d` takes those of all scripts. */
function isDecimal(data: Uint8Array, start: number, end: number): boolean {
  if (start >= end) return false;
  for (let position = start; position < end; position++) {
    const byte = data[position]!;
    if (byte >= 0x80) return /^\p{Nd}+$/u.test(decode(data, start, end));
    if (byte < 0x30 || byte > 0x39) return false;
  }
  return true;
}

// eslint-disable-next-line no-control-regex -- the separators U+001C to U+001F are white space to Python
const wideSpace = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** Whether the bytes are one or more characters, none of them white space as Python's `\s` sees it. */
function isWord(data: Uint8Array, start: number, end: number): boolean {
  if (start >= end) return false;
  for (let position = start; position < end; position++) {
    const byte = data[position]!;
    if (byte >= 0x80) return !wideSpace.test(decode(data, start, end));
    if (byte <= space && ((byte >= 9 && byte <= 13) || byte >= 0x1c)) return false;
  }
  return true;
}

const oldTime = / \(\d+, \d+L, \d+L, \d+, \d+, \d+, \d+L, \d+, (\d+), \d+\)$/;

/** Finds the tuple that old Portage wrote for the time of a link; the position of the space before it, or -1. */
function findOldTime(data: Uint8Array, start: number, end: number, entry: ContentsEntry): number {
  const text = Buffer.from(data.subarray(start, end)).toString('latin1');
  const match = oldTime.exec(text);
  if (match === null) return -1;
  const time = match[1]!;
  entry.timeEnd = start + text.lastIndexOf(', ');
  entry.timeStart = entry.timeEnd - time.length;
  return start + match.index;
}

function isOddAtTheEnds(data: Uint8Array, entry: ContentsEntry): boolean {
  return data[entry.start] !== slash || data[entry.end - 1] === slash;
}

/** Whether the path is not what {@link normalisePath} would make of it. */
function isOdd(data: Uint8Array, start: number, end: number): boolean {
  if (data[start] !== slash) return true;
  for (let position = start + 1, component = position; position <= end; position++) {
    if (position < end && data[position] !== slash) continue;
    const size = position - component;
    if (size === 0 && end > start + 1) return true;
    if (size === 1 && data[component] === 0x2e) return true;
    if (size === 2 && data[component] === 0x2e && data[component + 1] === 0x2e) return true;
    component = position + 1;
  }
  return false;
}

/** Python's `os.path.normpath`, made absolute. `..` is dropped with the component before it, without asking the host. */
function normalisePath(path: string): string {
  const absolute = path.startsWith('/');
  const kept: string[] = [];
  for (const component of path.split('/')) {
    if (component === '' || component === '.') continue;
    if (component !== '..' || (!absolute && (kept.length === 0 || kept.at(-1) === '..')))
      kept.push(component);
    else kept.pop();
  }
  return kept.length === 0 && !absolute ? '/.' : `/${kept.join('/')}`;
}

function decode(data: Uint8Array, start: number, end: number): string {
  return Buffer.from(data.buffer, data.byteOffset + start, end - start).toString('utf8');
}
