/** Whether this machine can do what lvfs needs, for `lvfs doctor`. Every check says what it found and how to mend it. */
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { release } from 'node:os';
import { dirname, join } from 'node:path';
import { describeError, errorCode, LvfsError, runSync, shellWord, type Logger } from '../base/index.js';
import { deviceProblem, isFuseDevice, libfuseProblem } from '../fuse/index.js';
import type { System } from '../portage/index.js';
import { systemProblem } from '../system/index.js';
import { readSystem } from './plan/systemIndex.js';
import {
  fail,
  filesystemType,
  mounter,
  namespaces,
  ok,
  warn,
  type Finding,
  type HealthCheck,
  type Obstacle,
} from './platform/index.js';
import { registryDirectory } from './registry/registry.js';
import { viewsLeft } from './remedies.js';
import type { ViewRequest } from './request.js';

/** One of the ways in which an ordinary user can have a view. */
export interface UserWay {
  readonly way: 'user namespace' | 'fusermount';
  /** What he can do in it. */
  readonly commands: readonly string[];
  /** Nothing closes it: {@link obstacles} is empty. */
  readonly open: boolean;
  /** What closes it, and how to mend that. */
  readonly obstacles: readonly Obstacle[];
}

/** The whole answer. */
export interface Health {
  /** No check failed and, for an ordinary user, a way is open. */
  readonly ready: boolean;
  readonly checks: readonly HealthCheck[];
  /** For an ordinary user, whoever asks. */
  readonly users: readonly UserWay[];
}

/** Looks at everything; nothing on the machine is changed. */
export async function checkHealth(
  request: Pick<ViewRequest, 'locations' | 'cache'>,
  log: Logger,
): Promise<Health> {
  const system = openedSystem(request, log);
  const named = (checks: readonly [string, Finding][]): HealthCheck[] =>
    checks.map(([name, finding]) => ({ name, ...finding }));
  const checks = [
    ...named([
      ['node', node()],
      ['kernel', kernel()],
      ['/dev/fuse', fuseDevice()],
      ['system calls', systemCalls()],
      ['user', ok(isRoot() ? 'root' : 'an ordinary user')],
    ]),
    ...mounter.check(),
    ...namespaces.check(),
    ...named([
      ['emerge', emerge()],
      ['packages', installedPackages(system)],
      ['repositories', repositories(system)],
      ['loader cache', loaderCache(request.locations.root)],
      ['index cache', writable(request.cache, '--cache DIR, or LVFS_CACHE, sets another place')],
      ['sessions', writable(registryDirectory(), 'LVFS_RUNTIME_DIR sets another place')],
      ['views', views(await viewsLeft())],
      ['updatedb', walkedByUpdatedb(updatedbConfiguration)],
    ]),
  ];
  const users = userWays();
  const ready = checks.every(({ state }) => state !== 'fail') && (isRoot() || users.some(({ open }) => open));
  return { ready, checks, users };
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function obstacleOf(problem: LvfsError | undefined): Obstacle[] {
  return problem === undefined ? [] : [{ found: problem.message, remedy: problem.hint ?? '' }];
}

function userWays(): UserWay[] {
  const libfuse = obstacleOf(libfuseProblem());
  const way = (
    name: UserWay['way'],
    commands: readonly string[],
    obstacles: readonly Obstacle[],
  ): UserWay => ({ way: name, commands, open: obstacles.length === 0, obstacles });
  // What is wrong then looks like something else to whoever tries.
  const notFuse = isFuseDevice() === false ? obstacleOf(deviceProblem()) : [];
  return [
    way(
      'user namespace',
      ['run', 'shell', 'build', 'check'],
      notFuse.length > 0 ? notFuse : namespaces.userObstacles(),
    ),
    way('fusermount', ['mount'], [...libfuse, ...(notFuse.length > 0 ? notFuse : mounter.userObstacles())]),
  ];
}

function systemCalls(): Finding {
  const problem = systemProblem();
  return problem === undefined ? ok('through koffi') : warn(problem.message, problem.hint ?? '');
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > 20 || (major === 20 && minor >= 19)
    ? ok(process.version)
    : fail(process.version, 'install Node 20.19 or later');
}

/** FUSE in user namespaces, and READDIRPLUS with cached listings, came with 4.18 and 4.20. */
function kernel(): Finding {
  const [major = 0, minor = 0] = release()
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  const found = `${process.platform} ${release()}`;
  if (process.platform !== 'linux') return fail(found, 'use --driver libfuse');
  return major > 5 || (major === 5 && minor >= 4) || (major === 4 && minor >= 20)
    ? ok(found)
    : warn(found, 'a kernel before 4.20 does not keep listings: 5.4 or later is faster');
}

function fuseDevice(): Finding {
  const problem = deviceProblem();
  if (problem === undefined) return ok('can be opened');
  const found = problem.message.replace(/^\/dev\/fuse: /, '');
  const finding = isRoot() || isFuseDevice() !== true ? fail : warn;
  return finding(found, problem.hint ?? 'be root');
}

function emerge(): Finding {
  const { stdout, code, error } = runSync('emerge', ['--version'], { env: process.env });
  if (error !== undefined)
    return warn('not found', "install sys-apps/portage; only 'lvfs build' without --command needs it");
  return code === 0
    ? ok(stdout.trim().split('\n')[0] ?? '')
    : warn(`ends with status ${code}`, 'see emerge --info');
}

interface Opened {
  readonly system?: System;
  readonly error?: LvfsError;
}

function openedSystem({ locations, cache }: Pick<ViewRequest, 'locations' | 'cache'>, log: Logger): Opened {
  try {
    return { system: readSystem(locations, log, cache) };
  } catch (error) {
    if (!(error instanceof LvfsError)) throw error;
    return { error };
  }
}

/** Answers from a system that may be unreadable in any of its parts. */
function fromSystem({ system, error }: Opened, answer: (system: System) => Finding, remedy: string): Finding {
  if (system === undefined) return fail(describeError(error), remedy);
  try {
    return answer(system);
  } catch (problem) {
    if (!(problem instanceof LvfsError)) throw problem;
    return fail(describeError(problem), problem.hint ?? remedy);
  }
}

function installedPackages(opened: Opened): Finding {
  const remedy = '--root or --vdb names another place';
  return fromSystem(
    opened,
    (system) => {
      const count = system.installed().length;
      const found = `${count} in ${system.database}`;
      return count > 0 ? ok(found) : fail(found, remedy);
    },
    remedy,
  );
}

function repositories(opened: Opened): Finding {
  const remedy = 'emaint sync, or --repo DIR';
  return fromSystem(
    opened,
    (system) => {
      const all = system.repositories();
      if (all.length === 0) return fail('none', remedy);
      const without = all.filter(({ location }) => !existsSync(join(location, 'metadata/md5-cache')));
      const found = all.map(({ name }) => name).join(', ');
      return without.length === 0
        ? ok(found)
        : warn(
            `${found}; without md5-cache: ${without.map(({ name }) => name).join(', ')}`,
            `egencache --update --repo ${without[0]?.name ?? ''}`,
          );
    },
    remedy,
  );
}

function loaderCache(root: string): Finding {
  try {
    const cache = readFileSync(join(root, 'etc/ld.so.cache'));
    return cache.includes('glibc-ld.so.cache1.1')
      ? ok('is of a known format')
      : warn('is of an unknown format', 'hidden libraries are named in it; they cannot be opened');
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return warn('is not there', 'run ldconfig, unless this system does without (musl)');
  }
}

/** Of mlocate and plocate; updatedb.conf(5). */
const updatedbConfiguration = '/etc/updatedb.conf';

/**
 * Whether locate's nightly walk stays out of views: it would read all that they show once more, and names of one of them would
 * be found as though they were files of the machine.
 *
 * @param file updatedb's configuration
 */
export function walkedByUpdatedb(file: string): Finding {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return ok('is not set up here');
    if (errorCode(error) === undefined) throw error;
    return warn(`${file}: cannot be read`, `its PRUNEFS should have ${filesystemType}`);
  }
  // The last assignment counts, and case does not.
  const values = [...text.matchAll(/^[ \t]*PRUNEFS[ \t]*=[ \t]*"([^"]*)"/gm)];
  const types = (values.at(-1)?.[1] ?? '').toLowerCase().split(/\s+/);
  return types.includes(filesystemType)
    ? ok('stays out of views')
    : warn('walks through mounted views', `add ${filesystemType} to PRUNEFS in ${file}`);
}

function views({ left, problem }: Awaited<ReturnType<typeof viewsLeft>>): Finding {
  if (problem !== undefined) return warn(problem.message, problem.hint ?? '');
  return left.length === 0
    ? ok('none without its daemon')
    : warn(`without their daemon: ${left.join(', ')}`, `lvfs umount ${left.map(shellWord).join(' ')}`);
}

function writable(directory: string, remedy: string): Finding {
  let nearest = directory;
  while (!existsSync(nearest) && nearest !== dirname(nearest)) nearest = dirname(nearest);
  try {
    if (!statSync(nearest).isDirectory()) return fail(`${nearest}: is not a directory`, remedy);
    accessSync(nearest, constants.W_OK | constants.X_OK);
    return ok(directory);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return fail(`${directory}: cannot be written`, remedy);
  }
}
