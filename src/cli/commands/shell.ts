/** `lvfs shell`: a shell in a view of its own, or in one that is mounted. */
import { accessSync, constants } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { Report } from '../../audit/index.js';
import { kindAt, LvfsError, packageName, workingDirectory } from '../../base/index.js';
import type { Inside } from '../../daemon/index.js';
import { systemProblem } from '../../system/index.js';
import { defineCommand, type Invocation } from '../command.js';
import { UsageError } from '../errors.js';
import { privateRequest as requestOf, statusOf, withInside } from '../../library/index.js';
import { asRunFailure, endLike, Signals } from '../inside.js';
import { insideOptions, privateOptions } from '../insideOptions.js';
import type { Output } from '../output.js';
import { targetNames } from '../text.js';
import { places } from '../viewRequest.js';
import type { FailedBuild } from '../workshop/failedBuild.js';
import type { Workshop, WorkshopShell } from '../workshop/workshop.js';

const options = {
  ...insideOptions,
  here: {
    type: 'boolean',
    describe: 'Where a build of the target failed, in its environment',
    more: 'What Portage has left of it is found by PORTAGE_BUILDDIR, around the current directory, or else by the target. Needs bash.',
  },
} as const;

type ShellInvocation = Invocation<typeof options>;

export const command = defineCommand({
  name: 'shell',
  summary: 'a shell in a view',
  describe:
    'Starts $SHELL (or bash or /bin/sh, when the view hides that) in a private view as `lvfs run` does, or in a mounted view. LVFS_TARGET is set inside. ' +
    'Where it is bash or zsh on a terminal, `lvfs allow`, `deny`, `log`, `report`, `why`, `status` and `retry` are about this view and name none; a ' +
    'command that is hidden is told from one that is not there; and what was hidden from a command that failed is said in one line. At the end it ' +
    'shows the report.',
  options,
  examples: [
    ['lvfs shell dev-libs/foo', 'look around in what a build of it sees'],
    ['lvfs shell /var/tmp/lvroot', 'the same in a mounted view'],
    ['lvfs shell --here dev-libs/foo', 'go on by hand where its build failed'],
    ["lvfs shell dev-libs/foo -- -c 'which flex'", 'with arguments for the shell'],
  ],
  operands: [{ name: 'atom…|mountpoint', is: 'target', optional: true }],
  rest: '[-- arg…]',
  ebuildDirectory: true,
  async run(invocation) {
    const { operands } = invocation;
    const signals = new Signals();
    let workshop: Workshop | undefined;
    try {
      const [first = ''] = operands;
      workshop = await openWorkshop(invocation);
      const isMounted = operands.length === 1 && (await isMountpoint(first));
      const status = isMounted
        ? await inMounted(first, invocation, signals, workshop)
        : await inPrivate(invocation, signals, workshop);
      return endLike(status, signals);
    } catch (error) {
      if (signals.status !== undefined) return endLike(signals.status, signals);
      throw asRunFailure(error);
    } finally {
      workshop?.close();
      signals.release();
    }
  },
});

/** For somebody at a terminal; with arguments the shell does what they say. */
async function openWorkshop({
  options: given,
  output,
  rest = [],
  settings,
}: ShellInvocation): Promise<Workshop | undefined> {
  const isInteractive = process.stdin.isTTY && rest.length === 0;
  if (given.here && (!isInteractive || given['no-binds']))
    throw new UsageError(
      '--here: is for a shell on a terminal, without arguments and --no-binds',
      undefined,
      {
        name: 'shell',
      },
    );
  // Descriptors are read by their names in /proc.
  if (!isInteractive || given['no-binds']) return undefined;
  const { Workshop } = await import('../workshop/workshop.js');
  return Workshop.open(output, await settings());
}

async function inMounted(
  mountpoint: string,
  { options: given, output, rest = [], settings }: ShellInvocation,
  signals: Signals,
  workshop: Workshop | undefined,
): Promise<number> {
  const { enterMounted } = await import('../../daemon/index.js');
  const { openView } = await import('../../library/index.js');
  using client = await openView(mountpoint);
  const { targets, root } = await client.status();
  const here = given.here
    ? await leftBuild(targets, root, process.env['PORTAGE_TMPDIR'] ?? '/var/tmp')
    : undefined;
  const programs = shells(workshop !== undefined, here !== undefined);
  await workshop?.begin({ name: resolve(mountpoint), targets });
  const descriptors = workshop?.descriptors ?? [];
  const entered = await enterMounted(mountpoint, {
    programs,
    choose: (isVisible) => {
      const program = programs.find(isVisible) ?? programs.at(-1) ?? '/bin/sh';
      const shell = workshopShell(program, workshop, targets, here);
      if (shell === undefined) return { argv: [program, ...rest] };
      return { ...shell, descriptors: shell.descriptors.map((which) => descriptors[which] ?? 0) };
    },
    noNetwork: given.net === 'none',
    hostProcesses: given.pid === 'host',
  });
  workshop?.release();
  signals.passTo((name) => entered.signal(name));
  const status = statusOf(await entered.ended);
  if (workshop !== undefined) {
    const { ignore, habitsOff } = await settings();
    try {
      await showReport((await client.report({ ignore, habitsOff })).report, output);
    } catch (error) {
      // Somebody has taken the view away; the shell's status is to be told all the same.
      if (!(error instanceof LvfsError)) throw error;
      output.complain(error);
    }
  }
  return status;
}

async function inPrivate(
  invocation: ShellInvocation,
  signals: Signals,
  workshop: Workshop | undefined,
): Promise<number> {
  const { output, rest = [], options: given } = invocation;
  const { request, directory } = await privateRequest(invocation);
  if (workshop !== undefined) {
    const { startInsideWith } = await import('../../library/index.js');
    await startInsideWith(workshop.descriptors);
    workshop.release();
  }
  return withInside(request, output.talk, signals, async (inside) => {
    const { status, view } = inside;
    if (process.stdin.isTTY && rest.length === 0) greet(inside, output, workshop !== undefined);
    const temporary = async (): Promise<string> =>
      (await view.request('directory', { variable: 'PORTAGE_TMPDIR' })) ?? '/var/tmp';
    const here = given.here
      ? await leftBuild(status.targets, status.root, await temporary(), directory)
      : undefined;
    const program = await view.request('choose', {
      programs: [...shells(workshop !== undefined, here !== undefined)],
    });
    const shell = workshopShell(program, workshop, status.targets, here);
    await workshop?.begin({ name: String(status.pid), targets: status.targets });
    signals.signal.throwIfAborted();
    const end = statusOf(await inside.run({ ...(shell ?? { argv: [program, ...rest] }), capture: false }));
    if (shell === undefined) await tellDenials(inside, output);
    else {
      const { ignore, habitsOff } = await invocation.settings();
      await showReport((await view.request('report', { ignore, habitsOff })).report, output);
    }
    return end;
  });
}

/** What is asked of a private view; with `--here`, the target may follow from the build's directory, which is shown wherever it is. */
async function privateRequest(invocation: ShellInvocation) {
  const { operands, options: given } = invocation;
  const { buildDirectoryHere } = await import('../workshop/failedBuild.js');
  const build = given.here ? buildDirectoryHere(process.env, workingDirectory()) : undefined;
  const targets = operands.length > 0 || build === undefined ? operands : [`=${build.cpv}`];
  if (given.here && targets.length === 0)
    throw new UsageError('shell: --here: of which package? PORTAGE_BUILDDIR is not set', undefined, {
      name: 'shell',
    });
  const settings = await invocation.settings();
  const request = requestOf(targets, places(settings), privateOptions(settings, given));
  if (build === undefined) return { request, directory: undefined };
  const binds = { ...request.binds, workingDirectory: build.directory };
  return { request: { ...request, binds }, directory: build.directory };
}

/**
 * The build of a target that failed.
 *
 * @param temporary host path of PORTAGE_TMPDIR
 * @param directory PORTAGE_BUILDDIR, if it is known
 * @throws LvfsError NO_BUILD
 */
async function leftBuild(
  targets: readonly string[],
  root: string,
  temporary: string,
  directory?: string,
): Promise<FailedBuild> {
  const { failedBuild } = await import('../workshop/failedBuild.js');
  if (directory !== undefined) return failedBuild(directory, '/');
  const host = join(temporary, 'portage', targets[0] ?? '');
  return failedBuild(root === '/' ? host : host.slice(root.length), root);
}

/** @throws LvfsError NO_BASH where `--here` cannot be had */
function workshopShell(
  program: string,
  workshop: Workshop | undefined,
  targets: readonly string[],
  here: FailedBuild | undefined,
): WorkshopShell | undefined {
  if (here !== undefined && basename(program) !== 'bash')
    throw new LvfsError(
      'NO_BASH',
      "--here: the view has no bash, in which Portage's environment is written",
      {
        hint: '--with app-shells/bash shows it',
      },
    );
  const problem = systemProblem();
  if (here !== undefined && workshop === undefined && problem !== undefined) throw problem;
  return workshop?.shell(program, { targets }, here);
}

/** Whether a word means a mounted view: it looks like a path, or names a directory at which there is one. */
async function isMountpoint(word: string): Promise<boolean> {
  if (word.endsWith('.ebuild')) return false;
  if (/^[./]/.test(word)) return true;
  if (kindAt(word) !== 'directory') return false;
  const { isView } = await import('../../daemon/index.js');
  return isView(word);
}

const bash = ['/bin/bash', '/usr/bin/bash'];

/**
 * The user's shell, and those that stand in for it where the view hides it.
 *
 * @param workshop with bash among these
 * @param here only bash
 */
function shells(workshop: boolean, here: boolean): readonly string[] {
  const own = process.env['SHELL'];
  const first = own?.startsWith('/') === true && isProgram(own) ? [own] : [];
  if (here) return [...first.filter((path) => basename(path) === 'bash'), ...bash];
  return [...first, ...(workshop ? bash : []), '/bin/sh'];
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there, or not for us: the other one is used.
    return false;
  }
}

function greet(inside: Inside, output: Output, isWorkshop: boolean): void {
  const { targets, packages, pid } = inside.status;
  const how = isWorkshop
    ? "'lvfs help' says what can be done in it"
    : `from outside: lvfs log ${pid}, lvfs allow ${pid} ATOM`;
  output.tell(
    `lvfs: this shell sees what a build of ${targetNames(targets)} may use (${packages} packages); ${how}`,
  );
}

/** What the work in a shell says. Who looks around uses what he likes, so that nothing is said of what was not used, or need not be declared. */
async function showReport(report: Report, output: Output): Promise<void> {
  const { reportText } = await import('../reportText.js');
  output.tell(`\n${reportText({ ...report, unused: [], implicit: [] }, output)}`);
}

/** Packages at most that are named at the end. */
const namedPackages = 10;

async function tellDenials(inside: Inside, output: Output): Promise<void> {
  if (!process.stderr.isTTY) return;
  const { denials } = await inside.view.request('denials');
  const packages = [
    ...new Set(denials.flatMap(({ owners, operation }) => (operation === 'list' ? [] : owners))),
  ];
  if (packages.length === 0) return;
  const named = packages.slice(0, namedPackages).map(packageName);
  const more = packages.length - named.length;
  output.log(
    'warn',
    `hidden files of ${packages.length} packages were looked for; to show them: ${named.map((name) => `--with ${name}`).join(' ')}` +
      (more > 0 ? ` (and ${more} more)` : ''),
  );
}
