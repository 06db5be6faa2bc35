/** Reports for judges of verdicts. */
import type { Judgement, Report } from '../verdict/judge.js';

/** A package that a report says is missing. */
export const needed = (name: string, variable = 'DEPEND'): NonNullable<Report['missing']>[number] => ({
  cpv: `${name}-1.2-r3`,
  suggest: `${variable}="${name}:2"`,
  certainty: 'needed',
});

/** One of which it only says that it was looked for. */
export const probed = (name: string, variable = 'DEPEND'): NonNullable<Report['missing']>[number] => ({
  ...needed(name, variable),
  certainty: 'probed',
});

/** What two judges have to agree about. */
export const part = (one: Judgement): Partial<Judgement> => ({
  found: one.found,
  variableRight: one.variableRight,
  statusRight: one.statusRight,
  wrong: one.wrong,
  pass: one.pass,
});
