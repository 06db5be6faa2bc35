/** Text in XML and HTML. */

/** What is markup already. */
export class Markup {
  constructor(readonly text: string) {}

  toString(): string {
    return this.text;
  }
}

/** What may stand in a template: text, which is escaped; markup, which is not; lists of these; nothing. */
export type MarkupPart = string | number | Markup | undefined | readonly MarkupPart[];

/** A template for XML and HTML in which every text that is put in is escaped, between tags and in attributes. */
export function markup(literals: TemplateStringsArray, ...parts: MarkupPart[]): Markup {
  let text = literals[0] ?? '';
  for (const [i, part] of parts.entries()) text += textOf(part) + (literals[i + 1] ?? '');
  return new Markup(text);
}

/** Parts side by side, with markup between them. */
export function joined(parts: readonly MarkupPart[], between: Markup): Markup {
  return new Markup(parts.map(textOf).join(between.text));
}

function textOf(part: MarkupPart): string {
  if (part === undefined) return '';
  if (part instanceof Markup) return part.text;
  return typeof part === 'object' ? part.map(textOf).join('') : escapeMarkup(String(part));
}

/**
 * Text as it may stand in XML and HTML, between tags and in attributes. XML 1.0 has no place for most control characters and for halves of
 * surrogates, escaped or not: they are replaced.
 */
function escapeMarkup(text: string): string {
  return text
    .replace(/[^\t\n\r\x20-\uFFFD\u{10000}-\u{10FFFF}]|\p{Surrogate}/gu, '\uFFFD')
    .replace(/[&<>"']/g, (char) => `&#${char.codePointAt(0) ?? 0};`);
}
