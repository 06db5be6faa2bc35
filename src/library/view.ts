/** Views that are there: what they can be asked, and how they are changed and ended. */
import type { Denial, Report } from '../audit/index.js';
import { LvfsError } from '../base/index.js';
import type {
  CommandEnd,
  ControlClient,
  Explanation,
  FoundProgram,
  IgnoreSetting,
  Inside,
  LiveResult,
  SessionStatus,
  ViewPackages,
} from '../daemon/index.js';
import { absoluteTargets } from './request.js';

/** A report, and the same as a page. */
export interface ReportResult {
  readonly report: Report;
  readonly html?: string;
}

/** How a report is made; what is left out is as `lvfs report` has it. */
export interface ReportOptions {
  /** Evidence to pass over, as in lvfs.conf(5). */
  readonly ignore?: readonly IgnoreSetting[] | undefined;
  /** Names of the built-in rules about the habits of tools that do not hold. */
  readonly habitsOff?: readonly string[] | undefined;
  /** Also as a self-contained page. */
  readonly html?: boolean | undefined;
  /** What the build printed. */
  readonly log?: string | undefined;
}

/** What a change of the targets did. */
export type Retargeted = LiveResult & { readonly targets: readonly string[] };

/** What every view can be asked. Everything may throw an `LvfsError`; `NO_ANSWER` when the view is gone. */
export interface View {
  /** What it is, and how it fares. */
  status(): Promise<SessionStatus>;
  /** What was looked for in vain so far, each once. */
  denials(): Promise<readonly Denial[]>;
  /** Tells of every denial so far and from now on; resolves when the view has ended. */
  follow(onDenial: (denial: Denial) => void): Promise<void>;
  /** What the work in it says about the targets' dependencies. */
  report(options?: ReportOptions): Promise<ReportResult>;
  /** Who owns paths (absolute, as they are inside), and why they are visible or not. */
  why(paths: readonly (string | Buffer)[]): Promise<readonly Explanation[]>;
  /** Which installed packages are visible, which could be, and which of them were used. */
  packages(): Promise<ViewPackages>;
  /** Shows more, at once: atoms, names and sets of installed packages, or absolute paths. */
  allow(names: readonly string[]): Promise<LiveResult>;
  /** Shows less, at once. */
  deny(names: readonly string[]): Promise<LiveResult>;
  /** Makes it the view of other targets, as if it had just been made for them. */
  retarget(targets: readonly string[]): Promise<Retargeted>;
  /** Ends this connection, or the private view. */
  close(): void | Promise<void>;
}

type Requests = Pick<ControlClient, 'request'>;

/** What is asked in the same way of a mounted view and of a private one. */
abstract class AnyView implements View {
  /** The connection over which it is asked. */
  protected abstract get asked(): Requests;

  abstract close(): void | Promise<void>;

  status(): Promise<SessionStatus> {
    return this.asked.request('status');
  }

  async denials(): Promise<readonly Denial[]> {
    return (await this.asked.request('denials')).denials;
  }

  async follow(onDenial: (denial: Denial) => void): Promise<void> {
    try {
      await this.asked.request('follow', {}, onDenial);
    } catch (error) {
      // The view was taken away: that is how following ends.
      if (!(error instanceof LvfsError) || error.code !== 'NO_ANSWER') throw error;
    }
  }

  async report({
    ignore = [],
    habitsOff = [],
    html = false,
    log,
  }: ReportOptions = {}): Promise<ReportResult> {
    const { report } = await this.asked.request('report', {
      ignore: [...ignore],
      habitsOff: [...habitsOff],
      ...(log === undefined ? {} : { log }),
    });
    if (!html) return { report };
    const { reportPage } = await import('../page/index.js');
    return { report, html: reportPage(report, await this.asked.request('graph')) };
  }

  async why(paths: readonly (string | Buffer)[]): Promise<readonly Explanation[]> {
    return (await this.asked.request('why', { paths: paths.map(latin1) })).paths;
  }

  packages(): Promise<ViewPackages> {
    return this.asked.request('packages');
  }

  allow(names: readonly string[]): Promise<LiveResult> {
    return this.asked.request('allow', { names: [...names] });
  }

  deny(names: readonly string[]): Promise<LiveResult> {
    return this.asked.request('deny', { names: [...names] });
  }

  retarget(targets: readonly string[]): Promise<Retargeted> {
    return this.asked.request('retarget', { targets: absoluteTargets(targets) });
  }
}

/** A path of bytes as the control protocol carries it: a character a byte. */
export function latin1(path: string | Buffer): string {
  return (typeof path === 'string' ? Buffer.from(path) : path).toString('latin1');
}

/** A connection to a view that `lvfs mount` or `mountView` has made. The view stays when the connection, or this process, ends. */
export class MountedView extends AnyView {
  readonly #client: ControlClient;

  constructor(
    /** Where it is mounted. */
    readonly mountpoint: string,
    client: ControlClient,
  ) {
    super();
    this.#client = client;
  }

  protected override get asked(): Requests {
    return this.#client;
  }

  /**
   * Unmounts it, with all that is mounted over it, and waits until its daemon has ended.
   *
   * @param lazy detach it although it is in use; who uses it gets errors
   * @throws LvfsError MOUNT_BUSY (exit 23) with who uses it
   */
  async umount({ lazy = false }: { lazy?: boolean } = {}): Promise<void> {
    this.close();
    const { unmountView } = await import('../daemon/index.js');
    await unmountView(this.mountpoint, { lazy });
  }

  override close(): void {
    this.#client.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** A view that nobody but this process and what it runs there sees, and that ends with it. */
export class PrivateView extends AnyView {
  readonly #inside: Inside;

  constructor(inside: Inside) {
    super();
    this.#inside = inside;
  }

  protected override get asked(): Requests {
    return this.#inside.view;
  }

  /**
   * Runs a command in it to its end, one at a time; nothing that it started is left then. It has this process's standard
   * input, output and error, unless `capture` keeps its output for {@link output} and for the report.
   */
  run(
    argv: readonly string[],
    { capture = false, environment }: { capture?: boolean; environment?: Record<string, string> } = {},
  ): Promise<CommandEnd> {
    return this.#inside.run({
      argv,
      capture,
      ...(capture ? { show: false } : {}),
      ...(environment === undefined ? {} : { environment }),
    });
  }

  /** Whether a command can be run in it, and what keeps it from that. */
  find(name: string): Promise<FoundProgram> {
    return this.#inside.find(name);
  }

  /** What the last command printed, if that was captured. */
  output(): Promise<string> {
    return this.#inside.view.request('output');
  }

  /** Passes a signal on to the running command. */
  signal(name: NodeJS.Signals): void {
    this.#inside.signal(name);
  }

  /** Takes the view away, and returns when nothing is left of it. */
  override close(): Promise<void> {
    return this.#inside.close();
  }
}
