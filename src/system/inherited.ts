/** What a process has from whoever started it. */
import { closeSync, readdirSync, readFileSync } from 'node:fs';
import { unlessRefused } from '../base/index.js';

/** O_CLOEXEC of asm-generic/fcntl.h, as /proc/PID/fdinfo has it. */
const closeOnExec = 0o2000000;

/**
 * Closes what this process was started with by mistake: descriptors that whoever has started it had open. Those of Node, and those
 * that a process is given on purpose, are not passed on when a program is executed, and stay.
 *
 * @param first the first that may be one
 */
export function closeInherited(first: number): void {
  for (const name of unlessRefused(() => readdirSync('/proc/self/fd'), [])) {
    const fd = Number(name);
    if (fd < first) continue;
    const info = unlessRefused(() => readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'), '');
    const flags = /^flags:\s*([0-7]+)$/m.exec(info)?.[1];
    if (flags !== undefined && (Number.parseInt(flags, 8) & closeOnExec) === 0) closeSync(fd);
  }
}
