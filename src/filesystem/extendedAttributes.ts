/** The host's extended attributes, as far as the view shows them. */
import { errno, failure, type Outcome } from '../base/index.js';
import type { Attributes } from '../fuse/index.js';
import type { Files } from '../system/index.js';

/** `XATTR_LIST_MAX` (linux/limits.h). */
const longestAttributeList = 65_536;
/** posix_acl_xattr.h. */
const accessList = Buffer.from('system.posix_acl_access');
const nowhere = new Uint8Array();

/** Others are for programs with rights of their own (`trusted.*`), or mean something to the host's kernel alone. */
function isShownAttribute(name: string): boolean {
  return name.startsWith('user.') || name === 'security.capability' || name.startsWith('system.posix_acl_');
}

/**
 * The value of an attribute, as `Operations.getxattr`.
 * @param path on the host; undefined for what only the view has, which has none
 */
export function readAttribute(files: Files, path: Buffer | undefined, name: Buffer, into: Buffer): Outcome {
  if (path === undefined || !isShownAttribute(name.toString('latin1'))) return failure(errno.ENODATA);
  const length = files.attribute(path, name, into);
  // A file system without any: the kernel would refuse access if it could not be told of a list.
  return length === failure(errno.EOPNOTSUPP) ? failure(errno.ENODATA) : length;
}

/** The names of the attributes, as `Operations.listxattr`; `path` as for {@link readAttribute}. */
export function listAttributes(files: Files, path: Buffer | undefined, into: Buffer): Outcome {
  const all = Buffer.allocUnsafe(longestAttributeList);
  const length = path === undefined ? 0 : files.attributeNames(path, all);
  if (length < 0) return length === failure(errno.EOPNOTSUPP) ? 0 : length;
  const names = all
    .toString('latin1', 0, length)
    .split('\0')
    .filter((name) => isShownAttribute(name));
  const shown = Buffer.from(names.map((name) => `${name}\0`).join(''), 'latin1');
  if (into.length === 0) return shown.length;
  if (shown.length > into.length) return failure(errno.ERANGE);
  shown.copy(into);
  return shown.length;
}

/** Takes the rights of all but the owner from a file with an access control list. */
export function withoutList(files: Files, path: Buffer, attr: Attributes): void {
  if (files.attribute(path, accessList, nowhere) > 0) attr.mode &= ~0o077;
}
