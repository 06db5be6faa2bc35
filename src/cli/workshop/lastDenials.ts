/** What was hidden from a command that failed, in one line. */
import type { Denial, Operation, Report } from '../../audit/index.js';
import { packageName, systemMeant } from '../../base/index.js';
import { displayText } from '../text.js';

/** Packages that are named at most. */
const mostNamed = 3;

const strengths: Readonly<Record<Operation, number>> = {
  exec: 5,
  open: 4,
  read: 4,
  access: 3,
  stat: 3,
  readlink: 2,
  lookup: 1,
  list: 0,
};

/** How much an access tells: to execute or open something is to want it, to list a directory is not. From 0 to 5. */
export function strengthOf({ operation }: Pick<Denial, 'operation'>): number {
  return strengths[operation];
}

/** Something hidden that a command may have failed over. */
export interface Suspect {
  /** What `lvfs allow` is given. */
  readonly name: string;
  readonly path: string;
}

const certainties: Readonly<Record<Report['missing'][number]['certainty'], number>> = {
  needed: 2,
  probed: 1,
  allowed: 0,
};

/**
 * What matters of the latest denials: those that the report counts, the strongest first. Files of no package only where there is nothing
 * else.
 *
 * @param recent denials since the command began
 */
export function suspects(
  recent: readonly Denial[],
  { missing, unowned }: Pick<Report, 'missing' | 'unowned'>,
): Suspect[] {
  const hidden = recent.filter((denial) => !denial.visible && denial.operation !== 'list');
  const found = missing.flatMap(({ cpv, certainty }) => {
    const own = hidden.filter(({ owners }) => owners.includes(cpv)).sort(byStrength);
    const [first] = own;
    return first === undefined
      ? []
      : [{ name: packageName(cpv), path: wantedPath(first), first, certainty: certainties[certainty] }];
  });
  found.sort((a, b) => b.certainty - a.certainty || byStrength(a.first, b.first));
  if (found.length > 0) return found.map(({ name, path }) => ({ name, path }));
  const paths = new Set(unowned.map(({ path }) => path));
  const litter = hidden.filter(({ path, directory }) => !directory && paths.has(path)).sort(byStrength);
  return [...new Set(litter.map(({ path }) => path))].map((path) => ({ name: path, path }));
}

/** What was asked for: below a hidden directory, only that is refused. */
export function wantedPath({ path, wanted }: Pick<Denial, 'path' | 'wanted'>): string {
  return wanted === '' ? path : wanted;
}

/** The strongest first, and of equal ones the latest. */
function byStrength(a: Denial, b: Denial): number {
  return strengthOf(b) - strengthOf(a) || b.last - a.last;
}

/** One line; empty when there is nothing to say. `short` is how a package may be called. */
export function suspectsText(all: readonly Suspect[], short: (name: string) => string): string {
  if (all.length === 0) return '';
  const named = all.slice(0, mostNamed);
  const list = named.map(({ name, path }) =>
    name === path ? `${displayText(path)} (no package)` : `${displayText(path)} (${name})`,
  );
  const more = all.length > named.length ? ` and of ${all.length - named.length} more packages` : '';
  return `hidden from it: ${list.join(', ')}${more}; lvfs allow ${named.map(({ name }) => short(name)).join(' ')}`;
}

/** Calls a package by its name without category where that means no other that is installed. */
export function shortNames(installed: readonly string[]): (name: string) => string {
  const counts = new Map<string, number>();
  for (const name of new Set(installed.map(packageName))) {
    const bare = bareName(name);
    counts.set(bare, (counts.get(bare) ?? 0) + 1);
  }
  return (name) =>
    systemMeant(name) === undefined && counts.get(bareName(name)) === 1 ? bareName(name) : name;
}

function bareName(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}
