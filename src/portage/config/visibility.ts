/**
 * Which ebuilds may be used: masks, keywords, licences, properties and restrictions, and whether there is anything wrong with
 * the ebuild itself, as emerge decides (`Package.visible`) and `getmaskingstatus` of Portage names it (portage(5), PMS 5.2.7 and
 * 7.3.2).
 */
import path from 'node:path';
import type { Atom } from '../atom.js';
import type { Configuration, Settings, UseOptions } from './configuration.js';
import { type DepNode, DependError, parseWords } from '../depend.js';
import { isSupportedEapi } from '../eapi.js';
import { type Candidate, matchesAtom } from '../match.js';
import { AtomTable, type Line, readEntries, readLines, stack, withoutUse, words } from '../packageFiles.js';
import { profileAtoms } from './profile.js';
import type { Ebuild, Metadata, Repository } from '../repos/reposConf.js';
import { invalidities } from './validity.js';

/** What stands in a dependency string in place of an any-of group without alternatives. */
const EMPTY_ANY_OF = '__const__/empty-any-of';

/** A line of package.mask and the like; `repo` is what it is restricted to beyond what it says itself. */
interface MaskLine extends Line {
  readonly repo?: string;
}

/** The text with its repository, in front of its USE dependencies. */
function withRepository({ text, repo }: MaskLine): string {
  if (repo === undefined || text.includes('::')) return text;
  const bracket = text.indexOf('[');
  return bracket < 0 ? `${text}::${repo}` : `${text.slice(0, bracket)}::${repo}${text.slice(bracket)}`;
}

/** Stacks lines of masks; `-atom` removes by the whole text, and with `anyRepository` whatever its repository. */
function stackMasks(lists: readonly (readonly MaskLine[])[], anyRepository: boolean): MaskLine[] {
  const result = new Map<string, MaskLine>();
  for (const list of lists) {
    for (const line of list) {
      const { text } = line;
      if (!text.startsWith('-')) result.set(withRepository(line), line);
      else if (!anyRepository || text.includes('::')) result.delete(text.slice(1));
      else {
        const removed = text.slice(1);
        for (const [key, { text: other }] of result)
          if (other.replace(/::[^[]*/, '') === removed) result.delete(key);
      }
    }
  }
  return [...result.values()];
}

/** The files package.mask and package.unmask of one kind of place, stacked. */
class MaskReader {
  readonly #config: Configuration;
  readonly #repositoryMasks = new Map<Repository, readonly MaskLine[]>();

  constructor(config: Configuration) {
    this.#config = config;
  }

  read(): { masks: AtomTable<never>; unmasks: AtomTable<never> } {
    const { profile, userConfig } = this.#config;
    const repositories = this.#config.repositories.withProfiles();
    const ofRepositories = repositories.map((repository) => this.#ofRepository(repository));
    const repositoryUnmasks = repositories
      .filter((repository) => repository.allowsDirectories)
      .map((repository) =>
        stackMasks(
          [this.#lines(path.posix.join(repository.location, 'profiles/package.unmask'), true)],
          false,
        ).map((line) => ({ ...line, repo: repository.name })),
      );
    const ofProfile = (name: string): MaskLine[] =>
      stackMasks(
        profile.map((node) =>
          node.names.has(name) && (name === 'package.mask' || node.allowsDirectories)
            ? this.#lines(path.posix.join(node.directory, name), node.allowsDirectories)
            : [],
        ),
        false,
      );
    const ofUser = (name: string): readonly MaskLine[] =>
      this.#lines(path.posix.join(userConfig, name), true);
    return {
      masks: this.#table(
        stackMasks([ofRepositories.flat(), ofProfile('package.mask'), ofUser('package.mask')], true),
      ),
      unmasks: this.#table(
        stackMasks([repositoryUnmasks.flat(), ofProfile('package.unmask'), ofUser('package.unmask')], true),
      ),
    };
  }

  #lines(file: string, recursive: boolean): readonly MaskLine[] {
    return readLines(this.#config.files, file, recursive).filter(({ text, file: from, line }) => {
      if (text !== '-*') return true;
      this.#config.warn({ file: from, line, message: `found '-*', expected an atom; the line is ignored` });
      return false;
    });
  }

  #repositoryMask(repository: Repository): readonly MaskLine[] {
    let lines = this.#repositoryMasks.get(repository);
    if (lines === undefined) {
      const file = path.posix.join(repository.location, 'profiles/package.mask');
      lines = this.#lines(file, repository.allowsDirectories);
      this.#repositoryMasks.set(repository, lines);
    }
    return lines;
  }

  /** A repository takes over its masters' masks, less what it takes back; all of it counts for itself only. */
  #ofRepository(repository: Repository): MaskLine[] {
    const own = this.#repositoryMask(repository);
    const lists =
      repository.masters.length > 0
        ? repository.masters.map((master) => stackMasks([this.#repositoryMask(master), own], false))
        : [stackMasks([own], false)];
    return stackMasks(lists, false).map((line) => ({ ...line, repo: repository.name }));
  }

  /** Which atoms a file may have depends on where it is, which is why every line is checked where it was found. */
  #table(lines: readonly MaskLine[]): AtomTable<never> {
    const { userConfig, profile, repositories, warn } = this.#config;
    const table = new AtomTable<never>({
      allowUse: true,
      warn,
      optionsFor: (file) => {
        const directory = path.posix.dirname(file);
        const node = profile.find(
          (own) => file.startsWith(`${own.directory}/`) && directory === own.directory,
        );
        if (node !== undefined) return node.atoms;
        if (file.startsWith(`${userConfig}/package.`)) {
          return { allowWildcard: true, allowRepo: true, allowBuildId: true };
        }
        const inside = profile.find((own) => file.startsWith(`${own.directory}/package.`));
        if (inside !== undefined) return inside.atoms;
        const repository = repositories.containing(file);
        if (repository === undefined) return {};
        const eapi = repository.profilesEapi ?? repository.eapi;
        return { ...profileAtoms(repository.eapi, repository.profileFormats), eapi };
      },
    });
    for (const line of lines) {
      table.add(withRepository(line), [], line.file, line.line, line.text);
    }
    return table;
  }
}

/** What the files about keywords say. */
interface KeywordTables {
  /** The profile's package.keywords, which change KEYWORDS. */
  readonly profileKeywords: readonly AtomTable<string>[];
  readonly profileAccept: readonly AtomTable<string>[];
  readonly user: AtomTable<string>;
  /** What a line of the user's without keywords accepts. */
  readonly userDefaults: readonly string[];
}

/** Whether the repository of an ebuild counts for its USE, which decides about conditionals of LICENSE and its kin. */
type Anonymity = Pick<UseOptions, 'anonymous'>;

/** See the head of this file. */
export class Visibility {
  readonly #config: Configuration;
  #masks: { masks: AtomTable<never>; unmasks: AtomTable<never> } | undefined;
  #keywords: KeywordTables | undefined;
  #accepted: ReadonlySet<string> | undefined;
  #license: readonly string[] | undefined;
  readonly #licenseTables = new Map<string, readonly string[]>();
  #chost: RegExp | undefined;
  readonly #visible = new WeakMap<Ebuild, boolean>();
  readonly #undefinedGroups = new Set<string>();

  constructor(config: Configuration) {
    this.#config = config;
  }

  /** The ebuild that Portage would choose for an atom (`bestmatch-visible`); undefined when none is visible. */
  best(atom: Atom): Ebuild | undefined {
    const selects = this.#selector(atom);
    return this.#config.tree
      .versions(atom.cp)
      .findLast((ebuild) => selects(ebuild) && this.isVisible(ebuild));
  }

  /**
   * The ebuild that {@link best} would be if it were valid: the highest that nothing but {@link invalidities} masks; undefined
   * when there is none.
   */
  bestInvalid(atom: Atom): Ebuild | undefined {
    const selects = this.#selector(atom);
    return this.#config.tree
      .versions(atom.cp)
      .findLast((ebuild) => selects(ebuild) && this.isUnmasked(ebuild));
  }

  /** All ebuilds that an atom selects, visible or not, ascending by version and repository. */
  matching(atom: Atom): readonly Ebuild[] {
    return this.#config.tree.versions(atom.cp).filter(this.#selector(atom));
  }

  #selector(atom: Atom): (ebuild: Ebuild) => boolean {
    const repository = atom.repo === undefined ? undefined : this.#config.repositories.get(atom.repo);
    // The name may be an alias, so it is compared here.
    const plain = { ...withoutUse(atom), repo: undefined };
    return (ebuild) => {
      if (atom.repo !== undefined && ebuild.repository !== repository) return false;
      const candidate = this.#config.candidate(ebuild);
      const asksMetadata = atom.slot !== undefined || atom.requiredFlags.length > 0;
      // What an ebuild says cannot be known when it cannot be sourced.
      if (asksMetadata && this.#isCorrupt(ebuild)) return false;
      // Portage only asks whether the flags exist: an ebuild's USE can still be changed.
      return matchesAtom(plain, candidate) && atom.requiredFlags.every((flag) => candidate.hasFlag(flag));
    };
  }

  /** Whether an ebuild may be used. */
  isVisible(ebuild: Ebuild): boolean {
    let visible = this.#visible.get(ebuild);
    if (visible === undefined) {
      visible = this.isUnmasked(ebuild) && this.invalidities(ebuild).length === 0;
      this.#visible.set(ebuild, visible);
    }
    return visible;
  }

  /**
   * Whether an ebuild's metadata cannot be had; that it is passed over for this is said. One that is no script at all ends
   * everything, as it ends emerge (`CorruptionKeyError`, from bash's exit status 2).
   */
  #isCorrupt(ebuild: Ebuild): boolean {
    const { tree, warn } = this.#config;
    const corruption = tree.corruption(ebuild);
    if (corruption === undefined) return false;
    if (corruption.code === 'EBUILD_SYNTAX') throw corruption;
    warn({ file: tree.path(ebuild), line: 0, message: `${corruption.message}; it is passed over` });
    return true;
  }

  /** Whether an ebuild may be used if it is valid (`portdbapi._visible`, which is anonymous in the sense of {@link UseOptions}). */
  isUnmasked(ebuild: Ebuild, how: Anonymity = {}): boolean {
    if (this.#isCorrupt(ebuild)) return false;
    const metadata = this.#config.tree.metadata(ebuild);
    if (!isSupportedEapi(metadata.get('EAPI') ?? '0') || (metadata.get('SLOT') ?? '') === '') return false;
    const candidate = this.#config.candidate(ebuild);
    if (this.isMasked(candidate) || this.missingKeywords(candidate, metadata).length > 0) return false;
    if (!this.#acceptsChost()) return false;
    const asksUse = [metadata.get('LICENSE'), metadata.get('PROPERTIES')].some((text) => text?.includes('?'));
    const use = asksUse ? this.#config.useOf(ebuild, how).enabled : new Set<string>();
    try {
      return (
        this.#missingLicenses(candidate, metadata, use).length === 0 &&
        this.#missing('PROPERTIES', candidate, metadata, use).length === 0 &&
        this.#missing('RESTRICT', candidate, metadata, use).length === 0
      );
    } catch (error) {
      if (error instanceof DependError) return false;
      throw error;
    }
  }

  /** What is wrong with an ebuild itself, so that nothing can unmask it; see validity.ts. */
  invalidities(ebuild: Ebuild): readonly string[] {
    const metadata = this.#config.tree.metadata(ebuild);
    return invalidities(metadata, this.#config.candidate(ebuild).hasFlag);
  }

  /** Why an ebuild may not be used, in the words of `getmaskingstatus`; empty when it may. */
  reasons(ebuild: Ebuild, how: Anonymity = {}): readonly string[] {
    const corruption = this.#config.tree.corruption(ebuild);
    if (corruption !== undefined) return [`corruption: ${corruption.message}`];
    const metadata = this.#config.tree.metadata(ebuild);
    const candidate = this.#config.candidate(ebuild);
    const eapi = metadata.get('EAPI') ?? '0';
    if (!isSupportedEapi(eapi)) return [`EAPI ${eapi}`];
    const reasons: string[] = [];
    const license = metadata.get('LICENSE') ?? '';
    const use = license.includes('?') ? this.#config.useOf(ebuild, how).enabled : new Set<string>();
    if (this.isMasked(candidate)) reasons.push('package.mask');
    const check = (missing: () => readonly string[], describe: (found: string[]) => string): void => {
      try {
        const found = missing();
        if (found.length > 0) reasons.push(describe([...found]));
      } catch (error) {
        // It is among what is invalid.
        if (!(error instanceof DependError)) throw error;
      }
    };
    const shown = (variable: string, missing: readonly string[]): string => {
      const allowed = new Set(['||', '(', ')', ...missing]);
      return words(metadata.get(variable))
        .filter((word) => allowed.has(word))
        .join(' ');
    };
    check(
      () => this.#missingLicenses(candidate, metadata, use),
      (found) => `${shown('LICENSE', found)} license(s)`,
    );
    check(
      () => this.#missing('PROPERTIES', candidate, metadata, use),
      (found) => `${shown('PROPERTIES', found)} properties`,
    );
    check(
      () => this.#missing('RESTRICT', candidate, metadata, use),
      (found) => `${found.join(' ')} in RESTRICT`,
    );
    const keyword = this.#keywordReason(candidate, metadata);
    if (keyword !== undefined) reasons.push(`${keyword} keyword`);
    reasons.push(...this.invalidities(ebuild).map((what) => `invalid: ${what}`));
    return reasons;
  }

  /** Whether a package.mask masks a package and no package.unmask takes that back. */
  isMasked(candidate: Candidate): boolean {
    return this.maskedBy(candidate) !== undefined;
  }

  /** The line of package.mask that masks a package. */
  maskedBy(candidate: Candidate): { atom: Atom; file: string; line: number } | undefined {
    this.#masks ??= new MaskReader(this.#config).read();
    const [mask] = this.#masks.masks.matches(candidate);
    if (mask === undefined || this.#masks.unmasks.matches(candidate).length > 0) return undefined;
    return mask;
  }

  /** The KEYWORDS of a package after the profile's package.keywords. */
  #keywordsOf(candidate: Candidate, metadata: Metadata): string[] {
    const own = words(metadata.get('KEYWORDS')).filter((keyword) => keyword !== '-*');
    const lists = this.#keywordTables.profileKeywords.flatMap((table) => table.bySpecificity(candidate));
    return stack([own, ...lists]);
  }

  get #keywordTables(): KeywordTables {
    if (this.#keywords !== undefined) return this.#keywords;
    const { profile, files, warn, settings, userTable } = this.#config;
    const tables = (name: string, allowBuildId: boolean): AtomTable<string>[] =>
      profile
        .filter((node) => node.names.has(name))
        .map((node) => {
          const table = new AtomTable<string>({
            ...node.atoms,
            ...(allowBuildId ? {} : { allowBuildId: false }),
            eager: node.isUser,
            warn,
          });
          const file = path.posix.join(node.directory, name);
          for (const { key, values, file: from, line } of readEntries(files, file, node.allowsDirectories)) {
            table.add(key, values, from, line);
          }
          return table;
        });
    // Both names of the file mean the same; the older one comes first.
    const user = userTable('package.keywords', false);
    const accept = readEntries(
      files,
      path.posix.join(this.#config.userConfig, 'package.accept_keywords'),
      true,
    );
    for (const { key, values, file, line } of accept) user.add(key, values, file, line);
    this.#keywords = {
      profileKeywords: tables('package.keywords', true),
      profileAccept: tables('package.accept_keywords', false),
      user,
      userDefaults: testing(words(settings.sources.defaults.get('ACCEPT_KEYWORDS'))),
    };
    return this.#keywords;
  }

  /** The keywords that are accepted for a package. */
  #acceptedFor(candidate: Candidate): ReadonlySet<string> {
    const global = this.#config.acceptKeywords;
    const own: string[] = [];
    const { profileAccept, user, userDefaults } = this.#keywordTables;
    for (const table of profileAccept) {
      for (const values of table.bySpecificity(candidate))
        own.push(...(values.length > 0 ? values : testing(global)));
    }
    for (const values of user.bySpecificity(candidate))
      own.push(...(values.length > 0 ? values : userDefaults));
    const environment = words(this.#config.settings.sources.env.get('ACCEPT_KEYWORDS'));
    if (own.length === 0 && environment.length === 0) return (this.#accepted ??= new Set(global));
    return new Set(stack([global, own, environment]));
  }

  /** The keywords of which one would have to be accepted; empty when one is (`getMissingKeywords`). */
  missingKeywords(candidate: Candidate, metadata: Metadata): readonly string[] {
    return missingOf(this.#keywordsOf(candidate, metadata), this.#acceptedFor(candidate));
  }

  /**
   * Whether a package counts as stable for `use.stable.mask` and its kin: its keywords are accepted, and would not be if
   * they were all testing ones (PMS 5.2.11; `KeywordsManager.isStable`).
   */
  isStable(candidate: Candidate, metadata: Metadata): boolean {
    const keywords = this.#keywordsOf(candidate, metadata);
    const accepted = this.#acceptedFor(candidate);
    if (missingOf(keywords, accepted).length > 0) return false;
    const unstable = [
      ...new Set(keywords.map((keyword) => (keyword.startsWith('~') ? keyword : `~${keyword}`))),
    ];
    return missingOf(unstable, accepted).length > 0;
  }

  /** What `getmaskingstatus` says about keywords; it decides a little differently from {@link missingKeywords}. */
  #keywordReason(candidate: Candidate, metadata: Metadata): string | undefined {
    const keywords = this.#keywordsOf(candidate, metadata);
    const global = this.#config.acceptKeywords;
    const accepted = this.#acceptedFor(candidate);
    if (accepted.has('**') || keywords.some((keyword) => accepted.has(keyword))) return undefined;
    let { arch } = this.#config;
    if (global.length > 0 && !global.includes(arch)) arch = (global[0] as string).replace(/^~+/, '');
    for (const keyword of keywords) {
      if (keyword === '*') return undefined;
      if (keyword === '~*') {
        if ([...accepted].some((other) => other.startsWith('~'))) return undefined;
      } else if ((keyword === `-${arch}` || keyword === `~${arch}`) && accepted.has(arch)) return keyword;
    }
    return 'missing';
  }

  /** A token of ACCEPT_LICENSE with groups replaced by their members (`expandLicenseTokens`). */
  #expandLicense(token: string, seen: Set<string> = new Set()): string[] {
    const negative = token.startsWith('-');
    const name = negative ? token.slice(1) : token;
    if (!name.startsWith('@')) return [token];
    const group = name.slice(1);
    const members = this.#config.licenseGroups.get(group);
    let expanded: string[];
    if (members === undefined || seen.has(group)) {
      // A group that was met before has its members in the list already.
      expanded = [name];
      if (members === undefined && this.#config.licenseGroups.size > 0 && !this.#undefinedGroups.has(group)) {
        this.#undefinedGroups.add(group);
        const file = path.posix.join(this.#config.userConfig, 'make.conf');
        this.#config.warn({ file, line: 0, message: `there is no license group '${group}'` });
      }
    } else {
      seen.add(group);
      expanded = [...members]
        .filter((member) => !member.startsWith('-'))
        .flatMap((member) => this.#expandLicense(member, seen));
    }
    return negative ? expanded.map((member) => `-${member}`) : expanded;
  }

  /** ACCEPT_LICENSE for a package, groups replaced. */
  #acceptLicense(candidate: Candidate): readonly string[] {
    if (this.#license === undefined) {
      const accepted = this.#config.settings.pruned('ACCEPT_LICENSE');
      const tokens = accepted.length === 0 ? ['*', '-@EULA'] : accepted;
      this.#license = tokens.flatMap((token) => this.#expandLicense(token));
    }
    const own = this.#config.userTable('package.license', true, false).bySpecificity(candidate);
    if (own.length === 0) return this.#license;
    const key = own.flat().join(' ');
    let expanded = this.#licenseTables.get(key);
    if (expanded === undefined) {
      expanded = own.flat().flatMap((token) => this.#expandLicense(token));
      this.#licenseTables.set(key, expanded);
    }
    return [...this.#license, ...expanded];
  }

  #missingLicenses(candidate: Candidate, metadata: Metadata, use: ReadonlySet<string>): string[] {
    const text = metadata.get('LICENSE') ?? '';
    const nodes = parseWords(text);
    const accepted = acceptable(this.#acceptLicense(candidate), allWords(nodes));
    return maskedWords(nodes, text.includes('?') ? use : new Set(), accepted);
  }

  #missing(
    variable: 'PROPERTIES' | 'RESTRICT',
    candidate: Candidate,
    metadata: Metadata,
    use: ReadonlySet<string>,
  ): string[] {
    const text = metadata.get(variable) ?? '';
    if (text === '') return [];
    const nodes = parseWords(text);
    const file = variable === 'PROPERTIES' ? 'package.properties' : 'package.accept_restrict';
    const tokens = [
      ...this.#config.settings.pruned(`ACCEPT_${variable}`),
      ...this.#config.userTable(file).bySpecificity(candidate).flat(),
    ];
    const accepted = acceptable(tokens, allWords(nodes));
    const flat = enabledWords(nodes, text.includes('?') ? use : new Set());
    return flat.filter((word) => !accepted.has(word));
  }

  /** Whether RESTRICT keeps the tests of a package from running (`ALLOW_TEST` of make.conf(5)). */
  restrictsTest(metadata: Metadata, use: ReadonlySet<string>, settings: Settings): boolean {
    let restrict: string[];
    let properties: string[];
    try {
      restrict = enabledWords(parseWords(metadata.get('RESTRICT') ?? ''), use);
      properties = enabledWords(parseWords(metadata.get('PROPERTIES') ?? ''), use);
    } catch (error) {
      if (error instanceof DependError) return false;
      throw error;
    }
    const allowed = settings.words('ALLOW_TEST');
    return (
      restrict.includes('test') &&
      !allowed.includes('all') &&
      !(properties.includes('test_network') && allowed.includes('network')) &&
      !(properties.includes('test_privileged') && allowed.includes('privileged'))
    );
  }

  /** Whether packages for the configured CHOST are accepted at all (`ACCEPT_CHOSTS` of make.conf(5)). */
  #acceptsChost(): boolean {
    const { settings, warn, userConfig } = this.#config;
    const chost = this.#config.get('CHOST') ?? '';
    if (chost === '') return true;
    if (this.#chost === undefined) {
      const accepted = settings.words('ACCEPT_CHOSTS');
      const pattern = (accepted.length > 0 ? accepted : [chost]).join('|');
      try {
        this.#chost = new RegExp(`^(?:${pattern})$`);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        const file = path.posix.join(userConfig, 'make.conf');
        warn({ file, line: 0, message: `ACCEPT_CHOSTS: '${pattern}' is not a regular expression` });
        this.#chost = /^$/;
      }
    }
    return this.#chost.test(chost);
  }
}

/** The testing keywords that belong to stable ones. */
function testing(keywords: readonly string[]): string[] {
  return keywords.filter((keyword) => !/^[~-]/.test(keyword)).map((keyword) => `~${keyword}`);
}

/** `KeywordsManager._getMissingKeywords` */
function missingOf(keywords: readonly string[], accepted: ReadonlySet<string>): readonly string[] {
  let hasStable = false;
  let hasTesting = false;
  for (const keyword of keywords) {
    if (keyword === '*') return [];
    if (keyword === '~*') {
      hasTesting = true;
      for (const other of accepted) if (other.startsWith('~')) return [];
    } else if (accepted.has(keyword)) return [];
    else if (keyword.startsWith('~')) hasTesting = true;
    else if (!keyword.startsWith('-')) hasStable = true;
  }
  if ((hasTesting && accepted.has('~*')) || (hasStable && accepted.has('*')) || accepted.has('**')) return [];
  return keywords.length > 0 ? keywords : ['**'];
}

/** What a list of tokens accepts of some words: `*` all of them, `-x` not x, `-*` nothing so far. */
function acceptable(tokens: readonly string[], all: readonly string[]): ReadonlySet<string> {
  const accepted = new Set<string>();
  for (const token of tokens) {
    if (token === '*') for (const word of all) accepted.add(word);
    else if (token === '-*') accepted.clear();
    else if (token.startsWith('-')) accepted.delete(token.slice(1));
    else accepted.add(token);
  }
  return accepted;
}

/** Every word, whatever its conditions. */
function allWords(nodes: readonly DepNode<string>[]): string[] {
  return nodes.flatMap((node) => (node.kind === 'leaf' ? [node.value] : allWords(node.children)));
}

/** The words whose conditions hold. */
function enabledWords(nodes: readonly DepNode<string>[], use: ReadonlySet<string>): string[] {
  return nodes.flatMap((node) => {
    if (node.kind === 'leaf') return [node.value];
    return node.kind === 'use' && use.has(node.flag) === node.negated ? [] : enabledWords(node.children, use);
  });
}

/** The words that keep a licence from being accepted; of an any-of group one alternative is enough. */
function maskedWords(
  nodes: readonly DepNode<string>[],
  use: ReadonlySet<string>,
  accepted: ReadonlySet<string>,
): string[] {
  return nodes.flatMap((node): string[] => {
    if (node.kind === 'leaf') return accepted.has(node.value) ? [] : [node.value];
    if (node.kind === 'use') {
      return use.has(node.flag) === node.negated ? [] : maskedWords(node.children, use, accepted);
    }
    if (node.kind !== 'any') return maskedWords(node.children, use, accepted);
    const alternatives = alternativesOf(node.children, use).map((alternative) =>
      maskedWords([alternative], use, accepted),
    );
    if (alternatives.length === 0) return accepted.has(EMPTY_ANY_OF) ? [] : [EMPTY_ANY_OF];
    return alternatives.some((masked) => masked.length === 0) ? [] : alternatives.flat();
  });
}

/** The alternatives of an any-of group whose conditions hold; members of a conditional are alternatives each. */
function alternativesOf(nodes: readonly DepNode<string>[], use: ReadonlySet<string>): DepNode<string>[] {
  return nodes.flatMap((node): DepNode<string>[] => {
    if (node.kind === 'use')
      return use.has(node.flag) === node.negated ? [] : alternativesOf(node.children, use);
    if (node.kind === 'leaf') return [node];
    return enabledWords([node], use).length === 0 ? [] : [node];
  });
}
