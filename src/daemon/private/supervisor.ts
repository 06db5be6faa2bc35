/**
 * The process that serves a private view (P1 in wire.ts): it mounts, runs commands in what it has mounted, and takes everything away at
 * its end.
 */
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { LvfsError, type Listener, type Logger, type ProcessEnd } from '../../base/index.js';
import { closeInherited } from '../../system/index.js';
import type { ViewMethods } from '../control/methods.js';
import { protocolVersion, type Handlers, type ParametersOf } from '../control/protocol.js';
import { serveClient } from '../control/server.js';
import { findProgram } from '../plan/findProgram.js';
import { mountAt } from '../registry/mounts.js';
import { mounter, namespaces, type Entered } from '../platform/index.js';
import {
  createSessionDirectory,
  makePrivateMountpoint,
  privateMountpoint,
  removeSessionDirectory,
} from '../registry/registry.js';
import type { InsideRequest, SessionStatus } from '../request.js';
import type { Session } from '../session/session.js';
import { sendOpening } from '../session/startup.js';
import { readEnd } from './buildLog.js';
import { firstHandedDown, insideDescriptor, privateMethods, type PrivateMethods } from './wire.js';

/** How much of a command's output is kept for the report, in bytes; the end tells most. */
const keptOutput = 8 << 20;

/** How long the end waits for what is under way. */
const endingMs = 5_000;

/** What P1 is given by its program. */
export interface InsideChannels {
  /** The process that started this one. */
  readonly parent: number;
  /** Passes on output of a command that is kept for the report. */
  output(stream: 'stdout' | 'stderr', data: Buffer): void;
  readonly log: Logger;
  readonly version: string;
}

/** The life of P1. Never returns: at its end it kills itself, since threads that wait for the kernel cannot be ended otherwise. */
export async function serveInside(channels: InsideChannels): Promise<never> {
  // Whoever has called lvfs may have files of the host open; what is run inside gets none of them but those that it is to have.
  closeInherited(firstHandedDown);
  const supervisor = new Supervisor(channels);
  // A parent that ended before pdeathsig was set is noticed here; one that ends later, by the signal and by the socket.
  for (const name of ['SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU'] as const)
    process.on(name, ignore);
  process.on('SIGTERM', () => supervisor.end());
  const socket = new Socket({ fd: insideDescriptor, readable: true, writable: true });
  socket.on('close', () => supervisor.end());
  if (process.ppid !== channels.parent) supervisor.end();
  const hello = { lvfs: channels.version, protocol: protocolVersion, pid: process.pid, mountpoint: '' };
  const { log } = channels;
  serveClient(socket, { hello, methods: privateMethods, handlers: supervisor.handlers(), log });
  await supervisor.over;
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
}

function ignore(): void {
  // The terminal sends these to every process; they are meant for the command.
}

type RunOrder = ParametersOf<PrivateMethods['run']>;

function stdioOf({ capture, show = true, descriptors = [] }: RunOrder): StdioOptions {
  if (capture) return [show ? 'inherit' : 'ignore', 'pipe', 'pipe'];
  return ['inherit', 'inherit', 'inherit', ...descriptors.map((which) => firstHandedDown + which)];
}

class Supervisor {
  readonly #channels: InsideChannels;
  /** P0 does without; this process loads it while P0 says what it wants. */
  readonly #code = import('../session/starting.js');
  readonly #cancel = new AbortController();
  #directory: string | undefined;
  #request: InsideRequest | undefined;
  #session: Session | undefined;
  #opening: Promise<unknown> | undefined;
  #command: Entered | undefined;
  #running: Promise<unknown> | undefined;
  #output: Buffer[] = [];
  #outputSize = 0;
  #ending = false;
  /** Why the view is gone. */
  #lost: string | undefined;
  #over: () => void = () => undefined;
  /** Resolves when nothing is left but this process. */
  readonly over = new Promise<void>((done) => (this.#over = done));

  constructor(channels: InsideChannels) {
    this.#channels = channels;
  }

  /** Ends the command and the session. */
  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#cancel.abort();
    this.#command?.kill();
    void this.#clear();
  }

  async #clear(): Promise<void> {
    // A mount that is under way has to end first: what it makes would not be known.
    await Promise.race([Promise.allSettled([this.#opening]), delay(endingMs)]);
    const namespace = namespaces.mountNamespace('self');
    if (namespace !== undefined) await namespaces.killAll(namespace);
    await this.#killGuests();
    // Whoever waits for the command is told how it ended before this process does.
    await Promise.race([Promise.allSettled([this.#running]), delay(endingMs)]);
    await nextTurn();
    if (this.#directory !== undefined) await this.#leave(this.#directory);
    this.#over();
  }

  /** Kills what has come into the view from outside: it is in namespaces of its own, which have the view still. */
  async #killGuests(): Promise<void> {
    const device = mountAt(privateMountpoint(this.#directory ?? ''))?.device;
    if (device === undefined) return;
    for (const { pid } of mounter.heldBy(device)) {
      const namespace = namespaces.hold(pid);
      if (namespace !== undefined) await namespaces.killAll(namespace.name);
      namespace?.release();
    }
  }

  /** What is mounted goes with this process, but until then its mount point cannot be removed. */
  async #leave(directory: string): Promise<void> {
    const mountpoint = privateMountpoint(directory);
    if (mountAt(mountpoint) !== undefined) await mounter.unmount(mountpoint, true);
    removeSessionDirectory(directory);
  }

  handlers(): Handlers<PrivateMethods> {
    const view = (): Handlers<ViewMethods> => this.#opened.handlers;
    return {
      open: ({ request }, { emit }) => {
        const opening = this.#open(request, sendOpening(emit));
        this.#opening = opening;
        return opening;
      },
      become: async ({ request }) => {
        const session = this.#opened;
        await session.become(request);
        this.#output = [];
        this.#requireProgram(session, request);
        return session.status();
      },
      rest: () => this.#opened.rest(),
      run: (order) => {
        const running = this.#run(order);
        this.#running = running;
        return running;
      },
      signal: ({ name }) => {
        this.#command?.signal(name);
      },
      output: () => this.#printed(),
      choose: ({ programs }) =>
        programs.find((program) => this.#opened.fileOf(program) !== undefined) ?? programs.at(-1) ?? '',
      find: ({ name, cwd }) => {
        const session = this.#opened;
        const { PATH } = { ...process.env, ...session.environment() };
        return findProgram(name, PATH, session.directoryInside(cwd), (path) => session.fileOf(path));
      },
      capture: async ({ file }) => {
        this.#output = await readEnd(file, keptOutput);
      },
      place: ({ cwd }) => ({
        pid: process.pid,
        root: privateMountpoint(this.#directory ?? ''),
        cwd: this.#opened.directoryInside(cwd),
      }),
      directory: ({ variable }) => this.#opened.directoryOf(variable) ?? null,
      features: () => this.#opened.features,
      status: (...given) => view().status(...given),
      why: (...given) => view().why(...given),
      report: (...given) => view().report(...given),
      graph: (...given) => view().graph(...given),
      packages: (...given) => view().packages(...given),
      needs: (...given) => view().needs(...given),
      denials: (...given) => view().denials(...given),
      follow: (...given) => view().follow(...given),
      allow: (...given) => view().allow(...given),
      deny: (...given) => view().deny(...given),
      besides: (...given) => view().besides(...given),
    };
  }

  get #opened(): Session {
    if (this.#session === undefined) throw new Error('something was asked before open');
    return this.#session;
  }

  #printed(): string {
    return Buffer.concat(this.#output).toString('utf8');
  }

  async #open(request: InsideRequest, listener: Listener): Promise<SessionStatus> {
    if (this.#ending) throw new LvfsError('CANCELLED', 'interrupted');
    // Made here and not by P0, which could be killed before it has anybody to tell of it.
    const directory = createSessionDirectory();
    this.#directory = directory;
    this.#request = request;
    // This process serves but one view.
    Object.assign(process.env, request.environment);
    const mountpoint = makePrivateMountpoint(directory);
    await mounter.leaveViews([request.locations.root]);
    const { startSession } = await this.#code;
    this.#session = await startSession(
      { ...request, mountpoint, nonempty: true },
      {
        directory,
        // Once the view is open nobody listens to events of its opening.
        log: (level, text) => (this.#session === undefined ? listener : this.#channels).log(level, text),
        progress: (text) => listener.progress(text),
        signal: this.#cancel.signal,
        shownAt: namespaces.seenFromOutside(mountpoint),
        hostProc: request.hostProcesses,
        check: (view) => this.#requireProgram(view, request),
        output: () => this.#printed(),
      },
    );
    void this.#session.ended.then(({ failure }) => {
      this.#lost = failure ?? 'the view was unmounted';
      this.end();
    });
    return this.#session.status();
  }

  #requireProgram(
    view: { requireProgram(name: string, search: string): void },
    request: InsideRequest | undefined,
  ): void {
    if (request?.program !== undefined) view.requireProgram(request.program, process.env['PATH'] ?? '');
  }

  async #run(order: RunOrder): Promise<ProcessEnd> {
    const { argv, capture, cwd, show = true, environment = {} } = order;
    const request = this.#request;
    const session = this.#session;
    if (request === undefined || session === undefined || this.#command !== undefined || this.#ending)
      throw new Error('run was asked for before open, or twice');
    const command = namespaces.enter({
      root: privateMountpoint(this.#directory ?? ''),
      cwd: session.directoryInside(cwd),
      argv,
      env: { ...process.env, ...session.environment(), ...environment },
      stdio: stdioOf(order),
      noNetwork: request.noNetwork,
      hostProcesses: request.hostProcesses,
      mountProc: request.binds.defaults,
      processes: request.processes,
      // What it mounts and unmounts is nobody else's business, not the next command's either. Without processes of its own it is found by the namespace.
      ownMounts: !request.hostProcesses,
      leave: [],
    });
    this.#command = command;
    this.#output = [];
    this.#outputSize = 0;
    if (capture) this.#capture(command.child, show);
    try {
      const end = await command.ended;
      if (request.hostProcesses) {
        const namespace = namespaces.mountNamespace('self');
        if (namespace !== undefined) await namespaces.killAll(namespace);
      }
      // Whatever the command makes of it: it did not see what it should have seen.
      const lost = session.failure ?? this.#lost;
      if (lost !== undefined) throw new LvfsError('VIEW_DIED', lost);
      return end;
    } finally {
      this.#command = undefined;
    }
  }

  #capture({ stdout, stderr }: ChildProcess, show: boolean): void {
    for (const [name, stream] of [
      ['stdout', stdout],
      ['stderr', stderr],
    ] as const) {
      stream?.on('data', (data: Buffer) => {
        if (show) this.#channels.output(name, data);
        this.#output.push(data);
        this.#outputSize += data.length;
        while (this.#outputSize > keptOutput) this.#outputSize -= this.#output.shift()?.length ?? 0;
      });
    }
  }
}
