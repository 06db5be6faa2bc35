/**
 * Handles of processes (pidfd_open(2)), which tell how a process ended to whoever is not its parent: the kernel keeps its status
 * for as long as a handle is open (PIDFD_GET_INFO with PIDFD_INFO_EXIT in linux/pidfd.h; Linux 6.15).
 */
import { errno, processFile, failure } from '../base/index.js';
import { callNumber, library, type Library, type NativeFunction } from './library.js';
import { lowWord, pidfd, pidfdInfo } from './structs.js';

/** A descriptor of this process, in whichever thread it was opened. */
export type ProcessHandle = number;

/** Opens handles and asks them. One for each thread; any of them may ask and close what another has opened. */
export class ProcessHandles {
  readonly #library: Library;
  readonly #syscall: NativeFunction;
  readonly #ioctl: NativeFunction;
  readonly #close: NativeFunction;
  readonly #info = new Int32Array(pidfdInfo.size / 4);
  readonly #infoAt = new Uint8Array(this.#info.buffer);

  private constructor(library: Library) {
    this.#library = library;
    this.#syscall = library.function('syscall', 'long', ['long', 'long', 'long']);
    this.#ioctl = library.function('ioctl', 'int', ['int', 'ulong', 'void *']);
    this.#close = library.function('close', 'int', ['int']);
  }

  /** @returns undefined where the kernel, or what it lets us do, has nothing of the kind */
  static open(): ProcessHandles | undefined {
    const found = library();
    if ('problem' in found) return undefined;
    const handles = new ProcessHandles(found);
    const own = handles.of(process.pid);
    if (own === undefined) return undefined;
    const isTold = handles.#ask(own) >= 0;
    handles.close(own);
    return isTold ? handles : undefined;
  }

  /** A handle of the process that a thread is of; undefined for one that is gone, or when no more can be open. */
  of(thread: number): ProcessHandle | undefined {
    let handle = this.#openHandle(thread);
    if (handle === failure(errno.EINVAL) || handle === failure(errno.ENOENT))
      handle = this.#openHandle(leaderOf(thread));
    return handle < 0 ? undefined : handle;
  }

  #openHandle(pid: number): number {
    const handle = this.#syscall(callNumber('pidfd_open')!, pid, 0);
    return handle < 0 ? failure(this.#library.errno()) : handle;
  }

  #ask(handle: ProcessHandle): number {
    this.#info.fill(0);
    this.#info[lowWord] = pidfd.infoExit;
    return this.#ioctl(handle, pidfd.getInfo, this.#infoAt);
  }

  /**
   * How a process ended, as a shell gives it (128 and the signal that killed it): known when its parent has been told.
   *
   * @returns undefined while it is not known; null when it never will be
   */
  statusOf(handle: ProcessHandle): number | undefined | null {
    if (this.#ask(handle) < 0) return null;
    if ((this.#info[lowWord]! & pidfd.infoExit) === 0) return undefined;
    const code = this.#info[pidfdInfo.offset.exit_code / 4]!;
    const signal = code & 0x7f;
    return signal === 0 ? (code >> 8) & 0xff : 128 + signal;
  }

  close(handle: ProcessHandle): void {
    this.#close(handle);
  }
}

/** The process that a thread is of (proc_pid_status(5)); 0 when it is gone. */
function leaderOf(thread: number): number {
  return Number(/^Tgid:\s*(\d+)$/m.exec(processFile(thread, 'status') ?? '')?.[1] ?? 0);
}
