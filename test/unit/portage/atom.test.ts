import test from 'ava';
import fc from '../../helpers/fastCheck.js';
import {
  type Atom,
  AtomError,
  type AtomOptions,
  atomToString,
  evaluateUse,
  parseAtom,
  tryParseAtom,
} from '../../../src/portage/atom.js';
import { eapiFeatures, isSupportedEapi, permissive, supportedEapis } from '../../../src/portage/eapi.js';

const user: AtomOptions = { allowWildcard: true, allowRepo: true };

/** The parts that an atom has, without those that every atom has. */
function parts(atom: Atom): Partial<Atom> {
  const always = ['cp', 'category', 'name', 'text', 'upstream'];
  const isThere = (value: unknown): boolean =>
    value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(
    Object.entries(atom).filter(([key, value]) => !always.includes(key) && isThere(value)),
  );
}

const reads = test.macro({
  exec(t, text: string, options: AtomOptions, cp: string, expected: Partial<Atom>) {
    const atom = parseAtom(text, options);
    t.is(atom.cp, cp);
    t.is(`${atom.category}/${atom.name}`, cp);
    t.deepEqual(parts(atom), expected);
    t.is(atomToString(atom), text);
  },
  title: (_, text: string, options: AtomOptions) => `${text} is an atom ${described(options)}`,
});

const refuses = test.macro({
  exec(t, text: string, options: AtomOptions, offset: number, problem: RegExp) {
    const error = t.throws(() => parseAtom(text, options), { instanceOf: AtomError, code: 'INVALID_ATOM' });
    t.is(error.offset, offset);
    t.regex(error.problem, problem);
    t.is(tryParseAtom(text, options), undefined);
  },
  title: (_, text: string, options: AtomOptions) =>
    `${JSON.stringify(text)} is no atom ${described(options)}`,
});

function described(options: AtomOptions): string {
  return options === user
    ? 'in user configuration'
    : options.eapi === undefined
      ? 'outside ebuilds'
      : `in EAPI ${options.eapi}`;
}

// Names (PMS 3.1).
test(reads, 'dev-libs/foo', {}, 'dev-libs/foo', {});
test(reads, '_c.x+/9base', {}, '_c.x+/9base', {});
test(reads, 'x/p-', {}, 'x/p-', {});
test(reads, 'x/foo-r1', {}, 'x/foo-r1', {});
test(reads, 'x/font-misc-misc', {}, 'x/font-misc-misc', {});
test(refuses, '', {}, 0, /expected category\/name/);
test(refuses, 'foo', {}, 0, /expected category\/name/);
test(refuses, '-c/p', {}, 0, /category begins/);
test(refuses, 'c@/p', {}, 1, /"@" in the category/);
test(refuses, 'c/-p', {}, 2, /name begins/);
test(refuses, 'c/p.q', {}, 3, /"\." in the package name/);
test(refuses, 'c/é', {}, 2, /name begins/);
test(refuses, ' c/p', {}, 0, /category begins/);
test(refuses, 'c/p ', {}, 3, /" " in the package name/);

// Versions and operators (PMS 8.3.1).
for (const op of ['=', '~', '>=', '>', '<=', '<'] as const) {
  test(reads, `${op}c/p-1.0_rc-r1`, { eapi: '0' }, 'c/p', { op, version: '1.0_rc-r1' });
}
test(reads, '=c/p-1.0*', { eapi: '0' }, 'c/p', { op: '=*', version: '1.0' });
test(reads, '=c/log4j-12-api-2.0', {}, 'c/log4j-12-api', { op: '=', version: '2.0' });
test(refuses, 'c/p-1', {}, 4, /version without an operator/);
test(refuses, '>=c/p', {}, 5, /no version behind the operator >=/);
test(refuses, '>c/p-1*', {}, 6, /"\*"/);
test(refuses, '=c/p-1..0', {}, 6, /"\."/);
test(refuses, '=<c/p-1', {}, 1, /category begins/);

// Build-ids (Portage): a second version behind the first.
test(reads, '=c/p-1-2', {}, 'c/p', { op: '=', version: '1', buildId: '2' });
test(reads, '=c/p-1-r1-99999999999999999999', {}, 'c/p', {
  op: '=',
  version: '1-r1',
  buildId: '99999999999999999999',
});
test(refuses, '=c/p-1-2', { eapi: '8' }, 5, /looks like a version/);
test(refuses, '=c/p-1-02', {}, 7, /no build-id/);
test(refuses, '=c/p-1-2*', {}, 5, /looks like a version/);

// Blockers (PMS 8.3.2).
test(reads, '!c/p', { eapi: '0' }, 'c/p', { blocker: 'weak' });
test(reads, '!!>c/p-1', { eapi: '2' }, 'c/p', { blocker: 'strong', op: '>', version: '1' });
test(refuses, '!!c/p', { eapi: '1' }, 0, /EAPI 1 has no strong blockers/);
test(refuses, '!!!c/p', {}, 2, /category begins/);

// Slots (PMS 8.3.3).
test(reads, 'c/p:0', { eapi: '1' }, 'c/p', { slot: '0' });
test(reads, 'c/p:_x/1.2-y+', { eapi: '5' }, 'c/p', { slot: '_x', subslot: '1.2-y+' });
test(reads, 'c/p:=', { eapi: '5' }, 'c/p', { slotOperator: '=' });
test(reads, 'c/p:*', { eapi: '5' }, 'c/p', { slotOperator: '*' });
test(reads, 'c/p:0/2=', { eapi: '5' }, 'c/p', { slot: '0', subslot: '2', slotOperator: '=' });
test(refuses, 'c/p:0', { eapi: '0' }, 3, /EAPI 0 has no slot/);
test(refuses, 'c/p:0/1', { eapi: '4' }, 5, /unexpected "\/1"/);
test(refuses, 'c/p:=', { eapi: '4' }, 4, /expected a slot behind/);
test(refuses, 'c/p:', {}, 4, /expected a slot, = or \* behind/);
test(refuses, 'c/p:-1', {}, 4, /expected a slot/);
test(refuses, 'c/p:0/', {}, 6, /expected a sub-slot/);
test(refuses, 'c/p:0*', {}, 5, /unexpected/);
test(refuses, 'c/p:==', {}, 5, /unexpected/);

// Repositories (Portage; no EAPI).
test(reads, 'c/p::gentoo', {}, 'c/p', { repo: 'gentoo' });
test(reads, 'c/p:0::9-r', user, 'c/p', { slot: '0', repo: '9-r' });
test(refuses, 'c/p::gentoo', { eapi: '8' }, 3, /repository is not allowed/);
test(refuses, 'c/p::gentoo', { allowRepo: false }, 3, /repository is not allowed/);
test(refuses, 'c/p::-x', {}, 5, /name of a repository/);
test(refuses, 'c/p::x:0', {}, 6, /unexpected ":0"/);
test(refuses, 'c/p:::x', {}, 5, /name of a repository/);

// USE dependencies (PMS 8.3.4).
const dep = (token: string, flag: string, kind: string, fallback?: '+' | '-') => ({
  token,
  flag,
  kind,
  default: fallback,
});
test(reads, 'c/p[a,-b,c?,!d?,e=,!f=]', { eapi: '2' }, 'c/p', {
  use: [
    dep('a', 'a', 'enabled'),
    dep('-b', 'b', 'disabled'),
    dep('c?', 'c', 'ifEnabled'),
    dep('!d?', 'd', 'ifDisabled'),
    dep('e=', 'e', 'equal'),
    dep('!f=', 'f', 'notEqual'),
  ] as never,
  requiredFlags: ['a', 'b', 'c', 'd', 'e', 'f'],
});
test(reads, '=c/p-1*:0=[c++(+),-L_en@euro(-)?]'.replace(',-L', ',L'), { eapi: '5' }, 'c/p', {
  op: '=*',
  version: '1',
  slot: '0',
  slotOperator: '=',
  use: [dep('c++(+)', 'c++', 'enabled', '+'), dep('L_en@euro(-)?', 'L_en@euro', 'ifEnabled', '-')] as never,
});
test(reads, 'c/p[a,-a]', {}, 'c/p', {
  use: [dep('a', 'a', 'enabled'), dep('-a', 'a', 'disabled')] as never,
  requiredFlags: ['a'],
});
test(refuses, 'c/p[a]', { eapi: '1' }, 3, /EAPI 1 has no USE/);
test(refuses, 'c/p[a(+)]', { eapi: '3' }, 5, /EAPI 3 has no USE dependency defaults/);
test(refuses, 'c/p[]', {}, 4, /expected a USE flag/);
test(refuses, 'c/p[a,]', {}, 6, /expected a USE flag/);
test(refuses, 'c/p[a, b]', {}, 6, /expected a USE flag/);
test(refuses, 'c/p[+a]', {}, 4, /expected a USE flag/);
test(refuses, 'c/p[!a]', {}, 4, /no USE dependency/);
test(refuses, 'c/p[-a?]', {}, 4, /no USE dependency/);
test(refuses, 'c/p[a(*)]', {}, 5, /expected \(\+\) or \(-\)/);
test(refuses, 'c/p[a', {}, 5, /expected , or \]/);
test(refuses, 'c/p[a][b]', {}, 6, /unexpected "\[b\]"/);
test(refuses, 'c/p[a]:0', {}, 6, /unexpected ":0"/);
test(refuses, 'c/p[a,a(+)]', {}, 3, /different defaults for the USE flag a/);
test(refuses, 'c/p[a(+),a(-)]', {}, 3, /different defaults/);

// Extended syntax (portage(5), package.use and its kin).
test(reads, '*/*', user, '*/*', { extended: true });
test(reads, 'dev-*/f*o:0::x', user, 'dev-*/f*o', { slot: '0', repo: 'x', extended: true });
test(reads, '=*/*-*9*', user, '*/*', { op: '=*', version: '*9*', extended: true });
test(reads, '+c/p', user, '+c/p', { extended: true });
test(refuses, '*/*', {}, 0, /category begins/);
test(refuses, '**/p', user, 0, /category begins/);
test(refuses, '=*/*-9*', user, 1, /category begins/);
test(refuses, '=*/*-*1.0*', user, 1, /category begins/);
test(refuses, '*/p[a]', user, 3, /unexpected "\[a\]"/);
test(refuses, 'c*/p.q', user, 1, /"\*" in the category/);

const evaluates = test.macro({
  exec(t, text: string, enabled: string, expected: string, requiredFlags: string[]) {
    const atom = evaluateUse(parseAtom(text), new Set(enabled.split(' ')));
    t.is(atom.text, expected);
    t.is(atomToString(atom), expected);
    t.deepEqual(atom.requiredFlags, requiredFlags);
  },
  title: (_, text, enabled, expected) => `${text} with USE="${enabled}" is ${expected}`,
});
// The table of PMS 8.3.4.
test(evaluates, 'c/p[x?]', 'x', 'c/p[x]', ['x']);
test(evaluates, 'c/p[x?]', '', 'c/p', ['x']);
test(evaluates, 'c/p[!x?]', 'x', 'c/p', ['x']);
test(evaluates, 'c/p[!x?]', '', 'c/p[-x]', ['x']);
test(evaluates, 'c/p[x=]', 'x', 'c/p[x]', ['x']);
test(evaluates, 'c/p[x=]', '', 'c/p[-x]', ['x']);
test(evaluates, 'c/p[!x=]', 'x', 'c/p[-x]', ['x']);
test(evaluates, 'c/p[!x=]', '', 'c/p[x]', ['x']);
test(evaluates, '>=c/p-1:2/3=::r[y,x(-)?,!z(+)?]', '', '>=c/p-1:2/3=::r[y,-z(+)]', ['y']);
test(evaluates, '!c/p[x?,y]', '', '!c/p[y]', ['y']);

test('an atom without conditionals is not copied by evaluating it', (t) => {
  const atom = parseAtom('c/p[x,-y]');
  t.is(evaluateUse(atom, new Set()), atom);
});

test('EAPIs differ where PMS says so, and an unknown one allows everything', (t) => {
  t.deepEqual(supportedEapis, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
  t.false(isSupportedEapi('10'));
  t.is(eapiFeatures('10'), permissive);
  t.is(eapiFeatures(undefined), permissive);
  t.like(eapiFeatures('4'), {
    slotDeps: true,
    slotOperators: false,
    useDepDefaults: true,
    atMostOneOf: false,
  });
  t.like(eapiFeatures('6'), { emptyGroupsAlwaysTrue: true, bdepend: false, packageProvided: true });
  t.like(eapiFeatures('8'), { emptyGroupsAlwaysTrue: false, bdepend: true, idepend: true, useStable: false });
});

const piece = fc.constantFrom(
  ...[
    '!',
    '!!',
    '=',
    '~',
    '>=',
    '<',
    'c',
    'dev-libs',
    '*',
    '/',
    'foo',
    'foo-bar',
    '-1',
    '-1.0_p2',
    '-r1',
    ':',
    '0',
    '/1',
    '=',
  ],
  ...[
    '::',
    'gentoo',
    '[',
    ']',
    'x',
    '-x',
    '!x',
    'x?',
    '(+)',
    '(-)',
    ',',
    ' ',
    '\n',
    'é',
    '\0',
    '.',
    '+',
    '@',
  ],
);
const modes: readonly AtomOptions[] = [{}, user, { eapi: '0' }, { eapi: '5' }, { eapi: '8' }];

test('whatever is written, reading gives an atom that writes the same text, or an error with a position in it', (t) => {
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }).map((all) => all.join('')),
      fc.constantFrom(...modes),
      (text, options) => {
        try {
          t.is(atomToString(parseAtom(text, options)), text);
        } catch (error) {
          if (!(error instanceof AtomError)) throw error;
          t.true(error.offset >= 0 && error.offset <= text.length);
        }
      },
    ),
    { numRuns: 5000 },
  );
});

test('very long texts are answered', (t) => {
  const long = 300_000;
  t.is(parseAtom(`c/${'p'.repeat(long)}`).name.length, long);
  t.is(parseAtom(`=c/p-${'1.'.repeat(long)}1`).version?.length, 2 * long + 1);
  t.is(parseAtom(`c/p[${'x,'.repeat(long)}x]`).use.length, long + 1);
  for (const part of ['!', '/', '-1', '-', ':', '[', '[x]', '*', '*/', 'a-1-r1-', '(+)']) {
    t.true(tryParseAtom(`=c/p${part.repeat(long)}`, { ...user, eapi: '8' }) === undefined);
  }
});
