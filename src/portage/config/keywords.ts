/** Which KEYWORDS are accepted (portage(5), "package.accept_keywords"; PMS 7.3.2; `KeywordsManager`). */
import path from 'node:path';
import { lazy } from '../../base/index.js';
import type { Candidate } from '../match.js';
import { AtomTable, readEntries, stack, type Warn, words } from '../packageFiles.js';
import type { Metadata } from '../repos/repository.js';
import type { Places } from './places.js';
import type { ProfileNode } from './profile.js';
import type { Settings } from './settings.js';
import type { UserTables } from './userTables.js';

/** What decides about them. */
export interface KeywordParts {
  readonly places: Places;
  readonly profile: readonly ProfileNode[];
  readonly settings: Settings;
  readonly userTables: UserTables;
  /** The value of a variable as `portageq envvar` shows it. */
  get(name: string): string | undefined;
  readonly warn: Warn;
}

/** See the head of this file. */
export class Keywords {
  readonly #parts: KeywordParts;

  constructor(parts: KeywordParts) {
    this.#parts = parts;
  }

  /** The words of ACCEPT_KEYWORDS, sorted. */
  get accepted(): readonly string[] {
    return this.#parts.settings.words('ACCEPT_KEYWORDS');
  }

  @lazy
  get #acceptedSet(): ReadonlySet<string> {
    return new Set(this.accepted);
  }

  /** The profile's package.keywords, which change KEYWORDS. */
  @lazy
  get #ofProfile(): readonly AtomTable<string>[] {
    return this.#profileTables('package.keywords', true);
  }

  @lazy
  get #acceptedByProfile(): readonly AtomTable<string>[] {
    return this.#profileTables('package.accept_keywords', false);
  }

  /** What a line of the user's without keywords accepts. */
  @lazy
  get #userDefaults(): readonly string[] {
    return testing(words(this.#parts.settings.sources.defaults.get('ACCEPT_KEYWORDS')));
  }

  #profileTables(name: string, allowBuildId: boolean): AtomTable<string>[] {
    const { profile, places, warn } = this.#parts;
    return profile
      .filter((node) => node.names.has(name))
      .map((node) => {
        const table = new AtomTable<string>({
          ...node.atoms,
          ...(allowBuildId ? {} : { allowBuildId: false }),
          eager: node.isUser,
          warn,
        });
        const file = path.posix.join(node.directory, name);
        for (const { key, values, file: from, line } of readEntries(
          places.files,
          file,
          node.allowsDirectories,
        ))
          table.add(key, values, from, line);
        return table;
      });
  }

  /** The KEYWORDS of a package after the profile's package.keywords. */
  #keywordsOf(candidate: Candidate, metadata: Metadata): string[] {
    const own = words(metadata.get('KEYWORDS')).filter((keyword) => keyword !== '-*');
    const lists = this.#ofProfile.flatMap((table) => table.bySpecificity(candidate));
    return stack([own, ...lists]);
  }

  /** The keywords that are accepted for a package. */
  #acceptedFor(candidate: Candidate): ReadonlySet<string> {
    const global = this.accepted;
    const own: string[] = [];
    for (const table of this.#acceptedByProfile) {
      for (const values of table.bySpecificity(candidate))
        own.push(...(values.length > 0 ? values : testing(global)));
    }
    for (const values of this.#parts.userTables.keywords.bySpecificity(candidate))
      own.push(...(values.length > 0 ? values : this.#userDefaults));
    const environment = words(this.#parts.settings.sources.env.get('ACCEPT_KEYWORDS'));
    if (own.length === 0 && environment.length === 0) return this.#acceptedSet;
    return new Set(stack([global, own, environment]));
  }

  /** The keywords of which one would have to be accepted; empty when one is (`getMissingKeywords`). */
  missing(candidate: Candidate, metadata: Metadata): readonly string[] {
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

  /** What `getmaskingstatus` says about keywords; it decides a little differently from {@link missing}. */
  reason(candidate: Candidate, metadata: Metadata): string | undefined {
    const keywords = this.#keywordsOf(candidate, metadata);
    const global = this.accepted;
    const accepted = this.#acceptedFor(candidate);
    if (accepted.has('**') || keywords.some((keyword) => accepted.has(keyword))) return undefined;
    let arch = this.#parts.get('ARCH') ?? '';
    if (global.length > 0 && !global.includes(arch)) arch = global[0]!.replace(/^~+/, '');
    for (const keyword of keywords) {
      if (keyword === '*') return undefined;
      if (keyword === '~*') {
        if ([...accepted].some((other) => other.startsWith('~'))) return undefined;
      } else if ((keyword === `-${arch}` || keyword === `~${arch}`) && accepted.has(arch)) return keyword;
    }
    return 'missing';
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
