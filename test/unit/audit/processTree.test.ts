import test from 'ava';
import { ProcessTree } from '../../../src/audit/processTree.js';
import type { ProcessRecord } from '../../../src/audit/index.js';
import { processRecord, processTable } from '../../helpers/auditInput.js';
import { pkgs } from '../../helpers/installed.js';

const owners: Record<string, string> = {
  '/usr/bin/bash': 'app-shells/bash-5',
  '/usr/bin/make': 'dev-build/make-4',
  '/usr/bin/python3.11': 'dev-lang/python-3.11',
  '/usr/bin/perl': 'dev-lang/perl-5',
  '/usr/bin/bison': 'sys-devel/bison-3',
  '/usr/bin/autom4te': 'dev-build/autoconf-2',
  '/usr/bin/meson': 'dev-build/meson-1',
  '/usr/bin/x86_64-pc-linux-gnu-gcc-13': 'sys-devel/gcc-13',
  '/usr/lib/python3.11/site-packages/build/__main__.py': 'dev-python/build-1',
  '/usr/lib/portage/python3.11/ebuild.sh': 'sys-apps/portage-3.0.82',
  '/usr/lib/portage/python3.11/misc-functions.sh': 'sys-apps/portage-3.0.82',
  '/usr/lib/portage/python3.11/ebuild-helpers/emake': 'sys-apps/portage-3.0.82',
};
const ownersOf = (path: string) => pkgs(...[owners[path] ?? []].flat());

const phase = processRecord(1, {
  comm: 'ebuild.sh',
  program: '/usr/bin/bash',
  arguments: ['/bin/bash', '/usr/lib/portage/python3.11/ebuild.sh', 'compile'],
});
const emake = processRecord(2, {
  comm: 'emake',
  program: '/usr/bin/bash',
  arguments: ['bash', '/usr/lib/portage/python3.11/ebuild-helpers/emake'],
  parent: 1,
});
const make = processRecord(3, { comm: 'make', program: '/usr/bin/make', arguments: ['make'], parent: 2 });
const told = processRecord(4, {
  comm: 'sh',
  program: '/usr/bin/bash',
  arguments: ['/bin/sh', '-ec', 'bison y.y'],
  parent: 3,
});
const bison = processRecord(5, { comm: 'bison', program: '/usr/bin/bison', arguments: ['bison'], parent: 4 });

function tree(...more: ProcessRecord[]): ProcessTree {
  return new ProcessTree({ processes: processTable(phase, emake, make, told, bison, ...more), ownersOf });
}

test('what make runs for the ebuild is the target, whatever helpers of Portage lie between', (t) => {
  const actor = tree().actor(4);
  t.deepEqual([actor.by, actor.tools, actor.ownAccord], ['target', ['dev-build/make-4'], false]);
});

test('what a tool does is done of its own accord, through any shells', (t) => {
  const shell = processRecord(6, { program: '/usr/bin/bash', arguments: ['sh', '-c', 'm4'], parent: 5 });
  t.deepEqual(tree(shell).actor(6), {
    by: 'target',
    tools: ['sys-devel/bison-3', 'dev-build/make-4'],
    answerable: ['sys-devel/bison-3'],
    ownAccord: true,
  });
});

test('a driver answers for what it does itself, not for what it runs for the target', (t) => {
  t.deepEqual(tree().actor(3).answerable, ['dev-build/make-4']);
  t.deepEqual(tree().actor(4).answerable, []);
});

test('a file that the target names on the command line of a tool is asked for by the target', (t) => {
  const path = '/usr/share/xml/x.xsl';
  const processor = (parent: number, ...words: string[]) =>
    tree(processRecord(6, { program: '/usr/bin/bison', arguments: ['bison', ...words], parent }));
  t.true(processor(4, '--nonet', `--style=${path}`).isTold(6, path));
  t.true(processor(4, 'x.xsl').isTold(6, path));
  t.true(processor(4, '--lzip').isTold(6, '/usr/bin/lzip'));
  t.false(processor(4, 'u.xml').isTold(6, path));
  t.false(processor(4, 'u.xml').isTold(6, path, ''));
  t.false(processor(5, path).isTold(6, path), 'a tool has named it');
  t.false(tree().isTold(99, path));
});

test('a script of the target acts for the target, also below a tool', (t) => {
  const script = processRecord(6, {
    program: '/usr/bin/python3.11',
    arguments: ['python3', '-W', 'ignore', 'gen.py'],
    directory: '/var/tmp/portage/a/target-1/work',
    parent: 5,
  });
  t.deepEqual(tree(script).actor(6), { by: 'target', tools: [], answerable: [], ownAccord: false });
});

test('an installed script is the tool of its own package, not of its interpreter', (t) => {
  const script = processRecord(6, {
    program: '/usr/bin/perl',
    arguments: ['/usr/bin/perl', '-w', '/usr/bin/autom4te', '--language=m4'],
    parent: 1,
  });
  t.deepEqual(tree(script).actor(6), {
    by: 'target',
    tools: ['dev-build/autoconf-2'],
    answerable: ['dev-build/autoconf-2'],
    ownAccord: true,
  });
});

test('a module that is run is looked for where Python looks', (t) => {
  const module = (name: string) =>
    processRecord(6, { program: '/usr/bin/python3.11', arguments: ['python3', '-m', name], parent: 1 });
  t.deepEqual(tree(module('build')).actor(6).tools, ['dev-python/build-1']);
  t.deepEqual(tree(module('ours')).role(6), { kind: 'target' });
});

test('compilers and build systems do what the target tells them', (t) => {
  const gcc = processRecord(6, {
    program: '/usr/bin/x86_64-pc-linux-gnu-gcc-13',
    arguments: ['cc'],
    parent: 4,
  });
  t.false(tree(gcc).actor(6).ownAccord);
  const meson = processRecord(6, {
    program: '/usr/bin/python3.11',
    arguments: ['/usr/bin/python3', '/usr/bin/meson', 'setup'],
    parent: 1,
  });
  t.false(tree(meson).actor(6).ownAccord);
});

test("Portage's own checks are not the ebuild's", (t) => {
  const checks = processRecord(6, {
    program: '/usr/bin/bash',
    arguments: ['bash', '/usr/lib/portage/python3.11/misc-functions.sh', 'install_qa_check'],
  });
  const pkgconf = processRecord(7, { program: '/usr/bin/pkgconf', arguments: ['pkg-config'], parent: 6 });
  t.is(
    tree(checks, pkgconf).actor(7).by,
    'target',
    'pkgconf is unowned here: something that the target has built',
  );
  const found = new ProcessTree({
    processes: processTable(checks, pkgconf),
    ownersOf: (path) => (path === '/usr/bin/pkgconf' ? pkgs('dev-util/pkgconf-1') : ownersOf(path)),
  });
  t.is(found.actor(7).by, 'portage');
});

test('a process that nobody knows acts for the target', (t) => {
  t.deepEqual(tree().actor(0), { by: 'target', tools: [], answerable: [], ownAccord: false });
});
