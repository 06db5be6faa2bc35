/** From an ebuild to a patch of it. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Asker, Findings, Proposal, Subject } from '../../author/index.js';
import { impersonal } from '../../audit/index.js';
import { LvfsError, runSync, workingDirectory } from '../../base/index.js';
import { makePlan, type Plan } from '../../daemon/index.js';
import { version, type Hearer } from '../mounting.js';
import { whoAsks } from '../person.js';
import { buildRequest, type PrivateOptions } from '../private.js';
import { cacheOf, type Places } from '../request.js';
import { FixBuilds, type FixStep } from './fixBuilds.js';
import { FixState } from './fixState.js';
import { throwIfAborted, type Interruption } from './interruption.js';
import type { Judged } from './options.js';

/** How many builds there are at the most unless something else is said. */
export const usualBuilds = 40;

/** How an ebuild is mended. */
export interface FixOptions extends Omit<PrivateOptions, 'attribute'>, Judged {
  /** Also find out which declared build dependencies can go. */
  readonly unused?: boolean | undefined;
  /** Find out what only makes the result differ (automagic); default true. */
  readonly compare?: boolean | undefined;
  /** How many builds there may be; default 40. */
  readonly builds?: number | undefined;
  /** How long building may take in all, in minutes; default no limit. */
  readonly buildTime?: number | undefined;
  /** Build everything again, also what an earlier call has found out. */
  readonly again?: boolean | undefined;
  /** Answers what no build can tell; without it, that is left open, and is a comment in the ebuild. */
  readonly ask?: Asker | undefined;
  /** Hears how each build ended. */
  readonly onStep?: ((step: FixStep) => void) | undefined;
}

/** What came of it. */
export interface Fix
  extends Pick<Findings, 'outcome' | 'additions' | 'withdrawals'>, Pick<Proposal, 'open' | 'message'> {
  /** cpv. */
  readonly target: string;
  /** Its file. */
  readonly ebuild: string;
  /** The repository that the patch is for. */
  readonly repository: string;
  /** How many builds this call has made. */
  readonly builds: number;
  /** There would have been more, but for `builds` or `buildTime`. */
  readonly limited: boolean;
  readonly steps: readonly FixStep[];
  /** For `git am`; empty when nothing is to be changed. */
  readonly patch: string;
  /** What the builds have shown is kept, so that the next call begins where this one ended, until this is called. */
  forget(): void;
}

/** What would be tried. */
export interface FixPlan {
  /** cpv. */
  readonly target: string;
  readonly ebuild: string;
  /** How many builds there may be. */
  readonly builds: number;
  /** In words. */
  readonly steps: readonly string[];
}

/** @throws LvfsError as {@link fixEbuild}, before anything is built */
export async function planFix(
  targets: readonly string[],
  places: Places,
  options: FixOptions,
  talk: Hearer,
): Promise<FixPlan> {
  const { plan, ebuild } = await begin(targets, places, options, talk);
  const { unused = false, compare = true, builds = usualBuilds } = options;
  const switchable = Object.entries(ebuild.flags).map(([flag, state]) => (state ? flag : `-${flag}`));
  const steps = [
    `build it with what it declares (${plan.set.visible.size} packages visible)`,
    'when that fails: show what its tools say they lack, and what was looked for; build again until it builds',
    'take away one by one what was added, and build again',
    ...(compare ? ['build it with all that is installed, and find out who makes a difference'] : []),
    ...(switchable.length === 0
      ? []
      : [`switch the flags that what was added may go with, out of: ${switchable.join(' ')}`]),
    ...(unused ? [`hide one by one what is not used of: ${plan.set.buildDeps.join(' ')}`] : []),
  ];
  return { target: ebuild.cpv, ebuild: ebuild.file, builds, steps };
}

/**
 * Builds an ebuild until it is known what it should declare, and writes that as a patch.
 *
 * @throws LvfsError ONE_TARGET (exit 2), NO_EBUILD (exit 20), CANNOT_READ (exit 1); as a build; CANCELLED: the next call goes on where this one was
 */
export async function fixEbuild(
  targets: readonly string[],
  places: Places,
  options: FixOptions,
  talk: Hearer,
  interruption: Interruption,
): Promise<Fix> {
  const heard = new Set<string>();
  // Each view says anew what is to be said of the machine.
  const log: Hearer['log'] = (level, text) => {
    if (!heard.has(text)) talk.log(level, text);
    heard.add(text);
  };
  const { request, plan, ebuild } = await begin(targets, places, options, { ...talk, log });
  const { ignore = [], habitsOff = [], unused = false, compare = true } = options;
  const state = new FixState(cacheOf(places), ebuild.cpv, [
    ...[version(), ebuild.text, process.env['USE'] ?? '', process.env['FEATURES'] ?? ''],
    ...[JSON.stringify({ ...request, version: '' }), [...plan.set.visible.keys()].join(' ')],
  ]);
  if (options.again === true) state.clear();
  const builds = new FixBuilds(
    request,
    { ignore, habitsOff, show: false },
    {
      builds: options.builds ?? usualBuilds,
      deadline: performance.now() + (options.buildTime ?? Number.POSITIVE_INFINITY) * 60_000,
    },
    state,
    { ...talk, log, onStep: options.onStep ?? (() => undefined) },
    interruption,
  );
  const { findFix, propose, asMail } = await import('../../author/index.js');
  const findings = impersonalFindings(
    await findFix(subjectOf(ebuild, plan), builds.build, { unused, compare }),
  );
  throwIfAborted(interruption);
  const { patch, open, message } = await propose(
    { ...ebuild, hasTestFlag: 'test' in ebuild.flags },
    findings,
    options.ask ?? nobody,
  );
  const { outcome, additions, withdrawals } = findings;
  return {
    ...{ target: ebuild.cpv, ebuild: ebuild.file, repository: ebuild.repository },
    ...{ outcome, builds: builds.count, limited: builds.isLimited, steps: builds.steps },
    ...{ additions, withdrawals, open, message },
    patch: patch === '' ? '' : asMail({ patch, message }, authorOf(ebuild.repository), new Date()),
    forget: () => state.clear(),
  };
}

/** What is told to others quotes builds without the places and names of this machine. */
function impersonalFindings(findings: Findings): Findings {
  const person = whoAsks();
  const additions = findings.additions.map((one) => ({
    ...one,
    messages: one.messages.map((message) => impersonal(message, person)),
  }));
  return { ...findings, additions };
}

const nobody: Asker = () => Promise.resolve(undefined);

async function begin(targets: readonly string[], places: Places, options: FixOptions, talk: Hearer) {
  const request = buildRequest(targets, places, options);
  const plan = await makePlan(request, talk.log);
  return { request, plan, ebuild: ebuildOf(plan) };
}

/** The ebuild that is to be changed. */
interface EbuildFile {
  readonly cpv: string;
  readonly file: string;
  readonly repository: string;
  readonly text: string;
  /** From the top of the checkout that it lies in, else from that of its repository. */
  readonly path: string;
  readonly flags: Readonly<Record<string, boolean>>;
  readonly eapi: string;
}

/** @throws LvfsError NO_EBUILD, CANNOT_READ */
function ebuildOf(plan: Plan): EbuildFile {
  const [target, ...others] = plan.set.targets;
  if (target === undefined || others.length > 0)
    throw new LvfsError('ONE_TARGET', 'one ebuild at a time can be mended');
  const { cpv, ebuild, eapi } = target;
  if (ebuild === undefined) {
    throw new LvfsError('NO_EBUILD', `no repository has the ebuild of ${cpv}: there is nothing to be mended`);
  }
  const { file, repository, flags } = ebuild;
  try {
    const text = readFileSync(file, 'utf8');
    return { cpv, file, repository, text, path: relative(checkoutAround(repository), file), flags, eapi };
  } catch (error) {
    throw new LvfsError('CANNOT_READ', `${file}: cannot be read`, { cause: error });
  }
}

/** The top of the git checkout that a directory lies in; the directory itself when it lies in none. */
function checkoutAround(directory: string): string {
  for (let place = directory; ; place = dirname(place)) {
    if (existsSync(join(place, '.git'))) return place;
    if (place === dirname(place)) return directory;
  }
}

function subjectOf({ flags, eapi }: EbuildFile, plan: Plan): Subject {
  return {
    flags: new Map(Object.entries(flags)),
    libraries: (cpv) => plan.libraries(cpv),
    hasBdepend: !/^[0-6]$/.test(eapi),
  };
}

/** Who commits: as pkgdev(1) is told, else as git is. */
function authorOf(repository: string): string {
  const own = process.env['ECHANGELOG_USER'];
  if (own !== undefined && own !== '') return own;
  const { stdout } = runSync('git', ['-C', repository, 'var', 'GIT_AUTHOR_IDENT'], {
    cwd: workingDirectory(),
    env: process.env,
  });
  const [, name] = /^(.+ <[^>]+>) \d+ /.exec(stdout) ?? [];
  return name ?? 'lvfs <lvfs@localhost>';
}
