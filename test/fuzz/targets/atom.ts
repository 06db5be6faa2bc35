import { AtomError, atomToString, tryParseAtom, type AtomOptions } from '../../../src/portage/atom.js';
import { compareVersions } from '../../../src/portage/version.js';
import type { FuzzTarget } from '../fuzz.js';
import { hold, isPlain, same, unlessRefused } from '../holds.js';

/** What EAPI 8 has (PMS 3.1, 3.2, 8.2.6, 8.3), as Portage's own expressions say it (`portage.versions`, `portage.dep`). */
const category = '[A-Za-z0-9_][A-Za-z0-9_+.-]*';
const name = '[A-Za-z0-9_][A-Za-z0-9_+-]*?';
const version = '\\d+(?:\\.\\d+)*[a-z]?(?:_(?:pre|p|beta|alpha|rc)\\d*)*(?:-r\\d+)?';
const versioned = `(?:[<>]=?|[=~])${category}/(?<name>${name})-${version}`;
const starred = `=${category}/(?<starred>${name})-${version}\\*`;
const plain = `${category}/(?<plain>${name.slice(0, -1)})`;
const slot = '[A-Za-z0-9_][A-Za-z0-9_+.-]*';
const slots = `:(?:[*=]|${slot}(?:/${slot})?=?)`;
const flag = '[A-Za-z0-9][A-Za-z0-9_+@-]*(?:\\(\\+\\)|\\(-\\))?';
const uses = `\\[(?:-?${flag}|!?${flag}[?=])(?:,(?:-?${flag}|!?${flag}[?=]))*\\]`;
const whole = new RegExp(`^!{0,2}(?:${versioned}|${starred}|${plain})(?:${slots})?(?:${uses})?$`);

const options: readonly AtomOptions[] = [
  {},
  { allowWildcard: true, allowRepo: true },
  { allowBuildId: true },
  { eapi: '0' },
  { eapi: '5' },
  { eapi: '8' },
];

/** A name must not end in what might be a version. */
const misnamed = new RegExp(`-${version}$`);

function isAtom(text: string): boolean {
  const { name, starred, plain } = whole.exec(text)?.groups ?? {};
  const found = name ?? starred ?? plain;
  return found !== undefined && !misnamed.test(found) && hasOneDefaultEach(text);
}

/** A flag has the same default wherever it stands (`_use_dep.__init__` of portage.dep). */
function hasOneDefaultEach(text: string): boolean {
  const defaults = new Map<string, string>();
  for (const use of /\[(.*)\]$/.exec(text)?.[1]?.split(',') ?? []) {
    const [, flag = '', fallback = ''] = /^[!-]?([^(?=]*)(\([+-]\))?/.exec(use) ?? [];
    if ((defaults.get(flag) ?? fallback) !== fallback) return false;
    defaults.set(flag, fallback);
  }
  return true;
}

export const atom: FuzzTarget = {
  name: 'atom',
  seeds: [
    'dev-libs/foo',
    '>=dev-libs/foo-1.2.3_rc4-r5:0/2=[a,-b,c?,!d?,e=,!f=,g(+),-h(-)]',
    '=dev-libs/foo-1.2*',
    '!!~a/b-1',
    '*/*::gentoo',
    '=a/b-1-2',
    '=a/b-*9*',
    'a/b:*',
  ],
  words: ['-r0', '_alpha', '_p', '_pre', '::', ':=', ':*', '[', ']', '(+)', '(-)', '!!', '>=', '1.0', '-1'],
  run(input) {
    const text = input.toString('utf8');
    for (const one of options) {
      const found = tryParseAtom(text, one);
      if (found === undefined) continue;
      const written = atomToString(found);
      same(written, text, 'what is written is what was read');
      if (found.version !== undefined && found.op !== '=*' && !found.extended)
        same(compareVersions(found.version, found.version), 0, 'a version equals itself');
    }
    if (isPlain(text))
      same(tryParseAtom(text, { eapi: '8' }) !== undefined, isAtom(text), 'an atom of EAPI 8');
    hold(
      unlessRefused(() => new AtomError(text, 0, 'x').message)?.includes('\n') === false,
      'a refusal is one line',
    );
  },
};
