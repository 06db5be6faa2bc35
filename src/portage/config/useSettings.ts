/**
 * USE: what profiles, repositories and the user say about flags (PMS 5.2.11 to 5.2.13; portage(5)), and how it adds
 * up to the flags of one ebuild, as `config.setcpv` and `config.regenerate` of Portage compute them.
 */
import path from 'node:path';
import { eapiFeatures } from '../eapi.js';
import type { Candidate } from '../match.js';
import { AtomTable, readEntries, readLines, stack, type Warn, words } from '../packageFiles.js';
import { profileAtoms } from '../profileFiles.js';
import type { ProfileNode } from './profile.js';
import type { Repositories, Repository } from '../repos/repository.js';
import type { RootFiles } from '../rootFiles.js';

/** Variables of one source, in the order in which they were assigned. */
export type Variables = ReadonlyMap<string, string>;

const FLAG = /^[A-Za-z0-9][A-Za-z0-9+_@-]*$/;

/** A pair of files: `package.use.mask` and `package.use.stable.mask`, and so on. */
interface Masking {
  readonly flags: readonly string[];
  readonly stableFlags: readonly string[];
  readonly byPackage: AtomTable<string> | undefined;
  readonly stableByPackage: AtomTable<string> | undefined;
}

/** What one profile directory, or the `profiles` directory of a repository, says about flags. */
interface UseFiles {
  readonly mask: Masking;
  readonly force: Masking;
  readonly stableUse: readonly string[];
  readonly packageUse: AtomTable<string> | undefined;
  readonly stablePackageUse: AtomTable<string> | undefined;
}

/** A directory whose files are read. */
interface Place {
  readonly directory: string;
  readonly recursive: boolean;
  readonly node: Pick<ProfileNode, 'eapi' | 'atoms' | 'isUser' | 'names'>;
}

class PlaceReader {
  constructor(
    readonly files: RootFiles,
    readonly place: Place,
    readonly warn: Warn,
  ) {}

  read(): UseFiles {
    const { stableMasks, useStable } = eapiFeatures(this.place.node.eapi);
    const masking = (kind: string): Masking => ({
      flags: this.#list(`use.${kind}`, true),
      stableFlags: this.#list(`use.stable.${kind}`, stableMasks),
      byPackage: this.#table(`package.use.${kind}`, true),
      stableByPackage: this.#table(`package.use.stable.${kind}`, stableMasks),
    });
    return {
      mask: masking('mask'),
      force: masking('force'),
      stableUse: this.#list('use.stable', useStable),
      packageUse: this.#table('package.use', true),
      stablePackageUse: this.#table('package.use.stable', useStable),
    };
  }

  #unsupported(name: string): void {
    this.warn({
      file: path.posix.join(this.place.directory, name),
      line: 0,
      message: `EAPI ${this.place.node.eapi} has no such file; it is ignored`,
    });
  }

  #list(name: string, supported: boolean): readonly string[] {
    const { directory, recursive, node } = this.place;
    if (!node.names.has(name)) return [];
    const lines = readLines(this.files, path.posix.join(directory, name), recursive);
    if (!supported) {
      if (lines.length > 0) this.#unsupported(name);
      return [];
    }
    const flags: string[] = [];
    for (const { text, file, line } of lines) {
      if (FLAG.test(text.startsWith('-') ? text.slice(1) : text)) flags.push(text);
      else this.warn({ file, line, message: `found '${text}', expected one USE flag; the line is ignored` });
    }
    return flags;
  }

  #table(name: string, supported: boolean): AtomTable<string> | undefined {
    const { directory, recursive, node } = this.place;
    if (!node.names.has(name)) return undefined;
    const entries = readEntries(this.files, path.posix.join(directory, name), recursive);
    if (!supported) {
      if (entries.length > 0) this.#unsupported(name);
      return undefined;
    }
    const extended = node.eapi === undefined && node.isUser;
    const table = new AtomTable<string>({
      ...node.atoms,
      allowWildcard: extended,
      allowRepo: extended || node.atoms.allowRepo,
      eager: node.isUser,
      warn: this.warn,
    });
    // `VAR:` holds until the next one of the same atom, even on another line.
    const prefixes = new Map<string, string>();
    for (const { key, values, file, line } of entries) {
      const flags: string[] = [];
      for (const value of values) {
        if (extended && value.endsWith(':')) {
          prefixes.set(key, `${value.slice(0, -1).toLowerCase()}_`);
          continue;
        }
        const prefix = prefixes.get(key) ?? '';
        const negative = value.startsWith('-');
        const flag = prefix + (negative ? value.slice(1) : value);
        if (FLAG.test(flag)) flags.push(negative ? `-${flag}` : flag);
        else this.warn({ file, line, message: `found '${value}' for '${key}', expected a USE flag` });
      }
      table.add(key, flags, file, line);
    }
    return table;
  }
}

/** The flags of a `package.use` line of the user's, with `VAR: value` written out. */
function expandPackageUse(values: readonly string[]): string[] {
  const flags: string[] = [];
  let prefix = '';
  for (const value of values) {
    if (value.endsWith(':')) prefix = `${value.slice(0, -1).toLowerCase()}_`;
    else flags.push(value.startsWith('-') ? `-${prefix}${value.slice(1)}` : prefix + value);
  }
  return flags;
}

/** Everything that is said about flags outside of make.conf and make.defaults. */
export class UseSettings {
  readonly #profile: readonly UseFiles[];
  readonly #repositories: ReadonlyMap<string, UseFiles>;
  readonly #user: AtomTable<string>;
  readonly #stacks = new Map<string, ReadonlySet<string>>();
  /** The flags of `*\/*` in the user's package.use, which count like USE in make.conf. */
  readonly everywhere: readonly string[];

  constructor(
    files: RootFiles,
    repositories: Repositories,
    profile: readonly ProfileNode[],
    userConfig: string,
    warn: Warn,
  ) {
    const known = new Map<ProfileNode, UseFiles>();
    this.#profile = profile.map((node) => {
      let read = known.get(node);
      if (read === undefined) {
        const place = { directory: node.directory, recursive: node.allowsDirectories, node };
        known.set(node, (read = new PlaceReader(files, place, warn).read()));
      }
      return read;
    });
    this.#repositories = new Map(
      repositories.withProfiles().map((repository) => {
        const directory = path.posix.join(repository.location, 'profiles');
        const eapi = repository.profilesEapi ?? repository.eapi;
        const node = {
          eapi,
          atoms: { ...profileAtoms(repository.eapi, repository.profileFormats), eapi },
          isUser: false,
          names: new Set(files.list(directory) ?? []),
        };
        return [repository.name, new PlaceReader(files, { directory, recursive: true, node }, warn).read()];
      }),
    );
    this.#user = new AtomTable<string>({
      allowWildcard: true,
      allowRepo: true,
      allowBuildId: true,
      eager: true,
      warn,
    });
    for (const { key, values, file, line } of readEntries(
      files,
      path.posix.join(userConfig, 'package.use'),
      true,
    )) {
      this.#user.add(key, expandPackageUse(values), file, line);
    }
    this.everywhere = this.#user.take('*/*') ?? [];
  }

  /** Flags that the profile masks or forces whatever the package. */
  global(kind: 'mask' | 'force'): ReadonlySet<string> {
    return new Set(stack(this.#profile.map((files) => files[kind].flags)));
  }

  /** Flags that are masked or forced for a package (PMS 5.2.11). */
  forPackage(
    kind: 'mask' | 'force',
    candidate: Candidate,
    repository: Repository | undefined,
    stable: boolean,
  ): ReadonlySet<string> {
    const lists: (readonly string[])[] = [];
    let special = false;
    const add = ({ flags, stableFlags, byPackage, stableByPackage }: Masking): void => {
      lists.push(flags);
      if (stable) lists.push(stableFlags);
      for (const table of stable ? [byPackage, stableByPackage] : [byPackage]) {
        const found = table?.bySpecificity(candidate) ?? [];
        special ||= found.length > 0;
        lists.push(...found);
      }
    };
    for (const files of this.#filesOf(repository)) add(files[kind]);
    for (const files of this.#profile) add(files[kind]);
    if (special) return new Set(stack(lists));
    const key = `${kind} ${stable} ${repository?.name ?? ''}`;
    let result = this.#stacks.get(key);
    if (result === undefined) this.#stacks.set(key, (result = new Set(stack(lists))));
    return result;
  }

  /** What the `profiles` directories of a package's repository and its masters add to USE, one list for each. */
  ofRepositories(
    candidate: Candidate,
    repository: Repository | undefined,
    stable: boolean,
  ): { repository: Repository; flags: readonly string[] }[] {
    if (repository === undefined) return [];
    return [...repository.masters, repository].map((own) => {
      const files = this.#repositories.get(own.name);
      return { repository: own, flags: files === undefined ? [] : packageUse(files, candidate, stable) };
    });
  }

  /** USE of the profile for a package: `use` has what the make.defaults of each node add. */
  ofProfile(candidate: Candidate, use: readonly (readonly string[])[], stable: boolean): string[] {
    return this.#profile.flatMap((files, index) => [
      ...(use[index] ?? []),
      ...packageUse(files, candidate, stable),
    ]);
  }

  /** The flags of the user's package.use for a package. */
  ofUser(candidate: Candidate): readonly string[] {
    return this.#user.bySpecificity(candidate).flat();
  }

  #filesOf(repository: Repository | undefined): UseFiles[] {
    if (repository === undefined) return [];
    return [...repository.masters, repository]
      .map(({ name }) => this.#repositories.get(name))
      .filter((files) => files !== undefined);
  }
}

/** `package.use.stable` counts more than `package.use`, and that more than `use.stable`. */
function packageUse(files: UseFiles, candidate: Candidate, stable: boolean): string[] {
  return [
    ...(stable ? files.stableUse : []),
    ...(files.packageUse?.bySpecificity(candidate).flat() ?? []),
    ...(stable ? (files.stablePackageUse?.bySpecificity(candidate).flat() ?? []) : []),
  ];
}

/** One source of USE. */
export interface UseLayer {
  /** Its name in USE_ORDER. */
  readonly name: string;
  /** The words of USE. */
  readonly use: readonly string[];
  /** Its other variables; those of USE_EXPAND count. */
  readonly variables: Variables;
}

/** What {@link stackUse} needs to know besides the layers. */
export interface UseRules {
  readonly useExpand: readonly string[];
  readonly useExpandUnprefixed: readonly string[];
  /** Variables that add up instead of replacing each other. */
  readonly incrementals: ReadonlySet<string>;
  /** The package's own IUSE without defaults, against which `foo_*` is expanded; undefined when there is none. */
  readonly iuse: readonly string[] | undefined;
  /** Called with what is wrong in a value. */
  readonly complain?: ((layer: string, message: string) => void) | undefined;
}

/**
 * Adds up the layers, the least important first (the USE part of `config.regenerate`): flags of USE, then those
 * that USE_EXPAND variables stand for, which replace what earlier layers said of that variable.
 */
export function stackUse(layers: readonly UseLayer[], rules: UseRules): Set<string> {
  const flags = new Set<string>();
  for (const layer of layers) {
    for (const variable of rules.useExpandUnprefixed)
      for (const word of words(layer.variables.get(variable))) switchFlag(flags, '', word);
    for (const word of layer.use) setWord(flags, word, layer, rules);
    // The variables of make.defaults are in its USE already, node by node.
    if (layer.name === 'defaults') continue;
    for (const variable of rules.useExpand) setExpanded(flags, variable, layer, rules);
  }
  return flags;
}

/** Adds a flag or, with a minus before it, takes it out. */
function switchFlag(flags: Set<string>, prefix: string, word: string): void {
  if (word.startsWith('-')) flags.delete(prefix + word.slice(1));
  else flags.add(prefix + word);
}

/** What a word of USE says. */
function setWord(flags: Set<string>, word: string, { name }: UseLayer, { iuse, complain }: UseRules): void {
  if (word === '-*') return flags.clear();
  if (word.startsWith('+')) complain?.(name, `USE flags should not start with a '+': ${word}`);
  const flag = word.startsWith('+') ? word.slice(1) : word;
  if (flag === '') return;
  if (!flag.endsWith('_*')) return switchFlag(flags, '', flag);
  if (flag.startsWith('-')) {
    removePrefix(flags, flag.slice(1, -1));
    flags.delete(flag.slice(1));
    return;
  }
  const own = iuse?.filter((candidate) => candidate.startsWith(flag.slice(0, -1))) ?? [];
  for (const candidate of own) flags.add(candidate);
  // Without any such flag the wildcard stays: it then unsets the variable in the build.
  if (own.length === 0) flags.add(flag);
}

/** What a variable of USE_EXPAND says. */
function setExpanded(flags: Set<string>, variable: string, layer: UseLayer, rules: UseRules): void {
  const value = layer.variables.get(variable);
  if (value === undefined) return;
  const prefix = `${variable.toLowerCase()}_`;
  const adds = rules.incrementals.has(variable);
  if (!adds) removePrefix(flags, prefix);
  for (const word of words(value)) {
    const sign = word.charAt(0);
    const isWrong = sign === '+' || (sign === '-' && !adds);
    if (isWrong) {
      const kind = `${adds ? '' : 'non-'}incremental`;
      rules.complain?.(layer.name, `Invalid '${sign}' operator in ${kind} variable '${variable}': '${word}'`);
    }
    if (!isWrong) switchFlag(flags, prefix, word);
    else if (adds) switchFlag(flags, prefix, word.slice(1));
  }
}

function removePrefix(flags: Set<string>, prefix: string): void {
  for (const flag of flags) if (flag.startsWith(prefix)) flags.delete(flag);
}

/**
 * The USE of one node's make.defaults with its USE_EXPAND variables written out as flags in front, so that a child
 * profile can take single values away.
 */
export function makeDefaultsUse(
  variables: Variables,
  useExpand: readonly string[],
  unprefixed: readonly string[],
): string[] {
  const expanded: string[] = [];
  for (const variable of unprefixed) expanded.push(...words(variables.get(variable)));
  for (const variable of useExpand) {
    const prefix = `${variable.toLowerCase()}_`;
    for (const word of words(variables.get(variable))) {
      expanded.push(word.startsWith('-') ? `-${prefix}${word.slice(1)}` : prefix + word);
    }
  }
  return [...expanded, ...words(variables.get('USE'))];
}
