/** The time that a `DateSet` of sets.conf is about (`portage._sets.dbapi.DateSet`). */
import { SetProblem } from './setProblem.js';

/** What a section may take a time from. */
export interface DateSources {
  /** When an installed package was built, in seconds; undefined when none matches, or that was not recorded. */
  readonly builtAt: (atom: string) => number | undefined;
  /** When a file changed, in seconds; undefined when there is none. */
  readonly changedAt: (path: string) => number | undefined;
}

const kinds = ['package', 'filestamp', 'seconds', 'date'] as const;

/**
 * The time in seconds since 1970.
 *
 * @throws SetProblem when not exactly one time is given, or it cannot be found out.
 */
export function dateOf(options: ReadonlyMap<string, string>, sources: DateSources): number {
  const given = kinds.filter((kind) => options.has(kind));
  const [kind] = given;
  if (kind === undefined || given.length > 1) throw new SetProblem(`give one of ${kinds.join(', ')}`);
  const value = options.get(kind) ?? '';
  const time = read(kind, value, options.get('dateformat') ?? '%x %X', sources);
  if (time === undefined) throw new SetProblem(`${kind}: '${value}' is no time`);
  return time;
}

function read(
  kind: (typeof kinds)[number],
  value: string,
  format: string,
  { builtAt, changedAt }: DateSources,
): number | undefined {
  switch (kind) {
    case 'package':
      return builtAt(value);
    case 'filestamp':
      return changedAt(value);
    case 'seconds':
      return /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : undefined;
    case 'date':
      return parseDate(value, format);
  }
}

/** The directives of strptime(3) that are numbers, and the names of their parts. */
const directives: Readonly<Record<string, string>> = {
  Y: '(?<year>\\d{4})',
  y: '(?<shortYear>\\d{2})',
  m: '(?<month>\\d{1,2})',
  d: '(?<day>\\d{1,2})',
  H: '(?<hour>\\d{1,2})',
  M: '(?<minute>\\d{1,2})',
  S: '(?<second>\\d{1,2})',
  '%': '%',
};

/** Those that stand for several, as in the C locale. */
const shorthands: Readonly<Record<string, string>> = {
  x: '%m/%d/%y',
  X: '%H:%M:%S',
  T: '%H:%M:%S',
  D: '%m/%d/%y',
};

/** A local time as strptime(3) reads it, with the directives that are numbers; undefined when it does not fit. */
function parseDate(text: string, format: string): number | undefined {
  const whole = format.replace(/%([xXTD])/g, (_, name: string) => shorthands[name] ?? '');
  let isKnown = true;
  const pattern = whole
    .split(/(%.|\s+)/)
    .map((part) => {
      if (/^\s+$/.test(part)) return '\\s+';
      if (!part.startsWith('%')) return part.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
      const directive = directives[part.slice(1)];
      isKnown &&= directive !== undefined;
      return directive ?? '';
    })
    .join('');
  if (!isKnown || /\(\?<(\w+)>.*\(\?<\1>/.test(pattern)) return undefined;
  const found = new RegExp(`^${pattern}$`).exec(text);
  if (found === null) return undefined;
  const number = (name: string, otherwise: number): number => Number(found.groups?.[name] ?? otherwise);
  // POSIX: 69 to 99 belong to the twentieth century.
  const short = number('shortYear', 0);
  const year = number(
    'year',
    found.groups?.shortYear === undefined ? 1900 : short + (short < 69 ? 2000 : 1900),
  );
  const [month, day] = [number('month', 1), number('day', 1)];
  const date = new Date(year, month - 1, day, number('hour', 0), number('minute', 0), number('second', 0));
  // Nothing may overflow into the next month.
  return date.getMonth() === month - 1 && date.getDate() === day
    ? Math.floor(date.getTime() / 1000)
    : undefined;
}
