/** What `lvfs` means to a shell in a view: some of its commands, about that view, which is not named. */
import { posix } from 'node:path';
import { nearest } from '../../base/index.js';

/** A command that can be given in there. */
interface WorkshopVerb {
  readonly options: readonly string[];
  /** Options with a value. */
  readonly valued?: readonly string[];
  /** Whether it changes the view. */
  readonly changes?: true;
  /** How many operands it takes. */
  readonly operands: 'none' | 'some';
}

/** Options that name files are none of them: what is written there would be the host's. */
export const workshopVerbs: Readonly<Record<string, WorkshopVerb>> = {
  allow: { options: ['--json'], changes: true, operands: 'some' },
  deny: { options: ['--json'], changes: true, operands: 'some' },
  log: { options: ['--json'], operands: 'none' },
  report: { options: ['--json', '--strict'], valued: ['--why'], operands: 'none' },
  why: { options: ['--json'], operands: 'some' },
  status: { options: ['--json'], operands: 'none' },
};

/** What follows `lvfs` in there, for people. */
export const workshopUsage = `In this shell:
  lvfs allow <atom or path…>   show more, at once
  lvfs deny <atom or path…>    show less
  lvfs log                     what was looked for in vain
  lvfs report [--why PACKAGE]  what that says about the dependencies
  lvfs why <path…>             who owns a path, and why it is visible or not
  lvfs retry                   the command that failed last again; before one has, build the target
  lvfs status                  what this view is
All else is asked outside of it.
`;

/** A command line for the view, or what is wrong with what was typed. */
export type Understood =
  | { readonly argv: readonly string[]; readonly changes: boolean; readonly json: boolean }
  | { readonly problem: string };

/**
 * Understands what was typed behind `lvfs`.
 *
 * @param view how the view is called outside
 * @param cwd the shell's directory, as it sees it
 */
export function understand(words: readonly string[], view: string, cwd: string): Understood {
  const [name = '', ...rest] = words;
  const verb = Object.hasOwn(workshopVerbs, name) ? workshopVerbs[name] : undefined;
  if (verb === undefined) {
    const suggestion = nearest(name, [...Object.keys(workshopVerbs), 'retry', 'help']);
    const meant = suggestion === undefined ? '' : `; did you mean '${suggestion}'?`;
    return { problem: `'lvfs ${name}' is not for in here${meant} 'lvfs help' says what is` };
  }
  const divided = divide(rest, verb);
  if ('wrong' in divided)
    return { problem: `${name}: ${divided.wrong} is not for in here; outside: lvfs ${name} --help` };
  const { options, operands } = divided;
  const problem = wrongOperands(name, verb, operands);
  if (problem !== undefined) return { problem };
  const about = name === 'why' ? ['--mount', view, '--'] : ['--', view];
  return {
    argv: [name, ...options, ...about, ...operands.map((word) => absolute(word, cwd, name === 'why'))],
    changes: verb.changes === true,
    json: options.includes('--json'),
  };
}

/** Divides words into options and operands; or names an option that the command does not take in there. */
function divide(
  words: readonly string[],
  verb: WorkshopVerb,
):
  { readonly options: readonly string[]; readonly operands: readonly string[] } | { readonly wrong: string } {
  const options: string[] = [];
  const dashes = words.includes('--') ? words.indexOf('--') : words.length;
  const operands = words.slice(dashes + 1);
  const before = words.slice(0, dashes);
  for (let word = before.shift(); word !== undefined; word = before.shift()) {
    const [option = ''] = word.split('=', 1);
    if (!word.startsWith('-')) operands.push(word);
    else if (verb.options.includes(word)) options.push(word);
    else if (verb.valued?.includes(option) === true)
      // Joined, so that a value is never taken for an option.
      options.push(word === option ? `${word}=${before.shift() ?? ''}` : word);
    else return { wrong: option };
  }
  return { options, operands };
}

function wrongOperands(
  name: string,
  { operands }: WorkshopVerb,
  given: readonly string[],
): string | undefined {
  if (operands === 'some') return given.length > 0 ? undefined : `${name}: nothing was named`;
  return given.length === 0 ? undefined : `${name}: takes no operand in here: it is about this view`;
}

/** A path as it means the same to a process that is elsewhere. */
function absolute(word: string, cwd: string, isPath: boolean): string {
  return isPath || /^\.{1,2}(?:$|\/)/.test(word) ? posix.resolve(cwd, word) : word;
}
