/** The same build twice gives the same report, although processes that run at a time come in another order. */
import test from 'ava';
import { makeReport, type Denial, type Found, type ReportInput, type Use } from '../../../src/audit/index.js';
import { denial, processRecord, processTable, reportInput, use } from '../../helpers/auditInput.js';
import { origin } from '../../helpers/origin.js';
import { pkg, pkgs } from '../../helpers/installed.js';

/** Numbers below 1 that only the seed decides (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled<T>(list: readonly T[], next: () => number): T[] {
  return list
    .map((one) => [next(), one] as const)
    .sort(([a], [b]) => a - b)
    .map(([, one]) => one);
}

const programs = ['gcc', 'sh', 'perl', 'bison', 'cmake', 'configure'];
const phases = ['configure', 'compile', 'install'];
const places = [
  '/usr/bin/NAME',
  '/usr/include/NAME.h',
  '/usr/lib64/libNAME.so',
  '/usr/lib64/pkgconfig/NAME.pc',
  '/usr/share/aclocal/NAME.m4',
  '/usr/share/NAME/data',
];

function pick<T>(list: readonly T[], next: () => number): T {
  return list[Math.floor(next() * list.length)] as T;
}

/** A build in which forty processes look for, and use, files of twenty packages. */
function madeUp(next: () => number): ReportInput {
  const processes = Array.from({ length: 40 }, (_, i) => {
    const program = pick(programs, next);
    return processRecord(i + 1, {
      parent: Math.floor(next() * (i + 1)),
      comm: program,
      program: program === 'configure' ? '/work/configure' : `/usr/bin/${program}`,
      arguments: [program, pick(['a', 'b', 'c'], next)],
      phase: pick(phases, next),
    });
  });
  const names = Array.from({ length: 20 }, (_, i) => `p${i}`);
  const owner = (name: string): string => `dev-libs/${name}-1`;
  const pathOf = (name: string): string => pick(places, next).replace('NAME', name);
  const denials: Denial[] = [];
  const uses: Use[] = [];
  for (let i = 0; i < 200; i++) {
    const name = pick(names, next);
    const process = pick(processes, next);
    const owners = next() < 0.2 ? [owner(name), owner(pick(names, next))] : [owner(name)];
    if (name < 'p15')
      denials.push(
        denial(pathOf(name), owners, {
          comm: process.comm,
          phase: process.phase,
          operation: pick(['exec', 'open', 'stat'], next),
          count: 1 + Math.floor(next() * 3),
          processes: [process.id, pick(processes, next).id],
        }),
      );
    else uses.push(use(pathOf(name), owner(name), { process: process.id }));
  }
  const base = reportInput();
  return {
    ...base,
    denials,
    uses,
    processes: processTable(...processes),
    visible: new Map([
      ...base.visible,
      ...names
        .slice(15)
        .map(
          (name) =>
            [
              pkg(owner(name)),
              [{ from: origin('dev-libs/a-1'), variable: 'RDEPEND', atom: `dev-libs/${name}` }],
            ] as const,
        ),
    ]),
    ownersOf: (path) =>
      path.startsWith('/usr/bin/') ? pkgs(`sys-devel/${path.slice('/usr/bin/'.length)}-1`) : [],
    findHidden: (wanted) =>
      new Map(
        wanted.map((one): [typeof one, Found[]] => [
          one,
          [{ path: `/usr/bin/${one.name}`, owners: pkgs(owner(one.name)), distance: 0 }],
        ]),
      ),
    log: 'checking for p3... no\np4: command not found\nconfigure: error: p1 is required\nsh: 1: p2: not found',
    needs: names.map((name) => ({
      kind: 'executable',
      name,
      file: 'configure.ac',
      wanted: [{ kind: 'executable', name }],
    })),
    ignore: [
      { path: '/**/*.m4', reason: 'macros' },
      { target: 'a/target', package: 'dev-libs/p9-1', reason: 'p9' },
    ],
  };
}

for (const status of [0, 1])
  for (let seed = 1; seed <= 20; seed++)
    test(`the order of events does not matter: status ${status}, seed ${seed}`, (t) => {
      const next = numbers(seed);
      const input = { ...madeUp(next), status };
      const report = makeReport(input);
      t.true(report.missing.length > 5 && report.secondHand.length > 0 && report.ignored.length > 0);
      t.deepEqual(
        makeReport({
          ...input,
          denials: shuffled(input.denials, next).map((one) => ({
            ...one,
            processes: shuffled(one.processes, next),
          })),
          uses: shuffled(input.uses, next),
          needs: shuffled(input.needs, next),
          processes: new Map(shuffled([...input.processes], next)),
          visible: new Map(shuffled([...input.visible], next)),
        }),
        report,
      );
    });
