/**
 * Makes a Gentoo-style root of any size to measure on: installed packages with CONTENTS of realistic shapes, their
 * dependency graph, a repository with profile and md5-cache, and a target that makes an exact number of them visible.
 *
 *     node dist/bench/generate.js DIR [--packages 2000] [--entries 1300000] [--visible 900] [--seed 1]
 *                                     [--files none|directories|visible|all]
 *     lvfs mount --root DIR www-client/firefox MOUNTPOINT
 *
 * The same arguments make the same root, but for the times of files. The root is a merged-usr one (`/lib64`, `/bin`, … are links).
 * By default only its packages' directories really exist; lvfs then shows little of a package, but reads as much.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const filesChoices = ['none', 'directories', 'visible', 'all'] as const;

/** What to make. */
export interface GenerateOptions {
  /** Installed packages; default 2000. */
  packages?: number;
  /** Lines of all CONTENTS files together, about; default 1 300 000. */
  entries?: number;
  /** How many of the packages the target makes visible, @system included; default 900, never more than there are. */
  visible?: number;
  /** Which packages' files really exist, as small ones; default `directories`: the directories of all, and no file. */
  files?: (typeof filesChoices)[number];
  seed?: number;
}

/** What was made. */
export interface GeneratedRoot {
  root: string;
  /** The atom to mount; its package is not installed. */
  target: string;
  /** Another that makes as many packages visible, as far as there are so many: besides @system, none of them that {@link target} does. */
  other: string;
  /** All installed packages, in no particular order. */
  installed: string[];
  /** Those that the target makes visible. */
  visible: string[];
  /** Lines of CONTENTS, and bytes. */
  entries: number;
  bytes: number;
}

const words = (
  'core util gtk qt text math http xml json audio video image font cairo pango glib dbus udev cron mail news term edit ' +
  'diff patch pack tar zip crypt hash sign key cert net sock proxy route scan print spool color theme icon mime menu desk ' +
  'shell exec proc thread task event queue cache store index table tree graph node list vector matrix parse lex token ' +
  'expr regex match replace format string locale unicode charset codec stream buffer block file path dir link mount disk ' +
  'part raid volume snap clone sync merge branch commit log trace debug probe test bench check lint doc man info help'
).split(' ');
const categories = (
  'app-admin app-arch app-crypt app-editors app-misc app-portage app-shells app-text dev-cpp dev-db dev-lang dev-libs ' +
  'dev-perl dev-python dev-qt dev-util dev-vcs gnome-base kde-apps kde-frameworks mail-client media-fonts media-gfx ' +
  'media-libs media-sound media-video net-analyzer net-dns net-libs net-misc sys-apps sys-devel sys-fs sys-libs ' +
  'sys-process virtual www-servers x11-apps x11-libs x11-themes'
).split(' ');
const languages =
  'ar bg ca cs da de el en_GB eo es et eu fa fi fr gl he hr hu id it ja ko lt nl pl pt_BR ru sv tr uk'.split(
    ' ',
  );
/** Packages without which a root looks odd; the first ones are @system. */
const wellKnown = (
  'sys-libs/glibc app-shells/bash sys-apps/coreutils sys-devel/gcc sys-devel/binutils dev-lang/perl dev-lang/python ' +
  'sys-apps/portage sys-libs/zlib sys-apps/sed sys-apps/grep sys-apps/gawk app-arch/tar app-arch/gzip app-arch/xz-utils ' +
  'sys-apps/findutils dev-build/make sys-apps/util-linux sys-libs/ncurses sys-libs/readline'
).split(' ');
const directDependencies = 60;
const mtime = 1_700_000_000;

interface Package {
  cp: string;
  category: string;
  name: string;
  version: string;
  cpv: string;
  rdepend: string[];
  entries: number;
}

/** A small generator of random numbers (mulberry32), so that a seed stands for a root. */
function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), 1 | state);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return ((z ^ (z >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** Makes the root in `directory`, which must be new or empty. */
export function generateRoot(directory: string, options: GenerateOptions = {}): GeneratedRoot {
  const root = resolve(directory);
  const random = randomFrom(options.seed ?? 1);
  const count = options.packages ?? 2000;
  const visible = Math.min(options.visible ?? 900, count);
  const files = options.files ?? 'directories';
  const packages = makePackages(count, options.entries ?? 1_300_000, random);
  const systemCount = Math.min(80, Math.floor(visible / 2));
  const direct = connect(packages, visible, systemCount, random);
  const otherDirect = connectOther(packages, visible, systemCount, random);

  mkdirSync(root, { recursive: true });
  for (const path of [
    'usr/bin',
    'usr/lib',
    'usr/lib64',
    'var/lib/portage',
    'var/db/pkg',
    'tmp',
    'var/tmp',
    'dev',
    'proc',
  ]) {
    mkdirSync(join(root, path), { recursive: true });
  }
  const links = { bin: 'usr/bin', sbin: 'usr/bin', lib: 'usr/lib', lib64: 'usr/lib64', 'usr/sbin': 'bin' };
  for (const [path, target] of Object.entries(links)) symlinkSync(target, join(root, path));

  const made: GeneratedRoot = {
    root,
    target: 'www-client/firefox',
    other: 'kde-apps/kmail',
    installed: packages.map((one) => one.cpv),
    visible: packages.slice(0, visible).map((one) => one.cpv),
    entries: 0,
    bytes: 0,
  };
  packages.forEach((one, i) => {
    const hasFiles = files === 'all' || (files === 'visible' && i < visible);
    const tree = new Contents(one, random, root, hasFiles, hasFiles || files === 'directories');
    tree.fill();
    writeEntry(root, one, tree.text(), i);
    made.entries += tree.lines.length;
    made.bytes += tree.bytes;
  });
  const pick = (share: number) => direct.filter((_, i) => i % 5 < share * 5).map((one) => one.cp);
  writeRepository(root, packages, systemCount, {
    DEPEND: direct.map((one, i) => atomOf(one, i)).join(' '),
    BDEPEND: pick(0.2).join(' '),
    RDEPEND: pick(0.6).join(' '),
  });
  writeEbuild(root, made.other, '6.1', { DEPEND: otherDirect.map((one) => one.cp).join(' ') });
  return made;
}

/** The packages with their sizes: few are huge, half are small, as installed systems are. */
function makePackages(count: number, entries: number, random: () => number): Package[] {
  const packages: Package[] = [];
  for (let i = 0; i < count; i++) {
    const known = wellKnown[i];
    const category = known?.split('/')[0] ?? pickFrom(categories, random);
    const name =
      known?.split('/')[1] ?? `${pickFrom(words, random)}-${pickFrom(words, random)}${i.toString(36)}x`;
    const version = `${Math.floor(random() * 12)}.${Math.floor(random() * 30)}.${Math.floor(random() * 9)}${random() < 0.2 ? '-r1' : ''}`;
    const cp = `${category}/${name}`;
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    packages.push({
      cp,
      category,
      name,
      version,
      cpv: `${cp}-${version}`,
      rdepend: [],
      entries: Math.exp(1.7 * normal),
    });
  }
  const sum = packages.reduce((total, one) => total + one.entries, 0);
  for (const one of packages) one.entries = Math.max(3, Math.round((one.entries / sum) * entries));
  return packages;
}

/**
 * Gives packages their RDEPEND such that the first `visible` are just what @system and the target's dependencies reach,
 * and the rest depend on anything; the target's dependencies.
 */
function connect(packages: Package[], visible: number, systemCount: number, random: () => number): Package[] {
  const directEnd = Math.min(visible, systemCount + directDependencies);
  packages.forEach((one, i) => {
    if (i >= directEnd) {
      const limit = i < visible ? i : packages.length;
      const from = i < visible ? systemCount : visible;
      const other = packages[from + Math.floor(random() * (limit - from))]!;
      other.rdepend.push(atomOf(one, i));
    }
    const reach = i < systemCount ? systemCount : i < visible ? visible : packages.length;
    for (let more = Math.floor(random() * 8); more > 0; more--) {
      const other = Math.floor(random() * reach);
      const atom = atomOf(packages[other]!, more);
      const hidden = packages[visible + Math.floor(random() * (packages.length - visible))]?.cp;
      const isChoice = random() < 0.05 && hidden !== undefined;
      one.rdepend.push(isChoice ? `|| ( ${atom} >=${hidden}-999 )` : atom);
    }
  });
  return packages.slice(systemCount, directEnd);
}

/**
 * Makes a part of the rest, as many packages as {@link connect} made reachable beside @system, depend on nothing but each other and @system;
 * the dependencies that reach just these.
 */
function connectOther(
  packages: Package[],
  visible: number,
  systemCount: number,
  random: () => number,
): Package[] {
  const others = packages.slice(visible, visible + visible - systemCount);
  others.forEach((one, i) => {
    const before = others.slice(0, i);
    const near = Array.from({ length: 4 }, () =>
      pickFrom(i < directDependencies ? packages.slice(0, systemCount) : before, random),
    );
    one.rdepend = near.map((other, variant) => atomOf(other, variant));
    // Whatever is not depended on directly is reached through one that is.
    if (i >= directDependencies) pickFrom(before, random).rdepend.push(atomOf(one, 0));
  });
  return others.slice(0, directDependencies);
}

function atomOf(one: Package, variant: number): string {
  if (variant % 4 === 1) return `>=${one.cpv}:0=`;
  if (variant % 4 === 2) return `${one.cp}:=`;
  if (variant % 4 === 3) return `>=${one.cp}-0`;
  return one.cp;
}

function pickFrom<T>(list: readonly T[], random: () => number): T {
  return list[Math.floor(random() * list.length)] as T;
}

/** Invents what a package installs. */
class Contents {
  readonly lines: string[] = [];
  bytes = 0;
  readonly #listed = new Set<string>();
  /** A few packages were merged before `/usr` was, and say so. */
  readonly #isOld: boolean;
  readonly #package: Package;
  readonly #random: () => number;
  readonly #root: string;
  readonly #hasFiles: boolean;
  readonly #hasDirectories: boolean;

  constructor(one: Package, random: () => number, root: string, hasFiles: boolean, hasDirectories: boolean) {
    this.#package = one;
    this.#random = random;
    this.#root = root;
    this.#hasFiles = hasFiles;
    this.#hasDirectories = hasDirectories;
    this.#isOld = random() < 0.06;
  }

  fill(): void {
    const { name, version, entries } = this.#package;
    const top = this.#isOld ? '' : '/usr';
    const shares: [share: number, make: (files: number) => void][] = [
      [0.02, (n) => this.#flat(`${top}/bin`, n, (i) => this.#name(i))],
      [0.03, (n) => this.#libraries(`${top}/lib64`, n)],
      [
        0.02,
        (n) =>
          this.#flat(
            `/usr/share/doc/${name}-${version}`,
            n,
            (i) => `${['README', 'NEWS', 'ChangeLog', 'AUTHORS'][i] ?? this.#name(i)}.bz2`,
          ),
      ],
      [0.06, (n) => this.#flat('/usr/share/man/man3', n, (i) => `${this.#name(i)}.3.bz2`)],
      [0.05, (n) => this.#locales(n)],
    ];
    const trees: [place: string, fixed: string, ending: string][] = [
      [`/usr/include/${name}`, 'config.h', '.h'],
      [`/usr/lib/python3.12/site-packages/${name.replace('-', '_')}`, '__init__.py', '.py'],
      [`/usr/share/${name}`, 'index.theme', '.svg'],
      [`/usr/share/doc/${name}-${version}/html`, 'index.html', '.html'],
      [`/usr/src/${name}-${version}`, 'Makefile', '.c'],
    ];
    for (const [share, make] of shares) make(Math.round(entries * share * (0.5 + this.#random())));
    this.#flat(`${top}/bin`, 1, () => name);
    if (this.#random() < 0.2) this.#flat(`/etc/${name}`, 2, (i) => `${name}${i}.conf`);
    const [place, fixed, ending] = pickFrom(trees, this.#random);
    this.#tree(place, fixed, ending);
  }

  text(): string {
    const text = `${this.lines.join('\n')}\n`;
    this.bytes = text.length;
    return text;
  }

  #name(i: number): string {
    return `${pickFrom(words, this.#random)}_${pickFrom(words, this.#random)}${i.toString(36)}`;
  }

  #flat(directory: string, files: number, nameOf: (i: number) => string): void {
    if (files > 0) this.#directory(directory);
    for (let i = 0; i < files; i++) this.#file(`${directory}/${nameOf(i)}`);
  }

  #libraries(directory: string, files: number): void {
    if (files > 0) this.#directory(directory);
    for (let i = 0; i < files; i += 2) {
      const library = `lib${this.#package.name}_${this.#name(i)}.so`;
      this.#link(`${directory}/${library}`, `${library}.${i}`);
      this.#file(`${directory}/${library}.${i}`);
    }
  }

  #locales(files: number): void {
    for (const language of languages.slice(0, files)) {
      const directory = `/usr/share/locale/${language}/LC_MESSAGES`;
      this.#directory(directory);
      this.#file(`${directory}/${this.#package.name}.mo`);
    }
  }

  /** Fills up with a tree of directories of a dozen files each. */
  #tree(place: string, fixed: string, ending: string): void {
    for (let i = 0; this.lines.length < this.#package.entries; i++) {
      let directory = place;
      for (let rest = i; rest > 0; rest = Math.floor(rest / 8)) directory += `/${words[(rest % 8) * 7]!}`;
      this.#flat(directory, 12, (n) => (n === 0 ? fixed : this.#name(n) + ending));
    }
  }

  #directory(path: string): void {
    if (path === '' || this.#listed.has(path)) return;
    this.#listed.add(path);
    this.#directory(path.slice(0, path.lastIndexOf('/')));
    this.lines.push(`dir ${path}`);
    if (this.#hasDirectories) mkdirSync(this.#root + path, { recursive: true });
  }

  #file(path: string): void {
    let sum = '';
    for (let i = 0; i < 4; i++) sum += ((this.#random() * 0x1_0000_0000) >>> 0).toString(16).padStart(8, '0');
    this.lines.push(`obj ${path} ${sum} ${mtime}`);
    if (this.#hasFiles) writeFileSync(this.#root + path, path);
  }

  #link(path: string, target: string): void {
    this.lines.push(`sym ${path} -> ${target} ${mtime}`);
    if (this.#hasFiles) symlinkSync(target, this.#root + path);
  }
}

function writeEntry(root: string, one: Package, contents: string, counter: number): void {
  const directory = join(root, 'var/db/pkg', one.cpv);
  mkdirSync(directory, { recursive: true });
  const values = {
    CATEGORY: one.category,
    PF: one.cpv.slice(one.category.length + 1),
    SLOT: '0',
    EAPI: '8',
    repository: 'gentoo',
    USE: 'abi_x86_64 amd64 elibc_glibc kernel_linux nls ssl userland_GNU',
    IUSE: 'debug doc nls ssl test',
    KEYWORDS: 'amd64',
    RDEPEND: one.rdepend.join(' '),
    DESCRIPTION: `Generated package ${one.name}`,
    COUNTER: String(counter + 1),
    BUILD_TIME: String(mtime),
    DEFINED_PHASES: 'compile install',
  };
  for (const [key, value] of Object.entries(values)) writeFileSync(join(directory, key), `${value}\n`);
  writeFileSync(join(directory, 'CONTENTS'), contents, 'latin1');
}

const repositoryPlace = 'var/db/repos/gentoo';

function write(path: string, text: string): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
}

function writeEbuild(root: string, cp: string, version: string, values: Record<string, string>): void {
  const repository = join(root, repositoryPlace);
  const name = cp.slice(cp.indexOf('/') + 1);
  const all = { DEFINED_PHASES: '-', EAPI: '8', KEYWORDS: 'amd64', LICENSE: 'MIT', SLOT: '0', ...values };
  const lines = (quote: string): string =>
    Object.entries(all)
      .map(([key, value]) => `${key}=${quote}${value}${quote}\n`)
      .join('');
  const text = lines('"');
  const sum = createHash('md5').update(text).digest('hex');
  write(join(repository, cp, `${name}-${version}.ebuild`), text);
  write(join(repository, 'metadata/md5-cache', `${cp}-${version}`), `${lines('')}_md5_=${sum}\n`);
}

function writeRepository(
  root: string,
  packages: readonly Package[],
  systemCount: number,
  target: Record<'DEPEND' | 'BDEPEND' | 'RDEPEND', string>,
): void {
  const repository = join(root, repositoryPlace);
  const profile = join(repository, 'profiles/bench');
  write(join(repository, 'metadata/layout.conf'), 'masters =\ncache-formats = md5-dict\n');
  write(join(repository, 'profiles/repo_name'), 'gentoo\n');
  write(join(repository, 'profiles/arch.list'), 'amd64\n');
  const known = new Set([...packages.map((one) => one.category), 'www-client', 'kde-apps']);
  write(join(repository, 'profiles/categories'), `${[...known].sort().join('\n')}\n`);
  write(join(profile, 'eapi'), '8\n');
  write(
    join(profile, 'packages'),
    packages
      .slice(0, systemCount)
      .map((one) => `*${one.cp}\n`)
      .join(''),
  );
  write(
    join(profile, 'make.defaults'),
    'ARCH="amd64"\nACCEPT_KEYWORDS="amd64"\nKERNEL="linux"\nELIBC="glibc"\nCHOST="x86_64-pc-linux-gnu"\n' +
      'USE_EXPAND="ELIBC KERNEL"\nUSE_EXPAND_HIDDEN="ELIBC KERNEL"\nUSE_EXPAND_IMPLICIT="ARCH ELIBC KERNEL"\n' +
      'USE_EXPAND_UNPREFIXED="ARCH"\nUSE_EXPAND_VALUES_ARCH="amd64"\nUSE_EXPAND_VALUES_ELIBC="glibc musl"\n' +
      'USE_EXPAND_VALUES_KERNEL="linux"\nACCEPT_LICENSE="*"\n',
  );
  for (const one of packages) {
    const rdepend = one.rdepend.join(' ');
    writeEbuild(root, one.cp, one.version, {
      DEPEND: rdepend,
      RDEPEND: rdepend,
      IUSE: 'debug doc nls ssl test',
    });
  }
  writeEbuild(root, 'www-client/firefox', '128.0', target);

  const configuration = join(root, 'etc/portage');
  write(join(configuration, 'make.conf'), 'USE="nls ssl"\n');
  write(
    join(configuration, 'repos.conf/gentoo.conf'),
    '[DEFAULT]\nmain-repo = gentoo\n\n[gentoo]\nlocation = /var/db/repos/gentoo\nauto-sync = no\n',
  );
  symlinkSync('../../var/db/repos/gentoo/profiles/bench', join(configuration, 'make.profile'));
  write(join(root, 'var/lib/portage/world'), `${packages.at(-1)!.cp}\n`);
}

if (process.argv[1] === import.meta.filename) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      packages: { type: 'string', default: '2000' },
      entries: { type: 'string', default: '1300000' },
      visible: { type: 'string', default: '900' },
      files: { type: 'string', default: 'directories' },
      seed: { type: 'string', default: '1' },
    },
  });
  const [directory] = positionals;
  const files = filesChoices.find((choice) => choice === values.files);
  if (directory === undefined || files === undefined) {
    console.error(
      'usage: generate DIR [--packages N] [--entries N] [--visible N] [--seed N] [--files none|directories|visible|all]',
    );
    process.exitCode = 2;
  } else {
    const made = generateRoot(directory, {
      packages: Number(values.packages),
      entries: Number(values.entries),
      visible: Number(values.visible),
      seed: Number(values.seed),
      files,
    });
    const { root, target, entries, bytes } = made;
    console.log(
      JSON.stringify({
        root,
        target,
        installed: made.installed.length,
        visible: made.visible.length,
        entries,
        bytes,
      }),
    );
  }
}
