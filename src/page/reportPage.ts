/**
 * The report as one self-contained page that needs neither its script nor colours to be read. The script sorts tables and copies lines; what
 * it needs to be pressed it makes itself.
 */
import { joined, markup, type Markup, type MarkupPart } from '../base/index.js';
import { missingGroups, type Missing, type Report } from '../audit/index.js';
import type { ReportGraph } from '../daemon/index.js';
import { baseStyle, framed, sortableScript } from './frame.js';
import { dependencyGraph } from './graph.js';
import { pictures } from './picture.js';

/**
 * Renders a report as an HTML page.
 *
 * @param graph what is declared, and what that brought in
 * @param status how the build ended, as a shell gives it; undefined: nobody knows
 */
export function reportPage(report: Report, graph: ReportGraph, status?: number): string {
  const title = `lvfs report: ${graph.targets.join(', ')}`;
  const body = markup`<h1>${title}</h1>
${ending(status)}<p class="summary">${summary(report)}</p>
${toDeclare(report)}
<h2>Dependencies</h2>
${pictures(dependencyGraph(report, graph))}
${sections(report, graph)}
<p class="note">Counts are lower bounds: the kernel remembers an answer and asks once.</p>
<p id="said" role="status" class="note"></p>`;
  return framed({ title, style, body, script });
}

function ending(status: number | undefined): Markup | undefined {
  if (status === undefined) return undefined;
  return status === 0
    ? markup`<p class="summary">Built.</p>\n`
    : markup`<p class="summary failed">The build failed with status ${status}.</p>\n`;
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

/** What a reader came for: the lines for the ebuild stand before everything else. */
function toDeclare(report: Report): readonly MarkupPart[] {
  const { missing, isProved, allowed, automagic } = missingGroups(report);
  return [
    missingTable(
      'Missing',
      isProved ? 'The build fails without these, and succeeds with them.' : 'The build gave up over these.',
      missing,
    ),
    missingTable('Allowed', 'Shown by the user, and used.', allowed),
    missingTable('Automagic', 'With these the build comes out differently.', automagic),
  ];
}

function sections(report: Report, { declared }: ReportGraph): Markup {
  const unused = new Set(report.unused.map(({ variable, atom }) => `${variable} ${atom}`));
  const used = declared.filter(({ variable, atom }) => !unused.has(`${variable} ${atom}`));
  const { lookedFor } = missingGroups(report);
  const tables = [
    missingTable('Looked for', 'Hidden, and the build may have gone on without (automagic).', lookedFor),
    table(
      'Second-hand',
      'Used, but visible only because another package brought it in.',
      ['declare', 'package', 'brought in by', 'use', 'evidence'],
      report.secondHand.map((s) => [
        toPaste(s.suggest),
        s.cpv,
        s.from.join(', '),
        s.use === 'direct' ? 'by the sources' : 'through files of other packages',
        code(s.paths),
      ]),
    ),
    table(
      'Unused',
      'Declared, but none of its files was read.',
      ['variable', 'atom', 'package'],
      report.unused.map(({ variable, atom, cpv }) => [variable, code([atom]), cpv]),
    ),
    table(
      'Implicit',
      'Part of @system and used; need not be declared.',
      ['package', 'files', 'evidence'],
      report.implicit.map(({ cpv, hits, paths }) => [cpv, hits, code(paths.slice(0, 3))]),
    ),
    table(
      'Alternatives',
      'Used, where emerge would choose another of an any-of group.',
      ['variable', 'atom', 'package', 'evidence'],
      report.alternatives.map(({ variable, atom, cpv, paths }) => [
        variable,
        code([atom]),
        cpv,
        code(paths.slice(0, 3)),
      ]),
    ),
    table(
      'Declared',
      'Declared, and used.',
      ['variable', 'atom', 'package'],
      used.map(({ variable, atom, cpv }) => [variable, code([atom]), cpv]),
    ),
    table(
      'Hidden by you',
      'Declared, hidden by an option or lvfs deny, and looked for.',
      ['variable', 'atom', 'package', 'evidence'],
      report.hiddenByUser.map(({ variable, atom, cpv, paths }) => [
        variable,
        code([atom]),
        cpv,
        code(paths.slice(0, 3)),
      ]),
    ),
    table(
      'Unowned',
      'Hidden files of no package that were looked for.',
      ['path', 'times', 'processes'],
      report.unowned.map(({ path, hits, processes }) => [code([path]), hits, processes.join(', ')]),
    ),
    table(
      'Ruled out',
      'Looked for in vain, and of no consequence.',
      ['package'],
      (report.ruledOut ?? []).map(({ cpv }) => [cpv]),
    ),
    table(
      'Dismissed',
      'Refused, and no finding.',
      ['package', 'reason', 'evidence', 'processes'],
      report.dismissed.map(({ cpv, reason, paths, processes }) => [
        cpv,
        reason,
        code(paths.slice(0, 3)),
        processes.join(', '),
      ]),
    ),
    table(
      'Ignored',
      'Taken out by the configuration.',
      ['package', 'path', 'reason'],
      report.ignored.map(({ cpv, path, reason }) => [cpv, code([path]), reason]),
    ),
  ];
  return joined(tables, markup`\n`);
}

function missingTable(title: string, explanation: string, list: readonly Missing[]): Markup | undefined {
  return table(
    title,
    explanation,
    ['declare', 'package', 'evidence', 'processes', 'phases'],
    list.map(({ suggest, suggestions, cpv, messages, paths, processes, phases, files = [] }) => [
      [
        toPaste(suggest),
        ...suggestions
          .filter((one) => one.suggest !== suggest)
          .map((one) => markup`<br>or ${toPaste(one.suggest)} <small>${one.reason}</small>`),
      ],
      cpv,
      code([...files.map((file) => `changes ${file}`), ...messages, ...paths]),
      processes.join(', '),
      phases.join(', '),
    ]),
  );
}

function code(lines: readonly string[]): Markup {
  return joined(
    lines.map((line) => markup`<code>${line}</code>`),
    markup`<br>`,
  );
}

/** A line for an ebuild, beside which the script puts a button that copies it. */
function toPaste(line: string): Markup {
  return markup`<code class="paste">${line}</code>`;
}

function table(
  title: string,
  explanation: string,
  head: readonly string[],
  rows: readonly (readonly MarkupPart[])[],
): Markup | undefined {
  if (rows.length === 0) return undefined;
  const id = title.toLowerCase().replaceAll(' ', '-');
  const heads = head.map((cell) => markup`<th scope="col">${cell}</th>`);
  const body = rows.map((cells) => markup`<tr>${cells.map((cell) => markup`<td>${cell}</td>`)}</tr>`);
  return markup`<section><h2 id="${id}">${title} <small>${rows.length}</small></h2><p>${explanation}</p>\
<div class="scroll" tabindex="0" role="group" aria-labelledby="${id}"><table aria-labelledby="${id}"><thead><tr>${heads}</tr></thead><tbody>${body}</tbody></table></div></section>`;
}

const style = `${baseStyle}
.summary { font-size: 1.1rem; } .failed { color: var(--red); font-weight: 700; } .note { color: var(--grey); font-size: .9rem; }
.picture { border: 1px solid var(--rule); border-radius: 8px; }
.open { display: none; } .open:target { display: block; } .open:target ~ .closed { display: none; }
td button { font: inherit; font-size: .8rem; min-height: 24px; margin-left: .4rem; padding: 0 .5rem; color: var(--ink); background: var(--soft); border: 1px solid var(--line); border-radius: 5px; cursor: pointer; }
svg { display: block; } svg text { font: 13px system-ui, sans-serif; fill: var(--ink); } svg text.role { font-size: 11px; fill: var(--grey); }
svg rect { fill: var(--soft); stroke: var(--line); stroke-width: 1.2; } svg path { fill: none; stroke: var(--line); stroke-width: 1.4; }
svg .target rect { stroke: var(--ink); stroke-width: 2; }
svg .missing rect { stroke: var(--red); stroke-width: 2.6; } svg .missing text.role { fill: var(--red); font-weight: 700; } svg path.missing { stroke: var(--red); stroke-dasharray: 7 4; stroke-width: 2; }
svg .probed rect { stroke: var(--red); stroke-dasharray: 3 3; } svg path.probed { stroke: var(--red); stroke-dasharray: 2 5; }
svg .second-hand rect { stroke: var(--amber); stroke-width: 2.6; } svg .second-hand text.role { fill: var(--amber); font-weight: 700; } svg path.second-hand { stroke: var(--amber); stroke-width: 2; }
svg .unused rect { stroke: var(--blue); stroke-dasharray: 6 3; stroke-width: 2; } svg .unused text { fill: var(--grey); } svg path.unused { stroke-dasharray: 6 3; }
svg a:hover rect, svg a:focus rect { fill: var(--paper); } svg a text { text-decoration: underline; } svg rect.button { stroke-dasharray: none; stroke-width: 1; }
@media (max-width: 40rem) { td:has(> .paste) { min-width: 15em; } }
@media print { td button, #said { display: none; } svg { max-width: 100%; height: auto; } svg a text { text-decoration: none; } svg a .role { display: none; } td:has(> .paste) { min-width: 15em; } td:has(> .paste) + td { min-width: 10em; } }
`;

const script = `${sortableScript}
for (const table of document.querySelectorAll('table')) sortable(table);
const said = document.getElementById('said');
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}
for (const code of document.querySelectorAll('code.paste')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'copy';
  button.setAttribute('aria-label', 'copy ' + code.textContent);
  code.after(button);
  button.addEventListener('click', async () => {
    const done = await copy(code.textContent);
    button.focus();
    button.textContent = done ? 'copied' : 'select it by hand';
    said.textContent = (done ? 'Copied: ' : 'Not copied: ') + code.textContent;
  });
}
`;

/** What a page that embeds this one has to allow. */
export const reportCode = { style, script };
