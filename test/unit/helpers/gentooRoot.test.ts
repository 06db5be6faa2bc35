import { existsSync, lstatSync, readFileSync, readlinkSync } from 'node:fs';
import test from 'ava';
import { InstalledDatabase } from '../../../src/portage/vdb.js';
import { parseContents } from '../../helpers/wholeContents.js';
import { gentooRoot, repositoryPath } from '../../helpers/gentooRoot.js';
import { pkg } from '../../helpers/installed.js';

for (const consolidated of [false, true]) {
  test(`a root with ${consolidated ? 'metadata files' : 'single files'} is built and can be read`, async (t) => {
    const gentoo = await gentooRoot({
      consolidated,
      packages: {
        'sys-libs/zlib-1.3-r1': {
          SLOT: '0/1',
          RDEPEND: 'a/b c/d',
          files: {
            '/usr/lib64/libz.so.1': 'library',
            '/lib64/libz.so': { link: 'libz.so.1' },
            '/usr/lib64/libz.so.1.3': { hardLink: '/usr/lib64/libz.so.1' },
            '/run/fifo': { fifo: true },
            '/var/empty': { directory: true },
            '/usr/gone': null,
            'latin1:/usr/share/caf\xe9': 'x',
          },
        },
      },
      ebuilds: { 'dev-libs/foo-bar-1.2-r3': { DEPEND: 'sys-libs/zlib' } },
      system: ['sys-libs/zlib'],
      files: { '/usr/lib64': { directory: true }, '/lib64': { link: 'usr/lib64' } },
    });
    t.teardown(gentoo.cleanup);
    const db = new InstalledDatabase(gentoo.path('/var/db/pkg'), () => t.fail());
    const entry = db.get(pkg('sys-libs/zlib-1.3-r1'));
    t.is(entry?.value('SLOT'), '0/1');
    t.is(entry?.value('RDEPEND'), 'a/b c/d');
    const { entries, problems } = parseContents(readFileSync(`${String(entry?.directory)}/CONTENTS`));
    t.deepEqual(problems, []);
    t.deepEqual(
      [...entries].filter(([, { type }]) => type !== 'dir').map(([path, { type }]) => [path, type]),
      [
        ['/usr/lib64/libz.so.1', 'obj'],
        ['/lib64/libz.so', 'sym'],
        ['/usr/lib64/libz.so.1.3', 'obj'],
        ['/run/fifo', 'fif'],
        ['/usr/gone', 'obj'],
        ['/usr/share/caf\ufffd', 'obj'],
      ],
    );
    t.is(entries.get('/var/empty')?.type, 'dir');
    t.is(readlinkSync(gentoo.path('/usr/lib64/libz.so')), 'libz.so.1');
    t.is(lstatSync(gentoo.path('/usr/lib64/libz.so.1')).nlink, 2);
    t.true(lstatSync(gentoo.path('/run/fifo')).isFIFO());
    t.true(existsSync(gentoo.path(`${repositoryPath}/dev-libs/foo-bar/foo-bar-1.2-r3.ebuild`)));
    t.true(existsSync(gentoo.path('/etc/portage/make.profile/packages')));
    t.false(existsSync(gentoo.path('/usr/gone')));

    gentoo.uninstall('sys-libs/zlib-1.3-r1');
    t.false(existsSync(gentoo.path('/usr/lib64/libz.so.1')));
    t.false(existsSync(gentoo.path('/var/db/pkg/sys-libs/zlib-1.3-r1')));
    gentoo.cleanup();
    t.false(existsSync(gentoo.root));
  });
}
