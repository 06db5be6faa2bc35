/** What a shell in a view asks, and what it is told. */
import { spawn } from 'node:child_process';
import test from 'ava';
import type { Denial, Report } from '../../../src/audit/index.js';
import { parseRequest, ShellChannel } from '../../../src/cli/workshop/channel.js';
import { buildDirectoryHere, whereItFailed } from '../../../src/cli/workshop/failedBuild.js';
import { shortNames, suspects, suspectsText } from '../../../src/cli/workshop/lastDenials.js';
import { understand, workshopUsage, workshopVerbs } from '../../../src/cli/workshop/verbs.js';
import { pkg, pkgs } from '../../helpers/installed.js';
import { until } from '../../helpers/lvfs.js';

const fields = (...words: string[]): Buffer => Buffer.from(words.map((word) => `${word}\0`).join(''));

test('requests are taken whole, and what is none is left out', (t) => {
  const one = fields('7', '2', 'missing', 'line\nbreak ö');
  t.deepEqual(parseRequest(one), {
    request: [{ id: '7', words: ['missing', 'line\nbreak ö'] }],
    rest: Buffer.alloc(0),
  });
  const two = Buffer.concat([one, one]);
  for (let cut = one.length; cut < two.length; cut++) {
    const { request, rest } = parseRequest(two.subarray(0, cut));
    t.is(request.length, 1);
    t.is(parseRequest(Buffer.concat([rest, two.subarray(cut)])).request.length, 1);
  }
  for (const count of ['0', '-1', '5000', '99999999999', 'x', ''])
    t.deepEqual(parseRequest(fields('1', count, 'a')), { request: [], rest: Buffer.alloc(0) }, count);
});

test('what others leave half written does not keep the shell from being heard', async (t) => {
  const heard: string[] = [];
  const channel = ShellChannel.open(({ words }) => {
    heard.push(words[0] ?? '');
    return Promise.resolve(0);
  });
  if (channel === undefined) {
    t.pass('the kernel cannot tell who writes');
    return;
  }
  const script = [
    "printf '1\\0001\\000hello\\000' >&3",
    'for i in $(seq 70); do env printf x >&3; done',
    // Longer than what is read at once.
    `printf '2\\0002\\000lvfs\\000%s\\000' ${'x'.repeat(100_000)} >&3`,
  ].join('\n');
  const child = spawn('sh', ['-c', script], { stdio: ['ignore', 'ignore', 'ignore', channel.descriptor] });
  channel.release();
  try {
    await until('all is heard', () => heard.length === 2);
    t.deepEqual(heard, ['hello', 'lvfs']);
  } finally {
    child.kill('SIGKILL');
    channel.close();
  }
});

const argv = (...words: string[]): readonly string[] | string => {
  const understood = understand(words, '4711', '/usr/include');
  return 'problem' in understood ? understood.problem : understood.argv;
};

test('what is typed becomes the same command about the view', (t) => {
  t.deepEqual(argv('allow', 'sys-devel/bison', './yaml.h', '/opt/x'), [
    ...['allow', '--', '4711', 'sys-devel/bison', '/usr/include/yaml.h', '/opt/x'],
  ]);
  t.deepEqual(argv('why', 'yaml.h', '--json'), [
    'why',
    '--json',
    '--mount',
    '4711',
    '--',
    '/usr/include/yaml.h',
  ]);
  t.deepEqual(argv('report', '--why', '--html=/etc/passwd'), [
    'report',
    '--why=--html=/etc/passwd',
    '--',
    '4711',
  ]);
  t.deepEqual(argv('deny', '--', '--odd'), ['deny', '--', '4711', '--odd']);
});

test('nothing that names a file, or another view, is taken', (t) => {
  t.regex(String(argv('report', '--html', '/x')), /^report: --html is not for in here/);
  t.regex(String(argv('report', '--build-log=/etc/shadow')), /^report: --build-log is not for in here/);
  t.regex(String(argv('log', '--log', '/x')), /not for in here/);
  t.regex(String(argv('log', '/other/view')), /takes no operand/);
  t.regex(String(argv('allow')), /nothing was named/);
  t.regex(String(argv('umount', '--all')), /'lvfs umount' is not for in here/);
  t.regex(String(argv('alow', 'x')), /did you mean 'allow'/);
  t.regex(String(argv('constructor')), /not for in here/);
});

test('the help names every command', (t) => {
  for (const name of [...Object.keys(workshopVerbs), 'retry'])
    t.true(workshopUsage.includes(`lvfs ${name}`), name);
});

const denial = (path: string, owners: string[], more: Partial<Denial> = {}): Denial => ({
  ...{
    time: 1,
    path,
    owners: pkgs(...owners),
    operation: 'open',
    pid: 1,
    comm: 'cc',
    cmdline: 'cc',
    phase: '',
    package: '',
  },
  ...{ count: 1, directory: false, visible: false, wanted: '', last: 1, processes: [1], asked: [1] },
  ...more,
});

const missing = (cpv: string, certainty: 'needed' | 'probed' = 'probed'): Report['missing'][number] => ({
  ...{
    cpv: pkg(cpv),
    suggest: '',
    suggestions: [],
    certainty,
    hits: 1,
    paths: [],
    processes: [],
    phases: [],
    messages: [],
  },
});

test('what a command failed over comes first, and what is no finding not at all', (t) => {
  const recent = [
    denial('/usr/include/yaml.h', ['dev-libs/libyaml-1']),
    denial('/usr/bin/yacc', ['sys-devel/bison-3'], { operation: 'exec' }),
    denial('/usr/share/locale/x', ['sys-devel/gettext-1']),
    denial('/usr/lib', ['dev-libs/listed-1'], { operation: 'list' }),
    denial('/opt/tree', ['dev-libs/tree-1'], { wanted: '/opt/tree/file' }),
    denial('/usr/local/bin/x', []),
  ];
  const report = {
    missing: [
      missing('dev-libs/libyaml-1'),
      missing('sys-devel/bison-3'),
      missing('dev-libs/tree-1', 'needed'),
      missing('dev-libs/listed-1'),
      missing('dev-libs/before-1'),
    ],
    unowned: [{ path: '/usr/local/bin/x', hits: 1, processes: [] }],
  };
  const found = suspects(recent, report);
  t.deepEqual(found, [
    { name: 'dev-libs/tree', path: '/opt/tree/file' },
    { name: 'sys-devel/bison', path: '/usr/bin/yacc' },
    { name: 'dev-libs/libyaml', path: '/usr/include/yaml.h' },
  ]);
  t.is(
    suspectsText([...found, { name: 'a/b', path: '/b' }], (name) => name.slice(name.indexOf('/') + 1)),
    'hidden from it: /opt/tree/file (dev-libs/tree), /usr/bin/yacc (sys-devel/bison), /usr/include/yaml.h (dev-libs/libyaml) and of 1 more packages; lvfs allow tree bison libyaml',
  );
  t.deepEqual(suspects(recent, { ...report, missing: [] }), [
    { name: '/usr/local/bin/x', path: '/usr/local/bin/x' },
  ]);
  t.deepEqual(suspects([], report), []);
});

test('a package is called by its bare name where that is no other', (t) => {
  const short = shortNames([
    'sys-devel/bison-3',
    'a/same-1',
    'b/same-1',
    'c/two-1',
    'c/two-2',
    'd/x-1@sysroot',
  ]);
  t.deepEqual(['sys-devel/bison', 'a/same', 'c/two', 'd/x@sysroot', '/opt/file'].map(short), [
    ...['bison', 'a/same', 'two', 'd/x@sysroot', '/opt/file'],
  ]);
});

test('the log of a build tells where it failed', (t) => {
  t.is(whereItFailed("x\n * Working directory: '/a b/c'\n * S: '/s'\n"), '/a b/c');
  t.is(whereItFailed('nothing'), '');
});

test('a build directory is known by the environment', (t) => {
  t.deepEqual(buildDirectoryHere({ PORTAGE_BUILDDIR: '/var/tmp/portage/a-b/c-1/' }, '/'), {
    directory: '/var/tmp/portage/a-b/c-1',
    cpv: 'a-b/c-1',
  });
  t.is(buildDirectoryHere({}, '/'), undefined);
});
