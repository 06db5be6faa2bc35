/**
 * The driver that speaks to /dev/fuse itself. `mount(8)` of util-linux is run only for what the kernel keeps nothing of, the helper
 * that umount(8) runs; everything else is system calls.
 */
import { closeSync, writeFileSync, writeSync } from 'node:fs';
import {
  errorCode,
  LvfsError,
  oneLine,
  readMountTable,
  runProgram,
  runSync,
  describeErrno,
} from '../base/index.js';
import { MountCalls, mountFlag } from '../system/index.js';
import { Activity } from './activity.js';
import { encodeInvalidateEntry, encodeInvalidateNode } from './codec.js';
import { deviceProblem, openDevice } from './device.js';
import type { Connection, Driver, KernelEndpoint, MountOptions, ServeOptions } from './driver.js';
import { expireOnly } from './layout.js';
import { resolveMountpoint, unmountFailed } from './mountPoint.js';
import type { NodeId, Notifier, Operations } from './operations.js';
import { defaultMaxReadBytes, serveDevice, type ServeResult } from './server.js';

/**
 * What the kernel reads ahead in files, in KiB. Four times its default: a quarter of the requests for a big file or a program,
 * each of which costs more than the copying of what it brings. Twice as much gains nothing more.
 */
const readAheadKiB = 512;

function mountFailed(message: string, cause?: unknown): LvfsError {
  let hint: string | undefined;
  if (/unknown filesystem type|no such device/.test(message)) {
    hint = 'load the module (modprobe fuse), or build the kernel with CONFIG_FUSE_FS';
  } else if (/superuser|permission denied|not permitted/i.test(message)) {
    hint = 'run as root, or in a user namespace of your own (unshare --user --mount --map-root-user)';
  } else if (errorCode(cause) === 'ENOENT') {
    hint = 'install util-linux';
  }
  return new LvfsError('MOUNT_FAILED', message, {
    hint,
    cause,
  });
}

/** Best effort: without sysfs, or in a user namespace, the default stays. See Documentation/ABI/testing/sysfs-class-bdi. */
function setReadAhead(mountedDevice: string): void {
  try {
    writeFileSync(`/sys/class/bdi/${mountedDevice}/read_ahead_kb`, String(readAheadKiB));
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
  }
}

class KernelNotifier implements Notifier {
  constructor(
    private readonly fd: number,
    private readonly activity: Activity,
  ) {}

  invalidateNode(node: NodeId, offset: number, length: number): void {
    this.#send(encodeInvalidateNode(node, offset, length));
  }

  invalidateEntry(parent: NodeId, name: Uint8Array, drop = false): void {
    // Without the flag the kernel drops whatever is mounted below the name.
    const flags = !drop && this.activity.isOffered('HAS_EXPIRE_ONLY') ? expireOnly : 0;
    this.#send(encodeInvalidateEntry(parent, name, flags));
  }

  #send(message: Buffer): void {
    // Before INIT nothing is cached; before 7.12 the kernel knows no notifications, and validities have to do.
    if (this.activity.minor < 12) return;
    try {
      writeSync(this.fd, message);
    } catch (error) {
      const code = errorCode(error);
      // ENOENT: not cached; ENOTDIR: the node is no directory any more; the others: the mount is gone.
      if (code === 'ENOENT' || code === 'ENOTDIR') return;
      if (code === 'ENODEV' || code === 'ENOTCONN' || code === 'EPERM') return;
      throw error;
    }
  }
}

/**
 * Ends a connection whoever holds it: all who wait for an answer get ECONNABORTED (fusectl, Documentation/filesystems/fuse.rst).
 *
 * @param device `major:minor` of the mounted filesystem
 * @returns whether there is none any more
 */
export function abortConnection(device: string): boolean {
  const minor = /^\d+:(\d+)$/.exec(device)?.[1];
  if (minor === undefined) return false;
  const control = `/sys/fs/fuse/connections/${minor}/abort`;
  try {
    writeFileSync(control, '1');
    return true;
  } catch (error) {
    // Gone already, or fusectl is not mounted here, or sysfs is read-only.
    if (errorCode(error) === undefined) throw error;
  }
  const script = 'mount -t fusectl none /sys/fs/fuse/connections && { [ ! -e "$0" ] || echo 1 >"$0"; }';
  return runSync('unshare', ['--mount', 'sh', '-c', script, control]).code === 0;
}

class KernelConnection implements Connection {
  readonly notifier: Notifier;
  #closed = false;

  constructor(
    readonly mountpoint: string,
    readonly endpoint: KernelEndpoint,
    readonly activity: Activity,
    /** `major:minor` of the mounted filesystem. */
    readonly device: string,
  ) {
    this.notifier = new KernelNotifier(endpoint.fd, activity);
  }

  isMounted(): boolean {
    return readMountTable().some(
      (mount) => mount.device === this.device && mount.mountpoint === this.mountpoint,
    );
  }

  async unmount({ lazy = false }: { lazy?: boolean } = {}): Promise<void> {
    if (!this.isMounted()) return;
    // -c: without it umount(8) asks the mount for its statistics, and waits forever where nobody serves.
    const args = ['-i', '-c', ...(lazy ? ['-l'] : []), this.mountpoint];
    const { code, stderr, error } = await runProgram('umount', args);
    if (error !== undefined) throw error;
    if (code === 0 || !this.isMounted()) return;
    throw unmountFailed(this.mountpoint, oneLine(stderr));
  }

  abort(): void {
    // A forced unmount aborts, too, but it finds the connection only while it is in the tree.
    if (!abortConnection(this.device) && this.isMounted())
      runSync('umount', ['-i', '-c', '-f', this.mountpoint]);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.endpoint.fd);
  }
}

async function mount(options: MountOptions): Promise<KernelConnection> {
  const { subtype, source = subtype, allowOther = true, threads = 1, protocol = {}, unmountHelper } = options;
  const type = `fuse.${subtype}`;
  const mountpoint = resolveMountpoint(options.mountpoint, type);
  const fd = openDevice();
  try {
    const settings = (descriptor: number): string =>
      [
        `fd=${descriptor}`,
        'rootmode=40000',
        `user_id=${process.getuid?.() ?? 0}`,
        `group_id=${process.getgid?.() ?? 0}`,
        'default_permissions',
        ...(allowOther ? ['allow_other'] : []),
        `max_read=${protocol.maxReadBytes ?? defaultMaxReadBytes}`,
      ].join(',');
    const calls = unmountHelper === undefined ? MountCalls.open() : undefined;
    if (calls === undefined) {
      // Kept in /run/mount/utab; for a mount that is listed there umount(8) looks up the whole type.
      const helper = unmountHelper === undefined ? '' : `,uhelper=${unmountHelper}`;
      const flags = `ro,nosuid,nodev,${settings(3)}${helper}`;
      await runMount(['-i', '-t', type, '-o', flags, '--source', source, '--target', mountpoint], fd);
    } else {
      const { readOnly, noSetuid, noDevices } = mountFlag;
      const code = calls.mount(source, mountpoint, type, readOnly | noSetuid | noDevices, settings(fd));
      if (code !== 0) throw mountFailed(`${mountpoint}: ${describeErrno(code)}`);
    }
    const mounted = readMountTable().findLast(
      (candidate) => candidate.mountpoint === mountpoint && candidate.type === type,
    );
    if (mounted === undefined)
      throw mountFailed(`nothing is mounted on ${mountpoint}, although that succeeded`);
    setReadAhead(mounted.device);
    const activity = Activity.create(threads);
    const endpoint: KernelEndpoint = { driver: 'kernel', shared: activity.buffer, protocol, fd };
    return new KernelConnection(mountpoint, endpoint, activity, mounted.device);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

async function runMount(args: readonly string[], fd: number): Promise<void> {
  const { code, stderr, error } = await runProgram('mount', args, { inherited: [fd] });
  if (error !== undefined) throw mountFailed('cannot run mount(8)', error);
  if (code !== 0) throw mountFailed(oneLine(stderr) || `mount(8) failed with status ${code}`);
}

function probe(): LvfsError | undefined {
  if (process.getuid?.() !== 0) {
    return new LvfsError('NOT_ROOT', 'mounting a view needs root', {
      hint: 'sudo lvfs mount …, or lvfs run and lvfs shell, which need no root',
    });
  }
  return deviceProblem();
}

/** Speaks the kernel's protocol on /dev/fuse; Linux only, needs the right to mount. */
export const kernelDriver: Driver = {
  name: 'kernel',
  capabilities: {
    exactNanoseconds: true,
    inodeNumbers: true,
    invalidation: true,
    staleSeconds: 0,
    perEntryValidity: true,
    negativeCaching: true,
    byteNames: true,
    callers: true,
    extendedAttributes: true,
    maxThreads: 64,
  },
  probe,
  mount,
};

/** Serves a connection of {@link kernelDriver} in this thread until it ends; see {@link serveDevice}. */
export function serveKernel(
  endpoint: KernelEndpoint,
  operations: Operations,
  options: ServeOptions,
): ServeResult {
  return serveDevice(endpoint.fd, operations, {
    ...options,
    activity: new Activity(endpoint.shared),
    protocol: endpoint.protocol,
  });
}
