/** The built-in rules about the habits of tools, as the configuration names them. */
import { LvfsError, nearest } from '../base/index.js';

/**
 * Checks names of rules.
 *
 * @param origins where they come from
 * @throws LvfsError BAD_CONFIG for a name that no rule has
 */
export async function checkHabits(names: readonly string[], origins: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const { habits } = await import('../audit/index.js');
  const known = habits.map(({ name }) => name);
  const wrong = names.find((name) => !known.includes(name));
  if (wrong === undefined) return;
  const suggestion = nearest(wrong, known);
  throw new LvfsError('BAD_CONFIG', `${origins.join(', ')}: habits-off: no rule is called '${wrong}'`, {
    hint: suggestion === undefined ? `known are ${known.join(', ')}` : `did you mean '${suggestion}'?`,
  });
}
