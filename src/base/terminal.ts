/** Text that is shown to people. */

/**
 * What may act on a terminal: Unicode's Cc, and the embeddings, overrides and isolates of its bidirectional algorithm (UAX 9); with
 * what makes an escape the beginning of a colour.
 */
export const acting = /([\p{Cc}\u202a-\u202e\u2066-\u2069])(\[[\d;]*m)?/gu;

/**
 * What programs, files and other users have named may hold sequences that act on a terminal, or turn the direction of writing. All
 * that moves, erases or turns is shown as a number; line ends and tabs stay, and colours where they are used.
 */
export function harmless(text: string, hasColors = false): string {
  return text.replace(acting, (all, char: string, color = '') => {
    if (char === '\n' || char === '\t' || (char === '\x1b' && color !== '' && hasColors)) return all;
    const code = char.charCodeAt(0);
    const number = code < 0x100 ? `x${code.toString(16).padStart(2, '0')}` : `u${code.toString(16)}`;
    return `\\${number}${color}`;
  });
}
