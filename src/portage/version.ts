/**
 * Versions and package names: PMS 3.1.2 (names), 3.2 (versions) and 3.3 (comparison), with the extensions of
 * Portage's `versions.py`: numbers of any size in any component. Nothing here allocates per comparison or uses
 * regular expressions, so that no input can make it slow.
 */
import { CATEGORY, DIGIT, is, LOWER, NAME, skip, WORD } from './text.js';

const DOT = 46;
const DASH = 45;
const UNDERSCORE = 95;
const LETTER_R = 114;

/** Suffixes with their rank among each other; a longer name stands before its own prefix. */
const suffixes: readonly { readonly name: string; readonly rank: number }[] = [
  { name: '_alpha', rank: -4 },
  { name: '_beta', rank: -3 },
  { name: '_pre', rank: -2 },
  { name: '_rc', rank: -1 },
  { name: '_p', rank: 0 },
];

/** The index in {@link suffixes} of the suffix that begins at `at`, or -1. */
function suffixAt(text: string, at: number): number {
  if (text.charCodeAt(at) !== UNDERSCORE) return -1;
  for (let i = 0; i < suffixes.length; i++) {
    if (text.startsWith(suffixes[i]!.name, at)) return i;
  }
  return -1;
}

/**
 * The offset behind the longest version without revision that begins at `at`, or -1 when none does.
 * The caller checks that it ends where it should.
 */
function scanBase(text: string, at: number): number {
  let i = skip(text, at, DIGIT);
  if (i === at) return -1;
  while (text.charCodeAt(i) === DOT && is(text, i + 1, DIGIT)) i = skip(text, i + 1, DIGIT);
  if (is(text, i, LOWER)) i++;
  for (let s = suffixAt(text, i); s >= 0; s = suffixAt(text, i)) {
    i = skip(text, i + suffixes[s]!.name.length, DIGIT);
  }
  return i;
}

/** Whether `text` from `from` to `to` is `rN`. */
function isRevision(text: string, from: number, to: number): boolean {
  return to - from >= 2 && text.charCodeAt(from) === LETTER_R && skip(text, from + 1, DIGIT) >= to;
}

/** Where the base of the version that is `text` as a whole ends (the `-rN` follows), or -1 when it is none (PMS 3.2). */
function baseEnd(text: string): number {
  const end = scanBase(text, 0);
  if (end < 0 || end === text.length) return end;
  return text.charCodeAt(end) === DASH && isRevision(text, end + 1, text.length) ? end : -1;
}

/** Compares two runs of digits as whole numbers of any size; an empty run is 0. */
function compareNumbers(a: string, i: number, iEnd: number, b: string, j: number, jEnd: number): number {
  while (i < iEnd && a.charCodeAt(i) === 48) i++;
  while (j < jEnd && b.charCodeAt(j) === 48) j++;
  if (iEnd - i !== jEnd - j) return iEnd - i < jEnd - j ? -1 : 1;
  for (; i < iEnd; i++, j++) {
    const d = a.charCodeAt(i) - b.charCodeAt(j);
    if (d !== 0) return d < 0 ? -1 : 1;
  }
  return 0;
}

/** Compares two runs of digits as decimal fractions: the shorter is filled up with zeros at its end. */
function compareFractions(a: string, i: number, iEnd: number, b: string, j: number, jEnd: number): number {
  for (; i < iEnd || j < jEnd; i++, j++) {
    const d = (i < iEnd ? a.charCodeAt(i) : 48) - (j < jEnd ? b.charCodeAt(j) : 48);
    if (d !== 0) return d < 0 ? -1 : 1;
  }
  return 0;
}

/** {@link compareVersions} without its checks, for two strings that are known to be versions. */
export function compareValidVersions(a: string, b: string): number {
  if (a === b) return 0;
  let i = skip(a, 0, DIGIT);
  let j = skip(b, 0, DIGIT);
  let order = compareNumbers(a, 0, i, b, 0, j);
  while (order === 0) {
    const moreA = a.charCodeAt(i) === DOT;
    const moreB = b.charCodeAt(j) === DOT;
    // 1.0 > 1: a component beats a missing one, whatever its value.
    if (!moreA || !moreB) {
      if (moreA !== moreB) return moreA ? 1 : -1;
      break;
    }
    const fromA = i + 1;
    const fromB = j + 1;
    i = skip(a, fromA, DIGIT);
    j = skip(b, fromB, DIGIT);
    const fraction = a.charCodeAt(fromA) === 48 || b.charCodeAt(fromB) === 48;
    order = (fraction ? compareFractions : compareNumbers)(a, fromA, i, b, fromB, j);
  }
  if (order !== 0) return order;

  const letterA = is(a, i, LOWER) ? a.charCodeAt(i++) : 0;
  const letterB = is(b, j, LOWER) ? b.charCodeAt(j++) : 0;
  if (letterA !== letterB) return letterA < letterB ? -1 : 1;

  for (;;) {
    const suffixA = suffixAt(a, i);
    const suffixB = suffixAt(b, j);
    if (suffixA < 0 && suffixB < 0) break;
    // A missing suffix stands between _rc and _p: below _p of any number, even of none.
    if (suffixA < 0) return suffixes[suffixB]!.rank < 0 ? 1 : -1;
    if (suffixB < 0) return suffixes[suffixA]!.rank < 0 ? -1 : 1;
    if (suffixA !== suffixB) return suffixA < suffixB ? -1 : 1;
    const length = suffixes[suffixA]!.name.length;
    const fromA = i + length;
    const fromB = j + length;
    i = skip(a, fromA, DIGIT);
    j = skip(b, fromB, DIGIT);
    order = compareNumbers(a, fromA, i, b, fromB, j);
    if (order !== 0) return order;
  }
  return compareNumbers(a, Math.min(i + 2, a.length), a.length, b, Math.min(j + 2, b.length), b.length);
}

/**
 * Compares two versions (PMS 3.3): -1, 0 or 1, or undefined when one of them is no version. Two equal strings
 * compare as 0 before either is looked at, as in Portage.
 */
export function compareVersions(a: string, b: string): number | undefined {
  if (a === b) return 0;
  if (baseEnd(a) < 0 || baseEnd(b) < 0) return undefined;
  return compareValidVersions(a, b);
}

/** A package with version, taken apart. */
export interface PackageVersion {
  /** The text it was made from: `category/name-version`. */
  readonly cpv: string;
  /** `category/name` */
  readonly cp: string;
  readonly category: string;
  readonly name: string;
  /** With its revision as written: `1.0`, `1.0-r0`, `1.0-r1`. */
  readonly version: string;
  /** Without revision. */
  readonly upstream: string;
  /** The digits of the revision, `0` when there is none. */
  readonly revision: string;
}

/**
 * Where the version begins in `text` between `from` and `to`, which has the form `name-version`; -1 when it has
 * not. `upstream` is where the version ends and its revision begins. The name is not checked.
 */
export function findVersion(
  text: string,
  from: number,
  to: number,
): { at: number; upstream: number } | undefined {
  let end = to;
  let dash = text.lastIndexOf('-', to - 1);
  if (dash > from && isRevision(text, dash + 1, to)) {
    end = dash;
    dash = text.lastIndexOf('-', dash - 1);
  }
  if (dash <= from || !is(text, dash + 1, DIGIT) || scanBase(text, dash + 1) !== end) return undefined;
  return { at: dash + 1, upstream: end };
}

/** Whether `text` between `from` and `to` is a package name, apart from the rule about its end (PMS 3.1.2). */
export function isNameText(text: string, from: number, to: number): boolean {
  return from < to && is(text, from, WORD) && skip(text, from, NAME) >= to;
}

/**
 * Takes `category/name-version` apart (Portage's `catpkgsplit`); undefined when it is not of that form, which
 * includes a name that itself ends in a version (`cat/foo-1-2`).
 */
export function splitCpv(cpv: string): PackageVersion | undefined {
  const slash = cpv.indexOf('/');
  if (slash <= 0 || !is(cpv, 0, WORD) || skip(cpv, 0, CATEGORY) !== slash) return undefined;
  const found = findVersion(cpv, slash + 1, cpv.length);
  if (found === undefined) return undefined;
  const nameEnd = found.at - 1;
  if (!isNameText(cpv, slash + 1, nameEnd) || findVersion(cpv, slash + 1, nameEnd) !== undefined)
    return undefined;
  return {
    cpv,
    cp: cpv.slice(0, nameEnd),
    category: cpv.slice(0, slash),
    name: cpv.slice(slash + 1, nameEnd),
    version: cpv.slice(found.at),
    upstream: cpv.slice(found.at, found.upstream),
    revision: found.upstream === cpv.length ? '0' : cpv.slice(found.upstream + 2),
  };
}

/**
 * An order for packages of one name: by version, then (for versions that compare equal, such as `1` and `1-r0`)
 * by code point, so that sorting is deterministic. Different names are ordered by code point.
 */
export function comparePackages(a: PackageVersion, b: PackageVersion): number {
  const order = a.cp === b.cp ? compareValidVersions(a.version, b.version) : 0;
  if (order !== 0) return order;
  return a.cpv === b.cpv ? 0 : a.cpv < b.cpv ? -1 : 1;
}
