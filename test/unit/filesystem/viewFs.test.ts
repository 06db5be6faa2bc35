import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import type { AccessEvent, ProcessRecord } from '../../../src/audit/index.js';
import { errno, failure } from '../../../src/base/index.js';
import { NodeHost, ViewFs, type ViewFsOptions } from '../../../src/filesystem/index.js';
import { emptyEntry, type Entry, type NodeId } from '../../../src/fuse/index.js';
import { rootNode } from '../../../src/view/index.js';
import { gentooRoot } from '../../helpers/gentooRoot.js';
import { openTestView } from '../../helpers/withView.js';

const caller = { uid: 0, gid: 0, pid: process.pid };

/** Looks a path up as the kernel does, name by name, with the last answer in `out`; its node id, 0 when it is missing. */
function walkTo(t: ExecutionContext, files: ViewFs, path: string, out: Entry): NodeId {
  let node: NodeId = 1;
  for (const name of path.split('/').slice(1)) {
    t.is(files.lookup(node, Buffer.from(name), caller, out), 0);
    node = out.nodeId;
  }
  return node;
}

async function filesystem(t: ExecutionContext, options: Omit<ViewFsOptions, 'onAccess'> = {}) {
  const gentoo = await gentooRoot({
    packages: {
      'sys-libs/shown-1': {
        files: {
          '/usr/bin/shown': 'content',
          '/usr/bin/again': { hardLink: '/usr/bin/shown' },
          '/etc/shown.conf': 'x',
          '/usr/share/a/1': '',
          '/usr/share/b/1': '',
        },
      },
      'dev-libs/hidden-1': {
        files: {
          '/usr/bin/hidden': 'x',
          '/usr/include/hidden/x.h': 'x',
          '/usr/share/a/2': { hardLink: '/usr/share/a/1' },
          '/usr/share/c/1': '',
        },
      },
    },
    files: {
      '/usr/bin/unowned': 'x',
      '/usr/bin/third': { hardLink: '/usr/bin/unowned' },
      '/usr/bin/link': { link: 'shown' },
    },
  });
  t.teardown(gentoo.cleanup);
  const opened = openTestView({ root: gentoo.root, visible: ['sys-libs/shown-1'] });
  const events: AccessEvent[] = [];
  const processes: ProcessRecord[] = [];
  const files = new ViewFs(opened.view, new NodeHost(), {
    ...options,
    onAccess: (event) => events.push(event),
    onProcess: (record) => processes.push(record),
  });
  t.teardown(() => files.close());
  const out = emptyEntry();
  /** The node id of a path; 0 when the last component is missing. */
  const walk = (path: string): NodeId => walkTo(t, files, path, out);
  const list = (node: NodeId, offset = 0, room = Infinity) => {
    const names: string[] = [];
    const inodes: number[] = [];
    let last = offset;
    const add = (name: Uint8Array, ino: number, next: number) => {
      if (names.length >= room) return false;
      inodes.push(ino);
      names.push(Buffer.from(name).toString());
      last = next;
      return true;
    };
    const entry = emptyEntry();
    const sink = {
      wantsAttributes: true,
      add: (name: Uint8Array, ino: number, _type: number, next: number) => add(name, ino, next),
      entry,
      addWithAttributes: (name: Uint8Array, next: number) => add(name, entry.attr.ino, next),
    };
    t.is(files.readdir(node, offset, caller, sink), 0);
    return { names, inodes, last };
  };
  return { gentoo, ...opened, files, events, processes, out, walk, list };
}

test('a hidden name is a missing one, and is reported with its owners and the process that asked', async (t) => {
  const { walk, out, events, processes } = await filesystem(t);
  t.is(walk('/usr/bin/hidden'), 0);
  t.is(out.entryValid, 0, 'who asks for it is evidence, each time');
  t.is(walk('/usr/include'), 0);
  t.is(walk('/usr/bin/unowned'), 0);
  t.is(walk('/usr/bin/nothing'), 0);
  t.deepEqual(
    events.map(({ path, owners, visible, directory }) => ({ path, owners, visible, directory })),
    [
      { path: '/usr/bin/hidden', owners: ['dev-libs/hidden-1'], visible: false, directory: false },
      { path: '/usr/include', owners: ['dev-libs/hidden-1'], visible: false, directory: true },
      { path: '/usr/bin/unowned', owners: [], visible: false, directory: false },
    ],
  );
  const asker = processes.find(({ id }) => id === events[0]?.process);
  t.is(asker?.pid, process.pid);
  t.is(asker?.comm, readFileSync('/proc/self/comm', 'utf8').trim());
  t.regex(asker?.arguments[0] ?? '', /node/);
  t.is(asker?.directory, process.cwd());
});

test('what is visible is not reported, unless everything is to be seen; then nothing is cached', async (t) => {
  const quiet = await filesystem(t);
  quiet.walk('/usr/bin/shown');
  t.deepEqual(quiet.events, []);
  const { walk, out, events, files } = await filesystem(t, { trace: true });
  const node = walk('/usr/bin/shown');
  t.is(out.entryValid + out.attrValid, 0);
  files.read(node, 0, Buffer.alloc(10), caller);
  t.deepEqual(
    events.map(({ path, operation }) => `${path} ${operation === 'read' ? 'read' : ''}`),
    ['/usr ', '/usr/bin ', '/usr/bin/shown ', '/usr/bin/shown read'],
  );
});

test('validities: a day for what packages own, a second for configuration and unowned links', async (t) => {
  const { walk, out } = await filesystem(t);
  const valid = (path: string) => (walk(path), out.entryValid);
  t.is(valid('/usr/bin/shown'), 86_400);
  t.is(valid('/usr/bin/nothing'), 86_400);
  t.is(valid('/usr/bin/link'), 1);
  t.is(valid('/etc/shown.conf'), 1);
  t.is(valid('/etc/nothing'), 1);
});

test('a link count finds names wherever the package has them, and beside the file', async (t) => {
  const gentoo = await gentooRoot({
    packages: {
      'dev-vcs/git-1': {
        files: {
          '/usr/bin/git': 'content',
          '/usr/libexec/git': { hardLink: '/usr/bin/git' },
          '/usr/libexec/git-add': { hardLink: '/usr/bin/git' },
        },
      },
      'app-misc/beside-1': { files: { '/usr/libexec/beside': { hardLink: '/usr/bin/git' } } },
    },
  });
  t.teardown(gentoo.cleanup);
  const linksOf = (visible: readonly string[], path: string): number => {
    const opened = openTestView({ root: gentoo.root, visible });
    const files = new ViewFs(opened.view, new NodeHost());
    t.teardown(() => files.close());
    const out = emptyEntry();
    walkTo(t, files, path, out);
    return out.attr.nlink;
  };
  t.is(linksOf(['dev-vcs/git-1'], '/usr/bin/git'), 3);
  t.is(linksOf(['dev-vcs/git-1'], '/usr/libexec/git-add'), 3);
  t.is(linksOf(['dev-vcs/git-1', 'app-misc/beside-1'], '/usr/libexec/git'), 4);
});

test('link counts and inode numbers tell nothing of hidden names', async (t) => {
  const opened = await filesystem(t);
  const { walk, out, list, view } = opened;
  walk('/usr/bin/shown');
  const { ino, nlink } = out.attr;
  walk('/usr/bin/again');
  t.deepEqual([out.attr.ino, out.attr.nlink], [ino, nlink]);
  t.is(nlink, 2);
  walk('/usr/share');
  t.is(out.attr.nlink, 4);
  const node = walk('/usr/share/a/1');
  const own = node % 2 ** 32;
  t.deepEqual([out.attr.nlink, out.attr.ino], [1, own]);
  const listed = (): number[] => list(walk('/usr/share/a')).inodes;
  t.true(listed().includes(own));
  view.setVisible(opened.ids(['sys-libs/shown-1', 'dev-libs/hidden-1']), []);
  t.is(walk('/usr/share/a/1'), node);
  const shared = out.attr.ino;
  t.is(out.attr.nlink, 2);
  t.true(shared > own && shared < 2 ** 32);
  walk('/usr/share/a/2');
  t.deepEqual([out.attr.nlink, out.attr.ino], [2, shared]);
  t.is(listed().filter((ino) => ino === shared).length, 2);
});

test('a listing goes on from any offset, whatever is remembered', async (t) => {
  const { walk, list, view } = await filesystem(t);
  const node = walk('/usr/bin');
  const whole = list(node).names;
  t.deepEqual([...whole].sort(), ['.', '..', 'again', 'link', 'shown']);
  const pieces: string[] = [];
  for (let offset = 0; ;) {
    const { names, last } = list(node, offset, 1);
    if (names.length === 0) break;
    pieces.push(...names);
    offset = last;
    if (pieces.length === 3) view.change({ packagesChanged: true });
  }
  t.deepEqual(pieces, whole);
});

test('node ids of what has become hidden lead nowhere', async (t) => {
  const { walk, view, files, out } = await filesystem(t);
  const bin = walk('/usr/bin');
  const file = walk('/usr/bin/shown');
  const link = walk('/usr/bin/link');
  view.setVisible([], []);
  t.is(files.getattr(file, caller, out), errno.ENOENT);
  t.is(files.getattr(bin, caller, out), errno.ENOENT);
  t.is(files.readlink(link), errno.ENOENT);
  t.is(files.read(file, 0, Buffer.alloc(5), caller), failure(errno.ENOENT));
  t.is(files.lookup(bin, Buffer.from('shown'), caller, out), errno.ENOENT);
  const sink = {
    wantsAttributes: false,
    entry: emptyEntry(),
    add: () => true,
    addWithAttributes: () => true,
  };
  t.is(files.readdir(bin, 0, caller, sink), errno.ENOENT);
});

test('node ids that were never given are refused', async (t) => {
  const { files, out } = await filesystem(t);
  for (const node of [0, -1, 2 ** 31, 2 ** 40]) {
    t.is(files.getattr(node, caller, out), errno.ENOENT);
    t.is(files.lookup(node, Buffer.from('x'), caller, out), errno.ENOENT);
    t.is(files.read(node, 0, Buffer.alloc(1), caller), failure(errno.ENOENT));
  }
});

test('a file that is replaced stays what it was for who has it, and is another one for who comes later', async (t) => {
  const { walk, files, gentoo, out } = await filesystem(t);
  const read = (node: NodeId) => {
    const into = Buffer.alloc(20);
    const count = files.read(node, 0, into, caller);
    return count < 0 ? count : into.subarray(0, count).toString();
  };
  const known = walk('/etc/shown.conf');
  const unread = walk('/usr/bin/shown');
  t.is(read(known), 'x');
  gentoo.uninstall('sys-libs/shown-1');
  gentoo.install('sys-libs/shown-1', { files: { '/etc/shown.conf': 'new', '/usr/bin/shown': 'other' } });
  const later = walk('/etc/shown.conf');
  t.not(later, known);
  t.is(read(later), 'new');
  t.is(read(known), 'x');
  t.is(files.getattr(known, caller, out), 0);
  t.is(out.attr.size, 1);
  // Nobody has read it while it was there, so it is gone; another one's content is never given for it.
  t.is(read(unread), failure(errno.ESTALE));
  t.is(files.getattr(unread, caller, out), errno.ESTALE);
  files.forget(known, 1);
  t.is(read(known), failure(errno.ESTALE));
});

test('whoever has a file of a package that is gone reads on; a denied one is hidden at once', async (t) => {
  const { walk, files, gentoo, view } = await filesystem(t);
  const conf = walk('/etc/shown.conf');
  const into = Buffer.alloc(20);
  t.is(files.read(conf, 0, into, caller), 1);
  gentoo.uninstall('sys-libs/shown-1');
  view.change({ packagesChanged: true });
  t.is(files.read(conf, 0, into, caller), 1);
  gentoo.install('sys-libs/shown-1', { files: { '/etc/shown.conf': 'again' } });
  const again = walk('/etc/shown.conf');
  t.is(files.read(again, 0, into, caller), 5);
  view.setVisible([], []);
  t.is(files.read(again, 0, into, caller), failure(errno.ENOENT));
});

test('that the index is full is said once, and what it knows goes on', async (t) => {
  const { walk, view, files, out, gentoo, messages } = await filesystem(t);
  const bin = walk('/usr/bin');
  const long = 'n'.repeat(240);
  // Long names until none fits, then short ones.
  for (const name of [long, ''])
    for (let i = 0; view.index.tryEnsure(rootNode, Buffer.from(`${name}${i}`)) >= 0; i++) continue;
  gentoo.write('/usr/bin/new', 'x');
  gentoo.write('/usr/bin/newer', 'x');
  for (const name of ['new', 'newer']) t.is(files.lookup(bin, Buffer.from(name), caller, out), errno.ENOMEM);
  t.is(messages.filter((message) => message.includes('no room')).length, 1);
  t.not(walk('/usr/bin/shown'), 0);
});
