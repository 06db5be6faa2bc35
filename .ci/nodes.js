/**
 * Runs the tests that need nothing, and one that mounts, on each version of Node that lvfs supports: `node .ci/nodes.js [VERSION…]`, where a
 * version is what npm understands (`20.19`, `26`). The binaries are those of the registry's packages node-PLATFORM-ARCH; they are kept in
 * $LVFS_NODES, or beside the user's other caches. Exits with 1 when a test failed or a version could not be had.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('..', import.meta.url));
const given = process.argv.slice(2);
const versions = given.length > 0 ? given : ['20.19', '22', '24', '26'];
const cache =
  process.env.LVFS_NODES ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'lvfs-nodes');
const packageName = `node-${process.platform}-${process.arch}`;

const suites = ['dist/test/{unit,wire,cli}/**/*.test.js'];
const noMount = whyNotMount();
if (noMount === undefined) suites.push('dist/test/posix/**/*.test.js');

function whyNotMount() {
  if (process.getuid?.() !== 0) return 'not root';
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
    return undefined;
  } catch {
    return 'no access to /dev/fuse';
  }
}

/**
 * The newest binary of a version, from the registry or, where that does not answer, as it was brought before.
 * @param {string} wanted
 */
function bring(wanted) {
  const prefix = join(cache, wanted);
  const binary = join(prefix, 'node_modules', packageName, 'bin', 'node');
  mkdirSync(prefix, { recursive: true });
  // Nothing of a package is run but the binary.
  const options = ['--prefix', prefix, '--ignore-scripts', '--no-audit', '--no-fund', '--fetch-retries=1'];
  const { status, stderr } = spawnSync('npm', ['install', ...options, `${packageName}@${wanted}`], {
    cwd: prefix,
    encoding: 'utf8',
  });
  if (status !== 0) {
    const reason = stderr.trim().split('\n').slice(0, 3).join('\n  ');
    console.error(`${packageName}@${wanted} cannot be fetched from the npm registry:\n  ${reason}`);
    if (!existsSync(binary)) return undefined;
    console.error(`The one fetched before is used (${prefix}).`);
  }
  const { stdout, error } = spawnSync(binary, ['--version'], { encoding: 'utf8' });
  if (stdout?.startsWith('v')) return { binary, version: stdout.trim() };
  console.error(`${binary} does not run: ${error?.message ?? 'it says no version'}`);
  rmSync(prefix, { recursive: true, force: true });
  return undefined;
}

/** @type {Map<string, string>} */
const results = new Map();
for (const wanted of versions) {
  const node = bring(wanted);
  if (node === undefined) {
    results.set(wanted, 'not run: there is no binary');
    continue;
  }
  console.log(`== Node ${node.version} (${wanted})`);
  const { status } = spawnSync(node.binary, ['node_modules/ava/entrypoints/cli.mjs', ...suites], {
    cwd: checkout,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${dirname(node.binary)}${delimiter}${process.env.PATH ?? ''}` },
  });
  results.set(`${wanted} (${node.version})`, status === 0 ? 'passed' : 'failed');
}
for (const [name, result] of results) console.log(`Node ${name}: ${result}`);
if (noMount !== undefined) console.log(`Nothing was mounted: ${noMount}.`);
process.exitCode = [...results.values()].every((result) => result === 'passed') ? 0 : 1;
