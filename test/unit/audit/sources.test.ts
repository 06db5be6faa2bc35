import test from 'ava';
import { scriptsRunBy } from '../../../src/audit/sources/asked.js';
import { answersIn, includesIn, isAnswered, needsIn, WordFilter } from '../../../src/audit/index.js';
import { needsInWords, withSay } from '../../../src/audit/sources/needs.js';

const asks = test.macro({
  exec(t, file: string, text: string, expected: string[]) {
    t.deepEqual(
      needsIn(file, text).map(({ kind, name }) => `${kind} ${name}`),
      expected,
    );
  },
  title: (_, file, text) => `${file}: ${text}`,
});
test(asks, 'CMakeLists.txt', 'find_package(fmt 8 QUIET CONFIG)', []);
test(asks, 'CMakeCache.txt', 'fmt_DIR:PATH=fmt_DIR-NOTFOUND\nZ_DIR:PATH=/usr\nG:FILEPATH=G-NOTFOUND\n', [
  'cmake fmt',
]);
test(asks, 'x.cmake', 'find_library(Z NAMES z zlib PATHS /opt)', ['library z', 'library zlib']);
test(asks, 'configure.ac', 'AC_PROG_CXX\nAX_CHECK_COMPILE_FLAG([-Wx])', ['aclocal AX_CHECK_COMPILE_FLAG']);
test(asks, 'aclocal.m4', 'AX_CHECK_COMPILE_FLAG([-Wx])', []);
test(asks, 'meson.build', "find_installation('python3', modules: ['lxml', 'toml'])", [
  'python lxml',
  'python toml',
]);
test(asks, 'gen.py', 'try:\n    import yaml, os\nexcept ImportError:\n    yaml = None\n', [
  'python yaml',
  'python os',
]);
test(asks, 'gen.py', 'from jinja2.ext import x', ['python jinja2.ext']);
test(asks, 'gen.py', 'importlib.metadata.version("docutils")', ['distribution docutils']);
test(asks, 'x.pro', 'QT += svg network', ['qmake svg', 'qmake network']);
test(asks, 'Rakefile', "require 'nokogiri'", ['ruby nokogiri']);
test(asks, 'notes.txt', 'find_package(fmt)', []);
test(asks, 'gen', '#!/usr/bin/env python3\nimport yaml\n', ['python yaml']);
test(asks, 'gen', '#! /usr/bin/env -S python3 -B\nimport yaml\n', ['python yaml']);
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

test('what a module asks for that is only installed has no say in a build, what is run has, with what it imports', (t) => {
  const needs = [
    ...needsIn('gen.py', 'import yaml\nimport tools.helper'),
    ...needsIn('helper.py', 'import lxml'),
    ...needsIn('test_yaml.py', 'import toml'),
    ...needsIn('setup.py', 'import wheel'),
    ...needsIn('CMakeCache.txt', 'fmt_DIR:PATH=fmt_DIR-NOTFOUND'),
  ];
  const say = (...run: string[]) => withSay(needs, new Set(run)).map(({ name }) => name);
  t.deepEqual(say('gen.py'), ['yaml', 'tools.helper', 'lxml', 'wheel', 'fmt']);
  t.deepEqual(say('sh'), ['wheel', 'fmt']);
  const answered = needs.map((need) => (need.name === 'tools.helper' ? { ...need, answered: true } : need));
  t.deepEqual(
    withSay(answered, new Set(['gen.py'])).map(({ name }) => name),
    ['yaml', 'lxml', 'wheel', 'fmt'],
  );
});

test('of a command line only the script is run, and what a runner of tests is given', (t) => {
  const run = (line: string) => scriptsRunBy(line.split(' '));
  t.deepEqual(run('python3.12 -W ignore -B tools/gen.py yaml.py'), ['gen.py']);
  t.deepEqual(run('/usr/bin/python3 /usr/lib/portage/bin/doins.py --recursive u.py'), ['doins.py']);
  t.deepEqual(run('python3 -m tools.gen u.py'), ['gen.py']);
  t.deepEqual(run('python3 -m pytest test_u.py'), ['pytest.py', 'test_u.py']);
  t.deepEqual(run('python3 -c import'), []);
  t.deepEqual(run('install -m0644 u.py /usr/lib'), ['install']);
  t.deepEqual(run('./gen.py u.py'), ['gen.py']);
});

test('what Python is told on its command line is run', (t) => {
  const asked = (...words: string[]) => withSay(needsInWords(words), new Set()).map(({ name }) => name);
  t.deepEqual(asked('/usr/bin/python3.12', '-c', 'import sys; import yaml'), ['sys', 'yaml']);
  t.deepEqual(asked('python3', '-Wc', 'from lxml import etree'), ['lxml']);
  t.deepEqual(asked('python3', 'gen.py', 'import yaml'), []);
  t.deepEqual(asked('sh', '-c', 'import yaml'), []);
});

test('what the sources bring along, or CMake has found or never reached, is no need', (t) => {
  const open = (files: Record<string, string>) => {
    const all = Object.entries(files);
    const answers = new Set(all.flatMap(([path, text]) => answersIn(path, text)));
    return all
      .flatMap(([path, text]) => needsIn(path.slice(path.lastIndexOf('/') + 1), text))
      .filter((need) => !isAnswered(need, answers))
      .map(({ kind, name }) => `${kind} ${name}`);
  };
  t.deepEqual(
    open({
      'w/configure.ac': 'AX_PTHREAD\nAX_IS_RELEASE\n',
      'w/m4/ax_pthread.m4': 'AU_ALIAS([ACX_PTHREAD], [AX_PTHREAD])\nAC_DEFUN([AX_PTHREAD], [])\n',
    }),
    ['aclocal AX_IS_RELEASE'],
  );
  t.deepEqual(open({ 'w/gen.py': 'import toml, yaml.x, six', 'w/toml.py': '', 'w/yaml/__init__.py': '' }), [
    'python six',
  ]);
  t.deepEqual(
    open({
      'w/CMakeLists.txt': 'find_library(A a)\nfind_library(B b)\nfind_library(C c)\n',
      'w/build/CMakeCache.txt': 'A:FILEPATH=A-NOTFOUND\nB:FILEPATH=/usr/lib/libb.so\n',
    }),
    ['library a'],
  );
});

test('what a source includes stands outside of conditions, or within the guard of a header', (t) => {
  const names = (file: string, text: string) => includesIn(file, text)?.names;
  const source =
    '#include <stdio.h>\n# include "own.h" // ours\n/*\n#include <old.h>\n*/\n#include <b/tree.h>\n';
  t.deepEqual(names('u.c', source), ['stdio.h', 'own.h', 'b/tree.h']);
  t.deepEqual(
    names('u.c', '#ifdef HAVE_XML\n#include <xml.h>\n#else\n#include <other.h>\n#endif\n#include <a.h>\n'),
    ['a.h'],
  );
  const guarded =
    '/* u */\n#ifndef U_H\n#define U_H 1\n#include <a.h>\n#if 0\n#include <b.h>\n#endif\n#include <c.h>\n#endif\n';
  t.deepEqual(names('u.h', guarded), ['a.h', 'c.h']);
  t.deepEqual(names('u.h', '#ifndef NO_A\n#include <a.h>\n#endif\n'), []);
  t.is(names('u.py', '#include <a.h>\n'), undefined);
});

test('comments that do not end cost no more than others', (t) => {
  t.deepEqual(includesIn('u.c', `#include <a.h>\n${'/* '.repeat(500_000)}\n#include <b.h>\n`)?.names, [
    'a.h',
  ]);
});
