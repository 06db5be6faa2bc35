/**
 * Caches that packages' tools compile from the files of all packages, as the view shows them: see compiled/formats.ts. They
 * are made when somebody asks for one, and again when what is visible has changed; nothing is done for others.
 */
import { Memo, type Logger } from '../base/index.js';
import { cacheFormats, type CacheFormat } from './compiled/formats.js';
import { leftOut, type CacheFile, type Made } from './compiled/sources.js';
import { ViewSources, type CacheView } from './compiled/viewSources.js';
import { isGlob } from './glob.js';
import { GlobSet } from './globs.js';
import { latin1 } from './hostPaths.js';
import { rootNode, type IndexNode } from './pathIndex.js';

/** An entry of the system paths that names caches. */
class CachePlace {
  readonly format: CacheFormat;
  readonly #path: string;
  #globs: GlobSet | undefined;

  constructor(path: string, format: CacheFormat) {
    this.#path = path;
    this.format = format;
  }

  /** One character a byte. */
  matches(path: string): boolean {
    // Most are never asked for, and to understand a glob costs more than all else here.
    this.#globs ??= new GlobSet([this.#path]);
    return this.#globs.matches(path);
  }
}

/** Caches of any name below a directory. */
interface CacheTree {
  /** With a slash at the end. */
  readonly directory: string;
  readonly place: CachePlace | CacheFormat;
}

interface Remembered {
  readonly epoch: number;
  readonly stamp: string | undefined;
  readonly made: Made;
}

/** What is remembered at most. */
const rememberedCaches = 4000;

/** The caches of one view, for one thread. */
export class CompiledCaches {
  readonly #view: CacheView;
  readonly #sources: ViewSources;
  /** Caches whose name is known. */
  readonly #named = new Map<string, CachePlace[]>();
  /** Whether there is one with a name of this length and this last byte. */
  readonly #likely = new Uint8Array(1 << 16);
  readonly #trees: CacheTree[] = [];
  readonly #made = new Memo<IndexNode, Remembered>(rememberedCaches);
  /** Caches that are being made: what asks for one of these on the way is told of the host's, or that it is not there if it may be left out whole. */
  readonly #making = new Set<IndexNode>();

  constructor(view: CacheView, log: Logger) {
    this.#view = view;
    this.#sources = new ViewSources(view, log);
    for (const { path, compiled } of view.settings.systemPaths) {
      if (compiled === undefined) continue;
      const bytes = Buffer.from(path).toString('latin1');
      const place = new CachePlace(path, cacheFormats[compiled]);
      const names = namesOf(bytes.slice(bytes.lastIndexOf('/') + 1));
      for (const name of names ?? []) {
        this.#named.set(name, [...(this.#named.get(name) ?? []), place]);
        this.#likely[likelihood(name.length, name.charCodeAt(name.length - 1))] = 1;
      }
      // What is no glob may be a directory.
      if (!isGlob(path)) this.#trees.push({ directory: `${bytes}/`, place: place.format });
      else if (names === undefined) this.#trees.push({ directory: literalDirectory(bytes), place });
    }
  }

  /** Whether a file may be a cache, as far as its name goes. Costs next to nothing. */
  isNamedLikeOne(node: IndexNode): boolean {
    const { index } = this.#view;
    return this.#likely[likelihood(index.nameLength(node), index.lastByte(node))] === 1;
  }

  /** Whether files in a directory may be caches, whatever they are called. */
  isIn(directory: IndexNode): boolean {
    const path = `${this.#view.pathOf(directory)}/`;
    return this.#trees.some((tree) => path.startsWith(tree.directory));
  }

  /** The format of a file; undefined when it is no cache. */
  formatOf(node: IndexNode): CacheFormat | undefined {
    const places = this.#named.get(latin1(this.#view.index.name(node))) ?? [];
    const path = this.#view.pathOf(node);
    const named = places.find((place) => place.matches(path));
    if (named !== undefined) return named.format;
    for (const { directory, place } of this.#trees) {
      if (!path.startsWith(directory)) continue;
      if (!(place instanceof CachePlace)) return place;
      if (place.matches(path)) return place.format;
    }
    return undefined;
  }

  /**
   * What the view has instead of a cache that the host has.
   *
   * @param epoch the state of the view that it is for
   */
  made(node: IndexNode, epoch: number): Made {
    const known = this.#made.get(node);
    const { host, paths } = this.#view;
    const stamp = host.stamp(paths.of(node));
    if (known?.epoch === epoch && known.stamp === stamp) return known.made;
    if (this.#making.has(node)) return this.formatOf(node)?.treatment === 'left-out' ? leftOut : undefined;
    this.#making.add(node);
    try {
      const made = this.#make(node);
      this.#made.set(node, { epoch, stamp, made });
      if (made !== leftOut) this.#searchAboveAgain(node);
      return made;
    } finally {
      this.#making.delete(node);
    }
  }

  /** What was found of the directories above while it was not there is not believed. */
  #searchAboveAgain(node: IndexNode): void {
    const { index } = this.#view;
    for (let above = index.parent(node); above !== rootNode; above = index.parent(above))
      this.#view.searchAgain(above);
  }

  #make(node: IndexNode): Made {
    const format = this.formatOf(node);
    if (format === undefined) return undefined;
    const { host, paths } = this.#view;
    const path = this.#view.pathOf(node);
    const slash = path.lastIndexOf('/');
    const hostPath = Buffer.from(paths.of(node));
    let contents: Buffer | undefined;
    const file: CacheFile = {
      path,
      directory: path.slice(0, slash),
      name: path.slice(slash + 1),
      contents: () => (contents ??= host.read(hostPath) ?? Buffer.alloc(0)),
    };
    const made = format.make(file, this.#sources.of(path));
    return made !== undefined && made !== leftOut && made.equals(file.contents()) ? undefined : made;
  }
}

function likelihood(length: number, last: number): number {
  return ((length & 255) << 8) | last;
}

/** The names that the last component of a glob stands for; undefined when it stands for others than those listed in it. */
function namesOf(glob: string): string[] | undefined {
  const open = glob.indexOf('{');
  if (open < 0) return isGlob(glob) ? undefined : [glob];
  const close = glob.indexOf('}', open);
  const names = glob
    .slice(open + 1, close)
    .split(',')
    .map((part) => namesOf(glob.slice(0, open) + part + glob.slice(close + 1)));
  return names.some((some) => some === undefined) ? undefined : names.flatMap((some) => some ?? []);
}

/** The directory, with a slash at its end, up to which a glob is literal. */
function literalDirectory(glob: string): string {
  const literal = /^[^*?[\]{}()!\\]*/.exec(glob)?.[0] ?? '';
  return literal.slice(0, literal.lastIndexOf('/') + 1);
}
