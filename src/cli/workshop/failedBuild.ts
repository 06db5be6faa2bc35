/** What Portage has left of a build that failed, for `lvfs shell --here`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, LvfsError, readEnd } from '../../base/index.js';

/** See {@link failedBuild}. */
export interface FailedBuild {
  /** PORTAGE_BUILDDIR, as a path inside the view. */
  readonly directory: string;
  /** Where it failed, inside the view; empty when its log does not tell. */
  readonly where: string;
}

/** As much of the end of a log as is looked at, in bytes. */
const endOfLog = 1 << 17;

/**
 * Where a build failed, by its log.
 *
 * @param directory PORTAGE_BUILDDIR, as a path inside the root
 * @throws LvfsError NO_BUILD when nothing of a build is there
 */
export function failedBuild(directory: string, root: string): FailedBuild {
  const host = join(root, directory);
  if (!existsSync(join(host, 'temp/environment'))) {
    throw new LvfsError('NO_BUILD', `${directory}: no build was left there`, {
      hint: 'lvfs build leaves what fails; another place is named by PORTAGE_BUILDDIR',
    });
  }
  return { directory, where: whereItFailed(readLogEnd(join(host, 'temp/build.log'))) };
}

/** What `die` of Portage says of the directory, the last time that it does (isolated-functions.sh). */
export function whereItFailed(log: string): string {
  return [...log.matchAll(/Working directory: '(\/[^\n]*)'/g)].at(-1)?.[1] ?? '';
}

function readLogEnd(file: string): string {
  try {
    return readEnd(file, endOfLog).toString('utf8');
  } catch (error) {
    // It may be elsewhere, or compressed; the environment tells the sources' directory.
    if (errorCode(error) === undefined) throw error;
    return '';
  }
}

/** `category/PF` of a build directory that is named by PORTAGE_BUILDDIR or is above the current directory; undefined when there is none. */
export function buildDirectoryHere(
  environment: NodeJS.ProcessEnv,
  cwd: string,
): { directory: string; cpv: string } | undefined {
  const named = environment['PORTAGE_BUILDDIR'] ?? '';
  const directory = named.startsWith('/') ? named.replace(/\/+$/, '') : above(cwd);
  const [, cpv] = /\/([^/]+\/[^/]+)$/.exec(directory ?? '') ?? [];
  return directory === undefined || cpv === undefined ? undefined : { directory, cpv };
}

function above(cwd: string): string | undefined {
  for (let at = cwd; at.lastIndexOf('/') > 0; at = at.slice(0, at.lastIndexOf('/')))
    if (existsSync(`${at}/temp/environment`)) return at;
  return undefined;
}
