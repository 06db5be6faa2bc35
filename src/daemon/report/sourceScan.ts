/**
 * Looks through what a target brings along, while it is built: which names its files contain, and what they ask for. Portage
 * removes the work directory at the end, so this happens at the beginning of each phase, and again when a report is made.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  answersIn,
  isAnswered,
  needsIn,
  WordFilter,
  type Need,
  type ProcessRecord,
} from '../../audit/index.js';
import { errorCode } from '../../base/index.js';

/** Files looked at, and characters read, at most; what is larger than a file of sources is no source. */
const maxFiles = 50_000;
const maxTotal = 128 << 20;
const largestFile = 2 << 20;
const maxNeeds = 5_000;

/** It says what was looked for; its words are CMake's own. */
const cmakeCache = 'CMakeCache.txt';

/** What a build makes; names in there are those that it has looked for already. */
const generated =
  /^(?:config\.(?:log|status|cache)|CMakeFiles|meson-(?:logs|private|info)|autom4te\.cache|\.git|\.ninja_(?:log|deps)|build\.ninja|compile_commands\.json|.*\.(?:log|o|lo|so|a|gz|xz|bz2|zst|zip|png|jpg|pdf|mo|gmo|pyc|class))$/;

/** What is known of the sources of a build. */
export class SourceScan {
  readonly #words = new WordFilter();
  readonly #needs = new Map<string, Need>();
  readonly #answers = new Set<string>();
  readonly #hostPath: (path: string) => string | undefined;
  readonly #roots = new Set<string>();
  readonly #read = new Map<string, string>();
  #phases = new Set<string>();
  #total = 0;
  #isWhole = true;
  #last: Promise<void> = Promise.resolve();

  /** @param hostPath where the host has what is written at a path inside; undefined where nothing is */
  constructor(hostPath: (path: string) => string | undefined) {
    this.#hostPath = hostPath;
  }

  /** A process was seen: it may begin a phase. */
  meet({ phase, buildDirectory, directory, parent }: ProcessRecord): void {
    if (phase === '') {
      // Without Portage, the first command is started where the sources are.
      if (parent === 0 && directory !== '' && directory !== '/') this.#roots.add(directory);
      return;
    }
    if (buildDirectory === '') return;
    this.#roots.add(join(buildDirectory, 'work'));
    const key = `${buildDirectory}\0${phase}`;
    if (this.#phases.has(key)) return;
    this.#phases.add(key);
    if (/^(?:compile|test|install|package|instprep)$/.test(phase)) void this.scan();
  }

  /** Looks at what is new; resolves when that is done. Whatever cannot be read is left out. */
  scan(): Promise<void> {
    this.#last = this.#last.then(() => this.#scan());
    return this.#last;
  }

  /** Whether a name occurs in the sources; undefined when these have not been looked through whole. */
  has(name: string): boolean | undefined {
    if (this.#read.size === 0 || !this.#isWhole) return undefined;
    return this.#words.has(name);
  }

  /** What the sources ask for and do not bring along. */
  get needs(): readonly Need[] {
    return [...this.#needs.values()].filter((need) => !isAnswered(need, this.#answers));
  }

  async #scan(): Promise<void> {
    for (const root of this.#roots) {
      const place = this.#hostPath(root);
      if (place !== undefined) await this.#walk(place);
    }
  }

  async #walk(directory: string): Promise<void> {
    let entries;
    try {
      entries = await readdir(directory, { withFileTypes: true });
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      return;
    }
    for (const entry of entries) {
      if (generated.test(entry.name)) continue;
      const path = join(directory, entry.name);
      if (entry.isDirectory()) await this.#walk(path);
      else if (entry.isFile()) await this.#file(path, entry.name);
    }
  }

  async #file(path: string, name: string): Promise<void> {
    try {
      const { size, mtimeMs } = await stat(path);
      const version = `${size} ${mtimeMs}`;
      if (size > largestFile || this.#read.get(path) === version) return;
      if (this.#read.size >= maxFiles || this.#total + size > maxTotal) {
        this.#isWhole = false;
        return;
      }
      this.#read.set(path, version);
      this.#total += size;
      const data = await readFile(path);
      // Not a text.
      if (data.subarray(0, 4096).includes(0)) return;
      const text = data.toString('latin1');
      for (const answer of answersIn(path, text)) this.#answers.add(answer);
      if (name !== cmakeCache) this.#words.add(text);
      for (const need of needsIn(name, text))
        if (this.#needs.size < maxNeeds) this.#needs.set(`${need.kind} ${need.name} ${name}`, need);
    } catch (error) {
      // Gone meanwhile.
      if (errorCode(error) === undefined) throw error;
    }
  }
}
