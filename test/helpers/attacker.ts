/**
 * Whoever is after what is hidden: a program that tries, at a place, all that a process can ask a file system, and prints as JSON what
 * each attempt has learnt. Of a view it is to learn nothing; of the bare tree each attempt learns something, which shows that it
 * would.
 *
 *     node attacker.js ROOT
 *
 * Below ROOT lies the tree that {@link attackedTree} describes. Whatever is hidden is named `hidden…` and holds {@link secret}.
 */
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  opendirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode } from '../../src/base/index.js';
import type { GentooRootSpec } from './gentooRoot.js';
import { hasNumbers, native, outcomeOf, pathCallNames } from './pathCalls.js';

/** What hidden files hold. */
export const secret = 'S3CRET';

/** Calls that change something, each with a victim of its own and a name that nobody has. */
const changes: Readonly<Record<string, (path: string) => void>> = {
  mkdir: (path) => mkdirSync(path),
  rmdir: (path) => rmdirSync(path),
  unlink: (path) => unlinkSync(path),
  rename: (path) => renameSync(path, `${path}.renamed`),
  link: (path) => linkSync(path, `${path}.linked`),
  symlink: (path) => symlinkSync('x', path),
  chmod: (path) => chmodSync(path, 0o600),
  chown: (path) => chownSync(path, 1, 1),
  utimes: (path) => lutimesSync(path, 1, 1),
  truncate: (path) => truncateSync(path, 0),
  create: (path) => closeSync(openSync(path, 'wx')),
  append: (path) => closeSync(openSync(path, constants.O_WRONLY | constants.O_APPEND)),
  copy: (path) => copyFileSync(path, `${path}.copied`),
};

/** What a call is tried on, hidden or absent. */
const victim = (which: 'hidden' | 'absent', call: string): string =>
  `opt/shared/${which}-${call.replace(/\W+/g, '-')}`;

const victims = Object.fromEntries(
  [...Object.keys(changes), ...pathCallNames].map((name) => [`/${victim('hidden', name)}`, secret]),
);

/** Between neighbours of what is visible so many hidden names are merged. */
export const gaps = [0, 7, 1, 12, 3, 9, 0, 15, 5, 2, 11, 4, 8, 1, 13, 6];

const numbered = (i: number): string => String(i).padStart(2, '0');

/** Packages that are merged one after the other, visible ones and hidden ones in turns. */
const crowd: GentooRootSpec['packages'] = Object.fromEntries(
  gaps.flatMap((count, i) => [
    [
      `crowd/p${numbered(i)}-hidden-1`,
      {
        files: Object.fromEntries(
          Array.from({ length: count }, (_, j) => [`/opt/crowd/hidden-${i}-${j}`, secret]),
        ),
      },
    ],
    [`crowd/p${numbered(i)}-shown-1`, { files: { [`/opt/crowd/shown-${i}`]: 'x' } }],
  ]),
);

/** What is attacked: `dev-libs/foo` needs `dev-libs/bar`; `dev-libs/hidden` is hidden, and so is what nobody owns. */
export const attackedTree: GentooRootSpec = {
  packages: {
    'sys-libs/zlib-1.3': { files: { '/opt/zlib/zlib.h': 'zlib' } },
    'dev-libs/bar-1': {
      RDEPEND: 'sys-libs/zlib',
      files: {
        '/opt/shared/seen.h': 'seen',
        '/opt/shared/sub/seen.h': 'seen',
        '/opt/shared/to-file': { link: 'hidden.h' },
        '/opt/shared/to-directory': { link: '../hidden' },
        '/opt/shared/to-link': { link: 'to-file' },
        '/opt/shared/through': { link: '../hidden/../shared/seen.h' },
      },
    },
    'dev-libs/hidden-1': {
      files: {
        '/opt/hidden/tool': { text: `#!/bin/sh\necho ${secret}\n`, mode: 0o755 },
        '/opt/hidden/deep/data': secret,
        '/opt/shared/hidden.h': secret,
        '/opt/shared/hidden-pointer': { link: secret },
        '/opt/shared/hidden-directory/data': secret,
        '/opt/shared/hidden-twin': { hardLink: '/opt/shared/seen.h' },
        ...victims,
      },
    },
    ...crowd,
  },
  ebuilds: {
    'dev-libs/foo-1': {
      DEPEND: ['dev-libs/bar', ...gaps.map((_, i) => `crowd/p${numbered(i)}-shown`)].join(' '),
    },
  },
  files: { '/opt/hidden-litter': secret, '/opt/shared/hidden-litter': secret },
};

/** Why a call fails; `done` when it does not. */
function outcome(call: () => unknown): string {
  try {
    call();
    return 'done';
  } catch (error) {
    return errorCode(error) ?? String(error);
  }
}

/** What a call gives, as evidence; nothing when it fails. */
function evidence(call: () => unknown): string[] {
  try {
    const got = call();
    return got === undefined ? ['done'] : [String(got)];
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return [];
  }
}

/** A call says something of a hidden name when it fails otherwise for one that nobody has. */
function differs(call: (path: string) => unknown, hidden: string, absent: string): string[] {
  const [a, b] = [outcome(() => call(hidden)), outcome(() => call(absent))];
  return a === b ? [] : [`${a} rather than ${b}`];
}

const namesHidden = (names: readonly string[]): string[] => names.filter((name) => name.includes('hidden'));

/** System calls of Linux by their numbers on this machine; undefined elsewhere. */
const syscalls = hasNumbers ? { getdents64: 217, name_to_handle_at: 303, open_by_handle_at: 304 } : undefined;

/** The records of a directory: name, inode number and offset of each. */
function records(path: string): { name: string; ino: bigint; offset: bigint }[] {
  if (syscalls === undefined) return [];
  const call = native(['int', 'void *', 'size_t']);
  const found: { name: string; ino: bigint; offset: bigint }[] = [];
  const buffer = Buffer.alloc(1 << 16);
  const fd = openSync(path, 'r');
  try {
    for (;;) {
      const length = call(syscalls.getdents64, fd, buffer, buffer.length);
      if (length <= 0) return found;
      for (let at = 0; at < length; at += buffer.readUInt16LE(at + 16)) {
        const name = buffer.toString('latin1', at + 19, buffer.indexOf(0, at + 19));
        found.push({ name, ino: buffer.readBigUInt64LE(at), offset: buffer.readBigUInt64LE(at + 8) });
      }
    }
  } finally {
    closeSync(fd);
  }
}

/** Whether numbers of what is visible grow with how much that is hidden lies between: a correlation of ranks. */
export function tellsGaps(numbers: readonly bigint[]): string[] {
  const steps = numbers.slice(1).map((value, i) => Number(value - numbers[i]!));
  const hidden = gaps.slice(1);
  const ranks = (values: readonly number[]): number[] =>
    values.map((value) => values.filter((other) => other < value).length);
  const [a, b] = [ranks(steps), ranks(hidden)];
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, one) => sum + one, 0) / values.length;
  const [ma, mb] = [mean(a), mean(b)];
  const product = a.reduce((sum, one, i) => sum + (one - ma) * (b[i]! - mb), 0);
  const size = (values: readonly number[], m: number): number =>
    Math.sqrt(values.reduce((sum, one) => sum + (one - m) ** 2, 0));
  const correlation = product / (size(a, ma) * size(b, mb) || 1);
  // Of so few numbers, one choice by chance in ten thousand comes to 0.9.
  return correlation > 0.97 ? [`correlation ${correlation.toFixed(2)}`] : [];
}

/** struct file_handle of a path: bytes; undefined where there is none. */
function handleOf(path: string): Buffer | undefined {
  if (syscalls === undefined) return undefined;
  const call = native(['int', 'void *', 'void *', 'void *', 'int']);
  const handle = Buffer.alloc(8 + 128);
  handle.writeUInt32LE(128, 0);
  const result = call(syscalls.name_to_handle_at, -100, Buffer.from(`${path}\0`), handle, Buffer.alloc(8), 0);
  return result < 0 ? undefined : handle.subarray(0, 8 + handle.readUInt32LE(0));
}

function openHandle(directory: string, handle: Buffer): string[] {
  if (syscalls === undefined) return [];
  const call = native(['int', 'void *', 'int']);
  const mount = openSync(directory, 'r');
  try {
    const fd = call(syscalls.open_by_handle_at, mount, handle, constants.O_RDONLY);
    if (fd < 0) return [];
    try {
      return evidence(() => readFileSync(fd, 'latin1')).filter((text) => text.includes(secret));
    } finally {
      closeSync(fd);
    }
  } finally {
    closeSync(mount);
  }
}

/** What is tried. Each gives what it has learnt of what is hidden. */
export const attacks: Readonly<Record<string, (root: string) => string[]>> = {
  'a listing': (root) => namesHidden(readdirSync(join(root, 'opt/shared'))),
  'a listing of the directory above': (root) => namesHidden(readdirSync(join(root, 'opt'))),
  'a listing with types': (root) =>
    namesHidden(readdirSync(join(root, 'opt/shared'), { withFileTypes: true }).map(({ name }) => name)),
  'a walk': (root) => namesHidden(readdirSync(join(root, 'opt'), { recursive: true }).map(String)),
  'a listing by its system call': (root) =>
    namesHidden(records(join(root, 'opt/shared')).map(({ name }) => name)),
  'a listing one entry at a time': (root) => {
    const directory = opendirSync(join(root, 'opt/shared'), { bufferSize: 1 });
    const names: string[] = [];
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync())
      names.push(entry.name);
    directory.closeSync();
    return namesHidden(names);
  },
  'a hidden file by its name': (root) => evidence(() => lstatSync(join(root, 'opt/shared/hidden.h')).ino),
  'a hidden directory by its name': (root) => evidence(() => statSync(join(root, 'opt/hidden')).ino),
  'what nobody owns, by its name': (root) => evidence(() => lstatSync(join(root, 'opt/hidden-litter')).ino),
  'a file below a hidden directory': (root) =>
    evidence(() => readFileSync(join(root, 'opt/hidden/deep/data'), 'latin1')),
  'content of a hidden file': (root) =>
    evidence(() => readFileSync(join(root, 'opt/shared/hidden.h'), 'latin1')),
  'a hidden name with a slash behind it': (root) =>
    differs((path) => lstatSync(`${path}/`), join(root, 'opt/hidden'), join(root, 'opt/absent')),
  'a hidden name with slashes and dots': (root) =>
    evidence(() => lstatSync(`${root}/opt//shared/./hidden.h`).ino),
  'a hidden name used as a directory': (root) =>
    differs(
      (path) => lstatSync(`${path}/x`),
      join(root, 'opt/shared/hidden.h'),
      join(root, 'opt/shared/absent'),
    ),
  'the way back out of a hidden directory': (root) =>
    evidence(() => readFileSync(`${root}/opt/hidden/../shared/seen.h`, 'latin1')),
  'a visible link to a hidden file': (root) =>
    evidence(() => readFileSync(join(root, 'opt/shared/to-file'), 'latin1')),
  'a link to a link to a hidden file': (root) =>
    evidence(() => readFileSync(join(root, 'opt/shared/to-link'), 'latin1')),
  'a visible link to a hidden directory': (root) =>
    evidence(() => readdirSync(join(root, 'opt/shared/to-directory')).join()),
  'a link whose way leads through a hidden directory': (root) =>
    evidence(() => readFileSync(join(root, 'opt/shared/through'), 'latin1')),
  'where a visible link ends': (root) => evidence(() => realpathSync(join(root, 'opt/shared/to-file'))),
  'the target of a hidden link': (root) =>
    evidence(() => readlinkSync(join(root, 'opt/shared/hidden-pointer'))),
  'access(2)': (root) =>
    differs((path) => accessSync(path), join(root, 'opt/shared/hidden.h'), join(root, 'opt/shared/absent')),
  'through /proc/self/root': (root) =>
    evidence(() => readFileSync(`/proc/self/root${root}/opt/shared/hidden.h`, 'latin1')),
  'through /proc/self/cwd': (root) => {
    process.chdir(join(root, 'opt/shared'));
    try {
      return evidence(() => readFileSync('/proc/self/cwd/hidden.h', 'latin1'));
    } finally {
      process.chdir('/');
    }
  },
  'through /proc/self/fd': (root) => {
    const fd = openSync(join(root, 'opt/shared'), 'r');
    try {
      return evidence(() => readFileSync(`/proc/self/fd/${fd}/hidden.h`, 'latin1'));
    } finally {
      closeSync(fd);
    }
  },
  'up from an open directory': (root) => {
    const fd = openSync(join(root, 'opt/shared'), 'r');
    try {
      return evidence(() => readFileSync(`/proc/self/fd/${fd}/../hidden/deep/data`, 'latin1'));
    } finally {
      closeSync(fd);
    }
  },
  'a hidden directory to work in': (root) => {
    const result = evidence(() => process.chdir(join(root, 'opt/hidden')));
    process.chdir('/');
    return result;
  },
  'a hidden program': (root) => {
    const { stdout, error } = spawnSync(join(root, 'opt/hidden/tool'), { encoding: 'utf8' });
    return error === undefined && stdout.includes(secret) ? [stdout] : [];
  },
  'watching a hidden file': (root) =>
    evidence(() => {
      watch(join(root, 'opt/shared/hidden.h')).close();
    }),
  'names of a file': (root) => {
    const { nlink } = lstatSync(join(root, 'opt/shared/seen.h'));
    return nlink === 1 ? [] : [`${nlink} names`];
  },
  'subdirectories of a directory': (root) => {
    const path = join(root, 'opt/shared');
    const { nlink } = lstatSync(path);
    const seen = readdirSync(path, { withFileTypes: true }).filter(
      (entry) => entry.isDirectory() && !entry.name.includes('hidden'),
    );
    return nlink === 2 + seen.length ? [] : [`${nlink} links for ${seen.length} directories`];
  },
  'gaps between inode numbers': (root) =>
    tellsGaps(gaps.map((_, i) => lstatSync(join(root, `opt/crowd/shown-${i}`), { bigint: true }).ino)),
  'gaps between inode numbers in a listing': (root) => {
    const found = new Map(records(join(root, 'opt/crowd')).map(({ name, ino }) => [name, ino]));
    return found.size === 0 ? [] : tellsGaps(gaps.map((_, i) => found.get(`shown-${i}`) ?? 0n));
  },
  'gaps between offsets in a listing': (root) => {
    const all = records(join(root, 'opt/crowd'));
    // What lies between two that are visible is told by the order of all as well, where that is the order of their making.
    const found = new Map(all.map(({ name, offset }) => [name, offset]));
    const numbers = gaps.map((_, i) => found.get(`shown-${i}`) ?? 0n);
    return all.some(({ name }) => name.includes('hidden')) ? ['it lists them'] : tellsGaps(numbers);
  },
  'gaps between numbers in file handles': (root) => {
    const handles = gaps.map((_, i) => handleOf(join(root, `opt/crowd/shown-${i}`)));
    if (handles.some((handle) => handle === undefined)) return [];
    // Where in the handle the number is depends on the file system.
    return [8, 12].flatMap((at) =>
      tellsGaps(handles.map((handle) => BigInt(handle!.length < at + 4 ? 0 : handle!.readUInt32LE(at)))),
    );
  },
  'a hidden file by the handle of another': (root) => {
    const own = handleOf(join(root, 'opt/shared/hidden.h'));
    const directory = join(root, 'opt/shared');
    if (own !== undefined) return openHandle(directory, own);
    const handle = handleOf(join(directory, 'seen.h'));
    if (handle === undefined || handle.length < 12) return [];
    // All numbers that the index of so small a system can have.
    for (let number = 1; number < 3000; number++) {
      for (const at of [8, 12].filter((place) => place + 4 <= handle.length)) {
        const forged = Buffer.from(handle);
        forged.writeUInt32LE(number, at);
        const found = openHandle(directory, forged);
        if (found.length > 0) return found;
      }
    }
    return [];
  },
  'a record in the database': (root) => namesHidden(readdirSync(join(root, 'var/db/pkg/dev-libs'))),
  'a file of a record in the database': (root) =>
    evidence(() => readFileSync(join(root, 'var/db/pkg/dev-libs/hidden-1/CONTENTS'), 'latin1').length),
  'a mount on a hidden directory': (root) => {
    const place = mkdtempSync('/tmp/attack-');
    const { status } = spawnSync('mount', ['--bind', join(root, 'opt/hidden'), place]);
    if (status === 0) spawnSync('umount', [place]);
    rmdirSync(place);
    // Who has no right to mount learns nothing of it either way.
    return status === 0 ? ['mounted'] : [];
  },
  'a name that is too long, in a hidden directory': (root) =>
    differs(
      (path) => lstatSync(join(path, 'x'.repeat(300))),
      join(root, 'opt/hidden'),
      join(root, 'opt/absent'),
    ),
  ...Object.fromEntries(
    Object.entries(changes).map(([name, call]) => [
      `${name} of a hidden name`,
      (root: string) => differs(call, join(root, victim('hidden', name)), join(root, victim('absent', name))),
    ]),
  ),
  ...Object.fromEntries(
    pathCallNames.map((name) => [
      `the system call ${name}`,
      (root: string) => {
        const outcomes = (['hidden', 'absent'] as const).map((which) =>
          outcomeOf(name, join(root, victim(which, name))),
        );
        return outcomes[0] === outcomes[1] ? [] : [`errno ${outcomes.join(' rather than ')}`];
      },
    ]),
  ),
  'the categories of the database': (root) => namesHidden(readdirSync(join(root, 'var/db/pkg/crowd'))),
  'a hidden file copied by the kernel': (root) => {
    const place = mkdtempSync('/tmp/attack-');
    const found = evidence(() => copyFileSync(join(root, 'opt/shared/hidden.h'), join(place, 'x')));
    rmSync(place, { recursive: true });
    return found;
  },
  'a hidden file linked into a directory that can be written to': (root) => {
    const place = mkdtempSync('/tmp/attack-');
    const found = differs(
      (path) => linkSync(path, join(place, 'x')),
      join(root, 'opt/shared/hidden-link'),
      join(root, 'opt/shared/absent'),
    );
    rmSync(place, { recursive: true });
    return found;
  },
  'a name opened by its path alone, and again': (root) =>
    evidence(() => {
      const fd = openSync(join(root, 'opt/shared'), 0o10000000);
      try {
        return readFileSync(`/proc/self/fd/${fd}/hidden.h`, 'latin1');
      } finally {
        closeSync(fd);
      }
    }),
  'through the root of every process': (root) =>
    processes().flatMap((pid) =>
      evidence(() => readFileSync(`/proc/${pid}/root${root}/opt/hidden/deep/data`, 'latin1')),
    ),
  'through what every process has open': (root) =>
    openDirectories().flatMap((path) =>
      ['opt/hidden/deep/data', `${root}/opt/hidden/deep/data`].flatMap((below) =>
        evidence(() => readFileSync(`${path}/${below}`, 'latin1')),
      ),
    ),
  'what is mounted': () => namesHidden(readFileSync('/proc/self/mountinfo', 'latin1').split('\n')),
  'a file of a bound directory by its handle': () => {
    const place = mkdtempSync('/tmp/attack-');
    writeFileSync(join(place, 'x'), secret);
    const handle = handleOf(join(place, 'x'));
    const found = handle === undefined ? [] : openHandle('/tmp', handle);
    rmSync(place, { recursive: true });
    return found;
  },
};

/** The working directories, and whatever else is open, of all processes that this one may look at. */
function openDirectories(): string[] {
  return processes().flatMap((pid) => {
    try {
      return [`/proc/${pid}/cwd`, ...readdirSync(`/proc/${pid}/fd`).map((fd) => `/proc/${pid}/fd/${fd}`)];
    } catch {
      return [];
    }
  });
}

/**
 * The processes that an attack is tried through: not those that are known to be in another mount namespace, where a file system may be
 * one that does not answer, as those of other tests that run meanwhile.
 */
function processes(): string[] {
  const own = readlinkSync('/proc/self/ns/mnt');
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readlinkSync(`/proc/${name}/ns/mnt`) === own;
    } catch {
      return true;
    }
  });
}

/** What root is not kept from outside of the view, where all processes and directories are his. */
export const onlyInside: ReadonlySet<string> = new Set([
  'through what every process has open',
  'a file of a bound directory by its handle',
]);

/** What tells nothing of some trees that hide nothing: not every file system counts the numbers of files up. */
export const needsCounting: ReadonlySet<string> = new Set([
  'gaps between inode numbers',
  'gaps between inode numbers in a listing',
  'gaps between numbers in file handles',
  // It names no files; and that one is made in any case.
  'what is mounted',
  'the system call open, made if need be',
]);

const [, script, root] = process.argv;
if (root !== undefined && script !== undefined && existsSync(script) && dirname(script).endsWith('helpers')) {
  const learnt = Object.entries(attacks).map(([name, attack]) => {
    try {
      return [name, attack(root)];
    } catch (error) {
      return [name, [`the attack failed: ${String(error)}`]];
    }
  });
  process.stdout.write(JSON.stringify(Object.fromEntries(learnt)));
}
