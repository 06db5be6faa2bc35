/** Tests that every driver has to pass. What a driver cannot do is in its capabilities, and tests expect accordingly. */
import test, { type ExecutionContext } from 'ava';
import { drivers, type Driver } from '../../src/fuse/index.js';
import { reasonNotToMount } from './withMemoryMount.js';

/** Declares a test for each driver. */
export function driverTest(
  title: string,
  body: (t: ExecutionContext, driver: Driver) => void | Promise<void>,
): void {
  for (const driver of drivers) {
    const reason = reasonNotToMount(driver);
    const named = `${driver.name}: ${title}`;
    if (reason === undefined) test.serial(named, (t) => body(t, driver));
    else test.skip(`${named} (skipped: ${reason})`, (t) => body(t, driver));
  }
}
