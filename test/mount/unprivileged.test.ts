/**
 * An ordinary user, in the two ways that are open to him: a user namespace with the kernel driver, and fusermount with
 * libfuse. The user is a number only; /dev/fuse is open to him in a private mount namespace.
 */
import { spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { findDriver, libfuseProblem } from '../../src/fuse/index.js';
import { finished, program, type Result } from '../helpers/lvfs.js';
import { prefixRoot } from '../helpers/prefixRoot.js';
import { reasonNotToMount, testDriver } from '../helpers/withMemoryMount.js';
import { removeTree } from '../helpers/removeTree.js';

const nobody = 65534;

function declare(
  title: string,
  reason: string | undefined,
  body: (t: ExecutionContext) => Promise<void>,
): void {
  if (reason === undefined) test.serial(title, body);
  else test.skip(`${title} (skipped: ${reason})`, body);
}

interface User {
  /** The prefix that is shown. */
  prefix: string;
  home: string;
  /**
   * Runs a shell script as the user; `lvfs` is a command in it.
   *
   * @param prepare what root does before, in the same private mount namespace; by default it opens /dev/fuse to users
   * @param as who runs the script
   */
  shell(script: string, prepare?: string, as?: 'user' | 'root'): Promise<Result>;
}

/** A device node of its own in a private mount namespace. */
const deviceWithMode = (mode: string): string =>
  `mount -t tmpfs none /mnt && mknod -m ${mode} /mnt/fuse c 10 229 && mount --bind /mnt/fuse /dev/fuse`;

async function ordinaryUser(t: ExecutionContext, driver: string): Promise<User> {
  const gentoo = await prefixRoot({
    packages: {
      'dev-libs/bar-1': {
        files: { '/usr/include/bar.h': 'bar\n', '/usr/include/private.h': { text: 'private', mode: 0o600 } },
      },
      'dev-libs/hidden-1': { files: { '/usr/include/hidden.h': 'hidden' } },
      'app-shells/bash-5': { files: { '/bin/bash': '#!' } },
    },
    ebuilds: { 'dev-libs/foo-1': { DEPEND: 'dev-libs/bar' } },
    system: ['app-shells/bash'],
  });
  t.teardown(gentoo.cleanup);
  const home = mkdtempSync(join(tmpdir(), 'lvfs-user-'));
  t.teardown(() => removeTree(home));
  for (const directory of ['run', 'mnt', 'tmp']) mkdirSync(join(home, directory), { mode: 0o700 });
  for (const directory of ['', 'run', 'mnt', 'tmp']) chownSync(join(home, directory), nobody, nobody);
  const becomeUser = `setpriv --reuid ${nobody} --regid ${nobody} --clear-groups`;
  return {
    prefix: gentoo.root,
    home,
    shell: (script, prepare = deviceWithMode('666'), as = 'user') => {
      const run = `${prepare} || exit 99\nexec ${as === 'user' ? becomeUser : ''} sh -c "$SCRIPT"`;
      return finished(
        spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', run], {
          cwd: '/',
          env: {
            PATH: process.env['PATH'],
            NODE: process.execPath,
            LVFS: program,
            SCRIPT: `lvfs() { "$NODE" "$LVFS" "$@"; }\n${script}`,
            HOME: home,
            TMPDIR: join(home, 'tmp'),
            XDG_RUNTIME_DIR: join(home, 'run'),
            XDG_CACHE_HOME: join(home, 'cache'),
            LVFS_CONFIG: '',
            LVFS_PREFIX: gentoo.root,
            LVFS_DRIVER: driver,
            LC_ALL: 'C',
          },
          stdio: ['ignore', 'pipe', 'pipe'],
        }),
      );
    },
  };
}

declare('run works for an ordinary user in a user namespace', reasonNotToMount(), async (t) => {
  const user = await ordinaryUser(t, testDriver().name);
  const { prefix } = user;
  const { status, stdout, stderr } = await user.shell(
    `lvfs run dev-libs/foo -- sh -c 'ls ${prefix}/usr/include; cat ${prefix}/usr/include/bar.h; ` +
      `cat ${prefix}/usr/include/private.h; cat ${prefix}/usr/include/hidden.h; touch ${prefix}/new; ` +
      `cat /etc/shadow; touch ${user.home}/made && exit 7'`,
  );
  t.is(status, 7, stderr);
  t.is(stdout, 'bar.h\nprivate.h\nbar\n');
  t.regex(stderr, /private\.h: Permission denied/, 'what the user may not read');
  t.regex(stderr, /hidden\.h: No such file/);
  t.regex(stderr, /new'?: Read-only file system/);
  t.regex(stderr, /shadow: Permission denied/);
  t.true(existsSync(join(user.home, 'made')), 'what is bound can be written');
  t.deepEqual(readdirSync(join(user.home, 'cache')), ['lvfs'], 'the index is saved');
  t.deepEqual(readdirSync(join(user.home, 'run/lvfs')), [], 'nothing is left of the session');
});

const libfuse = findDriver('libfuse');
for (const [how, driver] of [
  ['by himself', 'auto'],
  ['when asked', 'libfuse'],
] as const) {
  declare(`an ordinary user mounts by fusermount, ${how}`, reasonNotToMount(libfuse), async (t) => {
    const user = await ordinaryUser(t, 'auto');
    const mountpoint = join(user.home, 'mnt');
    const include = `${mountpoint}${user.prefix}/usr/include`;
    const { status, stdout, stderr } = await user.shell(
      `lvfs mount --driver ${driver} --quiet dev-libs/foo ${mountpoint} >/dev/null || exit 90
       ls ${include}; cat ${include}/bar.h; cat ${include}/private.h; touch ${include}/new
       lvfs status ${mountpoint} | grep -o 'driver.*'; lvfs umount ${mountpoint} || exit 91; ls ${mountpoint}`,
    );
    t.is(status, 0, stderr);
    t.regex(stdout, /^bar\.h\nprivate\.h\nbar\ndriver\s+libfuse\n$/);
    t.regex(stderr, /private\.h: Permission denied/);
    t.regex(stderr, /new'?: Read-only file system/);
    t.deepEqual(readdirSync(join(user.home, 'run/lvfs')), [], 'nothing is left of the session');
  });
}

declare('a plain fusermount -u ends the daemon too', reasonNotToMount(libfuse), async (t) => {
  const user = await ordinaryUser(t, 'auto');
  const mountpoint = join(user.home, 'mnt');
  const { status, stdout, stderr } = await user.shell(
    `lvfs mount --quiet dev-libs/foo ${mountpoint} >/dev/null || exit 90
     pid=$(lvfs status --json | "$NODE" -p 'JSON.parse(fs.readFileSync(0)).mounts[0].pid')
     fusermount -u ${mountpoint} || exit 91
     while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
     ls ${mountpoint}; lvfs status`,
  );
  t.is(status, 0, stderr);
  t.is(stdout, '');
  t.regex(stderr, /^lvfs: no view is mounted\n$|^$/);
  t.deepEqual(readdirSync(join(user.home, 'run/lvfs')), [], 'nothing is left of the session');
});

declare(
  'without a module that can be loaded the reason is said in one line',
  reasonNotToMount(libfuse),
  async (t) => {
    const user = await ordinaryUser(t, 'libfuse');
    const library = '$(ldconfig -p | grep -o "/.*libfuse.so.2$" | head -n 1)';
    const child = spawn(
      'unshare',
      [
        '--mount',
        '--propagation',
        'private',
        'sh',
        '-c',
        `mount --bind /dev/null ${library} && exec "$@"`,
        'sh',
        process.execPath,
        program,
        'mount',
        'dev-libs/foo',
        join(user.home, 'mnt'),
      ],
      {
        env: {
          PATH: process.env['PATH'],
          LVFS_CONFIG: '',
          LVFS_PREFIX: user.prefix,
          LVFS_DRIVER: 'libfuse',
          LVFS_RUNTIME_DIR: join(user.home, 'registry'),
          LVFS_CACHE: join(user.home, 'cache'),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const { status, stderr } = await finished(child);
    t.is(status, 23, stderr);
    t.regex(
      stderr,
      /^lvfs: the libfuse driver cannot be used: .*\nhint: install libfuse 2 \(Debian: libfuse2, Gentoo: sys-fs\/fuse:0\).*\n$/,
    );
  },
);

declare('to unmount what somebody else has unmounted is no failure', reasonNotToMount(), async (t) => {
  const user = await ordinaryUser(t, 'auto');
  const platform = new URL('../../src/daemon/platform/index.js', import.meta.url).href;
  const unmount = `import('${platform}').then(async ({ mounter }) => console.log(await mounter.unmount(process.argv[1], false)))`;
  for (const as of ['user', 'root'] as const) {
    const { stdout, stderr } = await user.shell(
      `"$NODE" -e "${unmount}" ${join(user.home, 'mnt')}`,
      deviceWithMode('666'),
      as,
    );
    t.is(stdout, '{ done: true }\n', stderr);
  }
});

interface Refusal {
  title: string;
  /** What the user does, `$MNT` being a directory of his own. */
  script: string;
  prepare?: string;
  status: number;
  stderr: RegExp;
}

const doctorHint = "hint: 'lvfs doctor' says what an ordinary user needs\\n$";
const refusals: readonly Refusal[] = [
  {
    title: 'a directory that is not his',
    prepare: `${deviceWithMode('666')} && mkdir /mnt/theirs`,
    script: 'lvfs mount dev-libs/foo /mnt/theirs',
    status: 23,
    stderr:
      /^lvfs: fusermount3?: user has no write access to mountpoint \/mnt\/theirs\nhint: choose a directory of your own\n$/,
  },
  {
    title: 'fusermount that is not setuid root',
    prepare: `${deviceWithMode('666')} && program=$(readlink -f "$(command -v fusermount)") &&
      cp "$program" /mnt/plain && mount --bind /mnt/plain "$program"`,
    script: 'lvfs mount dev-libs/foo "$MNT"',
    status: 23,
    stderr: new RegExp(`^lvfs: fusermount3?: mount failed: Operation not permitted\\n${doctorHint}`),
  },
  {
    title: '/dev/fuse that is not open to users',
    prepare: deviceWithMode('600'),
    script: 'lvfs mount --driver libfuse dev-libs/foo "$MNT"',
    status: 23,
    stderr:
      /^lvfs: \/dev\/fuse: cannot be opened \(EACCES\)\nhint: as root, so that users can open it: chmod 666 \/dev\/fuse\n$/,
  },
  {
    title: 'the same for run',
    prepare: deviceWithMode('600'),
    script: 'lvfs run dev-libs/foo -- true',
    status: 125,
    stderr:
      /^lvfs: \/dev\/fuse: cannot be opened \(EACCES\)\nhint: as root, so that users can open it: chmod 666 \/dev\/fuse\n$/,
  },
  {
    title: 'a bind over a mounted view',
    script: 'lvfs mount --bind /opt dev-libs/foo "$MNT"',
    status: 23,
    stderr: /^lvfs: --bind and --ro: only root can .*\nhint: lvfs run and lvfs shell do it without root\n$/,
  },
  {
    title: 'a machine on which no namespace can be made',
    // The limit is that of the user namespace in which it is set.
    script: `unshare --user --map-root-user sh -c \
      'echo 0 >/proc/sys/user/max_mnt_namespaces && LVFS_RUNTIME_DIR=$HOME/run exec "$NODE" "$LVFS" run dev-libs/foo -- true'`,
    status: 125,
    stderr: /^unshare: .*\nlvfs: no private view can be made: unshare: unshare failed: .*\nhint: .*\n$/,
  },
];

for (const { title, script, prepare, status, stderr } of refusals) {
  declare(`an ordinary user is told what to do about ${title}`, reasonNotToMount(libfuse), async (t) => {
    const user = await ordinaryUser(t, 'auto');
    const result = await user.shell(`MNT=${join(user.home, 'mnt')}\n${script}`, prepare);
    t.regex(result.stderr, stderr);
    t.is(result.status, status);
    t.deepEqual(readdirSync(join(user.home, 'mnt')), []);
  });
}

interface Ways {
  ready: boolean;
  checks: { name: string; state: string; found: string }[];
  users: { way: string; commands: string[]; open: boolean; obstacles: { found: string; remedy: string }[] }[];
}

/** What doctor says of the two ways of an ordinary user. */
async function ways(user: User, prepare: string, as: 'user' | 'root', wrap = ''): Promise<Ways> {
  const { stdout, stderr } = await user.shell(`${wrap} "$NODE" "$LVFS" doctor --json`, prepare, as);
  try {
    return JSON.parse(stdout) as Ways;
  } catch {
    throw new Error(`no JSON: ${stdout}${stderr}`);
  }
}

const hasLibfuse = libfuseProblem() === undefined;
for (const as of ['user', 'root'] as const) {
  declare(`doctor tells which ways are open to users, asked by ${as}`, reasonNotToMount(), async (t) => {
    const user = await ordinaryUser(t, 'auto');
    const { users, checks, ready } = await ways(user, deviceWithMode('666'), as);
    t.deepEqual(
      users.map(({ way, commands, open }) => ({ way, commands, open })),
      [
        { way: 'user namespace', commands: ['run', 'shell', 'build', 'check'], open: true },
        { way: 'fusermount', commands: ['mount'], open: hasLibfuse },
      ],
    );
    const failed = checks.filter(({ state }) => state === 'fail').map(({ name }) => name);
    t.is(ready, failed.length === 0);
    t.false(
      failed.some((name) => /fuse|namespaces|mount|user/.test(name)),
      failed.join(),
    );

    for (const { way, open, obstacles } of (await ways(user, deviceWithMode('600'), as)).users) {
      t.false(open, way);
      t.deepEqual(
        obstacles.at(-1),
        {
          found: '/dev/fuse is not open to users (mode 600)',
          remedy: 'chmod 666 /dev/fuse; to keep it, a udev rule: KERNEL=="fuse", MODE="0666"',
        },
        way,
      );
    }

    // A program without the bit in its place.
    const plain = `cp /bin/true /mnt/plain && mount --bind /mnt/plain "$(readlink -f "$(command -v fusermount)")"`;
    const [, fusermount] = (await ways(user, `${deviceWithMode('666')} && ${plain}`, as)).users;
    t.is(fusermount?.open, false);
    const [found] = fusermount?.obstacles.slice(-1) ?? [];
    t.regex(found?.found ?? '', /fusermount is not setuid root$/);
    t.regex(found?.remedy ?? '', /^chmod u\+s \/.*fusermount$/);
  });
}

declare(
  'doctor names the setting that forbids user namespaces, in words too',
  reasonNotToMount(),
  async (t) => {
    const user = await ordinaryUser(t, 'auto');
    // The limit is that of the user namespace in which it is set.
    const inside = `unshare --user --map-root-user sh -c 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"' sh`;
    const { users, checks } = await ways(user, deviceWithMode('666'), 'user', inside);
    // There the directory of sessions, which is whose it was, is somebody else's: that is one finding, not the end of all others.
    t.like(
      checks.find(({ name }) => name === 'views'),
      { state: 'warn' },
    );
    const [way] = users;
    t.like(way, { open: false, obstacles: [{ found: 'user.max_user_namespaces is 0' }] });

    const { stdout } = await user.shell('lvfs doctor', deviceWithMode('600'));
    t.regex(
      stdout,
      /\nWhat an ordinary user can do:\nwarn {2}run, shell, build, check {2}in a user namespace, but \/dev\/fuse is not open to users \(mode 600\)\n +chmod 666/,
    );
  },
);
