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
  const bases = [file.directory];
  const parts: string[] = [];
  let entries = 0;
  let left = 0;
  let copied = 0;
  /** The element whose end is to be left out with it. */
  let open: string | undefined;
  for (const match of text.matchAll(markup)) {
    const [whole, slash, name = '', attributes = '', closed] = match;
    const end = match.index + whole.length;
    if (open !== undefined) {
      if (slash === '/' && name === open) {
        open = undefined;
        copied = end;
      }
      continue;
    }
    if (name === 'catalog' || name === 'group') {
      if (slash === '/') bases.pop();
      else if (closed !== '/') bases.push(baseOf(attributes, bases.at(-1) ?? '', sources.place));
      continue;
    }
    const attribute = targets[name];
    if (slash === '/' || attribute === undefined) continue;
    entries++;
    const path = localPath(
      valueOf(attributes, attribute),
      baseOf(attributes, bases.at(-1) ?? '', sources.place),
      sources.place,
    );
    if (path === undefined || sources.presence(path) !== 'hidden') {
      left++;
      continue;
    }
    // The line's indentation goes with it.
    parts.push(text.slice(copied, match.index).replace(/\n?[ \t]*$/, ''));
    copied = end;
    if (closed !== '/') open = name;
  }
  if (left === entries) return undefined;
  if (left === 0 && file.name !== 'catalog') return leftOut;
  return Buffer.from(parts.join('') + text.slice(copied), 'latin1');
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
