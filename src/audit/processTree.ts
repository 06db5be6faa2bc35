/**
 * Whose business an access is: the target's, or that of an installed tool that does it of its own accord. Told from the tree of
 * processes and from who owns the programs and scripts that they run.
 */
import { baseName, type PackageId } from '../base/index.js';
import type { ProcessRecord } from './events.js';

/** What a process is about. */
export type Role =
  /** It runs what the target brings along: a script of its sources, a program that it has built. */
  | { readonly kind: 'target' }
  /** Portage's process for a phase: it runs the functions of the ebuild. */
  | { readonly kind: 'phase' }
  /** Portage's own helpers and checks. */
  | { readonly kind: 'portage' }
  /** It runs words of its parent (`sh -c`), or cannot be seen. */
  | { readonly kind: 'told' }
  /** An installed program. A *driver* does what files of the target tell it. */
  | { readonly kind: 'tool'; readonly packages: readonly PackageId[]; readonly driver: boolean };

/** Who is behind an access. */
export interface Actor {
  /** Where the instructions come from: the target (or who cannot be seen), or Portage itself. */
  readonly by: 'target' | 'portage';
  /** Packages of the programs between these instructions and the access, the nearest first. */
  readonly tools: readonly PackageId[];
  /** Of these the packages that answer for it: those of the tools that follow their own instructions, and of the process itself. */
  readonly answerable: readonly PackageId[];
  /** A tool did it that follows its own instructions. */
  readonly ownAccord: boolean;
}

/** Programs that run a file, by their name without directory. */
const interpreters =
  /^(?:sh|[bd]?ash|bash|ksh|mksh|zsh|busybox|python[\d.]*|pypy[\d.]*|perl[\d.]*|ruby[\d.]*|node|nodejs|lua(?:jit)?[\d.]*|tclsh[\d.]*|wish[\d.]*|guile[\d.]*|php[\d.]*|Rscript|gjs|escript)$/;

/** Programs whose instructions are files of the target, or words on their command line. */
const drivers = new Set([
  ...['make', 'gmake', 'bmake', 'pmake', 'ninja', 'samu', 'meson', 'cmake', 'ctest', 'cpack', 'scons', 'waf'],
  ...['qmake', 'qmake5', 'qmake6', 'cargo', 'rustc', 'go', 'ant', 'mvn', 'gradle', 'cabal', 'ghc', 'rake'],
  ...[
    'gcc',
    'g++',
    'cc',
    'c++',
    'cpp',
    'clang',
    'clang++',
    'cc1',
    'cc1plus',
    'cc1obj',
    'collect2',
    'lto-wrapper',
  ],
  ...['ld', 'ld.bfd', 'ld.gold', 'ld.lld', 'lld', 'mold', 'as', 'gfortran', 'f951', 'gnat1', 'go1', 'valac'],
  ...['pkg-config', 'pkgconf', 'libtool', 'autoreconf', 'javac', 'java'],
  ...[
    'env',
    'xargs',
    'find',
    'nice',
    'nohup',
    'timeout',
    'time',
    'setsid',
    'stdbuf',
    'ccache',
    'distcc',
    'sccache',
  ],
  ...['install', 'entr', 'script', 'parallel', 'setpriv', 'unshare', 'chroot', 'su', 'runuser'],
]);

/** Options of interpreters that take a value of their own. */
const valueOptions = /^-[WXIorCO]$/;

/** The same of shells. */
const shellValueOptions = /^(?:[-+][oO]|--(?:rcfile|init-file|emulate))$/;

/** The option of a shell whose value are the words to run. */
const wordsOption = /^-[a-zA-Z]*c$/;

/** What a {@link ProcessTree} asks. */
export interface TreeOptions {
  readonly processes: ReadonlyMap<number, ProcessRecord>;
  /** cpvs of the owners of a path, its links followed; empty for what no package owns or nobody has. */
  readonly ownersOf: (path: string) => readonly PackageId[];
}

/** The processes of a build. */
export class ProcessTree {
  readonly #processes: ReadonlyMap<number, ProcessRecord>;
  readonly #ownersOf: (path: string) => readonly PackageId[];
  readonly #roles = new Map<number, Role>();
  readonly #actors = new Map<number, Actor>();
  #byPid: ReadonlyMap<number, readonly ProcessRecord[]> | undefined;
  #prompts: ReadonlyMap<number, readonly PackageId[]> | undefined;

  constructor({ processes, ownersOf }: TreeOptions) {
    this.#processes = processes;
    this.#ownersOf = ownersOf;
  }

  record(id: number): ProcessRecord | undefined {
    return this.#processes.get(id);
  }

  /** Who is behind what a process does. One that nobody knows acts for the target. */
  actor(id: number): Actor {
    let actor = this.#actors.get(id);
    if (actor === undefined) this.#actors.set(id, (actor = this.#findActor(id)));
    return actor;
  }

  /** What a process is about. */
  role(id: number): Role {
    let role = this.#roles.get(id);
    if (role === undefined) {
      const record = this.#processes.get(id);
      role = record === undefined ? { kind: 'told' } : roleOf(record, this.#ownersOf);
      this.#roles.set(id, role);
    }
    return role;
  }

  /**
   * Whether the target has named a file on the command line of the tool that asks for it: by one of these paths (`xsltproc x.xsl`), or by its
   * last component (`which flex`, `tar --lzip`).
   */
  isTold(id: number, ...paths: readonly string[]): boolean {
    const record = this.#processes.get(id);
    const words = record?.arguments.slice(1) ?? [];
    if (
      !paths.some(
        (path) =>
          path !== '' &&
          words.some((word) => word.endsWith(path) || word.replace(/^--?/, '') === baseName(path)),
      )
    )
      return false;
    const { by, ownAccord } = this.actor(record?.parent ?? 0);
    return by === 'target' && !ownAccord;
  }

  /** Whether the target has given a tool this very file: by its path, or by an address of which it is the last component (a catalogue knows where). */
  isGiven(id: number, path: string): boolean {
    const isFile = (word: string) =>
      word.endsWith(path) || (word.includes('://') && baseName(word) === baseName(path));
    const record = this.#processes.get(id);
    if (record?.arguments.slice(1).some(isFile) !== true) return false;
    // A wrapper that has executed the tool in its own place has told it.
    const isWrapped = this.#samePid(record).some((other) => {
      const role = this.role(other.id);
      return other.id < id && role.kind === 'tool' && !role.driver;
    });
    const { by, ownAccord } = this.actor(record.parent);
    return by === 'target' && !ownAccord && !isWrapped;
  }

  /** What a process executed later in its own place (execve(2)): the owners of the program, and of the script that it runs, if any. */
  successors(id: number): { program: readonly PackageId[]; script: readonly PackageId[] }[] {
    const record = this.#processes.get(id);
    if (record === undefined) return [];
    return this.#samePid(record)
      .filter((other) => other.id > id)
      .map((other) => {
        const role = this.role(other.id);
        return {
          program: other.program === '' ? [] : this.#ownersOf(other.program),
          script: role.kind === 'tool' ? role.packages : [],
        };
      });
  }

  /** The programs that one process has executed, each in the place of the last. */
  #samePid({ pid, parent }: ProcessRecord): ProcessRecord[] {
    this.#byPid ??= groupedByPid(this.#processes);
    return (this.#byPid.get(pid) ?? []).filter((other) => other.parent === parent);
  }

  /** Whether a process is a shell that was given nothing to run: somebody types, or a script is read that nobody knows. */
  isPrompt(id: number): boolean {
    const record = this.#processes.get(id);
    if (record === undefined || !isShell(record.program)) return false;
    return scriptOf(record) === undefined && !record.arguments.some((word) => wordsOption.test(word));
  }

  /** Whether a process is, or becomes, a shell that somebody types into outside of any build, of one of these packages. */
  isPromptOf(id: number, packages: readonly PackageId[]): boolean {
    this.#prompts ??= this.#findPrompts();
    const own = this.#prompts.get(this.#processes.get(id)?.pid ?? 0);
    return own !== undefined && packages.some((cpv) => own.includes(cpv));
  }

  /** The owners of the programs of shells that somebody types into, by their pids. */
  #findPrompts(): ReadonlyMap<number, readonly PackageId[]> {
    const prompts = [...this.#processes.values()].filter(
      ({ id, phase }) => phase === '' && this.isPrompt(id),
    );
    return new Map(prompts.map(({ pid, program }) => [pid, this.#ownersOf(program)]));
  }

  #findActor(id: number): Actor {
    const tools: PackageId[] = [];
    const answerable: PackageId[] = [];
    let ownAccord = false;
    const seen = new Set<number>();
    for (let at = id; at !== 0 && !seen.has(at); at = this.#processes.get(at)?.parent ?? 0) {
      seen.add(at);
      const role = this.role(at);
      if (role.kind === 'target' || role.kind === 'phase')
        return { by: 'target', tools, answerable, ownAccord };
      if (role.kind === 'portage') return { by: 'portage', tools, answerable, ownAccord };
      if (role.kind !== 'tool') continue;
      tools.push(...role.packages.filter((cpv) => !tools.includes(cpv)));
      if (!role.driver || at === id) answerable.push(...role.packages);
      ownAccord ||= !role.driver;
    }
    return { by: 'target', tools, answerable, ownAccord };
  }
}

function groupedByPid(processes: ReadonlyMap<number, ProcessRecord>): Map<number, ProcessRecord[]> {
  const groups = new Map<number, ProcessRecord[]>();
  for (const record of processes.values()) {
    const known = groups.get(record.pid);
    if (known === undefined) groups.set(record.pid, [record]);
    else known.push(record);
  }
  return groups;
}

function roleOf(record: ProcessRecord, ownersOf: (path: string) => readonly PackageId[]): Role {
  const { program } = record;
  if (program === '') return { kind: 'told' };
  const packages = ownersOf(program);
  if (packages.length === 0) return { kind: 'target' };
  if (!interpreters.test(baseName(program))) {
    return { kind: 'tool', packages, driver: isDriver(program) || isDriver(record.arguments[0] ?? '') };
  }
  const script = scriptOf(record);
  if (script === undefined) return { kind: 'told' };
  const owners = script.kind === 'file' ? ownersOf(script.path) : moduleOwners(script.name, record, ownersOf);
  if (owners.length === 0) return { kind: 'target' };
  if (script.kind === 'file' && owners.some(isPortage)) {
    if (baseName(script.path) === 'ebuild.sh') return { kind: 'phase' };
    // They are commands of the ebuild: emake runs make.
    return script.path.includes('/ebuild-helpers/') ? { kind: 'told' } : { kind: 'portage' };
  }
  const name = script.kind === 'file' ? script.path : script.name;
  return { kind: 'tool', packages: owners, driver: isDriver(name) };
}

/** Whether a program runs files in a language of its own, and is no shell: it loads libraries, and links with none. */
export function isLanguageInterpreter(program: string): boolean {
  return interpreters.test(baseName(program)) && !isShell(program);
}

/** What a process is known as: its script if it is an interpreter that runs one, else its program; without directory. */
export function programName(record: ProcessRecord): string {
  const script = interpreters.test(baseName(record.program)) ? scriptOf(record) : undefined;
  return baseName(
    script === undefined ? record.program || record.comm : script.kind === 'file' ? script.path : script.name,
  );
}

function isShell(program: string): boolean {
  return /sh$|^busybox$/.test(baseName(program));
}

function isDriver(program: string): boolean {
  // x86_64-pc-linux-gnu-gcc-13, python3-pkgconf
  const name = baseName(program).replace(/-\d[\d.]*$/, '');
  return drivers.has(name) || drivers.has(name.slice(name.lastIndexOf('-') + 1));
}

/** Whether a package is Portage itself, which runs builds and is no dependency of them. */
export function isPortage(cpv: PackageId): boolean {
  return /^sys-apps\/portage-\d/.test(cpv);
}

type Script =
  { readonly kind: 'file'; readonly path: string } | { readonly kind: 'module'; readonly name: string };

/** The file that an interpreter runs, from its arguments; undefined when it runs words or standard input. */
function scriptOf({ arguments: words, directory, program }: ProcessRecord): Script | undefined {
  const ofShell = isShell(program);
  for (let i = 1; i < words.length; i++) {
    const word = words[i]!;
    if (word === '-' || (ofShell && word === '-s')) return undefined;
    if (ofShell ? wordsOption.test(word) : /^-[a-zA-Z]*[ceE]$/.test(word)) return undefined;
    if (!ofShell && word === '-m') {
      const name = words[i + 1];
      return name === undefined ? undefined : { kind: 'module', name };
    }
    if ((ofShell ? shellValueOptions : valueOptions).test(word)) i++;
    else if (!word.startsWith('-') && !word.startsWith('+')) {
      return { kind: 'file', path: word.startsWith('/') ? word : `${directory}/${word}` };
    }
  }
  return undefined;
}

/** The owners of a Python module that is run as a program. */
function moduleOwners(
  name: string,
  { program }: ProcessRecord,
  ownersOf: (path: string) => readonly PackageId[],
): readonly PackageId[] {
  const version = /[\d.]+$/.exec(baseName(program))?.[0] ?? '3';
  const libraries = [`/usr/lib/python${version}`, '/usr/lib/python3'];
  const places = [
    ...libraries.flatMap((place) => [`${place}/site-packages`, `${place}/dist-packages`]),
    ...libraries,
  ];
  const path = name.replaceAll('.', '/');
  for (const place of places) {
    for (const end of ['/__main__.py', '.py', '/__init__.py']) {
      const owners = ownersOf(`${place}/${path}${end}`);
      if (owners.length > 0) return owners;
    }
  }
  return [];
}
