/**
 * The page with all verdicts of a run: a table that can be read without its script, which sorts and filters it. Nothing is loaded from
 * elsewhere.
 */
import { createHash } from 'node:crypto';
import { escapeMarkup } from '../../base/index.js';
import { countsOf, type Verdict } from './verdict.js';

/**
 * Sorts by the column that is clicked on, the other way round by a second click; shows the rows in which every word that is typed stands,
 * and which have the verdict that is chosen. What is chosen is kept in the address, so that it can be passed on.
 */
const script = `
const body = document.querySelector('tbody');
const rows = [...body.rows];
const [words, verdict, count] = ['words', 'verdict', 'count'].map((id) => document.getElementById(id));
const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
let order = '';
function save() {
  const state = new URLSearchParams({ words: words.value, verdict: verdict.value, order });
  try { history.replaceState(null, '', '#' + state); } catch { location.hash = state; }
}
function filter() {
  const wanted = words.value.toLowerCase().split(/\\s+/);
  let shown = 0;
  for (const row of rows) {
    const fits = (verdict.value === '' || row.dataset.verdict === verdict.value) &&
      wanted.every((word) => texts.get(row).includes(word));
    row.hidden = !fits;
    if (fits) shown++;
  }
  count.textContent = shown + ' of ' + rows.length;
}
const compare = new Intl.Collator('en', { numeric: true }).compare;
const heads = [...document.querySelectorAll('th')];
function sort(column, direction) {
  order = column + ' ' + direction;
  for (const head of heads) head.removeAttribute('aria-sort');
  heads[column].setAttribute('aria-sort', direction);
  const sign = direction === 'ascending' ? 1 : -1;
  const keys = new Map(rows.map((row) => [row, row.cells[column].textContent]));
  rows.sort((a, b) => sign * compare(keys.get(a), keys.get(b)));
  body.append(...rows);
}
for (const [column, head] of heads.entries()) {
  head.addEventListener('click', () => {
    sort(column, head.getAttribute('aria-sort') === 'ascending' ? 'descending' : 'ascending');
    save();
  });
}
const given = new URLSearchParams(location.hash.slice(1));
words.value = given.get('words') ?? '';
verdict.value = given.get('verdict') ?? '';
const [column, direction] = (given.get('order') ?? '').split(' ');
if (heads[column] !== undefined) sort(column, direction);
for (const input of [words, verdict]) {
  input.addEventListener('input', () => {
    filter();
    save();
  });
}
filter();
`;

const style = `
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem; color: #222; background: #fff; }
table { border-collapse: collapse; }
td, th { padding: 0.2rem 1rem 0.2rem 0; text-align: left; vertical-align: top; }
th { cursor: pointer; position: sticky; top: 0; background: #fff; }
th[aria-sort=ascending]::after { content: ' ▲'; }
th[aria-sort=descending]::after { content: ' ▼'; }
[data-verdict=failed] td:nth-child(2), [data-verdict=error] td:nth-child(2) { color: #b00020; font-weight: bold; }
[data-verdict=undeclared] td:nth-child(2) { color: #8a5a00; font-weight: bold; }
[data-verdict=clean] td:nth-child(2) { color: #1b6e2a; }
.known { opacity: 0.6; }
form { margin: 1rem 0; }
@media (prefers-color-scheme: dark) { body, th { color: #ddd; background: #181818; } a { color: #8ab4f8; } }
`;

/**
 * Makes the page.
 *
 * @param left targets that were not checked
 */
export function indexPage(verdicts: readonly Verdict[], left: readonly string[]): string {
  const hash = createHash('sha256').update(script).digest('base64');
  const notChecked = left.length === 0 ? '' : `, ${left.length} not checked`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'">
<title>lvfs check</title>
<style>${style}</style>
</head>
<body>
<h1>lvfs check</h1>
<p>${escapeMarkup(countsOf(verdicts))}${notChecked}</p>
<form>
<input id="words" type="search" placeholder="words" aria-label="words that a row has to have" autofocus>
<select id="verdict" aria-label="verdict"><option value="">all verdicts</option>${options}</select>
<output id="count"></output>
</form>
<table>
<thead><tr><th>target</th><th>verdict</th><th>why</th><th>seconds</th><th>log</th></tr></thead>
<tbody>
${[...verdicts.map(row), ...left.map(leftRow)].join('\n')}
</tbody>
</table>
<script>${script}</script>
</body>
</html>
`;
}

const options = ['clean', 'undeclared', 'failed', 'error', 'not checked']
  .map((word) => `<option>${word}</option>`)
  .join('');

function row({ target, targets, verdict, says, seconds, known, files }: Verdict): string {
  const name = targets.length === 1 ? (targets[0] ?? target) : target;
  const link = (file: string | undefined, text: string): string =>
    file === undefined
      ? text
      : `<a href="${escapeMarkup(file.split('/').map(encodeURIComponent).join('/'))}">${text}</a>`;
  const mark = known === true ? ' class="known"' : '';
  const cells = [
    link(files?.page, escapeMarkup(name)),
    verdict,
    escapeMarkup(says) + (known === true ? ' (known)' : ''),
    String(seconds ?? ''),
    files === undefined ? '' : link(files.log, 'log'),
  ];
  return `<tr data-verdict="${verdict}"${mark}>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
}

function leftRow(target: string): string {
  return `<tr data-verdict="not checked"><td>${escapeMarkup(target)}</td><td>not checked</td><td></td><td></td><td></td></tr>`;
}
