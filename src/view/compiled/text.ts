/** Caches that are lists in text: what names a hidden file is left out. Text is one character a byte. */
import { leftOut, pathIn, type CacheFile, type Made, type Presence, type Sources } from './sources.js';

/** Lines with their ends. */
function linesOf(file: CacheFile): string[] {
  return (
    file
      .contents()
      .toString('latin1')
      .match(/[^\n]*\n|[^\n]+$/g) ?? []
  );
}

function bytes(lines: readonly string[]): Buffer {
  return Buffer.from(lines.join(''), 'latin1');
}

/** Something may be in one of several places: it is hidden when it is in one of them, and visible in none. */
function anyPresence(presences: Iterable<Presence>): Presence {
  let result: Presence = 'missing';
  for (const presence of presences) {
    if (presence === 'visible') return presence;
    if (presence === 'hidden') result = presence;
  }
  return result;
}

/** `name.so: extension points`, as g_io_module_scope and gio-querymodules(1) have it. */
export function moduleList(file: CacheFile, sources: Sources): Made {
  const presence = sources.presenceIn(file.directory);
  return bytes(
    linesOf(file).filter((line) => {
      const name = /^([^#\s:][^:]*):/.exec(line)?.[1];
      return name === undefined || presence(name) !== 'hidden';
    }),
  );
}

/** Paragraphs that begin with the path of a module in quotes: gdk-pixbuf-query-loaders(1), gtk-query-immodules-3.0(1). */
export function moduleParagraphs(file: CacheFile, sources: Sources): Made {
  let inParagraph = false;
  let isHidden = false;
  return bytes(
    linesOf(file).filter((line) => {
      if (line.startsWith('#')) return true;
      if (line.trim() === '') {
        const keep = !isHidden;
        inParagraph = isHidden = false;
        return keep;
      }
      if (!inParagraph) {
        inParagraph = true;
        const path = /^\s*"((?:[^"\\]|\\.)*)"/.exec(line)?.[1]?.replace(/\\(.)/g, '$1') ?? line.trim();
        isHidden = sources.presence(pathIn(file.directory, path, sources.place)) === 'hidden';
      }
      return !isHidden;
    }),
  );
}

/**
 * `type=one.desktop;two.desktop;`, by update-desktop-database(1). A dash in an id may stand for a directory (Desktop Entry
 * Specification, "Desktop File ID").
 */
export function desktopTypes(file: CacheFile, sources: Sources): Made {
  const presence = sources.presenceIn(file.directory);
  const isHidden = (id: string): boolean => {
    const dashes = [...id.matchAll(/-/g)].map(({ index }) => index);
    const deeper = dashes.map((at) =>
      sources.presence(`${file.directory}/${id.slice(0, at)}/${id.slice(at + 1)}`),
    );
    return anyPresence([presence(id), ...deeper]) === 'hidden';
  };
  return bytes(
    linesOf(file).flatMap((line) => {
      const [, type = '', list] = /^([^=[\n]+)=(.*)\n?$/.exec(line) ?? [];
      if (list === undefined) return [line];
      const ids = list.split(';').filter((id) => id !== '');
      const left = ids.filter((id) => !isHidden(id));
      if (left.length === ids.length) return [line];
      return left.length === 0 ? [] : [`${type}=${left.join(';')};\n`];
    }),
  );
}

/** A count, then `file description`, by mkfontscale(1) and mkfontdir(1); in encodings.dir `name file`. */
export function fontList(file: CacheFile, sources: Sources): Made {
  const [count, ...lines] = linesOf(file);
  if (count === undefined) return undefined;
  const left = lines.filter((line) => {
    const [first = '', second = ''] = line.split(/\s+/);
    // A font may have options in front, each with a colon behind.
    const name = file.name === 'encodings.dir' ? second : first.slice(first.lastIndexOf(':') + 1);
    return name === '' || sources.presence(pathIn(file.directory, name, sources.place)) !== 'hidden';
  });
  return bytes([`${left.length}\n`, ...left]);
}

const infoEndings = ['', '.gz', '.bz2', '.xz', '.lzma', '.zst', '.Z'];

/** `* Name: (file)node.  Description`, with lines that go on with the description; install-info(1). */
export function infoDirectory(file: CacheFile, sources: Sources): Made {
  const presence = sources.presenceIn(file.directory);
  const isHidden = (manual: string): boolean =>
    anyPresence(
      (function* () {
        for (const name of [`${manual}.info`, manual])
          for (const ending of infoEndings)
            yield name.includes('/')
              ? sources.presence(pathIn(file.directory, name + ending, sources.place))
              : presence(name + ending);
      })(),
    ) === 'hidden';
  let dropping = false;
  return bytes(
    linesOf(file).filter((line) => {
      const manual = /^\*\s[^:]*:\s*\(([^)]+)\)/.exec(line)?.[1];
      if (manual !== undefined) dropping = isHidden(manual);
      else if (!/^\s+\S/.test(line)) dropping = false;
      return !dropping;
    }),
  );
}

/** Lists that lie elsewhere than the tree that they are about, on Debian. */
const listedTrees: Readonly<Record<string, string>> = {
  'ls-R-TEXLIVEDIST': '/usr/share/texlive/texmf-dist',
  'ls-R-TEXMFMAIN': '/usr/share/texmf',
};

/** `./directory:` and the names in it, by mktexlsr(1). */
export function fileNameDatabase(file: CacheFile, sources: Sources): Made {
  const tree = listedTrees[file.name];
  const top = tree === undefined ? file.directory : sources.place + tree;
  let presence: ((name: string) => Presence) | undefined;
  return bytes(
    linesOf(file).filter((line) => {
      const text = line.trimEnd();
      if (text === '' || text.startsWith('%')) return true;
      if (text.endsWith(':')) {
        const directory = pathIn(top, text.slice(0, -1), sources.place).replace(/(\/\.)+$/, '');
        presence = sources.presenceIn(directory);
        return sources.presence(directory) !== 'hidden';
      }
      return presence === undefined || presence(text) !== 'hidden';
    }),
  );
}

/** `tag<tab>file<tab>command`, by vim's :helptags. */
export function helpTags(file: CacheFile, sources: Sources): Made {
  const presence = sources.presenceIn(file.directory);
  return bytes(
    linesOf(file).filter((line) => {
      const [, name] = line.split('\t');
      return name === undefined || presence(name) !== 'hidden';
    }),
  );
}

/** One path a line: ld.so.conf(5), ld.so.preload, shells(5), OCaml's ld.conf. */
export function pathLines(file: CacheFile, sources: Sources): Made {
  return bytes(
    linesOf(file).filter((line) => {
      const path = line.trim();
      return !path.startsWith('/') || sources.presence(sources.place + path) !== 'hidden';
    }),
  );
}

/**
 * SGML Open catalogs (OASIS TR 9401): `CATALOG "file"`, `PUBLIC "id" "file"` and the like, one a line as
 * install-catalog(8) and update-catalog(8) write them.
 */
export function sgmlCatalog(file: CacheFile, sources: Sources): Made {
  let entries = 0;
  let left = 0;
  const lines = linesOf(file).filter((line) => {
    const words = line.match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? [];
    const [keyword = ''] = words;
    if (
      !/^(CATALOG|PUBLIC|SYSTEM|DELEGATE|DOCTYPE|ENTITY|NOTATION|LINKTYPE|SGMLDECL|DTDDECL|BASE)$/i.test(
        keyword,
      )
    )
      return true;
    const path = (words.at(-1) ?? '').replace(/^["']|["']$/g, '');
    entries++;
    if (sources.presence(pathIn(file.directory, path, sources.place)) === 'hidden') return false;
    left++;
    return true;
  });
  return entries > 0 && left === 0 && file.name.endsWith('.cat') ? leftOut : bytes(lines);
}

/** Directories in which Perl looks for modules are below these, in directories for versions and machines. */
const perlTrees = ['/usr/lib64/perl5', '/usr/lib/perl5', '/usr/lib32/perl5', '/usr/share/perl5', '/etc/perl'];

function perlDirectories(sources: Sources): string[] {
  const { prefix } = sources;
  const isMachine = (name: string): boolean => /^[\w.]+-linux/.test(name);
  const multiarch = sources
    .names(`${prefix}/usr/lib`)
    .filter(isMachine)
    .map((name) => `${prefix}/usr/lib/${name}/perl5`);
  const below = (directory: string, depth: number): string[] => [
    directory,
    ...(depth === 0 ? [] : sources.names(directory))
      .filter((name) => /^(vendor_perl|site_perl|\d[\d.]*)$/.test(name) || isMachine(name))
      .flatMap((name) => below(`${directory}/${name}`, depth - 1)),
  ];
  return [...perlTrees.map((tree) => prefix + tree), ...multiarch].flatMap((tree) => below(tree, 3));
}

function perlModules(sources: Sources): (name: string) => Presence {
  const directories = perlDirectories(sources);
  return (name) => {
    const path = `${name.replace(/::|-/g, '/')}.pm`;
    return anyPresence(directories.map((directory) => sources.presence(`${directory}/${path}`)));
  };
}

/** Paragraphs of pod that begin with `=head2 date: C<Module> L<Name|Name>`, by ExtUtils::Command::MM. */
export function perlInstallations(file: CacheFile, sources: Sources): Made {
  const presence = perlModules(sources);
  let isHidden = false;
  return bytes(
    linesOf(file).filter((line) => {
      if (line.startsWith('=head')) {
        const name = /L<(?:[^|>]*\|)?([\w:'-]+)>/.exec(line)?.[1];
        isHidden = name !== undefined && presence(name) === 'hidden';
      }
      return !isHidden;
    }),
  );
}

/** Sections `[Module]`, by XML::SAX. */
export function perlParsers(file: CacheFile, sources: Sources): Made {
  const presence = perlModules(sources);
  let isHidden = false;
  return bytes(
    linesOf(file).filter((line) => {
      const name = /^\s*\[([^\]]+)\]/.exec(line)?.[1];
      if (name !== undefined) isHidden = presence(name) === 'hidden';
      return !isHidden;
    }),
  );
}

/** Where a file is made of the lines of others: a directory beside it, or its own, and the names of those. */
interface Pieces {
  readonly directory: string;
  readonly names: RegExp;
}

function piecesOf(file: CacheFile): Pieces | undefined {
  const parent = file.directory.slice(0, file.directory.lastIndexOf('/'));
  switch (file.name) {
    case 'site-gentoo.el':
      return { directory: `${file.directory}/site-gentoo.d`, names: /\.el$/ };
    case 'gentoo-qconfig.h':
      return { directory: file.directory, names: /^gentoo-.+-qconfig\.h$/ };
    case 'texmf.cnf':
    case 'fmtutil.cnf':
    case 'updmap.cfg':
      return { directory: `${parent}/${file.name.replace(/\..*/, '')}.d`, names: /\.(cnf|cfg)$/ };
    case 'language.dat':
    case 'language.def':
      return { directory: `${file.directory}/${file.name}.d`, names: /\.(dat|def)$/ };
    default:
      return undefined;
  }
}

/** The contents of pieces on the host, by whether the view hides them. */
function readPieces({ directory, names }: Pieces, sources: Sources): { hidden: string[]; visible: string[] } {
  const presence = sources.presenceIn(directory);
  const hidden: string[] = [];
  const visible: string[] = [];
  for (const name of sources.names(directory).filter((candidate) => names.test(candidate))) {
    const text = sources.read(`${directory}/${name}`)?.toString('latin1');
    if (text !== undefined) (presence(name) === 'hidden' ? hidden : visible).push(text);
  }
  return { hidden, visible };
}

/** Files one behind the other: site-gentoo.el, by elisp-site-regen. */
export function joinedFiles(file: CacheFile, sources: Sources): Made {
  const pieces = piecesOf(file);
  const hidden = pieces === undefined ? [] : readPieces(pieces, sources).hidden;
  if (hidden.length === 0) return undefined;
  let text = file.contents().toString('latin1');
  for (const piece of hidden) if (piece.trim() !== '') text = text.replace(piece, () => '');
  return Buffer.from(text, 'latin1');
}

/** The lines of files, as they are or sorted: what texmf-update(8) and qt5-build.eclass make. */
export function joinedLines(file: CacheFile, sources: Sources): Made {
  const pieces = piecesOf(file);
  if (pieces === undefined) return undefined;
  const { hidden, visible } = readPieces(pieces, sources);
  const kept = new Set(visible.flatMap((text) => text.split('\n')));
  const dropped = new Set(hidden.flatMap((text) => text.split('\n')).filter((line) => !kept.has(line)));
  if (dropped.size === 0) return undefined;
  return bytes(linesOf(file).filter((line) => !dropped.has(line.replace(/\n$/, ''))));
}

/** Words of `QT_CONFIG +=` that qt5-build.eclass takes from `QCONFIG_ADD` of mkspecs/gentoo/*-qconfig.pri. */
export function qtConfiguration(file: CacheFile, sources: Sources): Made {
  const { hidden, visible } = readPieces(
    { directory: `${file.directory}/gentoo`, names: /-qconfig\.pri$/ },
    sources,
  );
  const added = (texts: readonly string[]): string[] =>
    texts.flatMap((text) => /^QCONFIG_ADD=\s*(.*)$/m.exec(text)?.[1]?.split(/\s+/) ?? []);
  const kept = new Set(added(visible));
  const dropped = new Set(added(hidden).filter((word) => word !== '' && !kept.has(word)));
  if (dropped.size === 0) return undefined;
  return bytes(
    linesOf(file).map((line) => {
      const [, head = '', words] = /^(QT_CONFIG\s*\+=)\s*(.*)\n?$/.exec(line) ?? [];
      if (words === undefined) return line;
      return `${[head, ...words.split(/\s+/).filter((word) => !dropped.has(word))].join(' ')}\n`;
    }),
  );
}
