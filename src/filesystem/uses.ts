/** Who reaches for what: what is told of it, and to whom. */
import { pathKind, type AccessEvent, type Operation } from '../audit/index.js';
import type { Caller, Entry } from '../fuse/index.js';
import { hostKind, rule, type HostKind, type IndexNode, type Rule, type View } from '../view/index.js';
import { Processes } from './process.js';
import type { Readers } from './readers.js';
import type { ToldPackages, ViewFsOptions } from './options.js';

/** How many uses of a file are told one by one; the kernel keeps its name from then on. */
const usesTold = 16;

/** What one serving thread tells of uses. */
export class Uses {
  readonly #view: View;
  readonly #onAccess: ((event: AccessEvent) => void) | undefined;
  readonly #readers: Readers | undefined;
  readonly #told: ToldPackages | undefined;
  readonly #processes: Processes;

  constructor(view: View, options: ViewFsOptions) {
    this.#view = view;
    this.#onAccess = options.onAccess;
    this.#readers = options.readers;
    this.#told = options.told;
    const { number = 0, count = 1 } = options.thread ?? {};
    this.#processes = new Processes({
      first: number,
      step: count,
      ...(options.onProcess === undefined ? {} : { onProcess: options.onProcess }),
      ...(options.handles === undefined ? {} : { handles: options.handles }),
      ...(view.settings.mountPoint === undefined ? {} : { mountpoint: view.settings.mountPoint }),
    });
  }

  /** Nodes have been given back: those that are not settled may stand for other files. */
  forget(): void {
    const { firstLoose, nodeCount } = this.#view.index;
    this.#readers?.forgetTold(firstLoose, nodeCount);
  }

  /** Tells a lookup. */
  reportLookup(node: IndexNode, kind: HostKind, visible: boolean, caller: Caller): void {
    this.report(node, kind, visible, caller, this.#processes.operation(caller.pid));
  }

  /** Notes who lists a directory for the first time. */
  noteLister(directory: IndexNode, { pid }: Caller): void {
    this.#readers?.note(directory, this.#processes.id(pid, true));
  }

  /** Whether it is evidence, each time, that somebody asks for a hidden path: a package owns it, and not everything asks for it. */
  isEvidence(node: IndexNode): boolean {
    return this.#view.index.isOwned(node) && pathKind(this.#view.pathOf(node)) !== 'noise';
  }

  /** Notes who reads a file for the first time, and tells of a program that is about to be executed. */
  noteReader(node: IndexNode, caller: Caller): void {
    if (this.#readers === undefined) return;
    const first = this.#told?.first;
    if (first !== undefined && !this.#view.isOf(node, first)) return;
    const isProgram = this.#isProgram(node);
    // A program that is @system's may have been executed since, which nobody tells then.
    const trusting = !isProgram && first === undefined;
    this.#readers.note(node, this.#processes.id(caller.pid, trusting));
    if (isProgram && this.#processes.operation(caller.pid) === 'exec')
      this.report(node, hostKind.file, true, caller, 'exec');
  }

  /** Whether each use of a file is told, with who uses it. */
  isAttributed(node: IndexNode, kind: HostKind, decided: Rule): boolean {
    const each = this.#told?.each;
    if (each === undefined || kind === hostKind.directory) return false;
    const { index } = this.#view;
    const owned = decided === rule.cache ? this.#view.sourceOfCache(node) : node;
    if (owned === -1 || !index.ownerVisible(owned, each)) return false;
    return (this.#readers?.told(node) ?? 0) < usesTold && !this.#view.isHeader(node);
  }

  /** Tells a use, if that is what the lookup is for, and has the kernel ask again. */
  tellUse(node: IndexNode, kind: HostKind, caller: Caller, out: Entry): void {
    out.entryValid = 0;
    const operation = this.#processes.operation(caller.pid);
    if (operation !== 'open' && operation !== 'exec') return;
    this.#readers?.tell(node);
    this.report(node, kind, true, caller, operation);
  }

  /** Whether a file is probably executed or loaded: it lies in a directory of programs, or is a shared library. */
  #isProgram(node: IndexNode): boolean {
    const { index } = this.#view;
    const directory = index.name(index.parent(node));
    const end = directory.length;
    const inPrograms =
      end >= 3 && directory[end - 3] === 0x62 && directory[end - 2] === 0x69 && directory[end - 1] === 0x6e;
    if (inPrograms) return true;
    const name = index.name(node);
    for (let dot = name.indexOf(0x2e); dot >= 0; dot = name.indexOf(0x2e, dot + 1)) {
      if (name[dot + 1] === 0x73 && name[dot + 2] === 0x6f) return true;
    }
    return false;
  }

  /** Tells an attempt to reach a path. */
  report(node: IndexNode, kind: HostKind, visible: boolean, { pid }: Caller, operation: Operation): void {
    const report = this.#onAccess;
    if (report === undefined) return;
    const isDirectory = kind === hostKind.directory;
    report({
      time: Date.now(),
      path: this.#view.pathOf(node),
      operation,
      visible,
      directory: isDirectory,
      wanted:
        (isDirectory && !visible) || (visible && operation === 'exec') ? this.#processes.wanted(pid) : '',
      owners: this.#view.responsibleFor(node, kind).map((id) => this.#view.index.cpv(id)),
      process: this.#processes.id(pid, false),
    });
  }
}
