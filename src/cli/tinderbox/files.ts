/** The verdicts of `lvfs check` as files for other programs. */
import { escapeMarkup } from '../base/index.js';
import { endOfOutput } from './buildOutput.js';
import { verdictWords, type Verdict } from './verdictWords.js';

/** Characters of a build's output that go into JUnit XML. */
const outputInJunit = 10_000;

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
        `  <testcase classname="lvfs" name="${escapeMarkup(target)}"><skipped message="interrupted"/></testcase>`,
    ),
  ];
  const failures = verdicts.filter(({ verdict }) => verdict === 'failed' || verdict === 'undeclared').length;
  const errors = verdicts.filter(({ verdict }) => verdict === 'error').length;
  const skipped = left.length === 0 ? '' : ` skipped="${left.length}"`;
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n` +
    `<testsuite name="lvfs check" tests="${cases.length}" failures="${failures}" errors="${errors}"${skipped}>\n` +
    `${cases.join('\n')}\n</testsuite>\n`
  );
}

function testCase({ target, verdict, outcome, error }: Verdict): string {
  const name = outcome?.targets.join(' ') ?? target;
  const time = outcome?.seconds ?? 0;
  const open = `  <testcase classname="lvfs" name="${escapeMarkup(name)}" time="${time}"`;
  if (verdict === 'clean') return `${open}/>`;
  if (outcome === undefined)
    return `${open}><error message="${escapeMarkup(error?.message ?? '')}">${escapeMarkup(error?.hint ?? '')}</error></testcase>`;
  const { says } = verdictWords(outcome);
  // It was built, and could not be checked as it was asked for.
  if (verdict === 'error') return `${open}><error message="${escapeMarkup(says)}"/></testcase>`;
  const lines = [
    ...outcome.report.missing.map(({ suggest, certainty }) => `${certainty}: ${suggest}`),
    ...outcome.report.secondHand.map(({ suggest }) => `second-hand: ${suggest}`),
    ...outcome.logs.map((log) => `log: ${log}`),
  ];
  return (
    `${open}><failure message="${escapeMarkup(says)}" type="${verdict}">${escapeMarkup(lines.join('\n'))}</failure>` +
    `<system-out>${escapeMarkup(endOfOutput(outcome, outputInJunit))}</system-out></testcase>`
  );
}

/** One page with a table of all verdicts and the reports below it; `left` as for {@link junit}. */
export function checkPage(verdicts: readonly Verdict[], left: readonly string[]): string {
  const rows = [
    ...verdicts.map(
      ({ target, verdict, outcome }, i) =>
        `<tr class="${verdict}"><td><a href="#t${i}">${escapeMarkup(target)}</a></td><td>${verdict}</td><td>${escapeMarkup(outcome === undefined ? '' : verdictWords(outcome).says)}</td><td>${outcome?.seconds ?? ''}</td></tr>`,
    ),
    ...left.map(
      (target) =>
        `<tr><td>${escapeMarkup(target)}</td><td>not checked: interrupted</td><td></td><td></td></tr>`,
    ),
  ];
  const reports = verdicts.map(({ target, outcome, error }, i) => {
    const body =
      outcome?.html === undefined
        ? `<p>${escapeMarkup(error?.message ?? '')}</p>`
        : `<iframe sandbox title="${escapeMarkup(target)}" srcdoc="${escapeMarkup(outcome.html)}"></iframe>`;
    return `<section id="t${i}"><h2>${escapeMarkup(target)}</h2>${body}</section>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>lvfs check</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem; color: #222; background: #fff; }
td, th { padding: 0.2rem 1rem 0.2rem 0; text-align: left; }
.failed td:nth-child(2), .error td:nth-child(2) { color: #b00020; font-weight: bold; }
.undeclared td:nth-child(2) { color: #8a5a00; font-weight: bold; }
.clean td:nth-child(2) { color: #1b6e2a; }
iframe { width: 100%; height: 40rem; border: 1px solid #ccc; }
</style>
</head>
<body>
<h1>lvfs check</h1>
<table><thead><tr><th>target</th><th>verdict</th><th>why</th><th>seconds</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table>
${reports.join('\n')}
</body>
</html>
`;
}
