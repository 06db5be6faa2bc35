/** The families about versions, atoms, dependency strings, REQUIRED_USE and matching. */
import { type Atom, parseAtom, tryParseAtom, type AtomOptions } from '../../src/portage/atom.js';
import {
  DependError,
  isAnyOf,
  isConjunction,
  type Reduced,
  unmetRequiredUse,
  useReduce,
  useReduceFlat,
} from '../../src/portage/depend.js';
import { makeCandidate, matchesAtom } from '../../src/portage/match.js';
import { compareVersions } from '../../src/portage/version.js';
import { compare, type Family } from './family.js';

type VersionRow = readonly [a: string, b: string, order: number | null];

interface AtomRow {
  readonly s: string;
  readonly v: Readonly<Record<string, number>>;
  readonly p: readonly unknown[];
}

interface ReduceResult {
  readonly n: unknown;
  readonly f: unknown;
}

interface ReduceRow extends ReduceResult {
  readonly e: string;
  readonly u: readonly string[];
  readonly s: string;
  readonly alt?: ReduceResult;
}

interface RequiredUseRow {
  readonly e: string;
  readonly s: string;
  readonly iuse: readonly string[];
  readonly u: readonly string[];
  readonly ok: boolean | null;
}

interface MatchRow {
  readonly a: string;
  readonly c: readonly {
    readonly cpv: string;
    readonly slot: string;
    readonly repo: string;
    readonly iuse: readonly string[];
    readonly use: readonly string[];
  }[];
  readonly m: readonly number[];
}

/** How atoms are read in the modes of `atoms.jsonl`. */
function modeOptions(mode: string): AtomOptions {
  switch (mode) {
    case 'any':
      return {};
    case 'norepo':
      return { allowRepo: false };
    case 'user':
      return { allowWildcard: true, allowRepo: true };
    case '8w':
      return { eapi: '8', allowWildcard: true, allowRepo: true };
    default:
      return { eapi: mode };
  }
}

/** An atom in the notation of `atoms.jsonl`. */
function describeAtom(atom: Atom): Record<string, unknown> {
  const all = {
    cp: atom.cp,
    op: atom.op,
    ver: atom.version,
    slot: atom.slot,
    sub: atom.subslot,
    sop: atom.slotOperator,
    use: atom.use.length === 0 ? undefined : atom.use.map((dep) => dep.token),
    block: atom.blocker,
    repo: atom.repo,
    build: atom.buildId === undefined ? undefined : Number(atom.buildId),
    ext: atom.extended ? true : undefined,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** A reduced dependency string in the notation of `use_reduce.jsonl`. */
export function nested(items: readonly Reduced[]): unknown[] {
  const list: unknown[] = [];
  for (const item of items) {
    if (isConjunction(item)) list.push(nested(item));
    else if (isAnyOf(item)) list.push('||', nested(item.anyOf));
    else list.push(item.text);
  }
  return list;
}

/** The answer, or null when the input is refused. */
function orNull<T>(answer: () => T): T | null {
  try {
    return answer();
  } catch (error) {
    if (error instanceof DependError) return null;
    throw error;
  }
}

export const families: readonly Family[] = [
  {
    name: 'vercmp',
    file: 'vercmp.jsonl',
    *run(vectors) {
      for (const [a, b, order] of vectors.rows<VersionRow>('vercmp.jsonl')) {
        yield compare(`${a} <=> ${b}`, compareVersions(a, b) ?? null, order);
      }
    },
  },
  {
    name: 'atoms',
    file: 'atoms.jsonl',
    *run(vectors) {
      for (const { s, v, p } of vectors.rows<AtomRow>('atoms.jsonl')) {
        const expected: Record<string, unknown> = {};
        const got: Record<string, unknown> = {};
        for (const [mode, index] of Object.entries(v)) {
          const atom = tryParseAtom(s, modeOptions(mode));
          expected[mode] = index < 0 ? null : p[index];
          got[mode] = atom === undefined ? null : describeAtom(atom);
        }
        yield compare(s, got, expected);
      }
    },
  },
  {
    name: 'use_reduce',
    file: 'use_reduce.jsonl',
    *run(vectors) {
      for (const { e, u, s, n, f, alt } of vectors.rows<ReduceRow>('use_reduce.jsonl')) {
        const options = { eapi: e, use: new Set(u) };
        const got = {
          n: orNull(() => nested(useReduce(s, options))),
          f: orNull(() => useReduceFlat(s, options).map((item) => (item === '||' ? item : item.text))),
        };
        yield compare(
          `EAPI ${e} USE="${u.join(' ')}" ${s}`,
          got,
          { n, f },
          ...(alt === undefined ? [] : [alt]),
        );
      }
    },
  },
  {
    name: 'required_use',
    file: 'required_use.jsonl',
    *run(vectors) {
      for (const { e, s, iuse, u, ok } of vectors.rows<RequiredUseRow>('required_use.jsonl')) {
        const flags = new Set(iuse);
        const options = { eapi: e, use: new Set(u), isValidFlag: (flag: string) => flags.has(flag) };
        const what = `EAPI ${e} USE="${u.join(' ')}" ${s}`;
        yield compare(
          what,
          orNull(() => unmetRequiredUse(s, options).length === 0),
          ok,
        );
      }
    },
  },
  {
    name: 'match',
    file: 'match.jsonl',
    *run(vectors) {
      for (const { a, c, m } of vectors.rows<MatchRow>('match.jsonl')) {
        const atom = parseAtom(a, { allowWildcard: true, allowRepo: true });
        const candidates = c.flatMap((facts, index) => {
          const candidate = makeCandidate({ ...facts, iuse: new Set(facts.iuse), use: new Set(facts.use) });
          return candidate === undefined ? [] : [{ ...candidate, index }];
        });
        const got = candidates.filter((one) => matchesAtom(atom, one)).map((candidate) => candidate.index);
        yield compare(`${a} among ${c.map((facts) => facts.cpv).join(' ')}`, got, m);
      }
    },
  },
];
