/** Which parts of lvfs have run in this process, told by V8 itself: no code is changed for it, and it hardly costs time. */
import { Session, type Profiler } from 'node:inspector';

/** What counts: the compiled code of lvfs, not that of tests. */
const measured = /\/dist\/src\//;

// Before anything of it is compiled: to that alone V8 adds what counts. So it goes on to the end of the process.
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });

/** Block coverage since it was made; one at a time. */
export class Coverage {
  /** By script: 1 for each character of its text that has run. */
  readonly #covered = new Map<string, Uint8Array>();
  /** Functions with the counts that they had once: nothing new is in them. */
  readonly #known = new Set<string>();

  constructor() {
    this.skip();
  }

  /**
   * How many characters of code have run since the last call and never before.
   *
   * @param remember whether they count as run from here on
   */
  take(remember: boolean): number {
    let fresh = 0;
    session.post('Profiler.takePreciseCoverage', (_, { result }) => {
      for (const { scriptId, url, functions } of result) {
        if (!measured.test(url)) continue;
        for (const { ranges } of functions) fresh += this.#add(scriptId, ranges, remember);
      }
    });
    return fresh;
  }

  /** Forgets what has run since the last call of {@link take}. */
  skip(): void {
    session.post('Profiler.takePreciseCoverage');
  }

  /** @param ranges the function itself, then blocks in it that ran more or less often, outer ones first */
  #add(script: string, ranges: readonly Profiler.CoverageRange[], remember: boolean): number {
    const [whole] = ranges;
    if (whole === undefined || whole.count === 0) return 0;
    const shape = ranges.map(
      (range) => `${range.startOffset}-${range.endOffset}${range.count > 0 ? '+' : ''}`,
    );
    const key = `${script} ${shape.join(' ')}`;
    if (this.#known.has(key)) return 0;
    if (remember) this.#known.add(key);
    const ran = new Uint8Array(whole.endOffset - whole.startOffset);
    for (const { startOffset, endOffset, count } of ranges)
      ran.fill(count > 0 ? 1 : 0, startOffset - whole.startOffset, endOffset - whole.startOffset);
    const covered = this.#of(script, whole.endOffset);
    let fresh = 0;
    for (let i = 0; i < ran.length; i++) {
      if (ran[i] === 0 || covered[whole.startOffset + i] === 1) continue;
      fresh++;
      if (remember) covered[whole.startOffset + i] = 1;
    }
    return fresh;
  }

  #of(script: string, length: number): Uint8Array {
    const known = this.#covered.get(script) ?? new Uint8Array(0);
    if (known.length >= length) return known;
    const grown = new Uint8Array(2 * length);
    grown.set(known);
    this.#covered.set(script, grown);
    return grown;
  }
}
