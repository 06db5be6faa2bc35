/** mount(2) and umount2(2). */
import type { Errno } from '../base/index.js';
import { library, type NativeFunction } from './library.js';

/** `MS_*` (linux/mount.h). */
export const mountFlag = {
  readOnly: 1,
  noSetuid: 2,
  noDevices: 4,
  noExecute: 8,
  remount: 32,
  bind: 4096,
  recursive: 16_384,
  private: 1 << 18,
} as const;

/** `MNT_*` and `UMOUNT_*` (linux/fs.h). */
export const unmountFlag = { force: 1, detach: 2, noFollow: 8 } as const;

/** The calls, for the mount namespace of this process. Each waits for whoever serves the paths that it is given. */
export class MountCalls {
  readonly #mount: NativeFunction;
  readonly #unmount: NativeFunction;
  readonly #errno: () => Errno;

  private constructor(mount: NativeFunction, unmount: NativeFunction, errno: () => Errno) {
    this.#mount = mount;
    this.#unmount = unmount;
    this.#errno = errno;
  }

  /** Undefined where no system calls can be made; `systemProblem` says why. */
  static open(): MountCalls | undefined {
    const found = library();
    if ('problem' in found) return undefined;
    return new MountCalls(
      found.function('mount', 'int', ['void *', 'void *', 'void *', 'unsigned long', 'void *']),
      found.function('umount2', 'int', ['void *', 'int']),
      () => found.errno(),
    );
  }

  /**
   * @param flags of {@link mountFlag}
   * @param data options of the type of file system
   * @returns 0 or an errno
   */
  mount(source: string, target: string, type: string, flags: number, data = ''): Errno {
    const result = this.#mount(text(source), text(target), text(type), flags, text(data));
    return result < 0 ? this.#errno() : 0;
  }

  /**
   * @param flags of {@link unmountFlag}
   * @returns 0 or an errno
   */
  unmount(target: string, flags: number): Errno {
    return this.#unmount(text(target), flags) < 0 ? this.#errno() : 0;
  }
}

/** As C has it. */
function text(value: string): Uint8Array {
  return Buffer.from(`${value}\0`);
}
