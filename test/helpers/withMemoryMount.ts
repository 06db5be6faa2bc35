/** Mounts a {@link MemoryFilesystem} for a test and takes everything away afterwards. */
import { accessSync, constants, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import {
  findDriver,
  type Connection,
  type Driver,
  type MountOptions,
  type ServeResult,
} from '../../src/fuse/index.js';
import type { FileSpec, MemoryOptions } from './memoryFilesystem.js';

/** Why this machine cannot mount, or undefined when it can. On a CI machine what is missing is a failure. */
export function reasonNotToMount(driver = testDriver()): string | undefined {
  if (process.env['CI']) return undefined;
  if (process.platform !== 'linux') return 'not Linux';
  if (process.getuid?.() !== 0) return 'not root';
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
  } catch {
    return 'no access to /dev/fuse';
  }
  return driver.probe()?.message;
}

/** The driver of tests that mount with one only: the kernel driver, unless `LVFS_TEST_DRIVER` names another. */
export function testDriver(): Driver {
  return findDriver(process.env['LVFS_TEST_DRIVER'] ?? 'kernel');
}

/** The filesystem subtype of this process' mounts, by which its leftovers are found. */
export const testSubtype = `lvfstest${process.pid}`;

export interface Mounted {
  mountpoint: string;
  connection: Connection;
  /** What the serving threads logged. */
  messages: string[];
  /** How each serving thread ended; resolves after the unmount. */
  ended: Promise<ServeResult>[];
}

export interface MemoryMountOptions extends MemoryOptions {
  /** Default {@link testDriver}. */
  driver?: Driver;
  threads?: number;
  protocol?: MountOptions['protocol'];
}

export async function withMemoryMount(
  root: FileSpec,
  options: MemoryMountOptions,
  body: (mounted: Mounted) => unknown,
): Promise<void> {
  const { driver = testDriver(), threads = 1, protocol = {}, ...memory } = options;
  const mountpoint = mkdtempSync(join(tmpdir(), 'lvfs-fuse-'));
  const connection = await driver.mount({
    mountpoint,
    subtype: testSubtype,
    threads,
    protocol,
  });
  const messages: string[] = [];
  const ended = Array.from({ length: threads }, (_, thread) => {
    const worker = new Worker(new URL('./memoryWorker.js', import.meta.url), {
      workerData: { endpoint: connection.endpoint, thread, root, options: memory },
    });
    return new Promise<ServeResult>((resolve, reject) => {
      let result: ServeResult | undefined;
      worker.on('message', (message: { result?: ServeResult; message?: string }) => {
        if (message.result) result = message.result;
        if (message.message !== undefined) messages.push(message.message);
      });
      worker.on('error', reject);
      worker.on('exit', () => (result ? resolve(result) : reject(new Error('the worker ended early'))));
    });
  });
  const all = Promise.allSettled(ended);
  try {
    await body({ mountpoint, connection, messages, ended });
  } finally {
    await takeAway(connection, all);
    connection.close();
    rmdirSync(mountpoint);
  }
}

/**
 * Unmounts, and ends what a failed test still holds open. Not at once: the number by which a connection is aborted may
 * belong to another mount as soon as this one is gone.
 */
export async function takeAway(connection: Connection, ended: Promise<unknown>): Promise<void> {
  await connection.unmount({ lazy: true });
  const over = await Promise.race([ended.then(() => true), delay(3_000, false, { ref: false })]);
  if (!over) connection.abort();
  await ended;
}
