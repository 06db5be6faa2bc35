/**
 * Who owns a few paths, from the saved index, without loading it: of some 60 MB a dozen blocks of 64 KiB a path are read.
 *
 * The answer is the one that {@link openIndex} would give, or none: when anything that is installed is not as it was
 * saved, when a link by which paths were resolved leads elsewhere, or when there is any doubt about the file. Then the
 * index has to be opened, which also says what is wrong.
 */
import { errorCode, type PackageId } from '../base/index.js';
import { Canonicaliser, type HostLinks } from './canonical.js';
import { directoriesHold } from './directoryTable.js';
import { contentsFile, ContentsIdentity } from './contentsIdentity.js';
import { blockBytes, Doubt, IndexFile } from './indexFile.js';
import type { InstalledState } from './indexStore.js';
import {
  hashOf,
  indexSection,
  listBit,
  PathIndex,
  recordedCpvs,
  recordedIdentity,
  recordedState,
  rootNode,
} from './pathIndex.js';

/** What {@link savedOwners} works with. */
export interface SavedOwnersOptions extends Pick<InstalledState, 'preserved'> {
  readonly cacheFile: string;
  /** What is installed when it is exactly what is known by name, undefined otherwise. */
  readonly installed: (known: ReadonlySet<PackageId>) => InstalledState['packages'] | undefined;
  readonly links: HostLinks;
  readonly sysroot?: string | undefined;
}

/**
 * The owners of each path and of what is below it, as {@link PathIndex.ownersWithin}, in no particular order; undefined when the index has to be opened
 * for that.
 *
 * @param paths absolute, their parents resolved, without empty and dot components
 */
export function savedOwners(
  options: SavedOwnersOptions,
  paths: readonly Uint8Array[],
): readonly (readonly PackageId[])[] | undefined {
  try {
    using file = new IndexFile(options.cacheFile);
    const packages = new SavedPackages(file);
    if (!packages.areInstalled(options) || !linksHold(file, options)) return undefined;
    const tree = new SavedTree(file);
    return paths.map((path) => tree.ownersWithin(path).map((id) => packages.cpv(id)));
  } catch (error) {
    if (error instanceof Doubt || errorCode(error) !== undefined) return undefined;
    throw error;
  }
}

/** The packages of the saved index. */
class SavedPackages {
  readonly #records: Uint32Array;
  readonly #cpvs: readonly PackageId[];

  constructor(file: IndexFile) {
    this.#records = wordsOf(file.section(indexSection.records));
    const names = file.section(indexSection.packageNames);
    this.#cpvs = recordedCpvs(this.#records, names, 0, file.sizes.packages);
  }

  cpv(id: number): PackageId {
    return this.#cpvs[id]!;
  }

  /** Whether what is installed is what was saved, to the last CONTENTS, and none was damaged: that has to be told. */
  areInstalled(options: SavedOwnersOptions): boolean {
    const { preserved, installed } = options;
    const ids = new Map<PackageId, number>();
    for (const [id, cpv] of this.#cpvs.entries()) {
      const { isLive, isDamaged } = recordedState(this.#records, id);
      if (isDamaged) return false;
      if (isLive) ids.set(cpv, id);
    }
    const libraries = new Map((preserved ?? []).map(({ cpv, paths }) => [cpv, paths]));
    const identity = new ContentsIdentity();
    const isSame = ({ cpv, directory }: InstalledState['packages'][number]): boolean => {
      identity.look(contentsFile(directory), libraries.get(cpv) ?? []);
      return identity.equals(recordedIdentity(this.#records, ids.get(cpv)!));
    };
    return installed(new Set(ids.keys()))?.every(isSame) === true;
  }
}

/** Whether the links by which paths were resolved lead where they led. */
function linksHold(file: IndexFile, { links, sysroot = '' }: SavedOwnersOptions): boolean {
  // They are followed in an index of nothing else.
  const index = PathIndex.create();
  const canonical = new Canonicaliser(index, links, index.ensurePath(Buffer.from(sysroot)));
  return directoriesHold(file.directories(), links, index, canonical);
}

/** The tree of paths, read where it is looked at; the same search as in {@link PathIndex}. */
class SavedTree {
  readonly #file: IndexFile;
  /** By section and number. */
  readonly #blocks = new Map<number, Map<number, Uint8Array>>();
  readonly #slotMask: number;

  constructor(file: IndexFile) {
    this.#file = file;
    this.#slotMask = file.sizes.slots - 1;
  }

  ownersWithin(path: Uint8Array): number[] {
    const top = this.#resolve(path);
    if (top === -1) return [];
    const ids = new Set(this.#owners(top));
    let at = this.#word(indexSection.firstChild, top);
    while (at !== 0) {
      let here = at;
      for (const id of this.#owners(here)) ids.add(id);
      at = this.#word(indexSection.firstChild, here);
      for (; at === 0 && here !== top; here = this.#word(indexSection.parent, here))
        at = this.#word(indexSection.nextSibling, here);
    }
    return [...ids];
  }

  #resolve(path: Uint8Array): number {
    let node: number = rootNode;
    for (let start = 1; start < path.length;) {
      const slash = path.indexOf(0x2f, start);
      const end = slash < 0 ? path.length : slash;
      node = this.#find(node, path, start, end);
      if (node === -1) return -1;
      start = end + 1;
    }
    return node;
  }

  #owners(node: number): number[] {
    const owner = this.#word(indexSection.owner, node);
    if (owner === 0) return [];
    if (owner < listBit) return [owner - 1];
    const ids: number[] = [];
    for (let at = owner - listBit; at !== 0; at = this.#word(indexSection.owners, 2 * at + 1))
      ids.push(this.#word(indexSection.owners, 2 * at));
    return ids;
  }

  #find(parent: number, name: Uint8Array, start: number, end: number): number {
    for (let slot = hashOf(parent, name, start, end) & this.#slotMask; ; slot = (slot + 1) & this.#slotMask) {
      const node = this.#word(indexSection.hash, slot);
      if (node === 0) return -1;
      if (this.#word(indexSection.parent, node) === parent && this.#isNamed(node, name, start, end))
        return node;
    }
  }

  #isNamed(node: number, name: Uint8Array, start: number, end: number): boolean {
    let at = this.#word(indexSection.nameAt, node);
    if (this.#byte(indexSection.names, at) !== end - start) return false;
    for (let i = start; i < end; i++) if (this.#byte(indexSection.names, ++at) !== name[i]) return false;
    return true;
  }

  #word(section: number, index: number): number {
    const at = index * 4;
    return wordsOf(this.#block(section, at))[(at % blockBytes) / 4]!;
  }

  #byte(section: number, at: number): number {
    return this.#block(section, at)[at % blockBytes]!;
  }

  #block(section: number, at: number): Uint8Array {
    const blocks = this.#blocks.get(section) ?? new Map<number, Uint8Array>();
    this.#blocks.set(section, blocks);
    const number = Math.floor(at / blockBytes);
    let block = blocks.get(number);
    if (block === undefined) blocks.set(number, (block = this.#file.block(section, number)));
    return block;
  }
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}
