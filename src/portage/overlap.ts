/** Any-of groups that speak of the same packages. */
import type { Atom } from './atom.js';
import { isAnyOf, isConjunction, printReduced, type AnyOf, type Reduced } from './depend.js';

/** How many alternatives overlapping groups may have together before they are no longer combined. */
const maxCombinations = 50_000;

/**
 * Combines any-of groups that speak of the same packages into one of all their combinations (`_overlap_dnf`), so that
 * `|| ( grep sed ) || ( sed tar )` can be satisfied by sed alone. Of groups that are repeated one is kept. Answers the
 * same array when no groups overlap.
 *
 * Groups with more than {@link maxCombinations} combinations are left as they are: Portage would not end in time.
 */
export function combineOverlapping(items: readonly Reduced[]): readonly Reduced[] {
  const groups = items.filter(isAnyOf);
  if (groups.length < 2) return items;
  /** Each group's component, named by its first group. */
  const parent = groups.map((_, index) => index);
  const find = (index: number): number => {
    while (parent[index] !== index) index = parent[index]!;
    return index;
  };
  const firstWith = new Map<string, number>();
  const names = groups.map((group) => new Set(namesOf(group)));
  names.forEach((set, index) => {
    for (const cp of set) {
      const other = firstWith.get(cp);
      if (other === undefined) firstWith.set(cp, index);
      else {
        const [a, b] = [find(other), find(index)];
        parent[Math.max(a, b)] = Math.min(a, b);
      }
    }
  });
  const components = new Map<number, AnyOf[]>();
  groups.forEach((group, index) => {
    const first = find(index);
    components.set(first, [...(components.get(first) ?? []), group]);
  });
  if (components.size === groups.length) return items;

  // Groups of nothing but blockers overlap with nothing and keep their place among the atoms.
  const result: Reduced[] = items.filter((item) => !isAnyOf(item) || names[groups.indexOf(item)]?.size === 0);
  for (const [first, component] of components) {
    if (names[first]?.size === 0) continue;
    const distinct = [...new Map(component.map((group) => [printReduced([group]), group])).values()];
    result.push(...(distinct.length > 1 ? combine(distinct) : distinct));
  }
  return result;
}

function namesOf(item: Reduced): string[] {
  if (isConjunction(item)) return item.flatMap(namesOf);
  if (isAnyOf(item)) return item.anyOf.flatMap(namesOf);
  return item.blocker === undefined ? [item.cp] : [];
}

/** One any-of group of all combinations of the alternatives of several, or the groups when there are too many. */
function combine(groups: readonly AnyOf[]): readonly Reduced[] {
  const combinations = product(groups.map(alternativesOf));
  return combinations === undefined ? groups : [{ anyOf: combinations }];
}

/** The alternatives of a group in disjunctive normal form: each a list of atoms; undefined when there are too many. */
function alternativesOf(group: AnyOf): readonly Atom[][] | undefined {
  const alternatives: Atom[][] = [];
  for (const item of group.anyOf) {
    const expanded = normalForm(item);
    if (expanded === undefined || alternatives.length + expanded.length > maxCombinations) return undefined;
    alternatives.push(...expanded);
  }
  return alternatives;
}

function normalForm(item: Reduced): readonly Atom[][] | undefined {
  if (isAnyOf(item)) return alternativesOf(item);
  if (!isConjunction(item)) return [[item]];
  const atoms = item.filter((member): member is Atom => !isConjunction(member) && !isAnyOf(member));
  const rest = item.filter((member) => isConjunction(member) || isAnyOf(member));
  return product([[atoms], ...rest.map(normalForm)]);
}

/** Every way to take one alternative of each, joined; the last varies fastest. */
function product(lists: readonly (readonly Atom[][] | undefined)[]): readonly Atom[][] | undefined {
  let result: Atom[][] = [[]];
  for (const list of lists) {
    if (list === undefined || result.length * list.length > maxCombinations) return undefined;
    result = result.flatMap((head) => list.map((tail) => [...head, ...tail]));
  }
  return result;
}
