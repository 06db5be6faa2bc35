/** What profiles, repositories and the user list: packages of sets, what is provided, categories, architectures, licence groups. */
import path from 'node:path';
import { tryParseAtom } from '../atom.js';
import { eapiFeatures } from '../eapi.js';
import { readEntries, readLines, stack, type Warn } from '../packageFiles.js';
import type { Repositories } from '../repos/repository.js';
import type { RootFiles } from '../rootFiles.js';
import { splitCpv } from '../version.js';
import type { ProfileNode } from './profile.js';

/** The stacked entries of `packages` of some profiles (PMS 5.2.6). */
export function readPackages(files: RootFiles, nodes: readonly ProfileNode[], warn: Warn): string[] {
  return stack(
    nodes.map((node) => {
      if (!node.names.has('packages')) return [];
      const lines = readLines(files, path.posix.join(node.directory, 'packages'), false);
      return lines
        .filter(({ text, file, line }) => {
          if (text === '-*' || tryParseAtom(text.replace(/^-?\*?/, ''), node.atoms) !== undefined)
            return true;
          warn({ file, line, message: `found '${text}', expected an atom; the line is ignored` });
          return false;
        })
        .map((line) => line.text);
    }),
  );
}

/** The stacked cpvs of `package.provided`. */
export function readProvided(files: RootFiles, profile: readonly ProfileNode[], warn: Warn): string[] {
  const lists = profile
    .filter((node) => node.names.has('package.provided'))
    .map((node) => {
      const file = path.posix.join(node.directory, 'package.provided');
      if (eapiFeatures(node.eapi).packageProvided) return readLines(files, file, node.allowsDirectories);
      warn({ file, line: 0, message: `EAPI ${node.eapi} has no package.provided; it is ignored` });
      return [];
    });
  const places = new Map(lists.flat().map((line) => [line.text, line]));
  return stack(lists.map((lines) => lines.map((line) => line.text))).filter((text) => {
    if (tryParseAtom(`=${text}`) !== undefined && splitCpv(text) !== undefined) return true;
    const { file = '', line = 0 } = places.get(text) ?? {};
    warn({ file, line, message: `found '${text}', expected category/name-version` });
    return false;
  });
}

/** The directories of lists that repositories and the user have: `profiles` of each repository, the main one first, and /etc/portage. */
export function listPlaces(repositories: Repositories, userConfig: string): string[] {
  const { main } = repositories;
  const others = [...repositories].filter((repository) => repository !== main);
  return [
    ...[...(main === undefined ? [] : [main]), ...others].map(({ location }) =>
      path.posix.join(location, 'profiles'),
    ),
    userConfig,
  ];
}

/** The lines of a list in some directories, stacked. */
export function readListed(files: RootFiles, places: readonly string[], name: string): string[] {
  return stack(
    places.map((place) => {
      const file = path.posix.join(place, name);
      return files.kind(file) === 'file' ? readLines(files, file, false).map((line) => line.text) : [];
    }),
  );
}

/** Licence groups by name (`license_groups`). */
export function readLicenseGroups(
  files: RootFiles,
  places: readonly string[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const groups = new Map<string, Set<string>>();
  for (const place of places) {
    const file = path.posix.join(place, 'license_groups');
    if (files.kind(file) !== 'file') continue;
    for (const { key, values } of readEntries(files, file, false)) {
      if (values.length === 0) continue;
      const group = groups.get(key) ?? new Set();
      for (const value of values) group.add(value);
      groups.set(key, group);
    }
  }
  return groups;
}
