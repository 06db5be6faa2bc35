/**
 * A view for one command only, in a private mount namespace: nobody else sees the mounts, and the kernel takes them away
 * when the last process in the namespace ends.
 *
 *     lvfs run (P0) ── lvfs-inside (P1: serves the view) ── unshare (P2) ── process 1 (P3) ── the command
 *
 * P0 stays in the host's namespaces. P0 and P1 hold the two ends of a socket, over which they speak the control protocol, and
 * each ends when the other does: whoever is left takes the session off the record. P2 and P3 end with P1; see the namespace helper.
 * When both P0 and P1 are killed at once, the record is cleared away by the next lvfs command.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { exitStatus, LvfsError, workingDirectory, type Logger, type LogLevel } from '../../base/index.js';
import {
  ControlClient,
  protocolVersion,
  serveClient,
  type Handler,
  type Handlers,
  type Parameters,
} from '../control/control.js';
import { mountAt, otherViews } from '../registry/mounts.js';
import { mounter, namespaces, type CommandEnd, type Entered } from '../platform/index.js';
import {
  createSessionDirectory,
  privateMountpoint,
  registryDirectory,
  removeSessionDirectory,
  removeSessionsOf,
} from '../registry/registry.js';
import type { InsideRequest, SessionStatus } from '../request.js';
import type { Session } from '../session/session.js';
import { readEnd } from './buildLog.js';
import { connect } from '../registry/sessions.js';

/** The descriptor that joins P0 and P1. */
const insideDescriptor = 3;

/** How long a command may take to end after a signal that asks it to, before it is killed. */
const graceMs = 5_000;

/** How long P1 may take to leave a view that it is still opening, or to take everything away, before it is killed: that does the same but for the record. */
const openingMs = 3_000;
const leaveMs = 15_000;

/** Signals that ask for the end, which comes whatever the command makes of them. */
const ending: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGTERM']);

/** How much of a command's output is kept for the report, in bytes; the end tells most. */
const keptOutput = 8 << 20;

// ---- P0 -------------------------------------------------------------------------------------------------------------

/** Who hears of what happens before the command runs. */
export interface InsideListener {
  progress(text: string): void;
  readonly log: Logger;
}

type OpenEvent =
  | { readonly type: 'progress'; readonly text: string }
  | { readonly type: 'log'; readonly level: LogLevel; readonly text: string };

/** What to run; the environment is the caller's. */
export interface RunCommand {
  readonly argv: readonly string[];
  /** Also keep the output for the report, until the next command runs. It then goes through a pipe, so the command sees no terminal. */
  readonly capture: boolean;
  /** With {@link capture}: whether the output is passed on as well, and the input given; default yes. */
  readonly show?: boolean;
  /** Variables that differ from the caller's. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A view of which this process holds the other end. */
export class Inside {
  readonly #child: ChildProcess;
  readonly #client: ControlClient;
  readonly #namespace: string | undefined;
  readonly #ended: Promise<unknown>;
  readonly #signals = new Insistence(
    (name) => this.#send(name),
    () => this.#child.kill('SIGKILL'),
  );
  readonly status: SessionStatus;

  private constructor(
    child: ChildProcess,
    client: ControlClient,
    status: SessionStatus,
    ended: Promise<unknown>,
  ) {
    this.#child = child;
    this.#client = client;
    this.status = status;
    this.#ended = ended;
    this.#namespace = child.pid === undefined ? undefined : namespaces.mountNamespace(child.pid);
  }

  /**
   * Mounts a view in a private namespace.
   *
   * @param entry the program of P1
   * @param signal gives up; everything is then taken away before this rejects
   * @throws LvfsError what keeps the view from being mounted, NO_NAMESPACE among it; CANCELLED
   */
  static async open(
    entry: URL,
    request: InsideRequest,
    listener: InsideListener,
    signal: AbortSignal,
  ): Promise<Inside> {
    // One that was aborted before tells nobody.
    if (signal.aborted) throw new LvfsError('CANCELLED', 'interrupted');
    const { child, ended } = namespaces.spawnPrivate(
      [process.execPath, ...process.execArgv, fileURLToPath(entry), String(process.pid)],
      {
        stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
        // In a user namespace it takes itself for root.
        env: { ...process.env, LVFS_RUNTIME_DIR: registryDirectory() },
      },
    );
    const socket = child.stdio[insideDescriptor] as Socket;
    const cancel = (): void => {
      socket.destroy();
    };
    signal.addEventListener('abort', cancel);
    const kill = (): boolean => child.kill('SIGKILL');
    try {
      const client = await ControlClient.attach(socket);
      const onEvent = (event: unknown): void => {
        const message = event as OpenEvent;
        if (message.type === 'progress') listener.progress(message.text);
        else listener.log(message.level, message.text);
      };
      const order = { request } as unknown as Parameters;
      const status = (await client.request('open', order, onEvent)) as SessionStatus;
      return new Inside(child, client, status, ended);
    } catch (error) {
      socket.destroy();
      const failed = await within(ended, openingMs, kill);
      if (child.pid !== undefined) removeSessionsOf(child.pid);
      if (signal.aborted) throw new LvfsError('CANCELLED', 'interrupted');
      if (failed !== undefined) throw failed;
      if (error instanceof LvfsError && error.code === 'NO_ANSWER') {
        throw noNamespace() ?? diedEarly(child);
      }
      throw error;
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  /**
   * Runs a command to its end; nothing it started is left then.
   *
   * @throws LvfsError VIEW_DIED when the view went away under it
   */
  async run(command: RunCommand): Promise<CommandEnd> {
    try {
      return (await this.#client.request('run', {
        ...command,
        cwd: workingDirectory(),
      })) as CommandEnd;
    } catch (error) {
      if (!(error instanceof LvfsError) || error.code !== 'NO_ANSWER') throw error;
      await this.#ended;
      // What runs among the host's processes does not end with P1.
      if (this.#namespace !== undefined) await namespaces.killAll(this.#namespace);
      throw new LvfsError('VIEW_DIED', `the process that served the view ended (${endOf(this.#child)})`);
    } finally {
      this.#signals.over();
    }
  }

  /** Resolves when the process that serves the view has ended. */
  get over(): Promise<unknown> {
    return this.#ended;
  }

  /** Passes a signal on to the running command, which ends in any case after one that asks for that; see {@link Insistence}. */
  signal(name: NodeJS.Signals): void {
    this.#signals.pass(name);
  }

  #send(name: NodeJS.Signals): void {
    this.#client.request('signal', { name }).catch((error: unknown) => {
      // It has ended meanwhile, and whoever waits for it is told.
      if (!(error instanceof LvfsError)) throw error;
    });
  }

  /** The first of these programs, absolute paths, that the view shows; the last when it shows none. */
  async choose(programs: readonly string[]): Promise<string> {
    return (await this.#client.request('choose', { programs })) as string;
  }

  /** Any other request of the control protocol. */
  request(method: string, params: Parameters = {}, onEvent?: (event: unknown) => void): Promise<unknown> {
    return this.#client.request(method, params, onEvent);
  }

  /** Takes the view away and returns when nothing is left of it. */
  async close(): Promise<void> {
    this.#client.close();
    await within(this.#ended, leaveMs, () => this.#child.kill('SIGKILL'));
    if (this.#namespace !== undefined) await namespaces.emptied(this.#namespace);
    if (this.#child.pid !== undefined) removeSessionsOf(this.#child.pid);
  }
}

/**
 * Passes signals on to a command. One that asks for the end is obeyed: a command that goes on for five seconds is killed and, if it
 * then still goes on, so is everything around it.
 */
class Insistence {
  readonly #send: (name: NodeJS.Signals) => void;
  readonly #killAll: () => unknown;
  #timer: NodeJS.Timeout | undefined;

  constructor(send: (name: NodeJS.Signals) => void, killAll: () => unknown) {
    this.#send = send;
    this.#killAll = killAll;
  }

  pass(name: NodeJS.Signals): void {
    this.#send(name);
    if (!ending.has(name)) return;
    this.#timer ??= setTimeout(() => {
      this.#send('SIGKILL');
      this.#timer = setTimeout(this.#killAll, graceMs);
    }, graceMs);
  }

  /** The command has ended. */
  over(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** What a promise gives, after something was done when that took too long. */
async function within<T>(promise: Promise<T>, milliseconds: number, otherwise: () => unknown): Promise<T> {
  const timer = setTimeout(otherwise, milliseconds);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

function diedEarly(child: ChildProcess): LvfsError {
  return new LvfsError('DAEMON_DIED', `the process that serves the view ended (${endOf(child)})`, {
    exit: exitStatus.cannotMount,
  });
}

/** What keeps this user from a namespace of his own; undefined when nothing does. */
function noNamespace(): LvfsError | undefined {
  const [obstacle] =
    process.getuid?.() === 0
      ? namespaces.check().filter(({ state }) => state === 'fail')
      : namespaces.userObstacles();
  if (obstacle === undefined) return undefined;
  const { found, remedy = "see 'lvfs doctor'" } = obstacle;
  return new LvfsError('NO_NAMESPACE', `no private view can be made: ${found}`, {
    exit: exitStatus.cannotMount,
    hint: remedy,
  });
}

function endOf(child: ChildProcess): string {
  return child.signalCode ?? `status ${child.exitCode}`;
}

// ---- a view that is mounted already -----------------------------------------------------------------------------------

/** A command in a mounted view. */
export interface MountedCommand {
  /** Chooses the command, knowing what is visible. */
  argv(isVisible: (path: string) => boolean): readonly string[];
  readonly noNetwork: boolean;
  readonly hostProcesses: boolean;
}

/**
 * Starts a command in a mounted view, in namespaces of its own, with this process's terminal.
 *
 * @throws LvfsError NOT_MOUNTED, STALE_MOUNT, NO_ANSWER (exit 24)
 */
export async function enterMounted(given: string, how: MountedCommand): Promise<Entered> {
  const client = await connect(given);
  try {
    const cwd = workingDirectory();
    const candidates = [...new Set(['/bin/sh', ...how.argv(() => true), ...how.argv(() => false)])].filter(
      (path) => path.startsWith('/'),
    );
    const facts = (await client.request('inside', { cwd, programs: candidates })) as {
      root: string;
      cwd: string;
      visible: readonly string[];
      hasProc: boolean;
      environment: Readonly<Record<string, string>>;
    };
    const entered = namespaces.enter({
      root: facts.root,
      cwd: facts.cwd,
      argv: how.argv((path) => facts.visible.includes(path)),
      env: { ...process.env, ...facts.environment },
      stdio: 'inherit',
      noNetwork: how.noNetwork,
      hostProcesses: how.hostProcesses,
      mountProc: facts.hasProc,
      ownMounts: true,
      leave: otherViews(facts.root),
    });
    const signals = new Insistence(entered.signal, entered.kill);
    return {
      ...entered,
      ended: entered.ended.finally(() => signals.over()),
      signal: (name) => signals.pass(name),
    };
  } finally {
    client.close();
  }
}

// ---- P1 -------------------------------------------------------------------------------------------------------------

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
  const supervisor = new Supervisor(channels);
  // A parent that ended before pdeathsig was set is noticed here; one that ends later, by the signal and by the socket.
  for (const name of ['SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU'] as const)
    process.on(name, ignore);
  process.on('SIGTERM', () => supervisor.end());
  const socket = new Socket({ fd: insideDescriptor, readable: true, writable: true });
  socket.on('close', () => supervisor.end());
  if (process.ppid !== channels.parent) supervisor.end();
  const hello = { lvfs: channels.version, protocol: protocolVersion, pid: process.pid, mountpoint: '' };
  serveClient(socket, hello, supervisor.handlers(), channels.log);
  await supervisor.over;
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
}

function ignore(): void {
  // The terminal sends these to every process; they are meant for the command.
}

class Supervisor {
  readonly #channels: InsideChannels;
  /** P0 does without; this process loads it while P0 says what it wants. */
  readonly #code = import('../session/session.js');
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
    await Promise.race([Promise.allSettled([this.#opening]), delay(5_000)]);
    const namespace = namespaces.mountNamespace('self');
    if (namespace !== undefined) await namespaces.killAll(namespace);
    await this.#killGuests();
    // Whoever waits for the command is told how it ended before this process does.
    await Promise.race([Promise.allSettled([this.#running]), delay(5_000)]);
    await nextTurn();
    if (this.#directory !== undefined) await this.#leave(this.#directory);
    this.#over();
  }

  /** Kills what has come into the view from outside: it is in namespaces of its own, which have the view still. */
  async #killGuests(): Promise<void> {
    const device = mountAt(privateMountpoint(this.#directory ?? ''))?.device;
    if (device === undefined) return;
    for (const { pid } of mounter.heldBy(device)) {
      const namespace = namespaces.mountNamespace(pid);
      if (namespace !== undefined) await namespaces.killAll(namespace);
    }
  }

  /** What is mounted goes with this process, but until then its mount point cannot be removed. */
  async #leave(directory: string): Promise<void> {
    const mountpoint = privateMountpoint(directory);
    if (mountAt(mountpoint) !== undefined) await mounter.unmount(mountpoint, true);
    removeSessionDirectory(directory);
  }

  handlers(): Handlers {
    return {
      open: ({ request }, { emit }) => {
        const listener: InsideListener = {
          progress: (text) => emit({ type: 'progress', text }),
          log: (level, text) => emit({ type: 'log', level, text }),
        };
        const opening = this.#open(request as InsideRequest & Parameters, listener);
        this.#opening = opening;
        return opening;
      },
      run: (parameters) => {
        const running = this.#run(parameters as unknown as RunCommand & { cwd: string });
        this.#running = running;
        return running;
      },
      signal: ({ name }) => {
        this.#command?.signal(name as NodeJS.Signals);
      },
      output: () => Buffer.concat(this.#output).toString('utf8'),
      choose: ({ programs }) => {
        const list = programs as readonly string[];
        return list.find((program) => this.#session?.hasFile(program) === true) ?? list.at(-1);
      },
      place: ({ cwd }) => ({
        pid: process.pid,
        root: privateMountpoint(this.#directory ?? ''),
        cwd: this.#session?.directoryInside(String(cwd)) ?? '/',
      }),
      capture: async ({ file }) => {
        this.#output = await readEnd(String(file), keptOutput);
      },
      directory: ({ variable }) => this.#session?.directoryOf(String(variable)) ?? null,
      ...this.#sessionHandlers(),
    };
  }

  #sessionHandlers(): Handlers {
    const methods = [
      ...[
        'status',
        'why',
        'report',
        'graph',
        'packages',
        'needs',
        'denials',
        'follow',
        'allow',
        'deny',
        'besides',
        'retarget',
      ],
    ] as const;
    return Object.fromEntries(
      methods.map((method): [string, Handler] => [
        method,
        (parameters, context) => this.#session?.handlers()[method]?.(parameters, context),
      ]),
    );
  }

  async #open(request: InsideRequest, listener: InsideListener): Promise<SessionStatus> {
    if (this.#ending) throw new LvfsError('CANCELLED', 'interrupted');
    // Made here and not by P0, which could be killed before it has anybody to tell of it.
    const directory = createSessionDirectory();
    this.#directory = directory;
    this.#request = request;
    const mountpoint = privateMountpoint(directory);
    mkdirSync(mountpoint, { mode: 0o755 });
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
        check: (view) => {
          if (request.program !== undefined) view.requireProgram(request.program, process.env['PATH'] ?? '');
        },
        output: () => Buffer.concat(this.#output).toString('utf8'),
      },
    );
    void this.#session.ended.then(({ failure }) => {
      this.#lost = failure ?? 'the view was unmounted';
      this.end();
    });
    return this.#session.status();
  }

  async #run(order: RunCommand & { cwd: string }): Promise<CommandEnd> {
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
      stdio: capture ? [show ? 'inherit' : 'ignore', 'pipe', 'pipe'] : ['inherit', 'inherit', 'inherit'],
      noNetwork: request.noNetwork,
      hostProcesses: request.hostProcesses,
      mountProc: request.binds.defaults,
      ownMounts: false,
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
