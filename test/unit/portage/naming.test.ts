import test, { type ExecutionContext } from 'ava';
import { openSystem, type System } from '../../../src/portage/index.js';
import { gentooRoot, type GentooRootSpec } from '../../helpers/gentooRoot.js';
import { pkg } from '../../helpers/installed.js';

async function system(t: ExecutionContext, spec: GentooRootSpec): Promise<System> {
  const root = await gentooRoot(spec);
  t.teardown(() => root.cleanup());
  return openSystem({ root: root.root });
}

const atoms = (own: System, cpv: string, ...paths: string[]): string[] =>
  own.namesFor(pkg(cpv), paths).map(({ atom }) => atom);

test('a virtual stands for what provides it, where the file is what it is for', async (t) => {
  const own = await system(t, {
    packages: {
      'dev-util/pkgconf-2': {},
      'virtual/pkgconfig-3': { RDEPEND: 'dev-util/pkgconf' },
      'sys-apps/systemd-257': {},
      'dev-libs/user-1': { BDEPEND: 'virtual/pkgconfig' },
    },
    ebuilds: {
      // What is not installed stands for it as well.
      'virtual/libudev-251': {
        RDEPEND: '|| ( >=sys-apps/systemd-251:0/2 sys-apps/systemd-utils[udev] !sys-fs/eudev )',
      },
      'virtual/tmpfiles-0': { RDEPEND: '|| ( sys-apps/systemd sys-apps/systemd-utils )' },
      'virtual/udev-217': { RDEPEND: 'sys-apps/systemd' },
    },
  });
  t.deepEqual(own.namesFor(pkg('dev-util/pkgconf-2'), ['/usr/bin/pkg-config']), [
    { atom: 'virtual/pkgconfig', reason: 'it stands for dev-util/pkgconf, and so say 1 installed packages' },
    { atom: 'dev-util/pkgconf', reason: 'it has /usr/bin/pkg-config' },
  ]);
  t.is(atoms(own, 'sys-apps/systemd-257', '/usr/include/libudev.h')[0], 'virtual/libudev');
  t.is(atoms(own, 'sys-apps/systemd-257', '/usr/bin/systemctl')[0], 'sys-apps/systemd');
});

test('a virtual that alone others declare stands for all but what the package is called after', async (t) => {
  const own = await system(t, {
    packages: {
      'media-libs/libglvnd-1': {},
      'virtual/opengl-7': { RDEPEND: 'media-libs/libglvnd[X]' },
      'sys-devel/gcc-13': {},
      'virtual/fortran-0': { RDEPEND: '|| ( sys-devel/gcc[fortran] sys-devel/gcc-apple )' },
      'dev-libs/user-1': { DEPEND: 'virtual/opengl virtual/fortran' },
    },
  });
  t.deepEqual(atoms(own, 'media-libs/libglvnd-1', '/usr/include/GL/gl.h'), [
    'virtual/opengl',
    'media-libs/libglvnd',
  ]);
  t.is(atoms(own, 'sys-devel/gcc-13', '/usr/bin/gcc')[0], 'sys-devel/gcc');
  t.is(atoms(own, 'sys-devel/gcc-13', '/usr/bin/gfortran')[0], 'virtual/fortran');
});

test('where others declare the package itself, so does the ebuild', async (t) => {
  const own = await system(t, {
    packages: {
      'sys-libs/zlib-1': {},
      'virtual/zlib-1': { RDEPEND: 'sys-libs/zlib' },
      'dev-libs/a-1': { DEPEND: 'sys-libs/zlib:=' },
      'dev-libs/b-1': { RDEPEND: '>=sys-libs/zlib-1' },
      'dev-libs/c-1': { DEPEND: 'virtual/zlib' },
    },
  });
  t.deepEqual(atoms(own, 'sys-libs/zlib-1', '/usr/include/zlib.h'), ['sys-libs/zlib', 'virtual/zlib']);
});

test('slots of a virtual, and modules of perl', async (t) => {
  const own = await system(t, {
    packages: {
      'dev-libs/libusb-1.0': {},
      'dev-libs/libusb-compat-0.1': {},
      'virtual/libusb-0': { SLOT: '0', RDEPEND: 'dev-libs/libusb-compat' },
      'virtual/libusb-1': { SLOT: '1', RDEPEND: 'dev-libs/libusb:1' },
      'dev-lang/perl-5.38': {},
      'virtual/perl-JSON-PP-4': { RDEPEND: 'dev-lang/perl' },
      'virtual/perl-Encode-3': { RDEPEND: 'dev-lang/perl' },
      'virtual/perl-Carp-1': { RDEPEND: 'dev-lang/perl' },
    },
  });
  t.is(atoms(own, 'dev-libs/libusb-1.0', '/usr/include/libusb-1.0/libusb.h')[0], 'virtual/libusb:1');
  t.deepEqual(atoms(own, 'dev-lang/perl-5.38', '/usr/lib64/perl5/5.38/JSON/PP.pm'), [
    'virtual/perl-JSON-PP',
    'dev-lang/perl',
    'virtual/perl-Carp',
    'virtual/perl-Encode',
  ]);
  t.is(atoms(own, 'dev-lang/perl-5.38', '/usr/bin/perl')[0], 'dev-lang/perl');
});

test('the flag that the file goes with is part of the name', async (t) => {
  const own = await system(t, {
    packages: {
      'x11-libs/cairo-1': { IUSE: 'X +svg doc', USE: 'X svg doc amd64' },
      'dev-libs/glib-2': { IUSE: '+introspection test', USE: 'introspection' },
      'dev-libs/off-1': { IUSE: 'introspection', USE: '' },
      'dev-lang/python-3.12': { SLOT: '3.12', IUSE: 'tk ssl', USE: 'tk ssl' },
      'dev-lang/python-3.13': { SLOT: '3.13', IUSE: 'tk ssl', USE: 'ssl' },
      'dev-python/user-1': { BDEPEND: 'dev-lang/python:3.12[tk]' },
    },
  });
  const first = (cpv: string, path: string) => own.namesFor(pkg(cpv), [path])[0];
  t.deepEqual(first('x11-libs/cairo-1', '/usr/include/cairo/cairo-svg.h'), {
    atom: 'x11-libs/cairo[svg]',
    reason: '/usr/include/cairo/cairo-svg.h goes with its flag svg',
  });
  t.is(first('x11-libs/cairo-1', '/usr/include/cairo/cairo.h')?.atom, 'x11-libs/cairo');
  t.is(first('dev-libs/glib-2', '/usr/share/gir-1.0/GLib-2.0.gir')?.atom, 'dev-libs/glib[introspection]');
  t.is(first('dev-libs/off-1', '/usr/share/gir-1.0/Off-2.0.gir')?.atom, 'dev-libs/off');
  t.is(
    first('dev-lang/python-3.12', '/usr/lib/python3.12/tkinter/__init__.py')?.atom,
    'dev-lang/python:3.12[tk]',
  );
  t.is(first('dev-lang/python-3.12', '/usr/bin/python3.12')?.atom, 'dev-lang/python:3.12');
});

test('what app-alternatives takes in each other’s place is equal, as far as it is installed', async (t) => {
  const own = await system(t, {
    packages: { 'sys-apps/gawk-5': {}, 'sys-apps/mawk-1': {}, 'sys-devel/flex-2': {} },
    ebuilds: {
      'app-alternatives/awk-4': {
        IUSE: 'busybox gawk mawk',
        RDEPEND: 'gawk? ( sys-apps/gawk ) mawk? ( sys-apps/mawk ) busybox? ( sys-apps/busybox )',
      },
      'app-alternatives/lex-0': {
        IUSE: 'flex',
        RDEPEND: 'flex? ( sys-devel/flex ) reflex? ( sys-devel/reflex )',
      },
    },
  });
  t.deepEqual(own.equalsOf(pkg('sys-apps/mawk-1'), []), [
    { cpv: 'sys-apps/gawk-5', by: 'app-alternatives/awk' },
  ]);
  t.deepEqual(own.equalsOf(pkg('sys-devel/flex-2'), []), []);
  // The name of the package stays the first that is said: bison is no other word for yacc.
  t.is(atoms(own, 'sys-apps/mawk-1', '/usr/bin/mawk')[0], 'sys-apps/mawk');
  // Others have an awk, and no mawk.
  t.deepEqual(atoms(own, 'sys-apps/mawk-1', '/usr/bin/mawk'), ['sys-apps/mawk']);
  t.deepEqual(own.equalsOf(pkg('sys-apps/mawk-1'), ['/usr/bin/mawk']), []);
  t.deepEqual(atoms(own, 'sys-apps/mawk-1', '/usr/bin/awk', '/usr/bin/mawk'), [
    'app-alternatives/awk',
    'sys-apps/mawk',
  ]);
});
