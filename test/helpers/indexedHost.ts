import { lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { scanContents } from '../../src/portage/contents.js';
import { hostLinks } from '../../src/view/canonical.js';
import {
  loadIndex,
  openIndex,
  type InstalledState,
  type OpenIndexOptions,
  type SavedIndex,
} from '../../src/view/indexStore.js';
import { savedOwners } from '../../src/view/savedOwners.js';
import { PathIndex } from '../../src/view/pathIndex.js';
import { pkg } from './installed.js';

/** An empty index without room to spare, which is saved in a few hundred bytes. */
export const smallIndex = (): SavedIndex => ({
  index: PathIndex.create(
    {},
    { nodes: 64, names: 512, owners: 64, slots: 64, packages: 8, packageNodes: 64, packageNames: 128 },
  ),
  directories: new Map(),
});

/** A root with a VDB in which the test writes CONTENTS files. */
export class IndexedHost {
  readonly root: string;
  readonly cacheFile: string;
  readonly warnings: string[] = [];
  readonly #packages = new Map<string, string>();

  constructor(t: ExecutionContext) {
    this.root = mkdtempSync(join(tmpdir(), 'lvfs-index-'));
    this.cacheFile = join(this.root, 'cache', 'index');
    t.teardown(() => rmSync(this.root, { recursive: true, force: true }));
  }

  install(cpv: string, contents: string | Buffer | undefined): void {
    const directory = join(this.root, 'vdb', cpv);
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    if (contents !== undefined) writeFileSync(join(directory, 'CONTENTS'), contents);
    this.#packages.set(cpv, directory);
  }

  uninstall(cpv: string): void {
    rmSync(join(this.root, 'vdb', cpv), { recursive: true });
    this.#packages.delete(cpv);
  }

  /** Makes a directory and its parents; refuses to go through a link, which may lead out of the scratch root. */
  directory(path: string): void {
    let at = this.root;
    for (const part of path.split('/').filter((name) => name !== '')) {
      at = join(at, part);
      if (!lstatSync(at, { throwIfNoEntry: false })?.isDirectory()) mkdirSync(at);
    }
  }

  link(path: string, target: string): void {
    symlinkSync(target, join(this.root, path));
  }

  state(preserved?: InstalledState['preserved']): InstalledState {
    return {
      packages: [...this.#packages].map(([cpv, directory]) => ({ cpv: pkg(cpv), directory })),
      preserved,
    };
  }

  /**
   * Asks the saved file alone.
   * @param paths canonical, one character a byte
   */
  askSaved(paths: readonly string[], preserved?: InstalledState['preserved']): string[][] | undefined {
    const { packages } = this.state();
    const answer = savedOwners(
      {
        cacheFile: this.cacheFile,
        links: hostLinks(this.root),
        preserved,
        installed: (known) =>
          packages.length === known.size && packages.every(({ cpv }) => known.has(cpv))
            ? packages
            : undefined,
      },
      paths.map((path) => Buffer.from(path, 'latin1')),
    );
    return answer?.map((owners) => [...owners].sort());
  }

  async open(options: Partial<OpenIndexOptions> = {}) {
    const all: OpenIndexOptions = {
      ...this.state(),
      scan: scanContents,
      links: hostLinks(this.root),
      cacheFile: this.cacheFile,
      warn: ({ file, line, message }) => this.warnings.push(`${file}:${line}: ${message}`),
      ...options,
    };
    const { cacheFile, warn } = all;
    return openIndex({
      saved: cacheFile === undefined ? undefined : await loadIndex(cacheFile, warn),
      ...all,
    });
  }
}

/** The owners of a path, as it is. */
export function ownersOf(index: PathIndex, path: string | Buffer): string[] {
  const node = index.resolve(Buffer.from(path));
  return node === -1 ? [] : index.owners(node).map((id) => index.cpv(id));
}

const md5 = 'd41d8cd98f00b204e9800998ecf8427e';
/** A line of CONTENTS. */
export const obj = (path: string) => `obj ${path} ${md5} 1700000000\n`;

/** One with merged-usr links. */
export const merged = (t: ExecutionContext): IndexedHost => {
  const host = new IndexedHost(t);
  for (const path of ['usr/bin', 'usr/lib64', 'usr/lib', 'opt']) host.directory(path);
  host.link('bin', 'usr/bin');
  host.link('lib64', 'usr/lib64');
  return host;
};
