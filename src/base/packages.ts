/**
 * How installed packages are named everywhere in lvfs. Two systems may be in view, each with a database of its own: the root, whose
 * tools are used, and a sysroot that is built for (`--sysroot`). So that the same cpv in both is two packages, those of the
 * sysroot have a mark behind their names, and users put one behind what they mean in one of the two. No atom, cpv or set can
 * end in a mark by itself (PMS 3.1). Only this file puts marks on names and takes them off.
 */

/** A system whose packages a view may show. */
export type SystemName = 'root' | 'sysroot';

const marks: Readonly<Record<SystemName, string>> = { root: '@root', sysroot: '@sysroot' };

declare const packageIdBrand: unique symbol;

/**
 * An installed package in its system: `category/name-version`, Portage's cpv, with `@sysroot` behind it in the sysroot's database.
 * JSON and the index have it as this text. What an ebuild would be installed as is no such thing but a cpv, a plain string.
 */
export type PackageId = string & { readonly [packageIdBrand]: true };

/** The package of a system's database that has this cpv. */
export function packageId(cpv: string, system: SystemName): PackageId {
  return knownPackageId(system === 'sysroot' ? cpv + marks.sysroot : cpv);
}

/** What was written as a {@link PackageId}, in the index or in JSON. */
export function knownPackageId(text: string): PackageId {
  return text as PackageId;
}

/** The cpv of a package, which is also its place below the database of its system. */
export function cpvOf(id: PackageId): string {
  return unmarked(id);
}

/** Whether a package is of the sysroot's database. */
export function isInSysroot(id: PackageId): boolean {
  return id.endsWith(marks.sysroot);
}

/**
 * `category/name` of a package as users name it: that of the sysroot with its mark. A version begins with a digit behind the last
 * such hyphen (PMS 3.2).
 */
export function packageName(cpv: string): string {
  const plain = unmarked(cpv);
  return plainName(plain) + cpv.slice(plain.length);
}

/** `category/name` of a package as ebuilds name it. */
export function plainPackageName(cpv: string): string {
  return plainName(unmarked(cpv));
}

function plainName(cpv: string): string {
  return cpv.replace(/-\d[^-]*(-r\d+)?$/, '');
}

/** Whether a cpv is of a package given as cpv or as `category/name`. */
export function isPackage(cpv: string, name: string): boolean {
  return cpv === name || (cpv.startsWith(`${name}-`) && /^\d/.test(cpv.slice(name.length + 1)));
}

/** A name, atom or set by which a user means one of that system. */
export function namedIn(system: SystemName, name: string): string {
  return name + marks[system];
}

/** The system in which a user means a name, atom or set; undefined when that is not said. */
export function systemMeant(name: string): SystemName | undefined {
  if (name.endsWith(marks.sysroot)) return 'sysroot';
  return name.endsWith(marks.root) ? 'root' : undefined;
}

/** A name, atom or set without what says in which system it is meant. */
export function unmarked(name: string): string {
  const system = systemMeant(name);
  return system === undefined ? name : name.slice(0, -marks[system].length);
}

/** How an ebuild may name a package. */
export interface Naming {
  readonly atom: string;
  /** Why so, as a sentence without its subject's name. */
  readonly reason: string;
}

/** An installed package that is as good as another. */
export interface EqualPackage {
  readonly cpv: PackageId;
  /** `category/name` of the package that both satisfy. */
  readonly by: string;
}
