/** Findings that the user knows of and does not want to see (`[[ignore]]` of lvfs.conf(5)). */
import { cpvOf, isPackage, plainPackageName, type PackageId } from '../base/index.js';
import { GlobSet } from '../view/index.js';

/** Evidence that reports pass over. At least one of `package` and `path` is given. */
export interface IgnoreSetting {
  /** `category/name` or cpv of the owner. */
  readonly package?: string;
  /** Glob. */
  readonly path?: string;
  /** Only for this target, `category/name` or cpv. */
  readonly target?: string;
  readonly reason: string;
}

/** What is passed over in a build of certain targets. */
export class Ignoring {
  readonly #targets: readonly string[];
  readonly #rules: { readonly setting: IgnoreSetting; readonly paths: GlobSet | undefined }[] = [];

  /** @param targets cpvs */
  constructor(settings: readonly IgnoreSetting[], targets: readonly string[]) {
    this.#targets = targets;
    for (const setting of settings) this.add(setting);
  }

  /** From now on this is passed over as well. */
  add(setting: IgnoreSetting): void {
    const { target, path } = setting;
    if (target !== undefined && !this.#targets.some((cpv) => isPackage(cpv, target))) return;
    this.#rules.push({ setting, paths: path === undefined ? undefined : new GlobSet([path]) });
  }

  /** The first setting by which a file of a package is passed over, or one that no package has. */
  find(owner: PackageId | undefined, path: string): IgnoreSetting | undefined {
    return this.#rules.find(
      ({ setting, paths }) =>
        (setting.package === undefined || isOwner(owner, setting.package)) &&
        (paths === undefined || paths.matches(Buffer.from(path).toString('latin1'))),
    )?.setting;
  }
}

function isOwner(owner: PackageId | undefined, name: string): boolean {
  return owner !== undefined && (cpvOf(owner) === name || plainPackageName(owner) === name);
}
