/** From a request to a session whose view answers. */
import { dirname } from 'node:path';
import { describeError, LvfsError, type Logger } from '../../base/index.js';
import { Ledger } from '../../audit/index.js';
import {
  newNumberingKey,
  newSharedFiles,
  newWatchMemory,
  Numbering,
  openFilesLimit,
  Readers,
  WatchTable,
} from '../../filesystem/index.js';
import { drivers, findDriver, type Connection } from '../../fuse/index.js';
import { systemProblem } from '../../system/index.js';
import type { HostChange } from '../../view/index.js';
import { planView, type PlannedView } from '../plan/plannedView.js';
import { filesystemType } from '../platform/index.js';
import { claimMountpoint } from '../registry/mountClaim.js';
import { checkMountpoint, mountAt, otherViews, removeMount } from '../registry/mounts.js';
import { removeSessionDirectory } from '../registry/registry.js';
import { announceMount, clearFailures, isServed } from '../registry/sessions.js';
import type { SessionRequest } from '../request.js';
import { HostWatch } from './hostWatch.js';
import { LiveView } from './liveView.js';
import { ProcessEnds } from './processEnds.js';
import { ServingThreads } from './servingThreads.js';
import { Session, type SessionOptions } from './session.js';

/** How long the kernel's first request may take to arrive and be answered after the mount. */
const readyDeadlineMs = 10_000;

/**
 * Mounts a view and returns when it answers. Nothing is left behind when this fails.
 *
 * @throws LvfsError for what is wrong with the request, Portage's data, the mount point or the mount; CANCELLED (exit 1)
 *   when the signal was aborted
 */
export async function startSession(asked: SessionRequest, options: SessionOptions): Promise<Session> {
  const start = new Start(options);
  try {
    return await start.run(asked);
  } catch (error) {
    await start.undo();
    throw error;
  } finally {
    start.end();
  }
}

/** A session that is being started: what has been made of it, which has to go when that fails. */
class Start {
  readonly #options: SessionOptions;
  /** Nobody else can mount, or unmount, in a private namespace. */
  readonly #isPrivate: boolean;
  /** What is mounted there, and not served, is of this attempt. */
  #mountpoint: string | undefined;
  #release: (() => void) | undefined;
  #workers: ServingThreads | undefined;
  #connection: Connection | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#isPrivate = options.shownAt !== undefined;
  }

  async run(asked: SessionRequest): Promise<Session> {
    const options = this.#options;
    const { log } = options;
    const request = { ...asked, driver: chooseDriver(asked.driver, log) };
    const { capabilities } = findDriver(request.driver);
    tellOfMissingCalls(log);
    const mountpoint = this.#claim(request);
    const ledger = new Ledger({ trace: request.trace === true });
    const ends = ProcessEnds.open(ledger);
    const threads = Math.min(request.threads, capabilities.maxThreads);
    // Threads load their code while this one computes.
    const workers = (this.#workers = new ServingThreads(threads, log, ledger, ends));
    const planned = await planView({ ...request, mountpoint }, options);
    this.#throwIfCancelled();
    options.check?.(planned);
    workers.prepare(planned.share());
    const connection = (this.#connection = await this.#mount({ ...request, mountpoint, threads }, planned));
    const readers = Readers.create(planned.index);
    const numbering = newNumberingKey();
    const live = new LiveView(planned, connection, new Numbering(numbering), log);
    // Where mounts are shared it may be seen in several places, and was in none before: it hides itself there before anybody is answered, as
    // who asked about one of them would have it wait for itself.
    await live.avoid(otherViews(mountpoint));
    const watchMemory = newWatchMemory();
    if (connection.notifier !== undefined && request.trace !== true) {
      const listener = {
        changed: (changes: readonly HostChange[]) => live.hostChanged(changes),
        lost: () => live.hostLost(),
      };
      workers.watch = HostWatch.open(planned.view, new WatchTable(watchMemory), listener, log);
    }
    workers.onCrowded = () => void live.makeRoom();
    workers.serve(
      {
        endpoint: connection.endpoint,
        files: newSharedFiles(openFilesLimit()),
        numbering,
        readers: readers.shared,
        watches: workers.watch && { memory: watchMemory, fd: workers.watch.fd },
        trace: request.trace === true,
        told: request.attribute === true ? live.tell(request.findingsOnly === true) : undefined,
        handles: ends !== undefined,
        threads,
      },
      connection,
    );
    await waitUntilServed(connection, workers);
    this.#throwIfCancelled();
    const session = new Session({
      request,
      options,
      connection,
      workers,
      planned,
      live,
      ledger,
      ends,
      readers,
    });
    await session.mountBinds();
    this.#throwIfCancelled();
    await session.announce();
    planned.save();
    return session;
  }

  /** Takes back what was made. */
  async undo(): Promise<void> {
    const { log, directory } = this.#options;
    const mountpoint = this.#mountpoint;
    // Also when there is no connection: what mounts may have failed after it had mounted.
    if (mountpoint !== undefined && !isServed(mountpoint)) {
      await removeMount(mountpoint, mountAt(mountpoint)?.device ?? '').catch((failure: unknown) =>
        log('warn', `${mountpoint}: ${describeError(failure)}`),
      );
    }
    // Where that failed, threads would wait for requests for ever.
    if (this.#connection?.isMounted() === true) this.#connection.abort();
    await this.#workers?.stop();
    this.#connection?.close();
    removeSessionDirectory(directory);
  }

  /** Others may mount there again, if nothing is mounted. */
  end(): void {
    this.#release?.();
  }

  /** Makes sure that nobody else mounts there meanwhile. */
  #claim(request: SessionRequest): string {
    const place = checkMountpoint(request.mountpoint, { nonempty: request.nonempty, isAlive: isServed });
    if (!this.#isPrivate) this.#release = claimMountpoint(dirname(this.#options.directory), place);
    this.#mountpoint = place;
    clearFailures(place);
    return place;
  }

  async #mount(
    { driver, mountpoint, threads, set }: SessionRequest,
    planned: PlannedView,
  ): Promise<Connection> {
    if (!this.#isPrivate) await announceMount(mountpoint);
    const mounting = findDriver(driver).mount({
      mountpoint,
      subtype: 'lvfs',
      source: set.targets.join(' '),
      threads,
      // The list of helpers is the host's.
      ...(this.#isPrivate ? {} : { unmountHelper: filesystemType }),
    });
    // The first status tells it, and this thread has nothing else to do now.
    planned.visiblePaths();
    return mounting;
  }

  #throwIfCancelled(): void {
    if (this.#options.signal.aborted)
      throw new LvfsError('CANCELLED', 'interrupted before the view was mounted');
  }
}

function tellOfMissingCalls(log: Logger): void {
  const problem = systemProblem();
  if (problem !== undefined && process.platform === 'linux')
    log('warn', `${problem.message}: ${problem.hint ?? ''}`);
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
  const [first, ...others] = problems;
  if (first === undefined) throw new Error('there is no driver');
  if (others.length === 0) throw first;
  throw new LvfsError(first.code, first.message, {
    exit: first.exit,
    hint: [...new Set(problems.map(({ hint }) => hint))].join('; or '),
  });
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
      );
    }
    if (performance.now() > end) {
      throw new LvfsError(
        'NOT_SERVED',
        `${connection.mountpoint}: the kernel sent no request for ${readyDeadlineMs / 1000} s`,
      );
    }
    await new Promise((done) => setTimeout(done, 1));
  }
}
