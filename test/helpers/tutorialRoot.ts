/** The machine of docs/tutorial.md: a small Gentoo system whose emerge runs the phases of the tutorial's ebuild. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { gentooRoot, repositoryPath, type GentooRoot } from './gentooRoot.js';
import { program, sandbox, type Sandbox } from './lvfs.js';

/** What Portage does of the ebuild: src_compile, and a binary package of what src_install would install. */
const emerge = `#!/bin/sh
run=\${PORTAGE_TMPDIR:-/var/tmp}/portage/app-misc/greet-1
rm -rf $run; mkdir -p $run/image/usr/share $run/greet-1 "\${PKGDIR:-/var/cache/binpkgs}/app-misc"
echo '>>> Compiling source in greet-1 ...'
env CATEGORY=app-misc PF=greet-1 EBUILD_PHASE=compile sh -c 'yacc -o parser.c parser.y && cp /usr/share/words/english /dev/null' || {
  echo ' * ERROR: app-misc/greet-1::gentoo failed (compile phase)'
  exit 1
}
: >$run/image/usr/share/greet
: >$run/greet-1/gpkg-1
tar -C $run -cf $run/greet-1/image.tar image
tar -C $run -cf "\${PKGDIR:-/var/cache/binpkgs}/app-misc/greet-1.gpkg.tar" greet-1
rm -rf $run
`;

/** Portage's program that writes the metadata cache: of an ebuild without inheritance that is its variables. */
const egencache = (repository: string): string => `#!/bin/sh
cd ${repository}
{ sed 's/"//g' app-misc/greet/greet-1.ebuild; echo _md5_=$(md5sum <app-misc/greet/greet-1.ebuild | cut -d ' ' -f 1); } >metadata/md5-cache/app-misc/greet-1
`;

/** See the head of this file; everything is gone after the test. */
export interface TutorialRoot extends Sandbox {
  readonly gentoo: GentooRoot;
  /** Runs a line of sh as its reader does, in the repository. */
  type(line: string): { status: number | null; shown: string };
}

/** Makes it. */
export async function tutorialRoot(t: ExecutionContext): Promise<TutorialRoot> {
  const gentoo = await gentooRoot({
    packages: {
      'sys-apps/portage-3.0.66': { files: { '/usr/bin/emerge': { text: emerge, mode: 0o755 } } },
      'sys-devel/bison-3.8.2': { files: { '/usr/bin/yacc': { text: '#!/bin/sh\n', mode: 0o755 } } },
      'app-dicts/words-2': { files: { '/usr/share/words/english': 'hello\n' } },
    },
    ebuilds: { 'app-misc/greet-1': { DEPEND: 'app-dicts/words' } },
    system: ['sys-apps/portage'],
  });
  const mounts: string[] = [];
  for (const [host, inside] of [
    ['/usr/bin', '/bin'],
    ['/usr/lib', '/lib'],
    ['/usr/lib64', '/lib64'],
  ] as const) {
    mkdirSync(gentoo.path(inside));
    if (spawnSync('mount', ['--bind', host, gentoo.path(inside)]).status === 0) mounts.push(inside);
  }
  const box = sandbox({
    LVFS_ROOT: gentoo.root,
    LVFS_SHOW: '/bin /lib /lib64',
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  });
  const bin = join(box.directory, 'bin');
  mkdirSync(bin);
  symlinkSync(program, join(bin, 'lvfs'));
  mkdirSync(gentoo.path(box.directory), { recursive: true });
  mkdirSync(gentoo.path('/var/tmp/portage'), { recursive: true });
  t.teardown(() => {
    for (const inside of mounts.reverse()) spawnSync('umount', ['--lazy', gentoo.path(inside)]);
    gentoo.cleanup();
    box.cleanup();
  });
  const repository = gentoo.path(repositoryPath);
  spawnSync('git', ['init', '-q', repository]);
  writeFileSync(join(bin, 'egencache'), egencache(repository), { mode: 0o755 });
  const environment = {
    ...box.environment,
    PATH: `${bin}:${box.environment['PATH'] ?? ''}`,
    ...{
      GIT_AUTHOR_NAME: 'Larry',
      GIT_AUTHOR_EMAIL: 'larry@example.org',
      ECHANGELOG_USER: 'Larry <larry@example.org>',
    },
  };
  return {
    ...box,
    gentoo,
    type(line) {
      const { status, stdout } = spawnSync('sh', ['-c', `{ ${line}\n} 2>&1`], {
        cwd: repository,
        env: environment,
        encoding: 'utf8',
      });
      return { status, shown: stdout.replaceAll(gentoo.root, '') };
    },
  };
}
