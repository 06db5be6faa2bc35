/**
 * Judges the verdict of `lvfs build` on ebuilds whose fault is known, under real Portage:
 * `npm run verdict [-- OPTION... [CORPUS | CASE]...]`. README.md says what the corpora are and how is judged.
 * Prints a line a case, a line a corpus, and last "N passed, N failed, N skipped"; exits 1 when a case failed or a job ended early, 2 on wrong usage.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { reasonNotToMount } from '../helpers/withMemoryMount.js';
import { readCorpora, type Case, type Corpus } from './corpora.js';
import type { Order, Outcome } from './inside.js';
import { JobEnded, runOrders } from './jobs.js';
import { judge, line, summary, totals, type Judgement, type Report } from './judge.js';

const usage = `usage: npm run verdict -- [OPTION...] [CORPUS | CASE]...

Builds each case with "lvfs build" as a Gentoo system with real Portage, and judges the report. Without names: all.

  --list          only print the names of the cases
  --quick         only the cases that continuous integration runs
  --jobs N        cases at a time (the number of processors, 2 at most)
  --timeout S     seconds a case (600)
  --compare       build with --compare
  --facts         judge no report: does what is forgotten make the build succeed? Only cases that forget something
  --json FILE     write judgements and reports here
  --logs DIR      keep what each build printed, and the packages made`;

/** This file runs from dist/test/verdict; ebuilds and expectations are not compiled. */
const project = resolve(import.meta.dirname, '../../..');
const own = join(project, 'test/verdict');
const shared = resolve(project, '../shared/verdict');
const enter = resolve(project, '../shared/portage/enter');

/** Prefix of the corpora that are kept beside the project, which have a judge of their own. */
const sharedPrefix = 'shared-';

function reasonNotToBuild(): string | undefined {
  if (!existsSync(enter)) return `no ${enter}, which makes this machine a Gentoo system`;
  return reasonNotToMount();
}

/** The cases that were asked for, in the order of the corpora; throws on a name that nothing has. */
function select(corpora: readonly Corpus[], names: readonly string[], quick: boolean): Case[] {
  const cases = corpora.flatMap((one) => one.cases);
  const matches = (one: Case, name: string): boolean =>
    one.key === name || one.key.startsWith(`${name}/`) || one.key.endsWith(`/${name}`);
  const strange = names.find((name) => !cases.some((one) => matches(one, name)));
  if (strange !== undefined) throw new TypeError(`${strange}: no such corpus or case`);
  return cases.filter(
    (one) => (names.length === 0 || names.some((name) => matches(one, name))) && (!quick || one.quick),
  );
}

/** Brings the sources into `directory`, and returns those that could not be had, with the reason. */
function fetchSources(sources: readonly string[], directory: string): Map<string, string> {
  if (sources.length === 0) return new Map();
  const { stdout, error } = spawnSync(enter, ['--', join(own, 'fetch'), directory, ...sources], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (error !== undefined) return new Map(sources.map((source) => [source, error.message]));
  const said = new Map(
    stdout.split('\n').map((text) => [text.replace(/:.*/, ''), text.replace(/^.*?: /, '')]),
  );
  return new Map(
    sources.filter((one) => said.get(one) !== 'fetched').map((one) => [one, said.get(one) ?? 'not fetched']),
  );
}

interface Options {
  jobs: number;
  timeout: number;
  compare: boolean;
  facts: boolean;
  logs: string | undefined;
  json: string | undefined;
}

/** What came of the cases; `passed` without a judgement is a fact that was confirmed, or not. */
interface Results {
  passed: Map<string, boolean>;
  judged: Map<string, Judgement>;
  skipped: Map<string, string>;
}

/** What is built for a case: under `--facts` with what it forgets. */
function orderFor(one: Case, options: Options): Order {
  const [forgotten = ''] = one.expect.package;
  const order: Order = {
    key: one.key,
    atom: one.atom,
    features: one.features,
    options: options.facts ? ['--with', forgotten] : options.compare ? ['--compare'] : [],
    timeout: options.timeout,
    ...(options.logs === undefined ? {} : { logs: options.logs }),
  };
  if (options.facts || !one.key.startsWith(sharedPrefix)) return order;
  const key = one.key.slice(sharedPrefix.length);
  return { ...order, judge: { program: join(shared, 'run'), key, compare: options.compare } };
}

/** Builds and judges the cases, and prints as it goes. */
async function run(corpora: readonly Corpus[], cases: readonly Case[], options: Options): Promise<Results> {
  const scratch = mkdtempSync(join(tmpdir(), 'lvfs-verdict-'));
  const results: Results = { passed: new Map(), judged: new Map(), skipped: new Map() };
  const outcomes = new Map<string, Outcome>();
  try {
    const distfiles = join(scratch, 'distfiles');
    const absent = fetchSources([...new Set(cases.map((one) => one.source))].filter(Boolean), distfiles);
    const byKey = new Map(cases.map((one) => [one.key, one]));
    for (const one of cases) {
      const reason = absent.get(one.source);
      if (reason !== undefined) results.skipped.set(one.key, reason);
    }
    const orders = cases.filter((one) => !results.skipped.has(one.key)).map((one) => orderFor(one, options));
    const lvfs = process.env['LVFS'];
    const entrance = {
      command: [enter, ...corpora.flatMap((one) => ['--overlay', one.directory]), '--'],
      inside: join(import.meta.dirname, 'inside.js'),
      setup: {
        lvfs:
          lvfs === undefined ? [process.execPath, join(project, 'dist/src/cli/main.js')] : lvfs.split(' '),
        ...(existsSync(distfiles) ? { distfiles } : {}),
      },
    };
    await runOrders(orders, options.jobs, entrance, (order, outcome) => {
      const expect = byKey.get(order.key)?.expect;
      if (expect === undefined) return;
      outcomes.set(order.key, outcome);
      if (options.facts) {
        const builds = (outcome.report as Report | undefined)?.status === 0;
        results.passed.set(order.key, builds);
        const words = `${builds ? 'builds' : 'does not build'} ${order.options.join(' ')}`;
        console.log(`${builds ? 'ok  ' : 'BAD '} ${order.key.padEnd(38)} ${words}  (${outcome.seconds} s)`);
      } else {
        const judgement =
          (outcome.judged as Judgement | undefined) ??
          judge(expect, outcome.report as Report | undefined, outcome.status, options.compare);
        results.judged.set(order.key, judgement);
        results.passed.set(order.key, judgement.pass);
        console.log(`${line(order.key, judgement)}  (${outcome.seconds} s)`);
      }
      if (outcome.stderr !== undefined) console.log(outcome.stderr.trimEnd().replace(/^/gm, '       '));
    });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
    if (options.json !== undefined) {
      const all = [...outcomes].map(([key, one]) => [key, { ...one, ...results.judged.get(key) }] as const);
      writeFileSync(options.json, `${JSON.stringify({ cases: Object.fromEntries(all) }, null, 1)}\n`);
    }
  }
  return results;
}

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: {
      list: { type: 'boolean' },
      quick: { type: 'boolean' },
      jobs: { type: 'string' },
      timeout: { type: 'string' },
      compare: { type: 'boolean' },
      facts: { type: 'boolean' },
      json: { type: 'string' },
      logs: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
    allowPositionals: true,
  });
  if (values.help === true) {
    console.log(usage);
    return 0;
  }
  const number = (name: 'jobs' | 'timeout', otherwise: number): number => {
    const value = Number(values[name] ?? otherwise);
    if (!Number.isInteger(value) || value < 1) throw new TypeError(`--${name}: a number above 0`);
    return value;
  };
  const options: Options = {
    jobs: number('jobs', Math.min(2, availableParallelism())),
    timeout: number('timeout', 600),
    compare: values.compare === true,
    facts: values.facts === true,
    logs: values.logs === undefined ? undefined : resolve(values.logs),
    json: values.json === undefined ? undefined : resolve(values.json),
  };
  const corpora = [...readCorpora(own), ...readCorpora(shared, sharedPrefix)];
  const selected = select(corpora, positionals, values.quick === true);
  const cases = options.facts ? selected.filter((one) => one.expect.package.length > 0) : selected;
  if (values.list === true) {
    for (const one of cases) console.log(one.key);
    return 0;
  }
  if (!existsSync(shared)) console.log(`skipped: ${sharedPrefix}*: no ${shared}`);
  const reason = reasonNotToBuild();
  if (reason !== undefined) {
    console.log(`skipped: ${reason}`);
    console.log(`0 passed, 0 failed, ${cases.length} skipped`);
    return 0;
  }
  const { passed, judged, skipped } = await run(corpora, cases, options);
  for (const [key, why] of skipped) console.log(`skip ${key}: ${why}`);
  console.log();
  for (const { name, cases: all } of corpora) {
    const mine = all.flatMap((one) => judged.get(one.key) ?? []);
    if (mine.length > 0) console.log(summary(name, totals(mine)));
  }
  const good = [...passed.values()].filter((one) => one).length;
  console.log(`${good} passed, ${passed.size - good} failed, ${skipped.size} skipped`);
  return good === passed.size ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof TypeError || error instanceof JobEnded)) throw error;
  const ended = error instanceof JobEnded;
  console.error(`verdict: ${error.message}${ended ? '' : `\n${usage}`}`);
  process.exitCode = ended ? 1 : 2;
}
