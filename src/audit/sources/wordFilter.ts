/** The words of a large text in little memory: a Bloom filter, which never denies a word that was there. */

const bits = 1 << 23;
const wordPattern = /[A-Za-z0-9_+-]{2,}/g;

/** See the head of this file. Case does not matter. */
export class WordFilter {
  readonly #bits = new Uint32Array(bits / 32);

  /** Adds the words of a text. */
  add(text: string): void {
    for (const [word] of text.matchAll(wordPattern)) {
      const [a, b] = hashes(word);
      this.#set(a);
      this.#set(b);
    }
  }

  /** Whether all words of a name occur; very seldom true although one does not. */
  has(name: string): boolean {
    const words = name.match(wordPattern) ?? [];
    return words.every((word) => hashes(word).every((hash) => this.#isSet(hash)));
  }

  #set(hash: number): void {
    this.#bits[hash >>> 5]! |= 1 << (hash & 31);
  }

  #isSet(hash: number): boolean {
    return ((this.#bits[hash >>> 5]! >>> (hash & 31)) & 1) === 1;
  }
}

/** FNV-1a with two beginnings, over the word in lower case. */
function hashes(word: string): [number, number] {
  let a = 0x811c9dc5;
  let b = 0x1b873593;
  for (let i = 0; i < word.length; i++) {
    const code = word.charCodeAt(i);
    const lower = code >= 65 && code <= 90 ? code + 32 : code;
    a = Math.imul(a ^ lower, 0x01000193);
    b = Math.imul(b ^ lower, 0x85ebca6b);
    b ^= b >>> 13;
  }
  return [(a >>> 0) % bits, (b >>> 0) % bits];
}
