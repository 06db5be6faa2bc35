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
  /** At most ten. */
  readonly paths: readonly string[];
}

/** Packages whose files' content was read through the view so far. */
export function usedPackages({ view, readerOf, atomFor }: Audited): UsedPackage[] {
  const byPackage = new Map<string, string[]>();
  for (const { path, owners } of usesOf(view, readerOf)) {
    for (const cpv of owners) {
      const paths = byPackage.get(cpv);
      if (paths === undefined) byPackage.set(cpv, [path]);
      else if (paths.length < 10) paths.push(path);
    }
  }
  return [...byPackage]
    .map(([cpv, paths]) => ({ cpv, atom: atomFor(cpv), paths }))
    .sort((a, b) => (a.cpv < b.cpv ? -1 : 1));
}

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
