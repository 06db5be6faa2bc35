/**
 * What is mounted over a view so that work can be done in it: the kernel's own filesystems, the places that builds write
 * to, and the repositories. A plan is only computed here; the mounter carries it out.
 *
 * Everything written goes straight to the host's directories, never through the view. A directory that the host does not
 * have is a private one in memory, except where emerge itself would make it.
 */
import { lstatSync, readlinkSync, statSync } from 'node:fs';
import { join, posix, relative, resolve } from 'node:path';
import {
  errorCode,
  isWithin,
  LvfsError,
  makeDirectories,
  realOf,
  resolveWithin,
  shellWord,
  unlessRefused,
} from '../../base/index.js';
import type { RepositoryPlace, System } from '../../portage/index.js';
import { filesystemType, mounter, type Bind, type MountEntry } from '../platform/index.js';
import type { BindRequest } from '../request.js';

/** A plan, in the order in which it is carried out. */
export interface BindPlan {
  readonly binds: readonly Bind[];
  /** Targets that must be directories of the view itself. */
  readonly directories: readonly string[];
  /** Targets that must be files of the view itself, which the host has. */
  readonly files: readonly string[];
  /** What was left out, and why: sentences for the user. */
  readonly notes: readonly string[];
}

/** Where a repository is seen inside a view: its own place, or the usual one when it lies outside of the root. */
function repositoryTarget(system: Pick<System, 'root'>, repository: RepositoryPlace, prefix = ''): string {
  return isWithin(repository.location, system.root)
    ? `/${relative(system.root, repository.location)}`
    : `${prefix}/var/db/repos/${repository.name}`;
}

/** The parts of a system that a plan is made from. */
export type BindSystem = Pick<
  System,
  'root' | 'sysroot' | 'database' | 'databases' | 'userConfiguration' | 'variable' | 'repositories'
>;

interface Wanted {
  target: string;
  source: string;
  /** What to do when the host does not have it. */
  missing: 'memory' | 'skip' | 'create' | 'fail';
  readOnly?: boolean;
  /** Whether what is mounted below the source is wanted too; names: only these. */
  below: 'all' | readonly string[];
}

/** Kernel filesystems below /dev that builds use. */
const deviceMounts = ['pts', 'shm', 'mqueue'];

/** Where a plan is for. */
export interface PlanOptions {
  /** Gentoo Prefix offset, as in `SystemLocations`. */
  readonly prefix: string;
  /** Host directories that must not appear inside: the mount point itself. */
  readonly reserved: readonly string[];
  /** Directories of lvfs's own state, with their links resolved: what is mounted there is not bound, and they are empty inside. */
  readonly own: readonly string[];
}

/** Where a directory of the host is expected inside: at its own place in the root or, where it lies outside, at the same path. */
export function placeInside(root: string, path: string): string {
  return isWithin(path, root) ? `/${relative(root, path)}` : path;
}

/**
 * Plans what to mount over a view of `system`. {@link BindRequest.workingDirectory} is mounted too: whoever asks knows whether the
 * view shows it by itself.
 *
 * @throws LvfsError BAD_BIND (exit 2) for a `--bind` that cannot be; what `system` throws
 */
export function planBinds(
  system: BindSystem,
  request: BindRequest,
  { prefix, reserved, own }: PlanOptions,
): BindPlan {
  const plan = new Plan(system.root, reserved, own);
  if (request.defaults) {
    plan.kernel();
    for (const path of ['/run', '/tmp', '/var/tmp'])
      plan.add(inside(system, path, 'memory', path === '/run' ? [] : 'all'));
    const { sysroot } = system;
    for (const path of [
      '/var/log',
      // Portage keeps these for each root (EROOT).
      ...(sysroot === '' ? [prefix] : [prefix, sysroot]).flatMap((root) => [
        `${root}/var/cache/edb`,
        `${root}/var/lib/gentoo/news`,
      ]),
    ])
      plan.add(inside(system, path, 'memory'));
    const portage = portageDirectories(system);
    for (const { path, missing } of portage)
      plan.add(inside(system, path, request.create ? missing : 'memory'));
    for (const path of readOnlySources(system)) plan.add({ ...inside(system, path, 'skip'), readOnly: true });
    const repositories = system.repositories();
    plan.database(system, `${prefix}/var/db`, system.database, repositories, prefix);
    const [, ofSysroot] = system.databases;
    if (ofSysroot !== undefined) {
      const base = `${sysroot}/var/db`;
      // A sysroot in which nothing was ever installed has no database.
      if (stateOf(ofSysroot) === 'directory') plan.database(system, base, ofSysroot);
      else plan.add(inside(system, base, 'memory', []));
    }
    // Set apart, it is also shown where it lies: what it names relative to itself (make.profile) is there only.
    const source = system.userConfiguration;
    if (isWithin(source, system.root) && !isUsualPlace(system, prefix)) {
      plan.add({
        source,
        target: `/${relative(system.root, source)}`,
        missing: 'skip',
        readOnly: true,
        below: [],
      });
    }
  }
  for (const text of request.binds) plan.add(parseBind(system.root, text, false));
  for (const text of request.readOnlyBinds) plan.add(parseBind(system.root, text, true));
  const { workingDirectory } = request;
  if (workingDirectory !== undefined)
    plan.add({
      source: workingDirectory,
      target: resolveInside(system.root, placeInside(system.root, workingDirectory)),
      missing: 'skip',
      below: 'all',
    });
  return plan.finish();
}

/** Whether the configuration is where that of the root, of the prefix or of the sysroot is. */
function isUsualPlace(
  { root, sysroot, userConfiguration }: Pick<System, 'root' | 'sysroot' | 'userConfiguration'>,
  prefix: string,
): boolean {
  return userConfiguration === realOf(join(root, prefix, sysroot, 'etc/portage'));
}

/**
 * The directory that PORTAGE_CONFIGROOT has to name inside a view; undefined when that is the root, or the prefix: the
 * configuration is at its usual place there, or can be seen there only.
 */
export function configurationRoot(
  system: Pick<System, 'root' | 'sysroot' | 'userConfiguration'>,
  prefix = '',
): string | undefined {
  const { root, sysroot, userConfiguration } = system;
  if (isUsualPlace(system, prefix) || !isWithin(userConfiguration, root)) return sysroot || undefined;
  const path = `/${relative(root, userConfiguration)}`;
  return path.endsWith('/etc/portage') ? path.slice(0, -'/etc/portage'.length) || '/' : undefined;
}

function inside(
  system: BindSystem,
  path: string,
  missing: Wanted['missing'],
  below: Wanted['below'] = 'all',
): Wanted {
  const target = resolveInside(system.root, path);
  return { target, source: join(system.root, target), missing, below };
}

/** Where Portage writes, from its own settings. */
function portageDirectories(system: BindSystem): { path: string; missing: 'memory' | 'create' }[] {
  const features = (system.variable('FEATURES') ?? '').split(/\s+/);
  const named = (name: string): string[] => absolutePath(system.variable(name));
  return [
    ...named('PORTAGE_TMPDIR').map((path) => ({ path, missing: 'memory' as const })),
    ...[...named('DISTDIR'), ...named('PKGDIR')].map((path) => ({ path, missing: 'create' as const })),
    ...['PORT_LOGDIR', 'PORTAGE_LOGDIR', 'EMERGE_LOG_DIR'].flatMap((name) =>
      named(name).map((path) => ({ path, missing: 'memory' as const })),
    ),
    ...(features.includes('ccache')
      ? absolutePath(system.variable('CCACHE_DIR') ?? '/var/cache/ccache').map((path) => ({
          path,
          missing: 'memory' as const,
        }))
      : []),
  ];
}

function readOnlySources(system: BindSystem): string[] {
  return (system.variable('PORTAGE_RO_DISTDIRS') ?? '').split(/\s+/).flatMap(absolutePath);
}

function absolutePath(path: string | undefined): string[] {
  if (path?.startsWith('/') !== true) return [];
  const clean = resolve(path);
  return clean === '/' ? [] : [clean];
}

function parseBind(root: string, text: string, readOnly: boolean): Wanted {
  const colon = text.indexOf(':');
  const source = colon === -1 ? text : text.slice(0, colon);
  const target = colon === -1 ? source : text.slice(colon + 1);
  const option = readOnly ? '--ro' : '--bind';
  if (source === '' || !target.startsWith('/') || resolve(target) === '/') {
    throw new LvfsError(
      'BAD_BIND',
      `${option} ${text}: expected SRC[:DST] with an absolute DST other than /`,
    );
  }
  // No file system has longer names (NAME_MAX in linux/limits.h).
  if (target.split('/').some((name) => Buffer.byteLength(name) > 255)) {
    throw new LvfsError('BAD_BIND', `${option} ${text}: a name of more than 255 bytes`);
  }
  return {
    target: resolveInside(root, resolve(target)),
    source: resolve(source),
    missing: 'fail',
    below: 'all',
    ...(readOnly ? { readOnly } : {}),
  };
}

class Plan {
  readonly #root: string;
  /** Host directories that must not appear inside. */
  readonly #reserved: readonly string[];
  readonly #own: readonly string[];
  readonly #mounts: readonly MountEntry[] = mounter.mounts();
  readonly #binds: Bind[] = [];
  readonly #files: string[] = [];
  readonly #notes: string[] = [];

  constructor(root: string, reserved: readonly string[], own: readonly string[]) {
    this.#root = root;
    this.#reserved = reserved;
    this.#own = own;
  }

  /** The kernel's filesystems come from the running system, whatever root is shown. */
  kernel(): void {
    this.#binds.push({ target: '/proc', kind: 'proc' });
    this.#bind({ target: '/sys', source: '/sys', missing: 'skip', below: ['fs/cgroup'] });
    this.#bind({ target: '/dev', source: '/dev', missing: 'skip', below: deviceMounts });
  }

  add(wanted: Wanted): void {
    const state = stateOf(wanted.source);
    if (state === 'missing') {
      if (wanted.missing === 'skip') return;
      if (wanted.missing === 'fail') {
        throw new LvfsError('BAD_BIND', `${wanted.source}: cannot be bound: it does not exist`);
      }
      // Whoever wants it makes it: the directory around it can be written.
      const around = this.#around(wanted.target);
      if (around !== undefined && around.kind !== 'proc' && around.readOnly !== true) return;
      if (wanted.missing === 'create' && this.#create(wanted.source)) this.#bind(wanted);
      else this.#binds.push({ target: wanted.target, kind: 'memory' });
      return;
    }
    if (wanted.missing === 'fail') this.#checkTarget(wanted, state);
    if (!wanted.readOnly && this.#isThere(wanted)) {
      this.#below(wanted);
      return;
    }
    this.#bind(wanted);
  }

  /**
   * The host's directory around a package database, so that locks are the same as outside, with the view's own list of
   * packages in it; in memory where that is not the host's.
   *
   * @param base the directory, inside the root
   * @param database what its `pkg` is expected to be: a host path
   * @param places repositories that are shown too
   */
  database(
    system: BindSystem,
    base: string,
    database: string,
    places: readonly RepositoryPlace[] = [],
    prefix = '',
  ): void {
    const target = resolveInside(system.root, base);
    const source = join(system.root, target);
    const packages = `${target}/pkg`;
    const repositories = places.map((repository) => ({
      source: repository.location,
      target: repositoryTarget(system, repository, prefix),
    }));
    const needed = [packages, ...repositories.map((repository) => repository.target)].filter((path) =>
      isWithin(path, target),
    );
    const isHosts =
      realOf(`${source}/pkg`) === database &&
      needed.every((path) => stateOf(join(system.root, path)) === 'directory');
    if (isHosts) this.#bind({ target, source, missing: 'skip', below: [] });
    else this.#binds.push({ target, kind: 'memory' });
    this.#binds.push({ target: packages, kind: 'database' });
    for (const repository of repositories) {
      this.#bind({ ...repository, missing: 'skip', readOnly: true, below: 'all' });
    }
  }

  /** Covers what of lvfs's own state the binds would show. */
  #coverOwn(): void {
    const places = this.#binds.flatMap(({ kind, source = '', target }) =>
      kind === 'bind'
        ? this.#own
            .filter((own) => isWithin(own, source))
            .map((own) => posix.join(target, relative(source, own)))
        : [],
    );
    for (const target of new Set(places)) this.#binds.push({ target, kind: 'memory' });
  }

  finish(): BindPlan {
    this.#coverOwn();
    const directories = this.#binds
      .filter(
        ({ kind, source, target }) =>
          kind !== 'database' &&
          (source === undefined || stateOf(source) === 'directory') &&
          this.#around(target) === undefined,
      )
      .map(({ target }) => target);
    return { binds: this.#binds, directories, files: this.#files, notes: this.#notes };
  }

  #bind(wanted: Wanted): void {
    if (stateOf(wanted.source) === 'missing') return;
    this.#binds.push({
      target: wanted.target,
      kind: 'bind',
      source: wanted.source,
      ...(wanted.readOnly === true ? { readOnly: true } : {}),
    });
    this.#below(wanted);
  }

  /** A bind shows what is mounted below its source only when that is bound as well. */
  #below({ source, target, below, readOnly }: Wanted): void {
    const views = this.#mounts
      .filter(({ type }) => type === filesystemType)
      .map(({ mountpoint }) => mountpoint);
    const seen = new Set<string>();
    for (const { mountpoint, type } of this.#mounts) {
      if (mountpoint === source || !isWithin(mountpoint, source) || seen.has(mountpoint)) continue;
      const name = relative(source, mountpoint);
      if (below !== 'all' && !below.includes(name)) continue;
      if (
        type === 'autofs' ||
        [...views, ...this.#reserved, ...this.#own].some((path) => isWithin(mountpoint, path))
      )
        continue;
      if (stateOf(mountpoint) === 'missing') continue;
      const place = posix.join(target, name);
      if (this.#binds.some((bind) => bind.target === place && bind.source === mountpoint)) continue;
      seen.add(mountpoint);
      this.#binds.push({
        target: place,
        kind: 'bind',
        source: mountpoint,
        ...(readOnly === true ? { readOnly } : {}),
        found: true,
      });
    }
  }

  /** The bind in which a path lies. */
  #around(path: string): Bind | undefined {
    return this.#binds.findLast((bind) => isWithin(path, bind.target) && bind.target !== path);
  }

  /** Whether a bind shows this directory at this place already, and lets it be written. */
  #isThere({ target, source }: Wanted): boolean {
    const bind = this.#binds.findLast((candidate) => isWithin(target, candidate.target));
    return (
      bind?.kind === 'bind' &&
      bind.readOnly !== true &&
      join(bind.source ?? '/', relative(bind.target, target)) === source
    );
  }

  /**
   * A directory to mount on can be made in the view and in memory, but not in what is bound from the host; a file to mount on
   * has to be there.
   */
  #checkTarget({ target }: Wanted, state: 'directory' | 'other'): void {
    const around = this.#around(target);
    if (state === 'other' && around?.kind !== 'bind') {
      if (around === undefined && stateOf(join(this.#root, target)) === 'other') {
        this.#files.push(target);
        return;
      }
      throw new LvfsError('BAD_BIND', `${target}: there is no file inside that could be replaced`, {
        hint: 'bind the directory that it is in, or put it in the place of a file (SRC:DST)',
      });
    }
    if (around?.kind !== 'bind') return;
    const place = join(around.source ?? '/', relative(around.target, target));
    if (stateOf(place) !== 'missing') return;
    throw new LvfsError(
      'BAD_BIND',
      `${target}: does not exist inside, where ${around.target} is the host's ${around.source}`,
      {
        hint: `bind it at another place (SRC:DST), or: mkdir -p ${shellWord(place)}`,
      },
    );
  }

  #create(path: string): boolean {
    try {
      makeDirectories(path, 0o755);
      return true;
    } catch (error) {
      const code = errorCode(error);
      if (code === undefined) throw error;
      this.#notes.push(`${path}: cannot be made (${code}); what is written there is lost at the end`);
      return false;
    }
  }
}

function stateOf(path: string): 'missing' | 'directory' | 'other' {
  return unlessRefused(() => (statSync(path).isDirectory() ? 'directory' : 'other'), 'missing');
}

/**
 * A path inside `root` with all links resolved as though chrooted there; what does not exist is taken as written. A mount
 * point named through an absolute link would otherwise be looked for outside of the view.
 */
export function resolveInside(root: string, path: string): string {
  return resolveWithin('', path, '', (link) => linkTarget(join(root, link))) || '/';
}

function linkTarget(path: string): string | undefined {
  return unlessRefused(() => (lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined), undefined);
}
