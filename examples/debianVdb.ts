/**
 * A Gentoo-style system made from the packages of the Debian host it runs on, to try lvfs where there is no Gentoo:
 *
 * ```
 * DIR/var/db/pkg        the installed packages: CONTENTS from dpkg's file lists, RDEPEND from its dependencies
 * DIR/repos/debian      a repository: profile with @system, an ebuild and its md5-cache entry for every package
 * DIR/etc/portage       make.conf, make.profile, repos.conf
 * ```
 *
 * It is used with the host's own root: `lvfs mount --vdb DIR/var/db/pkg --config-root DIR --repo DIR/repos/debian …`.
 * Nothing outside DIR is written. A second run renews only the packages that dpkg changed since.
 *
 * What is made of what:
 * - A Gentoo package is a Debian *source* package, named by debianNames.ts; its dependencies are those of its
 *   installed binary packages without those among themselves.
 * - Paths are as dpkg spells them (`/lib/x86_64-linux-gnu/…` on a merged /usr too), diverted ones where they are.
 * - A directory that other packages' paths lead through is `dir` even when it is a link on the host, as it is on
 *   Gentoo; the package that has only the link itself (base-files: `/bin`) gets the `sym`.
 * - MD5 sums are dpkg's own, from `.md5sums`, unless the file was written after it was unpacked, or is a configuration
 *   file, or `verify` is asked for: then the file is read. (A file changed in place whose old time was put
 *   back is told apart by `verify` only.)
 * - The links in /usr/bin that gcc-config and binutils-config make on Gentoo (gcc → gcc-12, ld → x86_64-linux-gnu-ld)
 *   belong to nobody, as there; so do Debian's alternatives.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { describeError, errorCode } from '../src/base/index.js';
import { gentooName, systemPackages, validPackageName, virtuals, type GentooName } from './debianNames.js';
import {
  gentooVersion,
  lowerBound,
  readBinaries,
  readDiversions,
  readPaths,
  readSums,
  type Binary,
  type Diversions,
  ExampleError,
} from './dpkg.js';
import {
  ContentsWriter,
  Repository,
  commonValues,
  isLink,
  repositoryName,
  writeConfiguration,
  writeEntry,
  type Machine,
  type TargetEbuild,
} from './gentooTree.js';

/** Raised by one whenever what is written changes, so that older results are renewed. */
const formatVersion = 1;

/** How the system is made. */
export interface DebianVdbOptions {
  /** Directory of dpkg's database; default `/var/lib/dpkg`. */
  dpkg?: string;
  /** The root in which dpkg's paths are looked up; default `/`. */
  root?: string;
  /** Read every file for its MD5 rather than trusting dpkg's sums where the times agree. */
  verify?: boolean;
  /** Write the values of an entry into the one file `metadata` that newer versions of Portage use. */
  consolidated?: boolean;
}

export type { TargetEbuild } from './gentooTree.js';

/** One made package. */
export interface MadePackage {
  cpv: string;
  /** SLOT, sub-slot included. */
  slot: string;
  rdepend: string;
  /** The Debian binary packages it was made of; empty for virtual packages. */
  debian: readonly string[];
}

/** A package that dpkg knows nothing of, for {@link DebianVdb.addInstalled}. */
export interface ForeignPackage {
  category: string;
  name: string;
  version: string;
  slot?: string;
  RDEPEND?: string;
  DEPEND?: string;
  IUSE?: string;
  USE?: string;
  /** Absolute paths that it owns, directories included; those that do not exist are left out. */
  paths: readonly string[];
}

/** The made system. */
export interface DebianVdb {
  /** Its directory, absolute and without links. */
  readonly directory: string;
  /** The directory to give as `--vdb`. */
  readonly vdb: string;
  /** The directory to give as `--config-root`. */
  readonly configRoot: string;
  /** The directory to give as `--repo`. */
  readonly repository: string;
  /** The three options above, ready for a command line. */
  readonly options: readonly string[];
  readonly packages: readonly MadePackage[];
  /** Atoms of @system. */
  readonly system: readonly string[];
  /** Names of the packages written anew in this run. */
  readonly renewed: readonly string[];
  /** The made package of a Debian binary package, when that is installed. */
  packageOf(debian: string): MadePackage | undefined;
  /** Adds an ebuild and its md5-cache entry to the repository; returns its cpv. */
  addTarget(target: TargetEbuild): string;
  /** Adds an entry to the VDB for files that no Debian package owns; returns its cpv. */
  addInstalled(foreign: ForeignPackage): string;
}

interface Group extends GentooName {
  pf: string;
  version: string;
  description: string;
  homepage: string;
  binaries: Binary[];
  rdepend: string;
  /** There are other slots of it, so that dependencies have to name this one. */
  slotted: boolean;
}

/**
 * Dependencies for the sake of Debian's maintainer scripts; what Gentoo's ebuilds have no counterpart of. Without this
 * list dpkg, and with it half of Debian's tooling, would be in the closure of everything.
 */
const packagingOnly = new Set(
  (
    'adduser cdebconf debconf debconf-2.0 dpkg init-system-helpers install-info sensible-utils sgml-base ' +
    'systemd-sysusers ucf usr-is-merged usrmerge xml-core'
  ).split(' '),
);

const cp = (name: GentooName): string => `${name.category}/${name.name}`;

/** The atom that a dependency on a group is written as; Portage records sub-slots as `:slot/sub=`. */
function atomOf(group: Group, bound?: string): string {
  const slot = group.slot.includes('/')
    ? `:${group.slot}=`
    : group.slot === '0' && !group.slotted
      ? ''
      : `:${group.slot}`;
  return bound === undefined ? cp(group) + slot : `>=${cp(group)}-${bound}${slot}`;
}

/** All groups of the host, dependencies included, sorted by category and PF. */
function groupPackages(binaries: readonly Binary[]): Group[] {
  const bySource = new Map<string, string[]>();
  for (const binary of binaries) {
    const names = bySource.get(binary.source) ?? [];
    bySource.set(binary.source, [...names, binary.name]);
  }
  const groups = new Map<string, Group>();
  for (const binary of binaries) {
    const name = gentooName({
      name: binary.name,
      source: binary.source,
      siblings: bySource.get(binary.source) ?? [],
      files: () => readPaths(binary.list),
    });
    const key = `${cp(name)}:${name.slot}`;
    const group = groups.get(key);
    if (group === undefined) {
      const version = gentooVersion(binary.sourceVersion);
      const { homepage } = binary;
      const description = binary.description.replace(/ [-(].*$/, '');
      groups.set(key, {
        ...name,
        version,
        pf: `${name.name}-${version}`,
        description,
        homepage,
        binaries: [binary],
        rdepend: '',
        slotted: false,
      });
    } else group.binaries.push(binary);
  }
  const byPf = new Map<string, Group>();
  for (const group of groups.values()) {
    // Two slots of one version cannot both be `category/PF`: the later one steps aside.
    if (byPf.has(`${group.category}/${group.pf}`)) {
      Object.assign(group, {
        category: 'debian',
        name: validPackageName(group.binaries[0]?.source ?? group.name),
      });
      group.pf = `${group.name}-${group.version}`;
    }
    byPf.set(`${group.category}/${group.pf}`, group);
  }
  addDependencies([...byPf.values()], byPf);
  return [...byPf.values()].sort((a, b) => (`${a.category}/${a.pf}` < `${b.category}/${b.pf}` ? -1 : 1));
}

/** Sets every group's RDEPEND and adds the virtual packages that these and @system need to `byPf`. */
function addDependencies(groups: readonly Group[], byPf: Map<string, Group>): void {
  const real = new Map<string, Group>();
  const provided = new Map<string, Set<Group>>();
  const byCp = new Map<string, Group>();
  for (const group of groups) {
    const other = byCp.get(cp(group));
    if (other !== undefined) other.slotted = group.slotted = true;
    byCp.set(cp(group), group);
    for (const binary of group.binaries) {
      real.set(binary.name, group);
      for (const name of binary.provides) provided.set(name, (provided.get(name) ?? new Set()).add(group));
    }
  }
  const addVirtual = (category: string, name: string, alternatives: readonly string[]): Group => {
    const known = byPf.get(`${category}/${name}-0`);
    if (known !== undefined) return known;
    const rdepend = alternatives.length > 1 ? `|| ( ${alternatives.join(' ')} )` : (alternatives[0] ?? '');
    const description = `Virtual for ${name}`;
    const pf = `${name}-0`;
    const base = {
      category,
      name,
      slot: '0',
      version: '0',
      pf,
      description,
      homepage: '',
      binaries: [],
      slotted: false,
    };
    byPf.set(`${category}/${pf}`, { ...base, rdepend });
    return byPf.get(`${category}/${pf}`)!;
  };
  const resolveName = (name: string): Group | undefined => {
    const found = real.get(name);
    if (found !== undefined) return found;
    const providers = [...(provided.get(name) ?? [])];
    if (providers.length < 2) return providers[0];
    return addVirtual(
      'virtual',
      validPackageName(`debian-${name}`),
      providers.map((group) => atomOf(group)).sort(),
    );
  };
  for (const group of groups) {
    const elements = new Set<string>();
    for (const alternatives of group.binaries.flatMap((binary) => binary.depends)) {
      if (alternatives.some(({ name }) => packagingOnly.has(name))) continue;
      const found = alternatives.map(({ name, relation, version }) => {
        const to = resolveName(name);
        const wantsBound = to !== undefined && ['>=', '=', '>>'].includes(relation) && real.get(name) === to;
        const atom =
          to === undefined
            ? `debian/${validPackageName(name)}`
            : atomOf(to, wantsBound ? lowerBound(version, to.version) : undefined);
        return { to, atom };
      });
      if (found.some(({ to }) => to === group)) continue;
      const atoms = [...new Set(found.map(({ atom }) => atom))];
      elements.add(atoms.length === 1 ? (atoms[0] ?? '') : `|| ( ${atoms.join(' ')} )`);
    }
    group.rdepend = mergeBounds([...elements].sort()).join(' ');
  }
  for (const [name, providers] of Object.entries(virtuals)) {
    if (!providers.some((provider) => byCp.has(provider))) continue;
    const [category = '', pn = ''] = name.split('/');
    addVirtual(
      category,
      pn,
      providers.map((provider) => {
        const group = byCp.get(provider);
        return group === undefined ? provider : atomOf(group);
      }),
    );
  }
}

/** Of several bounds on one package the highest (they are all met); none beside one is superfluous. */
function mergeBounds(elements: string[]): string[] {
  const bounds = new Map<string, { element: string; bound: string }>();
  for (const element of elements.filter((one) => one.startsWith('>='))) {
    const [, name = '', bound = '', slot = ''] = /^>=(.+)-(\d[^:]*)(.*)$/.exec(element) ?? [];
    const known = bounds.get(name + slot);
    if (known === undefined || lowerBound(known.bound, bound) !== undefined)
      bounds.set(name + slot, { element, bound });
  }
  const kept = new Set([...bounds.values()].map(({ element }) => element));
  return elements.filter((element) => (element.startsWith('>=') ? kept.has(element) : !bounds.has(element)));
}

/** Sources whose links in /usr/bin a `*-config` tool of Gentoo makes, so that no package owns them. */
const selectorLinks = new Set(['sys-devel/gcc-config', 'sys-devel/binutils']);

function contentsOf(
  group: Group,
  diversions: Diversions,
  options: Required<DebianVdbOptions>,
): ContentsWriter {
  const writer = new ContentsWriter(options.root);
  const unownedLinks = selectorLinks.has(cp(group));
  for (const binary of group.binaries) {
    const paths = readPaths(binary.list);
    const sums = readSums(binary.md5sums);
    const unpacked = statSync(binary.list, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const parents = new Set<string>();
    for (const path of paths) parents.add(path.slice(0, path.lastIndexOf('/')));
    for (const path of paths) {
      const diversion = diversions.byPath.get(path);
      const real = diversion !== undefined && diversion.by !== binary.name ? diversion.to : path;
      if (unownedLinks && real.startsWith('/usr/bin/') && isLink(join(options.root, real))) continue;
      const isConfiguration = binary.conffiles.has(path);
      const sum = isConfiguration ? binary.conffiles.get(path) : sums.get(path);
      writer.add(real, sum, isConfiguration || options.verify ? -Infinity : unpacked, parents.has(path));
    }
  }
  return writer;
}

/** Gentoo's name of a Debian architecture. */
const architectures: Readonly<Record<string, string>> = {
  armhf: 'arm',
  i386: 'x86',
  ppc64el: 'ppc64',
  riscv64: 'riscv',
};

function machineOf(binaries: readonly Binary[]): Machine {
  const debian =
    binaries.find((binary) => binary.name === 'dpkg')?.arch ?? binaries.find((b) => b.arch !== 'all')?.arch;
  const arch = architectures[debian ?? ''] ?? debian ?? 'amd64';
  const cpu = { amd64: 'x86_64', arm64: 'aarch64', x86: 'i686' }[arch] ?? arch;
  return { arch, chost: `${cpu}-pc-linux-gnu` };
}

/** What an earlier run made: a digest of what each entry was made from, and the last COUNTER. */
interface Stamps {
  version: number;
  counter: number;
  entries: Record<string, string>;
}

function readStamps(file: string, directory: string): Stamps {
  const none: Stamps = { version: formatVersion, counter: 0, entries: {} };
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    if (existsSync(join(directory, 'var/db/pkg')) || existsSync(join(directory, 'etc/portage'))) {
      throw new ExampleError('NOT_OURS', `${directory} has a VDB or configuration that was not made here`, {
        hint: 'name a directory of its own for the VDB of this host',
      });
    }
    return none;
  }
  try {
    const stamps = JSON.parse(text) as Stamps;
    // Of another version or damaged: every entry is made again, and the old ones are still known by name.
    const known = Object.keys(stamps.entries);
    if (stamps.version === formatVersion && Number.isSafeInteger(stamps.counter)) return stamps;
    return { ...none, entries: Object.fromEntries(known.map((name) => [name, ''])) };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return none;
    throw error;
  }
}

/** A digest of everything that an entry is made from, without reading the files of the package. */
function stampOf(group: Group, diversions: Diversions, options: Required<DebianVdbOptions>): string {
  const hash = createHash('md5');
  const { category, pf, slot, rdepend, description } = group;
  const facts: unknown[] = [formatVersion, category, pf, slot, rdepend, description, diversions.text];
  facts.push(options.root, options.consolidated, options.verify);
  for (const binary of group.binaries) {
    facts.push(binary.name, binary.arch, binary.version);
    for (const file of [binary.list, binary.md5sums]) {
      const stat = statSync(file, { throwIfNoEntry: false });
      facts.push(stat?.mtimeMs, stat?.size);
    }
  }
  return hash.update(JSON.stringify(facts)).digest('hex');
}

/**
 * Makes or renews the system in `directory`, which is created if need be.
 *
 * @throws ExampleError `NO_DPKG` where there is no dpkg database, `NOT_OURS` when the directory holds a VDB that was not
 *   made by this function, `UNSAFE_DIRECTORY` for `/`.
 */
export function makeDebianVdb(directory: string, options: DebianVdbOptions = {}): DebianVdb {
  const settings: Required<DebianVdbOptions> = {
    dpkg: options.dpkg ?? '/var/lib/dpkg',
    root: options.root ?? '/',
    verify: options.verify ?? false,
    consolidated: options.consolidated ?? false,
  };
  const binaries = readBinaries(settings.dpkg);
  mkdirSync(directory, { recursive: true });
  const top = realpathSync(directory);
  if (top === '/') {
    throw new ExampleError('UNSAFE_DIRECTORY', 'the VDB of this host cannot be made in /', {
      hint: 'name a directory of its own',
    });
  }
  const stampFile = join(top, 'debian-vdb.json');
  const stamps = readStamps(stampFile, top);
  const next: Stamps = { version: formatVersion, counter: stamps.counter, entries: {} };
  // Written first: whatever is made below is ours from now on, even if this run is cut short.
  if (!existsSync(stampFile)) writeFileSync(stampFile, JSON.stringify(stamps));

  const machine = machineOf(binaries);
  const diversions = readDiversions(settings.dpkg);
  const vdb = join(top, 'var/db/pkg');
  const repository = new Repository(join(top, 'repos', repositoryName), machine);
  const groups = groupPackages(binaries);
  const renewed: string[] = [];
  for (const group of groups) {
    const cpv = `${group.category}/${group.pf}`;
    const stamp = stampOf(group, diversions, settings);
    const entry = join(vdb, group.category, group.pf);
    if (stamps.entries[cpv] !== stamp || !existsSync(join(entry, 'CONTENTS'))) {
      const contents = contentsOf(group, diversions, settings);
      const built = Math.max(
        0,
        ...group.binaries.map((b) => statSync(b.list, { throwIfNoEntry: false })?.mtimeMs ?? 0),
      );
      const values: Record<string, string> = {
        ...commonValues(machine, group.category, group.pf),
        SLOT: group.slot,
        RDEPEND: group.rdepend,
        DEPEND: group.rdepend,
        DESCRIPTION: group.description,
        HOMEPAGE: group.homepage,
        BUILD_TIME: String(Math.floor(built / 1000)),
        COUNTER: String(++next.counter),
        SIZE: String(contents.size),
        DEBIAN: group.binaries.map((b) => `${b.name}:${b.arch}=${b.version}`).join(' '),
      };
      writeEntry(entry, values, contents.text, settings.consolidated);
      renewed.push(cpv);
    }
    next.entries[cpv] = stamp;
    repository.add({
      category: group.category,
      name: group.name,
      version: group.version,
      SLOT: group.slot,
      DEPEND: group.rdepend,
      RDEPEND: group.rdepend,
      DESCRIPTION: group.description,
    });
  }
  for (const cpv of Object.keys(stamps.entries)) {
    if (next.entries[cpv] !== undefined) continue;
    rmSync(join(vdb, cpv), { recursive: true, force: true });
    rmSync(join(repository.directory, 'metadata/md5-cache', cpv), { force: true });
    const [category = '', pf = ''] = cpv.split('/');
    const name = pf.replace(/-\d[^-]*(-r\d+)?$/, '');
    rmSync(join(repository.directory, category, name, `${pf}.ebuild`), { force: true });
  }
  const names = new Set(groups.map((group) => cp(group)));
  const system = systemPackages.filter((name) => names.has(name));
  repository.writeProfiles(system);
  writeConfiguration(top, repository.directory, machine);
  const stampText = JSON.stringify(next, undefined, 1);
  writeFileSync(`${stampFile}.new`, stampText);
  renameSync(`${stampFile}.new`, stampFile);

  const packages = groups.map((group) => ({
    cpv: `${group.category}/${group.pf}`,
    slot: group.slot,
    rdepend: group.rdepend,
    debian: group.binaries.map((binary) => binary.name),
  }));
  const byDebianName = new Map(packages.flatMap((made) => made.debian.map((name) => [name, made] as const)));
  return {
    directory: top,
    vdb,
    configRoot: top,
    repository: repository.directory,
    options: ['--vdb', vdb, '--config-root', top, '--repo', repository.directory],
    packages,
    system,
    renewed,
    packageOf: (name) => byDebianName.get(name),
    addTarget(target) {
      const cpv = repository.add(target);
      repository.writeCategories();
      return cpv;
    },
    addInstalled(foreign) {
      const pf = `${foreign.name}-${foreign.version}`;
      const writer = new ContentsWriter(settings.root);
      for (const path of foreign.paths)
        writer.add(Buffer.from(path).toString('latin1'), undefined, -Infinity, false);
      const values: Record<string, string> = {
        ...commonValues(machine, foreign.category, pf),
        SLOT: foreign.slot ?? '0',
        RDEPEND: foreign.RDEPEND ?? '',
        DEPEND: foreign.DEPEND ?? '',
        BUILD_TIME: String(Math.floor(Date.now() / 1000)),
        COUNTER: String(++next.counter),
        SIZE: String(writer.size),
      };
      if (foreign.IUSE !== undefined) values['IUSE'] = foreign.IUSE;
      if (foreign.USE !== undefined) values['USE'] = `${values['USE']} ${foreign.USE}`;
      writeEntry(join(vdb, foreign.category, pf), values, writer.text, settings.consolidated);
      return `${foreign.category}/${pf}`;
    },
  };
}

/** `debian-vdb DIR [--verify] [--consolidated]`: makes the system and says how to use it. */
function main(args: readonly string[]): number {
  const directories = args.filter((arg) => !arg.startsWith('-'));
  const flags = new Set(args.filter((arg) => arg.startsWith('-')));
  const [directory] = directories;
  const unknown = [...flags].filter((flag) => flag !== '--verify' && flag !== '--consolidated');
  if (directory === undefined || directories.length > 1 || unknown.length > 0) {
    console.error('usage: debian-vdb DIR [--verify] [--consolidated]');
    return 2;
  }
  try {
    const made = makeDebianVdb(resolve(directory), {
      verify: flags.has('--verify'),
      consolidated: flags.has('--consolidated'),
    });
    console.log(`${made.packages.length} packages (${made.renewed.length} written) in ${made.vdb}`);
    console.log(`lvfs deps dev-libs/libyaml ${made.options.join(' ')}`);
    return 0;
  } catch (error) {
    if (!(error instanceof ExampleError)) throw error;
    console.error(`debian-vdb: ${describeError(error)}\n${error.hint}`);
    return 1;
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === import.meta.filename) {
  process.exitCode = main(process.argv.slice(2));
}
