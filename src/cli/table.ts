/** Tables for people: columns as wide as their contents, never cut. */
import { stripVTControlCharacters } from 'node:util';
import { eastAsianWidth } from 'get-east-asian-width';
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
    Math.max(textWidth(title), ...rows.map((row) => textWidth(row[column] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => {
        const space = ' '.repeat((widths[column] ?? 0) - textWidth(cell));
        if (right.includes(column)) return space + cell;
        return column === cells.length - 1 ? cell : cell + space;
      })
      .join('  ')
      .trimEnd();
  return [output.colors.bold(line(head)), ...rows.map(line)].join('\n');
}

/** A text in exactly so many columns: cut, or with spaces behind it. Without colours. */
export function fitted(text: string, columns: number): string {
  let width = textWidth(text);
  if (width <= columns) return text + ' '.repeat(columns - width);
  const characters = [...text];
  while (width > columns - 1 && characters.length > 0) width -= textWidth(characters.pop() ?? '');
  return `${characters.join('')}${columns > width ? '…' : ''}${' '.repeat(Math.max(0, columns - width - 1))}`;
}

/** Columns of a terminal that a text takes. */
export function textWidth(text: string): number {
  const plain = stripVTControlCharacters(text);
  // Nearly all texts are ASCII; and to make the expression below takes longer than all else a table needs.
  if (!/[^ -~]/.test(plain)) return plain.length;
  let width = 0;
  for (const character of plain)
    if (!/[\p{Mark}\p{Format}\p{Control}]/u.test(character))
      width += eastAsianWidth(character.codePointAt(0) ?? 0);
  return width;
}
