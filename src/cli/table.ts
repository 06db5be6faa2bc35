/** Tables for people: columns as wide as their contents, never cut. */
import stringWidth from 'string-width';
import type { Output } from './output.js';

/**
 * Lays out rows below a head, columns separated by two spaces; the last column is not padded.
 *
 * Columns of numbers are named in `right` and end flush. Colours in cells do not count as width, wide characters count twice.
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  output: Pick<Output, 'colors'>,
  right: readonly number[] = [],
): string {
  const widths = head.map((title, column) =>
    Math.max(stringWidth(title), ...rows.map((row) => stringWidth(row[column] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => {
        const space = ' '.repeat((widths[column] ?? 0) - stringWidth(cell));
        if (right.includes(column)) return space + cell;
        return column === cells.length - 1 ? cell : cell + space;
      })
      .join('  ')
      .trimEnd();
  return [output.colors.bold(line(head)), ...rows.map(line)].join('\n');
}
