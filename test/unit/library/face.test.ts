/** The types that the package publishes against what the library is: the compiler compares them, so this file compiles or it does not. */
import test from 'ava';
import type * as published from '../../../src/library/lvfs.js';
import * as library from '../../../src/library/public.js';

/** Everything that is published is there, and takes and gives what is said of it. */
const face: typeof published = library;

/** Nothing is there that is not published. */
const names: Record<keyof typeof library, true> = {} as Record<keyof typeof published, true>;

test('what the library gives is what its types say', (t) => {
  t.truthy(names);
  t.deepEqual(Object.keys(face).sort(), [
    'LvfsError',
    'apiVersion',
    'dismissAhead',
    'exitStatus',
    'listViews',
    'mountView',
    'openSystem',
    'openView',
    'startAhead',
    'unmountView',
    'version',
  ]);
});
