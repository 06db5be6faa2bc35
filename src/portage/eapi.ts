/**
 * What each EAPI allows, as named switches, for everything in this folder that reads ebuild or profile data.
 * Sources: PMS, the tables at the end of each chapter ("EAPI differences"), and Portage where it is laxer.
 */

/** The switches of one EAPI. A name reads as a claim about data written for it. */
export interface EapiFeatures {
  /** The EAPI itself; undefined for {@link permissive}. */
  readonly eapi: string | undefined;
  /** `cat/pkg:slot` (PMS 8.3.3, EAPI 1). */
  readonly slotDeps: boolean;
  /** Sub-slots in SLOT and in atoms, `:=` and `:*` (PMS 7.2 and 8.3.3, EAPI 5). */
  readonly slotOperators: boolean;
  /** `cat/pkg[flag]` (PMS 8.3.4, EAPI 2). */
  readonly useDeps: boolean;
  /** `cat/pkg[flag(+)]` (PMS 8.3.4, EAPI 4). */
  readonly useDepDefaults: boolean;
  /** `!!cat/pkg` (PMS 8.3.2, EAPI 2). */
  readonly strongBlocks: boolean;
  /** `cat/pkg::repo`: no EAPI has it, user configuration does. */
  readonly repoDeps: boolean;
  /** `=cat/pkg-1-2`, a build-id of a binary package: no EAPI has it. */
  readonly buildIds: boolean;
  /** A group that lost all its members counts as satisfied (PMS 8.2, up to EAPI 6). */
  readonly emptyGroupsAlwaysTrue: boolean;
  /** REQUIRED_USE exists (PMS 7.3, EAPI 4). */
  readonly requiredUse: boolean;
  /** `?? ( )` in REQUIRED_USE (PMS 8.2, EAPI 5). */
  readonly atMostOneOf: boolean;
  /** `+flag` and `-flag` in IUSE (PMS 7.3, EAPI 1). */
  readonly iuseDefaults: boolean;
  /** IUSE_EFFECTIVE comes from the profile (PMS 11.1.1, EAPI 5). */
  readonly iuseEffective: boolean;
  /** BDEPEND (PMS 8.1, EAPI 7). */
  readonly bdepend: boolean;
  /** IDEPEND (PMS 8.1, EAPI 8). */
  readonly idepend: boolean;
  /** An unset RDEPEND means DEPEND (PMS 7.3, up to EAPI 3). */
  readonly rdependFromDepend: boolean;
  /** `use.stable.mask` and its kin in profiles (PMS 5.2.11, EAPI 5). */
  readonly stableMasks: boolean;
  /** `use.stable` and `package.use.stable` in profiles (EAPI 9). */
  readonly useStable: boolean;
  /** Profile files may be directories (PMS 5.2.4, EAPI 7). */
  readonly profileFileDirs: boolean;
  /** A profile's `package.provided` counts (PMS 5.2.7, up to EAPI 6). */
  readonly packageProvided: boolean;
  /** A profile without an `eapi` file has its repository's `profile_eapi_when_unspecified` (EAPI 9). */
  readonly profileEapiDefault: boolean;
}

/** The EAPIs that lvfs reads, oldest first. */
export const supportedEapis: readonly string[] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

function featuresOf(eapi: string): EapiFeatures {
  const n = supportedEapis.indexOf(eapi);
  return Object.freeze({
    eapi,
    slotDeps: n >= 1,
    slotOperators: n >= 5,
    useDeps: n >= 2,
    useDepDefaults: n >= 4,
    strongBlocks: n >= 2,
    repoDeps: false,
    buildIds: false,
    emptyGroupsAlwaysTrue: n <= 6,
    requiredUse: n >= 4,
    atMostOneOf: n >= 5,
    iuseDefaults: n >= 1,
    iuseEffective: n >= 5,
    bdepend: n >= 7,
    idepend: n >= 8,
    rdependFromDepend: n <= 3,
    stableMasks: n >= 5,
    useStable: n >= 9,
    profileFileDirs: n >= 7,
    packageProvided: n <= 6,
    profileEapiDefault: n >= 9,
  });
}

/** Everything that is not bound to an EAPI, such as files below /etc/portage: all syntax, newest rules. */
export const permissive: EapiFeatures = Object.freeze({
  eapi: undefined,
  slotDeps: true,
  slotOperators: true,
  useDeps: true,
  useDepDefaults: true,
  strongBlocks: true,
  repoDeps: true,
  buildIds: true,
  emptyGroupsAlwaysTrue: false,
  requiredUse: true,
  atMostOneOf: true,
  iuseDefaults: true,
  iuseEffective: false,
  bdepend: false,
  idepend: false,
  rdependFromDepend: false,
  stableMasks: true,
  useStable: true,
  profileFileDirs: false,
  packageProvided: true,
  profileEapiDefault: false,
});

const table: ReadonlyMap<string, EapiFeatures> = new Map(
  supportedEapis.map((eapi) => [eapi, featuresOf(eapi)] as const),
);

/** Whether data of this EAPI can be read; Portage masks everything else. */
export function isSupportedEapi(eapi: string): boolean {
  return table.has(eapi);
}

/**
 * The switches of an EAPI. Undefined, and an EAPI that is not supported, give {@link permissive}, as in Portage:
 * a damaged EAPI must not keep the rest of an installed entry from being read.
 */
export function eapiFeatures(eapi: string | undefined): EapiFeatures {
  return eapi === undefined ? permissive : (table.get(eapi) ?? permissive);
}
