/**
 * What a view of a small system shows, by the plainest reading of the rules: packages are what a target needs and what those need, and what
 * they own is there, with the directories that lead to it. Read from the database as it is; shares nothing with `src`.
 */
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What is visible: for each path the text of a file, or null for a directory. */
export type Shown = Readonly<Record<string, string | null>>;

const nameOf = (cpv: string): string => cpv.replace(/-\d[^/]*$/, '');
const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/** Installed packages by name, each with its entry. */
function installed(root: string): Map<string, string> {
  const found = new Map<string, string>();
  const vdb = join(root, 'var/db/pkg');
  for (const category of readdirSync(vdb))
    for (const pf of readdirSync(join(vdb, category)))
      if (!pf.startsWith('-MERGING-')) found.set(nameOf(`${category}/${pf}`), join(vdb, category, pf));
  return found;
}

function valueOf(entry: string, name: string): string {
  try {
    return readFileSync(join(entry, name), 'utf8');
  } catch {
    return '';
  }
}

/**
 * @param needs names of packages that the target needs
 * @param allowed shown besides
 * @param denied not shown whoever needs them
 */
export function plainView(
  root: string,
  needs: readonly string[],
  allowed: ReadonlySet<string>,
  denied: ReadonlySet<string>,
): Shown {
  const packages = installed(root);
  const visible = new Set<string>();
  const rest = [...needs, ...allowed];
  for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
    const entry = packages.get(name);
    if (entry === undefined || visible.has(name)) continue;
    visible.add(name);
    rest.push(...words(valueOf(entry, 'RDEPEND')));
  }
  const shown: Record<string, string | null> = { '/': null };
  for (const name of visible) {
    if (denied.has(name)) continue;
    for (const line of valueOf(packages.get(name)!, 'CONTENTS').split('\n')) {
      const path = /^(?:dir|obj|sym) (\/\S*)/.exec(line)?.[1];
      if (path === undefined) continue;
      const isDirectory = lstatSync(root + path).isDirectory();
      shown[path] = isDirectory ? null : readFileSync(root + path, 'utf8');
      for (let above = dirname(path); above !== '/'; above = dirname(above)) shown[above] = null;
    }
  }
  return shown;
}

/** The names in a directory. */
export function namesIn(shown: Shown, directory: string): string[] {
  const prefix = directory === '/' ? '/' : `${directory}/`;
  return Object.keys(shown)
    .filter((path) => path.startsWith(prefix) && path !== '/' && !path.slice(prefix.length).includes('/'))
    .map((path) => path.slice(prefix.length));
}
