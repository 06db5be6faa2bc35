/**
 * A serving thread: loads its code while the main thread computes, then blocks in its read of the device until the mount is
 * gone. Messages to the main thread go out all the while; none reach this thread.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { describeError, LvfsError, type Logger } from '../../base/index.js';
import {
  NodeHost,
  NumberedOperations,
  Numbering,
  Readers,
  ViewFs,
  WatchedDirectories,
} from '../../filesystem/index.js';
import { Activity, serve } from '../../fuse/index.js';
import { DirectoryWatcher, keepCapabilities, ProcessHandles } from '../../system/index.js';
import { PathIndex, View } from '../../view/index.js';
import { optimiseLate } from './compiler.js';
import { MainThread, threadNumber } from './threadMessages.js';

if (parentPort === null) throw new Error('not a worker');
const thread = threadNumber(workerData);
const main = new MainThread(parentPort);
const log: Logger = (level, text) => main.say({ type: 'log', level, text });

// For all threads, by the first, which knows when both have to be: compiled code that Node brings along is not used with other
// options than it was made with, so not before this thread has loaded its modules; and no longer than until the view answers.
const startIsOver = thread === 0 ? optimiseLate() : undefined;

void work()
  .catch((error: unknown) => {
    if (error instanceof Error && !(error instanceof LvfsError)) log('debug', error.stack ?? error.message);
    main.say({ type: 'failed', text: `serving thread ${thread} failed: ${describeError(error)}` });
  })
  .finally(() => main.close());

async function work(): Promise<void> {
  const shared = await main.view;
  const host = new NodeHost();
  const index = PathIndex.attach(shared.index);
  index.onCrowded = () => main.say({ type: 'crowded' });
  const view = View.attach(index, shared, host, log);
  const {
    endpoint,
    files: sharedFiles,
    numbering,
    readers,
    watches,
    trace,
    told,
    handles: withHandles,
    threads,
  } = await main.order;
  const activity = new Activity(endpoint.shared);
  const watcher = watches && DirectoryWatcher.attach(watches.fd);
  const watched = watches && watcher && new WatchedDirectories(view, watches.memory, watcher);
  const handles = withHandles ? ProcessHandles.open() : undefined;
  using files = new ViewFs(view, host, {
    shared: sharedFiles,
    readers: new Readers(readers),
    trace,
    thread: { number: thread, count: threads },
    ...(told === undefined ? {} : { told }),
    checksLists: () => activity.isEnabled('POSIX_ACL'),
    ...(watched === undefined ? {} : { watched }),
    ...(handles === undefined ? {} : { handles }),
    onProcess: (record, handle) => main.say({ type: 'process', record, handle }),
    onAccess: (event) => main.say({ type: 'access', event }),
  });
  startIsOver?.();
  // All that is done for others: reading the host's files, and asking who they are.
  // A program that makes a compiled cache may have to be run in the tree that is shown.
  if (!keepCapabilities(['dacReadSearch', 'sysPtrace'], ['sysChroot']))
    log('debug', 'capabilities cannot be given up');
  const { end } = await serve(endpoint, new NumberedOperations(files, new Numbering(numbering)), {
    thread,
    log,
  });
  if (end === 'closed')
    main.say({ type: 'failed', text: `serving thread ${thread} failed: the FUSE device was closed` });
}
