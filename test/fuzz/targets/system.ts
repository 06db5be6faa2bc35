/** Files of a system: a root of two installed packages and one ebuild, of which some files are the input. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { openSystem } from '../../../src/portage/index.js';
import { gentooRoot } from '../../helpers/gentooRoot.js';
import type { FuzzTarget } from '../fuzz.js';
import { hold, unlessRefused } from '../holds.js';

const installed = ['app-shells/bash-5', 'dev-libs/bar-1', 'dev-libs/baz-2'];

/** What a line of the input begins a file with: `== PATH` within the root. */
const heading = /^== (\/[\w./-]+)$/m;

/** Takes an input apart: files by path, those that may be written only. */
function filesOf(text: string, paths: readonly string[]): Map<string, string> {
  const [, ...parts] = text.split(heading);
  const files = new Map<string, string>();
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const path = parts[i]!;
    if (paths.includes(path)) files.set(path, parts[i + 1]!.replace(/^\n/, ''));
  }
  return files;
}

/** The input that has these files. */
function inputOf(files: Readonly<Record<string, string>>): string {
  return Object.entries(files)
    .map(([path, text]) => `== ${path}\n${text}`)
    .join('');
}

interface SystemTarget {
  readonly name: string;
  readonly seeds: readonly Readonly<Record<string, string>>[];
  readonly words: readonly string[];
}

async function systemTarget({ name, seeds, words }: SystemTarget): Promise<FuzzTarget> {
  const gentoo = await gentooRoot({
    packages: {
      'app-shells/bash-5': { files: { '/bin/bash': '#!' } },
      'dev-libs/bar-1': { RDEPEND: 'dev-libs/baz', files: { '/usr/include/bar.h': 'bar' } },
      'dev-libs/baz-2': { IUSE: 'x', USE: 'x', files: { '/usr/include/baz.h': 'baz' } },
    },
    ebuilds: {
      'dev-libs/foo-1': { IUSE: 'x y', DEPEND: 'x? ( dev-libs/bar ) !y? ( >=dev-libs/baz-1[x] )' },
      'dev-libs/bar-1': {},
    },
    system: ['app-shells/bash'],
  });
  const paths = [...new Set(seeds.flatMap((files) => Object.keys(files)))];
  for (const path of paths) mkdirSync(dirname(gentoo.path(path)), { recursive: true });
  /** What is there: most inputs differ from the one before in a file or two, and to write all takes longer than to read them. */
  let there = new Map<string, string>();
  const put = (files: ReadonlyMap<string, string>): void => {
    for (const path of paths) {
      const text = files.get(path);
      if (text === there.get(path)) continue;
      if (text === undefined) rmSync(gentoo.path(path), { force: true });
      else writeFileSync(gentoo.path(path), text, 'latin1');
    }
    there = new Map(files);
  };
  return {
    name,
    seeds: seeds.map(inputOf),
    words: [...words, ...paths.map((path) => `\n== ${path}\n`)],
    share: 100,
    run(input) {
      put(filesOf(input.toString('latin1'), paths));
      const system = unlessRefused(() => openSystem({ root: gentoo.root }));
      if (system === undefined) return;
      const set = unlessRefused(() => system.visibleSet({ targets: ['dev-libs/foo'], allowMissing: true }));
      for (const cpv of set?.visible.keys() ?? []) hold(installed.includes(cpv), `${cpv} is installed`);
      for (const { name: repository, location } of unlessRefused(() => system.repositories()) ?? [])
        hold(location.startsWith('/') && !repository.includes('\n'), location);
      for (const variable of ['USE', 'CFLAGS', 'ACCEPT_LICENSE', 'A'])
        unlessRefused(() => system.variable(variable));
    },
    close: gentoo.cleanup,
  };
}

const profile = '/etc/portage/make.profile';

export const profiles = (): Promise<FuzzTarget> =>
  systemTarget({
    name: 'profile',
    seeds: [
      {
        [`${profile}/eapi`]: '8\n',
        [`${profile}/parent`]: 'base\n',
        [`${profile}/base/parent`]: '..\n',
        [`${profile}/make.defaults`]: 'ARCH="amd64"\nUSE="x -y"\nUSE_EXPAND="A"\nA="b"\n',
        [`${profile}/packages`]: '*app-shells/bash\n-*dev-libs/bar\n# a\ndev-libs/baz\n',
        [`${profile}/use.mask`]: 'y\n-x\n',
        [`${profile}/use.force`]: 'x\n',
        [`${profile}/use.stable.mask`]: 'x\n',
        [`${profile}/package.mask`]: '>=dev-libs/foo-2\n-dev-libs/bar\n',
        [`${profile}/package.unmask`]: 'dev-libs/foo\n',
        [`${profile}/package.use`]: 'dev-libs/foo x -y\n*/* z\n',
        [`${profile}/package.use.mask`]: 'dev-libs/foo y\n',
        [`${profile}/package.use.force`]: 'dev-libs/foo -x\n',
        [`${profile}/package.provided`]: 'dev-libs/bar-3\n',
        [`${profile}/package.accept_keywords`]: 'dev-libs/foo **\n',
        [`${profile}/package.keywords`]: 'dev-libs/foo ~amd64\n',
      },
    ],
    words: ['-*', '*', '..', 'dev-libs/foo', '>=', '~amd64', '**', '\n', 'gentoo:default', '../../..'],
  });

export const configuration = (): Promise<FuzzTarget> =>
  systemTarget({
    name: 'configuration',
    seeds: [
      {
        '/etc/portage/make.conf':
          'A="1"\nUSE="${A} x -y" # b\nexport CFLAGS=\'-O2 "q"\'\nsource /etc/portage/more\nB="a \\\n b"\n',
        '/etc/portage/more': 'ACCEPT_LICENSE="* -@EULA"\nACCEPT_KEYWORDS="~amd64"\nFEATURES="test"\n',
        '/etc/portage/package.use': 'dev-libs/foo x\n*/* A: b -c\n',
        '/etc/portage/package.accept_keywords': 'dev-libs/foo ~amd64\n',
        '/etc/portage/package.license': 'dev-libs/foo GPL-2 @FREE\n',
        '/etc/portage/package.env': 'dev-libs/foo more\n',
        '/etc/portage/env/more': 'USE="y"\n',
        '/etc/portage/package.mask': 'dev-libs/bar::gentoo\n',
      },
    ],
    words: ['="', '"\n', '${', '}', '$A', '\\\n', 'source ', 'export ', "'", '#', 'USE="', '-*'],
  });

export const repositories = (): Promise<FuzzTarget> =>
  systemTarget({
    name: 'repositories',
    seeds: [
      {
        '/etc/portage/repos.conf/gentoo.conf':
          '[DEFAULT]\nmain-repo = gentoo\n\n[gentoo]\nlocation = /var/db/repos/gentoo\nmasters =\npriority = 1\n' +
          '[other]\nlocation: /var/db/repos/other\naliases = o p\neclass-overrides = gentoo\nvolatile = true\n',
        '/var/db/repos/gentoo/metadata/layout.conf':
          'masters =\ncache-formats = md5-dict\nprofile-formats = portage-2\n',
        '/var/db/repos/other/profiles/repo_name': 'other\n',
        '/var/db/repos/other/metadata/layout.conf': 'masters = gentoo\naliases = q\n',
        '/var/db/repos/other/profiles/package.mask': 'dev-libs/foo\n',
        '/var/db/repos/other/profiles/eapi': '8\n',
      },
    ],
    words: [
      '[',
      ']\n',
      'location = ',
      '%(ROOT)s',
      '%(',
      ')s',
      '%%',
      ' = ',
      '\n ',
      ';',
      'masters = gentoo',
      '-9',
    ],
  });
