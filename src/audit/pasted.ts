/**
 * A report as texts that are ready to be pasted into a bug: for Bugzilla, which takes plain text, and as Markdown. What they quote of the
 * machine is made impersonal first.
 */
import { packageName } from '../base/index.js';
import type { Missing, Report } from './findings.js';

/** What is known of the build beside its report. */
export interface PastedBuild {
  /** cpvs. */
  readonly targets: readonly string[];
  /** How it ended; null: that is not known. */
  readonly status: number | null;
  /** Of lvfs. */
  readonly version: string;
  /** What emerge --info says of the machine; empty when it was not asked. */
  readonly info: readonly string[];
}

/** Who and where somebody is, as it stands in paths and messages. */
export interface Person {
  readonly home: string;
  readonly user: string;
  readonly host: string;
}

/** Portage's directories for one build, as it names those below them (PMS 11.1), with what stands before them. */
const buildDirectory = /(?:\/[^\s:"'()]+)?\/portage\/[\w+.-]+\/[\w+.-]+\/(?=(?:work|temp|image|homedir)\b)/g;

/** A text without the home directories and names of whoever has it made, nor where it was built. */
export function impersonal(text: string, { home, user, host }: Person): string {
  let said = text.replace(buildDirectory, '');
  // Root's home says nothing, and is a word of many messages.
  if (home.length > 1 && home !== '/root') said = said.replaceAll(home, '~');
  said = said.replace(/\/home\/[^/\s:"')]+/g, '~');
  if (user !== '' && user !== 'root') said = said.replaceAll(wholeWord(user), 'user');
  if (host.length > 2 && host !== 'localhost') said = said.replaceAll(wholeWord(host), 'host');
  return said;
}

function wholeWord(word: string): RegExp {
  return new RegExp(`(?<![\\w.-])${word.replaceAll(/[^\w]/g, '\\$&')}(?![\\w-])`, 'g');
}

/** The summary of a bug. */
export function bugSummary(
  { missing, secondHand }: Report,
  { targets, status }: Pick<PastedBuild, 'targets' | 'status'>,
): string {
  const target = targets.join(' ');
  const lines = declarations({ missing, secondHand });
  if (lines.length === 0) {
    const probed = [...new Set(missing.map(({ cpv }) => packageName(cpv)))];
    if (status !== null && status !== 0) return `${target}: fails to build with status ${status}`;
    if (probed.length === 0) return `${target}: declares all that its build uses`;
    const more = probed.length > 1 ? ` and ${probed.length - 1} more` : '';
    return `${target}: looks for ${probed[0] ?? ''}${more}, which it does not declare`;
  }
  const [first = ''] = lines;
  const [, variable = 'DEPEND', atom = first] = /^(\w+)="(.*)"$/s.exec(first) ?? [];
  return `${target}: missing ${variable} on ${atom}${lines.length > 1 ? ` and ${lines.length - 1} more` : ''}`;
}

/** Lines for the ebuild; what was only looked for is no reason for one. */
function declarations({ missing, secondHand }: Pick<Report, 'missing' | 'secondHand'>): string[] {
  const lines = [
    ...missing.filter((one) => one.certainty !== 'probed' || one.proved === true),
    ...secondHand.filter(({ use }) => use === 'direct'),
  ];
  return [...new Set(lines.map(({ suggest }) => suggest))];
}

interface Section {
  readonly title: string;
  readonly text?: string;
  /** One point each, with what belongs to it. */
  readonly points?: readonly (readonly [point: string, details: readonly string[]])[];
  readonly quoted?: readonly string[];
}

function sectionsOf(report: Report, { status, version, info }: PastedBuild): Section[] {
  const ended = status === null ? '' : status === 0 ? ' It succeeded.' : ` It failed with status ${status}.`;
  const declare = declarations(report);
  const missing = report.missing.filter((one) => one.certainty !== 'probed' || one.proved === true);
  const probed = report.missing.filter((one) => !missing.includes(one));
  const direct = report.secondHand.filter(({ use }) => use === 'direct');
  return [
    {
      title: 'What was done',
      text:
        `The package was built by lvfs ${version} in a view of the root in which only the files of its declared build dependencies, of what ` +
        `these need to run, and of @system exist.${ended}`,
    },
    ...(declare.length === 0 ? [] : [{ title: 'To be declared', quoted: declare }]),
    ...(missing.length === 0 ? [] : [{ title: 'Evidence', points: missing.map(evidence) }]),
    ...(direct.length === 0
      ? []
      : [
          {
            title: 'Used, and there only because of others',
            points: direct.map(
              ({ cpv, from, paths, processes }) =>
                [
                  `${cpv}, because of ${from.map(packageName).join(', ')}`,
                  [...paths.slice(0, 3), ...(processes.length === 0 ? [] : [`by ${processes.join(', ')}`])],
                ] as const,
            ),
          },
        ]),
    ...(probed.length === 0
      ? []
      : [
          {
            title: 'Looked for in vain; the build went on without',
            points: probed.map(({ cpv, paths }) => [cpv, paths.slice(0, 2)] as const),
          },
        ]),
    ...(info.length === 0 ? [] : [{ title: 'emerge --info', quoted: info }]),
  ];
}

function evidence(one: Missing): readonly [string, readonly string[]] {
  const { cpv, proved, certainty, files = [], messages, paths, processes, phases } = one;
  const said =
    proved !== true
      ? { needed: 'a tool gave up over it', allowed: 'it was shown, and used', probed: 'it was looked for' }[
          certainty
        ]
      : files.length > 0
        ? `with it and without it the result differs: ${files.slice(0, 3).join(' ')}`
        : 'the build fails without it, and succeeds with it';
  const who = processes.length === 0 ? [] : [`looked for by ${processes.join(', ')}`];
  const where = phases.length === 0 ? [] : [`in ${phases.map((phase) => `src_${phase}`).join(', ')}`];
  const by = [...who, ...where].join(' ');
  return [`${cpv}: ${said}`, [...messages.slice(0, 3), ...paths.slice(0, 3), ...(by === '' ? [] : [by])]];
}

/** As Markdown; what is quoted is code, so that nothing of it is taken for markup. */
export function reportMarkdown(report: Report, build: PastedBuild): string {
  const code = (text: string): string => {
    const fence = '`'.repeat(1 + Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length)));
    const pad = text.startsWith('`') || text.endsWith('`') ? ' ' : '';
    return `${fence}${pad}${text}${pad}${fence}`;
  };
  const parts = sectionsOf(report, build).map(({ title, text, points = [], quoted = [] }) =>
    [
      `## ${title}`,
      '',
      ...(text === undefined ? [] : [text]),
      ...points.flatMap(([point, details]) => [`- ${point}`, ...details.map((one) => `  - ${code(one)}`)]),
      ...(quoted.length === 0 ? [] : ['```', ...quoted, '```']),
    ].join('\n'),
  );
  return [`# ${bugSummary(report, build)}`, ...parts].join('\n\n') + '\n';
}

/** As plain text for Bugzilla, the summary first. */
export function reportBugzilla(report: Report, build: PastedBuild): string {
  const parts = sectionsOf(report, build).map(({ title, text, points = [], quoted = [] }) =>
    [
      `${title}:`,
      ...(text === undefined ? [] : [text]),
      ...points.flatMap(([point, details]) => [`* ${point}`, ...details.map((one) => `    ${one}`)]),
      ...quoted.map((line) => `  ${line}`),
    ].join('\n'),
  );
  return [`Summary: ${bugSummary(report, build)}`, ...parts].join('\n\n') + '\n';
}
