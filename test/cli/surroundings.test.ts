/** What lvfs and its helper of mount(8) make of the surroundings they are started in. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const program = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const helpers = fileURLToPath(new URL('../../../mount-helper', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'lvfs-surroundings-'));
test.after.always(() => {
  rmSync(scratch, { recursive: true });
});

const operands = { 'mount.lvfs': ['dev-libs/foo', scratch], 'umount.fuse.lvfs': [scratch] };
for (const [name, args] of Object.entries(operands)) {
  test(`${name} gives lvfs a PATH, which mount(8) takes away`, (t) => {
    const [command, seen] = [join(scratch, name), join(scratch, `${name}.env`)];
    writeFileSync(command, `#!/bin/sh\n/usr/bin/env >${seen}\n`, { mode: 0o755 });
    const { stderr } = spawnSync(join(helpers, name), args, {
      encoding: 'utf8',
      env: { MOUNT_LVFS_COMMAND: command },
    });
    t.regex(readFileSync(seen, 'utf8'), /^PATH=.*:\/usr\/bin:/m, stderr);
  });
}

test('a command is not run somewhere else when its directory has been removed', (t) => {
  const script =
    'mkdir "$1" && cd "$1" && rmdir "$1" && exec "$2" "$3" build dev-libs/foo --command true --no-binds';
  const args = ['-c', script, '-', join(scratch, 'gone'), process.execPath, program];
  const { status, stderr } = spawnSync('/bin/sh', args, {
    encoding: 'utf8',
    env: { LVFS_CONFIG: '', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  t.is(status, 1);
  t.regex(stderr, /^lvfs: the current directory has been removed\nhint: /);
});
