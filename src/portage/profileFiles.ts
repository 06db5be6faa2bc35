/** What the files of a profile, or of a repository's `profiles` directory, may be and say (PMS 5.2.4; layout.conf in portage(5)). */
import path from 'node:path';
import type { AtomOptions } from './atom.js';
import { eapiFeatures } from './eapi.js';
import type { Warn } from './packageFiles.js';
import type { RootFiles } from './rootFiles.js';

/** Profile formats under which profile files may be directories (layout.conf, `profile-formats`). */
const DIRECTORY_FORMATS = ['portage-1-compat', 'portage-1', 'portage-2'];

/** Whether files of this EAPI and of these formats may be directories (PMS 5.2.4). */
export function allowsDirectories(eapi: string, formats: readonly string[]): boolean {
  return eapiFeatures(eapi).profileFileDirs || formats.some((format) => DIRECTORY_FORMATS.includes(format));
}

/** Which atoms the files of a profile or of a repository's `profiles` directory may have. */
export function profileAtoms(eapi: string | undefined, formats: readonly string[]): AtomOptions {
  return {
    eapi,
    allowWildcard: false,
    allowRepo: eapiFeatures(eapi).repoDeps || formats.includes('profile-repo-deps'),
    allowBuildId: formats.includes('build-id'),
  };
}

/**
 * The EAPI in the file `eapi` of a directory: it must have exactly one line; undefined otherwise
 * (`read_corresponding_eapi_file`).
 */
export function readEapiFile(files: RootFiles, directory: string, warn: Warn): string | undefined {
  const file = path.posix.join(directory, 'eapi');
  if (files.kind(file) !== 'file') return undefined;
  const lines = (files.readText(file) ?? '').split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (lines.length === 1) return lines[0];
  warn({ file, line: 0, message: `found ${lines.length} lines, expected one with an EAPI` });
  return undefined;
}
