import { join } from 'node:path';
import test from 'ava';
import { initPrograms } from '../../../../src/daemon/emerge/initPrograms.js';
import { gentooRoot } from '../../../helpers/gentooRoot.js';
import { writeTree } from '../../../helpers/writeTree.js';

test('pid-ns-init is found in every Python slot, where the database says, and beside the program, once each', async (t) => {
  const gentoo = await gentooRoot({
    packages: {
      'sys-apps/portage-3.0.66': { files: { '/usr/odd/pid-ns-init': 'odd' } },
      'sys-apps/portage-utils-1': { files: { '/usr/bin/other/pid-ns-init': 'not of Portage' } },
    },
  });
  t.teardown(gentoo.cleanup);
  const offset = writeTree(t, {
    'usr/lib/portage/python3.12/pid-ns-init': '12',
    'usr/lib/portage/python3.13/pid-ns-init': '13',
    'usr/lib/portage/pym/none': '',
    'usr/odd/pid-ns-init': 'odd',
    'checkout/bin/pid-ns-init': 'checkout',
    'checkout/bin/emerge': '',
    'usr/lib64': { link: 'lib' },
    'usr/emerge': { link: '../checkout/bin/emerge' },
  });
  const found = initPrograms(join(offset, 'usr/emerge'), gentoo.path('/var/db/pkg'), offset);
  t.deepEqual([...found].map(([path, text]) => `${path.slice(offset.length)} ${text}`).sort(), [
    '/checkout/bin/pid-ns-init checkout',
    '/usr/lib/portage/python3.12/pid-ns-init 12',
    '/usr/lib/portage/python3.13/pid-ns-init 13',
    '/usr/odd/pid-ns-init odd',
  ]);
});
