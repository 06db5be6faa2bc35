import path from 'node:path';
import test from 'ava';
import { packageDirectoryAt, repositoryAround } from '../../../src/base/index.js';
import { writeTree } from '../../helpers/writeTree.js';

test('the repository around an ebuild, and the package of its directory', (t) => {
  const root = writeTree(t, {
    'one/profiles/repo_name': 'one\n',
    'one/app-misc/foo/foo-1.ebuild': '',
    'one/app-misc/empty/metadata.xml': '',
    'one/app-misc/other/foo-1.ebuild': '',
    'two/metadata/layout.conf': 'masters =\n',
    'two/app-misc/foo/foo-1.ebuild': '',
    'none/app-misc/foo/foo-1.ebuild': '',
  });
  const at = (place: string): string => path.join(root, place);
  t.is(repositoryAround(at('one/app-misc/foo')), at('one'));
  t.is(repositoryAround(at('two/app-misc/foo/foo-1.ebuild')), at('two'));
  t.is(repositoryAround(at('none/app-misc/foo')), undefined);
  t.is(packageDirectoryAt(at('one/app-misc/foo')), 'app-misc/foo');
  t.is(packageDirectoryAt(at('two/app-misc/foo/')), 'app-misc/foo');
  for (const place of [
    'one',
    'one/app-misc',
    'one/app-misc/empty',
    'one/app-misc/other',
    'none/app-misc/foo',
    'no',
  ]) {
    t.is(packageDirectoryAt(at(place)), undefined, place);
  }
});
