/** Package moves and slot moves that the database of installed packages does not know yet. */
import { statSync, writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { LvfsError } from '../../../src/base/index.js';
import { openSystem, type System } from '../../../src/portage/index.js';
import { moved } from '../../../src/portage/moves.js';
import { parseAtom } from '../../../src/portage/atom.js';
import { gentooRoot, type GentooRoot } from '../../helpers/gentooRoot.js';
import { pkg } from '../../helpers/installed.js';

const updates = '/var/db/repos/gentoo/profiles/updates';

async function system(t: ExecutionContext): Promise<{ gentoo: GentooRoot; open: () => System }> {
  const gentoo = await gentooRoot({
    packages: {
      'dev-libs/old-1': { RDEPEND: 'dev-libs/r', repository: 'gentoo' },
      'dev-libs/r-1': {},
      'dev-libs/sl-1': { SLOT: '0/3', repository: 'gentoo' },
      'dev-libs/user-1': { RDEPEND: '|| ( >=dev-libs/old-1 dev-libs/none )', repository: 'gentoo' },
      'dev-libs/others-1': { repository: 'elsewhere' },
      'dev-libs/both-1': { repository: 'gentoo' },
      'dev-libs/there-1': { repository: 'gentoo' },
    },
    ebuilds: {
      'app-misc/a-1': { DEPEND: 'dev-libs/new' },
      'app-misc/b-1': { DEPEND: 'dev-libs/sl:2/3' },
      'app-misc/c-1': { DEPEND: 'dev-libs/user' },
      'app-misc/newt-1': {},
      'dev-libs/new-1': {},
    },
    world: ['dev-libs/old'],
    files: {
      [`${updates}/1Q-2025`]: 'move dev-libs/older dev-libs/old\nslotmove dev-libs/sl 0 2\n',
      [`${updates}/4Q-2024`]: 'move dev-libs/oldest dev-libs/older\n',
      [`${updates}/3Q-2026`]:
        'move dev-libs/old dev-libs/new\nmove app-misc/oldt app-misc/newt\n\nmove one\nmove dev-libs/both dev-libs/there\n',
    },
  });
  t.teardown(gentoo.cleanup);
  return { gentoo, open: () => openSystem({ root: gentoo.root }) };
}

const visible = (from: System, target: string, more: object = {}) => [
  ...from.visibleSet({ targets: [target], system: false, allowMissing: true, ...more }).visible.keys(),
];

test('what is installed is known by the name and in the slot that it has moved to', async (t) => {
  const { gentoo, open } = await system(t);
  const now = open();
  t.deepEqual(visible(now, 'app-misc/a'), ['dev-libs/old-1', 'dev-libs/r-1']);
  t.deepEqual(visible(now, 'app-misc/b'), ['dev-libs/sl-1']);
  // What was recorded of others, too.
  t.deepEqual(visible(now, 'app-misc/c'), ['dev-libs/old-1', 'dev-libs/r-1', 'dev-libs/user-1']);
  t.is(
    now.visibleSet({ targets: ['app-misc/c'] }).visible.get(pkg('dev-libs/old-1'))?.[0]?.atom,
    '>=dev-libs/new-1',
  );
  t.deepEqual(visible(now, 'app-misc/newt', { with: ['@world'] }), ['dev-libs/old-1', 'dev-libs/r-1']);
  t.is(now.atomFor(pkg('dev-libs/old-1')), 'dev-libs/new');
  t.is(now.packageDirectory(pkg('dev-libs/old-1')), gentoo.path('/var/db/pkg/dev-libs/old-1'));
  // Where the new name is taken, nothing is renamed.
  t.deepEqual(
    [now.atomFor(pkg('dev-libs/both-1')), now.atomFor(pkg('dev-libs/there-1'))],
    ['dev-libs/both', 'dev-libs/there'],
  );
  t.deepEqual(
    now.warnings.map(({ file, message }) => [file.slice(gentoo.root.length), message.replace(/;.*/, '')]),
    [
      [`${updates}/3Q-2026`, "'move one' is neither 'move OLD NEW' nor 'slotmove ATOM OLD NEW'"],
      ['/var/db/pkg/dev-libs/sl-1', 'has moved, and is taken for dev-libs/sl-1, slot 2/3'],
      ['/var/db/pkg/dev-libs/old-1', 'has moved, and is taken for dev-libs/new-1, slot 0'],
    ],
  );
});

test('an old name is told the new one', async (t) => {
  const { open } = await system(t);
  for (const name of ['app-misc/oldt', '=app-misc/oldt-1']) {
    const error = t.throws(() => visible(open(), name), { instanceOf: LvfsError });
    t.deepEqual([error.exit, error.hint], [20, 'ask for app-misc/newt']);
  }
});

test('what emerge has carried out counts no more', async (t) => {
  const { gentoo, open } = await system(t);
  const times = Object.fromEntries(
    ['4Q-2024', '1Q-2025', '3Q-2026'].map((name) => {
      const file = `${updates}/${name}`;
      return [file, Math.floor(statSync(gentoo.path(file)).mtimeMs / 1000)];
    }),
  );
  gentoo.write('/var/cache/edb/mtimedb', JSON.stringify({ updates: times }));
  t.deepEqual(visible(open(), 'app-misc/a'), []);
  t.deepEqual(open().warnings, []);
  // Published since.
  writeFileSync(gentoo.path(`${updates}/4Q-2026`), 'move dev-libs/old dev-libs/new\n');
  t.deepEqual(visible(open(), 'app-misc/a'), ['dev-libs/old-1', 'dev-libs/r-1']);
  gentoo.write('/var/cache/edb/mtimedb', 'not JSON');
  t.deepEqual(visible(open(), 'app-misc/b'), ['dev-libs/sl-1']);
});

test('what came from another repository moves with that only', async (t) => {
  const { gentoo, open } = await system(t);
  gentoo.write(`${updates}/5Q-2026`, 'move dev-libs/others dev-libs/mine\n');
  // A repository without updates of its own has those of the main one.
  t.is(open().matchInstalled(['dev-libs/mine'])[0], pkg('dev-libs/others-1'));
  for (const [file, text] of Object.entries({
    'profiles/repo_name': 'elsewhere\n',
    'metadata/layout.conf': 'masters = gentoo\n',
    'profiles/updates/1Q-2024': '',
  }))
    gentoo.write(`/var/db/repos/elsewhere/${file}`, text);
  gentoo.write('/etc/portage/repos.conf/elsewhere.conf', '[elsewhere]\nlocation = /var/db/repos/elsewhere\n');
  t.throws(() => open().matchInstalled(['dev-libs/mine']), { instanceOf: LvfsError });
  t.is(open().matchInstalled(['dev-libs/others'])[0], pkg('dev-libs/others-1'));
});

test('atoms in a text follow, and nothing else in it', (t) => {
  const move = [{ kind: 'move', from: 'a/b', to: 'c/d' }] as const;
  t.is(
    moved('a/b  !!<a/b-2:1/2=[x?,-y]\nflag? ( a/bb a/b-x-1 || ( =a/b-1* xa/b ) )', move),
    'c/d  !!<c/d-2:1/2=[x?,-y]\nflag? ( a/bb a/b-x-1 || ( =c/d-1* xa/b ) )',
  );
  const slotmove = [{ kind: 'slotmove', atom: parseAtom('a/b'), from: '0', to: '2' }] as const;
  t.is(
    moved('a/b a/b:0 >=a/b-1:0/0= a/b:0/5=[x] a/b:1 a/c:0', slotmove),
    'a/b a/b:2 >=a/b-1:2/2= a/b:2/5=[x] a/b:1 a/c:0',
  );
  t.is(moved('a/b:0', [{ kind: 'slotmove', atom: parseAtom('>a/b-1'), from: '0', to: '2' }]), 'a/b:0');
});
