/** What an ELF file needs and offers (elf(5)), and where its content is one of the build rather than of the program. */

/** What the dynamic linker sees of a file. */
export interface ElfFacts {
  /** DT_NEEDED, sorted. */
  readonly needed: readonly string[];
  /** Names of the symbols that others can link with, sorted. */
  readonly exports: readonly string[];
  /** Offset and length of what differs from build to build: the build id, and the checksum of separate debug information. */
  readonly unsteady: readonly (readonly [offset: number, length: number])[];
}

const nothing: ElfFacts = { needed: [], exports: [], unsteady: [] };

/** Reads an ELF file; what is no such file, or damaged, needs and offers nothing. */
export function elfFacts(data: Buffer): ElfFacts {
  if (data.length < 52 || data.readUInt32BE(0) !== 0x7f454c46) return nothing;
  try {
    const elf = new Elf(data);
    return { needed: elf.needed(), exports: elf.exports(), unsteady: elf.unsteady() };
  } catch (error) {
    // An offset leads out of the file.
    if (error instanceof RangeError) return nothing;
    throw error;
  }
}

const segmentLoad = 1;
const segmentDynamic = 2;
const tagNeeded = 1n;
const tagStrings = 5n;
const sectionDynamicSymbols = 11;
const bindings: ReadonlySet<number> = new Set([1, 2, 10]);
/** STV_DEFAULT and STV_PROTECTED. */
const visibilities: ReadonlySet<number> = new Set([0, 3]);

interface Section {
  readonly name: number;
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

class Elf {
  readonly #data: Buffer;
  readonly #wide: boolean;
  readonly #little: boolean;

  constructor(data: Buffer) {
    this.#data = data;
    this.#wide = data.readUInt8(4) === 2;
    this.#little = data.readUInt8(5) === 1;
  }

  needed(): string[] {
    const segments = this.#segments();
    const dynamic = segments.find(({ type }) => type === segmentDynamic);
    if (dynamic === undefined) return [];
    const step = this.#wide ? 16 : 8;
    const names: bigint[] = [];
    let strings: bigint | undefined;
    for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += step) {
      const tag = this.#word(at);
      const value = this.#word(at + step / 2);
      if (tag === 0n) break;
      if (tag === tagNeeded) names.push(value);
      if (tag === tagStrings) strings = value;
    }
    const base = strings;
    if (base === undefined) return [];
    const segment = segments.find(
      ({ type, address, size }) => type === segmentLoad && base >= address && base < address + BigInt(size),
    );
    if (segment === undefined) return [];
    const stringsAt = segment.offset + Number(base - segment.address);
    return names.map((name) => this.#text(stringsAt + Number(name))).sort();
  }

  exports(): string[] {
    const sections = this.#sections();
    const symbols = sections.find(({ type }) => type === sectionDynamicSymbols);
    const strings = symbols === undefined ? undefined : sections[symbols.link];
    if (symbols === undefined || strings === undefined) return [];
    const step = this.#wide ? 24 : 16;
    const names: string[] = [];
    for (let at = symbols.offset; at + step <= symbols.offset + symbols.size; at += step) {
      const info = this.#data.readUInt8(at + (this.#wide ? 4 : 12));
      const other = this.#data.readUInt8(at + (this.#wide ? 5 : 13));
      const isDefined = this.#u16(at + (this.#wide ? 6 : 14)) !== 0;
      if (isDefined && bindings.has(info >> 4) && visibilities.has(other & 3))
        names.push(this.#text(strings.offset + this.#u32(at)));
    }
    return names.sort();
  }

  unsteady(): [number, number][] {
    const sections = this.#sections();
    const names = sections[this.#u16(this.#wide ? 62 : 50)];
    if (names === undefined) return [];
    return sections
      .filter(({ name }) => /^\.(note\.gnu\.build-id|gnu_debuglink)$/.test(this.#text(names.offset + name)))
      .map(({ offset, size }) => [offset, size]);
  }

  #segments(): { type: number; offset: number; address: bigint; size: number }[] {
    const start = Number(this.#word(this.#wide ? 32 : 28));
    const size = this.#u16(this.#wide ? 54 : 42);
    return Array.from({ length: this.#u16(this.#wide ? 56 : 44) }, (_, i) => {
      const at = start + i * size;
      return {
        type: this.#u32(at),
        offset: Number(this.#word(at + (this.#wide ? 8 : 4))),
        address: this.#word(at + (this.#wide ? 16 : 8)),
        size: Number(this.#word(at + (this.#wide ? 32 : 16))),
      };
    });
  }

  #sections(): Section[] {
    const start = Number(this.#word(this.#wide ? 40 : 32));
    const size = this.#u16(this.#wide ? 58 : 46);
    if (start === 0) return [];
    return Array.from({ length: this.#u16(this.#wide ? 60 : 48) }, (_, i) => {
      const at = start + i * size;
      return {
        name: this.#u32(at),
        type: this.#u32(at + 4),
        offset: Number(this.#word(at + (this.#wide ? 24 : 16))),
        size: Number(this.#word(at + (this.#wide ? 32 : 20))),
        link: this.#u32(at + (this.#wide ? 40 : 24)),
      };
    });
  }

  #text(start: number): string {
    const end = this.#data.indexOf(0, start);
    if (start >= this.#data.length || end < 0) throw new RangeError('a name lies outside of the file');
    return this.#data.toString('latin1', start, end);
  }

  #u16(at: number): number {
    return this.#little ? this.#data.readUInt16LE(at) : this.#data.readUInt16BE(at);
  }

  #u32(at: number): number {
    return this.#little ? this.#data.readUInt32LE(at) : this.#data.readUInt32BE(at);
  }

  /** An address or offset, whose size is that of the machine's. */
  #word(at: number): bigint {
    if (!this.#wide) return BigInt(this.#u32(at));
    return this.#little ? this.#data.readBigUInt64LE(at) : this.#data.readBigUInt64BE(at);
  }
}
