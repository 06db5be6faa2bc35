/** What `npm pack` gives: a whole program that needs nothing but Node. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { gentooRoot } from '../helpers/gentooRoot.js';
import { whyNotMount } from '../helpers/inView.js';
import { finished, sandbox, type Result } from '../helpers/lvfs.js';

const source = fileURLToPath(new URL('../../..', import.meta.url));
const box = sandbox();
test.after.always(() => box.cleanup());

interface Manifest {
  readonly version: string;
  readonly bin: { readonly lvfs: string };
  readonly man: readonly string[];
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

const directory = unpack();
const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest;

/** What was built just now, packed, and unpacked where no other package is but the one that it depends on. */
function unpack(): string {
  const options = ['--ignore-scripts', '--silent', '--pack-destination', box.directory];
  const name = execFileSync('npm', ['pack', ...options], { cwd: source, encoding: 'utf8' }).trim();
  execFileSync('tar', ['-xzf', name], { cwd: box.directory });
  const unpacked = join(box.directory, 'package');
  mkdirSync(join(unpacked, 'node_modules'));
  symlinkSync(join(source, 'node_modules/koffi'), join(unpacked, 'node_modules/koffi'));
  return unpacked;
}

/** Runs the packed program. */
function packed(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Result> {
  const env = { ...box.environment, ...environment };
  return finished(spawn(process.execPath, [join(directory, manifest.bin.lvfs), ...args], { env }));
}

test('the package needs only what is native from the registry, and runs no scripts when it is installed', (t) => {
  t.deepEqual(Object.keys(manifest.dependencies ?? {}), ['koffi']);
  t.deepEqual(Object.keys(manifest.optionalDependencies), ['fuse-native']);
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) t.false(name in manifest.scripts);
});

test('the manual, the mount helper, the changelog and the licences of what is bundled are in it', (t) => {
  for (const file of [
    ...manifest.man,
    'mount-helper/mount.lvfs',
    'src/cli/workshop/bashrc',
    'src/cli/workshop/common.sh',
    'src/cli/workshop/zsh/.zshenv',
    'src/cli/workshop/zsh/.zshrc',
    'src/daemon/emerge/pid-ns-init.py',
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
  ])
    t.true(existsSync(join(directory, file)), file);
  const licences = readFileSync(join(directory, 'dist/src/cli/THIRD-PARTY-LICENSES'), 'utf8');
  t.regex(licences, /^yargs [\d.]+ \(MIT\)$/m);
  t.deepEqual(
    readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /^(?!node_modules).*(?:test|\.ts$|tsconfig)/.test(name),
    ),
    [],
  );
});

test('every verb of it loads', async (t) => {
  t.is((await packed(['--version'])).stdout, `lvfs ${manifest.version}\n`);
  const { stdout } = await packed(['--help']);
  const verbs = [...stdout.matchAll(/^ {2}(\w+) /gm)].map((match) => String(match[1]));
  t.true(verbs.includes('mount') && verbs.includes('doctor'));
  for (const verb of verbs.filter((name) => name !== 'lvfs')) {
    // Not `--help`: of emerge that is emerge's.
    const help = await packed(['help', verb]);
    t.is(help.stderr, '');
    t.regex(help.stdout, new RegExp(`^Usage: lvfs ${verb}`));
  }
});

const reason = whyNotMount();
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;
const mounting = reason === undefined ? test : test.skip;

mounting(`what the libfuse driver lacks is said with what to install${skipped}`, async (t) => {
  const mountpoint = join(box.directory, 'mnt');
  mkdirSync(mountpoint);
  const { status, stderr } = await packed(['mount', '--driver', 'libfuse', 'a/b', mountpoint]);
  t.is(status, 23);
  t.regex(stderr, /^lvfs: .*fuse-native.*\nhint: .*npm install --include=optional fuse-native/);
});

mounting(`it runs a command in a view${skipped}`, async (t) => {
  const gentoo = await gentooRoot({
    packages: { 'dev-libs/bar-1': { files: { '/opt/bar/bar.h': 'bar' } } },
    ebuilds: { 'dev-libs/foo-1': { DEPEND: 'dev-libs/bar' } },
  });
  t.teardown(() => gentoo.cleanup());
  const host = ['/bin', '/lib', '/lib64', '/usr'].flatMap((path) => (existsSync(path) ? ['--ro', path] : []));
  const environment = { LVFS_ROOT: gentoo.root };
  const { status, stdout, stderr } = await packed(
    ['run', ...host, 'dev-libs/foo', '--', 'cat', '/opt/bar/bar.h'],
    environment,
  );
  t.is(status, 0, stderr);
  t.is(stdout, 'bar');
  t.regex((await packed(['deps', 'foo'], environment)).stdout, /^dev-libs\/bar-1 +build /m);
});
