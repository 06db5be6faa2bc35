import test from 'ava';
import { isInSysroot, packageName, unmarked } from '../../../src/base/index.js';

test('a mark tells the same package of two databases apart', (t) => {
  t.true(isInSysroot('dev-libs/foo-1@sysroot'));
  t.false(isInSysroot('dev-libs/foo-1'));
  t.false(isInSysroot('dev-libs/foo-1@root'));
  t.is(unmarked('dev-libs/foo-1@sysroot'), 'dev-libs/foo-1');
  t.is(unmarked('@world@root'), '@world');
  t.is(unmarked('@sysroots'), '@sysroots');
});

test('a name loses its version and keeps its mark', (t) => {
  for (const [cpv, name] of [
    ['dev-libs/foo-1', 'dev-libs/foo'],
    ['dev-libs/foo-2-bar-1.2_p3-r4', 'dev-libs/foo-2-bar'],
    ['dev-libs/foo-1-r1@sysroot', 'dev-libs/foo@sysroot'],
    ['dev-libs/foo', 'dev-libs/foo'],
  ] as const)
    t.is(packageName(cpv), name);
});
