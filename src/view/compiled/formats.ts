/**
 * What becomes of the caches that packages' tools compile from the files of all packages. In a view a cache must tell of
 * nothing but what is visible: it is filtered where its format is simple, made anew by the tool that makes it where
 * that is cheap and nothing else will do, and left out where programs then look for themselves.
 */
import { environmentFile } from './environment.js';
import { filterLoaderCache } from './loaderCache.js';
import { leftOut, type CacheFile, type Made, type Presence, type Sources } from './sources.js';
import {
  desktopTypes,
  fileNameDatabase,
  fontList,
  helpTags,
  infoDirectory,
  joinedFiles,
  joinedLines,
  moduleList,
  moduleParagraphs,
  pathLines,
  perlInstallations,
  perlParsers,
  qtConfiguration,
  sgmlCatalog,
} from './text.js';
import { xmlCatalog } from './xmlCatalog.js';

/** A kind of cache. */
export interface CacheFormat {
  /** What is done with it, for `lvfs paths`: `made` is made anew by its tool, `left-out` is not shown while it tells of hidden files. */
  readonly treatment: 'filtered' | 'made' | 'left-out';
  /** The same as a sentence. */
  readonly says: string;
  /** Whether {@link CacheFormat.make} may leave it out. */
  readonly mayVanish: boolean;
  readonly make: (file: CacheFile, sources: Sources) => Made;
}

function filtered(says: string, make: CacheFormat['make'], mayVanish = false): CacheFormat {
  return { treatment: 'filtered', says, mayVanish, make };
}

function made(says: string, make: CacheFormat['make']): CacheFormat {
  return { treatment: 'made', says, mayVanish: true, make };
}

function whileHidden(says: string, make: CacheFormat['make']): CacheFormat {
  return { treatment: 'left-out', says, mayVanish: true, make };
}

/** Files of a directory that end in one of some ways, by their names; undefined when the view hides none of them. */
function visibleInputs(
  directory: string,
  endings: readonly string[],
  sources: Sources,
  into = '',
): ReadonlyMap<string, string> | undefined {
  const names = sources.names(directory).filter((name) => endings.some((ending) => name.endsWith(ending)));
  const presence = sources.presenceIn(directory);
  const visible = names.filter((name) => presence(name) === 'visible');
  if (visible.length === names.length) return undefined;
  return new Map(visible.map((name) => [into + name, `${directory}/${name}`]));
}

/** GSettings' schemas; glib-compile-schemas(1). */
function schemas({ directory, name }: CacheFile, sources: Sources): Made {
  const inputs = visibleInputs(directory, ['.gschema.xml', '.enums.xml', '.gschema.override'], sources);
  if (inputs === undefined) return undefined;
  const programs = ['/usr/bin/glib-compile-schemas'];
  return sources.compile({ programs, args: ['%'], inputs })?.get(name) ?? leftOut;
}

/** Types of files; update-mime-database(1), which makes all files of the directory at once. */
function fileTypes({ path }: CacheFile, sources: Sources): Made {
  const top = `${sources.prefix}/usr/share/mime`;
  const inputs = visibleInputs(`${top}/packages`, ['.xml'], sources, 'packages/');
  if (inputs === undefined) return undefined;
  const programs = ['/usr/bin/update-mime-database'];
  return sources.compile({ programs, args: ['%'], inputs })?.get(path.slice(top.length + 1)) ?? leftOut;
}

/** The packages of a Haskell compiler; ghc-pkg refuses a directory with packages and without a cache. */
function haskellPackages({ directory, name }: CacheFile, sources: Sources): Made {
  const inputs = visibleInputs(directory, ['.conf'], sources);
  if (inputs === undefined) return undefined;
  const version = /\/(?:lib\/)?ghc-([\d.]+)\//.exec(directory)?.[1];
  const programs = [...(version === undefined ? [] : [`/usr/bin/ghc-pkg-${version}`]), '/usr/bin/ghc-pkg'];
  const args = ['--no-user-package-db', '--package-db=%', 'recache'];
  return sources.compile({ programs, args, inputs })?.get(name) ?? leftOut;
}

/** The head of fontconfig's caches (`struct _FcCache` in fcint.h): magic, version, size, and where the directory's name is. */
function fontCache(file: CacheFile, sources: Sources): Made {
  const [, size] = /-le(32|64)/.exec(file.name) ?? [];
  if (size === undefined) return /\.cache-\d/.test(file.name) ? leftOut : undefined;
  const contents = file.contents();
  const at = size === '64' ? 16 : 12;
  if (contents.length < at + 8) return leftOut;
  const start = size === '64' ? Number(contents.readBigInt64LE(at)) : contents.readInt32LE(at);
  const end = contents.indexOf(0, start);
  if (start < 0 || start >= contents.length || end < 0) return leftOut;
  const directory = sources.place + contents.toString('latin1', start, end);
  if (sources.presence(directory) === 'hidden') return leftOut;
  const presence = sources.presenceIn(directory);
  return sources.names(directory).some((name) => presence(name) === 'hidden') ? leftOut : undefined;
}

function loaderCache(file: CacheFile, sources: Sources): Made {
  // Hundreds of libraries lie in a few directories.
  const directories = new Map<string, (name: string) => Presence>();
  const isVisible = (path: string): boolean => {
    const slash = path.lastIndexOf('/');
    const directory = sources.place + path.slice(0, slash);
    let presence = directories.get(directory);
    if (presence === undefined) directories.set(directory, (presence = sources.presenceIn(directory)));
    return presence(path.slice(slash + 1)) === 'visible';
  };
  const cache = filterLoaderCache(file.contents(), isVisible);
  if (cache === undefined)
    sources.warn('is of an unknown format and shown as it is; it names hidden libraries');
  return cache;
}

function besideNothingHidden({ directory }: CacheFile, sources: Sources): Made {
  return sources.hidesBelow(directory) ? leftOut : undefined;
}

/** What is compiled from other directories: those of udev, of GConf, and of dconf(7). */
function ofDirectories({ path, name }: CacheFile, sources: Sources): Made {
  const below = (...places: string[]): string[] => places.map((place) => sources.prefix + place);
  const directories =
    name === 'hwdb.bin'
      ? below('/etc/udev/hwdb.d', '/usr/lib/udev/hwdb.d', '/lib/udev/hwdb.d')
      : path.includes('/gconf/')
        ? below('/etc/gconf/schemas')
        : [`${path}.d`];
  return directories.some((directory) => sources.hidesBelow(directory)) ? leftOut : undefined;
}

/** All formats by the names that the system paths give. */
export const cacheFormats = {
  loader: filtered('Without hidden libraries.', loaderCache),
  environment: filtered('Made of the visible files of env.d.', environmentFile),
  'path-lines': filtered('Without hidden files and directories.', pathLines),
  'module-list': filtered('Without hidden modules.', moduleList),
  'module-paragraphs': filtered('Without hidden modules.', moduleParagraphs),
  'desktop-types': filtered('Without hidden programs.', desktopTypes),
  'font-list': filtered('Without hidden fonts.', fontList),
  info: filtered('Without hidden manuals.', infoDirectory),
  'xml-catalog': filtered(
    'Without what leads to hidden files; not there when nothing is left.',
    xmlCatalog,
    true,
  ),
  'sgml-catalog': filtered(
    'Without what leads to hidden files; not there when nothing is left.',
    sgmlCatalog,
    true,
  ),
  'ls-R': filtered('Without hidden files.', fileNameDatabase),
  'help-tags': filtered('Without what leads to hidden files.', helpTags),
  perllocal: filtered('Without hidden modules.', perlInstallations),
  'perl-parsers': filtered('Without hidden modules.', perlParsers),
  'joined-files': filtered('Without the text of hidden files.', joinedFiles),
  'joined-lines': filtered('Without the lines that only hidden files have.', joinedLines),
  'qt-config': filtered('Without what hidden parts have added.', qtConfiguration),
  schemas: made('Made by glib-compile-schemas of the visible schemas.', schemas),
  'file-types': made('Made by update-mime-database of the visible packages.', fileTypes),
  haskell: made('Made by ghc-pkg of the visible packages.', haskellPackages),
  'font-cache': whileHidden(
    'Not there for a directory in which anything is hidden: fontconfig then looks into the fonts.',
    fontCache,
  ),
  'beside-files': whileHidden(
    'Not there while anything beside or below it is hidden: programs then look into the directories.',
    besideNothingHidden,
  ),
  'of-directories': whileHidden(
    'Not there while anything in the directories that it is made of is hidden.',
    ofDirectories,
  ),
} as const satisfies Readonly<Record<string, CacheFormat>>;

/** The name of a format. */
export type CacheFormatName = keyof typeof cacheFormats;
