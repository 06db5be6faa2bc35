/** Ebuild repositories and what each says about itself (PMS 4.3 and 4.4). How they are found is in `reposConf.ts`. */
import type { PackageVersion } from '../version.js';

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
