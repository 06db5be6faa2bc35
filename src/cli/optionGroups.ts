/** Options in the groups in which the help and the manual show them. */
import {
  commonOptions,
  placeOptions,
  ruleOptions,
  setOptions,
  type Command,
  type OptionTable,
} from './command.js';
import { bindOptions, namespaceOptions } from './insideOptions.js';

/** Options that belong together. */
export interface OptionGroup {
  readonly title: string;
  readonly options: OptionTable;
}

/** Options that several verbs have. */
export const sharedGroups: readonly OptionGroup[] = [
  { title: 'The visible set', options: setOptions },
  { title: 'Paths', options: ruleOptions },
  { title: 'Places', options: placeOptions },
  { title: 'What is mounted over a view', options: bindOptions },
  { title: 'Processes and network', options: namespaceOptions },
];

/** Options of every verb. */
export const commonGroup: OptionGroup = { title: 'Of every command', options: commonOptions };

/** The options of a verb that are its own. */
export function ownOptions({ options }: Pick<Command, 'options'>): OptionTable {
  return Object.fromEntries(
    Object.entries(options).filter(([name, spec]) =>
      sharedGroups.every((group) => group.options[name] !== spec),
    ),
  );
}

/** The shared groups as far as a verb has their options. */
export function sharedWith({ options }: Pick<Command, 'options'>): OptionGroup[] {
  return sharedGroups
    .map((group) => ({
      title: group.title,
      options: Object.fromEntries(
        Object.entries(group.options).filter(([name, spec]) => options[name] === spec),
      ),
    }))
    .filter((group) => Object.keys(group.options).length > 0);
}
