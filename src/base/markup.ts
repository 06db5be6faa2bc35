/** Text in XML and HTML. */

/**
 * Text as it may stand in XML and HTML, between tags and in attributes. XML 1.0 has no place for most control characters and for halves of
 * surrogates, escaped or not: they are replaced.
 */
export function escapeMarkup(text: string): string {
  return text
    .replace(/[^\t\n\r\x20-\uFFFD\u{10000}-\u{10FFFF}]|\p{Surrogate}/gu, '\uFFFD')
    .replace(/[&<>"']/g, (char) => `&#${char.codePointAt(0) ?? 0};`);
}
