/** A cluster of Slurm on this machine: a controller, and nodes that can die. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { until } from './lvfs.js';

/** See the head of this file. */
export interface SlurmCluster {
  /** With which its commands find it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Runs one of its commands. @returns what it prints */
  command(name: string, ...args: readonly string[]): string;
  /** The power of a node goes: everything on it is gone at once, and nobody is told. */
  kill(node: string): void;
}

/** Why there can be no cluster; undefined when there can. */
export function whyNoSlurm(): string | undefined {
  const missing = ['slurmctld', 'slurmd', 'sbatch'].filter(
    (name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0,
  );
  return missing.length === 0 ? undefined : `needs slurm-wlm (test/setup.sh cluster)`;
}

/** Ports of this machine that nobody listens at. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((done) => {
          const server = createServer().listen(0, '127.0.0.1', () => done(server));
        }),
    ),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

/**
 * Starts a cluster, which ends with the test. Each node has its own processes, and one processor.
 *
 * @param directory for its files; absolute
 * @param environment of its commands, and of jobs with it
 */
export async function slurmCluster(
  t: ExecutionContext,
  directory: string,
  environment: NodeJS.ProcessEnv,
  nodes: readonly string[],
): Promise<SlurmCluster> {
  const [port = 0, ...ports] = await freePorts(1 + nodes.length);
  const file = join(directory, 'slurm.conf');
  const name = hostname().replace(/\..*/, '');
  mkdirSync(join(directory, 'state'), { recursive: true });
  for (const node of nodes) mkdirSync(join(directory, 'spool', node), { recursive: true });
  writeFileSync(
    file,
    [
      'ClusterName=test',
      `SlurmctldHost=${name}(127.0.0.1)`,
      `SlurmctldPort=${port}`,
      'SlurmUser=root',
      'AuthType=auth/none',
      'CredType=cred/none',
      // A job that lost its node waits for as long as its credential is good.
      'AuthInfo=cred_expire=5',
      'ProctrackType=proctrack/pgid',
      'TaskPlugin=task/none',
      'SlurmdParameters=config_overrides',
      'SchedulerParameters=bf_interval=1,sched_interval=1',
      'SlurmdTimeout=5',
      'MessageTimeout=5',
      `SlurmctldPidFile=${directory}/controller.pid`,
      `SlurmctldLogFile=${directory}/controller.log`,
      `StateSaveLocation=${directory}/state`,
      `SlurmdPidFile=${directory}/%n.pid`,
      `SlurmdLogFile=${directory}/%n.log`,
      `SlurmdSpoolDir=${directory}/spool/%n`,
      ...nodes.map(
        (node, i) => `NodeName=${node} NodeHostname=${name} NodeAddr=127.0.0.1 Port=${ports[i] ?? 0} CPUs=1`,
      ),
      'PartitionName=all Nodes=ALL Default=YES State=UP',
      '',
    ].join('\n'),
  );
  const running = new Map<string, ChildProcess>();
  const start = (key: string, ...words: readonly string[]): void => {
    const [program = '', ...args] = words;
    running.set(key, spawn(program, args, { stdio: 'ignore', env: { ...process.env, SLURM_CONF: file } }));
  };
  const end = (key: string): Promise<void> => {
    const child = running.get(key);
    running.delete(key);
    if (child === undefined) return Promise.resolve();
    return new Promise((done) => {
      child.on('close', () => done());
      child.kill('SIGKILL');
    });
  };
  t.teardown(() => Promise.all([...running.keys()].map(end)));
  const command = (program: string, ...args: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync(program, args, {
      encoding: 'utf8',
      cwd: directory,
      env: { ...environment, SLURM_CONF: file },
    });
    if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  start('controller', 'slurmctld', '-D', '-c');
  for (const node of nodes)
    start(node, 'unshare', '--pid', '--fork', '--kill-child', '--mount-proc', 'slurmd', '-D', '-N', node);
  await until(
    'all nodes are there',
    () => {
      const { stdout } = spawnSync('sinfo', ['-h', '-t', 'idle', '-o', '%D'], {
        encoding: 'utf8',
        env: { ...environment, SLURM_CONF: file },
      });
      return stdout?.trim() === String(nodes.length);
    },
    60_000,
  );
  return { environment: { SLURM_CONF: file }, command, kill: (node) => void end(node) };
}
