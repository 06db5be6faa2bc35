import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { compareSettings, readSettings, type Settings } from '../../../src/audit/index.js';
import { removeTree } from '../../helpers/removeTree.js';

function built(t: ExecutionContext, files: Readonly<Record<string, string>>): Settings {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-settings-'));
  t.teardown(() => removeTree(directory));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  return readSettings(directory);
}

test('what autoconf, CMake and a config.h say is compared, answers and headers first', (t) => {
  const first = built(t, {
    'foo-1/config.h': '/* #undef HAVE_BAR */\n#define HAVE_FOO 0\n#define VERSION "1"\n',
    'foo-1/config.log':
      'configure: error=1\n## Cache variables. ##\nac_cv_header_bar_h=no\nac_cv_path_BAR=${ac_cv_path_BAR=no}\n',
    'build/CMakeCache.txt':
      'BAR_LIBRARY:FILEPATH=BAR_LIBRARY-NOTFOUND\nCMAKE_CACHEFILE_DIR:INTERNAL=/a\nX-ADVANCED:INTERNAL=1\n',
    'foo-1/notes.h': '#define HAVE_NOTES 1\n',
  });
  const second = built(t, {
    'foo-1/config.h': '#define HAVE_BAR 1\n#define HAVE_FOO 1\n#define VERSION "1"\n',
    'foo-1/config.log':
      'configure: error=2\n## Cache variables. ##\nac_cv_header_bar_h=yes\nac_cv_path_BAR=${ac_cv_path_BAR=/usr/bin/bar}\n',
    'build/CMakeCache.txt': 'BAR_LIBRARY:FILEPATH=/usr/lib64/libbar.so\nCMAKE_CACHEFILE_DIR:INTERNAL=/b\n',
    'foo-1/notes.h': '#define HAVE_NOTES 2\n',
    'only/config.h': '#define HAVE_ONLY 1\n',
  });
  t.deepEqual(compareSettings(first, second), [
    { file: 'foo-1/config.h', name: 'HAVE_BAR', without: null, with: '1' },
    { file: 'foo-1/config.h', name: 'HAVE_FOO', without: '0', with: '1' },
    { file: 'foo-1/config.log', name: 'ac_cv_header_bar_h', without: 'no', with: 'yes' },
    {
      file: 'build/CMakeCache.txt',
      name: 'BAR_LIBRARY',
      without: 'BAR_LIBRARY-NOTFOUND',
      with: '/usr/lib64/libbar.so',
    },
    { file: 'foo-1/config.log', name: 'ac_cv_path_BAR', without: 'no', with: '/usr/bin/bar' },
  ]);
  t.deepEqual(compareSettings(first, first), []);
});

test('there is nothing to read where there is no build', (t) => {
  t.is(readSettings('/nonexistent').size, 0);
});
