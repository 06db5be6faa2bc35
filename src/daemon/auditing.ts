/** From what a view saw to the report: denials and uses of the session, the build's own words, and what the ebuild declares. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import picomatch from 'picomatch';
import { displayPath, errorCode, packageName, unmarked } from '../base/index.js';
import {
  makeReport,
  reportHtml,
  type IgnoreRule,
  type Ledger,
  type Report,
  type ReportInput,
  type Use,
} from '../audit/index.js';
import type { VisibleSet } from '../portage/index.js';
import { indexKind, nodeState, type IndexNode, type PathIndex, type View } from '../view/index.js';
import { findHidden } from './hiddenSearch.js';
import type { IgnoreSetting } from './request.js';

/** What a report is made of, besides what the session itself knows. */
export interface ReportRequest {
  readonly ignore: readonly IgnoreSetting[];
  /** Also as a page. */
  readonly html: boolean;
  /** What the build printed. */
  readonly log?: string;
  /** How the build ended, as a shell gives it; absent: nobody knows. */
  readonly status?: number;
}

/** A report, and the same as a page. */
export interface ReportResult {
  readonly report: Report;
  readonly html?: string;
}

/** The parts of a session that a report looks at. */
export interface Audited {
  readonly view: View;
  readonly set: VisibleSet;
  readonly ledger: Ledger;
  /** See `System.atomFor`. */
  readonly atomFor: (cpv: string) => string;
  /** The first reader of a file's content, by its name; empty when nobody knows. */
  readonly readerOf: (node: IndexNode) => string;
}

/** Makes the report of a session so far. */
export function sessionReport(audited: Audited, request: ReportRequest): ReportResult {
  const input = reportInput(audited, request);
  const report = makeReport(input);
  return request.html ? { report, html: reportHtml(report, input, request.status) } : { report };
}

/** What a page shows beside a report: what is declared, and what that brought in. */
export interface ReportGraph extends Pick<ReportInput, 'targets' | 'declared'> {
  /** As in {@link ReportInput}, as pairs. */
  readonly visible: readonly (readonly [
    string,
    readonly { from: string; variable: string; atom: string }[],
  ])[];
}

/** What a page of a report needs to know of the view. */
export function reportGraph({ set }: Audited): ReportGraph {
  return { targets: set.targets.map(({ cpv }) => cpv), declared: declaredBy(set), visible: [...set.visible] };
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
  readonly cpv: string;
  /** See `System.atomFor`. */
  readonly atom: string;
  /** Whether content of it was read; otherwise its files were only found. */
  readonly read: boolean;
  /** At most ten; when it was read, those that were. */
  readonly paths: readonly string[];
}

/**
 * Packages whose files the kernel was told of since they are visible, or last were: first those that were read, each in the order of their
 * names. Of what is hidden, only reads are still known.
 */
export function usedPackages({ view, atomFor }: Audited): UsedPackage[] {
  const { index } = view;
  const { state, nodeCount } = index;
  const byPackage = new Map<string, { read: boolean; nodes: IndexNode[] }>();
  for (let i = 0; i < nodeCount; i++) {
    const bits = state[i] as number;
    const node = i as IndexNode;
    if ((bits & (nodeState.read | nodeState.positive)) === 0 || index.kind(node) === indexKind.dir) continue;
    const read = (bits & nodeState.read) !== 0;
    for (const id of index.owners(sourceOf(index, node))) {
      const cpv = index.cpv(id);
      const known = byPackage.get(cpv);
      if (known === undefined || (read && !known.read)) byPackage.set(cpv, { read, nodes: [node] });
      else if (read === known.read && known.nodes.length < 10) known.nodes.push(node);
    }
  }
  return [...byPackage]
    .map(([cpv, { read, nodes }]) => ({
      cpv,
      atom: atomFor(cpv),
      read,
      paths: nodes.map((node) => displayPath(view.pathOf(node))),
    }))
    .sort((a, b) => Number(b.read) - Number(a.read) || (a.cpv < b.cpv ? -1 : 1));
}

/** The module that an unowned `__pycache__/name.*.pyc` was compiled from; of any other file, the file. */
function sourceOf(index: PathIndex, node: IndexNode): IndexNode {
  if (index.isOwned(node)) return node;
  const directory = index.parent(node);
  const [, stem] = /^([^.]+)\..*\.pyc$/s.exec(Buffer.from(index.name(node)).toString('latin1')) ?? [];
  if (stem === undefined || Buffer.compare(index.name(directory), pythonCache) !== 0) return node;
  const source = index.find(index.parent(directory), Buffer.from(`${stem}.py`, 'latin1'));
  return source < 0 ? node : (source as IndexNode);
}

const pythonCache = Buffer.from('__pycache__');

function reportInput(
  { view, set, ledger, atomFor, readerOf }: Audited,
  { ignore, log }: ReportRequest,
): ReportInput {
  const { index } = view;
  const uses = usesOf(view, readerOf);
  return {
    targets: set.targets.map(({ cpv }) => cpv),
    ...(view.settings.sysroot === undefined ? {} : { sysroot: view.settings.sysroot }),
    declared: declaredBy(set),
    visible: set.visible,
    system: systemPackages(set),
    denials: ledger.denials(),
    uses,
    searchPath: (process.env['PATH'] ?? '').split(':'),
    ...(log === undefined || log === '' ? {} : { log }),
    findHidden: (wanted) => findHidden(view, wanted, (path) => readText(view, path)),
    readText: (path) => readText(view, path),
    atomFor,
    hasFiles: (cpv) => hasFiles(index, cpv),
    ignore: ignore.map(ignoreRule),
  };
}

/** Visible files whose content was read through the view. */
function usesOf(view: View, readerOf: (node: IndexNode) => string): Use[] {
  const { index } = view;
  const { state, nodeCount } = index;
  const uses: Use[] = [];
  for (let i = 0; i < nodeCount; i++) {
    if (((state[i] as number) & nodeState.read) === 0) continue;
    const node = i as IndexNode;
    uses.push({
      path: displayPath(view.pathOf(node)),
      owners: index.owners(node).map((id) => index.cpv(id)),
      comm: readerOf(node),
    });
  }
  return uses;
}

/** @system's packages and what these need to run. */
function systemPackages(set: VisibleSet): Set<string> {
  const system = new Set<string>();
  for (let grown = true; grown;) {
    grown = false;
    for (const [cpv, reasons] of set.visible) {
      if (system.has(cpv)) continue;
      if (reasons.some(({ from }) => from === '@system' || system.has(from))) {
        system.add(cpv);
        grown = true;
      }
    }
  }
  return system;
}

/** Headers and .pc files are small; what is larger is not text to be looked through. */
const largestText = 1 << 20;

function readText(view: View, path: string): string | undefined {
  try {
    const text = readFileSync(join(view.settings.root, path));
    return text.length > largestText ? undefined : text.toString('utf8');
  } catch (error) {
    // Gone meanwhile, or a name that is not UTF-8.
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
}

function hasFiles(index: PathIndex, cpv: string): boolean {
  const id = index.packageId(cpv);
  if (id < 0) return false;
  for (const node of index.nodesOf(id)) if (index.kind(node as IndexNode) !== indexKind.dir) return true;
  return false;
}

function ignoreRule(setting: IgnoreSetting): IgnoreRule {
  const matchesPath = setting.path === undefined ? undefined : picomatch(setting.path, { dot: true });
  return {
    ...(setting.target === undefined ? {} : { target: setting.target }),
    reason: setting.reason,
    matches: ({ owner, path }) =>
      (setting.package === undefined ||
        setting.package === unmarked(owner) ||
        setting.package === unmarked(packageName(owner))) &&
      (matchesPath === undefined || matchesPath(path)),
  };
}
