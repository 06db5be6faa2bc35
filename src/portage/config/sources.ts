/**
 * Where variables come from: profile.env, make.globals, the profile's make.defaults, make.conf, the environment, and for single packages
 * /etc/portage/env and the repositories (make.conf(5), portage(5); `config.__init__`).
 */
import path from 'node:path';
import type { RootFiles } from '../rootFiles.js';
import { stack, type Warn, words as split } from '../packageFiles.js';
import type { Repository } from '../repos/repository.js';
import { readMakeConf } from './makeConf.js';
import type { Places } from './places.js';
import type { ProfileNode } from './profile.js';
import { addVariables, type Sources, stackVariables } from './settings.js';
import type { UserTables } from './userTables.js';
import type { Variables } from './useSettings.js';

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
export const BUILTIN_GLOBALS: Variables = new Map([
  ['ACCEPT_PROPERTIES', '*'],
  ['ACCEPT_RESTRICT', '*'],
  ['DISTDIR', '/var/cache/distfiles'],
  ['PKGDIR', '/var/cache/binpkgs'],
  ['PORTAGE_TMPDIR', '/var/tmp'],
  ['CONFIG_PROTECT', '/etc'],
  ['CONFIG_PROTECT_MASK', '/etc/env.d'],
  ['USE_ORDER', 'env:pkg:conf:defaults:pkginternal:features:repo:env.d'],
]);

const NONE: Variables = new Map();

function drop(variables: Map<string, string>, names: Iterable<string>): void {
  for (const name of names) variables.delete(name);
}

/** What all readers need. */
interface Reading {
  readonly places: Places;
  readonly warn: Warn;
}

/** The variables of profile.env. */
export function readProfileEnv({ places, warn }: Reading): Variables {
  const file = places.files.at(`${places.target}/etc/profile.env`);
  return readMakeConf(places.files, file, { expand: false, warn }) ?? NONE;
}

/** make.globals, and what the files that are read after it may refer to. */
export interface Globals {
  readonly variables: Variables;
  readonly expand: Variables;
}

/** See {@link Globals}. */
export function readGlobals({ places, warn }: Reading, profileEnv: Variables): Globals {
  const { files, prefix, target, sysroot } = places;
  const inside = `${target}/`;
  const expand = new Map(profileEnv);
  for (const [name, value] of [
    ['BROOT', prefix],
    ['EPREFIX', prefix],
    ['EROOT', inside],
    ['ESYSROOT', inside],
    ['PORTAGE_CONFIGROOT', inside],
    ['ROOT', `${sysroot}/`],
    ['SYSROOT', sysroot || '/'],
  ] as const) {
    expand.set(name, value);
  }
  const file = files.at(`${prefix}/usr/share/portage/config/make.globals`);
  const variables = new Map(readMakeConf(files, file, { expand, warn }) ?? BUILTIN_GLOBALS);
  if (!variables.has('ACCEPT_PROPERTIES')) variables.set('ACCEPT_PROPERTIES', '*');
  return { variables, expand };
}

/** The environment, without what profile.env has put there: that would count as though the user had said it. */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  profileEnv: Variables,
): Map<string, string> {
  const variables = new Map<string, string>();
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && profileEnv.get(name) !== value) variables.set(name, value);
  }
  return variables;
}

/** The variables of make.conf; `expand` has those that it may refer to, and is added to. */
export function readMakeConfs({ places, warn }: Reading, expand: Map<string, string>): Map<string, string> {
  const { files, etc, userConfig } = places;
  const [older, newer] = [path.posix.join(etc, 'make.conf'), path.posix.join(userConfig, 'make.conf')];
  let existing = [older, newer].filter((file) => files.kind(file) !== undefined);
  if (existing.length === 2 && files.resolve(older) === files.resolve(newer)) existing = [older];
  const variables = new Map<string, string>();
  for (const file of existing) {
    const read = readMakeConf(files, file, { expand, sourcing: true, recursive: true, warn });
    for (const [name, value] of read ?? []) variables.set(name, value);
  }
  if (existing.length === 2) warn({ file: older, line: 0, message: `read in addition to '${newer}'` });
  for (const name of variables.keys()) if (name.startsWith('__')) variables.delete(name);
  return variables;
}

/** What {@link readSources} reads. */
export interface SourceParts extends Reading {
  readonly profileEnv: Variables;
  readonly globals: Globals;
  readonly environment: Variables;
  readonly profile: readonly ProfileNode[];
  /** The main repository. */
  readonly main: Repository | undefined;
  /** The files of the user's; their lines for all packages count here. */
  readonly userTables: UserTables;
  /** The flags of these lines in package.use. */
  readonly everywhereUse: () => readonly string[];
}

/** The variables of all sources, before anything depends on a package. */
export interface ReadSources {
  readonly sources: Sources;
  /** Those of each make.defaults, in the order of the profile. */
  readonly makeDefaults: readonly Variables[];
  /** Variables that only the profile may set (`PROFILE_ONLY_VARIABLES`). */
  readonly profileOnly: readonly string[];
  /** What the variables of packages may refer to: those of make.conf, but not each other's. */
  readonly expand: Variables;
}

/** See {@link ReadSources}. */
export function readSources(parts: SourceParts): ReadSources {
  const { places, warn, globals, profile, main } = parts;
  const expand = new Map(globals.expand);
  if (main !== undefined) expand.set('PORTDIR', main.location);
  const makeDefaults = profile.map((node) => {
    // USE="${USE} …" must not draw in what the parents' USE is: their package.use would lose.
    expand.delete('USE');
    if (!node.names.has('make.defaults')) return NONE;
    const file = path.posix.join(node.directory, 'make.defaults');
    return readMakeConf(places.files, file, { expand, recursive: node.allowsDirectories, warn }) ?? NONE;
  });
  const defaults = stackVariables(makeDefaults);
  const conf = readMakeConfs(parts, expand);
  const profileOnly = stack([split(defaults.get('PROFILE_ONLY_VARIABLES'))]);
  const profileEnv = new Map(parts.profileEnv);
  const env = new Map(parts.environment);
  for (const variables of [conf, profileEnv, env]) drop(variables, profileOnly);
  const ownGlobals = new Map(globals.variables);
  for (const variables of [profileEnv, ownGlobals, defaults, conf, env]) drop(variables, BLACKLIST);
  addEverywhere(parts, conf, expand, profileOnly);
  return {
    sources: {
      'env.d': profileEnv,
      repo: NONE,
      features: NONE,
      pkginternal: NONE,
      globals: ownGlobals,
      defaults,
      conf,
      pkg: NONE,
      env,
    },
    makeDefaults,
    profileOnly,
    expand,
  };
}

/** Adds the lines for all packages (`*\/*`) of the user's files to what make.conf says. */
function addEverywhere(
  parts: SourceParts,
  conf: Map<string, string>,
  expand: Map<string, string>,
  profileOnly: readonly string[],
): void {
  const append = (name: string, values: readonly string[] | undefined): void => {
    if (values !== undefined) conf.set(name, [...split(conf.get(name)), ...values].join(' '));
  };
  const { userTables } = parts;
  append('USE', parts.everywhereUse());
  append('ACCEPT_LICENSE', userTables.license.everywhere);
  append('ACCEPT_PROPERTIES', userTables.properties.everywhere);
  append('ACCEPT_RESTRICT', userTables.acceptRestrict.everywhere);
  const names = userTables.env.everywhere;
  if (names === undefined) return;
  const variables = readEnvFiles(parts, names, { expand, profileOnly });
  addVariables(conf, variables);
  for (const [name, value] of variables) expand.set(name, value);
}

/** Reads files of `/etc/portage/env` (`_grab_pkg_env`). */
export function readEnvFiles(
  { places, warn }: Reading,
  names: readonly string[],
  { expand, profileOnly }: Pick<ReadSources, 'expand' | 'profileOnly'>,
): Variables {
  if (names.length === 0) return NONE;
  const { files, userConfig } = places;
  const forbidden = new Set([...BLACKLIST, ...GLOBAL_ONLY, ...profileOnly]);
  const ownExpand = new Map(expand);
  const variables = new Map<string, string>();
  for (const name of names) {
    const file = path.posix.join(userConfig, 'env', name);
    const read = readMakeConf(files, file, { expand: ownExpand, sourcing: true, warn });
    if (read === undefined) {
      warn({ file: path.posix.join(userConfig, 'package.env'), line: 0, message: `there is no '${file}'` });
      continue;
    }
    for (const variable of read.keys()) {
      if (!forbidden.has(variable)) continue;
      warn({ file, line: 0, message: `'${variable}' cannot be set here; it is ignored` });
      read.delete(variable);
    }
    addVariables(variables, read);
  }
  return variables;
}

/** The variables of the make.defaults in a repository's `profiles` directory itself. */
export function readRepositoryDefaults(
  files: RootFiles,
  repository: Repository,
  { sources, profileOnly }: ReadSources,
  warn: Warn,
): Variables {
  const read = readMakeConf(files, path.posix.join(repository.location, 'profiles/make.defaults'), {
    expand: new Map(sources.globals),
    recursive: repository.allowsDirectories,
    warn,
  });
  if (read === undefined) return NONE;
  drop(read, [...BLACKLIST, ...GLOBAL_ONLY, ...profileOnly]);
  return read;
}
