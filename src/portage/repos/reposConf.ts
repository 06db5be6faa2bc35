/**
 * Which ebuild repositories there are: `repos.conf` (portage(5)) or a list of directories, and what each says about itself
 * (`repo_name`, `layout.conf`; PMS 4.3 and 4.4).
 */
import path from 'node:path';
import { LvfsError } from '../../base/index.js';
import { isSupportedEapi, eapiFeatures } from '../eapi.js';
import { IniProblem, IniReader, type Section } from '../ini.js';
import { stack, words, type Warn } from '../packageFiles.js';
import { readEapiFile, allowsDirectories } from '../profileFiles.js';
import type { RootFiles } from '../rootFiles.js';
import { Repositories, type Repository } from './repository.js';

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

/** The words of a value; undefined for none. */
function listOf(value: string | undefined): string[] | undefined {
  return value === undefined ? undefined : words(value);
}

/** Where repositories are looked at, and who hears of what is wrong with them. */
interface Looking {
  readonly files: RootFiles;
  readonly warn: Warn;
}

/**
 * Looks at a repository.
 *
 * @param options those of its section, or the defaults
 * @param sectionName its name where it has none itself
 */
function draft(
  looking: Looking,
  location: string,
  options: ReadonlyMap<string, string>,
  sectionName?: string,
): Draft {
  const layout = readLayout(looking.files, location, looking.warn);
  const layoutMasters = listOf(layout.get('masters'));
  const ownAliases = listOf(options.get('aliases'));
  const layoutAliases = listOf(layout.get('aliases')) ?? [];
  const priority = /^\s*[+-]?\d+\s*$/.exec(options.get('priority') ?? '')?.[0];
  const cacheFormats = listOf(layout.get('cache-formats')) ?? [];
  return {
    ...nameOf(looking.files, location, layout, sectionName),
    location,
    priority: priority === undefined ? undefined : Number(priority),
    masters: listOf(options.get('masters')) ?? layoutMasters,
    layoutMasters: layoutMasters !== undefined,
    aliases: layoutAliases.length > 0 ? [...layoutAliases, ...(ownAliases ?? [])] : ownAliases,
    eclassOverrides: listOf(options.get('eclass-overrides')) ?? [],
    ...eapisOf(looking, location, layout),
    hasMetadataCache: cacheFormats.length === 0 || cacheFormats.includes('md5-dict'),
    format: options.get('format')?.trim(),
  };
}

function nameOf(
  files: RootFiles,
  location: string,
  layout: ReadonlyMap<string, string>,
  sectionName: string | undefined,
): Pick<Draft, 'name' | 'unnamed'> {
  const nameFile = path.posix.join(location, 'profiles/repo_name');
  const ownName =
    files.kind(nameFile) === 'file' ? files.readText(nameFile)?.split('\n')[0]?.trim() : undefined;
  const layoutName = validName(layout.get('repo-name') ?? '');
  if (layoutName !== undefined) return { name: layoutName, unnamed: false };
  const unnamed = ownName === undefined;
  if (unnamed && sectionName !== undefined) return { name: sectionName, unnamed };
  const fallback = `x-${path.posix.basename(location)}`;
  return { name: validName(ownName ?? fallback) ?? validName(fallback) ?? 'x-', unnamed };
}

/** The EAPI of its profiles, and what follows from that. */
function eapisOf(
  { files, warn }: Looking,
  location: string,
  layout: ReadonlyMap<string, string>,
): Pick<Draft, 'eapi' | 'profilesEapi' | 'profileFormats' | 'allowsDirectories'> {
  const profilesEapi = readEapiFile(files, path.posix.join(location, 'profiles'), warn);
  const profileFormats = listOf(layout.get('profile-formats'))?.filter((format) =>
    PROFILE_FORMATS.has(format),
  ) ?? [eapiFeatures(profilesEapi ?? '0').profileFileDirs ? 'portage-1' : 'portage-1-compat'];
  const eapi = unspecifiedEapi(profilesEapi, profileFormats, layout);
  return {
    eapi,
    profilesEapi,
    profileFormats,
    allowsDirectories: allowsDirectories(profilesEapi ?? eapi, profileFormats),
  };
}

/** The EAPI of profiles that name none themselves. */
function unspecifiedEapi(
  profilesEapi: string | undefined,
  profileFormats: readonly string[],
  layout: ReadonlyMap<string, string>,
): string {
  if (profilesEapi !== undefined && eapiFeatures(profilesEapi).profileEapiDefault) return profilesEapi;
  const unspecified = layout.get('profile_eapi_when_unspecified');
  const counts = profileFormats.includes('profile-default-eapi');
  return unspecified !== undefined && counts && isSupportedEapi(unspecified) ? unspecified : '0';
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
      throw new LvfsError('NO_REPOSITORY', `the repository '${directory}' is not a directory`);
    }
    const made = draft({ files, warn }, files.resolve(absolute), variables);
    made.priority = index === 0 ? -1000 : index;
    mainName ??= made.name;
    if (drafts.has(made.name)) {
      throw new LvfsError(
        'NO_REPOSITORY',
        `'${directory}' has the name '${made.name}' of an earlier repository`,
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
    const sectionOf = this.#addSections(sections);
    const portdir = this.#addListed(sectionOf);
    this.#addOverlays();
    this.#dropMisnamed(sectionOf);
    const main = this.#main(portdir);
    if (main !== undefined) main.priority ??= -1000;
    return assemble(this.#drafts, main?.name, this.warn);
  }

  /** Adds what sections of repos.conf are about; answers those that are about something. */
  #addSections(sections: readonly Section[]): ReadonlyMap<string, Section> {
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
      this.#drafts.set(name, draft(this, files.resolve(hostPath), options, name));
    }
    return sectionOf;
  }

  /** Leaves out what goes by another name than its section. */
  #dropMisnamed(sectionOf: ReadonlyMap<string, Section>): void {
    for (const [name, made] of [...this.#drafts]) {
      const { file, line } = sectionOf.get(name) ?? { file: made.location, line: 0 };
      if (made.name === name || (!made.unnamed && made.aliases?.includes(name) === true)) continue;
      const message = made.unnamed
        ? `section [${name}] is about a repository without a name in '${made.location}/profiles/repo_name'`
        : `section [${name}] is about a repository whose own name is '${made.name}'`;
      this.warn({ file, line, message: `${message}, and is ignored` });
      this.#drafts.delete(name);
    }
  }

  /** The main repository: that of `main-repo`, or that in `PORTDIR`. */
  #main(portdir: string | undefined): Draft | undefined {
    const { where } = this;
    const known = (name: string): Draft | undefined =>
      this.#drafts.get(name) ??
      [...this.#drafts.values()].find((made) => stack([made.aliases ?? []]).includes(name));
    const named = this.defaults.get('main-repo');
    const main = named === undefined ? undefined : known(named);
    if (main !== undefined) return main;
    const file = this.#written();
    if (named !== undefined && file !== undefined && where.portdir === '')
      this.warn({ file, line: 0, message: `main-repo: there is no repository '${named}'` });
    return portdir === undefined ? undefined : known(portdir);
  }

  /** Where somebody has written what repositories there are; undefined where nobody has, as on a machine without Portage. */
  #written(): string | undefined {
    const { ownConf, userConf } = this.where;
    if (userConf === undefined) return 'PORTAGE_REPOSITORIES';
    if (this.files.kind(userConf) !== undefined) return userConf;
    return typeof ownConf === 'string' ? ownConf : undefined;
  }

  /** Adds the overlays that are not there yet, above all others; one of the name of another takes its place. */
  #addOverlays(): void {
    const { files, where } = this;
    const highest = Math.max(0, ...[...this.#drafts.values()].map(({ priority = 0 }) => priority));
    for (const [index, overlay] of (where.overlays ?? []).entries()) {
      const location = files.resolve(overlay);
      if ([...this.#drafts.values()].some((made) => made.location === location)) continue;
      const made = draft(this, location, this.defaults);
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
      let made = draft(this, resolved, this.defaults, nameWithoutOne);
      const section = sectionOf.get(made.name);
      if (section !== undefined) made = draft(this, resolved, section.options, nameWithoutOne);
      if (made.priority === undefined && !(isPortdir && !where.portdirOverlay.includes(where.portdir))) {
        made.priority = basePriority++;
      }
      this.#drafts.set(made.name, made);
      if (isPortdir) portdirName = made.name;
    }
    return portdirName;
  }
}

/** A repository whose relations are being found. */
type Related = Repository & { masters: Repository[]; eclassSources: Repository[] };

/** Puts names into relation: aliases, masters, order. */
function assemble(
  drafts: ReadonlyMap<string, Draft>,
  mainName: string | undefined,
  warn: Warn,
): Repositories {
  // Of several of one name, which are there under an alias as well, the last counts.
  const unique = new Map([...drafts.values()].map((made) => [made.name, made]));
  const pairs = [...unique.values()].map((made) => ({ made, repository: unrelated(made) }));
  const byName = namesOf(pairs.map(({ repository }) => repository));
  const main = mainName === undefined ? undefined : byName.get(mainName);
  const find = (names: readonly string[], file: string, key: string): Repository[] =>
    names.flatMap((name) => {
      const found = byName.get(name);
      if (found === undefined) warn({ file, line: 0, message: `${key}: there is no repository '${name}'` });
      return found ?? [];
    });
  for (const { made, repository } of pairs) {
    const layout = path.posix.join(made.location, 'metadata/layout.conf');
    const assumed = main === undefined || repository === main ? [] : [main];
    if (!made.layoutMasters && assumed.length > 0) {
      warn({ file: layout, line: 0, message: `masters: found none, '${main?.name}' is assumed` });
    }
    repository.masters.push(
      ...(made.masters === undefined ? assumed : find(made.masters, layout, 'masters')),
    );
  }
  for (const { made, repository } of pairs) {
    // A master that is the repository itself keeps its place among the masters.
    repository.eclassSources.push(
      ...new Set([...repository.masters, repository]),
      ...find(made.eclassOverrides, made.location, 'eclass-overrides'),
    );
  }
  const ordered = pairs
    .map(({ repository }) => repository)
    .sort((a, b) => a.priority - b.priority || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return new Repositories(ordered, byName, main);
}

function unrelated(made: Draft): Related {
  return {
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
}

/** By name and alias; a name counts more than another's alias, and the first of an alias. */
function namesOf(repositories: readonly Repository[]): Map<string, Repository> {
  const byName = new Map(repositories.map((repository) => [repository.name, repository]));
  for (const repository of repositories) {
    for (const alias of repository.aliases) if (!byName.has(alias)) byName.set(alias, repository);
  }
  return byName;
}
