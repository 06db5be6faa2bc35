/** What the pages of lvfs have in common: one file, nothing loaded from elsewhere, and a policy that keeps it so. */
import { createHash } from 'node:crypto';
import { markup, Markup } from '../base/index.js';

/** A page; `style` and `script` are code as it stands in it. */
export interface Page {
  readonly title: string;
  readonly style: string;
  readonly body: Markup;
  /** Nothing that is said may depend on it. */
  readonly script: string;
  /** Code of a page that stands in a frame of this one: there it needs the leave of both. */
  readonly embeds?: Pick<Page, 'style' | 'script'>;
}

/** The whole page. What runs and what styles it is named by its hash, so nothing else does, whatever a name brings along. */
export function framed({ title, style, body, script, embeds }: Page): string {
  const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const hashes = (of: 'style' | 'script'): string =>
    [of === 'style' ? style : script, ...(embeds === undefined ? [] : [embeds[of]])].map(hash).join(' ');
  const policy = `default-src 'none'; style-src ${hashes('style')}; script-src ${hashes('script')}; base-uri 'none'; form-action 'none'`;
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<main>
${body}
</main>
<script>${new Markup(script)}</script>
</body>
</html>
`.text;
}

/** Colours by role rather than by value, dark where the reader likes it so, and black on white on paper. */
export const baseStyle = `
:root { color-scheme: light dark; --ink: #1c1b22; --paper: #fdfdfb; --line: #8f8d9c; --rule: #d5d3de; --soft: #f0eff4; --red: #b3261e; --amber: #7d5200; --green: #1b6e2a; --blue: #245fa8; --grey: #5c5a66; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e6ef; --paper: #17161c; --line: #757382; --rule: #3a3844; --soft: #24222b; --red: #ff8a80; --amber: #ffc46b; --green: #7fd58d; --blue: #8ab8f5; --grey: #aaa7b6; } }
@media print { :root { color-scheme: light; --ink: #000; --paper: #fff; --line: #777; --rule: #bbb; --soft: #fff; --red: #a01010; --amber: #6b4600; --green: #14541f; --blue: #1a4a85; --grey: #444; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; line-height: 1.3; margin: 0; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin: 2rem 0 .3rem; } small { color: var(--grey); font-weight: normal; }
a { color: var(--blue); } .unseen { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; white-space: nowrap; } code { font: .88em ui-monospace, monospace; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--rule); } th { color: var(--grey); font-weight: 600; }
th button { all: unset; cursor: pointer; display: inline-block; min-height: 24px; } th button::after { content: ' ↕'; } th[aria-sort=ascending] button::after { content: ' ▲'; } th[aria-sort=descending] button::after { content: ' ▼'; }
:focus-visible, th button:focus-visible { outline: 2px solid var(--blue); outline-offset: 2px; }
.scroll { overflow-x: auto; }
@media (max-width: 40rem) { .narrow { overflow-x: auto; position: relative; } .narrow > table { min-width: 34rem; } body { margin: 1rem auto; padding: 0 .7rem; } .scroll > table { min-width: 34rem; } }
@media print { body { max-width: none; margin: 0; font-size: 10pt; } .scroll { overflow: visible; } tr { break-inside: avoid; } h2 { break-after: avoid; } th button::after { content: '' !important; } }
`;

/** Colours of the rows of a table of verdicts, whose second column says them in words. */
export const verdictStyle = `
[data-verdict=failed] td:nth-child(2), [data-verdict=error] td:nth-child(2) { color: var(--red); font-weight: bold; }
[data-verdict=undeclared] td:nth-child(2) { color: var(--amber); font-weight: bold; }
[data-verdict=clean] td:nth-child(2) { color: var(--green); }
`;

/**
 * Code that makes a table's heads into buttons that sort by their columns, the other way round by a second press:
 * `sortable(table, changed)` returns the function that sorts. Figures are compared as such.
 */
export const sortableScript = `
const compare = new Intl.Collator('en', { numeric: true }).compare;
function sortable(table, changed) {
  const [body] = table.tBodies;
  const heads = [...table.tHead.rows[0].cells];
  function sort(column, direction) {
    for (const head of heads) head.removeAttribute('aria-sort');
    heads[column].setAttribute('aria-sort', direction);
    const sign = direction === 'descending' ? -1 : 1;
    const keys = [...body.rows].map((row) => [row.cells[column].textContent, row]);
    keys.sort(([a], [b]) => sign * compare(a, b));
    body.append(...keys.map(([, row]) => row));
  }
  for (const [column, head] of heads.entries()) {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => {
      const direction = head.getAttribute('aria-sort') === 'ascending' ? 'descending' : 'ascending';
      sort(column, direction);
      changed?.(column, direction);
    });
  }
  return (column, direction) => { if (heads[column] !== undefined) sort(column, direction); };
}
`;
