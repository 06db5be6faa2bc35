import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { gentooRoot } from '../helpers/gentooRoot.js';
import { sandbox } from '../helpers/lvfs.js';

const gentoo = await gentooRoot({
  packages: {
    'sys-libs/zlib-1.3': {
      SIZE: '2048',
      files: { '/usr/include/zlib.h': 'zlib', '/usr/lib/libz.so': { link: 'libz.so.1' } },
    },
    'dev-libs/bar-1': { RDEPEND: 'sys-libs/zlib', files: { '/usr/include/bar.h': 'bar' } },
    'dev-libs/hidden-1': { files: { '/usr/include/hidden.h': 'hidden', 'latin1:/usr/share/caf\xe9': 'x' } },
    'app-shells/bash-5': { RDEPEND: 'sys-libs/zlib', files: { '/bin/bash': '#!' } },
  },
  ebuilds: {
    'dev-libs/foo-1': { DEPEND: 'dev-libs/bar' },
    'dev-libs/other-1': { BDEPEND: 'dev-libs/hidden' },
    'dev-libs/broken-1': { DEPEND: 'dev-libs/absent || ( a/b c/d )' },
  },
  system: ['app-shells/bash'],
  files: { '/usr/bin/sh': { link: '../../bin/bash' } },
});
const box = sandbox({ LVFS_ROOT: gentoo.root });
test.after.always(() => {
  gentoo.cleanup();
  box.cleanup();
});

interface Expected {
  status?: number;
  stdout?: string;
  stderr?: RegExp;
}

const answers = test.macro<[args: readonly string[], expected: Expected]>({
  async exec(t, args, { status = 0, stdout = '', stderr }) {
    const result = await box.ask(...args);
    t.is(result.status, status, result.stderr);
    t.is(result.stdout, stdout);
    if (stderr === undefined) t.is(result.stderr, '');
    else t.regex(result.stderr, stderr);
  },
  title: (_, args) => `lvfs ${args.join(' ')}`,
});

test(answers, ['deps', 'dev-libs/foo'], {
  stdout: `package                   because of
app-shells/bash-5         @system app-shells/bash
dev-libs/bar-1     build  target DEPEND dev-libs/bar
sys-libs/zlib-1.3         app-shells/bash-5 RDEPEND sys-libs/zlib (and 1 more)
`,
});
test(answers, ['deps', '--no-system', '--files', 'foo'], {
  stdout: `package                   files  size  because of
dev-libs/bar-1     build      1     -  target DEPEND dev-libs/bar
sys-libs/zlib-1.3             2  2.0K  dev-libs/bar-1 RDEPEND sys-libs/zlib
2 packages                    3  2.0K
`,
});
test(answers, ['deps', '--tree', 'dev-libs/foo'], {
  stdout: `dev-libs/foo-1
└─ dev-libs/bar-1  DEPEND dev-libs/bar
   └─ sys-libs/zlib-1.3  RDEPEND sys-libs/zlib
@system
└─ app-shells/bash-5  app-shells/bash
   └─ sys-libs/zlib-1.3  RDEPEND sys-libs/zlib
`,
});
test(answers, ['deps', '--dot', '--no-system', 'dev-libs/foo'], {
  stdout: `digraph visible {
  rankdir=LR;
  node [shape=ellipse];
  "target" [shape=box, label="dev-libs/foo-1"];
  "dev-libs/bar-1";
  "target" -> "dev-libs/bar-1" [label="DEPEND", tooltip="dev-libs/bar"];
  "sys-libs/zlib-1.3";
  "dev-libs/bar-1" -> "sys-libs/zlib-1.3" [label="RDEPEND", tooltip="sys-libs/zlib"];
}
`,
});
test(answers, ['deps', '--dot', '--json', '--no-system', 'dev-libs/other'], {
  stdout: `${JSON.stringify({
    schemaVersion: 1,
    targets: ['dev-libs/other-1'],
    dot:
      'digraph visible {\n  rankdir=LR;\n  node [shape=ellipse];\n  "target" [shape=box, label="dev-libs/other-1"];\n' +
      '  "dev-libs/hidden-1";\n  "target" -> "dev-libs/hidden-1" [label="BDEPEND", tooltip="dev-libs/hidden"];\n}',
  })}\n`,
});
test(answers, ['deps', '--tree', '--json', 'dev-libs/foo'], {
  stdout:
    '{"schemaVersion":1,"targets":["dev-libs/foo-1"],"tree":[{"depth":0,"name":"target"},' +
    '{"depth":1,"name":"dev-libs/bar-1","variable":"DEPEND","atom":"dev-libs/bar","again":false},' +
    '{"depth":2,"name":"sys-libs/zlib-1.3","variable":"RDEPEND","atom":"sys-libs/zlib","again":false},' +
    '{"depth":0,"name":"@system"},' +
    '{"depth":1,"name":"app-shells/bash-5","variable":"","atom":"app-shells/bash","again":false},' +
    '{"depth":2,"name":"sys-libs/zlib-1.3","variable":"RDEPEND","atom":"sys-libs/zlib","again":false}]}\n',
});
test(answers, ['deps', '--no-system', 'dev-libs/foo', '--why', 'bar'], {
  stdout: 'dev-libs/bar-1: 1 chain\n  dev-libs/foo-1 → DEPEND dev-libs/bar → dev-libs/bar-1\n',
});
test(answers, ['deps', 'dev-libs/foo', '--diff', 'foo'], {
  stdout: 'no difference: both see the same 3 packages\n',
});
test(answers, ['deps', 'dev-libs/foo', '--dot', '--files'], {
  status: 2,
  stderr: /^lvfs: deps: --dot and --files cannot be combined\n/,
});
test(answers, ['why', '/x', '--with', 'dev-libs/foo'], {
  status: 2,
  stderr: /^lvfs: why: --with means something only with --for\n/,
});
test(answers, ['why', '/x', '--no-system'], {
  status: 2,
  stderr: /--no-system means something only with --for/,
});
test(answers, ['deps', 'foo', '--root', '/no/such/root'], {
  status: 22,
  stderr:
    /^lvfs: the root '\/no\/such\/root' cannot be opened: ENOENT.*\nhint: --root names the tree that is shown/,
});
test(answers, ['deps', 'foo', '--root', ''], { status: 2, stderr: /^lvfs: --root: needs a value\nhint: / });
test(answers, ['deps', 'dev-libs/foo', '--why', 'zlib'], {
  stdout: `sys-libs/zlib-1.3: 2 chains
  @system → app-shells/bash → app-shells/bash-5 → RDEPEND sys-libs/zlib → sys-libs/zlib-1.3
  dev-libs/foo-1 → DEPEND dev-libs/bar → dev-libs/bar-1 → RDEPEND sys-libs/zlib → sys-libs/zlib-1.3
`,
});
test(answers, ['deps', 'dev-libs/foo', '--diff', 'dev-libs/other'], {
  stdout: '- dev-libs/bar-1\n+ dev-libs/hidden-1\n',
});
test(answers, ['deps', 'dev-libs/foo', 'dev-libs/other', '--no-system', '--json'], {
  stdout:
    '{"schemaVersion":1,"target":{"cpv":"dev-libs/foo-1","repository":"gentoo","use":["amd64","elibc_glibc","kernel_linux"]},' +
    '"targets":[{"cpv":"dev-libs/foo-1","repository":"gentoo","use":["amd64","elibc_glibc","kernel_linux"]},' +
    '{"cpv":"dev-libs/other-1","repository":"gentoo","use":["amd64","elibc_glibc","kernel_linux"]}],' +
    '"buildDeps":["dev-libs/bar-1","dev-libs/hidden-1"],"visible":[' +
    '{"cpv":"dev-libs/bar-1","because":[{"from":"target","variable":"DEPEND","atom":"dev-libs/bar"}]},' +
    '{"cpv":"dev-libs/hidden-1","because":[{"from":"target","variable":"BDEPEND","atom":"dev-libs/hidden"}]},' +
    '{"cpv":"sys-libs/zlib-1.3","because":[{"from":"dev-libs/bar-1","variable":"RDEPEND","atom":"sys-libs/zlib"}]}],' +
    '"metadataOnly":[],"unsatisfied":[]}\n',
});
test(answers, ['deps', 'dev-libs/broken'], {
  status: 21,
  stderr: /^lvfs: .*dev-libs\/absent \(DEPEND\), \|\| \( a\/b c\/d \) \(DEPEND\)\nhint: .*--allow-missing\n$/,
});
test(answers, ['deps', 'dev-libs/broken', '--allow-missing', '--no-system'], {
  stdout: `package    because of
not installed: DEPEND dev-libs/absent
not installed: DEPEND || ( a/b c/d )
`,
});
test(answers, ['deps', 'dev-libs/absent'], { status: 20, stderr: /^lvfs: .*dev-libs\/absent/ });
test(answers, ['deps', 'dev-libs/fou'], { status: 20, stderr: /\nhint: did you mean dev-libs\/foo\?\n$/ });
test(answers, ['deps', 'dev-lib/foo'], { status: 20, stderr: /\nhint: there is dev-libs\/foo\n$/ });
test(answers, ['deps', 'otehr'], { status: 20, stderr: /\nhint: did you mean dev-libs\/other\?\n$/ });
test(answers, ['deps', 'foo', '--with', 'zlip'], {
  status: 20,
  stderr: /\nhint: did you mean sys-libs\/zlib\?\n$/,
});
test(answers, ['deps', '@wrold'], {
  status: 20,
  stderr: /'@wrold'\nhint: did you mean @world\? There are: @changed-deps .*@x11-module-rebuild\n$/,
});
test(answers, ['deps', 'dev-libs/foo', '--why', 'dev-libs/hidden'], {
  status: 20,
  stderr: /^lvfs: dev-libs\/hidden \(dev-libs\/hidden-1\) is not in the visible set\nhint: /,
});
test(answers, ['deps', 'dev-libs/foo', '--tree', '--dot'], {
  status: 2,
  stderr: /^lvfs: deps: --tree and --dot cannot be combined\n/,
});
test(answers, ['why', '/usr/include/zlib.h', '/usr/share/nothing'], {
  stdout: `/usr/include/zlib.h
  owned by sys-libs/zlib-1.3
/usr/share/nothing: the host does not have it
`,
});
test(
  answers,
  ['why', '--for', 'dev-libs/foo', '/usr/include/zlib.h', '/usr/include/hidden.h', '/usr/bin/sh', '/opt'],
  {
    stdout: `/usr/include/zlib.h: visible: a visible package owns it
  owned by sys-libs/zlib-1.3
  app-shells/bash-5 because of @system app-shells/bash
  sys-libs/zlib-1.3 because of app-shells/bash-5 RDEPEND sys-libs/zlib
/usr/include/hidden.h: hidden: its owners are hidden
  owned by dev-libs/hidden-1
/usr/bin/sh: visible: a link to something visible (/bin/bash)
  owned by no package
/opt: the host does not have it
`,
  },
);
test(answers, ['why', '--for', 'dev-libs/foo', '--hide', '/usr/include', '/usr/include/zlib.h', '--json'], {
  stdout:
    '{"schemaVersion":1,"path":"/usr/include/zlib.h","canonical":"/usr/include/zlib.h","exists":true,"owners":["sys-libs/zlib-1.3"],' +
    '"visible":false,"rule":"hide","chain":[],"detail":"/usr/include"}\n',
});
test(answers, ['why', '/usr/include/zlib.h/below', '--json'], {
  stdout:
    '{"schemaVersion":1,"path":"/usr/include/zlib.h/below","canonical":"/usr/include/zlib.h/below","exists":false,"owners":[],' +
    '"visible":null,"rule":null,"chain":[],"detail":"something on the way is no directory, or its links lead nowhere"}\n',
});
test('lvfs why says what is installed now, with and without an up-to-date saved index', async (t) => {
  const changing = await gentooRoot({ packages: { 'a/one-1': { files: { '/usr/bin/one': '#!' } } } });
  const own = sandbox({ LVFS_ROOT: changing.root });
  t.teardown(() => {
    own.cleanup();
    changing.cleanup();
  });
  const contents = join(changing.root, 'var/db/pkg/a/one-1/CONTENTS');
  const owners = async (path: string) => {
    const { stdout, stderr } = await own.ask('why', '--json', path);
    t.is(stderr, '');
    const { canonical, exists, owners } = JSON.parse(stdout) as Record<string, unknown>;
    return { canonical, exists, owners };
  };
  const one = { canonical: '/usr/bin/one', exists: true, owners: ['a/one-1'] };
  for (let round = 0; round < 3; round++) t.deepEqual(await owners('/usr/bin/../bin//one'), one);

  cpSync(join(changing.root, 'var/db/pkg/a/one-1'), join(changing.root, 'var/db/pkg/a/two-1'), {
    recursive: true,
  });
  for (let round = 0; round < 2; round++)
    t.deepEqual(await owners('/usr/bin/one'), { ...one, owners: ['a/one-1', 'a/two-1'] });
  rmSync(contents);
  for (let round = 0; round < 2; round++)
    t.deepEqual(await owners('/usr/bin/one'), { ...one, owners: ['a/two-1'] });
  rmSync(join(changing.root, 'var/db/pkg/a'), { recursive: true });
  for (let round = 0; round < 2; round++) t.deepEqual(await owners('/usr/bin/one'), { ...one, owners: [] });
});
test(answers, ['why', 'relative'], {
  status: 2,
  stderr: /'relative' is not an absolute path inside the root/,
});
test(answers, ['why', '/x', '--for', 'a/b', '--mount', '/m'], {
  status: 2,
  stderr: /--for and --mount cannot be combined/,
});
test(answers, ['why', '/x', '--mount', '/no/such/mount'], { status: 24, stderr: /no view is mounted there/ });
test(answers, ['deps', 'dev-libs/foo', '--vdb', '/nowhere'], {
  status: 22,
  stderr:
    /^lvfs: cannot read the database of installed packages, \/nowhere: ENOENT.*\nhint: 'lvfs config' prints/,
});
test(answers, ['index', 'chek'], {
  status: 2,
  stderr: /'chek' is not one of build, check, rebuild\nhint: did you mean 'check'/,
});

test('the index is built once, and checked against what is installed', async (t) => {
  const own = sandbox({ LVFS_ROOT: gentoo.root });
  t.teardown(() => own.cleanup());
  t.is((await own.ask('index', 'check')).status, 1);
  t.regex((await own.ask('index')).stdout, /: built: 4 packages, \d+ paths/);
  const check = await own.ask('index', 'check', '--json');
  t.is(check.status, 0, check.stdout);
  t.regex(check.stdout, /"origin":"saved","packages":4,.*"current":true\}\n$/);
  t.regex((await own.ask('index', 'rebuild')).stdout, /: built: /);
  const unsaved = await own.ask('index', '--cache', '/dev/null/none');
  t.is(unsaved.status, 1);
  t.regex(unsaved.stderr, /^lvfs: warning: .*: the index cannot be saved/m);
});

test('the configuration adds and removes system paths', async (t) => {
  const own = sandbox({ LVFS_ROOT: gentoo.root });
  t.teardown(() => own.cleanup());
  const config = join(own.directory, 'lvfs.conf');
  writeFileSync(
    config,
    '[[system-path]]\npath = "/opt/sdk"\nreason = "By hand."\n[[system-path]]\npath = "/etc/passwd"\nremove = true\n' +
      '[[system-path]]\npath = "/nothing"\nremove = true\n' +
      '[[system-path]]\npath = "/etc/ld.so.conf"\nreason = "As it is."\n',
  );
  const { stdout, stderr, status } = await own.ask('paths', '--json', '--config', config);
  t.is(status, 0);
  t.regex(stderr, /^lvfs: warning: system path \/nothing: is not on the list/);
  const { paths } = JSON.parse(stdout) as { paths: { path: string }[] };
  const tree = { kind: 'tree', packages: [] };
  t.deepEqual(
    paths.filter(({ path }) =>
      ['/opt/sdk', '/etc/passwd', '/etc/ld.so.conf', '/etc/ld.so.cache'].includes(path),
    ),
    [
      {
        ...tree,
        path: '/etc/ld.so.cache',
        reason: 'The loader’s cache, by ldconfig.',
        compiled: { treatment: 'filtered', says: 'Without hidden libraries.' },
      },
      { ...tree, path: '/opt/sdk', reason: 'By hand.', compiled: null },
      { ...tree, path: '/etc/ld.so.conf', reason: 'As it is.', compiled: null },
    ] as never,
  );
  const text = (await own.ask('paths', '--config', config)).stdout;
  t.regex(text, /\n {11}filtered: Without hidden libraries\.\n/);
});
