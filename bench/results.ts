/** The tables that a benchmark prints. */

/** Medians of one peer and workload. */
export interface Cell {
  /** Time per item, first pass after the mount, divided by native's. */
  cold: number;
  /** The same for a further pass. */
  warm: number;
  /** Seconds of the native pass. */
  native: number;
  runs: number;
  coldRequests: number | undefined;
  warmRequests: number | undefined;
}

/** A measured cell with its place; a string is why there is none. */
export interface Row {
  peer: string;
  workload: string;
  title: string;
  cell: Cell | string;
}

/** A figure that is no ratio. */
export interface Figure {
  what: string;
  value: string;
  /** What it should be; empty when nothing was aimed at. */
  aim: string;
}

/** The middle of some numbers (the mean of the middle two); NaN of none. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = NaN, high = NaN] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return (low + high) / 2;
}

/** Markdown with ratios first and requests behind. */
export function resultsMarkdown(
  environment: string,
  rows: readonly Row[],
  setups: readonly Figure[],
  notes: readonly string[],
): string {
  const peers = [...new Set(rows.map(({ peer }) => peer))];
  const workloads = [...new Map(rows.map(({ workload, title }) => [workload, title]))];
  const at = (workload: string, peer: string) =>
    rows.find((row) => row.workload === workload && row.peer === peer)?.cell;
  const table = (show: (cell: Cell) => string) =>
    [
      `| workload | ${peers.join(' | ')} |`,
      `|---|${peers.map(() => '--:').join('|')}|`,
      ...workloads.map(([name, title]) => {
        const cells = peers.map((peer) => {
          const cell = at(name, peer);
          return cell === undefined ? '' : typeof cell === 'string' ? 'failed' : show(cell);
        });
        return `| ${title} | ${cells.join(' | ')} |`;
      }),
    ].join('\n');
  const failures = rows.flatMap(({ peer, workload, cell }) =>
    typeof cell === 'string' ? [`- ${peer}, ${workload}: ${cell}`] : [],
  );
  const runs = rows.flatMap(({ cell }) => (typeof cell === 'string' ? [] : [cell.runs]));
  const setup = setups.map(({ what, value, aim }) => `| ${what} | ${value} | ${aim} |`).join('\n');
  return `# Results

${environment}; medians of ${Math.min(...runs)} to ${Math.max(...runs)} runs. Made by \`npm run bench\`, which says how; what it means is in
[docs/performance.md](../docs/performance.md).

## Time, as a ratio to native: cold / warm

Workloads of one client are pinned to one CPU together with the daemon; those with several processes and those in a
chroot are not. In a chroot, native is a bind mount of the root.

${table(({ cold, warm }) => `${cold.toFixed(2)} / ${warm.toFixed(2)}`)}

## FUSE requests: cold / warm

${table(({ coldRequests, warmRequests }) => (coldRequests === undefined ? '–' : `${coldRequests} / ${warmRequests ?? 0}`))}

## Setting up

| what | measured | aim |
|---|---|---|
${setup}

## Peers

${notes.map((note) => `- ${note}`).join('\n')}
${failures.length === 0 ? '' : `\n## Failures\n\n${failures.join('\n')}\n`}`;
}
