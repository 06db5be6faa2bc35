/** How a program asks for builds, and what is meant by what it leaves out. */
import { availableParallelism } from 'node:os';
import type { Denial } from '../../audit/index.js';
import type { IgnoreSetting } from '../../daemon/index.js';
import { buildRequest, type PrivateOptions } from '../private.js';
import type { Places } from '../request.js';
import type { CheckPlan } from './checking.js';
import type { BuildPlan } from './trials.js';

/** What is passed over in a report. */
export interface Judged {
  /** Evidence to pass over, as in lvfs.conf(5). */
  readonly ignore?: readonly IgnoreSetting[] | undefined;
  /** Names of the built-in rules about the habits of tools that do not hold. */
  readonly habitsOff?: readonly string[] | undefined;
}

/** What builds are, one or many: as `lvfs build` has it. */
export interface AnyBuildOptions extends Omit<PrivateOptions, 'attribute'>, Judged {
  /** Build with this, run by `sh -c` in the current directory, instead of emerge. */
  readonly command?: string | undefined;
  /** Build again with all that is installed, to find out which packages make a difference. */
  readonly compare?: boolean | undefined;
  /** Build again to find out what a failed build lacked; default true. */
  readonly prove?: boolean | undefined;
  /** How long building again may take in all, in minutes; default 30. */
  readonly proofTime?: number | undefined;
  /** With `command`: where the result of a build lies, for `compare`; default the current directory. */
  readonly image?: string | undefined;
  /** Also make a page of the report. */
  readonly html?: boolean | undefined;
}

/** One build. */
export interface BuildOptions extends AnyBuildOptions {
  /** What the build prints is shown on standard output; `'color'`: in colours. */
  readonly echo?: boolean | 'color' | undefined;
  /** Hears of every denial of the first build as it happens. */
  readonly onDenial?: ((denial: Denial) => void) | undefined;
}

/** Many builds. */
export interface CheckOptions extends AnyBuildOptions {
  /** Builds at a time; default half as many as there are processors. */
  readonly jobs?: number | undefined;
  /** Minutes that one target may take, everything included; default a day. */
  readonly timeout?: number | undefined;
  /** Processes and threads of a target at most; default 16384. */
  readonly processes?: number | undefined;
  /** One view for each job, that becomes the view of one target after the other; default true. */
  readonly reuse?: boolean | undefined;
  /** Hears what is begun. */
  readonly onBegin?: ((target: string) => void) | undefined;
}

/** The same with what is left out. */
export function buildPlan(options: BuildOptions): BuildPlan {
  const { echo = false, onDenial } = options;
  return {
    command: options.command,
    compare: options.compare ?? false,
    prove: options.prove ?? true,
    proofTime: options.proofTime,
    image: options.image,
    html: options.html ?? false,
    show: echo !== false,
    color: echo === 'color',
    ignore: options.ignore ?? [],
    habitsOff: options.habitsOff ?? [],
    ...(onDenial === undefined ? {} : { onDenial }),
  };
}

/** Minutes that a target of many may take. */
export const usualTimeout = 1440;

/** Processes that a target of many may have. */
export const usualProcesses = 16_384;

/** The same for many. */
export function checkPlan(places: Places, options: CheckOptions): CheckPlan {
  const { jobs = Math.floor(availableParallelism() / 2), processes = usualProcesses, reuse = true } = options;
  return {
    build: buildPlan(options),
    // What is no number at all would be no job, and nothing checked.
    jobs: jobs >= 1 ? jobs : 1,
    timeout: options.timeout ?? usualTimeout,
    anew: !reuse,
    request: (target) => ({
      ...buildRequest([target], places, options, options.command),
      processes,
      findingsOnly: true,
    }),
  };
}
