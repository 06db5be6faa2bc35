import test from 'ava';
import { isAutomounting, parseMountTable } from '../../../src/base/index.js';

test('the group of an automounter is told by what autofs lets through', (t) => {
  const mounts = parseMountTable(
    [
      '23 28 0:21 / /proc rw,nosuid - proc proc rw',
      '39 20 0:33 / /var/tmp/lvroot rw,relatime shared:17 - autofs systemd-1 rw,fd=41,pgrp=14,timeout=600,minproto=5,maxproto=5,direct',
      '40 20 0:34 / /pgrp=3 rw - tmpfs tmpfs rw,pgrp=4',
    ].join('\n'),
  );
  t.true(isAutomounting(mounts, 14));
  for (const group of [1, 4, 3, undefined]) t.false(isAutomounting(mounts, group));
  t.false(isAutomounting([], 1));
});
