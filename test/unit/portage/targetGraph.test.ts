import test from 'ava';
import { type DataWarning, openSystem, type System } from '../../../src/portage/index.js';
import { gentooRoot, type GentooRoot } from '../../helpers/gentooRoot.js';
import { origin } from '../../helpers/origin.js';
import { pkg } from '../../helpers/installed.js';

/** The ebuilds whose build dependencies are chosen, by name. */
const targets: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  needed: { DEPEND: '|| ( dev-libs/b dev-libs/c )', RDEPEND: 'dev-libs/c' },
  together: { DEPEND: 'dev-libs/c || ( dev-libs/b dev-libs/c )' },
  tool: { DEPEND: '|| ( dev-libs/b dev-libs/c )', BDEPEND: 'dev-libs/c' },
  late: { DEPEND: '|| ( dev-libs/b dev-libs/c )', PDEPEND: 'dev-libs/c' },
  install: { DEPEND: '|| ( dev-libs/b dev-libs/c )', IDEPEND: 'dev-libs/c' },
  order: { DEPEND: '|| ( dev-libs/b dev-libs/c ) || ( dev-libs/c dev-libs/d )' },
  before: { BDEPEND: '|| ( dev-libs/c dev-libs/d )', DEPEND: '|| ( dev-libs/b dev-libs/c )' },
  after: { DEPEND: '|| ( dev-libs/b dev-libs/c )', RDEPEND: '|| ( dev-libs/c dev-libs/d )' },
  conjunction: { DEPEND: '|| ( ( dev-libs/b dev-libs/d ) dev-libs/c ) dev-libs/c' },
  upgrade: { DEPEND: 'dev-lang/py:1 || ( dev-lang/py:1 dev-lang/py:2 )' },
  slots: { DEPEND: '|| ( dev-lang/py:1 dev-lang/py:2 )' },
  absent: { DEPEND: '|| ( dev-libs/none dev-libs/c )', RDEPEND: 'dev-libs/none' },
  virtual: { DEPEND: '|| ( dev-libs/b virtual/v )', RDEPEND: 'dev-libs/c' },
  virtualFirst: { DEPEND: 'virtual/v || ( dev-libs/b dev-libs/c )' },
  empty: { DEPEND: '|| ( dev-libs/b virtual/broken )', RDEPEND: 'dev-libs/d' },
  circular: { DEPEND: '|| ( dev-libs/b virtual/loop )' },
  behindVirtual: { DEPEND: 'virtual/vv', RDEPEND: 'dev-libs/c' },
  lowerVirtual: { DEPEND: 'virtual/w' },
  noGroup: { DEPEND: '|| ( x? ( dev-libs/none ) ) dev-libs/c', EAPI: '6' },
  emptyGroup: { DEPEND: '|| ( x? ( dev-libs/none ) ) dev-libs/c' },
  self: { DEPEND: '|| ( dev-libs/b app-misc/self )' },
  unbuilt: { DEPEND: '|| ( app-misc/unbuilt dev-libs/b )' },
  flags: { DEPEND: '|| ( dev-libs/b[x] dev-libs/c[x] )', RDEPEND: 'dev-libs/c' },
  provided: { DEPEND: '|| ( dev-libs/b sys-apps/given )' },
  newer: { DEPEND: '|| ( >=dev-libs/old-2 dev-libs/c )' },
  newerTool: { BDEPEND: '|| ( ( dev-libs/d >=dev-libs/old-2 ) dev-libs/c )' },
  newerLast: { DEPEND: '|| ( dev-libs/c >=dev-libs/old-2 )' },
  newerNotNeeded: { DEPEND: '|| ( >=dev-libs/old-2 dev-libs/c )', RDEPEND: 'dev-libs/c' },
  newerNowhere: { DEPEND: '|| ( >=dev-libs/old-9 dev-libs/c )' },
  newerMasked: { DEPEND: '|| ( >=dev-libs/old-3 dev-libs/c )' },
  older: { DEPEND: '|| ( <dev-libs/new-3 dev-libs/c )' },
  otherSlot: { DEPEND: '|| ( dev-lang/py:3 dev-libs/c )' },
};

/** What emerge could merge beside what is installed. */
const available: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'dev-libs/old-2': {},
  'dev-libs/old-3': { KEYWORDS: '~amd64' },
  'dev-libs/new-2': {},
  'dev-lang/py-3': { SLOT: '3' },
};

let gentoo: GentooRoot;
let system: System;

test.before(async () => {
  gentoo = await gentooRoot({
    packages: {
      'dev-libs/b-1': { IUSE: 'x' },
      'dev-libs/c-1': { IUSE: 'x', RDEPEND: '|| ( dev-libs/d dev-libs/b )' },
      'dev-libs/d-1': {},
      'dev-lang/py-1': { SLOT: '1' },
      'dev-lang/py-2': { SLOT: '2' },
      'virtual/v-1': { RDEPEND: '|| ( dev-libs/d dev-libs/c )' },
      'virtual/vv-1': { RDEPEND: 'virtual/v' },
      'virtual/broken-1': { RDEPEND: 'dev-libs/none' },
      'virtual/loop-1': { RDEPEND: 'virtual/loop' },
      'virtual/w-1': { SLOT: '1', RDEPEND: 'dev-libs/c' },
      'virtual/w-2': { SLOT: '2', RDEPEND: 'dev-libs/none' },
      'app-misc/self-0.9': {},
      'dev-libs/old-1': {},
      'dev-libs/new-3': {},
    },
    ebuilds: {
      ...available,
      ...Object.fromEntries(
        Object.entries(targets).map(([name, values]) => [`app-misc/${name}-1`, { IUSE: 'x', ...values }]),
      ),
    },
    portage: { 'profile/package.provided': 'sys-apps/given-1\n' },
  });
  system = openSystem({ root: gentoo.root });
});

test.after.always(() => {
  gentoo.cleanup();
});

const builds = test.macro({
  exec(t, name: string, ...expected: string[]) {
    const set = system.visibleSet({ targets: [`app-misc/${name}`], system: false, allowMissing: true });
    t.deepEqual(set.buildDeps, expected);
  },
  title: (given: string | undefined, ...[name]: [string, ...string[]]) =>
    given ?? `any-of groups of ${name}: ${JSON.stringify(targets[name])}`,
});

test(builds, 'needed', 'dev-libs/c-1');
test(builds, 'together', 'dev-libs/c-1');
test(builds, 'tool', 'dev-libs/c-1');
test(builds, 'late', 'dev-libs/c-1');
test(builds, 'install', 'dev-libs/c-1');
test(
  'with all installed, combined groups keep the order of the ebuild',
  builds,
  'order',
  'dev-libs/b-1',
  'dev-libs/c-1',
);
test('BDEPEND is chosen before DEPEND', builds, 'before', 'dev-libs/c-1');
test('what only RDEPEND lets choose is chosen last', builds, 'after', 'dev-libs/b-1');
test(builds, 'conjunction', 'dev-libs/c-1');
test(
  'of two slots the one in the graph does not win over an upgrade',
  builds,
  'upgrade',
  'dev-lang/py-1',
  'dev-lang/py-2',
);
test('of two slots the higher', builds, 'slots', 'dev-lang/py-2');
test('what is not installed is not in the graph', builds, 'absent', 'dev-libs/c-1');
test('a virtual counts as what it needs', builds, 'virtual', 'virtual/v-1');
test(
  'what a virtual stands for is in the graph, when it is chosen later',
  builds,
  'virtualFirst',
  'dev-libs/b-1',
  'virtual/v-1',
);
test('what emerge takes for a virtual is visible, though by itself it would bring in another', (t) => {
  const visible = (...without: string[]): readonly string[] => [
    ...system.visibleSet({ targets: ['app-misc/behindVirtual'], system: false, without }).visible.keys(),
  ];
  t.deepEqual(visible(), ['dev-libs/c-1', 'dev-libs/d-1', 'virtual/v-1', 'virtual/vv-1']);
  t.deepEqual(visible('virtual/v'), ['virtual/vv-1']);
});

test('a virtual without what it needs is as good as none', builds, 'empty', 'dev-libs/b-1');
test('a virtual that needs itself', builds, 'circular', 'dev-libs/b-1');
test('of a virtual, the version that was chosen', builds, 'lowerVirtual', 'virtual/w-1');

test('a group without alternatives is nothing before EAPI 7', (t) => {
  const missing = (name: string): readonly string[] =>
    system
      .visibleSet({ targets: [`app-misc/${name}`], system: false, allowMissing: true })
      .unsatisfied.map(({ atom }) => atom);
  t.deepEqual(missing('noGroup'), []);
  t.deepEqual(missing('emptyGroup'), ['__const__/empty-any-of']);
});

test('the target is in the graph', builds, 'self', 'app-misc/self-0.9');
test('but cannot be built with itself before it is there', builds, 'unbuilt', 'dev-libs/b-1');
test('other flags are wrong everywhere, the graph decides', builds, 'flags');
test('what package.provided satisfies selects nothing', builds, 'provided');

test('all alternatives that are installed, when they are asked for', (t) => {
  const set = system.visibleSet({ targets: ['app-misc/needed'], system: false, allAlternatives: true });
  t.deepEqual(set.buildDeps, ['dev-libs/c-1']);
  t.deepEqual(set.visible.get(pkg('dev-libs/b-1')), [
    { from: origin('target'), variable: 'DEPEND', atom: 'dev-libs/b', alternative: true },
    { from: origin('dev-libs/c-1'), variable: 'RDEPEND', atom: 'dev-libs/b', alternative: true },
  ]);
  t.deepEqual(set.visible.get(pkg('dev-libs/d-1')), [
    { from: origin('dev-libs/c-1'), variable: 'RDEPEND', atom: 'dev-libs/d' },
  ]);
});

const tells = test.macro({
  exec(t, name: string, ...expected: string[]) {
    const said: string[] = [];
    const warn = ({ file, message }: DataWarning): unknown => said.push(`${file}: ${message}`);
    const own = openSystem({ root: gentoo.root }, { warn });
    own.visibleSet({ targets: [`app-misc/${name}`], system: false });
    t.deepEqual(said, expected);
  },
  title: (given: string | undefined, ...[name]: [string, ...string[]]) =>
    given ?? `an update that emerge would make first: ${JSON.stringify(targets[name])}`,
});

test(
  tells,
  'newer',
  'app-misc/newer-1::gentoo: DEPEND: emerge would merge dev-libs/old-2 first and build with it: >=dev-libs/old-2 stands before dev-libs/c, which is shown in its place',
);
test(
  tells,
  'newerTool',
  'app-misc/newerTool-1::gentoo: BDEPEND: emerge would merge dev-libs/old-2 first and build with it: dev-libs/d >=dev-libs/old-2 stands before dev-libs/c, which is shown in its place',
);
test(tells, 'newerLast');
test(tells, 'newerNotNeeded');
test(tells, 'newerNowhere');
test(tells, 'newerMasked');
test(tells, 'older');
test(tells, 'otherSlot');
