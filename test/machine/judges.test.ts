/** The judge of verdicts here, and the one beside the project. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import test from 'ava';
import { needed, part, probed } from '../helpers/judging.js';
import { readCorpora } from '../verdict/corpora.js';
import { judge, type Expectation, type Judgement, type Report } from '../verdict/judge.js';

const shared = resolve(import.meta.dirname, '../../../../shared/verdict');
const why = existsSync(join(shared, 'run')) ? undefined : `skipped: no ${shared}`;

/** What the other judge wants to find of a case that it has not come to yet. */
const unjudged = { found: '-', variableRight: null, statusRight: true, wrong: [], pass: false, seconds: 1 };

/** Reports of all kinds, for any case. */
function* reports(expect: Expectation): Generator<{ report: Report; status: number }> {
  const names = [expect.package[0] ?? 'dev-libs/some', expect.alsoOk[0] ?? 'dev-libs/fair', 'dev-libs/wrong'];
  const variables = [expect.variable[0] ?? 'DEPEND', 'IDEPEND'];
  for (const status of [0, 29, 30]) {
    yield { report: {}, status };
    for (const variable of variables) {
      for (const name of names) {
        yield { report: { missing: [needed(name, variable)] }, status };
        yield { report: { missing: [needed('dev-libs/wrong'), probed(name, variable)] }, status };
        yield {
          report: { missing: [needed(names[1] ?? '')], secondHand: [{ cpv: `${name}-1`, use: 'direct' }] },
          status,
        };
        yield { report: { secondHand: [{ cpv: `${name}-1`, use: 'through' }] }, status };
        yield {
          report: { missing: [probed(name)], unused: [{ atom: `>=${name}-1`, cpv: `${name}-1` }] },
          status,
        };
      }
    }
  }
}

(why === undefined ? test : test.skip)(
  `the judge beside the project says the same${why === undefined ? '' : ` (${why})`}`,
  (t) => {
    const cases = readCorpora(shared).flatMap((one) => one.cases);
    t.true(cases.length > 0);
    const place = mkdtempSync(join(tmpdir(), 'lvfs-judge-'));
    try {
      // One report a case each time, so that every report meets every kind of expectation without a run of the other for each.
      const most = Math.max(...cases.map(({ expect }) => [...reports(expect)].length));
      for (let turn = 0; turn < most; turn += 7) {
        for (const compared of [false, true]) {
          const given = cases.map((one, at) => {
            const all = [...reports(one.expect)];
            return { one, ...(all[(turn + at) % all.length] ?? { report: {}, status: 0 }) };
          });
          const file = join(place, 'results.json');
          const old = given.map(
            ({ one, report, status }) => [one.key, { ...unjudged, report, status }] as const,
          );
          writeFileSync(file, JSON.stringify({ cases: Object.fromEntries(old) }));
          const env = { ...process.env, PORTAGE_TMPDIR: place, PKGDIR: join(place, 'bin') };
          const args = ['--rejudge', '--json', file, ...(compared ? ['--compare'] : [])];
          try {
            execFileSync(join(shared, 'run'), args, { env, stdio: 'ignore' });
          } catch {
            // it exits 1 when a case fails
          }
          const theirs = (JSON.parse(readFileSync(file, 'utf8')) as { cases: Record<string, Judgement> })
            .cases;
          for (const { one, report, status } of given) {
            const ours = part(judge(one.expect, report, status, compared));
            const other = theirs[one.key];
            t.deepEqual(
              { ...ours, wrong: ours.wrong?.length },
              other && { ...part(other), wrong: other.wrong.length },
              `${one.key} ${JSON.stringify(report)} ${status}`,
            );
          }
        }
      }
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  },
);
