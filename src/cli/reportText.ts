/** The report for people and for programs. */
import { endedText, missingGroups, type Missing, type Report } from '../audit/index.js';
import type { Output } from './output.js';
import { table } from './table.js';
import { displayText } from './text.js';

/** `lvfs report --json`: lists as in docs/json.md. */
export function reportJson(report: Report): Record<string, unknown> {
  return { ...report };
}

/** Other lines for the ebuild that are shown beside the likeliest. */
const mostOthers = 3;

/** The whole report for a terminal; one line when there is nothing to say. */
export function reportText(report: Report, output: Pick<Output, 'colors'>): string {
  const { bold, dim, red, yellow } = output.colors;
  const { missing, isProved, allowed, automagic, lookedFor } = missingGroups(report);
  const parts: string[] = [];
  /** What has no rows is not told of. */
  const section = (title: string, explanation: string, rows: readonly string[]): void => {
    if (rows.length > 0) parts.push(`${title} ${dim(explanation)}\n${rows.join('\n')}`);
  };
  const missingSection = (title: string, explanation: string, list: readonly Missing[]): void =>
    section(
      title,
      explanation,
      list.map((one) => missingText(one, output)),
    );
  const why = isProved
    ? 'the build fails without these, and succeeds with them'
    : 'the build gave up over these';
  missingSection(red('Missing:'), `${why}; declare them`, missing);
  missingSection(red('Allowed:'), 'shown by you, and used; declare them', allowed);
  missingSection(
    yellow('Automagic:'),
    'with these the build comes out differently; declare them, or have the ebuild switch them off',
    automagic,
  );
  missingSection(
    yellow('Looked for:'),
    'hidden, and the build may have gone on without (automagic)',
    lookedFor,
  );
  section(
    yellow('Second-hand:'),
    'used, but visible only because something else brought it in',
    report.secondHand.map(
      (one) =>
        `  ${bold(one.suggest)}\n    ${one.cpv}, through ${one.from.join(', ')}: ${one.paths[0] ?? ''}` +
        (one.use === 'through' ? dim(' (only from files of other packages)') : ''),
    ),
  );
  section(
    'Unused:',
    'declared, but nothing of it was read',
    report.unused.map(({ variable, atom, cpv }) => `  ${variable}: ${atom} ${dim(`(${cpv})`)}`),
  );
  const oneLine = (list: readonly { cpv: string }[]): string[] =>
    list.length === 0 ? [] : [`  ${list.map(({ cpv }) => cpv).join(' ')}`];
  section('Implicit:', '@system packages that were used', oneLine(report.implicit));
  section(
    'Alternatives:',
    'used, where emerge would choose another of an any-of group',
    report.alternatives.map(
      ({ variable, atom, cpv, paths }) => `  ${variable}: ${atom} ${dim(`(${cpv}: ${paths[0] ?? ''})`)}`,
    ),
  );
  section('Unowned:', 'files of no package that were looked for', unownedRows(report, output));
  section(
    'Ruled out:',
    'looked for in vain, and of no consequence',
    oneLine(report.ruledOut ?? []).map((line) => dim(line)),
  );
  section(
    'Hidden by you:',
    'declared, and looked for in vain',
    report.hiddenByUser.map(({ variable, atom, cpv }) => `  ${variable}: ${atom} ${dim(`(${cpv})`)}`),
  );
  if (parts.length > 0 && report.dismissed.length > 0) {
    const names = report.dismissed.map(({ cpv }) => cpv);
    parts.push(
      dim(
        `No finding, with the reason in lvfs report --why and --json: ${names.slice(0, 8).join(' ')}${names.length > 8 ? ' …' : ''}`,
      ),
    );
  }
  if (report.ignored.length > 0)
    parts.push(dim(`${report.ignored.length} findings are ignored by the configuration.`));
  if (parts.length === 0) return 'Nothing hidden was looked for, and all that was declared was used.';
  return parts.join('\n\n');
}

function shorten(paths: readonly string[]): string {
  return paths.slice(0, 3).join(' ') + (paths.length > 3 ? ` and ${paths.length - 3} more` : '');
}

/** What is told of a package that is missing, or may be. */
function missingText(one: Missing, { colors: { bold, dim } }: Pick<Output, 'colors'>): string {
  const ended = one.ended === undefined ? '' : ` was looked for, ${endedText(one.ended)}`;
  const evidence = one.messages[0] ?? `${one.paths[0] ?? ''}${ended}`;
  const who = [displayText(one.processes.slice(0, 3).join(', ')), one.phases.join(', ')].filter(
    (text) => text !== '',
  );
  const [first, ...others] = one.suggestions;
  const shown = others.slice(0, mostOthers).map((other) => `or ${other.suggest}: ${other.reason}`);
  const choice =
    first === undefined || shown.length === 0 ? '' : dim(`\n    ${[first.reason, ...shown].join('; ')}`);
  const files = (one.files ?? []).length === 0 ? '' : `\n    changes ${shorten(one.files ?? [])}`;
  return `  ${bold(one.suggest)}\n    ${one.cpv}: ${evidence}${who.length === 0 ? '' : dim(` (${who.join('; ')})`)}${choice}${files}`;
}

/** Files of no package that are told of. */
const mostUnowned = 20;

function unownedRows({ unowned }: Report, output: Pick<Output, 'colors'>): string[] {
  if (unowned.length === 0) return [];
  const rows = unowned
    .slice(0, mostUnowned)
    .map(({ path, hits, processes }) => [`  ${path}`, String(hits), displayText(processes.join(', '))]);
  const more = unowned.length - rows.length;
  const text = table(['  path', 'times', 'by'], rows, output, [1]);
  return more > 0 ? [text, output.colors.dim(`  and ${more} more`)] : [text];
}
