/** The worker that serves a {@link MemoryFilesystem}; started by `withMemoryMount`. */
import { parentPort, workerData } from 'node:worker_threads';
import { serve, type Endpoint } from '../../src/fuse/index.js';
import { MemoryFilesystem, type FileSpec, type MemoryOptions } from './memoryFilesystem.js';

const { endpoint, thread, root, options } = workerData as {
  endpoint: Endpoint;
  thread: number;
  root: FileSpec;
  options: MemoryOptions;
};
const log = (level: string, message: string) => parentPort?.postMessage({ level, message });
const result = await serve(endpoint, new MemoryFilesystem(root, options), { thread, log });
parentPort?.postMessage({ result });
