/** The library for the command line: what programs see of it (public.ts), and what only the commands need. */
export * from './public.js';
export { startInsideWith } from './ahead.js';
export { isIncomplete, usualProofTime, verdict } from './build/building.js';
export { usualBuilds } from './build/fix.js';
export type { Interruption } from './build/interruption.js';
export { usualProcesses, usualTimeout } from './build/options.js';
export { statusOf, withInside } from './build/room.js';
export { insideProgram } from './programs.js';
export { launchView } from './mounting.js';
export { whoAsks } from './person.js';
export { privateRequest } from './private.js';
export { locationsOf, requestOf } from './request.js';
