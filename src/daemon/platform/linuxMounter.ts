/**
 * The mounter of Linux: mount(8) and umount(8) of util-linux, and fusermount(1) for an ordinary user's mounts.
 *
 * What covers a view is mounted by one shell: to start a process from here takes far longer. Mounts in a row are one table
 * in the form of fstab(5) and one mount(8). The view is made private first, and every bind is private, so that neither what is
 * mounted over it nor its end is seen in other mount namespaces.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  describeError,
  errorCode,
  exitStatus,
  isWithin,
  LvfsError,
  parseMountTable,
  readMountTable,
  utilityEnvironment,
} from '../../base/index.js';
import type { Obstacle } from './health.js';
import { deviceObstacles, inUserNamespace, linuxNamespaces } from './linuxNamespaces.js';
import {
  filesystemType,
  type Bind,
  type CoverOptions,
  type Holder,
  type Mounter,
  type UnmountResult,
} from './mounter.js';
import { checkUtilLinux } from './utilLinux.js';

/**
 * Positional parameters: the view, a file for tables, then kind and two arguments of each step. A mount over a package
 * database would hide the view's own, so that is opened before, and bound by its descriptor: a mount that is moved, or kept at another
 * place meanwhile, would be seen where that place's mounts are shared, and cannot be moved away from there.
 *
 * mount(8) goes on with a table after a line that failed, and says which (-c: by the name that it has there). Whether that matters is
 * not decided here: an answer on standard input means to go on.
 */
const script = `
set -eu
view=$1 table=$2
shift 2
mount -n -i --make-private -- "$view"
while [ $# -gt 0 ]; do
  step="$1 $2"
  trap 'echo "lvfs-bind $step" >&2' EXIT
  case $1 in
    open) eval "exec $3<\\"\\$view\\$2\\"" ;;
    directory) mkdir -p -- "$view$2" ;;
    table)
      step=table
      printf '%s' "$2" > "$table"
      mount -n -i -c -a -T "$table" || { echo lvfs-ask >&2; read -r go; } ;;
  esac
  shift 3
done
trap - EXIT
`;

/** What the shell says when lines of a table have failed. */
const question = 'lvfs-ask\n';

/** What the script does, with a path inside the view or a table, and a descriptor to open it as. */
type Step = readonly [kind: 'open' | 'directory' | 'table', what: string, descriptor: string];

/** The first descriptor that the shell opens; dash knows those of one digit only. */
const firstDescriptor = 4;

/** One line of a table. */
interface TableMount {
  readonly source: string;
  /** Host path. */
  readonly target: string;
  readonly type: 'none' | 'tmpfs';
  readonly options: string;
}

async function cover(view: string, binds: readonly Bind[], options: CoverOptions): Promise<void> {
  const table = join(options.scratch, 'table');
  try {
    const { ok, stderr } = await shell(
      [view, table, ...stepsOf(view, binds, options.hostProc).flat()],
      (said) => tableFailures(view, binds, said).length === 0,
    );
    if (ok) return;
    const { what, said } = failureOf(view, binds, stderr);
    throw new LvfsError('BIND_FAILED', `${what}: cannot be mounted`, {
      exit: exitStatus.cannotMount,
      cause: said,
      hint: 'lvfs … --no-binds does without',
    });
  } finally {
    rmSync(table, { force: true });
  }
}

/**
 * In a user namespace what is mounted below a source is taken along: the kernel refuses to show what lies under mounts that
 * it has locked together (mount_namespaces(7)).
 */
function stepsOf(view: string, binds: readonly Bind[], hostProc: boolean): Step[] {
  const bind = inUserNamespace() ? 'rbind,rprivate' : 'bind,private';
  const steps: (Step | TableMount)[] = [];
  const inMemory: string[] = [];
  const descriptors = new Map<Bind, number>();
  for (const database of binds.filter(({ kind }) => kind === 'database')) {
    const descriptor = firstDescriptor + descriptors.size;
    descriptors.set(database, descriptor);
    steps.push(['open', database.target, String(descriptor)]);
  }
  for (const one of binds) {
    const { kind, source = '', target: path, readOnly } = one;
    const target = view + path;
    if (inMemory.some((directory) => isWithin(path, directory))) steps.push(['directory', path, '']);
    switch (kind) {
      case 'proc':
        if (hostProc) steps.push({ source: '/proc', target, type: 'none', options: bind });
        break;
      case 'memory': {
        inMemory.push(path);
        const mode = /(^|\/)tmp$/.test(path) ? '1777' : '755';
        steps.push({ source: 'lvfs', target, type: 'tmpfs', options: `nosuid,nodev,mode=${mode},private` });
        break;
      }
      case 'database': {
        const opened = `/proc/self/fd/${descriptors.get(one)}`;
        steps.push({ source: opened, target, type: 'none', options: 'bind,private' });
        break;
      }
      case 'bind':
        steps.push({ source, target, type: 'none', options: readOnly === true ? 'bind,private,ro' : bind });
        break;
    }
  }
  return inTables(steps);
}

/** A table is one argument of the shell, and Linux takes none of more than 128 KiB. */
const longestTable = 1 << 16;

/** Makes mounts in a row one step. */
function inTables(steps: readonly (Step | TableMount)[]): Step[] {
  const result: Step[] = [];
  let table = '';
  const endTable = (): void => {
    if (table !== '') result.push(['table', table, '']);
    table = '';
  };
  for (const step of steps) {
    if ('options' in step) {
      if (table.length > longestTable) endTable();
      table += `${tableWord(step.source)} ${tableWord(step.target)} ${step.type} ${step.options} 0 0\n`;
    } else {
      endTable();
      result.push(step);
    }
  }
  endTable();
  return result;
}

/** A path as fstab(5) has it. */
function tableWord(path: string): string {
  return path.replace(/[ \t\n\\]/g, (byte) => `\\${byte.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

/** What mount(8) said of the lines of a table that failed, without those that may fail: `mount: TARGET: …` each. */
function tableFailures(view: string, binds: readonly Bind[], said: string): string[] {
  const mayFail = binds.filter(({ found }) => found).map(({ target }) => `mount: ${view}${target}: `);
  return said
    .trim()
    .split(/\n(?=mount: )/)
    .filter((failure) => !mayFail.some((start) => failure.startsWith(start)));
}

/** What could not be mounted, and why. */
function failureOf(view: string, binds: readonly Bind[], stderr: string): { what: string; said: string } {
  const step = /^lvfs-bind (\S+) ?(.*)$/m.exec(stderr);
  const said = stderr.replace(/^lvfs-(?:bind .*|ask)$/gm, '').trim();
  if (step?.[1] !== 'table') return { what: `${view}${step?.[2] ?? ''}`, said };
  const [first = ''] = tableFailures(view, binds, said);
  const target = binds.find((bind) => first.startsWith(`mount: ${view}${bind.target}: `))?.target ?? '';
  return { what: `${view}${target}`, said: first };
}

/** @param goOn whether to go on although lines of a table have failed, of which mount(8) said this */
function shell(
  words: readonly string[],
  goOn: (said: string) => boolean,
): Promise<{ ok: boolean; stderr: string }> {
  return new Promise((done, fail) => {
    const child = spawn('/bin/sh', ['-c', script, 'lvfs-bind', ...words], {
      cwd: '/',
      stdio: ['pipe', 'ignore', 'pipe'],
      env: utilityEnvironment(),
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      if (!stderr.endsWith(question)) return;
      const said = stderr.slice(0, -question.length);
      if (goOn(said)) {
        stderr = '';
        child.stdin.write('\n');
      } else child.stdin.end();
    });
    // It may have ended without having asked.
    child.stdin.on('error', () => undefined);
    child.on('error', (error) => {
      fail(
        new LvfsError('NO_TOOL', `cannot run /bin/sh: ${describeError(error)}`, {
          exit: exitStatus.cannotMount,
        }),
      );
    });
    child.on('close', (code) => done({ ok: code === 0, stderr }));
  });
}

/** In a process of its own: this one may be the one that serves it. */
async function unmount(mountpoint: string, lazy: boolean): Promise<UnmountResult> {
  // umount(8) takes only root's word; an ordinary user's mount was made by fusermount.
  const { code, stderr } =
    process.getuid?.() === 0
      ? // -l is MNT_DETACH, -f MNT_FORCE: the connection ends with it.
        await runTool('umount', ['-i', '-c', ...(lazy ? ['-l', '-f'] : []), '--', mountpoint])
      : await runTool('fusermount', ['-u', ...(lazy ? ['-z'] : []), '--', mountpoint]);
  if (code === 0) return { done: true };
  const message = stderr.trim().replace(/\s*\n\s*/g, ' ') || `umount ended with status ${code}`;
  // Somebody else was quicker: so say umount, and fusermount before and after it has looked into the mount table.
  if (
    /not mounted|no mount point|entry for .* not found|Invalid argument/.test(message) &&
    !isViewMounted(mountpoint)
  )
    return { done: true };
  return { done: false, busy: /busy/.test(message), message };
}

function isViewMounted(mountpoint: string): boolean {
  return readMountTable().findLast((mount) => mount.mountpoint === mountpoint)?.type === filesystemType;
}

function runTool(program: string, args: readonly string[]): Promise<{ code: number; stderr: string }> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: '/',
      env: utilityEnvironment(),
    });
    let stderr = '';
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text: string) => (stderr += text));
    child.on('error', (error) => {
      fail(
        new LvfsError('NO_TOOL', `cannot run ${program}`, {
          exit: exitStatus.cannotMount,
          hint: program === 'fusermount' ? 'install fuse' : 'install util-linux',
          cause: error,
        }),
      );
    });
    child.on('close', (code, signal) =>
      done({ code: code ?? 1, stderr: signal === null ? stderr : `killed by ${signal}` }),
    );
  });
}

/** Works from /proc alone. */
function findHolders(mountpoint: string, device: string | undefined): Holder[] {
  const holders: Holder[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const use = useOf(name, mountpoint, device);
    if (use !== undefined) holders.push({ pid: Number(name), comm: readComm(name), use });
  }
  return holders;
}

function useOf(pid: string, mountpoint: string, device: string | undefined): Holder['use'] | undefined {
  const inside = (link: string): boolean => {
    const target = unlessGone(() => readlinkSync(link));
    return target !== undefined && isWithin(target, mountpoint);
  };
  for (const use of ['cwd', 'root', 'exe'] as const) if (inside(`/proc/${pid}/${use}`)) return use;
  const fds = unlessGone(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  if (fds.some((fd) => inside(`/proc/${pid}/fd/${fd}`))) return 'file';
  if (device === undefined) return undefined;
  const [major = '', minor = ''] = device.split(':');
  const hex = (digits: string): string => Number(digits).toString(16).padStart(2, '0');
  const maps = unlessGone(() => readFileSync(`/proc/${pid}/maps`, 'latin1')) ?? '';
  return maps.includes(` ${hex(major)}:${hex(minor)} `) ? 'map' : undefined;
}

function heldBy(device: string): Holder[] {
  const holders: Holder[] = [];
  const seen = new Set([linuxNamespaces.mountNamespace('self')]);
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const namespace = linuxNamespaces.mountNamespace(Number(pid));
    if (namespace === undefined || seen.has(namespace)) continue;
    const table = unlessGone(() => readFileSync(`/proc/${pid}/mountinfo`, 'latin1'));
    if (table === undefined) continue;
    seen.add(namespace);
    if (parseMountTable(table).some((mount) => mount.device === device))
      holders.push({ pid: Number(pid), comm: readComm(pid), use: 'namespace' });
  }
  return holders;
}

async function leaveViews(except: readonly string[]): Promise<void> {
  const views = readMountTable()
    .filter(({ type }) => type === filesystemType)
    .map(({ mountpoint }) => mountpoint)
    .filter((view, i, all) => !all.slice(0, i).some((other) => isWithin(view, other)))
    .filter((view) => view !== '/' && !except.some((path) => isWithin(path, view)));
  if (views.length > 0) await runTool('umount', ['-n', '-i', '-c', '-l', '--', ...views]);
}

function readComm(pid: string): string {
  return unlessGone(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim()) ?? '?';
}

/** The result, or undefined when a process ended meanwhile or may not be looked at. */
function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM' || code === 'ENOTDIR')
      return undefined;
    throw error;
  }
}

/**
 * libfuse 2 opens the device, and has fusermount(1) mount, which has to become root for that. The option user_allow_other of
 * /etc/fuse.conf is not needed: the view is the user's own.
 */
function userObstacles(): Obstacle[] {
  const obstacles = deviceObstacles();
  const install = 'install fuse (Debian: fuse3, Gentoo: sys-fs/fuse:0)';
  const program = findProgram('fusermount');
  if (program === undefined) {
    const other = findProgram('fusermount3');
    const found =
      other === undefined ? 'is not installed' : `is not there, only ${other}, which libfuse 2 does not run`;
    obstacles.push({ found: `fusermount ${found}`, remedy: install });
  } else {
    const { mode, uid } = statSync(program);
    if ((mode & 0o4000) === 0 || uid !== 0)
      obstacles.push({ found: `${program} is not setuid root`, remedy: `chmod u+s ${program}` });
  }
  if (/^NoNewPrivs:\s*1$/m.test(readFileSync('/proc/self/status', 'latin1'))) {
    obstacles.push({
      found: 'no process here can become root (no_new_privs)',
      remedy: 'start lvfs outside of the service or container that forbids it',
    });
  }
  return obstacles;
}

/** Where libfuse finds a program; see {@link utilityEnvironment}. */
function findProgram(name: string): string | undefined {
  const directories = (utilityEnvironment()['PATH'] ?? '').split(':').filter((directory) => directory !== '');
  return directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
}

export const linuxMounter: Mounter = {
  mounts: readMountTable,
  cover,
  unmount,
  holders: findHolders,
  heldBy,
  leaveViews,
  check: () => ['mount', 'umount'].map(checkUtilLinux),
  userObstacles,
};
