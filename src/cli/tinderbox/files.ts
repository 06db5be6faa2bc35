/** The verdicts of `lvfs check` as files for other programs. */
import { joined, markup, type Markup } from '../../base/index.js';
import { baseStyle, framed, reportCode, sortableScript, verdictStyle } from '../../page/index.js';
import type { Verdict } from './verdict.js';

/**
 * JUnit XML as CI systems read it: one test case for each target.
 *
 * @param left targets that were not checked
 */
export function junit(verdicts: readonly Verdict[], left: readonly string[]): string {
  const cases = [
    ...verdicts.map(testCase),
    ...left.map(
      (target) =>
        markup`  <testcase classname="lvfs" name="${target}"><skipped message="interrupted"/></testcase>\n`,
    ),
  ];
  const count = (...words: readonly Verdict['verdict'][]): number =>
    verdicts.filter(({ verdict, known }) => known !== true && words.includes(verdict)).length;
  const known = verdicts.filter((one) => one.known === true).length;
  const skipped = left.length + known === 0 ? undefined : markup` skipped="${left.length + known}"`;
  return markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="lvfs check" tests="${cases.length}" failures="${count('failed', 'undeclared')}" errors="${count('error')}"${skipped}>
${cases}</testsuite>
`.text;
}

function testCase(one: Verdict): Markup {
  const { target, targets, seconds = 0 } = one;
  const name = targets.length === 0 ? target : targets.join(' ');
  const open = markup`  <testcase classname="lvfs" name="${name}" time="${seconds}"`;
  const body = caseBody(one);
  return body === undefined ? markup`${open}/>\n` : markup`${open}>${body}</testcase>\n`;
}

function caseBody({ verdict, says, details, failure, error, known }: Verdict): Markup | undefined {
  if (verdict === 'clean') return undefined;
  if (known === true) return markup`<skipped message="known: ${says}"/>`;
  // There is no build, or it could not be checked as it was asked for.
  if (verdict === 'error') return markup`<error message="${says}">${error?.hint}</error>`;
  const why = markup`<failure message="${says}" type="${verdict}">${details.join('\n')}</failure>`;
  return markup`${why}<system-out>${failure?.output}</system-out>`;
}

/**
 * One page with a table of all verdicts and the reports below it; `left` as for {@link junit}.
 *
 * @param pageOf the page of a verdict's report, where there is one
 */
export function checkPage(
  verdicts: readonly Verdict[],
  left: readonly string[],
  pageOf: (verdict: Verdict) => string | undefined,
): string {
  const rows = [
    ...verdicts.map(
      ({ target, verdict, says, seconds }, i) =>
        markup`<tr data-verdict="${verdict}"><td><a href="#t${i}">${target}</a></td><td>${verdict}</td><td>${says}</td><td>${seconds}</td></tr>`,
    ),
    ...left.map(
      (target) => markup`<tr><td>${target}</td><td>not checked: interrupted</td><td></td><td></td></tr>`,
    ),
  ];
  const reports = verdicts.map((one, i) => {
    const { target, says } = one;
    const page = pageOf(one);
    const body =
      page === undefined
        ? markup`<p>${says}</p>`
        : markup`<iframe sandbox="allow-scripts" title="${target}" srcdoc="${page}"></iframe>`;
    return markup`<section id="t${i}" aria-labelledby="h${i}"><h2 id="h${i}">${target}</h2>${body}</section>`;
  });
  const heads = ['target', 'verdict', 'why', 'seconds'].map((head) => markup`<th scope="col">${head}</th>`);
  return framed({
    title: 'lvfs check',
    style: checkStyle,
    script: checkScript,
    embeds: reportCode,
    body: markup`<h1>lvfs check</h1>
<div class="narrow" tabindex="0" role="group" aria-label="verdicts"><table><thead><tr>${heads}</tr></thead><tbody>
${joined(rows, newLine)}
</tbody></table></div>
${joined(reports, newLine)}`,
  });
}

const newLine = markup`\n`;

const checkStyle = `${baseStyle}${verdictStyle}
iframe { width: 100%; height: 40rem; border: 1px solid var(--rule); }
`;

const checkScript = `${sortableScript}
sortable(document.querySelector('table'));
`;
