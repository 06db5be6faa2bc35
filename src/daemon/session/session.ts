/**
 * One mounted view, from when it answers to the end: the process's main thread answers the control socket, watches the database of
 * installed packages and notifies the kernel; worker threads serve.
 *
 * The states are `starting`, `serving`, `unmounting`, `ended`. A session ends when its mount is gone, whoever took it away:
 * the workers' reads of the device then fail, they end, and what the session made is removed. The main thread never waits in
 * a call about a path below its own mount point: nobody could end the session if there were no answer.
 */
import { existsSync } from 'node:fs';
import { isWithin, LvfsError, processLink, type Logger, knownPackageId } from '../../base/index.js';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Ledger } from '../../audit/index.js';
import type { Readers } from '../../filesystem/index.js';
import { findDriver, type Connection } from '../../fuse/index.js';
import { reportGraph, sessionReport, usedPackages, type Audited } from '../report/auditing.js';
import { placeInside } from '../overlay/binds.js';
import { viewMethods, type ViewMethods } from '../control/methods.js';
import { protocolVersion, type Handlers } from '../control/protocol.js';
import { listen, type ControlServer } from '../control/server.js';
import { pidNamespace } from '../registry/holding.js';
import type { PlannedView } from '../plan/plannedView.js';
import { mounter } from '../platform/index.js';
import {
  controlSocket,
  holdSession,
  logFile,
  processStartTime,
  removeSessionDirectory,
  writeMeta,
  type SessionMeta,
} from '../registry/registry.js';
import type { LiveResult, SessionRequest, SessionStatus, Shown } from '../request.js';
import type { ProcessEnds } from './processEnds.js';
import type { LiveView } from './liveView.js';
import type { ServingThreads } from './servingThreads.js';
import { SourceScan } from '../report/sourceScan.js';
import { OtherViews } from '../registry/otherViews.js';
import { Following } from './following.js';
import { SessionMount } from './sessionMount.js';

/** What a session is given besides its request. */
export interface SessionOptions {
  /** Its directory in the registry, which exists. */
  readonly directory: string;
  readonly log: Logger;
  /** Hears of what takes long before the view is mounted. */
  readonly progress: (text: string) => void;
  /** Aborted when the session is no longer wanted before it has started. */
  readonly signal: AbortSignal;
  /** Where others find the view, when they do not find it at its mount point; for a private namespace. */
  readonly shownAt?: string;
  /** With {@link shownAt}: the host's processes are seen inside. */
  readonly hostProc?: boolean;
  /** Looks at the view before it is mounted, and throws what speaks against it. */
  readonly check?: (view: PlannedView) => void;
  /** What the build has printed, if that is known. */
  readonly output?: () => string;
}

/** How a session ended: by a failure, or because its mount was taken away. */
export interface SessionEnd {
  readonly failure: string | undefined;
}

/** What `startSession` has made when the view answers. */
export interface SessionParts {
  readonly request: SessionRequest;
  readonly options: SessionOptions;
  readonly connection: Connection;
  readonly workers: ServingThreads;
  readonly planned: PlannedView;
  readonly live: LiveView;
  readonly ledger: Ledger;
  readonly ends: ProcessEnds | undefined;
  readonly readers: Readers;
}

/** A mounted view. Made by `startSession`. */
export class Session {
  readonly #request: SessionRequest;
  readonly #options: SessionOptions;
  readonly #connection: Connection;
  readonly #workers: ServingThreads;
  readonly #planned: PlannedView;
  readonly #live: LiveView;
  readonly #ledger: Ledger;
  readonly #ends: ProcessEnds | undefined;
  readonly #readers: Readers;
  #sources: SourceScan;
  readonly #mount: SessionMount;
  readonly #since = new Date().toISOString();
  #control: ControlServer | undefined;
  #release = (): void => undefined;
  #announced: Promise<void> | undefined;
  readonly #others: OtherViews;
  readonly #following: Following;
  /** Somebody was told how to get into the view. */
  #hasVisitors = false;
  /** Resolves when nothing of the session is left. */
  readonly ended: Promise<SessionEnd>;

  /** Takes over what `startSession` has made so far; the view answers already. */
  constructor({ request, options, connection, workers, planned, live, ledger, ends, readers }: SessionParts) {
    this.#ends = ends;
    this.#readers = readers;
    this.#request = request;
    this.#options = options;
    this.#connection = connection;
    this.#workers = workers;
    this.#planned = planned;
    this.#live = live;
    this.#ledger = ledger;
    this.#sources = this.#newSources();
    ledger.onProcess = (record) => this.#sources.meet(record);
    this.#mount = new SessionMount(connection, planned.plan !== undefined);
    this.#others = new OtherViews(
      connection.mountpoint,
      planned.avoidedAtFirst,
      (paths) => live.avoid(paths),
      options.log,
    );
    this.#following = new Following(planned.databases, () => this.#reload(), options.log);
    this.ended = workers.ended.then((failure) => this.#finish(failure));
  }

  /**
   * Records the session and starts to listen; only then others find it. Nothing is announced of a session that has
   * ended meanwhile.
   */
  async announce(): Promise<void> {
    this.#announced = this.#announce();
    await this.#announced;
  }

  /** Whether a process has the view for its root, or something in it. It reaches the control socket when /run is bound. */
  #isInside(pid: number | undefined): boolean {
    if (pid === undefined) return false;
    const root = processLink(pid, 'root');
    // One that is gone already, or that nobody may look at, could be anywhere.
    return root === undefined || isWithin(root, this.#connection.mountpoint);
  }

  async #announce(): Promise<void> {
    if (this.#mount.isOver) return;
    const { directory, log } = this.#options;
    const hello = {
      lvfs: this.#request.version,
      protocol: protocolVersion,
      pid: process.pid,
      mountpoint: this.#shownAt,
    };
    const served = { hello, methods: viewMethods, handlers: this.handlers, log };
    this.#control = await listen(controlSocket(directory), served, {
      mayChange: (pid) => !this.#isInside(pid),
      ready: () => this.#following.wake(),
    });
    if (this.#mount.isOver) return;
    this.#release = holdSession(directory);
    writeMeta(directory, this.#meta());
    // Before that nobody could tell.
    await this.#others.look();
    this.#following.start();
  }

  /** Follows no merge until it becomes another's or is asked something; nothing runs in it. Not where somebody may have come in. */
  rest(): void {
    if (this.#mount.isUnmounting || this.#hasVisitors || this.#mount.isHeld) return;
    this.#following.rest();
  }

  /** Where others find the view. */
  get #shownAt(): string {
    return this.#options.shownAt ?? this.#connection.mountpoint;
  }

  #meta(failure?: string): SessionMeta {
    return {
      schemaVersion: 1,
      pid: process.pid,
      startTime: processStartTime(process.pid) ?? '0',
      pidNamespace: pidNamespace(),
      mountpoint: this.#shownAt,
      device: this.#mount.device,
      targets: this.#planned.targets,
      driver: this.#request.driver,
      since: this.#since,
      root: this.#request.locations.root,
      ...this.#sysroot,
      version: this.#request.version,
      ...(failure === undefined ? {} : { failure }),
    };
  }

  get #sysroot(): { sysroot?: string } {
    return this.#planned.sysroot === undefined ? {} : { sysroot: this.#planned.sysroot };
  }

  /** What answers the methods of a view. */
  readonly handlers: Handlers<ViewMethods> = {
    status: () => this.status(),
    umount: ({ lazy = false }) => this.stop({ lazy }),
    avoid: ({ mountpoint }) => this.#others.expect(mountpoint),
    why: ({ paths }) => ({ paths: paths.map((path) => this.#planned.explain(Buffer.from(path, 'latin1'))) }),
    denials: async () => {
      await this.#settled();
      return { denials: this.#ledger.accesses(), dropped: this.#ledger.dropped };
    },
    follow: (_, { emit, signal }) => {
      const stop = this.#ledger.subscribe(emit);
      for (const denial of this.#ledger.accesses()) emit(denial);
      return new Promise((done) => {
        signal.addEventListener('abort', () => {
          stop();
          done(null);
        });
      });
    },
    report: async ({ ignore = [], habitsOff = [], log, captured = false, status }) => {
      await this.#settled();
      this.#ends?.look();
      await this.#sources.scan();
      const text = log ?? (captured ? this.#options.output?.() : undefined);
      return sessionReport(this.#audited, {
        ignore,
        habitsOff,
        ...(status === undefined ? {} : { status }),
        ...(text === undefined ? {} : { log: text }),
      });
    },
    packages: async () => {
      await this.#settled();
      return {
        visible: [...this.#planned.set.visible.keys()].sort(),
        hidden: this.#live.hiddenPackages(),
        used: usedPackages(this.#audited),
      };
    },
    needs: ({ package: cpv }) => ({ packages: this.#live.needsOf(knownPackageId(cpv)) }),
    graph: () => reportGraph(this.#audited),
    besides: ({ packages }) => this.#live.showBesides(packages.map(knownPackageId)),
    allow: ({ names }) => this.#live.allow(names),
    deny: ({ names }) => this.#live.deny(names),
    retarget: async ({ targets }) => {
      const { set, show, hide } = this.#planned.request;
      const result = await this.become({ set: { ...set, targets }, show, hide });
      return { ...result, targets: this.targets };
    },
    inside: ({ cwd, programs = [] }) => {
      this.#hasVisitors = true;
      return {
        root: this.#connection.mountpoint,
        cwd: cwd === undefined ? '/' : this.directoryInside(cwd),
        visible: programs.filter((path) => this.#planned.hasFile(path)),
        hasProc: this.#request.binds?.defaults === true,
        environment: this.environment(),
      };
    },
  };

  /** What `lvfs status` says of this view. */
  status(): SessionStatus {
    const { driver: driverName, locations } = this.#request;
    const { activity } = this.#connection;
    const driver = findDriver(driverName);
    return {
      mountpoint: this.#shownAt,
      pid: process.pid,
      state: this.#mount.state,
      driver: driverName,
      targets: this.#planned.targets,
      packages: this.#planned.visiblePackages,
      paths: this.#planned.visiblePaths(),
      denials: this.#ledger.total,
      since: this.#since,
      root: locations.root,
      ...this.#sysroot,
      log: logFile(this.#options.directory),
      live: {
        requests: activity.requests(),
        residentBytes: process.memoryUsage.rss(),
        threads: this.#workers.count,
        capabilities: { ...driver.capabilities },
        protocolMinor: activity.negotiated?.minor ?? null,
        changes: this.#live.changes,
        ...this.#live.changesMade,
      },
    };
  }

  /**
   * Unmounts; {@link ended} then resolves.
   *
   * @param lazy detach it although it is in use, and end the connection: who still uses it gets errors
   * @throws LvfsError as {@link SessionMount.takeAway}
   */
  async stop({ lazy }: { lazy: boolean }): Promise<void> {
    await this.#mount.takeAway(lazy);
  }

  /**
   * Mounts what was asked for over the view.
   *
   * @throws LvfsError BIND_FAILED
   */
  async mountBinds(): Promise<void> {
    const { plan } = this.#planned;
    // Only root can mount anything else, and make the mount private.
    if (plan === undefined || (plan.binds.length === 0 && process.getuid?.() !== 0)) return;
    for (const note of plan.notes) this.#options.log('warn', note);
    await mounter.cover(this.#connection.mountpoint, plan.binds, {
      hostProc: this.#options.shownAt === undefined || this.#options.hostProc === true,
    });
  }

  /** Whether a variable of the environment counts for what the view is asked to show. */
  usesVariable(name: string): boolean {
    return this.#planned.usesVariable(name);
  }

  /** The targets as resolved. */
  get targets(): readonly string[] {
    return this.#planned.targets;
  }

  /** Variables for a command inside. */
  environment(): Record<string, string> {
    return this.#planned.environment();
  }

  /** Where a command starts that was started in a directory of the host: there, if it exists inside. */
  directoryInside(cwd: string): string {
    const inside = placeInside(this.#planned.view.settings.root, cwd);
    return this.#planned.isDirectory(inside) ? inside : '/';
  }

  /** Why the view answers no more, from before anybody can notice; undefined while it does. */
  get failure(): string | undefined {
    return this.#workers.failure;
  }

  /** See `PlannedView.fileOf`. */
  fileOf(path: string): string | undefined {
    return this.#planned.fileOf(path);
  }

  /** See `PlannedView.requireProgram`. */
  requireProgram(name: string, search: string): void {
    this.#planned.requireProgram(name, search);
  }

  /** The host directory that a variable of Portage names, for what runs with this process's environment; undefined: it names none. */
  directoryOf(variable: string): string | undefined {
    const own = process.env[variable];
    return own?.startsWith('/') === true
      ? join(this.#request.locations.root, own)
      : this.#planned.directoryOf(variable);
  }

  /** Portage's FEATURES for what is built. */
  get features(): readonly string[] {
    return this.#planned.features;
  }

  get #audited(): Audited {
    return {
      view: this.#planned.view,
      set: this.#planned.set,
      ledger: this.#ledger,
      naming: {
        namesFor: (cpv, paths) => this.#planned.namesFor(cpv, paths),
        equalsOf: (cpv, paths) => this.#planned.equalsOf(cpv, paths),
      },
      readers: this.#readers,
      toldFirst: this.#live.toldFirst,
      sources: this.#sources,
    };
  }

  #newSources(): SourceScan {
    const sources = new SourceScan(
      (path) => this.#planned.hostPathOf(path),
      (file) => this.#planned.view.index.resolve(Buffer.from(`/usr/share/aclocal/${file}`)) !== -1,
    );
    for (const record of this.#ledger.processes.values()) sources.meet(record);
    return sources;
  }

  /**
   * Makes it show something else; what was recorded before is forgotten.
   *
   * @throws LvfsError as `LiveView.retarget`; then nothing has changed
   */
  async become(asked: Shown): Promise<LiveResult> {
    this.#following.resume();
    const result = await this.#live.retarget(asked, async () => {
      await this.#settled();
      this.#ledger.clear();
      this.#readers.clear(this.#planned.index.nodeCount);
      this.#sources = this.#newSources();
    });
    writeMeta(this.#options.directory, this.#meta());
    return result;
  }

  /** What the serving threads have sent so far has arrived after a turn of the event loop. */
  async #settled(): Promise<void> {
    await nextTurn();
    await nextTurn();
  }

  /** Brings the view up to what is installed now. */
  async #reload(): Promise<void> {
    if (this.#mount.isUnmounting) return;
    await this.#live.reload();
  }

  async #finish(failure: string | undefined): Promise<SessionEnd> {
    this.#mount.connectionEnded();
    // What is being made just now would keep the process alive. Its failure is startSession's.
    await this.#announced?.catch(() => undefined);
    this.#following.close();
    this.#others.close();
    this.#workers.watch?.close();
    this.#ends?.close();
    const { directory, log } = this.#options;
    const why = await this.#mount.finish(failure);
    await this.#control?.close();
    this.#release();
    if (why === undefined) {
      log('info', `${this.#mount.mountpoint}: unmounted`);
      removeSessionDirectory(directory);
    } else {
      try {
        writeMeta(directory, this.#meta(why));
      } catch (error) {
        if (!(error instanceof LvfsError)) throw error;
        // A start that failed has taken its directory away already; then there is nothing to tell anybody.
        if (existsSync(directory)) log('error', error.message);
      }
    }
    return { failure: why };
  }
}
