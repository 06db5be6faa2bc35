/** Who is at the other end of a Unix socket (SO_PEERCRED in unix(7)). */
import { library } from './library.js';

/** asm-generic/socket.h; the powerpc machines have a number of their own. */
const socketLevel = 1;
const peerCredentials = process.arch === 'ppc64' ? 21 : 17;

/**
 * The process that connected, by its id in this process's pid namespace.
 *
 * @param descriptor a connected Unix socket
 * @returns undefined when that cannot be told: it is in no namespace that is seen from here, or no system calls can be made
 */
export function peerProcess(descriptor: number): number | undefined {
  const found = library();
  if ('problem' in found) return undefined;
  const parameters = ['int', 'int', 'int', 'void *', 'void *'];
  // struct ucred: pid, uid, gid.
  const credentials = new Int32Array(3);
  const size = new Int32Array([credentials.byteLength]);
  const status = found.function('getsockopt', 'int', parameters)(
    descriptor,
    socketLevel,
    peerCredentials,
    new Uint8Array(credentials.buffer),
    new Uint8Array(size.buffer),
  );
  const [pid = 0] = credentials;
  return status === 0 && pid > 0 ? pid : undefined;
}
