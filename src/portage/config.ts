/**
 * The configuration as a whole: make.globals, profile, make.conf and what else lies in /etc/portage, as Portage's
 * `config` class puts it together (portage(5), make.conf(5), PMS 5). Everything is read when it is first needed and then kept.
 */
import path from 'node:path';
import { LvfsError, exitStatus } from '../base/index.js';
import { tryParseAtom, type Atom } from './atom.js';
import { eapiFeatures } from './eapi.js';
import { readMakeConf } from './makeConf.js';
import { type Candidate, makeCandidate } from './match.js';
import { type PackageMoves, readMoves } from './moves.js';
import { AtomTable, readEntries, readLines, stack, type Warn, words as split } from './packageFiles.js';
import { type ProfileNode, readProfileStack } from './profile.js';
import {
  type Ebuild,
  EbuildTree,
  listedRepositories,
  loadRepositories,
  type Metadata,
  type MetadataSource,
  type Repositories,
} from './repository.js';
import { RootFiles } from './rootFiles.js';
import type { DataWarning, SystemLocations } from './types.js';
import { makeDefaultsUse, stackUse, type UseLayer, UseSettings, type Variables } from './use.js';
import { splitCpv } from './version.js';
import { Visibility } from './visibility.js';

/** Variables of which every source adds to the ones before (`portage.const.INCREMENTALS`). */
const INCREMENTALS: ReadonlySet<string> = new Set([
  'ACCEPT_KEYWORDS',
  'CONFIG_PROTECT',
  'CONFIG_PROTECT_MASK',
  'ENV_UNSET',
  'FEATURES',
  'IUSE_IMPLICIT',
  'PROFILE_ONLY_VARIABLES',
  'USE',
  'USE_EXPAND',
  'USE_EXPAND_HIDDEN',
  'USE_EXPAND_IMPLICIT',
  'USE_EXPAND_UNPREFIXED',
]);

/** Variables that no file may set, because they are about one package or come from Portage itself. */
const BLACKLIST: readonly string[] = (
  'A AA BASH_FUNC____in_portage_iuse%% BDEPEND BROOT CATEGORY DEPEND DESCRIPTION DOCS EAPI EBUILD_FORCE_TEST ' +
  'EBUILD_PHASE EBUILD_PHASE_FUNC EBUILD_SKIP_MANIFEST ED EMERGE_FROM EPREFIX EROOT GREP_OPTIONS HOMEPAGE IDEPEND ' +
  'INHERITED IUSE IUSE_EFFECTIVE KEYWORDS LICENSE MERGE_TYPE PDEPEND PF PKGUSE PORTAGE_BACKGROUND ' +
  'PORTAGE_BACKGROUND_UNMERGE PORTAGE_BUILDDIR_LOCKED PORTAGE_BUILT_USE PORTAGE_CONFIGROOT ' +
  'PORTAGE_EXPLICIT_INHERIT PORTAGE_INTERNAL_CALLER PORTAGE_IUSE PORTAGE_NONFATAL PORTAGE_PIPE_FD ' +
  'PORTAGE_REPO_NAME PORTAGE_USE PROPERTIES RDEPEND REPOSITORY REQUIRED_USE RESTRICT ROOT SANDBOX_LOG SLOT SRC_URI _'
).split(' ');

/** Variables that neither a repository nor a package may set. */
const GLOBAL_ONLY: readonly string[] = ['CONFIG_PROTECT'];

/** What make.globals says where a host has none: only variables that lvfs looks at. */
const BUILTIN_GLOBALS: Variables = new Map([
  ['ACCEPT_PROPERTIES', '*'],
  ['ACCEPT_RESTRICT', '*'],
  ['DISTDIR', '/var/cache/distfiles'],
  ['PKGDIR', '/var/cache/binpkgs'],
  ['PORTAGE_TMPDIR', '/var/tmp'],
  ['CONFIG_PROTECT', '/etc'],
  ['CONFIG_PROTECT_MASK', '/etc/env.d'],
  ['USE_ORDER', 'env:pkg:conf:defaults:pkginternal:features:repo:env.d'],
]);

/** What Portage's own repos.conf says, for a root without one. */
const BUILTIN_REPOS_CONF = {
  text: '[DEFAULT]\nmain-repo = gentoo\n[gentoo]\nlocation = %(EPREFIX)s/var/db/repos/gentoo\n',
};

/** The names of the sources, the least important first; `env` is what the caller passed. */
const SOURCES = [
  'env.d',
  'repo',
  'features',
  'pkginternal',
  'globals',
  'defaults',
  'conf',
  'pkg',
  'env',
] as const;
type Source = (typeof SOURCES)[number];
type Sources = Readonly<Record<Source, Variables>>;

const NONE: Variables = new Map();
const NO_FLAGS: ReadonlySet<string> = new Set();
const NO_VERSIONS = /^(?:-\*|\*)$/;

/** The variables of some sources together. */
class Settings {
  readonly #cache = new Map<string, string | undefined>();
  readonly #words = new Map<string, readonly string[]>();

  constructor(readonly sources: Sources) {}

  /** The value of a variable: added up when it is incremental, else of the most important source that has it. */
  get(name: string): string | undefined {
    if (this.#cache.has(name)) return this.#cache.get(name);
    const value = INCREMENTALS.has(name) ? this.#addUp(name) : this.#last(name);
    this.#cache.set(name, value);
    return value;
  }

  /** The words of a variable; none when it is unset. */
  words(name: string): readonly string[] {
    let found = this.#words.get(name);
    if (found === undefined) this.#words.set(name, (found = split(this.get(name))));
    return found;
  }

  /** The words of a variable in all sources, from the last `*` or `-*` on (`prune_incremental`). */
  pruned(name: string): readonly string[] {
    const all = SOURCES.flatMap((source) => split(this.sources[source].get(name)));
    const last = all.findLastIndex((word) => NO_VERSIONS.test(word));
    if (last < 0) return all;
    // A -* at the very end stays: nothing at all would mean the default.
    return all[last] === '*' || last === all.length - 1 ? all.slice(last) : all.slice(last + 1);
  }

  #last(name: string): string | undefined {
    for (let i = SOURCES.length - 1; i >= 0; i--) {
      const value = this.sources[SOURCES[i] as Source].get(name);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  #addUp(name: string): string | undefined {
    const words = new Set<string>();
    let isSet = false;
    for (const source of SOURCES) {
      const value = this.sources[source].get(name);
      if (value === undefined) continue;
      isSet = true;
      for (const word of split(value)) {
        if (word === '-*') words.clear();
        else if (word.startsWith('-')) words.delete(word.slice(1));
        else {
          const plain = word.startsWith('+') ? word.slice(1) : word;
          if (plain.startsWith('-')) words.delete(plain.slice(1));
          else if (plain !== '') words.add(plain);
        }
      }
    }
    return isSet ? [...words].sort().join(' ') : undefined;
  }
}

/** Joins variables of several files: incremental ones add up, of others the last counts (`stack_dicts`). */
function stackVariables(all: readonly Variables[]): Map<string, string> {
  const result = new Map<string, string>();
  for (const variables of all) {
    for (const [name, value] of variables) {
      const before = INCREMENTALS.has(name) ? result.get(name) : undefined;
      result.set(name, before === undefined ? value : `${before} ${value}`);
    }
  }
  return result;
}

function drop(variables: Map<string, string>, names: Iterable<string>): void {
  for (const name of names) variables.delete(name);
}

/** How {@link openConfiguration} reads. */
export interface ConfigurationOptions extends SystemLocations {
  /** The environment that emerge would be called with; all of it counts (`config.__init__`). Default: an empty one. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Asked for metadata that no cache has, such as an installed Portage. */
  askMetadata?: MetadataSource;
}

/** How {@link Configuration.use} computes. */
export interface UseOptions {
  /** As if `FEATURES=test` were set; default: as the configuration says. */
  test?: boolean;
  /**
   * As if it were not known which repository the package is from: use.mask and its kin in the `profiles` directory
   * of an overlay do not count, and `::repo` in a file of the user's always matches. So Portage computes where it
   * asks by cpv (`config.setcpv(cpv)`: ebuild(1), the visibility of `portdbapi`), while emerge knows the repository.
   * Default false.
   */
  anonymous?: boolean;
}

/**
 * The path inside the root, without symlinks, of a directory that is given as a host path below it or as a path inside it;
 * empty for the root itself.
 *
 * @throws LvfsError `NO_SYSROOT` when there is no such directory inside the root.
 */
function placeInside(files: RootFiles, given: string): string {
  for (const candidate of [path.resolve(given), files.at(given)]) {
    const real = files.resolve(candidate);
    if (real === files.root) return '';
    const below = files.root === '/' ? '/' : `${files.root}/`;
    if (real.startsWith(below) && files.kind(real) === 'directory') return `/${real.slice(below.length)}`;
  }
  throw new LvfsError('NO_SYSROOT', `the sysroot '${given}' is no directory inside '${files.root}'`, {
    exit: exitStatus.portageData,
    hint: 'crossdev makes one in /usr/<CHOST>; a mounted stage may lie anywhere below the root',
  });
}

/** What {@link Configuration.use} answers. */
export interface EffectiveUse {
  /** Enabled flags inside IUSE_EFFECTIVE (PMS 11.1.1). */
  readonly enabled: ReadonlySet<string>;
  /** The package's own IUSE, without defaults. */
  readonly iuse: ReadonlySet<string>;
  /** Masked and forced flags for this package, in its IUSE or not. */
  readonly masked: ReadonlySet<string>;
  readonly forced: ReadonlySet<string>;
}

/** An ebuild, or an installed package, for which USE is computed. */
export interface Described {
  readonly cpv: string;
  /** The name of its repository; undefined when it is not known. */
  readonly repository: string | undefined;
  /** IUSE, EAPI, KEYWORDS, SLOT, RESTRICT and PROPERTIES count. */
  readonly metadata: Metadata;
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
  readonly files: RootFiles;
  readonly #options: ConfigurationOptions;
  readonly #prefix: string;
  /** The sysroot as a path inside the root, or the empty string. */
  readonly #sysroot: string;
  /** `<configRoot>/etc`, a host path. */
  readonly #etc: string;
  readonly #warnings = new Map<string, DataWarning>();
  readonly #lazy = new Map<string, unknown>();
  readonly #candidates = new WeakMap<Ebuild, Candidate>();
  /** By metadata, one for each kind of {@link UseOptions}. */
  readonly #uses = new WeakMap<Metadata, EffectiveUse[]>();
  /** Adds to {@link warnings}. */
  readonly warn: Warn = (warning) => {
    this.#warnings.set(`${warning.file}\0${warning.line}\0${warning.message}`, warning);
  };

  constructor(options: ConfigurationOptions) {
    this.#options = options;
    this.files = new RootFiles(options.root);
    this.#prefix =
      options.prefix === undefined || options.prefix === '/' ? '' : options.prefix.replace(/\/+$/, '');
    this.#sysroot = options.sysroot === undefined ? '' : placeInside(this.files, options.sysroot);
    const configRoot =
      options.configRoot === undefined ? this.files.at(this.#target) : path.resolve(options.configRoot);
    this.#etc = path.posix.join(configRoot, 'etc');
  }

  /** The system that is configured, as a path inside the root without a trailing slash: EROOT. */
  get #target(): string {
    return this.#sysroot === '' ? this.#prefix : this.#sysroot;
  }

  /** The sysroot as a path inside the root, without symlinks and trailing slash; empty when there is none. */
  get sysroot(): string {
    return this.#sysroot;
  }

  /** What was wrong in the files read so far without keeping Portage from working, each once. */
  get warnings(): readonly DataWarning[] {
    return [...this.#warnings.values()];
  }

  /** `/etc/portage`, a host path. */
  get userConfig(): string {
    return path.posix.join(this.#etc, 'portage');
  }

  /** Where Portage's own configuration is, a host path. */
  get globalConfig(): string {
    return this.files.at(`${this.#prefix}/usr/share/portage/config`);
  }

  /** Host path of `var/lib/portage` of the system that is configured. */
  get stateDirectory(): string {
    return this.files.at(`${this.#target}/var/lib/portage`);
  }

  /** The host path of a path of repos.conf or sets.conf; the configuration may be set apart from the root. */
  hostPath(inside: string): string {
    const user = `${this.#target}/etc/portage/`;
    const normal = path.posix.join('/', inside);
    return normal.startsWith(user)
      ? path.posix.join(this.userConfig, normal.slice(user.length))
      : this.files.at(normal);
  }

  /** What `%(name)s` stands for in repos.conf and sets.conf, by lower-case name. */
  get placeVariables(): ReadonlyMap<string, string> {
    const inside = `${this.#target}/`;
    return new Map([
      ['eprefix', this.#prefix],
      ['eroot', inside],
      ['portage_configroot', inside],
      ['root', `${this.#sysroot}/`],
    ]);
  }

  /** The repositories, ascending by priority. */
  get repositories(): Repositories {
    return this.#once('repositories', () => this.#readRepositories());
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
  get moves(): PackageMoves {
    const noted = this.files.at(`${this.#target}/var/cache/edb/mtimedb`);
    return this.#once('moves', () => readMoves(this.files, this.repositories, noted, this.warn));
  }

  /** What has ever moved, for whoever knows an old name. */
  get allMoves(): PackageMoves {
    return this.#once('allMoves', () => readMoves(this.files, this.repositories, undefined, () => undefined));
  }

  /** The ebuilds of all repositories. */
  get tree(): EbuildTree {
    return this.#once(
      'tree',
      () =>
        new EbuildTree(this.files, this.repositories, {
          categories: () => this.categories,
          depcache: this.files.at(`${this.#prefix}/var/cache/edb/dep`),
          ask: this.#options.askMetadata,
          warn: this.warn,
        }),
    );
  }

  /** The profile's directories, the least important first. */
  get profile(): readonly ProfileNode[] {
    return this.#once('profile', () =>
      readProfileStack(this.files, { etc: this.#etc }, this.repositories, this.warn),
    );
  }

  /** All category names of the repositories and of the user. */
  get categories(): ReadonlySet<string> {
    return this.#once(
      'categories',
      () => new Set(this.#listed('categories').filter((name) => /^[A-Za-z0-9_][A-Za-z0-9+_.-]*$/.test(name))),
    );
  }

  /** The stacked entries of the profile's `packages`, those of @system with their `*` (PMS 5.2.6). */
  get packages(): readonly string[] {
    return this.#once('packages', () => this.#stackPackages(this.profile));
  }

  /** The atoms of @profile: entries of `packages` without `*`, of profiles whose formats have `profile-set` (portage(5)). */
  get profilePackages(): readonly string[] {
    return this.#stackPackages(this.profile.filter((node) => node.formats.includes('profile-set'))).filter(
      (atom) => !atom.startsWith('*'),
    );
  }

  /** The atoms of @system. */
  get system(): readonly string[] {
    return this.packages.filter((atom) => atom.startsWith('*')).map((atom) => atom.slice(1));
  }

  /** The packages that the user provides otherwise (`package.provided`), as cpvs. */
  get provided(): readonly string[] {
    return this.#once('provided', () => {
      const lists = this.profile
        .filter((node) => node.names.has('package.provided'))
        .map((node) => {
          const file = path.posix.join(node.directory, 'package.provided');
          if (eapiFeatures(node.eapi).packageProvided)
            return readLines(this.files, file, node.allowsDirectories);
          this.warn({ file, line: 0, message: `EAPI ${node.eapi} has no package.provided; it is ignored` });
          return [];
        });
      const places = new Map(lists.flat().map((line) => [line.text, line]));
      return stack(lists.map((lines) => lines.map((line) => line.text))).filter((text) => {
        if (tryParseAtom(`=${text}`) !== undefined && splitCpv(text) !== undefined) return true;
        const { file = '', line = 0 } = places.get(text) ?? {};
        this.warn({ file, line, message: `found '${text}', expected category/name-version` });
        return false;
      });
    });
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
    return this.settings.words('ACCEPT_KEYWORDS');
  }

  /** `ARCH` of the profile. */
  get arch(): string {
    return this.settings.sources.defaults.get('ARCH') ?? '';
  }

  /** Global USE after masks and forces, with USE_EXPAND variables as flags. */
  get globalUse(): ReadonlySet<string> {
    return this.#once('globalUse', () =>
      this.#finishUse(this.#stackUse(this.settings, this.#globalLayers(), undefined, true), {
        masked: this.useSettings.global('mask'),
        forced: this.useSettings.global('force'),
      }),
    );
  }

  /** What IUSE_EFFECTIVE has beyond a package's own IUSE, from EAPI 5 on (PMS 11.1.1). */
  get iuseImplicit(): ReadonlySet<string> {
    return this.#once('iuseImplicit', () => {
      const { settings } = this;
      const flags = new Set(settings.words('IUSE_IMPLICIT'));
      const implicit = new Set(settings.words('USE_EXPAND_IMPLICIT'));
      for (const variable of settings.words('USE_EXPAND_UNPREFIXED')) {
        if (!implicit.has(variable)) continue;
        for (const value of settings.words(`USE_EXPAND_VALUES_${variable}`)) flags.add(value);
      }
      for (const variable of settings.words('USE_EXPAND')) {
        if (!implicit.has(variable)) continue;
        for (const value of settings.words(`USE_EXPAND_VALUES_${variable}`)) {
          flags.add(`${variable.toLowerCase()}_${value}`);
        }
      }
      return flags;
    });
  }

  /** Whether a flag is in the effective IUSE of a package with this EAPI without being in its own IUSE. */
  isImplicitFlag(flag: string, eapi: string): boolean {
    if (eapiFeatures(eapi).iuseEffective) return this.iuseImplicit.has(flag);
    const { flags, prefixes } = this.#oldImplicit;
    return flags.has(flag) || prefixes.some((prefix) => flag.startsWith(prefix));
  }

  /** Portage's rules before EAPI 5: what is masked, forced, hidden, an architecture, or `build` or `bootstrap`. */
  get #oldImplicit(): { flags: ReadonlySet<string>; prefixes: readonly string[] } {
    return this.#once('oldImplicit', () => ({
      flags: new Set([
        ...(this.arch === '' ? [] : [this.arch]),
        ...this.archs,
        ...this.useSettings.global('mask'),
        ...this.useSettings.global('force'),
        'build',
        'bootstrap',
      ]),
      prefixes: this.settings.words('USE_EXPAND_HIDDEN').map((variable) => `${variable.toLowerCase()}_`),
    }));
  }

  /** All architectures that the repositories know (`arch.list`). */
  get archs(): readonly string[] {
    return this.#once('archs', () => this.#listed('arch.list'));
  }

  /** The effective USE of a package (PMS 11.1.1). */
  use(described: Described, options: UseOptions = {}): EffectiveUse {
    const kind = Number(options.test === true) + 2 * Number(options.anonymous === true);
    let known = this.#uses.get(described.metadata);
    if (known === undefined) this.#uses.set(described.metadata, (known = []));
    return (known[kind] ??= this.#computeUse(described, options));
  }

  /** {@link use} of an ebuild. */
  useOf(ebuild: Ebuild, options: UseOptions = {}): EffectiveUse {
    const metadata = this.tree.metadata(ebuild);
    return this.use({ cpv: ebuild.cpv, repository: ebuild.repository.name, metadata }, options);
  }

  /**
   * An ebuild in the form in which atoms are matched against it; its USE is not computed and counts as empty. Its
   * metadata is read when its slot or its flags are first asked for.
   */
  candidate(ebuild: Ebuild): Candidate {
    let candidate = this.#candidates.get(ebuild);
    if (candidate === undefined) {
      const { repository } = ebuild;
      let described: Candidate | undefined;
      const describe = (): Candidate =>
        (described ??= this.#describe({
          cpv: ebuild.cpv,
          repository: repository.name,
          metadata: this.tree.metadata(ebuild),
        }));
      candidate = {
        package: ebuild,
        repo: repository.name,
        get slot() {
          return describe().slot;
        },
        get subslot() {
          return describe().subslot;
        },
        hasFlag: (flag) => describe().hasFlag(flag),
        use: NO_FLAGS,
        buildId: undefined,
      };
      this.#candidates.set(ebuild, candidate);
    }
    return candidate;
  }

  /** Which ebuilds may be used, and why others may not. */
  get visibility(): Visibility {
    return this.#once('visibility', () => new Visibility(this));
  }

  /** The ebuild that Portage would choose for an atom; undefined when none is visible. */
  bestVisible(atom: Atom): Ebuild | undefined {
    return this.visibility.best(atom);
  }

  /** Why an ebuild is masked, in Portage's words; empty when it is visible. */
  masks(ebuild: Ebuild): readonly string[] {
    return this.visibility.reasons(ebuild);
  }

  /** What variables are made of, before anything depends on a package. */
  get settings(): Settings {
    return this.#once('settings', () => new Settings(this.#readSources()));
  }

  /** What profiles, repositories and package.use say about flags. */
  get useSettings(): UseSettings {
    return this.#once(
      'useSettings',
      () => new UseSettings(this.files, this.repositories, this.profile, this.userConfig, this.warn),
    );
  }

  /** The atoms of `*\/*` of the user's files, which count like make.conf. */
  readonly userTable = (name: string, allowUse = true, allowBuildId = true): AtomTable<string> =>
    this.#once(`table ${name}`, () => {
      const table = new AtomTable<string>({
        allowWildcard: true,
        allowRepo: true,
        allowBuildId,
        allowUse,
        eager: true,
        warn: this.warn,
      });
      for (const { key, values, file, line } of readEntries(
        this.files,
        path.posix.join(this.userConfig, name),
        true,
      )) {
        table.add(key, values, file, line);
      }
      return table;
    });

  #once<T>(name: string, make: () => T): T {
    if (!this.#lazy.has(name)) this.#lazy.set(name, make());
    return this.#lazy.get(name) as T;
  }

  /** The variables of make.conf; with `expand` those that it may refer to. */
  #makeConf(expand: Map<string, string>): Map<string, string> {
    const files = [path.posix.join(this.#etc, 'make.conf'), path.posix.join(this.userConfig, 'make.conf')];
    const existing = files.filter((file) => this.files.kind(file) !== undefined);
    if (
      existing.length === 2 &&
      this.files.resolve(files[0] as string) === this.files.resolve(files[1] as string)
    ) {
      existing.pop();
    }
    const variables = new Map<string, string>();
    for (const file of existing) {
      const read = readMakeConf(this.files, file, {
        expand,
        sourcing: true,
        recursive: true,
        warn: this.warn,
      });
      for (const [name, value] of read ?? []) variables.set(name, value);
    }
    if (existing.length === 2) {
      this.warn({ file: existing[0] as string, line: 0, message: `read in addition to '${existing[1]}'` });
    }
    for (const name of variables.keys()) if (name.startsWith('__')) variables.delete(name);
    return variables;
  }

  get #envD(): Map<string, string> {
    return this.#once('envD', () => {
      const file = this.files.at(`${this.#target}/etc/profile.env`);
      return readMakeConf(this.files, file, { expand: false, warn: this.warn }) ?? new Map<string, string>();
    });
  }

  /** Variables that the files read before make.conf may refer to, and make.globals itself. */
  get #globals(): { expand: Map<string, string>; globals: Variables } {
    return this.#once('globals', () => {
      const inside = `${this.#target}/`;
      const expand = new Map(this.#envD);
      for (const [name, value] of [
        ['BROOT', this.#prefix],
        ['EPREFIX', this.#prefix],
        ['EROOT', inside],
        ['ESYSROOT', inside],
        ['PORTAGE_CONFIGROOT', inside],
        ['ROOT', `${this.#sysroot}/`],
        ['SYSROOT', this.#sysroot || '/'],
      ] as const) {
        expand.set(name, value);
      }
      const file = this.files.at(`${this.#prefix}/usr/share/portage/config/make.globals`);
      const read = readMakeConf(this.files, file, { expand, warn: this.warn });
      const globals = new Map(read ?? BUILTIN_GLOBALS);
      if (!globals.has('ACCEPT_PROPERTIES')) globals.set('ACCEPT_PROPERTIES', '*');
      return { expand, globals };
    });
  }

  /** The environment, without what profile.env has put there: that would count as though the user had said it. */
  get #env(): Map<string, string> {
    const env = new Map<string, string>();
    for (const [name, value] of Object.entries(this.#options.env ?? {})) {
      if (value !== undefined && this.#envD.get(name) !== value) env.set(name, value);
    }
    return env;
  }

  #readRepositories(): Repositories {
    const { repos } = this.#options;
    if (repos !== undefined && repos.length > 0) return listedRepositories(this.files, repos, this.warn);
    const makeConf = this.#makeConf(new Map());
    const sources = [this.#globals.globals, makeConf, this.#env];
    const last = (name: string): string => sources.findLast((source) => source.has(name))?.get(name) ?? '';
    const own = path.posix.join(this.globalConfig, 'repos.conf');
    const user = path.posix.join(this.userConfig, 'repos.conf');
    // The text of a repos.conf in place of all others and of PORTDIR (`load_repository_config`).
    const whole = this.#env.get('PORTAGE_REPOSITORIES');
    return loadRepositories(
      this.files,
      {
        ownConf:
          whole !== undefined
            ? { text: whole }
            : this.files.kind(own) === undefined
              ? BUILTIN_REPOS_CONF
              : own,
        userConf: whole === undefined ? user : undefined,
        variables: this.placeVariables,
        portdir: whole === undefined ? last('PORTDIR') : '',
        portdirOverlay: whole === undefined ? split(last('PORTDIR_OVERLAY')) : [],
        overlays: (this.#options.overlays ?? []).map((overlay) => path.resolve(overlay)),
      },
      this.warn,
    );
  }

  #readSources(): Sources {
    const { expand, globals } = this.#globals;
    const files = this.files;
    const main = this.repositories.main;
    if (main !== undefined) expand.set('PORTDIR', main.location);
    const makeDefaults: Variables[] = [];
    for (const node of this.profile) {
      // USE="${USE} …" must not draw in what the parents' USE is: their package.use would lose.
      expand.delete('USE');
      const file = path.posix.join(node.directory, 'make.defaults');
      const read = node.names.has('make.defaults')
        ? readMakeConf(files, file, { expand, recursive: node.allowsDirectories, warn: this.warn })
        : undefined;
      makeDefaults.push(read ?? NONE);
    }
    const defaults = stackVariables(makeDefaults);
    const conf = this.#makeConf(expand);
    const profileOnly = stack([split(defaults.get('PROFILE_ONLY_VARIABLES'))]);
    drop(conf, profileOnly);
    const envD = new Map(this.#envD);
    drop(envD, profileOnly);
    const env = this.#env;
    drop(env, profileOnly);
    const ownGlobals = new Map(globals);
    for (const variables of [envD, ownGlobals, defaults, conf, env]) drop(variables, BLACKLIST);
    this.#lazy.set('makeDefaults', makeDefaults);
    this.#lazy.set('profileOnly', profileOnly);
    // The variables of packages see those of make.conf, but not each other's.
    this.#lazy.set('expand', expand);
    this.#everywhere(conf, expand, profileOnly);
    return {
      'env.d': envD,
      repo: NONE,
      features: NONE,
      pkginternal: NONE,
      globals: ownGlobals,
      defaults,
      conf,
      pkg: NONE,
      env,
    };
  }

  /** Adds the lines for all packages (`*\/*`) of the user's files to what make.conf says. */
  #everywhere(conf: Map<string, string>, expand: Map<string, string>, profileOnly: readonly string[]): void {
    const append = (name: string, values: readonly string[] | undefined): void => {
      if (values === undefined) return;
      conf.set(name, [...split(conf.get(name)), ...values].join(' '));
    };
    append('USE', this.useSettings.everywhere);
    append('ACCEPT_LICENSE', this.userTable('package.license', true, false).take('*/*'));
    append('ACCEPT_PROPERTIES', this.userTable('package.properties').take('*/*'));
    append('ACCEPT_RESTRICT', this.userTable('package.accept_restrict').take('*/*'));
    const names = this.userTable('package.env').take('*/*');
    if (names === undefined) return;
    const variables = new Map<string, string>();
    this.#readEnvFiles(names, variables, expand, profileOnly);
    for (const [name, value] of variables) {
      const before = INCREMENTALS.has(name) ? conf.get(name) : undefined;
      conf.set(name, before === undefined ? value : `${before} ${value}`);
      expand.set(name, value);
    }
  }

  /** Reads files of `/etc/portage/env` into `into` (`_grab_pkg_env`). */
  #readEnvFiles(
    names: readonly string[],
    into: Map<string, string>,
    expand: ReadonlyMap<string, string>,
    profileOnly: readonly string[],
  ): void {
    const forbidden = new Set([...BLACKLIST, ...GLOBAL_ONLY, ...profileOnly]);
    const ownExpand = new Map(expand);
    for (const name of names) {
      const file = path.posix.join(this.userConfig, 'env', name);
      const read = readMakeConf(this.files, file, { expand: ownExpand, sourcing: true, warn: this.warn });
      if (read === undefined) {
        this.warn({
          file: path.posix.join(this.userConfig, 'package.env'),
          line: 0,
          message: `there is no '${file}'`,
        });
        continue;
      }
      for (const [variable, value] of read) {
        if (forbidden.has(variable)) {
          this.warn({ file, line: 0, message: `'${variable}' cannot be set here; it is ignored` });
          continue;
        }
        const before = INCREMENTALS.has(variable) ? into.get(variable) : undefined;
        into.set(variable, before === undefined ? value : `${before} ${value}`);
      }
    }
  }

  /** The lines of a list in the `profiles` directories of all repositories and in /etc/portage, stacked. */
  #listed(name: string): string[] {
    const places = [
      ...this.#mainFirst().map((location) => path.posix.join(location, 'profiles')),
      this.userConfig,
    ];
    return stack(
      places.map((place) => {
        const file = path.posix.join(place, name);
        return this.files.kind(file) === 'file'
          ? readLines(this.files, file, false).map((line) => line.text)
          : [];
      }),
    );
  }

  #mainFirst(): string[] {
    const { main } = this.repositories;
    const others = [...this.repositories].filter((repository) => repository !== main);
    return [...(main === undefined ? [] : [main]), ...others].map((repository) => repository.location);
  }

  /** License groups by name (`license_groups` of the repositories and of the user). */
  get licenseGroups(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#once('licenseGroups', () => {
      const groups = new Map<string, Set<string>>();
      for (const place of [
        ...this.#mainFirst().map((location) => path.posix.join(location, 'profiles')),
        this.userConfig,
      ]) {
        const file = path.posix.join(place, 'license_groups');
        if (this.files.kind(file) !== 'file') continue;
        for (const { key, values } of readEntries(this.files, file, false)) {
          if (values.length === 0) continue;
          const group = groups.get(key) ?? new Set();
          for (const value of values) group.add(value);
          groups.set(key, group);
        }
      }
      return groups;
    });
  }

  #stackPackages(nodes: readonly ProfileNode[]): string[] {
    return stack(
      nodes.map((node) => {
        if (!node.names.has('packages')) return [];
        const lines = readLines(this.files, path.posix.join(node.directory, 'packages'), false);
        return lines
          .filter(({ text, file, line }) => {
            if (text === '-*' || tryParseAtom(text.replace(/^-?\*?/, ''), node.atoms) !== undefined)
              return true;
            this.warn({ file, line, message: `found '${text}', expected an atom; the line is ignored` });
            return false;
          })
          .map((line) => line.text);
      }),
    );
  }

  /** The USE of each make.defaults, with USE_EXPAND written out. */
  get #makeDefaultsUse(): readonly (readonly string[])[] {
    return this.#once('makeDefaultsUse', () => {
      const { settings } = this;
      const useExpand = settings.words('USE_EXPAND').filter((name) => settings.get(name) !== undefined);
      return (this.#lazy.get('makeDefaults') as readonly Variables[]).map((variables) =>
        variables.size === 0
          ? []
          : makeDefaultsUse(variables, useExpand, settings.words('USE_EXPAND_UNPREFIXED')),
      );
    });
  }

  #globalLayers(): Partial<Record<Source, readonly string[]>> {
    return {
      defaults: this.#makeDefaultsUse.flat(),
      features: this.settings.words('FEATURES').includes('test') ? ['test'] : [],
    };
  }

  /** Adds up USE in the order of USE_ORDER; `use` has the USE of layers where it is not just the variable. */
  #stackUse(
    settings: Settings,
    use: Partial<Record<Source, readonly string[]>>,
    iuse: readonly string[] | undefined,
    complain: boolean,
  ): Set<string> {
    const order = (settings.get('USE_ORDER') ?? BUILTIN_GLOBALS.get('USE_ORDER') ?? '').split(':').reverse();
    const layers: UseLayer[] = [];
    for (const name of order) {
      if (!(SOURCES as readonly string[]).includes(name)) continue;
      const variables = settings.sources[name as Source];
      layers.push({ name, use: use[name as Source] ?? split(variables.get('USE')), variables });
    }
    return stackUse(layers, {
      useExpand: settings.words('USE_EXPAND'),
      useExpandUnprefixed: settings.words('USE_EXPAND_UNPREFIXED'),
      incrementals: INCREMENTALS,
      iuse,
      complain: complain
        ? (layer, message) => {
            if (layer === 'conf') {
              this.warn({ file: path.posix.join(this.userConfig, 'make.conf'), line: 0, message });
            }
          }
        : undefined,
    });
  }

  #finishUse(
    flags: Set<string>,
    { masked, forced }: { masked: ReadonlySet<string>; forced: ReadonlySet<string> },
  ): Set<string> {
    for (const flag of forced) flags.add(flag);
    if (this.arch !== '') flags.add(this.arch);
    for (const flag of masked) flags.delete(flag);
    return flags;
  }

  #describe({ cpv, repository, metadata }: Described): Candidate {
    const eapi = metadata.get('EAPI') ?? '0';
    const iuse = new Set(split(metadata.get('IUSE')).map((flag) => flag.replace(/^[+-]+/, '')));
    const candidate = makeCandidate({
      cpv,
      slot: metadata.get('SLOT') ?? '',
      eapi,
      repo: repository,
      iuse: (flag) => iuse.has(flag) || this.isImplicitFlag(flag, eapi),
    });
    if (candidate === undefined) throw new TypeError(`'${cpv}' is not category/name-version`);
    return candidate;
  }

  #computeUse(described: Described, { test, anonymous }: UseOptions): EffectiveUse {
    const { repository: repositoryName, metadata } = described;
    const candidate = this.#describe(
      anonymous === true ? { ...described, repository: undefined } : described,
    );
    const eapi = metadata.get('EAPI') ?? '0';
    const repository = repositoryName === undefined ? undefined : this.repositories.get(repositoryName);
    const stable = this.visibility.isStable(candidate, metadata);
    const useSettings = this.useSettings;
    const declared = split(metadata.get('IUSE'));
    const iuseList = declared.map((flag) => flag.replace(/^[+-]+/, ''));
    const iuse = new Set(iuseList);
    const pkginternal: string[] = [];
    for (const flag of declared) {
      if (flag.startsWith('+')) pkginternal.push(flag.slice(1));
      else if (flag.startsWith('-')) pkginternal.push(flag);
    }
    const masking = anonymous === true ? undefined : repository;
    const masked = useSettings.forPackage('mask', candidate, masking, stable);
    const forced = useSettings.forPackage('force', candidate, masking, stable);
    const repoParts = useSettings.ofRepositories(candidate, repository, stable);
    const repo = stackVariables(repoParts.map((part) => this.#repositoryDefaults(part.repository.location)));
    const repoUse = repoParts.flatMap((part) => [
      ...split(this.#repositoryDefaults(part.repository.location).get('USE')),
      ...part.flags,
    ]);
    const base = this.settings;
    const pkg = this.#packageVariables(candidate);
    // Most packages have nothing of their own that could change a variable.
    const settings = repo.size === 0 && pkg.size === 0 ? base : new Settings({ ...base.sources, repo, pkg });
    const withTest = test === true || settings.words('FEATURES').includes('test');
    const layers = {
      repo: repoUse,
      features: withTest ? ['test'] : [],
      defaults: useSettings.ofProfile(candidate, this.#makeDefaultsUse, stable),
      pkg: [...split(pkg.get('USE')), ...useSettings.ofUser(candidate)],
    };
    const compute = (internal: readonly string[]): Set<string> =>
      this.#finishUse(this.#stackUse(settings, { ...layers, pkginternal: internal }, iuseList, false), {
        masked,
        forced,
      });
    let flags = compute(pkginternal);
    const isOwn = (flag: string): boolean => iuse.has(flag) || this.isImplicitFlag(flag, eapi);
    if (withTest && this.visibility.restrictsTest(metadata, new Set([...flags].filter(isOwn)), settings)) {
      flags = compute([...pkginternal, '-test']);
    }
    const enabled = new Set<string>();
    for (const flag of flags) if (isOwn(flag) || flag.endsWith('_*')) enabled.add(flag);
    this.#expandWildcards(
      enabled,
      settings,
      [...iuse, ...this.#implicitFlags(eapi, [...masked, ...forced])],
      masked,
    );
    for (const flag of enabled) if (flag.endsWith('_*')) enabled.delete(flag);
    return { enabled, iuse, masked, forced };
  }

  /** The flags beside its own IUSE that a wildcard may enable for a package. */
  #implicitFlags(eapi: string, masking: Iterable<string>): Iterable<string> {
    if (eapiFeatures(eapi).iuseEffective) return this.iuseImplicit;
    // Portage takes its patterns for flags here, and what is masked or forced for this package counts.
    const { prefixes } = this.#oldImplicit;
    return [this.arch, ...this.archs, ...masking, ...prefixes.map((prefix) => `${prefix}.*`)];
  }

  /** `foo_*` in USE enables every flag of that USE_EXPAND variable that is not masked. */
  #expandWildcards(
    enabled: Set<string>,
    settings: Settings,
    iuse: readonly string[],
    masked: ReadonlySet<string>,
  ): void {
    if (![...enabled].some((flag) => flag.endsWith('_*'))) return;
    const variables = new Set(settings.words('USE_EXPAND').map((name) => name.toLowerCase()));
    for (const flag of iuse) {
      // A flag belongs to the shortest variable whose name it begins with.
      for (let at = flag.indexOf('_'); at >= 0; at = flag.indexOf('_', at + 1)) {
        const variable = flag.slice(0, at);
        if (!variables.has(variable)) continue;
        if (enabled.has(`${variable}_*`) && !masked.has(flag)) enabled.add(flag);
        break;
      }
    }
  }

  /** The variables of the make.defaults in a repository's `profiles` directory itself. */
  #repositoryDefaults(location: string): Variables {
    return this.#once(`make.defaults ${location}`, () => {
      const repository = this.repositories.containing(`${location}/profiles`);
      const read = readMakeConf(this.files, path.posix.join(location, 'profiles/make.defaults'), {
        expand: new Map(this.settings.sources.globals),
        recursive: repository?.allowsDirectories === true,
        warn: this.warn,
      });
      if (read === undefined) return NONE;
      drop(read, [...BLACKLIST, ...GLOBAL_ONLY, ...(this.#lazy.get('profileOnly') as readonly string[])]);
      return read;
    });
  }

  /** The variables that package.env gives a package. */
  #packageVariables(candidate: Candidate): Variables {
    const names = this.userTable('package.env').bySpecificity(candidate).flat();
    if (names.length === 0) return NONE;
    const variables = new Map<string, string>();
    this.#readEnvFiles(
      names,
      variables,
      this.#lazy.get('expand') as ReadonlyMap<string, string>,
      this.#lazy.get('profileOnly') as readonly string[],
    );
    return variables;
  }
}

export type { Settings };
