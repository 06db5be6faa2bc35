/** The words of a build: what its tools say they did not find, and what would have satisfied them. */
export { wantedByModule } from './cmakeModule.js';
export { wordsIn, type Complaint, type Words } from './complaints.js';
export { namesIn, thingOf } from './projectWords.js';
export { placesOf, searchedBy, textOf, type Found, type Place } from './places.js';
export { keyOf, wantedFor, type NamedKind, type Wanted } from './wanted.js';
