/**
 * The projects of test/fixtures/builds as ebuilds would describe them, and what happens when one declared dependency is
 * taken away. For tests that build them in a view.
 */
import { cpSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** What a build does without one of its dependencies. */
export interface Removal {
  /** The atom of DEPEND or BDEPEND that is left out of the target's declaration. */
  atom: string;
  /** The variable it stands in, and to which the report should say that it belongs. */
  variable: 'DEPEND' | 'BDEPEND';
  /** `category/name` that the report should name first; differs from the atom for virtual packages. */
  names: string;
  /** `fails`: the build command ends with an error; `without`: it succeeds, and the result prints `printsWithout`. */
  outcome: 'fails' | 'without';
}

/** A project and how it is built. */
export interface BuildCase {
  /** Folder below test/fixtures/builds. */
  name: string;
  /** What it is about; fits into the title of a test. */
  about: string;
  DEPEND: readonly string[];
  BDEPEND: readonly string[];
  /** For `sh -c` in a writable copy of the folder. */
  build: string;
  /** For `sh -c` in the same place, after the build. */
  run: string;
  /** What `run` writes to standard output, without the last line end. */
  prints: string;
  /** The same of a build that silently went on without its optional dependency. */
  printsWithout?: string;
  removals: readonly Removal[];
  /** `category/name` of what is used although only a dependency of a dependency brings it in. */
  secondHand?: string;
}

const make = 'make';
const cmake = "cmake -S . -B build -G 'Unix Makefiles' && cmake --build build";

/** All projects; every one builds with @system, its DEPEND and its BDEPEND. */
export const buildCases: readonly BuildCase[] = [
  {
    name: 'calc',
    about: 'a tool (flex, make)',
    DEPEND: [],
    BDEPEND: ['sys-devel/flex'],
    build: make,
    run: 'echo 40 and 3, -1 | ./calc',
    prints: '42',
    removals: [{ atom: 'sys-devel/flex', variable: 'BDEPEND', names: 'sys-devel/flex', outcome: 'fails' }],
  },
  {
    name: 'grammar',
    about: 'a tool that is searched for (bison, CMake)',
    DEPEND: [],
    BDEPEND: ['dev-build/cmake', 'sys-devel/bison'],
    build: cmake,
    run: 'echo 1+2 | build/grammar',
    prints: 'sum 3',
    removals: [{ atom: 'sys-devel/bison', variable: 'BDEPEND', names: 'sys-devel/bison', outcome: 'fails' }],
  },
  {
    name: 'settings',
    about: 'a header (libyaml, configure script)',
    DEPEND: ['dev-libs/libyaml'],
    BDEPEND: [],
    build: './configure && make',
    run: "printf 'a: 1\\nb: [2, 3]\\n' | ./settings",
    prints: '5 scalars',
    removals: [{ atom: 'dev-libs/libyaml', variable: 'DEPEND', names: 'dev-libs/libyaml', outcome: 'fails' }],
  },
  {
    name: 'strength',
    about: 'a library that is only linked (popt, make)',
    DEPEND: ['dev-libs/popt'],
    BDEPEND: [],
    build: make,
    run: './strength',
    prints: 'linked with popt',
    removals: [{ atom: 'dev-libs/popt', variable: 'DEPEND', names: 'dev-libs/popt', outcome: 'fails' }],
  },
  {
    name: 'loaded',
    about: 'a library that a generator loads by its soname (popt, make)',
    DEPEND: ['dev-libs/popt'],
    BDEPEND: [],
    build: make,
    run: './loaded',
    prints: 'popt has contexts',
    removals: [{ atom: 'dev-libs/popt', variable: 'DEPEND', names: 'dev-libs/popt', outcome: 'fails' }],
  },
  {
    name: 'constants',
    about: 'a tool in the middle of a pipe (m4, make)',
    DEPEND: [],
    BDEPEND: ['sys-devel/m4'],
    build: make,
    run: './constants',
    prints: '42',
    removals: [{ atom: 'sys-devel/m4', variable: 'BDEPEND', names: 'sys-devel/m4', outcome: 'fails' }],
  },
  {
    name: 'picture',
    about: 'a pkg-config module (libpng, Meson)',
    DEPEND: ['media-libs/libpng'],
    BDEPEND: ['dev-build/meson', 'virtual/pkgconfig'],
    build: 'meson setup build && meson compile -C build',
    run: 'build/picture',
    prints: 'a picture',
    removals: [
      { atom: 'media-libs/libpng', variable: 'DEPEND', names: 'media-libs/libpng', outcome: 'fails' },
      { atom: 'virtual/pkgconfig', variable: 'BDEPEND', names: 'dev-util/pkgconf', outcome: 'fails' },
    ],
  },
  {
    name: 'colours',
    about: 'a Python module (PyYAML, make)',
    DEPEND: [],
    BDEPEND: ['dev-lang/python', 'dev-python/pyyaml'],
    build: make,
    run: './colours',
    prints: 'blue is #0000ff',
    removals: [
      { atom: 'dev-python/pyyaml', variable: 'BDEPEND', names: 'dev-python/pyyaml', outcome: 'fails' },
    ],
  },
  {
    name: 'words',
    about: 'a Perl module (JSON, make)',
    DEPEND: [],
    BDEPEND: ['dev-lang/perl', 'dev-perl/JSON'],
    build: make,
    run: './words',
    prints: '3 words, the first is host',
    removals: [{ atom: 'dev-perl/JSON', variable: 'BDEPEND', names: 'dev-perl/JSON', outcome: 'fails' }],
  },
  {
    name: 'letter',
    about: 'a second-hand header (libpng through freetype, CMake)',
    DEPEND: ['media-libs/freetype'],
    BDEPEND: ['dev-build/cmake'],
    build: cmake,
    run: 'build/letter',
    prints: 'freetype and png',
    removals: [
      { atom: 'media-libs/freetype', variable: 'DEPEND', names: 'media-libs/freetype', outcome: 'fails' },
    ],
    secondHand: 'media-libs/libpng',
  },
  {
    name: 'greeter',
    about: 'an automagic library (fribidi, Autoconf and Automake)',
    DEPEND: ['dev-libs/fribidi'],
    BDEPEND: ['dev-build/autoconf', 'dev-build/automake'],
    build: 'autoreconf -i && ./configure && make',
    run: './greeter',
    prints: 'greets in both directions',
    printsWithout: 'greets in one direction',
    removals: [
      { atom: 'dev-libs/fribidi', variable: 'DEPEND', names: 'dev-libs/fribidi', outcome: 'without' },
      { atom: 'dev-build/automake', variable: 'BDEPEND', names: 'dev-build/automake', outcome: 'fails' },
    ],
  },
  {
    name: 'hello',
    about: 'an automagic tool (gettext, make)',
    DEPEND: [],
    BDEPEND: ['sys-devel/gettext'],
    build: make,
    run: 'ls *.mo 2>/dev/null || ./hello',
    prints: 'de.mo',
    printsWithout: 'hello',
    removals: [
      { atom: 'sys-devel/gettext', variable: 'BDEPEND', names: 'sys-devel/gettext', outcome: 'without' },
    ],
  },
];

/** The atoms of a variable, without those of `removal`. */
export function declared(one: BuildCase, variable: 'DEPEND' | 'BDEPEND', removal?: Removal): string {
  return one[variable].filter((atom) => atom !== removal?.atom).join(' ');
}

/** Where the projects are; this file runs from dist/test/helpers, and they are not compiled. */
const sources = resolve(import.meta.dirname, '../../../test/fixtures/builds');

/** Copies a project into `directory`, which must not exist, and returns that. */
export function copyProject(one: BuildCase, directory: string): string {
  cpSync(join(sources, one.name), directory, { recursive: true });
  return directory;
}

/** The declared atoms without an installed package, as `has` knows them: why a test of the project is skipped. */
export function missingTools(one: BuildCase, has: (atom: string) => boolean): string[] {
  return [...one.DEPEND, ...one.BDEPEND].filter((atom) => !has(atom));
}
