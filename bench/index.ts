/**
 * What the index costs at a given size: made anew, loaded, brought up to date after one package changed, saved; and the
 * memory it takes. Each figure is the median of several processes, as every `lvfs` command starts one.
 *
 *     node dist/bench/index.js DIR [--runs 5]      DIR: a root made by generate.js, made now when it is not there
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageId } from '../src/base/index.js';
import { scanContents } from '../src/portage/contents.js';
import { hostLinks } from '../src/view/canonical.js';
import { loadIndex, openIndex, type InstalledState } from '../src/view/indexStore.js';
import { generateRoot } from './generate.js';

/**
 * Times in milliseconds, memory in MiB. Names that end in `Cpu` are the processor time of the same work, of all threads:
 * what is left of a figure on a busy machine.
 */
export interface IndexFigures {
  packages: number;
  /** Lines of CONTENTS that name a path of their package for the first time. */
  entries: number;
  nodes: number;
  fileBytes: number;
  build: number;
  buildCpu: number;
  save: number;
  saveCpu: number;
  load: number;
  loadCpu: number;
  /** Opening the saved index after one package of many files was merged again with the same files. */
  loadOneChanged: number;
  loadOneChangedCpu: number;
  /** The same in a process that has the index open and shared. */
  updateOneChanged: number;
  updateOneChangedCpu: number;
  rssBuilt: number;
  rssLoaded: number;
}

type Run = Partial<Record<keyof IndexFigures, number>>;

/** Measures the index of a generated root, in child processes. */
export function measureIndex(root: string, runs = 5): IndexFigures {
  const cacheFile = `${root}.index`;
  const child = (mode: (typeof modes)[number]): Run =>
    JSON.parse(
      execFileSync(process.execPath, [import.meta.filename, '--child', mode, root, cacheFile], {
        encoding: 'utf8',
      }),
    ) as Run;
  try {
    const all: Run[] = [];
    for (let run = 0; run < runs; run++) {
      rmSync(cacheFile, { force: true });
      all.push(child('build'), child('load'));
      mergeAgain(root);
      all.push(child('loadOneChanged'), child('updateOneChanged'));
    }
    const names = [...new Set(all.flatMap((run) => Object.keys(run)))] as (keyof IndexFigures)[];
    const figures = names.map((name) => [name, median(all.flatMap((run) => run[name] ?? []))]);
    return Object.fromEntries(figures) as IndexFigures;
  } finally {
    rmSync(cacheFile, { force: true });
  }
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}

function installedIn(root: string): InstalledState['packages'] {
  const vdb = join(root, 'var/db/pkg');
  return readdirSync(vdb).flatMap((category) =>
    readdirSync(join(vdb, category)).map((pf) => ({
      cpv: packageId(`${category}/${pf}`, 'root'),
      directory: join(vdb, category, pf),
    })),
  );
}

/** Gives a package of some 10 000 files a CONTENTS with another time and inode. */
function mergeAgain(root: string): void {
  const files = installedIn(root).map(({ directory }) => join(directory, 'CONTENTS'));
  const distance = (file: string) => Math.abs(statSync(file).size - 1_000_000);
  const file = files.reduce((best, one) => (distance(one) < distance(best) ? one : best));
  copyFileSync(file, `${file}.new`);
  renameSync(`${file}.new`, file);
}

const modes = ['build', 'load', 'loadOneChanged', 'updateOneChanged'] as const;

async function runChild(mode: (typeof modes)[number], root: string, cacheFile: string): Promise<Run> {
  const packages = installedIn(root);
  const figures: Run = {};
  const time = async <T>(
    name: 'build' | 'save' | 'load' | 'loadOneChanged' | 'updateOneChanged',
    work: () => T | Promise<T>,
  ): Promise<T> => {
    const cpu = process.cpuUsage();
    const start = performance.now();
    const result = await work();
    figures[name] = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    figures[`${name}Cpu`] = (user + system) / 1000;
    return result;
  };
  const rss = () => process.memoryUsage.rss() / 2 ** 20;
  const warn = ({ file, message }: { file: string; message: string }) => {
    throw new Error(`${file}: ${message}`);
  };
  const open = async () =>
    openIndex({
      packages,
      scan: scanContents,
      links: hostLinks(root),
      cacheFile,
      saved: await loadIndex(cacheFile, warn),
      warn,
    });
  if (mode === 'updateOneChanged') {
    const store = await open();
    store.index.share();
    mergeAgain(root);
    await time(mode, () => store.update({ packages }));
    return figures;
  }
  const store = await time(mode, open);
  if (mode === 'loadOneChanged') return figures;
  if (mode === 'load') return { ...figures, rssLoaded: rss() };
  figures.rssBuilt = rss();
  await time('save', () => store.save());
  const { nodes, packageNodes } = store.index.sizes;
  return {
    ...figures,
    packages: packages.length,
    entries: packageNodes,
    nodes,
    fileBytes: statSync(cacheFile).size,
  };
}

if (process.argv[1] === import.meta.filename) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { child: { type: 'string' }, runs: { type: 'string', default: '5' } },
  });
  const [root, cacheFile] = positionals;
  const mode = modes.find((one) => one === values.child);
  if (root === undefined) {
    console.error('usage: index DIR [--runs N]');
    process.exitCode = 2;
  } else if (mode !== undefined && cacheFile !== undefined) {
    console.log(JSON.stringify(await runChild(mode, root, cacheFile)));
  } else {
    if (!existsSync(root)) generateRoot(root);
    for (const [name, value] of Object.entries(measureIndex(root, Number(values.runs)))) {
      console.log(`${name.padEnd(20)} ${Number(value).toFixed(Number(value) < 1000 ? 1 : 0)}`);
    }
  }
}
