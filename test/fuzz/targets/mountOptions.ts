/** Options of fstab(5), which mount.lvfs takes apart: a shell script, so nothing is known of what it ran. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FuzzTarget } from '../fuzz.js';
import { hold, same } from '../holds.js';

const helper = fileURLToPath(new URL('../../../../mount-helper/mount.lvfs', import.meta.url));

/** Which options are passed on, and which cannot be kept: mount.lvfs(8). */
const forLvfs =
  /^(?:(?:with|without|show|hide|root|vdb|sysroot|config-root|prefix|repo|cache|config|driver|threads|any-of)=|(?:no-system|rdepend|test|allow-missing|nonempty|no-binds|trace|quiet)$)/;
const refusals = /^(?:noexec|remount|suid|dev|sync|dirsync|mand|bind|rbind|move)$/;

/** Options divided as mount(8) divides them: at commas outside of double quotes; a backslash makes what follows ordinary. */
function secondOpinion(text: string): string[] | undefined {
  const options: string[] = [];
  let option = '';
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '"') isQuoted = !isQuoted;
    else if (c === '\\') option += text[++i] ?? '';
    else if (c === ',' && !isQuoted) {
      options.push(option);
      option = '';
    } else option += c;
  }
  return isQuoted ? undefined : [...options, option].filter((one) => one !== '');
}

export function mountOptions(): FuzzTarget {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-fuzz-'));
  const command = join(directory, 'lvfs');
  const told = join(directory, 'told');
  writeFileSync(command, `#!/bin/sh\nprintf '%s\\0' "$@" >'${told}'\n`);
  chmodSync(command, 0o755);
  return {
    name: 'mount options',
    seeds: [
      'with=a/b,rdepend,ro',
      'with="=a/b-1[c,d]",hide=/x\\,y',
      'noexec,user,show=/*;$(x)`y`',
      'x-a,comment=b,_netdev',
    ],
    words: ['with="', '",', '\\,', 'hide=', '$(id)', '`id`', '*', ' -- ', '--', ',root=/', "'", ';', '\n'],
    share: 500,
    isKept: false,
    run(input) {
      const text = input.toString('utf8').replaceAll('\0', '');
      rmSync(told, { force: true });
      const { status, stderr } = spawnSync('sh', [helper, '*', '/mnt', '-s', '-o', text], {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], MOUNT_LVFS_COMMAND: command, LC_ALL: 'C' },
      });
      const expected = secondOpinion(text);
      if (status !== 0) {
        // Refused for what it is, in the form of mount(8), and nothing was run.
        same(status, 1, stderr);
        hold(stderr.startsWith('mount.lvfs: ') && !existsSync(told), stderr);
        hold(expected === undefined || expected.some((one) => refusals.test(one)), stderr);
        return;
      }
      const passed = (expected ?? []).filter((one) => forLvfs.test(one)).map((one) => `--${one}`);
      const words = readFileSync(told, 'utf8').split('\0').slice(0, -1);
      same(words, ['mount', ...passed, '--', '*', '/mnt'], 'the command');
    },
    close: () => rmSync(directory, { recursive: true }),
  };
}
