/**
 * The namespace helper of Linux: unshare(1) and setpriv(1) of util-linux. A command in a view is run as
 *
 *     caller ── unshare(1) ── sh, process 1 of a new pid namespace ── the command, chrooted into the view
 *
 * Nothing of a command outlives it: when process 1 ends, the kernel kills the rest of its namespace, and it ends with the
 * command, with unshare (`--kill-child`), and with the caller (`PR_SET_PDEATHSIG`). Process 1 is a shell because a command in
 * its place would not be killed by an unhandled signal, and would have to reap what is orphaned.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync, statSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import {
  endOf,
  exitStatus,
  ifSeen,
  LvfsError,
  processFile,
  processIds,
  processLink,
  processStat,
  runProgram,
  runSync,
  sendSignal,
  unlessRefused,
  type Pid,
} from '../../base/index.js';
import { canLimitTo } from '../../system/index.js';
import { fail, ok, type Finding, type HealthCheck, type Obstacle } from './health.js';
import type {
  CoveredProcess,
  Covering,
  Entered,
  EnterOptions,
  HeldNamespace,
  NamespaceHelper,
  PrivateOptions,
  PrivateProcess,
} from './namespaceHelper.js';
import { checkUtilLinux } from './utilLinux.js';

/**
 * Nobody would kill what was started if the caller died before it could ask for that; so the parent is looked at again
 * afterwards. First parameter: the caller's process id.
 */
const checkParent = '[ "$PPID" = "$1" ] || exit 125; shift; exec "$@"';

/**
 * Parameters: the view, the directory inside, whether to mount /proc, how many processes there may be (0: any number), how many mounts to
 * leave and these, the command. The `exit` keeps the shell waiting. It is not in the view itself, so what /proc tells of it (its root above
 * all) is covered.
 */
const firstProcess = `
root=$1 cwd=$2 proc=$3 processes=$4 leave=$5
shift 5
while [ "$leave" -gt 0 ]; do
  umount -n -i -c -l -- "$1" 2>/dev/null
  leave=$((leave - 1))
  shift
done
if [ "$proc" = yes ]; then
  mount -n -i -t proc -o nosuid,nodev,noexec proc "$root/proc" || exit 125
  mount -n -i -t tmpfs -o ro,nosuid,nodev,noexec,mode=555,size=4k lvfs "$root/proc/1" || exit 125
  [ "$processes" = 0 ] || echo "$processes" >"$root/proc/sys/kernel/pid_max"
fi
unshare --root="$root" --wd="$cwd" -- "$@"
exit $?
`;

/**
 * Parameters: the caller's process id, the place, how many covers and two words of each, the command. The caller, at the other end of
 * descriptor 3, fills the place before anything is covered.
 */
const coverAndRun = `
set -eu
[ "$PPID" = "$1" ] || exit 125
place=$2 left=$3
shift 3
mount -n -i -t tmpfs -o mode=755,nosuid,nodev lvfs "$place"
mkdir -- "$place/proc"
mount -n -i --bind /proc "$place/proc"
echo prepared >&3
read -r go <&3
while [ "$left" -gt 0 ]; do
  mount -n -i --bind -- "$place/$2" "$1"
  left=$((left - 1))
  shift 2
done
echo ready >&3
exec 3>&-
exec "$@"
`;

/** How often a command that is being started is looked for. */
const startPollMs = 5;

function spawnPrivate(argv: readonly string[], { env, stdio }: PrivateOptions): PrivateProcess {
  const user = isRoot() ? [] : ['--user', '--map-root-user'];
  const child = spawn(
    'unshare',
    [
      ...user,
      ...['--mount', '--propagation', 'private', '--', 'setpriv', '--pdeathsig', 'TERM', '--'],
      ...argv,
    ],
    // Not where the caller is: that may have been removed, and would be kept busy.
    { cwd: '/', env, stdio },
  );
  return { child, ended: failureOf(child, 'unshare') };
}

function spawnCovered(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  { place, prepare, covers }: Covering,
): CoveredProcess {
  const child = spawn(
    'unshare',
    [
      ...['--mount', '--propagation', 'slave', '--', 'setpriv', '--pdeathsig', 'TERM', '--'],
      ...['/bin/sh', '-c', coverAndRun, 'lvfs-cover', String(process.pid), place],
      ...[String(covers.length), ...covers.flatMap(({ path, by }) => [path, by])],
      ...argv,
    ],
    { env, stdio: ['inherit', 'inherit', 'inherit', 'pipe'] },
  );
  const ended = failureOf(child, 'unshare');
  const failed = ended.then((error) => {
    throw error ?? coverFailed('a namespace could not be prepared');
  });
  const prepared = async (): Promise<void> => {
    const talk = child.stdio[3];
    if (!(talk instanceof Duplex)) throw new TypeError('no pipe');
    // It may have ended; then that is what is told.
    talk.on('error', () => undefined);
    await once(talk, 'data');
    const root = `/proc/${child.pid}/root`;
    try {
      await prepare(join(root, place));
    } catch (error) {
      // Whoever has ended has no root: what could not be prepared is not the reason then.
      if (statSync(root, { throwIfNoEntry: false }) === undefined) await failed;
      throw error;
    }
    talk.write('go\n');
    await once(talk, 'data');
  };
  const uncover = async (): Promise<void> => {
    const umount = ['umount', '-n', '-i', '-c', '-l', '--', ...covers.map(({ path }) => path)];
    const enter = ['--target', String(child.pid), '--mount', '--', ...umount];
    const { code, error } = await runProgram('nsenter', enter, { env: process.env });
    if (error !== undefined) throw noTool('nsenter', error);
    if (code !== 0) throw coverFailed('what covers a file could not be taken away');
  };
  return { child, ended, ready: Promise.race([prepared(), failed]), uncover };
}

/** Resolves when a process has ended; with NO_TOOL when it could not be started. */
async function failureOf(child: ChildProcess, program: string): Promise<LvfsError | undefined> {
  const { error } = await endOf(child, 'exit');
  return error && noTool(program, error);
}

function coverFailed(what: string): LvfsError {
  return new LvfsError('COVER_FAILED', what);
}

async function killSession(namespace: string): Promise<void> {
  const session = processStat('self')?.session;
  await waitUntilEmpty(namespace, (pid) => {
    if (processStat(pid)?.session !== session) return false;
    sendSignal(pid, 'SIGKILL');
    return true;
  });
}

function enter(options: EnterOptions): Entered {
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
      ...[...withoutHandles(), '--pdeathsig', 'KILL'],
      ...['/bin/sh', '-c', checkParent, 'lvfs', String(process.pid)],
      ...unshare,
      ...first,
      mountProc,
      String(countsByNamespace() ? (options.processes ?? 0) : 0),
      String(options.leave.length),
      ...options.leave,
      ...options.argv,
    ],
    { cwd: '/', env: options.env, stdio: options.stdio },
  );
  const ended = endOf(child).then(({ error, ...end }) => {
    if (error !== undefined) throw noTool('setpriv', error);
    return end;
  });
  return {
    child,
    ended,
    signal: function signal(name): void {
      const pid = commandOf(child.pid);
      if (pid !== undefined) sendSignal(pid, name);
      // What starts it takes a moment.
      else if (child.exitCode === null && child.signalCode === null) setTimeout(signal, startPollMs, name);
    },
    kill: () => child.kill('SIGKILL'),
  };
}

/**
 * Options of setpriv(1) that take from whatever runs inside the right to open files by their handles (open_by_handle_at(2)), with which any file
 * of a file system can be had through any directory of it that is bound. Nothing else becomes impossible to root, who has CAP_DAC_OVERRIDE.
 */
function withoutHandles(): string[] {
  return canLimitTo([]) ? ['--bounding-set', '-dac_read_search'] : [];
}

/** Whether kernel.pid_max is a process namespace's own; before, it was the machine's. */
function countsByNamespace(): boolean {
  const [major = 0, minor = 0] = release().split(/[.-]/).map(Number);
  return major > 6 || (major === 6 && minor >= 14);
}

/** The error for a program of util-linux that cannot be started. */
function noTool(program: string, cause: unknown): LvfsError {
  return new LvfsError('NO_TOOL', `cannot run ${program}`, {
    exit: exitStatus.runFailed,
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
  return processIds()
    .flatMap((pid) => {
      const stat = processStat(pid);
      return stat?.parent === parent ? [{ pid, started: Number(stat.started) }] : [];
    })
    .sort((a, b) => a.started - b.started || a.pid - b.pid)
    .map(({ pid }) => pid);
}

function mountNamespace(pid: Pid): string | undefined {
  return processLink(pid, 'ns/mnt');
}

function hold(pid: number): HeldNamespace | undefined {
  const fd = ifSeen(() => openSync(`/proc/${pid}/ns/mnt`, constants.O_RDONLY));
  if (fd === undefined) return undefined;
  // What is open has the name, whatever has become of the process.
  const name = processLink('self', `fd/${fd}`);
  let isHeld = true;
  const letGo = (): void => {
    if (isHeld) closeSync(fd);
    isHeld = false;
  };
  if (name !== undefined) return { name, release: letGo };
  letGo();
  return undefined;
}

/** The processes in a mount namespace, without this one. */
function processesIn(namespace: string): number[] {
  return processIds().filter((pid) => pid !== process.pid && mountNamespace(pid) === namespace);
}

async function killAll(namespace: string, spared: readonly number[] = []): Promise<void> {
  await waitUntilEmpty(namespace, (pid) => {
    if (spared.includes(pid)) return false;
    sendSignal(pid, 'SIGKILL');
    return true;
  });
}

async function waitUntilEmpty(namespace: string, counts: (pid: number) => boolean): Promise<void> {
  const end = performance.now() + 5_000;
  while (processesIn(namespace).filter(counts).length > 0 && performance.now() < end) {
    await new Promise((done) => setTimeout(done, 5));
  }
}

/**
 * Whether this process is in a user namespace of its own, in which root is an ordinary user outside. Mounts that were
 * there before are then locked together: a directory can only be bound with everything that is mounted below it
 * (mount_namespaces(7)).
 */
export function inUserNamespace(): boolean {
  const map = processFile('self', 'uid_map');
  // A kernel without user namespaces has none.
  return map !== undefined && !isInitialMap(map);
}

/** Whether a uid_map maps every id to itself, as that of the initial namespace does; see user_namespaces(7). */
export function isInitialMap(text: string): boolean {
  return /^\s*0\s+0\s+4294967295\s*$/.test(text);
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

// ---- what this machine allows -------------------------------------------------------------------------------------------

function check(): HealthCheck[] {
  const tools = ['unshare', 'setpriv'].map(checkUtilLinux);
  // What an ordinary user cannot even begin with is said once, by userObstacles.
  if (!isRoot() && attempt([...privateOptions, 'true']).problem !== undefined) return tools;
  return [
    ...tools,
    {
      name: 'mount namespaces',
      ...namespace(['--mount'], 'CONFIG_NAMESPACES; in a container: --privileged'),
    },
    {
      name: 'pid namespaces',
      ...namespace(['--pid', '--fork', '--kill-child'], 'CONFIG_PID_NS; --pid=host does without'),
    },
    {
      name: 'net namespaces',
      ...optional(namespace(['--net'], 'CONFIG_NET_NS; only --net=none needs them')),
    },
  ];
}

function namespace(options: readonly string[], remedy: string): Finding {
  const user = isRoot() ? [] : ['--user', '--map-root-user'];
  const { problem } = attempt(['unshare', ...user, ...options, 'true']);
  return problem === undefined ? ok('can be made') : fail(problem, remedy);
}

function optional(finding: Finding): Finding {
  return finding.state === 'fail' ? { ...finding, state: 'warn' } : finding;
}

/** Runs something to its end; the first line it complains with when it fails. */
function attempt(argv: readonly string[]): { problem?: string } {
  const [program = '', ...args] = argv;
  const { code, error, stderr } = runSync(program, args, { env: { ...process.env, LC_ALL: 'C' } });
  if (error !== undefined) return { problem: `${program} cannot be run` };
  return code === 0
    ? {}
    : { problem: stderr.trim().split('\n')[0] || `${program} ended with status ${code}` };
}

/** The namespaces of `lvfs run` for an ordinary user. */
const privateOptions = [
  ...['unshare', '--user', '--map-root-user', '--mount', '--propagation', 'private'],
  ...['--pid', '--fork', '--kill-child', '--'],
];

const openDevice = 'exec 3<>/dev/fuse';
/** Nobody serves it and nothing is asked of it; it vanishes with the namespace. */
const mountOnce = `${openDevice} && mount -n -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0,ro lvfs /`;

/** Any id that is not root's; that of `nobody` nearly everywhere. */
const ordinaryId = '65534';

/** Root becomes an ordinary user for it. */
function attemptAsUser(argv: readonly string[]): { problem?: string } {
  const ids = ['--reuid', ordinaryId, '--regid', ordinaryId, '--clear-groups'];
  return attempt(isRoot() ? ['setpriv', ...ids, '--', ...argv] : argv);
}

/**
 * Does, as an ordinary user, what `lvfs run` begins with; only when that fails, the reason is looked for.
 */
function userObstacles(): Obstacle[] {
  const whole = attemptAsUser([...privateOptions, 'sh', '-c', mountOnce]);
  if (whole.problem === undefined) return [];
  const obstacles: Obstacle[] = [];
  const { problem } = attemptAsUser([...privateOptions, 'true']);
  if (problem !== undefined) obstacles.push(...namespaceObstacles(problem, readSetting));
  obstacles.push(...deviceObstacles());
  if (obstacles.length > 0) return obstacles;
  return [{ found: whole.problem, remedy: 'Linux 4.18 and later let users mount FUSE in their namespaces' }];
}

/** Settings that forbid user namespaces to users, and the value with which they do; sysctl(8) knows them by this name. */
const forbidding: readonly (readonly [name: string, forbids: string, allows: string])[] = [
  // Debian's and Arch's own.
  ['kernel.unprivileged_userns_clone', '0', '1'],
  // namespaces(7), for each user namespace.
  ['user.max_user_namespaces', '0', '15000'],
  ['user.max_mnt_namespaces', '0', '15000'],
  ['user.max_pid_namespaces', '0', '15000'],
  // AppArmor 4, on by default in Ubuntu 24.04: the namespace is made, but its root may do nothing.
  ['kernel.apparmor_restrict_unprivileged_userns', '1', '0'],
];

/**
 * Why an ordinary user cannot make namespaces.
 *
 * @param problem what the attempt complained of
 * @param setting a kernel setting by its name in sysctl(8); undefined when the kernel does not have it
 */
export function namespaceObstacles(
  problem: string,
  setting: (name: string) => string | undefined,
): Obstacle[] {
  const off = forbidding
    .filter(([name, forbids]) => setting(name) === forbids)
    .map(([name, forbids, allows]) => ({
      found: `${name} is ${forbids}`,
      remedy: `sysctl -w ${name}=${allows}; to keep it, write it into /etc/sysctl.d`,
    }));
  if (off.length > 0) return off;
  if (setting('user.max_user_namespaces') === undefined)
    return [{ found: 'this kernel has no user namespaces', remedy: 'build it with CONFIG_USER_NS' }];
  return [{ found: problem, remedy: 'in a container, let it make user namespaces (its seccomp profile)' }];
}

function readSetting(name: string): string | undefined {
  const file = `/proc/sys/${name.replaceAll('.', '/')}`;
  return unlessRefused(() => readFileSync(file, 'latin1').trim(), undefined);
}

/** What keeps an ordinary user from opening the device of FUSE; at most one thing. */
export function deviceObstacles(): Obstacle[] {
  const { problem } = attemptAsUser(['sh', '-c', openDevice]);
  if (problem === undefined) return [];
  const status = statSync('/dev/fuse', { throwIfNoEntry: false });
  if (status === undefined) {
    return [
      {
        found: '/dev/fuse does not exist',
        remedy: 'modprobe fuse (CONFIG_FUSE_FS); in a container: --device /dev/fuse',
      },
    ];
  }
  if ((status.mode & 0o006) === 0o006)
    return [{ found: `/dev/fuse: ${problem}`, remedy: 'in a container: --device /dev/fuse' }];
  const mode = (status.mode & 0o777).toString(8);
  return [
    {
      found: `/dev/fuse is not open to users (mode ${mode})`,
      remedy: 'chmod 666 /dev/fuse; to keep it, a udev rule: KERNEL=="fuse", MODE="0666"',
    },
  ];
}

export const linuxNamespaces: NamespaceHelper = {
  spawnPrivate,
  spawnCovered,
  enter,
  mountNamespace,
  hold,
  killAll,
  killSession,
  emptied: (namespace) => waitUntilEmpty(namespace, () => true),
  seenFromOutside: (path) => `/proc/${process.pid}/root${path}`,
  check,
  userObstacles,
};
