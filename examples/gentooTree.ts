/**
 * Writes what Portage reads: entries of the VDB with their CONTENTS, a repository with profile and md5-cache, and the
 * configuration that points to them.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../src/base/index.js';

/** What of the machine is written into profile and entries: the names of its architecture. */
export interface Machine {
  arch: string;
  chost: string;
}

/** An ebuild-like target for {@link Repository.add}; what is left out is empty (EAPI: 8, SLOT: 0). */
export interface TargetEbuild {
  category: string;
  name: string;
  version: string;
  DEPEND?: string;
  BDEPEND?: string;
  RDEPEND?: string;
  PDEPEND?: string;
  IUSE?: string;
  SLOT?: string;
  EAPI?: string;
  DESCRIPTION?: string;
  /** Shell text of the phases, put at the end of the ebuild. */
  phases?: string;
}

/** File names are bytes: they are kept as latin1 strings and turned back for the kernel and for CONTENTS. */
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const readLatin1 = (file: string): string => readFileSync(file, 'latin1');

/** A file's bytes as a latin1 string; the empty string where there is no such file. */
export function readOptional(file: string): string {
  try {
    return readLatin1(file);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  }
}

/** Collects the lines of a CONTENTS file from what is on the host. */
export class ContentsWriter {
  readonly #lines: string[] = [];
  readonly #seen = new Set<string>();
  #size = 0;

  constructor(readonly root: string) {}

  /** The host path of a package's path. */
  #host(path: string): Buffer | string {
    const full = this.root === '/' ? path : this.root + path;
    // eslint-disable-next-line no-control-regex -- names are bytes, and only ASCII ones are the same in UTF-8
    return /^[\x00-\x7f]*$/.test(full) ? full : bytes(full);
  }

  /**
   * Adds what is at `path` on the host. `knownSum` gives the MD5 when the file was not written after
   * `trustedBefore` (ms); `isDirectory` says that the package has paths below it.
   */
  add(path: string, knownSum: string | undefined, trustedBefore: number, isDirectory: boolean): void {
    if (this.#seen.has(path) || path.includes('\n')) return;
    this.#seen.add(path);
    const host = this.#host(path);
    const stat = lstatSync(host, { throwIfNoEntry: false });
    if (stat === undefined) {
      // Not unpacked (path-exclude) or deleted since: the package owns the name all the same.
      if (knownSum !== undefined) this.#lines.push(`obj ${path} ${knownSum} 0`);
      return;
    }
    const mtime = Math.floor(stat.mtimeMs / 1000);
    if (stat.isDirectory() || isDirectory) this.#lines.push(`dir ${path}`);
    else if (stat.isSymbolicLink()) {
      this.#lines.push(`sym ${path} -> ${readlinkSync(host, 'latin1')} ${mtime}`);
    } else if (stat.isFIFO()) this.#lines.push(`fif ${path}`);
    else if (stat.isCharacterDevice() || stat.isBlockDevice()) this.#lines.push(`dev ${path}`);
    else if (stat.isFile()) {
      const trusted = knownSum !== undefined && stat.mtimeMs <= trustedBefore;
      this.#lines.push(`obj ${path} ${trusted ? knownSum : md5OfFile(host, knownSum)} ${mtime}`);
      this.#size += stat.size;
    }
  }

  get text(): Buffer {
    return bytes(this.#lines.map((line) => `${line}\n`).join(''));
  }

  get size(): number {
    return this.#size;
  }
}

/** The MD5 of a file's content; of one that this user may not read, what dpkg recorded (else zeros). */
function md5OfFile(path: Buffer | string, recorded: string | undefined): string {
  try {
    return createHash('md5').update(readFileSync(path)).digest('hex');
  } catch (error) {
    if (errorCode(error) === 'EACCES' || errorCode(error) === 'ENOENT') return recorded ?? '0'.repeat(32);
    throw error;
  }
}

/** Whether there is a symbolic link at this path. */
export const isLink = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;

/** Writes a file unless it has this content already. */
function put(file: string, content: string): void {
  if (readOptional(file) === Buffer.from(content).toString('latin1') && existsSync(file)) return;
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, content);
}

/** The values of an installed package, each of which Portage keeps in a file or a line of `metadata`. */
export function writeEntry(
  directory: string,
  values: Readonly<Record<string, string>>,
  contents: Buffer,
  consolidated: boolean,
): void {
  const [category, pf] = [join(directory, '..'), directory.slice(directory.lastIndexOf('/') + 1)];
  const merging = join(category, `-MERGING-${pf}`);
  rmSync(merging, { recursive: true, force: true });
  mkdirSync(merging, { recursive: true });
  writeFileSync(join(merging, 'CONTENTS'), contents);
  const present = Object.entries(values).filter(([name, value]) => value !== '' || name === 'IUSE');
  const alone = new Set([
    'CATEGORY',
    'PF',
    'CBUILD',
    'CFLAGS',
    'CXXFLAGS',
    'IUSE_EFFECTIVE',
    'SIZE',
    'DEBIAN',
  ]);
  for (const [name, value] of present) {
    if (!consolidated || alone.has(name)) writeFileSync(join(merging, name), `${value}\n`);
  }
  rmSync(directory, { recursive: true, force: true });
  if (consolidated) {
    // The file is believed only while it names the directory's own time, which creating it changes.
    const file = join(merging, 'metadata');
    writeFileSync(file, '');
    const lines = present.filter(([name]) => !alone.has(name)).sort(([a], [b]) => (a < b ? -1 : 1));
    const { mtimeNs } = statSync(merging, { bigint: true });
    writeFileSync(
      file,
      `#format=1\n${lines.map(([name, value]) => `${name}=${value}\n`).join('')}#dir_mtime=${mtimeNs}\n`,
    );
  }
  renameSync(merging, directory);
}

/** The entry's values but for what differs between made and foreign packages. */
export function commonValues(machine: Machine, category: string, pf: string): Record<string, string> {
  const implicit = `elibc_glibc kernel_linux ${machine.arch}`;
  return {
    CATEGORY: category,
    PF: pf,
    EAPI: '8',
    KEYWORDS: machine.arch,
    LICENSE: 'metapackage',
    CHOST: machine.chost,
    CBUILD: machine.chost,
    CFLAGS: '-O2 -pipe',
    CXXFLAGS: '-O2 -pipe',
    DEFINED_PHASES: '-',
    USE: implicit,
    IUSE: '',
    IUSE_EFFECTIVE: implicit,
    repository: repositoryName,
  };
}

/** `repo_name` of the repository. */
export const repositoryName = 'debian';

/** The repository that is being written. */
export class Repository {
  constructor(
    readonly directory: string,
    readonly machine: Machine,
  ) {}

  /** Writes the ebuild and its cache entry. */
  add(target: TargetEbuild): string {
    const { category, name, version } = target;
    const eapi = target.EAPI ?? '8';
    const values: Record<string, string> = {
      BDEPEND: target.BDEPEND ?? '',
      DEFINED_PHASES: '-',
      DEPEND: target.DEPEND ?? '',
      DESCRIPTION: target.DESCRIPTION ?? `${name}, described for lvfs`,
      EAPI: eapi,
      IUSE: target.IUSE ?? '',
      KEYWORDS: this.machine.arch,
      LICENSE: 'metapackage',
      PDEPEND: target.PDEPEND ?? '',
      RDEPEND: target.RDEPEND ?? '',
      SLOT: target.SLOT ?? '0',
    };
    const phases = [...(target.phases ?? '').matchAll(/^(?:pkg|src)_(\w+)\s*\(\)/gm)].map(
      (match) => match[1] ?? '',
    );
    if (phases.length > 0) values['DEFINED_PHASES'] = phases.sort().join(' ');
    const quoted = (text: string): string => `"${text.replace(/["\\$`]/g, '\\$&')}"`;
    const order = [
      'EAPI',
      'DESCRIPTION',
      'LICENSE',
      'SLOT',
      'KEYWORDS',
      'IUSE',
      'RDEPEND',
      'DEPEND',
      'BDEPEND',
      'PDEPEND',
    ];
    const lines = order
      .filter((key) => values[key] !== '')
      .map((key) => (key === 'EAPI' ? `EAPI=${eapi}` : `${key}=${quoted(values[key] ?? '')}`));
    const ebuild = `${lines.join('\n')}\nS="\${WORKDIR}"\n${target.phases === undefined ? '' : `\n${target.phases.trim()}\n`}`;
    put(join(this.directory, category, name, `${name}-${version}.ebuild`), ebuild);
    const cache = Object.entries({ ...values, _md5_: createHash('md5').update(ebuild).digest('hex') })
      .filter(([, value]) => value !== '')
      .map(([key, value]) => `${key}=${value}\n`);
    put(join(this.directory, 'metadata', 'md5-cache', category, `${name}-${version}`), cache.join(''));
    return `${category}/${name}-${version}`;
  }

  /** Everything but ebuilds; to be written after them, because it lists their categories. */
  writeProfiles(system: readonly string[]): void {
    const { arch, chost } = this.machine;
    const path = (...parts: string[]): string => join(this.directory, ...parts);
    put(
      path('metadata', 'layout.conf'),
      'masters =\nthin-manifests = true\nsign-manifests = false\ncache-formats = md5-dict\n',
    );
    put(path('profiles', 'repo_name'), `${repositoryName}\n`);
    put(path('profiles', 'eapi'), '8\n');
    put(path('profiles', 'arch.list'), `${arch}\n`);
    put(path('profiles', 'license_groups'), 'FREE metapackage\nEULA debian-nonfree\n');
    put(path('profiles', 'profiles.desc'), `${arch} default/linux/${arch} stable\n`);
    put(path('profiles', 'base', 'eapi'), '8\n');
    put(
      path('profiles', 'base', 'make.defaults'),
      [
        'USE_EXPAND="ELIBC KERNEL"',
        'USE_EXPAND_HIDDEN="ELIBC KERNEL"',
        'USE_EXPAND_IMPLICIT="ELIBC KERNEL"',
        'USE_EXPAND_UNPREFIXED="ARCH"',
        'USE_EXPAND_VALUES_ARCH="amd64 arm arm64 ppc64 riscv s390 x86"',
        'USE_EXPAND_VALUES_ELIBC="glibc musl"',
        'USE_EXPAND_VALUES_KERNEL="linux"',
        'IUSE_IMPLICIT="prefix"',
        'PROFILE_ONLY_VARIABLES="ARCH ELIBC IUSE_IMPLICIT KERNEL USE_EXPAND_IMPLICIT USE_EXPAND_UNPREFIXED"',
        'ELIBC="glibc"',
        'KERNEL="linux"',
        'CONFIG_PROTECT="/etc"',
        '',
      ].join('\n'),
    );
    put(path('profiles', 'base', 'packages'), system.map((atom) => `*${atom}\n`).join(''));
    const profile = path('profiles', 'default', 'linux', arch);
    put(join(profile, 'eapi'), '8\n');
    put(join(profile, 'parent'), '../../../base\n');
    put(
      join(profile, 'make.defaults'),
      `ARCH="${arch}"\nACCEPT_KEYWORDS="${arch}"\nCHOST="${chost}"\nABI="default"\nDEFAULT_ABI="default"\nMULTILIB_ABIS="default"\n`,
    );
    this.writeCategories();
  }

  /** `profiles/categories`: those of all ebuilds. */
  writeCategories(): void {
    const categories = readdirSync(join(this.directory, 'metadata', 'md5-cache')).sort();
    put(join(this.directory, 'profiles', 'categories'), categories.map((name) => `${name}\n`).join(''));
  }
}

/** `etc/portage` below `directory`: make.conf, repos.conf and make.profile. */
export function writeConfiguration(directory: string, repository: string, machine: Machine): void {
  const portage = join(directory, 'etc', 'portage');
  put(
    join(portage, 'make.conf'),
    [
      `CHOST="${machine.chost}"`,
      'CFLAGS="-O2 -pipe"',
      'CXXFLAGS="${CFLAGS}"',
      'ACCEPT_LICENSE="*"',
      `DISTDIR="${join(directory, 'var/cache/distfiles')}"`,
      `PKGDIR="${join(directory, 'var/cache/binpkgs')}"`,
      '',
    ].join('\n'),
  );
  for (const cache of ['distfiles', 'binpkgs'])
    mkdirSync(join(directory, 'var/cache', cache), { recursive: true });
  put(
    join(portage, 'repos.conf', `${repositoryName}.conf`),
    `[DEFAULT]\nmain-repo = ${repositoryName}\n\n[${repositoryName}]\nlocation = ${repository}\nauto-sync = no\n`,
  );
  const link = join(portage, 'make.profile');
  const target = `../../repos/${repositoryName}/profiles/default/linux/${machine.arch}`;
  if (!isLink(link) || readlinkSync(link) !== target) {
    rmSync(link, { force: true });
    symlinkSync(target, link);
  }
}
