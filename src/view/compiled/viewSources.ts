/** {@link Sources} of a view: the host's files, and the rules of the view about them. */
import { displayPath, isWithin, Memo, type Logger } from '../../base/index.js';
import { hostKind, kindOfType, type Host, type HostKind } from '../host.js';
import { latin1 } from '../hostPaths.js';
import { indexKind, type IndexNode, type PathIndex } from '../pathIndex.js';
import type { Resolved } from '../resolver.js';
import type { ViewSettings } from '../rules.js';
import type { Compilation, Presence, Sources } from './sources.js';

/** What is asked of a view. */
export interface CacheView {
  readonly index: PathIndex;
  readonly settings: ViewSettings;
  readonly host: Host;
  readonly visible: Uint32Array;
  readonly hasOverrides: boolean;
  readonly paths: { of(node: IndexNode): Uint8Array };
  canonical(path: Uint8Array): Resolved | undefined;
  endOfLink(link: IndexNode): Resolved | undefined;
  isVisible(node: IndexNode, kind: HostKind): boolean;
  isUntouchable(node: IndexNode): boolean;
  pathOf(node: IndexNode): string;
  searchAgain(directory: IndexNode): void;
}

/** What programs made, by what they were given, is remembered of so many. */
const rememberedOutputs = 16;

/** See the head of this file. */
export class ViewSources {
  readonly #view: CacheView;
  readonly #log: Logger;
  readonly #outputs = new Memo<string, ReadonlyMap<string, Buffer> | string>(rememberedOutputs);
  readonly #warned = new Set<string>();

  constructor(view: CacheView, log: Logger) {
    this.#view = view;
    this.#log = log;
  }

  /** What a cache, named by its path in the view, is looked at against. */
  of(cache: string): Sources {
    const { sysroot = '', prefix = '' } = this.#view.settings;
    const place = sysroot !== '' && isWithin(cache, sysroot) ? sysroot : '';
    const warn = (message: string): void => this.#warn(`${displayPath(cache)}: ${message}`);
    return {
      place,
      prefix: place || (prefix !== '' && isWithin(cache, prefix) ? prefix : ''),
      presence: (path) => this.#presence(path),
      presenceIn: (directory) => this.#presenceIn(directory),
      hidesBelow: (directory) => {
        const node = this.#directory(directory);
        return node !== undefined && (this.#hidesOwned(node) || this.#hidesUnowned(node, cache));
      },
      names: (directory) => this.#names(directory),
      read: (path) => this.#read(path),
      compile: (compilation) => this.#compile(compilation, warn),
      warn,
    };
  }

  #warn(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#log('warn', message);
  }

  #presence(path: string): Presence {
    const found = this.#find(path);
    return found === undefined ? 'missing' : this.#presenceOf(found);
  }

  #find(path: string): Resolved | undefined {
    return this.#view.canonical(Buffer.from(path, 'latin1'));
  }

  #presenceOf({ node, kind }: Resolved): Presence {
    if (kind === hostKind.missing) return 'missing';
    if (!this.#view.isVisible(node, kind)) return 'hidden';
    if (kind !== hostKind.link) return 'visible';
    const end = this.#view.endOfLink(node);
    if (end === undefined) return 'missing';
    return this.#view.isVisible(end.node, end.kind) ? 'visible' : 'hidden';
  }

  #presenceIn(directory: string): (name: string) => Presence {
    const { index, host, paths, hasOverrides, visible } = this.#view;
    const found = this.#directory(directory);
    if (found === undefined) return () => 'missing';
    const isVisible = this.#view.isVisible(found, hostKind.directory);
    return (name) => {
      if (name === '' || name.includes('/')) return this.#presence(`${directory}/${name}`);
      const bytes = Buffer.from(name, 'latin1');
      const known = index.find(found, bytes);
      // Most names are files of packages; these need no look at the host.
      if (known !== -1 && !hasOverrides && index.kind(known) === indexKind.obj)
        return isVisible && index.ownerVisible(known, visible) ? 'visible' : 'hidden';
      const node = index.tryEnsure(found, bytes);
      if (node === -1) return 'missing';
      return this.#presenceOf({ node: node, kind: host.kind(paths.of(node)) });
    };
  }

  /** The end of a path, links followed. */
  #end(path: string): Resolved | undefined {
    const found = this.#find(path);
    return found?.kind === hostKind.link ? this.#view.endOfLink(found.node) : found;
  }

  #directory(path: string): IndexNode | undefined {
    const end = this.#end(path);
    return end?.kind === hostKind.directory ? end.node : undefined;
  }

  #names(directory: string): string[] {
    const node = this.#directory(directory);
    const listing = node === undefined ? undefined : this.#view.host.list(this.#view.paths.of(node));
    if (listing === undefined) return [];
    const { names, bounds, kinds } = listing;
    return Array.from(kinds, (_, i) => latin1(names.subarray(bounds[i], bounds[i + 1]))).sort();
  }

  #read(path: string): Buffer | undefined {
    const end = this.#end(path);
    return end?.kind === hostKind.file ? this.#view.host.read(this.#view.paths.of(end.node)) : undefined;
  }

  /** Looks at the index, and at the host for what it finds there. */
  #hidesOwned(directory: IndexNode): boolean {
    const { index, visible, host, paths } = this.#view;
    for (let node = index.firstChild(directory); node !== -1; node = index.nextSibling(node)) {
      if (this.#view.isUntouchable(node)) continue;
      if (index.firstChild(node) !== -1) {
        if (this.#hidesOwned(node)) return true;
      } else if (index.isOwned(node) && !index.ownerVisible(node, visible)) {
        const kind = host.kind(paths.of(node));
        if (kind !== hostKind.missing && !this.#view.isVisible(node, kind)) return true;
      }
    }
    return false;
  }

  /** @param cache what does not count itself */
  #hidesUnowned(directory: IndexNode, cache: string): boolean {
    const { index, host, paths } = this.#view;
    const listing = host.list(paths.of(directory));
    if (listing === undefined) return false;
    const { names, bounds, kinds } = listing;
    return kinds.some((kind, i) => {
      const node = index.tryEnsure(directory, names, bounds[i], bounds[i + 1]);
      if (node === -1 || this.#view.isUntouchable(node)) return false;
      if (kind === hostKind.directory) return this.#hidesUnowned(node, cache);
      return !this.#view.isVisible(node, kindOfType(kind)) && this.#view.pathOf(node) !== cache;
    });
  }

  #compile(
    { programs, args, inputs }: Compilation,
    warn: Sources['warn'],
  ): ReadonlyMap<string, Buffer> | undefined {
    const { host, settings } = this.#view;
    // The programs of a sysroot are another machine's.
    const prefix = settings.prefix ?? '';
    const program = programs.map((path) => prefix + path).find((path) => this.#presence(path) === 'visible');
    if (program === undefined) {
      warn(`not shown: ${programs.join(' or ')}, which makes it of what is visible, is hidden or missing`);
      return undefined;
    }
    const files = [...inputs].map(([name, path]) => ({ name, path }));
    const key = JSON.stringify([program, args, files.map((file) => [file, this.#stamp(file.path)])]);
    let output = this.#outputs.get(key);
    if (output === undefined) {
      output = host.compile({ root: settings.root, program, args, files });
      this.#outputs.set(key, output);
    }
    if (typeof output !== 'string') return output;
    warn(`not shown: ${program} cannot make it of what is visible: ${output}`);
    return undefined;
  }

  #stamp(path: string): string | undefined {
    const end = this.#end(path);
    return end && this.#view.host.stamp(this.#view.paths.of(end.node));
  }
}
