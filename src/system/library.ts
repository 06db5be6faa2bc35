/** The C library, through koffi: the only file that knows koffi. */
import { createRequire } from 'node:module';
import { describeError, type Errno, errnoFrom } from '../base/index.js';

/** An address in this process. Below 2^53 on every machine there is. */
export type Address = number;

/** A function of the C library: integers, addresses and memory in, an integer out; −1 says that {@link Library.errno} is set. */
export type NativeFunction = (...args: readonly (number | Uint8Array)[]) => number;

/** What of the C library is used. */
export interface Library {
  /**
   * A function by its name.
   * @param parameters C types; an address is `intptr_t`, memory of ours that is handed over as such `void *`
   */
  function(name: string, result: string, parameters: readonly string[]): NativeFunction;
  /** Where memory lies. It does not move, and the caller keeps it alive. */
  address(memory: Uint8Array): Address;
  /** What the last call of this thread failed with. */
  errno(): Errno;
}

/** The part of koffi that is used. */
interface Koffi {
  load(path: null): { func(name: string, result: string, parameters: readonly string[]): NativeFunction };
  address(memory: Uint8Array): bigint;
  errno(): number;
}

let loaded: Library | { readonly problem: string } | undefined;

/** The library, or why it cannot be called. The answer stays the same. */
export function library(): Library | { readonly problem: string } {
  return (loaded ??= load());
}

function load(): Library | { readonly problem: string } {
  if (process.platform !== 'linux') return { problem: `not used on ${process.platform}` };
  try {
    // Not an import: what cannot be loaded must not keep the rest from running.
    const koffi = createRequire(import.meta.url)('koffi') as Koffi;
    const libc = koffi.load(null);
    return {
      function: (name, result, parameters) => libc.func(name, result, parameters),
      address: (memory) => Number(koffi.address(memory)),
      errno: () => errnoFrom(koffi.errno()),
    };
  } catch (error) {
    // Node names all that wanted a module that is missing, each on a line.
    return { problem: describeError(error).replace(/ Require stack:.*/, '') };
  }
}

/** Numbers of system calls that the C library has no function for, by machine (asm/unistd.h). */
export function callNumber(call: 'getdents64' | 'openat2' | 'pidfd_open'): number | undefined {
  if (call === 'openat2') return 437;
  if (call === 'pidfd_open') return 434;
  switch (process.arch) {
    case 'x64':
    case 'arm':
      return 217;
    case 'arm64':
    case 'riscv64':
    case 'loong64':
      return 61;
    case 'ia32':
    case 's390x':
      return 220;
    case 'ppc64':
      return 202;
    default:
      return undefined;
  }
}

/** `O_PATH` and `O_CLOEXEC`, which Node does not name; the generic values hold on all machines above (asm-generic/fcntl.h). */
export const openFlag = { path: 0o10000000, closeOnExec: 0o2000000 } as const;
