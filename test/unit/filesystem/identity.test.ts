/** Files with several names: their numbers, and how many of the names can be seen. */
import test, { type ExecutionContext } from 'ava';
import { NodeHost } from '../../../src/filesystem/index.js';
import { firstLinkedNumber, LinkCounter, LinkedFiles } from '../../../src/filesystem/identity.js';
import { identityWords, inodeWords, type FileIdentity } from '../../../src/system/index.js';
import { hostKind } from '../../../src/view/index.js';
import { gentooRoot } from '../../helpers/gentooRoot.js';
import { nodeIn, openTestView } from '../../helpers/withView.js';

/** @param inode below 2^32 */
function file(inode: number, device = 1): FileIdentity {
  const identity = new Uint32Array(identityWords);
  identity.set([device, 0, inode, 0]);
  return identity;
}

test('all names of a file have one number, in all threads, and nothing else has it', (t) => {
  const here = new LinkedFiles();
  const there = new LinkedFiles(here.memory);
  const numbers = Array.from({ length: 1000 }, (_, i) => here.number(file(i + 1)));
  t.is(new Set(numbers).size, 1000);
  t.true(numbers.every((number) => number >= firstLinkedNumber && number < 2 ** 32));
  t.deepEqual(
    numbers,
    Array.from({ length: 1000 }, (_, i) => there.number(file(i + 1))),
  );
  t.false(numbers.includes(here.number(file(1, 2))), 'the same inode of another device is another file');
});

test('where there is no room for another file there is no number', (t) => {
  const files = new LinkedFiles(new SharedArrayBuffer(8 + 4 * inodeWords * 4));
  const numbers = [1, 2, 3, 4].map((inode) => files.number(file(inode)));
  t.is(new Set(numbers).size, 4);
  t.is(files.number(file(5)), -1);
  t.deepEqual(
    [1, 2, 3, 4].map((inode) => files.number(file(inode))),
    numbers,
  );
});

/** A package with a file of three names, the last in a hidden package, and how many of them are counted. */
async function counter(t: ExecutionContext) {
  const gentoo = await gentooRoot({
    packages: {
      'app/shown-1': {
        files: {
          '/usr/bin/one': 'program',
          '/usr/bin/two': { hardLink: '/usr/bin/one' },
          '/usr/lib/far': { hardLink: '/usr/bin/one' },
          '/usr/bin/alone': 'other',
        },
      },
      'app/hidden-1': { files: { '/usr/bin/hidden': { hardLink: '/usr/bin/one' } } },
    },
  });
  t.teardown(gentoo.cleanup);
  const opened = openTestView({ root: gentoo.root, visible: ['app/shown-1'] });
  const { view } = opened;
  const show = (...cpvs: string[]): void => view.setVisible(opened.ids(cpvs), []);
  const host = new NodeHost();
  const links = new LinkCounter(view, host);
  const count = (path: string): number => {
    const node = nodeIn(view, path);
    host.hasOtherNames(view.paths.of(node));
    const { nlink } = host.status;
    host.status.identify(host.identity);
    return links.count(node, hostKind.file, nlink, host.identity);
  };
  return { show, links, count };
}

test('the names of a visible package count, wherever they are, and those of a hidden one do not', async (t) => {
  const { count } = await counter(t);
  t.is(count('/usr/bin/one'), 3);
  t.is(count('/usr/lib/far'), 3);
  t.is(count('/usr/bin/alone'), 1);
});

test('what becomes visible counts, never more than the host has', async (t) => {
  const { show, links, count } = await counter(t);
  show('app/shown-1', 'app/hidden-1');
  links.forget();
  t.is(count('/usr/bin/one'), 4);
  show('app/hidden-1');
  t.is(count('/usr/bin/hidden'), 1);
});
