/** What is said of a command that is not there. */
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { hiddenProgram, type Explain } from '../../../src/cli/notFound.js';
import { pkg } from '../../helpers/installed.js';
import { removeTree } from '../../helpers/removeTree.js';

test('a link of the alternatives that nobody owns belongs to whom it leads to', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'lvfs-not-found-'));
  t.teardown(() => removeTree(root));
  for (const directory of ['bin', 'etc']) mkdirSync(join(root, directory));
  writeFileSync(join(root, 'bin/bison.yacc'), '');
  symlinkSync('../bin/bison.yacc', join(root, 'etc/yacc'));
  symlinkSync('../etc/yacc', join(root, 'bin/yacc'));
  symlinkSync('/outside/of/the/root', join(root, 'bin/lost'));
  const asked: string[] = [];
  const explain: Explain = (paths) => {
    asked.push(...paths);
    return Promise.resolve(
      paths.map((path) => ({
        path,
        canonical: path,
        exists: true,
        visible: false,
        rule: path.endsWith('bison.yacc') ? ('hidden-owner' as const) : ('unowned' as const),
        owners: path.endsWith('bison.yacc') ? [pkg('sys-devel/bison-3')] : [],
        detail: '',
        chain: [],
      })),
    );
  };
  t.deepEqual(await hiddenProgram(['/bin/yacc'], explain, root), {
    path: '/bin/yacc',
    owner: 'sys-devel/bison-3',
  });
  t.deepEqual(asked, ['/bin/yacc', '/bin/bison.yacc']);
  t.like(await hiddenProgram(['/bin/bison.yacc'], explain, root), { owner: 'sys-devel/bison-3' });
  t.deepEqual(await hiddenProgram(['/bin/lost'], explain, root), { path: '/bin/lost', owner: undefined });
});
