import test from 'ava';
import { needsIn, WordFilter } from '../../../src/audit/index.js';
import { hasSay, needsInWords } from '../../../src/audit/sources/needs.js';

const asks = test.macro({
  exec(t, file: string, text: string, expected: string[]) {
    t.deepEqual(
      needsIn(file, text).map(({ kind, name }) => `${kind} ${name}`),
      expected,
    );
  },
  title: (_, file, text) => `${file}: ${text}`,
});
test(asks, 'CMakeLists.txt', 'find_package(fmt 8 QUIET CONFIG)', ['cmake fmt']);
test(asks, 'x.cmake', 'find_library(Z NAMES z zlib PATHS /opt)', ['library z', 'library zlib']);
test(asks, 'CMakeLists.txt', 'pkg_check_modules(A REQUIRED foo>=1 bar)', [
  'pkg-config foo',
  'pkg-config bar',
]);
test(asks, 'CMakeLists.txt', 'find_program(SWIG swig4 swig)', ['executable swig4', 'executable swig']);
test(asks, 'configure.ac', 'PKG_CHECK_MODULES([FOO], [foo >= 2 bar])', [
  'aclocal PKG_CHECK_MODULES',
  'pkg-config foo',
  'pkg-config bar',
]);
test(asks, 'configure.ac', 'AX_CHECK_COMPILE_FLAG([-Wx])', ['aclocal AX_CHECK_COMPILE_FLAG']);
test(asks, 'aclocal.m4', 'AX_CHECK_COMPILE_FLAG([-Wx])', []);
test(asks, 'meson.build', "dep = dependency('glib-2.0', native: true)", ['pkg-config glib-2.0']);
test(asks, 'gen.py', 'try:\n    import yaml, os\nexcept ImportError:\n    yaml = None\n', [
  'python yaml',
  'python os',
]);
test(asks, 'gen.py', 'from jinja2.ext import x', ['python jinja2.ext']);
test(asks, 'pyproject.toml', 'requires = ["setuptools>=61", "setuptools-scm[toml]"]', [
  'distribution setuptools',
  'distribution setuptools-scm',
]);
test(asks, 'Makefile.PL', 'use XML::Parser 2;', ['perl XML/Parser.pm']);
test(asks, 'x.pro', 'QT += svg network', ['qmake svg', 'qmake network']);
test(asks, 'Rakefile', "require 'nokogiri'", ['ruby nokogiri']);
test(asks, 'notes.txt', 'find_package(fmt)', []);
test(asks, 'gen', '#!/usr/bin/env python3\nimport yaml\n', ['python yaml']);
test(asks, 'gen', '#! /usr/bin/env -S python3 -B\nimport yaml\n', ['python yaml']);
test(asks, 'gen', '#!/usr/bin/perl -w\nuse XML::Parser;\n', ['perl XML/Parser.pm']);
test(asks, 'gen', '#!/bin/sh\nimport yaml\n', []);
test(asks, 'gen', 'import yaml\n', []);

test('the words that Python is given to run ask as a script does', (t) => {
  const names = (...words: string[]) => needsInWords(words).map(({ name }) => name);
  t.deepEqual(names('/usr/bin/python3', '-c', 'import sys; import yaml'), ['sys', 'yaml']);
  t.deepEqual(names('python3.11', '-B', '-c', 'try:\n  import yaml\nexcept ImportError: pass'), ['yaml']);
  t.deepEqual(names('python3', 'gen.py', '-x'), []);
  t.deepEqual(names('sh', '-c', 'import yaml'), []);
});

test('a filter of words never denies one that was there, whatever its case', (t) => {
  const filter = new WordFilter();
  filter.add('find_program(DOXYGEN doxygen) # see gtk-doc and libusb-1.0');
  for (const name of ['doxygen', 'Doxygen', 'gtk-doc', 'libusb-1.0', 'find_program'])
    t.true(filter.has(name), name);
  for (const name of ['dot', 'git', 'lsb_release', 'dpkg-architecture']) t.false(filter.has(name), name);
});

test('what a module asks for that is only installed has no say in a build, what is run has', (t) => {
  const ask = (file: string, text: string) =>
    needsIn(file, text).map((need) => hasSay(need, new Set(['gen.py'])));
  t.deepEqual(ask('gen.py', 'import yaml'), [true]);
  t.deepEqual(ask('test_yaml.py', 'import yaml'), [false]);
  t.deepEqual(ask('setup.py', 'import yaml'), [true]);
  t.deepEqual(ask('CMakeLists.txt', 'find_package(fmt)'), [true]);
});
