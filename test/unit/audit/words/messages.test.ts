/** Real messages of the tools, shortened, and what is understood of them. */
import test from 'ava';
import { complaintsIn } from '../../../helpers/complaints.js';
import { rules } from '../../../../src/audit/words/rules/index.js';

/** `!`: the tool gave up, `?`: it may go on; then the kind and the names. */
type Expected = `${'!' | '?'} ${string}`;

const messages: readonly (readonly [string, ...Expected[]])[] = [
  // gcc, clang, and what they run
  ['x.c:1:10: fatal error: zlib.h: No such file or directory', '! header zlib.h'],
  ['x.cc:3:10: fatal error: libxml/parser.h: No such file or directory', '! header libxml/parser.h'],
  ["x.c:1:10: fatal error: 'a/b.h' file not found", '! header a/b.h'],
  ['u.c:1:10: error: foo.h: No such file or directory', '! header foo.h'],
  ["gcc: fatal error: cannot execute 'cc1plus': execvp: No such file or directory", '! file cc1plus'],
  ["gcc: error trying to exec 'cc1plus': execvp: No such file or directory", '! file cc1plus'],
  ['collect2: fatal error: cannot find ‘ld’', '! executable ld'],
  ["collect2: fatal error: cannot find 'mold'", '! executable mold'],
  ['clang: error: unable to execute command: Executable "ld.lld" doesn\'t exist!', '! executable ld.lld'],
  [
    "clang: error: invalid linker name in argument '-fuse-ld=mold'",
    '! executable ld.mold',
    '! executable mold',
  ],
  ['gcc: error: /usr/lib64/libfoo.a: No such file or directory', '! path /usr/lib64/libfoo.a'],
  [
    "g++: fatal error: cannot read spec file 'nosys.specs': No such file or directory",
    '! library file nosys.specs',
  ],
  [
    'cc1: warning: /usr/include/gtk: No such file or directory [-Wmissing-include-dirs]',
    '? path /usr/include/gtk',
  ],
  ["clang: error: no such file or directory: '/usr/lib64/libx.a'", '! path /usr/lib64/libx.a'],
  ["x.c:2:1: error: unknown type name 'gzFile'"],
  // ld and its kin
  ['/usr/bin/ld: cannot find -lpng: No such file or directory', '! library png'],
  [
    '/usr/lib/gcc/x86_64-pc-linux-gnu/13/../../../../x86_64-pc-linux-gnu/bin/ld: cannot find -lstdc++fs',
    '! library stdc++fs',
  ],
  ['ld.lld: error: unable to find library -lssl', '! library ssl'],
  ['mold: fatal: library not found: z', '! library z'],
  ['/usr/bin/ld: cannot find -l:libx.a: No such file or directory', '! library file libx.a'],
  ['/usr/bin/ld: cannot find crt1.o: No such file or directory', '! library file crt1.o'],
  ['/usr/bin/ld: cannot find libfoo.a: No such file or directory', '! library file libfoo.a'],
  [
    '/usr/bin/ld: warning: libbar.so.1, needed by /usr/lib64/libfoo.so, not found (try using -rpath or -rpath-link)',
    '? library file libbar.so.1',
  ],
  [
    '/usr/bin/ld: cannot find -lFOO_LIBRARY-NOTFOUND: No such file or directory',
    '! library FOO_LIBRARY-NOTFOUND',
  ],
  [
    "libtool:   error: cannot find the library '/usr/lib64/libfoo.la' or unhandled argument '/usr/lib64/libfoo.la'",
    '! path /usr/lib64/libfoo.la',
  ],
  // ld.so
  [
    './gen: error while loading shared libraries: libx.so.1: cannot open shared object file: No such file or directory',
    '! library file libx.so.1',
  ],
  [
    'ImportError: libcurl.so.4: cannot open shared object file: No such file or directory',
    '! library file libcurl.so.4',
  ],
  [
    'OSError: libusb-1.0.so: cannot open shared object file: No such file or directory',
    '! library file libusb-1.0.so',
  ],
  [
    'dlopen failed: /usr/lib64/libasound.so.2: cannot open shared object file: No such file or directory',
    '! path /usr/lib64/libasound.so.2',
  ],
  // sh, bash, env
  ['/bin/sh: 1: flex: not found', '! executable flex'],
  ['sh: flex: not found', '! executable flex'],
  ['./configure: 2345: PKG_PROG_PKG_CONFIG: not found', '! aclocal PKG_PROG_PKG_CONFIG'],
  ['/bin/sh: line 1: bison: command not found', '! executable bison'],
  ['./run.sh: line 7: help2man: command not found', '! executable help2man'],
  ['/bin/bash: yacc: command not found', '! executable yacc'],
  ['./bench.sh: 3: /usr/bin/time: not found', '! path /usr/bin/time'],
  ['./bench.sh: line 3: /usr/bin/time: No such file or directory', '! path /usr/bin/time'],
  ['sh: 1: ./gen: not found', '! interpreter ./gen'],
  ['/bin/sh: line 1: ./gen: No such file or directory', '! interpreter ./gen'],
  ['bash: line 1: ./gen: cannot execute: required file not found', '! interpreter ./gen'],
  [
    '/bin/bash: ./gen.pl: /usr/bin/perl6: bad interpreter: No such file or directory',
    '! path /usr/bin/perl6',
  ],
  ['sh: 1: exec: gawk: not found', '! executable gawk'],
  ['bash: line 1: type: libtoolize: not found', '? executable libtoolize'],
  [
    'bash: warning: setlocale: LC_ALL: cannot change locale (de_DE.UTF-8): No such file or directory',
    '? locale de_DE.UTF-8',
  ],
  ['/usr/bin/env: ‘python2’: No such file or directory', '! executable python2'],
  ["env: can't execute 'node': No such file or directory", '! executable node'],
  ["nice: 'gperf': No such file or directory", '! executable gperf'],
  ['timeout: failed to run command ‘xvfb-run’: No such file or directory', '! executable xvfb-run'],
  ['xargs: pngcrush: No such file or directory', '! executable pngcrush'],
  ["git: 'lfs' is not a git command. See 'git --help'.", '! executable git-lfs'],
  ['find: ‘xxd’: No such file or directory', '! executable xxd'],
  ['xvfb-run: error: xauth command not found', '! executable xauth'],
  ["dbus-run-session: failed to exec 'dbus-daemon': No such file or directory", '! executable dbus-daemon'],
  ['which: no gtkdocize in (/usr/bin:/bin)', '? executable gtkdocize'],
  ['time: cannot run bc: No such file or directory', '! executable bc'],
  [
    "asciidoctor: WARNING: optional gem 'rouge' is not available (reason: cannot load 'rouge'). Functionality disabled.",
    '? gem rouge',
  ],
  [
    "asciidoctor: FAILED: required gem 'asciidoctor-pdf' is not available. Processing aborted.",
    '! gem asciidoctor-pdf',
  ],
  // pytest
  [
    'pytest.py: error: unrecognized arguments: --cov=u -n auto --own',
    '! distribution pytest-cov',
    '! distribution pytest-xdist',
  ],
  ["E       fixture 'mocker' not found", '! distribution pytest-mock'],
  ["E       fixture 'own' not found"],
  // make, ninja
  ['make: gperf: No such file or directory', '! executable gperf'],
  ['make[2]: yasm: Command not found', '! executable yasm'],
  ['make: execvp: rst2man: Permission denied', '! executable rst2man'],
  ['make: /usr/bin/xsltproc: No such file or directory', '! path /usr/bin/xsltproc'],
  [
    "make: *** No rule to make target '/usr/include/foo.h', needed by 'x.o'.  Stop.",
    '! path /usr/include/foo.h',
  ],
  [
    "make[2]: *** No rule to make target 'CMARK_LIB-NOTFOUND', needed by 'u'.  Stop.",
    '! library CMARK_LIB-NOTFOUND',
  ],
  ['Makefile:3: /usr/share/foo/foo.mk: No such file or directory', '! path /usr/share/foo/foo.mk'],
  ["make: *** No rule to make target 'x.c', needed by 'x.o'.  Stop."],
  [
    "ninja: error: 'CMARK_LIB-NOTFOUND', needed by 'u', missing and no known rule to make it",
    '! library CMARK_LIB-NOTFOUND',
  ],
  [
    "ninja: error: '/usr/lib64/libz.so', needed by 'u', missing and no known rule to make it",
    '! path /usr/lib64/libz.so',
  ],
  // autoconf, aclocal, automake
  ['configure.ac:4: error: possibly undefined macro: AC_PROG_LIBTOOL', '! aclocal AC_PROG_LIBTOOL'],
  ['configure:3434: error: possibly undefined macro: AM_GNU_GETTEXT', '! aclocal AM_GNU_GETTEXT'],
  ['configure.ac:7: error: undefined or overquoted macro: LT_LIB_DLLOAD', '! aclocal LT_LIB_DLLOAD'],
  ['aclocal.m4:12: error: m4_defn: undefined macro: _m4_divert_diversion', '! aclocal _m4_divert_diversion'],
  ['autom4te: error: need GNU m4 1.4 or later: /usr/bin/m4', '! executable m4'],
  ["/usr/bin/m4:configure.ac:3: cannot open `ax_foo.m4': No such file or directory"],
  [
    "configure.ac:5: error: m4_include: cannot open `libtool.m4': No such file or directory",
    '! file libtool.m4',
  ],
  [
    "configure.ac:2: warning: macro 'AX_APPEND_COMPILE_FLAGS' not found in library",
    '? aclocal AX_APPEND_COMPILE_FLAGS',
  ],
  ["configure.ac:7: error: macro 'AM_PATH_SDL' required but not defined", '! aclocal AM_PATH_SDL'],
  ["Makefile.am:1: error: Libtool library used but 'LIBTOOL' is undefined", '! aclocal LT_INIT'],
  [
    'Makefile.am:5: error: HAVE_INTROSPECTION does not appear in AM_CONDITIONAL',
    '! aclocal HAVE_INTROSPECTION',
  ],
  ["configure.ac:9: error: required file './ltmain.sh' not found", '! executable libtoolize'],
  ["configure.ac:9: error: required file 'build-aux/config.rpath' not found", '! executable autopoint'],
  ["configure.ac:9: error: required file 'README' not found"],
  ["WARNING: 'makeinfo' is missing on your system.", '! executable makeinfo'],
  [
    'Can\'t exec "libtoolize": No such file or directory at /usr/share/autoconf/Autom4te/FileUtils.pm line 274.',
    '! executable libtoolize',
  ],
  ['Can\'t exec "autopoint": Permission denied at /usr/bin/autoreconf line 1.', '! executable autopoint'],
  // configure
  [
    "./configure: line 2103: syntax error near unexpected token `17,'\n./configure: line 2103: `AX_CXX_COMPILE_STDCXX(17, noext, mandatory)'",
    '! aclocal AX_CXX_COMPILE_STDCXX',
  ],
  [
    "./configure: line 2964: syntax error near unexpected token `FMT,fmt'\n./configure: line 2964: `PKG_CHECK_MODULES(FMT,fmt >= 8)'",
    '! aclocal PKG_CHECK_MODULES',
  ],
  ['./configure: line 2311: AX_CHECK_COMPILE_FLAG: command not found', '! aclocal AX_CHECK_COMPILE_FLAG'],
  ['./configure: 3: Syntax error: word unexpected (expecting ")")', '! aclocal ./configure'],
  ['./configure: 12: Syntax error: newline unexpected (expecting ")")', '! aclocal ./configure'],
  ['configure: line 7: syntax error: unexpected word (expecting ")")', '! aclocal configure'],
  [
    'configure.ac:20: error: Unexpanded AX_ macro found. Please install GNU autoconf-archive.',
    '! aclocal configure.ac',
  ],
  ['checking for flex... no', '? executable flex'],
  ['checking for flex... /usr/bin/flex'],
  ['checking for x86_64-pc-linux-gnu-pkg-config... no', '? executable pkg-config'],
  ['checking for yaml.h... no', '? header yaml.h'],
  ['checking for sys/foo.h... (cached) no', '? header sys/foo.h'],
  ['checking libfoo/foo.h usability... no', '? header libfoo/foo.h'],
  ['checking for png_create_read_struct in -lpng... no', '? library png'],
  ['checking for deflate in -lz -lm... no', '? library z'],
  ['checking for libevent >= 2.1... no', '? executable libevent'],
  ['checking for library containing deflate... no'],
  ['checking for gtk+-3.0 >= 3.22 glib-2.0 >= 2.50... no', '? pkg-config gtk+-3.0', '? pkg-config glib-2.0'],
  ['checking for perl module XML::Parser... no', '? perl XML/Parser.pm'],
  ['checking for python module yaml... no', '? python yaml'],
  ['checking for yaml.h... no\nconfigure: error: yaml.h is required', '! header yaml.h'],
  [
    'checking for asciidoctor... no\nconfigure: error: the manual cannot be made without asciidoctor',
    '! executable asciidoctor',
  ],
  [
    'checking for XML::Parser... configure: error: XML::Parser perl module is required for intltool',
    '! perl XML::Parser',
  ],
  [
    'checking for libxml libraries >= 2.6.27... configure: error: Could not find libxml2 anywhere, check ftp://xmlsoft.org/.',
    '! executable libxml2',
  ],
  ['configure: error: yaml.h is required', '! header yaml.h'],
  ['configure: error: bison not found', '! executable bison'],
  ['configure: error: Please install gperf', '! executable gperf'],
  [
    'configure: error: no acceptable C compiler found in $PATH',
    '! executable gcc',
    '! executable cc',
    '! executable clang',
  ],
  ['configure: error: The pkg-config script could not be found or is too old.', '! executable pkg-config'],
  [
    "configure: error: Package requirements (fmt >= 8) were not met:\n\nNo package 'fmt' found",
    '! pkg-config fmt',
  ],
  ['configure: error: cannot run C compiled programs.'],
  // pkg-config
  ['Package foo was not found in the pkg-config search path.', '! pkg-config foo'],
  ["No package 'libfoo' found", '! pkg-config libfoo'],
  ["Package 'libfoo', required by 'virtual:world', not found", '! pkg-config libfoo'],
  ["Package 'libcmark', required by 'inner', not found", '! pkg-config libcmark'],
  // CMake
  ['-- Could NOT find ZLIB (missing: ZLIB_LIBRARY ZLIB_INCLUDE_DIR)', '? cmake ZLIB'],
  ['-- Could NOT find Doxygen (missing: DOXYGEN_EXECUTABLE)', '? cmake Doxygen'],
  [
    'CMake Error at /usr/share/cmake/Modules/FindPackageHandleStandardArgs.cmake:230 (message):\n  Could NOT find OpenSSL, try to set the path to OpenSSL root folder in the\n  system variable OPENSSL_ROOT_DIR (missing: OPENSSL_CRYPTO_LIBRARY\n  OPENSSL_INCLUDE_DIR)\nCall Stack (most recent call first):\n  CMakeLists.txt:3 (find_package)\n\n\n-- Configuring incomplete, errors occurred!',
    '! cmake OpenSSL',
  ],
  [
    'CMake Error at CMakeLists.txt:3 (find_package):\n  By not providing "Findfmt.cmake" in CMAKE_MODULE_PATH this project has\n  asked CMake to find a package configuration file provided by "fmt", but\n  CMake did not find one.\n\n  Could not find a package configuration file provided by "fmt" (requested\n  version 8) with any of the following names:\n\n    fmtConfig.cmake\n    fmt-config.cmake\n\n',
    '! cmake fmt',
  ],
  [
    'CMake Warning at CMakeLists.txt:3 (find_package):\n  Could not find a package configuration file provided by "Qt6Svg" with any\n  of the following names:',
    '? cmake Qt6Svg',
  ],
  [
    'CMake Error at /usr/share/cmake/Modules/FindPkgConfig.cmake:619 (message):\n  The following required packages were not found:\n\n   - libevent>=2\n   - cmark\n\nCall Stack (most recent call first):',
    '! pkg-config libevent',
    '! pkg-config cmark',
  ],
  [
    'CMake Error at CMakeLists.txt:5 (find_library):\n  Could not find CMARK_LIB using the following names: cmark',
    '! library CMARK_LIB',
  ],
  [
    'CMake Error at CMakeLists.txt:5 (find_program):\n  Could not find GEN using the following names: gengetopt',
    '! executable GEN',
  ],
  [
    'CMake Error at CMakeLists.txt:5 (find_path):\n  Could not find CMARK_DIR using the following files: cmark.h',
    '! header CMARK_DIR',
  ],
  [
    'CMake Error: The following variables are used in this project, but they are set to NOTFOUND.\nPlease set them or make sure they are set and tested correctly in the CMake files:\n/var/tmp/u/CMARK_INC\n   used as include directory in directory /var/tmp/u\nCMARK_LIB\n    linked by target "u" in directory /var/tmp/u\n\n',
    '! library CMARK_LIB',
    '! header CMARK_INC',
  ],
  [
    'CMake Error at CMakeLists.txt:9 (target_link_libraries):\n  Target "u" links to target "fmt::fmt" but the target was not found.  Perhaps\n  a find_package() call is missing for an IMPORTED target, or an ALIAS target\n  is missing?',
    '! cmake fmt',
  ],
  [
    'CMake Error at CMakeLists.txt:9 (target_link_libraries):\n  Target "u" links to:\n\n    Foo::Bar\n\n  but the target was not found.  Possible reasons include:',
    '! cmake Foo',
  ],
  [
    'CMake Error at /usr/lib64/cmake/Foo/FooTargets.cmake:99 (message):\n  The imported target "Foo::gen" references the file\n\n     "/usr/bin/foogen"\n\n  but this file does not exist.  Possible reasons include:',
    '! path /usr/bin/foogen',
  ],
  [
    'CMake Error at CMakeLists.txt:4 (include):\n  include could not find requested file:\n\n    ECMAddTests',
    '! cmake module ECMAddTests',
  ],
  [
    'CMake Error at CMakeLists.txt:6 (ecm_add_test):\n  Unknown CMake command "ecm_add_test".',
    '! cmake command ecm_add_test',
  ],
  [
    'CMake Error at CMakeLists.txt:2 (project):\n  No CMAKE_CXX_COMPILER could be found.',
    '! executable g++',
    '! executable c++',
    '! executable clang++',
  ],
  [
    'CMake Error: CMake was unable to find a build program corresponding to "Ninja".  CMAKE_MAKE_PROGRAM is not set.',
    '! executable ninja',
  ],
  [
    'CMake Error at /usr/lib64/cmake/Qt6/Qt6Config.cmake:167 (find_package):\n  Failed to find required Qt component "Svg".',
    '! cmake Qt6Svg',
    '! cmake Qt5Svg',
  ],
  [
    '-- Could NOT find Foo: Found unsuitable version "1.2", but required is at least "2" (found /usr/lib64/libfoo.so)',
  ],
  [
    '-- Could NOT find FMT (missing: FMT_DIR)\nCMake Error at CMakeLists.txt:5 (message):\n  The log writer needs fmt',
    '! cmake FMT',
  ],
  ["--   Package 'cmark', required by 'virtual:world', not found", '? pkg-config cmark'],
  ["--   No package 'cmark' found", '? pkg-config cmark'],
  [
    "--   No package 'cmark' found\nCMake Error at /usr/share/cmake/Modules/FindPkgConfig.cmake:607 (message):\n  A required package was not found\nCall Stack (most recent call first):",
    '! pkg-config cmark',
  ],
  // meson
  ['Program flex found: NO', '? executable flex'],
  ['Program help2man help2man.pl found: NO', '? executable help2man'],
  ["meson.build:3:0: ERROR: Program 'flex' not found or not executable", '! executable flex'],
  [
    "meson.build:3:0: ERROR: Program 'yasm nasm' not found or not executable",
    '! executable yasm',
    '! executable nasm',
  ],
  [
    "meson.build:3:15: ERROR: Program '/usr/bin/glib-mkenums' not found or not executable",
    '! path /usr/bin/glib-mkenums',
  ],
  ['Run-time dependency zlib found: NO (tried pkgconfig and cmake)', '? pkg-config zlib'],
  ['Dependency zlib found: NO (tried pkgconfig)', '? pkg-config zlib'],
  ['Run-time dependency qt6 (modules: Svg) found: NO (tried pkgconfig and qmake)', '? pkg-config qt6'],
  ["Dependency zlib found: NO. Found 1.2 but need: '>= 2'"],
  ['Build-time dependency scdoc found: NO (tried pkgconfig)', '? pkg-config scdoc'],
  ['meson.build:3:0: ERROR: Dependency "zlib" not found, tried pkgconfig and cmake', '! pkg-config zlib'],
  ["meson.build:3:0: ERROR: Dependency 'foo' is required but not found.", '! pkg-config foo'],
  [
    "meson.build:3:0: ERROR: Dependency lookup for foo with method 'pkgconfig' failed: Pkg-config for machine host machine not found. Giving up.",
    '! executable pkg-config',
  ],
  [
    "meson.build:3:0: ERROR: Dependency lookup for foo with method 'cmake' failed: CMake binary for machine host machine not found. Giving up.",
    '! executable cmake',
  ],
  [
    "meson.build:3:0: ERROR: Dependency lookup for foo with method 'pkgconfig' failed: Invalid version",
    '! pkg-config foo',
  ],
  ["Did not find pkg-config by name 'pkg-config'", '! executable pkg-config'],
  [
    'meson.build:3:0: ERROR: Pkg-config for machine host machine not found. Giving up.',
    '! executable pkg-config',
  ],
  ['meson.build:4:0: ERROR: python3 is missing modules: mako, yaml', '! python mako', '! python yaml'],
  ['Program python3 (mako) found: NO', '? python mako'],
  ["meson.build:1:0: ERROR: Unknown compiler(s): [['valac']]", '! executable valac'],
  [
    "meson.build:3:0: ERROR: Unknown compiler(s): [['ldc2'], ['gdc']]",
    '! executable ldc2',
    '! executable gdc',
  ],
  ['Compiler for language vala for the host machine not found.', '? executable valac'],
  ["meson.build:9:5: ERROR: C shared or static library 'foo' not found", '! library foo'],
  ['Library foo found: NO', '? library foo'],
  ["meson.build:9:5: ERROR: C header 'foo/bar.h' not found", '! header foo/bar.h'],
  ['Has header "foo.h" : NO', '? header foo.h'],
  ['meson.build:9:5: ERROR: Subproject libfoo is buildable: NO', '! pkg-config libfoo'],
  ['Looking for a fallback subproject for the dependency libfoo', '? pkg-config libfoo'],
  ['ERROR: Could not detect Ninja v1.8.2 or newer', '! executable ninja'],
  [
    'Program gtkdoc-scan found: NO\nmeson.build:5:2: ERROR: Problem encountered: gtk-doc needs gtkdoc-scan',
    '! executable gtkdoc-scan',
  ],
  // qmake
  ['Project ERROR: Unknown module(s) in QT: svg xmlpatterns', '! qmake svg', '! qmake xmlpatterns'],
  ['Project ERROR: libfoo development package not found', '! pkg-config libfoo'],
  ['Cannot find feature qscintilla2', '! file qscintilla2'],
  // python
  ["ModuleNotFoundError: No module named 'docutils'", '! python docutils'],
  ["ModuleNotFoundError: No module named 'google.protobuf'", '! python google.protobuf'],
  ['/usr/bin/python3: No module named sphinx', '! python sphinx'],
  [
    'importlib.metadata.PackageNotFoundError: No package metadata was found for hidplug',
    '! distribution hidplug',
  ],
  ['importlib.metadata.PackageNotFoundError: hidplug', '! distribution hidplug'],
  [
    "pkg_resources.DistributionNotFound: The 'hidplug>=1' distribution was not found and is required by the application",
    '! distribution hidplug',
  ],
  ["FileNotFoundError: [Errno 2] No such file or directory: 'swig'", '! executable swig'],
  ["PermissionError: [Errno 13] Permission denied: 'swig'", '! executable swig'],
  [
    "FileNotFoundError: [Errno 2] No such file or directory: '/usr/share/xcb/xproto.xml'",
    '! path /usr/share/xcb/xproto.xml',
  ],
  [
    "python3: can't open file '/usr/share/foo/gen.py': [Errno 2] No such file or directory",
    '! path /usr/share/foo/gen.py',
  ],
  ["error: command 'swig' failed: No such file or directory", '! executable swig'],
  ["unable to execute 'swig': No such file or directory", '! executable swig'],
  ["error: command '/usr/bin/gcc' failed with exit code 1"],
  ["error: invalid command 'bdist_wheel'", '! setup command bdist_wheel'],
  [
    "error: Could not find suitable distribution for Requirement.parse('setuptools_scm>=3')",
    '! distribution setuptools_scm',
  ],
  [
    "distutils.errors.DistutilsError: Command '['/usr/bin/python3', '-m', 'pip', '--disable-pip-version-check', 'wheel', '--no-deps', '-w', '/tmp/x', '--quiet', 'hidplug>=1']' returned non-zero exit status 1.",
    '! distribution hidplug',
  ],
  [
    'ERROR: Could not find a version that satisfies the requirement hidplug (from versions: none)',
    '! distribution hidplug',
  ],
  ['ERROR: No matching distribution found for hidplug>=2', '! distribution hidplug'],
  [
    "ERROR: Some build dependencies for file:///var/tmp/u are missing: 'Cython>=3', 'numpy'.",
    '! distribution Cython',
    '! distribution numpy',
  ],
  [
    'ERROR Missing dependencies:\n\thatchling\n\thatch-vcs>=0.3',
    '! distribution hatch-vcs',
    '! distribution hatchling',
  ],
  [
    "pip._vendor.pyproject_hooks._impl.BackendUnavailable: Cannot import 'hatchling.build'",
    '! python hatchling.build',
  ],
  ["ERROR Backend 'flit_core.buildapi' is not available.", '! python flit_core.buildapi'],
  ['foo 1.0 requires six, which is not installed.', '? distribution six'],
  ["u.pyx:1:8: 'numpy/arrayobject.pxd' not found", '! file numpy/arrayobject'],
  [
    "Extension error:\nCould not import extension sphinx_rtd_theme.ext (exception: No module named 'sphinx_rtd_theme')",
    '! python sphinx_rtd_theme.ext',
  ],
  ["Theme error:\nno theme named 'furo' found (missing theme.conf?)", '! distribution furo'],
  ['ValueError: Namespace Gtk not available for version 4.0', '! gir Gtk'],
  [
    "gi.repository.GLib.GError: Typelib file for namespace 'Poppler', version '0.18' not found",
    '! gir Poppler',
  ],
  ['ImportError: cannot import name Secret, introspection typelib not found', '! gir Secret'],
  [
    "zoneinfo._common.ZoneInfoNotFoundError: 'No time zone found with key Europe/Berlin'",
    '! time zone Europe/Berlin',
  ],
  ["ModuleNotFoundError: No module named 'xcbgen'", '! python xcbgen'],
  ['OSError: Could not find library geos_c or load any of its variants', '! library geos_c'],
  ['WARNING: optional module foo was not loaded'],
  // perl
  [
    "Can't locate XML/Parser.pm in @INC (you may need to install the XML::Parser module)",
    '! perl XML/Parser.pm',
  ],
  ["Can't locate loadable object for module Locale::Gettext in @INC", '! perl Locale/Gettext.pm'],
  ['Base class package "Module::Build" is empty.', '! perl Module/Build.pm'],
  [
    'Can\'t locate object method "new" via package "Pod::Man" (perhaps you forgot to load "Pod::Man"?) at x line 1.',
    '! perl Pod/Man.pm',
  ],
  ['Warning: prerequisite HTML::Tagset 3 not found.', '? perl HTML/Tagset.pm'],
  ['  * Module::Build::Tiny is not installed', '? perl Module/Build/Tiny.pm'],
  ['Can\'t exec "gs": No such file or directory at x.pl line 3.', '! executable gs'],
  [
    'perl: warning: Please check that your locale settings:\n\tLC_ALL = "de_DE.UTF-8",\n\tLANG = "C.UTF-8"',
    '? locale de_DE.UTF-8',
  ],
  // ruby, node, lua
  [
    "<internal:/usr/lib/ruby/3.1/rubygems/core_ext/kernel_require.rb>:85:in `require': cannot load such file -- kramdown (LoadError)",
    '! ruby kramdown',
  ],
  ["Could not find 'rake' (>= 0) among 45 total gem(s) (Gem::MissingSpecError)", '! gem rake'],
  ["Could not find gem 'ronn' in locally installed gems.", '! gem ronn'],
  ["asciidoctor: FAILED: 'asciidoctor-diagram' could not be loaded", '! gem asciidoctor-diagram'],
  ["x.rb:1:in `spawn': No such file or directory - convert (Errno::ENOENT)", '! executable convert'],
  ["Error: Cannot find module 'uglify-js'", '! node uglify-js'],
  [
    "Error [ERR_MODULE_NOT_FOUND]: Cannot find package '@babel/core' imported from /x.js",
    '! node @babel/core',
  ],
  ["Error: Cannot find module './local'"],
  ['Error: spawn tsc ENOENT', '! executable tsc'],
  ["lua: x.lua:1: module 'lpeg' not found:", '! lua lpeg'],
  // go, rust, haskell, java, and others
  ['x.go:4:2: cannot find package "golang.org/x/net/html" in any of:', '! go golang.org/x/net/html'],
  [
    'x.go:4:2: no required module provides package github.com/foo/bar: go.mod file not found',
    '! go github.com/foo/bar',
  ],
  ['x.go:4:2: package foo/bar is not in std (/usr/lib/go/src/foo/bar)', '! go foo/bar'],
  ['cgo: C compiler "gcc" not found: exec: "gcc": executable file not found in $PATH', '! executable gcc'],
  ['panic: unknown time zone Europe/Berlin', '! time zone Europe/Berlin'],
  ['error: no matching package named `serde` found', '! rust serde'],
  ["error[E0463]: can't find crate for `std`", '! rust std'],
  ['error: linker `cc` not found', '! executable cc'],
  ['The system library `openssl` required by crate `openssl-sys` was not found.', '! pkg-config openssl'],
  ['is `cmake` not installed?', '! executable cmake'],
  [
    'Error: Custom { kind: NotFound, error: "Could not find `protoc`. If `protoc` is installed, try setting the `PROTOC` environment variable" }',
    '! executable protoc',
  ],
  [
    "thread 'main' panicked: Unable to find libclang: \"couldn't find any valid shared libraries\"",
    '! library clang',
  ],
  ['    Could not find module ‘Data.Text’', '! haskell module Data.Text'],
  ['    Could not load module ‘Data.Map’', '! haskell module Data.Map'],
  [
    'Setup: Encountered missing or private dependencies:\n    text >=1.2,\n    mtl',
    '! haskell package mtl',
    '! haskell package text',
  ],
  ['[__1] unknown package: aeson (dependency of u)', '! haskell package aeson'],
  ['<command line>: cannot satisfy -package bytestring-0.10', '! haskell package bytestring'],
  ["Setup: The program 'alex' is required but it could not be found.", '! executable alex'],
  ['X.java:3: error: package org.junit does not exist', '! java junit'],
  ['[ERROR] Could not find artifact org.junit:junit:jar:4.12', '! java org.junit:junit'],
  [
    'Cannot access central in offline mode and the artifact org.junit:junit:jar:4.12 has not been downloaded from it before.',
    '! java org.junit:junit',
  ],
  ['Unable to find a javac compiler;', '! executable javac'],
  [
    'java.io.IOException: Cannot run program "jflex": error=2, No such file or directory',
    '! executable jflex',
  ],
  ['Error: Could not find or load main class org.antlr.Tool', '! java tool', '! java antlr'],
  ['!!! ERROR: Package junit-4 was not found!', '! java junit-4'],
  ["ocamlfind: Package `yojson' not found", '! ocaml yojson'],
  ['Error: Library "zarith" not found.', '! ocaml zarith'],
  ['Error in library(knitr) : there is no package called ‘knitr’', '! r knitr'],
  ['ERROR: dependencies ‘Rcpp’, ‘sp’ are not available for package ‘u’', '! r Rcpp', '! r sp'],
  ["can't find package Tk", '! tcl Tk'],
  ['couldn\'t execute "gperf": no such file or directory', '! executable gperf'],
  ['no code for module (gcrypt hash)', '! guile gcrypt/hash'],
  ['tar (child): lzip: Cannot exec: No such file or directory', '! executable lzip'],
  ['checking python3 module: yaml... no', '? python yaml'],
  [
    "ERROR: failed to run asciidoctor: [Errno 2] No such file or directory: 'asciidoctor'",
    '! executable asciidoctor',
  ],
  ['Cannot open load file: No such file or directory, dash', '! emacs dash'],
  // generators and documents
  [
    'warning: failed to load external entity "http://docbook.sourceforge.net/release/xsl/current/manpages/docbook.xsl"',
    '! catalog http://docbook.sourceforge.net/release/xsl/current/manpages/docbook.xsl',
  ],
  [
    'I/O error : Attempt to load network entity http://www.oasis-open.org/docbook/xml/4.5/docbookx.dtd',
    '! catalog http://www.oasis-open.org/docbook/xml/4.5/docbookx.dtd',
  ],
  [
    'I/O warning : failed to load external entity "/usr/share/sgml/docbook/xsl-stylesheets/xhtml/docbook.xsl"',
    '! path /usr/share/sgml/docbook/xsl-stylesheets/xhtml/docbook.xsl',
  ],
  [
    'I/O warning : failed to load "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd": No such file or directory',
    '! catalog http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd',
  ],
  [
    'a.xml:2: validity error : Could not load the external subset "http://www.oasis-open.org/docbook/xml/4.5/docbookx.dtd"',
    '! catalog http://www.oasis-open.org/docbook/xml/4.5/docbookx.dtd',
  ],
  [
    'cannot parse http://docbook.sourceforge.net/release/xsl/current/html/docbook.xsl',
    '! catalog http://docbook.sourceforge.net/release/xsl/current/html/docbook.xsl',
  ],
  ['warning: failed to load external entity "chapter1.xml"'],
  [
    'jade:u.sgml:1:55:W: cannot generate system identifier for public text "-//OASIS//DTD DocBook V4.1//EN"',
    '! catalog -//OASIS//DTD DocBook V4.1//EN',
  ],
  ["! LaTeX Error: File `fancyhdr.sty' not found.", '! tex fancyhdr.sty'],
  ["! I can't find file `texinfo.tex'.", '! tex texinfo.tex'],
  [
    '! Font T1/cmr/m/n/10=ecrm1000 at 10.0pt not loadable: Metric (TFM) file not found.',
    '! tex ecrm1000.tfm',
  ],
  ["I can't find the format file `pdflatex.fmt'!", '! tex pdflatex.fmt'],
  ["! Package babel Error: Unknown option `german'.", '! tex german.ldf'],
  ['kpathsea: Running mktextfm ecrm1000', '? tex ecrm1000.tfm', '? tex ecrm1000.mf'],
  [
    "error: Problems running dot: exit code=127, command='dot', arguments='\"x.dot\" -Tpng'",
    '? executable dot',
  ],
  ["groff: couldn't exec tbl: No such file or directory", '! executable tbl'],
  ["troff: fatal error: can't find macro file mom", '! file mom.tmac'],
  ["troff: fatal error: cannot open macro file 'mom'", '! file mom.tmac'],
  ['bison: m4 subprocess failed: No such file or directory', '! executable m4'],
  ['flex: fatal internal error, exec of m4 failed', '! executable m4'],
  ['google/protobuf/timestamp.proto: File not found.', '! file google/protobuf/timestamp.proto'],
  ['protoc-gen-grpc: program not found or is not executable', '! executable protoc-gen-grpc'],
  ["nasm: fatal: unable to open include file `x86inc.asm'", '! file x86inc.asm'],
  [
    "error: Package `gtk4' not found in specified Vala API directories or GObject-Introspection GIR directories",
    '! vala gtk4',
  ],
  ["Couldn't find include 'Gtk-4.0.gir' (search path: '['/usr/share/gir-1.0']')", '! gir Gtk-4.0'],
  ["Could not find GIR file 'Gtk-4.0.gir'; check XDG_DATA_DIRS or use --includedir", '! gir Gtk-4.0'],
  [
    "<enum id='org.gnome.desktop.GDesktopProxyMode'> not (yet) defined.",
    '! gsettings org.gnome.desktop.GDesktopProxyMode',
  ],
  [
    'xml-stripblanks preprocessing requested, but XMLLINT is not set, and xmllint is not in PATH',
    '! executable xmllint',
  ],
  [
    "x.gschema.xml:1:1  Error on line 3: <schema id='org.u'> extends not yet existing schema “org.gnome.desktop.interface”",
    '! gsettings org.gnome.desktop.interface',
  ],
  ['No such schema “org.gnome.desktop.a11y”', '! gsettings org.gnome.desktop.a11y'],
  [
    "GLib-GIO-ERROR: Settings schema 'org.gnome.desktop.interface' is not installed",
    '! gsettings org.gnome.desktop.interface',
  ],
  [
    'x.gresource.xml: XMLLINT not set and xmllint not found in path; skipping xml preprocessing.',
    '? executable xmllint',
  ],
  ['msgfmt: cannot locate ITS rules for u.metainfo.xml', '! its u.metainfo.xml'],
  ["pytz.exceptions.UnknownTimeZoneError: 'Asia/Tokyo'", '! time zone Asia/Tokyo'],
  ["[error] cannot open locale definition file `de_DE': No such file or directory", '! file de_DE'],
  ["[error] character map file `ISO-8859-15' not found: No such file or directory", '! file ISO-8859-15'],
  [' * Unable to find kernel sources at /usr/src/linux', '! path /usr/src/linux'],
  [' * Could not find a Makefile in the kernel source directory.', '! file Makefile'],
  ['a2x: ERROR: "xsltproc" --nonet x.xml returned non-zero exit status 127', '! executable xsltproc'],
  // files by their paths
  ['foo: /usr/share/hwdata/usb.ids does not exist', '! path /usr/share/hwdata/usb.ids'],
  ['cat: /usr/share/misc/usb.ids: No such file or directory', '! path /usr/share/misc/usb.ids'],
  [
    "cp: cannot stat '/usr/share/gettext/gettext.h': No such file or directory",
    '! path /usr/share/gettext/gettext.h',
  ],
  ['grep: /usr/share/foo/list: No such file or directory', '? path /usr/share/foo/list'],
  ['open /usr/share/hwdata/pci.ids: no such file or directory', '! path /usr/share/hwdata/pci.ids'],
  ['gen: cannot open file "/usr/share/unicode/UnicodeData.txt"', '! path /usr/share/unicode/UnicodeData.txt'],
  // the project's own words
  ['Makefile:3: *** yasm is required.  Stop.', '! executable yasm'],
  ['ERROR: yasm not found', '! executable yasm'],
  ['error: please install libfoo-dev', '! executable libfoo-dev'],
  ['all is well'],
];

for (const [message, ...expected] of messages) {
  test(`understands: ${message}`, (t) => {
    t.deepEqual(
      complaintsIn(`before\n${message}\nafter`).map(
        ({ fatal, kind, name }) => `${fatal ? '!' : '?'} ${kind} ${name}`,
      ),
      expected,
    );
  });
}

test('every rule of the table is met by a message here', (t) => {
  const lines = messages.flatMap(([message]) => [...message.split('\n'), message.replaceAll(/\s+/g, ' ')]);
  const unmet = rules.filter(({ pattern }) => !lines.some((line) => pattern.test(line)));
  t.deepEqual(
    unmet.map(({ tool, pattern }) => `${tool}: ${pattern}`),
    [],
  );
});

test('a rule is not kept from its messages by what they are said to contain', (t) => {
  const lines = messages.flatMap(([message]) => [...message.split('\n'), message.replaceAll(/\s+/g, ' ')]);
  const kept = rules.filter(({ pattern, says }) =>
    lines.some((line) => pattern.test(line) && !says.some((literal) => line.includes(literal))),
  );
  t.deepEqual(
    kept.map(({ tool, pattern }) => `${tool}: ${pattern}`),
    [],
  );
});
