/** What somebody who is in a view can ask its daemon, when the control socket is in reach. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { systemProblem } from '../../src/system/index.js';
import { host, nothingLeft, ownProgram, ownPrograms, withCommands } from '../helpers/commands.js';
import { hasNumbers } from '../helpers/pathCalls.js';
import { finished } from '../helpers/lvfs.js';
import { mountTest, skipped } from '../helpers/views.js';

const problem = systemProblem();
const title = problem === undefined ? skipped : ` (skipped: ${problem.message})`;
const systemTest = problem === undefined ? mountTest : test.skip;

/** Sends requests to the view of this registry, and prints the answers, one a line. */
const client = `
const { connect } = require('node:net');
const { existsSync, readdirSync } = require('node:fs');
const [directory, ...requests] = process.argv.slice(1);
const socket = readdirSync(directory).map((id) => directory + '/' + id + '/control.sock').find((path) => existsSync(path));
const connection = connect(socket);
requests.forEach((method, id) => connection.write(JSON.stringify({ id, method, params: { names: ['dev-libs/hidden'], packages: ['dev-libs/hidden-1'] } }) + '\\n'));
let text = '';
connection.on('data', (data) => {
  text += data;
  const lines = text.trim().split('\\n').slice(1);
  if (!text.endsWith('\\n') || lines.length < requests.length) return;
  console.log(lines.join('\\n'));
  connection.destroy();
});
`;

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly code: string };
}

/** The answers by method. */
function answers(stdout: string, requests: readonly string[]): Map<string, Answer> {
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer);
  return new Map(lines.map((answer) => [requests[answer.id] ?? '', answer]));
}

const changes = ['allow', 'deny', 'besides', 'umount'];

systemTest(`who is in a mounted view cannot change it, but may ask${title}`, async (t) => {
  const f = await withCommands(t);
  const [mountpoint, door] = [join(f.directory, 'mnt'), join(f.directory, 'door')];
  for (const directory of [mountpoint, door, join(door, 'run'), f.runtime]) mkdirSync(directory);
  const mounted = await f.lvfs('mount', ...host, '--bind', `${door}:/opt/door`, 'dev-libs/foo', mountpoint);
  t.is(mounted.status, 0, mounted.stderr);
  // lvfs shows its own state to nobody inside, so somebody else has to.
  const inside = join(mountpoint, 'opt/door/run');
  t.is(spawnSync('mount', ['--bind', f.runtime, inside]).status, 0);
  const requests = [...changes, 'status', 'denials', 'packages'];
  const chroot = spawn('chroot', [mountpoint, process.execPath, '-e', client, '/opt/door/run', ...requests]);
  const { status, stdout, stderr } = await finished(chroot);
  t.is(spawnSync('umount', [inside]).status, 0);
  t.is(status, 0, stderr);
  const got = answers(stdout, requests);
  for (const method of changes) t.is(got.get(method)?.error?.code, 'INSIDE', method);
  for (const method of ['status', 'denials', 'packages'])
    t.true(got.get(method)?.result !== undefined, method);
  // From outside it is another matter.
  t.is((await f.lvfs('allow', mountpoint, 'dev-libs/hidden')).status, 0);
  t.is((await f.lvfs('umount', mountpoint)).status, 0);
  await nothingLeft(t, f);
});

systemTest(`what lvfs keeps of its views is empty inside${title}`, async (t) => {
  const f = await withCommands(t);
  mkdirSync(f.runtime);
  const { status, stdout } = await f.lvfs(
    ...[
      'run',
      ...host,
      '--bind',
      `${f.runtime}:/opt/run`,
      'dev-libs/foo',
      '--',
      'find',
      '/opt/run',
      '-name',
      'control.sock',
    ],
  );
  t.is(status, 0);
  t.is(stdout, '');
  await nothingLeft(t, f);
});

(hasNumbers ? systemTest : test.skip)(
  `who asks for a path beside which the view itself is mapped is answered${hasNumbers ? title : ' (skipped: numbers of another machine)'}`,
  async (t) => {
    const big = { '/opt/bar/big': 'x'.repeat(8 << 20) };
    const f = await withCommands(t, { packages: { 'dev-libs/bar-1': { files: big } } });
    const ask = [...ownProgram('pageEdge'), '/opt/hidden/tool', '/opt/bar/big', String(4 << 20)];
    const { status, stdout, stderr } = await f.lvfs(
      ...['run', ...host, ...ownPrograms, 'dev-libs/foo', '--', 'timeout', '-s', 'KILL', '60', ...ask],
    );
    t.is(status, 0, stderr);
    t.is(stdout, '2\n');
    await nothingLeft(t, f);
  },
);
