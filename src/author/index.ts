/** What an ebuild should say: found by building, and written into its text. */
export { asMail, propose, type Answer, type Asker, type Proposal, type Question } from './proposal.js';
export {
  findFix,
  type Addition,
  type Builder,
  type Built,
  type Findings,
  type Purpose,
  type Subject,
  type Variant,
  type Withdrawal,
} from './search.js';
