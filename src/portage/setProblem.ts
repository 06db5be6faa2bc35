/** What is wrong with a section of sets.conf; it then makes no set. */
export class SetProblem extends Error {}
