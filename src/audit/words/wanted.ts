/**
 * What would have satisfied a tool that did not find something: typed, so that it can be looked for by what it is
 * rather than by the last component of a path.
 */

/** What is known by a name alone. In brackets what the name is. */
export type NamedKind =
  /** A program in a directory of programs (`flex`). */
  | 'executable'
  /** One place (`/usr/bin/time`). */
  | 'path'
  /** What the `#!` line of a script names (`./gen`, `/usr/bin/gen`). */
  | 'interpreter'
  /** A header, as an #include names it (`libxml/parser.h`). */
  | 'header'
  /** What `-l` links with (`png`). */
  | 'library'
  /** A file that the linker or the loader looks for in its own directories (`libpng.so.16`, `libz.a`, `crt1.o`). */
  | 'library file'
  /** A module of pkg-config (`libpng16`). */
  | 'pkg-config'
  /** A package of find_package() (`Qt6Svg`). */
  | 'cmake'
  /** What CMake's include() reads (`ECMAddTests`). */
  | 'cmake module'
  /** A function or macro of CMake's language. */
  | 'cmake command'
  /** A macro of autoconf (`AX_CHECK_COMPILE_FLAG`). */
  | 'aclocal'
  /** A module that Python imports (`docutils.core`). */
  | 'python'
  /** What Python's packaging calls a distribution (`PyYAML`). */
  | 'distribution'
  /** A command of setup.py that another distribution adds (`bdist_wheel`). */
  | 'setup command'
  /** A module of Perl, as a file below @INC (`XML/Parser.pm`). */
  | 'perl'
  /** What Ruby requires (`nokogiri/xml`). */
  | 'ruby'
  /** A gem (`kramdown`). */
  | 'gem'
  /** A package of Node (`@babel/core`). */
  | 'node'
  /** What Lua requires (`lpeg`, `socket.http`). */
  | 'lua'
  /** A package that Go imports (`golang.org/x/net/html`). */
  | 'go'
  /** A crate. */
  | 'rust'
  /** A package of Haskell. */
  | 'haskell package'
  /** A module of Haskell (`Data.Text`). */
  | 'haskell module'
  /** A library of OCaml, as findlib names it (`yojson`). */
  | 'ocaml'
  /** A package of R. */
  | 'r'
  /** A package of Tcl. */
  | 'tcl'
  /** A module of Guile, as a path (`ice-9/match`). */
  | 'guile'
  /** A library of Emacs Lisp. */
  | 'emacs'
  /** Java's archive, or an artifact of Maven (`junit`, `org.junit:junit`). */
  | 'java'
  /** A file that TeX reads (`fancyhdr.sty`). */
  | 'tex'
  /** A namespace of GObject introspection with its version, as .gir or .typelib (`Gtk-4.0`). */
  | 'gir'
  /** A package of Vala. */
  | 'vala'
  /** A module of Qt, as qmake names it (`svg`). */
  | 'qmake'
  /** A schema of GSettings, or a file of schemas (`org.gnome.desktop.interface`). */
  | 'gsettings'
  /** A public or system identifier, or the URI of a stylesheet. */
  | 'catalog'
  /** A file whose ITS rules gettext needs (`x.metainfo.xml`). */
  | 'its'
  /** A time zone (`Europe/Berlin`). */
  | 'time zone'
  /** A locale (`de_DE.UTF-8`). */
  | 'locale';

/** A thing that would have satisfied a tool. */
export type Wanted =
  | { readonly kind: NamedKind; readonly name: string }
  /** A file at this path below any directory of that name (`google/protobuf/any.proto` below `include`). */
  | { readonly kind: 'file'; readonly below: string; readonly name: string }
  /** What a FindX.cmake module of CMake looks for to set a variable of that name. */
  | { readonly kind: 'cmake variable'; readonly module: string; readonly name: string };

/** All kinds of things. */
export type WantedKind = Wanted['kind'];

/** A name that autoconf's macros have: all of one case, with an underscore. */
const macroName = /^[A-Z][A-Z0-9]*_[A-Z0-9_]+$/;

/** What CMake puts in the place of what it did not find: the name of the variable, and what it was for. */
const notFound = /^-?l?(\w+)-NOTFOUND$/;

/**
 * What a tool wants that looked for something of a kind by a name, the likeliest first. A name says more than the kind:
 * a program with a directory is a path, a program of a macro's form is a macro that was left in configure.
 */
export function wantedFor(kind: NamedKind, name: string): readonly Wanted[] {
  const variable = notFound.exec(name)?.[1];
  if (variable !== undefined) return wantedForVariable(variable);
  switch (kind) {
    case 'executable':
      if (name.startsWith('/'))
        return [
          { kind: 'path', name },
          { kind: 'interpreter', name },
        ];
      if (name.includes('/')) return [{ kind: 'interpreter', name }];
      if (macroName.test(name))
        return [
          { kind: 'aclocal', name },
          { kind, name },
        ];
      break;
    case 'catalog':
      // An address of the machine is found without a catalogue.
      if (name.startsWith('/'))
        return [
          { kind: 'path', name },
          { kind, name },
        ];
      break;
    case 'header':
    case 'library file':
      if (name.startsWith('/')) return [{ kind: 'path', name }];
      break;
    case 'python': {
      // A module that is not in its package may be missing because the whole package is.
      const packages = name
        .split('.')
        .slice(0, -1)
        .map((_, i, all) => all.slice(0, all.length - i).join('.'));
      return [name, ...packages].map((module) => ({ kind, name: module }));
    }
    case 'cmake':
      return wantedForCmake(name, []);
    default:
  }
  return [{ kind, name }];
}

/** Endings of CMake's variables, with what they hold; FindX.cmake modules keep to them (cmake-developer(7)). */
const variableEndings: readonly [RegExp, NamedKind][] = [
  [/_(EXECUTABLE|PROGRAM|COMMAND|BIN|PROG|EXE)$/i, 'executable'],
  [/_(INCLUDE_?DIRS?|INCLUDES?|INCLUDE_PATH|INC|HEADERS?)(_\w+)?$/i, 'header'],
  [/_(LIBRARY|LIBRARIES|LIBS?)(_(RELEASE|DEBUG|PATH))?$/i, 'library'],
  [/_DIR$/, 'cmake'],
];

/** What a variable of CMake holds, by its ending, and what it is of. */
export function variableParts(variable: string): { kind: NamedKind; stem: string } | undefined {
  for (const [ending, kind] of variableEndings) {
    const stem = variable.replace(ending, '');
    if (stem !== variable && stem !== '') return { kind, stem };
  }
  return undefined;
}

/** What a variable of CMake is named after. */
export function wantedForVariable(variable: string): readonly Wanted[] {
  const parts = variableParts(variable);
  if (parts !== undefined) {
    const { kind, stem } = parts;
    if (kind === 'cmake') return [{ kind, name: stem }];
    return namesOfVariable(stem).flatMap((name) => named(kind, name));
  }
  return namesOfVariable(variable).flatMap((name) => [
    ...named('executable', name),
    ...named('library', name),
  ]);
}

/** Names that a constant can be made of: `PKG_CONFIG` of pkg-config, `GETTEXT_MSGFMT` of msgfmt. */
function namesOfVariable(stem: string): string[] {
  const name = stem.toLowerCase();
  const tail = name.includes('_') ? [name.slice(name.indexOf('_') + 1)] : [];
  return [
    ...new Set([name, name.replaceAll('_', '-'), ...tail, ...tail.map((one) => one.replaceAll('_', '-'))]),
  ];
}

function named(kind: NamedKind, name: string): Wanted[] {
  const plain = name.replace(/^lib/, '');
  if (kind === 'library') return [...new Set([plain, name])].map((one) => ({ kind, name: one }));
  if (kind === 'header') return [...new Set([`${name}.h`, `${plain}.h`])].map((one) => ({ kind, name: one }));
  return [{ kind, name }];
}

/**
 * What find_package() wanted: first the package's own file, then whatever the variables that the module found missing
 * are named after.
 * @param missing the words behind `missing:`: variables, or components
 */
export function wantedForCmake(name: string, missing: readonly string[]): readonly Wanted[] {
  const prefix = new RegExp(`^${name.replaceAll(/\W/g, '.')}_`, 'i');
  const isVariable = (word: string) => prefix.test(word) || /^[A-Z0-9]+_[A-Z0-9_]+$/.test(word);
  const components = missing.filter((word) => !isVariable(word) && /^[\w.-]+$/.test(word));
  const variables = missing.filter(isVariable);
  const plain = name.toLowerCase();
  const module = plain.replace(/^lib/, '');
  return unique([
    ...components.map((component) => ({ kind: 'cmake', name: name + component }) as const),
    { kind: 'cmake', name },
    ...variables.map((variable) => ({ kind: 'cmake variable', module: name, name: variable }) as const),
    ...variables.flatMap(wantedForVariable),
    ...[...new Set([plain, module, `lib${module}`])].map(
      (one) => ({ kind: 'pkg-config', name: one }) as const,
    ),
    ...(missing.length > 0
      ? []
      : [
          { kind: 'executable', name: plain } as const,
          { kind: 'executable', name: `${plain}-config` } as const,
          ...named('library', plain),
        ]),
  ]);
}

function unique(all: readonly Wanted[]): Wanted[] {
  return [...new Map(all.map((one) => [keyOf(one), one])).values()];
}

/** Tells one thing from another. */
export function keyOf(wanted: Wanted): string {
  const place = 'below' in wanted ? wanted.below : 'module' in wanted ? wanted.module : '';
  return `${wanted.kind}\0${place}\0${wanted.name}`;
}
