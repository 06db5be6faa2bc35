/** Manual pages made of documents in Markdown, as far as the documents of lvfs use it, and the width of all manual pages. */

/** What a manual page has that the document does not say. */
export interface ManualHead {
  readonly name: string;
  readonly section: number;
  readonly title: string;
  /** The end of the line under NAME. */
  readonly summary: string;
  /** Lines of roff: what stands before the text of the document, and behind it. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** mandoc(1) and roff readers take longer lines for a mistake. */
const widest = 80;

const special: Readonly<Record<string, string>> = {
  '…': '...',
  '’': '\\(cq',
  '–': '\\(en',
  '→': '\\(->',
  '×': '\\(mu',
  '≥': '\\(>=',
  '≤': '\\(<=',
};

/** A page with the text of a document, its first heading left out. */
export function manualOf(markdown: string, head: ManualHead): string {
  const { name, section, title, summary } = head;
  return wrapped(
    [
      `.\\" Made from docs by the tests: LVFS_TEST_UPDATE=1 makes it anew.`,
      `.TH ${name.toUpperCase()} ${section} "2026-11-28" "lvfs" "${title}"`,
      // What JSON looks like has words too long to be spaced out.
      '.ad l',
      '.SH NAME',
      `${hyphens(name)} \\- ${plain(summary)}`,
      ...head.before,
      '.SH DESCRIPTION',
      ...body(markdown.replace(/^# .*\n+/, '').split('\n')),
      ...head.after,
      '',
    ].join('\n'),
  );
}

/** The lines of a page, with those of its text at most as wide as readers of roff like them. */
export function wrapped(page: string): string {
  let isLiteral = false;
  return page
    .split('\n')
    .flatMap((line) => {
      if (/^\.(nf|EX|TS)\b/.test(line)) isLiteral = true;
      else if (/^\.(fi|EE|TE)\b/.test(line)) isLiteral = false;
      return isLiteral || /^[.']/.test(line) ? [line] : folded(line);
    })
    .join('\n');
}

function folded(line: string): string[] {
  const lines: string[] = [];
  let rest = line;
  while (Buffer.byteLength(rest) > widest) {
    // Not at a space that is escaped, nor so that the next line were a request.
    const places = [...rest.matchAll(/(?<!\\) (?![.' ])/g)].map(({ index }) => index);
    const at = places.findLast((place) => Buffer.byteLength(rest.slice(0, place)) <= widest) ?? places[0];
    if (at === undefined) break;
    lines.push(rest.slice(0, at));
    rest = rest.slice(at + 1);
  }
  return [...lines, rest];
}

function body(lines: readonly string[]): string[] {
  const out: string[] = [];
  for (let at = 0; at < lines.length;) {
    const line = lines[at] ?? '';
    const until = (ends: (next: string) => boolean): string[] => {
      const start = at++;
      while (at < lines.length && !ends(lines[at] ?? '')) at++;
      return lines.slice(start, at);
    };
    if (line === '') at++;
    else if (line.startsWith('```')) {
      const code = until((next) => next.startsWith('```')).slice(1);
      at++;
      out.push('.PP', '.RS 4', '.nf', ...code.map(literal), '.fi', '.RE');
    } else if (/^#{2,} /.test(line)) {
      at++;
      const text = plain(line.replace(/^#+ /, '').replace(/`/g, ''));
      out.push(line.startsWith('## ') ? `.SH "${text.toUpperCase()}"` : `.SS "${text}"`);
    } else if (line.startsWith('|')) {
      out.push(...table(until((next) => !next.startsWith('|'))));
    } else if (line.startsWith('- ')) {
      const item = until((next) => next === '' || next.startsWith('- ') || /^(#|```|\|)/.test(next));
      out.push('.IP \\(bu 2', inline(item.map((one) => one.replace(/^(- | {2})/, '')).join(' ')));
    } else {
      out.push('.PP', inline(until((next) => next === '' || /^(#|```|\||- )/.test(next)).join(' ')));
    }
  }
  // A section begins a paragraph by itself.
  return out.filter((line, i) => !(line === '.PP' && /^\.S[HS] /.test(out[i - 1] ?? '.SH ')));
}

/** A list of terms; what stands in further columns follows. */
function table(rows: readonly string[]): string[] {
  const cells = rows.map((row) =>
    row
      .replace(/^\| ?| ?\|$/g, '')
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim().replaceAll('\\|', '|')),
  );
  const [titles = [], , ...entries] = cells;
  // What is under such a title is a list rather than what a term means.
  if (titles.every((title) => title.includes(' ')))
    return titles.flatMap((title, i) => [
      '.TP',
      `\\fB${plain(title)}\\fP`,
      inline(entries.map((entry) => entry[i] ?? '').join('; ')),
    ]);
  return entries.flatMap(([term = '', ...rest]) => [
    '.TP',
    inline(term),
    ...rest.flatMap((cell, i) => {
      const title = titles[i + 1] ?? '';
      const says = rest.length > 1 && title !== '' && cell !== '' ? `${title}: ${cell}` : cell;
      return says === '' && i > 0 ? [] : [...(i > 0 ? ['.br'] : []), inline(says === '' ? '\\&' : says)];
    }),
  ]);
}

/** Text with its marks: code and strong bold, emphasis underlined, links by their text. */
function inline(text: string): string {
  const marked = text
    .replace(/\[([^\]]+)\]\([^)]+\)/g, '$1')
    .split(/(`[^`]+`)/)
    .map((part) =>
      /^`.+`$/.test(part)
        ? `\\fB${hyphens(plain(part.slice(1, -1))).replace(/,(?=\S)/g, ',\\:')}\\fP`
        : plain(part)
            .replace(/\*\*([^*]+)\*\*/g, '\\fB$1\\fP')
            .replace(/(?<![\w*])\*([^*\s][^*]*)\*(?!\w)/g, '\\fI$1\\fP'),
    )
    .join('');
  return marked.replace(/^(?=[.'])/, '\\&');
}

function literal(line: string): string {
  return hyphens(plain(line)).replace(/^(?=[.'])/, '\\&');
}

function hyphens(text: string): string {
  return text.replaceAll('-', '\\-');
}

/** Every character as roff wants it. */
function plain(text: string): string {
  const escaped = text.replaceAll('\\&', '\0').replaceAll('\\', '\\e').replaceAll('\0', '\\&');
  return escaped.replace(/[^\0-\x7f]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return special[character] ?? `\\[u${code.toString(16).toUpperCase().padStart(4, '0')}]`;
  });
}
