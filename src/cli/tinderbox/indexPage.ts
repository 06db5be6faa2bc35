/**
 * The page with all verdicts of a run: a table that can be read without its script, which sorts and filters it. Nothing is loaded from
 * elsewhere.
 */
import { joined, markup, type Markup, type MarkupPart } from '../../base/index.js';
import { baseStyle, framed, sortableScript, verdictStyle } from '../../page/index.js';
import { countsOf, type Verdict } from './verdict.js';

/**
 * Sorts by the column whose head is pressed; shows the rows in which every word that is typed stands, and which have the verdict that is
 * chosen. What is chosen is kept in the address, so that it can be passed on. The form is of no use without, and hidden until then.
 */
const script = `${sortableScript}
const table = document.querySelector('table');
const rows = [...table.tBodies[0].rows];
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
const sort = sortable(table, (column, direction) => {
  order = column + ' ' + direction;
  save();
});
const given = new URLSearchParams(location.hash.slice(1));
words.value = given.get('words') ?? '';
verdict.value = given.get('verdict') ?? '';
order = given.get('order') ?? '';
const [column, direction] = order.split(' ');
if (order !== '') sort(column, direction);
for (const input of [words, verdict]) {
  input.addEventListener('input', () => {
    filter();
    save();
  });
}
document.querySelector('form').addEventListener('submit', (event) => event.preventDefault());
document.querySelector('form').hidden = false;
filter();
`;

const style = `${baseStyle}
thead th { position: sticky; top: 0; background: var(--paper); }
${verdictStyle}
.known td { font-style: italic; }
form { margin: 1rem 0; } input, select { font: inherit; min-height: 24px; }
@media print { form { display: none; } thead th { position: static; } }
`;

/**
 * Makes the page.
 *
 * @param left targets that were not checked
 */
export function indexPage(verdicts: readonly Verdict[], left: readonly string[]): string {
  const notChecked = left.length === 0 ? '' : `, ${left.length} not checked`;
  const body = markup`<h1>lvfs check</h1>
<p>${countsOf(verdicts)}${notChecked}</p>
<form hidden>
<input id="words" type="search" placeholder="words" aria-label="words that a row has to have">
<select id="verdict" aria-label="verdict"><option value="">all verdicts</option>${options}</select>
<output id="count"></output>
</form>
<div class="narrow" tabindex="0" role="group" aria-label="verdicts"><table>
<thead><tr>${['target', 'verdict', 'why', 'seconds', 'log'].map((head) => markup`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>
${joined([...verdicts.map(row), ...left.map(leftRow)], markup`\n`)}
</tbody>
</table></div>`;
  return framed({ title: 'lvfs check', style, body, script });
}

const options = ['clean', 'undeclared', 'failed', 'error', 'not checked'].map(
  (word) => markup`<option>${word}</option>`,
);

function row({ target, targets, verdict, says, seconds, known, files }: Verdict): Markup {
  const name = targets.length === 1 ? (targets[0] ?? target) : target;
  const link = (file: string | undefined, text: MarkupPart): MarkupPart =>
    file === undefined
      ? text
      : markup`<a href="${file.split('/').map(encodeURIComponent).join('/')}">${text}</a>`;
  const mark = known === true ? markup` class="known"` : undefined;
  const cells = [
    link(files?.page, name),
    verdict,
    says + (known === true ? ' (known)' : ''),
    seconds,
    files === undefined ? undefined : link(files.log, markup`log<span class="unseen"> of ${name}</span>`),
  ];
  return markup`<tr data-verdict="${verdict}"${mark}>${cells.map((cell) => markup`<td>${cell}</td>`)}</tr>`;
}

function leftRow(target: string): Markup {
  return markup`<tr data-verdict="not checked"><td>${target}</td><td>not checked</td><td></td><td></td><td></td></tr>`;
}
