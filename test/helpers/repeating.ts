/** What goes on beside a test. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

/**
 * Has a shell do something again and again, with `words` as `$1` and so on. A round that has begun is not cut short: when `end` resolves, and
 * after the test, nothing of it is left that could still make something.
 */
export function repeating(
  t: ExecutionContext,
  body: string,
  { words = [], cwd }: { words?: readonly string[]; cwd?: string } = {},
): { end(): Promise<void> } {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-repeating-'));
  const wanted = join(directory, 'wanted');
  writeFileSync(wanted, '');
  const shell = spawn('sh', ['-c', `while [ -e "$0" ]; do ${body}; done`, wanted, ...words], {
    cwd,
    stdio: 'ignore',
  });
  const ended = new Promise((done) => shell.on('close', done));
  const end = async (): Promise<void> => {
    rmSync(directory, { recursive: true, force: true });
    await ended;
  };
  t.teardown(end);
  return { end };
}
