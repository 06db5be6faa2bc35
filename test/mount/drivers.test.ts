/** What a driver makes of a filesystem, whichever driver it is. */
import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  rmdirSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LvfsError, type ErrorCode } from '../../src/base/index.js';
import { driverTest } from '../helpers/driverTest.js';
import { finished } from '../helpers/lvfs.js';
import type { FileSpec } from '../helpers/memoryFilesystem.js';
import { codeOf, eventually, fuseMounts, tree } from '../helpers/smallTree.js';
import { testSubtype, withMemoryMount } from '../helpers/withMemoryMount.js';
import { removeTree } from '../helpers/removeTree.js';

driverTest('files, directories and links are what the filesystem says', async (t, driver) => {
  await withMemoryMount(tree, { driver }, ({ mountpoint }) => {
    t.deepEqual(readdirSync(mountpoint).sort(), ['hello', 'link', 'sub']);
    t.is(readFileSync(join(mountpoint, 'hello'), 'utf8'), 'hello, world\n');
    t.is(readFileSync(join(mountpoint, 'link'), 'utf8'), 'x');
    t.is(readlinkSync(join(mountpoint, 'link')), 'sub/inner');
    const { mode, uid, gid, size, nlink, ino } = statSync(join(mountpoint, 'hello'));
    t.deepEqual({ mode, uid, gid, size, nlink }, { mode: 0o100640, uid: 3, gid: 4, size: 13, nlink: 2 });
    t.is(ino === 2 ** 40 + 7, driver.capabilities.inodeNumbers);
    t.is(
      codeOf(() => lstatSync(join(mountpoint, 'missing'))),
      'ENOENT',
    );
    t.is(
      codeOf(() => lstatSync(join(mountpoint, 'hello/x'))),
      'ENOTDIR',
    );
    t.is(
      codeOf(() => readlinkSync(join(mountpoint, 'hello'))),
      'EINVAL',
    );
  });
});

driverTest('every modification is refused', async (t, driver) => {
  await withMemoryMount(tree, { driver }, ({ mountpoint }) => {
    const hello = join(mountpoint, 'hello');
    t.is(
      codeOf(() => writeFileSync(hello, 'x')),
      'EROFS',
    );
    t.is(
      codeOf(() => writeFileSync(join(mountpoint, 'new'), 'x')),
      'EROFS',
    );
    t.is(
      codeOf(() => mkdirSync(join(mountpoint, 'new'))),
      'EROFS',
    );
    t.is(
      codeOf(() => rmSync(hello)),
      'EROFS',
    );
    t.is(
      codeOf(() => symlinkSync('x', join(mountpoint, 'new'))),
      'EROFS',
    );
  });
});

driverTest('listings without attributes are as good', async (t, driver) => {
  await withMemoryMount(tree, { driver, plainListings: true }, ({ mountpoint }) => {
    const entries = readdirSync(mountpoint, { withFileTypes: true });
    t.deepEqual(entries.map((entry) => [entry.name, entry.isDirectory(), entry.isSymbolicLink()]).sort(), [
      ['hello', false, false],
      ['link', false, true],
      ['sub', true, false],
    ]);
    t.is(statSync(join(mountpoint, 'hello')).size, 13);
  });
});

driverTest('a sparse file is read beyond 4 GiB', async (t, driver) => {
  await withMemoryMount({ entries: { huge: { size: 2 ** 43 } } }, { driver }, ({ mountpoint }) => {
    const fd = openSync(join(mountpoint, 'huge'), 'r');
    t.teardown(() => closeSync(fd));
    const buffer = Buffer.alloc(1 << 20);
    for (const offset of [0, 2 ** 32 - 4096, 2 ** 32, 2 ** 42 + 8192]) {
      t.is(readSync(fd, buffer, 0, buffer.length, offset), buffer.length);
      t.is(buffer.readBigUInt64LE(0), BigInt(offset));
      t.is(buffer.readBigUInt64LE(65_536), BigInt(offset) + 65_536n);
    }
    t.is(readSync(fd, buffer, 0, buffer.length, 2 ** 43 - 8), 8);
    t.is(readSync(fd, buffer, 0, buffer.length, 2 ** 43), 0);
    closeSync(openSync(join(mountpoint, 'huge'), 'r'));
  });
});

driverTest('files with one inode number share one, and others do not', async (t, driver) => {
  const root = {
    entries: { a: { ino: 2 ** 48 + 1 }, b: { ino: 2 ** 48 + 1 }, c: { ino: 2 ** 49 + 1 }, d: {} },
  };
  await withMemoryMount(root, { driver }, ({ mountpoint }) => {
    const numbers = ['a', 'b', 'c', 'd'].map((name) => lstatSync(join(mountpoint, name)).ino);
    t.is(numbers[0], numbers[1]);
    t.is(new Set(numbers).size, 3);
    const listed = execFileSync('ls', ['-1iU', mountpoint], { encoding: 'utf8' });
    const inListing = new Map(
      listed
        .trim()
        .split('\n')
        .map((line) => line.trim().split(' ').reverse() as [string, string]),
    );
    t.deepEqual(
      ['a', 'b', 'c', 'd'].map((name) => Number(inListing.get(name))),
      numbers,
    );
  });
});

driverTest('a directory of 50 000 entries is listed whole', async (t, driver) => {
  await withMemoryMount({ many: 50_000 }, { driver }, ({ mountpoint }) => {
    const names = readdirSync(mountpoint);
    t.is(new Set(names).size, 50_000);
    t.is(names.length, 50_000);
    t.is(readFileSync(join(mountpoint, 'f49999'), 'utf8'), '49999\n');
  });
});

driverTest('the size of the filesystem is told', async (t, driver) => {
  await withMemoryMount(tree, { driver }, ({ mountpoint }) => {
    const { blocks, bfree, ffree } = statfsSync(mountpoint);
    t.deepEqual({ blocks, bfree, ffree }, { blocks: 1000, bfree: 10, ffree: 3 });
  });
});

driverTest('missing names are asked for once', async (t, driver) => {
  await withMemoryMount(tree, { driver, cacheMissing: true }, ({ mountpoint, connection }) => {
    // Together they take less than the shortest validity.
    for (let round = 0; round < 50; round++) {
      for (const name of ['one', 'two']) t.false(existsSync(join(mountpoint, name)));
    }
    const { LOOKUP = 0, GETATTR = 0 } = connection.activity.requests();
    t.log(`${LOOKUP + GETATTR} requests`);
    t.is(LOOKUP + GETATTR < 50, driver.capabilities.negativeCaching);
  });
});

driverTest('a change becomes visible', async (t, driver) => {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const root: FileSpec = {
    entries: { sub: { entries: { sometimes: { data: 'here', whenBit: 0 }, counter: { word: 1 } } } },
  };
  await withMemoryMount(root, { driver, shared, cacheMissing: true }, async ({ mountpoint, connection }) => {
    const { notifier, activity } = connection;
    t.is(notifier !== undefined, driver.capabilities.invalidation);
    const sub = join(mountpoint, 'sub');
    const path = join(sub, 'sometimes');
    for (const [bits, exists] of [
      [0, false],
      [1, true],
      [0, false],
    ] as const) {
      Atomics.store(shared, 0, bits);
      // Without notifications only a new size or time tells that contents are new.
      Atomics.store(shared, 1, 10 ** bits);
      t.true(await activity.quiescent());
      notifier?.invalidateEntry(2, Buffer.from('sometimes'), true);
      notifier?.invalidateNode(2, 0, 0);
      notifier?.invalidateNode(4, 0, 0);
      const seen = () =>
        existsSync(path) === exists &&
        readdirSync(sub).length === (exists ? 2 : 1) &&
        readFileSync(join(sub, 'counter'), 'utf8') === String(10 ** bits);
      t.true(notifier === undefined ? await eventually(seen) : seen());
      if (exists) t.is(readFileSync(path, 'utf8'), 'here');
    }
  });
});

driverTest('names are bytes: 255 of them, and whatever is not UTF-8', async (t, driver) => {
  const long = 'n'.repeat(255);
  const latin = 'caf\xe9';
  const odd = '\x01\n \xff';
  const root = { entries: { [long]: { data: 'long' }, [latin]: { data: 'latin' }, [odd]: { data: 'odd' } } };
  await withMemoryMount(root, { driver }, ({ mountpoint }) => {
    const anyName = driver.capabilities.byteNames;
    const path = (name: string) =>
      Buffer.concat([Buffer.from(`${mountpoint}/`), Buffer.from(name, 'latin1')]);
    t.is(readFileSync(path(long), 'utf8'), 'long');
    if (anyName) {
      t.is(readFileSync(path(latin), 'utf8'), 'latin');
      t.is(readFileSync(path(odd), 'utf8'), 'odd');
    } else {
      for (const name of [latin, odd])
        t.is(
          codeOf(() => lstatSync(path(name))),
          'ENOENT',
        );
    }
    t.is(
      codeOf(() => lstatSync(path('caf\xc3\xa9'))),
      'ENOENT',
    );
    t.is(
      codeOf(() => lstatSync(path('n'.repeat(256)))),
      'ENAMETOOLONG',
    );
    const names = readdirSync(mountpoint, { encoding: 'latin1' });
    t.deepEqual(
      names.sort(),
      anyName ? [long, latin, odd].sort() : [long],
      'what cannot be reached is not listed',
    );
  });
});

driverTest('times before 1970 and after 2106 keep their nanoseconds', async (t, driver) => {
  const times: Record<string, [number, number]> = {
    before: [-86_400, 999_999_999],
    epoch: [0, 1],
    now: [1_700_000_000, 123_456_789],
    after: [2 ** 33 + 1, 5],
  };
  const entries = Object.fromEntries(Object.entries(times).map(([name, mtime]) => [name, { mtime }]));
  await withMemoryMount({ entries }, { driver }, ({ mountpoint }) => {
    for (const [name, [seconds, nanoseconds]] of Object.entries(times)) {
      // Node rounds negative times; stat(1) does not.
      const shown = execFileSync('stat', ['-c', '%.9Y', join(mountpoint, name)], { encoding: 'utf8' }).trim();
      const exact = BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
      // Otherwise milliseconds since 1970.
      const total = driver.capabilities.exactNanoseconds ? exact : exact - (exact % 1_000_000n);
      if (!driver.capabilities.exactNanoseconds && exact < 0n) {
        t.is(Number(shown), 0);
        continue;
      }
      const [whole, fraction] = shown.split('.');
      const sign = shown.startsWith('-') ? -1n : 1n;
      t.is(BigInt(whole!) * 1_000_000_000n + sign * BigInt(fraction!), total, `${name}: ${shown}`);
    }
  });
});

driverTest('a bug in the filesystem costs an EIO, not the mount', async (t, driver) => {
  const root: FileSpec = { entries: { bad: { broken: true, data: 'bad' }, good: { data: 'good' } } };
  await withMemoryMount(
    root,
    { driver, plainListings: true },
    async ({ mountpoint, connection, messages, ended }) => {
      // Attributes come with the lookup, so the failure is the read's.
      t.is(
        codeOf(() => readFileSync(join(mountpoint, 'bad'))),
        'EIO',
      );
      t.is(readFileSync(join(mountpoint, 'good'), 'utf8'), 'good');
      await connection.unmount();
      await Promise.all(ended);
      t.regex(
        messages.join('\n'),
        /(READ of node 2|read of \/bad|getattr of \/bad) failed: .*broken on purpose/,
      );
    },
  );
});

driverTest('unmounting ends the loop, and what is in use is not unmounted', async (t, driver) => {
  await withMemoryMount(tree, { driver }, async ({ mountpoint, connection, ended }) => {
    const fd = openSync(join(mountpoint, 'hello'), 'r');
    const error = await t.throwsAsync(connection.unmount(), { instanceOf: LvfsError });
    t.is(error.code, 'MOUNT_BUSY');
    t.true(connection.isMounted());
    closeSync(fd);
    await connection.unmount();
    t.deepEqual(await ended[0], { end: 'unmounted' });
    t.false(connection.isMounted());
    await connection.unmount();
    t.pass('a second time is no error');
  });
});

driverTest('a lazy unmount lets users finish', async (t, driver) => {
  await withMemoryMount(tree, { driver }, async ({ mountpoint, connection, ended }) => {
    const fd = openSync(join(mountpoint, 'hello'), 'r');
    await connection.unmount({ lazy: true });
    t.false(connection.isMounted());
    t.false(existsSync(join(mountpoint, 'hello')));
    t.is(readSync(fd, Buffer.alloc(100)), 13);
    closeSync(fd);
    t.deepEqual(await ended[0], { end: 'unmounted' });
  });
});

driverTest(
  'an aborted connection ends the loop and leaves a dead mount that can be taken away',
  async (t, driver) => {
    await withMemoryMount(tree, { driver }, async ({ mountpoint, connection, ended }) => {
      lstatSync(mountpoint);
      connection.abort();
      t.deepEqual(await ended[0], { end: 'unmounted' });
      const again = await t.throwsAsync(driver.mount({ mountpoint, subtype: testSubtype }), {
        instanceOf: LvfsError,
      });
      t.is(again.code, 'STALE_MOUNT');
      await connection.unmount();
      t.false(connection.isMounted());
    });
  },
);

driverTest('one view is not mounted over another', async (t, driver) => {
  await withMemoryMount(tree, { driver }, async ({ mountpoint }) => {
    const again = await t.throwsAsync(driver.mount({ mountpoint, subtype: testSubtype }), {
      instanceOf: LvfsError,
    });
    t.is(again.code, 'MOUNT_POINT');
    t.is(fuseMounts().length, 1);
  });
});

driverTest('a mount that nobody serves can be taken away', async (t, driver) => {
  const mountpoint = mkdtempSync(join(tmpdir(), 'lvfs-fuse-'));
  const connection = await driver.mount({ mountpoint, subtype: testSubtype });
  t.true(connection.isMounted());
  await connection.unmount();
  t.false(connection.isMounted());
  connection.close();
  connection.close();
  rmdirSync(mountpoint);
});

driverTest('a mount point with odd characters is found again', async (t, driver) => {
  const base = mkdtempSync(join(tmpdir(), 'lvfs-fuse-'));
  const mountpoint = join(base, '-o odd\\name,\té');
  mkdirSync(mountpoint);
  const connection = await driver.mount({ mountpoint, subtype: testSubtype });
  t.true(connection.isMounted());
  await connection.unmount();
  t.false(connection.isMounted());
  connection.close();
  removeTree(base);
});

/** fuse-native's own class gives up after 15 s, and then answers ETIMEDOUT. Others have no time-out to begin with. */
const longerThanPatienceMs = { kernel: 100, libfuse: 16_000 } as const;

driverTest('a filesystem may take its time: nothing gives up on it', async (t, driver) => {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const root: FileSpec = { entries: { slow: { data: 'slow', gate: 1 } } };
  await withMemoryMount(root, { driver, shared }, async ({ mountpoint, connection }) => {
    const reader = finished(spawn('cat', [join(mountpoint, 'slow')], { stdio: ['ignore', 'pipe', 'pipe'] }));
    const patience = longerThanPatienceMs[driver.name];
    const lookups = () => connection.activity.requests()['LOOKUP'] ?? 0;
    t.true(await eventually(() => lookups() > 0), 'it was asked for');
    t.false(await connection.activity.quiescent(patience), 'and is not answered');
    Atomics.store(shared, 1, 1);
    Atomics.notify(shared, 1);
    const { status, stdout, stderr } = await reader;
    t.deepEqual({ status, stdout, stderr }, { status: 0, stdout: 'slow', stderr: '' });
  });
});

const mountFails = (title: string, path: () => string, code: ErrorCode, message: RegExp) =>
  driverTest(title, async (t, driver) => {
    const error = await t.throwsAsync(driver.mount({ mountpoint: path(), subtype: testSubtype }), {
      instanceOf: LvfsError,
    });
    t.is(error.code, code);
    t.is(error.exit, 23);
    t.regex(error.message, message);
  });

mountFails(
  'a missing mount point is named',
  () => '/nonexistent/there',
  'MOUNT_POINT',
  /\/nonexistent\/there/,
);
mountFails('a file is no mount point', () => process.execPath, 'MOUNT_POINT', /not a directory/);

driverTest('nothing is left behind', (t) => {
  t.deepEqual(fuseMounts(), []);
});
