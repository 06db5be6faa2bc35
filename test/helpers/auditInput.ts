import type { Denial, ProcessRecord, Report, ReportInput, Use } from '../../src/audit/index.js';
import { told } from '../../src/base/index.js';
import type { ReportGraph } from '../../src/daemon/index.js';
import { origin } from './origin.js';
import { pkg, pkgs } from './installed.js';

/** A process; the defaults are a compiler that make started. */
export function processRecord(id: number, changes: Partial<ProcessRecord> = {}): ProcessRecord {
  return {
    id,
    parent: 0,
    pid: id,
    comm: 'cc1',
    program: '/usr/libexec/cc1',
    arguments: ['cc1'],
    directory: '/work',
    phase: 'compile',
    package: 'a/target-1',
    buildDirectory: '',
    seen: id,
    ...changes,
  };
}

/** A refusal of process 1. */
export function denial(path: string, owners: string[], changes: Partial<Denial> = {}): Denial {
  return {
    time: 0,
    path,
    owners: pkgs(...owners),
    operation: 'open',
    pid: 1,
    comm: 'cc1',
    cmdline: 'cc1',
    phase: 'compile',
    package: 'a/target-1',
    count: 1,
    directory: false,
    visible: false,
    wanted: '',
    last: 0,
    processes: [],
    asked: [],
    ...changes,
  };
}

/** A use by nobody in particular. */
export function use(path: string, owner: string, changes: Partial<Use> = {}): Use {
  return { path, owners: [pkg(owner)], operation: 'read', process: 0, ...changes };
}

/** A table of processes by id. */
export function processTable(...records: ProcessRecord[]): ReadonlyMap<number, ProcessRecord> {
  return new Map(records.map((record) => [record.id, record]));
}

/** What a page is made of. */
export function drawn(input: ReportInput): ReportGraph {
  return {
    ...input,
    visible: Array.from(input.visible, ([cpv, reasons]) => [cpv, reasons.map(told)] as const),
  };
}

/** A report that finds nothing. */
export const emptyReport: Report = {
  missing: [],
  secondHand: [],
  unused: [],
  implicit: [],
  alternatives: [],
  unowned: [],
  hiddenByUser: [],
  dismissed: [],
  ignored: [],
};

/** A build of a/target-1 that declares dev-libs/a, which needs dev-libs/b, on a @system of gcc and make. */
export function reportInput(changes: Partial<ReportInput> = {}): ReportInput {
  return {
    targets: ['a/target-1'],
    declared: [{ variable: 'DEPEND', atom: 'dev-libs/a', cpv: pkg('dev-libs/a-1') }],
    visible: new Map([
      [pkg('dev-libs/a-1'), [{ from: origin('target'), variable: 'DEPEND', atom: 'dev-libs/a' }]],
      [pkg('dev-libs/b-1'), [{ from: origin('dev-libs/a-1'), variable: 'RDEPEND', atom: 'dev-libs/b' }]],
      [pkg('sys-devel/gcc-13'), [{ from: origin('@system'), variable: '', atom: 'sys-devel/gcc' }]],
      [pkg('dev-build/make-4'), [{ from: origin('@system'), variable: '', atom: 'dev-build/make' }]],
    ]),
    system: new Set(pkgs('sys-devel/gcc-13', 'dev-build/make-4')),
    denials: [],
    uses: [],
    processes: new Map(),
    ends: new Map(),
    searchPath: ['/usr/bin', '/opt/tools/bin'],
    findHidden: () => new Map(),
    hiddenAt: () => undefined,
    ownersOf: () => [],
    readText: () => undefined,
    isInSources: () => undefined,
    needs: [],
    includes: [],
    wasListed: () => true,
    namesFor: (cpv) => [{ atom: cpv.replace(/-\d.*$/, ''), reason: 'it is meant' }],
    equalsOf: () => [],
    hasFiles: () => true,
    foundOf: () => [],
    kindsOf: () => new Set(['header']),
    ...changes,
  };
}
