/** What `lvfs watch` shows: the denials of a view by package, the strongest and newest first. */
import { Ignoring, type Denial, type IgnoreSetting } from '../../audit/index.js';
import { packageName, unmarked } from '../../base/index.js';
import { strengthOf, wantedPath } from '../workshop/lastDenials.js';

/** What became of a package. */
export type GroupState = 'hidden' | 'allowed' | 'denied';

/** What was denied of one package, or a path of none or of too many. */
export interface Group {
  /** What `allow` is given: `category/name`, or a path. */
  readonly name: string;
  /** cpv; undefined for a path. */
  readonly owner: string | undefined;
  readonly state: GroupState;
  /** 0 to 5. */
  readonly strength: number;
  /** The denial that tells most. */
  readonly telling: Denial;
  /** When it was last looked for, in milliseconds. */
  readonly last: number;
  /** How many different paths were looked for. */
  readonly paths: number;
  readonly phases: readonly string[];
  readonly processes: readonly string[];
  readonly denials: readonly Denial[];
}

/** Owners of a path, above which it is nobody's in particular: a directory such as /usr/share/aclocal. */
const mostOwners = 3;

/** What was asked for in a directory that is nobody's in particular: that may be somebody's. Undefined for any other denial. */
export function askedInShared(denial: Denial): string | undefined {
  const wanted = wantedPath(denial);
  return denial.owners.length > mostOwners && wanted !== denial.path ? wanted : undefined;
}

/** See the head of this file. */
export class Board {
  readonly #denials: Denial[] = [];
  readonly #states = new Map<string, GroupState>();
  readonly #ignoring: Ignoring;
  /** Of this session. */
  readonly ignored: IgnoreSetting[] = [];
  readonly #target: string | undefined;
  /** Only denials of this phase; undefined: of all. */
  phase: string | undefined;
  #groups: readonly Group[] | undefined;

  /**
   * @param targets cpvs
   * @param ignore rules of the configuration
   */
  constructor(targets: readonly string[], ignore: readonly IgnoreSetting[]) {
    const [only, ...others] = targets;
    this.#target = only === undefined || others.length > 0 ? undefined : packageName(only);
    this.#ignoring = new Ignoring(ignore, targets);
  }

  add(denial: Denial): void {
    if (denial.visible || denial.operation === 'list') return;
    this.#denials.push(denial);
    this.#groups = undefined;
  }

  /** Notes what became of something. */
  mark(name: string, state: GroupState): void {
    this.#states.set(name, state);
    this.#groups = undefined;
  }

  /** Passes over something, here and in reports. */
  ignore({ name, owner }: Group, reason: string): void {
    const rule: IgnoreSetting = {
      ...(owner === undefined ? { path: name } : { package: unmarked(name) }),
      ...(this.#target === undefined ? {} : { target: this.#target }),
      reason,
    };
    this.ignored.push(rule);
    this.#ignoring.add(rule);
    this.#groups = undefined;
  }

  /** The phases that were seen, in the order in which they were; what is of none is `''`. */
  get phases(): readonly string[] {
    return [...new Set(this.#denials.map(({ phase }) => phase))];
  }

  /** Shows the next phase only; after the last one all. */
  nextPhase(): void {
    const all: readonly (string | undefined)[] = [undefined, ...this.phases];
    this.phase = all[(all.indexOf(this.phase) + 1) % all.length];
    this.#groups = undefined;
  }

  /** What is to be shown, in order. */
  get groups(): readonly Group[] {
    return (this.#groups ??= this.#grouped());
  }

  #grouped(): Group[] {
    const byName = new Map<string, { owner: string | undefined; denials: Denial[] }>();
    for (const denial of this.#denials) {
      if (this.phase !== undefined && denial.phase !== this.phase) continue;
      const [owner] = denial.owners.length > mostOwners ? [] : denial.owners;
      if (this.#ignoring.find(owner, denial.path) !== undefined) continue;
      const name = owner === undefined ? denial.path : packageName(owner);
      const group = byName.get(name) ?? { owner, denials: [] };
      group.denials.push(denial);
      byName.set(name, group);
    }
    return [...byName]
      .map(([name, { owner, denials }]) => groupOf(name, owner, this.#states.get(name) ?? 'hidden', denials))
      .sort((a, b) => b.strength - a.strength || b.last - a.last || (a.name < b.name ? -1 : 1));
  }
}

function groupOf(
  name: string,
  owner: string | undefined,
  state: GroupState,
  denials: readonly Denial[],
): Group {
  // What nobody owns may be anything: a file in /usr/local that configure tries.
  const weight = (denial: Denial): number => (owner === undefined ? 0 : strengthOf(denial));
  const telling = denials.reduce((best, one) =>
    weight(one) > weight(best) || (weight(one) === weight(best) && one.last >= best.last) ? one : best,
  );
  return {
    name,
    owner,
    state,
    strength: weight(telling),
    telling,
    last: Math.max(...denials.map((denial) => denial.last)),
    paths: new Set(denials.map(wantedPath)).size,
    phases: [...new Set(denials.map(({ phase }) => phase).filter((phase) => phase !== ''))],
    processes: [...new Set(denials.map(({ comm }) => comm).filter((comm) => comm !== ''))],
    denials,
  };
}
