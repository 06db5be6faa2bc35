/** The walk of a path within a root, on trees that are no files. */
import test from 'ava';
import { linkOf, maxLinks, resolveWithin } from '../../../src/base/index.js';

const links: Readonly<Record<string, string>> = {
  '/root/lib': 'usr/lib',
  '/root/abs': '/usr/lib',
  '/root/up': '../../..',
  '/root/usr/lib/back': '../../lib/',
  '/root/loop': 'loop',
  '/elsewhere/in': '/etc',
};

const rows: readonly (readonly [start: string, path: string, end: string])[] = [
  ['/root', 'lib/libz.so', '/root/usr/lib/libz.so'],
  ['/root', 'abs/x', '/root/usr/lib/x'],
  ['/root', 'up/etc', '/root/etc'],
  ['/root', '../../etc', '/root/etc'],
  ['/root', './/lib/back/./a', '/root/usr/lib/a'],
  ['/root', 'loop/x', '/root/loop/x'],
  ['', '/elsewhere/in/x', '/root/etc/x'],
  ['', '/other/../x', '/x'],
];

for (const [start, path, end] of rows)
  test(`${path} from '${start}' leads to ${end}`, (t) => {
    t.is(
      resolveWithin(start, path, '/root', (at) => links[at]),
      end,
    );
  });

test('so many links are followed as Linux does', (t) => {
  const chain = (at: string): string | undefined => {
    const i = Number(at.slice('/root/'.length));
    return i < maxLinks ? String(i + 1) : undefined;
  };
  t.is(resolveWithin('/root', '0', '/root', chain), `/root/${maxLinks}`);
  const longer = (at: string): string => String(Number(at.slice('/root/'.length)) + 1);
  t.is(resolveWithin('/root', '0', '/root', longer), `/root/${maxLinks}`);
});

test('a trailing slash is a component', (t) => {
  const names = (target: string) => linkOf(Buffer.from(target)).names.map((name) => name.toString());
  t.deepEqual(names('/usr//lib/').length, 3);
  t.deepEqual(names('usr/lib').length, 2);
  t.true(linkOf(Buffer.from('/x')).isAbsolute);
});
