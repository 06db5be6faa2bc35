import test from 'ava';
import fc from '../../helpers/fastCheck.js';
import { type Atom, evaluateUse, parseAtom } from '../../../src/portage/atom.js';
import {
  DependError,
  type DepNode,
  maxNesting,
  parseDepend,
  parseRequiredUse,
  printDepend,
  printReduced,
  unmetRequiredUse,
  useReduce,
  useReduceFlat,
} from '../../../src/portage/depend.js';
import { nested } from '../../conformance/language.js';

const flags = (text: string): ReadonlySet<string> => new Set(text.split(' ').filter((flag) => flag !== ''));

const reduces = test.macro({
  exec(t, text: string, eapi: string, use: string, expected: unknown[]) {
    t.deepEqual(nested(useReduce(text, { eapi, use: flags(use) })), expected);
  },
  title: (_, text: string, eapi: string, use: string) =>
    `in EAPI ${eapi} with USE="${use}" ${JSON.stringify(text)} is reduced`,
});

test(reduces, '', '8', '', []);
test(reduces, ' \t\n a/b\r\n', '8', '', ['a/b']);
test(reduces, 'a/b\x1ca/c\x85a/d\xa0a/e\u2003', '0', '', ['a/b', 'a/c', 'a/d', 'a/e']);
test(reduces, 'x? ( a/b ) !x? ( a/c )', '8', 'x', ['a/b']);
test(reduces, 'x? ( a/b ) !x? ( a/c )', '8', '', ['a/c']);
test(reduces, 'a/b[x?] a/c[!x?] a/d[x=] a/e[!x=]', '8', 'x', ['a/b[x]', 'a/c', 'a/d[x]', 'a/e[-x]']);
test(reduces, '( a/b ( a/c ) )', '8', '', ['a/b', 'a/c']);
test(reduces, '|| ( a/b )', '8', '', ['a/b']);
test(reduces, '|| ( ( a/b a/c ) )', '8', '', ['a/b', 'a/c']);
test(reduces, '|| ( a/b ( a/c a/d ) )', '8', '', ['||', ['a/b', ['a/c', 'a/d']]]);
test(reduces, '|| ( a/b || ( a/c a/d ) )', '8', '', ['||', ['a/b', 'a/c', 'a/d']]);
test(reduces, '|| ( a/b ( || ( a/c a/d ) ) )', '8', '', ['||', ['a/b', 'a/c', 'a/d']]);
test(reduces, '|| ( a/b ( || ( a/c a/d ) a/e ) )', '8', '', ['||', ['a/b', ['||', ['a/c', 'a/d'], 'a/e']]]);
test(reduces, '|| ( x? ( a/b a/c ) a/d )', '8', 'x', ['||', [['a/b', 'a/c'], 'a/d']]);
test(reduces, '|| ( x? ( a/b ) a/d )', '8', '', ['a/d']);
// PMS 8.2: what is empty counts as satisfied up to EAPI 6.
test(reduces, '|| ( x? ( a/b ) ) a/c', '6', '', ['a/c']);
test(reduces, '|| ( x? ( a/b ) ) a/c', '7', '', ['__const__/empty-any-of', 'a/c']);
test(reduces, '|| ( a/b || ( x? ( a/c ) ) )', '6', '', ['a/b']);
test(reduces, '|| ( a/b || ( x? ( a/c ) ) )', '7', '', ['||', ['a/b', ['__const__/empty-any-of']]]);

test('the flat form keeps every ||, also of a group that is empty', (t) => {
  const flat = useReduceFlat('|| ( x? ( a/b ) ) || ( ( a/c a/d[y?] ) || ( a/e ) )', {
    eapi: '6',
    use: flags('y'),
  });
  t.deepEqual(
    flat.map((item) => (item === '||' ? item : item.text)),
    ['||', '||', 'a/c', 'a/d[y]', '||', 'a/e'],
  );
});

test('a reduced string is written in the notation of ebuilds', (t) => {
  const text = 'a/b || ( a/c ( a/d a/e ) )';
  t.is(printReduced(useReduce(text, { eapi: '8', use: flags('') })), text);
});

const refuses = test.macro({
  exec(t, text: string, offset: number, problem: RegExp) {
    for (const use of ['', 'x']) {
      const error = t.throws(() => useReduce(text, { eapi: '8', use: flags(use) }), {
        instanceOf: DependError,
        code: 'INVALID_DEPENDENCY',
      });
      t.is(error.offset, offset);
      t.regex(error.problem, problem);
    }
  },
  title: (_, text: string) => `${JSON.stringify(text)} is refused`,
});

test(refuses, 'a', 0, /"a" is no package atom: expected category\/name/);
test(refuses, 'a/b >=a/c', 9, /no version behind the operator/);
test(refuses, 'x? ( a/b[ )', 9, /expected a USE flag/);
test(refuses, 'x?', 2, /expected \( behind "x\?", found the end/);
test(refuses, 'x? a/b', 3, /expected \( behind "x\?", found "a\/b"/);
test(refuses, '|| || ( a/b )', 3, /expected \( behind "\|\|", found "\|\|"/);
test(refuses, '|| )', 3, /expected \( behind "\|\|", found "\)"/);
test(refuses, 'a/b )', 4, /\) without \(/);
test(refuses, 'a/b ( a/c ( a/d )', 4, /\( without \)/);
test(refuses, '( )', 2, /expected a dependency, found \)/);
test(refuses, 'x? ( || ( ) )', 10, /expected a dependency, found \)/);
test(refuses, '|| (a/b)', 3, /expected \( behind "\|\|", found "\(a\/b\)"/);
test(refuses, '(a/b )', 0, /no white space around "\("/);
test(refuses, '|| ( a/b)', 5 + 3, /no white space around "\)" in "a\/b\)"/);
test(refuses, '^^ ( a/b a/c )', 0, /no package atom/);
test(refuses, '?? ( a/b a/c )', 0, /"\?" is no USE flag/);
test(refuses, '!? ( a/b )', 0, /"" is no USE flag/);
test(refuses, '_x? ( a/b )', 0, /"_x" is no USE flag/);
test(refuses, 'a/b::gentoo', 3, /repository is not allowed/);

test('what an EAPI lacks is refused in groups that are off, too', (t) => {
  t.throws(() => parseDepend('x? ( a/b:= )', { eapi: '4' }), { instanceOf: DependError });
  t.notThrows(() => parseDepend('x? ( a/b:= )', { eapi: '5' }));
  t.notThrows(() => parseDepend('a/b::gentoo'));
});

test('a conditional may be held to the flags in IUSE', (t) => {
  const isValidFlag = (flag: string): boolean => flag === 'x';
  t.notThrows(() => parseDepend('x? ( a/b )', { isValidFlag }));
  const error = t.throws(() => parseDepend('a/b !y? ( a/b )', { isValidFlag }), { instanceOf: DependError });
  t.is(error.offset, 4);
});

const required = test.macro({
  exec(t, text: string, eapi: string, use: string, expected: boolean) {
    const isValidFlag = (flag: string): boolean => ['x', 'y', 'z'].includes(flag);
    t.is(unmetRequiredUse(text, { eapi, use: flags(use), isValidFlag }).length === 0, expected);
  },
  title: (_, text: string, eapi: string, use: string, expected: boolean) =>
    `in EAPI ${eapi} USE="${use}" ${expected ? 'satisfies' : 'violates'} ${JSON.stringify(text)}`,
});
test(required, '', '8', '', true);
test(required, 'x !y', '8', 'x', true);
test(required, 'x !y', '8', 'x y', false);
test(required, 'x? ( y )', '8', '', true);
test(required, 'x? ( y )', '8', 'x', false);
test(required, '|| ( x y )', '8', 'y', true);
test(required, '|| ( x y )', '8', '', false);
test(required, '^^ ( x y z )', '8', 'x', true);
test(required, '^^ ( x y z )', '8', 'x y', false);
test(required, '?? ( x y z )', '5', '', true);
test(required, '?? ( x y z )', '5', 'x z', false);
test(required, '^^ ( ( x y ) z )', '8', 'x y', true);
test(required, '|| ( x? ( y ) )', '8', '', false);
test(required, '|| ( x? ( y ) )', '6', '', true);
test(required, '|| ( )', '8', '', false);
test(required, '?? ( )', '8', '', true);
test(required, '( )', '8', '', true);

for (const [text, offset] of [
  ['x y w', 4],
  ['x? ( !w )', 5],
  ['!', 0],
  ['w? ( x )', 0],
  ['|| x', 3],
  ['( x', 0],
  ['x )', 2],
] as const) {
  test(`${JSON.stringify(text)} is refused as REQUIRED_USE`, (t) => {
    const isValidFlag = (flag: string): boolean => flag === 'x' || flag === 'y';
    const error = t.throws(() => parseRequiredUse(text, { eapi: '8', isValidFlag }), {
      instanceOf: DependError,
    });
    t.is(error.offset, offset);
  });
}

test('EAPI 4 has no ?? in REQUIRED_USE', (t) => {
  t.throws(() => parseRequiredUse('?? ( x )', { eapi: '4', isValidFlag: () => true }), {
    instanceOf: DependError,
  });
});

/** A tree without the places of its leaves. */
function shape(nodes: readonly DepNode<Atom>[]): unknown[] {
  return nodes.map((node) =>
    node.kind === 'leaf' ? node.value.text : { ...node, children: shape(node.children) },
  );
}

const atoms = fc
  .constantFrom('a/b', '>=a/c-1:=', '!!a/d', 'a/e[x?,-y(+)]', '=a/f-1*:0/2=')
  .map((text) => parseAtom(text));
const { tree } = fc.letrec<{ tree: readonly DepNode<Atom>[]; node: DepNode<Atom> }>((tie) => ({
  tree: fc.array(tie('node'), { minLength: 1, maxLength: 4 }),
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    atoms.map((value) => ({ kind: 'leaf' as const, value, offset: 0 })),
    fc.record({ kind: fc.constantFrom('all' as const, 'any' as const), children: tie('tree') }),
    fc.record({
      kind: fc.constant('use' as const),
      flag: fc.constantFrom('x', 'y'),
      negated: fc.boolean(),
      children: tie('tree'),
    }),
  ),
}));

test('a tree that is written and read again is the same tree', (t) => {
  fc.assert(
    fc.property(tree, (nodes) => {
      t.deepEqual(shape(parseDepend(printDepend(nodes))), shape(nodes));
    }),
  );
});

/** Whether what is written holds when exactly these atoms are satisfied; an inactive or empty group says nothing. */
function holds(
  nodes: readonly DepNode<Atom>[],
  use: ReadonlySet<string>,
  satisfied: ReadonlySet<string>,
): boolean | undefined {
  const values = parts(nodes, use, satisfied);
  return values.length === 0 ? undefined : !values.includes(false);
}

function parts(
  nodes: readonly DepNode<Atom>[],
  use: ReadonlySet<string>,
  satisfied: ReadonlySet<string>,
): boolean[] {
  return nodes.flatMap((node) => {
    if (node.kind === 'leaf') return [satisfied.has(evaluateUse(node.value, use).text)];
    if (node.kind === 'use' && use.has(node.flag) === node.negated) return [];
    if (node.kind !== 'any') return holds(node.children, use, satisfied) ?? [];
    const alternatives = parts(node.children, use, satisfied);
    return alternatives.length === 0 ? [] : [alternatives.includes(true)];
  });
}

test('a reduced string demands what the string demands', (t) => {
  const everyAtom = ['a/b', '>=a/c-1:=', '!!a/d', 'a/e[x,-y(+)]', 'a/e[-y(+)]', '=a/f-1*:0/2='];
  fc.assert(
    fc.property(tree, fc.subarray(['x', 'y']), fc.subarray(everyAtom), (nodes, flagsOn, atomsThere) => {
      const use = new Set(flagsOn);
      const there = new Set(atomsThere);
      const reduced = parseDepend(printReduced(useReduce(printDepend(nodes), { eapi: '6', use })));
      t.is(holds(reduced, use, there) ?? true, holds(nodes, use, there) ?? true);
    }),
  );
});

const token = fc.constantFrom(
  '(',
  ')',
  '||',
  '^^',
  '??',
  'x?',
  '!x?',
  'a/b',
  '>=a/b-1[x?]',
  '?',
  '!',
  'x',
  '(a/b',
  '\0',
  'é',
);

test('whatever the tokens, there is an answer or an error with a position in the text', (t) => {
  fc.assert(
    fc.property(fc.array(token, { maxLength: 20 }), fc.constantFrom(' ', '\n', ''), (tokens, space) => {
      const text = tokens.join(space);
      for (const parse of [
        () => useReduce(text, { eapi: '8', use: flags('x') }),
        () => unmetRequiredUse(text, { eapi: '8', use: flags('x'), isValidFlag: () => true }),
      ]) {
        try {
          parse();
        } catch (error) {
          if (!(error instanceof DependError)) throw error;
          t.true(error.offset >= 0 && error.offset <= text.length);
        }
      }
    }),
    { numRuns: 3000 },
  );
});

test('long and deep strings are answered', (t) => {
  const options = { eapi: '8', use: flags('x') };
  const deep = maxNesting;
  t.is(useReduce('a/b '.repeat(300_000), options).length, 300_000);
  t.is(useReduce(`|| ( ( ${'a/b '.repeat(300_000)}) )`, options).length, 300_000);
  t.is(useReduce(`${'|| ( a/b ( '.repeat(deep / 2)}a/c${' ) )'.repeat(deep / 2)}`, options).length, 1);
  t.is(printDepend(parseDepend(`${'x? ( '.repeat(deep)}a/c${' )'.repeat(deep)}`)).length, 7 * deep + 3);
  for (const part of ['( ', '|| ( ', 'x? ( a/b ', ') ', '|| ', '(', 'x?', 'a/b[', '||']) {
    t.throws(() => useReduce(part.repeat(300_000), options), { instanceOf: DependError });
  }
});
