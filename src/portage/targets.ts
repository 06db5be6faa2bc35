/**
 * What users name: atoms as they are typed, sets, and ebuild files, resolved to what is to be built or to what is installed.
 *
 * A name may be given without its category where that is unambiguous. As for emerge, the one package outside `virtual`,
 * `acct-group` and `acct-user` is meant rather than those of the same name inside; whatever of them a version would match. Where
 * something installed is named, only installed packages are meant, as for `emerge --unmerge`.
 */
import { existsSync } from 'node:fs';
import {
  exitStatus,
  LvfsError,
  nearest,
  originName,
  packageDirectoryAt,
  type Origin,
  type PackageId,
} from '../base/index.js';
import { type Atom, type AtomOptions, AtomError, parseAtom, tryParseAtom } from './atom.js';
import type { InstalledCandidate, InstalledPackages } from './installed.js';
import type { Configuration } from './config/configuration.js';
import type { EffectiveUse } from './config/effectiveUse.js';
import { unmetRequiredUse } from './depend.js';
import { eapiFeatures, isSupportedEapi } from './eapi.js';
import { makeCandidate, matchesAtom } from './match.js';
import type { Ebuild } from './repos/repository.js';
import { PackageSets } from './sets.js';
import type { Target } from './types.js';

/** A target with everything that its dependencies are evaluated with. */
export interface ResolvedTarget extends Omit<Target, 'use' | 'buildDeps'> {
  use: ReadonlySet<string>;
}

/** An installed package that was named, and by what. */
export interface Selected {
  cpv: PackageId;
  from: Origin;
  atom: string;
}

/** Whether a name stands for a package to be built or for an installed one. */
type Meant = 'target' | 'installed';

/** How targets are resolved; see `SetRequest`. */
export interface TargetOptions {
  readonly test: boolean;
  readonly allowInvalid: boolean;
  /** Instead of what the configuration says. */
  readonly use?: readonly string[] | undefined;
}

/** Resolves what users name. */
export class TargetResolver {
  readonly #installed: InstalledPackages;
  readonly #configuration: Configuration;
  readonly #sets: PackageSets;
  readonly #resolved = new Map<string, ResolvedTarget>();

  constructor(installed: InstalledPackages, configuration: Configuration) {
    this.#installed = installed;
    this.#configuration = configuration;
    this.#sets = new PackageSets(configuration, installed);
  }

  /**
   * The packages to be built, each once, in the order in which they were named. An atom stands for Portage's best visible match; an exact
   * `=category/name-version` (also without the `=`) may be masked. What no repository has is taken from the database of
   * installed packages with the values recorded there.
   *
   * @throws LvfsError exit 20: `INVALID_ATOM`, `UNKNOWN_PACKAGE`, `UNKNOWN_SET`, `AMBIGUOUS_ATOM` (candidates in `details`), `MASKED`
   * (reasons in `details`), `UNKNOWN_EBUILD`, `INVALID_EBUILD` (what is wrong in `details`), `REQUIRED_USE` (the constraints in
   * `details`); exit 22 when the metadata of the only ebuilds that match cannot be had.
   */
  resolve(names: readonly string[], options: TargetOptions): readonly ResolvedTarget[] {
    const targets = new Map<string, ResolvedTarget>();
    const add = (target: ResolvedTarget): void => {
      targets.set(`${target.cpv}::${target.repository}`, target);
    };
    for (const name of names) {
      if (name.startsWith('@')) {
        for (const atom of this.#set(name)) add(this.#resolveAtom(atom, name, options));
      } else if (name.endsWith('.ebuild')) {
        add(this.#ofEbuild(this.#ebuildAt(name), options));
      } else if (name.startsWith('/')) {
        add(this.#ofEbuild(this.#ebuildIn(name), options));
      } else {
        add(this.#resolveAtom(this.#parse(name, 'target'), name, options));
      }
    }
    return [...targets.values()];
  }

  /**
   * The installed packages that names and sets select: the best match of each atom, of one with wildcards all that it matches. That
   * versions of other slots are installed beside the best match is told.
   *
   * @param from the origin of names that are not sets.
   * @throws LvfsError exit 20 as {@link resolve}, and `NOT_INSTALLED` for a name that matches nothing installed. Members of sets
   * may be missing.
   */
  installedMatches(names: readonly string[], from: Origin): readonly Selected[] {
    return names.flatMap((name) => {
      if (name.startsWith('@')) return this.#setMatches(name);
      const atom = this.#parse(name, 'installed');
      const found = this.#bestOf(atom);
      this.#tellOfOtherSlots(name, atom, from);
      if (found.length === 0) {
        throw new LvfsError('NOT_INSTALLED', `no installed package matches '${name}'`);
      }
      return found.map(({ cpv }) => ({ cpv, from, atom: name }));
    });
  }

  /** The best installed matches of the atoms of @system. */
  installedSystem(): readonly Selected[] {
    return this.#bestMatches(
      this.#configuration.system.map((text) => parseAtom(text)),
      { kind: 'set', name: 'system' },
    );
  }

  /**
   * All installed packages that the names and sets match.
   *
   * @throws LvfsError exit 20 for a name that neither a repository nor the database of installed packages has; one that merely
   * is not installed is no error.
   */
  hidden(names: readonly string[]): ReadonlySet<PackageId> {
    const found = names.flatMap((name) => {
      const atoms = name.startsWith('@') ? this.#set(name) : [this.#parse(name, 'installed')];
      return atoms.flatMap((atom) => this.#installed.match(atom));
    });
    return new Set(found.map(({ cpv }) => cpv));
  }

  #setMatches(name: string): readonly Selected[] {
    return this.#bestMatches(this.#set(name), { kind: 'set', name: name.slice(1) });
  }

  #bestMatches(atoms: readonly Atom[], from: Origin): readonly Selected[] {
    return atoms.flatMap((atom) => this.#bestOf(atom).map(({ cpv }) => ({ cpv, from, atom: atom.text })));
  }

  #bestOf(atom: Atom): readonly InstalledCandidate[] {
    return atom.extended ? this.#installed.match(atom) : this.#installed.match(atom).slice(-1);
  }

  #tellOfOtherSlots(name: string, atom: Atom, from: Origin): void {
    if (atom.extended || atom.slot !== undefined) return;
    const best = this.#installed.best(atom);
    const others = this.#installed.match(atom).filter(({ slot }) => slot !== best?.slot);
    if (best === undefined || others.length === 0) return;
    const list = others.map(({ cpv, slot }) => `${cpv} (${atom.cp}:${slot})`).join(', ');
    this.#configuration.warn({
      file: `${originName(from)} ${name}`,
      line: 0,
      message: `is ${best.cpv}, the highest; there is also ${list}`,
    });
  }

  /** The names of all sets, without `@`, sorted. */
  get setNames(): readonly string[] {
    return this.#sets.names;
  }

  /** The atoms of a set, given with its `@`, as texts. */
  setMembers(name: string): readonly string[] {
    return this.#set(name).map(({ text }) => text);
  }

  /** The atoms of a set, given with its `@`. */
  #set(name: string): readonly Atom[] {
    return this.#sets.atoms(name.slice(1));
  }

  /** Reads an atom as a user types it, and finds the category when it is left out. Only installed packages may be named by wildcards. */
  #parse(text: string, meant: Meant, allowWildcard = meant === 'installed'): Atom {
    const all: AtomOptions = { allowRepo: true, allowWildcard };
    const withCategory = text.replace(/[:[].*/s, '').includes('/');
    const [, operator = '', rest = ''] = /^([<>]=?|[=~])?(.*)$/s.exec(text) ?? [];
    const full = withCategory || allowWildcard ? text : `${operator}null/${rest}`;
    let atom: Atom | undefined;
    try {
      atom = parseAtom(full, all);
    } catch (error) {
      if (!(error instanceof AtomError)) throw error;
      // category/name-version, as it is called everywhere but in atoms
      atom = operator === '' ? tryParseAtom(`=${full}`, all) : undefined;
      if (atom === undefined && full === text && !withCategory) return this.#parse(text, meant, false);
      // What was wrong is told of the text as it was typed only.
      if (atom === undefined) throw notAnAtom(text, full === text ? error : undefined);
    }
    if (atom.blocker !== undefined) throw notAnAtom(text);
    if (withCategory) {
      if (atom.extended || this.#isKnown(atom.cp)) return atom;
      throw this.#unknownPackage(text, atom);
    }
    if (atom.extended && atom.category !== 'null') return atom;
    return this.#withCategory(atom, text, meant, all);
  }

  #isKnown(cp: string): boolean {
    return this.#installed.versionsOf(cp).length > 0 || this.#configuration.tree.versions(cp).length > 0;
  }

  /** The atom with the category of the one package of its name. */
  #withCategory(atom: Atom, text: string, meant: Meant, options: AtomOptions): Atom {
    const installed = [...this.#installed.database.names()].filter((cp) => cp.endsWith(`/${atom.name}`));
    const names = meant === 'installed' && installed.length > 0 ? installed.sort() : this.#named(atom.name);
    if (names.length === 0) throw this.#unknownPackage(text, atom);
    const plain = names.filter((cp) => !/^(?:virtual|acct-group|acct-user)\//.test(cp));
    const list = plain.length === 1 ? plain : names;
    const [only] = list;
    if (only !== undefined && list.length === 1) {
      const full = atom.text.replace(/null\/[^:[]*/, (found) => only + found.slice(5 + atom.name.length));
      return parseAtom(full, options);
    }
    throw new LvfsError('AMBIGUOUS_ATOM', `'${text}' is ambiguous: it may be ${list.join(' or ')}`, {
      details: { atom: text, candidates: list },
    });
  }

  /** The ebuilds that an atom matches, masked or not, ascending. USE dependencies are left aside. */
  #ebuildsFor(atom: Atom): readonly Ebuild[] {
    const bare: Atom = { ...atom, use: [], requiredFlags: [] };
    const { tree } = this.#configuration;
    return tree.versions(atom.cp).filter((ebuild) => {
      // Only an atom with a slot needs the metadata, which may be damaged.
      if (atom.slot !== undefined && tree.corruption(ebuild) !== undefined) return false;
      const slot = atom.slot === undefined ? undefined : tree.metadata(ebuild).get('SLOT');
      const candidate = makeCandidate({ cpv: ebuild.cpv, slot, repo: ebuild.repository.name });
      return candidate !== undefined && matchesAtom(bare, candidate);
    });
  }

  #resolveAtom(atom: Atom, text: string, options: TargetOptions): ResolvedTarget {
    const best = this.#configuration.visibility.best(atom);
    if (best !== undefined) return this.#ofEbuild(best, options);
    if (options.allowInvalid) {
      const invalid = this.#configuration.visibility.bestInvalid(atom);
      if (invalid !== undefined) return this.#ofEbuild(invalid, options);
    }
    const ebuilds = this.#ebuildsFor(atom);
    const last = ebuilds.at(-1);
    if (last !== undefined && (atom.op === '=' || ebuilds.every((ebuild) => this.#isCorrupt(ebuild)))) {
      return this.#ofEbuild(last, options);
    }
    if (last !== undefined) {
      const masked = Object.fromEntries(
        ebuilds.map((ebuild) => [ebuild.cpv, this.#configuration.visibility.reasons(ebuild)]),
      );
      const unmasked = ebuilds.filter(({ cpv }) => masked[cpv]?.length === 0);
      if (unmasked.length > 0) {
        const candidates = unmasked.map(({ cpv }) => cpv);
        throw new LvfsError('UNKNOWN_VERSION', `no ebuild has the USE flags that '${text}' names`, {
          hint: `without them it is ${candidates.join(' or ')}`,
          details: { atom: text, candidates },
        });
      }
      const list = Object.entries(masked).map(([cpv, reasons]) => `${cpv} (${reasons.join(', ')})`);
      throw new LvfsError(
        'MASKED',
        `every ebuild that matches '${text}' is masked: ${list.reverse().join('; ')}`,
        {
          hint: `name the version, as in =${last.cpv}, to use it all the same, or unmask it in /etc/portage`,
          details: { atom: text, masked },
        },
      );
    }
    const installed = this.#installed.best(atom);
    if (installed !== undefined) return ofInstalled(installed);
    const known = [
      ...this.#configuration.tree.versions(atom.cp).map(({ cpv }) => cpv),
      ...this.#installed.versionsOf(atom.cp).map((installed) => installed.package.cpv),
    ];
    if (known.length === 0) throw this.#unknownPackage(text, atom);
    throw new LvfsError('UNKNOWN_VERSION', `no ebuild and no installed package matches '${text}'`, {
      hint: this.#repositoryHint(atom) ?? `there is ${[...new Set(known)].join(', ')}`,
      details: { atom: text, candidates: [...new Set(known)] },
    });
  }

  /** Of an atom with a repository that there is not: those that there are. */
  #repositoryHint({ repo }: Atom): string | undefined {
    const names = [...this.#configuration.repositories].map(({ name }) => name);
    if (repo === undefined || names.includes(repo)) return undefined;
    const meant = nearest(repo, names);
    return `there is no repository '${repo}'${meant === undefined ? `, but ${names.join(', ')}` : `; did you mean ::${meant}?`}`;
  }

  /** An error that names the packages of the same name in other categories, or else of nearly the same name. */
  #unknownPackage(text: string, { cp, category, name }: Atom): LvfsError {
    const now = this.#configuration.allMoves.nameOf(cp);
    if (now !== undefined && this.#isKnown(now)) {
      return new LvfsError('UNKNOWN_PACKAGE', `'${text}' has been renamed: it is ${now} now`, {
        hint: `ask for ${now}`,
        details: { atom: text, candidates: [now] },
      });
    }
    const same = this.#named(name);
    const meant = same.length > 0 ? same : this.#resembling(category, name);
    const words = same.length > 0 ? 'there is' : 'did you mean';
    return new LvfsError('UNKNOWN_PACKAGE', `no repository has a package '${text}', and none is installed`, {
      ...(meant.length === 0 ? {} : { hint: `${words} ${meant.join(', ')}${same.length > 0 ? '' : '?'}` }),
      details: { atom: text, candidates: meant },
    });
  }

  /** Every `category/name` with this name, in a repository or installed. */
  #named(name: string): string[] {
    const installed = [...this.#installed.database.names()].filter((cp) => cp.endsWith(`/${name}`));
    return [...new Set([...installed, ...this.#configuration.tree.named(name)])].sort();
  }

  /** What a mistyped name was probably meant to be, in its category if it has a valid one. */
  #resembling(category: string, name: string): string[] {
    const { tree } = this.#configuration;
    const installed = [...this.#installed.database.names()];
    const inCategory = [
      ...tree.namesIn(category),
      ...installed.filter((cp) => cp.startsWith(`${category}/`)).map((cp) => cp.slice(category.length + 1)),
    ];
    const near = nearest(name, inCategory);
    if (near !== undefined) return [`${category}/${near}`];
    const everywhere = new Set(tree.categories.flatMap((one) => tree.namesIn(one)));
    for (const cp of installed) everywhere.add(cp.slice(cp.indexOf('/') + 1));
    const other = nearest(name, everywhere);
    return other === undefined ? [] : this.#named(other);
  }

  /** What emerge masks as invalid it does not build, whatever the user unmasks or names. */
  #checkValidity(ebuild: Ebuild, isAllowed: boolean): void {
    const { tree, visibility, warn } = this.#configuration;
    const invalid = visibility.invalidities(ebuild);
    if (invalid.length === 0) return;
    if (!isAllowed) throw invalidEbuild(ebuild, invalid);
    const message = `emerge masks ${ebuild.cpv}::${ebuild.repository.name} as invalid: ${invalid.join('; ')}`;
    warn({ file: tree.path(ebuild), line: 0, message });
  }

  /** emerge asks for other flags after it has chosen an ebuild, and takes no other for it (`depgraph._add_pkg`). */
  #checkRequiredUse(ebuild: Ebuild, use: ReadonlySet<string>): void {
    const { tree, visibility } = this.#configuration;
    const text = tree.metadata(ebuild).get('REQUIRED_USE') ?? '';
    // An invalid one cannot be asked.
    if (text === '' || visibility.invalidities(ebuild).length > 0) return;
    const unmet = unmetRequiredUse(text, {
      eapi: tree.metadata(ebuild).get('EAPI'),
      use,
      isValidFlag: this.#configuration.candidate(ebuild).hasFlag,
    });
    if (unmet.length > 0) throw unmetConstraints(ebuild, unmet, use);
  }

  #isCorrupt(ebuild: Ebuild): boolean {
    return this.#configuration.tree.corruption(ebuild) !== undefined;
  }

  #ebuildAt(path: string): Ebuild {
    // A path as it is on the host, or as it is inside the root.
    const { tree, files } = this.#configuration;
    const ebuild = tree.atPath(path) ?? (path.startsWith('/') ? tree.atPath(files.at(path)) : undefined);
    if (ebuild !== undefined) return ebuild;
    if (!existsSync(path) && !(path.startsWith('/') && existsSync(files.at(path))))
      throw new LvfsError('UNKNOWN_EBUILD', `'${path}' is not there`);
    throw new LvfsError('UNKNOWN_EBUILD', `'${path}' is not an ebuild of a configured repository`, {
      hint: 'ebuilds are category/name/name-version.ebuild below the location of a repository of repos.conf',
    });
  }

  /** The ebuild that the directory of a package stands for: the best visible one in it, else the highest that is valid. */
  #ebuildIn(directory: string): Ebuild {
    const { tree, repositories, visibility } = this.#configuration;
    const real = tree.resolve(directory);
    const repository = repositories.containing(real);
    const cp = packageDirectoryAt(real);
    const all =
      cp === undefined ? [] : tree.versions(cp).filter((ebuild) => ebuild.repository === repository);
    const found =
      all.findLast((ebuild) => visibility.isVisible(ebuild)) ??
      all.findLast((ebuild) => !this.#isCorrupt(ebuild) && visibility.invalidities(ebuild).length === 0) ??
      all.at(-1);
    if (found !== undefined) return found;
    throw new LvfsError('UNKNOWN_EBUILD', `'${directory}' is no directory with ebuilds in a repository`, {
      hint: 'ebuilds are category/name/name-version.ebuild below a directory with profiles/repo_name',
    });
  }

  #ofEbuild(ebuild: Ebuild, { test, allowInvalid, use: given }: TargetOptions): ResolvedTarget {
    const how = [
      test ? 'test' : '',
      allowInvalid ? 'invalid' : '',
      given === undefined ? '' : `use ${given.join(' ')}`,
    ].join('\0');
    const key = `${ebuild.cpv}::${ebuild.repository.name}\0${how}`;
    let target = this.#resolved.get(key);
    if (target === undefined) {
      const metadata = this.#configuration.tree.metadata(ebuild);
      const eapi = metadata.get('EAPI') ?? '0';
      if (!isSupportedEapi(eapi)) {
        throw new LvfsError(
          'UNSUPPORTED_EAPI',
          `${ebuild.cpv}::${ebuild.repository.name} has EAPI '${eapi}', which lvfs cannot read`,
        );
      }
      this.#checkValidity(ebuild, allowInvalid);
      const known = this.#configuration.useOf(ebuild, { test });
      const use = given === undefined ? known.enabled : new Set(given);
      this.#checkRequiredUse(ebuild, use);
      target = {
        cpv: ebuild.cpv,
        repository: ebuild.repository.name,
        slot: metadata.get('SLOT') ?? '0',
        eapi,
        use,
        dependencies: dependenciesFrom((variable) => metadata.get(variable) ?? ''),
        ebuild: {
          file: this.#configuration.tree.path(ebuild),
          repository: ebuild.repository.location,
          flags: this.#switchable(known, use),
          untested: known.untested,
        },
      };
      this.#resolved.set(key, target);
    }
    return target;
  }

  #switchable({ iuse, masked, forced }: EffectiveUse, use: ReadonlySet<string>): Record<string, boolean> {
    const expanded = (this.#configuration.get('USE_EXPAND') ?? '').split(/\s+/).filter((name) => name !== '');
    const prefixes = expanded.map((name) => `${name.toLowerCase()}_`);
    const own = [...iuse].filter(
      (flag) => !masked.has(flag) && !forced.has(flag) && !prefixes.some((prefix) => flag.startsWith(prefix)),
    );
    return Object.fromEntries(own.sort().map((flag) => [flag, use.has(flag)]));
  }
}

function invalidEbuild({ cpv, repository }: Ebuild, invalid: readonly string[]): LvfsError {
  return new LvfsError('INVALID_EBUILD', `${cpv}::${repository.name} is invalid: ${invalid.join('; ')}`, {
    details: { cpv, repository: repository.name, invalid },
  });
}

function unmetConstraints(
  { cpv, cp, repository }: Ebuild,
  unmet: readonly string[],
  use: ReadonlySet<string>,
): LvfsError {
  const flags = [...new Set(unmet.flatMap((text) => text.match(/[A-Za-z0-9][\w+@-]*/g) ?? []))];
  const shown = flags.map((flag) => (use.has(flag) ? flag : `-${flag}`)).join(' ');
  return new LvfsError(
    'REQUIRED_USE',
    `REQUIRED_USE of ${cpv}::${repository.name} is not satisfied: ${unmet.join(', ')} with USE="${shown}"`,
    {
      hint: `set the flags in /etc/portage/package.use (${cp} …), or for once with USE="…" lvfs`,
      details: { cpv, repository: repository.name, unmet },
    },
  );
}

/** An installed package as though it were to be built again, with the values recorded for it. */
function ofInstalled(installed: InstalledCandidate): ResolvedTarget {
  const { entry } = installed;
  const eapi = entry.value('EAPI');
  return {
    cpv: entry.parts.cpv,
    repository: installed.repo,
    slot: entry.value('SLOT'),
    eapi,
    use: eapiFeatures(eapi).iuseEffective
      ? installed.use
      : new Set([...installed.use].filter(installed.hasFlag)),
    dependencies: dependenciesFrom((variable) => entry.value(variable)),
  };
}

function dependenciesFrom(value: (variable: string) => string): Target['dependencies'] {
  return {
    DEPEND: value('DEPEND'),
    BDEPEND: value('BDEPEND'),
    RDEPEND: value('RDEPEND'),
    PDEPEND: value('PDEPEND'),
    IDEPEND: value('IDEPEND'),
  };
}

function notAnAtom(text: string, cause?: AtomError): LvfsError {
  return new LvfsError('INVALID_ATOM', `'${text}' is no package, set or ebuild file`, {
    exit: exitStatus.noPackage,
    hint: 'expected something like foo, category/foo, =category/foo-1.2, category/foo:slot, foo::repository, @set or path/foo-1.2.ebuild',
    cause,
  });
}
