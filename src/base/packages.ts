/**
 * How installed packages are named everywhere in lvfs: `category/name-version`, Portage's cpv; one of the sysroot's own
 * database (`--sysroot`) has {@link sysrootMark} behind it, so that the same cpv in two databases is two packages. No atom, cpv
 * or set can end in a mark by itself (PMS 3.1).
 */

/** Behind the name of a package, an atom or a set: that of the sysroot's database. */
export const sysrootMark = '@sysroot';

/** Behind an atom or a set as users give it: that of the root's database. */
export const rootMark = '@root';

/** Whether a package, or a name given by a user, is of the sysroot's database. */
export function isInSysroot(name: string): boolean {
  return name.endsWith(sysrootMark);
}

/** A name without its mark. */
export function unmarked(name: string): string {
  if (name.endsWith(sysrootMark)) return name.slice(0, -sysrootMark.length);
  return name.endsWith(rootMark) ? name.slice(0, -rootMark.length) : name;
}

/** `category/name` of an installed package, its mark kept. A version begins with a digit behind the last such hyphen (PMS 3.2). */
export function packageName(name: string): string {
  const plain = unmarked(name);
  return plain.replace(/-\d[^-]*(-r\d+)?$/, '') + name.slice(plain.length);
}
