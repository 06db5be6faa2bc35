/**
 * Asks the installed Portage for an ebuild's metadata, for repositories without a metadata cache and for ebuilds newer than
 * theirs: only Portage can source an ebuild.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { MetadataSource } from './repository.js';

/** The values that lvfs needs, under the names Portage's cache has for them. */
const keys =
  'BDEPEND DEFINED_PHASES DEPEND EAPI IDEPEND IUSE KEYWORDS LICENSE PDEPEND PROPERTIES RDEPEND REQUIRED_USE RESTRICT SLOT'.split(
    ' ',
  );

/** How long Portage may take to source one ebuild. */
const timeoutMs = 60_000;

/** Runs a command and answers what it wrote to stdout; undefined when it could not be run or failed. */
export type Run = (command: string, args: readonly string[]) => string | undefined;

/**
 * A source of metadata that runs `portageq metadata` of the system at `root`, inside that root. It answers undefined
 * where there is no Portage, where it may not be run, and where Portage cannot make sense of the ebuild.
 *
 * @param root absolute path of the system.
 * @param prefix its EPREFIX, or the empty string.
 */
export function askPortage(root: string, prefix: string, run: Run = runCommand): MetadataSource {
  const program = `${prefix}/usr/bin/portageq`;
  return (ebuild) => {
    if (!existsSync(root === '/' ? program : root + program)) return undefined;
    const name = `${ebuild.cpv}::${ebuild.repository.name}`;
    const question = [program, 'metadata', `${prefix}/`, 'ebuild', name, ...keys];
    const [command = '', ...args] = root === '/' ? question : ['chroot', root, ...question];
    const values = run(command, args)?.split('\n');
    // A line per key, the last with its end.
    if (values?.length !== keys.length + 1) return undefined;
    return new Map(keys.map((key, index) => [key, (values[index] ?? '').trim()]));
  };
}

function runCommand(command: string, args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: timeoutMs,
  });
  return status === 0 ? stdout : undefined;
}
