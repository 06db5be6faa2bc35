/** Builds in private views: one, many, and those that a fix takes. */
export { buildRequest } from '../private.js';
export { build } from './building.js';
export { checkAll } from './checking.js';
export { fixEbuild, planFix } from './fix.js';
export { buildPlan, checkPlan } from './options.js';
