import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import fc from '../helpers/fastCheck.js';
import { readdirSync, readFileSync } from 'node:fs';
import { errno, failure, LvfsError, type Errno } from '../../src/base/index.js';
import { Activity, type ProtocolOptions } from '../../src/fuse/index.js';
import * as layout from '../../src/fuse/layout.js';
import { Session } from '../../src/fuse/server.js';
import { MemoryFilesystem, type FileSpec, type MemoryOptions } from '../helpers/memoryFilesystem.js';
import type { Capture } from './capture.js';
import { wireTree } from './tree.js';

// The tests speak the protocol of a little-endian machine.
const fixtures = new URL('../../../test/wire/fixtures/', import.meta.url);

interface Reply {
  length: number;
  error: number;
  unique: bigint;
  body: Buffer;
}

/** A session and a way to ask it things; `raw` takes bytes, `ask` builds the header. */
function open(root: FileSpec = wireTree, options: MemoryOptions = {}, protocol: ProtocolOptions = {}) {
  const activity = Activity.create(1);
  const log: string[] = [];
  const filesystem = new MemoryFilesystem(root, options);
  const session = new Session(filesystem, {
    activity,
    thread: 0,
    log: (level, message) => log.push(`${level}: ${message}`),
    protocol,
  });
  const raw = (bytes: Uint8Array): Reply | undefined => {
    session.requestBuffer.set(bytes);
    const size = session.handle(bytes.length);
    if (size === 0) return undefined;
    const reply = Buffer.from(session.replyBuffer.subarray(0, size));
    return {
      length: reply.readUInt32LE(0),
      error: 0 - reply.readInt32LE(4),
      unique: reply.readBigUInt64LE(8),
      body: reply.subarray(16),
    };
  };
  const ask = (opcode: string, node: number | bigint, body: Uint8Array = Buffer.alloc(0), unique = 7n) => {
    const { number } = layout.opcodes.find(({ name }) => name === opcode)!;
    return raw(request(number, BigInt(node), body, unique));
  };
  return { activity, log, filesystem, session, raw, ask };
}

function request(opcode: number, node: bigint, body: Uint8Array, unique = 7n, length?: number): Buffer {
  const bytes = Buffer.alloc(40 + body.length);
  bytes.writeUInt32LE(length ?? bytes.length, 0);
  bytes.writeUInt32LE(opcode, 4);
  bytes.writeBigUInt64LE(unique, 8);
  bytes.writeBigUInt64LE(node, 16);
  bytes.set(body, 40);
  return bytes;
}

function u32(...values: number[]): Buffer {
  return Buffer.from(Uint32Array.from(values).buffer);
}

function readIn(offset: bigint, size: number): Buffer {
  const body = Buffer.alloc(40);
  body.writeBigUInt64LE(offset, 8);
  body.writeUInt32LE(size, 16);
  return body;
}

function cString(text: string): Buffer {
  return Buffer.from(`${text}\0`, 'latin1');
}

for (const file of readdirSync(fixtures)) {
  const capture = JSON.parse(readFileSync(new URL(file, fixtures), 'utf8')) as Capture;
  test(`what Linux ${capture.kernel} asked once is answered as it was then`, (t) => {
    const { raw, session } = open(wireTree, { cacheMissing: true });
    for (const { opcode, request: asked, reply } of capture.exchanges) {
      const bytes = Buffer.from(asked, 'hex');
      session.requestBuffer.set(bytes);
      const size = session.handle(bytes.length);
      t.is(session.replyBuffer.toString('hex', 0, size), reply, opcode);
      t.is(raw(bytes)?.unique, bytes.readBigUInt64LE(8));
    }
  });
}

function initIn(major: number, minor: number, flags: number, flags2 = 0): Buffer {
  const body = u32(major, minor, 131_072, flags, flags2, ...new Array<number>(11).fill(0));
  return body.subarray(0, minor >= 36 ? 64 : 16);
}

const everything = 0xffff_ffff;

const negotiates = test.macro({
  title: (_, minor: number) => `a kernel of 7.${minor} is answered in its own version`,
  exec: (t, minor: number, size: number, noOpen: boolean, noOpenDir: boolean) => {
    // What the kernel of that version would offer: nothing it does not know.
    const flags = (noOpen ? 1 << 17 : 0) | (noOpenDir ? 1 << 24 : 0) | 1;
    const { ask, activity } = open();
    const reply = ask('INIT', 0, initIn(7, minor, flags))!;
    t.is(reply.error, 0);
    t.is(reply.length, 16 + size);
    t.is(reply.body.readUInt32LE(0), 7);
    t.is(reply.body.readUInt32LE(4), Math.min(minor, layout.newestMinor));
    t.is(reply.body.readUInt32LE(12), flags);
    t.is(activity.negotiated?.minor, Math.min(minor, layout.newestMinor));
    t.is(ask('OPEN', 2, u32(0, 0))!.error, noOpen ? errno.ENOSYS : 0);
    t.is(ask('OPENDIR', 1, u32(0, 0))!.error, noOpenDir ? errno.ENOSYS : 0);
  },
});

test(negotiates, 9, 24, false, false);
test(negotiates, 12, 24, false, false);
test(negotiates, 22, 24, false, false);
test(negotiates, 23, 64, true, false);
test(negotiates, 31, 64, true, true);
test(negotiates, 45, 64, true, true);
test(negotiates, 60, 64, true, true);

test('only flags that the kernel offered and that are wanted are switched on', (t) => {
  const { ask, activity } = open();
  const reply = ask('INIT', 0, initIn(7, 45, everything, everything))!;
  const first = reply.body.readUInt32LE(12);
  const second = reply.body.readUInt32LE(32);
  const names = (Object.keys(layout.initFlag) as layout.InitFlag[]).filter((name) => {
    const bit = layout.initFlag[name];
    return ((bit < 32 ? first : second) >>> (bit & 31)) & 1;
  });
  t.deepEqual(names.sort(), [
    'ASYNC_READ',
    'AUTO_INVAL_DATA',
    'CACHE_SYMLINKS',
    'DO_READDIRPLUS',
    'INIT_EXT',
    'MAX_PAGES',
    'NO_EXPORT_SUPPORT',
    'NO_OPENDIR_SUPPORT',
    'NO_OPEN_SUPPORT',
    'PARALLEL_DIROPS',
  ]);
  t.deepEqual([...activity.negotiated!.enabled].sort(), names);
  t.true(activity.negotiated!.offered.has('HAS_EXPIRE_ONLY'));
  t.is(reply.body.readUInt16LE(28), 256, 'max_pages');
});

const plus = test.macro({
  title: (_, mode: string) => `READDIRPLUS can be asked for: ${mode}`,
  exec: (t, mode: 'always' | 'auto' | 'never', flags: number) => {
    const { ask } = open(wireTree, {}, { readdirPlus: mode });
    const reply = ask('INIT', 0, initIn(7, 45, everything))!;
    t.is((reply.body.readUInt32LE(12) >>> 13) & 3, flags);
  },
});
test(plus, 'always', 1);
test(plus, 'auto', 3);
test(plus, 'never', 0);

const refuses = test.macro({
  title: (_, major: number, minor: number) => `a kernel of ${major}.${minor} is refused with both versions`,
  exec: (t, major: number, minor: number) => {
    const { ask, session } = open();
    t.is(ask('INIT', 0, initIn(major, minor, 0))!.error, errno.EPROTO);
    t.true(session.refusal instanceof LvfsError);
    t.regex(session.refusal!.message, new RegExp(`${major}\\.${minor} .* 7\\.9 to 7\\.45`));
    t.is(session.refusal!.exit, 23);
  },
});
test(refuses, 7, 8);
test(refuses, 6, 40);

test('a kernel with a newer major version is told ours and asks again', (t) => {
  const { ask, activity, session } = open();
  const reply = ask('INIT', 0, initIn(8, 0, everything))!;
  t.is(reply.error, 0);
  t.is(reply.body.readUInt32LE(0), 7);
  t.is(activity.negotiated, undefined);
  t.is(session.refusal, undefined);
  t.is(ask('INIT', 0, initIn(7, 45, everything))!.error, 0);
  t.is(activity.negotiated?.minor, 45);
});

const answers = test.macro({
  title: (_, opcode: string, expected: number | undefined) =>
    `${opcode} is answered with ${expected === undefined ? 'nothing' : errnoName(expected)}`,
  exec: (t, opcode: string, expected: number | undefined) => {
    t.is(open().ask(opcode, 1, Buffer.alloc(200))?.error, expected);
  },
});

function errnoName(value: number): string {
  return Object.entries(errno).find(([, number]) => number === value)?.[0] ?? 'success';
}

const treatments = { erofs: errno.EROFS, enosys: errno.ENOSYS, enotty: errno.ENOTTY, ok: 0, none: undefined };
for (const { name, treatment } of layout.opcodes) {
  if (treatment !== 'operation') test(answers, name, treatments[treatment]);
}

test('opening for writing is refused even where opening is', (t) => {
  t.is(open().ask('OPEN', 2, u32(1, 0))!.error, errno.EROFS);
  t.is(open().ask('OPEN', 2, u32(2, 0))!.error, errno.EROFS);
});

test('extended attributes are asked for by size first, and lists are the kernel’s to check', (t) => {
  const { ask, activity, filesystem } = open();
  Object.assign(filesystem, {
    getxattr: (node: number, name: Buffer, into: Buffer) => {
      if (name.toString() !== 'user.note') return failure(errno.ENODATA);
      return into.length === 0 ? 5 : into.length < 5 ? failure(errno.ERANGE) : into.write(`note${node}`);
    },
    listxattr: (_node: number, into: Buffer) => (into.length === 0 ? 10 : into.write('user.note\0')),
  });
  ask('INIT', 0, initIn(7, 45, everything, everything));
  t.true(activity.isEnabled('POSIX_ACL'));
  const get = (size: number, name = 'user.note') =>
    ask('GETXATTR', 3, Buffer.concat([u32(size, 0), cString(name)]))!;
  t.deepEqual(get(0).body, u32(5, 0));
  t.is(get(64).body.toString(), 'note3');
  t.is(get(4).error, errno.ERANGE);
  t.is(get(64, 'user.other').error, errno.ENODATA);
  t.is(get(64, '').error, errno.EINVAL);
  t.deepEqual(ask('LISTXATTR', 3, u32(0, 0))!.body, u32(10, 0));
  t.is(ask('LISTXATTR', 3, u32(64, 0))!.body.toString(), 'user.note\0');
});

test('a filesystem without extended attributes is not asked again', (t) => {
  const { ask, activity } = open();
  ask('INIT', 0, initIn(7, 45, everything, everything));
  t.false(activity.isEnabled('POSIX_ACL'));
  t.is(ask('GETXATTR', 3, Buffer.concat([u32(0, 0), cString('user.note')]))!.error, errno.ENOSYS);
  t.is(ask('LISTXATTR', 3, u32(0, 0))!.error, errno.ENOSYS);
});

test('unknown requests are not supported, whatever their number', (t) => {
  const { raw, activity } = open();
  for (const opcode of [0, 7, 54, 4096, 1_048_576, 0xffff_ffff]) {
    t.is(raw(request(opcode, 1n, Buffer.alloc(8)))!.error, errno.ENOSYS, String(opcode));
  }
  t.deepEqual(activity.requests(), { unknown: 6 });
});

test('the identity of a request is copied bit by bit', (t) => {
  const { ask } = open();
  for (const unique of [1n, 0x8000_0000_0000_0001n, 0xffff_ffff_ffff_fffen]) {
    t.is(ask('GETATTR', 1, Buffer.alloc(16), unique)!.unique, unique);
  }
});

test('attributes keep all their bits', (t) => {
  const { ask } = open();
  const { body } = ask('LOOKUP', 1, cString('hello'))!;
  t.is(body.length, 128);
  t.is(body.readBigUInt64LE(0), 2n, 'nodeid');
  t.is(body.readBigUInt64LE(16), 86_400n, 'entry_valid');
  t.is(body.readBigUInt64LE(40), 2n ** 40n + 7n, 'ino');
  t.is(body.readBigUInt64LE(48), 13n, 'size');
  t.is(body.readUInt32LE(88), 123_456_789, 'atimensec');
  t.is(body.readUInt32LE(100), 0o100640, 'mode');
  t.is(body.readUInt32LE(108), 3, 'uid');
  const old = ask('LOOKUP', 1, cString('old'))!.body;
  t.is(old.readBigInt64LE(72), -86_400n, 'mtime before 1970');
  t.is(old.readUInt32LE(92), 999_999_999);
  const late = ask('LOOKUP', 1, cString('late'))!.body;
  t.is(late.readBigInt64LE(72), 2n ** 33n + 5n, 'mtime after 2106');
});

test('a validity is split into seconds and nanoseconds, and never overflows', (t) => {
  const cases: [number, bigint, number][] = [
    [0, 0n, 0],
    [1.5, 1n, 500_000_000],
    [-3, 0n, 0],
    [NaN, 0n, 0],
    [Infinity, 2n ** 32n - 1n, 999_999_999],
  ];
  for (const [validSeconds, seconds, nanoseconds] of cases) {
    const { body } = open(wireTree, { validSeconds }).ask('LOOKUP', 1, cString('hello'))!;
    t.is(body.readBigUInt64LE(16), seconds);
    t.is(body.readUInt32LE(32), nanoseconds);
  }
});

test('a missing name is an error, or a cached absence', (t) => {
  t.is(open().ask('LOOKUP', 1, cString('missing'))!.error, errno.ENOENT);
  const { ask } = open(wireTree, { cacheMissing: true });
  ask('LOOKUP', 1, cString('hello'));
  const reply = ask('LOOKUP', 1, cString('missing'))!;
  t.is(reply.error, 0);
  t.is(reply.body.readBigUInt64LE(0), 0n);
  t.is(reply.body.readBigUInt64LE(16), 86_400n);
  t.true(reply.body.subarray(40).equals(Buffer.alloc(88)), 'nothing of an earlier answer is left');
});

test('names are bytes', (t) => {
  const { ask } = open();
  t.is(ask('LOOKUP', 6, cString('caf\xe9'))!.error, 0);
  t.is(ask('LOOKUP', 6, cString('caf\xc3\xa9'))!.error, errno.ENOENT);
});

interface Listed {
  name: string;
  ino: bigint;
  off: bigint;
  type: number;
  node: bigint | undefined;
}

function parseListing(body: Buffer, withAttributes: boolean): Listed[] {
  const entries: Listed[] = [];
  for (let at = 0; at < body.length;) {
    const start = withAttributes ? at + 128 : at;
    const length = body.readUInt32LE(start + 16);
    entries.push({
      name: body.toString('latin1', start + 24, start + 24 + length),
      ino: body.readBigUInt64LE(start),
      off: body.readBigUInt64LE(start + 8),
      type: body.readUInt32LE(start + 20),
      node: withAttributes ? body.readBigUInt64LE(at) : undefined,
    });
    at = start + ((24 + length + 7) & ~7);
  }
  return entries;
}

const lists = test.macro({
  title: (_, opcode: string, size: number) => `${opcode} by parts of ${size} bytes gives every entry once`,
  exec: (t, opcode: string, size: number) => {
    const { ask } = open({ many: 300, entries: { ['x'.repeat(255)]: {} } });
    const names: string[] = [];
    let offset = 0n;
    for (;;) {
      const reply = ask(opcode, 1, readIn(offset, size))!;
      t.is(reply.error, 0);
      t.true(reply.body.length <= size);
      if (reply.body.length === 0) break;
      const entries = parseListing(reply.body, opcode === 'READDIRPLUS');
      names.push(...entries.map(({ name }) => name));
      offset = entries.at(-1)!.off;
    }
    const expected = ['.', '..', 'x'.repeat(255), ...Array.from({ length: 300 }, (_, i) => `f${i}`)];
    t.deepEqual(names, expected);
  },
});
test(lists, 'READDIR', 4096);
test(lists, 'READDIR', 32_768);
test(lists, 'READDIR', 512);
test(lists, 'READDIRPLUS', 4096);
test(lists, 'READDIRPLUS', 32_768);
test(lists, 'READDIRPLUS', 0x7fff_ffff);

test('a listing with attributes may leave them out entry by entry', (t) => {
  const root: FileSpec = { entries: { good: {}, bad: { broken: true } } };
  const entries = parseListing(open(root).ask('READDIRPLUS', 1, readIn(0n, 4096))!.body, true);
  t.deepEqual(
    entries.map(({ name, node, type }) => [name, node, type]),
    [
      ['.', 0n, 4],
      ['..', 0n, 4],
      ['good', 2n, 8],
      ['bad', 0n, 8],
    ],
  );
});

test('padding of a listing holds nothing of earlier replies', (t) => {
  const { ask, session } = open({ entries: { abc: {} } });
  session.replyBuffer.fill(0xee);
  const { body } = ask('READDIR', 1, readIn(2n, 4096))!;
  t.is(body.subarray(24).toString('latin1'), 'abc\0\0\0\0\0');
});

test('reading takes offsets beyond 4 GiB and ends at the end of the file', (t) => {
  const { ask } = open();
  const huge = 2 + Object.keys(wireTree.entries!).length + 1;
  const middle = ask('READ', huge, readIn(2n ** 32n + 8n, 4096))!;
  t.is(middle.body.length, 4096);
  t.is(middle.body.readBigUInt64LE(0), 2n ** 32n + 8n);
  t.is(ask('READ', huge, readIn(5n * 2n ** 30n - 16n, 4096))!.body.length, 16);
  t.is(ask('READ', huge, readIn(2n ** 50n, 4096))!.body.length, 0);
  t.is(ask('READ', 2, readIn(0n, 5))!.body.toString(), 'hello');
});

test('what does not fit is refused rather than cut', (t) => {
  const { ask } = open(wireTree, {}, { maxReadBytes: 8192 });
  t.is(ask('READ', 2, readIn(0n, 8193))!.error, errno.EINVAL);
  t.is(ask('READ', 2, readIn(2n ** 63n, 4096))!.error, errno.EINVAL);
  t.is(ask('READDIR', 1, readIn(2n ** 63n, 4096))!.error, errno.EINVAL);
  t.is(ask('READDIR', 1, readIn(0n, 1 << 30))!.error, 0);
  t.is(open({ entries: { l: { link: 'x'.repeat(4096) } } }).ask('READLINK', 2)!.error, errno.ENAMETOOLONG);
});

const malformed = test.macro({
  title: (title) => `refused: ${title}`,
  exec: (t, bytes: Uint8Array, expected: number | undefined) => {
    const { raw, ask } = open();
    t.is(raw(bytes)?.error, expected);
    t.is(ask('GETATTR', 1, Buffer.alloc(16))!.error, 0, 'the next request is answered');
  },
});

const { EINVAL, EIO, ESTALE, ENAMETOOLONG } = errno;
test('nothing at all', malformed, Buffer.alloc(0), undefined);
test('half a header', malformed, request(1, 1n, Buffer.alloc(0)).subarray(0, 20), undefined);
test('a length that is not the one read', malformed, request(3, 1n, Buffer.alloc(16), 7n, 4096), EIO);
test('a READ without its struct', malformed, request(15, 2n, Buffer.alloc(39)), EINVAL);
test('a LOOKUP without a name', malformed, request(1, 1n, Buffer.alloc(0)), EINVAL);
test('a LOOKUP of an empty name', malformed, request(1, 1n, Buffer.alloc(1)), EINVAL);
test('a name without its NUL', malformed, request(1, 1n, Buffer.from('hello')), EINVAL);
test('a name with a NUL inside', malformed, request(1, 1n, Buffer.from('he\0llo\0')), EINVAL);
test('a name of 256 bytes', malformed, request(1, 1n, cString('x'.repeat(256))), ENAMETOOLONG);
test('a node id that cannot be', malformed, request(3, 2n ** 60n, Buffer.alloc(16)), ESTALE);
test('a short FORGET', malformed, request(2, 2n, Buffer.alloc(4)), undefined);
test('a short BATCH_FORGET', malformed, request(42, 0n, Buffer.alloc(4)), undefined);

test('a name of 255 bytes is no longer than allowed', (t) => {
  const name = 'x'.repeat(255);
  t.is(open({ entries: { [name]: {} } }).ask('LOOKUP', 1, cString(name))!.error, 0);
});

test('forgetting is counted, and never beyond what the request holds', (t) => {
  const { ask, filesystem } = open();
  const nlookup = Buffer.alloc(8);
  nlookup.writeBigUInt64LE(3n);
  t.is(ask('FORGET', 2, nlookup), undefined);
  const batch = Buffer.alloc(8 + 2 * 16);
  batch.writeUInt32LE(1000, 0);
  batch.writeBigUInt64LE(2n, 8);
  batch.writeBigUInt64LE(4n, 16);
  batch.writeBigUInt64LE(3n, 24);
  batch.writeBigUInt64LE(1n, 32);
  t.is(ask('BATCH_FORGET', 0, batch), undefined);
  t.deepEqual(
    [...filesystem.forgotten],
    [
      [2, 7],
      [3, 1],
    ],
  );
});

test('a bug costs its caller an EIO and is logged once for each request and node', (t) => {
  const { ask, log } = open({ entries: { bad: { broken: true }, good: {} } });
  for (let i = 0; i < 5; i++) {
    t.is(ask('GETATTR', 2, Buffer.alloc(16))!.error, errno.EIO);
    t.is(ask('READ', 2, readIn(0n, 100))!.error, errno.EIO);
  }
  t.is(ask('GETATTR', 3, Buffer.alloc(16))!.error, 0);
  t.is(log.length, 2);
  t.regex(log[0]!, /^error: fuse: GETATTR of node 2 failed: .*broken on purpose/);
});

test('an errno that the kernel would not take becomes EIO', (t) => {
  const activity = Activity.create(1);
  for (const code of [-5, 512, 100_000, NaN]) {
    const filesystem = new MemoryFilesystem(wireTree);
    filesystem.getattr = () => code as Errno;
    const session = new Session(filesystem, { activity, thread: 0, log: () => undefined });
    const bytes = request(3, 1n, Buffer.alloc(16));
    session.requestBuffer.set(bytes);
    t.is(session.handle(bytes.length), 16);
    t.is(session.replyBuffer.readInt32LE(4), failure(errno.EIO));
  }
});

test('requests are counted by their name', (t) => {
  const { ask, activity } = open();
  ask('GETATTR', 1, Buffer.alloc(16));
  ask('LOOKUP', 1, cString('hello'));
  ask('LOOKUP', 1, cString('missing'));
  t.deepEqual(activity.requests(), { GETATTR: 1, LOOKUP: 2 });
});

test('a thread is waited for only while it is busy with an older request', async (t) => {
  const activity = Activity.create(2);
  t.true(await activity.quiescent());
  const marks = activity.thread(1);
  marks.begin();
  t.false(await activity.quiescent(5));
  const waiting = activity.quiescent();
  marks.end();
  marks.begin();
  t.true(await waiting, 'a request that began later is not waited for');
  marks.end();
});

test('while threads are paused, none begins a request', async (t) => {
  const activity = Activity.create(2);
  const marks = activity.thread(1);
  marks.begin();
  t.false(await activity.whilePaused(() => t.fail(), 5), 'one is being answered');
  marks.end();
  const words = new Int32Array(new SharedArrayBuffer(12));
  const [requests, isPaused, begun] = [0, 1, 2];
  const worker = new Worker(new URL('../helpers/busyWorker.js', import.meta.url), {
    workerData: { buffer: activity.buffer, words },
  });
  t.teardown(() => worker.terminate());
  while (Atomics.load(words, requests) === 0) await nextTurn();
  for (let round = 0; round < 50; round++) {
    const paused = await activity.whilePaused(() => {
      Atomics.store(words, isPaused, 1);
      // Longer than a request takes.
      Atomics.wait(words, begun, 0, 2);
      Atomics.store(words, isPaused, 0);
    });
    t.true(paused);
    const before = Atomics.load(words, requests);
    while (Atomics.load(words, requests) === before) await nextTurn();
  }
  t.is(Atomics.load(words, begun), 0);
});

test('whatever bytes come, the reply is well formed or absent, and the session goes on', (t) => {
  const { raw, ask } = open();
  ask('INIT', 0, initIn(7, 45, everything, everything));
  const opcode = fc.oneof(fc.integer({ min: 0, max: 60 }), fc.nat());
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.tuple(fc.bigInt(0n, 2n ** 64n - 1n), fc.nat()).map(([offset, size]) => readIn(offset, size)),
    fc.string().map(cString),
  );
  const node = fc.oneof(fc.bigInt(0n, 12n), fc.bigInt(0n, 2n ** 64n - 1n));
  const length = fc.option(fc.nat(400), { nil: undefined, freq: 5 });
  fc.assert(
    fc.property(opcode, node, body, length, fc.nat(400), (op, id, rest, claimed, cut) => {
      if (op === 26) return true; // INIT may legitimately end the session
      const bytes = request(op, id, rest, 99n, claimed);
      const reply = raw(cut < 40 ? bytes.subarray(0, cut) : bytes);
      if (reply === undefined) return cut < 40 || [2, 41, 42].includes(op);
      const { error } = reply;
      return (
        reply.length === 16 + reply.body.length &&
        reply.unique === 99n &&
        error >= 0 &&
        error < 512 &&
        (error === 0 || reply.body.length === 0)
      );
    }),
    { numRuns: 3000 },
  );
  t.is(ask('GETATTR', 1, Buffer.alloc(16))!.error, 0);
});
