/** Pages for browsers: of a report, and what other pages of lvfs are made of. */
export { baseStyle, framed, sortableScript, verdictStyle } from './frame.js';
export { reportCode, reportPage } from './reportPage.js';
