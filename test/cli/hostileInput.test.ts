/** Input that would be waited for, read without end, or grows: each is answered at once, in one line, without a stack. */
import { rmSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { gentooRoot, type FileSpec, type GentooRoot } from '../helpers/gentooRoot.js';
import { sandbox, type Result } from '../helpers/lvfs.js';

const fifo: FileSpec = { fifo: true };
const endless: FileSpec = { link: '/../../../../../../../../../../../dev/zero' };

/** A system in which one file is replaced, and what a command says of it. */
async function ask(
  t: ExecutionContext,
  [path, file]: readonly [path: string, file: FileSpec],
  ...args: string[]
): Promise<Result> {
  const gentoo = await system(t);
  rmSync(gentoo.path(path), { force: true, recursive: true });
  gentoo.write(path, file);
  const box = sandbox({ LVFS_ROOT: gentoo.root, LVFS_CONFIG: gentoo.path('/etc/lvfs.conf') });
  t.teardown(() => box.cleanup());
  const result = await box.ask(...args);
  t.not(result.status, null, 'it ended by itself');
  t.notRegex(result.stderr, /^\s+at |a bug in lvfs/m);
  return result;
}

async function system(t: ExecutionContext): Promise<GentooRoot> {
  const gentoo = await gentooRoot({
    packages: {
      'dev-libs/bar-1': { RDEPEND: '', files: { '/usr/include/bar.h': 'bar' } },
      'app-shells/bash-5': { files: { '/bin/bash': '#!' } },
    },
    ebuilds: { 'dev-libs/foo-1': { DEPEND: 'dev-libs/bar' } },
    system: ['app-shells/bash'],
    makeConf: 'A=1\n',
    files: { '/etc/lvfs.conf': '' },
    portage: { 'package.use': 'dev-libs/bar x\n' },
  });
  t.teardown(gentoo.cleanup);
  return gentoo;
}

const deps = ['deps', 'dev-libs/foo'];

for (const [name, file] of [
  ['a FIFO', fifo],
  ['a file without end', endless],
] as const) {
  test(`${name} as a value of an installed package`, async (t) => {
    const { status, stderr } = await ask(t, ['/var/db/pkg/dev-libs/bar-1/RDEPEND', file], ...deps);
    t.is(status, 0, stderr);
  });

  test(`${name} as CONTENTS`, async (t) => {
    const { status, stderr } = await ask(
      t,
      ['/var/db/pkg/dev-libs/bar-1/CONTENTS', file],
      ...['why', '/bin/bash', '--for', 'dev-libs/foo'],
    );
    t.is(status, 0, stderr);
    t.regex(stderr, /bar-1\/CONTENTS: EINVAL: is not a regular file/);
  });

  test(`${name} as make.conf`, async (t) => {
    const { status, stderr } = await ask(t, ['/etc/portage/make.conf', file], ...deps);
    t.true(status === 0 || status === 22, stderr);
  });

  test(`${name} as package.use`, async (t) => {
    const { status, stderr } = await ask(t, ['/etc/portage/package.use', file], ...deps);
    t.true(status === 0 || status === 22, stderr);
  });

  test(`${name} in the cache of a repository`, async (t) => {
    const { status, stderr } = await ask(
      t,
      ['/var/db/repos/gentoo/metadata/md5-cache/dev-libs/foo-1', file],
      ...deps,
    );
    t.true(status !== 0 && stderr !== '', stderr);
  });

  test(`${name} as lvfs.conf`, async (t) => {
    const { status, stderr } = await ask(t, ['/etc/lvfs.conf', file], 'config');
    t.is(status, 2);
    t.regex(stderr, /lvfs\.conf: cannot be read/);
  });
}

test('a make.conf that is never closed, and huge', async (t) => {
  const { status, stderr } = await ask(t, ['/etc/portage/make.conf', `A="${'x'.repeat(20 << 20)}`], ...deps);
  t.is(status, 22);
  t.regex(stderr, /make\.conf.*larger than/);
});

test('a variable that doubles forty times', async (t) => {
  const lines = Array.from({ length: 40 }, () => 'A="${A}${A}"\n').join('');
  const { status, stderr } = await ask(t, ['/etc/portage/make.conf', `A="xxxxxxxx"\n${lines}`], ...deps);
  t.is(status, 0, stderr);
  t.regex(stderr, /make\.conf:\d+: A is empty: it would be longer than/);
});

test('a path of thirty thousand components', async (t) => {
  const { status, stderr } = await ask(
    t,
    ['/etc/portage/make.conf', ''],
    ...['why', '/a'.repeat(30_000), '--for', 'dev-libs/foo'],
  );
  t.is(status, 2);
  t.regex(stderr, /no path is longer/);
});

test('patterns without end', async (t) => {
  for (const glob of [`/${'{a,b}'.repeat(40)}`, `/${'a'.repeat(100_000)}`]) {
    const { status, stderr } = await ask(
      t,
      ['/etc/portage/make.conf', ''],
      ...['why', '/bin/bash', '--for', 'dev-libs/foo', '--show', glob],
    );
    t.is(status, 2, stderr);
    t.is(stderr.split('\n').filter((line) => line.startsWith('lvfs:')).length, 1, stderr);
  }
});

test('CONTENTS with a path of thirty thousand components', async (t) => {
  const { status, stderr } = await ask(
    t,
    [
      '/var/db/pkg/dev-libs/bar-1/CONTENTS',
      `dir ${'/a'.repeat(30_000)}\nobj /usr/include/bar.h ${'0'.repeat(32)} 1\n`,
    ],
    ...['why', '/usr/include/bar.h', '/a/a', '--for', 'dev-libs/foo'],
  );
  t.is(status, 0, stderr);
});
