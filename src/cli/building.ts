/** One build in a private view, and what it says about the target's dependencies; for `lvfs build` and `lvfs check`. */
import { existsSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Denial, ImageDifference, Report } from '../audit/index.js';
import { exitStatus, LvfsError, packageName, type ExitStatus } from '../base/index.js';
import type { Inside, InsideRequest, LiveResult, ReportResult } from '../daemon/index.js';
import { statusOf, withInside, type Signals } from './inside.js';
import type { Output } from './output.js';
import { isIncomplete } from './reportText.js';
import type { Settings } from './config.js';

/** Options that `build` and `check` share. */
export const buildOptions = {
  command: {
    type: 'string',
    value: 'COMMAND',
    describe: 'Build with this, run by sh -c in the current directory, instead of emerge',
    more: 'Where the view does not have that directory, the host’s is shown at its place, writable, unless --no-binds is given.',
  },
  compare: {
    type: 'boolean',
    describe: 'Build again with what was looked for in vain, and compare the results',
  },
  image: {
    type: 'string',
    value: 'DIR',
    describe:
      'With --command: where the result of a build lies, for --compare (default: the current directory)',
  },
} as const;

/** How to build. */
export interface BuildPlan {
  readonly command: string | undefined;
  readonly compare: boolean;
  readonly image: string | undefined;
  readonly html: boolean;
  /** Show the build's output. */
  readonly show: boolean;
  readonly ignore: Settings['ignore'];
  /** Hears of every denial of the build, of the second one of `--compare` not, as it happens. */
  readonly onDenial?: (denial: Denial) => void;
}

/** What came of a build. */
export interface BuildOutcome {
  /** cpvs. */
  readonly targets: readonly string[];
  /** Exit status of the build command, as a shell gives it. */
  readonly status: number;
  readonly seconds: number;
  /** ISO 8601. */
  readonly started: string;
  readonly ended: string;
  readonly report: Report;
  readonly html?: string;
  /** The end of the build's output. */
  readonly output: string;
  /** The logs that emerge has left of a build that failed, by their paths on the host. */
  readonly logs: readonly string[];
  readonly comparison?: Comparison;
}

/** The second build of `--compare`. */
export interface Comparison {
  /** What was allowed for it. */
  readonly allowed: readonly string[];
  readonly status: number;
  /** Undefined when one of the builds failed, or there was nothing to allow. */
  readonly difference?: ImageDifference;
}

/** Builds in a view of its own and reports. */
export async function build(
  request: InsideRequest,
  plan: BuildPlan,
  output: Output,
  signals: Signals,
): Promise<BuildOutcome> {
  return withInside({ ...request, attribute: true }, output, signals, async (inside) => {
    const targets = inside.status.targets;
    let hears = plan.onDenial;
    if (hears !== undefined) follow(inside, (denial) => hears?.(denial));
    const started = new Date();
    const start = performance.now();
    const status = await runBuild(inside, plan, targets, output);
    const seconds = Math.round((performance.now() - start) / 100) / 10;
    const ended = new Date();
    signals.throwIfAny();
    const { report, html } = (await inside.request('report', {
      ignore: plan.ignore,
      html: plan.html,
      captured: true,
      status,
    })) as ReportResult;
    // Denials come over the same socket, so those of the build are here before the report.
    hears = undefined;
    const text = (await inside.request('output')) as string;
    const logs = status === 0 || plan.command !== undefined ? [] : await buildLogs(inside, targets, started);
    const comparison = plan.compare
      ? await compare(inside, plan, targets, status, report, output)
      : undefined;
    signals.throwIfAny();
    return {
      targets,
      status,
      seconds,
      started: started.toISOString(),
      ended: ended.toISOString(),
      report,
      output: text,
      logs,
      ...(html === undefined ? {} : { html }),
      ...(comparison === undefined ? {} : { comparison }),
    };
  });
}

/** Passes on every denial until the view is gone. */
function follow(inside: Inside, hear: (denial: Denial) => void): void {
  inside
    .request('follow', {}, (event) => hear(event as Denial))
    .catch((error: unknown) => {
      // The view is gone: that is how following ends.
      if (!(error instanceof LvfsError)) throw error;
    });
}

async function runBuild(
  inside: Inside,
  plan: BuildPlan,
  targets: readonly string[],
  output: Output,
): Promise<number> {
  const argv =
    plan.command === undefined
      ? [
          ...['emerge', '--ask=n', '--oneshot', '--buildpkgonly', '--quiet-build=n'],
          ...(plan.show && output.colors.isColorSupported ? ['--color=y'] : []),
          ...targets.map((cpv) => `=${cpv}`),
        ]
      : ['/bin/sh', '-c', plan.command];
  const features = process.env['FEATURES'] ?? '';
  return statusOf(
    await inside.run({
      argv,
      capture: true,
      show: plan.show,
      // The image is looked at after the build.
      ...(plan.compare && plan.command === undefined
        ? { environment: { FEATURES: `${features} noclean`.trim() } }
        : {}),
    }),
  );
}

async function compare(
  inside: Inside,
  plan: BuildPlan,
  targets: readonly string[],
  status: number,
  report: Report,
  output: Output,
): Promise<Comparison> {
  const names = report.missing.map(({ cpv }) => `=${cpv}`);
  if (names.length === 0) return { allowed: [], status };
  const { compareImages, readImage } = await import('../audit/index.js');
  const directories = await imageDirectories(inside, plan, targets);
  const read = () => {
    const gone = directories.find((directory) => !existsSync(directory));
    if (gone === undefined) return new Map(directories.flatMap((directory) => [...readImage(directory)]));
    output.log('warn', `${gone}: the build left nothing there to compare`);
    return undefined;
  };
  const first = status === 0 ? read() : undefined;
  const { shown } = (await inside.request('allow', { names })) as LiveResult;
  output.log('info', `building again with ${shown.join(' ')}`);
  const again = await runBuild(inside, plan, targets, output);
  const second = again === 0 ? read() : undefined;
  if (plan.command === undefined) for (const directory of directories) removeBuild(directory);
  return {
    allowed: names.map((name) => name.slice(1)),
    status: again,
    ...(first === undefined || second === undefined ? {} : { difference: compareImages(first, second) }),
  };
}

async function imageDirectories(
  inside: Inside,
  plan: BuildPlan,
  targets: readonly string[],
): Promise<string[]> {
  if (plan.command !== undefined) return [resolve(plan.image ?? '.')];
  return (await buildDirectories(inside, targets)).map((directory) => join(directory, 'image'));
}

/** Where Portage builds each target (PORTAGE_BUILDDIR), on the host. */
async function buildDirectories(inside: Inside, targets: readonly string[]): Promise<string[]> {
  const directory = (await inside.request('buildDirectory')) as string;
  return targets.map((cpv) => join(directory, 'portage', cpv));
}

/** The logs of builds that did not get to their end, without those of earlier ones. */
async function buildLogs(inside: Inside, targets: readonly string[], since: Date): Promise<string[]> {
  return (await buildDirectories(inside, targets))
    .map((directory) => join(directory, 'temp/build.log'))
    .filter((log) => {
      const found = statSync(log, { throwIfNoEntry: false });
      return found !== undefined && found.mtime >= since;
    });
}

/** What Portage itself would have removed after a build that went well. */
function removeBuild(image: string): void {
  rmSync(resolve(image, '..'), { recursive: true, force: true });
}

/** Whether two builds came out differently in more than bytes. */
export function isAutomagic({ difference }: Comparison): boolean {
  return (
    difference !== undefined &&
    difference.onlyFirst.length + difference.onlySecond.length + difference.needs.length > 0
  );
}

/** What a build ends with: it failed, it used what it does not declare, or all is well. */
export function verdict(outcome: BuildOutcome): ExitStatus {
  if (outcome.status !== 0) return exitStatus.buildFailed;
  const automagic = outcome.comparison !== undefined && isAutomagic(outcome.comparison);
  return automagic || isIncomplete(outcome.report) ? exitStatus.undeclared : exitStatus.ok;
}

/** The second build for a terminal. */
export function comparisonText({ allowed, status, difference }: Comparison, output: Output): string {
  const { bold, dim } = output.colors;
  if (allowed.length === 0)
    return `${bold('Comparison:')} nothing was looked for in vain, so there is nothing to compare.`;
  const with_ = allowed.map(packageName).join(' ');
  if (difference === undefined) {
    return `${bold('Comparison:')} with ${with_} the build ${status === 0 ? 'succeeds' : `fails too (status ${status})`}.`;
  }
  const lines = [
    ...difference.onlySecond.map((path) => `  + ${path}`),
    ...difference.onlyFirst.map((path) => `  - ${path}`),
    ...difference.needs.map(
      ({ path, onlyFirst, onlySecond }) =>
        `  ~ ${path}: ${[...onlySecond.map((name) => `+${name}`), ...onlyFirst.map((name) => `-${name}`)].join(' ')}`,
    ),
  ];
  const changed =
    difference.changed.length === 0
      ? ''
      : dim(`\n  ${difference.changed.length} files differ in content only`);
  return lines.length === 0
    ? `${bold('Comparison:')} with ${with_} the same files are built.${changed}`
    : `${bold('Comparison:')} with ${with_} the build comes out differently (automagic):\n${lines.join('\n')}${changed}`;
}
