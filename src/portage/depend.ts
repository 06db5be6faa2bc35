/**
 * Dependency strings and REQUIRED_USE: PMS 8.2, with Portage's normal form of what is left after USE conditionals have
 * been evaluated (`use_reduce`). Parsing keeps its own stack and refuses nesting beyond {@link maxNesting}; the rest
 * may therefore walk the tree by recursion.
 */
import { LvfsError } from '../base/index.js';
import { type Atom, AtomError, evaluateUse, parseAtom, type UseDep } from './atom.js';
import { eapiFeatures } from './eapi.js';
import { ALNUM, FLAG, is, isSpace, quote, skip } from './text.js';

/** How deeply groups may nest. No real package comes near a twentieth of it. */
export const maxNesting = 500;

/** Which members of a group must hold: all of them, `||` any, `^^` exactly one, `??` at most one. */
export type GroupKind = 'all' | 'any' | 'one' | 'atMostOne';

/** A group of a dependency string or of REQUIRED_USE; `L` is what its leaves are. */
export interface Group<L> {
  readonly kind: GroupKind;
  readonly children: readonly DepNode<L>[];
}

/** `flag? ( … )` or `!flag? ( … )`. */
export interface Conditional<L> {
  readonly kind: 'use';
  readonly flag: string;
  readonly negated: boolean;
  readonly children: readonly DepNode<L>[];
}

/** A leaf, with where it begins in the text (from 0). */
export interface Leaf<L> {
  readonly kind: 'leaf';
  readonly value: L;
  readonly offset: number;
}

/** A node of the syntax tree; every group and bracket is as it was written. */
export type DepNode<L> = Leaf<L> | Group<L> | Conditional<L>;

/** A flag of REQUIRED_USE: `flag` or `!flag`. */
export interface FlagTerm {
  readonly flag: string;
  readonly negated: boolean;
}

/**
 * Text that is no dependency string or no REQUIRED_USE. Its code is `INVALID_DEPENDENCY`; `offset` counts from 0 in
 * `text`.
 */
export class DependError extends LvfsError {
  constructor(
    readonly text: string,
    readonly offset: number,
    readonly problem: string,
  ) {
    super('INVALID_DEPENDENCY', `${problem}, at character ${offset + 1} of ${quote(text)}`, {
      details: { offset },
    });
    this.name = 'DependError';
  }
}

const groupTokens: Readonly<Record<GroupKind, string>> = { all: '', any: '||', one: '^^', atMostOne: '??' };
const anyOf: ReadonlyMap<string, GroupKind> = new Map([['||', 'any'] as const]);
const anyOrOneOf: ReadonlyMap<string, GroupKind> = new Map([['||', 'any'] as const, ['^^', 'one'] as const]);
const allOperators: ReadonlyMap<string, GroupKind> = new Map([...anyOrOneOf, ['??', 'atMostOne'] as const]);

/** What differs between the languages that share the grammar of groups. */
interface Dialect<L> {
  readonly operators: ReadonlyMap<string, GroupKind>;
  /** Whether `( )` is allowed. */
  readonly emptyGroups: boolean;
  readonly leaf: (token: string, offset: number) => L;
  /** Throws when a flag may not be asked for. */
  readonly checkFlag: (flag: string, offset: number) => void;
}

/** A group that is still open. */
interface Open<L> {
  readonly node: Pick<Group<L>, 'kind'> | Pick<Conditional<L>, 'kind' | 'flag' | 'negated'>;
  readonly children: DepNode<L>[];
  /** Where it began, for messages. */
  readonly offset: number;
}

/** Reads groups, conditionals and leaves; tokens are separated by white space (PMS 8.2). */
function parseGroups<L>(text: string, dialect: Dialect<L>): readonly DepNode<L>[] {
  const top: DepNode<L>[] = [];
  const stack: Open<L>[] = [];
  let children = top;
  /** The operator or conditional that waits for its bracket. */
  let prefix: { readonly node: Open<L>['node']; readonly token: string; readonly offset: number } | undefined;
  let i = 0;
  for (;;) {
    while (isSpace(text, i)) i++;
    if (i >= text.length) break;
    const offset = i;
    while (i < text.length && !isSpace(text, i)) i++;
    const token = text.slice(offset, i);

    if (token === '(') {
      if (stack.length >= maxNesting) {
        throw new DependError(text, offset, `brackets nested more than ${maxNesting} deep`);
      }
      stack.push({ node: prefix?.node ?? { kind: 'all' }, children: (children = []), offset });
      prefix = undefined;
      continue;
    }
    if (prefix !== undefined) {
      throw new DependError(text, offset, `expected ( behind ${quote(prefix.token)}, found ${quote(token)}`);
    }
    if (token === ')') {
      const open = stack.pop();
      if (open === undefined) throw new DependError(text, offset, ') without (');
      if (children.length === 0 && !dialect.emptyGroups) {
        throw new DependError(text, offset, 'expected a dependency, found )');
      }
      const closed = { ...open.node, children } as DepNode<L>;
      children = stack.at(-1)?.children ?? top;
      children.push(closed);
      continue;
    }
    const operator = dialect.operators.get(token);
    if (operator !== undefined) {
      prefix = { node: { kind: operator }, token, offset };
    } else if (token.endsWith('?')) {
      const negated = token.startsWith('!');
      const flag = token.slice(negated ? 1 : 0, -1);
      if (!is(flag, 0, ALNUM) || skip(flag, 0, FLAG) !== flag.length) {
        throw new DependError(text, offset, `${quote(flag)} is no USE flag`);
      }
      dialect.checkFlag(flag, offset);
      prefix = { node: { kind: 'use', flag, negated }, token, offset };
    } else {
      children.push({ kind: 'leaf', value: dialect.leaf(token, offset), offset });
    }
  }
  if (prefix !== undefined) {
    throw new DependError(text, text.length, `expected ( behind ${quote(prefix.token)}, found the end`);
  }
  const open = stack.at(-1);
  if (open !== undefined) throw new DependError(text, open.offset, '( without )');
  return top;
}

/** By which rules a dependency string is read. */
export interface DependOptions {
  /** Undefined, and an unsupported EAPI: everything that any EAPI has. */
  readonly eapi?: string | undefined;
  /** When given, a conditional, in front of a group or in an atom, may only ask for flags of which this is true. */
  readonly isValidFlag?: ((flag: string) => boolean) | undefined;
}

/**
 * Reads a dependency string (the value of DEPEND, RDEPEND, BDEPEND, PDEPEND or IDEPEND).
 *
 * @throws {DependError} with the position of the first thing that is wrong, also inside groups that no flag enables.
 */
export function parseDepend(text: string, options: DependOptions = {}): readonly DepNode<Atom>[] {
  const atomOptions = { eapi: options.eapi };
  return parseGroups<Atom>(text, {
    operators: anyOf,
    emptyGroups: false,
    leaf: (token, offset) => {
      try {
        const atom = parseAtom(token, atomOptions);
        if (options.isValidFlag !== undefined) {
          const missing = atom.use.find(
            (dep) => isConditional(dep) && options.isValidFlag?.(dep.flag) === false,
          );
          if (missing !== undefined) throw notInIuse(text, offset, missing.flag);
        }
        return atom;
      } catch (error) {
        if (!(error instanceof AtomError)) throw error;
        const glued = /^(?:\(|\)|\|\|)|(?:\(|\)|\|\|)$/.exec(token);
        const problem =
          glued === null
            ? `${quote(token)} is no package atom: ${error.problem}`
            : `no white space around ${quote(glued[0])} in ${quote(token)}`;
        throw new DependError(text, offset + error.offset, problem);
      }
    },
    checkFlag: (flag, offset) => {
      if (options.isValidFlag?.(flag) === false) throw notInIuse(text, offset, flag);
    },
  });
}

function notInIuse(text: string, offset: number, flag: string): DependError {
  return new DependError(text, offset, `the USE flag ${quote(flag)} is not in IUSE`);
}

/** Whether what a USE dependency asks for depends on the package that has it (PMS 8.3.4). */
function isConditional({ kind }: UseDep): boolean {
  return kind !== 'enabled' && kind !== 'disabled';
}

/**
 * Reads a string of the same grammar whose leaves are plain words: LICENSE, RESTRICT, PROPERTIES (PMS 8.2).
 *
 * @throws {DependError} as {@link parseDepend}.
 */
export function parseWords(
  text: string,
  options: Pick<DependOptions, 'isValidFlag'> = {},
): readonly DepNode<string>[] {
  return parseGroups<string>(text, {
    operators: anyOf,
    emptyGroups: false,
    leaf: (token, offset) => {
      const glued = /\(|\)|\|\|/.exec(token);
      if (glued !== null) {
        throw new DependError(text, offset, `no white space around ${quote(glued[0])} in ${quote(token)}`);
      }
      return token;
    },
    checkFlag: (flag, offset) => {
      if (options.isValidFlag?.(flag) === false) throw notInIuse(text, offset, flag);
    },
  });
}

/** Writes a tree out again, with one blank between tokens; parsing that gives the same tree but for the offsets. */
export function printDepend<L extends Atom | FlagTerm>(nodes: readonly DepNode<L>[]): string {
  return nodes.map(printNode).join(' ');
}

function printNode<L extends Atom | FlagTerm>(node: DepNode<L>): string {
  if (node.kind === 'leaf') {
    const value: Atom | FlagTerm = node.value;
    return 'text' in value ? value.text : `${value.negated ? '!' : ''}${value.flag}`;
  }
  const prefix = node.kind === 'use' ? `${node.negated ? '!' : ''}${node.flag}?` : groupTokens[node.kind];
  return [prefix, '(', ...node.children.map(printNode), ')'].filter((part) => part !== '').join(' ');
}

/** An any-of group of a reduced dependency string. Every alternative is an atom, a conjunction, or another such group. */
export interface AnyOf {
  readonly anyOf: readonly Reduced[];
}

/** An atom, an any-of group, or a list of things that must all hold. */
export type Reduced = Atom | AnyOf | readonly Reduced[];

/** Whether a part of a reduced dependency string is a conjunction. */
export function isConjunction(item: Reduced): item is readonly Reduced[] {
  return Array.isArray(item);
}

/** Whether a part of a reduced dependency string is an any-of group. */
export function isAnyOf(item: Reduced): item is AnyOf {
  return 'anyOf' in item;
}

/** How conditionals are evaluated. */
export interface ReduceOptions extends DependOptions {
  /** Enabled flags; a flag that is not in it is off. */
  readonly use: ReadonlySet<string>;
  /**
   * The EAPI that says what becomes of a group without alternatives, where the text is not checked against it; default: that which
   * it is checked against.
   */
  readonly groupsEapi?: string | undefined;
}

/** The atom that stands for an any-of group without alternatives in EAPI 7 and later; nothing satisfies it. */
const emptyAnyOf: Atom = parseAtom('__const__/empty-any-of');

function isActive(node: Conditional<unknown>, use: ReadonlySet<string>): boolean {
  return use.has(node.flag) !== node.negated;
}

/**
 * Evaluates the conditionals of a dependency string, in groups and in atoms, and brings what is left into Portage's
 * normal form: no redundant brackets, an any-of group with one alternative replaced by it, nested any-of groups
 * merged. A group that lost all alternatives vanishes in EAPI <= 6 and becomes {@link emptyAnyOf} after that.
 *
 * @throws {DependError} as {@link parseDepend}.
 */
export function useReduce(text: string, options: ReduceOptions): readonly Reduced[] {
  return reduceTree(parseDepend(text, options), options);
}

/** {@link useReduce} for a string that has been parsed already. */
function reduceTree(nodes: readonly DepNode<Atom>[], options: ReduceOptions): readonly Reduced[] {
  const vanish = eapiFeatures(options.groupsEapi ?? options.eapi).emptyGroupsAlwaysTrue;
  return reduceAll(nodes, { use: options.use, vanish }, false, []);
}

interface Reduction {
  readonly use: ReadonlySet<string>;
  /** Whether an empty any-of group counts as satisfied. */
  readonly vanish: boolean;
}

/**
 * The members of a conjunction, with those of nested ones drawn in.
 *
 * @param inAnyOf the conjunction is an alternative: what an any-of group with a single alternative unwraps to stays
 * one member.
 */
function reduceAll(
  nodes: readonly DepNode<Atom>[],
  how: Reduction,
  inAnyOf: boolean,
  into: Reduced[],
): Reduced[] {
  for (const node of nodes) {
    switch (node.kind) {
      case 'leaf':
        into.push(evaluateUse(node.value, how.use));
        break;
      case 'use':
        if (isActive(node, how.use)) reduceAll(node.children, how, inAnyOf, into);
        break;
      case 'any': {
        const alternatives = reduceAny(node.children, how, []);
        const [only] = alternatives;
        if (only === undefined) {
          if (!how.vanish) into.push(emptyAnyOf);
        } else if (alternatives.length > 1) {
          into.push({ anyOf: alternatives });
        } else if (isConjunction(only) && !inAnyOf) {
          for (const member of only) into.push(member);
        } else {
          into.push(only);
        }
        break;
      }
      default:
        reduceAll(node.children, how, inAnyOf, into);
    }
  }
  return into;
}

/** The alternatives of an any-of group, with those of nested ones drawn in. */
function reduceAny(nodes: readonly DepNode<Atom>[], how: Reduction, into: Reduced[]): Reduced[] {
  for (const node of nodes) {
    if (node.kind === 'leaf') {
      into.push(evaluateUse(node.value, how.use));
    } else if (node.kind === 'any') {
      const before = into.length;
      reduceAny(node.children, how, into);
      if (into.length === before && !how.vanish) into.push([emptyAnyOf]);
    } else if (node.kind !== 'use' || isActive(node, how.use)) {
      const members = reduceAll(node.children, how, true, []);
      const [only] = members;
      if (only === undefined) continue;
      if (members.length > 1) into.push(members);
      else if (isAnyOf(only)) for (const alternative of only.anyOf) into.push(alternative);
      else into.push(only);
    }
  }
  return into;
}

/**
 * All that is left of a dependency string after its conditionals have been evaluated, in order and without brackets;
 * `||` stands in front of each any-of group, also of an empty one.
 *
 * @throws {DependError} as {@link parseDepend}.
 */
export function useReduceFlat(text: string, options: ReduceOptions): readonly (Atom | '||')[] {
  return flatten(parseDepend(text, options), options.use, []);
}

function flatten(
  nodes: readonly DepNode<Atom>[],
  use: ReadonlySet<string>,
  into: (Atom | '||')[],
): (Atom | '||')[] {
  for (const node of nodes) {
    if (node.kind === 'leaf') {
      into.push(evaluateUse(node.value, use));
    } else if (node.kind !== 'use' || isActive(node, use)) {
      if (node.kind === 'any') into.push('||');
      flatten(node.children, use, into);
    }
  }
  return into;
}

/** A reduced dependency string as text, in the notation of ebuilds. */
export function printReduced(items: readonly Reduced[]): string {
  return items
    .map((item) => {
      if (isConjunction(item)) return `( ${printReduced(item)} )`;
      return isAnyOf(item) ? `|| ( ${printReduced(item.anyOf)} )` : item.text;
    })
    .join(' ');
}

/**
 * Reads REQUIRED_USE (PMS 7.3.4). Empty groups are allowed, as in Portage.
 *
 * @param isValidFlag whether a flag is in IUSE_EFFECTIVE; no other may occur.
 * @throws {DependError} with the position of the first thing that is wrong.
 */
export function parseRequiredUse(
  text: string,
  options: { readonly eapi?: string | undefined; readonly isValidFlag: (flag: string) => boolean },
): readonly DepNode<FlagTerm>[] {
  const checkFlag = (flag: string, offset: number): void => {
    if (!options.isValidFlag(flag)) throw notInIuse(text, offset, flag);
  };
  return parseGroups<FlagTerm>(text, {
    operators: eapiFeatures(options.eapi).atMostOneOf ? allOperators : anyOrOneOf,
    emptyGroups: true,
    leaf: (token, offset) => {
      const negated = token.startsWith('!');
      const flag = negated ? token.slice(1) : token;
      checkFlag(flag, offset);
      return { flag, negated };
    },
    checkFlag,
  });
}

/**
 * The parts of REQUIRED_USE that the enabled flags do not satisfy, each as a whole as it is written;
 * none when all is satisfied (`check_required_use`).
 *
 * @throws {DependError} as {@link parseRequiredUse}.
 */
export function unmetRequiredUse(
  text: string,
  options: ReduceOptions & { readonly isValidFlag: (flag: string) => boolean },
): readonly string[] {
  const emptyIsTrue = eapiFeatures(options.eapi).emptyGroupsAlwaysTrue;
  const nodes = parseRequiredUse(text, options);
  return nodes
    .filter((node) => termValues([node], options.use, emptyIsTrue).includes(false))
    .map((node) => printDepend([node]));
}

/** What each member of a group amounts to; inactive conditionals and empty plain groups amount to nothing. */
function termValues(
  nodes: readonly DepNode<FlagTerm>[],
  use: ReadonlySet<string>,
  emptyIsTrue: boolean,
): boolean[] {
  const values: boolean[] = [];
  for (const node of nodes) {
    if (node.kind === 'leaf') {
      values.push(use.has(node.value.flag) !== node.value.negated);
    } else if (node.kind !== 'use' || isActive(node, use)) {
      const members = termValues(node.children, use, emptyIsTrue);
      if (node.kind !== 'all' || members.length > 0) values.push(holds(node.kind, members, emptyIsTrue));
    }
  }
  return values;
}

function holds(kind: GroupKind | 'use', members: readonly boolean[], emptyIsTrue: boolean): boolean {
  if (members.length === 0 && emptyIsTrue) return true;
  if (kind === 'all' || kind === 'use') return !members.includes(false);
  const count = members.filter((member) => member).length;
  return kind === 'any' ? count > 0 : kind === 'one' ? count === 1 : count <= 1;
}
