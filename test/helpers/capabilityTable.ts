/** What the capabilities of drivers mean, in words, and as the table of docs/porting.md. */
import type { Driver, DriverCapabilities } from '../../src/fuse/index.js';

/** Each capability: its name for people, and what it means to them when it is missing. */
export const capabilityMeanings: Readonly<
  Record<keyof DriverCapabilities, { readonly title: string; readonly otherwise: string }>
> = {
  exactNanoseconds: {
    title: 'times to the nanosecond',
    otherwise: 'milliseconds, and nothing before 1970',
  },
  inodeNumbers: {
    title: 'inode numbers of 64 bits',
    otherwise: 'large ones are replaced; hard links still share one, and nothing else does',
  },
  invalidation: {
    title: 'caches are told of changes',
    otherwise: 'they expire, so all is asked again and again',
  },
  staleSeconds: { title: 'seconds until a change is seen', otherwise: '' },
  perEntryValidity: {
    title: 'a validity for each name',
    otherwise: 'one for the whole mount',
  },
  negativeCaching: {
    title: 'missing names are cached',
    otherwise: 'each is asked for every time',
  },
  byteNames: {
    title: 'names of any bytes',
    otherwise: 'names that are not UTF-8 are neither listed nor found; links to them cannot be read',
  },
  callers: {
    title: 'who asks is known',
    otherwise: 'denials name no process and no phase of a build',
  },
  extendedAttributes: {
    title: 'extended attributes are shown',
    otherwise: 'there are none, and a file with an access control list is its owner’s alone',
  },
  maxThreads: { title: 'serving threads at most', otherwise: '' },
};

/** A Markdown table of what drivers can do. */
export function capabilityTable(drivers: readonly Driver[]): string {
  const show = (value: boolean | number): string =>
    typeof value === 'number' ? String(value) : value ? 'yes' : 'no';
  const names = Object.keys(capabilityMeanings) as (keyof DriverCapabilities)[];
  const rows = names.map((name) => {
    const { title, otherwise } = capabilityMeanings[name];
    const values = drivers.map(({ capabilities }) => show(capabilities[name]));
    return [`${title} (\`${name}\`)`, ...values, otherwise];
  });
  const head = ['capability', ...drivers.map(({ name }) => name), 'without it'];
  const cells = [head, head.map(() => '---'), ...rows];
  return cells.map((row) => `| ${row.join(' | ')} |\n`).join('');
}
