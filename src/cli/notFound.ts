/** What to say of a command that is not there although the host has it. */
import { realpathSync } from 'node:fs';
import { join, relative } from 'node:path';
import { errorCode, packageName } from '../base/index.js';
import type { Explanation } from '../daemon/index.js';
import type { View } from '../library/index.js';
import type { Output } from './output.js';

/** A program that the host has and the view hides. */
export interface HiddenProgram {
  /** As it is printed. */
  readonly path: string;
  /** cpv; undefined when it belongs to no package. */
  readonly owner: string | undefined;
}

/** Answers `why` of the control protocol. */
export type Explain = (paths: readonly string[]) => Promise<readonly Explanation[]>;

/**
 * What a command that was not found would have been.
 *
 * @param search PATH
 * @param root of the view
 */
export async function hiddenProgram(
  name: string,
  search: string,
  explain: Explain,
  root: string,
): Promise<HiddenProgram | undefined> {
  const directories = name.includes('/') ? [''] : search.split(':');
  const candidates = directories
    .map((directory) => (directory === '' ? name : `${directory}/${name}`))
    .filter((path) => path.startsWith('/'));
  const hidden = (await explain(candidates)).find(({ exists, visible }) => exists && visible === false);
  if (hidden === undefined) return undefined;
  const path = Buffer.from(hidden.canonical, 'latin1').toString('utf8');
  return { path, owner: hidden.owners[0] ?? (await ownerBehind(path, explain, root)) };
}

/** Whose a link leads to, as those of eselect and of the alternatives do: it is visible when that is. */
async function ownerBehind(path: string, explain: Explain, root: string): Promise<string | undefined> {
  let end: string;
  try {
    end = relative(realpathSync(root), realpathSync(join(root, path)));
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
  // Links of another root lead out of it.
  if (end.startsWith('..') || `/${end}` === path) return undefined;
  const [found] = await explain([`/${end}`]);
  return found?.visible === false ? found.owners[0] : undefined;
}

/** Names the package that a command which was not found belongs to, if the view hides it. */
export async function explainNotFound(view: View, name: string, output: Output): Promise<void> {
  const search = process.env['PATH'] ?? '/usr/bin:/bin';
  const hidden = await hiddenProgram(name, search, (paths) => view.why(paths), (await view.status()).root);
  if (hidden === undefined) return;
  const { path, owner } = hidden;
  output.log(
    'warn',
    owner === undefined
      ? `${path} is hidden: it belongs to no package; --show ${path} shows it`
      : `${path} is hidden: it belongs to ${owner}; --with ${packageName(owner)} shows it`,
  );
}
