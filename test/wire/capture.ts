/**
 * Records an exchange with this machine's kernel, as root: `node dist/test/wire/capture.js > FILE`. What comes out
 * is kept in `fixtures/` and replayed by the tests.
 */
import {
  closeSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
} from 'node:fs';
import { readSync, rmdirSync, statfsSync, writeSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { errorCode } from '../../src/base/index.js';
import { Activity, findDriver } from '../../src/fuse/index.js';
import { Session } from '../../src/fuse/server.js';
import { opcodeTable } from '../../src/fuse/layout.js';
import { MemoryFilesystem } from '../helpers/memoryFilesystem.js';
import { wireTree } from './tree.js';

export interface Exchange {
  opcode: string;
  request: string;
  /** Empty when there is none. */
  reply: string;
}

export interface Capture {
  kernel: string;
  exchanges: Exchange[];
}

function ignoring(code: string, body: () => unknown): void {
  try {
    body();
  } catch (error) {
    if (errorCode(error) !== code) throw error;
  }
}

function use(root: string): void {
  lstatSync(join(root, 'hello'));
  readFileSync(join(root, 'hello'));
  readFileSync(join(root, 'sub/inner'));
  ignoring('ENOENT', () => lstatSync(join(root, 'missing')));
  lstatSync(join(root, 'old'));
  lstatSync(join(root, 'late'));
  readlinkSync(join(root, 'link'));
  readdirSync(root);
  readdirSync(join(root, 'sub'));
  const huge = openSync(join(root, 'huge'), 'r');
  readSync(huge, Buffer.alloc(4096), 0, 4096, 2 ** 32 + 4096);
  closeSync(huge);
  statfsSync(root);
}

async function main(): Promise<void> {
  const mountpoint = mkdtempSync(join(tmpdir(), 'lvfs-capture-'));
  const connection = await findDriver('kernel').mount({ mountpoint, subtype: 'lvfstest' });
  const exchanges: Exchange[] = [];
  const worker = new Worker(new URL(import.meta.url), { workerData: connection.endpoint });
  worker.on('message', (exchange: Exchange) => exchanges.push(exchange));
  use(mountpoint);
  await connection.unmount();
  await new Promise((resolve) => worker.on('exit', resolve));
  connection.close();
  rmdirSync(mountpoint);
  const capture: Capture = { kernel: release().replace(/-.*/, ''), exchanges };
  console.log(JSON.stringify(capture, undefined, 1));
}

function record({ fd }: { fd: number }): void {
  const session = new Session(new MemoryFilesystem(wireTree, { cacheMissing: true }), {
    activity: Activity.create(1),
    thread: 0,
    log: () => undefined,
  });
  for (;;) {
    let length: number;
    try {
      length = readSync(fd, session.requestBuffer);
    } catch (error) {
      if (errorCode(error) === 'ENODEV') return;
      throw error;
    }
    const request = session.requestBuffer.toString('hex', 0, length);
    const opcode = opcodeTable[session.requestBuffer.readUInt32LE(4)]?.name ?? 'unknown';
    const size = session.handle(length);
    parentPort?.postMessage({ opcode, request, reply: session.replyBuffer.toString('hex', 0, size) });
    if (size > 0) writeSync(fd, session.replyBuffer, 0, size);
  }
}

if (isMainThread) await main();
else record(workerData as { fd: number });
