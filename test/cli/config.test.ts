import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { LvfsError, type LogLevel } from '../../src/base/index.js';
import { loadSettings } from '../../src/cli/config.js';
import { sandbox } from '../helpers/lvfs.js';

const box = sandbox();
test.after.always(() => box.cleanup());
let files = 0;

/** A configuration file with this text. */
function file(text: string): string {
  const path = join(box.directory, `lvfs-${files++}.conf`);
  writeFileSync(path, text);
  return path;
}

function load(text: string, environment: NodeJS.ProcessEnv = {}, options: Record<string, unknown> = {}) {
  return loadSettings({ config: file(text), ...options }, environment, () => undefined);
}

test('values of a later source replace those of an earlier one, and lists of atoms and globs add up', async (t) => {
  const settings = await load(
    'root = "/from/file"\nthreads = 2\nwith = ["a/b"]\nhide = ["/x"]\n',
    { LVFS_ROOT: '/from/environment', LVFS_WITH: 'c/d  e/f', LVFS_THREADS: '3' },
    { root: '/from/option', with: ['g/h'], threads: undefined },
  );
  t.is(settings.root, '/from/option');
  t.is(settings.threads, 3);
  t.deepEqual(settings.with, ['a/b', 'c/d', 'e/f', 'g/h']);
  t.deepEqual(settings.hide, ['/x']);
  t.deepEqual(settings.origins.get('root')?.origins, ['--root']);
  t.deepEqual(settings.origins.get('threads')?.origins, ['LVFS_THREADS']);
  t.deepEqual(settings.origins.get('with')?.origins, [`${settings.files[0]}:3`, 'LVFS_WITH', '--with']);
  t.deepEqual(settings.origins.get('vdb'), { value: null, origins: ['default'] });
});

test('habits of tools that are switched off add up, and have to exist', async (t) => {
  const settings = await load('habits-off = ["meson"]\n', { LVFS_HABITS_OFF: 'pip cmake' });
  t.deepEqual(settings.habitsOff, ['meson', 'pip', 'cmake']);
  const error = await t.throwsAsync(load('habits-off = ["messon"]\n'), { instanceOf: LvfsError });
  t.regex(error.message, /lvfs-\d+\.conf:1: habits-off: no rule is called 'messon'$/);
  t.is(error.hint, "did you mean 'meson'?");
});

test('lvfs config prints the habits of tools with their reasons, and which are off', async (t) => {
  const configuration = file('habits-off = ["meson"]\n');
  const { stdout } = await box.ask('config', '--config', configuration, '--json');
  const { habits } = JSON.parse(stdout) as {
    habits: { name: string; by: string; names: string[]; reason: string; on: boolean }[];
  };
  t.deepEqual(
    habits.filter(({ on }) => !on).map(({ name }) => name),
    ['meson'],
  );
  for (const { by, names, reason } of habits) t.true(by !== '' && names.length > 0 && reason !== '');
  const text = (await box.ask('config', '--config', configuration)).stdout;
  t.regex(text, /^habit {2}meson \(off\): meson looks for it by itself in each project/m);
  t.regex(text, /^habit {2}cmake \(on\): /m);
});

test('system paths and ignore rules are read with their places', async (t) => {
  const settings = await load(`# rules
[[system-path]]
path = "/etc/foo"
packages = ["dev-libs/foo"]
reason = "generated"

[[system-path]]
path = "/etc/passwd"
remove = true

[[ignore]]
package = "sys-devel/gettext"
target = "dev-libs/foo"
reason = "only probed"
`);
  const [path] = settings.files;
  t.deepEqual(settings.systemPaths, [
    {
      path: '/etc/foo',
      kind: 'tree',
      packages: ['dev-libs/foo'],
      reason: 'generated',
      remove: false,
      origin: `${path}:2`,
    },
    { path: '/etc/passwd', kind: 'tree', remove: true, reason: `Set in ${path}:7.`, origin: `${path}:7` },
  ]);
  t.deepEqual(settings.ignore, [
    { package: 'sys-devel/gettext', target: 'dev-libs/foo', reason: 'only probed', origin: `${path}:11` },
  ]);
});

const refused = test.macro({
  async exec(t: ExecutionContext, text: string, message: RegExp, hint?: RegExp) {
    const error = await t.throwsAsync(load(text), { instanceOf: LvfsError });
    t.is(error.exit, 2);
    t.is(error.code, 'BAD_CONFIG');
    t.regex(error.message, message);
    if (hint !== undefined) t.regex(error.hint ?? '', hint);
  },
  title: (_, text) => `refuses ${JSON.stringify(text)}, naming file and line`,
});

test(refused, '\nrot = "/"\n', /lvfs-\d+\.conf:2: unknown key 'rot'$/, /did you mean 'root'\?/);
test(refused, 'frobnicate = 1', /:1: unknown key 'frobnicate'$/, /known are root, vdb/);
test(refused, 'root = "relative"', /:1: root: expected an absolute path, found 'relative'$/);
test(refused, 'root = 3', /:1: root: expected an absolute path, found 3$/);
test(refused, '\n\nthreads = "2"', /:3: threads: expected a whole number from 1 to 64, found '2'$/);
test(refused, 'threads = 0', /:1: threads: expected a whole number from 1 to 64, found 0$/);
test(refused, 'driver = "magic"', /:1: driver: expected auto or kernel or libfuse, found 'magic'$/);
test(refused, 'with = "a/b"', /:1: with: expected a list of strings, found 'a\/b'$/);
test(refused, 'repos = ["x"]', /:1: repos: expected a list of absolute paths/);
test(refused, 'root = ', /:1: is not TOML: /);
test(refused, 'a = 1\nroot = "/"\nroot = "/"', /:3: is not TOML: /);
test(refused, 'system-path = 1', /:1: system-path: expected tables, written \[\[system-path\]\]$/);
test(refused, '[[system-path]]\nkind = "tree"', /:1: system-path: 'path' is missing$/);
test(refused, '[[system-path]]\npath = "x"', /:2: path: expected an absolute path, found 'x'$/);
test(
  refused,
  '[[system-path]]\npath = "/x"\nkind = "bush"',
  /:3: kind: expected tree, directory, private or beside, found 'bush'$/,
);
test(
  refused,
  '[[system-path]]\npath = "/x"\n[[system-path]]\npat = "/y"',
  /:4: unknown key 'pat'$/,
  /did you mean 'path'/,
);
test(
  refused,
  '[[system-path]]\npath = "/x"\npackages = ["foo"]',
  /:3: packages: expected category\/name, found 'foo'$/,
);
test(
  refused,
  '[[system-path]]\npath = "/x"\nremove = "yes"',
  /:3: remove: expected true or false, found 'yes'$/,
);
test(refused, '[[ignore]]\npackage = "a/b"', /:1: ignore: 'reason' is missing$/);
test(refused, '[[ignore]]\nreason = "x"', /:1: ignore: 'package' or 'path' is missing$/);

test('a variable with a bad value is named', async (t) => {
  await t.throwsAsync(load('', { LVFS_THREADS: 'x' }), { message: /^LVFS_THREADS: expected a whole number/ });
  await t.throwsAsync(load('', { LVFS_DRIVER: 'x' }), {
    message: /^LVFS_DRIVER: expected auto or kernel or libfuse/,
  });
});

test('an unknown variable is warned about', async (t) => {
  const heard: [LogLevel, string][] = [];
  await loadSettings({}, { LVFS_CONFIG: '', LVFS_ROOTT: '/' }, (level, text) => heard.push([level, text]));
  t.deepEqual(heard, [['warn', 'LVFS_ROOTT: unknown variable; did you mean LVFS_ROOT?']]);
});

test('a configuration file that is asked for must be there', async (t) => {
  await t.throwsAsync(
    loadSettings({ config: '/no/such.conf' }, {}, () => undefined),
    {
      message: '/no/such.conf: no such configuration file',
    },
  );
});

test('the user file is read after the files of the machine', async (t) => {
  const home = join(box.directory, 'xdg');
  mkdirSync(join(home, 'lvfs'), { recursive: true });
  writeFileSync(join(home, 'lvfs', 'lvfs.conf'), 'threads = 4\n');
  const settings = await loadSettings({}, { XDG_CONFIG_HOME: home }, () => undefined);
  t.is(settings.threads, 4);
  t.is(settings.files.at(-1), join(home, 'lvfs', 'lvfs.conf'));
});
