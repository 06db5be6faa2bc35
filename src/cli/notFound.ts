/** What to say of a command that is not there although the host has it. */
import { realpathSync } from 'node:fs';
import { join, relative } from 'node:path';
import { errorCode, exitStatus, LvfsError, packageName } from '../base/index.js';
import type { Explanation } from '../daemon/index.js';
import type { PrivateView } from '../library/index.js';

/** A program that the host has and the view hides. */
export interface HiddenProgram {
  /** As it is printed. */
  readonly path: string;
  /** cpv; undefined when it belongs to no package. */
  readonly owner: string | undefined;
}

/** Answers `why` of the control protocol. */
export type Explain = (paths: readonly string[]) => Promise<readonly Explanation[]>;

/** Where a command is looked for, as far as that is known: the directory in which it is called is not. */
export function candidatesOf(name: string, search: string): string[] {
  const directories = name.includes('/') ? [''] : search.split(':');
  return directories
    .map((directory) => (directory === '' ? name : `${directory}/${name}`))
    .filter((path) => path.startsWith('/'));
}

/**
 * What a command that was not found would have been.
 *
 * @param candidates where it was looked for, absolute
 * @param root of the view
 */
export async function hiddenProgram(
  candidates: readonly string[],
  explain: Explain,
  root: string,
): Promise<HiddenProgram | undefined> {
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

/**
 * Makes sure that a command can be run in a view.
 *
 * @throws LvfsError NO_PROGRAM (exit 127): it, or the interpreter that it names, is not there, or hidden and whose it is; NOT_EXECUTABLE
 */
export async function requireCommand(view: PrivateView, name: string): Promise<void> {
  const program = await view.find(name);
  if (program.found === 'there') return;
  const shown = name === '' ? "''" : name;
  if (program.found === 'unusable') {
    const why = program.why === 'directory' ? 'it is a directory' : 'permission denied';
    throw new LvfsError('NOT_EXECUTABLE', `${shown}: cannot be executed: ${why}`);
  }
  const { paths, script } = program;
  const subject = script === undefined ? `${shown}: ` : `${shown}: its interpreter ${paths[0] ?? ''} is `;
  const exit = exitStatus.commandNotFound;
  const hidden = await hiddenProgram(paths, (asked) => view.why(asked), (await view.status()).root);
  if (hidden === undefined) {
    const absent = script === undefined ? 'not found' : 'not there';
    throw new LvfsError('NO_PROGRAM', `${subject}${absent}`, { exit });
  }
  const { path, owner } = hidden;
  const what = script === undefined ? `${path} is hidden` : 'hidden';
  throw owner === undefined
    ? new LvfsError('NO_PROGRAM', `${subject}${what}: it belongs to no package`, {
        ...{ exit, hint: `--show ${path} shows it` },
      })
    : new LvfsError('NO_PROGRAM', `${subject}${what}: it belongs to ${owner}`, {
        ...{ exit, hint: `--with ${packageName(owner)} shows it` },
      });
}
