/** What `lvfs` without a command says: what to do first on this machine, as far as a few looks tell. */
import { existsSync } from 'node:fs';
import { packageDirectoryAt } from '../base/index.js';

/** What decides about it. */
export interface Surroundings {
  readonly hasFuse: boolean;
  /** Portage's database of installed packages is there. */
  readonly hasDatabase: boolean;
  /** `category/name` of the ebuilds in the current directory. */
  readonly packageHere: string | undefined;
}

/** A look at the machine and the current directory. */
export function surroundings(): Surroundings {
  return {
    hasFuse: existsSync('/dev/fuse'),
    hasDatabase: existsSync('/var/db/pkg'),
    packageHere: packageDirectoryAt('.'),
  };
}

/** A sentence that names commands which can be typed as they are, but for ATOM and DIR. */
export function firstStep({ hasFuse, hasDatabase, packageHere }: Surroundings): string {
  const rest = "all commands: 'lvfs --help'";
  if (!hasDatabase) return `no package of Portage is installed here: name a system with --root DIR; ${rest}`;
  if (!hasFuse) return `/dev/fuse is not there: 'lvfs doctor' says what this machine lacks; ${rest}`;
  if (packageHere !== undefined)
    return `'lvfs build' says what the ebuild of ${packageHere} forgot, 'lvfs fix' makes a patch of it; ${rest}`;
  return `'lvfs doctor' says whether this machine is ready, 'lvfs build ATOM' what an ebuild forgot; ${rest}`;
}
