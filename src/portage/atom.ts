/**
 * Package atoms: PMS 8.3, and what Portage accepts beyond it in user configuration (wildcards, `::repo`) and for
 * binary packages (build-ids). One pass over the text, in time linear in its length.
 */
import { LvfsError, Memo } from '../base/index.js';
import { eapiFeatures, supportedEapis } from './eapi.js';
import { ALNUM, CATEGORY, FLAG, is, NAME, quote, skip, WORD } from './text.js';
import { findVersion, isNameText } from './version.js';

/** How an atom compares versions; `=*` is `=cat/pkg-1.2*`. */
export type VersionOperator = '=' | '=*' | '~' | '>=' | '>' | '<=' | '<';

/**
 * What one USE dependency asks for (PMS 8.3.4): `[f]`, `[-f]`, and depending on the flag of the package that has the
 * dependency `[f?]`, `[!f?]`, `[f=]`, `[!f=]`.
 */
export type UseDepKind = 'enabled' | 'disabled' | 'ifEnabled' | 'ifDisabled' | 'equal' | 'notEqual';

/** One USE dependency. */
export interface UseDep {
  /** As written. */
  readonly token: string;
  readonly flag: string;
  readonly kind: UseDepKind;
  /** What holds where the package has no such flag: `+` for `(+)`, `-` for `(-)`. */
  readonly default: '+' | '-' | undefined;
}

/** A parsed atom. Immutable; the same text read with the same options may give the same object. */
export interface Atom {
  /** As written, or as {@link evaluateUse} left it. */
  readonly text: string;
  /** `category/name`; in an extended atom each half may have `*`. */
  readonly cp: string;
  readonly category: string;
  readonly name: string;
  readonly op: VersionOperator | undefined;
  /** With its revision as written; without the star of `=*`; `*9*` of the extended `=cat/pkg-*9*`. */
  readonly version: string | undefined;
  /** {@link version} without its revision. */
  readonly upstream: string | undefined;
  readonly slot: string | undefined;
  readonly subslot: string | undefined;
  readonly slotOperator: '=' | '*' | undefined;
  /** Empty when there are none. */
  readonly use: readonly UseDep[];
  /**
   * The flags that a matching package must have in its IUSE: those of the USE dependencies without a default. They
   * survive {@link evaluateUse}: `a/b[x?]` demands that a/b has the flag x even where x is off.
   */
  readonly requiredFlags: readonly string[];
  /** `!` is weak, `!!` strong. */
  readonly blocker: 'weak' | 'strong' | undefined;
  readonly repo: string | undefined;
  /** The digits of a build-id. */
  readonly buildId: string | undefined;
  /** Whether this is extended syntax: wildcards, or a name that only wildcard atoms may have. */
  readonly extended: boolean;
}

/** Which atoms are accepted. */
export interface AtomOptions {
  /** The EAPI of the data; undefined (and an unsupported EAPI) allows everything that any EAPI has. */
  readonly eapi?: string | undefined;
  /** Extended syntax, as in files below /etc/portage; default no. */
  readonly allowWildcard?: boolean | undefined;
  /** `::repo`; default: as the EAPI says, that is only without one. */
  readonly allowRepo?: boolean | undefined;
  /** `=cat/pkg-1-2`; default: only without an EAPI. */
  readonly allowBuildId?: boolean | undefined;
}

/** A text that is not an atom. Its code is `INVALID_ATOM`; `offset` counts from 0 in `text`. */
export class AtomError extends LvfsError {
  constructor(
    readonly text: string,
    readonly offset: number,
    readonly problem: string,
  ) {
    super('INVALID_ATOM', `invalid package atom ${quote(text)}: ${problem} at character ${offset + 1}`, {
      details: { atom: text, offset },
    });
    this.name = 'AtomError';
  }
}

const noUse: readonly UseDep[] = Object.freeze([]);
const noFlags: readonly string[] = Object.freeze([]);

const COLON = 58;
const BRACKET = 91;
const STAR = 42;

/** Parsed atoms by mode and text. Emptied when full: what is in use at the moment is soon in it again. */
const cache = new Map<number, Memo<string, Atom>>();
const cacheLimit = 50_000;

/** A number for each value of an option that may be left out. */
function choice(option: boolean | undefined): number {
  return option === undefined ? 0 : option ? 1 : 2;
}

/**
 * Reads an atom.
 *
 * @throws {AtomError} when it is none, or when it has something the options do not allow.
 */
export function parseAtom(text: string, options: AtomOptions = {}): Atom {
  const { eapi, allowWildcard, allowRepo, allowBuildId } = options;
  // An EAPI nobody knows comes from data: it must not get a map of its own.
  const rules = eapi === undefined ? 0 : supportedEapis.indexOf(eapi) + 2;
  const mode = ((rules * 3 + choice(allowWildcard)) * 3 + choice(allowRepo)) * 3 + choice(allowBuildId);
  let known = cache.get(mode);
  if (known === undefined) cache.set(mode, (known = new Memo<string, Atom>(cacheLimit)));
  let atom = known.get(text);
  if (atom === undefined) {
    atom = readAtom(text, options);
    // Real atoms are short; keeping long ones would let odd input fill the memory.
    if (text.length <= 1000) known.set(text, atom);
  }
  return atom;
}

/** {@link parseAtom} that answers undefined instead of throwing. */
export function tryParseAtom(text: string, options: AtomOptions = {}): Atom | undefined {
  try {
    return parseAtom(text, options);
  } catch (error) {
    if (error instanceof AtomError) return undefined;
    throw error;
  }
}

/** The atom in the form in which it is written; reading it again gives an equal atom. */
export function atomToString(atom: Atom): string {
  const { op, version, slot, slotOperator, use } = atom;
  let text = atom.blocker === undefined ? '' : atom.blocker === 'weak' ? '!' : '!!';
  if (op !== undefined) text += op === '=*' ? '=' : op;
  text += atom.cp;
  if (version !== undefined) text += `-${version}`;
  if (op === '=*' && !atom.extended) text += '*';
  if (atom.buildId !== undefined) text += `-${atom.buildId}`;
  if (slot !== undefined || slotOperator !== undefined) {
    text += `:${slot ?? ''}${atom.subslot === undefined ? '' : `/${atom.subslot}`}${slotOperator ?? ''}`;
  }
  if (atom.repo !== undefined) text += `::${atom.repo}`;
  if (use.length > 0) text += `[${use.map((dep) => dep.token).join(',')}]`;
  return text;
}

/** Where the version, slot, repository or USE part begins: the first `:` or `[` at or after `at`. */
function nameEnd(text: string, at: number): number {
  for (let i = at; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === COLON || code === BRACKET) return i;
  }
  return text.length;
}

/** What {@link readPackage} found out about the part before slot, repository and USE dependencies. */
interface PackagePart {
  cpEnd: number;
  op: VersionOperator | undefined;
  version: string | undefined;
  upstream: string | undefined;
  buildId: string | undefined;
  extended: boolean;
}

/** The operator that begins at `at`, without regard to a star at the other end. */
function operatorAt(text: string, at: number): Exclude<VersionOperator, '=*'> | undefined {
  switch (text[at]) {
    case '=':
      return '=';
    case '~':
      return '~';
    case '>':
      return text[at + 1] === '=' ? '>=' : '>';
    case '<':
      return text[at + 1] === '=' ? '<=' : '<';
    default:
      return undefined;
  }
}

/** Reads `category/name` or `category/name-version` between `at` and `end`; undefined when it has another form. */
function readPlain(
  text: string,
  at: number,
  slash: number,
  end: number,
  op: Exclude<VersionOperator, '=*'> | undefined,
  allowBuildId: boolean,
): PackagePart | undefined {
  if (!is(text, at, WORD) || skip(text, at, CATEGORY) !== slash) return undefined;
  const from = slash + 1;
  const star = op === '=' && end > from && text.charCodeAt(end - 1) === STAR;
  const to = star ? end - 1 : end;
  const found = findVersion(text, from, to);
  if (op === undefined) {
    if (!isNameText(text, from, found === undefined ? end : found.at - 1)) return undefined;
    if (found !== undefined) throw new AtomError(text, found.at, 'a version without an operator in front');
    return { cpEnd: end, op, version: undefined, upstream: undefined, buildId: undefined, extended: false };
  }
  if (found === undefined) {
    if (!star && isNameText(text, from, end))
      throw new AtomError(text, end, `no version behind the operator ${op}`);
    return undefined;
  }
  const inner = findVersion(text, from, found.at - 1);
  const cpEnd = (inner ?? found).at - 1;
  if (!isNameText(text, from, cpEnd)) return undefined;
  if (inner === undefined) {
    const version = text.slice(found.at, to);
    const upstream = text.slice(found.at, found.upstream);
    return { cpEnd, op: star ? '=*' : op, version, upstream, buildId: undefined, extended: false };
  }
  const buildId = text.slice(found.at, to);
  if (star || !allowBuildId) {
    throw new AtomError(text, inner.at, 'the package name ends in what looks like a version');
  }
  if (!/^(?:0|[1-9][0-9]*)$/.test(buildId)) {
    throw new AtomError(
      text,
      found.at,
      `${quote(buildId)} is no build-id: expected a number without leading zeros`,
    );
  }
  const version = text.slice(inner.at, found.at - 1);
  return { cpEnd, op, version, upstream: text.slice(inner.at, inner.upstream), buildId, extended: false };
}

/** Whether `text` between `from` and `to` may stand in a wildcard atom as category or as name. */
function isExtendedText(text: string, from: number, to: number, inside: number): boolean {
  if (from >= to || !(is(text, from, WORD) || text[from] === '+' || text[from] === '*')) return false;
  for (let i = from + 1; i < to; i++) {
    if (!is(text, i, inside) && text.charCodeAt(i) !== STAR) return false;
    if (text.charCodeAt(i) === STAR && text.charCodeAt(i - 1) === STAR) return false;
  }
  return true;
}

/** Reads the extended forms: stars in category and name, and `=cat/name-*text*` for a text in the version. */
function readExtended(
  text: string,
  at: number,
  slash: number,
  end: number,
  op: VersionOperator | undefined,
): PackagePart | undefined {
  if (!isExtendedText(text, at, slash, CATEGORY)) return undefined;
  let cpEnd = end;
  let version: string | undefined;
  if (op !== undefined) {
    cpEnd = text.lastIndexOf('-', end - 1);
    const inside = skip(text, cpEnd + 2, WORD);
    if (op !== '=' || cpEnd <= slash || text.charCodeAt(cpEnd + 1) !== STAR) return undefined;
    if (inside === cpEnd + 2 || inside !== end - 1 || text.charCodeAt(inside) !== STAR) return undefined;
    version = text.slice(cpEnd + 1, end);
  }
  if (!isExtendedText(text, slash + 1, cpEnd, NAME)) return undefined;
  return { cpEnd, op: op && '=*', version, upstream: undefined, buildId: undefined, extended: true };
}

/** Why the part from `at` to `end` is no package; only called when it is none. */
function packageError(text: string, at: number, slash: number, end: number): AtomError {
  if (slash < 0 || slash >= end) return new AtomError(text, at, 'expected category/name');
  if (!is(text, at, WORD)) return new AtomError(text, at, 'a category begins with a letter, a digit or _');
  const badCategory = skip(text, at, CATEGORY);
  if (badCategory !== slash) {
    return new AtomError(text, badCategory, `${quote(text.charAt(badCategory))} in the category`);
  }
  if (slash + 1 === end || !is(text, slash + 1, WORD)) {
    return new AtomError(text, slash + 1, 'a package name begins with a letter, a digit or _');
  }
  const badName = skip(text, slash + 1, NAME);
  return badName < end
    ? new AtomError(text, badName, `${quote(text.charAt(badName))} in the package name or version`)
    : new AtomError(text, slash + 1, 'no version behind the operator');
}

/** {@link parseAtom} without its cache. */
function readAtom(text: string, options: AtomOptions): Atom {
  const features = eapiFeatures(options.eapi);
  const blocker = !text.startsWith('!') ? undefined : text.startsWith('!!') ? 'strong' : 'weak';
  let at = blocker === undefined ? 0 : blocker === 'weak' ? 1 : 2;
  if (blocker === 'strong' && !features.strongBlocks) {
    throw new AtomError(text, 0, `EAPI ${options.eapi} has no strong blockers`);
  }
  const op = operatorAt(text, at);
  if (op !== undefined) at += op.length;
  const slash = text.indexOf('/', at);
  const end = nameEnd(text, at);
  if (slash < 0 || slash >= end) throw packageError(text, at, slash, end);
  const part =
    readPlain(text, at, slash, end, op, options.allowBuildId ?? options.eapi === undefined) ??
    (options.allowWildcard === true ? readExtended(text, at, slash, end, op) : undefined);
  if (part === undefined) throw packageError(text, at, slash, end);

  let i = end;
  let slot: string | undefined;
  let subslot: string | undefined;
  let slotOperator: '=' | '*' | undefined;
  if (text[i] === ':' && text[i + 1] !== ':') {
    const from = i + 1;
    if (!features.slotDeps) throw new AtomError(text, i, `EAPI ${options.eapi} has no slot dependencies`);
    i = skipSlotName(text, from);
    if (i > from) slot = text.slice(from, i);
    if (features.slotOperators) {
      if (slot !== undefined && text[i] === '/') {
        const fromSub = i + 1;
        i = skipSlotName(text, fromSub);
        if (i === fromSub) throw new AtomError(text, i, 'expected a sub-slot behind /');
        subslot = text.slice(fromSub, i);
      }
      const sign = text[i];
      if (sign === '=' || (sign === '*' && slot === undefined)) {
        slotOperator = sign;
        i++;
      }
    }
    if (slot === undefined && slotOperator === undefined) {
      throw new AtomError(text, i, `expected a slot${features.slotOperators ? ', = or *' : ''} behind :`);
    }
  }

  let repo: string | undefined;
  if (text[i] === ':' && text[i + 1] === ':') {
    if (!(options.allowRepo ?? features.repoDeps)) {
      throw new AtomError(text, i, 'a repository is not allowed here');
    }
    const from = i + 2;
    i = is(text, from, WORD) ? from + 1 : from;
    while (i > from && (is(text, i, WORD) || text[i] === '-')) i++;
    if (i === from) throw new AtomError(text, i, 'expected the name of a repository behind ::');
    repo = text.slice(from, i);
  }

  let use = noUse;
  if (text[i] === '[' && !part.extended) {
    if (!features.useDeps) throw new AtomError(text, i, `EAPI ${options.eapi} has no USE dependencies`);
    const deps: UseDep[] = [];
    i = readUse(text, i, deps, features.useDepDefaults, options.eapi);
    use = deps;
  }
  if (i < text.length) throw new AtomError(text, i, `unexpected ${quote(text.slice(i))}`);

  return {
    text,
    cp: text.slice(at, part.cpEnd),
    category: text.slice(at, slash),
    name: text.slice(slash + 1, part.cpEnd),
    op: part.op,
    version: part.version,
    upstream: part.upstream,
    slot,
    subslot,
    slotOperator,
    use,
    requiredFlags: use === noUse ? noFlags : flagsWithoutDefault(use),
    blocker,
    repo,
    buildId: part.buildId,
    extended: part.extended,
  };
}

/** The offset behind the slot name that begins at `at` (PMS 3.1.3); `at` when there is none. */
export function skipSlotName(text: string, at: number): number {
  return is(text, at, WORD) ? skip(text, at + 1, CATEGORY) : at;
}

/** The flags of USE dependencies that have no default, each once. */
function flagsWithoutDefault(use: readonly UseDep[]): readonly string[] {
  const flags = new Set<string>();
  for (const dep of use) if (dep.default === undefined) flags.add(dep.flag);
  return flags.size === 0 ? noFlags : [...flags];
}

/** Reads `[dep,dep]` from its bracket at `at` into `deps`; answers the offset behind it. */
function readUse(
  text: string,
  at: number,
  deps: UseDep[],
  allowDefaults: boolean,
  eapi: string | undefined,
): number {
  let i = at;
  do {
    const from = i + 1;
    i = from;
    const prefix = text[i] === '!' || text[i] === '-' ? text[i++] : '';
    const flagFrom = i;
    if (!is(text, i, ALNUM)) throw new AtomError(text, i, 'expected a USE flag');
    i = skip(text, i, FLAG);
    const flag = text.slice(flagFrom, i);
    let fallback: '+' | '-' | undefined;
    if (text[i] === '(') {
      const sign = text[i + 1];
      if ((sign !== '+' && sign !== '-') || text[i + 2] !== ')') {
        throw new AtomError(text, i, 'expected (+) or (-) behind the USE flag');
      }
      if (!allowDefaults) throw new AtomError(text, i, `EAPI ${eapi} has no USE dependency defaults`);
      fallback = sign;
      i += 3;
    }
    const suffix = text[i] === '?' || text[i] === '=' ? text[i++] : '';
    const kind = useKinds[`${prefix}${suffix}`];
    if (kind === undefined) {
      throw new AtomError(text, from, `${quote(text.slice(from, i))} is no USE dependency`);
    }
    deps.push({ token: text.slice(from, i), flag, kind, default: fallback });
  } while (text[i] === ',');
  if (text[i] !== ']') throw new AtomError(text, i, 'expected , or ] behind a USE dependency');
  checkDefaults(text, at, deps);
  return i + 1;
}

const useKinds: Readonly<Record<string, UseDepKind | undefined>> = {
  '': 'enabled',
  '-': 'disabled',
  '?': 'ifEnabled',
  '!?': 'ifDisabled',
  '=': 'equal',
  '!=': 'notEqual',
};

/** A flag that occurs several times must have the same default everywhere. */
function checkDefaults(text: string, at: number, deps: readonly UseDep[]): void {
  if (deps.length < 2) return;
  const seen = new Map<string, '+' | '-' | undefined>();
  for (const { flag, default: fallback } of deps) {
    if (seen.has(flag) && seen.get(flag) !== fallback) {
      throw new AtomError(text, at, `different defaults for the USE flag ${flag}`);
    }
    seen.set(flag, fallback);
  }
}

/**
 * The atom with its USE conditionals evaluated for a package that has the flags `use` enabled (PMS 8.3.4):
 * `[x?]`, `[!x?]`, `[x=]` and `[!x=]` become `[x]`, `[-x]` or nothing. Answers the same object when there are none.
 */
export function evaluateUse(atom: Atom, use: ReadonlySet<string>): Atom {
  let conditional = false;
  for (const { kind } of atom.use) conditional ||= kind !== 'enabled' && kind !== 'disabled';
  if (!conditional) return atom;
  const deps: UseDep[] = [];
  for (const dep of atom.use) {
    const evaluated = evaluateDep(dep, use.has(dep.flag));
    if (evaluated !== undefined) deps.push(evaluated);
  }
  const head = atom.text.slice(0, atom.text.indexOf('['));
  return {
    ...atom,
    text: deps.length === 0 ? head : `${head}[${deps.map((dep) => dep.token).join(',')}]`,
    use: deps.length === 0 ? noUse : deps,
    // A blocker with fewer conditions blocks more: it must not spare what lacks a flag it no longer names.
    requiredFlags: atom.blocker === undefined ? atom.requiredFlags : flagsWithoutDefault(deps),
  };
}

/** One USE dependency for a package whose own flag of that name is `on` or not; undefined when nothing is left. */
function evaluateDep(dep: UseDep, on: boolean): UseDep | undefined {
  let enabled: boolean;
  switch (dep.kind) {
    case 'enabled':
    case 'disabled':
      return dep;
    case 'ifEnabled':
      if (!on) return undefined;
      enabled = true;
      break;
    case 'ifDisabled':
      if (on) return undefined;
      enabled = false;
      break;
    case 'equal':
      enabled = on;
      break;
    case 'notEqual':
      enabled = !on;
      break;
  }
  const { flag, default: fallback } = dep;
  const token = `${enabled ? '' : '-'}${flag}${fallback === undefined ? '' : `(${fallback})`}`;
  return { token, flag, kind: enabled ? 'enabled' : 'disabled', default: fallback };
}
