/** Made-up inputs: others, changed a little. */

/** Numbers by chance, the same ones for the same seed (mulberry32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let word = this.#state;
    word = Math.imul(word ^ (word >>> 15), word | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) % limit;
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

/** No input is longer, in bytes. */
const longest = 4096;

const odd = [0, 1, 0x0a, 0x20, 0x22, 0x27, 0x2d, 0x2f, 0x5c, 0x7f, 0x80, 0xff];
const oddWords = [0, 1, 2, 40, 255, 256, 4096, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];

type Change = (input: Buffer, chance: Chance, others: readonly Buffer[], tokens: readonly Buffer[]) => Buffer;

function splice(input: Buffer, from: number, to: number, by: Uint8Array): Buffer {
  return Buffer.concat([input.subarray(0, from), by, input.subarray(to)]);
}

/** A piece of an input: where it begins and ends. */
function piece(input: Buffer, chance: Chance): [from: number, to: number] {
  const from = chance.below(input.length + 1);
  return [from, from + chance.below(Math.min(input.length - from, chance.of([4, 16, 256])) + 1)];
}

const changes: readonly Change[] = [
  (input, chance) => {
    const at = chance.below(input.length + 1);
    const result = Buffer.from(input);
    if (at < input.length) result[at] = result[at]! ^ (1 << chance.below(8));
    return result;
  },
  (input, chance) => {
    const at = chance.below(input.length + 1);
    return splice(input, at, Math.min(at + chance.below(2), input.length), Buffer.of(chance.of(odd)));
  },
  (input, chance) => {
    const at = chance.below(input.length + 1);
    return splice(input, at, Math.min(at + 1, input.length), Buffer.of(chance.below(256)));
  },
  (input, chance) => {
    const word = Buffer.alloc(4);
    word.writeUInt32LE(chance.of(oddWords));
    const at = chance.below(input.length + 1) & ~3;
    return splice(input, at, Math.min(at + 4, input.length), word);
  },
  (input, chance) => splice(input, ...piece(input, chance), Buffer.alloc(0)),
  (input, chance) => {
    const [from, to] = piece(input, chance);
    const times = chance.of([1, 1, 2, 8, 64]);
    return splice(input, to, to, Buffer.concat(new Array<Buffer>(times).fill(input.subarray(from, to))));
  },
  (input, chance, _, tokens) => {
    const [from, to] = piece(input, chance);
    return tokens.length === 0 ? input : splice(input, from, chance.of([from, to]), chance.of(tokens));
  },
  (input, chance, others) => {
    const other = chance.of(others);
    const [from, to] = piece(other, chance);
    return splice(input, ...piece(input, chance), other.subarray(from, to));
  },
  (input, chance, others) => {
    const other = chance.of(others);
    return Buffer.concat([
      input.subarray(0, chance.below(input.length + 1)),
      other.subarray(chance.below(other.length + 1)),
    ]);
  },
];

/** An input like one of `others`, and like no other. */
export function mutate(chance: Chance, others: readonly Buffer[], tokens: readonly Buffer[]): Buffer {
  // What was found last is what little is known of.
  const from = chance.below(2) === 0 ? Math.max(0, others.length - 8) : 0;
  let input = others[from + chance.below(others.length - from)]!;
  for (let count = 1 + chance.below(5); count > 0; count--)
    input = chance.of(changes)(input, chance, others, tokens);
  return input.subarray(0, longest);
}
