import test from 'ava';
import { askPortage } from '../../../src/portage/askPortage.js';
import type { Ebuild } from '../../../src/portage/repository.js';
import { splitCpv } from '../../../src/portage/version.js';
import { gentooRoot } from '../../helpers/gentooRoot.js';

const ebuild = { ...splitCpv('a/b-1'), repository: { name: 'overlay' } } as unknown as Ebuild;

test('the Portage inside the root is asked for all values at once', async (t) => {
  const gentoo = await gentooRoot({ files: { '/usr/bin/portageq': '' } });
  t.teardown(gentoo.cleanup);
  const asked: string[][] = [];
  const metadata = askPortage(gentoo.root, '', (command, args) => {
    asked.push([command, ...args]);
    return args
      .slice(6)
      .map((key) => (key === 'EAPI' ? '8\n' : key === 'DEPEND' ? 'dev-libs/x\n' : '\n'))
      .join('');
  })(ebuild, 'a/b/b-1.ebuild');
  t.deepEqual(asked[0]?.slice(0, 6), ['chroot', gentoo.root, '/usr/bin/portageq', 'metadata', '/', 'ebuild']);
  t.is(asked[0]?.[6], 'a/b-1::overlay');
  t.is(metadata?.get('EAPI'), '8');
  t.is(metadata?.get('DEPEND'), 'dev-libs/x');
  t.is(metadata?.get('RDEPEND'), '');
});

test('where Portage fails, answers something else or is absent there is no metadata', async (t) => {
  const gentoo = await gentooRoot({ files: { '/usr/bin/portageq': '' } });
  t.teardown(gentoo.cleanup);
  t.is(askPortage(gentoo.root, '', () => undefined)(ebuild, ''), undefined);
  t.is(askPortage(gentoo.root, '', () => 'one line\n')(ebuild, ''), undefined);
  t.is(askPortage(gentoo.root, '/prefix', () => t.fail())(ebuild, ''), undefined);
});

test('a program that cannot be run is the same as none', async (t) => {
  const gentoo = await gentooRoot({ files: { '/usr/bin/portageq': 'not a program' } });
  t.teardown(gentoo.cleanup);
  t.is(askPortage(gentoo.root, '')(ebuild, ''), undefined);
});
