/** package.mask and package.unmask of profiles, repositories and the user (portage(5), PMS 5.2.7). */
import path from 'node:path';
import type { Atom } from '../atom.js';
import type { Candidate } from '../match.js';
import { AtomTable, type Line, readLines, type Warn } from '../packageFiles.js';
import { profileAtoms } from '../profileFiles.js';
import type { Repositories, Repository } from '../repos/repository.js';
import type { Places } from './places.js';
import type { ProfileNode } from './profile.js';

/** What decides where these files are. */
export interface MaskParts {
  readonly places: Places;
  readonly repositories: Repositories;
  readonly profile: readonly ProfileNode[];
  readonly warn: Warn;
}

/** A line of package.mask and the like; `repo` is what it is restricted to beyond what it says itself. */
interface MaskLine extends Line {
  readonly repo?: string;
}

/** The text with its repository, in front of its USE dependencies. */
function withRepository({ text, repo }: MaskLine): string {
  if (repo === undefined || text.includes('::')) return text;
  const bracket = text.indexOf('[');
  return bracket < 0 ? `${text}::${repo}` : `${text.slice(0, bracket)}::${repo}${text.slice(bracket)}`;
}

/** Stacks lines of masks; `-atom` removes by the whole text, and with `anyRepository` whatever its repository. */
function stackMasks(lists: readonly (readonly MaskLine[])[], anyRepository: boolean): MaskLine[] {
  const result = new Map<string, MaskLine>();
  for (const list of lists) {
    for (const line of list) {
      const { text } = line;
      if (!text.startsWith('-')) result.set(withRepository(line), line);
      else if (!anyRepository || text.includes('::')) result.delete(text.slice(1));
      else {
        const removed = text.slice(1);
        for (const [key, { text: other }] of result)
          if (other.replace(/::[^[]*/, '') === removed) result.delete(key);
      }
    }
  }
  return [...result.values()];
}

/** Reads the files once. */
class MaskReader {
  readonly #parts: MaskParts;
  readonly #repositoryMasks = new Map<Repository, readonly MaskLine[]>();

  constructor(parts: MaskParts) {
    this.#parts = parts;
  }

  read(): { masks: AtomTable<never>; unmasks: AtomTable<never> } {
    const { profile } = this.#parts;
    const { userConfig } = this.#parts.places;
    const repositories = this.#parts.repositories.withProfiles();
    const ofRepositories = repositories.map((repository) => this.#ofRepository(repository));
    const repositoryUnmasks = repositories
      .filter((repository) => repository.allowsDirectories)
      .map((repository) =>
        stackMasks(
          [this.#lines(path.posix.join(repository.location, 'profiles/package.unmask'), true)],
          false,
        ).map((line) => ({ ...line, repo: repository.name })),
      );
    const ofProfile = (name: string): MaskLine[] =>
      stackMasks(
        profile.map((node) =>
          node.names.has(name) && (name === 'package.mask' || node.allowsDirectories)
            ? this.#lines(path.posix.join(node.directory, name), node.allowsDirectories)
            : [],
        ),
        false,
      );
    const ofUser = (name: string): readonly MaskLine[] =>
      this.#lines(path.posix.join(userConfig, name), true);
    return {
      masks: this.#table(
        stackMasks([ofRepositories.flat(), ofProfile('package.mask'), ofUser('package.mask')], true),
      ),
      unmasks: this.#table(
        stackMasks([repositoryUnmasks.flat(), ofProfile('package.unmask'), ofUser('package.unmask')], true),
      ),
    };
  }

  #lines(file: string, recursive: boolean): readonly MaskLine[] {
    return readLines(this.#parts.places.files, file, recursive).filter(({ text, file: from, line }) => {
      if (text !== '-*') return true;
      this.#parts.warn({ file: from, line, message: `found '-*', expected an atom; the line is ignored` });
      return false;
    });
  }

  #repositoryMask(repository: Repository): readonly MaskLine[] {
    let lines = this.#repositoryMasks.get(repository);
    if (lines === undefined) {
      const file = path.posix.join(repository.location, 'profiles/package.mask');
      lines = this.#lines(file, repository.allowsDirectories);
      this.#repositoryMasks.set(repository, lines);
    }
    return lines;
  }

  /** A repository takes over its masters' masks, less what it takes back; all of it counts for itself only. */
  #ofRepository(repository: Repository): MaskLine[] {
    const own = this.#repositoryMask(repository);
    const lists =
      repository.masters.length > 0
        ? repository.masters.map((master) => stackMasks([this.#repositoryMask(master), own], false))
        : [stackMasks([own], false)];
    return stackMasks(lists, false).map((line) => ({ ...line, repo: repository.name }));
  }

  /** Which atoms a file may have depends on where it is, which is why every line is checked where it was found. */
  #table(lines: readonly MaskLine[]): AtomTable<never> {
    const { places, profile, repositories, warn } = this.#parts;
    const { userConfig } = places;
    const table = new AtomTable<never>({
      allowUse: true,
      warn,
      optionsFor: (file) => {
        const directory = path.posix.dirname(file);
        const node = profile.find(
          (own) => file.startsWith(`${own.directory}/`) && directory === own.directory,
        );
        if (node !== undefined) return node.atoms;
        if (file.startsWith(`${userConfig}/package.`)) {
          return { allowWildcard: true, allowRepo: true, allowBuildId: true };
        }
        const inside = profile.find((own) => file.startsWith(`${own.directory}/package.`));
        if (inside !== undefined) return inside.atoms;
        const repository = repositories.containing(file);
        if (repository === undefined) return {};
        const eapi = repository.profilesEapi ?? repository.eapi;
        return { ...profileAtoms(repository.eapi, repository.profileFormats), eapi };
      },
    });
    for (const line of lines) {
      table.add(withRepository(line), [], line.file, line.line, line.text);
    }
    return table;
  }
}

/** What is masked. */
export class Masks {
  readonly #masks: AtomTable<never>;
  readonly #unmasks: AtomTable<never>;

  constructor(parts: MaskParts) {
    const { masks, unmasks } = new MaskReader(parts).read();
    this.#masks = masks;
    this.#unmasks = unmasks;
  }

  /** The line of package.mask that masks a package, when no package.unmask takes that back. */
  by(candidate: Candidate): { atom: Atom; file: string; line: number } | undefined {
    const [mask] = this.#masks.matches(candidate);
    if (mask === undefined || this.#unmasks.matches(candidate).length > 0) return undefined;
    return mask;
  }
}
