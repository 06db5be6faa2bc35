/**
 * XML catalogs (OASIS XML Catalogs 1.1) as xmlcatalog(1), build-docbook-catalog and update-xmlcatalog(8) keep them: without the
 * entries that lead to hidden files. A catalog of which nothing is left is left out, but for the one at the top.
 */
import { leftOut, pathIn, type CacheFile, type Made, type Sources } from './sources.js';

/** Elements and the attribute that says where they lead. */
const targets: Readonly<Record<string, string>> = {
  public: 'uri',
  system: 'uri',
  uri: 'uri',
  systemSuffix: 'uri',
  uriSuffix: 'uri',
  rewriteSystem: 'rewritePrefix',
  rewriteURI: 'rewritePrefix',
  delegatePublic: 'catalog',
  delegateSystem: 'catalog',
  delegateURI: 'catalog',
  nextCatalog: 'catalog',
};

/** A comment, declaration or instruction; or a tag, with its name, attributes and whether it is closed at once. */
const markup = /<!--[^]*?-->|<[?!][^>]*>|<(\/?)(?:[\w.-]+:)?([\w.-]+)((?:[^>"']|"[^"]*"|'[^']*')*?)(\/?)>/g;

/** See the head of this file. */
export function xmlCatalog(file: CacheFile, sources: Sources): Made {
  const text = file.contents().toString('latin1');
  const cut = new CatalogCut(text, file.directory, sources);
  for (const match of text.matchAll(markup)) {
    const [whole, slash, name = '', attributes = '', closed] = match;
    const shape = slash === '/' ? 'end' : closed === '/' ? 'empty' : 'start';
    cut.take({ name, attributes, shape, start: match.index, end: match.index + whole.length });
  }
  if (!cut.lacksAny) return undefined;
  return cut.isEmpty && file.name !== 'catalog' ? leftOut : cut.result;
}

interface Tag {
  /** Without its namespace; empty for what is none. */
  readonly name: string;
  readonly attributes: string;
  readonly shape: 'start' | 'end' | 'empty';
  /** In the text. */
  readonly start: number;
  readonly end: number;
}

/** A catalog, tag by tag, and what is left of it. */
class CatalogCut {
  readonly #text: string;
  readonly #sources: Sources;
  /** Of the elements that are open. */
  readonly #bases: string[];
  readonly #parts: string[] = [];
  #copied = 0;
  #kept = 0;
  #omitted = 0;
  /** The element whose end is to be left out with it. */
  #open: string | undefined;

  constructor(text: string, directory: string, sources: Sources) {
    this.#text = text;
    this.#sources = sources;
    this.#bases = [directory];
  }

  take(tag: Tag): void {
    if (this.#open !== undefined) this.#leave(tag);
    else if (tag.name === 'catalog' || tag.name === 'group') this.#nest(tag);
    else if (tag.shape !== 'end' && targets[tag.name] !== undefined) this.#entry(tag);
  }

  /** Whether anything was left out. */
  get lacksAny(): boolean {
    return this.#omitted > 0;
  }

  /** Whether no entry is left. */
  get isEmpty(): boolean {
    return this.#kept === 0;
  }

  get result(): Buffer {
    return Buffer.from(this.#parts.join('') + this.#text.slice(this.#copied), 'latin1');
  }

  #leave({ name, shape, end }: Tag): void {
    if (shape !== 'end' || name !== this.#open) return;
    this.#open = undefined;
    this.#copied = end;
  }

  #nest({ shape, attributes }: Tag): void {
    if (shape === 'end') this.#bases.pop();
    else if (shape === 'start') this.#bases.push(this.#baseOf(attributes));
  }

  #entry({ name, attributes, shape, start, end }: Tag): void {
    const uri = valueOf(attributes, targets[name] ?? '');
    const path = localPath(uri, this.#baseOf(attributes), this.#sources.place);
    if (path === undefined || this.#sources.presence(path) !== 'hidden') {
      this.#kept++;
      return;
    }
    this.#omitted++;
    // The line's indentation goes with it.
    this.#parts.push(this.#text.slice(this.#copied, start).replace(/\n?[ \t]*$/, ''));
    this.#copied = end;
    if (shape === 'start') this.#open = name;
  }

  #baseOf(attributes: string): string {
    return baseOf(attributes, this.#bases.at(-1) ?? '', this.#sources.place);
  }
}

function valueOf(attributes: string, name: string): string | undefined {
  const match = new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(attributes);
  return (match?.[1] ?? match?.[2])
    ?.replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&apos;/g, "'")
    .replace(/&amp;/g, '&');
}

function baseOf(attributes: string, base: string, place: string): string {
  const value = valueOf(attributes, 'xml:base');
  if (value === undefined) return base;
  // What is relative to a place on the network is there, too.
  return (localPath(value, base, place) ?? '').replace(/[^/]*$/, '').replace(/\/$/, '');
}

/** The file that a URI names; undefined for one that is not on this machine. */
function localPath(uri: string | undefined, base: string, place: string): string | undefined {
  if (uri === undefined || uri === '') return undefined;
  const path = uri.replace(/^file:(\/\/(localhost)?(?=\/))?/, '');
  if (path === uri && /^[A-Za-z][\w+.-]*:/.test(uri)) return undefined;
  const plain = path.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return plain.startsWith('/') || base !== '' ? pathIn(base, plain, place) : undefined;
}
