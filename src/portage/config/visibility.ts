/**
 * Which ebuilds may be used: masks, keywords, licences, properties and restrictions, and whether there is anything wrong with
 * the ebuild itself, as emerge decides (`Package.visible`) and `getmaskingstatus` of Portage names it (portage(5), PMS 5.2.7 and
 * 7.3.2).
 */
import type { Atom } from '../atom.js';
import { DependError } from '../depend.js';
import { isSupportedEapi } from '../eapi.js';
import { type Candidate, matchesAtom } from '../match.js';
import { type Warn, withoutUse, words } from '../packageFiles.js';
import type { EbuildTree } from '../repos/ebuildTree.js';
import type { Ebuild, Repositories } from '../repos/repository.js';
import type { Acceptance } from './acceptance.js';
import type { EffectiveUse, UseOptions } from './effectiveUse.js';
import type { Keywords } from './keywords.js';
import type { Masks } from './masks.js';
import { invalidities } from './validity.js';

/** What decides about it. */
export interface VisibilityParts {
  readonly repositories: Repositories;
  readonly tree: EbuildTree;
  readonly masks: Masks;
  readonly keywords: Keywords;
  readonly acceptance: Acceptance;
  /** An ebuild in the form in which atoms are matched against it. */
  candidate(ebuild: Ebuild): Candidate;
  /** Its effective USE. */
  useOf(ebuild: Ebuild, options?: UseOptions): EffectiveUse;
  readonly warn: Warn;
}

/** Whether the repository of an ebuild counts for its USE, which decides about conditionals of LICENSE and its kin. */
type Anonymity = Pick<UseOptions, 'anonymous'>;

/** See the head of this file. */
export class Visibility {
  readonly #parts: VisibilityParts;
  readonly #visible = new WeakMap<Ebuild, boolean>();

  constructor(parts: VisibilityParts) {
    this.#parts = parts;
  }

  /** The ebuild that Portage would choose for an atom (`bestmatch-visible`); undefined when none is visible. */
  best(atom: Atom): Ebuild | undefined {
    const selects = this.#selector(atom);
    return this.#parts.tree.versions(atom.cp).findLast((ebuild) => selects(ebuild) && this.isVisible(ebuild));
  }

  /**
   * The ebuild that {@link best} would be if it were valid: the highest that nothing but {@link invalidities} masks; undefined
   * when there is none.
   */
  bestInvalid(atom: Atom): Ebuild | undefined {
    const selects = this.#selector(atom);
    return this.#parts.tree
      .versions(atom.cp)
      .findLast((ebuild) => selects(ebuild) && this.isUnmasked(ebuild));
  }

  /** All ebuilds that an atom selects, visible or not, ascending by version and repository. */
  matching(atom: Atom): readonly Ebuild[] {
    return this.#parts.tree.versions(atom.cp).filter(this.#selector(atom));
  }

  #selector(atom: Atom): (ebuild: Ebuild) => boolean {
    const repository = atom.repo === undefined ? undefined : this.#parts.repositories.get(atom.repo);
    // The name may be an alias, so it is compared here.
    const plain = { ...withoutUse(atom), repo: undefined };
    return (ebuild) => {
      if (atom.repo !== undefined && ebuild.repository !== repository) return false;
      const candidate = this.#parts.candidate(ebuild);
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
    const { tree, warn } = this.#parts;
    const corruption = tree.corruption(ebuild);
    if (corruption === undefined) return false;
    if (corruption.code === 'EBUILD_SYNTAX') throw corruption;
    warn({ file: tree.path(ebuild), line: 0, message: `${corruption.message}; it is passed over` });
    return true;
  }

  /** Whether an ebuild may be used if it is valid (`portdbapi._visible`, which is anonymous in the sense of {@link UseOptions}). */
  isUnmasked(ebuild: Ebuild, how: Anonymity = {}): boolean {
    if (this.#isCorrupt(ebuild)) return false;
    const { keywords, acceptance } = this.#parts;
    const metadata = this.#parts.tree.metadata(ebuild);
    if (!isSupportedEapi(metadata.get('EAPI') ?? '0') || (metadata.get('SLOT') ?? '') === '') return false;
    const candidate = this.#parts.candidate(ebuild);
    if (this.isMasked(candidate) || keywords.missing(candidate, metadata).length > 0) return false;
    if (!acceptance.chost) return false;
    const asksUse = [metadata.get('LICENSE'), metadata.get('PROPERTIES')].some((text) => text?.includes('?'));
    const use = asksUse ? this.#parts.useOf(ebuild, how).enabled : new Set<string>();
    try {
      return (
        acceptance.missingLicenses(candidate, metadata, use).length === 0 &&
        acceptance.missing('PROPERTIES', candidate, metadata, use).length === 0 &&
        acceptance.missing('RESTRICT', candidate, metadata, use).length === 0
      );
    } catch (error) {
      if (error instanceof DependError) return false;
      throw error;
    }
  }

  /** What is wrong with an ebuild itself, so that nothing can unmask it; see validity.ts. */
  invalidities(ebuild: Ebuild): readonly string[] {
    const metadata = this.#parts.tree.metadata(ebuild);
    return invalidities(metadata, this.#parts.candidate(ebuild).hasFlag);
  }

  /** Why an ebuild may not be used, in the words of `getmaskingstatus`; empty when it may. */
  reasons(ebuild: Ebuild, how: Anonymity = {}): readonly string[] {
    const corruption = this.#parts.tree.corruption(ebuild);
    if (corruption !== undefined) return [`corruption: ${corruption.message}`];
    const metadata = this.#parts.tree.metadata(ebuild);
    const candidate = this.#parts.candidate(ebuild);
    const eapi = metadata.get('EAPI') ?? '0';
    if (!isSupportedEapi(eapi)) return [`EAPI ${eapi}`];
    const { keywords, acceptance } = this.#parts;
    const reasons: string[] = [];
    const license = metadata.get('LICENSE') ?? '';
    const use = license.includes('?') ? this.#parts.useOf(ebuild, how).enabled : new Set<string>();
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
      () => acceptance.missingLicenses(candidate, metadata, use),
      (found) => `${shown('LICENSE', found)} license(s)`,
    );
    check(
      () => acceptance.missing('PROPERTIES', candidate, metadata, use),
      (found) => `${shown('PROPERTIES', found)} properties`,
    );
    check(
      () => acceptance.missing('RESTRICT', candidate, metadata, use),
      (found) => `${found.join(' ')} in RESTRICT`,
    );
    const keyword = keywords.reason(candidate, metadata);
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
    return this.#parts.masks.by(candidate);
  }
}
