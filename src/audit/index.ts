/** What was refused, and what follows from it. */
export type { AccessEvent, Milliseconds, Operation, ProcessFacts } from './events.js';
export { Ledger, type Denial } from './ledger.js';
export {
  complaintsIn,
  isSameThing,
  keyOf,
  namesIn,
  placesOf,
  textOf,
  wordsIn,
  type Complaint,
  type Found,
  type GiveUp,
  type Place,
  type TextSearch,
  type Wanted,
  type WantedKind,
  type Words,
} from './words/index.js';
export { pathKind, type PathKind } from './pathKinds.js';
export {
  makeReport,
  type Declared,
  type IgnoreRule,
  type Missing,
  type Report,
  type ReportInput,
  type SecondHand,
  type Use,
} from './report.js';
export { reportHtml } from './html.js';
export { compareImages, neededLibraries, readImage, type Image, type ImageDifference } from './images.js';
