/**
 * Attempts to learn of what a view hides, all of them from root outside of it, from an ordinary user, and from root in the chroot of
 * `lvfs run`. That each would learn something of a tree that hides nothing is tried as well.
 */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { systemProblem } from '../../src/system/index.js';
import { attackedTree, attacks, gaps, needsCounting, onlyInside, tellsGaps } from '../helpers/attacker.js';
import { host, ownProgram, ownPrograms } from '../helpers/commands.js';
import { gentooRoot } from '../helpers/gentooRoot.js';
import { whyNotMount } from '../helpers/inView.js';
import { finished, sandbox, type Result } from '../helpers/lvfs.js';
import { testDriver } from '../helpers/withMemoryMount.js';

const { inodeNumbers } = testDriver().capabilities;
const reason =
  whyNotMount() ??
  systemProblem()?.message ??
  (inodeNumbers ? undefined : 'a driver with inode numbers of its own');

type Learnt = Readonly<Record<string, readonly string[]>>;

const attacker = fileURLToPath(new URL('../helpers/attacker.js', import.meta.url));
const user = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
const places = [
  'root at a mounted view',
  'an ordinary user at a mounted view',
  'root in the chroot of run',
] as const;
/** What root in the chroot sees of process 1, which is outside. */
let outside: string | undefined;
const learnt = new Map<string, Learnt>();

function parse({ stdout, stderr }: Result): Learnt {
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Learnt;
}

const attack = async (...argv: readonly string[]): Promise<Learnt> =>
  parse(await finished(spawn(argv[0]!, argv.slice(1), { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] })));

if (reason === undefined) {
  test.before(async (t) => {
    t.timeout(300_000);
    const gentoo = await gentooRoot(attackedTree);
    chmodSync(gentoo.root, 0o755);
    const box = sandbox({ LVFS_ROOT: gentoo.root, PATH: '/usr/sbin:/usr/bin:/sbin:/bin' });
    chmodSync(box.directory, 0o755);
    const mountpoint = join(box.directory, 'mnt');
    mkdirSync(mountpoint);
    // The attacks change it.
    const bare = await gentooRoot(attackedTree);
    try {
      learnt.set('bare', await attack(process.execPath, attacker, bare.root));
      const mounted = await box.lvfs('mount', '--no-binds', 'dev-libs/foo', mountpoint);
      if (mounted.status !== 0) throw new Error(mounted.stderr);
      learnt.set(places[0], await attack(process.execPath, attacker, mountpoint));
      learnt.set(places[1], await attack(...user, process.execPath, attacker, mountpoint));
      await box.lvfs('umount', mountpoint);
      outside = (await box.lvfs('run', ...host, 'dev-libs/foo', '--', 'ls', '-A', '/proc/1')).stdout;
      const inside = [...ownPrograms, 'dev-libs/foo', '--', ...ownProgram('attacker'), '/'];
      learnt.set(places[2], parse(await box.lvfs('run', ...host, ...inside)));
    } finally {
      await box.lvfs('umount', '--lazy', mountpoint);
      bare.cleanup();
      gentoo.cleanup();
      box.cleanup();
    }
  });
}

const attackTest = reason === undefined ? test : test.skip;
const because = reason === undefined ? '' : ` (skipped: ${reason})`;

for (const name of Object.keys(attacks)) {
  if (!needsCounting.has(name)) {
    attackTest(`a tree that hides nothing: ${name}${because}`, (t) => {
      t.not(learnt.get('bare')?.[name]?.length ?? 0, 0);
    });
  }
  for (const place of places) {
    if (place === places[0] && onlyInside.has(name)) continue;
    attackTest(`${place}: ${name}${because}`, (t) => {
      t.deepEqual(learnt.get(place)?.[name], []);
    });
  }
}

attackTest(`${places[2]}: the root of process 1${because}`, (t) => {
  t.is(outside, '');
});

test('numbers that count what is hidden are recognised', (t) => {
  let number = 100n;
  const counted = gaps.map((count) => (number += BigInt(count + 9)));
  t.not(tellsGaps(counted).length, 0);
  t.deepEqual(tellsGaps(gaps.map((_, i) => BigInt(i * 8))), []);
});
