/**
 * Many processes walk, read, execute and build in a view while packages are merged, allowed and denied and the view gets other targets.
 * Each answer is one that a second implementation of the rules gives. `LVFS_LOAD_PROCESSES` and `LVFS_LOAD_SECONDS` say how many, for how long.
 */
import { spawn } from 'node:child_process';
import {
  cpSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { unlessRefused } from '../../src/base/index.js';
import {
  gentooRoot,
  type FileSpec,
  type FileTree,
  type GentooRoot,
  type InstalledSpec,
} from '../helpers/gentooRoot.js';
import { nothingLeft } from '../helpers/commands.js';
import { finished, sandbox, until } from '../helpers/lvfs.js';
import type { LoadSeen } from '../helpers/loadWorker.js';
import { plainView, type Shown } from '../helpers/plainRules.js';
import { mountTest, skipped } from '../helpers/views.js';
import { Chance } from '../fuzz/mutate.js';

const processes = Number(process.env['LVFS_LOAD_PROCESSES'] ?? 4);
const seconds = Number(process.env['LVFS_LOAD_SECONDS'] ?? 6);
/** What a daemon may have more at the end than after a third of the time. */
const mostGrowth = 32 << 20;

const count = 12;
const numbered = Array.from({ length: count }, (_, i) => i);

const filesOf = (name: string, version: number): FileTree => ({
  [`/opt/load/${name}/run`]: { text: `#!/bin/sh\necho ${name}-${version}\n`, mode: 0o755 },
  [`/opt/load/${name}/version-${version}/data`]: `${name} ${version}\n`,
  [`/opt/load/shared/${name}.h`]: `#define ${name} ${version}\n`,
});

/** What each target needs: tools, which need a library each. */
const needsOf: Readonly<Record<string, readonly string[]>> = {
  'app/one': numbered.slice(0, 8).map((i) => `load/tool${i}`),
  'app/two': numbered.slice(4).map((i) => `load/tool${i}`),
};

function system(): Promise<GentooRoot> {
  const package_ = (name: string, more = {}): [string, InstalledSpec] => [
    `load/${name}-1`,
    { files: filesOf(name, 1), ...more },
  ];
  return gentooRoot({
    packages: Object.fromEntries([
      ...numbered.map((i) => package_(`lib${i}`)),
      ...numbered.map((i) => package_(`tool${i}`, { RDEPEND: `load/lib${i}` })),
      ...numbered.map((i) => package_(`leaf${i}`)),
    ]),
    ebuilds: Object.fromEntries(
      Object.entries(needsOf).map(([name, needs]) => [`${name}-1`, { DEPEND: needs.join(' ') }]),
    ),
    files: { '/opt/load/litter': 'unowned' },
  });
}

/** The states of a view, as those who use it are told of them. */
class States {
  readonly #directory: string;
  readonly #clock: number;
  readonly #words = new Uint32Array(2);

  constructor(directory: string, first: Shown) {
    this.#directory = directory;
    this.#clock = openSync(join(directory, 'clock'), 'w');
    writeFileSync(join(directory, 'state-0'), JSON.stringify(first));
    this.#tell();
  }

  get number(): number {
    return this.#words[0]!;
  }

  /** From here on both states give answers. */
  begin(next: Shown): void {
    writeFileSync(join(this.#directory, `state-${this.number + 1}`), JSON.stringify(next));
    this.#words[0]!++;
    this.#tell();
  }

  /** From here on only the last one does. */
  complete(): void {
    this.#words[1] = this.#words[0]!;
    this.#tell();
  }

  #tell(): void {
    writeSync(this.#clock, new Uint8Array(this.#words.buffer), 0, 8, 0);
  }
}

const memoryOf = (pid: number): number =>
  Number(/^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1024;
const descriptorsOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/** What so many of a hundred are at most, of milliseconds. */
function percentile(values: readonly number[], percent: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.ceil((sorted.length * percent) / 100) - 1] ?? 0).toFixed(2);
}

mountTest(
  `${processes} processes for ${seconds} s use a view that changes${skipped}`,
  async (t: ExecutionContext) => {
    t.timeout(120_000 + seconds * 10_000);
    const gentoo = await system();
    const f = sandbox({ LVFS_ROOT: gentoo.root });
    t.teardown(() => {
      gentoo.cleanup();
      f.cleanup();
    });
    const mountpoint = join(f.directory, 'mnt');
    mkdirSync(mountpoint);
    const mounted = await f.lvfs('mount', '--json', '--no-binds', 'app/one', mountpoint);
    t.is(mounted.status, 0, mounted.stderr);
    const { pid } = (JSON.parse(mounted.stdout) as { mounts: { pid: number }[] }).mounts[0]!;

    const opt = (shown: Shown): Shown =>
      Object.fromEntries(Object.entries(shown).filter(([path]) => path.startsWith('/opt')));
    let target = 'app/one';
    const allowed = new Set<string>();
    const denied = new Set<string>();
    const versions = new Map<string, number>();
    const now = (): Shown => opt(plainView(gentoo.root, needsOf[target]!, allowed, denied));
    const states = new States(f.directory, now());

    // Alone: what a name costs that nobody has asked for.
    const alone = Array.from({ length: 2000 }, (_, i) => {
      const start = performance.now();
      lstatSync(join(mountpoint, `opt/load/alone-${i}`), { throwIfNoEntry: false });
      return performance.now() - start;
    });
    const descriptors = descriptorsOf(pid);

    const worker = fileURLToPath(new URL('../helpers/loadWorker.js', import.meta.url));
    const ends = Array.from({ length: processes }, (_, i) =>
      finished(
        spawn('nice', ['-n', '5', process.execPath, worker, mountpoint, f.directory, String(i + 1)], {
          stdio: ['ignore', 'pipe', 'pipe'],
        }),
      ),
    );

    const chance = new Chance(64);
    const change = async (verb: string, ...names: string[]): Promise<void> => {
      states.begin(now());
      const { status, stderr } = await f.lvfs(verb, mountpoint, ...names);
      t.is(status, 0, stderr);
      states.complete();
    };
    const upgrade = async (): Promise<void> => {
      const name = `tool${chance.below(count)}`;
      const version = versions.get(name) ?? 1;
      // What both have is put in its place by a rename; between is everything of both, and then only what is new.
      const both = { ...now(), ...laterFiles(name, version + 1) };
      states.begin(both);
      states.begin(without(both, `/opt/load/${name}/version-${version}`));
      merge(gentoo, name, version);
      versions.set(name, version + 1);
      const shown = now();
      const paths = [version, version + 1].flatMap((one) => Object.keys(filesOf(name, one)));
      await until(
        `${name} ${version + 1} is there`,
        () => paths.every((path) => textOf(mountpoint + path) === (shown[path] ?? undefined)),
        120_000,
      );
      states.begin(shown);
      states.complete();
    };
    const laterFiles = (name: string, version: number): Shown =>
      Object.fromEntries<string | null>(
        now()[`/opt/load/${name}/run`] === undefined
          ? []
          : [
              [`/opt/load/${name}/version-${version}`, null],
              ...Object.entries(filesOf(name, version)).map(([path, file]): [string, string] => [
                path,
                textIn(file),
              ]),
            ],
      );

    const changes = { merged: 0, allowed: 0, denied: 0, retargeted: 0 };
    const start = performance.now();
    let [memory, isWarm] = [0, false];
    while (performance.now() - start < seconds * 1000) {
      const leaf = `load/leaf${chance.below(count)}`;
      const what = chance.below(10);
      if (what < 4) {
        allowed.add(leaf);
        denied.delete(leaf);
        await change('allow', leaf);
        changes.allowed++;
      } else if (what < 8) {
        allowed.delete(leaf);
        denied.add(leaf);
        await change('deny', leaf);
        changes.denied++;
      } else if (what < 9) {
        await upgrade();
        changes.merged++;
      } else {
        target = chance.of(Object.keys(needsOf));
        allowed.clear();
        denied.clear();
        await change('retarget', target);
        changes.retargeted++;
      }
      if (!isWarm && performance.now() - start > (seconds * 1000) / 3)
        [memory, isWarm] = [memoryOf(pid), true];
      await delay(20);
    }
    writeFileSync(join(f.directory, 'stop'), '');
    const seen = (await Promise.all(ends)).map(({ stdout, stderr }) => {
      t.is(stderr, '');
      return JSON.parse(stdout) as LoadSeen;
    });
    const lookups = seen.flatMap((one) => one.lookups);
    const sum = (of: (one: LoadSeen) => number): number => seen.reduce((total, one) => total + of(one), 0);
    const grown = memoryOf(pid) - memory;
    t.log(
      `${sum((one) => one.answers)} answers, ${sum((one) => one.programs)} programs, ${JSON.stringify(changes)}; ` +
        `memory ${memory >> 20} MiB, grown by ${grown >> 10} KiB; descriptors ${descriptors}, then ${descriptorsOf(pid)}`,
    );
    for (const [who, values] of Object.entries({ alone, 'under load': lookups }))
      t.log(
        `a name that nobody asked for, ${who}: ${percentile(values, 50)} ms half, ${percentile(values, 99)} ms 99 %`,
      );
    t.deepEqual(seen.flatMap(({ wrong }) => wrong).slice(0, 10), []);
    t.true(grown < mostGrowth, `memory grew by ${grown}`);
    t.true(sum((one) => one.answers) > 0);
    t.is((await f.lvfs('umount', mountpoint)).status, 0);
    await nothingLeft(t, f);
  },
);

/** The same without what is at and below a path. */
function without(shown: Shown, path: string): Shown {
  return Object.fromEntries(
    Object.entries(shown).filter(([one]) => one !== path && !one.startsWith(`${path}/`)),
  );
}

const textIn = (file: FileSpec): string =>
  typeof file === 'string' ? file : file !== null && 'text' in file ? file.text : '';

function textOf(path: string): string | undefined {
  return unlessRefused(() => readFileSync(path, 'utf8'), undefined);
}

/** Replaces a tool by its next version as Portage does: the files, the entry under another name, that in its place, and then what is old goes. */
function merge(gentoo: GentooRoot, name: string, version: number): void {
  for (const [path, file] of Object.entries(filesOf(name, version + 1))) {
    const target = gentoo.path(path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(`${target}.new`, textIn(file), { mode: path.endsWith('run') ? 0o755 : 0o644 });
    renameSync(`${target}.new`, target);
  }
  const entries = gentoo.path('/var/db/pkg/load');
  const old = join(entries, `${name}-${version}`);
  const merging = join(entries, `-MERGING-${name}-${version + 1}`);
  cpSync(old, merging, { recursive: true });
  const contents = readFileSync(join(old, 'CONTENTS'), 'utf8');
  writeFileSync(
    join(merging, 'CONTENTS'),
    contents.replaceAll(`version-${version}`, `version-${version + 1}`),
  );
  writeFileSync(join(merging, 'PF'), `${name}-${version + 1}\n`);
  renameSync(merging, join(entries, `${name}-${version + 1}`));
  rmSync(old, { recursive: true });
  rmSync(gentoo.path(`/opt/load/${name}/version-${version}`), { recursive: true });
}
