/** What was refused, and what follows from it. */
export type { AccessEvent, Milliseconds, Operation, ProcessEnd, ProcessRecord } from './events.js';
export { Ledger, type Denial, type ToldUse } from './ledger.js';
export {
  complaintsIn,
  isSameThing,
  keyOf,
  namesIn,
  placesOf,
  searchedBy,
  textOf,
  wantedByModule,
  wantedFor,
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
export type {
  Declared,
  Dismissed,
  HiddenFile,
  IgnoreRule,
  Missing,
  Report,
  ReportInput,
  SecondHand,
  Suggestion,
} from './findings.js';
export { habits, type Habit } from './habits.js';
export { makeReport } from './report.js';
export { endedText, whyInReport } from './why.js';
export type { Use } from './uses.js';
export { answersIn, isAnswered, needsIn, type Need } from './sources/needs.js';
export { WordFilter } from './sources/wordFilter.js';
export { reportHtml } from './html.js';
export { readBinaryPackage } from './binaryPackage.js';
export { elfFacts } from './elf.js';
export {
  compareImages,
  factOf,
  imageFacts,
  imageFile,
  isMereContent,
  readImage,
  type FileDifference,
  type Image,
  type ImageFile,
  type ImageDifference,
} from './images.js';
export { compareSettings, readSettings, type SettingChange, type Settings } from './settings.js';
export {
  proveDifference,
  proveFailure,
  type Build,
  type BuildResult,
  type Candidates,
  type Culprit,
  type DifferenceProof,
  type FailureProof,
} from './proof.js';
export { failureSigns } from './failure.js';
export { missingGroups, type MissingGroups } from './missingGroups.js';
export { withDifferenceProof, withFailureProof, type Evidence } from './provedReport.js';
