/** CMake, meson, qmake, and pkg-config, which they all ask. */
import { gaveUp, of, probed } from '../rule.js';
import { wantedFor, wantedForCmake, wantedForVariable } from '../wanted.js';

/** `Qt5 (missing: Core Gui)`. */
const cmakeNames = {
  wanted: (name: string, groups: Readonly<Record<string, string | undefined>>) =>
    wantedForCmake(name, words(groups['missing'])),
};

function words(list: string | undefined): string[] {
  return (list ?? '').split(/[\s,]+/).filter((word) => word !== '');
}

/** Modules of pkg-config in a list, without their versions. */
function modules(list: string): string[] {
  return words(list.replaceAll(/[<>=!]+\s*[\w.+~-]+/g, ' ')).filter((word) => /^[A-Za-z]/.test(word));
}

export const buildSystemRules = [
  ...of(
    'pkg-config',
    'pkgconf: libpkgconf/queue.c pkgconf_queue_solve, cli/main.c; pkg-config/pkg.c get_package, main.c',
    gaveUp(
      'pkg-config',
      'was not found in the pkg-config search path',
      /Package (?<name>[\w+.-]+) was not found in the pkg-config search path/,
    ),
    // CMake's FindPkgConfig quotes it, whether or not the module is required.
    probed(
      'pkg-config',
      'not found',
      /^-- +Package ["'‘’“”`](?<name>[\w+.-]+)["'‘’“”`],? (?:required by .{1,200}, )?not found$/,
    ),
    probed('pkg-config', 'No package', /^-- +No package ["'‘’“”`](?<name>[\w+.-]+)["'‘’“”`] found$/),
    gaveUp('pkg-config', 'No package', /No package ["'‘’“”`](?<name>[\w+.-]+)["'‘’“”`] found/),
    gaveUp(
      'pkg-config',
      'not found',
      /(?<!ocamlfind: )Package ["'‘’“”`](?<name>[\w+.-]+)["'‘’“”`],? (?:required by .{1,200}, )?(?:was )?not found(?! in specified)/,
    ),
  ),
  ...of(
    'cmake',
    'CMake: Modules/FindPackageHandleStandardArgs.cmake, FindPkgConfig.cmake, CMakeFindDependencyMacro.cmake; Source/cmFindPackageCommand.cxx, cmFindCommon.cxx, cmGeneratorTarget.cxx, cmGlobalGenerator.cxx, cmIncludeCommand.cxx, cmMakefile.cxx',
    gaveUp(
      'cmake',
      'Could NOT find ',
      /^CMake Error.*Could NOT find (?<name>[\w+.-]+)(?![\w+.-]|: Found unsuitable)[^(]*(?:\(missing: (?<missing>[^)]*)\))?/,
      cmakeNames,
    ),
    probed(
      'cmake',
      'Could NOT find ',
      /Could NOT find (?<name>[\w+.-]+)(?![\w+.-]|: Found unsuitable)[^(]*(?:\(missing: (?<missing>[^)]*)\))?/,
      cmakeNames,
    ),
    gaveUp(
      'cmake',
      'configuration file provided by',
      /^CMake Error.*package configuration file provided by "(?<name>[\w+.-]+)"/,
    ),
    probed(
      'cmake',
      'configuration file provided by',
      /package configuration file provided by "(?<name>[\w+.-]+)"/,
    ),
    gaveUp(
      'pkg-config',
      'packages were not found',
      /required packages were not found: (?<name>(?: ?- \S+)+)/,
      { names: modules },
    ),
    gaveUp(
      'executable',
      'using the following names: ',
      /Could not find (?<name>\w+) using the following names: (?<names>.+)/,
      {
        wanted: (name, { names }) => {
          const kind = wantedForVariable(name)[0]?.kind;
          const library = kind === 'library' || kind === 'header';
          return words(names).flatMap((one) =>
            library
              ? [...wantedFor('library', one.replace(/^lib/, '')), ...wantedFor('library', one)]
              : wantedFor('executable', one),
          );
        },
      },
    ),
    gaveUp(
      'header',
      'using the following files: ',
      /Could not find (?<name>\w+) using the following files: (?<files>.+)/,
      {
        wanted: (_, { files }) => words(files).flatMap((one) => wantedFor('header', one)),
      },
    ),
    gaveUp('pkg-config', 'required package was not found', /required package was not found/, {
      about: 'pkg-config',
    }),
    gaveUp('library', 'they are set to NOTFOUND', /they are set to NOTFOUND/, {
      items: /^(?:(?:\/\S*\/)?(?<name>[A-Za-z]\w+)(?: \(ADVANCED\))?|Please set them .*| {2,}\S.*)$/,
      wanted: (name) => wantedForVariable(name),
    }),
    gaveUp(
      'cmake',
      'target was not found',
      /links to(?: target "|: )(?<name>\w+)::\S+ but the target was not found/,
    ),
    gaveUp(
      'path',
      'references the file',
      /references the file "(?<name>\/[^"]+)" but this file does not exist/,
    ),
    gaveUp(
      'cmake module',
      'could not find requested file: ',
      /include could not find requested file: (?<name>[\w+./-]+)/,
    ),
    gaveUp('cmake command', 'Unknown CMake command', /Unknown CMake command "(?<name>\w+)"/),
    gaveUp('executable', 'could be found', /No (?<name>CMAKE_\w+_COMPILER) could be found/, {
      names: (variable) => compilers[/^CMAKE_(\w+)_COMPILER$/.exec(variable)?.[1] ?? ''] ?? [],
    }),
    gaveUp(
      'executable',
      'unable to find a build program',
      /unable to find a build program corresponding to "(?<name>[^"]+)"/,
      {
        names: (generator) => [generator === 'Ninja' ? 'ninja' : 'make'],
      },
    ),
    gaveUp('cmake', 'Qt component', /Failed to find (?:required )?Qt component "?(?<name>\w+)"?/, {
      names: (component) => [`Qt6${component}`, `Qt5${component}`],
    }),
  ),
  ...of(
    'meson',
    'meson: mesonbuild/interpreter/interpreter.py, dependencies/base.py, dependencies/pkgconfig.py, modules/python.py, compilers/detect.py, wrap/wrap.py, environment.py',
    probed(
      'pkg-config',
      'found: NO',
      /\bBuild-time dependency (?<name>[\w+.-]+) .*?found: NO(?! *\. Found)/,
      { variable: 'BDEPEND' },
    ),
    probed(
      ['pkg-config', 'cmake'],
      'found: NO',
      /\b[Dd]ependency (?<name>[\w+.-]+) (?:\((?<missing>[^)]*)\) )?found: NO(?! *\. Found)/,
    ),
    gaveUp(
      ['pkg-config', 'cmake'],
      ['ependency "', "ependency '"],
      /\bDependency ["'](?<name>[\w+.-]+)["'] (?:not found|is required but not found)/,
    ),
    // Why a lookup failed says more than that it did.
    gaveUp(
      'executable',
      ['kg-config for machine', 'kg-config binary for machine'],
      /(?<name>[Pp]kg-config)(?: binary)? for machine .* not found/,
      {
        names: () => ['pkg-config'],
      },
    ),
    gaveUp('executable', 'CMake binary for machine', /(?<name>CMake) binary for machine .* not found/, {
      names: () => ['cmake'],
    }),
    gaveUp(
      ['pkg-config', 'cmake'],
      'ependency lookup for ',
      /\bDependency lookup for (?<name>[\w+.-]+) with method .* failed/,
    ),
    gaveUp('executable', 'Did not find pkg-config', /Did not find (?<name>pkg-config) by name/),
    gaveUp('python', 'is missing modules: ', /is missing modules: (?<name>.+)$/, { names: words }),
    probed('python', 'found: NO', /Program python[\d.]* \((?<name>[\w., ]+)\) found: NO/, { names: words }),
    probed('executable', 'found: NO', /Program (?<name>[\w+./-]+)(?: [\w+./ -]+)? found: NO/),
    gaveUp(
      'executable',
      'not found or not executable',
      /Program ["'](?<name>[^"']+)["'] not found or not executable/,
      {
        names: (list) => list.split(/["'\s,]+/).filter((one) => one !== ''),
      },
    ),
    gaveUp('executable', 'not found', /\bProgram ["'‘’“”`](?<name>[\w+./-]+)["'‘’“”`] not found/),
    gaveUp('executable', 'nknown compiler(s): ', /Unknown compiler\(s\): (?<name>\[.*\])/, {
      names: (list) => list.split(/[^\w+./-]+/).filter((one) => one !== ''),
    }),
    probed(
      'executable',
      'Compiler for ',
      /Compiler for (?:language )?(?<name>\w+) (?:for the \w+ machine )?not found/,
      {
        names: (language) => compilers[language.toUpperCase()] ?? [],
      },
    ),
    gaveUp(
      'library',
      ["' not found", '" not found'],
      /ERROR: \w+ (?:shared or static |shared |static )?library ["'](?<name>[\w+.-]+)["'] not found/,
    ),
    probed('library', 'found: NO', /\bLibrary (?<name>[\w+.-]+) found: NO/),
    gaveUp(
      'header',
      ["' not found", '" not found'],
      /ERROR: \w+ header ["'](?<name>[\w+./-]+)["'] not found/,
    ),
    probed('header', 'Has header "', /Has header "(?<name>[\w+./-]+)" .*?: NO/),
    gaveUp(
      ['pkg-config', 'cmake'],
      'is buildable: NO',
      /ERROR: Subproject (?<name>[\w+.-]+) is buildable: NO/,
    ),
    probed(
      ['pkg-config', 'cmake'],
      'fallback subproject',
      /Looking for a fallback subproject for the dependency (?<name>[\w+.-]+)/,
    ),
    gaveUp('executable', 'Could not detect Ninja', /Could not detect (?<name>Ninja)/, {
      names: () => ['ninja'],
    }),
  ),
  ...of(
    'qmake',
    'qtbase: mkspecs/features/qt_functions.prf, link_pkgconfig.prf, qmake/library/qmakeevaluator.cpp',
    gaveUp('qmake', 'Unknown module(s) in QT: ', /Unknown module\(s\) in QT(?:_PRIVATE)?: (?<name>.+)$/, {
      names: words,
    }),
    gaveUp(
      'pkg-config',
      'development package not found',
      /(?:Project ERROR: )(?<name>[\w+.-]+) development package not found/,
    ),
    gaveUp({ below: 'features' }, 'annot find feature', /[Cc]annot find feature (?<name>[\w+.-]+)/, {
      wanted: (name) => [{ kind: 'file', below: 'features', name: `${name}.prf` }],
    }),
  ),
];

/** Programs that compile a language, as CMake and meson call it. */
const compilers: Readonly<Record<string, readonly string[]>> = {
  C: ['gcc', 'cc', 'clang'],
  CXX: ['g++', 'c++', 'clang++'],
  CPP: ['g++', 'c++', 'clang++'],
  FORTRAN: ['gfortran'],
  ASM_NASM: ['nasm', 'yasm'],
  NASM: ['nasm', 'yasm'],
  CUDA: ['nvcc'],
  VALA: ['valac'],
  RUST: ['rustc'],
  JAVA: ['javac'],
  CS: ['mcs'],
  CYTHON: ['cython'],
  D: ['ldc2', 'gdc', 'dmd'],
  OBJC: ['gcc'],
};
