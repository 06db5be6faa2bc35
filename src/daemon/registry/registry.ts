/**
 * Where running views are recorded: one directory per session under `/run/lvfs` (for an ordinary user
 * `$XDG_RUNTIME_DIR/lvfs`), named after the process that started it. It holds
 *
 *     meta.json     who serves what, written once the view is mounted
 *     control.sock  the daemon's ear; see docs/control-protocol.md
 *     log           what the daemon has to say
 *     held          locked for as long as the daemon lives
 *
 * Beside them, while something is being mounted, `mounting-…` says by which process; see mountClaim.ts.
 *
 * A process is identified by its id and the time it started, so that a recycled id is never taken for it, and by its pid namespace, as
 * containers and machines may share the directory: of other namespaces only `held` tells who lives; see holding.ts. The record of
 * a dead daemon is kept for as long as its mount is there, and that of a daemon that failed, with its log, until `lvfs umount`
 * has cleaned up or something is mounted there again.
 */
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import {
  errorCode,
  LvfsError,
  ifSeen,
  isAbsent,
  isRecord,
  isTexts,
  makeDirectories,
  parseJson,
  processStat,
  shellWord,
} from '../../base/index.js';
import { heldFile, hold, isHeld, pidNamespace } from './holding.js';

/** `meta.json`. */
export interface SessionMeta {
  readonly schemaVersion: 1;
  /** The daemon. */
  readonly pid: number;
  /** Clock ticks since boot at which it started, from /proc/<pid>/stat. */
  readonly startTime: string;
  /** The pid namespace in which these two mean something; see {@link pidNamespace}. */
  readonly pidNamespace: string;
  readonly mountpoint: string;
  /** `major:minor` of the mount. */
  readonly device: string;
  /** The targets as resolved: cpvs. */
  readonly targets: readonly string[];
  readonly driver: string;
  /** ISO 8601. */
  readonly since: string;
  readonly root: string;
  /** As a path inside the view; absent when there is none. */
  readonly sysroot?: string;
  readonly version: string;
  /** Why the daemon ended, when it was not asked to. */
  readonly failure?: string;
}

/** One directory of the registry. */
export interface SessionRecord {
  readonly id: string;
  readonly directory: string;
  readonly meta: SessionMeta;
  /** Whether the daemon's process is there; it may still be stuck. */
  readonly alive: boolean;
  /** The daemon is in another pid namespace: its id means nothing here, and its mount point may not. */
  readonly isElsewhere: boolean;
}

/** The registry's directory; see the head of this file. `LVFS_RUNTIME_DIR` sets it apart. */
export function registryDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const apart = environment['LVFS_RUNTIME_DIR'];
  if (apart !== undefined && isAbsolute(apart)) return apart;
  if (process.getuid?.() === 0) return '/run/lvfs';
  const runtime = environment['XDG_RUNTIME_DIR'];
  if (runtime !== undefined && isAbsolute(runtime)) return join(runtime, 'lvfs');
  return join(tmpdir(), `lvfs-${process.getuid?.() ?? 'user'}`);
}

/** The socket of a session. */
export function controlSocket(directory: string): string {
  return join(directory, 'control.sock');
}

/** The log of a session. */
export function logFile(directory: string): string {
  return join(directory, 'log');
}

/** Where a view in a private namespace is mounted. */
export function privateMountpoint(directory: string): string {
  return join(directory, sessionMountpoint);
}

/**
 * Makes a new session directory, accessible to this user only.
 *
 * @throws LvfsError as {@link makeRegistry}
 */
export function createSessionDirectory(): string {
  const base = makeRegistry();
  const start = processStartTime(process.pid) ?? '0';
  return recording(base, () => mkdtempSync(join(base, `${process.pid}.${start}.${pidNamespace()}.`)));
}

/**
 * Makes the registry's directory, if it is not there.
 *
 * @throws LvfsError NO_RUNTIME_DIR (exit 23) when it cannot be made, or others can write there
 */
export function makeRegistry(): string {
  const base = registryDirectory();
  recording(base, () => {
    makeDirectories(base, 0o700);
    checkRegistry(base);
  });
  return base;
}

/**
 * Makes something in the registry.
 *
 * @throws LvfsError NO_RUNTIME_DIR (exit 23) with what kept it from being made
 */
export function recording<T>(base: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (errorCode(error) === undefined || error instanceof LvfsError) throw error;
    throw new LvfsError('NO_RUNTIME_DIR', `cannot record sessions in ${base}`, {
      hint: 'set LVFS_RUNTIME_DIR to a directory that can be written, and has room',
      cause: error,
    });
  }
}

/**
 * Whoever can make names in the registry can have records believed, files removed and sockets trusted that are his.
 *
 * @throws LvfsError NO_RUNTIME_DIR (exit 23) when that is anybody but this user
 */
function checkRegistry(base: string): void {
  const stat = lstatSync(base);
  const refuse = (why: string, hint: string): never => {
    throw new LvfsError('NO_RUNTIME_DIR', `${base}: ${why}`, { hint });
  };
  if (!stat.isDirectory() || stat.uid !== process.getuid?.())
    refuse('is not a directory of this user', 'set LVFS_RUNTIME_DIR to a directory of your own');
  if ((stat.mode & 0o022) !== 0) refuse('others can write to it', `chmod go-w ${shellWord(base)}`);
}

/**
 * Shows to other pid namespaces that the daemon of a session lives, until this process ends or the returned function is called.
 *
 * @throws LvfsError NO_RUNTIME_DIR (exit 23)
 */
export function holdSession(directory: string): () => void {
  return recording(dirname(directory), () => hold(directory));
}

/**
 * Records a session; readers never see half of it.
 *
 * @throws LvfsError NO_RUNTIME_DIR (exit 23)
 */
export function writeMeta(directory: string, meta: SessionMeta): void {
  const temporary = join(directory, '.meta.json');
  recording(dirname(directory), () => {
    writeFileSync(temporary, `${JSON.stringify(meta)}\n`, { mode: 0o600 });
    renameSync(temporary, join(directory, 'meta.json'));
  });
}

/**
 * Makes the directory on which a private view is mounted.
 *
 * @throws LvfsError NO_RUNTIME_DIR (exit 23)
 */
export function makePrivateMountpoint(directory: string): string {
  const mountpoint = privateMountpoint(directory);
  recording(dirname(directory), () => mkdirSync(mountpoint, { mode: 0o755 }));
  return mountpoint;
}

/** All that a session directory ever holds: files (`table` is the mounter's), and the directory on which a private session mounts. */
const sessionFiles = ['meta.json', 'control.sock', 'log', 'table', heldFile].flatMap((name) => [
  name,
  `.${name}`,
]);
const sessionMountpoint = 'root';

/**
 * Takes a session off the record. Never fails because it is gone already. Nothing is removed that lvfs does not know, and
 * no directory that is not empty: a view may still be mounted in it.
 */
export function removeSessionDirectory(directory: string): void {
  for (const name of sessionFiles) unlessGone(() => unlinkSync(join(directory, name)));
  unlessGone(() => rmdirSync(privateMountpoint(directory)));
  unlessGone(() => rmdirSync(directory));
}

/** Takes all sessions that a process has made off the record; for a process that is known to have ended. */
export function removeSessionsOf(pid: number): void {
  const base = registryDirectory();
  for (const id of sessionIds(base)) {
    const starter = starterOf(id);
    if (starter.pid === pid && !starter.isElsewhere) removeSessionDirectory(join(base, id));
  }
}

/** Does without what is gone already, or in use. */
export function unlessGone(remove: () => void): void {
  try {
    remove();
  } catch (error) {
    const code = errorCode(error);
    if (!isAbsent(error) && code !== 'EBUSY' && code !== 'ENOTEMPTY') throw error;
  }
}

/**
 * All recorded sessions, oldest first. Directories of sessions that ended before they were mounted are cleared away, as
 * are records of dead daemons whose mount is gone.
 *
 * @param isMounted whether a view is (still) mounted there
 * @throws LvfsError NO_RUNTIME_DIR (exit 23) when somebody else can make such records
 */
export function listSessions(isMounted: (meta: SessionMeta) => boolean): SessionRecord[] {
  const base = registryDirectory();
  const records: SessionRecord[] = [];
  for (const id of sessionIds(base)) {
    const directory = join(base, id);
    const meta = readMeta(directory);
    if (meta === undefined) {
      if (!starterIsAlive(id)) removeSessionDirectory(directory);
      continue;
    }
    const isElsewhere = meta.pidNamespace !== pidNamespace();
    const alive = isElsewhere ? isHeld(directory) : processStartTime(meta.pid) === meta.startTime;
    if (!alive && meta.failure === undefined && !isMounted(meta)) {
      removeSessionDirectory(directory);
      continue;
    }
    records.push({ id, directory, meta, alive, isElsewhere });
  }
  return records.sort((a, b) => (a.meta.since < b.meta.since ? -1 : a.meta.since > b.meta.since ? 1 : 0));
}

/** The names of session directories; links are none. */
function sessionIds(base: string): string[] {
  try {
    checkRegistry(base);
    const entries = readdirSync(base, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if (isAbsent(error) || errorCode(error) === 'EACCES') return [];
    return recording(base, () => {
      throw error;
    });
  }
}

/** Undefined when the session is not recorded (yet), or its record is damaged. */
function readMeta(directory: string): SessionMeta | undefined {
  const text = ifSeen(() => readFileSync(join(directory, 'meta.json'), 'utf8'));
  return text === undefined ? undefined : parseJson(text, isMeta);
}

function isMeta(value: unknown): value is SessionMeta {
  if (!isRecord(value) || typeof value['pid'] !== 'number' || !isTexts(value['targets'])) return false;
  const texts = ['startTime', 'pidNamespace', 'mountpoint', 'device', 'driver', 'since', 'root', 'version'];
  const optional = ['sysroot', 'failure'].filter((name) => value[name] !== undefined);
  return [...texts, ...optional].every((name) => typeof value[name] === 'string');
}

/**
 * Whether a session that is not recorded yet may still be starting: the process that made the directory is alive, or in another pid
 * namespace, where it is looked after. Its daemon gives up when that process goes away before the view is mounted.
 */
function starterIsAlive(id: string): boolean {
  const { pid, start, isElsewhere } = starterOf(id);
  return isElsewhere || (start !== undefined && processStartTime(pid) === start);
}

/** Who has made a session directory of this name. */
function starterOf(id: string): { pid: number; start: string | undefined; isElsewhere: boolean } {
  const [pid, start, namespace, unique] = id.split('.');
  return { pid: Number(pid), start, isElsewhere: unique !== undefined && namespace !== pidNamespace() };
}

/**
 * When a process started, in clock ticks since boot (field 22 of proc_pid_stat(5)); undefined when there is no such
 * process, or only a zombie.
 */
export function processStartTime(pid: number): string | undefined {
  const stat = processStat(pid);
  return stat?.state === 'Z' || stat?.state === 'X' ? undefined : stat?.started;
}
