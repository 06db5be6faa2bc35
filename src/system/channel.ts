/** Reading from and writing to one descriptor, always through the same memory: nothing is made for a call. */
import { readSync, writeSync } from 'node:fs';
import { errnoOf, failure, type Outcome } from '../base/index.js';
import { library, type Library } from './library.js';

/** See the head of this file. Both calls may block, and are made again by nobody: EINTR is an error as any other. */
export interface Channel {
  /** Reads what is there, at most as much as the memory for input takes: bytes. */
  read(): Outcome;
  /** Writes the beginning of the memory for output in one call: bytes. */
  write(length: number): Outcome;
}

/**
 * @param fd belongs to the caller
 * @param input where {@link Channel.read} puts what it reads
 * @param output where {@link Channel.write} takes what it writes
 */
export function openChannel(fd: number, input: Uint8Array, output: Uint8Array): Channel {
  const found = library();
  return 'problem' in found ? nodeChannel(fd, input, output) : directChannel(found, fd, input, output);
}

function directChannel(library: Library, fd: number, input: Uint8Array, output: Uint8Array): Channel {
  const parameters = ['int', 'intptr_t', 'size_t'];
  const read = library.function('read', 'long', parameters);
  const write = library.function('write', 'long', parameters);
  const inputAt = library.address(input);
  const outputAt = library.address(output);
  const capacity = input.length;
  return {
    read: () => {
      const length = read(fd, inputAt, capacity);
      return length < 0 ? failure(library.errno()) : length;
    },
    write: (length) => {
      const written = write(fd, outputAt, length);
      return written < 0 ? failure(library.errno()) : written;
    },
  };
}

/** The same by Node's `fs`, for machines on which no system calls can be made. */
export function nodeChannel(fd: number, input: Uint8Array, output: Uint8Array): Channel {
  const attempt = (call: () => number): number => {
    try {
      return call();
    } catch (error) {
      return failure(errnoOf(error));
    }
  };
  return {
    read: () => attempt(() => readSync(fd, input, 0, input.length, null)),
    write: (length) => attempt(() => writeSync(fd, output, 0, length, null)),
  };
}
