import { globMatcher } from '../../../src/view/glob.js';
import type { FuzzTarget } from '../fuzz.js';
import { same, unlessRefused } from '../holds.js';

export const globs: FuzzTarget = {
  name: 'globs',
  seeds: ['/usr/**/a*.h\0/usr/x/ab.h', '/{a,b{c,d}}/?[!x-z]\0/bc/y', '/a/**\0/a/b/c', '/\\*\0/*'],
  words: ['**', '{a,b}', '[a-z]', '[!', '\\', '*a', '/**/'],
  run(input) {
    const [glob = '', path = '/'] = input.toString('latin1').split('\0');
    const matches = unlessRefused(() => globMatcher(glob));
    if (matches === undefined) return;
    matches(path);
    if (/^\/[a-z/]*$/.test(glob) && !glob.includes('//'))
      same(matches(glob), true, 'a plain path matches itself');
  },
};
