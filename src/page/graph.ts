/** What the picture of a report shows: packages, what brings them in, and which of them stand for many. */
import { missingGroups, type Report } from '../audit/index.js';
import type { ReportGraph } from '../daemon/index.js';

/** What a package is in the picture. */
export type Role = 'target' | 'declared' | 'unused' | 'missing' | 'probed' | 'second-hand' | 'link';

/** A package by itself. */
export interface Box {
  readonly cpv: string;
  readonly role: Role;
}

/** Packages that are drawn as one box, which can be opened. */
export interface Group {
  readonly role: Role;
  readonly members: readonly string[];
}

/** An arrow; a group is named by {@link groupId}. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly label: string;
  readonly role: Role;
}

/** See the head of this file. */
export interface DependencyGraph {
  readonly boxes: readonly Box[];
  readonly groups: readonly Group[];
  readonly edges: readonly Edge[];
}

/**
 * How many packages of a role are drawn one by one, where nothing hangs on them. Of findings more, as they are what the picture is for; of
 * what was declared in vain none, unless folding it would save nothing.
 */
const shownSingly: Readonly<Partial<Record<Role, number>>> = {
  missing: 12,
  'second-hand': 12,
  probed: 4,
  declared: 8,
  unused: 1,
};

/** What a group is called as the end of an arrow; no cpv looks like it. */
export function groupId(role: Role): string {
  return `(${role})`;
}

/** Targets, what they declare or lack, and the chains that lead to second-hand packages. */
export function dependencyGraph(report: Report, graph: ReportGraph): DependencyGraph {
  const roles = new Map<string, Role>();
  const edges: Edge[] = [];
  const join = (from: string, to: string, label: string, role: Role): void => {
    if (!edges.some((edge) => edge.from === from && edge.to === to)) edges.push({ from, to, label, role });
  };
  for (const cpv of graph.targets) roles.set(cpv, 'target');
  const { missing, allowed, automagic, lookedFor } = missingGroups(report);
  const lacking = [...missing, ...allowed, ...automagic].map(
    ({ cpv }) => ({ cpv, role: 'missing' }) as const,
  );
  const probed = lookedFor.map(({ cpv }) => ({ cpv, role: 'probed' }) as const);
  for (const { cpv, role } of [...lacking, ...probed]) {
    roles.set(cpv, role);
    for (const target of graph.targets) join(target, cpv, 'not declared', role);
  }
  addSecondHand(report, graph, roles, join);
  const unused = new Set(report.unused.map(({ cpv }) => cpv));
  for (const { cpv, variable, atom } of graph.declared) {
    if (!roles.has(cpv)) roles.set(cpv, unused.has(cpv) ? 'unused' : 'declared');
    for (const target of graph.targets)
      join(target, cpv, `${variable} ${atom}`, roles.get(cpv) ?? 'declared');
  }
  return folded(roles, edges, graph.targets);
}

/** What is used second-hand, each with the chain that leads there as long as there are few. */
function addSecondHand(
  report: Report,
  graph: ReportGraph,
  roles: Map<string, Role>,
  join: (from: string, to: string, label: string, role: Role) => void,
): void {
  for (const [i, { cpv }] of report.secondHand.entries()) {
    const isSingle = i < (shownSingly['second-hand'] ?? 0);
    roles.set(cpv, 'second-hand');
    const chain = isSingle ? chainTo(cpv, graph) : [];
    for (const [depth, { from, to, label }] of chain.entries()) {
      if (!roles.has(to)) roles.set(to, depth === 0 ? 'declared' : 'link');
      join(from, to, label, to === cpv ? 'second-hand' : 'link');
    }
  }
}

/** Puts what there is too much of, and what nothing hangs on, into groups. */
function folded(
  roles: ReadonlyMap<string, Role>,
  edges: readonly Edge[],
  targets: readonly string[],
): DependencyGraph {
  const leading = new Set(edges.map(({ from }) => from));
  const leaves = new Map<Role, string[]>();
  for (const [cpv, role] of roles)
    if (!leading.has(cpv)) leaves.set(role, [...(leaves.get(role) ?? []), cpv]);
  const groups: Group[] = [];
  for (const [role, all] of leaves) {
    const single = shownSingly[role];
    // One that is folded would be as large as the box that it is folded into.
    if (single === undefined || all.length <= single + 1) continue;
    const kept = role === 'missing' || role === 'probed' || role === 'second-hand' ? single : 0;
    groups.push({ role, members: all.slice(kept) });
  }
  const inGroup = new Map(groups.flatMap(({ role, members }) => members.map((cpv) => [cpv, role])));
  const kept = edges.filter(({ to }) => !inGroup.has(to));
  const toGroups = groups.flatMap(({ role, members }) =>
    targets.map((from) => ({ from, to: groupId(role), label: `${members.length} packages`, role })),
  );
  return {
    boxes: [...roles].filter(([cpv]) => !inGroup.has(cpv)).map(([cpv, role]) => ({ cpv, role })),
    groups,
    edges: [...kept, ...toGroups],
  };
}

/** The shortest chain from a target to a package, target first; empty when only @system or an option brings it in. */
function chainTo(
  cpv: string,
  { targets, visible }: ReportGraph,
): { from: string; to: string; label: string }[] {
  const [target] = targets;
  if (target === undefined) return [];
  const reasons = new Map(visible);
  const next = new Map<string, { to: string; label: string }>();
  let front = [cpv];
  const seen = new Set(front);
  while (front.length > 0) {
    const further: string[] = [];
    for (const to of front) {
      for (const { from, variable, atom } of reasons.get(to) ?? []) {
        const label = `${variable} ${atom}`;
        if (from === 'target') {
          const chain = [{ from: target, to, label }];
          for (let at = next.get(to), here = to; at !== undefined; here = at.to, at = next.get(at.to))
            chain.push({ from: here, to: at.to, label: at.label });
          return chain;
        }
        if (seen.has(from) || !reasons.has(from)) continue;
        seen.add(from);
        next.set(from, { to, label });
        further.push(from);
      }
    }
    front = further;
  }
  return [];
}
