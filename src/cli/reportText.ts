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
  const section = (title: string, explanation: string, text: string): void => {
    parts.push(`${title} ${dim(explanation)}\n${text}`);
  };
  const missingRows = (list: readonly Missing[]): string =>
    list
      .map((one) => {
        const ended = one.ended === undefined ? '' : ` was looked for, ${endedText(one.ended)}`;
        const evidence = one.messages[0] ?? `${one.paths[0] ?? ''}${ended}`;
        const who = [displayText(one.processes.slice(0, 3).join(', ')), one.phases.join(', ')].filter(
          (text) => text !== '',
        );
        const [first, ...others] = one.suggestions;
        const choice =
          first === undefined || others.length === 0
            ? ''
            : dim(
                `\n    ${[first.reason, ...others.slice(0, mostOthers).map((other) => `or ${other.suggest}: ${other.reason}`)].join('; ')}`,
              );
        const files = (one.files ?? []).length === 0 ? '' : `\n    changes ${shorten(one.files ?? [])}`;
        return `  ${bold(one.suggest)}\n    ${one.cpv}: ${evidence}${who.length === 0 ? '' : dim(` (${who.join('; ')})`)}${choice}${files}`;
      })
      .join('\n');
  if (missing.length > 0) {
    const why = isProved
      ? 'the build fails without these, and succeeds with them'
      : 'the build gave up over these';
    section(red('Missing:'), `${why}; declare them`, missingRows(missing));
  }
  if (allowed.length > 0)
    section(red('Allowed:'), 'shown by you, and used; declare them', missingRows(allowed));
  if (automagic.length > 0) {
    section(
      yellow('Automagic:'),
      'with these the build comes out differently; declare them, or have the ebuild switch them off',
      missingRows(automagic),
    );
  }
  if (lookedFor.length > 0) {
    section(
      yellow('Looked for:'),
      'hidden, and the build may have gone on without (automagic)',
      missingRows(lookedFor),
    );
  }
  if (report.secondHand.length > 0) {
    section(
      yellow('Second-hand:'),
      'used, but visible only because something else brought it in',
      report.secondHand
        .map(
          (one) =>
            `  ${bold(one.suggest)}\n    ${one.cpv}, through ${one.from.join(', ')}: ${one.paths[0] ?? ''}` +
            (one.use === 'through' ? dim(' (only from files of other packages)') : ''),
        )
        .join('\n'),
    );
  }
  if (report.unused.length > 0) {
    section(
      'Unused:',
      'declared, but nothing of it was read',
      report.unused.map(({ variable, atom, cpv }) => `  ${variable}: ${atom} ${dim(`(${cpv})`)}`).join('\n'),
    );
  }
  if (report.implicit.length > 0) {
    section(
      'Implicit:',
      '@system packages that were used',
      `  ${report.implicit.map(({ cpv }) => cpv).join(' ')}`,
    );
  }
  if (report.alternatives.length > 0) {
    section(
      'Alternatives:',
      'used, where emerge would choose another of an any-of group',
      report.alternatives
        .map(
          ({ variable, atom, cpv, paths }) => `  ${variable}: ${atom} ${dim(`(${cpv}: ${paths[0] ?? ''})`)}`,
        )
        .join('\n'),
    );
  }
  if (report.unowned.length > 0) {
    const shown = report.unowned.slice(0, 20);
    const rows = shown.map(({ path, hits, processes }) => [
      `  ${path}`,
      String(hits),
      displayText(processes.join(', ')),
    ]);
    const more = report.unowned.length - shown.length;
    section(
      'Unowned:',
      'files of no package that were looked for',
      table(['  path', 'times', 'by'], rows, output, [1]) + (more > 0 ? dim(`\n  and ${more} more`) : ''),
    );
  }
  if (report.ruledOut !== undefined && report.ruledOut.length > 0) {
    const names = report.ruledOut.map(({ cpv }) => cpv).join(' ');
    section('Ruled out:', 'looked for in vain, and of no consequence', dim(`  ${names}`));
  }
  if (report.hiddenByUser.length > 0) {
    section(
      'Hidden by you:',
      'declared, and looked for in vain',
      report.hiddenByUser
        .map(({ variable, atom, cpv }) => `  ${variable}: ${atom} ${dim(`(${cpv})`)}`)
        .join('\n'),
    );
  }
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
