/** Which LICENSE, PROPERTIES, RESTRICT and CHOST are accepted (make.conf(5); `LicenseManager`, `config._getMissing…`). */
import path from 'node:path';
import { lazy } from '../../base/index.js';
import { type DepNode, DependError, parseWords } from '../depend.js';
import type { Candidate } from '../match.js';
import type { Warn } from '../packageFiles.js';
import type { Metadata } from '../repos/repository.js';
import type { Places } from './places.js';
import type { Settings } from './settings.js';
import type { UserTables } from './userTables.js';

/** What stands in a dependency string in place of an any-of group without alternatives. */
const EMPTY_ANY_OF = '__const__/empty-any-of';

/** What decides about them. */
export interface AcceptanceParts {
  readonly places: Places;
  readonly settings: Settings;
  readonly userTables: UserTables;
  readonly licenseGroups: ReadonlyMap<string, ReadonlySet<string>>;
  /** The value of a variable as `portageq envvar` shows it. */
  get(name: string): string | undefined;
  readonly warn: Warn;
}

/** See the head of this file. */
export class Acceptance {
  readonly #parts: AcceptanceParts;
  readonly #licenseTables = new Map<string, readonly string[]>();
  readonly #undefinedGroups = new Set<string>();

  constructor(parts: AcceptanceParts) {
    this.#parts = parts;
  }

  /** The words of ACCEPT_LICENSE. */
  get license(): readonly string[] {
    const accepted = this.#parts.settings.pruned('ACCEPT_LICENSE');
    return accepted.length === 0 ? ['*', '-@EULA'] : accepted;
  }

  /** {@link license}, groups replaced. */
  @lazy
  get #licenses(): readonly string[] {
    return this.license.flatMap((token) => this.#expandLicense(token));
  }

  /** A token of ACCEPT_LICENSE with groups replaced by their members (`expandLicenseTokens`). */
  #expandLicense(token: string, seen: Set<string> = new Set()): string[] {
    const negative = token.startsWith('-');
    const name = negative ? token.slice(1) : token;
    if (!name.startsWith('@')) return [token];
    const group = name.slice(1);
    const members = this.#parts.licenseGroups.get(group);
    let expanded: string[];
    if (members === undefined || seen.has(group)) {
      // A group that was met before has its members in the list already.
      expanded = [name];
      if (members === undefined && this.#parts.licenseGroups.size > 0 && !this.#undefinedGroups.has(group)) {
        this.#undefinedGroups.add(group);
        const file = path.posix.join(this.#parts.places.userConfig, 'make.conf');
        this.#parts.warn({ file, line: 0, message: `there is no license group '${group}'` });
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
    const own = this.#parts.userTables.license.byPackage.bySpecificity(candidate);
    if (own.length === 0) return this.#licenses;
    const key = own.flat().join(' ');
    let expanded = this.#licenseTables.get(key);
    if (expanded === undefined) {
      expanded = own.flat().flatMap((token) => this.#expandLicense(token));
      this.#licenseTables.set(key, expanded);
    }
    return [...this.#licenses, ...expanded];
  }

  /** The licences that are not accepted. @throws DependError */
  missingLicenses(candidate: Candidate, metadata: Metadata, use: ReadonlySet<string>): string[] {
    const text = metadata.get('LICENSE') ?? '';
    const nodes = parseWords(text);
    const accepted = acceptable(this.#acceptLicense(candidate), allWords(nodes));
    return maskedWords(nodes, text.includes('?') ? use : new Set(), accepted);
  }

  /** The words of a variable that are not accepted; Portage takes the `||` of an any-of group for one of them. @throws DependError */
  missing(
    variable: 'PROPERTIES' | 'RESTRICT',
    candidate: Candidate,
    metadata: Metadata,
    use: ReadonlySet<string>,
  ): string[] {
    const text = metadata.get(variable) ?? '';
    if (text === '') return [];
    const nodes = parseWords(text);
    const { properties, acceptRestrict } = this.#parts.userTables;
    const table = variable === 'PROPERTIES' ? properties : acceptRestrict;
    const tokens = [
      ...this.#parts.settings.pruned(`ACCEPT_${variable}`),
      ...table.byPackage.bySpecificity(candidate).flat(),
    ];
    const accepted = acceptable(tokens, allWords(nodes));
    const flat = enabledWords(nodes, text.includes('?') ? use : new Set());
    return flat.filter((word) => !accepted.has(word));
  }

  /** Whether packages for the configured CHOST are accepted at all (`ACCEPT_CHOSTS`). */
  @lazy
  get chost(): boolean {
    const { settings, warn, places } = this.#parts;
    const chost = this.#parts.get('CHOST') ?? '';
    if (chost === '') return true;
    const accepted = settings.words('ACCEPT_CHOSTS');
    const pattern = (accepted.length > 0 ? accepted : [chost]).join('|');
    try {
      return new RegExp(`^(?:${pattern})$`).test(chost);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      const file = path.posix.join(places.userConfig, 'make.conf');
      warn({ file, line: 0, message: `ACCEPT_CHOSTS: '${pattern}' is not a regular expression` });
      return false;
    }
  }
}

/** Whether RESTRICT keeps the tests of a package from running (`ALLOW_TEST` of make.conf(5)). */
export function restrictsTest(metadata: Metadata, use: ReadonlySet<string>, settings: Settings): boolean {
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

/** Every word, whatever its conditions (`use_reduce`, flat). */
function allWords(nodes: readonly DepNode<string>[]): string[] {
  return nodes.flatMap((node) => wordsOf(node, allWords));
}

/** The words whose conditions hold (`use_reduce`, flat). */
function enabledWords(nodes: readonly DepNode<string>[], use: ReadonlySet<string>): string[] {
  return nodes.flatMap((node) =>
    node.kind === 'use' && use.has(node.flag) === node.negated
      ? []
      : wordsOf(node, (children) => enabledWords(children, use)),
  );
}

/** The words of a node; the operator of an any-of group is one. */
function wordsOf(node: DepNode<string>, inside: (nodes: readonly DepNode<string>[]) => string[]): string[] {
  if (node.kind === 'leaf') return [node.value];
  return node.kind === 'any' ? ['||', ...inside(node.children)] : inside(node.children);
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

/** The alternatives of an any-of group that are left when conditions hold or do not; what a condition is before is one, as in brackets. */
function alternativesOf(nodes: readonly DepNode<string>[], use: ReadonlySet<string>): DepNode<string>[] {
  return nodes.filter((node) => enabledWords([node], use).length > 0);
}
