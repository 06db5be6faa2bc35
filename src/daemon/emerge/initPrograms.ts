/** Where the installed Portage has `pid-ns-init`, the program with which it starts a phase in a process namespace of its own. */
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { unlessRefused } from '../../base/index.js';

const name = 'pid-ns-init';

/** Directories of Portage's programs below `usr/lib` in which it is looked for: with Python slots, and without. */
const usualPlaces = ['/usr/lib/portage', '/usr/lib64/portage', '/usr/libexec/portage'];

/**
 * All of them, with their links resolved, and what is in each: what an installed Portage lists, what lies at the usual places, and what lies
 * beside the program that is going to be run, as in a checkout.
 *
 * @param program host path of `emerge` or `ebuild`
 * @param database host path of the installed packages
 * @param prefix Gentoo Prefix offset; empty when there is none
 */
export function initPrograms(program: string, database: string, prefix: string): Map<string, string> {
  const directories = usualPlaces.map((place) => prefix + place);
  const candidates = [
    ...listedBy(join(database, 'sys-apps')).map((path) => prefix + path),
    ...directories.flatMap((place) => [
      join(place, name),
      ...namesIn(place).map((slot) => join(place, slot, name)),
    ]),
    join(dirname(realpathSync(program)), name),
  ];
  const found = new Map<string, string>();
  for (const path of candidates) {
    if (!existsSync(path)) continue;
    const real = realpathSync(path);
    if (!found.has(real)) found.set(real, readFileSync(real, 'utf8'));
  }
  return found;
}

/** What CONTENTS of installed versions of Portage list. */
function listedBy(category: string): string[] {
  return namesIn(category)
    .filter((pf) => /^portage-\d/.test(pf))
    .flatMap((pf) => {
      const contents = textOf(join(category, pf, 'CONTENTS'));
      return [...contents.matchAll(/^obj (\/.*\/pid-ns-init) [0-9a-f]+ \d+$/gm)].map(([, path = '']) => path);
    });
}

function namesIn(directory: string): string[] {
  return unlessRefused(() => readdirSync(directory), []);
}

function textOf(path: string): string {
  return unlessRefused(() => readFileSync(path, 'utf8'), '');
}
