/**
 * Where an ebuild lies when it is named by its place: in which repository, and in which package's directory (PMS 4.1 and 4.4).
 */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { errorCode } from './errors.js';

/** The repository that an ebuild, or the directory of a package, lies in, configured or not; undefined when it lies in none. */
export function repositoryAround(place: string): string | undefined {
  const directory = place.endsWith('.ebuild') ? path.dirname(path.resolve(place)) : path.resolve(place);
  const repository = path.dirname(path.dirname(directory));
  const marks = ['profiles/repo_name', 'metadata/layout.conf'];
  return marks.some((mark) => isThere(path.join(repository, mark))) ? repository : undefined;
}

/** `category/name` of a directory that has ebuilds of that name and lies in a repository; undefined for any other. */
export function packageDirectoryAt(place: string): string | undefined {
  const directory = path.resolve(place);
  if (repositoryAround(directory) === undefined) return undefined;
  const name = path.basename(directory);
  const isEbuild = (file: string): boolean => file.startsWith(`${name}-`) && file.endsWith('.ebuild');
  return namesIn(directory).some(isEbuild) ? `${path.basename(path.dirname(directory))}/${name}` : undefined;
}

function isThere(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return [];
  }
}
