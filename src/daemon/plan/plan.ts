/** What a view would show, asked without a mount. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unlessRefused, type Logger, type PackageId } from '../../base/index.js';
import { chainsTo, type ChainLink, type System, type VisibleSet } from '../../portage/index.js';
import { indexKind } from '../../view/index.js';
import { loadSystemIndex, openSystemIndex, readSystem } from './systemIndex.js';
import type { ViewRequest } from '../request.js';

/** How many files a package has. */
export interface PackageFiles {
  readonly cpv: PackageId;
  /** Files and links that its CONTENTS lists. */
  readonly files: number;
  /** What Portage recorded as its size in bytes; null when it recorded none. */
  readonly bytes: number | null;
}

/** Says of which targets no tests are run although they were asked for. */
export function tellUntested(
  { targets }: Pick<VisibleSet, 'targets'>,
  { test }: ViewRequest['set'],
  log: Logger,
): void {
  const untested = targets.filter(({ ebuild }) => test === true && ebuild?.untested === true);
  for (const { cpv } of untested) log('warn', `${cpv}: RESTRICT keeps its tests from being run`);
}

/** The visible set of a request, and more about it. */
export class Plan {
  readonly set: VisibleSet;
  readonly #request: ViewRequest;
  readonly #system: System;
  readonly #log: Logger;

  /** @throws LvfsError what Portage's data or the targets make impossible */
  constructor(request: ViewRequest, log: Logger) {
    this.#request = request;
    this.#log = log;
    this.#system = readSystem(request.locations, log, request.cache);
    this.set = this.#system.visibleSet(request.set);
    tellUntested(this.set, request.set, log);
    this.#system.save();
  }

  /** The system that is built for, as a path inside the root; undefined when that is the root. */
  get sysroot(): string | undefined {
    return this.#system.sysroot === '' ? undefined : this.#system.sysroot;
  }

  /** The set of other targets in the same system, with everything else the same. */
  setOf(targets: readonly string[]): VisibleSet {
    return this.#system.visibleSet({ ...this.#request.set, targets });
  }

  /**
   * The installed packages that atoms or names match.
   *
   * @throws LvfsError exit 20 for a name that is unknown or ambiguous
   */
  matchInstalled(atoms: readonly string[]): readonly PackageId[] {
    return this.#system.matchInstalled(atoms);
  }

  /** The chains that bring a package in, the shortest first. */
  chains(cpv: PackageId, limit: number): readonly (readonly ChainLink[])[] {
    return chainsTo(this.set, cpv, limit);
  }

  /** How many files packages have. Opens the index. */
  async files(cpvs: Iterable<PackageId>, progress: (text: string) => void): Promise<PackageFiles[]> {
    const { cache } = this.#request;
    const saved = await loadSystemIndex(this.#system, cache, this.#log);
    const { index } = openSystemIndex(this.#system, cache, saved, { log: this.#log, progress });
    return Array.from(cpvs, (cpv) => {
      const id = index.packageId(cpv);
      let files = 0;
      for (const node of id < 0 ? [] : index.nodesOf(id)) {
        if (index.kind(node) !== indexKind.dir) files++;
      }
      return { cpv, files, bytes: this.#recordedSize(cpv) };
    });
  }

  /** Base names of the shared libraries that an installed package lists, links to them among them. */
  libraries(cpv: PackageId): ReadonlySet<string> {
    const names = new Set<string>();
    const directory = this.#system.packageDirectory(cpv);
    if (directory === undefined) return names;
    const data = readIfThere(join(directory, 'CONTENTS'));
    for (const [, name = ''] of data.matchAll(/^(?:obj|sym) \S*\/([^/\s]+\.so(?:\.[^/\s]*)?)(?= )/gm))
      names.add(name);
    return names;
  }

  #recordedSize(cpv: PackageId): number | null {
    const directory = this.#system.packageDirectory(cpv);
    if (directory === undefined) return null;
    const text = readIfThere(join(directory, 'SIZE')).trim();
    return /^\d+$/.test(text) ? Number(text) : null;
  }
}

/** The text of a file; empty when it cannot be had. */
function readIfThere(file: string): string {
  return unlessRefused(() => readFileSync(file, 'utf8'), '');
}
