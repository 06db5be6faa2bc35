import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { reasonNotToMount } from '../helpers/withMemoryMount.js';
import { removeTree } from '../helpers/removeTree.js';

const demo = resolve(import.meta.dirname, '../../examples/demo.js');
const hasPackages = existsSync('/var/lib/dpkg/status') || existsSync('/var/db/pkg');
const reason = reasonNotToMount() ?? (hasPackages ? undefined : 'neither dpkg nor Portage');
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;
const mounting = reason === undefined ? test.serial : test.serial.skip;

/** Starts the demonstration with a directory for temporary files of its own. */
function start(t: ExecutionContext): {
  child: ChildProcess;
  output: () => string;
  ended: Promise<number>;
  tmp: string;
} {
  // Short: the name of a socket has room for 107 bytes, and grows with the numbers of processes.
  const tmp = mkdtempSync(join(tmpdir(), 'demo-'));
  t.teardown(() => removeTree(tmp));
  const child = spawn(process.execPath, [demo], { env: { ...process.env, TMPDIR: tmp, NO_COLOR: '1' } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const ended = new Promise<number>((done) => {
    child.once('close', (code) => done(code ?? -1));
  });
  return { child, output: () => output, ended, tmp };
}

/** No file, mount, or process of it is left. */
function assertNothingLeft(t: ExecutionContext, tmp: string): void {
  t.deepEqual(readdirSync(tmp), []);
  t.false(readFileSync('/proc/self/mountinfo', 'utf8').includes(tmp));
  const processes = readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && pid !== String(process.pid))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      } catch {
        return ''; // It ended meanwhile.
      }
    });
  t.deepEqual(
    processes.filter((command) => command.includes(tmp)),
    [],
  );
}

mounting(
  `the demonstration shows a hidden file, compiles in the view, and leaves nothing${skipped}`,
  async (t) => {
    const { output, ended, tmp } = start(t);
    const status = await ended;
    t.is(status, 0, output());
    t.regex(output(), /may use \d+ of \d+ installed packages/);
    t.regex(output(), /^ {3}\$ lvfs mount \S+ \S+\/view$/m);
    t.regex(output(), /No such file or directory/);
    t.regex(output(), /hello from inside the view|: not here/);
    t.regex(output(), /owned by [a-z-]+\/\S+/);
    t.regex(output(), /\d+ packages with \d+ paths are hidden/);
    assertNothingLeft(t, tmp);
  },
);

for (const moment of ['1. ', 'lvfs mount', 'Compile and run']) {
  mounting(
    `interrupted at "${moment.trim()}" it cleans up and says so in its status${skipped}`,
    async (t) => {
      const { child, output, ended, tmp } = start(t);
      let interrupted = false;
      child.stdout?.on('data', () => {
        if (!interrupted && output().includes(moment)) interrupted = child.kill('SIGINT');
      });
      t.is(await ended, 130, output());
      t.regex(output(), /^demo: stopped by SIGINT$/m);
      assertNothingLeft(t, tmp);
    },
  );
}

const canUnshare = (flag: string): boolean => spawnSync('unshare', [flag, 'true']).status === 0;

for (const { title, flag, script, message } of [
  {
    title: 'without root',
    flag: '--user',
    script: 'exec "$@"',
    message: /^demo: mounting needs root: .+\n$/,
  },
  {
    title: 'without /dev/fuse',
    flag: '--mount',
    script: 'mount -t tmpfs none /dev && exec "$@"',
    message: /^demo: there is no \/dev\/fuse: .+\n$/,
  },
]) {
  const able = process.platform === 'linux' && canUnshare(flag);
  (able ? test : test.skip)(
    `${title} the demonstration says so in one line${able ? '' : ` (skipped: unshare ${flag} does not work here)`}`,
    (t) => {
      const command = [flag, 'sh', '-c', script, 'sh', process.execPath, demo];
      const { status, stdout, stderr } = spawnSync('unshare', command, { encoding: 'utf8' });
      t.is(status, 23, stderr);
      t.is(stdout, '');
      t.regex(stderr, message);
    },
  );
}
