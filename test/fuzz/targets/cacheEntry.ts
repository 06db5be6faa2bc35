import { parseCacheEntry } from '../../../src/portage/repos/ebuildTree.js';
import type { FuzzTarget } from '../fuzz.js';
import { hold, same } from '../holds.js';

export const cacheEntry: FuzzTarget = {
  name: 'md5-cache',
  seeds: [
    'DEFINED_PHASES=install\nDEPEND=dev-libs/bar\nDESCRIPTION=a=b\nEAPI=8\nKEYWORDS=amd64 ~x86\nSLOT=0\n_eclasses_=a\t0\n_md5_=1',
    '=\n==\n',
  ],
  words: ['EAPI=', '\n', '=', 'SLOT=0/1', 'EAPI= \n', '__proto__=1'],
  run(input) {
    const text = input.toString('utf8');
    const found = parseCacheEntry(text);
    const lines = text.endsWith('\n') ? text.slice(0, -1).split('\n') : text === '' ? [] : text.split('\n');
    hold((found === undefined) === lines.some((line) => !line.includes('=')), 'a line without = spoils all');
    if (found === undefined) return;
    const expected = new Map(
      lines.map((line) => [line.split('=', 1)[0]!, line.slice(line.indexOf('=') + 1)]),
    );
    if ((expected.get('EAPI') ?? '').trim() === '') expected.set('EAPI', '0');
    same(found, expected, 'values');
  },
};
