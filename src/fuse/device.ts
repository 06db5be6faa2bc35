/** The kernel's device, through which whoever serves a filesystem speaks with it. */
import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import { errorCode, LvfsError } from '../base/index.js';

const device = '/dev/fuse';

/** MISC_MAJOR (linux/major.h) and FUSE_MINOR (linux/miscdevice.h), as stat(2) has them. */
const deviceNumber = (10 << 8) | 229;

/**
 * A new descriptor of the device, which belongs to the caller.
 *
 * Errors: `FUSE_UNAVAILABLE` (exit 23), with a hint.
 */
export function openDevice(): number {
  const unavailable = (what: string, hint: string | undefined): LvfsError =>
    new LvfsError('FUSE_UNAVAILABLE', `${device}: ${what}`, { hint });
  let fd: number;
  try {
    fd = openSync(device, 'r+');
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    const module = 'modprobe fuse, or build the kernel with CONFIG_FUSE_FS';
    const hints: Readonly<Record<string, string>> = {
      ENOENT: `${module}; in a container: --device /dev/fuse`,
      ENODEV: module,
      ENXIO: module,
      EACCES: 'as root, so that users can open it: chmod 666 /dev/fuse',
      EPERM: 'be root; in a container: --device /dev/fuse',
    };
    throw unavailable(code === 'ENOENT' ? 'does not exist' : `cannot be opened (${code})`, hints[code]);
  }
  if (fstatSync(fd).rdev === deviceNumber) return fd;
  closeSync(fd);
  throw unavailable(
    'is not the device of FUSE',
    `mknod -m 666 ${device} c 10 229, in place of what is there`,
  );
}

/** Whether what is at the device's place is the device; undefined when nothing is there. */
export function isFuseDevice(): boolean | undefined {
  const status = statSync(device, { throwIfNoEntry: false });
  return status === undefined ? undefined : status.isCharacterDevice() && status.rdev === deviceNumber;
}

/** Why the caller cannot open the device; undefined when he can. */
export function deviceProblem(): LvfsError | undefined {
  try {
    closeSync(openDevice());
    return undefined;
  } catch (error) {
    if (error instanceof LvfsError) return error;
    throw error;
  }
}
