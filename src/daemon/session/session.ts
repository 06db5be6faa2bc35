/**
 * One mounted view, from the request to the end: the process's main thread computes, mounts, answers the control socket,
 * watches the database of installed packages and notifies the kernel; worker threads serve.
 *
 * The states are `starting`, `serving`, `unmounting`, `ended`. A session ends when its mount is gone, whoever took it away:
 * the workers' reads of the device then fail, they end, and what the session made is removed. The main thread never touches
 * a path below its own mount point: what it asked there only it could answer.
 */
import { describeError, errorCode, exitStatus, LvfsError, type Logger } from '../../base/index.js';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { Ledger } from '../../audit/index.js';
import {
  newSharedFiles,
  newWatchMemory,
  openFilesLimit,
  Readers,
  WatchTable,
} from '../../filesystem/index.js';
import { drivers, findDriver, type Connection } from '../../fuse/index.js';
import { reportGraph, sessionReport, usedPackages, type Audited } from '../report/auditing.js';
import { placeInside } from '../overlay/binds.js';
import { viewMethods, type ViewMethods } from '../control/methods.js';
import { protocolVersion, type Handlers } from '../control/protocol.js';
import { listen, type ControlServer } from '../control/server.js';
import { claimMountpoint } from '../registry/mountClaim.js';
import { checkMountpoint, mountAt, unmountBinds } from '../registry/mounts.js';
import { systemProblem } from '../../system/index.js';
import { openView, type OpenView } from '../plan/openView.js';
import { filesystemType, mounter } from '../platform/index.js';
import {
  controlSocket,
  logFile,
  processStartTime,
  removeSessionDirectory,
  writeMeta,
  type SessionMeta,
} from '../registry/registry.js';
import type { SessionRequest, SessionStatus } from '../request.js';
import { ProcessEnds } from './processEnds.js';
import { ServingThreads } from './servingThreads.js';
import { SourceScan } from '../report/sourceScan.js';
import { OtherViews } from '../registry/otherViews.js';
import { announceMount, busyError, clearFailures, heldError, isServed } from '../registry/sessions.js';
import { watchDatabase, type Watching } from './databaseWatch.js';
import type { HostChange } from '../../view/index.js';
import { HostWatch } from './hostWatch.js';

/** How long another mount namespace may take to let go of an unmounted view, and how often it is looked for. */
const heldGraceMs = 2000;
const heldPollMs = 25;

/** How long the kernel's first request may take to arrive and be answered after the mount. */
const readyDeadlineMs = 10_000;

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
  readonly check?: (view: OpenView) => void;
  /** What the build has printed, if that is known. */
  readonly output?: () => string;
}

/** How a session ended: by a failure, or because its mount was taken away. */
export interface SessionEnd {
  readonly failure: string | undefined;
}

/** A mounted view. Made by {@link startSession}. */
export class Session {
  readonly #request: SessionRequest;
  readonly #options: SessionOptions;
  readonly #connection: Connection;
  readonly #workers: ServingThreads;
  readonly #open: OpenView;
  readonly #ledger: Ledger;
  readonly #ends: ProcessEnds | undefined;
  readonly #readers: Readers;
  readonly #sources: SourceScan;
  readonly #device: string;
  readonly #since = new Date().toISOString();
  #state: 'serving' | 'unmounting' = 'serving';
  #isEnding = false;
  #control: ControlServer | undefined;
  #announced: Promise<void> | undefined;
  readonly #others: OtherViews;
  #watches: readonly Watching[] = [];
  /** Resolves when nothing of the session is left. */
  readonly ended: Promise<SessionEnd>;

  /** Takes over what {@link startSession} has made so far; the view answers already. */
  constructor(
    request: SessionRequest,
    options: SessionOptions,
    connection: Connection,
    workers: ServingThreads,
    open: OpenView,
    ledger: Ledger,
    ends: ProcessEnds | undefined,
    readers: Readers,
  ) {
    this.#ends = ends;
    this.#readers = readers;
    this.#request = request;
    this.#options = options;
    this.#connection = connection;
    this.#workers = workers;
    this.#open = open;
    this.#ledger = ledger;
    this.#sources = new SourceScan((path) => open.hostPathOf(path));
    ledger.onProcess = (record) => this.#sources.meet(record);
    this.#device = mountAt(connection.mountpoint)?.device ?? '';
    this.#others = new OtherViews(
      connection.mountpoint,
      open.avoidedAtFirst,
      (paths) => open.avoid(paths),
      options.log,
    );
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

  async #announce(): Promise<void> {
    if (this.#isEnding) return;
    const { directory, log } = this.#options;
    const hello = {
      lvfs: this.#request.version,
      protocol: protocolVersion,
      pid: process.pid,
      mountpoint: this.#shownAt,
    };
    this.#control = await listen(controlSocket(directory), hello, viewMethods, this.handlers, log);
    if (this.#isEnding) return;
    writeMeta(directory, this.#meta());
    // Before that nobody could tell.
    await this.#others.look();
    this.#watches = this.#open.databases.map((directory) =>
      watchDatabase(directory, () => this.#reload(), log),
    );
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
      mountpoint: this.#shownAt,
      device: this.#device,
      targets: this.#open.targets,
      driver: this.#request.driver,
      since: this.#since,
      root: this.#request.locations.root,
      ...this.#sysroot,
      version: this.#request.version,
      ...(failure === undefined ? {} : { failure }),
    };
  }

  get #sysroot(): { sysroot?: string } {
    const { sysroot } = this.#open;
    return sysroot === undefined ? {} : { sysroot };
  }

  /** What answers the methods of a view. */
  readonly handlers: Handlers<ViewMethods> = {
    status: () => this.status(),
    umount: ({ lazy = false }) => this.stop({ lazy }),
    avoid: ({ mountpoint }) => this.#others.expect(mountpoint),
    why: ({ paths }) => ({ paths: paths.map((path) => this.#open.explain(Buffer.from(path, 'latin1'))) }),
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
    report: async ({ ignore = [], html = false, log, captured = false, status }) => {
      await this.#settled();
      this.#ends?.look();
      await this.#sources.scan();
      const text = log ?? (captured ? this.#options.output?.() : undefined);
      return sessionReport(this.#audited, {
        ignore,
        html,
        ...(status === undefined ? {} : { status }),
        ...(text === undefined ? {} : { log: text }),
      });
    },
    packages: async () => {
      await this.#settled();
      return {
        visible: [...this.#open.set.visible.keys()].sort(),
        hidden: this.#open.hiddenPackages(),
        used: usedPackages(this.#audited),
      };
    },
    needs: ({ package: cpv }) => ({ packages: this.#open.needsOf(cpv) }),
    graph: () => reportGraph(this.#audited),
    besides: ({ packages }) => this.#open.showBesides(packages),
    allow: ({ names }) => this.#open.allow(names),
    deny: ({ names }) => this.#open.deny(names),
    inside: ({ cwd, programs = [] }) => ({
      root: this.#connection.mountpoint,
      cwd: cwd === undefined ? '/' : this.directoryInside(cwd),
      visible: programs.filter((path) => this.#open.hasFile(path)),
      hasProc: this.#request.binds?.defaults === true,
      environment: this.environment(),
    }),
  };

  /** What `lvfs status` says of this view. */
  status(): SessionStatus {
    const { driver: driverName, locations } = this.#request;
    const { activity } = this.#connection;
    const driver = findDriver(driverName);
    return {
      mountpoint: this.#shownAt,
      pid: process.pid,
      state: this.#state === 'serving' && !this.#isMounted ? 'detached' : this.#state,
      driver: driverName,
      targets: this.#open.targets,
      packages: this.#open.visiblePackages,
      paths: this.#open.visiblePaths(),
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
        changes: this.#open.changes,
        ...this.#open.changesMade,
      },
    };
  }

  /**
   * Unmounts; {@link ended} then resolves.
   *
   * @param lazy detach it although it is in use, and end the connection: who still uses it gets errors
   * @throws LvfsError MOUNT_BUSY naming the processes that use it; MOUNT_HELD when it is unmounted, but other mount namespaces have it
   *   still, and naming them: it is served until they are gone, or until it is detached
   */
  async stop({ lazy }: { lazy: boolean }): Promise<void> {
    const { mountpoint } = this.#connection;
    if (this.#isMounted) await this.#unmount(lazy);
    if (lazy) {
      // What somebody else has, or fusermount detaches, lives on until nobody uses it.
      if (process.getuid?.() !== 0 || mounter.heldBy(this.#device).length > 0) this.#connection.abort();
      return;
    }
    // Whoever makes a mount namespace may be about to let go of the view, as lvfs itself does; and once nobody has it the number of its
    // device is soon another mount's.
    for (const start = performance.now(); !this.#isEnding; await delay(heldPollMs)) {
      const holders = mounter.heldBy(this.#device);
      if (holders.length === 0) return;
      if (performance.now() - start < heldGraceMs) continue;
      this.#state = 'serving';
      throw heldError(mountpoint, holders);
    }
  }

  get #isMounted(): boolean {
    return isMounted(this.#connection.mountpoint, this.#device);
  }

  async #unmount(lazy: boolean): Promise<void> {
    const { mountpoint } = this.#connection;
    this.#state = 'unmounting';
    if (this.#open.plan !== undefined && !lazy) await this.#unmountBinds();
    const result = await mounter.unmount(mountpoint, lazy);
    if (!result.done) {
      this.#state = 'serving';
      if (result.busy) throw busyError(mountpoint, mounter.holders(mountpoint, this.#device));
      throw new LvfsError('UNMOUNT_FAILED', `${mountpoint}: cannot be unmounted: ${result.message}`);
    }
  }

  /** Nothing is taken away while anything of it is in use. */
  async #unmountBinds(): Promise<void> {
    const { mountpoint } = this.#connection;
    let holders = mounter.holders(mountpoint, this.#device);
    if (holders.length === 0 && (await unmountBinds(mountpoint, false)).length === 0) return;
    this.#state = 'serving';
    if (holders.length === 0) holders = mounter.holders(mountpoint, this.#device);
    throw busyError(mountpoint, holders);
  }

  /**
   * Mounts what was asked for over the view.
   *
   * @throws LvfsError BIND_FAILED
   */
  async mountBinds(): Promise<void> {
    const { plan } = this.#open;
    // Only root can mount anything else, and make the mount private.
    if (plan === undefined || (plan.binds.length === 0 && process.getuid?.() !== 0)) return;
    for (const note of plan.notes) this.#options.log('warn', note);
    await mounter.cover(this.#connection.mountpoint, plan.binds, {
      scratch: this.#options.directory,
      hostProc: this.#options.shownAt === undefined || this.#options.hostProc === true,
    });
  }

  /** The targets as resolved. */
  get targets(): readonly string[] {
    return this.#open.targets;
  }

  /** Variables for a command inside. */
  environment(): Record<string, string> {
    return this.#open.environment();
  }

  /** Where a command starts that was started in a directory of the host: there, if it exists inside. */
  directoryInside(cwd: string): string {
    const inside = placeInside(this.#open.view.settings.root, cwd);
    return this.#open.isDirectory(inside) ? inside : '/';
  }

  /** Why the view answers no more, from before anybody can notice; undefined while it does. */
  get failure(): string | undefined {
    return this.#workers.failure;
  }

  /** Whether a path, absolute inside the view, is visible. */
  hasFile(path: string): boolean {
    return this.#open.hasFile(path);
  }

  /** The host directory that a variable of Portage names, for what runs with this process's environment; undefined: it names none. */
  directoryOf(variable: string): string | undefined {
    const own = process.env[variable];
    return own?.startsWith('/') === true
      ? join(this.#request.locations.root, own)
      : this.#open.directoryOf(variable);
  }

  get #audited(): Audited {
    return {
      view: this.#open.view,
      set: this.#open.set,
      ledger: this.#ledger,
      atomFor: (cpv) => this.#open.atomFor(cpv),
      readers: this.#readers,
      sources: this.#sources,
    };
  }

  /** What the serving threads have sent so far has arrived after a turn of the event loop. */
  async #settled(): Promise<void> {
    await nextTurn();
    await nextTurn();
  }

  /** Brings the view up to what is installed now. */
  async #reload(): Promise<void> {
    if (this.#state !== 'serving') return;
    await this.#open.reload();
  }

  async #finish(failure: string | undefined): Promise<SessionEnd> {
    this.#state = 'unmounting';
    this.#isEnding = true;
    // What is being made just now would keep the process alive. Its failure is startSession's.
    await this.#announced?.catch(() => undefined);
    for (const watch of this.#watches) watch.close();
    this.#others.close();
    this.#workers.watch?.close();
    this.#ends?.close();
    const { directory, log } = this.#options;
    const { mountpoint } = this.#connection;
    // Threads that ended without a failure did so because of the mount's end, or because somebody cut the connection.
    const why = failure ?? (isMounted(mountpoint, this.#device) ? 'the connection was aborted' : undefined);
    if (why !== undefined) await removeMount(mountpoint, this.#device);
    this.#connection.close();
    await this.#control?.close();
    if (why === undefined) {
      log('info', `${mountpoint}: unmounted`);
      removeSessionDirectory(directory);
    } else {
      try {
        writeMeta(directory, this.#meta(why));
      } catch (error) {
        // A start that failed has taken its directory away already; then there is nothing to tell anybody.
        if (errorCode(error) !== 'ENOENT') throw error;
      }
    }
    return { failure: why };
  }
}

function isMounted(mountpoint: string, device: string): boolean {
  const mount = mountAt(mountpoint);
  return mount?.type === filesystemType && mount.device === device;
}

/** Takes away a mount that nobody serves any more. */
async function removeMount(mountpoint: string, device: string): Promise<void> {
  if (isMounted(mountpoint, device)) await mounter.unmount(mountpoint, true);
}

/**
 * Mounts a view and returns when it answers. Nothing is left behind when this fails.
 *
 * @throws LvfsError for what is wrong with the request, Portage's data, the mount point or the mount; CANCELLED (exit 1)
 *   when the signal was aborted
 */
export async function startSession(asked: SessionRequest, options: SessionOptions): Promise<Session> {
  const { log, signal, directory } = options;
  let workers: ServingThreads | undefined;
  let connection: Connection | undefined;
  let mountpoint: string | undefined;
  let release: (() => void) | undefined;
  try {
    const request = { ...asked, driver: chooseDriver(asked.driver, log) };
    const driver = findDriver(request.driver);
    const problem = systemProblem();
    if (problem !== undefined && process.platform === 'linux')
      log('warn', `${problem.message}: ${problem.hint ?? ''}`);
    const place = checkMountpoint(request.mountpoint, { nonempty: request.nonempty, isAlive: isServed });
    // Nobody else can mount in a private namespace.
    if (options.shownAt === undefined) release = claimMountpoint(dirname(directory), place);
    // From here on what is mounted there, and not served, is of this attempt.
    mountpoint = place;
    clearFailures(mountpoint);
    const ledger = new Ledger({ trace: request.trace === true });
    const ends = ProcessEnds.open(ledger);
    const threads = Math.min(request.threads, driver.capabilities.maxThreads);
    // Threads load their code while this one computes.
    workers = new ServingThreads(threads, log, ledger, ends);
    const open = await openView({ ...request, mountpoint }, log, options.progress);
    throwIfCancelled(signal);
    options.check?.(open);
    workers.prepare(open.share());
    if (options.shownAt === undefined) await announceMount(mountpoint);
    const mounting = driver.mount({
      mountpoint,
      subtype: 'lvfs',
      source: request.set.targets.join(' '),
      threads,
      // Nobody unmounts in a private namespace, and the list of helpers is the host's.
      ...(options.shownAt === undefined ? { unmountHelper: filesystemType } : {}),
    });
    connection = await mounting;
    const readers = Readers.create(open.index);
    open.serve(connection);
    const watchMemory = newWatchMemory();
    if (connection.notifier !== undefined && request.trace !== true) {
      const listener = {
        changed: (changes: readonly HostChange[]) => open.hostChanged(changes),
        lost: () => open.hostLost(),
      };
      workers.watch = HostWatch.open(open.view, new WatchTable(watchMemory), listener, log);
    }
    workers.onCrowded = () => void open?.makeRoom();
    workers.serve(
      {
        endpoint: connection.endpoint,
        files: newSharedFiles(openFilesLimit()),
        readers: readers.shared,
        watches: workers.watch && { memory: watchMemory, fd: workers.watch.fd },
        trace: request.trace === true,
        attributed: request.attribute === true ? open.attributed : undefined,
        handles: ends !== undefined,
        threads,
      },
      connection,
    );
    await waitUntilServed(connection, workers);
    throwIfCancelled(signal);
    const session = new Session(request, options, connection, workers, open, ledger, ends, readers);
    const covered = session.mountBinds();
    // The first status tells it, and this thread has nothing else to do now.
    open.visiblePaths();
    await covered;
    throwIfCancelled(signal);
    await session.announce();
    open.save();
    return session;
  } catch (error) {
    // Also when there is no connection: mount(8) may have been interrupted after it had mounted.
    if (mountpoint !== undefined && !isServed(mountpoint)) {
      await removeMount(mountpoint, mountAt(mountpoint)?.device ?? '').catch((failure: unknown) =>
        log('warn', `${mountpoint}: ${describeError(failure)}`),
      );
    }
    // Where that failed, threads would wait for requests for ever.
    if (connection?.isMounted() === true) connection.abort();
    await workers?.stop();
    connection?.close();
    removeSessionDirectory(directory);
    throw error;
  } finally {
    release?.();
  }
}

/**
 * The driver for this machine and user: what was asked for or, with `auto`, the first that can be used.
 *
 * @throws LvfsError why it cannot be used; of several, why not the first, and in the hint what would help each
 */
function chooseDriver(asked: string, log: Logger): string {
  const candidates = asked === 'auto' ? drivers : [findDriver(asked)];
  const problems: LvfsError[] = [];
  for (const driver of candidates) {
    const problem = driver.probe();
    if (problem === undefined) {
      if (problems[0] !== undefined) log('info', `${problems[0].message}; using the ${driver.name} driver`);
      return driver.name;
    }
    problems.push(problem);
  }
  const [first, ...others] = problems as [LvfsError, ...LvfsError[]];
  if (others.length === 0) throw first;
  throw new LvfsError(first.code, first.message, {
    exit: first.exit,
    hint: [...new Set(problems.map(({ hint }) => hint))].join('; or '),
  });
}

function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new LvfsError('CANCELLED', 'interrupted before the view was mounted');
}

async function waitUntilServed(connection: Connection, workers: ServingThreads): Promise<void> {
  const end = performance.now() + readyDeadlineMs;
  let failure: string | undefined;
  let ended = false;
  void workers.ended.then((why) => {
    failure = why;
    ended = true;
  });
  while (connection.activity.negotiated === undefined) {
    if (ended) {
      throw new LvfsError(
        'NOT_SERVED',
        failure ?? `${connection.mountpoint}: was unmounted while it was being mounted`,
        {
          exit: exitStatus.cannotMount,
        },
      );
    }
    if (performance.now() > end) {
      throw new LvfsError(
        'NOT_SERVED',
        `${connection.mountpoint}: the kernel sent no request for ${readyDeadlineMs / 1000} s`,
        {
          exit: exitStatus.cannotMount,
        },
      );
    }
    await new Promise((done) => setTimeout(done, 1));
  }
}
