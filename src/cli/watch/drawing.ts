/** How the board looks: lines of plain text, which a terminal without colours shows as well. */
import type { Output } from '../output.js';
import { fitted, textWidth } from '../table.js';
import { displayText } from '../text.js';
import { wantedPath } from '../workshop/lastDenials.js';
import type { Board, Group, GroupState } from './board.js';

type Colors = Output['colors'];

/** What is drawn. */
export interface Picture {
  /** What the view is for. */
  readonly title: string;
  readonly board: Board;
  /** Which group is chosen. */
  readonly chosen: number;
  /** The last thing that was said. */
  readonly message: string;
  readonly size: { readonly columns: number; readonly rows: number };
  readonly colors: Colors;
}

const marks: Readonly<Record<GroupState, string>> = { hidden: ' ', allowed: '+', denied: '-' };

/** What the keys do, by how much room there is: how to leave is always among it. */
const keys = [
  ' a allow  d deny  i ignore  enter explain  f phase  s save  q quit',
  ' a allow d deny i ignore e explain f phase s save q quit',
  ' a d i e f s  q quit',
] as const;

/** Lines that are no groups: two above the head, the head, the message, and the keys. */
const frameRows = 5;

/** How many groups find room. */
export function roomFor({ rows }: Picture['size']): number {
  return Math.max(1, rows - frameRows);
}

/** All lines of the screen. */
export function drawBoard({ title, board, chosen, message, size, colors }: Picture): string[] {
  const { columns, rows } = size;
  const { groups } = board;
  const room = roomFor(size);
  const first = Math.max(0, Math.min(chosen - Math.floor(room / 2), groups.length - room));
  const shown = groups.slice(first, first + room);
  const phase =
    board.phase === undefined
      ? 'all phases'
      : `phase: ${board.phase === '' ? 'none' : displayText(board.phase)}`;
  const counts = (state: GroupState): number => groups.filter((group) => group.state === state).length;
  const summary = [
    `${counts('hidden') + counts('denied')} hidden`,
    ...(counts('allowed') > 0 ? [`${counts('allowed')} allowed`] : []),
    ...(board.ignored.length > 0 ? [`${board.ignored.length} ignored`] : []),
    phase,
    groups.length > shown.length ? `${first + 1}-${first + shown.length} of ${groups.length}` : '',
  ].filter((text) => text !== '');
  const lines = [
    colors.bold(fitted(`lvfs watch  ${title}`, columns)),
    fitted(summary.join(', '), columns),
    colors.dim(groupLine(['  package', 'paths', 'looked for', 'phase', 'by'], columns)),
    ...shown.map((group, at) => drawGroup(group, first + at === chosen, columns, colors)),
    ...(groups.length === 0 ? [fitted('  nothing hidden was looked for yet', columns)] : []),
  ];
  while (lines.length < rows - 2) lines.push('');
  return [...lines, fitted(message, columns), colors.dim(fitted(keysIn(columns), columns))];
}

function keysIn(columns: number): string {
  return keys.find((line) => line.length <= columns) ?? ' q quit';
}

/** The first of several, and how many others there are. */
function firstOf([first = '', ...others]: readonly string[]): string {
  return others.length === 0 ? displayText(first) : `${displayText(first)} +${others.length}`;
}

/** A path in so many columns: what it is called tells more than the directories on the way. */
function fittedPath(path: string, columns: number): string {
  if (textWidth(path) <= columns) return fitted(path, columns);
  const characters = [...path];
  const end = characters
    .slice(path.lastIndexOf('/'))
    .slice(-Math.floor(columns / 2))
    .join('');
  const start = fitted(path, columns - textWidth(end)).trimEnd();
  return fitted(`${start}${end}`, columns);
}

function drawGroup(group: Group, isChosen: boolean, columns: number, colors: Colors): string {
  const { name, state, paths, telling, phases, processes } = group;
  const cells = [
    `${isChosen ? '>' : ' '}${marks[state]}${displayText(name)}`,
    String(paths).padStart(5),
    group.owner !== undefined
      ? wantedPath(telling)
      : telling.owners.length === 0
        ? 'no package'
        : 'several packages',
    firstOf(phases),
    firstOf(processes),
  ] as const;
  const line = groupLine(cells, columns);
  if (isChosen) return colors.inverse(line);
  if (state === 'allowed') return colors.green(line);
  return group.strength >= 4 ? colors.bold(line) : line;
}

type Cells = readonly [name: string, paths: string, what: string, phase: string, by: string];

/** Columns are as wide as the terminal lets them. */
function groupLine([name, paths, what, phase, by]: Cells, columns: number): string {
  const rest = columns - 6;
  const nameWidth = Math.floor(rest * 0.32);
  const byWidth = Math.floor(rest * 0.14);
  const phaseWidth = Math.floor(rest * 0.14);
  const whatWidth = rest - nameWidth - byWidth - phaseWidth - 3;
  return [
    fitted(name, nameWidth),
    fitted(paths, 5),
    fittedPath(what, whatWidth),
    fitted(phase, phaseWidth),
    fitted(by, byWidth),
  ].join(' ');
}

/** A text for reading, from a line on, with what the keys do. */
export function drawText(
  text: readonly string[],
  from: number,
  { size, colors }: Pick<Picture, 'size' | 'colors'>,
): string[] {
  const { columns, rows } = size;
  const room = rows - 1;
  const lines = wrapped(text, columns).slice(from, from + room);
  while (lines.length < room) lines.push('');
  return [
    ...lines.map((line) => fitted(line, columns)),
    colors.dim(fitted(' up and down: more  any other key: back', columns)),
  ];
}

/** Lines that are no longer than a width, divided between words where there are any. */
export function wrapped(text: readonly string[], columns: number): string[] {
  return text.flatMap((line) => {
    const indent = /^ */.exec(line)?.[0] ?? '';
    const lines: string[] = [];
    let current = '';
    for (let word of line.trim().split(' ')) {
      const room = columns - indent.length;
      if (current !== '' && current.length + 1 + word.length > room) {
        lines.push(indent + current);
        current = '';
      }
      for (; current === '' && word.length > room; word = word.slice(room))
        lines.push(indent + word.slice(0, room));
      current = current === '' ? word : `${current} ${word}`;
    }
    return [...lines, indent + current];
  });
}
