/**
 * The configuration as a whole: make.globals, profile, make.conf and what else lies in /etc/portage, as Portage's
 * `config` class puts it together (portage(5), make.conf(5), PMS 5). Every part is read when it is first asked for, and then kept.
 */
import path from 'node:path';
import { lazy } from '../../base/index.js';
import type { Candidate } from '../match.js';
import { type PackageMoves, readMoves } from '../moves.js';
import { type Warn, words as split } from '../packageFiles.js';
import { EbuildTree, type MetadataSource } from '../repos/ebuildTree.js';
import { listedRepositories, loadRepositories } from '../repos/reposConf.js';
import type { Ebuild, Metadata, Repositories, Repository } from '../repos/repository.js';
import type { RootFiles } from '../rootFiles.js';
import type { DataWarning, SystemLocations } from '../types.js';
import { Acceptance } from './acceptance.js';
import {
  type Described,
  describe,
  effectiveUse,
  type EffectiveUse,
  globalUse,
  type UseOptions,
  writtenOut,
} from './effectiveUse.js';
import { ImplicitIuse } from './implicitIuse.js';
import { Keywords } from './keywords.js';
import { listPlaces, readLicenseGroups, readListed, readPackages, readProvided } from './lists.js';
import { Masks } from './masks.js';
import { Places } from './places.js';
import { type ProfileNode, readProfileStack } from './profile.js';
import { isPortages, Settings } from './settings.js';
import {
  type Globals,
  readEnvFiles,
  readEnvironment,
  readGlobals,
  readMakeConfs,
  readProfileEnv,
  readRepositoryDefaults,
  readSources,
  type ReadSources,
} from './sources.js';
import { UserTables } from './userTables.js';
import { UseSettings, type Variables } from './useSettings.js';
import { Visibility } from './visibility.js';

/** What Portage's own repos.conf says, for a root without one. */
const BUILTIN_REPOS_CONF = {
  text: '[DEFAULT]\nmain-repo = gentoo\n[gentoo]\nlocation = %(EPREFIX)s/var/db/repos/gentoo\n',
};

const NO_FLAGS: ReadonlySet<string> = new Set();

/** How {@link openConfiguration} reads. */
export interface ConfigurationOptions extends SystemLocations {
  /** The environment that emerge would be called with; all of it counts (`config.__init__`). Default: an empty one. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Asked for metadata that no cache has, such as an installed Portage. */
  askMetadata?: MetadataSource;
}

/**
 * Opens the configuration of a system. Nothing but the root itself is read yet: every part is read when it is first
 * asked for, and may then throw.
 *
 * @throws LvfsError `NO_ROOT` here; later `MAKE_CONF`, `PROFILE`, `NO_PROFILE`, `NO_REPOSITORY`, `UNREADABLE` (see
 *   there), all with exit status 22.
 */
export function openConfiguration(options: ConfigurationOptions): Configuration {
  return new Configuration(options);
}

/** See {@link openConfiguration}. */
export class Configuration {
  readonly places: Places;
  readonly #options: ConfigurationOptions;
  readonly #warnings = new Map<string, DataWarning>();
  readonly #candidates = new WeakMap<Ebuild, Candidate>();
  readonly #repositoryDefaults = new Map<Repository, Variables>();
  /** By metadata, one for each kind of {@link UseOptions}. */
  readonly #uses = new WeakMap<Metadata, EffectiveUse[]>();
  /** Adds to {@link warnings}. */
  readonly warn: Warn = (warning) => {
    this.#warnings.set(`${warning.file}\0${warning.line}\0${warning.message}`, warning);
  };

  constructor(options: ConfigurationOptions) {
    this.#options = options;
    this.places = new Places(options);
  }

  get files(): RootFiles {
    return this.places.files;
  }

  /**
   * Whether everything but ebuilds would be read as it was. These, and what is known of them, are read anew from then on.
   */
  renew(): boolean {
    if (!this.files.isUnchanged()) return false;
    this.tree.forget();
    return true;
  }

  /** What was wrong in the files read so far without keeping Portage from working, each once. */
  get warnings(): readonly DataWarning[] {
    return [...this.#warnings.values()];
  }

  // ---- repositories and profile

  /** The repositories, ascending by priority. */
  @lazy
  get repositories(): Repositories {
    const { repos } = this.#options;
    if (repos !== undefined && repos.length > 0) return listedRepositories(this.files, repos, this.warn);
    const makeConf = readMakeConfs(this, new Map());
    const sources = [this.#globals.variables, makeConf, this.#environment];
    const last = (name: string): string => sources.findLast((source) => source.has(name))?.get(name) ?? '';
    const own = path.posix.join(this.places.globalConfig, 'repos.conf');
    const user = path.posix.join(this.places.userConfig, 'repos.conf');
    // The text of a repos.conf in place of all others and of PORTDIR (`load_repository_config`).
    const whole = this.#environment.get('PORTAGE_REPOSITORIES');
    const isThere = this.files.kind(own) !== undefined;
    return loadRepositories(
      this.files,
      {
        ownConf: whole !== undefined ? { text: whole } : isThere ? own : BUILTIN_REPOS_CONF,
        userConf: whole === undefined ? user : undefined,
        variables: this.places.variables,
        portdir: whole === undefined ? last('PORTDIR') : '',
        portdirOverlay: whole === undefined ? split(last('PORTDIR_OVERLAY')) : [],
        overlays: (this.#options.overlays ?? []).map((overlay) => path.resolve(overlay)),
      },
      this.warn,
    );
  }

  /**
   * PORTDIR_OVERLAY as Portage needs it to know {@link SystemLocations.overlays} that repos.conf does not have, as paths inside the root;
   * undefined when it needs to be told of none.
   */
  get overlayVariable(): string | undefined {
    const given = (this.#options.overlays ?? []).map((overlay) => this.files.inside(path.resolve(overlay)));
    const unknown = given.filter((overlay) => {
      const found = [...this.repositories].find(({ location }) => this.files.inside(location) === overlay);
      return found?.isListed === true;
    });
    if (unknown.length === 0) return undefined;
    return [...split(this.settings.get('PORTDIR_OVERLAY')), ...unknown].join(' ');
  }

  /** What has moved since the database of installed packages was brought up to date. */
  @lazy
  get moves(): PackageMoves {
    const noted = this.files.at(`${this.places.target}/var/cache/edb/mtimedb`);
    return readMoves(this.files, this.repositories, noted, this.warn);
  }

  /** What has ever moved, for whoever knows an old name. */
  @lazy
  get allMoves(): PackageMoves {
    return readMoves(this.files, this.repositories, undefined, () => undefined);
  }

  /** The ebuilds of all repositories. */
  @lazy
  get tree(): EbuildTree {
    return new EbuildTree(this.files, this.repositories, {
      categories: () => this.categories,
      depcache: this.files.at(`${this.places.prefix}/var/cache/edb/dep`),
      ask: this.#options.askMetadata,
      warn: this.warn,
    });
  }

  /** The profile's directories, the least important first. */
  @lazy
  get profile(): readonly ProfileNode[] {
    return readProfileStack(this.files, this.places, this.repositories, this.warn);
  }

  // ---- lists

  @lazy
  get #listPlaces(): readonly string[] {
    return listPlaces(this.repositories, this.places.userConfig);
  }

  /** All category names of the repositories and of the user. */
  @lazy
  get categories(): ReadonlySet<string> {
    const listed = readListed(this.files, this.#listPlaces, 'categories');
    return new Set(listed.filter((name) => /^[A-Za-z0-9_][A-Za-z0-9+_.-]*$/.test(name)));
  }

  /** All architectures that the repositories know (`arch.list`). */
  @lazy
  get archs(): readonly string[] {
    return readListed(this.files, this.#listPlaces, 'arch.list');
  }

  /** License groups by name (`license_groups` of the repositories and of the user). */
  @lazy
  get licenseGroups(): ReadonlyMap<string, ReadonlySet<string>> {
    return readLicenseGroups(this.files, this.#listPlaces);
  }

  /** The stacked entries of the profile's `packages`, those of @system with their `*` (PMS 5.2.6). */
  @lazy
  get packages(): readonly string[] {
    return readPackages(this.files, this.profile, this.warn);
  }

  /** The atoms of @profile: entries of `packages` without `*`, of profiles whose formats have `profile-set` (portage(5)). */
  get profilePackages(): readonly string[] {
    const nodes = this.profile.filter((node) => node.formats.includes('profile-set'));
    return readPackages(this.files, nodes, this.warn).filter((atom) => !atom.startsWith('*'));
  }

  /** The atoms of @system. */
  get system(): readonly string[] {
    return this.packages.filter((atom) => atom.startsWith('*')).map((atom) => atom.slice(1));
  }

  /** The packages that the user provides otherwise (`package.provided`), as cpvs. */
  @lazy
  get provided(): readonly string[] {
    return readProvided(this.files, this.profile, this.warn);
  }

  // ---- variables

  @lazy
  get #profileEnv(): Variables {
    return readProfileEnv(this);
  }

  @lazy
  get #globals(): Globals {
    return readGlobals(this, this.#profileEnv);
  }

  @lazy
  get #environment(): Variables {
    return readEnvironment(this.#options.env ?? {}, this.#profileEnv);
  }

  @lazy
  get #sources(): ReadSources {
    return readSources({
      places: this.places,
      warn: this.warn,
      profileEnv: this.#profileEnv,
      globals: this.#globals,
      environment: this.#environment,
      profile: this.profile,
      main: this.repositories.main,
      userTables: this.userTables,
      everywhereUse: () => this.useSettings.everywhere,
    });
  }

  /** What variables are made of, before anything depends on a package. */
  @lazy
  get settings(): Settings {
    return new Settings(this.#sources.sources);
  }

  /** Whether a variable is Portage's, or one of this system's flags. */
  uses(name: string): boolean {
    if (isPortages(name)) return true;
    return ['USE_EXPAND', 'USE_EXPAND_UNPREFIXED'].some((list) => this.settings.words(list).includes(name));
  }

  /** The value of a variable as `portageq envvar` shows it, without what depends on a package. */
  get(name: string): string | undefined {
    if (name === 'USE') return [...this.globalUse].sort().join(' ');
    const value = this.settings.get(name);
    if (this.settings.words('USE_EXPAND_UNPREFIXED').includes(name)) {
      return value === undefined
        ? undefined
        : split(value)
            .filter((flag) => this.globalUse.has(flag))
            .join(' ');
    }
    if (!this.settings.words('USE_EXPAND').includes(name)) return value;
    // USE_EXPAND variables are made to agree with USE.
    const prefix = `${name.toLowerCase()}_`;
    const flags = new Set(
      [...this.globalUse].filter((flag) => flag.startsWith(prefix)).map((f) => f.slice(prefix.length)),
    );
    const ordered = split(value).filter((word) => flags.has(word));
    const rest = [...flags].filter((flag) => !ordered.includes(flag)).sort();
    return ordered.length + rest.length > 0 || value !== undefined
      ? [...ordered, ...rest].join(' ')
      : undefined;
  }

  /** The words of ACCEPT_KEYWORDS, sorted. */
  get acceptKeywords(): readonly string[] {
    return this.keywords.accepted;
  }

  /** `ARCH` of the profile. */
  get arch(): string {
    return this.settings.sources.defaults.get('ARCH') ?? '';
  }

  // ---- USE

  /** The user's files about packages. */
  @lazy
  get userTables(): UserTables {
    return new UserTables(this);
  }

  /** What profiles, repositories and package.use say about flags. */
  @lazy
  get useSettings(): UseSettings {
    return new UseSettings(this.files, this.repositories, this.profile, this.places.userConfig, this.warn);
  }

  /** The USE of each make.defaults, with USE_EXPAND written out. */
  @lazy
  get profileUse(): readonly (readonly string[])[] {
    return writtenOut(this.#sources.makeDefaults, this.settings);
  }

  /** Global USE after masks and forces, with USE_EXPAND variables as flags. */
  @lazy
  get globalUse(): ReadonlySet<string> {
    return globalUse(this);
  }

  /** Flags that are in IUSE_EFFECTIVE without being listed. */
  @lazy
  get implicit(): ImplicitIuse {
    return new ImplicitIuse(this);
  }

  /** The variables of the make.defaults in a repository's `profiles` directory itself. */
  repositoryDefaults(repository: Repository): Variables {
    let variables = this.#repositoryDefaults.get(repository);
    if (variables === undefined) {
      variables = readRepositoryDefaults(this.files, repository, this.#sources, this.warn);
      this.#repositoryDefaults.set(repository, variables);
    }
    return variables;
  }

  /** The variables that package.env gives a package. */
  packageVariables(candidate: Candidate): Variables {
    const names = this.userTables.env.byPackage.bySpecificity(candidate).flat();
    return readEnvFiles(this, names, this.#sources);
  }

  /** The effective USE of a package (PMS 11.1.1). */
  use(described: Described, options: UseOptions = {}): EffectiveUse {
    const kind = Number(options.test === true) + 2 * Number(options.anonymous === true);
    let known = this.#uses.get(described.metadata);
    if (known === undefined) this.#uses.set(described.metadata, (known = []));
    return (known[kind] ??= effectiveUse(this, described, options));
  }

  /** {@link use} of an ebuild. */
  useOf(ebuild: Ebuild, options: UseOptions = {}): EffectiveUse {
    const metadata = this.tree.metadata(ebuild);
    return this.use({ cpv: ebuild.cpv, repository: ebuild.repository.name, metadata }, options);
  }

  // ---- which ebuilds may be used

  /**
   * An ebuild in the form in which atoms are matched against it; its USE is not computed and counts as empty. Its
   * metadata is read when its slot or its flags are first asked for.
   */
  candidate(ebuild: Ebuild): Candidate {
    let candidate = this.#candidates.get(ebuild);
    if (candidate === undefined) {
      const { repository, cpv } = ebuild;
      let described: Candidate | undefined;
      const whole = (): Candidate =>
        (described ??= describe(
          { cpv, repository: repository.name, metadata: this.tree.metadata(ebuild) },
          this.implicit,
        ));
      candidate = {
        package: ebuild,
        repo: repository.name,
        get slot() {
          return whole().slot;
        },
        get subslot() {
          return whole().subslot;
        },
        hasFlag: (flag) => whole().hasFlag(flag),
        use: NO_FLAGS,
        buildId: undefined,
      };
      this.#candidates.set(ebuild, candidate);
    }
    return candidate;
  }

  /** What is masked. */
  @lazy
  get masks(): Masks {
    return new Masks(this);
  }

  /** Which keywords are accepted. */
  @lazy
  get keywords(): Keywords {
    return new Keywords(this);
  }

  /** Which licences and the like are accepted. */
  @lazy
  get acceptance(): Acceptance {
    return new Acceptance(this);
  }

  /** Which ebuilds may be used, and why others may not. */
  @lazy
  get visibility(): Visibility {
    return new Visibility(this);
  }
}
