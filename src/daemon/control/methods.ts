/**
 * What a view can be asked over its control socket: the table of docs/control-protocol.md, which a test compares with this one. A new
 * method is a line here, a handler in the session and a row there.
 */
import type { PackageId } from '../../base/index.js';
import { array, boolean, exactOptional, number, object, optional, string } from 'valibot';
import type { Denial } from '../../audit/index.js';
import type { Explanation } from '../plan/explanation.js';
import type { ReportGraph, ReportResult, UsedPackage } from '../report/auditing.js';
import type { LiveResult, SessionStatus } from '../request.js';
import { carries, type Methods } from './protocol.js';

// The message of a schema says what was expected.
const text = string('a string');
const flag = boolean('true or false');
const texts = array(text, 'a list of strings');
const nothing = object({});

const ignoreSetting = object({
  package: exactOptional(text),
  path: exactOptional(text),
  target: exactOptional(text),
  reason: text,
});

/** Where and with what a command is run in a mounted view. */
export interface InsideFacts {
  /** Where the view is mounted. */
  readonly root: string;
  /** Where the command starts, as a path in the view. */
  readonly cwd: string;
  /** Of the programs that were asked for, those that the view shows. */
  readonly visible: readonly string[];
  /** Variables that differ from the caller's. */
  readonly environment: Readonly<Record<string, string>>;
  /** Whether builds find /proc in the view. */
  readonly hasProc: boolean;
}

/** Which installed packages a view shows, and which of them were used. */
export interface ViewPackages {
  readonly visible: readonly PackageId[];
  /** Those that could be shown. */
  readonly hidden: readonly PackageId[];
  readonly used: readonly UsedPackage[];
}

/** The methods of every view. */
export const viewMethods = {
  status: { parameters: nothing, result: carries<SessionStatus>() },
  umount: { parameters: object({ lazy: optional(flag) }), result: carries<null>(), changes: true },
  avoid: { parameters: object({ mountpoint: text }), result: carries<null>() },
  why: {
    parameters: object({ paths: texts }),
    result: carries<{ readonly paths: readonly Explanation[] }>(),
  },
  denials: {
    parameters: nothing,
    result: carries<{ readonly denials: readonly Denial[]; readonly dropped: number }>(),
  },
  follow: { parameters: nothing, event: carries<Denial>(), result: carries<null>() },
  report: {
    parameters: object({
      ignore: optional(array(ignoreSetting, 'a list of rules')),
      habitsOff: optional(texts),
      log: optional(text),
      captured: optional(flag),
      status: optional(number('a number')),
    }),
    result: carries<ReportResult>(),
  },
  packages: { parameters: nothing, result: carries<ViewPackages>() },
  needs: {
    parameters: object({ package: text }),
    result: carries<{ readonly packages: readonly PackageId[] }>(),
  },
  graph: { parameters: nothing, result: carries<ReportGraph>() },
  besides: { parameters: object({ packages: texts }), result: carries<LiveResult>(), changes: true },
  allow: { parameters: object({ names: texts }), result: carries<LiveResult>(), changes: true },
  deny: { parameters: object({ names: texts }), result: carries<LiveResult>(), changes: true },
  retarget: {
    parameters: object({ targets: texts }),
    result: carries<LiveResult & { readonly targets: readonly string[] }>(),
    changes: true,
  },
  inside: {
    parameters: object({ cwd: optional(text), programs: optional(texts) }),
    result: carries<InsideFacts>(),
  },
} satisfies Methods;

/** See {@link viewMethods}. */
export type ViewMethods = typeof viewMethods;
