/** The library for the command line: what programs see of it (public.ts), and what only the commands need. */
export * from './public.js';
export { takeInside } from './ahead.js';
export { insideProgram } from './programs.js';
export { launchView } from './mounting.js';
export { locationsOf, requestOf } from './request.js';
