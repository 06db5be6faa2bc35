/**
 * Builds a small Gentoo system in a temporary directory from an object: installed packages with their real files, a
 * repository with its md5-cache, a profile, the configuration, and whatever nobody owns.
 *
 *     const gentoo = await gentooRoot({
 *       packages: {
 *         'sys-libs/zlib-1.3': { files: { '/usr/include/zlib.h': 'x', '/usr/lib64/libz.so': { link: 'libz.so.1' } } },
 *         'dev-libs/bar-1': { RDEPEND: 'sys-libs/zlib:0=' },
 *       },
 *       ebuilds: { 'dev-libs/foo-1': { DEPEND: 'dev-libs/bar' } },
 *       system: ['sys-libs/zlib'],
 *       files: { '/usr/bin/cc': { link: 'gcc' } },
 *     });
 *     t.teardown(gentoo.cleanup);
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeTree } from './removeTree.js';

/**
 * What is at a path: the text or the bytes of a regular file, one of the other kinds, or `null` for what CONTENTS lists
 * though it is not there.
 */
export type FileSpec =
  | string
  | Uint8Array
  | null
  | { text: string; mode?: number; mtime?: number }
  | { link: string }
  | { hardLink: string }
  | { directory: true; mode?: number }
  | { fifo: true };

/**
 * Files by absolute path inside the root. Written in the order given. A path that begins with `latin1:` stands for the bytes of the
 * code points behind that, for names that are not UTF-8.
 */
export type FileTree = Record<string, FileSpec>;

/** An installed package: its files, and any value of its VDB entry under the value's own name. */
export type InstalledSpec = { files?: FileTree } & { [value: string]: string | FileTree };

/** What to build; every part may be missing. */
export interface GentooRootSpec {
  /** The directory in which the root is made; default that for temporary files. */
  parent?: string;
  /** Installed packages by cpv. SLOT defaults to `0`, EAPI to `8`, repository to `gentoo`. */
  packages?: Record<string, InstalledSpec>;
  /** Ebuilds of the repository by cpv with the values of their cache entries; EAPI 8, SLOT 0, KEYWORDS `amd64`. */
  ebuilds?: Record<string, Record<string, string>>;
  /** Atoms of @system. */
  system?: readonly string[];
  /** Atoms of @world (`/var/lib/portage/world`). */
  world?: readonly string[];
  /** More files of the profile, by path relative to it (`make.defaults`, `package.mask`, …), in place of the defaults. */
  profile?: Record<string, string>;
  /** `/etc/portage/make.conf`; default empty. */
  makeConf?: string;
  /** Other files below `/etc/portage`, by path relative to it. */
  portage?: Record<string, string>;
  /** Files that no package owns. These are written first, so that a link such as `/lib64` is there for the packages. */
  files?: FileTree;
  /** Whether the VDB keeps its values in `metadata` files instead of single ones; default false. */
  consolidated?: boolean;
}

/** A system that was built. */
export interface GentooRoot {
  /** Absolute path of its root directory. */
  root: string;
  /** `root` with a path inside it appended. */
  path(inside: string): string;
  /** Merges a package as an emerge would: its files, then its VDB entry. */
  install(cpv: string, spec?: InstalledSpec): void;
  /** Removes a VDB entry and the files it was installed with. */
  uninstall(cpv: string): void;
  /** Writes one more file that nobody owns. */
  write(path: string, file: FileSpec): void;
  /** Removes everything. */
  cleanup: () => void;
}

/** The repository's place inside the root. */
export const repositoryPath = '/var/db/repos/gentoo';

/** Seconds since 1970 of every VDB entry made here. */
const entryTime = 1785000000;

/** Builds the system; the caller must call `cleanup`. */
export async function gentooRoot(spec: GentooRootSpec = {}): Promise<GentooRoot> {
  const root = await mkdtemp(join(spec.parent ?? tmpdir(), 'lvfs-root-'));
  const installed = new Map<string, FileTree>();

  const gentoo: GentooRoot = {
    root,
    path: (inside) => root + inside,
    install(cpv, package_ = {}) {
      const { files = {}, ...values } = package_ as { files?: FileTree } & Record<string, string>;
      for (const [path, file] of Object.entries(files)) writeFile(root, path, file);
      writeEntry(root, cpv, values, files, spec.consolidated ?? false);
      installed.set(cpv, files);
    },
    uninstall(cpv) {
      rmSync(`${root}/var/db/pkg/${cpv}`, { recursive: true });
      for (const [path, file] of Object.entries(installed.get(cpv) ?? {})) {
        if (file !== null && !isDirectorySpec(file)) unlinkSync(hostPath(root, path));
      }
      installed.delete(cpv);
    },
    write(path, file) {
      writeFile(root, path, file);
    },
    cleanup() {
      removeTree(root);
    },
  };

  for (const directory of [
    '/var/db/pkg',
    '/var/lib/portage',
    '/usr/bin',
    '/tmp',
    '/var/tmp',
    '/dev',
    '/proc',
  ]) {
    mkdirSync(root + directory, { recursive: true });
  }
  for (const [path, file] of Object.entries(spec.files ?? {})) writeFile(root, path, file);
  for (const [cpv, package_] of Object.entries(spec.packages ?? {})) gentoo.install(cpv, package_);
  writeRepository(root, spec);
  writeConfiguration(root, spec);
  return gentoo;
}

function isDirectorySpec(file: FileSpec): boolean {
  return typeof file === 'object' && file !== null && 'directory' in file;
}

/** The bytes of a path of a {@link FileTree}. */
function pathBytes(path: string): Buffer {
  return path.startsWith('latin1:') ? Buffer.from(path.slice(7), 'latin1') : Buffer.from(path);
}

function hostPath(root: string, path: string): Buffer {
  return Buffer.concat([Buffer.from(root), pathBytes(path)]);
}

function parentOf(path: Buffer): Buffer {
  return path.subarray(0, path.lastIndexOf('/'));
}

function writeFile(root: string, path: string, file: FileSpec): void {
  if (file === null) return;
  const target = hostPath(root, path);
  mkdirSync(parentOf(target), { recursive: true });
  if (typeof file === 'string' || file instanceof Uint8Array) writeFileSync(target, file);
  else if ('link' in file) symlinkSync(pathBytes(file.link), target);
  else if ('hardLink' in file) linkSync(hostPath(root, file.hardLink), target);
  else if ('fifo' in file) execFileSync('mkfifo', [target.toString()]);
  else if ('directory' in file) {
    mkdirSync(target, { recursive: true });
    if (file.mode !== undefined) chmodSync(target, file.mode);
  } else {
    writeFileSync(target, file.text);
    if (file.mode !== undefined) chmodSync(target, file.mode);
    if (file.mtime !== undefined) utimesSync(target, file.mtime, file.mtime);
  }
}

/** The CONTENTS of a package with these files, parents first. */
function contentsOf(root: string, files: FileTree): Buffer {
  const lines: Buffer[] = [];
  const listed = new Set<string>();
  const addLine = (kind: string, path: Buffer, rest: string | Buffer = ''): void => {
    listed.add(path.toString('latin1'));
    lines.push(Buffer.concat([Buffer.from(`${kind} `), path, Buffer.from(rest), Buffer.from('\n')]));
  };
  const addParents = (path: Buffer): void => {
    if (path.length === 0 || listed.has(path.toString('latin1'))) return;
    addParents(parentOf(path));
    addLine('dir', path);
  };
  for (const [name, file] of Object.entries(files)) {
    const path = pathBytes(name);
    addParents(parentOf(path));
    if (file === null) addLine('obj', path, ` ${md5('')} ${String(entryTime)}`);
    else if (isDirectorySpec(file)) addParents(path);
    else if (typeof file === 'object' && 'fifo' in file) addLine('fif', path);
    else {
      const time = Math.floor(lstatSync(hostPath(root, name)).mtimeMs / 1000);
      if (typeof file === 'object' && 'link' in file) {
        const target = Buffer.concat([
          Buffer.from(' -> '),
          pathBytes(file.link),
          Buffer.from(` ${String(time)}`),
        ]);
        addLine('sym', path, target);
      } else {
        const text =
          typeof file === 'string' || file instanceof Uint8Array ? file : 'text' in file ? file.text : '';
        addLine('obj', path, ` ${md5(text)} ${String(time)}`);
      }
    }
  }
  return Buffer.concat(lines);
}

function md5(data: string | Uint8Array): string {
  return createHash('md5').update(data).digest('hex');
}

function writeEntry(
  root: string,
  cpv: string,
  values: Record<string, string>,
  files: FileTree,
  consolidated: boolean,
): void {
  const [category = '', pf = ''] = cpv.split('/');
  const directory = `${root}/var/db/pkg/${cpv}`;
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${directory}/CONTENTS`, contentsOf(root, files));
  writeFileSync(`${directory}/CATEGORY`, `${category}\n`);
  writeFileSync(`${directory}/PF`, `${pf}\n`);
  const all = { SLOT: '0', EAPI: '8', repository: 'gentoo', ...values };
  if (consolidated) {
    const lines = Object.entries(all).map(([name, value]) => `${name}=${value.replaceAll('\n', ' ')}\n`);
    const stamp = `#dir_mtime=${String(entryTime)}000000000\n`;
    writeFileSync(`${directory}/metadata`, `#format=1\n${lines.join('')}${stamp}`);
  } else {
    for (const [name, value] of Object.entries(all)) writeFileSync(`${directory}/${name}`, `${value}\n`);
  }
  utimesSync(directory, entryTime, entryTime);
  // What watches the database sees a merge by the category's time.
  const category_ = `${root}/var/db/pkg/${category}`;
  utimesSync(category_, statSync(category_).atime, new Date());
}

function writeTree(directory: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    const file = join(directory, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, text);
  }
}

function writeRepository(root: string, spec: GentooRootSpec): void {
  const repository = root + repositoryPath;
  const categories = new Set<string>();
  for (const cpv of [...Object.keys(spec.ebuilds ?? {}), ...Object.keys(spec.packages ?? {})]) {
    categories.add(cpv.split('/')[0]!);
  }
  writeTree(repository, {
    'metadata/layout.conf': 'masters =\ncache-formats = md5-dict\n',
    'profiles/repo_name': 'gentoo\n',
    'profiles/arch.list': 'amd64\n',
    'profiles/categories': [...categories].sort().join('\n') + '\n',
    'profiles/profiles.desc': 'amd64 test stable\n',
  });
  writeTree(`${repository}/profiles/test`, {
    eapi: '8\n',
    'make.defaults':
      'ARCH="amd64"\nACCEPT_KEYWORDS="amd64"\nKERNEL="linux"\nELIBC="glibc"\nCHOST="x86_64-pc-linux-gnu"\n' +
      'IUSE_IMPLICIT="prefix"\nUSE_EXPAND="ELIBC KERNEL"\nUSE_EXPAND_HIDDEN="ELIBC KERNEL"\n' +
      'USE_EXPAND_IMPLICIT="ARCH ELIBC KERNEL"\nUSE_EXPAND_UNPREFIXED="ARCH"\nUSE_EXPAND_VALUES_ARCH="amd64"\n' +
      'USE_EXPAND_VALUES_ELIBC="glibc musl"\nUSE_EXPAND_VALUES_KERNEL="linux"\nACCEPT_LICENSE="*"\n',
    packages: (spec.system ?? []).map((atom) => `*${atom}\n`).join(''),
    ...spec.profile,
  });
  for (const [cpv, values] of Object.entries(spec.ebuilds ?? {})) {
    const all: Record<string, string> = {
      DEFINED_PHASES: '-',
      DESCRIPTION: `the package ${cpv}`,
      EAPI: '8',
      KEYWORDS: 'amd64',
      LICENSE: 'MIT',
      SLOT: '0',
      ...values,
    };
    const ebuild = Object.entries(all)
      .map(([name, value]) => `${name}="${value}"\n`)
      .join('');
    const [category = '', pf = ''] = cpv.split('/');
    const name = pf.replace(/-\d[^-]*(?:-r\d+)?$/, '');
    const lines = Object.entries(all).map(([key, value]) => `${key}=${value.replace(/\s+/g, ' ').trim()}\n`);
    writeTree(repository, {
      [`${category}/${name}/${pf}.ebuild`]: ebuild,
      [`metadata/md5-cache/${cpv}`]: `${lines.join('')}_md5_=${md5(ebuild)}\n`,
    });
  }
}

function writeConfiguration(root: string, spec: GentooRootSpec): void {
  const configuration = `${root}/etc/portage`;
  writeTree(configuration, {
    'make.conf': spec.makeConf ?? '',
    'repos.conf/gentoo.conf': `[DEFAULT]\nmain-repo = gentoo\n\n[gentoo]\nlocation = ${repositoryPath}\nauto-sync = no\n`,
    ...spec.portage,
  });
  symlinkSync(`../..${repositoryPath}/profiles/test`, `${configuration}/make.profile`);
  writeFileSync(`${root}/var/lib/portage/world`, (spec.world ?? []).map((atom) => `${atom}\n`).join(''));
}
