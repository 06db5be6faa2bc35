/** USE of the system, and of one package (PMS 11.1.1; `config.setcpv` and `config.regenerate` of Portage). */
import path from 'node:path';
import { type Candidate, makeCandidate } from '../match.js';
import { type Warn, words as split } from '../packageFiles.js';
import type { Metadata, Repositories, Repository } from '../repos/repository.js';
import { restrictsTest } from './acceptance.js';
import type { ImplicitIuse } from './implicitIuse.js';
import type { Keywords } from './keywords.js';
import type { Places } from './places.js';
import { INCREMENTALS, Settings, SOURCES, type Source, stackVariables } from './settings.js';
import { BUILTIN_GLOBALS } from './sources.js';
import { makeDefaultsUse, stackUse, type UseLayer, type UseSettings, type Variables } from './useSettings.js';

/** How the USE of a package is computed. */
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

/** What {@link effectiveUse} answers. */
export interface EffectiveUse {
  /** Enabled flags inside IUSE_EFFECTIVE (PMS 11.1.1). */
  readonly enabled: ReadonlySet<string>;
  /** The package's own IUSE, without defaults. */
  readonly iuse: ReadonlySet<string>;
  /** Masked and forced flags for this package, in its IUSE or not. */
  readonly masked: ReadonlySet<string>;
  readonly forced: ReadonlySet<string>;
  /** Tests were to be run, and RESTRICT keeps them from it. */
  readonly untested: boolean;
}

/** An ebuild, or an installed package, for which USE is computed. */
export interface Described {
  readonly cpv: string;
  /** The name of its repository; undefined when it is not known. */
  readonly repository: string | undefined;
  /** IUSE, EAPI, KEYWORDS, SLOT, RESTRICT and PROPERTIES count. */
  readonly metadata: Metadata;
}

/** What decides about the USE of the system. */
export interface GlobalUseParts {
  readonly places: Places;
  readonly settings: Settings;
  readonly useSettings: UseSettings;
  /** The USE of each make.defaults, as {@link writtenOut} gives it. */
  readonly profileUse: readonly (readonly string[])[];
  /** `ARCH` of the profile. */
  readonly arch: string;
  readonly warn: Warn;
}

/** What decides about the USE of a package besides. */
export interface UseParts extends GlobalUseParts {
  readonly repositories: Repositories;
  readonly implicit: ImplicitIuse;
  readonly keywords: Keywords;
  /** The variables of the make.defaults in a repository's `profiles` directory itself. */
  repositoryDefaults(repository: Repository): Variables;
  /** The variables that package.env gives a package. */
  packageVariables(candidate: Candidate): Variables;
}

/** The USE of each make.defaults, with USE_EXPAND written out. */
export function writtenOut(makeDefaults: readonly Variables[], settings: Settings): (readonly string[])[] {
  const useExpand = settings.words('USE_EXPAND').filter((name) => settings.get(name) !== undefined);
  return makeDefaults.map((variables) =>
    variables.size === 0
      ? []
      : makeDefaultsUse(variables, useExpand, settings.words('USE_EXPAND_UNPREFIXED')),
  );
}

/** Global USE after masks and forces, with USE_EXPAND variables as flags. */
export function globalUse(parts: GlobalUseParts): ReadonlySet<string> {
  const { settings, useSettings, profileUse, places, warn } = parts;
  const flags = addUp(
    settings,
    {
      defaults: profileUse.flat(),
      features: settings.words('FEATURES').includes('test') ? ['test'] : [],
    },
    {
      complain: (layer, message) => {
        if (layer === 'conf')
          warn({ file: path.posix.join(places.userConfig, 'make.conf'), line: 0, message });
      },
    },
  );
  return finish(flags, parts.arch, {
    masked: useSettings.global('mask'),
    forced: useSettings.global('force'),
  });
}

/** Adds up USE in the order of USE_ORDER; `use` has the USE of layers where it is not just the variable. */
function addUp(
  settings: Settings,
  use: Partial<Record<Source, readonly string[]>>,
  how: { readonly iuse?: readonly string[]; readonly complain?: (layer: string, message: string) => void },
): Set<string> {
  const order = (settings.get('USE_ORDER') ?? BUILTIN_GLOBALS.get('USE_ORDER') ?? '').split(':').reverse();
  const layers: UseLayer[] = [];
  for (const word of order) {
    const name = SOURCES.find((source) => source === word);
    if (name === undefined) continue;
    const variables = settings.sources[name];
    layers.push({ name, use: use[name] ?? split(variables.get('USE')), variables });
  }
  return stackUse(layers, {
    useExpand: settings.words('USE_EXPAND'),
    useExpandUnprefixed: settings.words('USE_EXPAND_UNPREFIXED'),
    incrementals: INCREMENTALS,
    iuse: how.iuse,
    complain: how.complain,
  });
}

function finish(
  flags: Set<string>,
  arch: string,
  { masked, forced }: { masked: ReadonlySet<string>; forced: ReadonlySet<string> },
): Set<string> {
  for (const flag of forced) flags.add(flag);
  if (arch !== '') flags.add(arch);
  for (const flag of masked) flags.delete(flag);
  return flags;
}

/** A package in the form in which atoms are matched against it; its USE counts as empty. */
export function describe({ cpv, repository, metadata }: Described, implicit: ImplicitIuse): Candidate {
  const eapi = metadata.get('EAPI') ?? '0';
  const iuse = new Set(split(metadata.get('IUSE')).map((flag) => flag.replace(/^[+-]+/, '')));
  const candidate = makeCandidate({
    cpv,
    slot: metadata.get('SLOT') ?? '',
    eapi,
    repo: repository,
    iuse: (flag) => iuse.has(flag) || implicit.has(flag, eapi),
  });
  if (candidate === undefined) throw new TypeError(`'${cpv}' is not category/name-version`);
  return candidate;
}

/** What IUSE says: its flags, and the defaults as USE would say them. */
function readIuse(metadata: Metadata): { iuse: string[]; defaults: string[] } {
  const declared = split(metadata.get('IUSE'));
  return {
    iuse: declared.map((flag) => flag.replace(/^[+-]+/, '')),
    defaults: declared.flatMap((flag) =>
      flag.startsWith('+') ? [flag.slice(1)] : flag.startsWith('-') ? [flag] : [],
    ),
  };
}

/** The effective USE of a package. */
export function effectiveUse(
  parts: UseParts,
  described: Described,
  { test = false, anonymous = false }: UseOptions,
): EffectiveUse {
  const { implicit, useSettings } = parts;
  const { metadata } = described;
  const candidate = describe(anonymous ? { ...described, repository: undefined } : described, implicit);
  const eapi = metadata.get('EAPI') ?? '0';
  const repository =
    described.repository === undefined ? undefined : parts.repositories.get(described.repository);
  const stable = parts.keywords.isStable(candidate, metadata);
  const { iuse: iuseList, defaults: pkginternal } = readIuse(metadata);
  const iuse = new Set(iuseList);
  const masking = anonymous ? undefined : repository;
  const masked = useSettings.forPackage('mask', candidate, masking, stable);
  const forced = useSettings.forPackage('force', candidate, masking, stable);
  const repoParts = useSettings.ofRepositories(candidate, repository, stable).map((part) => ({
    flags: part.flags,
    variables: parts.repositoryDefaults(part.repository),
  }));
  const repo = stackVariables(repoParts.map(({ variables }) => variables));
  const pkg = parts.packageVariables(candidate);
  const base = parts.settings;
  // Most packages have nothing of their own that could change a variable.
  const settings = repo.size === 0 && pkg.size === 0 ? base : new Settings({ ...base.sources, repo, pkg });
  const withTest = test || settings.words('FEATURES').includes('test');
  const layers = {
    repo: repoParts.flatMap(({ variables, flags }) => [...split(variables.get('USE')), ...flags]),
    features: withTest ? ['test'] : [],
    defaults: useSettings.ofProfile(candidate, parts.profileUse, stable),
    pkg: [...split(pkg.get('USE')), ...useSettings.ofUser(candidate)],
  };
  const compute = (internal: readonly string[]): Set<string> => {
    const flags = addUp(settings, { ...layers, pkginternal: internal }, { iuse: iuseList });
    return finish(flags, parts.arch, { masked, forced });
  };
  let flags = compute(pkginternal);
  const isOwn = (flag: string): boolean => iuse.has(flag) || implicit.has(flag, eapi);
  const untested = withTest && restrictsTest(metadata, new Set([...flags].filter(isOwn)), settings);
  if (untested) flags = compute([...pkginternal, '-test']);
  const enabled = new Set<string>();
  for (const flag of flags) if (isOwn(flag) || flag.endsWith('_*')) enabled.add(flag);
  const all = [...iuse, ...implicit.forWildcards(eapi, [...masked, ...forced])];
  expandWildcards(enabled, settings, all, masked);
  for (const flag of enabled) if (flag.endsWith('_*')) enabled.delete(flag);
  return { enabled, iuse, masked, forced, untested };
}

/** `foo_*` in USE enables every flag of that USE_EXPAND variable that is not masked. */
function expandWildcards(
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
