/**
 * Files that lvfs saves for its next run: never changed in place, but written beside and renamed, so several processes need
 * no lock; the last one wins. No fsync: whoever reads one checks a checksum.
 */
import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { makeDirectories } from './directories.js';
import { OpenFile } from './openFile.js';
import { readingFlags, systemError } from './regularFile.js';

/** A temporary file of this age belongs to a process that was killed while it saved. */
const orphanAgeMs = 10 * 60_000;
/** One write takes no more. */
const writeBytes = 1 << 30;

/**
 * Opens a saved file for reading, without following a link or waiting for whoever writes to a FIFO.
 *
 * @throws what open(2) says
 */
export function openSaved(file: string): OpenFile {
  return new OpenFile(file, readingFlags | fs.constants.O_NOFOLLOW);
}

/** Why an opened file is not to be believed: somebody else could have written it. Undefined when it may be. */
export function distrust(stat: fs.Stats): string | undefined {
  if (!stat.isFile()) return 'it is not a regular file';
  if (stat.uid !== process.geteuid?.() && stat.uid !== 0) return `it belongs to another user (${stat.uid})`;
  return (stat.mode & 0o022) === 0 ? undefined : 'others may write to it';
}

/**
 * Puts a new file, mode 644, in the place of the old one; its directory is made if need be.
 *
 * @throws EPERM for a directory that is somebody else's, or what the system says, with the old file still there and nothing left of the new one
 */
export function replaceFile(file: string, parts: readonly Uint8Array[]): void {
  const random = Math.random().toString(36).slice(2, 10);
  const temporary = `${file}.${process.pid}-${random}.tmp`;
  let isOurs = false;
  try {
    makeDirectories(dirname(file), 0o755);
    checkDirectory(dirname(file));
    removeOrphans(file);
    const fd = fs.openSync(temporary, 'wx', 0o644);
    isOurs = true;
    try {
      for (const part of parts) {
        for (let at = 0; at < part.length;)
          at += fs.writeSync(fd, part, at, Math.min(part.length - at, writeBytes));
      }
      fs.fchmodSync(fd, 0o644);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(temporary, file);
  } catch (error) {
    if (isOurs) fs.rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * Whoever can make names in a directory can have files replaced, or others' removed, by swapping it for a link.
 *
 * @throws EPERM when that is anybody but this user and root
 */
function checkDirectory(directory: string): void {
  const { uid, mode } = fs.statSync(directory);
  if (uid !== process.geteuid?.() && uid !== 0)
    throw systemError('EPERM', `${directory} belongs to another user (${uid})`);
  const isSticky = (mode & 0o1000) !== 0;
  if ((mode & 0o022) !== 0 && !isSticky) throw systemError('EPERM', `others may write to ${directory}`);
}

/** Removes what processes that were killed while they saved have left. */
function removeOrphans(file: string): void {
  const prefix = `${basename(file)}.`;
  for (const name of fs.readdirSync(dirname(file))) {
    if (!name.startsWith(prefix) || !name.endsWith('.tmp')) continue;
    const path = join(dirname(file), name);
    const stat = fs.lstatSync(path, { throwIfNoEntry: false });
    if (stat !== undefined && Date.now() - stat.mtimeMs > orphanAgeMs) fs.rmSync(path, { force: true });
  }
}
