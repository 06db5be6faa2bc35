/**
 * A cross build: the compiler, a tool of BDEPEND and the machine are those of `/`, headers and libraries those of a sysroot. The
 * compiler is the machine's own behind a wrapper with the name and the search path of a cross compiler.
 */
import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Report } from '../../src/audit/index.js';
import { chost, crossRoot, type CrossRoot } from '../helpers/crossRoot.js';
import { repositoryPath, type InstalledSpec } from '../helpers/gentooRoot.js';
import { whyNotMount } from '../helpers/inView.js';
import { finished, program, sandbox, until, type Result, type Sandbox } from '../helpers/lvfs.js';
import { pkg } from '../helpers/installed.js';

const reason =
  whyNotMount() ?? (spawnSync('gcc', ['--version']).status === 0 ? undefined : 'needs a C compiler');
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const because = reason === undefined ? '' : ` (skipped: ${reason})`;

interface Machine extends CrossRoot {
  box: Sandbox;
  /** Runs lvfs where the sysroot is set, and this machine has a configuration. */
  lvfs: (...args: string[]) => Promise<Result>;
}

/**
 * A machine for cross builds. Its packages lie in a directory of their own with their database, and its configuration is put
 * over /etc in a private mount namespace; the sysroot is a path of `/`.
 */
async function machine(t: ExecutionContext): Promise<Machine> {
  const cross = await crossRoot({
    host: {
      // Not in /tmp, which is mounted over inside.
      parent: '/opt',
      ebuilds: {
        'app-misc/hello-1': { DEPEND: 'dev-libs/greet', BDEPEND: 'dev-util/stamp' },
        'app-misc/nolib-1': { BDEPEND: 'dev-util/stamp' },
        'app-misc/notool-1': { DEPEND: 'dev-libs/greet' },
        'app-misc/absent-1': { DEPEND: 'dev-util/stamp' },
      },
    },
    target: {},
  });
  t.teardown(cross.cleanup);
  const { host, target } = cross;
  spawnSync('chmod', ['755', host.root, target.root]);

  const install = (cpv: string, spec: InstalledSpec): void => {
    host.install(cpv, spec);
    const contents = host.path(`/var/db/pkg/${cpv}/CONTENTS`);
    writeFileSync(contents, readFileSync(contents, 'utf8').replace(/^(\w+) \//gm, `$1 ${host.root}/`));
  };
  const wrapper = `#!/bin/sh\nexec gcc -isystem ${target.root}/usr/include "$@" -L${target.root}/usr/lib\n`;
  install(`cross-${chost}/gcc-13`, { files: { [`/usr/bin/${chost}-gcc`]: { text: wrapper, mode: 0o755 } } });
  install('dev-util/stamp-1', {
    files: { '/usr/bin/stamp': { text: '#!/bin/sh\necho stamped >stamp\n', mode: 0o755 } },
  });
  install('dev-libs/greet-1', { files: { '/usr/include/greet.h': '#error "of the machine"\n' } });

  const box = sandbox({
    LVFS_VDB: host.path('/var/db/pkg'),
    LVFS_SYSROOT: target.root,
    LVFS_REPOS: host.path(repositoryPath),
    LVFS_SHOW: ['/usr', '/bin', '/sbin', '/lib*', '/etc/alternatives'].join(' '),
    PATH: `${host.path('/usr/bin')}:/usr/sbin:/usr/bin:/sbin:/bin`,
    LC_ALL: 'C',
  });
  t.teardown(() => box.cleanup());
  const source = join(box.directory, 'greet.c');
  writeFileSync(source, 'const char *greeting(void) { return "hello from the sysroot"; }\n');
  for (const [command, ...args] of [
    ['gcc', '-c', '-o', join(box.directory, 'greet.o'), source],
    ['ar', 'rcs', join(box.directory, 'libgreet.a'), join(box.directory, 'greet.o')],
  ]) {
    const made = spawnSync(command!, args, { encoding: 'utf8' });
    t.is(made.status, 0, made.stderr);
  }
  target.install('dev-libs/greet-1', {
    files: {
      '/usr/include/greet.h': 'const char *greeting(void);\n',
      '/usr/lib/libgreet.a': readFileSync(join(box.directory, 'libgreet.a')),
    },
  });

  const etc = join(box.directory, 'etc');
  cpSync('/etc', etc, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !path.startsWith('/etc/portage'),
  });
  mkdirSync(join(etc, 'portage'));
  writeFileSync(join(etc, 'portage/make.conf'), '');
  symlinkSync(host.path(`${repositoryPath}/profiles/test`), join(etc, 'portage/make.profile'));
  return {
    ...cross,
    box,
    lvfs: (...args) =>
      finished(
        spawn(
          'unshare',
          [
            ...[
              '--mount',
              '--propagation',
              'private',
              'sh',
              '-c',
              'mount --bind "$0" /etc && exec "$@"',
              etc,
            ],
            ...[process.execPath, program, ...args],
          ],
          { env: box.environment, stdio: ['ignore', 'pipe', 'pipe'] },
        ),
      ),
  };
}

interface Built extends Result {
  report: Report & { status: number };
  directory: string;
}

async function build({ box, lvfs }: Machine, atom: string): Promise<Built> {
  const directory = mkdtempSync(join(box.directory, 'src-'));
  writeFileSync(
    join(directory, 'hello.c'),
    '#include <stdio.h>\n#include <greet.h>\nint main(void) { return puts(greeting()) < 0; }\n',
  );
  const command = `cd ${directory} && stamp && ${chost}-gcc -o hello hello.c -lgreet && ./hello >printed && echo "$SYSROOT" >sysroot`;
  const result = await lvfs('build', '--json', '--command', command, atom);
  return { ...result, directory, report: JSON.parse(result.stdout || '{}') as Built['report'] };
}

mountTest(`what is declared in the right variables builds${because}`, async (t) => {
  const made = await machine(t);
  const { report, directory, stderr } = await build(made, 'app-misc/hello');
  t.is(report.status, 0, stderr);
  t.is(readFileSync(join(directory, 'printed'), 'utf8'), 'hello from the sysroot\n');
  t.is(readFileSync(join(directory, 'stamp'), 'utf8'), 'stamped\n');
  t.is(readFileSync(join(directory, 'sysroot'), 'utf8'), `${made.target.root}\n`);
  t.deepEqual(
    report.missing.filter(({ certainty }) => certainty === 'needed'),
    [],
  );
});

mountTest(`an undeclared library of the sysroot is reported as DEPEND${because}`, async (t) => {
  const { report, stdout, stderr } = await build(await machine(t), 'app-misc/nolib');
  t.not(report.status, 0, stdout + stderr);
  const [first] = report.missing;
  t.is(first?.cpv, pkg('dev-libs/greet-1@sysroot'), stdout);
  t.is(first?.suggest, 'DEPEND="dev-libs/greet"');
  t.is(first?.certainty, 'needed');
});

mountTest(`an undeclared tool of the machine is reported as BDEPEND${because}`, async (t) => {
  const { report, stdout, stderr } = await build(await machine(t), 'app-misc/notool');
  t.not(report.status, 0, stdout + stderr);
  const [first] = report.missing;
  t.is(first?.cpv, pkg('dev-util/stamp-1'), stdout);
  t.is(first?.suggest, 'BDEPEND="dev-util/stamp"');
});

mountTest(`what is missing in the sysroot is an error, though the machine has it${because}`, async (t) => {
  const made = await machine(t);
  const { status, stdout } = await made.lvfs('deps', '--json', 'app-misc/absent');
  t.is(status, 21);
  const { error } = JSON.parse(stdout) as { error: { unsatisfied: { root: string }[] } };
  t.deepEqual(
    error.unsatisfied.map(({ root }) => root),
    [made.target.root],
  );
});

const canMount = whyNotMount();
const viewTest = canMount === undefined ? test.serial : test.serial.skip;

viewTest(
  `a mounted view shows both systems, and follows both${canMount === undefined ? '' : ` (skipped: ${canMount})`}`,
  async (t) => {
    const { host, target, sysroot, cleanup } = await crossRoot({
      host: {
        packages: {
          'dev-libs/greet-1': { files: { '/usr/include/greet.h': 'of the machine' } },
          'dev-util/tool-1': { files: { '/usr/bin/tool': 'tool' } },
        },
        ebuilds: { 'app-misc/hello-1': { DEPEND: 'dev-libs/greet', BDEPEND: 'dev-util/tool' } },
      },
      target: {
        packages: {
          'dev-libs/greet-1': { files: { '/usr/include/greet.h': 'of the sysroot' } },
          'dev-libs/secret-1': { files: { '/usr/include/secret.h': 'secret' } },
        },
      },
    });
    t.teardown(cleanup);
    const box = sandbox({ LVFS_ROOT: host.root, LVFS_SYSROOT: sysroot });
    t.teardown(() => box.cleanup());
    const mountpoint = mkdtempSync(join(box.directory, 'mnt-'));
    const mounted = await box.lvfs('mount', '--json', 'app-misc/hello', mountpoint);
    t.is(mounted.status, 0, mounted.stderr);
    try {
      const names = (path: string) => readdirSync(mountpoint + path).sort();
      const headers = () => names(`${sysroot}/usr/include`);
      t.deepEqual(headers(), ['greet.h']);
      t.is(readFileSync(`${mountpoint}${sysroot}/usr/include/greet.h`, 'utf8'), 'of the sysroot');
      t.deepEqual(names('/usr/bin'), ['tool']);
      t.false(names('/usr').includes('include'));
      // Each database is the view's own, in the host's directory around it.
      t.deepEqual(names('/var/db/pkg'), ['dev-util']);
      t.deepEqual(names(`${sysroot}/var/db/pkg`), ['dev-libs']);
      t.deepEqual(names(`${sysroot}/var/db/pkg/dev-libs`), ['greet-1']);

      const status = await box.lvfs('status', '--json', mountpoint);
      t.is((JSON.parse(status.stdout) as { mounts: { sysroot: string }[] }).mounts[0]?.sysroot, sysroot);

      const allowed = await box.lvfs('allow', '--json', mountpoint, '=dev-libs/secret-1@sysroot');
      t.deepEqual((JSON.parse(allowed.stdout) as { shown: string[] }).shown, ['dev-libs/secret-1@sysroot']);
      t.deepEqual(headers(), ['greet.h', 'secret.h']);
      t.is((await box.lvfs('deny', mountpoint, 'dev-libs/secret')).status, 0);
      t.deepEqual(headers(), ['greet.h']);

      target.install('dev-libs/greet-2', { files: { '/usr/include/greet2.h': 'newer' } });
      await until('the sysroot is watched', () => headers().includes('greet2.h'));
      host.install('dev-util/tool-2', { files: { '/usr/bin/tool2': 'newer' } });
      await until('the root is watched', () => names('/usr/bin').includes('tool2'));
      t.deepEqual(names('/usr/bin'), ['tool2'], 'the best match is taken');
    } finally {
      t.is((await box.lvfs('umount', mountpoint)).status, 0);
    }
  },
);
