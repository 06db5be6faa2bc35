/**
 * `npm run demo`: lvfs on the real files of this machine in a minute, with the commands that a user would type.
 *
 * On Gentoo it uses the real VDB. On Debian it first describes the installed packages as Portage would
 * (debianVdb.ts). All it writes is in one scratch directory, which it removes at the end, also after Ctrl-C; the index
 * of files and the daemon's socket are in there as well.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pc from 'picocolors';
import { LvfsError, describeError, exitStatus } from '../src/base/index.js';
import { makeDebianVdb } from './debianVdb.js';

const lvfs = resolve(import.meta.dirname, '../src/cli/main.js');

/** Libraries that a forgetful ebuild typically uses; of these the first hidden one with a header is shown. */
const wellKnown = [
  ...[
    'dev-libs/libyaml',
    'media-libs/libpng',
    'dev-libs/popt',
    'dev-libs/fribidi',
    'dev-db/sqlite',
    'dev-libs/libevent',
  ],
  ...[
    'net-misc/curl',
    'dev-libs/jansson',
    'dev-libs/libxml2',
    'dev-libs/expat',
    'sys-libs/readline',
    'dev-libs/libuv',
  ],
];

/** Small packages of Gentoo that are nearly always there to be a target. */
const gentooTargets = ['sys-apps/less', 'sys-apps/which', 'app-arch/gzip', 'sys-apps/sed', 'app-arch/bzip2'];

/** Ends the demonstration: everything is cleaned up, and the message is its last line. */
class Stop extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

// --- commands and signals ---------------------------------------------------------------------------------------

let interruptedBy: NodeJS.Signals | undefined;
let running: ChildProcess | undefined;

/**
 * The first signal lets the command of the moment end and then cleans up; another one kills that command. Commands
 * run in sessions of their own, so that Ctrl-C reaches only this process.
 */
function onSignal(signal: NodeJS.Signals): void {
  if (interruptedBy !== undefined && running?.pid !== undefined) process.kill(-running.pid, 'SIGKILL');
  interruptedBy ??= signal;
}

interface Result {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs a command to its end. */
async function run(command: readonly string[], env: NodeJS.ProcessEnv, cwd = '/'): Promise<Result> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  running = child;
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  try {
    const status = await new Promise<number>((done, failed) => {
      child.once('error', failed);
      child.once('close', (code, signal) =>
        done(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
      );
    });
    return { status, stdout, stderr };
  } finally {
    running = undefined;
  }
}

function stopIfInterrupted(): void {
  if (interruptedBy !== undefined)
    throw new Stop(`stopped by ${interruptedBy}`, 128 + constants.signals[interruptedBy]);
}

// --- output -----------------------------------------------------------------------------------------------------

let step = 0;

function explain(text: string): void {
  console.log(`\n${pc.bold(`${++step}. ${text}`)}`);
}

function show(text: string, colour = (line: string): string => line): void {
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) console.log(`   ${colour(line)}`);
}

const typed = (command: string): void => show(`$ ${command}`, pc.cyan);

// --- what there is ----------------------------------------------------------------------------------------------

/** The machine as the demonstration sees it. */
interface Machine {
  /** Variables that tell lvfs where Portage's data lies; empty on Gentoo. */
  variables: Record<string, string>;
  vdb: string;
  /** Targets to try in turn. */
  targets: readonly string[];
}

const isGentoo = (): boolean => existsSync('/var/db/pkg') && existsSync('/etc/portage/make.profile');

function describeMachine(scratch: string): Machine {
  if (isGentoo()) {
    explain('This is Gentoo: its own VDB and configuration are used.');
    return { variables: {}, vdb: '/var/db/pkg', targets: gentooTargets };
  }
  explain('This is not Gentoo: describe its Debian packages the way Portage would, with an ebuild to build.');
  typed(`node dist/examples/debianVdb.js ${scratch}/gentoo`);
  const made = makeDebianVdb(join(scratch, 'gentoo'));
  const hasZlib = made.packageOf('zlib1g-dev') !== undefined;
  const target = made.addTarget({
    category: 'app-misc',
    name: 'lvfs-demo',
    version: '1',
    DEPEND: hasZlib ? 'sys-libs/zlib' : '',
    DESCRIPTION: 'What npm run demo pretends to build',
  });
  show(`${made.packages.length} packages; ${target} declares DEPEND="${hasZlib ? 'sys-libs/zlib' : ''}"`);
  const variables = { LVFS_VDB: made.vdb, LVFS_CONFIG_ROOT: made.configRoot, LVFS_REPOS: made.repository };
  for (const [name, value] of Object.entries(variables)) typed(`export ${name}=${value}`);
  return { variables, vdb: made.vdb, targets: ['app-misc/lvfs-demo'] };
}

/** Every entry of the VDB; those that are being merged begin with a dash. */
function installedPackages(vdb: string): string[] {
  return readdirSync(vdb, { withFileTypes: true })
    .filter((category) => category.isDirectory() && !category.name.startsWith('-'))
    .flatMap((category) =>
      readdirSync(join(vdb, category.name))
        .filter((pf) => !pf.startsWith('-') && existsSync(join(vdb, category.name, pf, 'CONTENTS')))
        .map((pf) => `${category.name}/${pf}`),
    );
}

/** Why a package is visible, as `lvfs deps --json` says it. */
interface Because {
  from: string;
  variable: string;
  atom: string;
}

/** A file of a hidden package that shows the difference. */
interface Hidden {
  cpv: string;
  path: string;
  isHeader: boolean;
}

/** Header of a well-known library, else of any package; where there is none, a program, else any file. */
function chooseHidden(vdb: string, hidden: readonly string[]): Hidden | undefined {
  const known = (cpv: string): number => {
    const at = wellKnown.findIndex((cp) => cpv.startsWith(`${cp}-`) && /^\d/.test(cpv.slice(cp.length + 1)));
    return at === -1 ? wellKnown.length : at;
  };
  const ordered = [...hidden].sort((a, b) => known(a) - known(b));
  const patterns = [
    /^obj (\/usr\/include\/[\w+-]+\.h) /gm,
    /^obj (\/usr\/bin\/[\w+-]+) /gm,
    /^obj (\/\S+) /gm,
  ];
  for (const pattern of patterns) {
    for (const cpv of ordered) {
      const contents = readFileSync(join(vdb, cpv, 'CONTENTS'), 'latin1');
      for (const [, path = ''] of contents.matchAll(pattern)) {
        const isFile = lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
        if (isFile) return { cpv, path, isHeader: path.endsWith('.h') };
      }
    }
  }
  return undefined;
}

// --- the demonstration ------------------------------------------------------------------------------------------

class Demonstration {
  readonly #view: string;
  readonly #work: string;
  #env: NodeJS.ProcessEnv;

  constructor(readonly scratch: string) {
    this.#view = join(scratch, 'view');
    this.#work = join(scratch, 'work');
    mkdirSync(this.#view);
    mkdirSync(this.#work);
    this.#env = {
      ...process.env,
      LVFS_CACHE: join(scratch, 'cache'),
      LVFS_RUNTIME_DIR: join(scratch, 'run'),
      LC_ALL: 'C',
    };
  }

  async #lvfs(args: readonly string[], shown = args.join(' ')): Promise<Result> {
    stopIfInterrupted();
    if (shown !== '') typed(`lvfs ${shown}`);
    const result = await run([process.execPath, lvfs, ...args], this.#env);
    stopIfInterrupted();
    return result;
  }

  /** The same, where anything but success ends the demonstration with lvfs's own message. */
  async #lvfsOrStop(args: readonly string[], shown?: string): Promise<Result> {
    const result = await this.#lvfs(args, shown);
    if (result.status !== 0) {
      const said = `${result.stderr}${result.stdout}`.trim();
      throw new Stop(
        said === '' ? `lvfs ${args[0]} ended with status ${result.status}` : said,
        result.status,
      );
    }
    return result;
  }

  /** A shell command inside the view, with the work directory as its /tmp; namespaces end with it. */
  async #inside(script: string): Promise<Result> {
    stopIfInterrupted();
    const enter = 'mount --bind "$1" "$2/tmp" && exec chroot "$2" /bin/sh -c "cd /tmp && $3"';
    const command = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', enter, 'sh'];
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TERM: process.env['TERM'] };
    const result = await run([...command, this.#work, this.#view, script], env);
    stopIfInterrupted();
    return result;
  }

  async #outside(script: string): Promise<Result> {
    stopIfInterrupted();
    const env = { ...process.env, PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };
    const result = await run(['sh', '-c', script], env, this.#work);
    stopIfInterrupted();
    return result;
  }

  async run(): Promise<void> {
    const machine = describeMachine(this.scratch);
    Object.assign(this.#env, machine.variables);

    const { target, visible } = await this.#chooseTarget(machine);
    const installed = installedPackages(machine.vdb);
    const hidden = installed.filter((cpv) => !visible.has(cpv));
    explain(`Building ${target} may use ${visible.size} of ${installed.length} installed packages.`);
    typed(`lvfs deps ${target}`);
    const because = ([cpv, { from, variable, atom }]: [string, Because]): string =>
      `${cpv.padEnd(40)} ${[from, variable, atom].filter((word) => word !== '').join(' ')}`;
    // What the target itself asks for comes first.
    const rank = ([, { from }]: [string, Because]): number => ['target', '@system'].indexOf(from) >>> 0;
    show(
      [...visible]
        .sort((a, b) => rank(a) - rank(b))
        .slice(0, 6)
        .map(because)
        .join('\n'),
    );
    show(`… and ${Math.max(0, visible.size - 6)} more`, pc.dim);

    explain('Mount the view of them: your root, without the files of all others.');
    await this.#lvfsOrStop(['mount', '--allow-missing', target, this.#view], `mount ${target} ${this.#view}`);

    const example = chooseHidden(machine.vdb, hidden);
    if (example === undefined)
      throw new Stop(
        'every installed file belongs to a visible package: nothing to show',
        exitStatus.failure,
      );
    const { path, cpv } = example;
    explain(`${path} is there outside and absent inside: ${target} does not declare ${cpv}.`);
    typed(`ls ${path} ${this.#view}${path}`);
    const listed = await this.#outside(`ls ${path} ${this.#view}${path}`);
    show(listed.stdout);
    show(listed.stderr, pc.red);
    if (!existsSync(path) || existsSync(this.#view + path)) {
      throw new Stop(`${this.#view}${path} should not be there`, exitStatus.failure);
    }
    await this.#compile(example);

    explain('What was hidden, who owns it, and by which rule:');
    show((await this.#lvfsOrStop(['why', '--mount', this.#view, path])).stdout);
    const sizes = hidden.map((one) => ({ one, lines: countLines(join(machine.vdb, one, 'CONTENTS')) }));
    sizes.sort((a, b) => b.lines - a.lines);
    const paths = sizes.reduce((sum, { lines }) => sum + lines, 0);
    show(`${hidden.length} packages with ${paths} paths are hidden, the largest of them:`);
    for (const { one, lines } of sizes.slice(0, 5)) show(`${String(lines).padStart(7)}  ${one}`, pc.dim);

    explain('Unmount; the daemon ends with it.');
    await this.#lvfsOrStop(['umount', this.#view]);
    console.log(`\nThat was it; ${this.scratch} is removed. Next: lvfs --help, README.md`);
  }

  /** The first target that lvfs can resolve here, and the packages a build of it may see. */
  async #chooseTarget({ targets }: Machine): Promise<{ target: string; visible: Map<string, Because> }> {
    let last: Result | undefined;
    for (const target of targets) {
      last = await this.#lvfs(['deps', '--json', '--allow-missing', target], '');
      if (last.status !== 0) continue;
      const answer = JSON.parse(last.stdout) as { visible: { cpv: string; because: Because[] }[] };
      const nobody = { from: '', variable: '', atom: '' };
      return {
        target,
        visible: new Map(answer.visible.map(({ cpv, because }) => [cpv, because[0] ?? nobody])),
      };
    }
    throw new Stop(last?.stderr.trim() ?? 'no target to show', last?.status ?? exitStatus.failure);
  }

  /** Compiles in the view; without a compiler a shell script has to do. */
  async #compile({ path, isHeader }: Hidden): Promise<void> {
    const found = await this.#inside('command -v cc || command -v gcc');
    const compiler = found.stdout.trim();
    if (compiler === '') {
      explain('There is no C compiler on this machine; a shell script in the view sees the same:');
      writeFileSync(
        join(this.#work, 'look.sh'),
        `[ -e ${path} ] && echo "${path}: here" || echo "${path}: not here"\n`,
      );
      typed('sh look.sh');
      show((await this.#outside('sh look.sh')).stdout);
      typed(`chroot ${this.#view} sh /tmp/look.sh`);
      const inside = await this.#inside('sh look.sh');
      show(inside.stdout + inside.stderr);
      if (inside.stdout.trim() !== `${path}: not here`)
        throw new Stop('the script failed in the view', exitStatus.failure);
      return;
    }
    explain('Compile and run a C program in there, with a directory to write to on its /tmp:');
    typed(`mount --bind ${this.#work} ${this.#view}/tmp`);
    const source = '#include <stdio.h>\nint main(void) { puts("hello from inside the view"); return 0; }\n';
    writeFileSync(join(this.#work, 'hello.c'), source);
    typed(`chroot ${this.#view} sh -c 'cd /tmp && cc -o hello hello.c && ./hello'`);
    const hello = await this.#inside(`${compiler} -o hello hello.c && ./hello`);
    show(hello.stdout);
    show(hello.stderr, pc.red);
    if (hello.stdout !== 'hello from inside the view\n')
      throw new Stop('the program was not compiled in the view', exitStatus.failure);
    if (!isHeader) return;

    const header = path.replace('/usr/include/', '');
    writeFileSync(join(this.#work, 'forgetful.c'), `#include <${header}>\nint main(void) { return 0; }\n`);
    const outside = await this.#outside(`${compiler} -fsyntax-only forgetful.c`);
    // A header that needs others, or flags, proves nothing.
    if (outside.status !== 0) return;
    explain(
      `A program that uses <${header}> compiles outside, and fails inside as on a machine without the library:`,
    );
    typed('cc -c forgetful.c');
    typed(`chroot ${this.#view} sh -c 'cd /tmp && cc -c forgetful.c'`);
    const inside = await this.#inside(`${compiler} -fsyntax-only forgetful.c`);
    show(inside.stderr.split('\n')[0] ?? '', pc.red);
    if (inside.status === 0) throw new Stop(`<${header}> was found in the view`, exitStatus.failure);
  }

  /** Unmounts what is still mounted and removes the scratch directory; true when nothing is left. */
  async cleanUp(): Promise<boolean> {
    if (this.#mounts().includes(this.#view))
      await run([process.execPath, lvfs, 'umount', this.#view], this.#env);
    for (const mount of this.#mounts().reverse()) await run(['umount', '-l', mount], process.env);
    if (this.#mounts().length > 0) return false;
    rmSync(this.scratch, { recursive: true, force: true });
    return true;
  }

  /** Mount points in the scratch directory, in the order in which they were made. */
  #mounts(): string[] {
    return readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .map((line) =>
        (line.split(' ')[4] ?? '').replace(/\\(\d{3})/g, (_, octal: string) =>
          String.fromCharCode(parseInt(octal, 8)),
        ),
      )
      .filter((place) => place.startsWith(`${this.scratch}/`));
  }
}

function countLines(file: string): number {
  let lines = 0;
  for (const byte of readFileSync(file)) if (byte === 10) lines++;
  return lines;
}

/** Why this machine cannot show it, if it cannot. */
function whyNot(): string | undefined {
  if (process.platform !== 'linux')
    return 'the demonstration mounts with the Linux kernel driver; this is not Linux';
  if (process.getuid?.() !== 0) return 'mounting needs root: run it as root, or with sudo';
  if (lstatSync('/dev/fuse', { throwIfNoEntry: false })?.isCharacterDevice() !== true) {
    return 'there is no /dev/fuse: load the kernel module fuse (modprobe fuse), or give it to the container (--device /dev/fuse --cap-add SYS_ADMIN)';
  }
  if (!isGentoo() && !existsSync('/var/lib/dpkg/status'))
    return 'this machine has neither Portage nor dpkg: there are no packages to show';
  return undefined;
}

async function main(): Promise<number> {
  const reason = whyNot();
  if (reason !== undefined) {
    console.error(`demo: ${reason}`);
    return exitStatus.cannotMount;
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  const demonstration = new Demonstration(mkdtempSync(join(tmpdir(), 'lvfs-demo-')));
  let status: number = exitStatus.ok;
  try {
    await demonstration.run();
  } catch (error) {
    if (!(error instanceof Stop) && !(error instanceof LvfsError)) throw error;
    console.error(`\ndemo: ${describeError(error)}`);
    status = error instanceof Stop ? error.status : error.exit;
  } finally {
    if (!(await demonstration.cleanUp())) {
      console.error(`demo: ${demonstration.scratch} is still mounted; see umount(8)`);
      status ||= exitStatus.failure;
    }
  }
  return status;
}

process.exitCode = await main();
