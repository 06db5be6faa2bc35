/** The families about make.conf, profiles, effective USE and visibility. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { LvfsError } from '../../src/base/index.js';
import { type Configuration, openConfiguration } from '../../src/portage/config/configuration.js';
import { readMakeConf } from '../../src/portage/config/makeConf.js';
import type { Ebuild } from '../../src/portage/repos/repository.js';
import { RootFiles } from '../../src/portage/rootFiles.js';
import { compare, type Family, type Outcome, type Vectors } from './family.js';

interface MakeConfRow {
  readonly files: Readonly<Record<string, string>>;
  readonly expand: Readonly<Record<string, string>>;
  readonly vars: Readonly<Record<string, string>> | null;
}

interface ProfileRow extends Readonly<Record<string, unknown>> {
  readonly profile: string;
}

interface ConfigRow {
  readonly name: string;
  readonly profile: string | null;
  readonly files: Readonly<Record<string, string>>;
  readonly overlay: boolean;
  readonly ARCH: string;
  readonly ACCEPT_KEYWORDS: readonly string[];
  readonly system: readonly string[];
  readonly stack: readonly string[];
  readonly provided: readonly string[];
}

interface ConfigFile {
  readonly overlay?: { readonly name: string; readonly files: Readonly<Record<string, string>> };
  readonly configs: readonly ConfigRow[];
}

interface UseRow {
  readonly c: string;
  readonly p: string;
  readonly r?: string;
  readonly use: readonly string[];
  readonly masked: readonly string[];
  readonly forced: readonly string[];
}

interface VisibleRow {
  readonly c: string;
  readonly cp: string;
  readonly best: string | null;
  readonly repo?: string;
  readonly visible: readonly string[];
  readonly masked: Readonly<Record<string, readonly string[]>>;
  readonly conflict?: boolean;
}

function write(
  directory: string,
  files: Readonly<Record<string, string>>,
  edit = (text: string) => text,
): void {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(directory, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, edit(text));
  }
}

function* makeConf(vectors: Vectors): Generator<Outcome> {
  const base = vectors.scratch('makeconf');
  let number = 0;
  for (const row of vectors.rows<MakeConfRow>('makeconf.jsonl')) {
    const directory = path.join(base, String(number++));
    mkdirSync(directory);
    const here = (text: string): string => text.replaceAll('@DIR@', directory);
    write(directory, row.files, here);
    let got: Record<string, string> | null = null;
    try {
      const variables = readMakeConf(new RootFiles('/'), path.join(directory, 'make.conf'), {
        expand: new Map(Object.entries(row.expand)),
        sourcing: true,
        recursive: true,
        warn: () => undefined,
      });
      got = Object.fromEntries(variables ?? []);
    } catch (error) {
      if (!(error instanceof LvfsError)) throw error;
    }
    const expected =
      row.vars && Object.fromEntries(Object.entries(row.vars).map(([key, value]) => [key, here(value)]));
    yield compare(JSON.stringify(row.files), got, expected);
  }
}

/** Opens a configuration of the vectors, with its files in a scratch folder. */
function openVector(
  vectors: Vectors,
  files: Readonly<Record<string, string>>,
  profile: string | null,
  overlay?: string,
): Configuration {
  const root = vectors.scratch('config');
  const edit = (text: string): string =>
    text.replaceAll('@GENTOO@', vectors.gentooRepo).replaceAll('@OVERLAY@', overlay ?? '');
  write(root, files, edit);
  if (profile !== null) {
    symlinkSync(
      path.join(vectors.gentooRepo, 'profiles', profile),
      path.join(root, 'etc/portage/make.profile'),
    );
  }
  return openConfiguration({ root: '/', configRoot: root });
}

/** The directories of the profile in the form in which the vectors name them. */
function stackOf(config: Configuration): string[] {
  return config.profile.map(({ directory, repository }) =>
    repository === undefined
      ? directory.slice(directory.lastIndexOf('/etc/'))
      : directory.slice(repository.location.length + '/profiles/'.length),
  );
}

const words = (value: string | undefined): string[] =>
  (value ?? '').split(/\s+/).filter((word) => word !== '');

/** How a field of a row of profiles.jsonl is computed. */
function profileField(config: Configuration, field: string): unknown {
  switch (field) {
    case 'stack':
      return stackOf(config);
    case 'system':
      return [...config.system].sort();
    case 'packages':
      return [...config.packages].sort();
    case 'IUSE_EFFECTIVE_implicit':
      return [...config.implicit.flags].sort();
    case 'use_mask':
      return config.useSettings.global('mask').size;
    case 'use_force':
      return [...config.useSettings.global('force')].sort();
    case 'ACCEPT_LICENSE':
      return [...config.acceptance.license];
    case 'ACCEPT_KEYWORDS':
    case 'USE':
    case 'USE_EXPAND':
    case 'USE_EXPAND_IMPLICIT':
    case 'USE_EXPAND_UNPREFIXED':
    case 'USE_EXPAND_HIDDEN':
    case 'IUSE_IMPLICIT':
      return words(config.get(field)).sort();
    default:
      return config.get(field) ?? null;
  }
}

function* profiles(vectors: Vectors): Generator<Outcome> {
  for (const row of vectors.rows<ProfileRow>('profiles.jsonl')) {
    const config = openVector(
      vectors,
      {
        'etc/portage/make.conf': '',
        'etc/portage/repos.conf': '[DEFAULT]\nmain-repo = gentoo\n\n[gentoo]\nlocation = @GENTOO@\n',
      },
      row.profile,
    );
    const expected: Record<string, unknown> = {};
    const got: Record<string, unknown> = {};
    for (const [field, value] of Object.entries(row)) {
      if (field === 'profile' || field === 'arch_desc' || field === 'status') continue;
      const found = profileField(config, field);
      const wanted =
        Array.isArray(value) && field !== 'stack' && field !== 'ACCEPT_LICENSE'
          ? [...(value as string[])].sort()
          : value;
      if (JSON.stringify(found) === JSON.stringify(wanted)) continue;
      expected[field] = wanted;
      got[field] = found;
    }
    yield compare(row.profile, got, expected);
  }
}

/** Opens each configuration once, when the first row asks for it. */
class Configurations {
  readonly #vectors: Vectors;
  readonly #file: ConfigFile;
  readonly #open = new Map<string, Configuration>();
  readonly #overlay: string | undefined;

  constructor(vectors: Vectors) {
    this.#vectors = vectors;
    this.#file = vectors.json<ConfigFile>('configs.json');
    if (this.#file.overlay !== undefined) {
      this.#overlay = vectors.scratch('overlay');
      write(this.#overlay, this.#file.overlay.files);
    }
  }

  get rows(): readonly ConfigRow[] {
    return this.#file.configs;
  }

  get(name: string): Configuration {
    let config = this.#open.get(name);
    if (config === undefined) {
      const row = this.#file.configs.find((candidate) => candidate.name === name);
      if (row === undefined) throw new Error(`configs.json has no configuration '${name}'`);
      config = openVector(this.#vectors, row.files, row.profile, this.#overlay);
      this.#open.set(name, config);
    }
    return config;
  }
}

function* configs(vectors: Vectors): Generator<Outcome> {
  const configurations = new Configurations(vectors);
  for (const row of configurations.rows) {
    const config = configurations.get(row.name);
    yield compare(
      row.name,
      {
        ARCH: config.get('ARCH') ?? '',
        ACCEPT_KEYWORDS: [...config.acceptKeywords].sort(),
        system: [...config.system].sort(),
        stack: stackOf(config),
        provided: [...config.provided].sort(),
      },
      {
        ARCH: row.ARCH,
        ACCEPT_KEYWORDS: [...row.ACCEPT_KEYWORDS].sort(),
        system: [...row.system].sort(),
        stack: row.stack,
        provided: [...row.provided].sort(),
      },
    );
  }
}

function find(config: Configuration, cpv: string, repository: string): Ebuild | undefined {
  const cp = cpv.replace(/-\d[^/]*$/, '');
  for (let name = cp; ;) {
    const found = config.tree
      .versions(name)
      .find((ebuild) => ebuild.cpv === cpv && ebuild.repository.name === repository);
    if (found !== undefined) return found;
    const next = cpv.indexOf('-', name.length + 1);
    if (next < 0) return undefined;
    name = cpv.slice(0, next);
  }
}

function* useEffective(vectors: Vectors): Generator<Outcome> {
  const configurations = new Configurations(vectors);
  for (const row of vectors.rows<UseRow>('use_effective.jsonl')) {
    const config = configurations.get(row.c);
    const repository = row.r ?? 'gentoo';
    const what = `${row.c}: ${row.p}::${repository}`;
    const ebuild = find(config, row.p, repository);
    if (ebuild === undefined) {
      yield { ok: false, what, expected: 'an ebuild', got: 'none' };
      continue;
    }
    // The vectors were made by cpv, without the repository.
    const { enabled, iuse, masked, forced } = config.useOf(ebuild, { anonymous: true });
    yield compare(
      what,
      {
        use: [...enabled].sort(),
        masked: [...iuse].filter((flag) => masked.has(flag)).sort(),
        forced: [...iuse].filter((flag) => forced.has(flag)).sort(),
      },
      { use: [...row.use].sort(), masked: [...row.masked].sort(), forced: [...row.forced].sort() },
    );
  }
}

function* bestVisible(vectors: Vectors): Generator<Outcome> {
  const configurations = new Configurations(vectors);
  const overlays = new Map(configurations.rows.map((row) => [row.name, row.overlay]));
  for (const row of vectors.rows<VisibleRow>('bestvisible.jsonl')) {
    const config = configurations.get(row.c);
    const name = (ebuild: Ebuild): string =>
      overlays.get(row.c) === true ? `${ebuild.cpv}::${ebuild.repository.name}` : ebuild.cpv;
    const all = config.tree.versions(row.cp);
    // The vectors were made by cpv, without the repository, and by what does not look whether an ebuild is valid.
    const isVisible = (ebuild: Ebuild): boolean => config.visibility.isUnmasked(ebuild, { anonymous: true });
    const best = all.findLast(isVisible);
    const visible = all.filter(isVisible).map(name);
    const reasons = Object.fromEntries(
      all
        .filter((ebuild) => !isVisible(ebuild))
        .map((ebuild) => {
          const masks = config.visibility.reasons(ebuild, { anonymous: true });
          return [name(ebuild), masks.filter((reason) => !reason.startsWith('invalid: ')).sort()] as const;
        }),
    );
    const masked = Object.fromEntries(
      Object.entries(row.masked).map(([cpv, texts]) => [cpv, [...texts].sort()] as const),
    );
    yield compare(
      `${row.c}: ${row.cp}`,
      {
        best: best?.cpv ?? null,
        ...(row.repo === undefined ? {} : { repo: best?.repository.name }),
        visible,
        ...(row.conflict === true ? {} : { masked: reasons }),
      },
      {
        best: row.best,
        ...(row.repo === undefined ? {} : { repo: row.repo }),
        visible: row.visible,
        ...(row.conflict === true ? {} : { masked }),
      },
    );
  }
}

/** The families of this module. */
export const families: readonly Family[] = [
  { name: 'makeconf', file: 'makeconf.jsonl', run: makeConf },
  { name: 'profiles', file: 'profiles.jsonl', run: profiles },
  { name: 'configs', file: 'configs.json', run: configs },
  { name: 'use_effective', file: 'use_effective.jsonl', alsoReads: ['configs.json'], run: useEffective },
  { name: 'bestvisible', file: 'bestvisible.jsonl', alsoReads: ['configs.json'], run: bestVisible },
];
