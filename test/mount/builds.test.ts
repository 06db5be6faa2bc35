import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import test from 'ava';
import { makeDebianVdb, type DebianVdb } from '../../examples/debianVdb.js';
import {
  buildCases,
  copyProject,
  declared,
  missingTools,
  type BuildCase,
  type Removal,
} from '../helpers/buildCases.js';
import { reasonNotToMount, testDriver } from '../helpers/withMemoryMount.js';
import { removeTree } from '../helpers/removeTree.js';

const lvfs = resolve(import.meta.dirname, '../../src/cli/main.js');
const reason = reasonNotToMount() ?? (existsSync('/var/lib/dpkg/status') ? undefined : 'no dpkg');

let top = '';
let debian: DebianVdb | undefined;
if (reason === undefined) {
  top = mkdtempSync(join(tmpdir(), 'lvfs-builds-'));
  debian = makeDebianVdb(join(top, 'gentoo'));
}
test.after.always(() => {
  if (top !== '') removeTree(top);
});

const installed = new Set(debian?.packages.map((one) => one.cpv.replace(/-\d[^-]*(-r\d+)?$/, '')));

/**
 * Mounts the view of $TARGET on $VIEW and runs $BUILD, then $RUN, chrooted in it with a writable /tmp, in namespaces of
 * their own: nothing is mounted where others see it. The status is that of $BUILD; 100 when the view could not be
 * mounted, 101 when it could not be unmounted, 102 when another driver than the one under test serves it.
 */
const script = `
lvfs() { "$NODE" "$LVFS" "$@"; }
lvfs mount --vdb "$VDB" --config-root "$CONFIG" --repo "$REPO" "$TARGET" "$VIEW" >&2 || exit 100
lvfs status "$VIEW" | grep -q "^driver *$LVFS_DRIVER$" || exit 102
inside() {
  unshare --mount --propagation private sh -c '
    mount --bind "$WORK" "$VIEW/tmp" && mount --rbind /dev "$VIEW/dev" && mount --rbind /proc "$VIEW/proc" &&
      exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/tmp chroot "$VIEW" /bin/sh -c "cd /tmp && $1"
  ' sh "$1"
}
inside "$BUILD" >&2
status=$?
inside "$RUN"
lvfs umount "$VIEW" >&2 || exit 101
exit $status
`;

interface Built {
  status: number;
  /** What the result printed. */
  printed: string;
  /** What the build and lvfs said. */
  log: string;
}

async function build(one: BuildCase, removal: Removal | undefined, system: DebianVdb): Promise<Built> {
  const place = mkdtempSync(join(top, `${one.name}-`));
  mkdirSync(join(place, 'view'));
  const target = system.addTarget({
    category: 'app-misc',
    name: one.name + (removal === undefined ? '' : `-without-${removal.atom.replace(/.*\//, '')}`),
    version: '1',
    DEPEND: declared(one, 'DEPEND', removal),
    BDEPEND: declared(one, 'BDEPEND', removal),
  });
  const env = {
    PATH: process.env['PATH'],
    NODE: process.execPath,
    LVFS: lvfs,
    LVFS_DRIVER: testDriver().name,
    LVFS_CACHE: join(top, 'cache'),
    LVFS_RUNTIME_DIR: join(place, 'run'),
    VDB: system.vdb,
    CONFIG: system.configRoot,
    REPO: system.repository,
    TARGET: `=${target}`,
    VIEW: join(place, 'view'),
    WORK: copyProject(one, join(place, 'work')),
    BUILD: one.build,
    RUN: one.run,
  };
  const child = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script], { env });
  let [printed, log] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const status = await new Promise<number>((done) => child.once('close', (code) => done(code ?? -1)));
  return { status, printed: printed.trimEnd(), log };
}

for (const one of buildCases) {
  const missing = missingTools(one, (atom) => installed.has(atom));
  const why = reason ?? (missing.length === 0 ? undefined : `no ${missing.join(', ')}`);
  const run = why === undefined ? test.serial : test.serial.skip;
  const skipped = why === undefined ? '' : ` (skipped: ${why})`;

  run(`${one.name} builds in the view of what it declares: ${one.about}${skipped}`, async (t) => {
    const { status, printed, log } = await build(one, undefined, debian!);
    t.is(status, 0, log);
    t.is(printed, one.prints, log);
  });

  for (const removal of one.removals) {
    const does = removal.outcome === 'fails' ? 'fails' : 'goes without it';
    run(`${one.name} ${does} when ${removal.atom} is not declared${skipped}`, async (t) => {
      const { status, printed, log } = await build(one, removal, debian!);
      if (removal.outcome === 'fails') {
        t.false([0, 100, 101, 102].includes(status), `${status}\n${log}`);
      } else {
        t.is(status, 0, log);
        t.is(printed, one.printsWithout ?? '', log);
      }
    });
  }
}
