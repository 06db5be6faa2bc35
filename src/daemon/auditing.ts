/** From what a view saw to the report: denials and uses of the session, the build's own words, and what the ebuild declares. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import picomatch from 'picomatch';
import { displayPath, errorCode, packageName, unmarked } from '../base/index.js';
import {
  makeReport,
  reportHtml,
  type HiddenFile,
  type IgnoreRule,
  type Ledger,
  type Report,
  type ReportInput,
  type Use,
} from '../audit/index.js';
import type { VisibleSet } from '../portage/index.js';
import { hostKind, indexKind, nodeState, type IndexNode, type PathIndex, type View } from '../view/index.js';
import type { Readers } from '../filesystem/index.js';
import { findHidden } from './hiddenSearch.js';
import type { SourceScan } from './sourceScan.js';
import type { IgnoreSetting } from './request.js';

/** What a report is made of, besides what the session itself knows. */
export interface ReportRequest {
  readonly ignore: readonly IgnoreSetting[];
  /** Also as a page. */
  readonly html: boolean;
  /** What the build printed. */
  readonly log?: string;
  /** Its exit status. */
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
  /** Who read what first. */
  readonly readers: Readers;
  /** What the target brings along. */
  readonly sources: SourceScan;
}

/** Makes the report of a session so far. */
export function sessionReport(audited: Audited, request: ReportRequest): ReportResult {
  const input = reportInput(audited, request);
  const report = makeReport(input);
  return request.html ? { report, html: reportHtml(report, input, request.status) } : { report };
}

function reportInput(
  { view, set, ledger, atomFor, readers, sources }: Audited,
  { ignore, log, status }: ReportRequest,
): ReportInput {
  const { index } = view;
  return {
    targets: set.targets.map(({ cpv }) => cpv),
    ...(view.settings.sysroot === undefined ? {} : { sysroot: view.settings.sysroot }),
    declared: set.targets.flatMap(({ buildDeps }) =>
      [...buildDeps].flatMap(([cpv, reasons]) =>
        reasons.map(({ variable, atom }) => ({ variable, atom, cpv })),
      ),
    ),
    visible: set.visible,
    system: systemPackages(set),
    denials: ledger.denials(),
    uses: [...firstReads(view, readers), ...ledger.uses()],
    processes: ledger.processes,
    searchPath: (process.env['PATH'] ?? '').split(':'),
    ...(log === undefined || log === '' ? {} : { log }),
    ...(status === undefined ? {} : { status }),
    findHidden: (wanted) => findHidden(view, wanted, (path) => readText(view, path)),
    hiddenAt: (path) => hiddenAt(view, path),
    ownersOf: (path) => ownersOf(view, path),
    isInSources: (name) => sources.has(name),
    needs: sources.needs,
    wasListed: (path) => wasListed(view, path),
    readText: (path) => readText(view, path),
    atomFor,
    hasFiles: (cpv) => hasFiles(index, cpv),
    ignore: ignore.map(ignoreRule),
  };
}

/** Visible files whose content was read through the view, with who read each first. */
function firstReads(view: View, readers: Readers): Use[] {
  const { index } = view;
  const { state, nodeCount } = index;
  const uses: Use[] = [];
  for (let i = 0; i < nodeCount; i++) {
    if (((state[i] as number) & nodeState.read) === 0) continue;
    const node = i as IndexNode;
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

/** How far above a file a directory may be whose listing left it out: a package's own directory is never entered. */
const listedAbove = 3;

function wasListed(view: View, path: string): boolean {
  const { index } = view;
  const found = index.resolve(Buffer.from(path));
  if (found === -1) return false;
  let node = found;
  for (let i = 0; i < listedAbove && node > 0; i++) {
    node = index.parent(node);
    if (((index.state[node] as number) & nodeState.listed) !== 0) return true;
  }
  return false;
}

/** The owners of what a path leads to. */
function ownersOf(view: View, path: string): readonly string[] {
  const found = view.canonical(Buffer.from(path));
  if (found === undefined || found.kind === hostKind.missing) return [];
  return view.responsibleFor(found.node, found.kind).map((id) => view.index.cpv(id));
}

/** @system's packages and what these need to run. */
export function systemPackages(set: VisibleSet): Set<string> {
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
