/**
 * A view for one command only, in a private mount namespace: nobody else sees the mounts, and the kernel takes them away
 * when the last process in the namespace ends. This is the process that asked for it (P0 in wire.ts).
 */
import type { ChildProcess } from 'node:child_process';
import { Duplex } from 'node:stream';
import { exitStatus, LvfsError, workingDirectory, type Listener, type ProcessEnd } from '../../base/index.js';
import { ControlClient } from '../control/client.js';
import { namespaces, type HeldNamespace } from '../platform/index.js';
import type { FoundProgram } from '../plan/findProgram.js';
import { removeSessionsOf } from '../registry/registry.js';
import { canBecome, type InsideRequest, type SessionStatus } from '../request.js';
import { hearOpening } from '../session/startup.js';
import { Insistence } from './insistence.js';
import { dismissInside, type StartedInside } from './start.js';
import { insideDescriptor, type PrivateMethods, type RunCommand } from './wire.js';

/** How long P1 may take to leave a view that it is still opening, or to take everything away, before it is killed: that does the same but for the record. */
const openingMs = 3_000;
const leaveMs = 15_000;

/** A view of which this process holds the other end. */
export class Inside {
  readonly #child: ChildProcess;
  readonly #client: ControlClient<PrivateMethods>;
  readonly #namespace: HeldNamespace | undefined;
  readonly #ended: Promise<unknown>;
  readonly #signals = new Insistence(
    (name) => this.#send(name),
    () => this.#child.kill('SIGKILL'),
  );
  #request: InsideRequest;
  #status: SessionStatus;
  #isOver = false;

  private constructor(
    { child, ended }: StartedInside,
    client: ControlClient<PrivateMethods>,
    request: InsideRequest,
    status: SessionStatus,
  ) {
    this.#child = child;
    this.#client = client;
    this.#request = request;
    this.#status = status;
    this.#ended = ended;
    void ended.then(() => (this.#isOver = true));
    this.#namespace = child.pid === undefined ? undefined : namespaces.hold(child.pid);
  }

  /**
   * Mounts a view in a private namespace.
   *
   * @param started P1
   * @param signal gives up; everything is then taken away before this rejects
   * @throws LvfsError what keeps the view from being mounted, NO_NAMESPACE among it; CANCELLED
   */
  static async open(
    started: StartedInside,
    request: InsideRequest,
    listener: Listener,
    signal: AbortSignal,
  ): Promise<Inside> {
    // One that was aborted before tells nobody.
    if (signal.aborted) {
      await dismissInside(started);
      throw new LvfsError('CANCELLED', 'interrupted');
    }
    const { child, ended } = started;
    const socket = child.stdio[insideDescriptor];
    if (!(socket instanceof Duplex))
      throw new TypeError('a pipe of a child process is no stream in both directions');
    const cancel = (): void => {
      socket.destroy();
    };
    signal.addEventListener('abort', cancel);
    const kill = (): boolean => child.kill('SIGKILL');
    try {
      const client = await ControlClient.attach<PrivateMethods>(socket);
      const status = await client.request('open', { request }, (message) => hearOpening(listener, message));
      return new Inside(started, client, request, status);
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
  async run(command: RunCommand): Promise<ProcessEnd> {
    try {
      return await this.#client.request('run', { ...command, cwd: workingDirectory() });
    } catch (error) {
      if (!(error instanceof LvfsError) || error.code !== 'NO_ANSWER') throw error;
      await this.#ended;
      // What runs among the host's processes does not end with P1.
      if (this.#namespace !== undefined) await namespaces.killAll(this.#namespace.name);
      throw new LvfsError('VIEW_DIED', `the process that served the view ended (${endOf(this.#child)})`);
    } finally {
      this.#signals.over();
    }
  }

  /** Whether a command can be run, and what keeps it from that. */
  find(name: string): Promise<FoundProgram> {
    return this.#client.request('find', { name, cwd: workingDirectory() });
  }

  /** What the view was when it was made, or has become. */
  get status(): SessionStatus {
    return this.#status;
  }

  /**
   * Whether it can be used again for a request, when nothing runs in it. What runs among the host's processes shares the mounts; and with
   * libfuse the kernel asks otherwise for what it has been asked to forget, so that a report would tell of the builds before.
   */
  canBecome(request: InsideRequest): boolean {
    const isAlone = !request.hostProcesses && this.#status.driver !== 'libfuse';
    return isAlone && !this.#isOver && canBecome(this.#request, request);
  }

  /**
   * Makes it the view of another request, as if it had just been made for that.
   *
   * @throws LvfsError what keeps it from that; it is of no use then
   */
  async become(request: InsideRequest): Promise<void> {
    this.#status = await this.#client.request('become', { request });
    this.#request = request;
  }

  /** Nothing runs in it, nor will before it becomes another request's: it need not follow what is merged. */
  rest(): void {
    unlessOver(this.#client.request('rest', {}));
  }

  /** Passes a signal on to the running command, which ends in any case after one that asks for that; see {@link Insistence}. */
  signal(name: NodeJS.Signals): void {
    this.#signals.pass(name);
  }

  #send(name: NodeJS.Signals): void {
    unlessOver(this.#client.request('signal', { name }));
  }

  /** The connection to the process that serves it; {@link close} closes it. */
  get view(): ControlClient<PrivateMethods> {
    return this.#client;
  }

  /** Resolves when the process that serves it has ended. */
  get over(): Promise<unknown> {
    return this.#ended;
  }

  /** Takes the view away and returns when nothing is left of it. */
  async close(): Promise<void> {
    this.#client.close();
    await within(this.#ended, leaveMs, () => this.#child.kill('SIGKILL'));
    if (this.#namespace !== undefined) await namespaces.emptied(this.#namespace.name);
    this.#namespace?.release();
    if (this.#child.pid !== undefined) removeSessionsOf(this.#child.pid);
  }
}

/** Does without an answer of what has ended meanwhile; whoever waits for it is told. */
function unlessOver(asked: Promise<unknown>): void {
  asked.catch((error: unknown) => {
    if (!(error instanceof LvfsError)) throw error;
  });
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
  return new LvfsError('NO_NAMESPACE', `no private view can be made: ${found}`, { hint: remedy });
}

function endOf(child: ChildProcess): string {
  return child.signalCode ?? `status ${child.exitCode}`;
}
