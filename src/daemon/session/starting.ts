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
import { planView } from '../plan/plannedView.js';
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
    const planned = await planView({ ...request, mountpoint }, options);
    throwIfCancelled(signal);
    options.check?.(planned);
    workers.prepare(planned.share());
    if (options.shownAt === undefined) await announceMount(mountpoint);
    const mounting = driver.mount({
      mountpoint,
      subtype: 'lvfs',
      source: request.set.targets.join(' '),
      threads,
      // Nobody unmounts in a private namespace, and the list of helpers is the host's.
      ...(options.shownAt === undefined ? { unmountHelper: filesystemType } : {}),
    });
    // The first status tells it, and this thread has nothing else to do now.
    planned.visiblePaths();
    connection = await mounting;
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
    throwIfCancelled(signal);
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
    throwIfCancelled(signal);
    await session.announce();
    planned.save();
    return session;
  } catch (error) {
    // Also when there is no connection: what mounts may have failed after it had mounted.
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
  const [first, ...others] = problems;
  if (first === undefined) throw new Error('there is no driver');
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
