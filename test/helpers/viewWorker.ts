/** The worker that serves a view; started by `withMountedView`. */
import { parentPort, workerData } from 'node:worker_threads';
import { NodeHost, ViewFs, WatchedDirectories, type SharedFiles } from '../../src/filesystem/index.js';
import { Activity, serve, type Endpoint } from '../../src/fuse/index.js';
import { DirectoryWatcher } from '../../src/system/index.js';
import { PathIndex, View, type SharedView } from '../../src/view/index.js';

const { endpoint, thread, shared, sharedFiles, watches, trace } = workerData as {
  endpoint: Endpoint;
  thread: number;
  shared: SharedView;
  sharedFiles: SharedFiles;
  watches: { memory: SharedArrayBuffer; fd: number } | undefined;
  trace: boolean;
};
const log = (level: string, message: string) => parentPort?.postMessage({ level, message });
const host = new NodeHost();
const index = PathIndex.attach(shared.index);
index.onCrowded = () => parentPort?.postMessage({ crowded: true });
const view = View.attach(index, shared, host, log);
const activity = new Activity(endpoint.shared);
const watcher = watches && DirectoryWatcher.attach(watches.fd);
const watched = watches && watcher && new WatchedDirectories(view, watches.memory, watcher);
const files = new ViewFs(view, host, {
  shared: sharedFiles,
  trace,
  ...(watched === undefined ? {} : { watched }),
  checksLists: () => activity.isEnabled('POSIX_ACL'),
});
const result = await serve(endpoint, files, { thread, log });
files.close();
parentPort?.postMessage({ result });
