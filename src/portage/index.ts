/**
 * Gentoo's side of lvfs: which packages are installed, and which of them a build may see. Everything is read-only.
 *
 * This is all that the rest of lvfs uses of this folder.
 */
import { askPortage } from './askPortage.js';
import { Configuration } from './config.js';
import { DepCheck, InstalledPackages } from './depCheck.js';
import { TargetResolver } from './targets.js';
import { InstalledDatabase } from './vdb.js';
import { splitCpv } from './version.js';
import type { Cpv, DataWarning, InstalledPackage, SetRequest, SystemLocations, VisibleSet } from './types.js';
import { VisibleSets } from './visibleSet.js';

export type * from './types.js';
export { contentsKind, scanContents } from './contents.js';
export type { ContentsEntry, ContentsKind, ContentsVisitor } from './contents.js';
export { chainsTo, isRoot } from './visibleSet.js';

/** How {@link openSystem} reads a system. */
export interface SystemOptions {
  /** Whether sets are computed as if `FEATURES=test`, where a request does not say. */
  test?: boolean;
  /** Variables of the environment that count as they do for emerge (`USE`, `ACCEPT_KEYWORDS`, …); default none. */
  env?: Readonly<Record<string, string>>;
  /** Told of everything wrong in the data that does not keep lvfs from working, once each, as it is found. */
  warn?: (warning: DataWarning) => void;
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
  /** Host path of the database of installed packages. */
  readonly database: string;
  /** Offset of a Gentoo Prefix, without a trailing slash; empty when there is none. */
  readonly prefix: string;
  /** The installed packages, sorted by cpv in code point order. */
  installed(): readonly InstalledPackage[];
  /** Host path of an installed package's entry in the database; undefined when it is not installed. */
  packageDirectory(cpv: Cpv): string | undefined;
  /**
   * The installed packages that atoms, bare names or sets match, sorted.
   *
   * @throws LvfsError exit 20 for a name that is unknown or ambiguous.
   */
  matchInstalled(names: readonly string[]): readonly Cpv[];
  /**
   * The atom that an ebuild would name an installed package by: `category/name`, with its slot (`category/name:slot`) when
   * versions of several slots are installed, since without it the highest of them would satisfy the atom.
   */
  atomFor(cpv: Cpv): string;
  /** The visible set of a request; what it throws is described at `VisibleSets.compute`. */
  visibleSet(request: SetRequest): VisibleSet;
  /** A variable as `portageq envvar` shows it, with the paths inside the root; undefined when it is not set. */
  variable(name: string): string | undefined;
  /** The repositories, the one that counts most last. */
  repositories(): readonly RepositoryPlace[];
  /** Host path of `/etc/portage`. */
  readonly userConfiguration: string;
  /** What was wrong in the data read so far without keeping lvfs from working. */
  readonly warnings: readonly DataWarning[];
}

/**
 * Opens a system. Only the root itself is looked at.
 *
 * @throws LvfsError `NO_ROOT` (exit 22) when the root is no directory.
 */
export function openSystem(locations: SystemLocations, options: SystemOptions = {}): System {
  return new OpenedSystem(locations, options);
}

class OpenedSystem implements System {
  readonly database: string;
  readonly prefix: string;
  readonly #configuration: Configuration;
  readonly #options: SystemOptions;
  /** Whether the database was named, and so has to be there. */
  readonly #hasOwnDatabase: boolean;
  #installed: InstalledPackages | undefined;
  #targets: TargetResolver | undefined;
  #sets: VisibleSets | undefined;
  /** How many warnings have been passed on. */
  #reported = 0;

  constructor(locations: SystemLocations, options: SystemOptions) {
    const prefix = (locations.prefix ?? '').replace(/\/+$/, '');
    this.prefix = prefix;
    this.#configuration = new Configuration({
      ...locations,
      ...(options.env === undefined ? {} : { env: options.env }),
      askMetadata: (ebuild, file) => askPortage(this.root, prefix)(ebuild, file),
    });
    this.#options = options;
    const { files } = this.#configuration;
    this.#hasOwnDatabase = locations.vdb !== undefined;
    this.database = files.resolve(locations.vdb ?? files.at(`${prefix}/var/db/pkg`));
  }

  get root(): string {
    return this.#configuration.files.root;
  }

  get userConfiguration(): string {
    return this.#configuration.userConfig;
  }

  get warnings(): readonly DataWarning[] {
    return this.#configuration.warnings;
  }

  installed(): readonly InstalledPackage[] {
    return this.#reporting(() => this.#packages.database.packages);
  }

  packageDirectory(cpv: Cpv): string | undefined {
    return this.#reporting(() => this.#packages.database.get(cpv)?.directory);
  }

  matchInstalled(names: readonly string[]): readonly Cpv[] {
    return this.#reporting(() => [...this.#resolver.hidden(names)].sort());
  }

  atomFor(cpv: Cpv): string {
    return this.#reporting(() => {
      const cp = splitCpv(cpv)?.cp ?? cpv;
      const slot = this.#packages.get(cpv)?.slot;
      const isOnlySlot = this.#packages.versionsOf(cp).every((other) => other.slot === slot);
      return slot === undefined || isOnlySlot ? cp : `${cp}:${slot}`;
    });
  }

  visibleSet(request: SetRequest): VisibleSet {
    return this.#reporting(() => {
      this.#sets ??= new VisibleSets(
        this.#packages,
        new DepCheck(this.#packages, this.#configuration.provided),
        this.#resolver,
        this.#configuration.warn,
      );
      return this.#sets.compute({ test: this.#options.test ?? false, ...request });
    });
  }

  variable(name: string): string | undefined {
    return this.#reporting(() => this.#configuration.get(name));
  }

  repositories(): readonly RepositoryPlace[] {
    return this.#reporting(() =>
      [...this.#configuration.repositories].map(({ name, location }) => ({ name, location })),
    );
  }

  get #packages(): InstalledPackages {
    if (this.#installed === undefined) {
      const database = new InstalledDatabase(this.database, this.#configuration.warn, this.#hasOwnDatabase);
      this.#installed = new InstalledPackages(database, (flag, eapi) =>
        this.#configuration.isImplicitFlag(flag, eapi),
      );
    }
    return this.#installed;
  }

  get #resolver(): TargetResolver {
    return (this.#targets ??= new TargetResolver(this.#packages, this.#configuration));
  }

  /** Passes on the warnings that an answer brought up, also when it ends in an error. */
  #reporting<T>(answer: () => T): T {
    try {
      return answer();
    } finally {
      const { warnings } = this.#configuration;
      for (const warning of warnings.slice(this.#reported)) this.#options.warn?.(warning);
      this.#reported = warnings.length;
    }
  }
}
