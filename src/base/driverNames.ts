/** The drivers that there are (src/fuse), by the names that configuration, records and messages have for them. */

/** All of them, the preferred one first. */
export const driverNames = ['kernel', 'libfuse'] as const;

/** The name of a driver. */
export type DriverName = (typeof driverNames)[number];

/** What users may ask for: a driver, or the first that can be used. */
export const driverChoices = ['auto', ...driverNames] as const;

/** What was asked for. */
export type DriverChoice = (typeof driverChoices)[number];
