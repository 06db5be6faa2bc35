/**
 * A Gentoo Prefix on a foreign host: the prefix is filtered, the host around it is shown as it is. The compiler is the
 * host's, what it is given is the prefix'.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Report } from '../../src/audit/index.js';
import { gentooRoot, type GentooRoot } from '../helpers/gentooRoot.js';
import { sandbox, type Sandbox } from '../helpers/lvfs.js';
import { prefixRoot } from '../helpers/prefixRoot.js';
import { reasonNotToMount } from '../helpers/withMemoryMount.js';
import { pkg } from '../helpers/installed.js';

const reason = reasonNotToMount();
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const because = reason === undefined ? '' : ` (skipped: ${reason})`;
const hasCompiler = spawnSync('gcc', ['--version']).status === 0;

async function prefix(t: ExecutionContext): Promise<{ gentoo: GentooRoot; box: Sandbox }> {
  const gentoo = await prefixRoot({
    packages: {
      'dev-libs/greet-1': {
        files: {
          '/usr/include/greet.h': '#define GREETING "hello from the prefix"\n',
          '/usr/lib/libgreet.so.1': 'greet',
          '/usr/lib/libgreet.so': { link: 'libgreet.so.1' },
        },
      },
      'dev-libs/secret-1': {
        files: {
          '/usr/include/secret.h': '#define GREETING "secret"\n',
          '/usr/lib/libsecret.so.1': 'secret',
          '/usr/lib/libsecret.so': { link: 'libsecret.so.1' },
        },
      },
      'app-shells/bash-5': { files: { '/bin/bash': '#!' } },
    },
    ebuilds: { 'app-misc/hello-1': { DEPEND: 'dev-libs/greet' } },
    system: ['app-shells/bash'],
    files: { '/usr/local/bin/litter': 'litter', '/etc/ld.so.conf': 'x', '/usr/bin/cc': { link: 'absent' } },
  });
  t.teardown(gentoo.cleanup);
  const box = sandbox();
  t.teardown(() => box.cleanup());
  return { gentoo, box };
}

mountTest(`below the prefix is filtered, around it is the host${because}`, async (t) => {
  const { gentoo, box } = await prefix(t);
  const mountpoint = mkdtempSync(join(box.directory, 'mnt-'));
  const mounted = await box.lvfs('mount', '--prefix', `${gentoo.root}/`, 'app-misc/hello', mountpoint);
  t.is(mounted.status, 0, mounted.stderr);
  try {
    const names = (path: string) => readdirSync(join(mountpoint, path)).sort();
    const inside = (path: string) => names(gentoo.root + path);
    t.deepEqual(inside('/usr/include'), ['greet.h']);
    t.deepEqual(inside('/usr/lib'), ['libgreet.so', 'libgreet.so.1']);
    t.deepEqual(inside('/var/db/pkg/dev-libs'), ['greet-1']);
    t.false(inside('/usr').includes('local'), 'litter of the prefix');
    t.true(inside('/etc').includes('ld.so.conf'), 'a system path of the prefix');
    t.true(inside('/etc').includes('portage'));

    for (const path of ['/usr/bin', '/etc', '/usr/local', '/']) {
      const host = readdirSync(path).filter((name) => !name.startsWith('lvfs'));
      t.deepEqual(
        names(path).filter((name) => !name.startsWith('lvfs')),
        host.sort(),
        path,
      );
    }
    t.is(readFileSync(join(mountpoint, '/etc/passwd'), 'utf8'), readFileSync('/etc/passwd', 'utf8'));
    const [seen, real] = [join(mountpoint, '/usr/bin/env'), '/usr/bin/env'].map((path) => lstatSync(path));
    t.is(seen?.size, real?.size);

    const why = await box.lvfs(
      'why',
      '--mount',
      mountpoint,
      '--json',
      '/usr/bin/env',
      `${gentoo.root}/usr/include/secret.h`,
    );
    const rules = (JSON.parse(why.stdout) as { paths: { rule: string }[] }).paths.map(({ rule }) => rule);
    t.deepEqual(rules, ['system', 'hidden-owner']);
  } finally {
    t.is((await box.lvfs('umount', mountpoint)).status, 0);
  }
});

const compiles = hasCompiler ? mountTest : test.serial.skip;
compiles(
  `the host's compiler sees the declared library of the prefix and no other${because}${hasCompiler ? '' : ' (skipped: no gcc)'}`,
  async (t) => {
    const { gentoo, box } = await prefix(t);
    const build = (header: string) =>
      box.lvfs(
        ...['run', '--prefix', gentoo.root, 'app-misc/hello', '--', '/bin/sh', '-ec'],
        `mkdir /tmp/lvfs-$$; cd /tmp/lvfs-$$; trap 'rm -r /tmp/lvfs-$$' EXIT
         printf '#include <stdio.h>\\n#include <${header}>\\nint main(void) { return puts(GREETING) < 0; }\\n' >hello.c
         gcc -I${gentoo.root}/usr/include -o hello hello.c
         ./hello`,
      );
    const good = await build('greet.h');
    t.is(good.status, 0, good.stderr);
    t.is(good.stdout, 'hello from the prefix\n');
    const bad = await build('secret.h');
    t.not(bad.status, 0);
    t.regex(bad.stderr, /secret\.h: No such file or directory/);
  },
);

/** Puts a real library in the place of one that a package of the prefix owns. */
function makeLibrary(root: string, name: string): void {
  const file = join(root, 'usr/lib', `lib${name}.so.1`);
  const source = `const char *${name}(void) { return "${name} of the prefix"; }\n`;
  execFileSync('gcc', ['-shared', '-fPIC', `-Wl,-soname,lib${name}.so.1`, '-x', 'c', '-', '-o', file], {
    input: source,
  });
}

compiles(
  `a program links and runs with the declared library of the prefix; one that is not declared is denied and reported${because}${hasCompiler ? '' : ' (skipped: no gcc)'}`,
  async (t) => {
    const { gentoo, box } = await prefix(t);
    for (const name of ['greet', 'secret']) makeLibrary(gentoo.root, name);
    const lib = `${gentoo.root}/usr/lib`;
    const build = async (name: string) => {
      const built = await box.lvfs(
        // What is proved is built with the library, too.
        ...['build', '--json', '--no-prove', '--prefix', gentoo.root, '--command'],
        `work=$(mktemp -d -p /tmp); cd $work; trap "rm -r $work" EXIT
         printf '#include <stdio.h>\\nconst char *${name}(void);\\nint main(void) { return puts(${name}()) < 0; }\\n' >main.c
         gcc -o main main.c -L${lib} -Wl,-rpath,${lib} -l${name} && ./main >${join(box.directory, name)}`,
        'app-misc/hello',
      );
      return { ...built, report: JSON.parse(built.stdout) as Report };
    };
    const good = await build('greet');
    t.is(good.status, 0, good.stderr);
    t.is(readFileSync(join(box.directory, 'greet'), 'utf8'), 'greet of the prefix\n');
    t.deepEqual(good.report.missing, []);

    const bad = await build('secret');
    t.is(bad.status, 29, bad.stderr);
    t.false(existsSync(join(box.directory, 'secret')));
    const [missing] = bad.report.missing;
    t.is(missing?.cpv, pkg('dev-libs/secret-1'));
    t.regex(missing?.suggest ?? '', /^DEPEND="dev-libs\/secret/);
    t.true(missing?.paths.includes(`${lib}/libsecret.so`), missing?.paths.join());
  },
);

test('the prefix is that of the portageq in PATH unless something else is said', async (t) => {
  const gentoo = await gentooRoot({ files: { '/usr/bin/portageq': '' } });
  t.teardown(gentoo.cleanup);
  const value = async (environment: NodeJS.ProcessEnv) => {
    const box = sandbox({
      PATH: `/nowhere:${gentoo.path('/usr/bin')}:${process.env['PATH']}`,
      ...environment,
    });
    t.teardown(() => box.cleanup());
    const { stdout } = await box.lvfs('config', '--json');
    return (JSON.parse(stdout) as { settings: Record<string, { value: unknown }> }).settings['prefix']?.value;
  };
  t.is(await value({}), gentoo.root);
  t.is(await value({ PORTAGE_OVERRIDE_EPREFIX: '/other' }), '/other');
  t.is(await value({ LVFS_PREFIX: '/third', PORTAGE_OVERRIDE_EPREFIX: '/other' }), '/third');
  t.is(await value({ LVFS_ROOT: gentoo.root }), null);
});
