/** Searches for what is visible below directories of nobody: what packages cannot change is not searched again. */
import { symlinkSync } from 'node:fs';
import test from 'ava';
import { NodeHost } from '../../../src/filesystem/index.js';
import { hostKind, rootNode, type HostListing } from '../../../src/view/index.js';
import { gentooRoot } from '../../helpers/gentooRoot.js';
import { openTestView } from '../../helpers/withView.js';

/** Counts what is listed, by the end of its path. */
class CountingHost extends NodeHost {
  readonly listed: string[] = [];

  override list(path: Uint8Array): HostListing | undefined {
    this.listed.push(Buffer.from(path).toString('latin1'));
    return super.list(path);
  }
}

test('a tree of plain files is searched once, one with links or packages in it when packages change', async (t) => {
  const gentoo = await gentooRoot({
    packages: {
      'dev-libs/a-1': { files: { '/usr/share/a/file': 'a', '/usr/share/of-b/sub': { directory: true } } },
      'dev-libs/b-1': { files: { '/usr/share/of-b/sub/file': 'b' } },
    },
    files: {
      '/usr/local/plain/deep/er/file': 'x',
      '/usr/local/linked/deep/link': { link: '/usr/share/of-b/sub/file' },
      '/usr/share/of-b/litter/file': 'x',
      '/usr/lib/python3/__pycache__/b.cpython-312.pyc': 'x',
    },
  });
  t.teardown(gentoo.cleanup);
  const host = new CountingHost();
  const opened = openTestView({ root: gentoo.root, visible: ['dev-libs/a-1'], host });
  const { view } = opened;
  const visible = (path: string): boolean => {
    view.begin();
    const found = view.canonical(Buffer.from(path));
    return found !== undefined && found.kind !== hostKind.missing && view.isVisible(found.node, found.kind);
  };
  const searched = (path: string): boolean => {
    host.listed.length = 0;
    visible(path);
    return host.listed.some((one) => one.startsWith(gentoo.path(path)));
  };
  const show = (...cpvs: string[]): void => view.change({ visible: opened.ids(cpvs) });
  for (const path of ['/usr/local/plain', '/usr/local/linked', '/usr/lib/python3']) {
    t.false(visible(path), path);
    t.false(searched(path), `${path}: the same packages`);
  }

  show('dev-libs/b-1');
  t.true(searched('/usr/local/linked'));
  t.false(searched('/usr/local/plain'));
  t.true(visible('/usr/local/linked'));
  t.true(visible('/usr/local'));
  t.true(searched('/usr/lib/python3'));
  t.true(visible('/usr/share/of-b/sub'));

  show('dev-libs/a-1');
  t.false(visible('/usr/local/linked'));
  t.false(visible('/usr/local/plain'));

  // A change of the host that is heard of.
  symlinkSync('/usr/share/a/file', gentoo.path('/usr/local/plain/deep/er/link'));
  view.change({});
  view.host.forget();
  t.true(visible('/usr/local/plain'));
  show('dev-libs/b-1');
  t.false(visible('/usr/local/plain'));
  show('dev-libs/a-1', 'dev-libs/b-1');
  t.true(visible('/usr/local/plain'));
});

test('what is to be searched again is searched again, also when packages change before that', async (t) => {
  const gentoo = await gentooRoot({
    packages: { 'dev-libs/a-1': { files: { '/usr/share/a/file': 'a' } }, 'dev-libs/b-1': {} },
    files: { '/usr/local/plain/file': 'x' },
  });
  t.teardown(gentoo.cleanup);
  const opened = openTestView({ root: gentoo.root, visible: ['dev-libs/a-1'] });
  const { view } = opened;
  const plain = view.canonical(Buffer.from('/usr/local/plain'));
  if (plain === undefined) return t.fail();
  t.false(view.isVisibleDirectory(plain.node));
  symlinkSync('/usr/share/a/file', gentoo.path('/usr/local/plain/link'));
  for (let above = plain.node; above !== rootNode; above = view.index.parent(above)) view.searchAgain(above);
  view.host.forget();
  view.change({ visible: opened.ids(['dev-libs/a-1', 'dev-libs/b-1']) });
  t.true(view.isVisibleDirectory(plain.node));
});
