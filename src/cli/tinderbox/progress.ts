/** How far a check is: a bar with times on a terminal, a line now and then elsewhere. */
import { SingleBar } from 'cli-progress';
import type { Output } from '../output.js';

/** How often a line is written where there is no terminal. */
const lineEveryMs = 60_000;

/** See the head of this file. Everything goes to standard error. */
export class Progress {
  readonly #output: Output;
  readonly #total: number;
  readonly #before: number;
  readonly #started = performance.now();
  readonly #bar: SingleBar | undefined;
  #lastLine = performance.now();
  #done = 0;
  #counts: string;

  /**
   * @param total targets
   * @param before how many of these an earlier run has checked
   * @param counts of their verdicts, in words
   */
  constructor(output: Output, total: number, before: number, counts: string) {
    this.#output = output;
    this.#total = total;
    this.#before = before;
    this.#counts = counts;
    if (!output.showsProgress || total === before) return;
    this.#bar = new SingleBar({
      format: '{bar} {value} of {total}, {duration_formatted}{left}  {counts}{building}',
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: 20,
      fps: 2,
      // Cut at the terminal's width rather than written with wrapping switched off, which would cut what is printed in between as well.
      linewrap: true,
      // What is printed in between takes the place of the line.
      forceRedraw: true,
      clearOnComplete: true,
      hideCursor: false,
      gracefulExit: false,
      stream: process.stderr,
    });
    this.#bar.on('redraw-post', () => output.progressDrawn());
    this.#bar.start(total, before, { counts: '', building: '', left: '' });
  }

  /** A target is being built. */
  building(target: string): void {
    this.#bar?.update({ building: `building ${target}` });
  }

  /**
   * There is one more verdict.
   *
   * @param counts of all so far, in words
   */
  ended(counts: string): void {
    this.#done++;
    this.#counts = counts;
    const left = `about ${spell(this.#left())} left`;
    this.#bar?.update(this.#before + this.#done, { counts: `${counts}; `, left: `, ${left}` });
    if (this.#bar !== undefined || performance.now() - this.#lastLine < lineEveryMs) return;
    this.#lastLine = performance.now();
    this.#output.tell(`lvfs: ${this.#text()}, ${left}`);
  }

  /** Nothing more is shown but a last line about all. */
  end(): void {
    this.#bar?.stop();
    this.#output.endProgress();
    const before = this.#before === 0 ? '' : ` (${this.#before} of them before)`;
    if (this.#total > 1) this.#output.tell(`lvfs: ${this.#text()}${before}, in ${spell(this.#seconds())}`);
  }

  #text(): string {
    const done = this.#before + this.#done;
    return `${done} of ${this.#total} checked: ${done === 0 ? 'none' : this.#counts}`;
  }

  #seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  /** Of what has ended; so there has to be something. */
  #left(): number {
    return (this.#seconds() / this.#done) * (this.#total - this.#before - this.#done);
  }
}

/** A time as people say it: `45 s`, `12 min`, `3 h 20 min`. */
export function spell(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 120) return `${whole} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
