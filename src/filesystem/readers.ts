/**
 * Who read a file first: one small number for each node, naming a program. In memory that serving threads share and the main
 * thread reads for the report.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import type { IndexNode, PathIndex } from '../view/index.js';

/** The memory of {@link Readers}; can be cloned. */
export interface SharedReaders {
  /** The number of a name for each node; 0: nobody known. */
  readonly of: SharedArrayBuffer;
  readonly names: SharedArrayBuffer;
}

/** Names kept at most; programs beyond them are not told apart from nobody. */
const maxNames = 4096;
/** `TASK_COMM_LEN` of the kernel. */
const nameBytes = 16;
const lockWord = 0;
const countWord = 1;
const headBytes = 8;
/** How long the name of a process is believed, while it reads what is no program. */
const rememberedMs = 1000;
const rememberedProcesses = 1024;

/** See the head of this file. One for each thread. */
export class Readers {
  readonly #of: Uint16Array;
  readonly #head: Int32Array;
  readonly #names: Buffer;
  readonly #ids = new Map<string, number>();
  readonly #processes = new Map<number, { id: number; at: number }>();
  readonly #buffer = Buffer.alloc(nameBytes * 2);

  constructor(readonly shared: SharedReaders) {
    this.#of = new Uint16Array(shared.of);
    this.#head = new Int32Array(shared.names, 0, 2);
    this.#names = Buffer.from(shared.names, headBytes);
  }

  /** Memory for an index; untouched pages cost nothing. */
  static create(index: PathIndex): Readers {
    return new Readers({
      of: new SharedArrayBuffer(index.capacity.nodes * 2),
      names: new SharedArrayBuffer(headBytes + maxNames * nameBytes),
    });
  }

  /**
   * Notes that a thread reads a file for the first time.
   *
   * A program and its libraries are read while the process still has the name of the one that starts it (a shell, make), so that
   * name is not kept for what the process reads later.
   *
   * @param isProgram whether the file is executed or loaded rather than read
   */
  note(node: IndexNode, pid: number, isProgram: boolean): void {
    if (pid <= 0 || node >= this.#of.length) return;
    const now = performance.now();
    const known = isProgram ? undefined : this.#processes.get(pid);
    if (known !== undefined && now - known.at < rememberedMs) {
      this.#of[node] = known.id;
      return;
    }
    const id = this.#idOf(this.#commOf(pid));
    this.#of[node] = id;
    if (isProgram) return;
    if (this.#processes.size >= rememberedProcesses) this.#processes.clear();
    this.#processes.set(pid, { id, at: now });
  }

  /** The name of the program that read a file first; empty when nobody knows. */
  of(node: IndexNode): string {
    const id = this.#of[node] ?? 0;
    return id === 0 ? '' : this.#nameAt(id);
  }

  #nameAt(id: number): string {
    const at = (id - 1) * nameBytes;
    const end = this.#names.indexOf(0, at);
    return this.#names.toString('utf8', at, Math.min(end, at + nameBytes));
  }

  #commOf(pid: number): string {
    try {
      const fd = openSync(`/proc/${pid}/comm`, 'r');
      try {
        const length = readSync(fd, this.#buffer, 0, this.#buffer.length, null);
        return this.#buffer.toString('utf8', 0, length).trimEnd();
      } finally {
        closeSync(fd);
      }
    } catch {
      // It has ended, or is not ours to look at.
      return '';
    }
  }

  #idOf(name: string): number {
    if (name === '') return 0;
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    while (Atomics.compareExchange(this.#head, lockWord, 0, 1) !== 0) continue;
    let id: number;
    try {
      const count = Atomics.load(this.#head, countWord);
      id = 1;
      while (id <= count && this.#nameAt(id) !== name) id++;
      if (id > count) {
        if (count >= maxNames) return 0;
        const at = (id - 1) * nameBytes;
        this.#names.write(name, at, nameBytes - 1, 'utf8');
        Atomics.store(this.#head, countWord, id);
      }
    } finally {
      Atomics.store(this.#head, lockWord, 0);
    }
    this.#ids.set(name, id);
    return id;
  }
}
