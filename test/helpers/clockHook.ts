/** A wall clock that jumps forward and back by a day with each look at it, for `node --import`. What measures time by `performance.now()` is not touched. */

const day = 86_400_000;
const jumps = [0, day, 0, -day];
const { now } = Date;
let looks = 0;

const jumping = (): number => now() + jumps[looks++ % jumps.length]!;

globalThis.Date = class extends Date {
  static override now = jumping;

  constructor(...given: unknown[]) {
    super(...((given.length === 0 ? [jumping()] : given) as [number]));
  }
} as DateConstructor;
