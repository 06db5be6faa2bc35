/** The installed packages as atoms see them. */
import type { PackageId } from '../base/index.js';
import type { Atom } from './atom.js';
import { eapiFeatures } from './eapi.js';
import { matchesAtom, splitSlot, type Candidate } from './match.js';
import { withoutUse } from './packageFiles.js';
import type { InstalledDatabase, InstalledEntry } from './vdb.js';
import type { PackageVersion } from './version.js';

/** Whether a flag belongs to every package's IUSE without being listed there, by the profile and for this EAPI. */
export type ImplicitFlags = (flag: string, eapi: string) => boolean;

/** An installed package as atoms see it; its values are read when an atom first asks for them. */
export class InstalledCandidate implements Candidate {
  readonly #implicit: ImplicitFlags;
  #slot: { slot: string; subslot: string } | undefined;
  #flags: ReadonlySet<string> | undefined;
  #use: ReadonlySet<string> | undefined;

  constructor(
    readonly entry: InstalledEntry,
    implicit: ImplicitFlags,
  ) {
    this.#implicit = implicit;
  }

  get package(): PackageVersion {
    return this.entry.parts;
  }

  get cpv(): PackageId {
    return this.entry.cpv;
  }

  get slot(): string {
    return this.#slotParts.slot;
  }

  get subslot(): string {
    return this.#slotParts.subslot;
  }

  get #slotParts(): { slot: string; subslot: string } {
    return (this.#slot ??= splitSlot(this.entry.value('SLOT'), this.entry.value('EAPI')));
  }

  get buildId(): string | undefined {
    const value = this.entry.value('BUILD_ID');
    return /^[1-9]\d*$/.test(value) ? value : undefined;
  }

  /** The recorded repository, its name repaired as Portage does it; `__unknown__` when there is none. */
  get repo(): string {
    return this.entry.repository;
  }

  /**
   * Whether a flag is in IUSE, implicit, or (from EAPI 5) was enabled when the package was built, whatever the profile says
   * now.
   */
  readonly hasFlag = (flag: string): boolean => {
    this.#flags ??= new Set(this.entry.words('IUSE').map((word) => word.replace(/^[+-]/, '')));
    if (this.#flags.has(flag)) return true;
    const eapi = this.entry.value('EAPI');
    if (this.#implicit(flag, eapi)) return true;
    return eapiFeatures(eapi).iuseEffective && this.#recorded.has(flag);
  };

  get use(): ReadonlySet<string> {
    return this.#recorded;
  }

  get #recorded(): ReadonlySet<string> {
    return (this.#use ??= new Set(this.entry.words('USE')));
  }
}

/** Matches atoms against an installed-package database; answers are remembered. */
export class InstalledPackages {
  readonly #byName = new Map<string, readonly InstalledCandidate[]>();
  readonly #matches = new Map<Atom, readonly InstalledCandidate[]>();

  constructor(
    readonly database: InstalledDatabase,
    readonly implicit: ImplicitFlags,
  ) {}

  /** The installed package of exactly this name. */
  get(cpv: PackageId): InstalledCandidate | undefined {
    const entry = this.database.get(cpv);
    return entry === undefined
      ? undefined
      : this.versionsOf(entry.parts.cp).find((found) => found.cpv === cpv);
  }

  /** The installed versions of `category/name`, ascending. */
  versionsOf(cp: string): readonly InstalledCandidate[] {
    let versions = this.#byName.get(cp);
    if (versions === undefined) {
      versions = this.database.versionsOf(cp).map((entry) => new InstalledCandidate(entry, this.implicit));
      this.#byName.set(cp, versions);
    }
    return versions;
  }

  /**
   * The installed packages that an atom matches, ascending by version (with wildcards: by name, then version). A
   * package whose repository is not recorded matches no `::repo`.
   */
  match(atom: Atom): readonly InstalledCandidate[] {
    let found = this.#matches.get(atom);
    if (found === undefined) {
      const ofName = (cp: string): readonly InstalledCandidate[] =>
        this.versionsOf(cp).filter((candidate) => isMatch(atom, candidate));
      found = atom.extended ? [...this.database.names()].sort().flatMap(ofName) : ofName(atom.cp);
      this.#matches.set(atom, found);
    }
    return found;
  }

  /** The highest installed match of an atom. */
  best(atom: Atom): InstalledCandidate | undefined {
    return this.match(atom).at(-1);
  }

  /** The highest installed match when the atom's USE dependencies are left aside. */
  bestWithoutUse(atom: Atom): InstalledCandidate | undefined {
    if (atom.use.length === 0 && atom.requiredFlags.length === 0) return this.best(atom);
    const bare = withoutUse(atom);
    return this.versionsOf(atom.cp).findLast((candidate) => isMatch(bare, candidate));
  }
}

function isMatch(atom: Atom, candidate: InstalledCandidate): boolean {
  return matchesAtom(atom, candidate) && (atom.repo === undefined || atom.repo === candidate.repo);
}
