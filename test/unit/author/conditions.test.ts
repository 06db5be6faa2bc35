/** Which flags a need goes with; a formula stands in for the builds. */
import test from 'ava';
import { alternativesOf, findCondition, negationsOf, type Flags } from '../../../src/author/conditions.js';

/** Finds the condition of what is needed when a formula holds, and counts the builds. */
async function found(
  flags: Readonly<Record<string, boolean>>,
  isNeeded: (use: Flags) => boolean | undefined,
  likely: readonly string[] = [],
) {
  let builds = 0;
  const all = new Map(Object.entries(flags));
  const result = await findCondition(
    all,
    likely.map((flag) => [flag, all.get(flag) === true] as const),
    (switched) => {
      builds++;
      const needed = isNeeded({ ...flags, ...switched });
      return Promise.resolve(needed === undefined ? undefined : !needed);
    },
  );
  return { ...result, builds };
}

const on = { a: true, b: true, c: true, d: true };

test('what is always needed takes one build', async (t) => {
  t.deepEqual(await found(on, () => true), { condition: undefined, isKnown: true, untold: [], builds: 1 });
});

test('one flag', async (t) => {
  for (const flag of ['a', 'b', 'c', 'd'])
    t.like(await found(on, (use) => use[flag] === true), { condition: flag, isKnown: true });
  t.like(await found({ ...on, e: false }, (use) => use['e'] === false, ['e']), { condition: '!e' });
});

test('several that all have to hold', async (t) => {
  const { condition } = await found(on, (use) => use['b'] === true && use['d'] === true);
  t.deepEqual(condition?.split(' ').sort(), ['b', 'd']);
  t.like(await found(on, (use) => use['a'] === true && use['c'] === true, ['c']), { condition: 'c a' });
});

test('one of several is enough', async (t) => {
  const { condition } = await found(on, (use) => use['a'] === true || use['c'] === true);
  t.deepEqual(condition?.split(' | ').sort(), ['a', 'c']);
  // One that is named like the package among them.
  const likely = await found(on, (use) => use['a'] === true || use['c'] === true, ['c']);
  t.deepEqual(likely.condition?.split(' | ').sort(), ['a', 'c']);
});

test('both at once', async (t) => {
  const { condition } = await found(
    on,
    (use) => use['a'] === true && (use['b'] === true || use['c'] === true),
  );
  t.deepEqual(
    condition
      ?.split(' | ')
      .map((all) => all.split(' ').sort().join(' '))
      .sort(),
    ['a b', 'a c'],
  );
});

test('flags that cannot be switched off leave it open', async (t) => {
  t.like(await found(on, () => undefined), {
    ...{ condition: undefined, isKnown: false },
    untold: ['a', 'b', 'c', 'd'],
  });
  // The only one, which was tried because of its name, and one that is off.
  t.like(await found({ a: true }, () => undefined, ['a']), { isKnown: false, untold: ['a'] });
  t.like(await found({ a: false }, () => undefined, ['a']), { isKnown: false, untold: ['!a'] });
  // All at once cannot, but what was found is known.
  const some = await found(on, (use) => (use['b'] === false ? undefined : use['a'] === true), ['a']);
  t.like(some, { condition: 'a', isKnown: true });
});

test('flags of which one has to stay on are tried in parts', async (t) => {
  const isPossible = (use: Flags): boolean => use['b'] === true || use['c'] === true;
  const one = await found(on, (use) => (isPossible(use) ? use['d'] === true : undefined));
  t.like(one, { condition: 'd', isKnown: true, untold: [] });
  const none = await found(on, (use) => (isPossible(use) ? true : undefined));
  t.like(none, { condition: undefined, isKnown: true, untold: [] });
  // One that cannot be switched at all.
  const fixed = await found(on, (use) => (use['b'] === true ? true : undefined));
  t.like(fixed, { condition: undefined, isKnown: false, untold: ['b'] });
});

test('what a condition says, and with what it does not hold', (t) => {
  t.deepEqual(alternativesOf('a !b | c'), [['a', '!b'], ['c']]);
  t.deepEqual(negationsOf('a'), ['-a']);
  t.deepEqual(negationsOf('!a'), ['a']);
  t.deepEqual(negationsOf('a b'), ['-a', '-b']);
  t.deepEqual(negationsOf('a | b'), ['-a -b']);
});
