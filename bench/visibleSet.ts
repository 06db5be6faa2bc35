/**
 * What the evaluation of a target costs that makes 900 of 2 000 installed packages visible: in a new process, as at a
 * mount, and for a hundred targets in one process.
 *
 *     node dist/bench/visibleSet.js DIR [--runs 5]      DIR: a root made by generate.js, made now when it is not there
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { chainsTo, openSystem } from '../src/portage/index.js';
import { generateRoot } from './generate.js';
import { median } from './results.js';

/** Times in milliseconds; `…Cpu` is the processor time of the same work, of all threads. */
export interface VisibleSetFigures {
  packages: number;
  visible: number;
  /** Listing the installed packages. */
  list: number;
  listCpu: number;
  /** Reading the configuration, resolving the target and finding its visible set. */
  evaluate: number;
  evaluateCpu: number;
  /** The shortest chain to every visible package. */
  chains: number;
  chainsCpu: number;
  /** Ninety-nine more targets of which no two are the same. */
  more: number;
  moreCpu: number;
}

/** Measures a generated root in child processes; each figure is the median. */
export function measureVisibleSet(root: string, runs = 5): VisibleSetFigures {
  const all = Array.from({ length: runs }, () => {
    const output = execFileSync(process.execPath, [import.meta.filename, '--child', root], {
      encoding: 'utf8',
    });
    return JSON.parse(output) as VisibleSetFigures;
  });
  const names = Object.keys(all[0] ?? {}) as (keyof VisibleSetFigures)[];
  return Object.fromEntries(
    names.map((name) => [name, median(all.map((figures) => figures[name]))]),
  ) as unknown as VisibleSetFigures;
}

function measureHere(root: string): Record<string, number> {
  const figures: Record<string, number> = {};
  const time = <T>(name: string, work: () => T): T => {
    const cpu = process.cpuUsage();
    const start = performance.now();
    const result = work();
    figures[name] = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    figures[`${name}Cpu`] = (user + system) / 1000;
    return result;
  };
  const system = openSystem({ root });
  const installed = time('list', () => system.installed());
  const set = time('evaluate', () => system.visibleSet({ targets: ['www-client/firefox'] }));
  figures['packages'] = installed.length;
  figures['visible'] = set.visible.size;
  time('chains', () => {
    for (const cpv of set.visible.keys()) chainsTo(set, cpv, 1);
  });
  time('more', () => {
    for (const { cpv } of installed.slice(0, 99)) {
      system.visibleSet({ targets: ['www-client/firefox'], with: [`=${cpv}`] });
    }
  });
  return figures;
}

const { values, positionals } = parseArgs({
  args: process.argv[1] === import.meta.filename ? process.argv.slice(2) : [],
  options: { runs: { type: 'string', default: '5' }, child: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [root] = positionals;
if (root !== undefined) {
  if (!existsSync(root)) generateRoot(root);
  console.log(
    JSON.stringify(values.child ? measureHere(root) : measureVisibleSet(root, Number(values.runs))),
  );
}
