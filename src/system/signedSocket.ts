/**
 * A pair of connected sockets of which one end is handed to a program, and its children inherit it: the kernel says of everything that
 * is written into that end which process wrote it (SCM_CREDENTIALS in unix(7)). It never joins what different processes have written.
 */
import { closeSync, constants } from 'node:fs';
import { library, openFlag, type Library, type NativeFunction } from './library.js';

/** asm-generic/socket.h; the powerpc machines have a number of their own. */
const localFamily = 1;
const streamSocket = 1;
const socketLevel = 1;
const passCredentials = process.arch === 'ppc64' ? 20 : 16;
const credentialsType = 2;
const dontWait = 0x40;

/** fcntl(2), as in watches.ts. */
const setFlags = 4;
const setOwner = 8;
const asynchronous = 0o20000;

/** Bytes of a pointer. */
const word = process.arch === 'arm' || process.arch === 'ia32' ? 4 : 8;
/** `struct msghdr`, `struct iovec` and `struct cmsghdr` of the C library: fields of a word each, but for a 32-bit one that is padded. */
const header = {
  name: 0,
  vector: 2 * word,
  vectors: 3 * word,
  control: 4 * word,
  controlSize: 5 * word,
  size: 7 * word,
};
const controlHeader = { level: word, type: word + 4, data: word + 8 };
/** `struct ucred` after it, aligned. */
const controlSize = controlHeader.data + 16;

/** What one process wrote, or a part of it. */
export interface SignedText {
  /** The process that wrote it, by its id in this process's pid namespace; 0 for one that is in none that is seen from here. */
  readonly pid: number;
  readonly data: Buffer;
}

/** See the head of this file. */
export class SignedSocket {
  /** This process's end; the caller may write to it, and {@link close} does not close it. */
  readonly own: number;
  /** The other end, to be handed to a program; {@link release} it then. */
  readonly other: number;
  readonly #library: Library;
  readonly #receive: NativeFunction;
  #onSignal: (() => void) | undefined;
  readonly #data = Buffer.alloc(1 << 16);
  readonly #control = Buffer.alloc(controlSize);
  readonly #vector = Buffer.alloc(2 * word);
  readonly #message = Buffer.alloc(header.size);

  private constructor(library: Library, own: number, other: number) {
    this.own = own;
    this.other = other;
    this.#library = library;
    this.#receive = library.function('recvmsg', 'long', ['int', 'void *', 'int']);
    putWord(this.#vector, 0, library.address(this.#data));
    putWord(this.#vector, word, this.#data.length);
  }

  /** @returns undefined where no system calls can be made, or there is no such socket */
  static open(): SignedSocket | undefined {
    const found = library();
    if ('problem' in found) return undefined;
    const pair = new Int32Array(2);
    const make = found.function('socketpair', 'int', ['int', 'int', 'int', 'void *']);
    if (make(localFamily, streamSocket | openFlag.closeOnExec, 0, new Uint8Array(pair.buffer)) !== 0)
      return undefined;
    const [own = -1, other = -1] = pair;
    const set = found.function('setsockopt', 'int', ['int', 'int', 'int', 'void *', 'int']);
    const on = new Uint8Array(Int32Array.of(1).buffer);
    if (set(own, socketLevel, passCredentials, on, on.length) !== 0) {
      closeSync(own);
      closeSync(other);
      return undefined;
    }
    return new SignedSocket(found, own, other);
  }

  /** Calls `onInput` when there may be something to {@link read}, until {@link close}. */
  listen(onInput: () => void): void {
    this.#onSignal = onInput;
    // The signal would end the process if it came before.
    process.on('SIGIO', onInput);
    const control = this.#library.function('fcntl', 'int', ['int', 'int', 'long']);
    control(this.own, setOwner, process.pid);
    control(this.own, setFlags, asynchronous | constants.O_NONBLOCK);
  }

  /** All that has been written and not been read yet, in order. */
  read(): SignedText[] {
    const texts: SignedText[] = [];
    for (;;) {
      this.#message.fill(0);
      this.#control.fill(0);
      putWord(this.#message, header.vector, this.#library.address(this.#vector));
      putWord(this.#message, header.vectors, 1);
      putWord(this.#message, header.control, this.#library.address(this.#control));
      putWord(this.#message, header.controlSize, controlSize);
      // Nothing more to read for now, or nobody has the other end any more.
      const length = this.#receive(this.own, this.#message, dontWait);
      if (length <= 0) return texts;
      texts.push({ pid: this.#writer(), data: Buffer.from(this.#data.subarray(0, length)) });
    }
  }

  #writer(): number {
    const isTold =
      read32(this.#control, controlHeader.level) === socketLevel &&
      read32(this.#control, controlHeader.type) === credentialsType;
    return isTold ? read32(this.#control, controlHeader.data) : 0;
  }

  /** Closes the other end here, once a program has it. */
  release(): void {
    closeSync(this.other);
  }

  /** Hears no more. */
  close(): void {
    if (this.#onSignal !== undefined) process.off('SIGIO', this.#onSignal);
  }
}

/** Writes an address or a size. */
function putWord(memory: Buffer, offset: number, value: number): void {
  const view = new DataView(memory.buffer, memory.byteOffset, memory.length);
  if (word === 4) view.setUint32(offset, value, isLittle);
  else view.setBigUint64(offset, BigInt(value), isLittle);
}

function read32(memory: Buffer, offset: number): number {
  return new DataView(memory.buffer, memory.byteOffset, memory.length).getInt32(offset, isLittle);
}

const isLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
