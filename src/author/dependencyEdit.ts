/**
 * Changes of the dependencies that an ebuild declares, made in its text so that all else stays as it is: an atom put where it would have
 * been written by hand, or taken away.
 */
import {
  assignmentsIn,
  lineEnd,
  partsOf,
  type Assignment,
  type Group,
  type Part,
  type Word,
} from './ebuildText.js';

/** The variables of PMS 8.1, in the order in which ebuilds have them. */
export const dependencyVariables = ['RDEPEND', 'DEPEND', 'BDEPEND', 'PDEPEND', 'IDEPEND'] as const;

/** See {@link dependencyVariables}. */
export type DependencyVariable = (typeof dependencyVariables)[number];

/** A dependency to be declared. */
export interface Declaration {
  readonly variable: DependencyVariable;
  readonly atom: string;
  /** `flag` or `!flag`: only when it is enabled, or is not; several that all have to hold are separated by spaces. */
  readonly condition?: string;
  /** The result is linked with it, so that it is needed to run as well, and built anew when it changes (`:=`). */
  readonly linked?: boolean;
}

/** A line longer than that is broken. */
const longestLine = 80;

/** Variables that ebuilds keep what several dependencies have in common in. */
const commonNames = /^(?:COMMON_?DEPEND|CDEPEND|COMMON_DEPS|LIB_DEPEND|COMMON)$/;

/** Variables behind which the dependencies stand, in the order of skel.ebuild. */
const earlierVariables = [
  ...['EAPI', 'DESCRIPTION', 'HOMEPAGE', 'SRC_URI', 'S', 'LICENSE', 'SLOT', 'KEYWORDS', 'IUSE'],
  ...['REQUIRED_USE', 'PROPERTIES', 'RESTRICT'],
];

/**
 * An ebuild that declares something more. What is declared already, under the same condition, is left as it is, or gets the slot operator
 * or USE dependency that it lacks.
 */
export function declare(text: string, declaration: Declaration): string {
  const { linked = false, atom, condition, variable } = declaration;
  const full = linked ? withSlotOperator(atom) : atom;
  if (!linked || variable !== 'DEPEND')
    return declareIn(text, variable, full, condition, endOfRunTimeUse(text, variable));
  return linkedVariables(text).reduce((changed, name) => declareIn(changed, name, full, condition), text);
}

/**
 * Where the last of the variables that say what is needed to run takes the value of another one: what is declared there from then on is
 * needed to build only. 0 where none does.
 */
function endOfRunTimeUse(text: string, variable: DependencyVariable): number {
  if (variable === 'RDEPEND' || variable === 'PDEPEND') return 0;
  const uses = assignmentsIn(text).filter(
    (one) =>
      /^(?:RDEPEND|PDEPEND)$/.test(one.name) &&
      !one.isInFunction &&
      variablesIn(text, one).includes(variable),
  );
  return Math.max(0, ...uses.map(({ blockEnd }) => blockEnd));
}

/** The variables whose values a value takes. */
function variablesIn(text: string, { valueStart, valueEnd }: Assignment): string[] {
  return (partsOf(text, valueStart, valueEnd) ?? []).flatMap((part) =>
    part.kind === 'word' ? (/^\$\{?(\w+)\}?$/.exec(part.text)?.[1] ?? []) : [],
  );
}

/** Where a library is declared that is needed to build and to run, so that both DEPEND and RDEPEND have it, and none twice. */
function linkedVariables(text: string): readonly string[] {
  const refersTo = (from: string): ReadonlySet<string> =>
    new Set(alwaysAssigned(text, from).flatMap((one) => variablesIn(text, one)));
  const [ofDepend, ofRdepend] = [refersTo('DEPEND'), refersTo('RDEPEND')];
  if (ofDepend.has('RDEPEND')) return ['RDEPEND'];
  if (ofRdepend.has('DEPEND')) return ['DEPEND'];
  const common = [...ofDepend].find(
    (name) => ofRdepend.has(name) && commonNames.test(name) && alwaysAssigned(text, name).length > 0,
  );
  return common === undefined ? ['RDEPEND', 'DEPEND'] : [common];
}

/** An atom with the operator `:=` (PMS 8.3.3): its slot, if it has one, is kept; behind it stands its USE dependency. */
export function withSlotOperator(atom: string): string {
  const [, name = '', use = ''] = /^([^[]*)(.*)$/s.exec(atom) ?? [];
  if (/:[^:]*[=*]$/.test(name)) return atom;
  return name.includes(':') ? `${name}=${use}` : `${name}:=${use}`;
}

function alwaysAssigned(text: string, name: string): Assignment[] {
  return assignmentsIn(text).filter((one) => one.name === name && one.isAlways);
}

/**
 * An ebuild with the flag `test` (PMS 7.2), without which its tests are not run: what only these need is a dependency under that flag. What
 * is there already is left as it is.
 */
export function declareTests(text: string): string {
  return declareIn(declareIn(text, 'IUSE', 'test', undefined), 'RESTRICT', 'test', '!test');
}

/** @param notBefore something new is declared behind this place */
function declareIn(
  text: string,
  variable: string,
  atom: string,
  condition: string | undefined,
  notBefore = 0,
): string {
  const heads = condition === undefined ? [] : condition.split(' ').map((flag) => `${flag}?`);
  const places = alwaysAssigned(text, variable).flatMap((assignment) => {
    const parts =
      assignment.quote === 'mixed' ? undefined : partsOf(text, assignment.valueStart, assignment.valueEnd);
    return parts === undefined ? [] : [{ assignment, parts, way: wayInto(parts, heads) }];
  });
  for (const { parts, way } of places) {
    if (way.length < heads.length) continue;
    for (const word of wordsUnder(parts, heads)) {
      const better = improved(word.text, atom);
      if (better === undefined) continue;
      return text.slice(0, word.start) + better + text.slice(word.end);
    }
  }
  const open = places.filter(({ assignment }) => assignment.start >= notBefore);
  const deepest = Math.max(0, ...open.map(({ way }) => way.length));
  const place =
    (deepest > 0 ? open.find(({ way }) => way.length === deepest) : undefined) ??
    open.find(({ assignment }) => !assignment.appends) ??
    open[0];
  const under = (left: readonly string[]): string =>
    left.reduceRight((inner, head) => `${head} ( ${inner} )`, atom);
  if (place === undefined)
    return notBefore > 0
      ? appendBehind(text, notBefore, variable, under(heads))
      : withNewAssignment(text, variable, under(heads));
  const { assignment, parts, way } = place;
  return insertInto(text, assignment, way.at(-1) ?? { parts }, under(heads.slice(way.length)));
}

/** The groups that are there already of those that stand one in the other under these heads, the outermost first. */
function wayInto(parts: readonly Part[], heads: readonly string[]): Group[] {
  const [head, ...inner] = heads;
  const ways = parts.flatMap((part) =>
    part.kind === 'group' && part.head === head ? [[part, ...wayInto(part.parts, inner)]] : [],
  );
  return ways.sort((a, b) => b.length - a.length)[0] ?? [];
}

/** The words that hold where nothing but these conditions does. */
function wordsUnder(parts: readonly Part[], [head, ...inner]: readonly string[]): Word[] {
  if (head === undefined) return parts.filter((part) => part.kind === 'word');
  return parts.flatMap((part) =>
    part.kind === 'group' && part.head === head ? wordsUnder(part.parts, inner) : [],
  );
}

/** What becomes of a declared atom when another of the same package is to be declared as well; undefined: both are needed. */
function improved(present: string, wanted: string): string | undefined {
  if (/^[!$]/.test(present) || nameOf(present) !== nameOf(wanted)) return undefined;
  const [, wantedSlot = '', wantedUse = ''] = /^[^:[]*(:[^[]*)?(\[.*)?$/s.exec(wanted) ?? [];
  const [, before = '', slot = '', use = ''] = /^([^:[]*)(:[^[]*)?(\[.*)?$/s.exec(present) ?? [];
  const [plainSlot, plainWanted] = [slot, wantedSlot].map((one) =>
    one.replace(/[=*]$/, '').replace(/^:$/, ''),
  );
  if (plainWanted !== '' && plainWanted !== plainSlot && plainSlot !== '') return undefined;
  if (wantedUse !== '' && use !== '' && use !== wantedUse) return undefined;
  const operator = /[=*]$/.exec(slot)?.[0] ?? (wantedSlot.endsWith('=') ? '=' : '');
  const name = plainSlot === '' ? (plainWanted ?? '') : (plainSlot ?? '');
  const full = operator === '' ? name : `${name === '' ? ':' : name}${operator}`;
  return before + full + (use === '' ? wantedUse : use);
}

/** `category/name` of an atom as it is written, or the name of a flag that IUSE has. */
export function nameOf(atom: string): string {
  return atom
    .replace(/^[!<>=~+-]+/, '')
    .replace(/[:[].*$/s, '')
    .replace(/-\d[^-/]*(?:-r\d+)?\*?$/, '');
}

/** By what a part is sorted among its kind; undefined for what is left where it is. */
function keyOf(part: {
  readonly kind: Part['kind'];
  readonly text?: string;
  readonly head?: string;
}): string | undefined {
  if (part.kind === 'group') return /^!?([\w+@-]+)\?$/.exec(part.head ?? '')?.[1];
  return part.text?.startsWith('$') === true ? undefined : nameOf(part.text ?? '');
}

/** Behind which of the parts something new belongs: among its own kind, sorted as far as these are. -1: before all. */
function placeAmong(parts: readonly Part[], added: string): number {
  const isGroup = added.includes('?');
  const kind = isGroup ? 'group' : 'word';
  const key = isGroup ? added.slice(0, added.indexOf('?')).replace('!', '') : nameOf(added);
  const own = parts.flatMap((part, i) => {
    const value = part.kind === kind ? keyOf(part) : undefined;
    return value === undefined ? [] : [{ i, value }];
  });
  const last = own.at(-1);
  if (last === undefined) {
    // Atoms stand before groups, and behind what others have said.
    const firstGroup = parts.findIndex((part) => part.kind === 'group');
    return isGroup || firstGroup === -1 ? parts.length - 1 : firstGroup - 1;
  }
  const isSorted = own.every(({ value }, j) => j === 0 || (own[j - 1]?.value ?? '') <= value);
  const next = isSorted ? own.find(({ value }) => value > key) : undefined;
  return next === undefined ? last.i : next.i - 1;
}

/** Where something is put in: a group, or the value as a whole. */
type Container = Pick<Group, 'parts'> & Partial<Pick<Group, 'inner' | 'innerEnd' | 'start' | 'head'>>;

function insertInto(text: string, assignment: Assignment, container: Container, added: string): string {
  const { parts } = container;
  const from = container.inner ?? assignment.valueStart;
  const to = container.innerEnd ?? assignment.valueEnd;
  const inside = text.slice(from, to);
  if (!inside.includes('\n')) return insertInLine(text, assignment, container, added);
  const place = placeAmong(parts, added);
  const [before, after] = [parts[place], parts[place + 1]];
  if (before !== undefined) {
    const indent = isFirstInLine(text, before.start)
      ? indentAt(text, before.start)
      : after !== undefined && isFirstInLine(text, after.start)
        ? indentAt(text, after.start)
        : indentInside(text, parts, from);
    const sharesLine = after !== undefined && !text.slice(before.end, after.start).includes('\n');
    const separator = sharesLine ? ' ' : `\n${indent}`;
    return text.slice(0, before.end) + separator + added + text.slice(before.end);
  }
  if (after !== undefined) {
    const indent = isFirstInLine(text, after.start)
      ? indentAt(text, after.start)
      : indentInside(text, parts, from);
    return `${text.slice(0, after.start)}${added}\n${indent}${text.slice(after.start)}`;
  }
  const indent = indentInside(text, parts, from);
  return `${text.slice(0, from)}\n${indent}${added}\n${indent.replace(/\t$/, '')}${text.slice(to)}`;
}

/** Puts something into what stands on one line, which is broken when it gets too long or hard to read. */
function insertInLine(text: string, assignment: Assignment, container: Container, added: string): string {
  const { parts, head } = container;
  const place = placeAmong(parts, added);
  const words = parts.map((part) => text.slice(part.start, part.end));
  words.splice(place + 1, 0, added);
  const quoted = (value: string): string => {
    const quote = assignment.quote === '' ? '"' : '';
    return text.slice(0, assignment.valueStart) + quote + value + quote + text.slice(assignment.valueEnd);
  };
  if (head !== undefined) {
    const { inner = 0, innerEnd = 0, start = 0 } = container;
    const lineStart = text.lastIndexOf('\n', start) + 1;
    const rest = text.slice(lineStart, inner) + text.slice(innerEnd, lineEnd(text, innerEnd));
    const line = words.join(' ');
    if (widthOf(rest) + line.length + 2 <= longestLine || !isFirstInLine(text, start))
      return `${text.slice(0, inner)} ${line} ${text.slice(innerEnd)}`;
    const indent = indentAt(text, start);
    return `${text.slice(0, inner)}${words.map((word) => `\n${indent}\t${word}`).join('')}\n${indent}${text.slice(innerEnd)}`;
  }
  // What is appended to begins with a blank.
  const lead = assignment.appends ? ' ' : '';
  const line = lead + words.join(' ');
  const isPlain = !isDependency(assignment) || words.every((word) => !/[$?(]/.test(word));
  const width = assignment.valueStart - assignment.start + line.length + 2;
  // A single condition is as easy to read as a single atom.
  if ((isPlain || words.length === 1) && width <= longestLine) return quoted(line);
  return quoted(`\n${words.map((word) => `\t${word}\n`).join('')}`);
}

function isFirstInLine(text: string, at: number): boolean {
  return /^[ \t]*$/.test(text.slice(text.lastIndexOf('\n', at - 1) + 1, at));
}

function indentAt(text: string, at: number): string {
  return /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', at - 1) + 1, at))?.[0] ?? '';
}

/** The indentation of a container's lines, of which the first part stands on none of its own. */
function indentInside(text: string, parts: readonly Part[], from: number): string {
  const first = parts.find((part) => isFirstInLine(text, part.start));
  return first === undefined ? `${indentAt(text, from)}\t` : indentAt(text, first.start);
}

/** Columns, with the tabs of four that ebuilds are written with. */
function widthOf(line: string): number {
  return line.replaceAll('\t', '    ').length;
}

/** Where a variable is assigned for the first time: beside the other dependencies, else below what describes the package. */
function withNewAssignment(text: string, variable: string, value: string): string {
  const all = assignmentsIn(text);
  const conditional = all.filter((one) => one.name === variable && !one.isAlways && !one.isInFunction);
  const last = conditional.at(-1);
  if (last !== undefined) return appendBehind(text, last.blockEnd, variable, value);
  const line = `${variable}="${value}"\n`;
  const always = all.filter((one) => one.isAlways);
  const place = earlierVariables.indexOf(variable);
  const earlier = earlierVariables.slice(0, Math.max(0, place));
  const neighbour = always.filter(({ name }) => earlier.includes(name)).at(-1);
  if (neighbour !== undefined) return insertLines(text, lineEnd(text, neighbour.end), line, '');
  const order: readonly string[] = dependencyVariables;
  const rank = (name: string): number => (commonNames.test(name) ? -1 : order.indexOf(name));
  const others = always.filter(isDependency);
  const before = others.filter((one) => rank(one.name) < order.indexOf(variable)).at(-1);
  if (before !== undefined) return insertLines(text, lineEnd(text, before.end), line, '');
  const [after] = others;
  if (after !== undefined) {
    const start = text.lastIndexOf('\n', after.start) + 1;
    return text.slice(0, start) + line + text.slice(start);
  }
  const description = always.filter(({ name }) => earlierVariables.includes(name)).at(-1);
  return insertLines(
    text,
    description === undefined ? text.length : lineEnd(text, description.end),
    line,
    '\n',
  );
}

function isDependency({ name }: Pick<Assignment, 'name'>): boolean {
  return commonNames.test(name) || dependencyVariables.some((one) => one === name);
}

/** Appends to a variable on a line of its own, behind the one that has this place. */
function appendBehind(text: string, place: number, variable: string, value: string): string {
  const end = lineEnd(text, place);
  return `${text.slice(0, end)}\n${variable}+=" ${value}"${text.slice(end)}`;
}

function insertLines(text: string, end: number, line: string, gap: string): string {
  const isLastLine = end >= text.length;
  const before =
    isLastLine && text !== '' && !text.endsWith('\n')
      ? `${text}\n`
      : text.slice(0, isLastLine ? end : end + 1);
  return before + gap + line + text.slice(isLastLine ? end : end + 1);
}

/** What came of taking something away. */
export type Removal = { readonly text: string } | { readonly obstacle: string };

/** An ebuild that does not declare something any more; an obstacle when the atom does not stand there as such, or is one of several. */
export function withdraw(text: string, variable: DependencyVariable, atom: string): Removal {
  const wanted = atom.trim();
  const assignments = alwaysAssigned(text, variable);
  if (assignments.length === 0) return { obstacle: `the ebuild itself does not set ${variable}` };
  for (const assignment of assignments) {
    if (assignment.quote === 'mixed') continue;
    const parts = partsOf(text, assignment.valueStart, assignment.valueEnd) ?? [];
    const found = findWord(parts, wanted, []);
    if (found === undefined) continue;
    const { word, groups } = found;
    if (groups.some(({ head }) => !head.endsWith('?')))
      return { obstacle: `${atom} is one of several alternatives in ${variable}` };
    return { text: removed(text, assignment, [...groups, word], parts) };
  }
  return { obstacle: `${atom} does not stand in ${variable} as such` };
}

function findWord(
  parts: readonly Part[],
  wanted: string,
  groups: readonly Group[],
): { word: Word; groups: readonly Group[] } | undefined {
  for (const part of parts) {
    if (part.kind === 'word') {
      if (part.text === wanted) return { word: part, groups };
      continue;
    }
    const found = findWord(part.parts, wanted, [...groups, part]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** @param way from the outermost group to the word */
function removed(text: string, assignment: Assignment, way: readonly Part[], parts: readonly Part[]): string {
  let level = way.length - 1;
  // A group that nothing is left in goes as well.
  while (level > 0) {
    const parent = way[level - 1];
    if (parent?.kind !== 'group' || parent.parts.length > 1) break;
    level--;
  }
  const gone = way[level];
  if (gone === undefined) return text;
  if (level === 0 && parts.length === 1) {
    if (assignment.appends || !new RegExp(`\\$\\{?${assignment.name}\\b`).test(text)) {
      const start = text.lastIndexOf('\n', assignment.start) + 1;
      const end = lineEnd(text, assignment.end);
      if (text.slice(start, assignment.start).trim() === '' && text.slice(assignment.end, end).trim() === '')
        return text.slice(0, start) + text.slice(end + 1);
    }
    return text.slice(0, assignment.valueStart) + text.slice(assignment.valueEnd);
  }
  const start = text.lastIndexOf('\n', gone.start - 1) + 1;
  const end = lineEnd(text, gone.end);
  const isAlone = text.slice(start, gone.start).trim() === '' && text.slice(gone.end, end).trim() === '';
  if (isAlone && end < assignment.valueEnd) return text.slice(0, start) + text.slice(end + 1);
  const isFirst = gone.start === assignment.valueStart;
  const gap = /^\s+/.exec(text.slice(gone.end))?.[0].length ?? 0;
  const back = /[ \t\n]+$/.exec(text.slice(0, gone.start))?.[0].length ?? 0;
  return isFirst
    ? text.slice(0, gone.start) + text.slice(gone.end + gap)
    : text.slice(0, gone.start - back) + text.slice(gone.end);
}

/** An ebuild with lines of comment above the assignment of a variable, or above where its dependencies stand. */
export function annotate(text: string, variable: DependencyVariable, lines: readonly string[]): string {
  const order: readonly string[] = [variable, ...dependencyVariables, ...earlierVariables.toReversed()];
  const always = assignmentsIn(text).filter(({ isAlways }) => isAlways);
  const found = order.flatMap((name) => always.find((one) => one.name === name) ?? [])[0];
  const comment = lines.map((line) => `# ${line}\n`).join('');
  if (found === undefined) return (text === '' || text.endsWith('\n') ? text : `${text}\n`) + comment;
  // Below what only describes the package.
  const at = isDependency(found)
    ? text.lastIndexOf('\n', found.start) + 1
    : Math.min(text.length, lineEnd(text, found.end) + 1);
  return text.slice(0, at) + comment + text.slice(at);
}
