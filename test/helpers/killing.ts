/** Kills one process of many, at some moment. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { processesNaming } from './inView.js';

/** Numbers that look random and are the same in each run of the test. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

/** What processes are, by how their command lines look; the first that fits. */
export type Roles = readonly (readonly [words: RegExp, role: string])[];

/** Chooses moments and processes, the same in each run of the test. */
export class Killer {
  readonly #random: Generator<number, never>;
  readonly #withinMs: number;
  readonly #roles: Roles;
  /** How often each was killed. */
  readonly #killed = new Map<string, number>();

  /** @param withinMs a process is killed at some time within this */
  constructor(seed: number, withinMs: number, roles: Roles = []) {
    this.#random = numbers(seed);
    this.#withinMs = withinMs;
    this.#roles = roles;
  }

  /** Kills one of the processes that name a text, some time from now; what it was, undefined when there was none. */
  async kill(text: string): Promise<string | undefined> {
    await delay(this.#random.next().value * this.#withinMs);
    const candidates = processesNaming(text);
    const pid = candidates[Math.floor(this.#random.next().value * candidates.length)];
    if (pid === undefined) return undefined;
    const role = this.#roleOf(pid);
    this.#killed.set(role, (this.#killed.get(role) ?? 0) + 1);
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended: short-lived helpers do.
    }
    return role;
  }

  /** Who was killed, and how often. */
  get told(): string {
    return [...this.#killed].map(([role, count]) => `${count} × ${role}`).join(', ');
  }

  #roleOf(pid: number): string {
    let words = '';
    try {
      words = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
    } catch {
      // It has ended.
    }
    return this.#roles.find(([pattern]) => pattern.test(words))?.[1] ?? 'a helper';
  }
}
