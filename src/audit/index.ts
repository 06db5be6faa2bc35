/** What was refused, and what follows from it. */
export type { AccessEvent, Milliseconds, Operation, ProcessEnd, ProcessRecord } from './events.js';
export { Ledger, type Denial } from './ledger.js';
export {
  keyOf,
  namesIn,
  thingOf,
  placesOf,
  searchedBy,
  textOf,
  wantedByModule,
  wantedFor,
  wordsIn,
  type Found,
  type Place,
  type Wanted,
} from './words/index.js';
export { pathKind, type PathKind } from './pathKinds.js';
export type { HiddenFile, Missing, Report, ReportInput } from './findings.js';
export { Ignoring, type IgnoreSetting } from './ignoring.js';
export { habits } from './habits.js';
export { makeReport } from './report.js';
export { endedText, whyInReport } from './why.js';
export type { Use } from './uses.js';
export { includesIn, type Includes } from './sources/includes.js';
export { answersIn, isAnswered, needsIn, type Need } from './sources/needs.js';
export { WordFilter } from './sources/wordFilter.js';
export { impersonal, reportBugzilla, reportMarkdown, type PastedBuild, type Person } from './pasted.js';
export { readBinaryPackage } from './binaryPackage.js';
export { elfFacts } from './elf.js';
export {
  compareImages,
  filesOf,
  imageFacts,
  imageFile,
  isMereContent,
  readImage,
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
  type DifferenceProof,
  type FailureProof,
} from './proof.js';
export { failureSigns } from './failure.js';
export { missingGroups } from './missingGroups.js';
export { withDifferenceProof, withFailureProof, type Evidence } from './provedReport.js';
