import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import test from 'ava';
import {
  createSessionDirectory,
  holdSession,
  listSessions,
  processStartTime,
  registryDirectory,
  removeSessionsOf,
  writeMeta,
  type SessionMeta,
} from '../../../../src/daemon/registry/registry.js';
import { exitStatus } from '../../../../src/base/index.js';
import { pidNamespace } from '../../../../src/daemon/registry/holding.js';
import { claimMountpoint, clearClaims } from '../../../../src/daemon/registry/mountClaim.js';

const base = mkdtempSync(join(tmpdir(), 'lvfs-registry-'));
process.env['LVFS_RUNTIME_DIR'] = join(base, 'run');
test.after.always(() => rmSync(base, { recursive: true, force: true }));
test.serial.afterEach.always(() => rmSync(join(base, 'run'), { recursive: true, force: true }));

function meta(more: Partial<SessionMeta>): SessionMeta {
  return {
    schemaVersion: 1,
    pid: process.pid,
    startTime: processStartTime(process.pid) ?? '',
    pidNamespace: pidNamespace(),
    mountpoint: '/mnt',
    device: '0:99',
    targets: ['a/b-1'],
    driver: 'kernel',
    since: '2026-01-01T00:00:00.000Z',
    root: '/',
    version: '0.0.0',
    ...more,
  };
}

/** The id of a process that has ended. */
function deadPid(): number {
  return spawnSync('true').pid;
}

test('the registry lies where the user may write', (t) => {
  t.is(registryDirectory({ LVFS_RUNTIME_DIR: '/x' }), '/x');
  if (process.getuid?.() === 0) t.is(registryDirectory({}), '/run/lvfs');
  else t.is(registryDirectory({ XDG_RUNTIME_DIR: '/run/user/1' }), '/run/user/1/lvfs');
});

test.serial('a session directory is open to its user only', (t) => {
  const directory = createSessionDirectory();
  t.is(statSync(directory).mode & 0o777, 0o700);
});

test.serial('a registry that is a file, or cannot be made, is explained', (t) => {
  writeFileSync(join(base, 'file'), '');
  process.env['LVFS_RUNTIME_DIR'] = join(base, 'file');
  const error = t.throws(() => createSessionDirectory());
  process.env['LVFS_RUNTIME_DIR'] = join(base, 'run');
  t.regex(error?.message ?? '', /^cannot record sessions in \S+file$/);
});

test.serial('a registry at which nobody can look is an error, not a bug', (t) => {
  symlinkSync('circle', join(base, 'circle'));
  for (const name of ['circle/run', 'x'.repeat(300)]) {
    process.env['LVFS_RUNTIME_DIR'] = join(base, name);
    t.throws(() => listSessions(() => true), { code: 'NO_RUNTIME_DIR' });
  }
  process.env['LVFS_RUNTIME_DIR'] = join(base, 'run');
});

test.serial('a registry in which others can make names is believed in nothing', (t) => {
  const registry = join(base, 'run');
  const orphan = join(registry, `${deadPid()}.123.abcdef`);
  mkdirSync(orphan, { recursive: true });
  const refused = { code: 'NO_RUNTIME_DIR', exit: exitStatus.cannotMount };
  const askAll = (): void => {
    t.like(
      t.throws(() => listSessions(() => false)),
      refused,
    );
    t.like(
      t.throws(() => createSessionDirectory()),
      refused,
    );
    t.like(
      t.throws(() => removeSessionsOf(Number.parseInt(basename(orphan)))),
      refused,
    );
  };
  for (const mode of [0o770, 0o702, 0o1777]) {
    chmodSync(registry, mode);
    askAll();
  }
  chmodSync(registry, 0o700);
  if (process.getuid?.() === 0) {
    chownSync(registry, 65534, 0);
    askAll();
    chownSync(registry, 0, 0);
  }
  renameSync(registry, join(base, 'elsewhere'));
  symlinkSync(join(base, 'elsewhere'), registry);
  askAll();
  t.true(existsSync(orphan), 'nothing was removed');
  rmSync(registry);
  rmSync(join(base, 'elsewhere'), { recursive: true });
});

test.serial('a link in the registry is no session, and nothing is removed through it', (t) => {
  const registry = join(base, 'run');
  const victim = join(base, 'victim');
  mkdirSync(victim);
  writeFileSync(join(victim, 'log'), 'mine');
  mkdirSync(registry);
  symlinkSync(victim, join(registry, `${deadPid()}.123.abcdef`));
  t.deepEqual(
    listSessions(() => false),
    [],
  );
  t.true(existsSync(join(victim, 'log')));
});

test.serial('live sessions are listed, oldest first', (t) => {
  const [young, old] = [createSessionDirectory(), createSessionDirectory()];
  writeMeta(young, meta({ since: '2026-01-02T00:00:00.000Z' }));
  writeMeta(old, meta({ mountpoint: '/old' }));
  const found = listSessions(() => true);
  t.deepEqual(
    found.map(({ directory, alive }) => [directory, alive]),
    [
      [old, true],
      [young, true],
    ],
  );
});

test.serial('a recycled process id is not taken for the daemon', (t) => {
  const directory = createSessionDirectory();
  writeMeta(directory, meta({ startTime: '1' }));
  t.deepEqual(
    listSessions(() => true).map(({ alive }) => alive),
    [false],
  );
  t.deepEqual(
    listSessions(() => false),
    [],
  );
  t.false(existsSync(directory), 'a dead record without a mount is cleared away');
});

test.serial('the record of a daemon that failed stays', (t) => {
  const directory = createSessionDirectory();
  writeMeta(directory, meta({ pid: deadPid(), failure: 'why' }));
  t.deepEqual(
    listSessions(() => false).map(({ meta: { failure } }) => failure),
    ['why'],
  );
});

test.serial(
  'a session that is starting is left alone while its starter lives, and cleared away after that',
  (t) => {
    const directory = createSessionDirectory();
    t.deepEqual(
      listSessions(() => false),
      [],
    );
    t.true(existsSync(directory));
    const orphan = join(base, 'run', `${deadPid()}.123.abcdef`);
    mkdirSync(orphan);
    mkdirSync(join(base, 'run', 'rubbish'));
    t.deepEqual(
      listSessions(() => false),
      [],
    );
    t.false(existsSync(orphan));
    t.deepEqual(readdirSync(join(base, 'run')).length, 1);
  },
);

for (const text of [
  '',
  '{',
  'null',
  '[]',
  '{"pid":1}',
  '{"pid":"x","startTime":"1","mountpoint":"/","since":""}',
]) {
  test.serial(`a damaged record ${JSON.stringify(text)} is no session`, (t) => {
    const directory = createSessionDirectory();
    writeFileSync(join(directory, 'meta.json'), text);
    t.deepEqual(
      listSessions(() => true),
      [],
    );
  });
}

test('a process that has ended has no start time', (t) => {
  t.is(processStartTime(deadPid()), undefined);
  t.regex(processStartTime(process.pid) ?? '', /^\d+$/);
});

test.serial('of two processes that mount at one place one may', (t) => {
  const run = join(base, 'run');
  mkdirSync(run);
  const release = claimMountpoint(run, '/mnt/a');
  t.throws(() => claimMountpoint(run, '/mnt/a'), {
    code: 'MOUNTING',
    message: `/mnt/a: another lvfs (pid ${process.pid}) is mounting there`,
  });
  claimMountpoint(run, '/mnt/b')();
  t.deepEqual(
    listSessions(() => true),
    [],
  );
  const [claim = ''] = readdirSync(run);
  release();
  t.deepEqual(readdirSync(run), []);
  symlinkSync(`${deadPid()}.1`, join(run, claim));
  claimMountpoint(run, '/mnt/a')();
  t.deepEqual(readdirSync(run), []);
});

test.serial('what was claimed by who is gone is cleared away, other claims are kept', (t) => {
  const run = join(base, 'run');
  mkdirSync(run, { recursive: true });
  const release = claimMountpoint(run, '/mnt/a');
  const [mine = ''] = readdirSync(run);
  symlinkSync(`${deadPid()}.1.${pidNamespace()}`, join(run, 'mounting-0123456789abcdef'));
  symlinkSync(`${deadPid()}.1.elsewhere`, join(run, 'mounting-fedcba9876543210'));
  clearClaims(run);
  t.deepEqual(readdirSync(run).sort(), [mine, 'mounting-fedcba9876543210'].sort());
  release();
  rmSync(join(run, 'mounting-fedcba9876543210'));
});

test.serial('of another pid namespace only the lock tells who lives', (t) => {
  const directory = createSessionDirectory();
  const release = holdSession(directory);
  const recorded = meta({ pid: deadPid(), pidNamespace: 'elsewhere' });
  writeMeta(directory, recorded);
  const found = listSessions(() => false);
  t.deepEqual(found, [
    { id: basename(directory), directory, meta: recorded, alive: true, isElsewhere: true },
  ]);
  release();
  t.deepEqual(
    listSessions(() => true).map(({ alive }) => alive),
    [false],
  );
  t.deepEqual(
    listSessions(() => false),
    [],
  );
  t.false(existsSync(directory));
});

test.serial('a process id of another pid namespace removes nothing', (t) => {
  const mine = createSessionDirectory();
  const base = registryDirectory();
  const other = join(base, `${process.pid}.1.elsewhere.AbCdEf`);
  mkdirSync(other);
  t.deepEqual(
    listSessions(() => false),
    [],
  );
  removeSessionsOf(process.pid);
  t.false(existsSync(mine));
  t.true(existsSync(other));
});
