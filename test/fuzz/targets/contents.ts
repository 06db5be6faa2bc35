import { contentsKind, scanContents } from '../../../src/portage/contents.js';
import type { FuzzTarget } from '../fuzz.js';
import { same } from '../holds.js';

/** Portage's own expression (`dblink._contents_re`), for what is ASCII. */
const line =
  /^(?:(dev|dir|fif) (.+)|(obj) (.+) (\S+) (\d+)|(sym) (.+) -> (.+) (?:(\d+)|\(\d+, \d+L, \d+L, \d+, \d+, \d+, \d+L, \d+, (\d+), \d+\)))$/;

const kinds = Object.keys(contentsKind);

/** Whether Python's `normpath`, made absolute, leaves a path alone. */
const isNormal = (path: string): boolean => /^\/$|^(?:\/(?!\.{0,2}(?:\/|$))[^/]+)+$/.test(path);

type Found = readonly string[] | 'problem';

function secondOpinion(text: string): Found | undefined {
  // eslint-disable-next-line no-control-regex -- what another script may be in, or is white space to Python alone
  if (/[\x80-\xff\x0b\x0c\x1c-\x1f]/.test(text)) return undefined;
  if (text.includes('\0')) return 'problem';
  const [, plain, path, obj, file, sum, time, sym, link, target, linkTime, oldTime] = line.exec(text) ?? [];
  if (plain !== undefined) return [plain, path ?? '', '', ''];
  if (obj !== undefined) return [obj, file ?? '', sum ?? '', time ?? ''];
  if (sym !== undefined) return [sym, link ?? '', target ?? '', linkTime ?? oldTime ?? ''];
  return 'problem';
}

export const contents: FuzzTarget = {
  name: 'contents',
  seeds: [
    'dir /usr\nobj /usr/bin/a d41d8cd98f00b204e9800998ecf8427e 1700000000\nsym /bin -> usr/bin 1\nfif /f\ndev /d\n',
    'sym /a -> b -> c (1, 2L, 3L, 4, 5, 6, 7L, 8, 9, 10)\r\nobj /a b c 1\robj  1 2\n',
    'dir /a//b/./../c/\ndir x\nobj /caf\xe9 1 2\n',
  ],
  words: [
    'obj /',
    'sym /',
    'dir /',
    ' -> ',
    ' 1\n',
    '\r\n',
    '\0',
    '/../',
    '(1, 2L, 3L, 4, 5, 6, 7L, 8, 9, 10)',
  ],
  run(input) {
    const found: Found[] = [];
    const bytes = (from: Uint8Array, start: number, end: number): string =>
      Buffer.from(from.buffer, from.byteOffset + start, end - start).toString('latin1');
    scanContents(input, {
      entry: (entry) => {
        found.push([
          kinds[entry.kind] ?? '',
          bytes(entry.bytes, entry.start, entry.end),
          bytes(input, entry.valueStart, entry.valueEnd),
          bytes(input, entry.timeStart, entry.timeEnd),
        ]);
      },
      problem: () => void found.push('problem'),
    });
    const lines = input.toString('latin1').split(/\r\n|[\r\n]/);
    if (lines.at(-1) === '') lines.pop();
    same(found.length, lines.length, 'lines');
    for (const [i, text] of lines.entries()) {
      const expected = secondOpinion(text);
      if (expected === undefined) continue;
      const one = found[i]!;
      if (one === 'problem' || expected === 'problem') same(one, expected, text);
      else if (isNormal(expected[1]!)) same(one, expected, text);
      else same([one[0], ...one.slice(2)], [expected[0], ...expected.slice(2)], text);
    }
  },
};
