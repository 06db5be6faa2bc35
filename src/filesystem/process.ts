/** What a process is doing while it waits for our answer, from /proc (proc_pid_stat(5), proc_pid_syscall(5), …). */
import { closeSync, openSync, readlinkSync, readSync } from 'node:fs';
import { Memo, parseProcessStat } from '../base/index.js';
import type { Operation, ProcessRecord } from '../audit/index.js';
import type { ProcessHandle, ProcessHandles } from '../system/index.js';

const argumentsLimit = 4096;
/** `PATH_MAX` of the kernel. */
const pathLimit = 4096;
/** The pages of all machines are as large as this, or several times so. */
const smallestPage = 4096;
/** Processes remembered; those forgotten get a new record when they are met again. */
const rememberedProcesses = 4096;
/** How long a process is believed to run the same program without a look at its arguments. */
const rememberedMs = 1000;
/** Ancestors that are followed; no build is deeper. */
const maxDepth = 64;

/** A system call that takes a path: what it does, and which argument the path is. */
interface PathCall {
  readonly operation: Operation;
  readonly argument: number;
}

const call = (operation: Operation, argument: number): PathCall => ({ operation, argument });

/** By machine and number; others say nothing about what is wanted. */
const pathCalls: Readonly<Record<string, Readonly<Record<number, PathCall>>>> = {
  x64: {
    2: call('open', 0),
    4: call('stat', 0),
    6: call('stat', 0),
    21: call('access', 0),
    59: call('exec', 0),
    80: call('stat', 0),
    85: call('open', 0),
    89: call('readlink', 0),
    137: call('stat', 0),
    191: call('stat', 0),
    192: call('stat', 0),
    257: call('open', 1),
    262: call('stat', 1),
    267: call('readlink', 1),
    269: call('access', 1),
    322: call('exec', 1),
    332: call('stat', 1),
    437: call('open', 1),
    439: call('access', 1),
  },
  // The numbers that newer machines share (asm-generic/unistd.h).
  generic: {
    43: call('stat', 0),
    48: call('access', 1),
    49: call('stat', 0),
    56: call('open', 1),
    78: call('readlink', 1),
    79: call('stat', 1),
    221: call('exec', 0),
    281: call('exec', 1),
    291: call('stat', 1),
    437: call('open', 1),
    439: call('access', 1),
  },
};

/** `AT_FDCWD` as /proc/<pid>/syscall prints it: 32 or 64 bits of -100. */
const atWorkingDirectory = /^0xffffff(?:ffffffff)?9c$/;

interface Remembered {
  readonly record: ProcessRecord;
  /** Clock ticks after boot: tells processes with the same id apart. */
  readonly started: string;
  checkedAt: number;
}

/** How {@link Processes} are told of. */
export interface ProcessesOptions {
  /** Hears of each process before anything refers to it, with a handle of its own to close where there are {@link handles}. */
  readonly onProcess?: (record: ProcessRecord, handle: ProcessHandle | undefined) => void;
  /** Opens what tells how each process ends. */
  readonly handles?: ProcessHandles;
  /** The first number is this plus {@link step}; several serving threads count apart. */
  readonly first?: number;
  readonly step?: number;
  /** Where the view is mounted for us: what processes in it are told to be in begins so. */
  readonly mountpoint?: string;
  /** Where proc(5) is mounted (default /proc). */
  readonly proc?: string;
}

/** Processes that ask the view for something. */
export class Processes {
  readonly #known = new Memo<number, Remembered>(rememberedProcesses);
  readonly #buffer = Buffer.allocUnsafe(1 << 18);
  readonly #calls = pathCalls[process.arch === 'x64' ? 'x64' : 'generic'] ?? {};
  readonly #onProcess: (record: ProcessRecord, handle: ProcessHandle | undefined) => void;
  readonly #handles: ProcessHandles | undefined;
  readonly #step: number;
  readonly #mountpoint: string;
  readonly #proc: string;
  /** Where our root is for those whose mounts are others than ours, when it is not theirs: who is chrooted cannot see that himself. */
  #rootElsewhere = '';
  #last: number;

  constructor(options: ProcessesOptions = {}) {
    const {
      onProcess = () => undefined,
      handles,
      first = 0,
      step = 1,
      mountpoint = '',
      proc = '/proc',
    } = options;
    this.#onProcess = onProcess;
    this.#handles = handles;
    this.#last = first;
    this.#step = step;
    this.#proc = proc;
    this.#mountpoint = mountpoint === '/' ? '' : mountpoint;
  }

  /**
   * The record of a thread that is waiting for us; 0 for one that we cannot see, or that is gone.
   *
   * @param trusting whether a process that was seen within a second is believed to run the same program
   */
  id(pid: number, trusting: boolean): number {
    return this.#find(pid, trusting, maxDepth)?.id ?? 0;
  }

  /** What the system call that a thread waits in is for; `lookup` when that cannot be seen. */
  operation(pid: number): Operation {
    return this.#call(pid)?.operation ?? 'lookup';
  }

  /** The path that the system call of a waiting thread names, absolute in the view, one character a byte; else empty. */
  wanted(pid: number): string {
    const found = this.#call(pid);
    if (found === undefined) return '';
    const path = this.#string(pid, found.address);
    if (path === '' || path.startsWith('/')) return this.#inside(path);
    const from = atWorkingDirectory.test(found.directory)
      ? `${this.#proc}/${pid}/cwd`
      : `${this.#proc}/${pid}/fd/${Number.parseInt(found.directory, 16)}`;
    const directory = this.#place(from);
    return directory === '' ? '' : `${directory === '/' ? '' : directory}/${path}`;
  }

  #find(pid: number, trusting: boolean, depth: number): ProcessRecord | undefined {
    if (pid <= 1 || depth === 0) return undefined;
    const known = this.#known.get(pid);
    const now = performance.now();
    if (trusting && known !== undefined && now - known.checkedAt < rememberedMs) return known.record;
    const stat = parseProcessStat(this.#read(`${this.#proc}/${pid}/stat`, 1024));
    if (stat === undefined) return undefined;
    const { comm, started } = stat;
    const text = this.#read(`${this.#proc}/${pid}/cmdline`, argumentsLimit).replace(/\0+$/, '');
    const words = text === '' ? [] : text.split('\0');
    if (known?.started === started && known.record.comm === comm && isSame(known.record.arguments, words)) {
      known.checkedAt = now;
      return known.record;
    }
    this.#learnRoot(pid);
    const parent = this.#isInView(stat.parent) ? this.#find(stat.parent, true, depth - 1) : undefined;
    const record = this.#makeRecord(pid, comm, words, parent);
    this.#known.set(pid, { record, started, checkedAt: now });
    // While it waits for us it cannot end.
    this.#onProcess(record, this.#handles?.of(pid));
    return record;
  }

  #makeRecord(
    pid: number,
    comm: string,
    words: readonly string[],
    parent: ProcessRecord | undefined,
  ): ProcessRecord {
    const environment = this.#read(`${this.#proc}/${pid}/environ`, this.#buffer.length);
    const category = name(environment, 'CATEGORY');
    const pf = name(environment, 'PF');
    const phase = name(environment, 'EBUILD_PHASE');
    const buildDirectory = variable(environment, 'PORTAGE_BUILDDIR');
    // What is not said in the environment of a process is what its parent is there for.
    const inherited = parent ?? { id: 0, phase: '', package: '', buildDirectory: '' };
    this.#last += this.#step;
    return {
      id: this.#last,
      parent: inherited.id,
      pid,
      comm,
      program: this.#place(`${this.#proc}/${pid}/exe`),
      arguments: words,
      directory: this.#place(`${this.#proc}/${pid}/cwd`),
      phase: phase === '' ? inherited.phase : phase,
      package: category === '' || pf === '' ? inherited.package : `${category}/${pf}`,
      buildDirectory: buildDirectory === '' ? inherited.buildDirectory : buildDirectory,
      seen: Date.now(),
    };
  }

  /** Whether a process has the view for its root; whoever started the work in it has not. */
  #isInView(pid: number): boolean {
    if (pid <= 1 || pid === process.pid) return false;
    if (this.#mountpoint === '') return true;
    const root = this.#link(`${this.#proc}/${pid}/root`);
    // Where a view is the root of a mount namespace of its own, it is called that as well.
    if (root === '/')
      return this.#link(`${this.#proc}/${pid}/ns/mnt`) !== this.#link(`${this.#proc}/self/ns/mnt`);
    return this.#inside(root) !== root;
  }

  /** /proc tells places of a process with other mounts than ours from the root of those. */
  #learnRoot(pid: number): void {
    if (this.#mountpoint === '') return;
    const root = this.#link(`${this.#proc}/${pid}/root`);
    if (root !== this.#mountpoint && root.endsWith(this.#mountpoint))
      this.#rootElsewhere = root.slice(0, -this.#mountpoint.length);
  }

  #call(pid: number): { operation: Operation; address: number; directory: string } | undefined {
    if (pid <= 0) return undefined;
    const words = this.#read(`${this.#proc}/${pid}/syscall`, 256).split(' ');
    const known = this.#calls[Number.parseInt(words[0] ?? '', 10)];
    if (known === undefined) return undefined;
    return {
      operation: known.operation,
      address: Number.parseInt(words[1 + known.argument] ?? '', 16),
      directory: known.argument === 0 ? '0xffffff9c' : (words[1] ?? ''),
    };
  }

  /**
   * The string at an address of a process. It is read no further than to the end of the page in which it ends: the next may be one of a file in the view that
   * nobody has read yet, for which this thread would have to be asked while it waits. What the string lies in the kernel has just read.
   */
  #string(pid: number, address: number): string {
    if (!Number.isSafeInteger(address) || address <= 0) return '';
    try {
      const fd = openSync(`${this.#proc}/${pid}/mem`, 'r');
      try {
        for (let length = 0; length < pathLimit;) {
          const at = address + length;
          const room = Math.min(pathLimit - length, smallestPage - (at % smallestPage));
          const got = readSync(fd, this.#buffer, length, room, at);
          if (got === 0) return '';
          const end = this.#buffer.subarray(length, length + got).indexOf(0);
          if (end >= 0) return this.#buffer.toString('latin1', 0, length + end);
          length += got;
        }
        return '';
      } finally {
        closeSync(fd);
      }
    } catch {
      // It has ended, or is not ours to look at.
      return '';
    }
  }

  /** Where a link of /proc leads, as a path in the view, one character a byte. */
  #place(link: string): string {
    return this.#inside(this.#link(link));
  }

  /** What a link of /proc says, one character a byte; empty when it says nothing. */
  #link(link: string): string {
    try {
      return readlinkSync(link, 'latin1');
    } catch {
      // It has ended, or is not ours to look at.
      return '';
    }
  }

  /** A path of ours as it is in the view, if it leads there. */
  #inside(path: string): string {
    if (this.#mountpoint === '') return path;
    const elsewhere = this.#rootElsewhere + this.#mountpoint;
    const mountpoint = path.startsWith(elsewhere) ? elsewhere : this.#mountpoint;
    if (!path.startsWith(mountpoint)) return path;
    if (path.length === mountpoint.length) return '/';
    return path[mountpoint.length] === '/' ? path.slice(mountpoint.length) : path;
  }

  /** The beginning of a file of /proc as text; empty when it cannot be read. */
  #read(path: string, limit: number): string {
    let length = 0;
    try {
      const fd = openSync(path, 'r');
      try {
        while (length < limit) {
          const got = readSync(fd, this.#buffer, length, limit - length, null);
          if (got === 0) break;
          length += got;
        }
      } finally {
        closeSync(fd);
      }
    } catch {
      // The process has ended, or is not ours to look at.
      return '';
    }
    return this.#buffer.toString('utf8', 0, length);
  }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, i) => word === b[i]);
}

function variable(environment: string, name: string): string {
  const start = environment.startsWith(`${name}=`) ? 0 : environment.indexOf(`\0${name}=`) + 1;
  if (start === 0 && !environment.startsWith(`${name}=`)) return '';
  const from = start + name.length + 1;
  const end = environment.indexOf('\0', from);
  return environment.slice(from, end < 0 ? undefined : end);
}

/** The value of a variable that Portage sets to a name (PMS 3.1); empty when somebody has set it to anything else. */
function name(environment: string, which: string): string {
  const value = variable(environment, which);
  return /^[\w+.-]{1,255}$/.test(value) ? value : '';
}
