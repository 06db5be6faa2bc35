/**
 * The rules of the view once more, written from their description and in the simplest way: everything is read, kept in
 * maps, and worked through until nothing changes. Shares no code with `src`; only the list of system paths, and which caches among them may be left out, is the same.
 * Paths are latin1 strings. Parents are taken through the host's links with realpath(3).
 */
import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, type BigIntStats } from 'node:fs';
import { cacheFormats } from '../../src/view/index.js';

/** What is said of one installed package: its name and VDB entry. */
export interface OpinionPackage {
  cpv: string;
  directory: string;
}

export interface OpinionSystemPath {
  path: string;
  kind: string;
  packages?: readonly string[];
  compiled?: string;
}

/** One path of the host. */
export interface HostPath {
  readonly path: string;
  readonly stats: BigIntStats;
  readonly children: string[];
}

const buffer = (path: string) => Buffer.from(path, 'latin1');

/** `lstat(2)`, or undefined. */
export function look(path: string): BigIntStats | undefined {
  try {
    return lstatSync(buffer(path), { bigint: true });
  } catch {
    return undefined;
  }
}

const realParents = new Map<string, string>();

function realDirectory(path: string): string {
  if (path === '' || path === '/') return '';
  let real = realParents.get(path);
  if (real === undefined) {
    try {
      real = realpathSync(buffer(path), 'buffer').toString('latin1');
      if (real === '/') real = '';
    } catch {
      const cut = path.lastIndexOf('/');
      real = `${realDirectory(path.slice(0, cut))}/${path.slice(cut + 1)}`;
    }
    realParents.set(path, real);
  }
  return real;
}

/** The path with its parents' links resolved. */
function withRealParents(path: string): string {
  const cut = path.lastIndexOf('/');
  return `${realDirectory(path.slice(0, cut))}/${path.slice(cut + 1)}`;
}

/** Owners by canonical path, from the CONTENTS files. */
export function readOwners(packages: readonly OpinionPackage[]): Map<string, string[]> {
  const owners = new Map<string, string[]>();
  for (const { cpv, directory } of packages) {
    let text: string;
    try {
      text = readFileSync(`${directory}/CONTENTS`, 'latin1');
    } catch {
      continue;
    }
    for (const line of text.split('\n')) {
      const match =
        /^(?:dir|fif|dev) (.+)$/.exec(line) ??
        /^obj (.+) [0-9a-f]+ \d+$/.exec(line) ??
        /^sym (.+?) -> .+ \d+$/.exec(line);
      if (match === null) continue;
      const path = withRealParents(match[1]!.replace(/\/+$/, ''));
      const list = owners.get(path);
      if (list === undefined) owners.set(path, [cpv]);
      else list.push(cpv);
    }
  }
  return owners;
}

/** All paths at and below some directories, without leaving their file systems. */
export function walkHost(tops: readonly string[]): Map<string, HostPath> {
  const found = new Map<string, HostPath>();
  const visit = (path: string, device: bigint): void => {
    const stats = look(path);
    if (stats === undefined) return;
    const children: string[] = [];
    found.set(path, { path, stats, children });
    if (!stats.isDirectory() || stats.dev !== device) return;
    for (const name of readdirSync(buffer(path), 'latin1')) {
      children.push(name);
      visit(`${path}/${name}`, device);
    }
  };
  for (const top of tops) {
    const stats = look(top);
    if (stats !== undefined) visit(top, stats.dev);
  }
  return found;
}

/** A glob with `*`, `**`, `?`, `[…]` and `{a,b}` as an expression for whole paths and all that is below them. */
function globExpression(glob: string): RegExp {
  let out = '';
  let depth = 0;
  for (let i = 0; i < glob.length; i++) {
    const c = glob[i]!;
    if (c === '*' && glob[i + 1] === '*') {
      i++;
      if (glob[i + 1] === '/') {
        i++;
        out += '(?:.*/)?';
      } else out += '.*';
    } else if (c === '*') out += '[^/]*';
    else if (c === '?') out += '[^/]';
    else if (c === '[') {
      const end = glob.indexOf(']', i + 1);
      out += glob.slice(i, end + 1);
      i = end;
    } else if (c === '{') {
      depth++;
      out += '(?:';
    } else if (c === '}') {
      depth--;
      out += ')';
    } else if (c === ',' && depth > 0) out += '|';
    else out += c.replace(/[.+^$()|\\]/g, '\\$&');
  }
  return new RegExp(`^${out}(?:/.*)?$`, 's');
}

/** The files that are compiled from those of many packages: a view may have others in their place, or none. */
export function compiledCaches(
  systemPaths: readonly OpinionSystemPath[],
  which: (compiled: string) => boolean = () => true,
): (path: string) => boolean {
  const globs = systemPaths
    .filter(({ compiled }) => compiled !== undefined && which(compiled))
    .map(({ path }) => globExpression(/[*?[{]/.test(path) ? path : withRealParents(path)));
  return (path) => globs.some((glob) => glob.test(path)) && look(path)?.isFile() === true;
}

/** Whether a cache of this format is not shown while it tells of hidden files. */
function isLeftOut(format: string): boolean {
  return Object.entries(cacheFormats).some(
    ([name, { treatment }]) => name === format && treatment === 'left-out',
  );
}

/** Which of the host's paths exist in the view. `host` is what {@link walkHost} found, parents before children. */
export function visiblePaths(options: {
  host: ReadonlyMap<string, HostPath>;
  owners: ReadonlyMap<string, readonly string[]>;
  visible: ReadonlySet<string>;
  systemPaths: readonly OpinionSystemPath[];
}): Set<string> {
  const { host, owners, visible } = options;
  const nameOf = (cpv: string) => cpv.replace(/-\d[^-]*(-r\d+)?$/, '');
  const visibleNames = new Set([...visible].map(nameOf));
  const places = new Map<string, { kind: string; shown: boolean }>();
  const globs: RegExp[] = [];
  /** Directories whose subdirectories are private when no package has anything there. */
  const unusedIn = new Set<string>();
  const used = new Set<string>();
  for (const path of owners.keys()) {
    for (let at = path; at !== '' && !used.has(at); at = at.slice(0, at.lastIndexOf('/'))) used.add(at);
  }
  for (const entry of options.systemPaths) {
    const shown = entry.packages?.some((name) => visibleNames.has(name)) ?? true;
    if (entry.kind === 'tree' && /[*?[{]/.test(entry.path)) {
      if (shown) globs.push(globExpression(entry.path));
    } else if (entry.kind === 'private' && entry.path.endsWith('/*')) {
      unusedIn.add(withRealParents(`${entry.path.slice(0, -2)}/x`).slice(0, -2));
    } else {
      places.set(withRealParents(entry.path), { kind: entry.kind, shown });
      if (entry.kind !== 'private') {
        // A directory with system paths in it is in use.
        for (let at = withRealParents(entry.path); at !== ''; at = at.slice(0, at.lastIndexOf('/')))
          used.add(at);
      }
    }
  }
  const isSystemPath = (path: string): boolean => {
    for (let at = path; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
      const place = places.get(at);
      if (place === undefined) continue;
      if (place.kind === 'tree' && place.shown) return true;
      if (place.kind === 'directory' && at === path) return true;
      break;
    }
    return globs.some((glob) => glob.test(path));
  };
  const ownedVisibly = (path: string) => owners.get(path)?.some((cpv) => visible.has(cpv)) ?? false;

  const shown = new Set<string>(['/']);
  // Where nothing else is visible they are not there: they show no directory.
  const isCompiled = compiledCaches(options.systemPaths, isLeftOut);
  const compiled: string[] = [];
  const links: { path: string; target: string | undefined }[] = [];
  const caches: { path: string; source: string }[] = [];
  /** Paths outside of the walked trees that links lead to, with all that is below them. */
  const further = new Map<string, HostPath>();
  const isPrivate = (path: string): boolean => {
    for (let at = path; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
      const place = places.get(at);
      if (at !== path && !used.has(at) && unusedIn.has(at.slice(0, at.lastIndexOf('/')))) return true;
      if (place !== undefined) return place.kind === 'private' || (place.kind === 'directory' && at !== path);
    }
    return false;
  };
  const classify = ({ path, stats }: HostPath): void => {
    if (ownedVisibly(path)) shown.add(path);
    else if (!owners.has(path)) {
      if (isSystemPath(path)) {
        if (isCompiled(path)) compiled.push(path);
        else shown.add(path);
      } else if (isPrivate(path)) return;
      else if (stats.isSymbolicLink()) {
        let target: string | undefined;
        try {
          target = realpathSync(buffer(path), 'buffer').toString('latin1');
        } catch {
          target = undefined;
        }
        links.push({ path, target });
        const isKnown = (known: ReadonlyMap<string, HostPath>) => target !== undefined && known.has(target);
        if (target === undefined || target === '/' || isKnown(host) || isKnown(further) || isPrivate(target))
          return;
        const found = walkHost([target]);
        for (const entry of found.values()) if (!host.has(entry.path)) further.set(entry.path, entry);
        for (const entry of found.values()) classify(entry);
      } else {
        const cache = /^(.*)\/__pycache__\/([^/.]+)\.(?:[^/]*\.)?pyc$/s.exec(path);
        if (cache !== null && stats.isFile()) caches.push({ path, source: `${cache[1]}/${cache[2]}.py` });
      }
    }
  };
  for (const entry of host.values()) classify(entry);
  // What lies outside of the walked trees, for links that lead there.
  for (const path of owners.keys()) {
    if (!host.has(path) && ownedVisibly(path) && look(path) !== undefined) shown.add(path);
  }
  for (const [path, place] of places) if (place.kind === 'directory' && look(path)) shown.add(path);

  for (let before = -1; before !== shown.size;) {
    before = shown.size;
    for (const { path, target } of links) if (target !== undefined && shown.has(target)) shown.add(path);
    for (const { path, source } of caches) if (shown.has(source)) shown.add(path);
    for (const path of [...shown]) {
      for (let up = path.lastIndexOf('/'); up > 0; up = path.lastIndexOf('/', up - 1)) {
        const above = path.slice(0, up);
        if (shown.has(above)) break;
        shown.add(above);
      }
    }
  }
  for (const path of compiled) if (shown.has(path.slice(0, path.lastIndexOf('/')) || '/')) shown.add(path);
  return shown;
}

/** The target of a link, or undefined. */
export function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(buffer(path), 'latin1');
  } catch {
    return undefined;
  }
}
