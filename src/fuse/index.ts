/** FUSE: the contract between filesystems and drivers, and the drivers. */
import { driverNames, LvfsError, type DriverName } from '../base/index.js';
import type { Driver, Endpoint, ServeOptions } from './driver.js';
import { kernelDriver, serveKernel } from './kernelDriver.js';
import { libfuseDriver, serveLibfuse } from './libfuse/driver.js';
import type { Operations } from './operations.js';
import type { ServeResult } from './server.js';

export * from './operations.js';
export type * from './driver.js';
export type { ProtocolOptions, ServeResult } from './server.js';
export { Activity, type Negotiated } from './activity.js';
export { deviceProblem, isFuseDevice } from './device.js';
export { abortConnection } from './kernelDriver.js';
export { libfuseProblem } from './libfuse/driver.js';

const byName: Readonly<Record<DriverName, Driver>> = { kernel: kernelDriver, libfuse: libfuseDriver };

/** All drivers, the preferred one first. */
export const drivers: readonly Driver[] = driverNames.map((name) => byName[name]);

/** A driver by its name. Throws `NO_DRIVER` (exit 1), naming those that exist. */
export function findDriver(name: string): Driver {
  const driver = drivers.find((candidate) => candidate.name === name);
  if (driver === undefined) {
    throw new LvfsError('NO_DRIVER', `no driver ${JSON.stringify(name)}`, {
      hint: `drivers: ${driverNames.join(', ')}`,
    });
  }
  return driver;
}

/**
 * Serves a connection in this thread, a worker, until the mount is gone. A driver may block the thread all the while.
 *
 * Errors: those of the driver, as {@link LvfsError}s with exit 23.
 */
export async function serve(
  endpoint: Endpoint,
  operations: Operations,
  options: ServeOptions,
): Promise<ServeResult> {
  switch (endpoint.driver) {
    case 'kernel':
      return Promise.resolve(serveKernel(endpoint, operations, options));
    case 'libfuse':
      return Promise.resolve(serveLibfuse(endpoint, operations, options));
  }
}
