/** Names of installed packages as tests write them. */
import { knownPackageId, type PackageId } from '../../src/base/index.js';

/** An installed package: its cpv, with `@sysroot` behind it where it is the sysroot's. */
export function pkg(text: string): PackageId {
  return knownPackageId(text);
}

/** Several of them. */
export function pkgs(...texts: readonly string[]): PackageId[] {
  return texts.map(pkg);
}
