/** The files of /etc/portage that say something of packages but for USE and masks (portage(5)). */
import path from 'node:path';
import { lazy } from '../../base/index.js';
import { AtomTable, type Entry, readEntries, type Warn } from '../packageFiles.js';
import type { Places } from './places.js';
import type { ProfileNode } from './profile.js';

/** A file whose lines for all packages (`*\/*`) count like make.conf. */
export interface UserTable {
  /** The values of these lines; undefined when there are none. */
  readonly everywhere: readonly string[] | undefined;
  /** The other lines. */
  readonly byPackage: AtomTable<string>;
}

/** Which atoms the lines of a file may have. */
interface Allowed {
  readonly use?: boolean;
  readonly buildId?: boolean;
}

/** What decides about them. */
export interface UserTableParts {
  readonly places: Places;
  readonly profile: readonly ProfileNode[];
  readonly warn: Warn;
}

/** See the head of this file. */
export class UserTables {
  readonly #parts: UserTableParts;

  constructor(parts: UserTableParts) {
    this.#parts = parts;
  }

  /**
   * package.license, also of profiles in the format `profile-license`. Where several files name the same atom the last one counts
   * (`LicenseManager._read_user_config`).
   */
  @lazy
  get license(): UserTable {
    const table = this.#table({ buildId: false });
    const { places, profile } = this.#parts;
    const nodes = profile.filter((node) => node.formats.includes('profile-license'));
    const lines = new Map<string, Entry>();
    for (const directory of [...nodes.map((node) => node.directory), places.userConfig]) {
      const own = new Map<string, Entry>();
      for (const entry of readEntries(places.files, path.posix.join(directory, 'package.license'), true)) {
        const before = own.get(entry.key);
        own.set(entry.key, { ...entry, values: [...(before?.values ?? []), ...entry.values] });
      }
      for (const [key, entry] of own) lines.set(key, entry);
    }
    for (const { key, values, file, line } of lines.values()) table.add(key, values, file, line);
    return { everywhere: table.take('*/*'), byPackage: table };
  }

  /** package.properties */
  @lazy
  get properties(): UserTable {
    return this.#divided('package.properties');
  }

  /** package.accept_restrict */
  @lazy
  get acceptRestrict(): UserTable {
    return this.#divided('package.accept_restrict');
  }

  /** package.env */
  @lazy
  get env(): UserTable {
    return this.#divided('package.env');
  }

  /** package.keywords and package.accept_keywords, which mean the same; the older one comes first. */
  @lazy
  get keywords(): AtomTable<string> {
    const table = this.#table({ use: false });
    this.#fill(table, 'package.keywords');
    this.#fill(table, 'package.accept_keywords');
    return table;
  }

  #divided(name: string): UserTable {
    const table = this.#table({});
    this.#fill(table, name);
    return { everywhere: table.take('*/*'), byPackage: table };
  }

  #table({ use = true, buildId = true }: Allowed): AtomTable<string> {
    return new AtomTable<string>({
      allowWildcard: true,
      allowRepo: true,
      allowBuildId: buildId,
      allowUse: use,
      eager: true,
      warn: this.#parts.warn,
    });
  }

  #fill(table: AtomTable<string>, name: string): void {
    const { files, userConfig } = this.#parts.places;
    for (const { key, values, file, line } of readEntries(files, path.posix.join(userConfig, name), true))
      table.add(key, values, file, line);
  }
}
