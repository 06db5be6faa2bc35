/** Python: imports, and what its packaging tools say. */
import { gaveUp, of, probed } from '../rule.js';
import { wantedFor } from '../wanted.js';

/** The name of a requirement without its version, extras and marker (PEP 508). */
function requirement(text: string): string[] {
  const name = /^\s*([A-Za-z0-9][\w.-]*)/.exec(text)?.[1];
  return name === undefined ? [] : [name.replace(/[.-]+$/, '')];
}

function requirements(list: string): string[] {
  return list.split(/['"],?\s*['"]?|,\s/).flatMap(requirement);
}

export const pythonRules = [
  ...of(
    'python',
    'cpython: Lib/importlib/_bootstrap.py _find_and_load_unlocked; Lib/runpy.py; Lib/subprocess.py _execute_child; Lib/importlib/metadata/__init__.py; Lib/zoneinfo/_common.py; Lib/locale.py',
    gaveUp('python', 'Could not import extension', /Could not import extension (?<name>[\w.]+)/),
    gaveUp('python', 'No module named', /No module named ["'‘’“”`]?(?<name>\w[\w.]*)/),
    gaveUp(
      'distribution',
      'PackageNotFoundError',
      /PackageNotFoundError: (?:No package metadata was found for )?["']?(?<name>[\w.-]+)/,
    ),
    gaveUp('distribution', 'No package metadata', /No package metadata was found for ["']?(?<name>[\w.-]+)/),
    gaveUp(
      'executable',
      ['Errno 2', 'Errno 13'],
      /\[Errno (?:2|13)\] (?:No such file or directory|Permission denied): b?["'](?<name>[\w+.-]+)["']$/,
    ),
    gaveUp('path', 'Errno 2', /\[Errno 2\] No such file or directory: b?["'](?<name>\/[^"']+)["']/),
    gaveUp('time zone', 'No time zone found with key', /No time zone found with key ["']?(?<name>[\w+/-]+)/),
    gaveUp('library', 'Could not find library', /Could not find library ["']?(?:lib)?(?<name>[\w+-]+)/),
  ),
  ...of(
    'setuptools',
    'setuptools: pkg_resources/__init__.py DistributionNotFound; setuptools/_distutils/dist.py, spawn.py; setuptools/installer.py',
    gaveUp(
      'distribution',
      'distribution was not found',
      /The ["'](?<name>[^"']+)["'] distribution was not found/,
      { names: requirement },
    ),
    gaveUp('setup command', 'invalid command', /error: invalid command ["'](?<name>\w+)["']/, {
      wanted: (name) => [
        { kind: 'setup command', name },
        ...(name === 'bdist_wheel' ? wantedFor('distribution', 'wheel') : []),
      ],
    }),
    gaveUp(
      'executable',
      ["' failed: ", '" failed: '],
      /error: command ["'](?<name>[^"']+)["'] failed: (?:No such file or directory|Permission denied)/,
    ),
    gaveUp(
      'executable',
      'unable to execute',
      /unable to execute ["'](?<name>[^"']+)["']: No such file or directory/,
    ),
    gaveUp(
      'distribution',
      'Could not find suitable distribution',
      /Could not find suitable distribution for Requirement\.parse\(["'](?<name>[^"']+)["']\)/,
      { names: requirement },
    ),
    gaveUp(
      'distribution',
      ["'pip'", '"pip"'],
      /Command ["']\[.*["']pip["'].*, ["'](?<name>[^"']+)["']\]["'] returned non-zero exit status/,
      { names: requirement },
    ),
  ),
  ...of(
    'pip',
    'pip: _internal/index/package_finder.py, operations/prepare.py, distributions/sdist.py; pyproject_hooks/_impl.py; build/__main__.py',
    gaveUp(
      'distribution',
      'No matching distribution found for',
      /No matching distribution found for (?<name>[\w.-]+)/,
    ),
    gaveUp(
      'distribution',
      'satisfies the requirement',
      /version that satisfies the requirement (?<name>[\w.-]+)/,
    ),
    gaveUp(
      'distribution',
      'build dependencies for',
      /build dependencies for .* are missing: (?<name>.+?)\.?$/,
      {
        names: requirements,
      },
    ),
    gaveUp('distribution', 'Missing dependencies:', /ERROR:? Missing dependencies:$/, {
      items: /^\s+(?<name>[A-Za-z][\w.-]*)(?:\[[^\]]*\])?\s*(?:[<>=!~;,].*)?(?: -> .*)?$/,
      wanted: (name) => wantedFor('distribution', name),
    }),
    gaveUp('python', 'Cannot import', /Cannot import ["'](?<name>[\w.]+)["']/),
    gaveUp('python', 'is not available', /Backend ["'](?<name>[\w.]+)(?::[\w.]+)?["'] is not available/),
    probed(
      'distribution',
      'which is not installed',
      /requires (?<name>[A-Za-z][\w.-]*).*?, which is not installed/,
    ),
  ),
  ...of(
    'cython',
    'cython/Cython/Compiler/Main.py find_pxd_file',
    gaveUp('python', ["pxd' not found", 'pxd" not found'], /["'](?<name>[\w./]+)\.pxd["'] not found/, {
      wanted: (name) => [
        { kind: 'file', below: 'site-packages', name: `${name.replaceAll('.', '/')}.pxd` },
        { kind: 'file', below: 'dist-packages', name: `${name.replaceAll('.', '/')}.pxd` },
        ...wantedFor('python', name.split(/[./]/)[0] ?? name),
      ],
    }),
  ),
  ...of(
    'sphinx',
    'sphinx: theming.py; docutils/readers/__init__.py',
    gaveUp(['distribution', 'python'], 'no theme named', /no theme named ["'](?<name>[\w-]+)["'] found/),
  ),
  ...of(
    'pygobject',
    'pygobject/gi/__init__.py require_version; gi/importer.py; gobject-introspection/girepository/girepository.c',
    gaveUp(
      'gir',
      ' not available',
      /ValueError: Namespace (?<name>\w+) not available(?: for version (?<version>[\d.]+))?/,
      {
        wanted: (name, { version }) => [
          { kind: 'gir', name: version === undefined ? `${name}-*` : `${name}-${version}` },
        ],
      },
    ),
    gaveUp(
      'gir',
      'Typelib file for namespace',
      /Typelib file for namespace ["'](?<name>\w+)["'](?:, version ["'](?<version>[\d.]+)["'])?/,
      {
        wanted: (name, { version }) => [
          { kind: 'gir', name: version === undefined ? `${name}-*` : `${name}-${version}` },
        ],
      },
    ),
    gaveUp(
      'gir',
      'introspection typelib not found',
      /cannot import name (?<name>\w+), introspection typelib not found/,
      {
        wanted: (name) => [{ kind: 'gir', name: `${name}-*` }],
      },
    ),
  ),
  ...of(
    'pytest',
    'pytest: src/_pytest/config/argparsing.py, fixtures.py; plug-ins are loaded by entry points, and are missed by what they add',
    gaveUp('distribution', 'unrecognized arguments: ', /error: unrecognized arguments: (?<name>.+)$/, {
      names: (words) => pluginsBy(pytestOptions, words.split(/\s+/)),
    }),
    gaveUp('distribution', "fixture '", /\bfixture '(?<name>\w+)' not found/, {
      names: (fixture) => pluginsBy(pytestFixtures, [fixture]),
    }),
  ),
];

/** Plug-ins of pytest by the options that they add (their documentation). */
const pytestOptions: readonly (readonly [RegExp, string])[] = [
  [/^--(?:no-)?cov\b/, 'pytest-cov'],
  [/^(?:-n\d*|--numprocesses|--dist|--maxprocesses)\b/, 'pytest-xdist'],
  [/^--timeout\b/, 'pytest-timeout'],
  [/^--reruns\b/, 'pytest-rerunfailures'],
  [/^--asyncio-mode\b/, 'pytest-asyncio'],
  [/^--benchmark-/, 'pytest-benchmark'],
  [/^--forked\b/, 'pytest-forked'],
  [/^--hypothesis-/, 'hypothesis'],
  [/^--(?:randomly-|no-randomly)/, 'pytest-randomly'],
  [/^--doctest-(?:plus|rst)\b/, 'pytest-doctestplus'],
  [/^--mypy\b/, 'pytest-mypy'],
  [/^--snapshot-update\b/, 'syrupy'],
  [/^--(?:disable|allow-hosts)-socket\b/, 'pytest-socket'],
];

/** Plug-ins of pytest by the fixtures that they add (their documentation). */
const pytestFixtures: readonly (readonly [RegExp, string])[] = [
  [/^(?:class_|module_|package_|session_)?mocker$/, 'pytest-mock'],
  [/^benchmark(?:_weave)?$/, 'pytest-benchmark'],
  [/^(?:event_loop|unused_tcp_port\w*|unused_udp_port\w*)$/, 'pytest-asyncio'],
  [/^httpserver\w*$/, 'pytest-httpserver'],
  [/^httpx_mock$/, 'pytest-httpx'],
  [/^aiohttp_client$/, 'pytest-aiohttp'],
  [/^(?:requests_mock)$/, 'requests-mock'],
  [/^(?:qtbot|qapp)$/, 'pytest-qt'],
  [/^(?:datadir|shared_datadir)$/, 'pytest-datadir'],
  [/^(?:data_regression|file_regression|num_regression)$/, 'pytest-regressions'],
  [/^subtests$/, 'pytest-subtests'],
  [/^(?:worker_id|testrun_uid)$/, 'pytest-xdist'],
  [/^(?:fake_process|fp)$/, 'pytest-subprocess'],
  [/^snapshot$/, 'syrupy'],
  [/^(?:freezer)$/, 'pytest-freezer'],
  [/^(?:django_db\w*|live_server)$/, 'pytest-django'],
  [/^trio_\w+$/, 'pytest-trio'],
  [/^(?:socket_enabled|socket_disabled)$/, 'pytest-socket'],
];

function pluginsBy(table: readonly (readonly [RegExp, string])[], words: readonly string[]): string[] {
  return [...new Set(words.flatMap((word) => table.find(([pattern]) => pattern.test(word))?.[1] ?? []))];
}
