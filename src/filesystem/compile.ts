/** Makes a compiled cache with the host's own program, outside of every view. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { describeError, errorCode, runSync, utilityEnvironment } from '../base/index.js';
import type { HostCompilation } from '../view/index.js';

/** These programs take a fraction of a second. The view answers nobody meanwhile. */
const longestMs = 20_000;

/** See `Host.compile`. A program of a root other than `/` is run chrooted there, in that root's `/tmp`. */
export function compile({
  root,
  program,
  args,
  files,
}: HostCompilation): ReadonlyMap<string, Buffer> | string {
  const isOwnRoot = root === '/' || root === '';
  let work: string | undefined;
  try {
    work = mkdtempSync(join(isOwnRoot ? tmpdir() : join(root, 'tmp'), 'lvfs-compile-'));
    const inside = isOwnRoot ? work : `/${relative(root, work)}`;
    const directory = Buffer.from(work).toString('latin1');
    for (const { name, path } of files) {
      const link = `${directory}/${name}`;
      mkdirSync(bytesOf(dirname(link)), { recursive: true });
      symlinkSync(bytesOf(path), bytesOf(link));
    }
    const words = [program, ...args.map((word) => word.replace('%', () => inside))];
    const [command = '', ...rest] = isOwnRoot ? words : ['chroot', root, ...words];
    const { code, signal, error, stderr } = runSync(command, rest, {
      // update-mime-database(1) waits for the disk otherwise.
      env: { ...utilityEnvironment(), PKGSYSTEM_ENABLE_FSYNC: '0' },
      timeout: longestMs,
    });
    if (error !== undefined) return describeError(error);
    if (code !== 0) {
      const [said = ''] = stderr.trim().split('\n');
      return `it ended with ${signal ?? `status ${String(code)}`}${said === '' ? '' : `: ${said}`}`;
    }
    return filesIn(work);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return describeError(error);
  } finally {
    if (work !== undefined) rmSync(work, { recursive: true, force: true });
  }
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** What was made, names one character a byte: the inputs are links. */
function filesIn(work: string): Map<string, Buffer> {
  const result = new Map<string, Buffer>();
  const collect = (directory: string): void => {
    const at = Buffer.concat([Buffer.from(`${work}/`), bytesOf(directory)]);
    for (const entry of readdirSync(at, { withFileTypes: true, encoding: 'latin1' })) {
      const name = directory + entry.name;
      if (entry.isDirectory()) collect(`${name}/`);
      else if (entry.isFile()) result.set(name, readFileSync(Buffer.concat([at, bytesOf(entry.name)])));
    }
  };
  collect('');
  return result;
}
