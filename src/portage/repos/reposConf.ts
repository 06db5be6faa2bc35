/**
 * Ebuild repositories: which there are (`repos.conf`, portage(5)), what each says about itself (`repo_name`,
 * `layout.conf`; PMS 4.3 and 4.4), which versions of a package it has, and the metadata of one of them
 * (`metadata/md5-cache`; PMS 14.3).
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { LvfsError, exitStatus } from '../../base/index.js';
import { isSupportedEapi, eapiFeatures } from '../eapi.js';
import { IniProblem, IniReader, type Section } from '../ini.js';
import { stack, words, type Warn } from '../packageFiles.js';
import { readEapiFile, allowsDirectories } from '../config/profile.js';
import type { RootFiles } from '../rootFiles.js';
import { compareVersions, type PackageVersion, splitCpv } from '../version.js';

/** The variables of an ebuild, by name; what is missing is empty. */
export type Metadata = ReadonlyMap<string, string>;

/** One ebuild repository. */
export interface Repository {
  readonly name: string;
  /** Host path without symlinks. */
  readonly location: string;
  /** The higher, the more it counts. */
  readonly priority: number;
  /** Repositories whose masks, USE settings and eclasses it takes over, in order. */
  readonly masters: readonly Repository[];
  readonly aliases: readonly string[];
  /**
   * Where its ebuilds find an eclass, the last that has it counting: its masters, itself, and what `eclass-overrides` of
   * repos.conf names (`RepoConfigLoader`; portage(5)).
   */
  readonly eclassSources: readonly Repository[];
  /** The EAPI of its `profiles` directory when a file there says nothing else. */
  readonly eapi: string;
  /** The EAPI of its `profiles` directory, as the file `profiles/eapi` says. */
  readonly profilesEapi: string | undefined;
  readonly profileFormats: readonly string[];
  /** Whether files in its `profiles` directory may be directories. */
  readonly allowsDirectories: boolean;
  /** Whether `metadata/md5-cache` counts: layout.conf names `md5-dict` among its `cache-formats`, or none at all. */
  readonly hasMetadataCache: boolean;
  /** Whether it is there because it was named beside repos.conf and PORTDIR_OVERLAY. */
  readonly isListed: boolean;
  /** False for `format = unavailable`: its profiles are not read. */
  readonly hasProfiles: boolean;
}

/** An ebuild: a version of a package in a repository. */
export interface Ebuild extends PackageVersion {
  readonly repository: Repository;
}

/** What makes a name of anything (PMS 3.1.5; `_gen_valid_repo`); undefined when nothing of it can stay. */
function validName(name: string): string | undefined {
  const valid = words(name.trim().replace(/[^\p{L}\p{N}_-]/gu, ' '))
    .join('-')
    .replace(/^-+/, '');
  return valid === '' ? undefined : valid;
}

/** `key = value` lines of layout.conf. */
function readLayout(files: RootFiles, location: string, warn: Warn): Map<string, string> {
  const file = path.posix.join(location, 'metadata/layout.conf');
  const layout = new Map<string, string>();
  const text = files.kind(file) === 'file' ? (files.readText(file) ?? '') : '';
  for (const [index, line] of text.split('\n').entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const equals = trimmed.indexOf('=');
    if (equals <= 0) {
      warn({ file, line: index + 1, message: `found '${trimmed}', expected 'key = value'` });
      continue;
    }
    layout.set(trimmed.slice(0, equals).trim(), trimmed.slice(equals + 1).trim());
  }
  return layout;
}

const PROFILE_FORMATS = new Set([
  'pms',
  'portage-1',
  'portage-2',
  'profile-bashrcs',
  'profile-set',
  'profile-default-eapi',
  'build-id',
  'profile-repo-deps',
  'profile-license',
]);

/** A repository while the others that it may name are not known yet. */
interface Draft {
  name: string;
  location: string;
  /** Whether the repository does not say its own name. */
  unnamed: boolean;
  priority: number | undefined;
  masters: readonly string[] | undefined;
  /** Whether layout.conf names masters. */
  layoutMasters: boolean;
  aliases: readonly string[] | undefined;
  eclassOverrides: readonly string[];
  eapi: string;
  profilesEapi: string | undefined;
  profileFormats: readonly string[];
  allowsDirectories: boolean;
  hasMetadataCache: boolean;
  format: string | undefined;
  isListed?: boolean;
}

function draft(
  files: RootFiles,
  sectionName: string | undefined,
  options: ReadonlyMap<string, string>,
  location: string,
  warn: Warn,
): Draft {
  const list = (value: string | undefined): string[] | undefined =>
    value === undefined ? undefined : words(value);
  const nameFile = path.posix.join(location, 'profiles/repo_name');
  const ownName =
    files.kind(nameFile) === 'file' ? files.readText(nameFile)?.split('\n')[0]?.trim() : undefined;
  const fallback = `x-${path.posix.basename(location)}`;
  let name = validName(ownName ?? fallback) ?? validName(fallback) ?? 'x-';
  let unnamed = ownName === undefined;
  if (unnamed && sectionName !== undefined) name = sectionName;
  const layout = readLayout(files, location, warn);
  const layoutMasters = list(layout.get('masters'));
  const layoutName = validName(layout.get('repo-name') ?? '');
  if (layoutName !== undefined) {
    name = layoutName;
    unnamed = false;
  }
  const profilesEapi = readEapiFile(files, path.posix.join(location, 'profiles'), warn);
  const rawFormats = list(layout.get('profile-formats'));
  const profileFormats =
    rawFormats === undefined
      ? [eapiFeatures(profilesEapi ?? '0').profileFileDirs ? 'portage-1' : 'portage-1-compat']
      : rawFormats.filter((format) => PROFILE_FORMATS.has(format));
  const unspecified = layout.get('profile_eapi_when_unspecified');
  const layoutEapi =
    unspecified !== undefined &&
    profileFormats.includes('profile-default-eapi') &&
    isSupportedEapi(unspecified)
      ? unspecified
      : undefined;
  const eapi =
    profilesEapi !== undefined && eapiFeatures(profilesEapi).profileEapiDefault
      ? profilesEapi
      : (layoutEapi ?? '0');
  const ownAliases = list(options.get('aliases'));
  const layoutAliases = list(layout.get('aliases')) ?? [];
  const priority = /^\s*[+-]?\d+\s*$/.exec(options.get('priority') ?? '')?.[0];
  const cacheFormats = list(layout.get('cache-formats')) ?? [];
  return {
    name,
    location,
    unnamed,
    priority: priority === undefined ? undefined : Number(priority),
    masters: list(options.get('masters')) ?? layoutMasters,
    layoutMasters: layoutMasters !== undefined,
    aliases: layoutAliases.length > 0 ? [...layoutAliases, ...(ownAliases ?? [])] : ownAliases,
    eclassOverrides: list(options.get('eclass-overrides')) ?? [],
    eapi,
    profilesEapi,
    profileFormats,
    allowsDirectories: allowsDirectories(profilesEapi ?? eapi, profileFormats),
    hasMetadataCache: cacheFormats.length === 0 || cacheFormats.includes('md5-dict'),
    format: options.get('format')?.trim(),
  };
}

/** What {@link loadRepositories} reads. */
export interface RepositoryLocations {
  /** Portage's own repos.conf: a file, or its text. */
  ownConf: string | { text: string };
  /** The user's, which counts more: a file or folder; undefined: none is read. */
  userConf: string | undefined;
  /** Values for `%(name)s`: `EPREFIX`, `EROOT`, `PORTAGE_CONFIGROOT`, `ROOT`. */
  variables: ReadonlyMap<string, string>;
  /** `PORTDIR` of old configurations, or empty. */
  portdir: string;
  /** `PORTDIR_OVERLAY` of old configurations. */
  portdirOverlay: readonly string[];
  /** Host paths of more overlays, which count where nothing else has them; default none. */
  overlays?: readonly string[];
}

/** The repositories of a configuration. */
export class Repositories implements Iterable<Repository> {
  readonly #ordered: readonly Repository[];
  readonly #byName: ReadonlyMap<string, Repository>;
  /** The main repository; undefined when none is configured or it is not there. */
  readonly main: Repository | undefined;

  /** @param ordered ascending by priority. */
  constructor(
    ordered: readonly Repository[],
    byName: ReadonlyMap<string, Repository>,
    main: Repository | undefined,
  ) {
    this.#ordered = ordered;
    this.#byName = byName;
    this.main = main;
  }

  /** Ascending by priority: the last counts most. */
  [Symbol.iterator](): Iterator<Repository> {
    return this.#ordered[Symbol.iterator]();
  }

  /** Those whose profiles are read, ascending by priority. */
  withProfiles(): readonly Repository[] {
    return this.#ordered.filter((repository) => repository.hasProfiles);
  }

  /** By name or alias. */
  get(name: string): Repository | undefined {
    return this.#byName.get(name);
  }

  /** The innermost repository that a host path (without symlinks) lies in. */
  containing(hostPath: string): Repository | undefined {
    let best: Repository | undefined;
    for (const repository of this.#ordered) {
      if (!hostPath.startsWith(`${repository.location}/`)) continue;
      if (best === undefined || repository.location.length > best.location.length) best = repository;
    }
    return best;
  }
}

/**
 * Reads repos.conf as `portage.repository.config.RepoConfigLoader` does. A repos.conf that cannot be parsed counts
 * as empty, with a warning; a section that is wrong is left out, with a warning.
 */
export function loadRepositories(files: RootFiles, where: RepositoryLocations, warn: Warn): Repositories {
  let reader = new IniReader(where.variables);
  let sections: Section[] = [];
  try {
    if (typeof where.ownConf !== 'string') reader.read(where.ownConf.text, '');
    for (const conf of [where.ownConf, where.userConf]) {
      if (typeof conf !== 'string') continue;
      for (const file of files.expand(conf)) reader.read(files.readText(file) ?? '', file);
    }
    sections = reader.sections();
  } catch (error) {
    if (!(error instanceof IniProblem)) throw error;
    const { file, line } = error;
    warn({ file, line, message: `${error.message}; Portage then ignores repos.conf as a whole` });
    reader = new IniReader(where.variables);
  }
  return new Loader(files, where, reader.defaults, warn).load(sections);
}

/**
 * The repositories of a list of directories, given in place of repos.conf: the first is the main one, and later
 * ones count more.
 * @throws LvfsError `NO_REPOSITORY` for what is not a directory.
 */
export function listedRepositories(
  files: RootFiles,
  directories: readonly string[],
  warn: Warn,
): Repositories {
  const variables = new Map<string, string>();
  const drafts = new Map<string, Draft>();
  let mainName: string | undefined;
  for (const [index, directory] of directories.entries()) {
    const absolute = path.resolve(directory);
    if (files.kind(absolute) !== 'directory') {
      throw new LvfsError('NO_REPOSITORY', `the repository '${directory}' is not a directory`, {
        exit: exitStatus.portageData,
      });
    }
    const made = draft(files, undefined, variables, files.resolve(absolute), warn);
    made.priority = index === 0 ? -1000 : index;
    mainName ??= made.name;
    if (drafts.has(made.name)) {
      throw new LvfsError(
        'NO_REPOSITORY',
        `'${directory}' has the name '${made.name}' of an earlier repository`,
        {
          exit: exitStatus.portageData,
        },
      );
    }
    drafts.set(made.name, made);
  }
  return assemble(drafts, mainName, warn);
}

/** One run of {@link loadRepositories}. */
class Loader {
  readonly #drafts = new Map<string, Draft>();

  constructor(
    readonly files: RootFiles,
    readonly where: RepositoryLocations,
    readonly defaults: ReadonlyMap<string, string>,
    readonly warn: Warn,
  ) {}

  load(sections: readonly Section[]): Repositories {
    const { files, where, warn } = this;
    const sectionOf = new Map<string, Section>();
    for (const section of sections) {
      const { name, options, file, line } = section;
      const location = (options.get('location') ?? '').trim();
      if (location === '') {
        warn({ file, line, message: `section [${name}] has no 'location' and is ignored` });
        continue;
      }
      const hostPath = files.at(location);
      if (files.kind(hostPath) !== 'directory') {
        // Portage's own section for a repository that was never synchronized is no mistake of the user's.
        if (file !== '' && file !== where.ownConf) {
          warn({ file, line, message: `[${name}] location: '${location}' is not a directory` });
        }
        continue;
      }
      sectionOf.set(name, section);
      this.#drafts.set(name, draft(files, name, options, files.resolve(hostPath), warn));
    }
    const portdir = this.#addListed(sectionOf);
    this.#addOverlays();
    for (const [name, made] of [...this.#drafts]) {
      const { file, line } = sectionOf.get(name) ?? { file: made.location, line: 0 };
      if (made.name === name || (!made.unnamed && made.aliases?.includes(name) === true)) continue;
      const message = made.unnamed
        ? `section [${name}] is about a repository without a name in '${made.location}/profiles/repo_name'`
        : `section [${name}] is about a repository whose own name is '${made.name}'`;
      warn({ file, line, message: `${message}, and is ignored` });
      this.#drafts.delete(name);
    }
    let mainName = this.defaults.get('main-repo');
    const known = (name: string): Draft | undefined =>
      this.#drafts.get(name) ??
      [...this.#drafts.values()].find((made) => stack([made.aliases ?? []]).includes(name));
    if (mainName === undefined || known(mainName) === undefined) {
      if (mainName !== undefined && where.portdir === '') {
        warn({
          file: where.userConf ?? 'PORTAGE_REPOSITORIES',
          line: 0,
          message: `main-repo: there is no '${mainName}'`,
        });
      }
      mainName = portdir;
    }
    const main = mainName === undefined ? undefined : known(mainName);
    if (main !== undefined) main.priority ??= -1000;
    return assemble(this.#drafts, main?.name, warn);
  }

  /** Adds the overlays that are not there yet, above all others; one of the name of another takes its place. */
  #addOverlays(): void {
    const { files, where, warn } = this;
    const highest = Math.max(0, ...[...this.#drafts.values()].map(({ priority = 0 }) => priority));
    for (const [index, overlay] of (where.overlays ?? []).entries()) {
      const location = files.resolve(overlay);
      if ([...this.#drafts.values()].some((made) => made.location === location)) continue;
      const made = draft(files, undefined, this.defaults, location, warn);
      made.priority = highest + 1 + index;
      made.isListed = true;
      this.#drafts.set(made.name, made);
    }
  }

  /** Adds `PORTDIR` and `PORTDIR_OVERLAY`; answers the name of the repository in `PORTDIR`. */
  #addListed(sectionOf: ReadonlyMap<string, Section>): string | undefined {
    const { files, where, warn } = this;
    let basePriority = 0;
    let portdirName: string | undefined;
    const listed = where.portdir === '' ? where.portdirOverlay : [where.portdir, ...where.portdirOverlay];
    for (const [index, location] of listed.entries()) {
      const isPortdir = index === 0 && where.portdir !== '';
      const hostPath = files.at(location);
      if (files.kind(hostPath) !== 'directory') {
        warn({ file: hostPath, line: 0, message: 'PORTDIR_OVERLAY: not a directory' });
        continue;
      }
      const resolved = files.resolve(hostPath);
      const nameWithoutOne = isPortdir ? this.defaults.get('main-repo') : undefined;
      let made = draft(files, nameWithoutOne, this.defaults, resolved, warn);
      const section = sectionOf.get(made.name);
      if (section !== undefined) made = draft(files, nameWithoutOne, section.options, resolved, warn);
      if (made.priority === undefined && !(isPortdir && !where.portdirOverlay.includes(where.portdir))) {
        made.priority = basePriority++;
      }
      this.#drafts.set(made.name, made);
      if (isPortdir) portdirName = made.name;
    }
    return portdirName;
  }
}

/** Puts names into relation: aliases, masters, order. */
function assemble(
  drafts: ReadonlyMap<string, Draft>,
  mainName: string | undefined,
  warn: Warn,
): Repositories {
  const unique = [...new Set(drafts.values())];
  const byLocation = new Map<string, Repository>();
  const repositories = new Map<string, Repository & { masters: Repository[]; eclassSources: Repository[] }>();
  for (const made of unique) {
    const repository = {
      name: made.name,
      location: made.location,
      priority: made.priority ?? 0,
      masters: [],
      aliases: stack([made.aliases ?? []]),
      eclassSources: [],
      eapi: made.eapi,
      profilesEapi: made.profilesEapi,
      profileFormats: made.profileFormats,
      allowsDirectories: made.allowsDirectories,
      hasMetadataCache: made.hasMetadataCache,
      isListed: made.isListed === true,
      hasProfiles: made.format !== 'unavailable',
    };
    repositories.set(made.name, repository);
    byLocation.set(made.location, repository);
  }
  const byName = new Map<string, Repository>(repositories);
  for (const repository of repositories.values()) {
    for (const alias of repository.aliases) if (!byName.has(alias)) byName.set(alias, repository);
  }
  const main = mainName === undefined ? undefined : byName.get(mainName);
  for (const made of unique) {
    const repository = repositories.get(made.name);
    if (repository === undefined) continue;
    const layout = path.posix.join(made.location, 'metadata/layout.conf');
    if (!made.layoutMasters && main !== undefined && repository !== main) {
      warn({ file: layout, line: 0, message: `masters: found none, '${main.name}' is assumed` });
    }
    if (made.masters === undefined) {
      if (main !== undefined && repository !== main) repository.masters.push(main);
      continue;
    }
    for (const master of made.masters) {
      const found = byName.get(master);
      if (found !== undefined) repository.masters.push(found);
      else warn({ file: layout, line: 0, message: `masters: there is no repository '${master}'` });
    }
  }
  for (const made of unique) {
    const repository = repositories.get(made.name);
    if (repository === undefined) continue;
    // A master that is the repository itself keeps its place among the masters.
    repository.eclassSources.push(...new Set([...repository.masters, repository]));
    for (const name of made.eclassOverrides) {
      const found = byName.get(name);
      if (found !== undefined) repository.eclassSources.push(found);
      else {
        warn({ file: made.location, line: 0, message: `eclass-overrides: there is no repository '${name}'` });
      }
    }
  }
  const ordered = [...repositories.values()].sort(
    (a, b) => a.priority - b.priority || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
  return new Repositories(ordered, byName, main);
}

/** What came of an attempt to source an ebuild: its metadata, or what was said when it failed. */
export type Sourced =
  | Metadata
  | {
      readonly failure: string;
      /** Whether bash can read it at all. */
      readonly isScript: boolean;
    };

/**
 * Asked for the metadata of an ebuild that no valid cache entry has; undefined when there is nothing that could source it.
 * @see EbuildTree
 */
export type MetadataSource = (ebuild: Ebuild, file: string) => Sourced | undefined;

/** A line of an eclass list: its name and the MD5 of its text. */
interface Inherited {
  name: string;
  md5: string;
}

const MD5 = /^[0-9a-f]{32}$/;

/**
 * `_eclasses_`: names with checksums, separated by tabs; with the eclass' folder between them in Portage's own cache.
 * Undefined when it is damaged.
 */
function inheritedEclasses(text: string): Inherited[] | undefined {
  const parts = text.split('\t');
  if (text === '') return [];
  for (const width of [2, 3]) {
    if (parts.length % width !== 0) continue;
    const eclasses: Inherited[] = [];
    for (let i = 0; i < parts.length; i += width) {
      eclasses.push({ name: parts[i] as string, md5: parts[i + width - 1] as string });
    }
    if (eclasses.every(({ md5 }) => MD5.test(md5))) return eclasses;
  }
  return undefined;
}

/** `key=value` lines of a cache entry; undefined when one has no `=`, for which Portage throws the entry away. */
export function parseCacheEntry(text: string): Map<string, string> | undefined {
  const metadata = new Map<string, string>();
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (const line of lines) {
    const equals = line.indexOf('=');
    if (equals < 0) return undefined;
    metadata.set(line.slice(0, equals), line.slice(equals + 1));
  }
  if ((metadata.get('EAPI') ?? '').trim() === '') metadata.set('EAPI', '0');
  return metadata;
}

/**
 * The ebuilds of all repositories and their metadata. A repository that has no ebuilds at all but a metadata cache
 * stands for one that has: there an entry of the cache stands for its ebuild.
 */
export class EbuildTree {
  readonly #files: RootFiles;
  readonly #repositories: Repositories;
  readonly #categories: () => ReadonlySet<string>;
  readonly #depcache: string;
  readonly #ask: MetadataSource | undefined;
  readonly #warn: Warn;
  readonly #cacheOnly = new Map<Repository, boolean>();
  readonly #cacheListings = new Map<string, ReadonlyMap<string, readonly PackageVersion[]>>();
  readonly #versions = new Map<string, readonly Ebuild[]>();
  readonly #metadata = new Map<string, Metadata | LvfsError>();
  readonly #eclasses = new Map<string, string | undefined>();

  /**
   * @param options.categories the valid categories; asked when first needed.
   * @param options.depcache host path of `/var/cache/edb/dep`, Portage's own cache for what no repository caches.
   * @param options.ask see {@link MetadataSource}.
   */
  constructor(
    files: RootFiles,
    repositories: Repositories,
    options: {
      categories: () => ReadonlySet<string>;
      depcache: string;
      ask?: MetadataSource | undefined;
      warn: Warn;
    },
  ) {
    this.#files = files;
    this.#repositories = repositories;
    this.#categories = options.categories;
    this.#depcache = options.depcache;
    this.#ask = options.ask;
    this.#warn = options.warn;
  }

  /**
   * All ebuilds of `category/name`, ascending by version; of equal versions that of the repository that counts more
   * is last.
   */
  versions(cp: string): readonly Ebuild[] {
    const known = this.#versions.get(cp);
    if (known !== undefined) return known;
    const found: Ebuild[] = [];
    const [category = '', name = ''] = cp.split('/');
    if (this.#categories().has(category)) {
      for (const repository of this.#repositories) found.push(...this.#list(repository, category, name));
      found.sort((a, b) => compareVersions(a.version, b.version) ?? 0);
    }
    this.#versions.set(cp, found);
    return found;
  }

  /** Every `category/name` with this name, sorted by code point. */
  named(name: string): string[] {
    const found: string[] = [];
    for (const category of this.categories) {
      const cp = `${category}/${name}`;
      if (this.versions(cp).length > 0) found.push(cp);
    }
    return found;
  }

  /** The valid categories, sorted by code point. */
  get categories(): readonly string[] {
    return [...this.#categories()].sort();
  }

  /** Every `category/name` of a category that has ebuilds, sorted by code point. */
  packagesIn(category: string): string[] {
    return this.namesIn(category)
      .map((name) => `${category}/${name}`)
      .filter((cp) => this.versions(cp).length > 0);
  }

  /** The names of a category's packages, sorted by code point. What a directory holds is not looked at. */
  namesIn(category: string): readonly string[] {
    const names = new Set<string>();
    if (!this.#categories().has(category)) return [];
    for (const repository of this.#repositories) {
      const found = this.#isCacheOnly(repository)
        ? this.#cacheListing(repository, category).keys()
        : (this.#files.list(path.posix.join(repository.location, category)) ?? []);
      // Names of packages have no dot (PMS 3.1.2); metadata.xml has one.
      for (const name of found) if (/^\w[\w+-]*$/.test(name)) names.add(name);
    }
    return [...names].sort();
  }

  /** The ebuild that lies at a host path, if it is one of a configured repository. */
  atPath(hostPath: string): Ebuild | undefined {
    const resolved = this.#files.resolve(path.resolve(hostPath));
    const repository = this.#repositories.containing(resolved);
    if (repository === undefined) return undefined;
    const [category, name, file, ...rest] = resolved.slice(repository.location.length + 1).split('/');
    if (file === undefined || rest.length > 0 || !file.endsWith('.ebuild')) return undefined;
    return this.versions(`${category}/${name}`).find(
      (ebuild) => ebuild.repository === repository && `${ebuild.cpv}.ebuild` === `${category}/${file}`,
    );
  }

  /** Host path of an ebuild; there is none at it in a repository that has only a cache. */
  path({ repository, category, name, version }: Ebuild): string {
    return path.posix.join(repository.location, category, name, `${name}-${version}.ebuild`);
  }

  /**
   * The metadata of an ebuild: the repository's cache, else Portage's own, else what `ask` says. An entry counts
   * when its checksums are those of the ebuild and of its eclasses.
   *
   * @throws LvfsError `STALE_METADATA` when nothing has it; `UNSOURCEABLE` when the ebuild cannot be sourced, `EBUILD_SYNTAX` when
   * it is no script.
   */
  metadata(ebuild: Ebuild): Metadata {
    const metadata = this.#known(ebuild);
    if (metadata instanceof LvfsError) throw metadata;
    return metadata;
  }

  /** Why {@link metadata} cannot be had; undefined when it can. Portage masks such an ebuild as corrupt. */
  corruption(ebuild: Ebuild): LvfsError | undefined {
    const metadata = this.#known(ebuild);
    return metadata instanceof LvfsError ? metadata : undefined;
  }

  #known(ebuild: Ebuild): Metadata | LvfsError {
    const key = `${ebuild.cpv}::${ebuild.repository.name}`;
    let known = this.#metadata.get(key);
    if (known === undefined) {
      try {
        known = this.#read(ebuild);
      } catch (error) {
        // One ebuild that cannot be read must not cost its neighbours.
        if (!(error instanceof LvfsError)) throw error;
        known = error;
      }
      this.#metadata.set(key, known);
    }
    return known;
  }

  #read(ebuild: Ebuild): Metadata {
    const { repository, cpv } = ebuild;
    const entries = repository.hasMetadataCache
      ? [path.posix.join(repository.location, 'metadata/md5-cache', cpv)]
      : [];
    let found = false;
    for (const file of [...entries, path.posix.join(this.#depcache, this.#inside(repository), cpv)]) {
      const text = this.#files.kind(file) === 'file' ? this.#files.readText(file) : undefined;
      if (text === undefined) continue;
      found = true;
      const metadata = parseCacheEntry(text);
      if (metadata === undefined) {
        const line = text.split('\n').findIndex((part) => !part.includes('=')) + 1;
        this.#warn({
          file,
          line,
          message: "found a line without '=', expected KEY=value; the entry is ignored",
        });
        continue;
      }
      if (this.#isCacheOnly(repository)) return metadata;
      if (isSupportedEapi(metadata.get('EAPI') as string) && this.#isFresh(ebuild, metadata)) return metadata;
    }
    const eapi = this.#isCacheOnly(repository) ? undefined : this.#declaredEapi(ebuild);
    // Nothing but the EAPI can be known of an ebuild that is written for a newer package manager; it is masked.
    if (eapi !== undefined && !isSupportedEapi(eapi)) return new Map([['EAPI', eapi]]);
    const asked = this.#ask?.(ebuild, this.path(ebuild));
    if (asked !== undefined) {
      if (!('failure' in asked)) return asked;
      throw new LvfsError(
        asked.isScript ? 'UNSOURCEABLE' : 'EBUILD_SYNTAX',
        `${cpv}::${repository.name} cannot be sourced: ${asked.failure}`,
        {
          exit: exitStatus.portageData,
          hint: `mend ${this.path(ebuild)}, or name another version`,
          details: { cpv, repository: repository.name, said: asked.failure },
        },
      );
    }
    throw new LvfsError(
      'STALE_METADATA',
      `${cpv}::${repository.name} has ${found ? 'only an outdated entry' : 'no entry'} in the metadata cache of '${repository.location}'`,
      {
        exit: exitStatus.portageData,
        hint: `run: egencache --update --repo ${repository.name} ${ebuild.cp}`,
        details: { cpv, repository: repository.name },
      },
    );
  }

  /** The EAPI that an ebuild declares in its first line that is not a comment (PMS 7.3.1); `0` when it declares none. */
  #declaredEapi(ebuild: Ebuild): string | undefined {
    const text = this.#files.readText(this.path(ebuild));
    const first = text?.split('\n').find((line) => !/^\s*(?:#.*)?$/.test(line));
    if (text === undefined) return undefined;
    return /^[ \t]*EAPI=(['"]?)([A-Za-z0-9+_.-]*)\1[ \t]*(?:[ \t]#.*)?$/.exec(first ?? '')?.[2] ?? '0';
  }

  /** The repository's location as seen inside the root, which is the key of Portage's own cache. */
  #inside(repository: Repository): string {
    const { root } = this.#files;
    return root !== '/' && repository.location.startsWith(root)
      ? repository.location.slice(root.length)
      : repository.location;
  }

  /** `validate_entry` of Portage's caches. */
  #isFresh(ebuild: Ebuild, metadata: Metadata): boolean {
    const file = this.path(ebuild);
    const md5 = metadata.get('_md5_');
    if (md5 !== undefined) {
      if (md5 !== this.#md5(file)) return false;
      const eclasses = inheritedEclasses(metadata.get('_eclasses_') ?? '');
      return (
        eclasses?.every(({ name, md5: wanted }) => wanted === this.#eclassMd5(ebuild.repository, name)) ===
        true
      );
    }
    // The older format has times in place of checksums, and no way to tell the eclasses' that is worth trusting.
    const mtime = metadata.get('_mtime_');
    return (
      mtime !== undefined &&
      (metadata.get('_eclasses_') ?? '') === '' &&
      Number(mtime) === this.#files.mtimeSeconds(file)
    );
  }

  #md5(file: string): string | undefined {
    const bytes = this.#files.readBytes(file);
    return bytes === undefined ? undefined : createHash('md5').update(bytes).digest('hex');
  }

  #eclassMd5(repository: Repository, name: string): string | undefined {
    for (const { location } of [...repository.eclassSources].reverse()) {
      const file = path.posix.join(location, 'eclass', `${name}.eclass`);
      if (!this.#eclasses.has(file)) this.#eclasses.set(file, this.#md5(file));
      const md5 = this.#eclasses.get(file);
      if (md5 !== undefined) return md5;
    }
    return undefined;
  }

  #isCacheOnly(repository: Repository): boolean {
    let cacheOnly = this.#cacheOnly.get(repository);
    if (cacheOnly === undefined) {
      const names = this.#files.list(repository.location) ?? [];
      cacheOnly = !names.some((name) => this.#categories().has(name));
      this.#cacheOnly.set(repository, cacheOnly);
    }
    return cacheOnly;
  }

  #list(repository: Repository, category: string, name: string): Ebuild[] {
    if (this.#isCacheOnly(repository)) {
      const packages = this.#cacheListing(repository, category).get(name) ?? [];
      return packages.map((split) => ({ ...split, repository }));
    }
    const found: Ebuild[] = [];
    const directory = path.posix.join(repository.location, category, name);
    if (this.#files.kind(directory) !== 'directory') return found;
    for (const file of this.#files.list(directory) ?? []) {
      if (!file.endsWith('.ebuild')) continue;
      const split = splitCpv(`${category}/${file.slice(0, -'.ebuild'.length)}`);
      if (split === undefined || split.name !== name) {
        this.#warn({
          file: path.posix.join(directory, file),
          line: 0,
          message: `found '${file}', expected '${name}-<version>.ebuild'`,
        });
        continue;
      }
      found.push({ ...split, repository });
    }
    return found;
  }

  #cacheListing(repository: Repository, category: string): ReadonlyMap<string, readonly PackageVersion[]> {
    const key = `${repository.name}\0${category}`;
    let listing = this.#cacheListings.get(key) as Map<string, PackageVersion[]> | undefined;
    if (listing !== undefined) return listing;
    listing = new Map();
    const folder = path.posix.join(repository.location, 'metadata/md5-cache', category);
    const exists = repository.hasMetadataCache && this.#files.kind(folder) === 'directory';
    for (const pf of exists ? (this.#files.list(folder) ?? []) : []) {
      const split = splitCpv(`${category}/${pf}`);
      if (split === undefined) continue;
      const list = listing.get(split.name);
      if (list === undefined) listing.set(split.name, [split]);
      else list.push(split);
    }
    this.#cacheListings.set(key, listing);
    return listing;
  }
}
