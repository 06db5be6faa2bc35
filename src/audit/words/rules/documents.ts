/** Generators of code and of documents, and the desktop's tools. */
import { gaveUp, of, probed } from '../rule.js';

export const documentRules = [
  ...of(
    'xml',
    'libxml2: parserInternals.c, xmlIO.c xmlLoaderErr, valid.c; libxslt/xslt.c',
    gaveUp('catalog', 'external entity', /failed to load external entity "(?<name>[^"]+)"/, {
      names: (name) => withoutFile(name),
    }),
    gaveUp('catalog', 'network entity', /Attempt to load network entity:? (?<name>\S+)/),
    gaveUp('catalog', 'failed to load', /failed to load "(?<name>[^"]+)": /, {
      names: (name) => withoutFile(name),
    }),
    gaveUp(
      'catalog',
      'Could not load the external subset',
      /Could not load the external subset "(?<name>[^"]+)"/,
    ),
    gaveUp('catalog', 'cannot parse', /cannot parse (?<name>https?:\/\/\S+)/),
  ),
  ...of(
    'jade',
    'openjade/jade; opensp/lib/ParserMessages.rc',
    gaveUp(
      'catalog',
      'cannot generate system identifier',
      /cannot generate system identifier for public text "(?<name>[^"]+)"/,
    ),
  ),
  ...of(
    'asciidoc',
    'asciidoc: asciidoc/a2x.py, asciidoc/asciidoc.py',
    gaveUp(
      'executable',
      'a2x: ',
      /a2x: (?:ERROR|failed).*?["']?(?<name>xsltproc|xmllint|fop|dblatex|w3m|lynx|epubcheck)["']?\b.*(?:127|not found)/,
    ),
  ),
  ...of(
    'tex',
    'latex/base/ltfiles.dtx; tex.web open_input; kpathsea; babel.dtx; fontspec',
    gaveUp('tex', "' not found", /(?:LaTeX|Package \w+) Error: File [`'](?<name>[^'`]+)' not found/),
    gaveUp('tex', "I can't find file", /I can't find file [`'"](?<name>[^'`"]+)['"]/, {
      names: (name) => (/\.\w+$/.test(name) ? [name] : [`${name}.tex`, name]),
    }),
    gaveUp('tex', "can't find the format file", /can't find the format file [`'](?<name>[^'`]+)'/),
    gaveUp(
      'tex',
      'Metric (TFM)',
      /Font \S+?=(?<name>[\w-]+)(?: at \S+| scaled \S+)? not loadable: Metric \(TFM\) file/,
      { names: (name) => [`${name}.tfm`] },
    ),
    gaveUp('tex', 'babel Error', /Package babel Error: Unknown option [`'](?<name>\w+)'/, {
      names: (name) => [`${name}.ldf`],
    }),
    probed('tex', 'Running mk', /kpathsea: Running mktex(?:tfm|pk) (?:--\S+ (?:\S+ )?)*(?<name>[a-z]\w*)$/, {
      names: (name) => [`${name}.tfm`, `${name}.mf`],
    }),
  ),
  ...of(
    'doxygen',
    'doxygen/src/dotrunner.cpp, portable.cpp',
    probed('executable', 'Problems running dot', /Problems running (?<name>dot)\b/),
  ),
  ...of(
    'troff',
    'groff: src/roff/groff/groff.cpp, pipeline.c, src/roff/troff/input.cpp',
    gaveUp('executable', "couldn't exec", /groff: (?:error: )?couldn't exec (?<name>\w+): No such file/),
    gaveUp(
      { below: 'tmac' },
      'macro file',
      /(?:can't|cannot) (?:open|find) macro file ["'`]?(?<name>[\w.-]+)/,
      {
        names: (name) => [`${name}.tmac`],
      },
    ),
  ),
  ...of(
    'bison',
    'bison/src/output.c output_skeleton; gnulib/lib/spawn-pipe.c, execute.c',
    gaveUp(
      'executable',
      'subprocess failed',
      /\bbison: (?:error: )?(?:(?<name>m4) subprocess failed|subprocess (?:failed|[`'"]m4['"]).*)/,
      { names: () => ['m4'] },
    ),
  ),
  ...of(
    'flex',
    'flex/src/main.c check_options, flexend; src/filter.c filter_apply_chain',
    gaveUp('executable', 'exec of ', /\bflex: fatal internal error, exec of (?<name>[\w./-]+) failed/),
  ),
  ...of(
    'protoc',
    'protobuf: src/google/protobuf/compiler/importer.cc, subprocess.cc',
    gaveUp({ below: 'include' }, 'File not found', /(?:^|[:\s])(?<name>[\w./-]+\.proto): File not found/),
    gaveUp(
      'executable',
      'program not found or is not executable',
      /(?<name>[\w.-]+): program not found or is not executable/,
    ),
  ),
  ...of(
    'vala',
    'vala/vala/valacodecontext.vala add_external_package',
    gaveUp(
      ['vala', 'pkg-config'],
      'in specified Vala API directories',
      /Package [`'"](?<name>[\w+.-]+)['"] not found in specified Vala API directories/,
      {
        wanted: (name) => [
          { kind: 'vala', name },
          { kind: 'gir', name },
          { kind: 'pkg-config', name },
        ],
      },
    ),
  ),
  ...of(
    'g-ir-scanner',
    'gobject-introspection: giscanner/transformer.py, tools/compiler.c, girepository/girparser.c',
    gaveUp('gir', 'find include', /Couldn't find include ["'](?<name>[\w.-]+)\.gir["']/),
    gaveUp('gir', 'Could not find GIR file', /Could not find GIR file ["'](?<name>[\w.-]+)\.gir["']/),
  ),
  ...of(
    'glib',
    'glib: gio/glib-compile-schemas.c, gio/gsettings.c, gio/glib-compile-resources.c',
    gaveUp(
      'gsettings',
      'extends not yet existing schema',
      /extends not yet existing schema ["'“](?<name>[\w.-]+)["'”]/,
    ),
    gaveUp('gsettings', 'not (yet) defined', /<\w+ id=["'](?<name>[\w.-]+)["']> not \(yet\) defined/),
    gaveUp('gsettings', 'No such schema', /No such schema ["'“](?<name>[\w.-]+)["'”]/),
    gaveUp('gsettings', 'is not installed', /Settings schema ["'](?<name>[\w.-]+)["'] is not installed/),
    gaveUp('executable', 'is not in PATH', /is not set, and (?<name>[\w-]+) is not in PATH/),
    probed('executable', 'XMLLINT not set', /XMLLINT not set and (?<name>xmllint) not found/),
  ),
  ...of(
    'gettext',
    'gettext: gettext-tools/src/msgfmt.c, xgettext.c; gnulib/lib/javaexec.c',
    gaveUp('its', 'locate ITS rules', /cannot locate ITS rules for (?<name>\S+)/),
  ),
  ...of(
    'timezone',
    'pytz; ICU; libc++: chrono/tzdb; dateutil',
    gaveUp('time zone', 'UnknownTimeZoneError', /UnknownTimeZoneError: ["']?(?<name>[\w+/-]+)/),
  ),
  ...of(
    'localedef',
    'glibc/locale/programs/locfile.c, charmap.c',
    gaveUp(
      { below: 'locales' },
      'locale definition file',
      /cannot open locale definition file [`'"](?<name>[\w@.-]+)['"]/,
    ),
    gaveUp(
      { below: 'charmaps' },
      'character map file',
      /character map file [`'"](?<name>[\w@.-]+)['"] not found/,
      {
        wanted: (name) => [
          { kind: 'file', below: 'charmaps', name: `${name}.gz` },
          { kind: 'file', below: 'charmaps', name },
        ],
      },
    ),
  ),
  ...of(
    'portage',
    'gentoo: eclass/linux-info.eclass get_version, eclass/java-utils-2.eclass',
    gaveUp('path', 'kernel sources at', /Unable to find kernel sources at (?<name>\/\S+)/, {
      wanted: (name) => [
        { kind: 'path', name },
        { kind: 'file', below: 'src', name: 'linux-*' },
      ],
    }),
    gaveUp(
      { below: 'src' },
      'Makefile in the kernel source directory',
      /Could not find a (?<name>Makefile) in the kernel source directory/,
      {
        wanted: () => [{ kind: 'file', below: 'src', name: 'linux-*' }],
      },
    ),
  ),
];

/** An entity of the project itself is no other package's. */
function withoutFile(name: string): string[] {
  return /^[a-z]+:\/\/(?!\/)|^-\/\/|^\//.test(name) || name.startsWith('file:///usr')
    ? [name.replace(/^file:\/\//, '')]
    : [];
}
