/**
 * Under which USE flags a package is needed, found out by switching flags off and building. A need that flags switch is taken to be monotone:
 * with more of them switched off it does not come back.
 */

/** Flags that are set otherwise than the configuration has them. */
export type Flags = Readonly<Record<string, boolean>>;

/** Whether a build does without the package with these flags; undefined: that cannot be told. */
export type Dispensable = (flags: Flags) => Promise<boolean | undefined>;

/** What was found out. */
export interface FoundCondition {
  /**
   * `flag` or `!flag`; several that all have to hold are separated by a space, and alternatives by ` | `. Undefined: it is always needed, or that is
   * not known.
   */
  readonly condition: string | undefined;
  /** Whether builds have shown that. */
  readonly isKnown: boolean;
  /** Where that is not known: `flag` or `!flag`, of each that it may go with and of which no build has told. */
  readonly untold: readonly string[];
}

/** Alternatives that a condition may have; more explain nothing to a reader of the ebuild. */
const mostAlternatives = 4;

/**
 * Finds the condition of a package that is needed with the flags as they are.
 *
 * @param flags those that may be switched, with their state
 * @param likely those that are tried by themselves first, the likeliest first
 */
export async function findCondition(
  flags: ReadonlyMap<string, boolean>,
  likely: readonly (readonly [string, boolean])[],
  isDispensable: Dispensable,
): Promise<FoundCondition> {
  const known = new Map<string, Promise<boolean | undefined>>();
  const ask = (names: readonly string[]): Promise<boolean | undefined> => {
    const sorted = [...names].sort();
    const key = sorted.join(' ');
    const answer =
      known.get(key) ??
      isDispensable(Object.fromEntries(sorted.map((name) => [name, flags.get(name) !== true])));
    known.set(key, answer);
    return answer;
  };
  const enabled = [...flags].filter(([, state]) => state).map(([flag]) => flag);
  /** Of each, one flag at least has to hold. */
  const clauses: (readonly string[])[] = [];
  const unanswered: string[] = [];
  for (const [flag] of likely) {
    if (clauses.length > 0) break;
    const alone = await ask([flag]);
    if (alone === true) clauses.push([flag]);
    if (alone === undefined) unanswered.push(flag);
  }
  const tried = new Set(likely.map(([flag]) => flag).filter((flag) => !unanswered.includes(flag)));
  for (;;) {
    const rest = enabled.filter((flag) => !clauses.flat().includes(flag));
    // One that was tried alone and did not do may still be one of several.
    const [only] = rest;
    const isTried = rest.length === 1 && only !== undefined && tried.has(only) && clauses.length === 0;
    if (rest.length === 0 || isTried) break;
    const { clause, untold } = await enoughAmong(rest, ask);
    if (clause === undefined) {
      unanswered.push(...untold);
      break;
    }
    clauses.push(clause);
  }
  const isKnown = clauses.length > 0 || unanswered.length === 0;
  const untold = isKnown ? [] : [...flags].filter(([flag]) => unanswered.includes(flag)).map(wordOf);
  return { condition: spelled(clauses, flags), isKnown, untold };
}

/**
 * Flags that are enough when they are switched together, and none of which can be left out. Those that cannot all be switched at once (REQUIRED_USE) are
 * tried in parts.
 */
async function enoughAmong(
  flags: readonly string[],
  ask: (names: readonly string[]) => Promise<boolean | undefined>,
): Promise<{ readonly clause?: readonly string[]; readonly untold: readonly string[] }> {
  const all = await ask(flags);
  if (all === false) return { untold: [] };
  if (all === true) {
    const clause = await smallest(flags, ask);
    return clause === undefined ? { untold: flags } : { clause, untold: [] };
  }
  if (flags.length === 1) return { untold: flags };
  const middle = Math.ceil(flags.length / 2);
  const first = await enoughAmong(flags.slice(0, middle), ask);
  if (first.clause !== undefined) return first;
  const second = await enoughAmong(flags.slice(middle), ask);
  return { ...second, untold: [...first.untold, ...second.untold] };
}

/** Flags of which none can be left out: the last of the shortest beginning that is enough, again and again. */
async function smallest(
  flags: readonly string[],
  ask: (names: readonly string[]) => Promise<boolean | undefined>,
): Promise<string[] | undefined> {
  const chosen: string[] = [];
  let open = flags;
  for (;;) {
    const alone = await ask(chosen.length === 0 ? open : chosen);
    if (chosen.length > 0 && alone === true) return chosen;
    if (alone === undefined) return undefined;
    let [none, enough] = [0, open.length];
    while (enough - none > 1) {
      const middle = Math.floor((none + enough) / 2);
      const held = await ask([...chosen, ...open.slice(0, middle)]);
      if (held === undefined) return undefined;
      if (held) enough = middle;
      else none = middle;
    }
    const last = open[enough - 1];
    if (last === undefined) return undefined;
    chosen.push(last);
    open = open.slice(0, enough - 1);
  }
}

/** A flag in the state that it has, as a condition. */
export function wordOf([flag, state]: readonly [string, boolean]): string {
  return state ? flag : `!${flag}`;
}

/** Clauses as alternatives; undefined for none. */
function spelled(
  clauses: readonly (readonly string[])[],
  flags: ReadonlyMap<string, boolean>,
): string | undefined {
  const word = (flag: string): string => wordOf([flag, flags.get(flag) === true]);
  let kept = clauses;
  while (kept.reduce((product, { length }) => product * length, 1) > mostAlternatives && kept.length > 1)
    kept = kept.slice(0, -1);
  return kept.length === 0
    ? undefined
    : choices(kept)
        .map((all) => all.map(word).join(' '))
        .join(' | ');
}

/** One of each list, in all ways. */
function choices(lists: readonly (readonly string[])[]): string[][] {
  return lists.reduce<string[][]>(
    (before, list) => before.flatMap((all) => list.map((one) => [...all, one])),
    [[]],
  );
}

/** The alternatives of a condition: of each, all flags have to hold. */
export function alternativesOf(condition: string): string[][] {
  return condition.split(' | ').map((all) => all.split(' '));
}

/** USE words with which a condition does not hold, in all ways. */
export function negationsOf(condition: string): string[] {
  const negated = (flag: string): string => (flag.startsWith('!') ? flag.slice(1) : `-${flag}`);
  const all = choices(alternativesOf(condition)).map((flags) => [...new Set(flags)].map(negated).join(' '));
  return [...new Set(all)];
}
