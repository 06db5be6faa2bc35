/**
 * The report as one self-contained page: no script, nothing loaded from elsewhere, readable without colours.
 */
import { escapeMarkup, type Told } from '../base/index.js';
import type { Missing, Report, ReportInput } from './findings.js';
import { missingGroups } from './missingGroups.js';
import { type BroughtIn } from './findings.js';

/** What a package is in the picture. */
/** What is drawn beside a report. */
export interface Drawn extends Pick<ReportInput, 'targets' | 'declared'> {
  readonly visible: ReadonlyMap<string, readonly Told<BroughtIn>[]>;
}

type Role = 'target' | 'declared' | 'unused' | 'missing' | 'probed' | 'second-hand' | 'link';

interface Box {
  cpv: string;
  role: Role;
  column: number;
  row: number;
}

interface Edge {
  from: string;
  to: string;
  label: string;
  role: Role;
}

/** Boxes shown at the most; a graph larger than that explains nothing. */
const maxBoxes = 80;

const roleText: Readonly<Record<Role, string>> = {
  target: 'target',
  declared: 'declared',
  unused: 'declared, unused',
  missing: 'MISSING',
  probed: 'looked for',
  'second-hand': 'SECOND-HAND',
  link: 'brings it in',
};

/** Size of a box and the space around it, in CSS pixels. */
const geometry = { width: 230, height: 44, columnGap: 90, rowGap: 16, margin: 16 };

/**
 * Renders a report as an HTML page.
 *
 * @param status how the build ended, as a shell gives it; undefined: nobody knows
 */
export function reportHtml(report: Report, input: Drawn, status?: number): string {
  const title = `lvfs report: ${input.targets.join(', ')}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeMarkup(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escapeMarkup(title)}</h1>
${ending(status)}<p class="summary">${summary(report)}</p>
<h2>Dependencies</h2>
${picture(report, input)}
${sections(report)}
<p class="note">Counts are lower bounds: the kernel remembers an answer and asks once.</p>
</body>
</html>
`;
}

function ending(status: number | undefined): string {
  if (status === undefined) return '';
  return status === 0
    ? '<p class="summary">Built.</p>\n'
    : `<p class="summary failed">The build failed with status ${status}.</p>\n`;
}

/** The same numbers as in the heads of the sections. */
function summary(report: Report): string {
  const { missing, automagic, lookedFor } = missingGroups(report);
  const parts = [
    `${missing.length} missing`,
    ...(automagic.length === 0 ? [] : [`${automagic.length} automagic`]),
    `${lookedFor.length} looked for`,
    `${report.secondHand.length} second-hand`,
    `${report.unused.length} unused`,
  ];
  return parts.join(' · ');
}

function picture(report: Report, input: Drawn): string {
  const { boxes, edges, left } = layout(report, input);
  if (boxes.length === 0) return '<p>Nothing to draw.</p>';
  const { width, height, columnGap, rowGap, margin } = geometry;
  const x = (column: number) => margin + column * (width + columnGap);
  const y = (row: number) => margin + row * (height + rowGap);
  const place = new Map(boxes.map((box) => [box.cpv, box]));
  const lines = edges.flatMap(({ from, to, label, role }) => {
    const [a, b] = [place.get(from), place.get(to)];
    if (a === undefined || b === undefined) return [];
    const [x1, y1, x2, y2] = [x(a.column) + width, y(a.row) + height / 2, x(b.column), y(b.row) + height / 2];
    const bend = Math.max(30, Math.abs(x2 - x1) / 2);
    return [
      `<path class="${role}" d="M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}"><title>${escapeMarkup(`${from} → ${to}: ${label}`)}</title></path>`,
    ];
  });
  const nodes = boxes.map(
    ({ cpv, role, column, row }) =>
      `<g class="${role}" transform="translate(${x(column)} ${y(row)})"><title>${escapeMarkup(`${cpv}: ${roleText[role]}`)}</title>` +
      `<rect width="${width}" height="${height}" rx="6"/><text x="10" y="18">${escapeMarkup(shorten(cpv))}</text>` +
      `<text class="role" x="10" y="35">${roleText[role]}</text></g>`,
  );
  const columns = Math.max(...boxes.map(({ column }) => column)) + 1;
  const rows = Math.max(...boxes.map(({ row }) => row)) + 1;
  const [w, h] = [x(columns) - columnGap + margin, y(rows) - rowGap + margin];
  const rest = left > 0 ? `<p class="note">${left} more packages are not drawn.</p>` : '';
  return `<div class="picture"><svg role="img" aria-label="Dependency graph" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}">${lines.join('')}${nodes.join('')}</svg></div>${rest}`;
}

function shorten(cpv: string): string {
  return cpv.length <= 32 ? cpv : `${cpv.slice(0, 15)}…${cpv.slice(-16)}`;
}

/** Targets on the left, what they declare or miss beside them, then the chains that lead to second-hand packages. */
function layout(report: Report, input: Drawn) {
  const roles = new Map<string, { role: Role; column: number }>();
  const edges: Edge[] = [];
  for (const cpv of input.targets) roles.set(cpv, { role: 'target', column: 0 });
  for (const { cpv, certainty } of report.missing) {
    const role = certainty === 'needed' ? 'missing' : 'probed';
    roles.set(cpv, { role, column: 1 });
    for (const target of input.targets) edges.push({ from: target, to: cpv, label: 'not declared', role });
  }
  for (const { cpv } of report.secondHand) {
    const chain = chainTo(cpv, input);
    chain.forEach((link, depth) => {
      const known = roles.get(link.to);
      const role = link.to === cpv ? 'second-hand' : (known?.role ?? (depth === 0 ? 'declared' : 'link'));
      roles.set(link.to, { role, column: Math.max(known?.column ?? 0, depth + 1) });
      edges.push({ ...link, role: link.to === cpv ? 'second-hand' : 'link' });
    });
  }
  const unused = new Set(report.unused.map(({ cpv }) => cpv));
  for (const { cpv, variable, atom } of input.declared) {
    const role = unused.has(cpv) ? 'unused' : 'declared';
    if (!roles.has(cpv)) roles.set(cpv, { role, column: 1 });
    for (const target of input.targets)
      edges.push({ from: target, to: cpv, label: `${variable} ${atom}`, role });
  }
  const rows = new Map<number, number>();
  const all = [...roles];
  const boxes = all.slice(0, maxBoxes).map(([cpv, { role, column }]): Box => {
    const row = rows.get(column) ?? 0;
    rows.set(column, row + 1);
    return { cpv, role, column, row };
  });
  const seen = new Set<string>();
  const distinct = edges.filter(({ from, to }) => !seen.has(`${from}\0${to}`) && seen.add(`${from}\0${to}`));
  return { boxes, edges: distinct, left: all.length - boxes.length };
}

/** The shortest chain from a target to a package, target first; empty when only @system or an option brings it in. */
function chainTo(
  cpv: string,
  { targets, visible }: Pick<Drawn, 'targets' | 'visible'>,
): { from: string; to: string; label: string }[] {
  const [target] = targets;
  if (target === undefined) return [];
  const next = new Map<string, { to: string; label: string }>();
  let front = [cpv];
  const seen = new Set(front);
  while (front.length > 0) {
    const further: string[] = [];
    for (const to of front) {
      for (const { from, variable, atom } of visible.get(to) ?? []) {
        const label = `${variable} ${atom}`;
        if (from === 'target') {
          const chain = [{ from: target, to, label }];
          for (let at = next.get(to), here = to; at !== undefined; here = at.to, at = next.get(at.to))
            chain.push({ from: here, to: at.to, label: at.label });
          return chain;
        }
        if (seen.has(from) || !visible.has(from)) continue;
        seen.add(from);
        next.set(from, { to, label });
        further.push(from);
      }
    }
    front = further;
  }
  return [];
}

function sections(report: Report): string {
  const { missing, isProved, allowed, automagic, lookedFor } = missingGroups(report);
  return [
    missingTable(
      'Missing',
      isProved ? 'The build fails without these, and succeeds with them.' : 'The build gave up over these.',
      missing,
    ),
    missingTable('Allowed', 'Shown by the user, and used.', allowed),
    missingTable('Automagic', 'With these the build comes out differently.', automagic),
    missingTable('Looked for', 'Hidden, and the build may have gone on without (automagic).', lookedFor),
    table(
      'Second-hand',
      'Used, but visible only because another package brought it in.',
      ['declare', 'package', 'brought in by', 'use', 'evidence'],
      report.secondHand.map((s) => [
        code([s.suggest]),
        escapeMarkup(s.cpv),
        escapeMarkup(s.from.join(', ')),
        s.use === 'direct' ? 'by the sources' : 'through files of other packages',
        code(s.paths),
      ]),
    ),
    table(
      'Unused',
      'Declared, but none of its files was read.',
      ['variable', 'atom', 'package'],
      report.unused.map(({ variable, atom, cpv }) => [
        escapeMarkup(variable),
        code([atom]),
        escapeMarkup(cpv),
      ]),
    ),
    table(
      'Implicit',
      'Part of @system and used; need not be declared.',
      ['package', 'files', 'evidence'],
      report.implicit.map(({ cpv, hits, paths }) => [
        escapeMarkup(cpv),
        String(hits),
        code(paths.slice(0, 3)),
      ]),
    ),
    table(
      'Alternatives',
      'Used, where emerge would choose another of an any-of group.',
      ['variable', 'atom', 'package', 'evidence'],
      report.alternatives.map(({ variable, atom, cpv, paths }) => [
        escape(variable),
        code([atom]),
        escape(cpv),
        code(paths.slice(0, 3)),
      ]),
    ),
    table(
      'Unowned',
      'Hidden files of no package that were looked for.',
      ['path', 'times', 'processes'],
      report.unowned.map(({ path, hits, processes }) => [
        code([path]),
        String(hits),
        escapeMarkup(processes.join(', ')),
      ]),
    ),
    table(
      'Ruled out',
      'Looked for in vain, and of no consequence.',
      ['package'],
      (report.ruledOut ?? []).map(({ cpv }) => [escapeMarkup(cpv)]),
    ),
    table(
      'Ignored',
      'Taken out by the configuration.',
      ['package', 'path', 'reason'],
      report.ignored.map(({ cpv, path, reason }) => [escapeMarkup(cpv), code([path]), escapeMarkup(reason)]),
    ),
  ].join('\n');
}

function missingTable(title: string, explanation: string, list: readonly Missing[]): string {
  return table(
    title,
    explanation,
    ['declare', 'package', 'evidence', 'processes', 'phases'],
    list.map(({ suggest, cpv, messages, paths, processes, phases, files = [] }) => [
      code([suggest]),
      escapeMarkup(cpv),
      code([...files.map((file) => `changes ${file}`), ...messages, ...paths]),
      escapeMarkup(processes.join(', ')),
      escapeMarkup(phases.join(', ')),
    ]),
  );
}

function code(lines: readonly string[]): string {
  return lines.map((line) => `<code>${escapeMarkup(line)}</code>`).join('<br>');
}

function table(
  title: string,
  explanation: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  if (rows.length === 0) return '';
  const row = (cells: readonly string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
  return `<section><h2>${title} <small>${rows.length}</small></h2><p>${explanation}</p><div class="scroll"><table><thead>${row(head, 'th')}</thead><tbody>${rows.map((cells) => row(cells, 'td')).join('')}</tbody></table></div></section>`;
}

const style = `
:root { color-scheme: light dark; --ink: #1c1b22; --paper: #fdfdfb; --line: #b9b7c4; --soft: #f0eff4; --red: #b3261e; --amber: #8a5a00; --blue: #245fa8; --grey: #66646f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e6ef; --paper: #17161c; --line: #4a4855; --soft: #24222b; --red: #ff8a80; --amber: #ffc46b; --blue: #8ab8f5; --grey: #a09dab; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .3rem; } h2 small { color: var(--grey); font-weight: normal; }
.summary { font-size: 1.1rem; } .failed { color: var(--red); font-weight: 700; } .note { color: var(--grey); font-size: .9rem; }
.picture, .scroll { overflow-x: auto; }
.picture { border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line); } th { color: var(--grey); font-weight: 600; }
code { font: .88em ui-monospace, monospace; overflow-wrap: anywhere; }
svg text { font: 13px system-ui, sans-serif; fill: var(--ink); } svg text.role { font-size: 11px; fill: var(--grey); }
svg rect { fill: var(--soft); stroke: var(--line); stroke-width: 1.2; } svg path { fill: none; stroke: var(--line); stroke-width: 1.4; }
svg g.target rect { stroke: var(--ink); stroke-width: 2; }
svg g.missing rect { stroke: var(--red); stroke-width: 2.6; } svg g.missing text.role { fill: var(--red); font-weight: 700; } svg path.missing { stroke: var(--red); stroke-dasharray: 7 4; stroke-width: 2; }
svg g.probed rect { stroke: var(--red); stroke-dasharray: 3 3; } svg path.probed { stroke: var(--red); stroke-dasharray: 2 5; }
svg g.second-hand rect { stroke: var(--amber); stroke-width: 2.6; } svg g.second-hand text.role { fill: var(--amber); font-weight: 700; } svg path.second-hand { stroke: var(--amber); stroke-width: 2; }
svg g.unused rect { stroke: var(--blue); stroke-dasharray: 6 3; stroke-width: 2; } svg g.unused text { fill: var(--grey); } svg path.unused { stroke-dasharray: 6 3; }
`;
