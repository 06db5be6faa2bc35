/** The form of the table's rows. */
import { type NamedKind, type Wanted, wantedFor } from './wanted.js';

/** How one message of one tool is understood. */
export interface Rule {
  /** The tool that says it. */
  readonly tool: string;
  /** Where the message comes from: a file of the tool's source, or its documentation. */
  readonly source: string;
  /** What every such message contains one of, letter by letter; a line without is not looked at any closer. */
  readonly says: readonly string[];
  /** The message. The group `name` is what was missing; a name that is optional may be left out. */
  readonly pattern: RegExp;
  /** What was looked for: kinds, of which the first is how the complaint is called, or a file below a directory. */
  readonly looksFor: readonly [NamedKind, ...NamedKind[]] | { readonly below: string };
  /** The tool gives up over it. Otherwise it goes on without, or was only asked. */
  readonly fatal: boolean;
  /** The names are in the lines that follow (group `name`); these end with the first of another form. */
  readonly items?: RegExp;
  /** What the names are made of `name` when it is a list, or not what was looked for; none: nothing was. */
  readonly names?: (name: string, groups: Groups) => readonly string[];
  /** What would have satisfied the tool, where that is not what {@link wantedFor} says. */
  readonly wanted?: (name: string, groups: Groups) => readonly Wanted[];
  /** The tool whose probes right before it the message is about: it gives up over them. */
  readonly about?: string;
  /** The variable of an ebuild that the message itself speaks of. */
  readonly variable?: 'BDEPEND' | 'DEPEND';
  /** The same words are said of other things, too: they count where what they name was refused. */
  readonly isGuess?: true;
  /** The tool says it for the project, whose words stand behind: these may name more. */
  readonly isQuote?: true;
}

type Kinds = NamedKind | Rule['looksFor'];
/** Groups of a pattern by their names. */
export type Groups = Readonly<Record<string, string | undefined>>;
type Says = string | readonly string[];
type More = Pick<Rule, 'items' | 'names' | 'wanted' | 'about' | 'variable' | 'isGuess' | 'isQuote'>;
type Row = Omit<Rule, 'tool' | 'source'>;

function row(kinds: Kinds, says: Says, pattern: RegExp, more: More): Omit<Row, 'fatal'> {
  return {
    looksFor: typeof kinds === 'string' ? [kinds] : kinds,
    says: typeof says === 'string' ? [says] : says,
    pattern,
    ...more,
  };
}

/** A message with which the tool gives up. */
export function gaveUp(kinds: Kinds, says: Says, pattern: RegExp, more: More = {}): Row {
  return { fatal: true, ...row(kinds, says, pattern, more) };
}

/** A message after which the tool may go on. */
export function probed(kinds: Kinds, says: Says, pattern: RegExp, more: More = {}): Row {
  return { fatal: false, ...row(kinds, says, pattern, more) };
}

/** The rules of one tool, with where its messages come from. */
export function of(tool: string, source: string, ...rows: readonly Row[]): Rule[] {
  return rows.map((one) => ({ tool, source, ...one }));
}

/** What satisfies a rule that found this name. */
export function wantedBy(rule: Rule, name: string, groups: Groups): readonly Wanted[] {
  const { looksFor, wanted } = rule;
  if (wanted !== undefined) return wanted(name, groups);
  if ('below' in looksFor) return [{ kind: 'file', below: looksFor.below, name }];
  return looksFor.flatMap((kind) => wantedFor(kind, name));
}
