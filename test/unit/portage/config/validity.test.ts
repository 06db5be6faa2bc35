import test from 'ava';
import { invalidities } from '../../../../src/portage/config/validity.js';

const flags = new Set(['x', 'y', 'amd64']);

const says = test.macro({
  exec(t, values: Readonly<Record<string, string>>, expected: readonly string[]) {
    const metadata = new Map(Object.entries({ EAPI: '8', SLOT: '0', ...values }));
    t.deepEqual(
      invalidities(metadata, (flag) => flags.has(flag)),
      expected,
    );
  },
  title: (given, values) => `${given ?? 'invalid'}: ${JSON.stringify(values)}`,
});

test('valid', says, {}, []);
test('valid', says, { SLOT: '0/1', IUSE: '+x -y', DEPEND: 'x? ( a/b[y?] ) amd64? ( a/c:= )' }, []);
test(
  'valid',
  says,
  { DEPEND: 'a/b:0= a/c:*', LICENSE: '|| ( MIT x? ( GPL-2 ) )', RESTRICT: '!y? ( test )' },
  [],
);
test('valid', says, { REQUIRED_USE: '?? ( x !y ) x? ( amd64 )' }, []);
test(
  'a flag that is neither in IUSE nor implicit is asked for only in conditionals',
  says,
  { DEPEND: 'a/b[z,-w]' },
  [],
);

test(says, { SLOT: '' }, ['SLOT: undefined']);
test(says, { SLOT: 'a b' }, ["SLOT: invalid value: 'a b'"]);
test(says, { EAPI: '4', SLOT: '0/1' }, ["SLOT: invalid value: '0/1'"]);
test(says, { EAPI: '0', IUSE: '+x' }, ["IUSE contains defaults, but EAPI doesn't allow them"]);
test(says, { DEPEND: 'z? ( a/b )' }, ['DEPEND: the USE flag "z" is not in IUSE']);
test(says, { DEPEND: 'a/b[!z=]' }, ['DEPEND: the USE flag "z" is not in IUSE']);
test(says, { RDEPEND: 'a/b::c' }, ['RDEPEND: "a/b::c" is no package atom: a repository is not allowed here']);
test(says, { EAPI: '1', DEPEND: '!!a/b' }, [
  'DEPEND: "!!a/b" is no package atom: EAPI 1 has no strong blockers',
]);
test(says, { BDEPEND: '|| ( x? ( a/b:2/2= ) a/c )' }, [
  'BDEPEND: Improper context for slot-operator "built" atom syntax: a/b:2/2=',
]);
test('variables that the EAPI lacks count too', says, { EAPI: '6', BDEPEND: ')', IDEPEND: '(' }, [
  'BDEPEND: ) without (',
  'IDEPEND: ( without )',
]);
test(says, { LICENSE: 'z? ( MIT )', PROPERTIES: '||', RESTRICT: '( test' }, [
  'LICENSE: the USE flag "z" is not in IUSE',
  'PROPERTIES: expected ( behind "||", found the end',
  'RESTRICT: ( without )',
]);
test(says, { REQUIRED_USE: 'z' }, ['REQUIRED_USE: the USE flag "z" is not in IUSE']);
test(says, { EAPI: '3', REQUIRED_USE: 'x' }, ["REQUIRED_USE set, but EAPI='3' doesn't allow it"]);
test('operators of later EAPIs', says, { EAPI: '4', REQUIRED_USE: '?? ( x y )' }, [
  'REQUIRED_USE: "?" is no USE flag',
]);
