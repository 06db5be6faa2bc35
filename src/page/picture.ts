/** The picture of a report: SVG that is drawn here, so that a page shows it without a script. */
import dagre from '@dagrejs/dagre';
import { markup, type Markup } from '../base/index.js';
import { groupId, type Box, type DependencyGraph, type Edge, type Group, type Role } from './graph.js';

const roleText: Readonly<Record<Role, string>> = {
  target: 'target',
  declared: 'declared',
  unused: 'declared, unused',
  missing: 'MISSING',
  probed: 'looked for',
  'second-hand': 'SECOND-HAND',
  link: 'brings it in',
};

/** Sizes in CSS pixels. */
const box = { width: 230, height: 44 };
const cell = { width: 240, height: 26, head: 34, columns: 5, rows: 12 };
const gap = { between: 14, ranks: 90, margin: 16 };

interface Size {
  readonly width: number;
  readonly height: number;
}

interface Place extends Size {
  readonly x: number;
  readonly y: number;
}

/**
 * The picture with all groups closed, and once more for each with that group open. Which is seen follows from the address
 * (`#open-unused`): the boxes of groups are links. The closed one comes last, so that the style can hide it behind an open one.
 */
export function pictures(graph: DependencyGraph): Markup {
  if (graph.boxes.length === 0) return markup`<p>Nothing to draw.</p>`;
  const open = graph.groups.map(
    (group) => markup`<div class="drawing open" id="open-${group.role}">${drawing(graph, group)}</div>`,
  );
  return markup`<div class="drawings">${open}<div class="drawing closed" id="graph">${drawing(graph)}</div></div>`;
}

function drawing({ boxes, groups, edges }: DependencyGraph, open?: Group): Markup {
  const sizes = new Map<string, Size>([
    ...boxes.map(({ cpv }) => [cpv, box] as const),
    ...groups.map((group) => [groupId(group.role), group === open ? gridSize(group) : box] as const),
  ]);
  const { width, height, places, lines } = arranged(sizes, edges);
  const at = (id: string): Place => places.get(id) ?? { x: 0, y: 0, ...box };
  const paths = edges.map((edge, i) => arrow(edge, lines[i] ?? []));
  const singles = boxes.map((one) => boxDrawing(one, at(one.cpv)));
  const folded = groups.map((group) =>
    group === open ? grid(group, at(groupId(group.role))) : closedGroup(group, at(groupId(group.role))),
  );
  const what = open === undefined ? '' : `, with what is ${roleText[open.role].toLowerCase()} one by one`;
  return markup`<div class="scroll picture" tabindex="0" role="group" aria-label="Dependency graph${what}">\
<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="group" aria-label="Graph${what}">\
<g aria-hidden="true">${paths}</g>${singles}${folded}</svg></div>`;
}

interface Arrangement extends Size {
  readonly places: ReadonlyMap<string, Place>;
  /** Points of the arrows, in the order of the edges. */
  readonly lines: readonly (readonly { readonly x: number; readonly y: number }[])[];
}

/** From left to right, with as few crossings as can be had quickly. */
function arranged(sizes: ReadonlyMap<string, Size>, edges: readonly Edge[]): Arrangement {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({
    rankdir: 'LR',
    nodesep: gap.between,
    ranksep: gap.ranks,
    marginx: gap.margin,
    marginy: gap.margin,
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const [id, size] of sizes) graph.setNode(id, { ...size });
  for (const { from, to } of edges) if (from !== to) graph.setEdge(from, to);
  dagre.layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  const middle = (id: string): { x: number; y: number } => {
    const { x = 0, y = 0 } = graph.node(id);
    return { x, y };
  };
  /** The middle of the side that looks at another box. */
  const side = (id: string, at: string): { x: number; y: number } => {
    const { x, y } = middle(id);
    const half = (sizes.get(id)?.width ?? 0) / 2;
    return { x: middle(at).x < x ? x - half : x + half, y };
  };
  // dagre lets lines end where they meet a box on the way to its middle, which for a steep one is above or below it.
  const lineOf = ({ from, to }: Edge): Arrangement['lines'][number] => {
    const bends = (graph.edge(from, to)?.points ?? []).slice(1, -1);
    return from === to ? [] : [side(from, to), ...bends, side(to, from)];
  };
  return {
    width: Math.ceil(width),
    height: Math.ceil(height),
    places: new Map(
      [...sizes].map(([id, size]) => {
        const { x = 0, y = 0 } = graph.node(id);
        return [id, { ...size, x: Math.round(x - size.width / 2), y: Math.round(y - size.height / 2) }];
      }),
    ),
    lines: edges.map(lineOf),
  };
}

/** A line through the middles between its points, bent at the points. */
function arrow({ from, to, label, role }: Edge, points: Arrangement['lines'][number]): Markup | undefined {
  const [first, ...others] = points;
  if (first === undefined) return undefined;
  const spell = ({ x, y }: { x: number; y: number }): string => `${Math.round(x)} ${Math.round(y)}`;
  let d = `M${spell(first)}`;
  for (const [i, point] of others.entries()) {
    const next = others[i + 1];
    if (next === undefined) d += ` L${spell(point)}`;
    else d += ` Q${spell(point)} ${spell({ x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 })}`;
  }
  return markup`<path class="${role}" d="${d}"><title>${`${from} → ${to}: ${label}`}</title></path>`;
}

function boxDrawing({ cpv, role }: Box, { x, y, width, height }: Place): Markup {
  const name = `${cpv}: ${roleText[role]}`;
  return markup`<g class="${role}" transform="translate(${x} ${y})" role="img" aria-label="${name}"><title>${name}</title>\
<rect width="${width}" height="${height}" rx="6"/><text x="10" y="18">${shorten(cpv)}</text>\
<text class="role" x="10" y="35">${roleText[role]}</text></g>`;
}

function closedGroup({ role, members }: Group, { x, y, width, height }: Place): Markup {
  const text = `${members.length} ${roleText[role].toLowerCase()}`;
  return markup`<a class="group ${role}" href="#open-${role}" transform="translate(${x} ${y})">\
<rect x="6" y="6" width="${width - 6}" height="${height - 6}" rx="6"/><rect width="${width - 6}" height="${height - 6}" rx="6"/>\
<text x="10" y="17">${text}</text><text class="role" x="10" y="32"> ▸ open</text></a>`;
}

function gridColumns({ members }: Group): number {
  return Math.min(cell.columns, Math.max(1, Math.ceil(members.length / cell.rows)));
}

function gridSize(group: Group): Size {
  const columns = gridColumns(group);
  return {
    width: columns * cell.width + 10,
    height: cell.head + Math.ceil(group.members.length / columns) * cell.height + 8,
  };
}

function grid(group: Group, { x, y, width, height }: Place): Markup {
  const { role, members } = group;
  const text = `${members.length} ${roleText[role].toLowerCase()}`;
  const columns = gridColumns(group);
  const rows = Math.ceil(members.length / columns);
  const cells = members.map((cpv, i) => {
    const place = `translate(${10 + Math.floor(i / rows) * cell.width} ${cell.head + (i % rows) * cell.height})`;
    const name = `${cpv}: ${roleText[role]}`;
    return markup`<g transform="${place}" role="img" aria-label="${name}"><title>${name}</title><text y="17">${shorten(cpv)}</text></g>`;
  });
  return markup`<g class="${role}" transform="translate(${x} ${y})"><rect width="${width}" height="${height}" rx="6"/>\
<a class="group" href="#graph"><rect class="button" x="5" y="5" width="${cell.width - 10}" height="24" rx="4"/>\
<text x="12" y="22">${text} ▾ fold</text></a>${cells}</g>`;
}

function shorten(cpv: string): string {
  return cpv.length <= 30 ? cpv : `${cpv.slice(0, 14)}…${cpv.slice(-15)}`;
}
