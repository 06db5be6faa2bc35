/** systemd for tests: process 1 of namespaces of its own, with control groups of its own, and nothing of the machine to set up. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const systemd = ['/lib/systemd/systemd', '/usr/lib/systemd/systemd'].find((path) => existsSync(path));
const fileSystems = readFileSync('/proc/filesystems', 'utf8');

/** Why there is none; undefined when there is one. */
export function whyNoSystemd(): string | undefined {
  if (!/\bcgroup2$/m.test(fileSystems)) return 'the kernel has no cgroup2';
  return systemd === undefined ? 'systemd is not installed' : undefined;
}

/** Why it cannot mount what somebody looks at. */
export function whyNoAutomount(): string | undefined {
  const reason = whyNoSystemd();
  if (reason !== undefined) return reason;
  if (!/\bautofs$/m.test(fileSystems) || !existsSync('/dev/autofs')) return 'the kernel has no autofs';
  return /\boverlay$/m.test(fileSystems) ? undefined : 'the kernel has no overlayfs';
}

/**
 * Boots it with these units by name, and ends it when a script has run in it.
 *
 * @param directory a scratch directory
 * @param prepare a script of sh that mounts what it needs, in its mount namespace
 * @returns what the script has said; else what systemd has
 */
export function underSystemd(
  directory: string,
  units: Readonly<Record<string, string>>,
  script: string,
  prepare = ':',
): string {
  const [places, groups] = ['units', 'groups'].map((name) => join(directory, name)) as [string, string];
  for (const place of [places, groups]) mkdirSync(place);
  const [file, said] = [join(directory, 'script'), join(directory, 'said')];
  writeFileSync(file, `export PATH=/usr/sbin:/usr/bin:/sbin:/bin\n${script}\nsystemctl --force exit\n`);
  const own = '[Unit]\nDefaultDependencies=no\n';
  const all: Record<string, string> = {
    ...Object.fromEntries(
      ['sysinit', 'basic', 'shutdown', 'local-fs', 'umount', 'remote-fs', 'network', 'network-online'].map(
        (name) => [`${name}.target`, own],
      ),
    ),
    'test.target': `${own}Requires=test.service\n`,
    'test.service': `${own}[Service]\nType=oneshot\nTimeoutStartSec=240\nExecStart=/bin/sh ${file}\nStandardOutput=file:${said}\nStandardError=file:${said}\n`,
    ...units,
  };
  for (const [name, text] of Object.entries(all)) writeFileSync(join(places, name), text);
  const init = `mount -t proc proc /proc && mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys &&
    { umount -R /sys/fs/cgroup 2>/dev/null; mount -t cgroup2 cgroup2 /sys/fs/cgroup && mount -t tmpfs tmpfs /run; } &&
    { ${prepare}
    } && exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_UNIT_PATH=${places} ${systemd ?? ''} --system --unit=test.target --log-target=console --show-status=no`;
  const { stderr, stdout } = spawnSync(
    'unshare',
    [
      '--mount',
      ...['--propagation', 'private', 'sh', '-c'],
      `mount -t cgroup2 none ${groups} && mkdir ${groups}/lvfs-test-$$ && cd ${groups}/lvfs-test-$$ && echo $$ >cgroup.procs &&
      { unshare --mount --pid --fork --kill-child --cgroup --uts --ipc sh -c '${init}'; echo $$ >../cgroup.procs; cd ..; find lvfs-test-$$ -depth -type d -exec rmdir {} +; }`,
    ],
    { encoding: 'utf8', timeout: 280_000 },
  );
  return existsSync(said) ? readFileSync(said, 'utf8') : stdout + stderr;
}
