/**
 * Judges what `lvfs build --json` says of an ebuild whose fault is known: pure functions over the report, the exit status
 * and the case's entry in expect.toml (README.md has the fields).
 */

/** What is right of one case: a table of expect.toml. */
export interface Expectation {
  /** The forgotten package, or several equally right ones (`category/name`); empty: nothing is forgotten. */
  readonly package: readonly string[];
  /** The variables that are right; empty: not judged. */
  readonly variable: readonly string[];
  /**
   * Exit status of `lvfs build`. `compare`: the build succeeds either way and only `--compare` can prove that the result
   * differs: 30 with it, without it 0 is right too.
   */
  readonly status: number | 'compare';
  /** With `compare`: only directories are listed, so that without `--compare` the package need not be named. */
  readonly unseen: boolean;
  /** Packages that it is fair to name beside. */
  readonly alsoOk: readonly string[];
}

/** The part of the report that is judged (docs/json.md, `lvfs report` and `lvfs build`). */
export interface Report {
  /** Exit status of the build command. */
  status?: number;
  missing?: readonly { cpv: string; suggest?: string; certainty?: string }[];
  secondHand?: readonly { cpv: string; suggest?: string; use?: string }[];
  unused?: readonly { atom?: string; cpv?: string; variable?: string }[];
  error?: { message?: string };
}

/**
 * How the forgotten package was found. `first`: named first in `missing` as needed (when the build fails) or first of all
 * findings; `weak`: named first, in a weaker section than a failed build deserves; `later`: something else stands before
 * it; `no`: not named; `-`: nothing is forgotten.
 */
export type Found = 'first' | 'weak' | 'later' | 'no' | '-';

/** The judgement of one case. */
export interface Judgement {
  expected: { package: readonly string[]; variable: readonly string[]; status: number | 'compare' };
  status: number | 'time-out';
  found: Found;
  /** Section and variable in which the package was named. */
  section: string | null;
  variable: string | null;
  /** Null when the package was not named. */
  variableRight: boolean | null;
  statusRight: boolean;
  /** All findings, and those that are neither expected nor fair: `section variable package`. */
  named: string[];
  wrong: string[];
  pass: boolean;
  /** Why there is no report to judge. */
  error?: string;
}

/** `category/name` of a cpv, also of one with a repository or the mark of a sysroot. */
export function packageName(cpv: string): string {
  const bare = cpv.replace(/@.*|::.*/, '');
  return /^(.+?)-\d[\w.+]*(?:_(?:alpha|beta|pre|rc|p)\d*)*(?:-r\d+)?$/.exec(bare)?.[1] ?? bare;
}

/** Variable and `category/name` of a suggested line such as `DEPEND="dev-libs/libxml2:2"`. */
export function suggestion(line: string | undefined): { variable?: string; name?: string } {
  const match = /^\s*([A-Z]+)\s*\+?=\s*"([^"]*)"/.exec(line ?? '');
  if (match?.[1] === undefined) return {};
  const [word = ''] = (match[2] ?? '').trim().split(/\s+/);
  const atom = word.replace(/^[<>=~!]+/, '').replace(/[:[].*/, '');
  return { variable: match[1], name: /^[<>=~]/.test(word) ? packageName(atom) : atom };
}

interface Finding {
  section: 'missing' | 'lookedFor' | 'secondHand';
  names: readonly string[];
  variable: string | undefined;
  cpv: string;
}

/** What the report accuses, in its order. Second-hand use only through other packages' files is no accusation. */
function findings(report: Report): Finding[] {
  const finding = (section: Finding['section'], cpv: string, suggest: string | undefined): Finding => {
    const { variable, name } = suggestion(suggest);
    return {
      section,
      names: name === undefined ? [packageName(cpv)] : [packageName(cpv), name],
      variable,
      cpv,
    };
  };
  return [
    ...(report.missing ?? []).map((one) =>
      finding(one.certainty === 'needed' ? 'missing' : 'lookedFor', one.cpv, one.suggest),
    ),
    ...(report.secondHand ?? [])
      .filter((one) => one.use !== 'through')
      .map((one) => finding('secondHand', one.cpv, one.suggest)),
  ];
}

const show = (one: Finding): string => `${one.section} ${one.variable ?? '?'} ${packageName(one.cpv)}`;

/**
 * Judges one build. `compared`: it was done with `--compare`. A case passes when the status is right, the package is found
 * first and in a right variable, and nothing else is named.
 */
export function judge(
  expect: Expectation,
  report: Report | undefined,
  status: number | 'time-out',
  compared: boolean,
): Judgement {
  const [wanted, fair] = [new Set(expect.package), new Set(expect.alsoOk)];
  const result: Judgement = {
    expected: { package: expect.package, variable: expect.variable, status: expect.status },
    status,
    found: wanted.size === 0 ? '-' : 'no',
    section: null,
    variable: null,
    variableRight: null,
    statusRight:
      expect.status === 'compare' ? status === 30 || (!compared && status === 0) : status === expect.status,
    named: [],
    wrong: [],
    pass: false,
  };
  if (report === undefined || report.error !== undefined) {
    return { ...result, error: report?.error?.message ?? 'no report' };
  }
  let before = 0;
  for (const one of findings(report)) {
    result.named.push(show(one));
    if (one.names.some((name) => wanted.has(name))) {
      if (result.found === 'no') {
        const strong = one.section === 'missing' || expect.status !== 29;
        result.found = before > 0 ? 'later' : strong ? 'first' : 'weak';
        result.section = one.section;
        result.variable = one.variable ?? null;
        result.variableRight =
          expect.variable.length === 0 ||
          (one.variable !== undefined && expect.variable.includes(one.variable));
      }
    } else if (!one.names.some((name) => fair.has(name))) {
      before++;
      result.wrong.push(show(one));
    }
  }
  for (const one of report.unused ?? []) {
    const atom = packageName((one.atom ?? '').replace(/^[<>=~!]+/, '')).replace(/:.*/, '');
    if (!fair.has(packageName(one.cpv ?? atom)) && !fair.has(atom)) {
      result.wrong.push(`unused ${one.variable ?? '?'} ${one.atom ?? one.cpv ?? '?'}`);
    }
  }
  const unprovable = expect.status === 'compare' && !compared && expect.unseen && result.found === 'no';
  const named = unprovable || ['-', 'first'].includes(result.found);
  result.pass = named && result.variableRight !== false && result.statusRight && result.wrong.length === 0;
  return result;
}

/** Sums over the judgements of one corpus. */
export interface Totals {
  cases: number;
  pass: number;
  first: number;
  weak: number;
  later: number;
  no: number;
  variableWrong: number;
  statusWrong: number;
  casesWithWrong: number;
  wrong: number;
  errors: number;
}

/** Sums up judgements. */
export function totals(judgements: readonly Judgement[]): Totals {
  const count = (is: (one: Judgement) => boolean): number => judgements.filter(is).length;
  return {
    cases: judgements.length,
    pass: count((one) => one.pass),
    first: count((one) => one.found === 'first'),
    weak: count((one) => one.found === 'weak'),
    later: count((one) => one.found === 'later'),
    no: count((one) => one.found === 'no'),
    variableWrong: count((one) => one.variableRight === false),
    statusWrong: count((one) => !one.statusRight),
    casesWithWrong: count((one) => one.wrong.length > 0),
    wrong: judgements.reduce((sum, one) => sum + one.wrong.length, 0),
    errors: count((one) => one.error !== undefined),
  };
}

/** One line about a case. */
export function line(name: string, one: Judgement): string {
  const variable =
    one.variableRight === null ? '-' : one.variableRight ? 'ok' : `WRONG ${one.variable ?? '?'}`;
  const wanted = one.expected.status === 'compare' ? 30 : one.expected.status;
  return [
    one.pass ? 'ok  ' : 'BAD ',
    name.padEnd(38),
    `found ${one.found.padEnd(6)} variable ${variable} status ${one.status}${one.statusRight ? '' : ` WANTED ${wanted}`}`,
    ...(one.wrong.length === 0 ? [] : [`wrong ${one.wrong.length}: ${one.wrong.slice(0, 6).join(', ')}`]),
    ...(one.error === undefined ? [] : [`error: ${one.error.split('\n')[0]}`]),
  ].join(' ');
}

/** One line about a corpus. */
export function summary(name: string, sum: Totals): string {
  return (
    `${name}: ${sum.cases} cases, ${sum.pass} pass; found first ${sum.first}, weak ${sum.weak}, later ${sum.later}, no ${sum.no}; ` +
    `variable wrong ${sum.variableWrong}; status wrong ${sum.statusWrong}; cases with wrong names ${sum.casesWithWrong} (${sum.wrong} names); ` +
    `no report ${sum.errors}`
  );
}
