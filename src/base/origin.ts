/** Where the reasons begin for which packages are visible. */
import type { PackageId } from './packages.js';

/** What brings a package into a visible set. */
export type Origin =
  /** The package that is built, or one of those. */
  | { readonly kind: 'target' }
  /** A set, by its name without `@`. */
  | { readonly kind: 'set'; readonly name: string }
  /** The user, by an option of this name. */
  | { readonly kind: 'option'; readonly name: 'with' }
  /** An installed package that needs it. */
  | { readonly kind: 'package'; readonly cpv: PackageId };

/** The origin of what targets declare. */
export const fromTarget: Origin = { kind: 'target' };

/** The origin of what the user shows. */
export const fromUser: Origin = { kind: 'option', name: 'with' };

/** How JSON and people are told of it: `target`, `@system`, `--with`, or the cpv. */
export function originName(origin: Origin): string {
  switch (origin.kind) {
    case 'target':
      return 'target';
    case 'set':
      return `@${origin.name}`;
    case 'option':
      return `--${origin.name}`;
    case 'package':
      return origin.cpv;
  }
}

/** The installed package that it is; undefined where chains begin. */
export function originPackage(origin: Origin): PackageId | undefined {
  return origin.kind === 'package' ? origin.cpv : undefined;
}

/** One link of the chain that brings a package into the visible set. */
export interface Reason {
  from: Origin;
  /** `DEPEND`, `BDEPEND`, `RDEPEND`, `PDEPEND`, or the empty string for sets and options. */
  variable: string;
  /** The atom that selected the package. */
  atom: string;
  /** Present when emerge would choose another alternative of an any-of group than the one with this atom. */
  alternative?: true;
}

/** A reason with its origin told by {@link originName}. */
export type Told<T extends { readonly from: Origin }> = Omit<T, 'from'> & { readonly from: string };

/** A reason as JSON has it. */
export function told<T extends { readonly from: Origin }>(reason: T): Told<T> {
  return { ...reason, from: originName(reason.from) };
}
