/** A system in which a script stands in for emerge, for what builds several times. */
import { readdirSync, readFileSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { host, withCommands, type Commands } from './commands.js';
import type { GentooRootSpec, InstalledSpec } from './gentooRoot.js';

/** Notes in which environment it ran, and offers what scripts need to build a package. */
const prologue = `#!/bin/sh
echo "tmp=\${PORTAGE_TMPDIR:-/var/tmp} packages=\${PKGDIR:-/var/cache/binpkgs}" >> /var/tmp/runs
run=$(wc -l < /var/tmp/runs)
build=\${PORTAGE_TMPDIR:-/var/tmp}/portage/dev-libs/foo-1
rm -rf $build; mkdir -p $build/image $build/work
phase() { env CATEGORY=dev-libs PF=foo-1 EBUILD_PHASE=compile sh -c "$1"; }
package() {
  mkdir -p $build/foo-1 "\${PKGDIR:-/var/cache/binpkgs}/dev-libs"
  touch $build/foo-1/gpkg-1
  tar -C $build -cf $build/foo-1/image.tar image
  tar -C $build -cf "\${PKGDIR:-/var/cache/binpkgs}/dev-libs/foo-1.gpkg.tar" foo-1
  case " $FEATURES " in *" noclean "*) ;; *) rm -rf $build ;; esac
}
`;

/** A system whose emerge is this script, and four hidden packages with a program each. */
export function withEmerge(
  t: ExecutionContext,
  script: string,
  more: Pick<GentooRootSpec, 'packages' | 'ebuilds'> = {},
): Promise<Commands> {
  const program = (name: string): InstalledSpec => ({
    files: { [`/opt/portage/bin/${name}`]: { text: `#!/bin/sh\necho ${name}\n`, mode: 0o755 } },
  });
  return withCommands(
    t,
    {
      packages: {
        'sys-apps/portage-3.0.66': {
          files: { '/opt/emerge/bin/emerge': { text: prologue + script, mode: 0o755 } },
        },
        'sys-devel/flexer-2': program('flexer'),
        'sys-devel/bisoner-3': program('bisoner'),
        'dev-util/helper-1': program('helper'),
        'dev-util/scanner-1': program('scanner'),
        'app-misc/front-1': { RDEPEND: 'dev-libs/deep', files: { '/opt/front/x': '' } },
        ...more.packages,
      },
      ...(more.ebuilds === undefined ? {} : { ebuilds: more.ebuilds }),
    },
    { PATH: '/usr/sbin:/usr/bin:/sbin:/bin:/opt/emerge/bin:/opt/portage/bin' },
  );
}

/** Shows the host's programs, and emerge, which no dependency brings in. */
export const shown = ({ gentoo }: Commands): string[] => [
  ...host,
  '--ro',
  `${gentoo.path('/opt/emerge')}:/opt/emerge`,
];

/** In what environment each build ran. */
export const runs = (f: Commands): string[] =>
  readFileSync(f.gentoo.path('/var/tmp/runs'), 'utf8').trimEnd().split('\n');

/** Nothing is left of what was made only to be looked at. */
export function nothingOfProofs(t: ExecutionContext, { gentoo }: Commands): void {
  const left = readdirSync(gentoo.path('/var/tmp')).filter((name) => name.startsWith('lvfs-'));
  t.deepEqual(left, []);
}
