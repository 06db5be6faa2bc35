/**
 * Carries out a plan of binds with mount(8), all in one shell: each mount is a process of its own, and starting them from
 * here would take far longer.
 *
 * The view is made private first, so that neither what is mounted over it nor its end is seen in other mount namespaces,
 * and every bind is private: to unmount it does nothing to what is bound.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { describeError, errorCode, exitStatus, LvfsError } from '../base/index.js';
import type { Bind, BindPlan } from './binds.js';
import { isWithin, mountsOver, readMounts, unmount } from './mounts.js';

/**
 * Positional parameters: the view, the stage, then kind, source and target of each step. A mount over the package
 * database would hide the view's own, so that is kept on the stage meanwhile.
 */
const script = `
set -eu
view=$1 stage=$2
shift 2
mount -n -i --make-private -- "$view"
while [ $# -gt 0 ]; do
  target=$view$3
  step="$1 $3"
  trap 'echo "lvfs-bind $step" >&2' EXIT
  case $1 in
    bind) mount -n -i --bind --make-private -- "$2" "$target" ;;
    tree) mount -n -i --rbind --make-rprivate -- "$2" "$target" ;;
    read-only) mount -n -i --bind --make-private -o ro -- "$2" "$target" ;;
    memory) mount -n -i -t tmpfs -o nosuid,nodev,mode=755 --make-private -- lvfs "$target" ;;
    writable) mount -n -i -t tmpfs -o nosuid,nodev,mode=1777 --make-private -- lvfs "$target" ;;
    directory) mkdir -p -- "$target" ;;
    file) : > "$target" ;;
    keep) mount -n -i --bind --make-private -- "$target" "$stage" ;;
    restore) mount -n -i --move -- "$stage" "$target" ;;
    cache)
      mount -n -i -t tmpfs -o nosuid,nodev,mode=755 --make-private -- lvfs "$stage"
      cat > "$stage/file"
      chmod 644 "$stage/file"
      mount -n -i --bind --make-private -o ro -- "$stage/file" "$target"
      umount -n -i -l -- "$stage" ;;
    uncover) umount -n -i -l -- "$target" || true ;;
  esac
  shift 3
done
trap - EXIT
`;

type Step = readonly [kind: string, source: string, target: string];

/** What {@link mountBinds} works with. */
export interface MountBindsOptions {
  /** A directory of the session's own in which something can be mounted for a moment. */
  readonly directory: string;
  /** Take what is mounted below a source along: in a user namespace the kernel refuses to show what lies under those mounts. */
  readonly trees: boolean;
  /** `/proc` of the host; false: whoever starts the command mounts its own. */
  readonly hostProc: boolean;
  /** Contents of the view's /etc/ld.so.cache. */
  readonly loaderCache?: Uint8Array;
}

/** The place of the loader's cache inside a view. */
export const loaderCachePath = '/etc/ld.so.cache';

/**
 * Mounts everything of a plan over the view at `mountpoint`.
 *
 * @throws LvfsError BIND_FAILED (exit 23) naming what could not be mounted; the caller then takes the view away
 */
export async function mountBinds(
  mountpoint: string,
  plan: BindPlan,
  options: MountBindsOptions,
): Promise<void> {
  const steps = stepsOf(plan.binds, options);
  if (options.loaderCache !== undefined) steps.unshift(['cache', '', loaderCachePath]);
  await runScript(mountpoint, steps, options.directory, options.loaderCache);
}

/**
 * Replaces the loader's cache of a view that has one.
 *
 * @throws LvfsError BIND_FAILED
 */
export async function replaceLoaderCache(
  mountpoint: string,
  directory: string,
  cache: Uint8Array,
): Promise<void> {
  const steps: Step[] = [
    ['uncover', '', loaderCachePath],
    ['cache', '', loaderCachePath],
  ];
  await runScript(mountpoint, steps, directory, cache);
}

function stepsOf(binds: readonly Bind[], { trees, hostProc }: MountBindsOptions): Step[] {
  const steps: Step[] = [];
  const inMemory: string[] = [];
  const database = binds.find(({ kind }) => kind === 'database');
  if (database !== undefined) steps.push(['keep', '', database.target]);
  for (const { kind, source = '', target, readOnly } of binds) {
    if (inMemory.some((directory) => isWithin(target, directory))) steps.push(['directory', '', target]);
    switch (kind) {
      case 'proc':
        if (hostProc) steps.push(['bind', '/proc', target]);
        break;
      case 'memory':
        inMemory.push(target);
        steps.push([/(^|\/)tmp$/.test(target) ? 'writable' : 'memory', '', target]);
        break;
      case 'database':
        steps.push(['restore', '', target]);
        break;
      case 'bind':
        steps.push([readOnly === true ? 'read-only' : trees ? 'tree' : 'bind', source, target]);
        break;
    }
  }
  return steps;
}

async function runScript(
  mountpoint: string,
  steps: readonly Step[],
  directory: string,
  input: Uint8Array | undefined,
): Promise<void> {
  const stage = join(directory, 'stage');
  mkdirSync(stage, { recursive: true, mode: 0o700 });
  try {
    const { ok, stderr } = await shell([mountpoint, stage, ...steps.flat()], input);
    if (ok) return;
    const failed = /lvfs-bind (\S+) (.*)/.exec(stderr);
    const said = stderr.replace(/^lvfs-bind .*$/m, '').trim();
    const what = failed === null ? mountpoint : `${mountpoint}${failed[2]}`;
    throw new LvfsError('BIND_FAILED', `${what}: cannot be mounted`, {
      exit: exitStatus.cannotMount,
      cause: said,
      hint: 'lvfs … --no-binds does without',
    });
  } finally {
    removeStage(stage);
  }
}

function removeStage(stage: string): void {
  try {
    rmdirSync(stage);
  } catch (error) {
    // Still a mount point after a failure; it goes with the session.
    const code = errorCode(error);
    if (code !== 'EBUSY' && code !== 'ENOENT' && code !== 'ENOTEMPTY') throw error;
  }
}

function shell(
  words: readonly string[],
  input: Uint8Array | undefined,
): Promise<{ ok: boolean; stderr: string }> {
  return new Promise((done, fail) => {
    const child = spawn('/bin/sh', ['-c', script, 'lvfs-bind', ...words], {
      cwd: '/',
      stdio: ['pipe', 'ignore', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    // It reads its input only when there is a cache to write.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
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

/**
 * Takes away everything that is mounted over a view, last first, and nothing else: the view itself stays.
 *
 * @param lazy detach also what is in use
 * @returns what stayed because it is in use; empty when all is gone
 */
export async function unmountBinds(mountpoint: string, lazy: boolean): Promise<string[]> {
  const over = mountsOver(readMounts(), mountpoint);
  for (const [i, mount] of over.entries()) {
    const result = await unmount(mount.mountpoint, lazy);
    if (!result.done) return over.slice(i).map((left) => left.mountpoint);
  }
  return [];
}
