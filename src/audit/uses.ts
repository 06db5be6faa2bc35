/** What a build used of what it may see, by whom, and what of that only looks like a use. */
import type { PackageId } from '../base/index.js';
import type { Operation } from './events.js';
import type { PathKind } from './pathKinds.js';

/** A visible file that a process read, opened or executed. */
export interface Use {
  path: string;
  owners: readonly PackageId[];
  /** `exec` when it was executed. */
  operation: Operation;
  /** {@link ProcessRecord.id}; 0 when unknown. */
  process: number;
  /** For `exec`: the path that was executed, when that is another one (a script, of which this is the interpreter). */
  wanted?: string;
}

/** Whether a program was executed; one that nobody knows who read, as with a driver that tells no callers, probably was. */
export function isExecution({ operation, process }: Use, kind: PathKind): boolean {
  return operation === 'exec' || (kind === 'executable' && process === 0);
}

/**
 * Files of which tools read all that they find, whatever they are asked for. A process that reads files of so many packages in
 * one directory, none of which anything named, is looking through it; pkg-config and aclocal read no other files unasked.
 */
const sweptPackages: Readonly<Partial<Record<PathKind, number>>> = {
  'pkg-config': 1,
  aclocal: 1,
  data: 3,
  noise: 3,
};

/**
 * Uses without those of processes that went through a whole directory: pkg-config reads every `.pc` file when one is missing,
 * aclocal every macro. They tell nothing about any of them.
 *
 * @param isNamed whether the process was told of this very file
 */
export function withoutSweeps<T extends Use>(
  uses: readonly T[],
  kindOf: (path: string) => PathKind,
  isNamed: (use: T) => boolean,
): T[] {
  const groups = new Map<string, Set<string>>();
  const keyOf = (use: T): string | undefined => {
    const { path, process, operation } = use;
    const kind = kindOf(path);
    if (sweptPackages[kind] === undefined || operation === 'exec' || isNamed(use)) return undefined;
    return `${process} ${kind} ${path.slice(0, path.lastIndexOf('/'))}`;
  };
  for (const use of uses) {
    const key = keyOf(use);
    if (key === undefined) continue;
    let packages = groups.get(key);
    if (packages === undefined) groups.set(key, (packages = new Set()));
    for (const owner of use.owners) packages.add(owner);
  }
  return uses.filter((use) => {
    const key = keyOf(use);
    return key === undefined || (groups.get(key)?.size ?? 0) < (sweptPackages[kindOf(use.path)] ?? 1);
  });
}
