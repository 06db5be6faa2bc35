/** The searches for what makes a build fail or come out differently, on builders that are made up. */
import type { PackageId } from '../../../src/base/index.js';
import test from 'ava';
import { proveDifference, proveFailure, type Build, type BuildResult } from '../../../src/audit/index.js';
import { pkg, pkgs } from '../../helpers/installed.js';

/** Notes what was built, and builds as told. */
function builder(result: (shown: ReadonlySet<string>, nth: number) => BuildResult | undefined) {
  const made: string[][] = [];
  const build: Build = (shown) => {
    made.push([...shown]);
    return Promise.resolve(result(new Set(shown), made.length));
  };
  return { made, build };
}

const letters = pkgs(...'abcdefghijklmnopqrstuvwxyz');
const needsNothing = { needsOf: (): Promise<PackageId[]> => Promise.resolve([]) };
const candidates = { likely: letters.slice(0, 8), all: letters, ...needsNothing };
const lacks = (what: string): BuildResult => ({
  built: false,
  failure: new Set([`no ${what}`]),
  suspects: [pkg(what)],
});
const fails = (...failure: string[]): BuildResult => ({ built: false, failure: new Set(failure) });
const built: BuildResult = { built: true };

/** Fails over the first of these that is not shown, and says so. */
const needing =
  (...needs: string[]) =>
  (shown: ReadonlySet<string>): BuildResult => {
    const missing = needs.find((one) => !shown.has(one));
    return missing === undefined ? built : lacks(missing);
  };

test('one package that the build says it lacks takes one build', async (t) => {
  const { made, build } = builder(needing('k'));
  t.deepEqual(await proveFailure(lacks('k'), candidates, build), {
    outcome: 'needs',
    packages: ['k'],
    builds: 1,
  });
  t.deepEqual(made, [['k']]);
});

test('each failure names the next package, and each is proved', async (t) => {
  const { build } = builder(needing('k', 'c', 'z'));
  const { outcome, packages } = await proveFailure(lacks('k'), candidates, build);
  t.is(outcome, 'needs');
  t.deepEqual([...packages].sort(), ['c', 'k', 'z']);
});

test('of several that were accused at once the innocent are left out', async (t) => {
  const { build } = builder(needing('k'));
  const first = { ...lacks('k'), suspects: pkgs('m', 'k', 'n') };
  t.like(await proveFailure(first, candidates, build), { outcome: 'needs', packages: ['k'] });
});

test('what the build failed for as well is not left out because another package brings it', async (t) => {
  // b needs a to run.
  const { build } = builder((shown) => needing('a', 'b')(new Set(shown.has('b') ? [...shown, 'a'] : shown)));
  const bringing = {
    ...candidates,
    needsOf: (one: PackageId) => Promise.resolve(one === 'b' ? pkgs('a') : []),
  };
  t.like(await proveFailure(lacks('a'), bringing, build), { outcome: 'needs', packages: ['a', 'b'] });
  // What was accused together with others may be innocent.
  const first = { ...lacks('a'), suspects: pkgs('a', 'c') };
  t.like(await proveFailure(first, bringing, build), { outcome: 'needs', packages: ['b'] });
});

test('of several that would do it is the one that is used where all are there', async (t) => {
  const { build } = builder((shown) => {
    const used = ['bison', 'byacc'].find((one) => shown.has(one));
    return used === undefined ? lacks('byacc') : { ...built, used: pkgs(used, ...shown) };
  });
  const first = { ...lacks('byacc'), suspects: pkgs('byacc', 'bison') };
  t.like(await proveFailure(first, candidates, build), { outcome: 'needs', packages: ['bison'] });
});

test('a wrong accusation does not keep the right package from being found', async (t) => {
  const { made, build } = builder((shown) =>
    shown.has('f') ? built : { ...lacks('x'), suspects: pkgs('x') },
  );
  t.like(await proveFailure(lacks('x'), candidates, build), { outcome: 'needs', packages: ['f'] });
  t.deepEqual(made.slice(0, 3), [['x'], letters, []]);
});

test('what a full view used is tried first', async (t) => {
  const { made, build } = builder((shown) =>
    shown.has('y')
      ? { ...built, used: pkgs('q', 'y').filter((one) => shown.has(one)) }
      : fails('in its own words'),
  );
  t.like(await proveFailure(fails('in its own words'), candidates, build), {
    outcome: 'needs',
    packages: ['y'],
    builds: 5,
  });
  t.deepEqual(made, [letters, [], ['q'], ['q', 'y'], ['y']]);
});

/** Shows with each of these packages what it needs to run. */
const closed =
  (needs: Readonly<Record<string, readonly string[]>>) =>
  (shown: ReadonlySet<string>): Set<string> =>
    new Set([...shown].flatMap((one) => [one, ...(needs[one] ?? [])]));

test('a package is not named for what it needs to run', async (t) => {
  const needs: Record<string, string[]> = { b: ['m', 'n', 'o'], n: ['o'] };
  const asked = { ...candidates, needsOf: (one: PackageId) => Promise.resolve(pkgs(...(needs[one] ?? []))) };
  const used = pkgs('b', 'm', 'n', 'o');
  for (const culprit of ['m', 'o']) {
    const { build } = builder((shown) => {
      const all = closed(needs)(shown);
      return { ...(all.has(culprit) ? built : fails('x')), used: used.filter((one) => all.has(one)) };
    });
    const { outcome, packages } = await proveFailure(fails('x'), asked, build);
    t.deepEqual({ outcome, packages }, { outcome: 'needs', packages: [culprit] });
  }
  // What it needs is not enough here, and not asked about where none of it was used.
  for (const [usedWithIt, builds] of [
    [used, 4],
    [pkgs('b'), 3],
  ] as const) {
    const { build } = builder((shown) => ({
      ...(shown.has('b') ? built : fails('x')),
      used: shown.has('b') ? usedWithIt : [],
    }));
    t.like(await proveFailure(fails('x'), asked, build), { outcome: 'needs', packages: ['b'], builds });
  }
});

test('a difference is not laid at the door of a package that only needs the one that makes it', async (t) => {
  const needs: Record<string, string[]> = { b: ['m', 'n'] };
  const asked = { ...candidates, needsOf: (one: PackageId) => Promise.resolve(pkgs(...(needs[one] ?? []))) };
  const { build } = builder((shown) => ({
    ...differing({ one: ['n'] })(closed(needs)(shown)),
    used: pkgs('b', 'm', 'n').filter((one) => closed(needs)(shown).has(one)),
  }));
  const { culprits } = await proveDifference(asked, isWeak, build);
  t.deepEqual(culprits, [{ packages: ['n'], subjects: ['one'] }]);
});

test('two packages that only help together are both found, whatever else was used', async (t) => {
  const { build } = builder((shown) => (shown.has('b') && shown.has('g') ? built : fails('x')));
  const { outcome, packages } = await proveFailure(fails('x'), candidates, build);
  t.is(outcome, 'needs');
  t.deepEqual([...packages].sort(), ['b', 'g']);
});

test('a package that nobody refused and nobody used is found among all', async (t) => {
  const all = [...candidates.likely, ...Array.from({ length: 1000 }, (_, i) => pkg(`p${i}`))];
  const { build } = builder((shown) => (shown.has('p777') ? built : fails('x')));
  const { outcome, packages, builds } = await proveFailure(fails('x'), { ...candidates, all }, build);
  t.deepEqual({ outcome, packages }, { outcome: 'needs', packages: ['p777'] });
  t.true(builds < 25, `${builds} builds`);
});

test('a build that fails in a full view fails by itself; without an accusation that takes one build', async (t) => {
  const { made, build } = builder(() => fails('assertion failed'));
  t.deepEqual(await proveFailure(fails('assertion failed'), candidates, build), {
    outcome: 'own',
    packages: [],
    builds: 1,
  });
  t.deepEqual(made, [letters]);
});

test('a build that lacks something and then fails by itself', async (t) => {
  const { build } = builder((shown) => (shown.has('k') ? fails('assertion failed') : lacks('k')));
  t.deepEqual(await proveFailure(lacks('k'), candidates, build), {
    outcome: 'own',
    packages: ['k'],
    builds: 2,
  });
});

test('a failure that nothing but a full view causes is not taken for the build’s own', async (t) => {
  const { build } = builder((shown) =>
    shown.has('z') ? fails('z is in the way') : shown.has('d') ? built : fails('x'),
  );
  t.like(await proveFailure(fails('x'), candidates, build), { outcome: 'needs', packages: ['d'] });
});

test('a build that fails one time and succeeds the next is called unsteady', async (t) => {
  const { build } = builder(() => built);
  t.like(await proveFailure(fails('x'), candidates, build), { outcome: 'unsteady', packages: [] });
  // It was the time that helped, so with less it fails again.
  const other = builder((shown, nth) => (nth === 1 || shown.size === 25 ? built : fails('x')));
  const { outcome } = await proveFailure(fails('x'), { ...candidates, likely: [] }, other.build);
  t.is(outcome, 'unsteady');
});

test('when there are to be no more builds, what is known so far is said', async (t) => {
  for (const most of [0, 1, 2, 3]) {
    const { build } = builder((shown, nth) => (nth > most ? undefined : needing('k', 'c', 'z')(shown)));
    const { outcome, packages, builds } = await proveFailure(lacks('k'), candidates, build);
    t.is(outcome, 'open');
    t.deepEqual(packages, [[], ['k'], ['k', 'c'], ['z']][most]);
    t.is(builds, most + 1);
  }
});

test('a search has a last build', async (t) => {
  // Nothing that a subset says is of use.
  let n = 0;
  const { made, build } = builder((shown) => (shown.size === 26 || n++ % 7 === 3 ? built : fails('x')));
  await proveFailure(fails('x'), candidates, build);
  t.true(made.length <= 60);
});

/** Differs in these, each of which takes all of some packages. */
const differing =
  (differences: Record<string, readonly string[]>) =>
  (shown: ReadonlySet<string>): BuildResult => ({
    built: true,
    facts: new Map(
      Object.entries(differences)
        .filter(([, needs]) => needs.every((one) => shown.has(one)))
        .map(([subject]) => [subject, '']),
    ),
  });
const isWeak = (subject: string): boolean => subject.startsWith('content');

test('no difference in a full view takes one build, and rules out everything', async (t) => {
  const { made, build } = builder(differing({}));
  t.deepEqual(await proveDifference(candidates, isWeak, build), {
    outcome: 'compared',
    culprits: [],
    unsteady: [],
    unexplained: [],
    shown: letters,
    builds: 1,
  });
  t.deepEqual(made, [letters]);
});

test('one package that makes all differences is found by what the build used', async (t) => {
  const { build } = builder((shown) => ({
    ...differing({ '+/usr/bin/x': ['h'], 'content /usr/bin/u': ['h'] })(shown),
    used: [pkg('h')],
  }));
  t.like(await proveDifference(candidates, isWeak, build), {
    outcome: 'compared',
    culprits: [{ packages: ['h'], subjects: ['+/usr/bin/x', 'content /usr/bin/u'] }],
    builds: 2,
  });
});

test('several packages with differences of their own are told apart', async (t) => {
  const { build } = builder(differing({ one: ['b'], two: ['g'], more: ['g'], three: ['w'] }));
  const { outcome, culprits } = await proveDifference(candidates, isWeak, build);
  t.is(outcome, 'compared');
  t.deepEqual(culprits, [
    { packages: ['b'], subjects: ['one'] },
    { packages: ['g'], subjects: ['two', 'more'] },
    { packages: ['w'], subjects: ['three'] },
  ]);
});

test('packages that make a difference only together are named together', async (t) => {
  const { build } = builder(differing({ one: ['b', 'g'], two: ['b'] }));
  const { culprits } = await proveDifference(candidates, isWeak, build);
  t.deepEqual(
    culprits.map(({ packages, subjects }) => [[...packages].sort(), subjects]),
    [
      [
        ['b', 'g'],
        ['one', 'two'],
      ],
    ],
  );
});

test('content that differs each time is nobody’s doing', async (t) => {
  let n = 0;
  const { build } = builder((shown) => ({
    built: true,
    facts: new Map([
      ['content /stamp', String(n++)],
      ...(shown.has('c') ? [['content /man', 'x'] as const] : []),
    ]),
  }));
  t.like(await proveDifference(candidates, isWeak, build), {
    outcome: 'compared',
    culprits: [{ packages: ['c'], subjects: ['content /man'] }],
    unsteady: ['content /stamp'],
  });
});

test('a name that differs each time is not searched for among all that is installed', async (t) => {
  const all = [...candidates.likely, ...Array.from({ length: 1000 }, (_, i) => pkg(`p${i}`))];
  let n = 0;
  const { build } = builder(() => ({
    built: true,
    facts: new Map([
      [`+/tmp${n++}`, ''],
      ['-/tmp', ''],
    ]),
  }));
  const { outcome, culprits, unsteady, builds } = await proveDifference(
    { ...candidates, all },
    isWeak,
    build,
  );
  t.deepEqual({ outcome, culprits }, { outcome: 'compared', culprits: [] });
  t.deepEqual([...unsteady].sort(), ['+/tmp0', '-/tmp']);
  t.true(builds < 30, `${builds} builds`);
});

test('what cannot be compared is said to be so', async (t) => {
  const failing = builder(() => fails('x'));
  t.like(await proveDifference(candidates, isWeak, failing.build), { outcome: 'incomparable', builds: 2 });
  const unreadable = builder(() => ({ built: true }));
  t.like(await proveDifference(candidates, isWeak, unreadable.build), { outcome: 'incomparable', builds: 1 });
});

test('where a full view is too much for a build, it is compared with one of all that was refused', async (t) => {
  const { build } = builder((shown) => (shown.has('z') ? fails('x') : differing({ one: ['d'] })(shown)));
  t.like(await proveDifference(candidates, isWeak, build), {
    outcome: 'compared',
    culprits: [{ packages: ['d'], subjects: ['one'] }],
    shown: candidates.likely,
  });
});

test('a comparison that is cut short says what it knows and what it does not', async (t) => {
  const result = differing({ one: ['a'], two: ['g'] });
  const { build } = builder((shown, nth) => (nth > 3 ? undefined : result(shown)));
  t.like(await proveDifference(candidates, isWeak, build), {
    outcome: 'open',
    culprits: [{ packages: ['a'], subjects: ['one'] }],
    unexplained: ['two'],
  });
});
