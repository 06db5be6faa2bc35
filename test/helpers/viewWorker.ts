/** The worker that serves a view; started by `withMountedView`. */
import { parentPort, workerData } from 'node:worker_threads';
import { NodeHost, ViewFs, type SharedFiles } from '../../src/filesystem/index.js';
import { Activity, serve, type Endpoint } from '../../src/fuse/index.js';
import { PathIndex, View, type SharedView } from '../../src/view/index.js';

const { endpoint, thread, shared, sharedFiles, trace } = workerData as {
  endpoint: Endpoint;
  thread: number;
  shared: SharedView;
  sharedFiles: SharedFiles;
  trace: boolean;
};
const log = (level: string, message: string) => parentPort?.postMessage({ level, message });
const host = new NodeHost();
const view = View.attach(PathIndex.attach(shared.index), shared, host, log);
const activity = new Activity(endpoint.shared);
const files = new ViewFs(view, host, {
  shared: sharedFiles,
  trace,
  checksLists: () => activity.isEnabled('POSIX_ACL'),
});
const result = await serve(endpoint, files, { thread, log });
files.close();
parentPort?.postMessage({ result });
