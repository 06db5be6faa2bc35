/**
 * The shapes that the rest of lvfs sees of Portage's world: what is installed, which packages a build may use, and
 * why. Plain data, without behaviour.
 */
import type { PackageId, Reason } from '../base/index.js';

export type { EqualPackage, Naming, Reason } from '../base/index.js';

/** A package with version as Portage writes it: `category/PF`. An installed one is a {@link PackageId}. */
export type Cpv = string;

/** Where Portage's data lies. Everything but `root` defaults to its place inside `root`. */
export interface SystemLocations {
  /** The tree that is shown (`ROOT`); all other places are inside it unless set apart. */
  root: string;
  /** The installed-package database; default `<root>/var/db/pkg`. */
  vdb?: string;
  /**
   * The system that targets are built for (`ROOT` and `SYSROOT`), with the tools of `root`: a host path below `root`, or a path
   * as it is inside. Its database is `<sysroot>/var/db/pkg`. Not together with `prefix`.
   */
  sysroot?: string;
  /** The directory in which the targets' `etc/portage` lies (`PORTAGE_CONFIGROOT`); default `sysroot`, else `root`. */
  configRoot?: string;
  /** Repository directories used in place of repos.conf; the first is the main one. */
  repos?: readonly string[];
  /**
   * Repository directories that count beside those of repos.conf, as though PORTDIR_OVERLAY named them: the clone of an overlay that
   * an ebuild is named in. Host paths below `root`; one that repos.conf has is there already.
   */
  overlays?: readonly string[];
  /** Gentoo Prefix offset (`EPREFIX`), without a trailing slash; default empty. */
  prefix?: string;
}

/** Something wrong in Portage's data that does not keep lvfs from working. */
export interface DataWarning {
  file: string;
  /** 1-based; 0 when the file as a whole is meant. */
  line: number;
  message: string;
}

/** A package of a chain, with the reason through which the one before it in the chain (or a root) brings it in. */
export interface ChainLink extends Reason {
  cpv: PackageId;
}

/** The ebuild (or, when no repository has it, the installed package) that is to be built. */
export interface Target {
  cpv: Cpv;
  repository: string;
  slot: string;
  eapi: string;
  /** Effective USE: enabled flags inside IUSE_EFFECTIVE, sorted. */
  use: readonly string[];
  /** The dependency strings before evaluation, by variable name. */
  dependencies: Readonly<Record<'DEPEND' | 'BDEPEND' | 'RDEPEND' | 'PDEPEND' | 'IDEPEND', string>>;
  /** Best installed matches of DEPEND and BDEPEND, each with what selected it. */
  buildDeps: ReadonlyMap<PackageId, readonly Reason[]>;
  /** Absent for what only the database of installed packages has. */
  ebuild?: EbuildSource;
}

/** An ebuild as it lies in its repository. */
export interface EbuildSource {
  /** Host path. */
  file: string;
  /** Host path of the repository. */
  repository: string;
  /** Its own flags that a user may switch (neither masked, forced nor of USE_EXPAND), with their effective state. */
  flags: Readonly<Record<string, boolean>>;
  /** Its tests were to be run, and RESTRICT keeps them from it. */
  untested: boolean;
}

/** A build dependency that no installed package satisfies; an any-of group is given as a string. */
export interface Unsatisfied {
  variable: 'DEPEND' | 'BDEPEND' | 'RDEPEND' | 'PDEPEND';
  atom: string;
  /** With a sysroot: in which of the two systems it was looked for; a path inside the root. */
  root?: string;
}

/** What to compute; see DESIGN "The visible set". */
export interface SetRequest {
  /** Atoms, `cat/pf`, bare names, sets (`@world`), or absolute paths: of `.ebuild` files, or of the directory of a package. */
  targets: readonly string[];
  with?: readonly string[];
  without?: readonly string[];
  /** Include @system and its closure; default true. */
  system?: boolean;
  /** Also the targets' RDEPEND and PDEPEND. */
  rdepend?: boolean;
  /** Evaluate as if `FEATURES=test`. */
  test?: boolean;
  /** Do not fail when a build dependency is not installed. */
  allowMissing?: boolean;
  /** Every installed alternative of an any-of group, not only the one that emerge would choose; default false. */
  allAlternatives?: boolean;
  /**
   * Take an ebuild that emerge masks as invalid, where it is named with its version or where there is no other, as far as its
   * dependencies can be understood, and warn; default: it is an error, as for emerge.
   */
  allowInvalid?: boolean;
  /** The effective USE of every target, as whoever builds it has computed it; default: what the configuration says. */
  use?: readonly string[];
}

/** The visible set of a request. */
export interface VisibleSet {
  targets: readonly Target[];
  /** Every visible installed package with all that brought it in; keys sorted by code point. */
  visible: ReadonlyMap<PackageId, readonly Reason[]>;
  /** Union of the targets' build dependencies, sorted. */
  buildDeps: readonly PackageId[];
  unsatisfied: readonly Unsatisfied[];
  /** Installed packages whose VDB entry is shown although their files are not (the targets' run-time closure). */
  metadataOnly: readonly PackageId[];
}

/** An entry of the VDB. */
export interface InstalledPackage {
  cpv: PackageId;
  category: string;
  /** `PF`: name, version and revision. */
  pf: string;
  /** Absolute path of the entry's directory. */
  directory: string;
}
