/** Compilers, assemblers and linkers. */
import { gaveUp, of, probed } from '../rule.js';

export const compilerRules = [
  ...of(
    'gcc',
    'gcc/libcpp/files.cc open_file_failed; gcc/gcc.cc pex_run, main; gcc/collect2.cc',
    gaveUp('header', 'fatal error: ', /fatal error: (?<name>[\w+./-]+): No such file or directory/),
    // A #include that is no error by itself: cc1 -E, makedepend, a preprocessor with -M (-MG is silent).
    gaveUp(
      'header',
      'No such file or directory',
      /(?:^|\s)[^\s:]+:\d+:\d+: error: (?<name>[\w+./-]+\.h\w*): No such file or directory/,
    ),
    gaveUp(
      ['executable'],
      ['error trying to exec', 'cannot execute'],
      /(?:error trying to exec|fatal error: cannot execute) ["'‘](?<name>[^"'’]+)["'’]: execvp: No such file/,
      {
        wanted: (name) => [
          { kind: 'file', below: 'libexec', name },
          { kind: 'executable', name },
        ],
      },
    ),
    gaveUp(
      'executable',
      'cannot find ',
      /(?:collect2|gcc|g\+\+|cc1): fatal error: cannot find ["'‘](?<name>[^"'’]+)["'’]/,
      // Whichever of them -fuse-ld= asks for, collect2 calls it ld.
      {
        wanted: (name) =>
          (name === 'ld' ? ['ld', 'ld.gold', 'ld.mold', 'ld.lld'] : [name]).map((one) => ({
            kind: 'executable',
            name: one,
          })),
      },
    ),
    gaveUp('library file', 'cannot read spec file', /cannot read spec file ["'‘](?<name>[^"'’]+)["'’]/),
    gaveUp(
      'path',
      'No such file or directory',
      /\b(?:gcc|g\+\+|c\+\+|cc|clang|clang\+\+|cc1|cc1plus)(?:-[\d.]+)?: (?:fatal )?error: (?:no such file or directory: )?["'‘]?(?<name>\/[^\s:'"’]+)["'’]?: No such file or directory/,
    ),
    probed(
      'path',
      'Wmissing-include-dirs',
      /warning: (?<name>\/[^\s:]+): No such (?:file or )?directory \[-Wmissing-include-dirs\]/,
    ),
  ),
  ...of(
    'clang',
    'clang/include/clang/Basic/DiagnosticLexKinds.td err_pp_file_not_found; DiagnosticDriverKinds.td',
    gaveUp('header', 'file not found', /(?:fatal error|error): ["'](?<name>[\w+./-]+)["'] file not found/),
    gaveUp('executable', "doesn't exist", /Executable "(?<name>[^"]+)" doesn't exist/),
    gaveUp(
      'path',
      'no such file or directory: ',
      /error: no such file or directory: ["'](?<name>\/[^"']+)["']/,
    ),
    gaveUp(
      'executable',
      'invalid linker name',
      /invalid linker name in (?:argument )?["'](?:-fuse-ld=|--ld-path=)(?<name>[\w./-]+)["']/,
      {
        names: (name) => (name.startsWith('ld') || name.includes('/') ? [name] : [`ld.${name}`, name]),
      },
    ),
  ),
  ...of(
    'ld',
    'binutils/ld/ldfile.c ldfile_open_file; gold/readsyms.cc; lld/ELF/DriverUtils.cpp; mold/main.cc',
    gaveUp('library file', 'find -l:', /(?:cannot find|unable to find library) -l:(?<name>[\w+.-]+)/),
    gaveUp(
      'library',
      [' find -l', 'library -l', ' found for -l'],
      /(?:cannot find|unable to find library|library not found for) -l(?<name>[\w+.-]+)/,
    ),
    gaveUp('library', 'library not found: ', /(?:mold|ld): (?:fatal: )?library not found: (?<name>[\w+.-]+)/),
    gaveUp(
      'library file',
      'cannot find ',
      /\bld(?:\.\w+)?: (?:error: )?cannot find (?<name>[\w+./-]+\.(?:o|a|so[\w.]*))\b/,
    ),
    probed(
      'library file',
      ', not found',
      /\bld(?:\.\w+)?: warning: (?<name>[\w+.-]+\.so[\w.]*), needed by \S+, not found/,
    ),
  ),
  ...of(
    'libtool',
    'libtool/build-aux/ltmain.in func_mode_link',
    gaveUp('library file', 'cannot find the library', /cannot find the library ["'‘`](?<name>[^"'’]+)["'’]/),
  ),
  ...of(
    'nasm',
    'nasm/asm/preproc.c inc_fopen; yasm/modules/preprocs/nasm/nasm-pp.c',
    gaveUp(
      { below: 'include' },
      'unable to open include file',
      /unable to open include file [`'"](?<name>[^'"`]+)['"`]/,
    ),
  ),
  ...of(
    'rustc',
    'rustc_metadata/messages.ftl; rustc_codegen_ssa/messages.ftl',
    gaveUp('rust', "can't find crate for", /can't find crate for `(?<name>[\w-]+)`/),
    gaveUp('executable', 'linker `', /error: linker `(?<name>[^`]+)` not found/),
  ),
];
