/** The worked examples of docs/tinderbox.md: parts of the targets on several machines, and one result. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parse } from 'yaml';
import { host, nothingLeft, withCommands, type Commands } from '../helpers/commands.js';
import { whyNotMount } from '../helpers/inView.js';
import { finished, program, until, type Result } from '../helpers/lvfs.js';
import { slurmCluster, whyNoSlurm } from '../helpers/slurm.js';

const examples = resolve(import.meta.dirname, '../../../examples');

const reason = whyNotMount();
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

interface Cluster extends Commands {
  /** With which the machines build. */
  readonly options: string;
  /** Runs one of the examples. */
  example(script: string, environment: NodeJS.ProcessEnv, ...args: string[]): ReturnType<typeof spawn>;
  /** The targets that were built, in order. */
  built(): string[];
}

const targets = ['app/t0', 'app/t1', 'app/t2', 'app/t3', 'app/t4'];

/** Machines on which the third target's build waits while there is a file `wait`, and the fourth fails. */
async function cluster(t: ExecutionContext): Promise<Cluster> {
  const f = await withCommands(t, {
    ebuilds: Object.fromEntries(targets.map((name) => [`${name}-1`, { DEPEND: 'dev-libs/bar' }])),
    portage: { 'sets/changed': `${targets.join('\n')}\n` },
  });
  const { directory } = f;
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  const script = (name: string, text: string): void => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  // Where there is no place for options, they come from here. Nodes have a /run each.
  script(
    'lvfs',
    `[ -z "$SLURMD_NODENAME" ] || export LVFS_RUNTIME_DIR=${directory}/run-$SLURMD_NODENAME
case " $* " in *" --merge "*) MORE=;; esac\nexec ${process.execPath} ${program} "$@" $MORE`,
  );
  script(
    'build',
    `echo $LVFS_TARGET >>${directory}/built
case $LVFS_TARGET in *t2*) while [ -e ${directory}/wait ]; do sleep 0.02; done;; *t3*) exit 1;; esac`,
  );
  const options = [...host, '-j', '1', '--no-prove', '--bind', directory, '--command', join(bin, 'build')];
  return {
    ...f,
    environment: { ...f.environment, PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    options: options.join(' '),
    example: (name, environment, ...args) =>
      spawn('sh', [join(examples, name), ...args], {
        cwd: directory,
        detached: true,
        env: {
          ...f.environment,
          PATH: `${bin}:${process.env['PATH'] ?? ''}`,
          OPTIONS: options.join(' '),
          ...environment,
        },
      }),
    built: () => {
      const file = join(directory, 'built');
      return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
    },
  };
}

mountTest(`a task of a job array whose node dies goes on where it was${skipped}`, async (t) => {
  const f = await cluster(t);
  writeFileSync(join(f.directory, 'targets'), `${targets.join('\n')}\n`);
  writeFileSync(join(f.directory, 'wait'), '');
  // What Slurm says to a task of an array of two.
  const task = (id: number): ReturnType<typeof spawn> =>
    f.example(
      'tinderbox-slurm.sh',
      { SLURM_ARRAY_TASK_ID: String(id), SLURM_ARRAY_TASK_COUNT: '2' },
      'targets',
    );
  const dying = task(1);
  const end = finished(dying);
  await until('the first part is in the middle', () => f.built().includes('app/t2-1'), 60_000);
  process.kill(-Number(dying.pid), 'SIGKILL');
  await end;
  const journal = readFileSync(join(f.directory, 'part-1/journal.jsonl'), 'utf8');
  t.regex(journal, /"target":"app\/t0"/, 'what was known is there');
  spawnSync('rm', [join(f.directory, 'wait')]);
  for (const id of [1, 2]) {
    const { status, stderr } = await finished(task(id));
    t.is(status, 0, stderr);
  }
  t.deepEqual(f.built().sort(), ['app/t0-1', 'app/t1-1', 'app/t2-1', 'app/t2-1', 'app/t3-1', 'app/t4-1']);
  isWhole(t, await f.lvfs('check', '--merge', '--json', `${f.directory}/part-1`, `${f.directory}/part-2`));
  await nothingLeft(t, f);
});

const noSlurm = reason ?? whyNoSlurm();
const slurmTest = noSlurm === undefined ? test.serial : test.serial.skip;

slurmTest(
  `a job array of Slurm loses a node, and nothing else${noSlurm === undefined ? '' : ` (skipped: ${noSlurm})`}`,
  async (t) => {
    t.timeout(600_000);
    const f = await cluster(t);
    writeFileSync(join(f.directory, 'targets'), `${targets.join('\n')}\n`);
    writeFileSync(join(f.directory, 'wait'), '');
    const environment = { ...f.environment, OPTIONS: f.options, MORE: '' };
    const slurm = await slurmCluster(t, f.directory, environment, ['n1', 'n2']);
    const job = slurm
      .command('sbatch', '--parsable', '--array=1-2', join(examples, 'tinderbox-slurm.sh'), 'targets')
      .trim();
    const merge = 'lvfs check --merge --results result part-*/; echo "merged with status $?"';
    slurm.command('sbatch', `--dependency=afterany:${job}`, '--output=merge.out', '--wrap', merge);
    await until('the first part is in the middle', () => f.built().includes('app/t2-1'), 120_000);
    const first = slurm.command('squeue', '-h', '-r', '-t', 'R', '-j', `${job}_1`, '-o', '%N').trim();
    t.regex(first, /^n[12]$/);
    slurm.kill(first);
    spawnSync('rm', [join(f.directory, 'wait')]);
    const merged = (): string => {
      const file = join(f.directory, 'merge.out');
      return existsSync(file) ? readFileSync(file, 'utf8') : '';
    };
    await until('the results are merged', () => merged().includes('merged with status'), 300_000);
    t.regex(merged(), /merged with status 29/);
    // The node comes to nothing, the task to another one, which builds only what has no verdict.
    t.deepEqual(f.built().sort(), ['app/t0-1', 'app/t1-1', 'app/t2-1', 'app/t2-1', 'app/t3-1', 'app/t4-1']);
    isWhole(t, await f.lvfs('check', '--merge', '--json', join(f.directory, 'result')));
    t.true(existsSync(join(f.directory, 'result/index.html')));
    t.regex(slurm.command('sinfo', '-h', '-N', '-o', '%N %T'), new RegExp(`${first} down`));
    await nothingLeft(t, f);
  },
);

/** One verdict on each target, as one machine would have told it. */
function isWhole(t: ExecutionContext, { status, stdout, stderr }: Result): void {
  t.is(status, 29, stderr);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  t.deepEqual(
    lines.map((line) => [line['target'], line['verdict']]).sort(),
    targets.map((name) => [name, name === 'app/t3' ? 'failed' : 'clean']),
  );
}

const parallel = spawnSync('parallel', ['--version'], { encoding: 'utf8' });
const noParallel =
  reason ?? (parallel.stdout?.includes('GNU parallel') === true ? undefined : 'needs GNU parallel');
const parallelTest = noParallel === undefined ? test.serial : test.serial.skip;

parallelTest(
  `parts on machines that GNU parallel reaches make one result${noParallel === undefined ? '' : ` (skipped: ${noParallel})`}`,
  async (t) => {
    t.timeout(300_000);
    const f = await cluster(t);
    const result = join(f.directory, 'box');
    const run = f.example('tinderbox-parallel.sh', {}, result, '2/:', ...targets);
    const { status, stdout, stderr } = await finished(run);
    t.is(status, 29, stdout + stderr);
    t.deepEqual(
      f.built().sort(),
      targets.map((name) => `${name}-1`),
    );
    isWhole(t, await f.lvfs('check', '--merge', '--json', join(result, 'result')));
    t.is(readFileSync(join(result, 'result/index.html'), 'utf8').match(/<tr data-verdict/g)?.length, 5);
  },
);

interface CiStep {
  readonly if?: string;
  readonly run?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string>>;
}

interface CiJob {
  readonly steps: readonly CiStep[];
  readonly strategy?: { readonly matrix: { readonly part: readonly number[] } };
}

/** What a CI service does with a job: its commands, and the actions of the example, with directories for artifacts and caches. */
class CiService {
  readonly #f: Cluster;
  readonly #ref: string;

  constructor(f: Cluster, ref: string) {
    this.#f = f;
    this.#ref = ref;
  }

  /** Runs the steps; @returns whether all that ran went well, and what they printed */
  async run({ steps }: CiJob, name: string, part: number): Promise<{ isGood: boolean; printed: string }> {
    const workspace = join(this.#f.directory, name);
    mkdirSync(workspace, { recursive: true });
    let isGood = true;
    let printed = '';
    for (const step of steps) {
      if (!this.#isWanted(step.if ?? 'success()', isGood)) continue;
      if (step.run === undefined) {
        this.#act(step, workspace, part);
        continue;
      }
      const shell = spawn('bash', ['-e', '-c', this.#expanded(step.run, part)], {
        cwd: workspace,
        env: { ...this.#f.environment, MORE: this.#f.options },
      });
      const { status, stdout, stderr } = await finished(shell);
      printed += stdout + stderr;
      isGood &&= status === 0;
    }
    return { isGood, printed };
  }

  #isWanted(condition: string, isGood: boolean): boolean {
    return condition.split(' && ').every((term) => {
      if (term === 'success()') return isGood;
      const branch = /^github\.ref == '(.*)'$/.exec(term)?.[1];
      if (branch !== undefined) return branch === this.#ref;
      if (term === 'always()') return true;
      throw new Error(`a condition that only the service knows: ${term}`);
    });
  }

  #expanded(text: string, part: number): string {
    const values: Readonly<Record<string, string>> = { 'matrix.part': String(part), 'github.run_id': '1' };
    return text.replace(/\$\{\{ (.*?) \}\}/g, (whole, name: string) => values[name] ?? whole);
  }

  #act({ uses = '', with: given = {} }: CiStep, workspace: string, part: number): void {
    const store = join(this.#f.directory, 'store');
    const value = (name: string): string => this.#expanded(given[name] ?? '', part).trim();
    const copy = (from: string, to: string): void => {
      if (existsSync(from)) cpSync(from, to, { recursive: true });
    };
    const [action] = uses.split('@');
    if (action === 'actions/checkout') return;
    if (action === 'actions/upload-artifact') {
      for (const path of value('path').split('\n'))
        copy(
          join(workspace, path),
          join(store, 'artifacts', value('name'), path === value('path') ? '' : path),
        );
    } else if (action === 'actions/download-artifact') {
      const prefix = value('pattern').replace('*', '');
      for (const name of readdirSync(join(store, 'artifacts')))
        if (name.startsWith(prefix)) copy(join(store, 'artifacts', name), join(workspace, name));
    } else if (action === 'actions/cache/restore') copy(join(store, 'cache'), join(workspace, value('path')));
    else if (action === 'actions/cache/save') copy(join(workspace, value('path')), join(store, 'cache'));
    else throw new Error(`an action that nothing stands in for: ${uses}`);
  }
}

mountTest(
  `the parts of a CI matrix make one result, and the next run only tells what is new${skipped}`,
  async (t) => {
    t.timeout(600_000);
    const f = await cluster(t);
    const text = readFileSync(join(examples, 'tinderbox-ci.yml'), 'utf8');
    const { jobs } = parse(text, { strict: true, uniqueKeys: true }) as {
      jobs: Record<'check' | 'merge', CiJob>;
    };
    const main = new CiService(f, 'refs/heads/main');
    for (const part of jobs.check.strategy?.matrix.part ?? []) {
      const { isGood, printed } = await main.run(jobs.check, `runner-${part}`, part);
      t.true(isGood, printed);
    }
    t.deepEqual(
      f.built().sort(),
      targets.map((name) => `${name}-1`),
    );
    const first = await main.run(jobs.merge, 'merge-1', 0);
    t.false(first.isGood, 'a build has failed');
    t.regex(first.printed, /app\/t3/);
    isWhole(
      t,
      await f.lvfs('check', '--merge', '--json', join(f.directory, 'store/artifacts/result/result')),
    );
    t.regex(readFileSync(join(f.directory, 'store/artifacts/result/result.xml'), 'utf8'), /<testsuite/);
    const second = await new CiService(f, 'refs/pull/1').run(jobs.merge, 'merge-2', 0);
    t.true(second.isGood, second.printed);
    await nothingLeft(t, f);
  },
);
