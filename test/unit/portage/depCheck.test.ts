import test from 'ava';
import fc from '../../helpers/fastCheck.js';
import { parseAtom } from '../../../src/portage/atom.js';
import { DepCheck } from '../../../src/portage/depCheck.js';
import { InstalledPackages } from '../../../src/portage/installed.js';
import { DependError, maxNesting } from '../../../src/portage/depend.js';
import { InstalledDatabase } from '../../../src/portage/vdb.js';
import { gentooRoot, type GentooRoot } from '../../helpers/gentooRoot.js';

let gentoo: GentooRoot;
let installed: InstalledPackages;
let check: DepCheck;

test.before(async () => {
  gentoo = await gentooRoot({
    packages: {
      'sys-apps/grep-3': {},
      'sys-apps/sed-4': { USE: 'acl', IUSE: '+acl static' },
      'app-arch/tar-1.9': {},
      'app-arch/tar-1.10': { repository: 'overlay' },
      'dev-lang/python-3.12.1': { SLOT: '3.12', IUSE: 'ssl' },
      'dev-lang/python-3.13.0': { SLOT: '3.13/x', USE: 'gone', IUSE: 'tk' },
      'dev-libs/old-1': { EAPI: '4', USE: 'gone', repository: '' },
    },
  });
  const database = new InstalledDatabase(gentoo.path('/var/db/pkg'), () => undefined);
  installed = new InstalledPackages(database, (flag) => flag === 'amd64');
  check = new DepCheck(installed, ['app-arch/zip-3', 'not a cpv']);
});

test.after.always(() => {
  gentoo.cleanup();
});

const matches = test.macro({
  exec(t, atom: string, ...expected: string[]) {
    const found = installed.match(parseAtom(atom, { allowWildcard: true, allowRepo: true }));
    t.deepEqual(
      found.map(({ cpv }) => cpv),
      expected,
    );
  },
  title: (_, atom, ...expected) => `${atom} matches ${expected.join(' and ') || 'nothing'}`,
});

test(matches, 'app-arch/tar', 'app-arch/tar-1.9', 'app-arch/tar-1.10');
test(matches, '<app-arch/tar-1.10', 'app-arch/tar-1.9');
test(matches, 'app-arch/tar::overlay', 'app-arch/tar-1.10');
test(matches, 'dev-lang/python:3.13', 'dev-lang/python-3.13.0');
test(matches, 'dev-lang/python:3.13/y');
test(matches, 'sys-apps/sed[acl,-static]', 'sys-apps/sed-4');
test(matches, 'sys-apps/sed[static]');
test(matches, 'sys-apps/sed[none]');
test(matches, 'sys-apps/sed[none(+)]', 'sys-apps/sed-4');
test(matches, 'sys-apps/sed[-amd64]', 'sys-apps/sed-4');
// From EAPI 5 a flag that was enabled counts as present though IUSE does not list it.
test(matches, 'dev-lang/python[gone]', 'dev-lang/python-3.13.0');
test(matches, 'dev-libs/old[gone]');
// A package without a recorded repository is in none.
test(matches, 'dev-libs/old::gentoo');
test(matches, 'sys-apps/*', 'sys-apps/grep-3', 'sys-apps/sed-4');
test(matches, 'no-such/package');

const selects = test.macro({
  exec(t, text: string, atoms: string, unsatisfied: string[] = [], use: string[] = []) {
    const selection = check.choose(text, new Set(use));
    t.is(selection.atoms.map((atom) => atom.text).join(' '), atoms);
    t.deepEqual(selection.unsatisfied, unsatisfied);
  },
  title: (_, text, atoms, __, use: string[] = []) =>
    `"${text}"${use.length > 0 ? ` with ${use.join(' ')}` : ''} selects "${atoms}"`,
});

test(selects, '', '');
test(selects, 'sys-apps/grep !sys-apps/sed', 'sys-apps/grep');
test(selects, 'sys-apps/none', 'sys-apps/none', ['sys-apps/none']);
test(selects, 'x? ( sys-apps/grep ) !x? ( sys-apps/sed )', 'sys-apps/grep', [], ['x']);
test(selects, 'x? ( sys-apps/grep ) !x? ( sys-apps/sed )', 'sys-apps/sed');
test(selects, 'sys-apps/sed[acl=]', 'sys-apps/sed[-acl]', ['sys-apps/sed[-acl]']);
test(selects, 'sys-apps/sed[acl=]', 'sys-apps/sed[acl]', [], ['acl']);
// Different packages keep their order; of one package the higher version is taken.
test(selects, '|| ( sys-apps/sed sys-apps/grep )', 'sys-apps/sed');
test(selects, '|| ( dev-lang/python:3.12 dev-lang/python:3.13 )', 'dev-lang/python:3.13');
test(selects, '|| ( sys-apps/none sys-apps/grep )', 'sys-apps/grep');
test(selects, '|| ( sys-apps/sed[static] sys-apps/grep )', 'sys-apps/grep');
test(selects, '|| ( sys-apps/none sys-apps/sed[static] )', 'sys-apps/sed[static]', [
  '|| ( sys-apps/none sys-apps/sed[static] )',
]);
test(selects, '|| ( a/a ( a/b sys-apps/grep ) )', 'a/b sys-apps/grep', ['|| ( a/a ( a/b sys-apps/grep ) )']);
test(selects, '|| ( a/a =app-arch/tar-2 )', '=app-arch/tar-2', ['|| ( a/a =app-arch/tar-2 )']);
test(selects, '|| ( a/a a/b )', 'a/a', ['|| ( a/a a/b )']);
// An alternative of nothing but blockers asks for nothing.
test(selects, '|| ( sys-apps/none !sys-apps/grep )', '');
// package.provided
test(selects, 'app-arch/zip', '');
test(selects, 'app-arch/zip:7[x]', '');
test(selects, '>app-arch/zip-3', '>app-arch/zip-3', ['>app-arch/zip-3']);
test(selects, '|| ( sys-apps/grep app-arch/zip )', '');
test(selects, '|| ( a/a ( sys-apps/grep app-arch/zip ) )', 'sys-apps/grep');
// Overlapping groups are combined.
test(selects, '|| ( sys-apps/grep sys-apps/sed ) || ( sys-apps/sed app-arch/tar )', 'sys-apps/sed');
test(selects, '|| ( a/a a/b ) || ( a/a a/b )', 'a/a', ['|| ( a/a a/b )', '|| ( a/a a/b )']);
test(
  selects,
  '|| ( !a/x !a/y ) || ( sys-apps/grep sys-apps/sed ) app-arch/tar || ( sys-apps/sed ( sys-apps/grep || ( a/a a/b ) ) )',
  'app-arch/tar sys-apps/sed',
);
// A group that lost all its alternatives cannot be satisfied.
test(selects, '|| ( x? ( sys-apps/grep ) )', '__const__/empty-any-of', ['__const__/empty-any-of']);

test('atoms of the same text that ask for different flags are two', (t) => {
  const best = (text: string): (string | undefined)[] =>
    check.choose(text, new Set()).atoms.map((atom) => installed.best(atom)?.cpv);
  t.deepEqual(best('dev-lang/python[tk?] dev-lang/python'), [
    'dev-lang/python-3.13.0',
    'dev-lang/python-3.13.0',
  ]);
  t.deepEqual(best('dev-lang/python[none?] dev-lang/python'), [undefined, 'dev-lang/python-3.13.0']);
  t.deepEqual(best('dev-lang/python[ssl?] dev-lang/python[tk?]'), [
    'dev-lang/python-3.12.1',
    'dev-lang/python-3.13.0',
  ]);
  t.deepEqual(best('dev-lang/python dev-lang/python'), ['dev-lang/python-3.13.0']);
});

test('a malformed string is an error with a position', (t) => {
  t.throws(() => check.choose('|| sys-apps/grep', new Set()), { instanceOf: DependError });
});

test('groups with very many combinations are not combined and do not take for ever', (t) => {
  const group = (index: number): string =>
    `|| ( ${Array.from({ length: 20 }, (_, i) => `a/x${String(index)}y${String(i)}`).join(' ')} sys-apps/grep )`;
  const text = Array.from({ length: 10 }, (_, index) => group(index)).join(' ');
  t.deepEqual(
    check.choose(text, new Set()).atoms.map((atom) => atom.text),
    ['sys-apps/grep'],
  );
});

test('any string of tokens is answered or refused with a position', (t) => {
  const token = fc.constantFrom(
    ...[
      '||',
      '(',
      ')',
      'x?',
      '!x?',
      'sys-apps/sed',
      'sys-apps/grep[x=]',
      'app-arch/zip',
      '!app-arch/tar',
      'a/b',
      '^^',
      '=',
    ],
  );
  fc.assert(
    fc.property(fc.array(token, { maxLength: 25 }), (tokens) => {
      try {
        const { atoms } = check.choose(tokens.join(' '), new Set());
        t.true(atoms.every((atom) => atom.blocker === undefined && !check.isProvided(atom)));
      } catch (error) {
        t.true(error instanceof DependError);
      }
    }),
    { numRuns: 2000 },
  );
});

test('groups nested as deeply as is allowed do not overflow the stack', (t) => {
  const depth = maxNesting;
  const text = `${'|| ( a/b ( a/c '.repeat(depth / 2)}sys-apps/grep${' ) )'.repeat(depth / 2)}`;
  t.deepEqual(check.choose(text, new Set()).unsatisfied.length, 1);
});
