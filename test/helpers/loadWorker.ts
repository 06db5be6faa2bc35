/**
 * One of many processes that use a view while it changes: `loadWorker.js MOUNTPOINT DIRECTORY SEED`, until DIRECTORY/stop is there. Each answer is compared with
 * what {@link plainView} said of the states that were in force at some time between the question and the answer: DIRECTORY/state-N, of
 * which DIRECTORY/clock has the numbers of the last that has begun and of the last that is complete. Prints what it saw as JSON.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { errorCode } from '../../src/base/index.js';
import { Chance } from '../fuzz/mutate.js';
import { namesIn, type Shown } from './plainRules.js';

/** What a process saw. */
export interface LoadSeen {
  readonly answers: number;
  readonly programs: number;
  /** Answers that no state gives. */
  readonly wrong: readonly string[];
  /** Milliseconds that a name took which nobody had asked for. */
  readonly lookups: readonly number[];
}

const mostWrong = 5;
const mostLookups = 20_000;

class LoadWorker {
  readonly #mountpoint: string;
  readonly #directory: string;
  readonly #chance: Chance;
  readonly #seed: number;
  readonly #clock: number;
  readonly #states = new Map<number, Shown>();
  readonly #wrong: string[] = [];
  readonly #lookups: number[] = [];
  #answers = 0;
  #programs = 0;

  constructor(mountpoint: string, directory: string, seed: number) {
    this.#mountpoint = mountpoint;
    this.#directory = directory;
    this.#seed = seed;
    this.#chance = new Chance(seed);
    this.#clock = openSync(join(directory, 'clock'), 'r');
  }

  run(): LoadSeen {
    const questions = [
      ...Array<() => void>(50).fill(() => this.#look()),
      ...Array<() => void>(20).fill(() => this.#read()),
      ...Array<() => void>(15).fill(() => this.#list()),
      ...Array<() => void>(20).fill(() => this.#lookUpAnew()),
      () => this.#execute(),
      () => this.#build(),
    ];
    while (!existsSync(join(this.#directory, 'stop')))
      for (let i = 0; i < 100; i++) this.#chance.of(questions)();
    return { answers: this.#answers, programs: this.#programs, wrong: this.#wrong, lookups: this.#lookups };
  }

  /** The number of the last state that has begun, or is complete. */
  #now(which: 'begun' | 'complete'): number {
    const words = new Uint32Array(2);
    readSync(this.#clock, new Uint8Array(words.buffer), 0, 8, 0);
    return words[which === 'begun' ? 0 : 1]!;
  }

  #state(number: number): Shown {
    let state = this.#states.get(number);
    if (state === undefined) {
      state = JSON.parse(readFileSync(join(this.#directory, `state-${number}`), 'utf8')) as Shown;
      this.#states.set(number, state);
      this.#states.delete(number - 64);
    }
    return state;
  }

  /** Asks something, and hands the answer to a judge with all states that may have given it. */
  #ask<T>(
    question: () => T,
    judge: (answer: T | undefined, states: readonly Shown[]) => string | undefined,
  ): void {
    const first = this.#now('complete');
    let answer: T | undefined;
    try {
      answer = question();
    } catch (error) {
      if (errorCode(error) === undefined && !(error instanceof Error && 'status' in error)) throw error;
    }
    const last = this.#now('begun');
    const states = Array.from({ length: last - first + 1 }, (_, i) => this.#state(first + i));
    this.#answers++;
    const wrong = judge(answer, states);
    if (wrong !== undefined && this.#wrong.length < mostWrong)
      this.#wrong.push(`${wrong} (${first} to ${last})`);
  }

  /** Any path of a state at hand, which may be hidden. */
  #somePath(kind?: 'file' | 'directory'): string {
    const now = this.#now('begun');
    const state = this.#state(Math.max(0, now - this.#chance.below(Math.min(now + 1, 8))));
    const paths = Object.keys(state).filter(
      (path) => kind === undefined || (state[path] === null) === (kind === 'directory'),
    );
    return this.#chance.of(paths);
  }

  #look(): void {
    const path = this.#somePath();
    this.#ask(
      () => lstatSync(this.#mountpoint + path).isDirectory(),
      (isDirectory, states) => {
        const fits = states.some(({ [path]: text }) =>
          text === undefined ? isDirectory === undefined : (text === null) === isDirectory,
        );
        const isMoving = states.some(({ [path]: text }) => text !== states[0]![path]);
        return fits || isMoving ? undefined : `${path} is ${String(isDirectory)}`;
      },
    );
  }

  #read(): void {
    const path = this.#somePath('file');
    this.#ask(
      () => readFileSync(this.#mountpoint + path, 'utf8'),
      (text, states) => this.#fits(path, text, states),
    );
  }

  /** A text has to be that of a state; nothing is right where a state has nothing, or another text. */
  #fits(path: string, text: string | undefined, states: readonly Shown[]): string | undefined {
    const texts = new Set(states.map((state) => state[path]));
    if (texts.has(text) || (text === undefined && texts.size > 1)) return undefined;
    return `${path} has ${JSON.stringify(text)}`;
  }

  #list(): void {
    const directory = this.#somePath('directory');
    this.#ask(
      () => readdirSync(this.#mountpoint + directory),
      (names = [], states) => {
        const all = states.map((state) => new Set(namesIn(state, directory)));
        const extra = names.filter((name) => !all.some((some) => some.has(name)));
        const missing = [...all[0]!].filter(
          (name) => all.every((some) => some.has(name)) && !names.includes(name),
        );
        return extra.length + missing.length === 0
          ? undefined
          : `${directory} has ${extra.join()}, lacks ${missing.join()}`;
      },
    );
  }

  #lookUpAnew(): void {
    const name = `none-${this.#seed}-${this.#answers}`;
    const start = performance.now();
    this.#ask(
      () => lstatSync(join(this.#mountpoint, 'opt/load', name)),
      (found) => (found === undefined ? undefined : `${name} is there`),
    );
    if (this.#lookups.length < mostLookups) this.#lookups.push(performance.now() - start);
  }

  #execute(): void {
    const paths = Object.keys(this.#state(this.#now('begun'))).filter((path) => path.endsWith('/run'));
    const path = this.#chance.of(paths);
    this.#programs++;
    this.#ask(
      () => execFileSync(this.#mountpoint + path, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
      (said, states) => {
        const isSaid = states.some(
          ({ [path]: text }) => said !== undefined && text?.includes(`echo ${said}`),
        );
        const isMoving = states.some(({ [path]: text }) => text !== states[0]![path]);
        return isSaid || (said === undefined && (isMoving || states[0]![path] === undefined))
          ? undefined
          : `${path} says ${JSON.stringify(said)}`;
      },
    );
  }

  /** What a build does: many headers into one file. */
  #build(): void {
    this.#programs++;
    this.#ask(
      () =>
        execFileSync('sh', ['-c', 'cat "$1"/*.h', 'sh', join(this.#mountpoint, 'opt/load/shared')], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        }),
      (text, states) => {
        const headers = (state: Shown): string =>
          Object.keys(state)
            .filter((path) => /^\/opt\/load\/shared\/[^/]*\.h$/.test(path))
            .sort()
            .map((path) => state[path])
            .join('');
        const [first = '', ...others] = states.map(headers);
        return text === first || others.some((other) => other !== first)
          ? undefined
          : `headers: ${String(text)}`;
      },
    );
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , mountpoint = '', directory = '', seed = ''] = process.argv;
  process.stdout.write(JSON.stringify(new LoadWorker(mountpoint, directory, Number(seed)).run()));
}
