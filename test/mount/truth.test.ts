/**
 * The mounted view of the real host against a second opinion: every path of /usr, /etc, /opt and /var/lib is looked at
 * on both sides. On a host without Gentoo's package database one is made of dpkg's.
 *
 * All names, attributes, listings and link targets are compared for every set of packages, with a driver that keeps nothing for one. Contents are compared for every
 * eighth file: whole up to 64 KiB, else the first 64 KiB and the last 4 KiB (`LVFS_TRUTH=full`: all of every file). `LVFS_TRUTH_VDB` names an existing database to use.
 */
import { isUtf8 } from 'node:buffer';
import {
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { makeDebianVdb } from '../../examples/debianVdb.js';
import { systemPaths } from '../../src/view/index.js';
import {
  linkTarget,
  look,
  readOwners,
  compiledCaches,
  visiblePaths,
  walkHost,
  type HostPath,
} from '../helpers/secondOpinion.js';
import { reasonNotToMount, testDriver } from '../helpers/withMemoryMount.js';
import { packagesIn, withMountedView } from '../helpers/withView.js';

const tops = ['/usr', '/etc', '/opt', '/var/lib'];
const headBytes = 64 * 1024;
const tailBytes = 4096;
const { exactNanoseconds, byteNames, staleSeconds } = testDriver().capabilities;
const isFull = process.env['LVFS_TRUTH'] === 'full';

let reason = reasonNotToMount();
if (reason === undefined && !existsSync('/var/db/pkg') && !existsSync('/var/lib/dpkg/status')) {
  reason = 'neither Portage nor dpkg has installed this system';
}

/** Both sides of one file, opened the same way. */
function sameContent(host: string, view: string, size: number, chunk: Buffer, other: Buffer): boolean {
  const flags = constants.O_RDONLY | constants.O_NOATIME;
  const a = openSync(Buffer.from(host, 'latin1'), flags);
  const b = openSync(Buffer.from(view, 'latin1'), constants.O_RDONLY);
  try {
    const ranges: [number, number][] = [[0, isFull ? size + 1 : headBytes]];
    if (!isFull && size > headBytes) ranges.push([Math.max(headBytes, size - tailBytes), tailBytes + 1]);
    for (const [start, length] of ranges) {
      for (let at = start; at < start + length;) {
        const want = Math.min(chunk.length, start + length - at);
        const got = readSync(a, chunk, 0, want, at);
        if (readSync(b, other, 0, want, at) !== got) return false;
        if (!chunk.subarray(0, got).equals(other.subarray(0, got))) return false;
        if (got < want) break;
        at += got;
      }
    }
    return true;
  } finally {
    closeSync(a);
    closeSync(b);
  }
}

const run = reason === undefined ? test.serial : test.serial.skip;

run(
  `a second opinion about every path agrees${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  async (t) => {
    t.timeout(600_000);
    let vdb = process.env['LVFS_TRUTH_VDB'] ?? '/var/db/pkg';
    if (!existsSync(vdb)) {
      const directory = mkdtempSync(join(tmpdir(), 'lvfs-truth-'));
      t.teardown(() => rmSync(directory, { recursive: true }));
      vdb = makeDebianVdb(directory).vdb;
    }
    const packages = packagesIn(vdb);
    const all = packages.map(({ cpv }) => cpv);
    const small =
      /^(sys-libs\/glibc|app-shells\/|sys-apps\/|sys-devel\/gcc|dev-lang\/perl|app-misc\/ca-cert|dev-lang\/python)/;
    const sets: [string, string[]][] = [
      ['half of the packages', all.filter((_, i) => i % 2 === 0)],
      ['a base system', all.filter((cpv) => small.test(cpv))],
      ['all but a base system', all.filter((cpv) => !small.test(cpv))],
    ];
    // Which paths are visible is decided in the same way with every driver; how each kind of them is told shows in one set.
    if (staleSeconds > 0) sets.splice(1);
    const host = walkHost(tops);
    const owners = readOwners(packages);
    t.log(`${host.size} paths, ${packages.length} packages`);

    for (const [name, visible] of sets) {
      const expected = new Set(
        [...visiblePaths({ host, owners, visible: new Set(visible), systemPaths })].filter(
          (path) => byteNames || isUtf8(Buffer.from(path, 'latin1')),
        ),
      );
      const isHost = vdb === '/var/db/pkg';
      await withMountedView(
        { root: '/', visible, ...(isHost ? {} : { vdb }) },
        ({ mountpoint, messages }) => {
          const started = performance.now();
          const { differences, shown, contents } = compare(host, expected, mountpoint, isFull ? 1 : 8);
          const seconds = ((performance.now() - started) / 1000).toFixed(1);
          t.log(
            `${name}: ${visible.length} packages, ${shown} visible paths, ${contents} contents, ${seconds} s`,
          );
          t.deepEqual(differences, [], name);
          // A big tree of hidden packages may be given up; the comparison says whether that was right.
          const others = messages.filter((message) => !message.includes('counts as empty'));
          t.deepEqual(others, []);
        },
      );
    }
  },
);

function compare(
  host: ReadonlyMap<string, HostPath>,
  expected: ReadonlySet<string>,
  mountpoint: string,
  every: number,
): { differences: string[]; shown: number; contents: number } {
  const differences: string[] = [];
  let shown = 0;
  let contents = 0;
  const differ = (path: string, what: string) => {
    if (differences.length < 40) differences.push(`${path}: ${what}`);
  };
  /** Visible names by host file, to count links and to compare identities. */
  const names = new Map<string, string[]>();
  for (const { path, stats } of host.values()) {
    if (stats.isDirectory() || stats.nlink === 1n || !expected.has(path)) continue;
    const key = `${stats.dev}:${stats.ino}`;
    names.set(key, [...(names.get(key) ?? []), path]);
  }
  const identities = new Map<bigint, string>();
  const numbers = new Map<string, bigint>();
  const chunk = Buffer.alloc(headBytes);
  const other = Buffer.alloc(headBytes);

  // What these are is told by test/unit/view/compiledCaches.test.ts.
  const isCache = compiledCaches(systemPaths);
  const visit = (path: string): void => {
    if (isCache(path)) return;
    const entry = host.get(path);
    // What came or went since the host was walked is nobody's mistake.
    const now = look(path);
    if (entry === undefined || now === undefined || now.ctimeNs !== entry.stats.ctimeNs) return;
    const seen = lstatSync(Buffer.from(mountpoint + path, 'latin1'), { bigint: true, throwIfNoEntry: false });
    if (!expected.has(path)) {
      if (seen !== undefined) differ(path, 'is visible, but should not be');
      return;
    }
    if (seen === undefined) return differ(path, 'is hidden, but should be visible');
    shown++;
    for (const field of [
      'mode',
      'uid',
      'gid',
      'size',
      'rdev',
      'blocks',
      'blksize',
      'mtimeNs',
      'ctimeNs',
      'atimeNs',
    ] as const) {
      const isTime = field.endsWith('Ns');
      const wanted = isTime && !exactNanoseconds ? now[field] - (now[field] % 1_000_000n) : now[field];
      if (seen[field] !== wanted) differ(path, `${field} is ${seen[field]}, should be ${wanted}`);
    }
    const key = `${now.dev}:${now.ino}`;
    const identity = now.isDirectory() || now.nlink === 1n ? path : key;
    if ((identities.get(seen.ino) ?? identity) !== identity)
      differ(path, 'has the inode number of another file');
    if ((numbers.get(identity) ?? seen.ino) !== seen.ino)
      differ(path, 'has another inode number than its other names');
    identities.set(seen.ino, identity);
    numbers.set(identity, seen.ino);

    if (now.isDirectory()) {
      const inside = entry.children.filter(
        (child) => expected.has(`${path}/${child}`) && !isCache(`${path}/${child}`),
      );
      const listed = readdirSync(Buffer.from(mountpoint + path, 'latin1'), 'latin1').filter(
        (child) => !isCache(`${path}/${child}`),
      );
      if (listed.sort().join('/') !== inside.sort().join('/')) {
        const wanted = new Set(inside);
        const got = new Set(listed);
        const wrong = [
          ...listed.filter((child) => !wanted.has(child)).map((child) => `+${child}`),
          ...inside.filter((child) => !got.has(child)).map((child) => `-${child}`),
        ];
        differ(path, `lists ${wrong.slice(0, 10).join(' ')}`);
      }
      const directories = inside.filter((child) => host.get(`${path}/${child}`)?.stats.isDirectory()).length;
      const links = now.nlink < 2n ? now.nlink : BigInt(2 + directories);
      if (seen.nlink !== links) differ(path, `has ${seen.nlink} links, should have ${links}`);
      for (const child of entry.children) visit(`${path}/${child}`);
    } else {
      const links = now.nlink === 1n ? 1 : (names.get(key)?.length ?? 1);
      if (seen.nlink !== BigInt(links)) differ(path, `has ${seen.nlink} links, should have ${links}`);
      if (now.isSymbolicLink()) {
        const target = linkTarget(mountpoint + path);
        if (target !== linkTarget(path)) differ(path, `leads to ${target}`);
      } else if (now.isFile() && shown % every === 0) {
        contents++;
        if (!sameContent(path, mountpoint + path, Number(now.size), chunk, other))
          differ(path, 'has other content');
      }
    }
  };
  for (const top of tops) visit(top);
  return { differences, shown, contents };
}
