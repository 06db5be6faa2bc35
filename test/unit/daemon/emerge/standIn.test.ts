import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'ava';
import { standInProgram } from '../../../../src/cli/programs.js';

const hasPython = spawnSync('python3', ['--version']).error === undefined;
const pythonTest = hasPython ? test : test.skip;
const skipped = hasPython ? '' : ' (skipped: no python3)';

/** What it may use: the standard library, and of that what is quick to load. */
const modules = ['ctypes', 'json', 'locale', 'os', 're', 'signal', 'socket', 'stat', 'subprocess', 'sys'];

pythonTest(`what stands in for pid-ns-init is Python 3.9, and imports little${skipped}`, (t) => {
  const program = [
    'import ast, sys',
    'tree = ast.parse(sys.stdin.read(), feature_version=(3, 9))',
    'print(*sorted({name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}))',
    'print(sum(isinstance(node, ast.ImportFrom) for node in ast.walk(tree)))',
  ].join('\n');
  const { stdout, stderr } = spawnSync('python3', ['-c', program], {
    input: readFileSync(standInProgram),
    encoding: 'utf8',
  });
  t.is(stderr, '');
  t.deepEqual(stdout.split('\n').slice(0, 2), [modules.join(' '), '0']);
});
