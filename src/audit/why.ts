/** Says of a package why it stands in a report, and why where it does; or why it does not. */
import type { PackageId } from '../base/index.js';
import { isPackage } from '../base/index.js';
import type { Missing, Report, SecondHand } from './findings.js';

/**
 * One sentence for each place of a report that speaks of a package; empty when none does.
 *
 * @param name cpv or `category/name`
 */
export function whyInReport(report: Report, name: string): string[] {
  const of = <T extends { cpv: PackageId }>(list: readonly T[]): T[] =>
    list.filter(({ cpv }) => isPackage(cpv, name));
  return [
    ...of(report.missing).map(whyMissing),
    ...of(report.secondHand).map(whySecondHand),
    ...of(report.unused).map(
      ({ cpv, variable, atom }) =>
        `${cpv} is unused: ${variable} has ${atom}, and nobody read any of its files.`,
    ),
    ...of(report.implicit).map(
      ({ cpv, paths }) =>
        `${cpv} need not be declared: it is part of @system, and was used (${paths[0] ?? ''}).`,
    ),
    ...of(report.alternatives).map(
      ({ cpv, variable, atom, paths }) =>
        `${cpv} is declared (${variable}: ${atom}, one of several) and was used (${paths[0] ?? ''}), although emerge would choose another.`,
    ),
    ...of(report.hiddenByUser).map(
      ({ cpv, variable, atom, paths }) =>
        `${cpv} is declared (${variable}: ${atom}) and hidden by you; it was looked for (${paths[0] ?? ''}).`,
    ),
    ...of(report.dismissed).map(
      ({ cpv, reason, paths, processes }) =>
        `${cpv} is no finding, although ${who(processes)} looked for ${paths[0] ?? 'it'}: ${reason}.`,
    ),
    ...of(report.ruledOut ?? []).map(
      ({ cpv }) => `${cpv} was looked for and is of no consequence: with it the build comes out the same.`,
    ),
    ...of(report.ignored).map(({ cpv, path, reason }) => `${cpv} is ignored (${path}): ${reason}.`),
  ];
}

function who(processes: readonly string[]): string {
  return processes.length === 0 ? 'somebody' : processes.slice(0, 3).join(', ');
}

function whyMissing({
  cpv,
  certainty,
  proved,
  files,
  messages,
  paths,
  processes,
  phases,
  ended,
}: Missing): string {
  const where = phases.length === 0 ? '' : ` (${phases.join(', ')})`;
  const looked = `${who(processes)} looked for ${paths[0] ?? 'it'}${where}`;
  if (proved === true && (files ?? []).length > 0)
    return `${cpv} makes a difference: built with and without it, ${(files ?? [])[0] ?? ''} differs; ${looked}.`;
  if (proved === true)
    return `${cpv} is needed: without it the build fails, and with it it does not; ${looked}.`;
  if (certainty === 'allowed')
    return `${cpv} is visible only because you have shown it, and was used: ${paths[0] ?? ''}.`;
  if (certainty === 'needed') {
    const said =
      messages[0] === undefined ? endedText(ended) : `and somebody gave up over it: ${messages[0]}`;
    return `${cpv} is needed: ${looked}, ${said}`;
  }
  return `${cpv} was looked for: ${looked}, and the build may have gone on without it. To know, build with --compare.`;
}

/** Who ended next, as the end of a sentence. */
export function endedText(ended: Missing['ended'] = []): string {
  const all = ended.map(
    ({ process, status }, i) => `${process} ${i === 0 ? 'ended ' : ''}with status ${status}`,
  );
  return all.length === 0 ? 'and the build failed' : `and next ${all.join(', then ')}`;
}

function whySecondHand({ cpv, use, from, paths, processes }: SecondHand): string {
  const brought = `only ${from.join(', ')} brought it in`;
  return use === 'direct'
    ? `${cpv} is used by the target's own instructions (${who(processes)}: ${paths[0] ?? ''}), and ${brought}.`
    : `${cpv} is used only because a file of another package leads to ${paths[0] ?? 'it'}; ${brought}, which is in order.`;
}
