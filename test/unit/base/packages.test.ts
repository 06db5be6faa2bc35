import test from 'ava';
import {
  cpvOf,
  isInSysroot,
  namedIn,
  packageId,
  packageName,
  plainPackageName,
  systemMeant,
  unmarked,
} from '../../../src/base/index.js';
import { pkg } from '../../helpers/installed.js';

test('a mark tells the same package of two databases apart', (t) => {
  t.true(isInSysroot(pkg('dev-libs/foo-1@sysroot')));
  t.false(isInSysroot(pkg('dev-libs/foo-1')));
  t.false(isInSysroot(pkg('dev-libs/foo-1@root')));
  for (const system of ['root', 'sysroot'] as const) {
    const id = packageId('dev-libs/foo-1', system);
    t.is(isInSysroot(id), system === 'sysroot');
    t.is(cpvOf(id), 'dev-libs/foo-1');
  }
});

test('a user says in which system a name is meant', (t) => {
  for (const system of ['root', 'sysroot'] as const) {
    t.is(systemMeant(namedIn(system, '@world')), system);
    t.is(unmarked(namedIn(system, '@world')), '@world');
  }
  t.is(systemMeant('@sysroots'), undefined);
  t.is(unmarked('@sysroots'), '@sysroots');
});

test('a name loses its version, and its mark where ebuilds are meant', (t) => {
  for (const [cpv, name] of [
    ['dev-libs/foo-1', 'dev-libs/foo'],
    ['dev-libs/foo-2-bar-1.2_p3-r4', 'dev-libs/foo-2-bar'],
    ['dev-libs/foo-1-r1@sysroot', 'dev-libs/foo@sysroot'],
    ['dev-libs/foo', 'dev-libs/foo'],
  ] as const) {
    t.is(packageName(cpv), name);
    t.is(plainPackageName(cpv), unmarked(name));
  }
});
