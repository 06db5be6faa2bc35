/** From what a view saw to the report: denials and uses of the session, the build's own words, and what the ebuild declares. */
import { join } from 'node:path';
import {
  displayPath,
  readRegularFile,
  told,
  unlessRefused,
  type Told,
  type PackageId,
} from '../../base/index.js';
import {
  habits,
  makeReport,
  pathKind,
  type HiddenFile,
  type IgnoreSetting,
  type Ledger,
  type PathKind,
  type Report,
  type ReportInput,
  type Use,
} from '../../audit/index.js';
import { eapiFeatures, type Reason, type VisibleSet } from '../../portage/index.js';
import {
  hostKind,
  indexKind,
  nodeBehind,
  nodeState,
  rootNode,
  type IndexNode,
  type PathIndex,
  type View,
} from '../../view/index.js';
import type { Readers } from '../../filesystem/index.js';
import { findHidden } from './hiddenSearch.js';
import type { SourceScan } from './sourceScan.js';

/** What a report is made of, besides what the session itself knows. */
export interface ReportRequest {
  readonly ignore: readonly IgnoreSetting[];
  /** Names of the built-in rules about the habits of tools that do not hold. */
  readonly habitsOff: readonly string[];
  /** What the build printed. */
  readonly log?: string;
  /** How the build ended, as a shell gives it; absent: nobody knows. */
  readonly status?: number;
}

/** What the answer to a request for a report carries. */
export interface ReportResult {
  readonly report: Report;
}

/** The parts of a session that a report looks at. */
export interface Audited {
  readonly view: View;
  readonly set: VisibleSet;
  readonly ledger: Ledger;
  /** See `System.namesFor` and `equalsOf`. */
  readonly naming: Pick<ReportInput, 'namesFor' | 'equalsOf'>;
  /** Who read what first. */
  readonly readers: Readers;
  /** The packages, as bits, of which that is known; undefined: of all files. */
  readonly toldFirst: Uint32Array | undefined;
  /** What the target brings along. */
  readonly sources: SourceScan;
}

/** Makes the report of a session so far. */
export function sessionReport(audited: Audited, request: ReportRequest): ReportResult {
  const input = reportInput(audited, request);
  const inForce = habits.filter(({ name }) => !request.habitsOff.includes(name));
  const report = makeReport(input, inForce);
  return { report };
}

/** What a page shows beside a report: what is declared, and what that brought in. */
export interface ReportGraph extends Pick<ReportInput, 'targets' | 'declared'> {
  /** What is visible and why, as pairs. */
  readonly visible: readonly (readonly [string, readonly Told<Reason>[]])[];
}

/** What a page of a report needs to know of the view. */
export function reportGraph({ set }: Audited): ReportGraph {
  return {
    targets: set.targets.map(({ cpv }) => cpv),
    declared: declaredBy(set),
    visible: [...toldReasons(set)],
  };
}

function toldReasons(set: VisibleSet): Map<string, Told<Reason>[]> {
  return new Map(Array.from(set.visible, ([cpv, reasons]) => [cpv, reasons.map(told)]));
}

function declaredBy(set: VisibleSet): ReportInput['declared'] {
  return set.targets.flatMap(({ buildDeps }) =>
    [...buildDeps].flatMap(([cpv, reasons]) =>
      reasons.map(({ variable, atom }) => ({ variable, atom, cpv })),
    ),
  );
}

/** A package that was used, and the first of the files that were. */
export interface UsedPackage {
  readonly cpv: PackageId;
  /** By which an ebuild would name it. */
  readonly atom: string;
  /** Whether content of it was read; otherwise its files were only found. */
  readonly read: boolean;
  /** At most ten; when it was read, those that were. */
  readonly paths: readonly string[];
}

/**
 * Packages whose files the kernel was told of since they are visible, or last were, the most telling first: what was read in a phase of an
 * ebuild, what else was read, and what was only found. Of what is hidden, only reads are still known.
 */
export function usedPackages({ view, readers, ledger, naming }: Audited): UsedPackage[] {
  const { index } = view;
  const { state, nodeCount } = index;
  const byPackage = new Map<PackageId, { weight: number; nodes: IndexNode[] }>();
  for (let node = rootNode; node < nodeCount; node = nodeBehind(node)) {
    const bits = state[node]!;
    if ((bits & (nodeState.read | nodeState.positive)) === 0 || index.kind(node) === indexKind.dir) continue;
    const isRead = (bits & nodeState.read) !== 0;
    const inPhase = isRead && (ledger.processes.get(readers.of(node))?.phase ?? '') !== '';
    const weight = Number(isRead) + Number(inPhase);
    for (const id of view.responsibleFor(node, hostKind.file)) {
      const cpv = index.cpv(id);
      const known = byPackage.get(cpv);
      if (known === undefined || weight > known.weight) byPackage.set(cpv, { weight, nodes: [node] });
      else if (weight === known.weight && known.nodes.length < 10) known.nodes.push(node);
    }
  }
  return [...byPackage]
    .sort(([a, one], [b, other]) => other.weight - one.weight || (a < b ? -1 : 1))
    .map(([cpv, { weight, nodes }]) => {
      const paths = nodes.map((node) => displayPath(view.pathOf(node)));
      return { cpv, atom: naming.namesFor(cpv, paths)[0]?.atom ?? cpv, read: weight > 0, paths };
    });
}

function reportInput(audited: Audited, { ignore, log, status }: ReportRequest): ReportInput {
  const { view, set, ledger, naming, sources } = audited;
  const { index } = view;
  const timeZone = process.env['TZ']?.replace(/^:/, '');
  return {
    targets: set.targets.map(({ cpv }) => cpv),
    ...(view.settings.sysroot === undefined ? {} : { sysroot: view.settings.sysroot }),
    lacksBdepend: set.targets.length > 0 && set.targets.every(({ eapi }) => !eapiFeatures(eapi).bdepend),
    declared: declaredBy(set),
    visible: set.visible,
    system: systemPackages(set),
    denials: ledger.denials(),
    uses: [...firstReads(audited), ...ledger.uses()],
    processes: ledger.processes,
    ends: ledger.ends,
    searchPath: (process.env['PATH'] ?? '').split(':'),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(log === undefined || log === '' ? {} : { log }),
    ...(status === undefined ? {} : { status }),
    findHidden: (wanted) => findHidden(view, wanted, (path) => readText(view, path)),
    hiddenAt: (path) => hiddenAt(view, path),
    ownersOf: (path) => ownersOf(view, path),
    isInSources: (name) => sources.has(name),
    needs: sources.needs,
    includes: sources.includes,
    wasListed: (path) => wasListed(view, path),
    readText: (path) => readText(view, path),
    namesFor: naming.namesFor,
    equalsOf: naming.equalsOf,
    hasFiles: (cpv) => hasFiles(index, cpv),
    kindsOf: once((cpv) => kindsOf(view, cpv)),
    foundOf: (cpv) => foundOf(view, cpv),
    ignore,
  };
}

/** Visible files whose content was read through the view, with who read each first, as far as that is told. */
function firstReads({ view, readers, toldFirst }: Audited): Use[] {
  const { index } = view;
  const { state, nodeCount } = index;
  const uses: Use[] = [];
  for (let node = rootNode; node < nodeCount; node = nodeBehind(node)) {
    if ((state[node]! & nodeState.read) === 0) continue;
    if (toldFirst !== undefined && !view.isOf(node, toldFirst)) continue;
    uses.push({
      path: displayPath(view.pathOf(node)),
      owners: view.responsibleFor(node, hostKind.file).map((id) => index.cpv(id)),
      operation: 'read',
      process: readers.of(node),
    });
  }
  return uses;
}

/** What is hidden at a path that was asked for. */
function hiddenAt(view: View, path: string): HiddenFile | undefined {
  const found = view.canonical(Buffer.from(path));
  if (found === undefined || found.kind === hostKind.missing || view.isVisible(found.node, found.kind))
    return undefined;
  const owners = view.responsibleFor(found.node, found.kind).map((id) => view.index.cpv(id));
  return { path: displayPath(view.pathOf(found.node)), owners };
}

/** Whether somebody listed the directory in which a path, or the hidden directory that it lies in, would have stood. */
function wasListed(view: View, path: string): boolean {
  const { index } = view;
  const found = index.resolve(Buffer.from(path));
  if (found === -1) return false;
  let directory = index.parent(found);
  while (directory > 0 && !view.isVisibleDirectory(directory)) directory = index.parent(directory);
  return (index.state[directory]! & nodeState.listed) !== 0;
}

/** The owners of what a path leads to, its last link followed as well. */
function ownersOf(view: View, path: string): readonly PackageId[] {
  const named = view.canonical(Buffer.from(path));
  const found = named?.kind === hostKind.link ? (view.endOfLink(named.node) ?? named) : named;
  if (found === undefined || found.kind === hostKind.missing) return [];
  return view.responsibleFor(found.node, found.kind).map((id) => view.index.cpv(id));
}

const knownSystems = new WeakMap<VisibleSet, ReadonlySet<PackageId>>();

/** @system's packages and what these need to run. */
export function systemPackages(set: VisibleSet): ReadonlySet<PackageId> {
  const known = knownSystems.get(set);
  if (known !== undefined) return known;
  const system = new Set<PackageId>();
  const needs = new Map<PackageId, PackageId[]>();
  for (const [cpv, reasons] of set.visible) {
    for (const { from } of reasons) {
      if (from.kind === 'set' && from.name === 'system') system.add(cpv);
      if (from.kind !== 'package') continue;
      const needed = needs.get(from.cpv);
      if (needed === undefined) needs.set(from.cpv, [cpv]);
      else needed.push(cpv);
    }
  }
  // What is added while this runs is visited too.
  for (const cpv of system) for (const needed of needs.get(cpv) ?? []) system.add(needed);
  knownSystems.set(set, system);
  return system;
}

/** Headers and .pc files are small; what is larger is not text to be looked through. */
const largestText = 1 << 20;

function readText(view: View, path: string): string | undefined {
  // Gone meanwhile, too large, or a name that is not UTF-8.
  return unlessRefused(
    () => readRegularFile(join(view.settings.root, path), largestText).toString('utf8'),
    undefined,
  );
}

/** What a package has, but for directories. */
function* filesOf(index: PathIndex, cpv: PackageId): Iterable<IndexNode> {
  const id = index.packageId(cpv);
  if (id < 0) return;
  for (const node of index.nodesOf(id)) if (index.kind(node) !== indexKind.dir) yield node;
}

function hasFiles(index: PathIndex, cpv: PackageId): boolean {
  for (const _ of filesOf(index, cpv)) return true;
  return false;
}

/** A function of packages that is computed once for each. */
function once<T>(compute: (cpv: PackageId) => T): (cpv: PackageId) => T {
  const known = new Map<PackageId, { readonly value: T }>();
  return (cpv) => {
    const value = known.get(cpv) ?? { value: compute(cpv) };
    known.set(cpv, value);
    return value.value;
  };
}

/** The kinds of the files that a package has. */
function kindsOf(view: View, cpv: PackageId): ReadonlySet<PathKind> {
  const kinds = new Set<PathKind>();
  for (const node of filesOf(view.index, cpv)) kinds.add(pathKind(displayPath(view.pathOf(node))));
  return kinds;
}

/** Files of a package of which the kernel was told that they exist. */
function foundOf(view: View, cpv: PackageId): string[] {
  const { state } = view.index;
  return [...filesOf(view.index, cpv)]
    .filter((node) => (state[node]! & nodeState.positive) !== 0)
    .map((node) => displayPath(view.pathOf(node)));
}
