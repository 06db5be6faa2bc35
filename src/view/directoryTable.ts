/**
 * Where directories led when the paths of packages were resolved: all that were links, and the shallow ones, mostly to
 * themselves. When one of them leads elsewhere all paths have to be resolved anew.
 *
 * Paths are text of one character a byte, made once: most of these directories are no links, and then a single system call
 * says so.
 */
import type { Canonicaliser, HostLinks } from './canonical.js';
import { hostKind } from './host.js';
import type { PathIndex } from './pathIndex.js';

/** Absolute paths, and the canonical paths of the directories that they lead to. */
export type DirectoryTable = ReadonlyMap<string, string>;

/**
 * Whether all of them lead where they led.
 *
 * @param index holds the paths that have to be followed
 * @param canonical of the same index
 */
export function directoriesHold(
  table: DirectoryTable,
  links: HostLinks,
  index: PathIndex,
  canonical: Canonicaliser,
): boolean {
  const node = (path: string) => index.ensurePath(Buffer.from(path, 'latin1'));
  for (const [from, to] of table) {
    // A link that leads nowhere stands for itself, so that it is one does not decide.
    if (from === to && links.kind(from) !== hostKind.link) continue;
    if (canonical.directory(node(from)) !== node(to)) return false;
  }
  return true;
}

/** The table as it is saved: each path with a NUL behind it, the second empty where it is the first. */
export function encodeDirectories(table: DirectoryTable): Uint8Array {
  const lines = [...table].map(([from, to]) => `${from}\0${from === to ? '' : to}\0`);
  return Buffer.from(lines.join(''), 'latin1');
}

/** What {@link encodeDirectories} made. */
export function decodeDirectories(bytes: Uint8Array): DirectoryTable {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const paths = text.split('\0');
  const table = new Map<string, string>();
  for (let i = 0; i + 2 < paths.length; i += 2) {
    const from = paths[i]!;
    table.set(from, paths[i + 1]! || from);
  }
  return table;
}
