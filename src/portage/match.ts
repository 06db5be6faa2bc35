/**
 * Which packages an atom selects: PMS 8.3, and Portage's `match_from_list` for what PMS leaves open. Candidates are
 * taken apart once, when they are made, so that a match costs a few comparisons.
 */
import { type Atom, skipSlotName, type UseDep } from './atom.js';
import { eapiFeatures } from './eapi.js';
import { DIGIT, is } from './text.js';
import { compareValidVersions, type PackageVersion, splitCpv } from './version.js';

/** The repository of a package whose repository is not known; every `::repo` matches it. */
export const unknownRepository = '__unknown__';

/** SLOT, taken apart. */
export interface Slot {
  readonly slot: string;
  /** Equal to {@link slot} when SLOT names none (PMS 7.2). */
  readonly subslot: string;
}

/** A package that atoms are matched against. */
export interface Candidate extends Slot {
  readonly package: PackageVersion;
  readonly repo: string;
  /** Whether a flag is in the package's effective IUSE. */
  readonly hasFlag: (flag: string) => boolean;
  /** Enabled flags. */
  readonly use: ReadonlySet<string>;
  /** The digits of the build-id of a binary package. */
  readonly buildId: string | undefined;
}

/** What a {@link Candidate} is made from. */
export interface CandidateFacts {
  cpv: string;
  /** SLOT as written; default `0`. */
  slot?: string | undefined;
  /** The EAPI by which SLOT is read; undefined allows sub-slots. */
  eapi?: string | undefined;
  /** Default: not known. */
  repo?: string | undefined;
  /** The effective IUSE, without `+` and `-`; default none. */
  iuse?: ReadonlySet<string> | ((flag: string) => boolean) | undefined;
  use?: ReadonlySet<string> | undefined;
  buildId?: string | undefined;
}

const nothing: ReadonlySet<string> = new Set();

/** Takes SLOT apart (PMS 7.2); undefined when it is no slot in this EAPI. Without one sub-slots are allowed. */
export function parseSlot(text: string, eapi?: string): Slot | undefined {
  const end = skipSlotName(text, 0);
  if (end > 0 && end === text.length) return { slot: text, subslot: text };
  if (end > 0 && text[end] === '/' && eapiFeatures(eapi).slotOperators) {
    const subEnd = skipSlotName(text, end + 1);
    if (subEnd > end + 1 && subEnd === text.length) {
      return { slot: text.slice(0, end), subslot: text.slice(end + 1) };
    }
  }
  return undefined;
}

/** {@link parseSlot}; what is no slot reads as `0`, as in Portage: a damaged entry must still be usable. */
export function splitSlot(text: string, eapi?: string): Slot {
  return parseSlot(text, eapi) ?? { slot: '0', subslot: '0' };
}

/** Makes a candidate; undefined when `cpv` is no `category/name-version`. */
export function makeCandidate(facts: CandidateFacts): Candidate | undefined {
  const split = splitCpv(facts.cpv);
  if (split === undefined) return undefined;
  const iuse = facts.iuse ?? nothing;
  return {
    package: split,
    ...splitSlot(facts.slot ?? '0', facts.eapi),
    repo: facts.repo ?? unknownRepository,
    hasFlag: typeof iuse === 'function' ? iuse : (flag) => iuse.has(flag),
    use: facts.use ?? nothing,
    buildId: facts.buildId,
  };
}

/** Whether an atom selects a package. A leading `!` or `!!` plays no part. */
export function matchesAtom(atom: Atom, candidate: Candidate): boolean {
  return (
    matchesVersion(atom, candidate) &&
    (atom.slot === undefined ||
      (atom.slot === candidate.slot && (atom.subslot === undefined || atom.subslot === candidate.subslot))) &&
    (atom.repo === undefined || atom.repo === candidate.repo || candidate.repo === unknownRepository) &&
    matchesUse(atom, candidate)
  );
}

/** Whether `category/name` is one that an atom speaks of; the two halves of an extended atom match separately. */
export function matchesName(atom: Atom, category: string, name: string): boolean {
  if (!atom.extended) return atom.name === name && atom.category === category;
  return matchesGlob(atom.category, category) && matchesGlob(atom.name, name);
}

function matchesVersion(atom: Atom, candidate: Candidate): boolean {
  const found = candidate.package;
  const { op } = atom;
  if (op === '=*' && !atom.extended) return matchesPrefix(atom, found);
  if (atom.extended || op === undefined) {
    if (!matchesName(atom, found.category, found.name)) return false;
    // =cat/pkg-*text*: the text anywhere in the version.
    return atom.version === undefined || found.version.includes(atom.version.slice(1, -1));
  }
  if (atom.cp !== found.cp) return false;
  // ~ compares the text of the version: ~1.0 does not select 1.00.
  if (op === '~') return atom.upstream === found.upstream;
  const order = compareValidVersions(found.version, atom.version!);
  switch (op) {
    case '=':
      return order === 0 && (atom.buildId === undefined || atom.buildId === candidate.buildId);
    case '>=':
      return order >= 0;
    case '>':
      return order > 0;
    case '<=':
      return order <= 0;
    case '<':
      return order < 0;
    default:
      return false;
  }
}

/** `name-version` without the zeros that lead the first number of the version. */
function withoutZeros(cp: string, version: string): string {
  let zeros = 0;
  while (version.charCodeAt(zeros) === 48 && is(version, zeros + 1, DIGIT)) zeros++;
  return `${cp}-${version.slice(zeros)}`;
}

/**
 * `=cat/pkg-1.2*`: a prefix that ends at the boundary of a part of the version, so that 1* selects 1a and 1.0 but not
 * 10. Like Portage's, this compares names as text too: `=c/python-2*` would select `c/python-2to3-1`, but whoever
 * looks for an atom's matches looks among the packages of its own name.
 */
function matchesPrefix(atom: Atom, found: PackageVersion): boolean {
  const wanted = withoutZeros(atom.cp, atom.version!);
  const text = withoutZeros(found.cp, found.version);
  if (!text.startsWith(wanted)) return false;
  if (text.length === wanted.length) return true;
  const next = text[wanted.length]!;
  return '._-'.includes(next) || is(text, wanted.length - 1, DIGIT) !== is(text, wanted.length, DIGIT);
}

function matchesUse(atom: Atom, candidate: Candidate): boolean {
  for (const flag of atom.requiredFlags) if (!candidate.hasFlag(flag)) return false;
  for (const dep of atom.use) if (!matchesUseDep(dep, candidate)) return false;
  return true;
}

/**
 * One USE dependency (PMS 8.3.4). A flag that the package lacks has the value of the default. Conditionals, which
 * depend on a package that is not known here, demand nothing but the flag's presence.
 */
function matchesUseDep(dep: UseDep, candidate: Candidate): boolean {
  if (dep.kind !== 'enabled' && dep.kind !== 'disabled') return true;
  const { flag } = dep;
  const wanted = dep.kind === 'enabled';
  if (dep.default !== undefined && !candidate.hasFlag(flag)) return (dep.default === '+') === wanted;
  return candidate.use.has(flag) === wanted;
}

/** Whether a text matches a pattern in which `*` stands for any run of characters; never slower than their product. */
export function matchesGlob(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = t;
    } else if (pattern[p] === text[t]) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
