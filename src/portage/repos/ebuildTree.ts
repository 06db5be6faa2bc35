/**
 * Which versions of a package the repositories have, and the metadata of one of them: from the repository's cache
 * (`metadata/md5-cache`; PMS 14.3), from Portage's own, or by asking.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { LvfsError } from '../../base/index.js';
import { isSupportedEapi } from '../eapi.js';
import type { Warn } from '../packageFiles.js';
import { settledIdentity } from '../lookedAt.js';
import type { RootFiles } from '../rootFiles.js';
import { compareVersions, type PackageVersion, splitCpv } from '../version.js';
import type { Ebuild, Metadata, Repositories, Repository } from './repository.js';

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
      eclasses.push({ name: parts[i]!, md5: parts[i + width - 1]! });
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
  #files: RootFiles;
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
    this.#files = files.unnoted();
    this.#repositories = repositories;
    this.#categories = options.categories;
    this.#depcache = options.depcache;
    this.#ask = options.ask;
    this.#warn = options.warn;
  }

  /** From now on ebuilds and their metadata are read anew. */
  forget(): void {
    this.#files = this.#files.unnoted();
    for (const known of [
      this.#cacheOnly,
      this.#cacheListings,
      this.#versions,
      this.#metadata,
      this.#eclasses,
    ])
      known.clear();
  }

  /** A host path without its symlinks; see `RootFiles.resolve`. */
  resolve(hostPath: string): string {
    return this.#files.resolve(hostPath);
  }

  /** What tells one state of the metadata caches of a category from another; it may also change for other reasons. */
  cacheState(category: string): string {
    return [...this.#repositories]
      .flatMap(({ location }) => [
        path.posix.join(location, category),
        path.posix.join(location, 'metadata/md5-cache', category),
      ])
      .map((directory) => settledIdentity(directory) ?? `${directory} ${performance.now()}`)
      .join('\n');
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
      if (isSupportedEapi(metadata.get('EAPI')!) && this.#isFresh(ebuild, metadata)) return metadata;
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
          hint: `mend ${this.path(ebuild)}, or name another version`,
          details: { cpv, repository: repository.name, said: asked.failure },
        },
      );
    }
    throw new LvfsError(
      'STALE_METADATA',
      `${cpv}::${repository.name} has ${found ? 'only an outdated entry' : 'no entry'} in the metadata cache of '${repository.location}'`,
      {
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
    const known = this.#cacheListings.get(key);
    if (known !== undefined) return known;
    const listing = new Map<string, PackageVersion[]>();
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
