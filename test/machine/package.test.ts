/** What `npm pack` gives: a whole program that needs nothing but Node. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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

/** What was built just now, packed, and unpacked where no other package is. */
function unpack(): string {
  const options = ['--ignore-scripts', '--silent', '--pack-destination', box.directory];
  const name = execFileSync('npm', ['pack', ...options], { cwd: source, encoding: 'utf8' }).trim();
  execFileSync('tar', ['-xzf', name], { cwd: box.directory });
  return join(box.directory, 'package');
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
    'mount-helper/umount.fuse.lvfs',
    'packaging/systemd/lvfs@.service',
    'packaging/systemd/lvfs.tmpfiles',
    'packaging/openrc/lvfs.initd',
    'examples/control.py',
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
      /^(?!node_modules).*(?:test|(?<!\.d)\.ts$|tsconfig)/.test(name),
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

test('whoever packs it, and when, it is the same bytes', (t) => {
  const options = ['--ignore-scripts', '--json', '--pack-destination'];
  const pack = (
    from: string,
    to: string,
  ): [{ filename: string; integrity: string; files: { path: string }[] }] => {
    mkdirSync(to);
    return JSON.parse(
      execFileSync('npm', ['pack', ...options, to], { cwd: from, encoding: 'utf8' }),
    ) as never;
  };
  const [first] = pack(source, join(box.directory, 'first'));
  const copy = join(box.directory, 'copy');
  const before = process.umask(0o077);
  t.teardown(() => process.umask(before));
  for (const { path } of first.files) {
    mkdirSync(join(copy, dirname(path)), { recursive: true });
    writeFileSync(join(copy, path), readFileSync(join(source, path)), {
      mode: statSync(join(source, path)).mode & 0o700,
    });
  }
  execFileSync('npm', ['run', '--silent', 'modes'], { cwd: copy });
  t.is(pack(copy, join(box.directory, 'second'))[0].integrity, first.integrity);
});

test('it is installed globally without a network, with what makes system calls', async (t) => {
  const prefix = join(box.directory, 'global');
  const options = [
    '--offline',
    '--cache',
    join(box.directory, 'npm-cache'),
    '--ignore-scripts',
    '--omit=optional',
  ];
  const file = join(box.directory, `lvfs-${manifest.version}.tgz`);
  execFileSync('npm', ['install', '--global', '--prefix', prefix, ...options, file], { stdio: 'ignore' });
  const { stdout } = await finished(
    spawn(join(prefix, 'bin/lvfs'), ['doctor', '--json'], { env: box.environment }),
  );
  const { checks } = JSON.parse(stdout) as { checks: { name: string; found: string }[] };
  t.is(checks.find(({ name }) => name === 'system calls')?.found, 'through koffi');
  const imports = "import { apiVersion, openSystem } from 'lvfs'; console.log(apiVersion, typeof openSystem)";
  const cwd = join(prefix, 'lib/node_modules/lvfs');
  t.is(
    execFileSync(process.execPath, ['--input-type=module', '-e', imports], { cwd, encoding: 'utf8' }),
    '1 function\n',
  );
  t.true(existsSync(join(cwd, 'src/library/lvfs.d.ts')));
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
