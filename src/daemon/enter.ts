/**
 * Running a command in a mounted view, in namespaces of its own.
 *
 *     caller ── unshare(1) ── sh, process 1 of a new pid namespace ── the command, chrooted into the view
 *
 * Nothing of a command outlives it: when process 1 ends, the kernel kills the rest of its namespace, and it ends with the
 * command, with unshare (`--kill-child`), and with the caller (`PR_SET_PDEATHSIG`). Process 1 is a shell because a command in
 * its place would not be killed by an unhandled signal, and would have to reap what is orphaned.
 */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { errorCode, exitStatus, LvfsError } from '../base/index.js';

/** How a command ended: by a status, or killed by a signal. */
export interface CommandEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How a command is run. */
export interface EnterOptions {
  /** Where the view is mounted. */
  readonly root: string;
  /** Directory inside the view in which the command starts; it must exist there. */
  readonly cwd: string;
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly stdio: StdioOptions;
  /** Take the network away. */
  readonly noNetwork: boolean;
  /** See and be seen by the host's processes. What the command leaves behind is then killed by {@link killNamespace} only. */
  readonly hostProcesses: boolean;
  /** Mount the processes of the new namespace on /proc. */
  readonly mountProc: boolean;
  /** Make a mount namespace of its own; otherwise the caller's is used, which must be private. */
  readonly ownMounts: boolean;
}

/** A command that was started. */
export interface Entered {
  /** The helper around the command. */
  readonly child: ChildProcess;
  /** Resolves when the command and everything it started are gone. */
  readonly ended: Promise<CommandEnd>;
  /** Sends a signal to the command itself. */
  signal(name: NodeJS.Signals): void;
  /** Kills the command and everything it started. */
  kill(): void;
}

/**
 * Nobody would kill what was started if the caller died before it could ask for that; so the parent is looked at again
 * afterwards. First parameter: the caller's process id.
 */
const checkParent = '[ "$PPID" = "$1" ] || exit 125; shift; exec "$@"';

/** Parameters: the view, the directory inside, whether to mount /proc, the command. The `exit` keeps the shell waiting. */
const firstProcess = `
root=$1 cwd=$2 proc=$3
shift 3
if [ "$proc" = yes ]; then
  mount -n -i -t proc -o nosuid,nodev,noexec proc "$root/proc" || exit 125
fi
unshare --root="$root" --wd="$cwd" -- "$@"
exit $?
`;

/**
 * Starts a command inside a view.
 *
 * @throws LvfsError through {@link Entered.ended}: NO_TOOL (exit 125) when util-linux is not there
 */
export function enter(options: EnterOptions): Entered {
  const unshare = [
    'unshare',
    ...(options.ownMounts ? ['--mount', '--propagation', 'private'] : []),
    ...(options.hostProcesses ? [] : ['--pid']),
    ...(options.noNetwork ? ['--net'] : []),
    '--fork',
    '--kill-child=KILL',
    '--',
  ];
  const first = ['/bin/sh', '-c', firstProcess, 'lvfs-init', options.root, options.cwd];
  const mountProc = options.mountProc && !options.hostProcesses ? 'yes' : 'no';
  const child = spawn(
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', '/bin/sh', '-c', checkParent, 'lvfs', String(process.pid)],
      ...unshare,
      ...first,
      mountProc,
      ...options.argv,
    ],
    { cwd: '/', env: options.env, stdio: options.stdio },
  );
  const ended = new Promise<CommandEnd>((done, fail) => {
    child.on('error', (error) => fail(noTool('setpriv', error)));
    child.on('close', (code, signal) => done({ code, signal }));
  });
  return {
    child,
    ended,
    signal: (name) => {
      const pid = commandOf(child.pid);
      if (pid !== undefined) sendSignal(pid, name);
    },
    kill: () => child.kill('SIGKILL'),
  };
}

/** The error for a program of util-linux that cannot be started. */
export function noTool(program: string, cause: unknown): LvfsError {
  return new LvfsError('NO_TOOL', `cannot run ${program}`, {
    exit: exitStatus.runFailed,
    hint: 'install util-linux',
    cause,
  });
}

/** The command: the oldest child of the only child of unshare. Orphans come to the same parent, but they are younger. */
function commandOf(unshare: number | undefined): number | undefined {
  if (unshare === undefined) return undefined;
  const [first] = childrenOf(unshare);
  return first === undefined ? undefined : childrenOf(first)[0];
}

/** The children of a process, oldest first. */
function childrenOf(parent: number): number[] {
  return processes()
    .flatMap((pid) => {
      const fields = statFields(pid);
      return fields?.parent === parent ? [{ pid, start: fields.start }] : [];
    })
    .sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : a.pid - b.pid))
    .map(({ pid }) => pid);
}

function processes(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Parent and start time from proc_pid_stat(5); undefined for a process that is gone. */
function statFields(pid: number): { parent: number; start: bigint } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { parent: Number(fields[1]), start: BigInt(fields[19] ?? 0) };
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
}

function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}

/** What identifies the mount namespace of a process; undefined when it is gone or not ours to look at. */
export function mountNamespace(pid: number | 'self'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
}

/** The processes in a mount namespace, without this one. */
export function processesIn(namespace: string): number[] {
  return processes().filter((pid) => pid !== process.pid && mountNamespace(pid) === namespace);
}

/** Kills every process in a mount namespace but this one and `spared`, and waits until they are gone or five seconds are over. */
export async function killNamespace(namespace: string, spared: readonly number[] = []): Promise<void> {
  await emptied(namespace, (pid) => {
    if (spared.includes(pid)) return false;
    sendSignal(pid, 'SIGKILL');
    return true;
  });
}

/** Waits until nobody is left in a mount namespace, or five seconds are over. */
export async function namespaceGone(namespace: string): Promise<void> {
  await emptied(namespace, () => true);
}

async function emptied(namespace: string, counts: (pid: number) => boolean): Promise<void> {
  const end = performance.now() + 5_000;
  while (processesIn(namespace).filter(counts).length > 0 && performance.now() < end) {
    await new Promise((done) => setTimeout(done, 5));
  }
}
