import test from 'ava';
import { askPortage } from '../../../src/portage/askPortage.js';
import type { Ebuild } from '../../../src/portage/repos/repository.js';
import { splitCpv } from '../../../src/portage/version.js';
import { gentooRoot } from '../../helpers/gentooRoot.js';

const ebuild = { ...splitCpv('a/b-1'), repository: { name: 'overlay' } } as unknown as Ebuild;

test('the Portage inside the root is asked for all values at once', async (t) => {
  const gentoo = await gentooRoot({ files: { '/usr/bin/portageq': '' } });
  t.teardown(gentoo.cleanup);
  const asked: string[][] = [];
  const metadata = askPortage(gentoo.root, '', {}, (command, args) => {
    asked.push([command, ...args]);
    const stdout = args
      .slice(6)
      .map((key) => (key === 'EAPI' ? '8\n' : key === 'DEPEND' ? 'dev-libs/x\n' : '\n'))
      .join('');
    return { succeeded: true, stdout, stderr: '' };
  })(ebuild, 'a/b/b-1.ebuild');
  if (!(metadata instanceof Map)) return void t.fail();
  t.deepEqual(asked[0]?.slice(0, 6), ['chroot', gentoo.root, '/usr/bin/portageq', 'metadata', '/', 'ebuild']);
  t.is(asked[0]?.[6], 'a/b-1::overlay');
  t.is(metadata.get('EAPI'), '8');
  t.is(metadata.get('DEPEND'), 'dev-libs/x');
  t.is(metadata.get('RDEPEND'), '');
});

test('where Portage is absent there is no metadata', async (t) => {
  const gentoo = await gentooRoot({ files: { '/usr/bin/portageq': '' } });
  t.teardown(gentoo.cleanup);
  t.is(askPortage(gentoo.root, '', {}, () => undefined)(ebuild, ''), undefined);
  t.is(askPortage(gentoo.root, '/prefix', {}, () => t.fail())(ebuild, ''), undefined);
});

const fails = test.macro(async (t, stdout: string, stderr: string, failure: string) => {
  const gentoo = await gentooRoot({ files: { '/usr/bin/portageq': '' } });
  t.teardown(gentoo.cleanup);
  const ran = { succeeded: false, stdout, stderr };
  t.deepEqual(askPortage(gentoo.root, '', {}, () => ran)(ebuild, ''), { failure, isScript: true });
});

test(
  'an ebuild that dies comes with what it said',
  fails,
  '',
  "\nMessages for package \x1b[32ma/b-1::o\x1b[0m:\n \x1b[31;01m*\x1b[0m ERROR: a/b-1::o failed (depend phase):\n * \x20 broken\n * \n * Call stack:\n * more\nPackage not found: 'a/b-1'\n",
  'broken',
);
test(
  'an error of the shell is told with its line',
  fails,
  '',
  '/o/a/b/b-1.ebuild: line 2: unexpected token\n * ERROR: a/b-1::o failed (depend phase):\n *   error sourcing ebuild\n * Call stack:\n',
  '/o/a/b/b-1.ebuild: line 2: unexpected token error sourcing ebuild',
);
test(
  'what is said on standard output counts too',
  fails,
  ' * EAPI assignment does not conform\n * to PMS\n',
  "Package not found: 'a/b-1'\n",
  'EAPI assignment does not conform to PMS',
);
test('silence is told as such', fails, '', '', 'without a word');

test('what bash cannot read is no script, whether there is a Portage or not', async (t) => {
  for (const programs of [['/bin/bash'], ['/bin/bash', '/usr/bin/portageq']]) {
    const gentoo = await gentooRoot({ files: Object.fromEntries(programs.map((name) => [name, ''])) });
    t.teardown(gentoo.cleanup);
    const asked: string[][] = [];
    const ask = askPortage(gentoo.root, '', {}, (_, args) => {
      asked.push(args.slice(1));
      const isBash = args[1] === '/bin/bash';
      return {
        succeeded: isBash,
        stdout: '',
        stderr: isBash ? "b-1.ebuild: line 2: unexpected token `;'\n" : '',
      };
    });
    t.deepEqual(ask(ebuild, `${gentoo.root}/repo/a/b/b-1.ebuild`), {
      failure: "b-1.ebuild: line 2: unexpected token `;'",
      isScript: false,
    });
    t.deepEqual(asked.at(-1), ['/bin/bash', '-n', '/repo/a/b/b-1.ebuild']);
  }
});

test('a program that cannot be run is the same as none', async (t) => {
  const gentoo = await gentooRoot({ files: { '/usr/bin/portageq': 'not a program' } });
  t.teardown(gentoo.cleanup);
  t.is(askPortage(gentoo.root, '')(ebuild, ''), undefined);
});
