/**
 * The profile: the stack of directories that `make.profile` and its parents make (PMS 5.1 and 5.2.1), with what
 * each of them allows. What their files say is read in `sources.ts`, `lists.ts` and `useSettings.ts`.
 */
import path from 'node:path';
import { LvfsError } from '../../base/index.js';
import type { AtomOptions } from '../atom.js';
import { isSupportedEapi } from '../eapi.js';
import { readLines, type Warn } from '../packageFiles.js';
import { allowsDirectories, profileAtoms, readEapiFile } from '../profileFiles.js';
import type { Repositories, Repository } from '../repos/repository.js';
import type { RootFiles } from '../rootFiles.js';

/** Parents that are reached by more paths than this are a damaged repository, not a profile. */
const MAX_NODES = 10_000;

/** One directory of the stack. */
export interface ProfileNode {
  /** Host path. */
  readonly directory: string;
  /** The repository that it lies in; undefined for a directory of the user's. */
  readonly repository: Repository | undefined;
  /** Whether this is `/etc/portage/profile`. */
  readonly isUser: boolean;
  /** Undefined only for the user's own node without an `eapi` file: there everything is allowed. */
  readonly eapi: string | undefined;
  /** The repository's `profile-formats`. */
  readonly formats: readonly string[];
  /** Whether files may be directories. */
  readonly allowsDirectories: boolean;
  /** Which atoms its files may have. */
  readonly atoms: AtomOptions;
  /** The names in the directory. */
  readonly names: ReadonlySet<string>;
}

function refuse(file: string, line: number, message: string): LvfsError {
  return new LvfsError('PROFILE', `${file}${line > 0 ? `:${line}` : ''}: ${message}`, {
    hint: 'choose a valid profile, for example with `eselect profile set`',
    details: { file, line },
  });
}

/** Reads the stack of one configuration. */
class StackReader {
  readonly nodes: ProfileNode[] = [];
  readonly #known = new Map<string, ProfileNode>();

  constructor(
    readonly files: RootFiles,
    readonly repositories: Repositories,
  ) {}

  /** Adds the parents of a directory and then itself. `chain` has the directories that led here. */
  add(directory: string, chain: readonly string[]): void {
    if (chain.includes(directory)) {
      throw refuse(`${chain.at(-1)}/parent`, 0, `'${directory}' is a parent of itself`);
    }
    if (this.nodes.length >= MAX_NODES)
      throw refuse(directory, 0, `more than ${MAX_NODES} profiles in the stack`);
    const node = this.#node(directory);
    if (node.names.has('parent')) {
      const file = path.posix.join(directory, 'parent');
      const parents = readLines(this.files, file, false);
      if (parents.length === 0) throw refuse(file, 0, 'found no parent, expected at least one');
      for (const { text, line } of parents) {
        const parent = this.#parent(node, text, file, line);
        if (this.files.kind(parent) === undefined) {
          throw refuse(file, line, `the parent '${text}' does not exist`);
        }
        this.add(parent, [...chain, directory]);
      }
    }
    this.nodes.push(node);
  }

  #node(directory: string): ProfileNode {
    const known = this.#known.get(directory);
    if (known !== undefined) return known;
    const repository = this.repositories.containing(directory);
    const names = new Set(this.files.list(directory) ?? []);
    let eapi = repository?.eapi ?? '0';
    if (names.has('eapi')) {
      const file = path.posix.join(directory, 'eapi');
      eapi = (this.files.readText(file) ?? '').split('\n')[0]?.trim() ?? '';
      if (!isSupportedEapi(eapi)) throw refuse(file, 1, `found '${eapi}', expected a supported EAPI`);
    }
    const formats = repository?.profileFormats ?? [];
    const node: ProfileNode = {
      directory,
      repository,
      isUser: false,
      eapi,
      formats,
      allowsDirectories: repository === undefined || allowsDirectories(eapi, formats),
      atoms: profileAtoms(eapi, formats),
      names,
    };
    this.#known.set(directory, node);
    return node;
  }

  /** `repo:path` and `:path` (`profile-formats = portage-2`), else relative to the directory, or absolute. */
  #parent(node: ProfileNode, text: string, file: string, line: number): string {
    const { repository, directory } = node;
    const colon = text.startsWith('/') ? -1 : text.indexOf(':');
    let parent: string;
    if (text.startsWith('/')) parent = this.files.at(text);
    else if (colon >= 0 && (repository === undefined || repository.profileFormats.includes('portage-2'))) {
      const target = colon === 0 ? repository : this.repositories.get(text.slice(0, colon));
      if (target === undefined) {
        throw refuse(file, line, `found '${text}', but there is no repository '${text.slice(0, colon)}'`);
      }
      parent = path.posix.join(target.location, 'profiles', text.slice(colon + 1));
    } else parent = path.posix.join(directory, text);
    if (text.startsWith('/') || repository === undefined || !parent.startsWith(repository.location)) {
      parent = this.files.resolve(parent);
    }
    return parent;
  }
}

/** Where the profile and the user's additions to it are. */
export interface ProfileLocations {
  /** `<configRoot>/etc`, a host path. */
  etc: string;
}

/**
 * The stack: the parents of `make.profile` first, each in the order in which it is reached (a node that is reached
 * twice is there twice), then `make.profile` itself and the user's `/etc/portage/profile`.
 *
 * @throws LvfsError `PROFILE` with file and line where Portage calls the profile invalid; `NO_PROFILE` when there is
 *   none.
 */
export function readProfileStack(
  files: RootFiles,
  { etc }: ProfileLocations,
  repositories: Repositories,
  warn: Warn,
): readonly ProfileNode[] {
  const link = ['portage/make.profile', 'make.profile']
    .map((name) => path.posix.join(etc, name))
    .find((name) => files.kind(name) === 'directory');
  if (link === undefined && files.kind(path.posix.join(etc, 'portage')) === undefined) {
    throw new LvfsError('NO_PROFILE', `'${etc}/portage' is not there: this is no Gentoo system`, {
      hint: '--root DIR names one',
    });
  }
  if (link === undefined) {
    throw new LvfsError('NO_PROFILE', `'${etc}/portage/make.profile' is not a directory or a link to one`, {
      hint: 'choose a profile, for example with `eselect profile set`',
    });
  }
  const reader = new StackReader(files, repositories);
  const top = files.resolve(link);
  reader.add(top, []);
  if (reader.nodes.at(-1)?.names.has('deprecated') === true) {
    const file = path.posix.join(top, 'deprecated');
    const instead = (files.readText(file) ?? '').split('\n')[0] ?? '';
    warn({ file, line: 1, message: `the profile is deprecated, use '${instead}'` });
  }
  const user = path.posix.join(etc, 'portage/profile');
  if (files.kind(user) !== undefined) {
    const eapi = readEapiFile(files, user, warn);
    const formats = ['profile-bashrcs', 'profile-set'];
    reader.nodes.push({
      directory: user,
      repository: undefined,
      isUser: true,
      eapi,
      formats,
      allowsDirectories: true,
      atoms: { ...profileAtoms(eapi, formats), allowBuildId: true },
      names: new Set(files.list(user) ?? []),
    });
  }
  return reader.nodes;
}
