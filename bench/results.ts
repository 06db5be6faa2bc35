/** The tables that a benchmark prints. */
import type { Aim } from './workloads.js';

/** Medians of one peer and workload; times are divided by those of native passes just before and after. */
export interface Cell {
  /** Time per item, first pass after the mount. */
  readonly cold: number;
  /** The same for further passes. */
  readonly warm: number;
  /** Seconds of a native pass. */
  readonly native: number;
  readonly runs: number;
  readonly cpu: CpuShares | undefined;
  readonly requests: RequestCounts | undefined;
}

/** Processor time of the programs in a chroot. */
export interface CpuShares {
  /** Of the programs and the peer's daemon, divided by that of the programs on native. */
  readonly cold: number;
  readonly warm: number;
  /** The daemon's part of it in a warm pass. */
  readonly daemonWarm: number;
}

/** Requests of one pass. */
export interface RequestCounts {
  readonly cold: number;
  /** The fewest and the most of the warm passes: they differ when the machine took pages out of its page cache meanwhile. */
  readonly warm: number;
  readonly warmMost: number;
  /** Those of a warm pass that cannot be switched off and are not counted among the others. */
  readonly ioctls: number;
}

/** A measured cell with its place; a string is why there is none. */
export interface Row {
  readonly peer: string;
  /** Another FUSE filesystem, which lvfs is to be ahead of. */
  readonly isRival: boolean;
  readonly workload: string;
  readonly title: string;
  readonly aim: Aim;
  readonly chroot: boolean;
  readonly cell: Cell | string;
}

/** A figure that is no ratio. */
export interface Figure {
  what: string;
  value: string;
  /** What it should be; empty when nothing was aimed at. */
  aim: string;
  /** Whether it is; undefined when nothing was aimed at. */
  reached: boolean | undefined;
}

/** What the tables are made of. */
export interface Results {
  /** One line about the machine. */
  readonly environment: string;
  readonly rows: readonly Row[];
  readonly figures: readonly Figure[];
  /** What the peers are, and why some are not there. */
  readonly peers: readonly string[];
  /** Whatever else the reader should know. */
  readonly remarks: readonly string[];
}

/** The middle of some numbers (the mean of the middle two); NaN of none. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = NaN, high = NaN] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return (low + high) / 2;
}

/** The peer whose aims are shown. */
export const subject = 'lvfs';

/** `✓` or `✗`, and nothing without an aim. */
const mark = (reached: boolean | undefined): string => (reached === undefined ? '' : reached ? '✓ ' : '✗ ');
const ratio = (value: number): string => value.toFixed(2);
const list = (items: readonly string[]): string => items.map((item) => `- ${item}`).join('\n');
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, i) => (i === 0 ? '---' : '--:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

/** Markdown: lvfs against its aims first, then every peer's ratios, then their requests. */
export function resultsMarkdown({ environment, rows, figures, peers, remarks }: Results): string {
  const outside = rows.filter(({ chroot }) => !chroot);
  const inside = rows.filter(({ chroot }) => chroot);
  const failures = rows.flatMap(({ peer, workload, cell }) =>
    typeof cell === 'string' ? [`${peer}, ${workload}: ${cell}`] : [],
  );
  const runs = rows.flatMap(({ cell }) => (typeof cell === 'string' ? [] : [cell.runs]));
  const counts = `medians of ${[...new Set(runs)].sort().join(' or ') || 'no'} run${runs.every((n) => n === 1) ? '' : 's'}`;
  const sections = [
    `# Results\n\n${environment}; ${counts}. Made by \`npm run bench\`, which says how; what it means is in\n[docs/performance.md](../docs/performance.md).`,
    `## What was aimed at

Time as a ratio to native and FUSE requests, on a fresh mount (cold) and again (warm). ✓ reached, ✗ not; in brackets the aim, and
the best of the other FUSE filesystems where lvfs is to be ahead of them. Of the warm requests the fewest of all runs: a request
for a page that the machine took out of its page cache meanwhile comes on top.

${aimsTable(rows)}`,
    section(
      outside,
      `## Time, as a ratio to native: cold / warm

Workloads of one client are pinned to one CPU together with the daemon; those with four processes are not.`,
      ({ cold, warm }) => `${ratio(cold)} / ${ratio(warm)}`,
    ),
    section(outside, '## FUSE requests: cold / warm', requestsText),
    section(
      inside,
      `## In the chroot, time: cold / warm

Native is a read-only bind mount of the root. Nothing is pinned.`,
      ({ cold, warm }) => `${ratio(cold)} / ${ratio(warm)}`,
    ),
    section(
      inside,
      `## In the chroot, processor time: cold / warm

Of the programs and the daemon together, as a ratio to that of the programs on native.`,
      ({ cpu }) => (cpu === undefined ? '–' : `${ratio(cpu.cold)} / ${ratio(cpu.warm)}`),
    ),
    section(inside, '## In the chroot, FUSE requests: cold / warm', requestsText),
    `## Setting up and changing

${table(
  ['what', 'measured', 'aim'],
  figures.map(({ what, value, aim, reached }) => [what, mark(reached) + value, aim]),
)}`,
    `## Peers\n\n${list(peers)}`,
    failures.length === 0 ? '' : `## Failures\n\n${list(failures)}`,
    remarks.length === 0 ? '' : `## Remarks\n\n${list(remarks)}`,
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

function requestsText({ requests }: Cell): string {
  if (requests === undefined) return '–';
  const most = requests.warmMost > requests.warm ? ` (to ${requests.warmMost})` : '';
  const ioctls = requests.ioctls > 0 ? ` + ${requests.ioctls} IOCTL` : '';
  return `${requests.cold} / ${requests.warm}${most}${ioctls}`;
}

/** A heading with a table of all peers; nothing without rows. */
function section(rows: readonly Row[], heading: string, show: (cell: Cell) => string): string {
  if (rows.length === 0) return '';
  const peers = [...new Set(rows.map(({ peer }) => peer))];
  const workloads = [...new Map(rows.map(({ workload, title }) => [workload, title]))];
  const body = workloads.map(([workload, title]) => [
    title,
    ...peers.map((peer) => {
      const cell = rows.find((row) => row.workload === workload && row.peer === peer)?.cell;
      return cell === undefined ? '' : typeof cell === 'string' ? 'failed' : show(cell);
    }),
  ]);
  return `${heading}\n\n${table(['workload', ...peers], body)}`;
}

/** The subject's row of each workload, compared with what was aimed at. */
function aimsTable(rows: readonly Row[]): string {
  const body = rows
    .filter(({ peer }) => peer === subject)
    .map(({ workload, title, aim, cell }) => {
      if (typeof cell === 'string') return [title, '✗ failed', '', '', ''];
      const rivals = rows.filter((row) => row.isRival && row.workload === workload);
      const { requests } = cell;
      return [
        title,
        judged(cell.cold, ratio, aim.cold, aim.ahead ? lowest(rivals, ({ cold }) => cold) : undefined),
        judged(cell.warm, ratio, aim.warm, undefined),
        requests === undefined
          ? '–'
          : judged(
              requests.cold,
              String,
              aim.requests,
              aim.halfTheRequests ? lowest(rivals, (other) => other.requests?.cold) : undefined,
              0.5,
            ),
        requests === undefined ? '–' : judged(requests.warm, String, 0, undefined),
      ];
    });
  return table(['workload', 'cold', 'warm', 'requests cold', 'requests warm'], body);
}

interface Best {
  readonly value: number;
  readonly peer: string;
}

function lowest(rows: readonly Row[], of: (cell: Cell) => number | undefined): Best | undefined {
  let best: Best | undefined;
  for (const { peer, cell } of rows) {
    const value = typeof cell === 'string' ? undefined : of(cell);
    if (value !== undefined && value < (best?.value ?? Infinity)) best = { value, peer };
  }
  return best;
}

/** A measured value with its aims: at most `limit`, and at most `share` of the best rival's. */
function judged(
  value: number,
  show: (value: number) => string,
  limit: number | undefined,
  rival: Best | undefined,
  share = 1,
): string {
  const aims: string[] = [];
  if (limit !== undefined) aims.push(`≤ ${show(limit)}`);
  if (rival !== undefined) {
    aims.push(`${share === 1 ? '<' : `≤ ${share} ×`} ${show(rival.value)}, ${rival.peer}`);
  }
  if (aims.length === 0) return show(value);
  // What is shown is what is judged: 1.1049 is not beyond 1.10.
  const shown = Number(show(value));
  const isWithin = limit === undefined || shown <= limit;
  const isAhead =
    rival === undefined || (share === 1 ? shown < Number(show(rival.value)) : value <= share * rival.value);
  return `${mark(isWithin && isAhead)}${show(value)} (${aims.join('; ')})`;
}
