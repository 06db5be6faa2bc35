/** The files of /etc/portage that say something of packages but for USE and masks (portage(5)). */
import path from 'node:path';
import { lazy } from '../../base/index.js';
import { AtomTable, readEntries, type Warn } from '../packageFiles.js';
import type { Places } from './places.js';

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

/** See the head of this file. */
export class UserTables {
  readonly #places: Places;
  readonly #warn: Warn;

  constructor(places: Places, warn: Warn) {
    this.#places = places;
    this.#warn = warn;
  }

  /** package.license */
  @lazy
  get license(): UserTable {
    return this.#divided('package.license', { buildId: false });
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

  #divided(name: string, allowed: Allowed = {}): UserTable {
    const table = this.#table(allowed);
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
      warn: this.#warn,
    });
  }

  #fill(table: AtomTable<string>, name: string): void {
    const { files, userConfig } = this.#places;
    for (const { key, values, file, line } of readEntries(files, path.posix.join(userConfig, name), true))
      table.add(key, values, file, line);
  }
}
