/** A CONTENTS file as a whole, as Portage hands it to its callers. */
import { contentsKind, scanContents, type ContentsEntry } from '../../src/portage/contents.js';

function decode(data: Uint8Array, start: number, end: number): string {
  return Buffer.from(data.buffer, data.byteOffset + start, end - start).toString('utf8');
}

/** An entry in full. */
export type ContentsRecord =
  | { type: 'dir' | 'fif' | 'dev' }
  | { type: 'obj'; mtime: string; md5: string }
  | { type: 'sym'; mtime: string; target: string };

/** What is in it. */
export interface Contents {
  /**
   * By path. The parents of every path are there as directories; of a path that is listed twice the later line
   * counts. What is not UTF-8 has become U+FFFD.
   */
  entries: Map<string, ContentsRecord>;
  /** Lines that could not be used. */
  problems: { line: number; message: string }[];
}

/** Reads all of a CONTENTS file. */
export function parseContents(data: Uint8Array): Contents {
  const contents: Contents = { entries: new Map(), problems: [] };
  scanContents(data, {
    entry(entry) {
      const path = decode(entry.bytes, entry.start, entry.end);
      for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
        const parent = path.slice(0, end);
        if (contents.entries.has(parent)) break;
        contents.entries.set(parent, { type: 'dir' });
      }
      contents.entries.set(path, recordOf(data, entry));
    },
    problem(line, message) {
      contents.problems.push({ line, message });
    },
  });
  return contents;
}

function recordOf(data: Uint8Array, entry: ContentsEntry): ContentsRecord {
  switch (entry.kind) {
    case contentsKind.dir:
      return { type: 'dir' };
    case contentsKind.fif:
      return { type: 'fif' };
    case contentsKind.dev:
      return { type: 'dev' };
    case contentsKind.obj:
    case contentsKind.sym: {
      const mtime = decode(data, entry.timeStart, entry.timeEnd);
      const value = decode(data, entry.valueStart, entry.valueEnd);
      return entry.kind === contentsKind.obj
        ? { type: 'obj', mtime, md5: value }
        : { type: 'sym', mtime, target: value };
    }
  }
}
