/**
 * Reads dpkg's database: what is installed, which paths belong to it, and what Debian's versions mean to Gentoo.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readOptional } from './gentooTree.js';

/** An installed binary package. */
export interface Binary {
  name: string;
  arch: string;
  version: string;
  source: string;
  sourceVersion: string;
  description: string;
  homepage: string;
  /** Depends and Pre-Depends: each a list of alternatives. */
  depends: { name: string; relation: string; version: string }[][];
  provides: string[];
  /** Configuration files with the MD5 they were shipped with. */
  conffiles: Map<string, string>;
  /** Its `.list` file: the paths it owns. */
  list: string;
  /** Its `.md5sums` file; need not exist. */
  md5sums: string;
}

/** Paths that dpkg keeps elsewhere for all packages but one. */
export interface Diversions {
  /** Diverted path -> where the file is, and the package that keeps the path. */
  readonly byPath: ReadonlyMap<string, { to: string; by: string }>;
  readonly text: string;
}

/** A failure that is explained to whoever runs the example. */
export class ExampleError extends Error {
  readonly hint: string;

  constructor(
    readonly code: 'NO_DPKG' | 'NOT_OURS' | 'UNSAFE_DIRECTORY',
    message: string,
    options: { hint: string; cause?: unknown },
  ) {
    super(message, options);
    this.hint = options.hint;
  }
}

/** The installed packages of `status` (deb822 paragraphs); half-installed ones count, removed ones do not. */
export function readBinaries(dpkg: string): Binary[] {
  let status: string;
  try {
    status = readFileSync(join(dpkg, 'status'), 'utf8');
  } catch (error) {
    throw new ExampleError('NO_DPKG', `cannot read dpkg's database in ${dpkg}`, {
      cause: error,
      hint: 'this example makes a VDB from the packages of a Debian host; Gentoo has its own in /var/db/pkg',
    });
  }
  const binaries: Binary[] = [];
  for (const paragraph of status.split(/\n\n+/)) {
    const fields = new Map<string, string>();
    for (const field of paragraph.split(/\n(?![ \t])/)) {
      const colon = field.indexOf(':');
      if (colon > 0) fields.set(field.slice(0, colon), field.slice(colon + 1).trim());
    }
    const get = (name: string): string => fields.get(name) ?? '';
    const name = get('Package');
    if (name === '' || !/ (installed|unpacked|half-configured|triggers-\w+)$/.test(get('Status'))) continue;
    const [, source = name, sourceVersion = get('Version')] =
      /^(\S+)(?: \((.+)\))?$/.exec(get('Source')) ?? [];
    const conffiles = new Map<string, string>();
    for (const line of get('Conffiles').split('\n')) {
      const [, path, md5] = /^\s*(\S.*) ([0-9a-f]{32})(?: .*)?$/.exec(line) ?? [];
      if (path !== undefined && md5 !== undefined) conffiles.set(Buffer.from(path).toString('latin1'), md5);
    }
    const file = (suffix: string): string => {
      const qualified = join(dpkg, 'info', `${name}:${get('Architecture')}.${suffix}`);
      return existsSync(qualified) ? qualified : join(dpkg, 'info', `${name}.${suffix}`);
    };
    binaries.push({
      name,
      arch: get('Architecture'),
      version: get('Version'),
      source,
      sourceVersion,
      description: (get('Description').split('\n')[0] ?? '').trim(),
      homepage: get('Homepage'),
      depends: [...relations(get('Pre-Depends')), ...relations(get('Depends'))],
      provides: relations(get('Provides')).flatMap((group) => group.map((one) => one.name)),
      conffiles,
      list: file('list'),
      md5sums: file('md5sums'),
    });
  }
  return binaries;
}

/** A relationship field: `a (>= 1) | b:any, c`. */
function relations(field: string): Binary['depends'] {
  return field
    .split(',')
    .map((group) =>
      group.split('|').flatMap((alternative) => {
        const [, name, relation = '', version = ''] =
          /^\s*([a-z0-9][a-z0-9+.-]*)(?::\w+)?(?:\s*\((<<|<=|=|>=|>>)\s*([^)\s]+)\))?/.exec(alternative) ??
          [];
        return name === undefined ? [] : [{ name, relation, version }];
      }),
    )
    .filter((group) => group.length > 0);
}

/** `diversions`: three lines each, from, to and the package (`:` when the administrator made it). */
export function readDiversions(dpkg: string): Diversions {
  const text = readOptional(join(dpkg, 'diversions'));
  const lines = text.split('\n');
  const byPath = new Map<string, { to: string; by: string }>();
  for (let i = 0; i + 2 < lines.length; i += 3) {
    byPath.set(lines[i] ?? '', { to: lines[i + 1] ?? '', by: lines[i + 2] ?? '' });
  }
  return { byPath, text };
}

/** The paths of a `.list` file, without the root itself. */
export function readPaths(list: string): string[] {
  return readOptional(list)
    .split('\n')
    .filter((path) => path.startsWith('/') && path !== '/.');
}

/** A `.md5sums` file by absolute path. */
export function readSums(md5sums: string): Map<string, string> {
  const sums = new Map<string, string>();
  for (const line of readOptional(md5sums).split('\n')) {
    if (/^[0-9a-f]{32} [ *]/.test(line))
      sums.set(`/${line.slice(34).replace(/^\.?\/+/, '')}`, line.slice(0, 32));
  }
  return sums;
}

/**
 * A Gentoo version for a Debian one: without epoch and with the packager's suffixes gone; release candidates and
 * betas keep their place, snapshots become `_p` or `_pre`; the Debian revision, when it is 2 or more, is `-rN`.
 */
export function gentooVersion(debian: string): string {
  const [, upstream = '', revision = ''] = /^(?:\d+:)?(.*?)(?:-([^-]*))?$/.exec(debian) ?? [];
  const [, numbers = '0', letter = '', rest = ''] =
    /^v?(\d+(?:\.\d+)*)([a-z](?![a-z0-9]))?(.*)$/.exec(upstream) ?? [];
  let suffix = '';
  const early = /^[~.+-]*(alpha|beta|rc|pre|a|b)[.~-]?(\d*)/.exec(rest);
  const snapshot = /(?:git|svn|hg|cvs|bzr|[~+.-])(\d{8})/.exec(rest);
  if (early !== null) {
    const word = { a: 'alpha', b: 'beta' }[early[1] ?? ''] ?? early[1] ?? '';
    suffix = `_${word}${early[2] ?? ''}`;
  } else if (snapshot !== null) suffix = `${rest.startsWith('~') ? '_pre' : '_p'}${snapshot[1] ?? ''}`;
  const n = Number(/^\d{1,9}/.exec(revision)?.[0] ?? 0);
  return `${numbers}${letter}${suffix}${n > 1 ? `-r${n}` : ''}`;
}

/**
 * The lower bound of `>=` that the installed version certainly meets, or undefined: only plain numbers are
 * compared, since Debian and Gentoo order the rest differently.
 */
export function lowerBound(required: string, installed: string): string | undefined {
  const numbers = (text: string): string => /^(?:\d+:)?(\d+(?:\.\d+)*)/.exec(text)?.[1] ?? '';
  const [want, have] = [numbers(required), numbers(installed)];
  if (want === '' || have === '' || /\.0\d/.test(`${want} ${have}`)) return undefined;
  const [a, b] = [want.split('.').map(Number), have.split('.').map(Number)];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] ?? -1, b[i] ?? -1];
    if (x !== y) return x < y ? want : undefined;
  }
  return /_(alpha|beta|pre|rc)/.test(installed) ? undefined : want;
}
