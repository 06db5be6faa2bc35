/**
 * The phases of one emerge: which package each belongs to, in which view it runs, and what is found when it ends. A view is made when
 * the first src_* phase of a package begins, so that it shows what was merged before, and is taken away when nothing runs in it
 * any more after its last.
 */
import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { LvfsError, processStat, sendSignal, unlessRefused, type Listener } from '../../base/index.js';
import type { Report } from '../../audit/index.js';
import { protocolVersion, type Handlers, type RequestContext } from '../control/protocol.js';
import { listen, type ControlServer } from '../control/server.js';
import { Inside } from '../private/client.js';
import { IdleViews } from '../private/idleViews.js';
import { startInside } from '../private/start.js';
import type { ReportGraph } from '../report/auditing.js';
import type { IgnoreSetting } from '../../audit/index.js';
import type { InsideRequest } from '../request.js';
import { phaseMethods, viewPhases, type PhaseFacts, type PhasePlace } from './protocol.js';

/** The view that a package is built in. */
export interface PackageView {
  readonly request: InsideRequest;
  /** Show everything, and only note what the request would hide. */
  readonly reportOnly: boolean;
}

/** What came of a package. */
export interface PackageEnd {
  /** `category/PF`. */
  readonly package: string;
  readonly reportOnly: boolean;
  /** The last phase that began. */
  readonly phase: string;
  /** How that phase ended, as a shell gives it; undefined: it, or what should have come after it, was ended from outside. */
  readonly status: number | undefined;
  readonly started: Date;
  readonly ended: Date;
  /** What the build printed, as far as it is in its log. */
  readonly output: string;
  readonly found?: { readonly report: Report; readonly graph: ReportGraph };
  /** Why there was no view, or none to the end. */
  readonly error?: LvfsError;
}

/** Who decides and hears. */
export interface PhaseListener extends Listener {
  /**
   * The view for a package; undefined: it is built without one.
   *
   * @throws LvfsError the phase then fails with it
   */
  viewFor(facts: PhaseFacts): PackageView | undefined;
  /** Notes what came of a package, and says what goes into the build's log, a line each. */
  ended(end: PackageEnd): readonly string[];
}

/** How the server of phases works. */
export interface PhaseOptions {
  /** A package, `category/PF`, is about to be merged: its image has been prepared (instprep). */
  beforeMerge(cpv: string): Promise<void>;
  /** The program that serves a view. */
  readonly insideProgram: URL;
  readonly ignore: readonly IgnoreSetting[];
  readonly version: string;
}

/** A thousand phases at once are more than any machine has jobs. */
const maxPhases = 1024;

/** One package that is being built. */
class Build {
  readonly facts: PhaseFacts;
  readonly reportOnly: boolean;
  readonly started = new Date();
  /** Its log, as it is called before the build could put links in the way. */
  readonly log: string;
  readonly opening: Promise<Inside>;
  /** Once it is open. */
  inside: Inside | undefined;
  /** Whether its view is good for others: it came to its end, and nothing runs in it. */
  isUsable = false;
  /** What runs in the view: connections. */
  readonly running = new Set<AbortSignal>();
  phase: string;
  isOver = false;
  /** There is no view, and what goes on does without. */
  isWithout = false;
  /** Until then its view is asked for the report. */
  reported: Promise<unknown> = Promise.resolve();

  constructor(facts: PhaseFacts, reportOnly: boolean, opening: Promise<Inside>) {
    this.facts = facts;
    this.phase = facts.phase;
    this.log = withoutLinks(facts.log);
    this.reportOnly = reportOnly;
    this.opening = opening;
    void opening.then(
      (inside) => (this.inside = inside),
      () => undefined,
    );
  }

  /** Whether a phase can be a later one of the same build. */
  goesOnWith({ phase }: PhaseFacts): boolean {
    const place = (name: string): number => viewPhases.findIndex((one) => one === name);
    return (!this.isOver || this.isWithout) && place(phase) > place(this.phase);
  }
}

/** A phase that runs. */
interface Running {
  readonly facts: PhaseFacts;
  /** When its process 1 started, see {@link ProcessStat}; undefined: it has ended. */
  readonly started: string | undefined;
  build?: Build;
}

/** See the head of this file. */
export class Phases {
  readonly #listener: PhaseListener;
  readonly #options: PhaseOptions;
  readonly #cancel = new AbortController();
  /** By PORTAGE_BUILDDIR: no two packages have the same at once. */
  readonly #builds = new Map<string, Build>();
  /** What runs, by its connection. */
  readonly #running = new Map<AbortSignal, Running>();
  /** Who served a package serves the next: emerge builds as many at a time as it has jobs. */
  readonly #idle = new IdleViews();
  /** Views that are being made, or let go of. */
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(listener: PhaseListener, options: PhaseOptions) {
    this.#listener = listener;
    this.#options = options;
  }

  /** Listens at a path that must not exist yet. */
  listen(path: string): Promise<ControlServer> {
    const hello = {
      lvfs: this.#options.version,
      protocol: protocolVersion,
      pid: process.pid,
      mountpoint: '',
    };
    const handlers: Handlers<typeof phaseMethods> = {
      begin: (facts, context) => this.#begin(facts, context),
      stranded: ({ reason }, { signal }) => this.#stranded(reason, signal),
      end: ({ status }, { signal }) => this.#end(status, signal),
    };
    const { log } = this.#listener;
    return listen(path, { hello, methods: phaseMethods, handlers, log }, { maxClients: maxPhases });
  }

  /** Ends what still runs, and reports of what was being built. */
  async close(): Promise<void> {
    this.#cancel.abort();
    for (const running of this.#running.values()) kill(running);
    for (const build of this.#builds.values()) if (!build.isOver) await this.#finish(build, undefined);
    for (const build of this.#builds.values()) this.#release(build);
    await Promise.allSettled(this.#underWay);
    await this.#idle.closeAll();
  }

  async #begin(facts: PhaseFacts, { signal }: RequestContext): Promise<PhasePlace> {
    const running: Running = { facts, started: processStat(facts.pid)?.started };
    this.#running.set(signal, running);
    signal.addEventListener('abort', () => this.#left(signal));
    if (signal.aborted) this.#left(signal);
    if (this.#cancel.signal.aborted) {
      // It was being started when emerge was killed.
      kill(running);
      throw new LvfsError('CANCELLED', 'emerge has ended');
    }
    if (facts.phase === 'instprep') await this.#options.beforeMerge(facts.package);
    if (!viewPhases.some((name) => name === facts.phase)) return stay();
    let build = this.#builds.get(facts.buildDirectory);
    if (build?.goesOnWith(facts) !== true) {
      // What was there has not come to its end, and is built anew.
      if (build !== undefined && !build.isOver) await this.#finish(build, undefined);
      if (build !== undefined) this.#release(build);
      const view = this.#listener.viewFor(facts);
      if (view === undefined) return stay();
      build = new Build(facts, view.reportOnly, this.#open(facts, view));
      this.#builds.set(facts.buildDirectory, build);
    }
    running.build = build;
    build.phase = facts.phase;
    if (build.isWithout) return stay();
    build.running.add(signal);
    try {
      const inside = await build.opening;
      return { ...(await inside.view.request('place', { cwd: facts.cwd })), notes: [] };
    } catch (error) {
      if (!(error instanceof LvfsError)) throw error;
      return this.#failed(build, error);
    }
  }

  async #open(facts: PhaseFacts, { request, reportOnly }: PackageView): Promise<Inside> {
    const inside = (await this.#idle.take(request, this.#cancel.signal)) ?? (await this.#make(request));
    try {
      await requirePrograms(inside, facts.programs);
      if (reportOnly) {
        const { hidden } = await inside.view.request('packages');
        await inside.view.request('besides', { packages: hidden });
      }
    } catch (error) {
      this.#idle.close(inside);
      throw error;
    }
    return inside;
  }

  async #make(request: InsideRequest): Promise<Inside> {
    const started = startInside(this.#options.insideProgram);
    const inside = await Inside.open(started, request, this.#listener, this.#cancel.signal);
    // Nobody serves any more what the phases look at.
    void inside.over.then(() => {
      for (const build of this.#builds.values()) {
        if (build.inside !== inside) continue;
        for (const signal of build.running) kill(this.#running.get(signal));
      }
    });
    return inside;
  }

  /** There is no view: the build fails, unless it may never fail for that. */
  #failed(build: Build, error: LvfsError): PhasePlace {
    if (!build.isOver) {
      build.isOver = true;
      this.#listener.ended({
        ...this.#ofBuild(build),
        status: undefined,
        output: '',
        error,
      });
    }
    if (!build.reportOnly) throw error;
    build.isWithout = true;
    return stay([`lvfs: built without a view: ${error.message}`]);
  }

  /** A phase could not enter its view. */
  #stranded(reason: string, signal: AbortSignal): PhasePlace {
    const build = this.#running.get(signal)?.build;
    if (build === undefined) return stay();
    build.running.delete(signal);
    return this.#failed(build, new LvfsError('NO_NAMESPACE', `its view cannot be entered: ${reason}`));
  }

  #ofBuild(build: Build): Pick<PackageEnd, 'package' | 'reportOnly' | 'phase' | 'started' | 'ended'> {
    const { facts, reportOnly, phase, started } = build;
    return { package: facts.package, reportOnly, phase, started, ended: new Date() };
  }

  async #end(status: number, signal: AbortSignal): Promise<readonly string[]> {
    const build = this.#running.get(signal)?.build;
    if (build === undefined || build.isOver) return [];
    return this.#finish(build, status);
  }

  /** Makes the report of a build that has come to its end. */
  #finish(build: Build, status: number | undefined): Promise<readonly string[]> {
    build.isOver = true;
    const report = this.#report(build, status);
    build.reported = report.catch(() => undefined);
    return report;
  }

  async #report(build: Build, status: number | undefined): Promise<readonly string[]> {
    try {
      const { view } = await build.opening;
      await view.request('capture', { file: build.log });
      const { report } = await view.request('report', {
        ignore: [...this.#options.ignore],
        captured: true,
        ...(status === undefined ? {} : { status }),
      });
      const graph = await view.request('graph');
      const output = await view.request('output');
      build.isUsable = status !== undefined;
      return this.#listener.ended({ ...this.#ofBuild(build), status, output, found: { report, graph } });
    } catch (error) {
      if (!(error instanceof LvfsError)) throw error;
      return this.#listener.ended({ ...this.#ofBuild(build), status, output: '', error });
    }
  }

  /** A phase's process has ended. */
  #left(signal: AbortSignal): void {
    const build = this.#running.get(signal)?.build;
    this.#running.delete(signal);
    if (build === undefined) return;
    build.running.delete(signal);
    if (build.isOver && !build.isWithout && build.running.size === 0) this.#release(build);
  }

  /** Takes a view away that nobody needs. */
  #release(build: Build): void {
    const { buildDirectory } = build.facts;
    if (this.#builds.get(buildDirectory) === build) this.#builds.delete(buildDirectory);
    const released = build.reported
      .then(() => build.opening)
      .then(
        (inside) =>
          build.isUsable && build.running.size === 0 ? this.#idle.give(inside) : this.#idle.close(inside),
        () => undefined,
      );
    this.#underWay.add(released);
    void released.finally(() => this.#underWay.delete(released));
  }
}

/** The path of a file through no link but itself; nothing for one whose directory is not there. */
function withoutLinks(path: string): string {
  const directory = path === '' ? undefined : unlessRefused(() => realpathSync(dirname(path)), undefined);
  return directory === undefined ? '' : join(directory, basename(path));
}

function stay(notes: readonly string[] = []): PhasePlace {
  return { root: null, notes };
}

/** Without Portage's own programs and its Python no phase gets anywhere. */
async function requirePrograms(inside: Inside, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if ((await inside.view.request('choose', { programs: [path, ''] })) === path) continue;
    const { paths: explained } = await inside.view.request('why', {
      paths: [Buffer.from(path).toString('latin1')],
    });
    const owner = explained[0]?.owners[0];
    throw new LvfsError(
      'NO_PROGRAM',
      `${path}, which Portage needs, is hidden: it belongs to ${owner ?? 'no package'}`,
      { hint: owner === undefined ? `LVFS_SHOW="${path}"` : `LVFS_WITH="=${owner}"` },
    );
  }
}

/**
 * Kills a phase's process 1, and with it all that it has started. That it has ended may not have been heard of yet, so its id may be
 * another's.
 */
function kill(running: Running | undefined): void {
  if (running?.started === undefined) return;
  const { pid } = running.facts;
  if (processStat(pid)?.started === running.started) sendSignal(pid, 'SIGKILL');
}
