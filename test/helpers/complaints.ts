/** What tools complain about in a build's output. */
import { wordsIn, type Words } from '../../src/audit/words/complaints.js';

/** Each kind and name once. */
export const complaintsIn = (log: string): Words['complaints'][number][] => [...wordsIn(log).complaints];
