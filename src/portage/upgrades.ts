/**
 * What emerge would merge before it builds a target, where a view shows what is installed. An any-of group is satisfied by an alternative
 * that stands behind one of which another version is installed: emerge updates that one and builds with it.
 */
import type { Configuration } from './config/configuration.js';
import type { Upgrade } from './depCheck.js';
import type { InstalledPackages } from './installed.js';
import { splitSlot } from './match.js';
import type { Cpv } from './types.js';
import { compareVersions } from './version.js';

/** Tells which of the upgrades that a choice passed over emerge would make. */
export class Upgrades {
  constructor(
    readonly installed: InstalledPackages,
    readonly configuration: Configuration,
  ) {}

  /**
   * The packages that emerge would merge: the best visible ebuild of each atom that is not satisfied. Undefined where one has none, or
   * would be a downgrade or take a slot that is not installed: emerge then prefers what is.
   */
  merged({ wanted }: Upgrade): readonly Cpv[] | undefined {
    const { tree, visibility } = this.configuration;
    const merged: Cpv[] = [];
    for (const atom of wanted) {
      if (this.installed.best(atom) !== undefined) continue;
      const ebuild = visibility.best(atom);
      if (ebuild === undefined) return undefined;
      const slot = splitSlot(tree.metadata(ebuild).get('SLOT') ?? '')?.slot;
      const present = this.installed.versionsOf(atom.cp).findLast((installed) => installed.slot === slot);
      if (present === undefined) return undefined;
      const { version } = ebuild;
      if ((compareVersions(version, present.package.version) ?? 0) <= 0) return undefined;
      merged.push(ebuild.cpv);
    }
    return merged;
  }
}
