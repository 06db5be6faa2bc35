/** What a process is doing while it waits for our answer, from /proc (proc_pid_environ(5), proc_pid_syscall(5)). */
import { closeSync, openSync, readSync } from 'node:fs';
import type { Operation, ProcessFacts } from '../audit/index.js';

const cmdlineLimit = 4096;
/** Processes whose environment and command line are remembered. */
const rememberedProcesses = 256;
/** How long they are believed; `comm` and the system call are read each time. */
const rememberedMs = 1000;

/** System calls that take a path, by machine; others say nothing about what is wanted. */
const callNames: Readonly<Record<string, Readonly<Record<number, Operation>>>> = {
  x64: {
    2: 'open',
    4: 'stat',
    6: 'stat',
    21: 'access',
    59: 'exec',
    85: 'open',
    89: 'readlink',
    137: 'stat',
    191: 'stat',
    192: 'stat',
    257: 'open',
    262: 'stat',
    267: 'readlink',
    269: 'access',
    322: 'exec',
    332: 'stat',
    437: 'open',
    439: 'access',
  },
  // The numbers that newer machines share (asm-generic/unistd.h).
  generic: {
    43: 'stat',
    48: 'access',
    56: 'open',
    78: 'readlink',
    79: 'stat',
    221: 'exec',
    281: 'exec',
    291: 'stat',
    437: 'open',
    439: 'access',
  },
};

const nobody: ProcessFacts = { pid: 0, comm: '', cmdline: '', phase: '', package: '' };

interface Remembered {
  readonly facts: ProcessFacts;
  readonly at: number;
}

/** Reads facts of processes, remembering what seldom changes for a moment. */
export class Processes {
  readonly #known = new Map<number, Remembered>();
  readonly #buffer = Buffer.allocUnsafe(1 << 18);
  readonly #calls = callNames[process.arch === 'x64' ? 'x64' : 'generic'] ?? {};

  /** The process of a thread that is waiting for us. A process that we cannot see, or that is gone, has no facts. */
  facts(pid: number): ProcessFacts {
    if (pid <= 0) return nobody;
    const comm = this.#read(`/proc/${pid}/comm`, 64).trimEnd();
    const known = this.#known.get(pid);
    const now = performance.now();
    if (known !== undefined && known.facts.comm === comm && now - known.at < rememberedMs) return known.facts;
    const environment = this.#read(`/proc/${pid}/environ`, this.#buffer.length);
    const category = variable(environment, 'CATEGORY');
    const pf = variable(environment, 'PF');
    const facts: ProcessFacts = {
      pid,
      comm,
      cmdline: this.#read(`/proc/${pid}/cmdline`, cmdlineLimit).replace(/\0+$/, '').replaceAll('\0', ' '),
      phase: variable(environment, 'EBUILD_PHASE'),
      package: category !== '' && pf !== '' ? `${category}/${pf}` : '',
    };
    if (this.#known.size >= rememberedProcesses) this.#known.clear();
    this.#known.set(pid, { facts, at: now });
    return facts;
  }

  /** What the system call that a thread waits in is for; `lookup` when that cannot be seen. */
  operation(pid: number): Operation {
    if (pid <= 0) return 'lookup';
    const call = Number.parseInt(this.#read(`/proc/${pid}/syscall`, 32), 10);
    return this.#calls[call] ?? 'lookup';
  }

  /** The beginning of a file of /proc as text; empty when it cannot be read. */
  #read(path: string, limit: number): string {
    let fd: number;
    try {
      fd = openSync(path, 'r');
    } catch {
      // The process has ended, or is not ours to look at.
      return '';
    }
    let length = 0;
    try {
      while (length < limit) {
        const got = readSync(fd, this.#buffer, length, limit - length, null);
        if (got === 0) break;
        length += got;
      }
    } catch {
      // It has ended in between.
    } finally {
      closeSync(fd);
    }
    return this.#buffer.toString('utf8', 0, length);
  }
}

function variable(environment: string, name: string): string {
  const start = environment.startsWith(`${name}=`) ? 0 : environment.indexOf(`\0${name}=`) + 1;
  if (start === 0 && !environment.startsWith(`${name}=`)) return '';
  const from = start + name.length + 1;
  const end = environment.indexOf('\0', from);
  return environment.slice(from, end < 0 ? undefined : end);
}
