/**
 * What a path tells about the need behind it: a header is wanted by a compiler, a `.pc` file by pkg-config. The
 * file names are those of the FHS and of the tools themselves.
 */

/** What a file is for. `noise` is looked for by everything and says nothing about a package's needs. */
export type PathKind =
  | 'executable'
  | 'header'
  | 'library'
  | 'runtime library'
  | 'pkg-config'
  | 'cmake'
  | 'aclocal'
  | 'python'
  | 'perl'
  | 'ruby'
  | 'data'
  | 'noise';

/** The variable of an ebuild in which a need probably belongs. */
export type BuildVariable = 'BDEPEND' | 'DEPEND';

interface KindFacts {
  kind: PathKind;
  pattern: RegExp;
  /** How much a request for such a path says about a need, 0–1. */
  weight: number;
  variable: BuildVariable;
}

/** First match counts. */
const kinds: readonly KindFacts[] = [
  {
    kind: 'noise',
    pattern:
      /^\/usr\/(share\/(locale|man|doc|info|icons|pixmaps|bash-completion|zsh|fish|gtk-doc|help|applications|metainfo|i18n|games)|lib\w*\/(locale|gconv|bfd-plugins))(\/|$)|\/glibc-hwcaps(\/|$)|\/(charset\.alias|terminfo(\/.*)?)$|^\/etc\/ld\.so\.|\/__pycache__(\/|$)|\.pyc$|^\/usr\/local(\/(include|lib\w*|s?bin|share)(\/(pkgconfig|aclocal))?)?$/,
    weight: 0,
    variable: 'BDEPEND',
  },
  // What is installed: Portage asks for packages, and the view's database answers.
  { kind: 'noise', pattern: /\/var\/db\/pkg(?:\/|$)/, weight: 0, variable: 'BDEPEND' },
  // The zones without a rule, and the tables: what is missing of these makes no hour different.
  {
    kind: 'noise',
    pattern:
      /\/zoneinfo\/(?:(?:posix|right)\/)?(?:U(?:TC|CT|niversal)|Zulu|GMT[-+0]*|Greenwich|Etc\/.+|Factory|localtime|posixrules|leap.*|tzdata\.zi|[^/]+\.(?:tab|list)|posix|right|\+VERSION)$/,
    weight: 0,
    variable: 'BDEPEND',
  },
  { kind: 'pkg-config', pattern: /\/pkgconfig\/[^/]+\.pc$/, weight: 1, variable: 'DEPEND' },
  { kind: 'cmake', pattern: /\/cmake\/[^/]+|\.cmake$/, weight: 0.9, variable: 'DEPEND' },
  { kind: 'header', pattern: /\/include\/./, weight: 1, variable: 'DEPEND' },
  // Who lists what is installed reads those of everything.
  { kind: 'data', pattern: /\.(?:dist|egg)-info(?:\/|$)/, weight: 0.3, variable: 'BDEPEND' },
  { kind: 'python', pattern: /\/(site|dist)-packages\/./, weight: 0.9, variable: 'BDEPEND' },
  { kind: 'perl', pattern: /\/perl\w*\/.*\.p[ml]$|\/perl5?\/[\w./-]+$/, weight: 0.9, variable: 'BDEPEND' },
  { kind: 'ruby', pattern: /\/(?:ruby|gems|rubygems[\w-]*)\/.*\.rb$/, weight: 0.9, variable: 'BDEPEND' },
  // One of another name, deeper, is a module that a program loads: an interpreter's extension, a plug-in.
  {
    kind: 'library',
    pattern: /\/lib\w*\/(?:[\w-]+-linux-\w+\/)?(?:.*\/lib)?[^/]+\.(?:so|a|la)$/,
    weight: 1,
    variable: 'DEPEND',
  },
  {
    kind: 'runtime library',
    pattern: /\/lib\w*\/(.*\/)?[^/]+\.so\.[\w.]+$/,
    weight: 0.7,
    variable: 'DEPEND',
  },
  // Scripts that tell how to link with a library; the others are about tools.
  {
    kind: 'executable',
    pattern: /\/bin\/(?!(?:(?:.*-)?pkg|gcc|binutils|java|ccache|eselect)-config$)[^/]+-config(?:-?[\d.]+)?$/,
    weight: 1,
    variable: 'DEPEND',
  },
  { kind: 'executable', pattern: /\/s?bin\/[^/]+$|\/libexec\/./, weight: 1, variable: 'BDEPEND' },
  { kind: 'aclocal', pattern: /\/aclocal[^/]*\/[^/]+\.m4$/, weight: 0.8, variable: 'BDEPEND' },
  // Descriptions of a library in other languages go with the library.
  { kind: 'data', pattern: /\/(?:vapi|gir-1\.0)\/[^/]+$/, weight: 0.3, variable: 'DEPEND' },
  { kind: 'data', pattern: /^/, weight: 0.3, variable: 'BDEPEND' },
];

/** What the file at an absolute path is for. */
export function pathKind(path: string): PathKind {
  return factsOf(path).kind;
}

/** How much a request for this path says about a need (0–1), and where that need belongs. */
export function pathFacts(path: string): { kind: PathKind; weight: number; variable: BuildVariable } {
  const { kind, weight, variable } = factsOf(path);
  return { kind, weight, variable };
}

function factsOf(path: string): KindFacts {
  const facts = kinds.find(({ pattern }) => pattern.test(path));
  if (facts === undefined) throw new Error(`the last kind matches everything, but not ${path}`);
  return facts;
}
