/** Finds, among all that a view hides, what would have satisfied the tools of a build. */
import { displayPath, type PackageId } from '../../base/index.js';
import {
  keyOf,
  placesOf,
  searchedBy,
  textOf,
  wantedByModule,
  wantedFor,
  type Found,
  type Place,
  type Wanted,
} from '../../audit/index.js';
import { hostKind, indexKind, nodeBehind, rootNode, type IndexNode, type View } from '../../view/index.js';

/** Files kept for one thing; more say nothing. */
const maxFound = 200;
/** Files whose text is looked through in one search. */
const maxTexts = 5_000;
/** Characters of them all. */
const maxText = 1 << 26;

/**
 * Hidden files of packages that are, or have, each of the things: the nearest only (see {@link Found}), the shortest
 * path first. One pass over the index for all; texts are read only for what no name tells, up to a bound.
 * @param readText the text of a file of the host; undefined when it cannot be had
 */
export function findHidden(
  view: View,
  wanted: readonly Wanted[],
  readText: (path: string) => string | undefined,
): Map<Wanted, Found[]> {
  const meanings = new Map(wanted.map((one) => [one, meaningOf(view, one, readText)]));
  const byKey = new Map([...meanings.values()].flat().map((one) => [keyOf(one), new Search(one)]));
  const searches = [...byKey.values()];
  for (const search of searches) if (search.wanted.kind === 'path') findPath(view, search);
  findByName(view, searches);
  findByText(searches, readText);
  findSearched(view, searches, readText);
  const resultsOf = (one: Wanted) => byKey.get(keyOf(one))?.results() ?? [];
  return new Map(
    [...meanings].map(([one, all]) => [one, all.map(resultsOf).find((found) => found.length > 0) ?? []]),
  );
}

/** What is looked for, the likeliest first: usually the thing itself, else what a visible file says it is. */
function meaningOf(
  view: View,
  wanted: Wanted,
  readText: (path: string) => string | undefined,
): readonly Wanted[] {
  switch (wanted.kind) {
    case 'interpreter': {
      if (!wanted.name.startsWith('/')) return [];
      const line = /^#![ \t]*(\S+)(?:[ \t]+(?:-S[ \t]+)?(\S+))?/.exec(readText(wanted.name) ?? '');
      const [, program = '', argument = ''] = line ?? [];
      if (program === '') return [];
      const path: Wanted = { kind: 'path', name: program };
      return program.endsWith('/env') ? [path, ...wantedFor('executable', argument)] : [path];
    }
    case 'cmake variable': {
      const module = cmakeModulePath(view, `Find${wanted.module}.cmake`);
      const text = module === undefined ? undefined : readText(module);
      return text === undefined ? [] : wantedByModule(text, wanted.name);
    }
    default:
      return [wanted];
  }
}

/** Where CMake's own modules are: `/usr/share/cmake` or, with its version, `/usr/share/cmake-3.25`. */
function cmakeModulePath({ index }: View, name: string): string | undefined {
  const share = index.resolve(Buffer.from('/usr/share'));
  if (share === -1) return undefined;
  for (let node = index.firstChild(share); node !== -1; node = index.nextSibling(node)) {
    const directory = Buffer.from(index.name(node)).toString('latin1');
    if (!directory.startsWith('cmake')) continue;
    const path = `/usr/share/${directory}/Modules/${name}`;
    if (index.resolve(Buffer.from(path)) !== -1) return path;
  }
  return undefined;
}

/** One thing that is looked for. */
class Search {
  readonly found: (Found & { fit: number })[] = [];
  /** Files to be read. */
  readonly texts: Found[] = [];
  /** Files that count if their directory is searched, with that. */
  readonly candidates: [Found, string][] = [];
  readonly text;

  constructor(readonly wanted: Wanted) {
    this.text = textOf(wanted);
  }

  add(found: Found, fit = 1): void {
    if (this.found.length < maxFound) this.found.push({ ...found, fit });
  }

  results(): Found[] {
    const nearest = Math.min(...this.found.map((one) => one.distance));
    const fit = Math.max(...this.found.filter((one) => one.distance === nearest).map((one) => one.fit));
    return this.found
      .filter((one) => one.distance === nearest && one.fit === fit)
      .sort((a, b) => a.path.length - b.path.length || (a.path < b.path ? -1 : 1))
      .map(({ path, owners, distance }) => ({ path, owners, distance }));
  }
}

/** A path is looked up as the kernel would, through the host's links. */
function findPath(view: View, search: Search): void {
  const found = view.canonical(Buffer.from(search.wanted.name));
  if (found === undefined) return;
  const { node, kind } = found;
  const isThere = view.index.isOwned(node) || kind !== hostKind.missing;
  const owners = isThere ? unlessVisible(view, view.responsibleFor(node, kind)) : [];
  if (owners.length > 0) search.add({ path: displayPath(view.pathOf(node)), owners, distance: 0 });
}

/** A place with the search that it belongs to. */
interface Target {
  readonly search: Search;
  readonly place: Place;
  /** The last component before and behind its `*`; without one, the whole of it. */
  readonly start: string;
  readonly end: string | undefined;
  /** Its other components, with a slash at the end; empty when there are none. */
  readonly parents: string;
  readonly isText: boolean;
}

function targetsOf(search: Search): Target[] {
  const target = (place: Place, isText: boolean): Target => {
    const at = place.tail.lastIndexOf('/') + 1;
    const [start = '', end] = place.tail.slice(at).split('*', 2);
    return { search, place, start, end, parents: place.tail.slice(0, at), isText };
  };
  return [
    ...(search.wanted.kind === 'path' ? [] : placesOf(search.wanted)).map((place) => target(place, false)),
    ...(search.text?.files ?? []).map((place) => target(place, true)),
  ];
}

/** Looks at the first and the last byte of every name first: nearly all are none of the wanted ones. */
function findByName(view: View, searches: readonly Search[]): void {
  const names = new Names(searches.flatMap(targetsOf));
  if (names.isEmpty) return;
  const { index } = view;
  const { nodeCount } = index;
  const buffer = Buffer.allocUnsafe(256);
  for (let node = nodeBehind(rootNode); node < nodeCount; node = nodeBehind(node)) {
    const end = index.writeName(node, buffer, 0);
    if (!names.mayHave(buffer, end)) continue;
    const targets = names.of(buffer.toString('latin1', 0, end));
    if (targets.length > 0) addHidden(view, node, targets);
  }
}

function addHidden(view: View, node: IndexNode, targets: readonly Target[]): void {
  const { index, settings } = view;
  const owners = hiddenOwners(view, node);
  if (owners.length === 0) return;
  const isDirectory = index.kind(node) === indexKind.dir;
  const whole = view.pathOf(node);
  const { sysroot } = settings;
  const path = sysroot !== undefined && whole.startsWith(`${sysroot}/`) ? whole.slice(sysroot.length) : whole;
  const directory = path.slice(0, path.lastIndexOf('/') + 1);
  for (const { search, place, parents, isText } of targets) {
    if (isDirectory && place.orDirectory !== true) continue;
    if (!directory.endsWith(`/${parents}`)) continue;
    if (!place.directory.test(directory.slice(0, directory.length - parents.length))) continue;
    if (place.path?.test(path) === false) continue;
    const found: Found = { path: displayPath(whole), owners, distance: place.distance };
    if (isText) search.texts.push(found);
    else if (place.ifSearched !== true) search.add(found);
    else search.candidates.push([found, directory.slice(0, directory.length - parents.length - 1)]);
  }
}

/** The packages that hide a file: its owners, if none of them is visible. */
function hiddenOwners(view: View, node: IndexNode): PackageId[] {
  const { index } = view;
  return unlessVisible(view, index.isOwned(node) ? index.owners(node) : view.ownersThroughLink(node));
}

function unlessVisible({ index, visible }: View, owners: readonly number[]): PackageId[] {
  return owners.some((id) => isSet(visible, id)) ? [] : owners.map((id) => index.cpv(id));
}

function isSet(bits: Uint32Array, id: number): boolean {
  return (((bits[id >>> 5] ?? 0) >>> (id & 31)) & 1) === 1;
}

/** Asks the packages' own .pc files which directories a compiler searches, where nothing lies in one that it always does. */
function findSearched(
  view: View,
  searches: readonly Search[],
  readText: (path: string) => string | undefined,
): void {
  const searched = new Map<string, ReadonlySet<string>>();
  for (const search of searches) {
    if (search.found.some(({ distance }) => distance === 0)) continue;
    for (const [found, directory] of search.candidates.slice(0, maxFound)) {
      const isSearched = found.owners.some((cpv) => {
        const known = searched.get(cpv) ?? searchedByPackage(view, cpv, readText);
        searched.set(cpv, known);
        return known.has(directory);
      });
      if (isSearched) search.add(found);
    }
  }
}

function searchedByPackage(
  view: View,
  cpv: PackageId,
  readText: (path: string) => string | undefined,
): Set<string> {
  const { index } = view;
  const directories = new Set<string>();
  const id = index.packageId(cpv);
  for (const node of id < 0 ? [] : index.nodesOf(id)) {
    const path = displayPath(view.pathOf(node));
    if (!path.endsWith('.pc')) continue;
    for (const directory of searchedBy(readText(path) ?? '', path.slice(0, path.lastIndexOf('/'))))
      directories.add(directory);
  }
  return directories;
}

/** Last components of paths, to be found by their bytes. */
class Names {
  /** Whether a name may begin and end so, by both bytes. */
  readonly #ends = new Uint8Array(1 << 16);
  readonly #exact = new Map<string, Target[]>();
  readonly #patterns: Target[] = [];

  constructor(targets: readonly Target[]) {
    for (const target of targets) {
      const start = latin1(target.start);
      const { end } = target;
      if (end === undefined) {
        this.#exact.set(start, [...(this.#exact.get(start) ?? []), target]);
        this.#mark(start.charCodeAt(0), start.charCodeAt(start.length - 1));
      } else {
        this.#patterns.push({ ...target, start, end: latin1(end) });
        this.#mark(start.charCodeAt(0), end.charCodeAt(end.length - 1));
      }
    }
  }

  get isEmpty(): boolean {
    return this.#exact.size === 0 && this.#patterns.length === 0;
  }

  /** NaN stands for any byte. */
  #mark(first: number, last: number): void {
    const all = Array.from({ length: 256 }, (_, i) => i);
    for (const a of Number.isNaN(first) ? all : [first])
      for (const b of Number.isNaN(last) ? all : [last]) this.#ends[(a << 8) | b] = 1;
  }

  mayHave(name: Uint8Array, length: number): boolean {
    return this.#ends[((name[0] ?? 0) << 8) | (name[length - 1] ?? 0)] === 1;
  }

  /** The targets with this name, one character a byte. */
  of(name: string): readonly Target[] {
    const exact = this.#exact.get(name) ?? [];
    const others = this.#patterns.filter(
      ({ start, end = '' }) =>
        name.length >= start.length + end.length && name.startsWith(start) && name.endsWith(end),
    );
    return others.length === 0 ? exact : [...exact, ...others];
  }
}

function latin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Reads each file once for all that look into it. */
function findByText(searches: readonly Search[], readText: (path: string) => string | undefined): void {
  const byPath = new Map<string, [Search, Found][]>();
  for (const search of searches)
    for (const found of search.texts)
      byPath.set(found.path, [...(byPath.get(found.path) ?? []), [search, found]]);
  let left = maxText;
  for (const [path, readers] of [...byPath].slice(0, maxTexts)) {
    const text = readText(path);
    if (text === undefined) continue;
    left -= text.length;
    if (left < 0) return;
    for (const [search, found] of readers) {
      const fit = search.text?.defines(text) ?? 0;
      if (fit > 0) search.add(found, fit);
    }
  }
}
