/** The worked examples of docs/tinderbox.md: parts of the targets on several machines, and one result. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { host, nothingLeft, withCommands, type Commands } from '../helpers/commands.js';
import { whyNotMount } from '../helpers/inView.js';
import { finished, program, until, type Result } from '../helpers/lvfs.js';

const examples = resolve(import.meta.dirname, '../../../examples');

const reason = whyNotMount();
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

interface Cluster extends Commands {
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
  });
  const { directory } = f;
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  const script = (name: string, text: string): void => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  script('lvfs', `exec ${process.execPath} ${program} "$@"`);
  script(
    'build',
    `echo $LVFS_TARGET >>${directory}/built
case $LVFS_TARGET in *t2*) while [ -e ${directory}/wait ]; do sleep 0.02; done;; *t3*) exit 1;; esac`,
  );
  const options = [...host, '-j', '1', '--no-prove', '--bind', directory, '--command', join(bin, 'build')];
  return {
    ...f,
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
