/**
 * What is not always there: the npm package fuse-native and libfuse 2 are optional. A scratch installation lacks one of them;
 * everything that needs neither works, and what needs it says in one line what to install.
 */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { gentooRoot } from '../helpers/gentooRoot.js';
import { whyNotMount } from '../helpers/inView.js';
import { finished, sandbox, type Result } from '../helpers/lvfs.js';

const project = resolve(import.meta.dirname, '../../..');
const module = join(project, 'node_modules/fuse-native');
const prebuilt = `prebuilds/${process.platform}-${process.arch}/node.napi.node`;
const nobody = 65534;
const withOpenDevice =
  'mount -t tmpfs none /mnt && mknod -m 666 /mnt/fuse c 10 229 && mount --bind /mnt/fuse /dev/fuse && exec "$@"';

const unable = whyNotMount();
const mountTest = unable === undefined ? test.serial : test.serial.skip;
const because = unable === undefined ? '' : ` (skipped: ${unable})`;

interface Installation {
  /** A directory that everybody may use. */
  directory: string;
  readonly lvfs: (...args: string[]) => Promise<Result>;
  /** The same as an ordinary user. */
  readonly asUser: (...args: string[]) => Promise<Result>;
}

/** lvfs in a directory of its own, with its dependencies but without fuse-native. */
async function installation(t: ExecutionContext): Promise<Installation> {
  const gentoo = await gentooRoot({
    packages: {
      'dev-libs/bar-1': { files: { '/usr/include/bar.h': 'bar' } },
      'app-shells/bash-5': { files: { '/bin/bash': '#!' } },
    },
    ebuilds: { 'dev-libs/foo-1': { DEPEND: 'dev-libs/bar' } },
    system: ['app-shells/bash'],
  });
  t.teardown(gentoo.cleanup);
  const box = sandbox({ LVFS_ROOT: gentoo.root, LVFS_DRIVER: 'auto', LC_ALL: 'C' });
  t.teardown(() => box.cleanup());
  chmodSync(box.directory, 0o755);
  const place = join(box.directory, 'lvfs');
  const manifest = readFileSync(join(project, 'package.json'), 'utf8');
  const { dependencies } = JSON.parse(manifest) as { dependencies: Record<string, string> };
  mkdirSync(join(place, 'node_modules'), { recursive: true });
  for (const name of Object.keys(dependencies))
    symlinkSync(join(project, 'node_modules', name), join(place, 'node_modules', name));
  cpSync(join(project, 'dist/src'), join(place, 'dist/src'), { recursive: true });
  writeFileSync(join(place, 'package.json'), manifest);
  const command = [process.execPath, join(place, 'dist/src/cli/main.js')];
  const start = ([program = '', ...words]: string[], env: NodeJS.ProcessEnv) =>
    finished(spawn(program, words, { env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] }));
  const home = join(box.directory, 'home');
  mkdirSync(home);
  chownSync(home, nobody, nobody);
  return {
    directory: box.directory,
    lvfs: (...args) => start([...command, ...args], box.environment),
    asUser: (...args) =>
      start(
        [
          ...['unshare', '--mount', '--propagation', 'private', 'sh', '-c', withOpenDevice, 'sh'],
          ...['setpriv', '--reuid', `${nobody}`, '--regid', `${nobody}`, '--clear-groups'],
          ...[...command, ...args],
        ],
        {
          ...box.environment,
          HOME: home,
          LVFS_CACHE: join(home, 'cache'),
          LVFS_RUNTIME_DIR: join(home, 'run'),
        },
      ),
  };
}

/** Adds a fuse-native that was linked with a library which is not there. */
function addModuleWithoutLibrary(directory: string): void {
  const place = join(directory, 'lvfs/node_modules/fuse-native');
  cpSync(realpathSync(module), place, { recursive: true });
  const native = join(place, prebuilt);
  const bytes = readFileSync(native, 'latin1');
  writeFileSync(native, bytes.replaceAll('libfuse.so.2\0', 'libfuse.so.9\0'), 'latin1');
  const loader = 'node_modules/node-gyp-build';
  symlinkSync(join(project, loader), join(directory, 'lvfs', loader));
}

function freshMountpoint(directory: string): string {
  return mkdtempSync(join(directory, 'mnt-'));
}

mountTest(`without fuse-native all that the kernel driver can do works${because}`, async (t) => {
  const { directory, lvfs } = await installation(t);
  const mountpoint = freshMountpoint(directory);
  const mounted = await lvfs('mount', 'dev-libs/foo', mountpoint);
  t.is(mounted.status, 0, mounted.stderr);
  t.is(readFileSync(join(mountpoint, 'usr/include/bar.h'), 'utf8'), 'bar');
  t.regex((await lvfs('status', mountpoint)).stdout, /^driver +kernel$/m);
  t.is((await lvfs('umount', mountpoint)).status, 0);
});

const installModule =
  'npm install --include=optional fuse-native (where lvfs is installed; on Gentoo USE=libfuse)';
const installLibrary = 'install libfuse 2 (Debian: libfuse2, Gentoo: sys-fs/fuse:0)';

mountTest(
  `without fuse-native --driver libfuse says what to install, and so does doctor${because}`,
  async (t) => {
    const { directory, lvfs, asUser } = await installation(t);
    const { status, stderr } = await lvfs(
      'mount',
      '--driver',
      'libfuse',
      'dev-libs/foo',
      freshMountpoint(directory),
    );
    t.is(
      stderr,
      'lvfs: the libfuse driver cannot be used: the npm package fuse-native is not installed\n' +
        `hint: ${installModule} and ${installLibrary}\n`,
    );
    t.is(status, 23);
    const { stdout } = await asUser('doctor', '--json');
    const { users } = JSON.parse(stdout) as {
      users: { way: string; obstacles: { found: string; remedy: string }[] }[];
    };
    const [first] = users.find(({ way }) => way === 'fusermount')?.obstacles ?? [];
    t.deepEqual(first, {
      found: 'the libfuse driver cannot be used: the npm package fuse-native is not installed',
      remedy: `${installModule} and ${installLibrary}`,
    });
  },
);

mountTest(
  `without either way to mount, an ordinary user learns of all that would help${because}`,
  async (t) => {
    const { directory, asUser } = await installation(t);
    const { status, stderr } = await asUser('mount', 'dev-libs/foo', freshMountpoint(directory));
    t.is(
      stderr,
      'lvfs: mounting a view needs root\n' +
        `hint: sudo lvfs mount …, or lvfs run and lvfs shell, which need no root; or ${installModule} and ${installLibrary}\n`,
    );
    t.is(status, 23);
  },
);

const hasPrebuilt = existsSync(join(module, prebuilt));
(hasPrebuilt ? mountTest : test.serial.skip)(
  `without libfuse 2 --driver libfuse says what to install${because}${hasPrebuilt ? '' : ' (skipped: no prebuilt fuse-native)'}`,
  async (t) => {
    const { directory, lvfs } = await installation(t);
    addModuleWithoutLibrary(directory);
    const { status, stderr } = await lvfs(
      'mount',
      '--driver',
      'libfuse',
      'dev-libs/foo',
      freshMountpoint(directory),
    );
    t.is(
      stderr,
      'lvfs: the libfuse driver cannot be used: the library libfuse.so.9 is not installed\n' +
        `hint: ${installLibrary}\n`,
    );
    t.is(status, 23);
  },
);
