/**
 * What many targets cost one after the other: `lvfs check` of twenty small builds beside the same builds in a bind-mounted root, and what the
 * next target asks of a view that has become its own. In a mount namespace of its own:
 *
 *     unshare --mount --propagation private node dist/bench/targets.js [--runs 3]
 */
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeDebianVdb, type DebianVdb } from '../examples/debianVdb.js';
import { silent } from '../src/base/index.js';
import { insideProgram } from '../src/cli/programs.js';
import { openInside, startInside, type InsideRequest } from '../src/daemon/index.js';
import { run } from './peers.js';
import { median, type Figure } from './results.js';
import { timed, type Timed } from './timed.js';

/** Targets of a measurement that counts. */
export const manyTargets = 20;
const sources = 12;

/** How much is measured. */
interface Extent {
  readonly runs: number;
  /** How many targets there are; at least two. */
  readonly targets: number;
}

/** A program of a few files, which is made and removed again. */
function writeProject(directory: string): string {
  mkdirSync(directory, { recursive: true });
  const headers = ['stdio', 'stdlib', 'string', 'errno', 'unistd', 'math', 'time', 'signal'];
  const names = Array.from({ length: sources }, (_, i) => `part${i}`);
  for (const name of names) {
    const includes = headers.map((header) => `#include <${header}.h>\n`).join('');
    writeFileSync(
      join(directory, `${name}.c`),
      `${includes}int ${name}(int x) { return (int)strlen("${name}") + x; }\n`,
    );
  }
  writeFileSync(join(directory, 'main.c'), 'int main(void) { return 0; }\n');
  const objects = [...names, 'main'].map((name) => `${name}.o`).join(' ');
  writeFileSync(
    join(directory, 'Makefile'),
    `program: ${objects}\n\tcc -o $@ ${objects}\nclean:\n\trm -f program *.o\n`,
  );
  return `cd ${directory} && make -s && ./program && make -s clean`;
}

/** @returns the median, and the whole of each run */
function repeat(runs: number, work: () => Timed): Timed {
  const all = Array.from({ length: runs }, work);
  return { wall: median(all.map(({ wall }) => wall)), cpu: median(all.map(({ cpu }) => cpu)) };
}

/** What each of several targets costs but the first. */
function eachMore(targets: number, all: Timed, one: Timed): Timed {
  return { wall: (all.wall - one.wall) / (targets - 1), cpu: (all.cpu - one.cpu) / (targets - 1) };
}

const said = ({ wall, cpu }: Timed): string =>
  `${(wall * 1000).toFixed(0)} ms (CPU ${(cpu * 1000).toFixed(0)} ms)`;

/** Does something while the machine's root is mounted at another place, which is not below anything that is going to be removed. */
function inBoundRoot<T>(work: (root: string) => T): T {
  const root = mkdtempSync(join(tmpdir(), 'lvfs-bound-'));
  run('mount', ['--rbind', '/', root]);
  try {
    return work(root);
  } finally {
    run('umount', ['--recursive', '--lazy', root]);
    rmdirSync(root);
  }
}

/**
 * @param main the built command
 * @param scratch a directory that a view shows at its place
 */
export async function measureTargets(
  main: string,
  vdb: DebianVdb,
  scratch: string,
  { runs, targets }: Extent,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  const command = writeProject(join(scratch, 'project'));
  const cpvs = Array.from(
    { length: targets },
    (_, i) =>
      `=${vdb.addTarget({ category: 'bench', name: `small${i}`, version: '1', DEPEND: '', BDEPEND: '' })}`,
  );
  const at = [...vdb.options, '--cache', join(scratch, 'cache')];
  const check = (...names: readonly string[]): Timed =>
    repeat(runs, () =>
      timed(process.execPath, [
        ...[
          main,
          'check',
          '--quiet',
          '-j',
          '1',
          ...at,
          '--bind',
          join(scratch, 'project'),
          '--command',
          command,
          ...names,
        ],
      ]),
    );
  // Warms up what is warm for both.
  check(cpvs[0] ?? '');
  const inView = { one: check(cpvs[0] ?? ''), all: check(...cpvs) };
  const inRoot = inBoundRoot((root) => {
    const bound = (count: number): Timed =>
      repeat(runs, () =>
        timed('sh', ['-c', `for i in $(seq ${count}); do chroot ${root} sh -c '${command}' || exit 1; done`]),
      );
    return { one: bound(1), all: bound(targets) };
  });
  const [viewMore, rootMore] = [
    eachMore(targets, inView.all, inView.one),
    eachMore(targets, inRoot.all, inRoot.one),
  ];
  const ratio = (what: 'wall' | 'cpu'): number => viewMore[what] / rootMore[what];
  const overhead = viewMore.wall - rootMore.wall;
  const note = (what: string, value: string, aim = '', reached?: boolean): void => {
    figures.push({ what, value, aim, reached });
  };
  const of = `\`lvfs check\` of ${targets} small builds, the second to the last`;
  note(`${of}: each`, `${said(viewMore)}; in a bind-mounted root ${said(rootMore)}`);
  note(`${of}: wall`, `${ratio('wall').toFixed(2)} ×`, '≤ 1.03 ×', ratio('wall') <= 1.03);
  note(`${of}: processor time`, `${ratio('cpu').toFixed(2)} ×`, '≤ 1.05 ×', ratio('cpu') <= 1.05);
  note(`${of}: a target's own overhead`, `${(overhead * 1000).toFixed(0)} ms`, '≤ 150 ms', overhead <= 0.15);
  note('the same, the first', `${said(inView.one)}; in a bind-mounted root ${said(inRoot.one)}`);

  const [cold = {}, warm = {}] = await requestsOf(vdb, scratch, command, cpvs);
  note('requests of the first target; of the second in the same view', `${listed(cold)}; ${listed(warm)}`);
  // What is looked for in vain is asked for by each target, and an IOCTL cannot be switched off.
  const asked = (warm['READ'] ?? 0) + (warm['READLINK'] ?? 0);
  note("requests of a warm target for content and links of @system's files", String(asked), '0', asked === 0);
  return figures;
}

function listed(counts: Readonly<Record<string, number>>): string {
  const asked = Object.entries(counts).filter(([, count]) => count > 0);
  return asked.map(([name, count]) => `${count} ${name}`).join(', ') || 'none';
}

/** How many requests the kernel has for a target in a new view, and for the next in that view. */
async function requestsOf(
  vdb: DebianVdb,
  scratch: string,
  command: string,
  cpvs: readonly string[],
): Promise<Readonly<Record<string, number>>[]> {
  const [first = '', second = ''] = cpvs;
  const request: InsideRequest = {
    locations: { root: '/', vdb: vdb.vdb, configRoot: vdb.configRoot, repos: [vdb.repository] },
    set: { targets: [first] },
    show: [],
    hide: [],
    systemPaths: [],
    cache: join(scratch, 'cache'),
    driver: 'kernel',
    threads: 1,
    version: '0',
    binds: { defaults: true, create: false, binds: [join(scratch, 'project')], readOnlyBinds: [] },
    noNetwork: false,
    hostProcesses: false,
    attribute: true,
    findingsOnly: true,
  };
  const listener = { progress: () => undefined, log: silent };
  const inside = await openInside(
    await startInside(insideProgram),
    request,
    listener,
    new AbortController().signal,
  );
  try {
    const asked = async (): Promise<Readonly<Record<string, number>>> =>
      (await inside.view.request('status')).live?.requests ?? {};
    const build = async (): Promise<Readonly<Record<string, number>>> => {
      const before = await asked();
      await inside.run({ argv: ['/bin/sh', '-c', command], capture: true, show: false });
      const after = await asked();
      return Object.fromEntries(
        Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)]),
      );
    };
    const cold = await build();
    await inside.become({ ...request, set: { targets: [second] } });
    return [cold, await build()];
  } finally {
    await inside.close();
  }
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({ options: { runs: { type: 'string', default: '3' } } });
  const scratch = mkdtempSync(join(tmpdir(), 'lvfs-bench-'));
  const main = join(import.meta.dirname, '../src/cli/main.js');
  try {
    const figures = await measureTargets(main, makeDebianVdb(join(scratch, 'gentoo')), scratch, {
      runs: Number(values.runs),
      targets: manyTargets,
    });
    for (const { what, value, aim } of figures)
      console.log(`${what}: ${value}${aim === '' ? '' : ` (${aim})`}`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  process.exit();
}
