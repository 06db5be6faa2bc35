/** Views of fixture roots for tests: as objects in this thread, and mounted with real serving threads. */
import type { PackageId } from '../../src/base/index.js';
import { mkdtempSync, readdirSync, realpathSync, rmdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { HostWatch } from '../../src/daemon/session/hostWatch.js';
import {
  kernelNodeId,
  newSharedFiles,
  newWatchMemory,
  NodeHost,
  WatchTable,
} from '../../src/filesystem/index.js';
import type { Connection, Driver, ServeResult } from '../../src/fuse/index.js';
import { scanContents } from '../../src/portage/contents.js';
import {
  hostLinks,
  LiveChanges,
  type HostChange,
  openIndex,
  PathIndex,
  systemPaths,
  View,
  type Host,
  type IndexSizes,
  type IndexStore,
  type KernelCaches,
  type ViewSettings,
  type IndexNode,
} from '../../src/view/index.js';
import { takeAway, testDriver } from './withMemoryMount.js';
import { pkg } from './installed.js';

/** What to show of a root. */
export interface ViewSpec {
  root: string;
  /** Host path of the VDB; default inside the root. */
  vdb?: string;
  /** cpvs. */
  visible: readonly string[];
  metadataOnly?: readonly string[];
  settings?: Partial<ViewSettings>;
  /** Default: the real one. */
  host?: Host;
  /** How much the index has room for; default: plenty. */
  room?: IndexSizes;
}

/** A view and the index under it. */
export interface OpenedView {
  view: View;
  store: IndexStore;
  /** What the view warned of. */
  messages: string[];
  /** Ids of installed packages; throws for others. */
  ids(cpvs: readonly string[]): number[];
}

/** The packages of a VDB, without any of Portage's subtleties. */
export function packagesIn(vdb: string): { cpv: PackageId; directory: string }[] {
  return readdirSync(vdb)
    .filter((category) => !category.startsWith('.') && statSync(join(vdb, category)).isDirectory())
    .flatMap((category) =>
      readdirSync(join(vdb, category))
        .filter((pf) => !pf.startsWith('-MERGING-') && !pf.startsWith('.'))
        .map((pf) => ({ cpv: pkg(`${category}/${pf}`), directory: join(vdb, category, pf) })),
    );
}

/** A view of a root, with the built-in system paths. */
export function openTestView(spec: ViewSpec): OpenedView {
  const root = realpathSync(spec.root);
  const vdb = spec.vdb ?? join(root, 'var/db/pkg');
  const messages: string[] = [];
  const store = openIndex({
    ...(spec.room === undefined
      ? {}
      : { saved: { index: PathIndex.create({}, spec.room), directories: new Map() } }),
    packages: packagesIn(vdb),
    scan: scanContents,
    links: hostLinks(root),
    warn: (warning) => messages.push(`${warning.file}:${warning.line}: ${warning.message}`),
  });
  const settings: ViewSettings = {
    root,
    vdb: '/var/db/pkg',
    systemPaths,
    grafts: spec.vdb === undefined ? [] : [{ path: '/var/db/pkg', host: spec.vdb }],
    directories: [],
    overrides: { show: [], hide: [] },
    ...spec.settings,
  };
  const view = View.create(store.index, settings, spec.host ?? new NodeHost(), (_, message) =>
    messages.push(message),
  );
  const ids = (cpvs: readonly string[]) =>
    cpvs.map((cpv) => {
      const id = store.index.packageId(pkg(cpv));
      if (id < 0) throw new Error(`${cpv} is not installed in the fixture`);
      return id;
    });
  view.setVisible(ids(spec.visible), ids(spec.metadataOnly ?? []));
  return { view, store, messages, ids };
}

/** The node of a path, which has to be in the index. */
export function nodeIn(view: View, path: string): IndexNode {
  const node = view.index.resolve(Buffer.from(path));
  if (node === -1) throw new Error(`${path} is not in the index`);
  return node;
}

/** A mounted view. */
export interface MountedView extends OpenedView {
  mountpoint: string;
  connection: Connection;
  /** Changes what is shown, and returns when everybody sees it. */
  live: Pick<LiveChanges, 'apply' | 'hostChanged' | 'everythingChanged' | 'makeRoom'>;
  /** How many nodes of the index were given back each time when it was crowded. */
  given: readonly number[];
}

/** Mounts a view with one or more serving threads, and takes everything away afterwards. */
export async function withMountedView(
  spec: ViewSpec & { driver?: Driver; threads?: number; trace?: boolean; watch?: boolean },
  body: (mounted: MountedView) => unknown,
): Promise<void> {
  const mountpoint = realpathSync(mkdtempSync(join(tmpdir(), 'lvfs-view-')));
  const opened = openTestView({ ...spec, settings: { ...spec.settings, mountPoint: mountpoint } });
  const threads = spec.threads ?? 1;
  const driver = spec.driver ?? testDriver();
  const connection = await driver.mount({
    mountpoint,
    subtype: 'lvfs',
    threads,
  });
  const sharedFiles = newSharedFiles(256);
  const live = liveChanges(opened.view, connection, driver);
  const watchMemory = newWatchMemory();
  const listener = {
    changed: (changes: readonly HostChange[]) => live.hostChanged(changes),
    lost: () => live.everythingChanged(),
  };
  const watch =
    spec.watch === true
      ? HostWatch.open(opened.view, new WatchTable(watchMemory), listener, (_, text) =>
          opened.messages.push(text),
        )
      : undefined;
  const given: number[] = [];
  const makeRoom = async (): Promise<void> => {
    given.push(await live.makeRoom());
    opened.view.index.listenAgain();
  };
  const ended = Array.from({ length: threads }, (_, thread) => {
    const worker = new Worker(new URL('./viewWorker.js', import.meta.url), {
      workerData: {
        endpoint: connection.endpoint,
        thread,
        shared: opened.view.share(),
        sharedFiles,
        watches: watch && { memory: watchMemory, fd: watch.fd },
        trace: spec.trace ?? false,
      },
    });
    return new Promise<ServeResult>((resolve, reject) => {
      let result: ServeResult | undefined;
      worker.on('message', (message: { result?: ServeResult; message?: string; crowded?: true }) => {
        if (message.crowded) void makeRoom();
        if (message.result) result = message.result;
        if (message.message !== undefined) opened.messages.push(message.message);
      });
      worker.on('error', reject);
      worker.on('exit', () => (result ? resolve(result) : reject(new Error('the worker ended early'))));
    });
  });
  const all = Promise.allSettled(ended);
  try {
    await body({ ...opened, mountpoint, connection, live, given });
  } finally {
    await takeAway(connection, all);
    watch?.close();
    connection.close();
    rmdirSync(mountpoint);
  }
}

/** As a session connects a view with a driver. Where nothing can be taken back, what is cached has to expire. */
function liveChanges(view: View, connection: Connection, driver: Driver): MountedView['live'] {
  const host = new NodeHost();
  const caches: KernelCaches = {
    dropName: (directory, name) => connection.notifier?.invalidateEntry(directory + 1, name, true),
    dropNode: (node, content) =>
      connection.notifier?.invalidateNode(kernelNodeId(view, host, node), 0, content === 'start' ? 1 : 0),
  };
  const live = new LiveChanges(view, caches, connection.activity);
  const { staleSeconds } = driver.capabilities;
  return {
    hostChanged: (changes) => live.hostChanged(changes),
    everythingChanged: () => live.everythingChanged(),
    makeRoom: () => live.makeRoom(),
    apply: async (change) => {
      const summary = await live.apply(change);
      if (staleSeconds > 0) await delay(staleSeconds * 1000 + 50);
      return summary;
    },
  };
}
