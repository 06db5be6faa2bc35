/** Autoconf and the configure scripts it makes, aclocal, automake, libtoolize, and gettext's and intltool's part of it. */
import { gaveUp, of, probed } from '../rule.js';

/** AC_CHECK_TOOL looks for a program of the system that is built for first, by its prefix. */
const withoutHost = (name: string) => [name.replace(/^[a-z0-9_]+-(?:[\w.]+-)?linux-\w+-(?=\w)/, '')];

/** What makes the files that automake requires beside configure.ac. */
const auxiliaryFiles: Readonly<Record<string, string>> = {
  'ltmain.sh': 'libtoolize',
  'config.rpath': 'autopoint',
  'intltool-extract.in': 'intltoolize',
  'gtk-doc.make': 'gtkdocize',
};

/** How AC_MSG_RESULT says no; AC_CACHE_CHECK may know it from before. */
const answeredNo = ['... no', ') no'];

/** Modules of pkg-config, in a line that may as well be a sentence: `library containing f`. */
function modulesIn(list: string): string[] {
  const names = list.split(/(?: [<>=]+ [\w.]+)?,? /).map((one) => one.replace(/ .*/, ''));
  const isList = / [<>=]+ /.test(list) || names.every((name) => /[-\d]/.test(name));
  return isList ? names.filter((name) => /^[a-z][\w+.-]*$/i.test(name)) : [];
}

export const autotoolsRules = [
  ...of(
    'autoconf',
    'autoconf: bin/autom4te.in (forbidden tokens); lib/m4sugar/m4sugar.m4; lib/Autom4te/FileUtils.pm',
    gaveUp('aclocal', 'undefined macro: ', /(?:error: (?:possibly )?|m4_\w+: )undefined macro: (?<name>\w+)/),
    gaveUp('aclocal', 'undefined or overquoted macro: ', /undefined or overquoted macro: (?<name>\w+)/),
    gaveUp('executable', 'need GNU m4', /need GNU (?<name>m4)/),
    gaveUp({ below: 'aclocal' }, 'm4_include', /m4_include: cannot open [`'"]?(?<name>[\w.+-]+\.m4)/),
  ),
  ...of(
    'aclocal',
    'automake/bin/aclocal.in scan_configure, trace_used_macros',
    probed('aclocal', 'not found in library', /macro ["'‘`](?<name>\w+)["'’] not found in library/),
    gaveUp('aclocal', 'required but not defined', /macro ["'‘`](?<name>\w+)["'’] required but not defined/),
  ),
  ...of(
    'automake',
    'automake: bin/automake.in handle_libtool, require_variables; lib/Automake/Variable.pm require_variables; lib/missing',
    gaveUp('aclocal', 'is undefined', /(?<name>LIBTOOL)["'’]? is undefined/, { names: () => ['LT_INIT'] }),
    gaveUp(
      'aclocal',
      'does not appear in AM_CONDITIONAL',
      /\berror: (?<name>[A-Z]\w+) does not appear in AM_CONDITIONAL/,
    ),
    gaveUp('executable', 'required file', /required file ["'‘`](?:\S*\/)?(?<name>[\w.-]+)["'’] not found/, {
      names: (file) => [auxiliaryFiles[file] ?? ''].filter((program) => program !== ''),
    }),
    gaveUp(
      'executable',
      'is missing on your system',
      /WARNING: ["'‘`](?<name>[\w+.-]+)["'’] is missing on your system/,
    ),
  ),
  ...of(
    'configure',
    'autoconf/lib/autoconf: programs.m4, headers.m4, libs.m4; m4sh leaves unknown macros as they are',
    // A macro that nothing defined is a command to the shell, with its arguments in parentheses: a syntax error.
    gaveUp('aclocal', 'configure: line ', /configure: line \d+: [`'"]\s*(?<name>[A-Za-z]+_\w*[A-Z]\w*)\(/),
    // dash and busybox do not say which it was.
    gaveUp(
      'aclocal',
      ['Syntax error: ', 'syntax error: unexpected '],
      /(?<name>\S*configure): (?:line )?\d+: (?:Syntax error: .*unexpected|syntax error: unexpected)/,
      { wanted: () => [] },
    ),
    probed(
      'header',
      answeredNo,
      /checking (?:for )?(?<name>[\w+./-]+\.h\w*)(?: usability| presence)?\.\.\. (?:\(cached\) )?no$/,
    ),
    probed(
      'library',
      ' in -l',
      /checking for [\w$]+ in (?:-l\S+ )*?-l(?<name>[\w+.-]+)(?: -l\S+)*\.\.\. (?:\(cached\) )?no$/,
    ),
    probed('perl', answeredNo, /checking for (?:perl module )?(?<name>\w+(?:::\w+)+)(?: \S+)?\.\.\. no/i, {
      names: (name) => [`${name.replaceAll('::', '/')}.pm`],
    }),
    probed(
      ['python', 'distribution'],
      answeredNo,
      /checking (?:for )?(?:the )?[Pp]ython[\d.]* module:? (?<name>[\w.]+)\.\.\. no$/,
    ),
    // PKG_CHECK_MODULES (pkgconf/pkg.m4) says the modules, AC_CHECK_PROG the program.
    probed(
      ['executable', 'pkg-config'],
      answeredNo,
      /checking for (?<name>[\w+./-]+)(?: [<>=]+ ?[\w.]+)?\.\.\. (?:\(cached\) )?(?:no|not found|none)$/,
      { names: withoutHost },
    ),
    probed(
      'pkg-config',
      answeredNo,
      /checking for (?<name>[\w+.-]+(?:(?: [<>=]+ [\w.]+)?,? [\w+.-]+)*(?: [<>=]+ [\w.]+)?)\.\.\. no$/,
      { names: modulesIn },
    ),
    // PKG_PROG_PKG_CONFIG (pkgconf/pkg.m4).
    gaveUp(
      'executable',
      'pkg-config script could not be found',
      /The (?<name>pkg-config) script could not be found/,
    ),
    gaveUp('executable', 'no acceptable C', /configure: error: no acceptable (?<name>C\+*) compiler found/, {
      names: (language) => (language === 'C' ? ['gcc', 'cc', 'clang'] : ['g++', 'c++', 'clang++']),
    }),
  ),
  ...of(
    'autom4te',
    'autoconf: bin/autom4te.in (m4_fatal, m4_pattern_forbid): projects forbid macros that nothing has defined, in words of their own',
    gaveUp(
      'aclocal',
      ['configure.ac:', 'configure.in:'],
      /(?:^|\/)(?<name>configure\.(?:ac|in)):\d+: error: /,
      { wanted: () => [], isQuote: true },
    ),
  ),
];
