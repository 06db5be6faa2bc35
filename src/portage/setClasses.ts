/**
 * The classes of package sets (`portage._sets`; portage(5), "sets.conf"): what a section of sets.conf makes. Each that needs nothing but
 * the system itself is here.
 */
import path from 'node:path';
import { isRecord, LvfsError, parseJson } from '../base/index.js';
import { type Atom, parseAtom, tryParseAtom } from './atom.js';
import type { Configuration } from './config/configuration.js';
import { scanContents } from './contents.js';
import { DependError, printReduced, type Reduced, useReduce, useReduceFlat } from './depend.js';
import type { Section } from './ini.js';
import type { InstalledCandidate, InstalledPackages } from './installed.js';
import { matchesGlob } from './match.js';
import { moved } from './moves.js';
import { readLines, type Line, words } from './packageFiles.js';
import type { Ebuild } from './repos/repository.js';
import { dateOf } from './setDates.js';
import { SetProblem } from './setProblem.js';
import { compareVersions } from './version.js';

/** A member of a set: an atom or, with `@`, another set. */
export interface Member {
  readonly text: string;
  /** Where it was found; empty when no file lists it. */
  readonly file: string;
  readonly line: number;
}

/** The members of a set, found when they are asked for. */
export type Members = () => readonly Member[];

/** Makes sets. */
export class SetClasses {
  readonly #config: Configuration;
  readonly #installed: InstalledPackages;
  /** By class, how a section makes one set; undefined: it cannot be made here. */
  readonly #makers: ReadonlyMap<string, (section: Section) => Members | undefined> = new Map(
    Object.entries<(section: Section) => Members | undefined>({
      DummyPackageSet:
        ({ options }) =>
        () =>
          plain(words(options.get('packages'))),
      StaticFileSet: (section) => {
        const file = this.#place(required(section, 'filename'));
        const greedy = isTrue(section, 'greedy', false);
        return () => this.#listed(file, greedy);
      },
      ConfigFileSet: (section) => {
        const file = this.#place(required(section, 'filename'));
        // What names a repository or has wildcards is not for a set.
        return () => this.#listed(file, false).filter(({ text }) => tryParseAtom(text, { allowRepo: false }));
      },
      ProfilePackageSet: () => () => plain(this.#config.profilePackages),
      PackagesSystemSet: () => () => plain(this.#config.system),
      WorldSelectedPackagesSet: () => () => this.#world('world', false),
      WorldSelectedSetsSet: () => () => this.#world('world_sets', true),
      WorldSelectedSet: () => () => [...this.#world('world', false), ...this.#world('world_sets', true)],
      EverythingSet: () => () => this.#where(() => true),
      VariableSet: (section) => this.#variable(required(section, 'variable'), section),
      CategorySet: (section) => this.#category(required(section, 'category'), section),
      OwnerSet: (section) => () =>
        this.#owners(words(required(section, 'files')), words(section.options.get('exclude-files'))),
      UnavailableSet: () => () => this.#where((candidate) => this.#bestVisible(candidate) === undefined),
      DowngradeSet: () => () => this.#where((candidate) => this.#isDowngraded(candidate)),
      SubslotChangedSet: () => () => this.#where((candidate) => this.#hasOtherSubslot(candidate)),
      ChangedDepsSet: () => () => this.#changedDependencies(),
      AgeSet: (section) => {
        const age = Number(section.options.get('age') ?? '7');
        if (!Number.isInteger(age)) throw new SetProblem("'age' is not an integer");
        return this.#byTime(section, () => Date.now() / 1000 - age * 24 * 3600);
      },
      DateSet: (section) => {
        const time = dateOf(section.options, {
          builtAt: (atom) => this.#builtAt(atom),
          changedAt: (place) => this.#config.files.mtimeSeconds(this.#place(place)),
        });
        return this.#byTime(section, () => time);
      },
      RebuiltBinaries: () => () => this.#rebuiltBinaries(),
      PreservedLibraryConsumerSet: () => () => this.#preservedConsumers(),
      NewAffectedSet: () => this.#affected(),
      AffectedSet: () => this.#affected(),
      NewGlsaSet: () => this.#affected(),
      SecuritySet: () => this.#affected(),
    }),
  );

  constructor(configuration: Configuration, installed: InstalledPackages) {
    this.#config = configuration;
    this.#installed = installed;
  }

  /**
   * The sets that a section makes: one of its own name, or as a `multiset` several.
   *
   * @throws SetProblem for a section that makes none
   */
  make(section: Section): Iterable<[string, Members]> {
    const { options } = section;
    const className = (options.get('class') ?? 'StaticFileSet').split('.').at(-1) ?? '';
    if (isTrue(section, 'multiset', false)) return this.#buildSeveral(className, section);
    return [[options.get('name') ?? section.name, this.#buildOne(className, section)]];
  }

  #buildSeveral(className: string, section: Section): Iterable<[string, Members]> {
    const { options } = section;
    const named = (pattern: string, variable: string, name: string): string => {
      if (!pattern.includes(`$${variable}`) && !pattern.includes(`\${${variable}}`)) {
        throw new SetProblem(`name_pattern has no \${${variable}}`);
      }
      return pattern.replaceAll(`$${variable}`, name).replaceAll(`\${${variable}}`, name);
    };
    switch (className) {
      case 'StaticFileSet': {
        const directory = this.#place(options.get('directory') ?? this.#userDirectory('sets'));
        const greedy = isTrue(section, 'greedy', false);
        const { files } = this.#config;
        if (files.kind(directory) !== 'directory') return [];
        return files
          .expand(directory)
          .filter((file) => !file.endsWith('.metadata'))
          .map((file) => [
            named(options.get('name_pattern') ?? '${name}', 'name', file.slice(directory.length + 1)),
            () => this.#listed(file, greedy),
          ]);
      }
      case 'ConfigFileSet': {
        const directory = this.#place(options.get('directory') ?? this.#userDirectory(''));
        return ['keywords', 'use', 'mask', 'unmask'].map((suffix) => [
          named(options.get('name_pattern') ?? 'sets/package_$suffix', 'suffix', suffix),
          () => this.#listed(path.posix.join(directory, `package.${suffix}`), false),
        ]);
      }
      case 'CategorySet': {
        const categories = words(options.get('categories') ?? [...this.#config.categories].join(' '));
        return categories.map((category) => [
          named(options.get('name_pattern') ?? '$category/*', 'category', category),
          this.#category(category, section),
        ]);
      }
    }
    throw new SetProblem(`class '${className}' makes no several sets`);
  }

  #buildOne(className: string, section: Section): Members {
    const members = this.#makers.get(className)?.(section);
    if (members !== undefined) return members;
    return () => {
      throw new LvfsError('UNSUPPORTED_SET', `lvfs cannot make the set '@${section.name}' (${className})`, {
        details: { set: section.name, class: className },
      });
    };
  }

  #userDirectory(name: string): string {
    return `${this.#config.places.variables.get('portage_configroot') ?? '/'}etc/portage/${name}`;
  }

  /** The host path of a path in sets.conf, which may begin in a repository: `${repository:NAME}/…`. */
  #place(text: string): string {
    const [, before = '', name, after = ''] = /^(.*)\$\{repository:(.+?)\}(.*)$/s.exec(text) ?? [];
    if (name === undefined) return this.#config.places.hostPath(text).replace(/\/+$/, '');
    const repository = this.#config.repositories.get(name);
    if (repository === undefined) throw new SetProblem(`there is no repository '${name}'`);
    // The location is a host path already.
    return path.posix.join(before, repository.location, after).replace(/\/+$/, '');
  }

  /** The members that a file lists: the first word of each line (`ItemFileLoader`). */
  #listed(file: string, greedy: boolean): readonly Member[] {
    const { files } = this.#config;
    const members = files.kind(file) === undefined ? [] : readLines(files, file, true).map(firstWord);
    if (!greedy) return members;
    return members.flatMap((member) => {
      const atom = member.text.startsWith('@') ? undefined : tryParseAtom(member.text, { allowRepo: true });
      const slots = atom === undefined ? [] : this.#installed.match(atom).map(slotAtom);
      return [...slots.map((text) => ({ ...member, text })), member];
    });
  }

  /** A file of what the user selected; it has either atoms or sets. */
  #world(name: string, ofSets: boolean): readonly Member[] {
    const file = path.posix.join(this.#config.places.stateDirectory, name);
    const { files } = this.#config;
    if (files.kind(file) !== 'file') return [];
    return readLines(files, file, false)
      .map(firstWord)
      .filter(({ text }) => text.startsWith('@') === ofSets)
      .map((member) => ({ ...member, text: this.#moved(member.text) }));
  }

  /** What a selected package is called now, if the one that is installed came from the repository that moved it. */
  #moved(text: string): string {
    const { moves } = this.#config;
    let result = text;
    for (const list of moves.lists()) {
      const renamed = moved(result, list);
      const atom = renamed === result ? undefined : tryParseAtom(renamed, { allowRepo: true });
      const best = atom && this.#installed.best(atom);
      if (best !== undefined && moves.of(best.repo) === list) result = renamed;
    }
    return result;
  }

  /** Every installed slot of which the highest version fulfils a condition. */
  #where(holds: (candidate: InstalledCandidate) => boolean): readonly Member[] {
    const names = [...this.#installed.database.names()].sort();
    return plain(
      names
        .flatMap((cp) => this.#installed.versionsOf(cp))
        .filter(holds)
        .map(slotAtom),
    );
  }

  /** The best visible ebuild of an installed package's slot. */
  #bestVisible(candidate: InstalledCandidate): Ebuild | undefined {
    return this.#config.visibility.best(parseAtom(slotAtom(candidate)));
  }

  #isDowngraded(candidate: InstalledCandidate): boolean {
    const best = this.#bestVisible(candidate);
    return best !== undefined && (compareVersions(candidate.package.version, best.version) ?? 0) > 0;
  }

  #hasOtherSubslot(candidate: InstalledCandidate): boolean {
    const best = this.#bestVisible(candidate);
    return best !== undefined && this.#config.candidate(best).subslot !== candidate.subslot;
  }

  /** Without advisories nothing is affected. */
  #affected(): Members | undefined {
    return this.#hasAdvisories() ? undefined : () => [];
  }

  #variable(variable: string, section: Section): Members {
    const { options } = section;
    const list = (option: string): ReadonlySet<string> => new Set(words(options.get(option)));
    const [includes, excludes, excludesOutput] = [
      list('includes'),
      list('excludes'),
      list('excludes_output'),
    ] as const;
    if (includes.size + excludes.size === 0) throw new SetProblem('neither includes nor excludes');
    const source = options.get('metadata-source') ?? 'vartree';
    if (source !== 'vartree' && source !== 'porttree') throw new SetProblem(`metadata-source: '${source}'`);
    const valueOf = (candidate: InstalledCandidate): string | undefined => {
      if (source === 'vartree') return candidate.entry.value(variable);
      const ebuild = this.#bestVisible(candidate);
      return ebuild && (this.#config.tree.metadata(ebuild).get(variable) ?? '');
    };
    const named = (cp: string, atoms: ReadonlySet<string>): boolean =>
      [...atoms].some((text) => tryParseAtom(text)?.cp === cp);
    return () =>
      this.#where((candidate) => {
        const value = valueOf(candidate);
        if (value === undefined) return false;
        if (!variable.includes('DEPEND')) {
          const found = words(value);
          const has = (wanted: ReadonlySet<string>): boolean => found.some((word) => wanted.has(word));
          return (includes.size === 0 || has(includes)) && !has(excludes);
        }
        if (named(candidate.package.cp, excludesOutput)) return false;
        for (const atom of atomsIn(value)) {
          if (named(atom.cp, excludes)) return false;
          if (named(atom.cp, includes)) return true;
        }
        return false;
      });
  }

  #category(category: string, section: Section): Members {
    if (!this.#config.categories.has(category)) throw new SetProblem(`there is no category '${category}'`);
    const source = section.options.get('repository') ?? 'porttree';
    if (source !== 'vartree' && source !== 'porttree') throw new SetProblem(`repository: '${source}'`);
    const onlyVisible = isTrue(section, 'only_visible', true);
    return () => {
      const { tree } = this.#config;
      if (source === 'vartree') {
        return plain([...this.#installed.database.names()].filter((cp) => cp.startsWith(`${category}/`)));
      }
      const names = tree.packagesIn(category);
      return plain(
        onlyVisible ? names.filter((cp) => this.#config.visibility.best(parseAtom(cp)) !== undefined) : names,
      );
    };
  }

  /** When the lowest version that an atom matches was built, in seconds. */
  #builtAt(text: string): number | undefined {
    const atom = tryParseAtom(text, { allowRepo: true });
    const value = (atom && this.#installed.match(atom)[0]?.entry.value('BUILD_TIME')) ?? '';
    return /^\d+$/.test(value) ? Number(value) : undefined;
  }

  #byTime(section: Section, bound: () => number): Members {
    const mode = (section.options.get('mode') ?? 'older').toLowerCase();
    if (mode !== 'older' && mode !== 'newer') throw new SetProblem(`mode: '${mode}'`);
    return () => {
      const limit = bound();
      return this.#where((candidate) => {
        const time = Number.parseInt(candidate.entry.value('BUILD_TIME'), 10);
        if (Number.isNaN(time)) return mode === 'older';
        return mode === 'older' ? time < limit : time > limit;
      });
    };
  }

  /** The packages that own paths or something below them, less those that own excluded ones. */
  #owners(globs: readonly string[], excluded: readonly string[]): readonly Member[] {
    const { files } = this.#config;
    const expand = (patterns: readonly string[]): readonly string[] =>
      patterns
        .flatMap((pattern) => this.#glob(pattern))
        .flatMap((found) => [found, files.inside(files.at(found))]);
    const wanted = new Set(expand(globs));
    const unwanted = new Set(expand(excluded));
    if (wanted.size === 0) return [];
    return this.#where((candidate) => {
      const owned = this.#owned(candidate);
      const owns = (paths: ReadonlySet<string>): boolean => [...paths].some((found) => owned.has(found));
      return owns(wanted) && !owns(unwanted);
    });
  }

  /** Paths below a root that match a glob, as paths inside it. */
  #glob(pattern: string): readonly string[] {
    const { files } = this.#config;
    let found = [''];
    for (const part of pattern.split('/').filter((name) => name !== '')) {
      found = found.flatMap((directory) => {
        if (!part.includes('*')) return [`${directory}/${part}`];
        const names = files.list(files.at(directory === '' ? '/' : directory)) ?? [];
        return names
          .filter((name) => !name.startsWith('.') && matchesGlob(part, name))
          .map((name) => `${directory}/${name}`);
      });
    }
    return found.filter((name) => files.kind(files.at(name)) !== undefined);
  }

  /** All that CONTENTS of a package lists, and the directories that it is in. */
  #owned({ entry }: InstalledCandidate): ReadonlySet<string> {
    const owned = new Set<string>();
    const data = this.#config.files.readBytes(path.posix.join(entry.directory, 'CONTENTS'));
    if (data === undefined) return owned;
    scanContents(data, {
      entry({ bytes, start, end }) {
        let name = Buffer.from(bytes.subarray(start, end)).toString();
        while (name !== '' && !owned.has(name)) {
          owned.add(name);
          name = name.slice(0, name.lastIndexOf('/'));
        }
      },
      problem: () => undefined,
    });
    return owned;
  }

  #changedDependencies(): readonly Member[] {
    const { tree } = this.#config;
    const texts: string[] = [];
    for (const { entry, parts, cpv } of this.#installed.database.packages.map((entry) => ({
      entry,
      parts: entry.parts,
      cpv: entry.parts.cpv,
    }))) {
      const ebuild = tree.versions(parts.cp).findLast((other) => other.cpv === cpv);
      if (ebuild === undefined || tree.corruption(ebuild) !== undefined) continue;
      const metadata = tree.metadata(ebuild);
      const use = new Set(entry.words('USE'));
      const differs = ['RDEPEND', 'PDEPEND'].some((variable) => {
        const recorded = withoutSlots(entry.value(variable), use, entry.value('EAPI'));
        return recorded !== withoutSlots(metadata.get(variable) ?? '', use, metadata.get('EAPI') ?? '0');
      });
      if (differs) texts.push(`=${cpv}`);
    }
    return plain(texts);
  }

  /** The packages of which the binary package is of another build; PKGDIR's index says when each was made. */
  #rebuiltBinaries(): readonly Member[] {
    const directory = this.#config.get('PKGDIR');
    const text =
      directory === undefined
        ? undefined
        : this.#config.files.readText(this.#config.files.at(`${directory}/Packages`));
    const times = new Map<string, string>();
    for (const entry of (text ?? '').split('\n\n')) {
      const cpv = /^CPV: *(.+)$/m.exec(entry)?.[1];
      const time = /^BUILD_TIME: *(\d+)$/m.exec(entry)?.[1];
      if (cpv !== undefined && time !== undefined) times.set(cpv, time);
    }
    return this.#where(({ entry, package: { cpv } }) => {
      const time = times.get(cpv);
      return time !== undefined && time !== entry.value('BUILD_TIME');
    });
  }

  /** The packages whose files need a library that was preserved when its package went. */
  #preservedConsumers(): readonly Member[] {
    const text = this.#config.files.readText(
      path.posix.join(this.#config.places.stateDirectory, 'preserved_libs_registry'),
    );
    const preserved = new Set(preservedPaths(text));
    if (preserved.size === 0) return [];
    const sonames = new Set([...preserved].map((name) => path.posix.basename(name)));
    return this.#where(({ entry }) => {
      const needed = this.#config.files.readText(path.posix.join(entry.directory, 'NEEDED.ELF.2')) ?? '';
      return needed.split('\n').some((line) => {
        const [, file = '', , , needs = ''] = line.split(';');
        return !preserved.has(file) && needs.split(',').some((soname) => sonames.has(soname));
      });
    });
  }

  #hasAdvisories(): boolean {
    const { main } = this.#config.repositories;
    if (main === undefined) return false;
    const names = this.#config.files.list(path.posix.join(main.location, 'metadata/glsa')) ?? [];
    return names.some((name) => /^glsa-.*\.xml$/.test(name));
  }
}

function slotAtom(candidate: InstalledCandidate): string {
  return `${candidate.package.cp}:${candidate.slot}`;
}

function plain(texts: readonly string[]): readonly Member[] {
  return [...new Set(texts)].map((text) => ({ text, file: '', line: 0 }));
}

function firstWord({ text, file, line }: Line): Member {
  return { text: text.split(' ')[0] ?? '', file, line };
}

function required({ options }: Section, option: string): string {
  const value = options.get(option);
  if (value === undefined || value === '') throw new SetProblem(`'${option}' is missing`);
  return value;
}

/** A boolean option, as `ConfigParser.getboolean` reads it. */
function isTrue({ options }: Section, option: string, fallback: boolean): boolean {
  const value = options.get(option)?.toLowerCase();
  if (value === undefined) return fallback;
  if (['1', 'yes', 'true', 'on'].includes(value)) return true;
  if (['0', 'no', 'false', 'off'].includes(value)) return false;
  throw new SetProblem(`${option}: '${value}' is neither true nor false`);
}

function atomsIn(text: string): readonly Atom[] {
  try {
    return useReduceFlat(text, { use: new Set() }).filter((token): token is Atom => token !== '||');
  } catch (error) {
    if (error instanceof DependError) return [];
    throw error;
  }
}

/** Dependencies in a form in which a slot that was filled in when the package was built makes no difference (`strip_slots`). */
function withoutSlots(text: string, use: ReadonlySet<string>, eapi: string): string {
  const strip = (item: Reduced): Reduced => {
    if ('anyOf' in item) return { anyOf: item.anyOf.map(strip) };
    if (!('text' in item)) return item.map(strip);
    return { ...item, text: item.slotOperator === '=' ? item.text.replace(/:[^[\]:]*=/, ':=') : item.text };
  };
  try {
    return printReduced(useReduce(text, { use, eapi }).map(strip));
  } catch (error) {
    if (error instanceof DependError) return text;
    throw error;
  }
}

/** The paths of preserved libraries; none of a registry of another form. */
function preservedPaths(text: string | undefined): readonly string[] {
  return Object.values(parseJson(text ?? '{}', isRecord) ?? {}).flatMap((value) => {
    const paths: unknown = Array.isArray(value) ? value[2] : undefined;
    return Array.isArray(paths) ? paths.filter((name): name is string => typeof name === 'string') : [];
  });
}
