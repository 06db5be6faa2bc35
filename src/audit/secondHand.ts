/**
 * What was used although only a dependency of a dependency, or the user, brought it in. A use is explained, and no finding, when
 * a tool made it of its own accord (bison runs m4, a script its interpreter), or when a file of another package led to it (a
 * header that includes it). What is left, the target's own instructions asked for.
 */
import type { ProcessRecord } from './events.js';
import { habitOf } from './habits.js';
import { needsAsked } from './sources/asked.js';
import { includedByTarget } from './sources/includes.js';
import { isNeeded } from './sources/needs.js';
import { Mentions, type UsedFile } from './mentions.js';
import type { PathKind } from './pathKinds.js';
import type { ProcessTree } from './processTree.js';
import {
  alternativeOf,
  atomFor,
  factsOf,
  installedTargets,
  suggestedVariable,
  suggestion,
  tellingPaths,
  variableFor,
  variableForProgram,
  type Case,
  type ReportInput,
  type SecondHand,
} from './findings.js';
import { isExecution, type Use } from './uses.js';
import { baseName, originName, originPackage, type PackageId } from '../base/index.js';

/** What somebody asks for by name; data, and libraries with a version, are opened by what uses them. */
const deliberate: ReadonlySet<PathKind> = new Set([
  ...([
    'executable',
    'header',
    'library',
    'pkg-config',
    'cmake',
    'aclocal',
    'python',
    'perl',
    'ruby',
  ] as const),
]);

/**
 * Uses that show that somebody wrote a package's name into the target, by owner.
 *
 * @param isGiven whether the target has given a tool this very file; that is one of any kind
 */
export function deliberateUses(
  uses: readonly Use[],
  input: ReportInput,
  isGiven: (use: Use) => boolean = () => false,
): Map<PackageId, Use[]> {
  const byOwner = new Map<PackageId, Use[]>();
  for (const use of uses) {
    const { kind } = factsOf(use.path, input);
    if (!deliberate.has(kind) && use.operation !== 'exec' && !(kind === 'data' && isGiven(use))) continue;
    // A program is used by being executed.
    if (kind === 'executable' && !isExecution(use, kind)) continue;
    for (const cpv of use.owners) {
      const known = byOwner.get(cpv);
      if (known === undefined) byOwner.set(cpv, [use]);
      else known.push(use);
    }
  }
  return byOwner;
}

/** Whether the user named a package, and nothing but the user's word makes it visible: neither the target nor @system leads to it. */
export function isAllowedByUser(cpv: PackageId, { visible }: ReportInput): boolean {
  const isNamed = visible.get(cpv)?.some(({ from }) => from.kind === 'option') === true;
  return isNamed && !reachedOtherwise(visible).has(cpv);
}

/** By visible set, which does not change. */
const reached = new WeakMap<ReportInput['visible'], ReadonlySet<PackageId>>();

/** What is visible whatever the user named. */
function reachedOtherwise(visible: ReportInput['visible']): ReadonlySet<PackageId> {
  const known = reached.get(visible);
  if (known !== undefined) return known;
  const found = new Set<PackageId>();
  const broughtBy = new Map<PackageId, PackageId[]>();
  for (const [cpv, reasons] of visible) {
    for (const { from } of reasons) {
      if (from.kind === 'target' || from.kind === 'set') found.add(cpv);
      if (from.kind === 'package') addTo(broughtBy, from.cpv, cpv);
    }
  }
  // What is added is met as well.
  for (const cpv of found) for (const next of broughtBy.get(cpv) ?? []) found.add(next);
  reached.set(visible, found);
  return found;
}

export function findSecondHand(whole: Case): SecondHand[] {
  const { uses, input, tree, isIgnored } = whole;
  const declared = declaredPackages(input);
  const targets = installedTargets(input);
  const explain = explainer(whole);
  const result: SecondHand[] = [];
  const isGiven = ({ process, path }: Use): boolean => tree.isGiven(process, path);
  for (const [cpv, all] of deliberateUses(uses, input, isGiven)) {
    const reasons = input.visible.get(cpv);
    if (reasons === undefined || declared.has(cpv) || input.system.has(cpv) || targets.has(cpv)) continue;
    if (isAllowedByUser(cpv, input) || alternativeOf(cpv, input) !== undefined) continue;
    const counted = all.filter((use) => !isIgnored(cpv, use.path));
    if (counted.length === 0) continue;
    const explained = counted.map((use) => explain(cpv, use));
    // What a tool did of its own accord is nobody's business.
    const others = counted.filter((_, i) => explained[i] !== 'tool');
    if (others.length === 0) continue;
    const direct = counted.filter((_, i) => explained[i] === undefined);
    const shown = direct.length > 0 ? direct : others;
    const byVariable = variablesOf(cpv, shown, input);
    const paths = tellingPaths(new Map(shown.map(({ path }) => [path, factsOf(path, input).weight])));
    const processes = new Set(shown.map((use) => tree.record(use.process)?.comm ?? ''));
    result.push({
      cpv,
      suggest: suggestion(suggestedVariable(byVariable), atomFor(cpv, paths, input), input),
      from: [...new Set(reasons.map(({ from }) => originName(from)))].sort(),
      use: direct.length > 0 ? 'direct' : 'through',
      hits: others.length,
      paths,
      processes: [...processes].filter((comm) => comm !== '').sort(),
    });
  }
  return result.sort(
    (a, b) =>
      Number(a.use === 'through') - Number(b.use === 'through') ||
      b.hits - a.hits ||
      (a.cpv < b.cpv ? -1 : 1),
  );
}

/** How much says that a package belongs into which variable. */
function variablesOf(
  cpv: PackageId,
  uses: readonly Use[],
  input: ReportInput,
): ReadonlyMap<'BDEPEND' | 'DEPEND', number> {
  const byVariable = new Map<'BDEPEND' | 'DEPEND', number>();
  for (const use of uses) {
    // A program that was executed is what is needed, however many libraries it loads.
    const executed = isExecution(use, factsOf(use.path, input).kind);
    const weight = executed ? 100 : factsOf(use.path, input).weight;
    const variable = (executed ? variableForProgram : variableFor)(cpv, use.path, input);
    byVariable.set(variable, (byVariable.get(variable) ?? 0) + weight);
  }
  return byVariable;
}

/** Why a use is not the target's: a tool made it, or a file led to it. Undefined: the target asked for it. */
type Explanation = 'tool' | 'file' | undefined;

function explainer({ uses, input, tree, habits }: Case): (cpv: PackageId, use: Use) => Explanation {
  const needs = needsOf(input);
  const asked = needsAsked(input);
  const isIncluded = inclusion(input, uses);
  const targets = installedTargets(input);
  const files = [
    ...new Map(
      uses.map(({ path, owners }): [string, UsedFile] => [
        path,
        { path, owners, kind: factsOf(path, input).kind },
      ]),
    ).values(),
  ];
  const ledTo = filesLedTo(files, new Mentions(files, input.readText), targets);
  // Modules that a process used, by owner: what an import led to.
  const modules = new Map<number, Set<string>>();
  for (const use of uses) {
    if (factsOf(use.path, input).kind !== 'python') continue;
    let known = modules.get(use.process);
    if (known === undefined) modules.set(use.process, (known = new Set()));
    for (const owner of use.owners) known.add(owner);
  }
  /** The interpreter of a script is that script's business. */
  const isInterpreter = (cpv: PackageId, wanted: string): boolean => {
    const scripts = input.ownersOf(wanted);
    return scripts.length > 0 && !scripts.includes(cpv);
  };
  /** A launcher (python-exec) is the business of what it starts in its place. A script is not the launcher of its interpreter. */
  const isLauncher = (cpv: PackageId, process: number): boolean =>
    tree
      .successors(process)
      .some(({ program, script }) => !script.includes(cpv) && program.some((owner) => needs(owner).has(cpv)));
  const isOfTool = (cpv: PackageId, use: Use): boolean => {
    const { by, answerable, ownAccord } = tree.actor(use.process);
    if (by === 'portage' || habitOf(use.path, tree.record(use.process), habits) !== undefined) return true;
    if (!isSpokenOf(use, input, tree)) return true;
    // An interpreter that is given a script does what the target wants done.
    const isGiven = tree.isGiven(use.process, use.path);
    if (answerable.some((tool) => (tool === cpv && !isGiven) || needs(tool).has(cpv))) return true;
    if (use.operation !== 'exec') return false;
    // A tool runs others as it likes, be they among what it is said to need or not.
    if (ownAccord && !tree.isTold(use.process, use.path)) return true;
    const { wanted = '' } = use;
    return wanted !== '' && (isInterpreter(cpv, wanted) || isLauncher(cpv, use.process));
  };
  return (cpv, use) => {
    if (isOfTool(cpv, use)) return 'tool';
    const leading = ledTo.get(use.path);
    if (leading === undefined) return undefined;
    const { kind } = factsOf(use.path, input);
    // Another module requires it, too.
    if (kind === 'pkg-config' && tree.isTold(use.process, baseName(use.path).slice(0, -'.pc'.length)))
      return undefined;
    if (kind === 'header' && isIncluded(use.path)) return undefined;
    if (kind !== 'python') return 'file';
    if (isNeeded(asked, 'python', moduleName(use.path))) return undefined;
    // Only what this process has imported can have led to it.
    const used = modules.get(use.process);
    return [...leading].some((owner) => used?.has(owner) === true) ? 'file' : undefined;
  };
}

/** Whether the target's own sources include a header, by a name that no other header which was used could be meant by. */
function inclusion(input: ReportInput, uses: readonly Use[]): (path: string) => boolean {
  const headers = new Map<string, Set<string>>();
  for (const { path } of uses) {
    if (factsOf(path, input).kind !== 'header') continue;
    const known = headers.get(baseName(path)) ?? new Set();
    headers.set(baseName(path), known.add(path));
  }
  const included = new Set<string>();
  for (const name of includedByTarget(input.includes, input.processes.values())) {
    const meant = [...(headers.get(baseName(name)) ?? [])].filter((path) => path.endsWith(`/${name}`));
    if (meant.length === 1) included.add(meant[0]!);
  }
  return (path) => included.has(path);
}

/**
 * Whether the target speaks of a module of an interpreted language, in its sources or on a command line: what it does not is loaded by
 * the interpreter, or by other modules.
 */
function isSpokenOf({ path, process }: Use, input: ReportInput, tree: ProcessTree): boolean {
  const { kind } = factsOf(path, input);
  const record = tree.record(process);
  // configure does what the macros of others say, too.
  if (kind === 'executable' && isConfigure(record))
    return input.isInSources(path.slice(path.lastIndexOf('/') + 1)) !== false;
  if (kind !== 'python' && kind !== 'perl' && kind !== 'ruby') return true;
  const name = moduleName(path);
  if (input.isInSources(name) !== false) return true;
  if (isConfigure(tree.record(record?.parent ?? 0))) return false;
  return (
    record?.arguments.some((word) => word.includes(name.replaceAll('/', '::')) || word.includes(name)) ===
    true
  );
}

function isConfigure(record: ProcessRecord | undefined): boolean {
  return record?.arguments.slice(0, 2).some((word) => /(?:^|\/)configure$/.test(word)) === true;
}

/** What the file of a module is called in an import: its package (`jinja2`) in Python, else its name. */
function moduleName(path: string): string {
  const python = /\/(?:site|dist)-packages\/([^/.]+)/.exec(path)?.[1];
  return python ?? path.slice(path.lastIndexOf('/') + 1).replace(/\.\w+$/, '');
}

/**
 * Files to which files of other packages led, directly or through files of their own package: with the other packages.
 *
 * @param targets what the target's own files name, it has asked for
 */
function filesLedTo(
  files: readonly UsedFile[],
  mentions: Mentions,
  targets: ReadonlySet<string>,
): ReadonlyMap<string, ReadonlySet<PackageId>> {
  const ledTo = new Map<string, Set<PackageId>>();
  const inside: { from: string; to: string }[] = [];
  for (const file of files) {
    for (const other of mentions.by(file)) {
      if (other.owners.some((owner) => targets.has(owner))) continue;
      const strangers = other.owners.filter((owner) => !file.owners.includes(owner));
      if (strangers.length === 0) inside.push({ from: other.path, to: file.path });
      else add(ledTo, file.path, strangers);
    }
  }
  for (let grown = true; grown;) {
    grown = false;
    for (const { from, to } of inside) {
      const by = ledTo.get(from);
      if (by === undefined || ledTo.has(to)) continue;
      add(ledTo, to, by);
      grown = true;
    }
  }
  return ledTo;
}

function addTo(map: Map<PackageId, PackageId[]>, key: PackageId, value: PackageId): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}

function add<T>(map: Map<string, Set<T>>, key: string, values: Iterable<T>): void {
  let known = map.get(key);
  if (known === undefined) map.set(key, (known = new Set()));
  for (const value of values) known.add(value);
}

/** What a visible package needs to run, to any depth. */
function needsOf({ visible }: ReportInput): (cpv: PackageId) => ReadonlySet<PackageId> {
  const direct = new Map<PackageId, PackageId[]>();
  for (const [cpv, reasons] of visible) {
    for (const { from } of reasons) if (from.kind === 'package') addTo(direct, from.cpv, cpv);
  }
  const all = new Map<PackageId, Set<PackageId>>();
  return (cpv) => {
    let found = all.get(cpv);
    if (found !== undefined) return found;
    all.set(cpv, (found = new Set()));
    const open = [cpv];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const next of direct.get(at) ?? []) {
        if (found.has(next)) continue;
        found.add(next);
        open.push(next);
      }
    }
    return found;
  };
}

/** What the target declares; a package without files (a virtual) stands for what it depends on. */
export function declaredPackages(input: ReportInput): Set<PackageId> {
  const declared = new Set(input.declared.map(({ cpv }) => cpv));
  for (let grown = true; grown;) {
    grown = false;
    for (const [cpv, reasons] of input.visible) {
      const isOfDeclared = reasons.some(({ from }) => {
        const by = originPackage(from);
        return by !== undefined && declared.has(by) && !input.hasFiles(by);
      });
      if (declared.has(cpv) || !isOfDeclared) continue;
      declared.add(cpv);
      grown = true;
    }
  }
  return declared;
}
