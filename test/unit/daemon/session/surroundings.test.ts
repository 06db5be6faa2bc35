import test from 'ava';
import { preloads } from '../../../../src/base/index.js';
import { ownCapabilities, passedCapabilities } from '../../../../src/daemon/index.js';
import { dividedEnvironment, forgetEnvironment } from '../../../../src/daemon/session/surroundings.js';
import { openSystem } from '../../../../src/portage/index.js';
import { capabilityName } from '../../../../src/system/index.js';
import { gentooRoot } from '../../../helpers/gentooRoot.js';

test.serial(
  'a daemon is started with little of the environment, told the rest, and keeps what counts',
  (t) => {
    const before = { ...process.env };
    t.teardown(() => {
      for (const name of Object.keys(process.env)) delete process.env[name];
      Object.assign(process.env, before);
    });
    Object.assign(process.env, { LC_TIME: 'C', USE: 'x', TOKEN: 's3cret', LD_PRELOAD: '', NODE_OPTIONS: '' });
    const { first, told } = dividedEnvironment();
    t.is(first['LC_TIME'], 'C');
    t.is(first['PATH'], before['PATH']);
    for (const name of ['USE', 'TOKEN', 'LD_PRELOAD', 'NODE_OPTIONS']) t.false(name in first, name);
    t.is(told['USE'], 'x');
    t.is(told['TOKEN'], 's3cret');
    t.false('LD_PRELOAD' in told);
    t.false('NODE_OPTIONS' in told);
    forgetEnvironment((name) => name === 'USE');
    t.is(process.env['USE'], 'x');
    t.is(process.env['LC_TIME'], 'C');
    t.false('TOKEN' in process.env);
  },
);

test("what counts for Portage is Portage's, and what the profile expands", async (t) => {
  const gentoo = await gentooRoot({ makeConf: 'USE_EXPAND="CAMERAS"\n', ebuilds: { 'dev-libs/foo-1': {} } });
  t.teardown(gentoo.cleanup);
  const system = openSystem({ root: gentoo.root });
  for (const name of ['USE', 'ACCEPT_KEYWORDS', 'PORTAGE_TMPDIR', 'PORTDIR', 'ROOT', 'DISTDIR', 'CAMERAS'])
    t.true(system.usesVariable(name), name);
  for (const name of ['CAMERA', 'AWS_SECRET_ACCESS_KEY', 'SSH_AUTH_SOCK', 'USERNAME', 'IFS', 'A_USE'])
    t.false(system.usesVariable(name), name);
});

test('of what Node was told only what is loaded before the program is passed on', (t) => {
  t.deepEqual(preloads(['-e', 'code', '--inspect', '--import=a', '-r', 'b', '--require', 'c', '--test']), [
    ...['--import=a', '-r', 'b', '--require', 'c'],
  ]);
});

test('capabilities have the names that setpriv knows', (t) => {
  t.deepEqual([...ownCapabilities, ...passedCapabilities].map(capabilityName), [
    ...['dac_read_search', 'kill', 'sys_admin', 'sys_ptrace'],
    ...['chown', 'dac_override', 'fowner', 'setgid', 'setuid', 'sys_chroot'],
  ]);
});
