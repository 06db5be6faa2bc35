/** The verdicts of `lvfs check` as files for other programs. */
import type { Verdict } from './commands/check.js';

function escape(text: string): string {
  // XML 1.0 has no place for most control characters, escaped or not.
  return text
    .replace(/[^\t\n\r\x20-\uFFFD]/gu, '\uFFFD')
    .replace(/[&<>"']/g, (char) => `&#${char.codePointAt(0) ?? 0};`);
}

/** JUnit XML as CI systems read it: one test case for each target. */
export function junit(verdicts: readonly Verdict[]): string {
  const cases = verdicts.map((one) => {
    const { target, outcome, error } = one;
    const name = outcome?.targets.join(' ') ?? target;
    const time = outcome?.seconds ?? 0;
    const open = `  <testcase classname="lvfs" name="${escape(name)}" time="${time}"`;
    if (one.verdict === 'clean') return `${open}/>`;
    if (one.verdict === 'error')
      return `${open}><error message="${escape(error?.message ?? '')}"/></testcase>`;
    const lines = [
      ...(outcome?.report.missing ?? []).map(({ suggest, certainty }) => `${certainty}: ${suggest}`),
      ...(outcome?.report.secondHand ?? []).map(({ suggest }) => `second-hand: ${suggest}`),
    ];
    const message =
      one.verdict === 'failed'
        ? `the build failed with status ${outcome?.status ?? 0}`
        : 'undeclared dependencies';
    const tail = outcome?.output.slice(-10_000) ?? '';
    return (
      `${open}><failure message="${escape(message)}" type="${one.verdict}">${escape(lines.join('\n'))}</failure>` +
      `<system-out>${escape(tail)}</system-out></testcase>`
    );
  });
  const failures = verdicts.filter(({ verdict }) => verdict === 'failed' || verdict === 'undeclared').length;
  const errors = verdicts.filter(({ verdict }) => verdict === 'error').length;
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n` +
    `<testsuite name="lvfs check" tests="${verdicts.length}" failures="${failures}" errors="${errors}">\n` +
    `${cases.join('\n')}\n</testsuite>\n`
  );
}

/** One page with a table of all verdicts and the reports below it. */
export function checkPage(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(
    ({ target, verdict, outcome }, i) =>
      `<tr class="${verdict}"><td><a href="#t${i}">${escape(target)}</a></td><td>${verdict}</td><td>${outcome?.seconds ?? ''}</td></tr>`,
  );
  const reports = verdicts.map(({ target, outcome, error }, i) => {
    const body =
      outcome?.html === undefined
        ? `<p>${escape(error?.message ?? '')}</p>`
        : `<iframe sandbox title="${escape(target)}" srcdoc="${escape(outcome.html)}"></iframe>`;
    return `<section id="t${i}"><h2>${escape(target)}</h2>${body}</section>`;
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
<table><thead><tr><th>target</th><th>verdict</th><th>seconds</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table>
${reports.join('\n')}
</body>
</html>
`;
}
