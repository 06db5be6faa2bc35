/**
 * Package moves and slot moves that repositories have published (`profiles/updates`, PMS 4.4.4) and the database of installed packages does
 * not know yet. emerge brings the database up to date before anything else (`portage._global_updates`); here it is read
 * as though that had been done.
 */
import path from 'node:path';
import { isRecord, parseJson } from '../base/index.js';
import { type Atom, atomToString, tryParseAtom } from './atom.js';
import type { RootFiles } from './rootFiles.js';
import type { DataWarning } from './types.js';
import type { Repositories } from './repos/repository.js';

/** One line of a file of updates. */
export type Move =
  | { readonly kind: 'move'; readonly from: string; readonly to: string }
  | { readonly kind: 'slotmove'; readonly atom: Atom; readonly from: string; readonly to: string };

/** The moves of each repository, in order. Those of one without any updates are the main repository's. */
export class PackageMoves {
  readonly #byRepository: ReadonlyMap<string, readonly Move[]>;
  readonly #main: readonly Move[];

  /** @param main the name of the main repository */
  constructor(byRepository: ReadonlyMap<string, readonly Move[]>, main: string | undefined) {
    this.#byRepository = byRepository;
    this.#main = (main === undefined ? undefined : byRepository.get(main)) ?? [];
  }

  /** Whether there is nothing to be done. */
  get isEmpty(): boolean {
    return [...this.#byRepository.values()].every((moves) => moves.length === 0);
  }

  /** The moves for packages that were installed from a repository. */
  of(repository: string): readonly Move[] {
    return this.#byRepository.get(repository) ?? this.#main;
  }

  /** The moves of each repository that has any. */
  lists(): readonly (readonly Move[])[] {
    return [...this.#byRepository.values()].filter((moves) => moves.length > 0);
  }

  /** What a package is called now; undefined when it was not moved. */
  nameOf(cp: string): string | undefined {
    let name = cp;
    for (const moves of this.lists())
      for (const move of moves) if (move.kind === 'move' && move.from === name) name = move.to;
    return name === cp ? undefined : name;
  }
}

/**
 * A text of atoms, such as a value of the database or a line of the world file, with what has moved (`portage.update.update_dbentry`). White
 * space and all else stays as it is.
 */
export function moved(text: string, moves: readonly Move[]): string {
  let result = text;
  for (const move of moves) {
    const cp = move.kind === 'move' ? move.from : move.atom.cp;
    if (!result.includes(cp)) continue;
    result = result.replace(/\S+/g, (token) => (token.includes(cp) ? movedAtom(token, cp, move) : token));
  }
  return result;
}

function movedAtom(token: string, cp: string, move: Move): string {
  const atom = tryParseAtom(token, { allowRepo: true });
  if (atom?.cp !== cp) return token;
  if (move.kind === 'move') return token.replace(cp, move.to);
  // Whether a version that is named is of the old slot or the new one cannot be known.
  if (move.atom.op !== undefined || atom.slot !== move.from) return token;
  const subslot = atom.subslot === move.from ? move.to : atom.subslot;
  return atomToString({ ...atom, slot: move.to, subslot });
}

/**
 * Reads the moves that the database does not know yet. Portage keeps note of the files that it has carried out (`mtimedb`); where there is no
 * such note, all count.
 *
 * @param mtimedb host path of that note; undefined: all count
 */
export function readMoves(
  files: RootFiles,
  repositories: Repositories,
  mtimedb: string | undefined,
  warn: (warning: DataWarning) => void,
): PackageMoves {
  let known: ReadonlyMap<string, number> | undefined;
  const byRepository = new Map<string, readonly Move[]>();
  for (const { name, location } of repositories) {
    const directory = path.posix.join(location, 'profiles/updates');
    const names = files.list(directory);
    if (names === undefined) continue;
    known ??= mtimedb === undefined ? new Map() : carriedOut(files, mtimedb);
    const moves: Move[] = [];
    for (const file of names.filter((name) => !name.startsWith('.')).sort(byQuarter)) {
      const place = path.posix.join(directory, file);
      if (files.kind(place) !== 'file') continue;
      if (known.get(files.inside(place)) === files.mtimeSeconds(place)) continue;
      parseMoves(files.readText(place) ?? '', place, warn, moves);
    }
    byRepository.set(name, moves);
  }
  return new PackageMoves(byRepository, repositories.main?.name);
}

/** The times of the files of updates that Portage has carried out, by their paths inside the root. */
function carriedOut(files: RootFiles, mtimedb: string): ReadonlyMap<string, number> {
  // During a merge emerge writes much else into it.
  const updates = parseJson(files.readPart(mtimedb, updatesIn), isRecord) ?? {};
  const times = new Map<string, number>();
  for (const [file, time] of Object.entries(updates))
    if (typeof time === 'number') times.set(file, Math.floor(time));
  return times;
}

/** That part of the note, as JSON. Where it is one of an old Portage, or damaged, Portage begins a new one. */
function updatesIn(text = '{}'): string {
  const updates = parseJson(text, isRecord)?.['updates'];
  return JSON.stringify(isRecord(updates) ? updates : {});
}

/** `1Q-2024` before `4Q-2024` before `1Q-2025`: what was moved twice is found. */
function byQuarter(a: string, b: string): number {
  const key = (name: string): string => name.replace(/^(\d)Q-(\d+)$/, '$2-$1');
  return key(a) < key(b) ? -1 : 1;
}

/** Reads a file of updates (`portage.update.parse_updates`); a line that is wrong is told and left out. */
function parseMoves(text: string, file: string, warn: (warning: DataWarning) => void, into: Move[]): void {
  text.split('\n').forEach((line, i) => {
    const [kind, what = '', from = '', to, ...more] = line.split(/\s+/).filter(Boolean);
    if (kind === undefined) return;
    const atom = tryParseAtom(what);
    if (kind === 'move' && to === undefined && atom?.text === atom?.cp && tryParseAtom(from)?.cp === from) {
      into.push({ kind, from: what, to: from });
    } else if (
      kind === 'slotmove' &&
      to !== undefined &&
      more.length === 0 &&
      atom !== undefined &&
      atom.blocker === undefined &&
      [from, to].every((slot) => /^\w[\w+.-]*$/.test(slot))
    ) {
      into.push({ kind, atom, from, to });
    } else {
      const message = `'${line.trim()}' is neither 'move OLD NEW' nor 'slotmove ATOM OLD NEW'; it is ignored`;
      warn({ file, line: i + 1, message });
    }
  });
}
