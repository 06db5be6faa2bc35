/**
 * Gentoo's side of lvfs: which packages are installed, and which of them a build may see. Everything is read-only.
 *
 * This is all that the rest of lvfs uses of this folder.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { isInSysroot, LvfsError, type PackageId } from '../base/index.js';
import { askPortage } from './askPortage.js';
import { Configuration, type ConfigurationOptions } from './config/configuration.js';
import { DepCheck } from './depCheck.js';
import { InstalledPackages } from './installed.js';
import { SavedValues } from './savedValues.js';
import { TargetResolver } from './targets.js';
import { Upgrades } from './upgrades.js';
import { Namer } from './naming.js';
import { InstalledDatabase, listKnown } from './vdb.js';
import type {
  DataWarning,
  EqualPackage,
  InstalledPackage,
  Naming,
  SetRequest,
  SystemLocations,
  VisibleSet,
} from './types.js';
import { VisibleSets, type PackageRoot } from './visibleSet.js';

export type * from './types.js';
export { scanContents } from './contents.js';
export { chainsTo } from './chains.js';
export { eapiFeatures } from './eapi.js';

/** How {@link openSystem} reads a system. */
export interface SystemOptions {
  /** Whether sets are computed as if `FEATURES=test`, where a request does not say. */
  test?: boolean;
  /**
   * The environment that emerge would be called with: everything in it counts as it does for emerge (emerge(1), make.conf(5)).
   * `PORTAGE_CONFIGROOT` is the default of `SystemLocations.configRoot`. Default: an empty one.
   */
  env?: Readonly<Record<string, string | undefined>>;
  /** Told of everything wrong in the data that does not keep lvfs from working, once each, as it is found. */
  warn?: (warning: DataWarning) => void;
  /** Directory in which values of installed packages are kept from one run to the next; default: they are not. */
  cache?: string;
}

/** A configured ebuild repository. */
export interface RepositoryPlace {
  name: string;
  /** Host path, without symlinks. */
  location: string;
}

/**
 * A Gentoo system as it was when its parts were first read. Parts are read when they are needed, and answers are
 * remembered; open the system again to see later changes.
 *
 * Every member may throw an `LvfsError` with exit status 22 for data that cannot be read.
 */
export interface System {
  /** Host path of the shown root, without symlinks. */
  readonly root: string;
  /** Host path of the database of installed packages; with a sysroot that of the tools. */
  readonly database: string;
  /** The system that targets are built for, as a path inside the root without a trailing slash; empty: the root itself. */
  readonly sysroot: string;
  /** Host paths of all databases: the root's, and the sysroot's, which may not exist. */
  readonly databases: readonly string[];
  /** Offset of a Gentoo Prefix, without a trailing slash; empty when there is none. */
  readonly prefix: string;
  /** The installed packages, sorted by cpv in code point order; those of the sysroot's database are marked. */
  installed(): readonly InstalledPackage[];
  /**
   * The installed packages, in no particular order, when they are exactly the known ones; undefined when they are not, or when
   * {@link installed} has to tell. Takes a tenth of its time.
   */
  installedIfKnown(
    known: ReadonlySet<PackageId>,
  ): readonly Pick<InstalledPackage, 'cpv' | 'directory'>[] | undefined;
  /** Host path of an installed package's entry in the database; undefined when it is not installed. */
  packageDirectory(cpv: PackageId): string | undefined;
  /**
   * The installed packages that atoms, bare names or sets match, sorted. With a sysroot, those in both databases, unless a name is
   * marked (packages.ts in `base`).
   *
   * @throws LvfsError exit 20 for a name that is unknown or ambiguous.
   */
  matchInstalled(names: readonly string[]): readonly PackageId[];
  /**
   * The atom that an ebuild would name an installed package by: `category/name`, with its slot (`category/name:slot`) when
   * versions of several slots are installed in the same system, since without it the highest of them would satisfy the atom.
   */
  atomFor(cpv: PackageId): string;
  /**
   * The atoms by which an ebuild may name an installed package, the likeliest first: a virtual that others declare in its place,
   * {@link atomFor}, and that with the USE flag on which the wanted file hangs.
   *
   * @param paths what was wanted of it, the most telling first
   */
  namesFor(cpv: PackageId, paths: readonly string[]): readonly Naming[];
  /**
   * Other installed packages that are as good as one, since a virtual or app-alternatives takes each of them.
   *
   * @param paths what was wanted of it: who calls `bison` is not served by what app-alternatives takes as `yacc`
   */
  equalsOf(cpv: PackageId, paths: readonly string[]): readonly EqualPackage[];
  /** The visible set of a request; what it throws is described at `VisibleSets.compute`. */
  visibleSet(request: SetRequest): VisibleSet;
  /**
   * A variable of the targets' configuration as `portageq envvar` shows it, with the paths inside the root; undefined when
   * it is not set.
   */
  variable(name: string): string | undefined;
  /** Whether a variable of the environment could change what the system says, or what Portage says of its ebuilds. */
  usesVariable(name: string): boolean;
  /** The repositories, the one that counts most last. */
  repositories(): readonly RepositoryPlace[];
  /** The categories of which repositories may have packages, sorted. */
  categories(): readonly string[];
  /** The names of the packages that repositories have in a category, sorted. */
  namesIn(category: string): readonly string[];
  /** The names of all sets, without `@`, sorted. */
  setNames(): readonly string[];
  /**
   * The atoms of a set, given with its `@`.
   *
   * @throws LvfsError exit 20: `UNKNOWN_SET`, `UNSUPPORTED_SET`
   */
  setMembers(name: string): readonly string[];
  /** Variables that emerge needs in its environment to know all repositories. */
  repositoryEnvironment(): Readonly<Record<string, string>>;
  /** Host path of the targets' `/etc/portage`. */
  readonly userConfiguration: string;
  /**
   * The system as it is at this time. Nothing is read anew of which it is certain that it has not changed; what both share is safe to use by
   * either, but the metadata of ebuilds is read anew for both.
   *
   * @throws LvfsError as {@link openSystem}
   */
  renewed(): System;
  /** Keeps values of installed packages for the next run; does nothing without {@link SystemOptions.cache}. */
  save(): void;
  /** What was wrong in the data read so far without keeping lvfs from working. */
  readonly warnings: readonly DataWarning[];
}

/**
 * Opens a system. Only the root itself is looked at.
 *
 * @throws LvfsError `NO_ROOT`, `NO_SYSROOT` or `NO_CONFIG_ROOT` (exit 22) when one of them is no directory; `SYSROOT_AND_PREFIX`,
 * `OTHER_ROOT` (exit 2) when the environment tells emerge to build for another system.
 */
export function openSystem(locations: SystemLocations, options: SystemOptions = {}): System {
  return new OpenedSystem(locations, options);
}

/** The databases of installed packages: the root's, and the sysroot's if there is one. */
type Databases = readonly [InstalledDatabase, ...InstalledDatabase[]];

/** What a system takes over from an earlier state of it. */
interface Kept {
  readonly configuration: Configuration;
  readonly toolsConfiguration: Configuration;
  readonly saved: ReadonlyMap<string, SavedValues>;
  /** Undefined: something was merged or unmerged since. */
  readonly installed?: {
    readonly databases: Databases | undefined;
    readonly sets: VisibleSets | undefined;
    readonly namers: ReadonlyMap<InstalledDatabase, Namer>;
  };
}

const nothingInstalled: Kept['installed'] & object = {
  databases: undefined,
  sets: undefined,
  namers: new Map(),
};

class OpenedSystem implements System {
  readonly database: string;
  readonly prefix: string;
  /** The targets' configuration. */
  readonly #configuration: Configuration;
  /** The configuration of the system whose tools are used; the same without a sysroot. */
  readonly #toolsConfiguration: Configuration;
  readonly #sysrootDatabase: string;
  readonly #locations: SystemLocations;
  readonly #options: SystemOptions;
  /** Whether the database was named, and so has to be there. */
  readonly #hasOwnDatabase: boolean;
  #databases: Databases | undefined;
  #knownSets: VisibleSets | undefined;
  readonly #namers: Map<InstalledDatabase, Namer>;
  /** By database. */
  readonly #saved: Map<string, SavedValues>;
  /** How many warnings of each configuration have been passed on. */
  readonly #reported = new Map<Configuration, number>();

  constructor(locations: SystemLocations, options: SystemOptions, kept: Partial<Kept> = {}) {
    this.#locations = locations;
    this.#options = options;
    const prefix = (locations.prefix ?? '').replace(/\/+$/, '');
    const { env = {} } = options;
    if (prefix !== '' && locations.sysroot !== undefined) {
      throw new LvfsError('SYSROOT_AND_PREFIX', 'a sysroot cannot be combined with a prefix');
    }
    this.prefix = prefix;
    const { configuration, toolsConfiguration, saved, installed = nothingInstalled } = kept;
    this.#configuration = configuration ?? new Configuration(this.#targetsOptions());
    checkRoots(env, this.sysroot, prefix);
    // The environment is about what is built, not about the system it is built on (create_trees of Portage).
    this.#toolsConfiguration =
      toolsConfiguration ??
      (this.sysroot === '' ? this.#configuration : new Configuration(this.#commonOptions()));
    this.#saved = new Map(saved);
    this.#databases = installed.databases;
    this.#knownSets = installed.sets;
    this.#namers = new Map(installed.namers);
    const { files } = this.#configuration;
    this.#hasOwnDatabase = locations.vdb !== undefined;
    this.database = files.resolve(locations.vdb ?? files.at(`${prefix}/var/db/pkg`));
    this.#sysrootDatabase = this.sysroot === '' ? '' : files.resolve(files.at(`${this.sysroot}/var/db/pkg`));
  }

  /** How the configuration of the system is read whose tools are used. */
  #commonOptions(): ConfigurationOptions {
    const { root, overlays, repos, prefix } = this.#locations;
    return {
      root,
      ...(overlays === undefined ? {} : { overlays }),
      ...(repos === undefined ? {} : { repos }),
      ...(prefix === undefined ? {} : { prefix }),
      askMetadata: (ebuild, file) =>
        askPortage(this.root, this.prefix, this.repositoryEnvironment())(ebuild, file),
    };
  }

  #targetsOptions(): ConfigurationOptions {
    const { env = {} } = this.#options;
    const { sysroot, configRoot = configRootOf(this.#locations, env) } = this.#locations;
    return {
      ...this.#commonOptions(),
      ...(sysroot === undefined ? {} : { sysroot }),
      ...(configRoot === undefined ? {} : { configRoot }),
      env,
    };
  }

  renewed(): System {
    const [configuration, toolsConfiguration] = [this.#configuration, this.#toolsConfiguration];
    if (!this.#configurations.every((one) => one.renew())) return openSystem(this.#locations, this.#options);
    const kept = { configuration, toolsConfiguration, saved: this.#saved };
    const databases = this.#databases;
    if (databases?.every((database) => database.isCurrent()) !== true)
      return new OpenedSystem(this.#locations, this.#options, kept);
    for (const namer of this.#namers.values()) namer.renew();
    const sets = this.#knownSets?.again(
      (installed, ofTarget) => new TargetResolver(installed, ofTarget ? configuration : toolsConfiguration),
    );
    return new OpenedSystem(this.#locations, this.#options, {
      ...kept,
      installed: { databases, sets, namers: this.#namers },
    });
  }

  get sysroot(): string {
    return this.#configuration.places.sysroot;
  }

  get databases(): readonly string[] {
    return this.sysroot === '' ? [this.database] : [this.database, this.#sysrootDatabase];
  }

  get root(): string {
    return this.#configuration.files.root;
  }

  get userConfiguration(): string {
    return this.#configuration.places.userConfig;
  }

  get warnings(): readonly DataWarning[] {
    return this.#configurations.flatMap(({ warnings }) => warnings);
  }

  get #configurations(): readonly Configuration[] {
    return [...new Set([this.#configuration, this.#toolsConfiguration])];
  }

  installed(): readonly InstalledPackage[] {
    return this.#reporting(() => {
      const [tools, sysroot] = this.#installed;
      if (sysroot === undefined) return tools.packages;
      return [...tools.packages, ...sysroot.packages].sort((a, b) => (a.cpv < b.cpv ? -1 : 1));
    });
  }

  installedIfKnown(
    known: ReadonlySet<PackageId>,
  ): readonly Pick<InstalledPackage, 'cpv' | 'directory'>[] | undefined {
    const tools = listKnown(this.database, 'root', known);
    const sysroot = this.sysroot === '' ? [] : listKnown(this.#sysrootDatabase, 'sysroot', known);
    if (tools === undefined || sysroot === undefined) return undefined;
    const all = [...tools, ...sysroot];
    // A database that has to be there is missed by those who list it.
    return all.length > 0 && all.length === known.size ? all : undefined;
  }

  packageDirectory(cpv: PackageId): string | undefined {
    return this.#reporting(
      () =>
        this.#installed.map((database) => database.get(cpv)).find((entry) => entry !== undefined)?.directory,
    );
  }

  matchInstalled(names: readonly string[]): readonly PackageId[] {
    return this.#reporting(() => [...this.#sets.matching(names)].sort());
  }

  atomFor(cpv: PackageId): string {
    return this.#reporting(() => this.#sets.atomFor(cpv));
  }

  namesFor(cpv: PackageId, paths: readonly string[]): readonly Naming[] {
    return this.#reporting(() => this.#namer(cpv).names(cpv, this.#sets.atomFor(cpv), paths));
  }

  equalsOf(cpv: PackageId, paths: readonly string[]): readonly EqualPackage[] {
    return this.#reporting(() => this.#namer(cpv).equals(cpv, paths));
  }

  /** Who names the packages of the system that a package is in. */
  #namer(cpv: PackageId): Namer {
    const [tools, sysroot] = this.#installed;
    const database = isInSysroot(cpv) ? (sysroot ?? tools) : tools;
    let namer = this.#namers.get(database);
    if (namer === undefined) {
      const { tree } = database === tools ? this.#toolsConfiguration : this.#configuration;
      this.#namers.set(database, (namer = new Namer(database, tree)));
    }
    return namer;
  }

  visibleSet(request: SetRequest): VisibleSet {
    return this.#reporting(() => this.#sets.compute({ test: this.#options.test ?? false, ...request }));
  }

  usesVariable(name: string): boolean {
    return this.#configurations.some((one) => one.uses(name));
  }

  variable(name: string): string | undefined {
    return this.#reporting(() => this.#configuration.get(name));
  }

  repositories(): readonly RepositoryPlace[] {
    return this.#reporting(() =>
      [...this.#configuration.repositories].map(({ name, location }) => ({ name, location })),
    );
  }

  categories(): readonly string[] {
    return this.#reporting(() => this.#configuration.tree.categories);
  }

  namesIn(category: string): readonly string[] {
    return this.#reporting(() => this.#configuration.tree.namesIn(category));
  }

  setNames(): readonly string[] {
    return this.#reporting(() => this.#sets.setNames);
  }

  setMembers(name: string): readonly string[] {
    return this.#reporting(() => this.#sets.setMembers(name));
  }

  repositoryEnvironment(): Readonly<Record<string, string>> {
    return this.#reporting(() => {
      const value = this.#configuration.overlayVariable;
      return value === undefined ? {} : { PORTDIR_OVERLAY: value };
    });
  }

  save(): void {
    for (const database of this.#databases ?? []) database.save();
  }

  /** The root's database, and the sysroot's. */
  get #installed(): Databases {
    return (this.#databases ??= [
      new InstalledDatabase(this.database, this.#toolsConfiguration.warn, {
        mustExist: this.#hasOwnDatabase,
        saved: this.#savedValues(this.database),
      }),
      ...(this.sysroot === ''
        ? []
        : [
            new InstalledDatabase(this.#sysrootDatabase, this.#configuration.warn, {
              system: 'sysroot',
              saved: this.#savedValues(this.#sysrootDatabase),
            }),
          ]),
    ]);
  }

  #savedValues(database: string): SavedValues | undefined {
    const { cache } = this.#options;
    const known = this.#saved.get(database);
    if (cache === undefined || known !== undefined) return known;
    const saved = new SavedValues(cache, database);
    this.#saved.set(database, saved);
    return saved;
  }

  get #sets(): VisibleSets {
    return (this.#knownSets ??= this.#makeSets());
  }

  #makeSets(): VisibleSets {
    const [toolsDatabase, sysrootDatabase] = this.#installed;
    const tools = packageRoot(toolsDatabase, this.#toolsConfiguration);
    const target = sysrootDatabase === undefined ? tools : packageRoot(sysrootDatabase, this.#configuration);
    return new VisibleSets(tools, target, this.#toolchains(), this.#configuration.warn);
  }

  /** Where crossdev puts the toolchain for the sysroot's CHOST. */
  #toolchains(): string[] {
    if (this.sysroot === '') return [];
    const chost = this.#configuration.get('CHOST') ?? '';
    return /^\w[\w+.-]*$/.test(chost) ? [`cross-${chost}`, `cross_llvm-${chost}`] : [];
  }

  /** Passes on the warnings that an answer brought up, also when it ends in an error. */
  #reporting<T>(answer: () => T): T {
    try {
      return answer();
    } finally {
      for (const configuration of this.#configurations) {
        const { warnings } = configuration;
        const reported = this.#reported.get(configuration) ?? 0;
        for (const warning of warnings.slice(reported)) this.#options.warn?.(warning);
        this.#reported.set(configuration, warnings.length);
      }
    }
  }
}

function packageRoot(database: InstalledDatabase, configuration: Configuration): PackageRoot {
  for (const entry of database.follow(configuration.moves)) {
    const now = `${entry.parts.cpv}, slot ${entry.value('SLOT')}`;
    configuration.warn({
      file: entry.directory,
      line: 0,
      message: `has moved, and is taken for ${now}; emerge brings the database up to date when it runs next, as does: emaint --fix moveinst`,
    });
  }
  const installed = new InstalledPackages(database, (flag, eapi) => configuration.implicit.has(flag, eapi));
  return {
    installed,
    check: new DepCheck(installed, configuration.provided),
    targets: new TargetResolver(installed, configuration),
    upgrades: new Upgrades(installed, configuration),
    place: configuration.places.sysroot === '' ? '/' : configuration.places.sysroot,
  };
}

/** What emerge takes for the configuration root when nothing else is said; undefined: the root. */
function configRootOf(
  { root }: SystemLocations,
  { PORTAGE_CONFIGROOT: place }: NonNullable<SystemOptions['env']>,
): string | undefined {
  if (place === undefined || place === '' || place === '/') return undefined;
  const directory = join(root, place);
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) return directory;
  throw new LvfsError('NO_CONFIG_ROOT', `PORTAGE_CONFIGROOT='${place}' is no directory in '${root}'`);
}

/** emerge builds for the system that these name. lvfs is told so by options, since more than emerge depends on it. */
function checkRoots(env: NonNullable<SystemOptions['env']>, sysroot: string, prefix: string): void {
  const expected = { ROOT: sysroot, SYSROOT: sysroot, EPREFIX: prefix };
  for (const [name, place] of Object.entries(expected)) {
    const value = (env[name] ?? '').replace(/\/+$/, '');
    if (value === '' || value === place) continue;
    throw new LvfsError('OTHER_ROOT', `${name}='${env[name]}': emerge would build for another system`, {
      hint: `unset ${name}, or name that system with ${name === 'EPREFIX' ? '--prefix' : '--sysroot or --root'}`,
    });
  }
}
