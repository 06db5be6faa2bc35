/**
 * The half of the judge that runs where real Portage is: reads cases from standard input, one JSON line each, builds them
 * with `lvfs build --json`, and answers each with the status and the report in one JSON line. The end of standard input ends
 * it, a build that is running included.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** What is to be built. */
export interface Order {
  key: string;
  atom: string;
  features: string;
  /** Options of `lvfs build`. */
  options: string[];
  /** Seconds after which the build is ended. */
  timeout: number;
  /** A judge of the case's own, called with a file for its results and the key; its results are passed on. */
  judge?: { program: string; key: string; compare: boolean };
  /** Where to keep what the build printed, and the binary package that it made. */
  logs?: string;
}

/** What came of it. */
export interface Outcome {
  status: number | 'time-out';
  seconds: number;
  report?: unknown;
  /** The judgement of the case's own judge. */
  judged?: unknown;
  /** The end of what lvfs said, when there is no report. */
  stderr?: string;
}

/** What is given to the program beside its standard input. */
export interface Setup {
  /** The program and arguments that stand for `lvfs`. */
  lvfs: string[];
  /** Sources of the cases, which are copied to where Portage looks for them. */
  distfiles?: string;
}

const work = '/var/tmp/verdict';
const packages = join(work, 'packages');
let running: ChildProcess | undefined;

/** Ends the process group of what is running; TERM first, so that lvfs takes its view away. */
function end(signal: NodeJS.Signals): void {
  if (running?.pid === undefined) return;
  try {
    process.kill(-running.pid, signal);
  } catch {
    // it has ended by itself
  }
}

interface Ended {
  status: number | 'time-out';
  out: string;
  err: string;
}

async function run(command: readonly string[], env: NodeJS.ProcessEnv, timeout: number): Promise<Ended> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  running = child;
  let [out, err, late] = ['', '', false];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const timers = [
    setTimeout(() => ((late = true), end('SIGTERM')), timeout * 1000),
    setTimeout(() => end('SIGKILL'), (timeout + 20) * 1000),
  ];
  const status = await new Promise<number>((done) => {
    child.once('error', (error) => ((err += error.message), done(127)));
    child.once('close', (code) => done(code ?? -1));
  });
  timers.forEach(clearTimeout);
  running = undefined;
  return { status: late ? 'time-out' : status, out, err };
}

/** The last line of the output that is a report; lvfs prints one JSON object. */
function reportIn(out: string): unknown {
  for (const line of out.trimEnd().split('\n').reverse()) {
    if (!line.startsWith('{')) continue;
    try {
      return JSON.parse(line) as unknown;
    } catch {
      // a line of the build that looks like it
    }
  }
  return undefined;
}

/** What Portage leaves of a build that failed. */
function buildLogs(atom: string): string {
  const [category = '', name = ''] = atom.split('/');
  const top = join(work, 'portage', category);
  if (!existsSync(top)) return '';
  return readdirSync(top)
    .filter((entry) => entry.startsWith(`${name}-`))
    .map((entry) => join(top, entry, 'temp/build.log'))
    .filter((file) => existsSync(file))
    .map((file) => `\n---- build.log\n${readFileSync(file, 'utf8')}`)
    .join('');
}

async function build(order: Order, setup: Setup): Promise<Outcome> {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C.UTF-8',
    NO_COLOR: '1',
    PORTAGE_TMPDIR: work,
    PKGDIR: packages,
    LVFS: setup.lvfs.join(' '),
    ...(order.features === '' ? {} : { FEATURES: order.features }),
  };
  const start = performance.now();
  const seconds = (): number => Math.round((performance.now() - start) / 100) / 10;
  if (order.judge !== undefined) {
    const place = mkdtempSync(join(tmpdir(), 'lvfs-verdict-'));
    try {
      const file = join(place, 'results.json');
      const command = [order.judge.program, '--json', file, '--timeout', `${order.timeout}`];
      if (order.judge.compare) command.push('--compare');
      if (order.logs !== undefined) command.push('--logs', order.logs);
      const { status, err } = await run([...command, order.judge.key], env, order.timeout + 60);
      if (!existsSync(file)) return { status, seconds: seconds(), stderr: err.slice(-1000) };
      const { cases } = JSON.parse(readFileSync(file, 'utf8')) as {
        cases: Record<string, { status: number }>;
      };
      const judged = cases[order.judge.key];
      return { status: judged?.status ?? status, seconds: seconds(), judged };
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  }
  rmSync(packages, { recursive: true, force: true });
  mkdirSync(packages);
  const command = [...setup.lvfs, 'build', '--json', '--bind', work, ...order.options, order.atom];
  const { status, out, err } = await run(command, env, order.timeout);
  if (order.logs !== undefined) {
    mkdirSync(order.logs, { recursive: true });
    const text = `${err}\n---- stdout\n${out}${buildLogs(order.atom)}`;
    writeFileSync(join(order.logs, `${order.key.replace('/', '_')}.log`), text);
    const [category = ''] = order.atom.split('/');
    const made = join(packages, category);
    if (existsSync(made)) cpSync(made, join(order.logs, category), { recursive: true });
  }
  const report = reportIn(out);
  return {
    status,
    seconds: seconds(),
    ...(report === undefined ? { stderr: err.slice(-1000) } : { report }),
  };
}

/** Makes the directories that Portage writes to, and puts the sources where it looks for them. */
function prepare(setup: Setup): void {
  mkdirSync(packages, { recursive: true });
  mkdirSync(join(work, 'portage'), { recursive: true });
  spawnSync('chown', ['portage:portage', join(work, 'portage')]);
  if (setup.distfiles !== undefined) cpSync(setup.distfiles, '/var/cache/distfiles', { recursive: true });
}

const setup = JSON.parse(process.argv[2] ?? '{}') as Setup;
prepare(setup);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(signal, () => (end('SIGTERM'), process.exit(1)));
}
const lines = createInterface({ input: process.stdin });
lines.on('close', () => end('SIGTERM'));
for await (const order of lines) {
  console.log(JSON.stringify(await build(JSON.parse(order) as Order, setup)));
}
