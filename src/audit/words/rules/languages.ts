/** Other languages: what their interpreters, compilers and package tools say. */
import { gaveUp, of, probed } from '../rule.js';

const perlFile = (name: string) => [`${name.replaceAll('::', '/')}.pm`];

export const languageRules = [
  ...of(
    'perl',
    'perl: pp_ctl.c S_require_file; doio.c do_aexec5; cpan/ExtUtils-MakeMaker; lib/base.pm; gv.c',
    gaveUp('perl', "Can't locate ", /Can't locate (?<name>[\w/]+\.p[ml]) in @INC/),
    gaveUp(
      'perl',
      "Can't locate loadable object",
      /Can't locate loadable object for module (?<name>[\w:]+) in @INC/,
      { names: perlFile },
    ),
    gaveUp('perl', 'Base class package', /Base class package "(?<name>[\w:]+)" is empty/, {
      names: perlFile,
    }),
    gaveUp('perl', 'perhaps you forgot to load', /perhaps you forgot to load "(?<name>[\w:]+)"/, {
      names: perlFile,
    }),
    gaveUp('executable', "Can't exec ", /Can't exec ["'‘’“”`](?<name>[^"'‘’“”`\s]+)/),
    probed('perl', 'rerequisite ', /Warning: prerequisite (?<name>[\w:]+) [\d.v]+ not found/, {
      names: perlFile,
    }),
    probed('perl', ' is not installed', /^\s*[*!]\s+(?<name>[A-Z]\w*(?:::\w+)*) is not installed$/, {
      names: perlFile,
    }),
  ),
  ...of(
    'ruby',
    'ruby: load.c load_failed, error.c; rubygems: rubygems/dependency.rb, bundler: resolver',
    gaveUp('ruby', 'cannot load such file -- ', /cannot load such file -- (?<name>[\w+./-]+)/),
    gaveUp('gem', 'Could not find ', /Could not find ["'](?<name>[\w.-]+)["'] \([^)]*\) among \d+ total gem/),
    gaveUp('gem', 'Could not find gem', /Could not find gem ["'](?<name>[\w.-]+)/),
    gaveUp(
      'gem',
      'could not be loaded',
      /asciidoctor: FAILED: ["'](?<name>[\w./-]+)["'] could not be loaded/,
    ),
    // asciidoctor: lib/asciidoctor/helpers.rb require_library
    gaveUp('gem', 'required gem', /required gem ["'](?<name>[\w.-]+)["'] is not (?:available|installed)/),
    probed('gem', 'optional gem', /optional gem ["'](?<name>[\w.-]+)["'] is not (?:available|installed)/),
    gaveUp('executable', 'Errno::ENOENT', /No such file or directory - (?<name>[\w+./-]+) \(Errno::ENOENT\)/),
  ),
  ...of(
    'node',
    'node: lib/internal/modules/cjs/loader.js, esm/resolve.js; deps/uv (spawn)',
    gaveUp('node', 'Cannot find ', /Cannot find (?:module|package) ["'](?<name>@?[\w-][\w.@/-]*)["']/, {
      names: (name) => [
        name
          .split('/')
          .slice(0, name.startsWith('@') ? 2 : 1)
          .join('/'),
      ],
    }),
    gaveUp('executable', ' ENOENT', /\bspawn (?<name>[\w+./-]+) ENOENT/),
  ),
  ...of(
    'go',
    'go: src/cmd/go/internal/modload/import.go, load/pkg.go; src/os/exec/exec.go; src/time/zoneinfo.go',
    gaveUp('go', 'cannot find package', /cannot find package "(?<name>[\w./-]+)"/),
    gaveUp(
      'go',
      'no required module provides package',
      /no required module provides package (?<name>[\w./-]+)/,
    ),
    gaveUp(
      'go',
      [' is not in std', ' is not in GOROOT'],
      /package (?<name>[\w./-]+) is not in (?:std|GOROOT)/,
    ),
    gaveUp(
      'executable',
      'executable file not found in',
      /exec: "(?<name>[^"]+)": executable file not found in \$PATH/,
    ),
    gaveUp('time zone', 'unknown time zone', /unknown time zone (?<name>\w+(?:\/[\w+-]+)*)/),
  ),
  ...of(
    'cargo',
    'cargo: src/cargo/core/resolver/errors.rs; crates pkg-config, cmake, prost-build, clang-sys',
    gaveUp('rust', 'no matching package', /no matching package named `(?<name>[\w-]+)` found/),
    gaveUp('pkg-config', 'The system library', /The system library `(?<name>[\w+.-]+)` required by crate/),
    gaveUp('executable', ' not installed?', /is `(?<name>[\w+.-]+)` not installed\?/),
    gaveUp('executable', 'Could not find `', /Could not find `(?<name>protoc)`/),
    gaveUp('library', 'Unable to find libclang', /Unable to find lib(?<name>clang)\b/),
  ),
  ...of(
    'ghc',
    'ghc: compiler/GHC/Iface/Errors/Ppr.hs; Cabal: Distribution/Simple/Configure.hs, cabal-install: Distribution/Solver/Modular/Message.hs',
    gaveUp('haskell module', 'Could not find module', /Could not find module ["'‘`](?<name>[\w.]+)["'’]/),
    gaveUp('haskell module', 'Could not load module', /Could not load module ["'‘`](?<name>[\w.]+)["'’]/),
    gaveUp('haskell package', 'private dependencies:', /Encountered missing or private dependencies:/, {
      items: /^ +(?<name>[A-Za-z].*)$/,
      names: (list) => list.split(',').flatMap((one) => /^\s*([A-Za-z][\w-]*)/.exec(one)?.[1] ?? []),
      wanted: (name) => [{ kind: 'haskell package', name }],
    }),
    gaveUp('haskell package', 'unknown package: ', /unknown package: (?<name>[\w-]+)/),
    gaveUp(
      'haskell package',
      'cannot satisfy -package',
      /cannot satisfy -package(?:-id)? (?<name>[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z][A-Za-z0-9]*)*)/,
    ),
    gaveUp(
      'executable',
      'is required but',
      /The program ["'‘`](?<name>[\w+.-]+)["'’](?: version \S+)? is required but/,
    ),
  ),
  ...of(
    'java',
    'jdk: com/sun/tools/javac/resources/compiler.properties; maven-resolver; ant: src/main/org/apache/tools/ant; java-config',
    gaveUp('java', ' does not exist', /error: package (?<name>[\w.]+) does not exist/, {
      names: (name) => [name.split('.').at(-1) ?? name, name.split('.').slice(0, 3).at(-1) ?? name],
    }),
    gaveUp('java', 'Could not find artifact', /Could not find artifact (?<name>[\w.-]+:[\w.-]+)/),
    gaveUp(
      'java',
      'has not been downloaded',
      /artifact (?<name>[\w.-]+:[\w.-]+):\S+ has not been downloaded from it before/,
    ),
    gaveUp('executable', 'Unable to find a javac compiler', /Unable to find a (?<name>javac) compiler/),
    gaveUp('java', 'Could not find or load main class', /Could not find or load main class (?<name>[\w.]+)/, {
      names: (name) => [(name.split('.').at(-1) ?? name).toLowerCase(), name.split('.').at(-2) ?? name],
    }),
    gaveUp('java', ' was not found!', /Package (?<name>[\w.+-]+) was not found!/),
    gaveUp('executable', 'Cannot run program', /Cannot run program "(?<name>[^"]+)".*error=2/),
  ),
  ...of(
    'lua',
    'lua/src/loadlib.c',
    gaveUp('lua', ' not found:', /module ["'](?<name>[\w./-]+)["'] not found:/),
  ),
  ...of(
    'ocaml',
    'ocamlfind/src/findlib/frontend.ml; dune/src/dune_rules/lib.ml',
    gaveUp('ocaml', 'ocamlfind: Package', /ocamlfind: Package [`'"](?<name>[\w.-]+)['"] not found/),
    gaveUp('ocaml', 'Library "', /Error: Library "(?<name>[\w.-]+)" not found/),
  ),
  ...of(
    'R',
    'R/src/library/base/R/library.R; src/library/tools/R/check.R',
    gaveUp('r', 'there is no package called', /there is no package called ["'‘“](?<name>[\w.]+)["'’”]/),
    gaveUp(
      'r',
      'not available for package',
      /dependenc(?:y|ies) (?<name>["'‘“].+["'’”]) (?:is|are) not available for package/,
      {
        names: (list) => list.split(/[^\w.]+/).filter((one) => one !== ''),
      },
    ),
  ),
  ...of(
    'tcl',
    'tcl/generic/tclPkg.c',
    gaveUp('tcl', "can't find package", /can't find package (?<name>[\w:-]+)/),
    // tclUnixPipe.c TclpCreateProcess
    gaveUp(
      'executable',
      "couldn't execute",
      /couldn't execute "(?<name>[\w+./-]+)": no such file or directory/,
    ),
  ),
  ...of(
    'guile',
    'guile/module/ice-9/boot-9.scm resolve-interface',
    gaveUp('guile', 'no code for module', /no code for module \((?<name>[^()]+)\)/, {
      names: (name) => [name.replaceAll(' ', '/')],
    }),
  ),
  ...of(
    'emacs',
    'emacs/src/lread.c Fload',
    gaveUp(
      'emacs',
      'Cannot open load file',
      /Cannot open load file:? (?:No such file or directory|"?[^",]+"?), "?(?<name>[\w-]+)/,
    ),
  ),
];
