/**
 * Watches of directories (inotify(7)): one descriptor for the whole process, to which any thread adds, and from which the
 * thread that made it reads. Adding is one system call and has happened when it returns, so what a thread finds out about a
 * directory behind it is either still so or will be told.
 */
import { closeSync, constants, readSync } from 'node:fs';
import { errnoOf, errorCode, failure, type Outcome } from '../base/index.js';
import { library, openFlag, type Library, type NativeFunction } from './library.js';
import { inotify, inotifyEvent } from './structs.js';

/** fcntl(2) commands and flags (asm-generic/fcntl.h); the same on all machines of library.ts but for O_ASYNC, which is fcntl's. */
const setFlags = 4;
const setOwner = 8;
const asynchronous = 0o20000;

const eventBytes = 1 << 16;

const wanted =
  inotify.attrib |
  inotify.create |
  inotify.delete |
  inotify.modify |
  inotify.movedFrom |
  inotify.movedTo |
  inotify.deleteSelf |
  inotify.moveSelf |
  inotify.onlyDirectory |
  inotify.dontFollow;

const structural = inotify.create | inotify.delete | inotify.movedFrom | inotify.movedTo;

/** What happened in a watched directory. */
export interface WatchEvent {
  /** The number that {@link DirectoryWatcher.add} gave. */
  readonly watch: number;
  /** The name in the directory; undefined when it is about the directory itself. */
  readonly name: Uint8Array | undefined;
  /** A name came, went, or stands for another file; the directory was moved or removed. Else content or attributes changed. */
  readonly structural: boolean;
  /** The watch is over. */
  readonly ended: boolean;
}

/** Adds watches to a descriptor of {@link Watches}; one for each thread. */
export class DirectoryWatcher {
  readonly #fd: number;
  readonly #library: Library;
  readonly #add: NativeFunction;

  private constructor(fd: number, library: Library) {
    this.#fd = fd;
    this.#library = library;
    this.#add = library.function('inotify_add_watch', 'int', ['int', 'void *', 'uint32_t']);
  }

  /** @returns undefined where no system calls can be made */
  static attach(fd: number): DirectoryWatcher | undefined {
    const found = library();
    return 'problem' in found ? undefined : new DirectoryWatcher(fd, found);
  }

  /**
   * Watches a directory. One that is watched already keeps its number.
   * @returns the number of the watch, above 0, or a failure: ENOSPC when the system's limit is reached
   */
  add(path: Uint8Array): Outcome {
    const result = this.#add(this.#fd, Buffer.concat([path, Buffer.alloc(1)]), wanted);
    return result < 0 ? failure(this.#library.errno()) : result;
  }
}

/** The side that hears of changes. */
export class Watches {
  readonly #remove: NativeFunction;
  readonly #buffer = Buffer.alloc(eventBytes);
  readonly #onSignal: () => void;

  private constructor(
    /** To be given to {@link DirectoryWatcher.attach}. */
    readonly fd: number,
    library: Library,
    onInput: () => void,
  ) {
    this.#remove = library.function('inotify_rm_watch', 'int', ['int', 'int']);
    this.#onSignal = onInput;
    // The signal would end the process if it came before.
    process.on('SIGIO', this.#onSignal);
    const control = library.function('fcntl', 'int', ['int', 'int', 'long']);
    control(fd, setOwner, process.pid);
    control(fd, setFlags, asynchronous | constants.O_NONBLOCK);
  }

  /**
   * @param onInput called when there is something to {@link read}
   * @returns undefined where no system calls can be made, or no more can be watched
   */
  static open(onInput: () => void): Watches | undefined {
    const found = library();
    if ('problem' in found) return undefined;
    const init = found.function('inotify_init1', 'int', ['int']);
    const fd = init(constants.O_NONBLOCK | openFlag.closeOnExec);
    return fd < 0 ? undefined : new Watches(fd, found, onInput);
  }

  /** All that happened; `lost` when there was more than the kernel keeps. */
  read(): { readonly events: readonly WatchEvent[]; readonly lost: boolean } {
    const events: WatchEvent[] = [];
    let lost = false;
    for (;;) {
      const length = this.#read();
      if (length <= 0) return { events, lost };
      const { wd, mask, len } = inotifyEvent.offset;
      for (let at = 0; at < length;) {
        const { buffer, byteOffset } = this.#buffer;
        const view = new DataView(buffer, byteOffset + at);
        const bits = view.getUint32(mask, littleEndian);
        const size = view.getUint32(len, littleEndian);
        const start = at + inotifyEvent.size;
        const end = size === 0 ? start : this.#buffer.indexOf(0, start);
        if ((bits & inotify.overflow) !== 0) lost = true;
        else {
          events.push({
            watch: view.getInt32(wd, littleEndian),
            name: size === 0 ? undefined : Uint8Array.from(this.#buffer.subarray(start, end)),
            structural: (bits & (structural | inotify.deleteSelf | inotify.moveSelf)) !== 0,
            ended: (bits & (inotify.ignored | inotify.unmount)) !== 0,
          });
        }
        at = start + size;
      }
    }
  }

  #read(): number {
    try {
      return readSync(this.fd, this.#buffer, 0, eventBytes, null);
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      // Nothing more to read, for now.
      return failure(errnoOf(error));
    }
  }

  /** Ends a watch. */
  remove(watch: number): void {
    this.#remove(this.fd, watch);
  }

  close(): void {
    process.off('SIGIO', this.#onSignal);
    closeSync(this.fd);
  }
}

const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
