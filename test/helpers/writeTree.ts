/** Writes a tree of text files and symlinks into a temporary directory that is removed after the test. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ExecutionContext } from 'ava';

/** Texts, and targets of symlinks, by path. */
export type Tree = Readonly<Record<string, string | { readonly link: string }>>;

/** Adds files to a directory that is there already. */
export function addTree(directory: string, tree: Tree): void {
  for (const [name, content] of Object.entries(tree)) {
    const file = path.join(directory, name);
    mkdirSync(path.dirname(file), { recursive: true });
    if (typeof content === 'string') writeFileSync(file, content);
    else symlinkSync(content.link, file);
  }
}

/** Answers the path of the new directory, without symlinks. */
export function writeTree(t: ExecutionContext, tree: Tree): string {
  const directory = realpathSync(mkdtempSync(path.join(tmpdir(), 'lvfs-tree-')));
  t.teardown(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  addTree(directory, tree);
  return directory;
}
