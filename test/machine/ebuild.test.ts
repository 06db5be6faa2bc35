/** `app-portage/lvfs`: what `npm run release` makes is built and installed by real Portage, and the installed lvfs works. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { sandbox } from '../helpers/lvfs.js';
import { inGentooWith, whyNoPortage } from '../helpers/realPortage.js';

const checkout = fileURLToPath(new URL('../../..', import.meta.url));
const box = sandbox();
test.after.always(() => box.cleanup());

const git = spawnSync('git', ['rev-parse'], { cwd: checkout }).status === 0;
const isMade = git ? undefined : 'no checkout of git to make the tarballs from';
const reason = isMade ?? whyNoPortage();
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

/** The directory of a release, made where it is not there yet; two of the same sources are equal. */
function release(name: string): string {
  const directory = join(box.directory, name);
  if (!existsSync(directory))
    execFileSync(process.execPath, [join(checkout, 'packaging/release.js'), directory], { stdio: 'ignore' });
  return directory;
}

(isMade === undefined ? test.serial : test.serial.skip)(
  `a release made twice is the same, and its Manifest names its files${isMade === undefined ? '' : ` (skipped: ${isMade})`}`,
  (t) => {
    t.timeout(900_000, 'two archives of all that tests need');
    const manifest = (directory: string): string =>
      readFileSync(join(directory, 'overlay/app-portage/lvfs/Manifest'), 'utf8');
    const first = release('release');
    t.is(manifest(release('again')), manifest(first));
    const files = [...manifest(first).matchAll(/^DIST (\S+) \d+ BLAKE2B \w{128} SHA512 \w{128}$/gm)];
    t.deepEqual(
      files.map(([, name]) => name),
      readdirSync(join(first, 'distfiles')).sort(),
    );
  },
);

/** What pkgcheck says of every ebuild whose repository is based on a part of Gentoo's. */
const partOfTree = [
  'NonexistentDeps',
  'NonsolvableDepsInDev',
  'NonsolvableDepsInStable',
  'UnknownLicense',
  'UnknownLicenses',
];

(reason === undefined ? test.serial : test.serial.skip)(
  `Portage installs it, koffi compiled, and the installed lvfs builds in a view${skipped}`,
  async (t) => {
    t.timeout(900_000, 'koffi is compiled, and emerge runs twice');
    const directory = release('release');
    const script = `
      cp ${directory}/distfiles/* /var/cache/distfiles/
      # Where somebody has it, what a developer would be told; the tree there has not all packages and licences of Gentoo.
      if command -v pkgcheck >/dev/null; then
        pkgcheck scan --repo ${directory}/overlay --keywords=-${partOfTree.join(',-')} --exit error >&2 || exit 3
      fi
      USE="doc -prebuilt" emerge --quiet app-portage/lvfs >&2 || exit 4
      cd /
      echo "program $(readlink -f "$(command -v lvfs)")"
      echo "calls $(lvfs doctor | grep '^ok    system calls')"
      for file in /sbin/mount.lvfs /sbin/umount.fuse.lvfs /usr/lib/tmpfiles.d/lvfs.conf /etc/init.d/lvfs /lib/systemd/system/lvfs@.service \\
        /usr/share/bash-completion/completions/lvfs /usr/share/zsh/site-functions/_lvfs /usr/share/fish/vendor_completions.d/lvfs.fish \\
        /usr/share/man/man{1/lvfs.1,5/lvfs.conf.5,8/mount.lvfs.8}.bz2; do
        [ -e "$file" ] || echo "missing $file"
      done
      command -v systemd-analyze >/dev/null && systemd-analyze verify --man=no /lib/systemd/system/lvfs@.service 2>&1 | sed 's/^/unit /'
      lvfs build --no-prove sample/m-header >${directory}/report 2>&1
      echo "status $?"
      grep -m1 '^  DEPEND' ${directory}/report
    `;
    const { stdout, stderr, status } = await inGentooWith(join(directory, 'overlay'), directory, script);
    t.is(status, 0, stderr);
    t.deepEqual(stdout.trim().split('\n'), [
      'program /usr/lib64/node_modules/lvfs/dist/src/cli/main.js',
      'calls ok    system calls              through koffi',
      'status 29',
      '  DEPEND="dev-libs/libevent"',
    ]);
  },
);
