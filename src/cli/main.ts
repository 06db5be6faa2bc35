#!/usr/bin/env node
/**
 * The command `lvfs`: finds the verb, runs it, and turns what it throws into a line and an exit status. Nothing
 * else in lvfs ends the process.
 */
import { closeSync, readFileSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { Ahead } from '../library/index.js';
import { packageVersion } from './version.js';

/** With fewer, Node cannot load the code of lvfs, or stops somewhere in it without a word. */
const fewestOpenFiles = 64;

const argv = process.argv.slice(2);

// Node aborts when it cannot put a terminal that has gone away back in order at its end. What is closed it leaves alone.
process.on('exit', () => {
  for (const fd of [0, 1, 2]) if (!isatty(fd)) closeQuietly(fd);
});

if (argv[0] === '--version' && argv.length === 1) {
  // The quickest way out: nothing of lvfs is loaded.
  process.stdout.write(`lvfs ${packageVersion()}\n`);
} else if (openFiles() < fewestOpenFiles) {
  writeSync(
    2,
    `lvfs: only ${openFiles()} files may be open at a time, lvfs needs ${fewestOpenFiles}\nhint: ulimit -n 1024\n`,
  );
  process.exitCode = argv[0] === 'run' || argv[0] === 'shell' ? 125 : 1;
} else {
  const which = needed();
  let dismiss: (() => Promise<void>) | undefined;
  if (which !== undefined) {
    const { startAhead, dismissAhead } = await import('../library/index.js');
    await startAhead(which);
    dismiss = dismissAhead;
  }
  const { runCommandLine } = await import('./run.js');
  process.exitCode = await runCommandLine(argv, packageVersion);
  await dismiss?.();
}

/** The process that the command line looks as if it will need. */
function needed(): Ahead | undefined {
  const end = argv.indexOf('--');
  const words = new Set(end < 0 ? argv : argv.slice(0, end));
  if (words.has('-h') || words.has('--help')) return undefined;
  if (argv[0] === 'mount')
    return argv.length > 2 && !words.has('-f') && !words.has('--foreground') ? 'daemon' : undefined;
  return argv[0] === 'build' || (argv[0] === 'run' && end > 1) ? 'inside' : undefined;
}

/** How many files this process may have open (proc_pid_limits(5)). */
function openFiles(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1');
    return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Infinity);
  } catch {
    // Not Linux, or no /proc: then it comes to the test.
    return Infinity;
  }
}

function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // It was closed from the beginning.
  }
}
