import test, { type ExecutionContext } from 'ava';
import { execFileSync, spawn } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LvfsError } from '../../src/base/index.js';
import { findDriver } from '../../src/fuse/index.js';
import { codeOf, eventually, fuseMounts, tree } from '../helpers/smallTree.js';
import { reasonNotToMount, testSubtype, withMemoryMount } from '../helpers/withMemoryMount.js';
import type { FileSpec } from '../helpers/memoryFilesystem.js';

const reason = reasonNotToMount();

function mountTest(title: string, body: (t: ExecutionContext) => void | Promise<void>): void {
  if (reason === undefined) test.serial(title, body);
  else test.skip(`${title} (skipped: ${reason})`, body);
}

mountTest('the mount says what it is', async (t) => {
  await withMemoryMount(tree, {}, ({ mountpoint, connection }) => {
    const line = readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .find((candidate) => candidate.includes(mountpoint));
    t.regex(line!, /ro,nosuid,nodev.* - fuse\.lvfstest\d+ lvfstest\d+ .*default_permissions,allow_other/);
    t.true(connection.isMounted());
    lstatSync(mountpoint);
    t.true(connection.activity.negotiated!.minor >= 9);
  });
});

mountTest('big files are asked for in large pieces', async (t) => {
  const data = 'data'.repeat(1 << 20);
  await withMemoryMount({ entries: { big: { data } } }, {}, ({ mountpoint, connection }) => {
    const [, device] = new RegExp(`^\\d+ \\d+ (\\S+) \\S+ ${mountpoint} `, 'm').exec(
      readFileSync('/proc/self/mountinfo', 'utf8'),
    )!;
    const setting = `/sys/class/bdi/${device}/read_ahead_kb`;
    t.true(readFileSync(join(mountpoint, 'big'), 'utf8') === data);
    const { READ = 0 } = connection.activity.requests();
    t.log(`${READ} READ`);
    try {
      accessSync(setting, constants.W_OK);
    } catch {
      t.log('sysfs cannot be written here: the kernel reads ahead what it likes');
      return;
    }
    t.is(readFileSync(setting, 'utf8'), '512\n');
  });
});

mountTest('a directory of 100 000 entries is listed whole, with each kind of listing', async (t) => {
  for (const readdirPlus of ['always', 'auto', 'never'] as const) {
    await withMemoryMount({ many: 100_000 }, { protocol: { readdirPlus } }, ({ mountpoint, connection }) => {
      const names = readdirSync(mountpoint);
      t.is(new Set(names).size, 100_000);
      t.is(names.length, 100_000);
      const { LOOKUP = 0, READDIR = 0, READDIRPLUS = 0 } = connection.activity.requests();
      t.log(`${readdirPlus}: ${READDIR} READDIR, ${READDIRPLUS} READDIRPLUS`);
      t.is(LOOKUP, 0);
      t.true(readdirPlus === 'never' ? READDIRPLUS === 0 : READDIRPLUS > 0);
      lstatSync(join(mountpoint, 'f99999'));
    });
  }
});

mountTest('what was asked once is not asked again', async (t) => {
  await withMemoryMount(tree, { cacheMissing: true }, ({ mountpoint, connection }) => {
    const use = () => {
      readdirSync(mountpoint);
      readdirSync(join(mountpoint, 'sub'));
      t.is(readFileSync(join(mountpoint, 'sub/inner'), 'utf8'), 'x');
      lstatSync(join(mountpoint, 'hello'));
      readlinkSync(join(mountpoint, 'link'));
      t.is(
        codeOf(() => lstatSync(join(mountpoint, 'missing'))),
        'ENOENT',
      );
    };
    use();
    const before = connection.activity.requests();
    use();
    t.deepEqual(connection.activity.requests(), before);
  });
});

mountTest('a notification makes a change visible at once, whatever was cached', async (t) => {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const root: FileSpec = {
    entries: { counter: { word: 1 }, sub: { entries: { sometimes: { data: 'here', whenBit: 0 } } } },
  };
  await withMemoryMount(root, { shared, cacheMissing: true }, async ({ mountpoint, connection }) => {
    const { notifier, activity } = connection;
    const sub = join(mountpoint, 'sub');
    const path = join(sub, 'sometimes');
    const change = async (bits: number) => {
      Atomics.store(shared, 0, bits);
      t.true(await activity.quiescent());
      notifier!.invalidateEntry(3, Buffer.from('sometimes'));
      notifier!.invalidateNode(3, 0, 0);
    };
    for (let i = 0; i < 3; i++) {
      t.false(existsSync(path));
      t.deepEqual(readdirSync(sub), []);
      await change(1);
      t.true(existsSync(path));
      t.deepEqual(readdirSync(sub), ['sometimes']);
      t.is(readFileSync(path, 'utf8'), 'here');
      await change(0);
    }
    t.false(existsSync(path));

    t.is(readFileSync(join(mountpoint, 'counter'), 'utf8'), '0');
    Atomics.store(shared, 1, 12_345);
    t.is(readFileSync(join(mountpoint, 'counter'), 'utf8'), '0', 'cached');
    notifier!.invalidateNode(2, 0, 0);
    t.is(readFileSync(join(mountpoint, 'counter'), 'utf8'), '12345');
    // What the kernel does not know is no error.
    notifier!.invalidateEntry(999_999, Buffer.from('x'));
    notifier!.invalidateNode(999_999, 0, 0);
  });
});

mountTest('a change is visible at once even while others keep asking', async (t) => {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const root: FileSpec = { entries: { sub: { entries: { sometimes: { whenBit: 0 }, always: {} } } } };
  await withMemoryMount(
    root,
    { shared, cacheMissing: true, threads: 2 },
    async ({ mountpoint, connection }) => {
      const { notifier, activity } = connection;
      const sub = join(mountpoint, 'sub');
      const path = join(sub, 'sometimes');
      const script = `
      const fs = require('node:fs');
      for (;;) { fs.existsSync(process.argv[1] + '/sometimes'); fs.readdirSync(process.argv[1]); }`;
      const others = [1, 2].map(() => spawn(process.execPath, ['-e', script, sub], { stdio: 'inherit' }));
      const gone = others.map((other) => new Promise((resolve) => other.on('close', resolve)));
      try {
        t.true(await eventually(() => (activity.requests()['LOOKUP'] ?? 0) > 1));
        let wrong = 0;
        for (let i = 1; i <= 300; i++) {
          Atomics.store(shared, 0, i & 1);
          t.true(await activity.quiescent());
          notifier!.invalidateEntry(2, Buffer.from('sometimes'), true);
          notifier!.invalidateNode(2, 0, 0);
          if (existsSync(path) !== ((i & 1) === 1)) wrong++;
          if (readdirSync(sub).length !== 1 + (i & 1)) wrong++;
        }
        t.is(wrong, 0);
      } finally {
        for (const other of others) other.kill('SIGKILL');
        await Promise.all(gone);
      }
    },
  );
});

mountTest('expiring a name leaves a mount below it alone', async (t) => {
  const root: FileSpec = { entries: { outer: { entries: { point: { entries: {} } } } } };
  await withMemoryMount(root, {}, ({ mountpoint, connection }) => {
    const point = join(mountpoint, 'outer/point');
    execFileSync('mount', ['-t', 'tmpfs', 'none', point]);
    try {
      writeFileSync(join(point, 'file'), '');
      t.deepEqual(readdirSync(point), ['file']);
      if (!connection.activity.isOffered('HAS_EXPIRE_ONLY')) {
        t.log('not asked: this kernel cannot expire names');
        return;
      }
      const before = connection.activity.requests()['LOOKUP']!;
      connection.notifier!.invalidateEntry(1, Buffer.from('outer'));
      connection.notifier!.invalidateEntry(2, Buffer.from('point'));
      t.deepEqual(readdirSync(point), ['file']);
      t.is(connection.activity.requests()['LOOKUP'], before + 2);
    } finally {
      execFileSync('umount', [point]);
    }
  });
});

mountTest('two threads serve many readers at once while the main thread notifies', async (t) => {
  const root: FileSpec = { many: 2000, entries: { sub: { many: 500 } } };
  await withMemoryMount(root, { threads: 2 }, async ({ mountpoint, connection, ended }) => {
    const script = `
      const fs = require('node:fs');
      for (let i = 0; i < 2000; i++) {
        const n = (i * 7919 + Number(process.argv[2])) % 2000;
        if (fs.readFileSync(process.argv[1] + '/f' + n, 'utf8') !== n + '\\n') process.exit(2);
        if (i % 500 === 0 && fs.readdirSync(process.argv[1]).length !== 2001) process.exit(3);
      }`;
    const readers = [1, 2, 3, 4].map(
      (seed) =>
        new Promise<number | null>((resolve) => {
          spawn(process.execPath, ['-e', script, mountpoint, String(seed)], { stdio: 'inherit' }).on(
            'close',
            resolve,
          );
        }),
    );
    let running = true;
    const all = Promise.all(readers).finally(() => (running = false));
    for (let i = 0; running; i++) {
      connection.notifier!.invalidateEntry(1, Buffer.from(`f${i % 2000}`));
      connection.notifier!.invalidateNode(2 + (i % 2000), 0, 0);
      await connection.activity.quiescent();
      await delay(1);
    }
    t.deepEqual(await all, [0, 0, 0, 0]);
    await connection.unmount();
    t.deepEqual(
      (await Promise.all(ended)).map(({ end }) => end),
      ['unmounted', 'unmounted'],
    );
  });
});

mountTest('a reader that is killed in the middle of a request disturbs nobody', async (t) => {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const slow = { data: 'slow', gate: 1 };
  const root: FileSpec = { entries: { first: slow, second: slow, quick: { data: 'quick' } } };
  await withMemoryMount(root, { threads: 2, shared }, async ({ mountpoint, connection, messages }) => {
    const { activity } = connection;
    for (const [i, name] of ['first', 'second'].entries()) {
      Atomics.store(shared, 1, 0);
      const reader = spawn('cat', [join(mountpoint, name)], { stdio: 'ignore' });
      const closed = new Promise((resolve) => reader.on('close', (_, signal) => resolve(signal)));
      t.true(await eventually(() => (activity.requests()['LOOKUP'] ?? 0) > 2 * i));
      t.false(await activity.quiescent(10), 'a request under way is waited for');
      reader.kill('SIGKILL');
      // The other thread answers meanwhile.
      if (i === 0) t.true(await eventually(() => activity.requests()['INTERRUPT'] === 1));
      t.is(readFileSync(join(mountpoint, 'quick'), 'utf8'), 'quick');
      connection.notifier!.invalidateNode(4, 0, 0);
      Atomics.store(shared, 1, 1);
      Atomics.notify(shared, 1);
      t.is(await closed, 'SIGKILL');
      t.true(await activity.quiescent());
    }
    t.is(activity.requests()['INTERRUPT'], 1, 'the kernel was told not to send them');
    t.is(readFileSync(join(mountpoint, 'first'), 'utf8'), 'slow');
    t.deepEqual(messages, []);
  });
});

mountTest('what the kernel offers is used', async (t) => {
  await withMemoryMount(tree, {}, ({ mountpoint, connection }) => {
    lstatSync(mountpoint);
    const { offered, enabled, minor } = connection.activity.negotiated!;
    t.log(`7.${minor}: ${[...enabled].join(' ')}`);
    for (const flag of [
      'NO_OPEN_SUPPORT',
      'NO_OPENDIR_SUPPORT',
      'CACHE_SYMLINKS',
      'NO_EXPORT_SUPPORT',
    ] as const) {
      t.is(enabled.has(flag), offered.has(flag), flag);
    }
    t.false(enabled.has('READDIRPLUS_AUTO'));
  });
});

mountTest('without the right to mount that is said and nothing is left', (t) => {
  const script = `
    import { findDriver } from ${JSON.stringify(new URL('../../src/fuse/index.js', import.meta.url).href)};
    try { await findDriver('kernel').mount({ mountpoint: process.argv[1], subtype: '${testSubtype}' }); }
    catch (error) { console.log(JSON.stringify({ code: error.code, exit: error.exit, hint: error.hint, message: error.message })); }`;
  const mountpoint = mkdtempSync(join(tmpdir(), 'lvfs-fuse-'));
  // Root without CAP_SYS_ADMIN.
  const out = execFileSync(
    'setpriv',
    [
      '--bounding-set=-sys_admin',
      '--inh-caps=-sys_admin',
      process.execPath,
      '--input-type=module',
      '-e',
      script,
      mountpoint,
    ],
    { encoding: 'utf8' },
  );
  const error = JSON.parse(out) as { code: string; exit: number; hint: string; message: string };
  t.is(error.code, 'MOUNT_FAILED');
  t.is(error.exit, 23);
  t.regex(error.message, /: operation not permitted$/);
  t.regex(error.hint, /root/);
  t.false(fuseMounts().includes(mountpoint));
  rmdirSync(mountpoint);
});

mountTest('nothing is left behind', (t) => {
  t.deepEqual(fuseMounts(), []);
});

test('an unknown driver is an error that names the known ones', (t) => {
  const error = t.throws(() => findDriver('carrier pigeon'), { instanceOf: LvfsError });
  t.regex(error.hint!, /kernel/);
});
