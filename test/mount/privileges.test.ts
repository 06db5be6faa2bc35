/** What a daemon may still do once its view is mounted. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import test from 'ava';
import { systemProblem } from '../../src/system/index.js';
import { mountTest, skipped, withViews } from '../helpers/views.js';

/** Bits of linux/capability.h: CAP_DAC_READ_SEARCH, CAP_KILL, CAP_SYS_PTRACE, CAP_SYS_ADMIN. */
const serving = (1n << 2n) | (1n << 19n);
const allowed = serving | (1n << 5n) | (1n << 21n);

function field(status: string, name: string): string {
  return new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? '';
}

const problem = systemProblem();
const why = problem === undefined ? skipped : ` (skipped: ${problem.message})`;

(problem === undefined ? mountTest : test.skip)(
  `a daemon has only the rights that it needs${why}`,
  async (t) => {
    const f = await withViews(t);
    const { mountpoint, pid } = await f.mount();
    const of = (place: string): string => readFileSync(`/proc/${place}/status`, 'latin1');
    const main = of(String(pid));
    t.is(BigInt(`0x${field(main, 'CapPrm')}`) & ~allowed, 0n);
    t.is(field(main, 'CapInh'), '0000000000000000');
    t.is(field(main, 'Umask'), '0077');
    // Beside it those that serve; of libfuse's it is a process of its own that does.
    const threads = readdirSync(`/proc/${pid}/task`).map((thread) => of(`${pid}/task/${thread}`));
    const has = threads.map((status) => BigInt(`0x${field(status, 'CapEff')}`) & ~serving);
    t.true(
      has.includes(0n),
      threads.map((status) => `${field(status, 'Name')} ${field(status, 'CapEff')}`).join(),
    );
    // In a container root may lack CAP_SYS_RESOURCE.
    const mayRank = spawnSync('sh', ['-c', 'echo -500 >/proc/self/oom_score_adj']).status === 0;
    t.is(readFileSync(`/proc/${pid}/oom_score_adj`, 'latin1'), mayRank ? '-500\n' : '0\n');
    // What others are to read is readable all the same.
    t.is(statSync(f.environment['LVFS_CACHE'] ?? '').mode & 0o777, 0o755);
    t.is(statSync(f.runtime).mode & 0o777, 0o700);
    t.is((await f.lvfs('umount', mountpoint)).status, 0);
  },
);
