import { tryParseAtom } from '../../../src/portage/atom.js';
import {
  parseDepend,
  parseRequiredUse,
  parseWords,
  printDepend,
  useReduceFlat,
} from '../../../src/portage/depend.js';
import type { FuzzTarget } from '../fuzz.js';
import { hold, isPlain, same, unlessRefused } from '../holds.js';

const structure = /^(?:\(|\)|\|\||!?[A-Za-z0-9][A-Za-z0-9_+@-]*\?)$/;

/** The words of a dependency string (PMS 8.2). */
function wordsOf(text: string): string[] {
  return text.split(/[ \t\n\v\f\r]+/).filter((word) => word !== '');
}

/** Whether an open and a closing parenthesis belong together, all the way. */
function isBalanced(words: readonly string[]): boolean {
  let depth = 0;
  for (const word of words) {
    if (word === '(') depth++;
    if (word === ')' && --depth < 0) return false;
  }
  return depth === 0;
}

export const depend: FuzzTarget = {
  name: 'depend',
  seeds: [
    'a/b c/d',
    '|| ( a/b ( c/d >=e/f-1:0= ) )',
    'x? ( a/b !y? ( c/d[x?] ) ) !z? ( || ( g/h i/j ) )',
    '^^ ( a b ) ?? ( c d ) || ( e !f ) g? ( h )',
    'GPL-2 || ( MIT BSD ) test? ( x )',
    '!!a/b !c/d',
  ],
  words: [' ( ', ' ) ', ' || ', ' ^^ ', ' ?? ', 'x? ', '!x? ', 'a/b', '\t', '\n'],
  run(input) {
    const text = input.toString('utf8');
    const words = wordsOf(text);
    for (const eapi of [undefined, '0', '8']) {
      const found = unlessRefused(() => parseDepend(text, { eapi }));
      if (found === undefined) continue;
      same(printDepend(found), words.join(' '), 'what is written is what was read');
      hold(isBalanced(words), 'parentheses belong together');
      for (const word of words)
        hold(structure.test(word) || tryParseAtom(word, { eapi }) !== undefined, `${word} is an atom`);
      for (const use of [new Set<string>(), new Set(words.map((word) => word.replace(/^!?(.*)\?$/, '$1')))]) {
        const flat = unlessRefused(() => useReduceFlat(text, { eapi, use })) ?? [];
        hold(flat.length <= words.length + 1, 'no more than there was');
      }
    }
    const required = unlessRefused(() => parseRequiredUse(text, { isValidFlag: () => true }));
    if (required !== undefined && isPlain(text))
      same(printDepend(required), words.join(' '), 'REQUIRED_USE as written');
    unlessRefused(() => parseWords(text));
  },
};
