/** Whether this machine can do what lvfs needs, for `lvfs doctor`. Every check says what it found and how to mend it. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { release } from 'node:os';
import { dirname, join } from 'node:path';
import { describeError, errorCode, LvfsError, type Logger } from '../base/index.js';
import type { System } from '../portage/index.js';
import { readSystem } from './openView.js';
import { registryDirectory } from './registry.js';
import type { ViewRequest } from './request.js';

/** One line of the answer. */
export interface HealthCheck {
  readonly name: string;
  /** `fail`: lvfs cannot work; `warn`: something of it cannot, or will be slower. */
  readonly state: 'ok' | 'warn' | 'fail';
  /** What was found. */
  readonly found: string;
  /** How to mend it; not with `ok`. */
  readonly remedy?: string;
}

type Check = () => Omit<HealthCheck, 'name'>;

/** Looks at everything; nothing on the machine is changed. */
export function checkHealth(request: Pick<ViewRequest, 'locations' | 'cache'>, log: Logger): HealthCheck[] {
  const system = openedSystem(request, log);
  const checks: [string, Check][] = [
    ['node', node],
    ['kernel', kernel],
    ['/dev/fuse', fuseDevice],
    ['rights', rights],
    ['mount namespaces', () => namespace(['--mount'], 'CONFIG_NAMESPACES; in a container: --privileged')],
    [
      'pid namespaces',
      () => namespace(['--pid', '--fork', '--kill-child'], 'CONFIG_PID_NS; --pid=host does without'),
    ],
    ['net namespaces', () => optional(namespace(['--net'], 'CONFIG_NET_NS; only --net=none needs them'))],
    ['user namespaces', userNamespaces],
    ...['mount', 'umount', 'unshare', 'setpriv'].map((tool): [string, Check] => [
      tool,
      () => utilLinux(tool),
    ]),
    ['emerge', emerge],
    ['packages', () => installedPackages(system)],
    ['repositories', () => repositories(system)],
    ['loader cache', () => loaderCache(request.locations.root)],
    ['index cache', () => writable(request.cache, '--cache DIR, or LVFS_CACHE, sets another place')],
    ['sessions', () => writable(registryDirectory(), 'LVFS_RUNTIME_DIR sets another place')],
  ];
  return checks.map(([name, check]) => ({ name, ...check() }));
}

const ok = (found: string): Omit<HealthCheck, 'name'> => ({ state: 'ok', found });
const warn = (found: string, remedy: string): Omit<HealthCheck, 'name'> => ({ state: 'warn', found, remedy });
const fail = (found: string, remedy: string): Omit<HealthCheck, 'name'> => ({ state: 'fail', found, remedy });

function optional(result: Omit<HealthCheck, 'name'>): Omit<HealthCheck, 'name'> {
  return result.state === 'fail' ? { ...result, state: 'warn' } : result;
}

function node(): Omit<HealthCheck, 'name'> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > 20 || (major === 20 && minor >= 19)
    ? ok(process.version)
    : fail(process.version, 'install Node 20.19 or later');
}

/** FUSE in user namespaces, and READDIRPLUS with cached listings, came with 4.18 and 4.20. */
function kernel(): Omit<HealthCheck, 'name'> {
  const [major = 0, minor = 0] = release()
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  const found = `${process.platform} ${release()}`;
  if (process.platform !== 'linux') return fail(found, 'use --driver libfuse');
  return major > 5 || (major === 5 && minor >= 4) || (major === 4 && minor >= 20)
    ? ok(found)
    : warn(found, 'a kernel before 4.20 does not keep listings: 5.4 or later is faster');
}

function fuseDevice(): Omit<HealthCheck, 'name'> {
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
    return ok('can be opened');
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    return code === 'ENOENT'
      ? fail('does not exist', 'modprobe fuse (CONFIG_FUSE_FS); in a container: --device /dev/fuse')
      : fail(`cannot be opened (${code})`, 'be root, or chmod 666 /dev/fuse');
  }
}

function rights(): Omit<HealthCheck, 'name'> {
  if (process.getuid?.() === 0) return ok('root');
  return warn(
    'an ordinary user',
    'run, shell, build and check work where user namespaces do; mount needs root',
  );
}

function namespace(options: readonly string[], remedy: string): Omit<HealthCheck, 'name'> {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const { status, error, stderr } = spawnSync('unshare', [...user, ...options, 'true'], { encoding: 'utf8' });
  if (error !== undefined) return fail('unshare cannot be run', 'install util-linux');
  return status === 0 ? ok('can be made') : fail(stderr.trim().split('\n')[0] ?? `status ${status}`, remedy);
}

/** Only ordinary users need them; a build that uses a sandbox of its own may as well. */
function userNamespaces(): Omit<HealthCheck, 'name'> {
  const { status } = spawnSync('unshare', ['--user', '--map-root-user', 'true'], { stdio: 'ignore' });
  return status === 0
    ? ok('can be made')
    : warn(
        'cannot be made',
        'CONFIG_USER_NS, and sysctl user.max_user_namespaces above 0; only ordinary users need them',
      );
}

const oldestUtilLinux = [2, 36] as const;

function utilLinux(tool: string): Omit<HealthCheck, 'name'> {
  const { stdout, error } = spawnSync(tool, ['--version'], { encoding: 'utf8' });
  if (error !== undefined) return fail('not found', 'install util-linux');
  const version = /util-linux (\d+)\.(\d+)/.exec(stdout);
  if (version === null) return warn(stdout.trim().split('\n')[0] ?? '', 'install the tools of util-linux');
  const [major, minor] = [Number(version[1]), Number(version[2])];
  const isNew = major > oldestUtilLinux[0] || minor >= oldestUtilLinux[1];
  const found = `util-linux ${major}.${minor}`;
  return isNew ? ok(found) : fail(found, `install util-linux ${oldestUtilLinux.join('.')} or later`);
}

function emerge(): Omit<HealthCheck, 'name'> {
  const { stdout, status, error } = spawnSync('emerge', ['--version'], { encoding: 'utf8' });
  if (error !== undefined)
    return warn('not found', "install sys-apps/portage; only 'lvfs build' without --command needs it");
  return status === 0
    ? ok(stdout.trim().split('\n')[0] ?? '')
    : warn(`ends with status ${status}`, 'see emerge --info');
}

interface Opened {
  readonly system?: System;
  readonly error?: LvfsError;
}

function openedSystem({ locations }: Pick<ViewRequest, 'locations'>, log: Logger): Opened {
  try {
    return { system: readSystem(locations, log) };
  } catch (error) {
    if (!(error instanceof LvfsError)) throw error;
    return { error };
  }
}

/** Answers from a system that may be unreadable in any of its parts. */
function fromSystem(
  { system, error }: Opened,
  answer: (system: System) => Omit<HealthCheck, 'name'>,
  remedy: string,
): Omit<HealthCheck, 'name'> {
  if (system === undefined) return fail(describeError(error), remedy);
  try {
    return answer(system);
  } catch (problem) {
    if (!(problem instanceof LvfsError)) throw problem;
    return fail(describeError(problem), problem.hint ?? remedy);
  }
}

function installedPackages(opened: Opened): Omit<HealthCheck, 'name'> {
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

function repositories(opened: Opened): Omit<HealthCheck, 'name'> {
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

function loaderCache(root: string): Omit<HealthCheck, 'name'> {
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

function writable(directory: string, remedy: string): Omit<HealthCheck, 'name'> {
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
