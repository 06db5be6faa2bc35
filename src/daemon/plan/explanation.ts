/** What `lvfs why` says of a path. */
import type { ChainLink } from '../../portage/index.js';
import { type Told, type PackageId } from '../../base/index.js';

/** `lvfs why --json` of one path; see docs/json.md. Paths are one character a byte (latin1). */
export interface Explanation {
  readonly path: string;
  /** The path with the links of its parents resolved. */
  readonly canonical: string;
  /** Whether the host has it. */
  readonly exists: boolean;
  /** Null when nothing was said about a visible set. */
  readonly visible: boolean | null;
  readonly rule: string | null;
  /** What the rule means here: the glob, the system path, the end of the link, the hidden directory above. */
  readonly detail: string;
  readonly owners: readonly PackageId[];
  /** How the first visible owner came into the set. */
  readonly chain: readonly Told<ChainLink>[];
}

/** What is said of a path that leads nowhere. */
export const leadsNowhere = 'something on the way is no directory, or its links lead nowhere';
