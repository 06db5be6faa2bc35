/** The end of a scratch directory. */
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isWithin, readMountTable } from '../../src/base/index.js';

/**
 * Removes a directory with all that is in it. What a test that failed has left mounted there is taken away before: removing
 * would go on into it, and what lies over a view is the machine's own.
 */
export function removeTree(directory: string): void {
  if (!existsSync(dirname(directory))) return;
  const top = join(realpathSync(dirname(directory)), basename(directory));
  const mounted = (): string[] =>
    readMountTable()
      .map(({ mountpoint }) => mountpoint)
      .filter((mountpoint) => isWithin(mountpoint, top));
  for (const mountpoint of mounted().reverse()) {
    // Not looked at, as the daemon may hang.
    spawnSync('umount', ['--lazy', '--no-canonicalize', mountpoint], { stdio: 'ignore' });
  }
  const [left] = mounted();
  if (left !== undefined) throw new Error(`${left} cannot be unmounted, so ${directory} is left as it is`);
  rmSync(directory, { recursive: true, force: true });
}
