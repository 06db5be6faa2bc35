/** Where the files of one configuration lie. */
import path from 'node:path';
import { LvfsError } from '../../base/index.js';
import { RootFiles } from '../rootFiles.js';
import type { SystemLocations } from '../types.js';

/**
 * The path inside the root, without symlinks, of a directory that is given as a host path below it or as a path inside it;
 * empty for the root itself.
 *
 * @throws LvfsError `NO_SYSROOT` when there is no such directory inside the root.
 */
function placeInside(files: RootFiles, given: string): string {
  for (const candidate of [path.resolve(given), files.at(given)]) {
    const real = files.resolve(candidate);
    if (real === files.root) return '';
    const below = files.root === '/' ? '/' : `${files.root}/`;
    if (real.startsWith(below) && files.kind(real) === 'directory') return `/${real.slice(below.length)}`;
  }
  throw new LvfsError('NO_SYSROOT', `the sysroot '${given}' is no directory inside '${files.root}'`);
}

/** See the head of this file. */
export class Places {
  readonly files: RootFiles;
  /** EPREFIX: without a trailing slash, empty when there is none. */
  readonly prefix: string;
  /** The sysroot as a path inside the root, without symlinks and trailing slash; empty when there is none. */
  readonly sysroot: string;
  /** `<configRoot>/etc`, a host path. */
  readonly etc: string;

  /** @throws LvfsError `NO_ROOT`, `NO_SYSROOT` */
  constructor(locations: SystemLocations) {
    const { prefix = '', sysroot, configRoot } = locations;
    this.files = new RootFiles(locations.root, true);
    this.prefix = prefix === '/' ? '' : prefix.replace(/\/+$/, '');
    this.sysroot = sysroot === undefined ? '' : placeInside(this.files, sysroot);
    this.etc = path.posix.join(
      configRoot === undefined ? this.files.at(this.target) : path.resolve(configRoot),
      'etc',
    );
  }

  /** The system that is configured, as a path inside the root without a trailing slash: EROOT. */
  get target(): string {
    return this.sysroot === '' ? this.prefix : this.sysroot;
  }

  /** `/etc/portage`, a host path. */
  get userConfig(): string {
    return path.posix.join(this.etc, 'portage');
  }

  /** Where Portage's own configuration is, a host path. */
  get globalConfig(): string {
    return this.files.at(`${this.prefix}/usr/share/portage/config`);
  }

  /** Host path of `var/lib/portage` of the system that is configured. */
  get stateDirectory(): string {
    return this.files.at(`${this.target}/var/lib/portage`);
  }

  /** The host path of a path of repos.conf or sets.conf; the configuration may be set apart from the root. */
  hostPath(inside: string): string {
    const user = `${this.target}/etc/portage/`;
    const normal = path.posix.join('/', inside);
    return normal.startsWith(user)
      ? path.posix.join(this.userConfig, normal.slice(user.length))
      : this.files.at(normal);
  }

  /** What `%(name)s` stands for in repos.conf and sets.conf, by lower-case name. */
  get variables(): ReadonlyMap<string, string> {
    const inside = `${this.target}/`;
    return new Map([
      ['eprefix', this.prefix],
      ['eroot', inside],
      ['portage_configroot', inside],
      ['root', `${this.sysroot}/`],
    ]);
  }
}
