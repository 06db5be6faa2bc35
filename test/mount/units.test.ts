/** The service files: what systemd and OpenRC would run, and with which rights. */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { nothingLeft } from '../helpers/commands.js';
import { program, sandbox } from '../helpers/lvfs.js';
import { underSystemd, whyNoAutomount, whyNoSystemd } from '../helpers/systemd.js';
import { mountTest, skipped, withViews } from '../helpers/views.js';

const packaging = fileURLToPath(new URL('../../../packaging', import.meta.url));
const unit = readFileSync(join(packaging, 'systemd/lvfs@.service'), 'utf8');

/** The values of a setting, in order. */
function settings(name: string): string[] {
  return [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value);
}

const analyze = spawnSync('systemd-analyze', ['--version']).error === undefined;
(analyze ? test : test.skip)(
  `systemd has nothing to say against the units${analyze ? '' : ' (skipped: systemd-analyze is not installed)'}`,
  (t) => {
    const files = readdirSync(join(packaging, 'systemd')).filter((name) =>
      /\.(service|mount|automount)$/.test(name),
    );
    t.is(files.length, 3);
    const args = ['verify', '--man=no', ...files.map((name) => join(packaging, 'systemd', name))];
    const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
    t.is(stdout + stderr, '');
    t.is(status, 0);
  },
);

(analyze ? test : test.skip)(
  `systemd's own measure of what the unit may do does not rise${analyze ? '' : ' (skipped: systemd-analyze is not installed)'}`,
  (t) => {
    // In tenths; docs/reliability.md says what it is made of.
    const args = ['security', '--offline=true', '--threshold=54', join(packaging, 'systemd/lvfs@.service')];
    const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
    // Before systemd 250 it could not tell of a file.
    if (/unrecognized option|Unknown/i.test(stderr)) t.pass(stderr);
    else t.is(status, 0, stdout + stderr);
  },
);

test('nothing in the unit gives it a mount namespace, in which its view would stay', (t) => {
  const hiding =
    /^(Private(Tmp|Devices|Network|IPC|Users)|Protect(System|Home|Proc|Hostname|KernelTunables|KernelModules|KernelLogs|ControlGroups)|ReadOnlyPaths|ReadWritePaths|InaccessiblePaths|ExecPaths|NoExecPaths|BindPaths|BindReadOnlyPaths|TemporaryFileSystem|RootDirectory|RootImage|MountFlags|DynamicUser|ProcSubset|MountAPIVFS|RuntimeDirectory)=/m;
  t.notRegex(unit, hiding);
  t.deepEqual(settings('PrivateMounts'), ['no']);
});

mountTest(
  `a view is mounted and unmounted with the capabilities that the unit leaves${skipped}`,
  async (t) => {
    const f = await withViews(t);
    const mountpoint = f.mountpoint();
    const [bounding = ''] = settings('CapabilityBoundingSet');
    const set = bounding.split(' ').map((name) => `+${name.slice('CAP_'.length).toLowerCase()}`);
    const limited = (...args: string[]) =>
      spawnSync(
        'setpriv',
        ['--bounding-set', ['-all', ...set].join(','), process.execPath, program, ...args],
        {
          env: f.environment,
          encoding: 'utf8',
        },
      );
    const mounted = limited('mount', '--', 'dev-libs/foo', mountpoint);
    t.is(mounted.status, 0, mounted.stderr);
    t.is(readFileSync(join(mountpoint, 'usr/include/bar.h'), 'utf8'), 'bar');
    t.false(existsSync(join(mountpoint, 'usr/include/hidden.h')));
    const retargeted = limited('retarget', mountpoint, 'dev-libs/foo');
    t.is(retargeted.status, 0, retargeted.stderr);
    const unmounted = limited('umount', mountpoint);
    t.is(unmounted.status, 0, unmounted.stderr);
    // What the unit does afterwards finds nothing.
    t.is(limited('umount', '--lazy', '--quiet', mountpoint).status, 24);
    await nothingLeft(t, f);
  },
);

const noSystemd = whyNoSystemd();
(noSystemd === undefined ? mountTest : test.skip)(
  `systemd mounts the view, changes it, mounts it again after its daemon was killed, and takes it away${skipped === '' && noSystemd !== undefined ? ` (skipped: ${noSystemd})` : skipped}`,
  async (t) => {
    t.timeout(300_000);
    const f = await withViews(t);
    const mountpoint = f.mountpoint();
    const bin = join(f.directory, 'bin');
    mkdirSync(bin);
    symlinkSync(program, join(bin, 'lvfs'));
    const settingsFile = join(f.directory, 'settings');
    const configure = (atoms: string): string =>
      [
        `VIEW_ATOMS="${atoms}"`,
        `VIEW_MOUNTPOINT="${mountpoint}"`,
        `PATH="${bin}:${join(process.execPath, '..')}:/usr/sbin:/usr/bin:/sbin:/bin"`,
        ...ownSettings(f).map(([name, value]) => `${name}="${value}"`),
        '',
      ].join('\n');
    writeFileSync(settingsFile, configure('dev-libs/foo'));
    writeFileSync(`${settingsFile}.new`, configure('dev-libs/bar'));
    const said = underSystemd(
      f.directory,
      { 'lvfs@.service': unit.replace(/^(EnvironmentFile=).*/m, `$1${settingsFile}`) },
      `look() { echo "$1: $(systemctl is-active lvfs@demo) $(cd ${mountpoint} && echo usr/include/*)"; }
      systemctl start lvfs@demo; look started
      mv ${settingsFile}.new ${settingsFile}; systemctl reload lvfs@demo; look reloaded
      pid=$(systemctl show --property MainPID --value lvfs@demo)
      kill -KILL "$pid"
      until other=$(systemctl show --property MainPID --value lvfs@demo); [ "$other" != "$pid" ] && [ "$other" != 0 ] && systemctl --quiet is-active lvfs@demo; do sleep 0.2; done
      look killed
      systemctl stop lvfs@demo; look stopped`,
    );
    t.is(
      said,
      [
        'started: active usr/include/bar.h usr/include/zlib.h',
        'reloaded: active usr/include/*',
        'killed: active usr/include/*',
        'stopped: inactive usr/include/*',
        '',
      ].join('\n'),
    );
    await nothingLeft(t, f);
  },
);

/** Where lvfs of a test has its things. */
function ownSettings(f: { readonly environment: NodeJS.ProcessEnv }): [string, string][] {
  return ['LVFS_ROOT', 'LVFS_RUNTIME_DIR', 'LVFS_CACHE_DIR', 'LVFS_DRIVER'].flatMap((name) => {
    const value = f.environment[name];
    return value === undefined ? [] : [[name, value] as [string, string]];
  });
}

const noAutomount = whyNoAutomount();
(noAutomount === undefined ? mountTest : test.skip)(
  `systemd mounts the example of an automount when somebody looks at it, and takes it away when nobody does${skipped === '' && noAutomount !== undefined ? ` (skipped: ${noAutomount})` : skipped}`,
  async (t) => {
    t.timeout(300_000);
    const f = await withViews(t);
    const mountpoint = f.mountpoint();
    const { stdout } = spawnSync('systemd-escape', ['--path', mountpoint], { encoding: 'utf8' });
    const name = stdout.trim();
    // Where mount(8) looks for helpers, those of this build.
    const helpers = join(f.directory, 'helpers');
    mkdirSync(helpers);
    for (const helper of ['mount.lvfs', 'umount.fuse.lvfs'])
      copyFileSync(join(packaging, '../mount-helper', helper), join(helpers, helper));
    const environment = ownSettings(f).map(([variable, value]) => `${variable}='${value}'`);
    writeFileSync(
      join(helpers, 'lvfs'),
      `#!/bin/sh\nexec env ${environment.join(' ')} ${process.execPath} ${program} "$@"\n`,
      { mode: 0o755 },
    );
    const example = (kind: string, ...changes: [RegExp, string][]): string =>
      changes.reduce(
        (text, [from, to]) => text.replace(from, to),
        readFileSync(join(packaging, `systemd/var-tmp-lvroot.${kind}`), 'utf8'),
      );
    const where: [RegExp, string] = [/^Where=.*$/m, `Where=${mountpoint}`];
    const sbin = realpathSync('/sbin');
    const said = underSystemd(
      f.directory,
      {
        [`${name}.mount`]: example('mount', where, [/^(Options=).*$/m, '$1with=dev-libs/hidden']),
        [`${name}.automount`]: example('automount', where, [/^(TimeoutIdleSec=).*$/m, '$12s']),
      },
      `state() { echo "$1: $(systemctl is-active '${name}.mount')"; }
      systemctl start '${name}.automount'; state waiting
      cat ${mountpoint}/usr/include/bar.h; echo; ls ${mountpoint}/usr/include; state 'looked at'
      while [ "$(systemctl is-active '${name}.mount')" != inactive ]; do sleep 0.2; done; state idle
      ls ${mountpoint}/usr/include; state again
      systemctl stop '${name}.automount' '${name}.mount'; state stopped
      ls ${mountpoint}`,
      `mount -t overlay -o lowerdir=${helpers}:${sbin} overlay ${sbin}`,
    );
    const includes = ['bar.h', 'hidden.h', 'zlib.h'];
    t.deepEqual(said.split('\n'), [
      'waiting: inactive',
      'bar',
      ...includes,
      'looked at: active',
      'idle: inactive',
      ...includes,
      'again: active',
      'stopped: inactive',
      '',
    ]);
    await nothingLeft(t, f);
  },
);

test('the script of OpenRC says what lvfs is to do, and refuses what is no view', (t) => {
  const box = sandbox();
  t.teardown(() => box.cleanup());
  const bin = join(box.directory, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'lvfs'), '#!/bin/sh\necho "said by $1"\necho "lvfs $*" >&2\n', { mode: 0o755 });
  const openrc =
    'ebegin() { :; }; eend() { return $1; }; eerror() { echo "$*" >&2; }; einfo() { echo "$*"; }; checkpath() { :; }';
  const call = (name: string, atoms: string, action: string) =>
    spawnSync('sh', ['-euc', `${openrc}; . ${packaging}/openrc/lvfs.initd; ${action}`], {
      env: {
        PATH: `${bin}:${process.env['PATH']}`,
        RC_SVCNAME: name,
        VIEW_ATOMS: atoms,
        VIEW_MOUNTPOINT: join(box.directory, 'view'),
        VIEW_OPTIONS: '--with dev-debug/gdb',
      },
      encoding: 'utf8',
    });
  const view = join(box.directory, 'view');
  const started = call('lvfs.foo', 'dev-libs/foo dev-libs/bar', 'start');
  t.is(started.stderr, `lvfs mount --quiet --with dev-debug/gdb -- dev-libs/foo dev-libs/bar ${view}\n`);
  t.is(started.stdout, '', 'OpenRC is in the middle of a line');
  t.true(existsSync(view));
  t.is(call('lvfs.foo', 'dev-libs/foo', 'reload').stderr, `lvfs retarget --quiet ${view} dev-libs/foo\n`);
  t.is(call('lvfs.foo', 'dev-libs/foo', 'stop').stderr, `lvfs umount ${view}\n`);
  t.is(call('lvfs.foo', 'dev-libs/foo', 'status').status, 3);
  t.regex(call('lvfs', 'dev-libs/foo', 'start').stderr, /^lvfs is a template: ln -s lvfs /);
  t.regex(call('lvfs.foo', '', 'start').stderr, /^VIEW_ATOMS in \/etc\/conf.d\/lvfs.foo says/);
});
