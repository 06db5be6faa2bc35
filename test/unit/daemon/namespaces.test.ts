import test from 'ava';
import { isInitialMap, namespaceObstacles } from '../../../src/daemon/platform/linuxNamespaces.js';

const complaint = 'unshare: unshare failed: Operation not permitted';
const usual: Readonly<Record<string, string>> = {
  'user.max_user_namespaces': '96365',
  'user.max_mnt_namespaces': '96365',
  'user.max_pid_namespaces': '96365',
  'kernel.apparmor_restrict_unprivileged_userns': '0',
  'kernel.unprivileged_userns_clone': '1',
};

function obstacles(changed: Readonly<Record<string, string | undefined>>): [string, string][] {
  const settings: Readonly<Record<string, string | undefined>> = { ...usual, ...changed };
  return namespaceObstacles(complaint, (name) => settings[name]).map(({ found, remedy }) => [found, remedy]);
}

for (const [name, forbids, allows] of [
  ['kernel.unprivileged_userns_clone', '0', '1'],
  ['user.max_user_namespaces', '0', '15000'],
  ['user.max_mnt_namespaces', '0', '15000'],
  ['kernel.apparmor_restrict_unprivileged_userns', '1', '0'],
] as const) {
  test(`${name} = ${forbids} is named as what forbids user namespaces`, (t) => {
    t.deepEqual(obstacles({ [name]: forbids }), [
      [`${name} is ${forbids}`, `sysctl -w ${name}=${allows}; to keep it, write it into /etc/sysctl.d`],
    ]);
  });
}

test('every setting that forbids is named', (t) => {
  t.is(obstacles({ 'user.max_user_namespaces': '0', 'kernel.unprivileged_userns_clone': '0' }).length, 2);
});

test('a kernel without user namespaces, and what no setting explains', (t) => {
  const none = Object.fromEntries(Object.keys(usual).map((name) => [name, undefined]));
  t.regex(obstacles(none)[0]?.[1] ?? '', /CONFIG_USER_NS/);
  t.is(obstacles({})[0]?.[0], complaint);
});

test('only the map of the initial user namespace maps every id to itself', (t) => {
  t.true(isInitialMap('         0          0 4294967295\n'));
  t.false(isInitialMap('         0       1000          1\n'));
  t.false(isInitialMap('         0          0      65536\n'));
  t.false(isInitialMap(''));
});
