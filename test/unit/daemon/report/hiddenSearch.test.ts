/** Which hidden files are what a tool wanted, in the trees of Gentoo and of Debian. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { Wanted } from '../../../../src/audit/index.js';
import { findHidden } from '../../../../src/daemon/report/hiddenSearch.js';
import { gentooRoot } from '../../../helpers/gentooRoot.js';
import { openTestView } from '../../../helpers/withView.js';

const gentoo = await gentooRoot({
  packages: {
    'sys-libs/glibc-2.40': { files: { '/usr/bin/ldd': 'x', '/usr/include/stdio.h': 'x' } },
    'dev-build/cmake-3.31': {
      files: {
        '/usr/share/cmake/Modules/FindBZip2.cmake':
          'set(_names bz2 bzip2)\nfind_path(BZIP2_INCLUDE_DIR bzlib.h ${_BZIP2_PATHS} PATH_SUFFIXES include)\n' +
          'find_library(BZIP2_LIBRARY_RELEASE NAMES ${_names} NAMES_PER_DIR PATHS /zlib)\n' +
          'find_library(OTHER_LIBRARY NAMES z)\nfind_program(BZIP2_PROGRAM NAMES\n bzip2 DOC "x")\n',
        '/usr/bin/gen': '#!/usr/bin/env -S xmllint --x\n',
        '/usr/bin/gen2': '#! /bin/time -x\n',
      },
    },
    'app-arch/bzip2-1': {
      files: { '/usr/include/bzlib.h': 'x', '/usr/lib64/libbz2.so': 'x', '/usr/bin/bzip2': 'x' },
    },
    'dev-libs/libxml2-2.12': {
      files: {
        '/usr/include/libxml2/libxml/parser.h': 'x',
        '/usr/lib64/libxml2.so': { link: 'libxml2.so.2' },
        '/usr/lib64/libxml2.so.2': 'x',
        '/usr/lib64/pkgconfig/libxml-2.0.pc': 'x',
        '/usr/bin/xml2-config': 'x',
        '/usr/bin/xmllint': 'x',
      },
    },
    'dev-qt/qtbase-6': {
      files: {
        '/usr/include/qt6/QtCore/QString': 'x',
        '/usr/lib64/pkgconfig/Qt6Core.pc':
          'prefix=/usr\nincludedir=${prefix}/include/qt6\nCflags: -DX -I${includedir}/QtCore -I${includedir}\n',
      },
    },
    'net-misc/vendored-1': {
      files: { '/usr/include/vendored/qt/QString': 'x', '/usr/include/vendored/tree.h': 'x' },
    },
    'net-libs/nodejs-20': { files: { '/usr/include/node/openssl/md5.h': 'x' } },
    'sys-libs/zlib-1.3': { files: { '/usr/include/zlib.h': 'x', '/usr/lib64/libz.so': 'x' } },
    'net-misc/odd-1': {
      files: { '/usr/include/odd/zlib.h': 'x', '/usr/share/doc/odd/examples/bin/gen': 'x' },
    },
    'dev-libs/fmt-10': { files: { '/usr/lib64/cmake/fmt/fmt-config.cmake': 'x' } },
    'dev-qt/qtsvg-6.7': { files: { '/usr/lib64/cmake/Qt6Svg/Qt6SvgConfig.cmake': 'x' } },
    'kde-frameworks/extra-cmake-modules-6': {
      files: {
        '/usr/share/ECM/cmake/ECMAddTests.cmake': 'function(ECM_ADD_TEST name)\nendfunction()\n',
        '/usr/share/cmake/other.cmake': 'x',
      },
    },
    'dev-build/libtool-2.4': {
      files: {
        '/usr/share/aclocal/libtool.m4':
          'AC_DEFUN([LT_INIT],\n[x])\nAU_ALIAS([AC_PROG_LIBTOOL], [LT_INIT])\n',
        '/usr/bin/libtoolize': 'x',
      },
    },
    'dev-build/autoconf-archive-2024': {
      files: { '/usr/share/aclocal/ax_cxx.m4': 'AC_DEFUN([AX_CXX],[AC_REQUIRE([LT_INIT])])\n' },
    },
    'dev-python/pyyaml-6.0': {
      files: {
        '/usr/lib/python3.12/site-packages/yaml/__init__.py': 'x',
        '/usr/lib/python3.12/site-packages/yaml/_yaml.cpython-312-x86_64-linux-gnu.so': 'x',
        '/usr/lib/python3.12/site-packages/PyYAML-6.0.dist-info': { directory: true },
        '/usr/lib/python3.12/site-packages/PyYAML-6.0.dist-info/METADATA': 'Name: PyYAML\n',
      },
    },
    'dev-python/old_style.name-1': {
      files: { '/usr/lib/python3/dist-packages/Old_Style.Name-1.0.egg-info': 'Name: Old-Style.Name\n' },
    },
    'dev-python/vendoring-1': {
      files: { '/usr/lib/python3.12/site-packages/vendoring/_vendor/pip/__init__.py': 'x' },
    },
    'dev-python/wheel-0.43': {
      files: {
        '/usr/lib/python3.12/site-packages/wheel-0.43.0.dist-info/entry_points.txt':
          '[console_scripts]\nwheel=wheel.cli:main\n\n[distutils.commands]\nbdist_wheel=wheel.bdist_wheel:bdist_wheel\n',
      },
    },
    'dev-perl/XML-Parser-2.47': {
      files: { '/usr/lib64/perl5/vendor_perl/5.40/x86_64-linux/XML/Parser.pm': 'x' },
    },
    'dev-perl/odd-1': { files: { '/usr/lib64/perl5/vendor_perl/5.40/Odd/XML/Parser.pm': 'x' } },
    'dev-ruby/kramdown-2': {
      files: { '/usr/lib64/ruby/gems/3.2.0/gems/kramdown-2.4.0/lib/kramdown.rb': 'x' },
    },
    'app-text/docbook-xml-dtd-4.5': {
      files: {
        '/usr/share/xml/docbook/schema/dtd/4.5/catalog.xml':
          '<public publicId="-//OASIS//DTD DocBook XML V4.5//EN" uri="docbookx.dtd"/>\n' +
          '<rewriteSystem systemIdStartString="http://www.oasis-open.org/docbook/xml/4.5/" rewritePrefix=""/>\n',
      },
    },
    'app-text/docbook-sgml-dtd-4.1': {
      files: {
        '/usr/share/sgml/docbook/sgml-dtd-4.1/catalog':
          'PUBLIC "-//OASIS//DTD DocBook V4.1//EN" "docbook.dtd"\n',
      },
    },
    'app-text/docbook-xml-5': {
      files: {
        '/usr/share/xml/docbook/catalog.xml':
          '<rewriteSystem systemIdStartString="http://www.oasis-open.org/docbook/xml/" rewritePrefix=""/>',
      },
    },
    'app-text/texlive-1': {
      files: { '/usr/share/texmf-dist/tex/latex/fancyhdr/fancyhdr.sty': 'x' },
    },
    'sys-libs/timezone-data-2024': { files: { '/usr/share/zoneinfo/Europe/Berlin': 'x' } },
    'gui-libs/gtk-4': {
      files: { '/usr/share/gir-1.0/Gtk-4.0.gir': 'x', '/usr/share/vala/vapi/gtk4.vapi': 'x' },
    },
    'gnome-base/schemas-46': {
      files: {
        '/usr/share/glib-2.0/schemas/org.gnome.desktop.enums.xml':
          '<enum id="org.gnome.desktop.GDesktopProxyMode">',
      },
    },
    'dev-libs/appstream-1': {
      files: {
        '/usr/share/gettext/its/metainfo.loc': '<locatingRule name="x" pattern="*.metainfo.xml">',
        '/usr/share/gettext/its/metainfo.its': 'x',
      },
    },
    'sys-devel/gettext-0.21': {
      files: { '/usr/share/aclocal/iconv.m4': 'gl_iconv_AC_DEFUN([AM_ICONV],\n[\n])\n' },
    },
    'dev-tcltk/expect-5': {
      files: {
        '/usr/lib64/expect5.45/pkgIndex.tcl':
          'if {![package vsatisfies [package provide Tcl] 8.6]} {return}\npackage ifneeded Expect 5.45.4 \\\n',
      },
    },
    'x11-misc/shared-mime-info-2': { files: { '/usr/bin/update-mime-database': 'x' } },
    'sys-process/time-1.9': { files: { '/usr/bin/time': 'x' } },
    'dev-lang/foo-1': { files: { '/usr/bin/foo-1': 'x' } },
    'llvm-core/llvm-17': { files: { '/usr/lib/llvm/17/bin/llc': 'x' } },
  },
  files: {
    '/usr/bin/foo': { link: 'foo-1' },
    '/bin': { link: 'usr/bin' },
    '/usr/share/mime/globs2': 'x',
    '/usr/bin/ours': '#!/usr/bin/env xmllint\n',
  },
});
test.after.always(() => gentoo.cleanup());

const { view } = openTestView({
  root: gentoo.root,
  visible: ['sys-libs/glibc-2.40', 'dev-build/cmake-3.31'],
});

function owners(...wanted: Wanted[]): string[] {
  const found = findHidden(view, wanted, (path) => {
    try {
      return readFileSync(join(gentoo.root, path), 'utf8');
    } catch {
      return undefined;
    }
  });
  return wanted.map((one) => [...new Set((found.get(one) ?? []).flatMap((file) => file.owners))].join(' '));
}

const finds = test.macro<[Wanted, string]>({
  exec(t, wanted: Wanted, expected: string) {
    t.deepEqual(owners(wanted), [expected]);
  },
  title: (_, wanted, expected) => `${wanted.kind} ${wanted.name}: ${expected === '' ? 'nobody' : expected}`,
});
test(finds, { kind: 'header', name: 'libxml/parser.h' }, 'dev-libs/libxml2-2.12');
test(finds, { kind: 'header', name: 'parser.h' }, '');
test(finds, { kind: 'header', name: 'md5.h' }, '');
test(finds, { kind: 'header', name: 'zlib.h' }, 'sys-libs/zlib-1.3');
test(finds, { kind: 'header', name: 'stdio.h' }, '');
test(finds, { kind: 'header', name: 'QString' }, 'dev-qt/qtbase-6');
test(finds, { kind: 'header', name: 'QtCore/QString' }, 'dev-qt/qtbase-6');
test(finds, { kind: 'header', name: 'tree.h' }, 'net-misc/vendored-1');
test(finds, { kind: 'library', name: 'xml2' }, 'dev-libs/libxml2-2.12');
test(finds, { kind: 'library file', name: 'libxml2.so.2' }, 'dev-libs/libxml2-2.12');
test(finds, { kind: 'pkg-config', name: 'libxml-2.0' }, 'dev-libs/libxml2-2.12');
test(finds, { kind: 'executable', name: 'xml2-config' }, 'dev-libs/libxml2-2.12');
test(finds, { kind: 'executable', name: 'gen' }, '');
test(finds, { kind: 'executable', name: 'llc' }, 'llvm-core/llvm-17');
test(finds, { kind: 'path', name: '/bin/time' }, 'sys-process/time-1.9');
test(finds, { kind: 'path', name: '/usr/bin/foo' }, 'dev-lang/foo-1');
test(finds, { kind: 'path', name: '/usr/share/mime/globs2' }, 'x11-misc/shared-mime-info-2');
test(finds, { kind: 'path', name: '/usr/share/mime/magic' }, '');
test(finds, { kind: 'path', name: '/usr/bin/../bin/nothing' }, '');
for (const name of ['BZIP2_LIBRARIES', 'BZIP2_INCLUDE_DIR', 'BZIP2_PROGRAM'])
  test(finds, { kind: 'cmake variable', module: 'BZip2', name }, 'app-arch/bzip2-1');
test(finds, { kind: 'cmake variable', module: 'BZip2', name: 'BZIP2_VERSION' }, '');
test(finds, { kind: 'cmake variable', module: 'Nothing', name: 'BZIP2_LIBRARIES' }, '');
test(finds, { kind: 'interpreter', name: '/usr/bin/gen' }, 'dev-libs/libxml2-2.12');
test(finds, { kind: 'interpreter', name: '/usr/bin/gen2' }, 'sys-process/time-1.9');
test(finds, { kind: 'interpreter', name: './gen' }, '');
test(finds, { kind: 'cmake', name: 'fmt' }, 'dev-libs/fmt-10');
test(finds, { kind: 'cmake', name: 'Qt6Svg' }, 'dev-qt/qtsvg-6.7');
test(finds, { kind: 'cmake module', name: 'ECMAddTests' }, 'kde-frameworks/extra-cmake-modules-6');
test(finds, { kind: 'cmake command', name: 'ecm_add_test' }, 'kde-frameworks/extra-cmake-modules-6');
test(finds, { kind: 'aclocal', name: 'LT_INIT' }, 'dev-build/libtool-2.4');
test(finds, { kind: 'aclocal', name: 'AC_PROG_LIBTOOL' }, 'dev-build/libtool-2.4');
test(finds, { kind: 'aclocal', name: 'AX_CXX' }, 'dev-build/autoconf-archive-2024');
test(finds, { kind: 'aclocal', name: 'AX_CX' }, '');
test(finds, { kind: 'tcl', name: 'Expect' }, 'dev-tcltk/expect-5');
test(finds, { kind: 'tcl', name: 'Expec' }, '');
test(finds, { kind: 'aclocal', name: 'AM_ICONV' }, 'sys-devel/gettext-0.21');
test(finds, { kind: 'python', name: 'yaml' }, 'dev-python/pyyaml-6.0');
test(finds, { kind: 'python', name: 'yaml._yaml' }, 'dev-python/pyyaml-6.0');
test(finds, { kind: 'python', name: 'pip' }, '');
test(finds, { kind: 'distribution', name: 'pyyaml' }, 'dev-python/pyyaml-6.0');
test(finds, { kind: 'distribution', name: 'old-style_name' }, 'dev-python/old_style.name-1');
test(finds, { kind: 'distribution', name: 'yaml' }, '');
test(finds, { kind: 'setup command', name: 'bdist_wheel' }, 'dev-python/wheel-0.43');
test(finds, { kind: 'setup command', name: 'wheel' }, '');
test(finds, { kind: 'perl', name: 'XML/Parser.pm' }, 'dev-perl/XML-Parser-2.47');
test(finds, { kind: 'ruby', name: 'kramdown' }, 'dev-ruby/kramdown-2');
test(finds, { kind: 'catalog', name: '-//OASIS//DTD DocBook XML V4.5//EN' }, 'app-text/docbook-xml-dtd-4.5');
test(
  finds,
  { kind: 'catalog', name: 'http://www.oasis-open.org/docbook/xml/4.5/docbookx.dtd' },
  'app-text/docbook-xml-dtd-4.5',
);
test(
  finds,
  { kind: 'catalog', name: 'http://www.oasis-open.org/docbook/xml/5.0/docbook.dtd' },
  'app-text/docbook-xml-5',
);
test(finds, { kind: 'catalog', name: '-//OASIS//DTD DocBook V4.1//EN' }, 'app-text/docbook-sgml-dtd-4.1');
test(finds, { kind: 'catalog', name: '-//OASIS//DTD DocBook' }, '');
test(finds, { kind: 'tex', name: 'fancyhdr.sty' }, 'app-text/texlive-1');
test(finds, { kind: 'time zone', name: 'Europe/Berlin' }, 'sys-libs/timezone-data-2024');
test(finds, { kind: 'gir', name: 'Gtk-4.0' }, 'gui-libs/gtk-4');
test(finds, { kind: 'gir', name: 'Gtk-*' }, 'gui-libs/gtk-4');
test(finds, { kind: 'vala', name: 'gtk4' }, 'gui-libs/gtk-4');
test(finds, { kind: 'gsettings', name: 'org.gnome.desktop.GDesktopProxyMode' }, 'gnome-base/schemas-46');
test(finds, { kind: 'its', name: 'data/u.metainfo.xml.in' }, 'dev-libs/appstream-1');
test(finds, { kind: 'its', name: 'u.policy' }, '');

test('several things are found in one search, each for itself', (t) => {
  t.deepEqual(
    owners(
      { kind: 'header', name: 'zlib.h' },
      { kind: 'aclocal', name: 'LT_INIT' },
      { kind: 'tex', name: 'none.sty' },
    ),
    ['sys-libs/zlib-1.3', 'dev-build/libtool-2.4', ''],
  );
});
