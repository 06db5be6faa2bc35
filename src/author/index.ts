/** What an ebuild should say: found by building, and written into its text. */
export {
  annotate,
  declare,
  withdraw,
  type Declaration,
  type DependencyVariable,
  type Removal,
} from './dependencyEdit.js';
export { filePatch } from './patch.js';
export {
  asMail,
  propose,
  type Answer,
  type Asker,
  type Ebuild,
  type Proposal,
  type Question,
} from './proposal.js';
export {
  findFix,
  type Addition,
  type Builder,
  type Built,
  type Findings,
  type Purpose,
  type SearchOptions,
  type Subject,
  type Variant,
  type Withdrawal,
} from './search.js';
