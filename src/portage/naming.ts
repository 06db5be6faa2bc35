/**
 * By which atoms an ebuild would name an installed package: the virtual that stands for it where that is what others declare, else
 * the package itself, with the USE flag that the wanted file hangs on. Who declares what, the database of installed packages tells;
 * what is a virtual for what, it and the repositories.
 */
import { cpvOf, type PackageId } from '../base/index.js';
import { tryParseAtom, type Atom } from './atom.js';
import type { EbuildTree } from './repos/ebuildTree.js';
import type { EqualPackage, Naming } from './types.js';
import type { InstalledDatabase, InstalledEntry } from './vdb.js';
import { splitCpv } from './version.js';

/** The categories whose packages only say which of several others is meant (GLEP 37; app-alternatives). */
const standInCategories = ['virtual', 'app-alternatives'] as const;

/** Stand-ins that are told of although nothing speaks for them. */
const mostStandIns = 2;

const dependencies = ['BDEPEND', 'DEPEND', 'RDEPEND'] as const;

/** A package that stands for others. */
interface StandIn {
  readonly cp: string;
  /** By slot, the `category/name` of what satisfies it. */
  readonly providers: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Who declares a package. */
interface Declared {
  /** `category/name` of installed packages that do. */
  readonly by: Set<string>;
  /** Flags that they demand of it. */
  readonly flags: Set<string>;
}

/** See the head of this file; one for each database. */
export class Namer {
  readonly #installed: InstalledDatabase;
  readonly #tree: EbuildTree;
  readonly #atoms = new Map<string, Atom | undefined>();
  #standIns: readonly StandIn[] | undefined;
  /** How the repositories were when these were found. */
  #standInsOf = '';
  #declared: ReadonlyMap<string, Declared> | undefined;

  constructor(installed: InstalledDatabase, tree: EbuildTree) {
    this.#installed = installed;
    this.#tree = tree;
  }

  /**
   * Atoms for an installed package, the likeliest first, with the reason for each; the package itself is among them.
   *
   * @param plain `category/name`, with its slot where that matters
   * @param paths what was wanted of it, the most telling first
   */
  names(cpv: PackageId, plain: string, paths: readonly string[]): Naming[] {
    const cp = splitCpv(cpvOf(cpv))?.cp ?? plain;
    const [wanted] = paths;
    const own: Naming = { atom: plain, reason: wanted === undefined ? 'it is meant' : `it has ${wanted}` };
    const flag = wanted === undefined ? undefined : this.#flagFor(cpv, cp, wanted);
    const itself =
      flag === undefined
        ? [own]
        : [{ atom: `${plain}[${flag}]`, reason: `${wanted ?? ''} goes with its flag ${flag}` }, own];
    const [first, second]: [Naming[], Naming[]] = [[], []];
    for (const { cp: other, providers } of this.#standInsFor(cp, paths)) {
      const others = this.#declarers(other);
      const count = others.size === 0 ? '' : `, and so say ${others.size} installed packages`;
      const [slot] = [...providers].find(([, all]) => all.has(cp)) ?? [''];
      const naming = {
        atom: providers.size > 1 ? `${other}:${slot}` : other,
        reason: `it stands for ${cp}${count}`,
      };
      const direct = [...this.#declarers(cp)].filter((one) => !isStandIn(one));
      const isMeant =
        direct.length <= others.size && [cp, ...paths].some((path) => isNamedAfter(path, other));
      const isUsual =
        other.startsWith('virtual/') &&
        others.size > 0 &&
        direct.length === 0 &&
        !paths.some((path) => isNamedAfter(path, cp));
      (isMeant || isUsual ? first : second).push(naming);
    }
    // Of what many stand for, as they do for the modules of perl, nothing follows.
    return [...first, ...itself, ...(second.length > mostStandIns ? [] : second)];
  }

  /** Other installed packages that are as good, since something stands for both in what was wanted of this one. */
  equals(cpv: PackageId, paths: readonly string[]): EqualPackage[] {
    const cp = splitCpv(cpvOf(cpv))?.cp ?? '';
    const found = new Map<PackageId, EqualPackage>();
    for (const { cp: by, providers } of this.#standInsFor(cp, paths)) {
      for (const others of providers.values()) {
        if (!others.has(cp)) continue;
        for (const other of others) {
          if (other === cp) continue;
          for (const one of this.#installed.versionsOf(other)) found.set(one.cpv, { cpv: one.cpv, by });
        }
      }
    }
    return [...found.values()].sort((a, b) => (a.cpv < b.cpv ? -1 : 1));
  }

  /** What repositories say of stand-ins is read anew, where it may have changed. */
  renew(): void {
    if (this.#standIns !== undefined && this.#standInsOf !== this.#treeState()) this.#standIns = undefined;
  }

  #treeState(): string {
    return standInCategories.map((category) => this.#tree.cacheState(category)).join('\n');
  }

  /** What stands for a package of which these paths were wanted. */
  #standInsFor(cp: string, paths: readonly string[]): StandIn[] {
    this.#standIns ??= this.#findStandIns();
    return this.#standIns.filter(
      ({ cp: other, providers }) =>
        [...providers.values()].some((all) => all.has(cp)) && !isCalledItself(cp, other, paths),
    );
  }

  #findStandIns(): StandIn[] {
    this.#standInsOf = this.#treeState();
    const names = new Set<string>();
    for (const category of standInCategories) for (const cp of this.#tree.packagesIn(category)) names.add(cp);
    for (const cp of this.#installed.names()) if (isStandIn(cp)) names.add(cp);
    return [...names].sort().map((cp) => ({ cp, providers: this.#providersOf(cp) }));
  }

  #providersOf(cp: string): Map<string, Set<string>> {
    const providers = new Map<string, Set<string>>();
    const add = (slot: string, text: string): void => {
      const known = providers.get(slot) ?? new Set<string>();
      providers.set(slot, known);
      for (const atom of this.#atomsIn(text)) known.add(atom.cp);
    };
    for (const one of this.#installed.versionsOf(cp)) add(slotName(one.value('SLOT')), one.value('RDEPEND'));
    for (const ebuild of this.#tree.versions(cp)) {
      // To have Portage source an ebuild takes longer than a better name is worth.
      if (!ebuild.repository.hasMetadataCache || this.#tree.corruption(ebuild) !== undefined) continue;
      const metadata = this.#tree.metadata(ebuild);
      add(slotName(metadata.get('SLOT') ?? '0'), metadata.get('RDEPEND') ?? '');
    }
    return providers;
  }

  /** Who declares a package, stand-ins among them. */
  #declarers(cp: string): ReadonlySet<string> {
    return this.#declarations().get(cp)?.by ?? new Set();
  }

  #declarations(): ReadonlyMap<string, Declared> {
    if (this.#declared !== undefined) return this.#declared;
    const all = new Map<string, Declared>();
    for (const one of this.#installed.packages) {
      for (const variable of dependencies) {
        for (const { cp, use } of this.#atomsIn(one.value(variable))) {
          const known = all.get(cp) ?? { by: new Set(), flags: new Set() };
          all.set(cp, known);
          known.by.add(one.parts.cp);
          for (const { flag, kind } of use) if (kind === 'enabled') known.flags.add(flag);
        }
      }
    }
    return (this.#declared = all);
  }

  /** All atoms of a dependency string but its blockers, whatever they depend on. */
  #atomsIn(text: string): Atom[] {
    const found: Atom[] = [];
    for (const word of text.split(/\s+/)) {
      if (!word.includes('/')) continue;
      let atom = this.#atoms.get(word);
      if (atom === undefined && !this.#atoms.has(word)) {
        atom = tryParseAtom(word);
        this.#atoms.set(word, atom);
      }
      if (atom !== undefined && atom.blocker === undefined) found.push(atom);
    }
    return found;
  }

  /** The flag of an installed package that a file of its hangs on, as far as names tell. */
  #flagFor(cpv: PackageId, cp: string, path: string): string | undefined {
    const entry = this.#installed.get(cpv);
    if (entry === undefined) return undefined;
    const demanded = this.#declarations().get(cp)?.flags ?? new Set<string>();
    const flags = ownFlags(entry);
    const byKind = fileFlags.find(([pattern]) => pattern.test(path))?.[1];
    if (byKind !== undefined) return flags.includes(byKind) ? byKind : undefined;
    const end = path.split('/').slice(-2).join('/').toLowerCase();
    const ofPackage = wordsOf(cp);
    const words = wordsOf(path).filter((word) => !ofPackage.includes(word));
    return flags.find((flag) => {
      const lower = flag.toLowerCase();
      if (ofPackage.includes(lower)) return false;
      if (lower.length > 1 && words.includes(lower)) return true;
      return demanded.has(flag) && lower.length > 1 && end.includes(lower);
    });
  }
}

/** Flags that files of a kind hang on in every package. */
const fileFlags: readonly [RegExp, string][] = [
  [/\.(?:gir|typelib)$/, 'introspection'],
  [/\/vala\/.*\.(?:vapi|deps)$/, 'vala'],
];

/** Flags that say nothing about single files, or are set by others than the user. */
const generalFlags =
  /^(?:debug|doc|examples?|nls|test|minimal|(?:abi|cpu_flags|elibc|kernel|python|ruby|lua|llvm|userland|l10n)_\S+)$/;

/** Flags of a package's own that it was built with. */
function ownFlags(entry: InstalledEntry): string[] {
  const own = new Set(entry.words('IUSE').map((flag) => flag.replace(/^[+-]/, '')));
  return entry.words('USE').filter((flag) => own.has(flag) && !generalFlags.test(flag));
}

function slotName(text: string): string {
  return text.split('/')[0] ?? '0';
}

function isStandIn(cp: string): boolean {
  return standInCategories.some((category) => cp.startsWith(`${category}/`));
}

/** The words that a name or path is made of, in small letters. */
function wordsOf(path: string): string[] {
  return path
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .map((word) => word.replace(/^lib(?=..)/, ''))
    .filter((word) => word !== '');
}

/** Whether a program was called by its own name and not by that of the stand-in: nothing else than bison has `bison`, though others have `yacc`. */
function isCalledItself(cp: string, standIn: string, paths: readonly string[]): boolean {
  return (
    standIn.startsWith('app-alternatives/') &&
    !paths.some((path) => nameIn(path) === nameIn(standIn)) &&
    paths.some((path) => nameIn(path) === nameIn(cp))
  );
}

/** What a path, or `category/name`, is called. */
function nameIn(text: string): string {
  return text.slice(text.lastIndexOf('/') + 1);
}

/** Whether a path or `category/name` speaks of what a stand-in is called after: `pkg-config` of virtual/pkgconfig. */
function isNamedAfter(path: string, standIn: string): boolean {
  const thing = (text: string): string =>
    text
      .slice(text.lastIndexOf('/') + 1)
      .toLowerCase()
      .replaceAll(/[^a-z0-9]/g, '')
      .replace(/^lib(?=..)/, '');
  const wanted = thing(standIn).replace(/\d+$/, '');
  if (standIn.startsWith('virtual/perl-')) {
    const module = standIn.slice('virtual/perl-'.length).replaceAll('-', '/');
    return path.endsWith(`/${module}.pm`);
  }
  // A program is called by its whole name: `awk` is what app-alternatives/awk is for, `gawk` is not.
  if (standIn.startsWith('app-alternatives/')) return thing(path) === thing(standIn);
  return wanted.length > 2 && thing(path).includes(wanted);
}
