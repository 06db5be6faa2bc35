/** What a shell offers while a command line is typed. The shells' own parts only ask for it and show it. */
import type { SystemLocations } from '../portage/index.js';
import { LvfsError } from '../base/index.js';
import {
  commonOptions,
  kindOf,
  splitVerb,
  type Command,
  type Kind,
  type Operand,
  type OptionSpec,
  type OptionTable,
} from './command.js';
import { loadVerb, loadVerbs } from './verbs.js';

/** A word that fits. */
export interface Candidate {
  readonly word: string;
  /** What it means, in a few words; may be empty. */
  readonly about: string;
  /** More has to be typed behind it, so no space follows. */
  readonly isPartial?: boolean;
}

/** What the shell itself knows better. */
export type Places = 'files' | 'directories';

/** All that fits; `places`: names of the filesystem too. */
export interface Completion {
  readonly candidates: readonly Candidate[];
  readonly places?: Places;
}

const nothing: Completion = { candidates: [] };

/** Options of lvfs itself. */
const ownOptions: OptionTable = {
  help: commonOptions.help,
  version: { type: 'boolean', describe: 'The version of lvfs' },
};

/**
 * What fits in the place of the last word.
 *
 * @param words what stands behind `lvfs`, up to the cursor; the last word may be empty
 * @param locations where Portage's data lies, as given on that command line
 */
export async function complete(
  words: readonly string[],
  locations: (command: Command, before: readonly string[]) => Promise<SystemLocations>,
): Promise<Completion> {
  const before = words.slice(0, -1);
  const current = words.at(-1) ?? '';
  const split = splitVerb(before);
  if (split === undefined) {
    return current.startsWith('-') ? options(ownOptions, current) : verbs(current);
  }
  const command = await loadVerb(split.verb).catch((error: unknown) => {
    if (error instanceof LvfsError) return undefined;
    throw error;
  });
  if (command === undefined) return nothing;
  const table: OptionTable = { ...commonOptions, ...command.options };
  const typed = read(split.rest, table);
  const whole = typed.open === undefined ? split.rest : split.rest.slice(0, -1);
  const places = (): Promise<SystemLocations> => locations(command, whole);
  if (typed.open !== undefined) return value(typed.open, current, '', places);
  const assigned = /^--([\w-]+)=/.exec(current);
  if (!typed.isRest && assigned !== null) {
    const spec = table[assigned[1] ?? ''];
    const [prefix] = assigned;
    return spec === undefined ? nothing : value(spec, current.slice(prefix.length), prefix, places);
  }
  if (!typed.isRest && current.startsWith('-')) return options(table, current);
  if (typed.isRest && command.rest !== undefined) return { candidates: [], places: 'files' };
  const operand = command.operands[Math.min(typed.operands, command.operands.length - 1)];
  return operand === undefined ? nothing : ofKind(operand, current, '', places);
}

/** How far a command line has come: its operands, and the option that still needs its value. */
function read(
  words: readonly string[],
  table: OptionTable,
): { operands: number; open?: OptionSpec; isRest: boolean } {
  let operands = 0;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === '--') return { operands, isRest: true };
    if (!word.startsWith('-') || word === '-') {
      operands++;
      continue;
    }
    const [, spec] =
      Object.entries(table).find(([name, { alias }]) => word === `--${name}` || word === `-${alias}`) ?? [];
    if (spec === undefined || spec.type === 'boolean') continue;
    if (i === words.length - 1) return { operands, open: spec, isRest: false };
    i++;
  }
  return { operands, isRest: false };
}

async function verbs(current: string): Promise<Completion> {
  const all = await loadVerbs();
  return {
    candidates: all
      .filter(({ name }) => name.startsWith(current))
      .map(({ name, summary }) => ({ word: name, about: summary })),
  };
}

function options(table: OptionTable, current: string): Completion {
  const candidates = Object.entries(table)
    .map(([name, { describe }]) => ({ word: `--${name}`, about: describe }))
    .filter(({ word }) => word.startsWith(current));
  return { candidates };
}

function value(
  spec: OptionSpec,
  current: string,
  prefix: string,
  places: () => Promise<SystemLocations>,
): Promise<Completion> {
  return ofKind(
    { is: kindOf(spec), ...(spec.choices === undefined ? {} : { choices: spec.choices }) },
    current,
    prefix,
    places,
  );
}

async function ofKind(
  { is, choices }: Pick<Operand, 'is' | 'choices'>,
  current: string,
  prefix: string,
  places: () => Promise<SystemLocations>,
): Promise<Completion> {
  const fitting = (words: readonly string[], about = ''): Candidate[] =>
    words.filter((word) => word.startsWith(current)).map((word) => ({ word: prefix + word, about }));
  if (choices !== undefined) return { candidates: fitting(choices) };
  const kinds: Readonly<Record<Kind, () => Completion | Promise<Completion>>> = {
    other: () => nothing,
    verb: () => verbs(current),
    file: () => ({ candidates: [], places: 'files' }),
    directory: () => ({ candidates: [], places: 'directories' }),
    view: async () => ({ candidates: fitting(await mountpoints(), 'a mounted view') }),
    target: async () =>
      /^[./]/.test(current)
        ? { candidates: fitting(await mountpoints(), 'a mounted view'), places: 'files' }
        : { candidates: await packages(current, prefix, 'target', places) },
    installed: async () =>
      current.startsWith('/')
        ? { candidates: [], places: 'files' }
        : { candidates: await packages(current, prefix, 'installed', places) },
  };
  return kinds[is]();
}

async function mountpoints(): Promise<string[]> {
  const { statuses } = await import('../daemon/index.js');
  return (await statuses()).map(({ mountpoint }) => mountpoint);
}

async function packages(
  current: string,
  prefix: string,
  which: 'target' | 'installed',
  places: () => Promise<SystemLocations>,
): Promise<Candidate[]> {
  // Versions and slots are the typist's.
  const [, operator = '', start = ''] = /^([<>]=?|[=~])?(.*)$/s.exec(current) ?? [];
  const { namesBeginning } = await import('../daemon/index.js');
  const { whole, partial } = await namesBeginning(start, which, await places());
  const candidate = (name: string): Candidate => ({ word: prefix + operator + name, about: '' });
  return [
    ...whole.map((name) => ({ ...candidate(name), isPartial: operator !== '' })),
    ...partial.map((name) => ({ ...candidate(name), isPartial: true })),
  ];
}
