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
    const made = draft(files, undefined, variables, files.resolve(absolute), warn);
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
          message: `main-repo: there is no repository '${mainName}'`,
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
