/**
 * Package sets (`@name`): which there are, in Portage's own sets.conf, those of the repositories and the user's, and the atoms of each
 * (`portage._sets`; portage(5), "sets.conf"; emerge(1), "SETS").
 */
import path from 'node:path';
import { LvfsError, nearest } from '../base/index.js';
import { type Atom, tryParseAtom } from './atom.js';
import type { Configuration } from './config/configuration.js';
import { IniProblem, IniReader, type Section } from './ini.js';
import type { InstalledPackages } from './installed.js';
import { SetClasses, type Members } from './setClasses.js';
import { SetProblem } from './setProblem.js';

/** Portage's own sets/portage.conf, for a root without one. */
const builtinConf = `
[world]
class = DummyPackageSet
packages = @profile @selected @system
[profile]
class = ProfilePackageSet
[selected]
class = WorldSelectedSet
[selected-packages]
class = WorldSelectedPackagesSet
[selected-sets]
class = WorldSelectedSetsSet
[system]
class = PackagesSystemSet
[security]
class = NewAffectedSet
[installed]
class = EverythingSet
[usersets]
class = StaticFileSet
multiset = true
directory = %(PORTAGE_CONFIGROOT)setc/portage/sets
[preserved-rebuild]
class = PreservedLibraryConsumerSet
[live-rebuild]
class = VariableSet
variable = PROPERTIES
includes = live
[deprecated-live-rebuild]
class = VariableSet
variable = INHERITED
includes = bzr cvs darcs git-2 git-r3 golang-vcs mercurial subversion
[module-rebuild]
class = OwnerSet
files = /lib/modules
exclude-files = /usr/src/linux*
[x11-module-rebuild]
class = OwnerSet
files = /usr/lib*/xorg/modules
exclude-files = /usr/bin/Xorg
[rebuilt-binaries]
class = RebuiltBinaries
[changed-subslot]
class = SubslotChangedSet
[downgrade]
class = DowngradeSet
[unavailable]
class = UnavailableSet
[changed-deps]
class = ChangedDepsSet
[golang-rebuild]
class = VariableSet
variable = BDEPEND
includes = dev-lang/go
excludes_output = dev-lang/go dev-lang/go-bootstrap
[rust-rebuild]
class = VariableSet
variable = BDEPEND
includes = dev-lang/rust dev-lang/rust-bin
excludes_output = dev-lang/rust dev-lang/rust-bin
`;

/** The sets of one system. */
export class PackageSets {
  readonly #config: Configuration;
  readonly #classes: SetClasses;
  #all: ReadonlyMap<string, Members> | undefined;

  constructor(configuration: Configuration, installed: InstalledPackages) {
    this.#config = configuration;
    this.#classes = new SetClasses(configuration, installed);
  }

  /** The names of all sets, without `@`, sorted. */
  get names(): readonly string[] {
    return [...this.#sets.keys()].sort();
  }

  /**
   * The atoms of a set, with sets in it replaced by their atoms, each once.
   *
   * @throws LvfsError `UNKNOWN_SET`, which lists the known ones; `UNSUPPORTED_SET` for one that takes a network or a command; both exit 20.
   */
  atoms(name: string): readonly Atom[] {
    const atoms = new Map<string, Atom>();
    const seen = new Set<string>();
    const add = (wanted: string, from: string): void => {
      if (seen.has(wanted)) return;
      seen.add(wanted);
      const members = this.#sets.get(wanted);
      if (members === undefined) throw this.#unknown(wanted, from);
      for (const { text, file, line } of members()) {
        if (text.startsWith('@')) {
          add(text.slice(1), file === '' ? '' : `${file}:${line}`);
          continue;
        }
        // A set asks for packages; a blocker is no such wish.
        const atom = tryParseAtom(text, { allowRepo: true });
        if (atom !== undefined && atom.blocker === undefined) atoms.set(text, atom);
        else {
          this.#config.warn({
            file,
            line,
            message: `found '${text}', expected an atom or a @set; the line is ignored`,
          });
        }
      }
    };
    add(name, '');
    return [...atoms.values()];
  }

  #unknown(name: string, from: string): LvfsError {
    return new LvfsError('UNKNOWN_SET', `there is no set '@${name}'${from === '' ? '' : ` (from ${from})`}`, {
      hint: unknownSetHint(name, this.names),
      details: { set: name, known: this.names },
    });
  }

  get #sets(): ReadonlyMap<string, Members> {
    if (this.#all !== undefined) return this.#all;
    const all = new Map<string, Members>();
    for (const section of this.#sections()) {
      try {
        for (const [name, members] of this.#classes.make(section)) all.set(name, members);
      } catch (error) {
        if (!(error instanceof SetProblem)) throw error;
        const { file, line, name } = section;
        this.#config.warn({ file, line, message: `[${name}] ${error.message}; there is no such set` });
      }
    }
    return (this.#all = all);
  }

  #sections(): readonly Section[] {
    const { files, repositories } = this.#config;
    const { globalConfig, userConfig, variables } = this.#config.places;
    const reader = new IniReader(variables);
    const own = path.posix.join(globalConfig, 'sets');
    if (files.kind(own) === undefined) reader.read(builtinConf, '');
    const places = [
      own,
      ...[...repositories].map(({ location }) => path.posix.join(location, 'sets.conf')),
      path.posix.join(userConfig, 'sets.conf'),
    ];
    try {
      for (const file of places.flatMap((place) => files.expand(place))) {
        reader.read(files.readText(file) ?? '', file);
      }
      return reader.sections();
    } catch (error) {
      if (!(error instanceof IniProblem)) throw error;
      throw new LvfsError('SETS_CONF', `${error.file}:${error.line}: ${error.message}`, {
        details: { file: error.file, line: error.line },
        cause: error,
      });
    }
  }
}

function unknownSetHint(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  const list = `there are: ${known.map((one) => `@${one}`).join(' ')}`;
  return meant === undefined ? list : `did you mean @${meant}? ${list.replace('t', 'T')}`;
}
