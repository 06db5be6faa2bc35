/** The words of a build: what its tools say they did not find, and what would have satisfied them. */
export { wantedByModule } from './cmakeModule.js';
export { complaintsIn, wordsIn, type Complaint, type Words } from './complaints.js';
export { isSameThing, namesIn, type GiveUp } from './projectWords.js';
export { placesOf, searchedBy, textOf, type Found, type Place, type TextSearch } from './places.js';
export { keyOf, wantedFor, type NamedKind, type Wanted, type WantedKind } from './wanted.js';
