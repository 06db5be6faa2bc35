import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const namespace = fileURLToPath(new URL('test/namespace.sh', import.meta.url));

// Nothing that is mounted on this machine is the tests' business, and theirs is nobody else's. Only root can make sure of that.
if (process.getuid?.() === 0 && process.env.LVFS_TEST_NAMESPACE === undefined) {
  const ava = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  process.exit(spawnSync('sh', [namespace, ...ava], { stdio: 'inherit' }).status ?? 1);
}

// So are those of one file for another.
if (process.env.LVFS_TEST_NAMESPACE === 'own') {
  process.env.LVFS_TEST_NODE = process.execPath;
  process.execPath = fileURLToPath(new URL('test/worker.sh', import.meta.url));
}

export default {
  files: ['dist/test/**/*.test.js'],
  workerThreads: false,
  // Much of what mounts waits for others: for a process to end, or for the moment at which it is killed.
  concurrency: Math.min(availableParallelism() + 1, 4),
  timeout: '120s',
};
