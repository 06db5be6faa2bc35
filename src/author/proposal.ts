/** From what a search has found to what a person commits: the changed ebuild, and a message that states the evidence (GLEP 66). */
import { packageName, plainPackageName } from '../base/index.js';
import { alternativesOf, negationsOf } from './conditions.js';
import { annotate, declare, declareTests, withdraw } from './dependencyEdit.js';
import { filePatch } from './patch.js';
import type { Addition, Findings } from './search.js';

/** Something that builds cannot tell, with what may be answered; the first answer is taken where nobody is asked. */
export interface Question {
  readonly cpv: string;
  readonly text: string;
  readonly answers: readonly Answer[];
}

/** What may be done about an addition. */
export interface Answer {
  readonly text: string;
  /** Undefined: it is not declared. */
  readonly atom?: string;
  /** `flag` or `!flag`: it is declared under that. */
  readonly condition?: string;
}

/** Asks; undefined when there is nobody to be asked. */
export type Asker = (question: Question) => Promise<Answer | undefined>;

/** What is known of the ebuild that is changed. */
export interface Ebuild {
  readonly cpv: string;
  /** As the patch names it, from the top of what it is applied to. */
  readonly path: string;
  readonly text: string;
  /** Whether its IUSE has `test`, from wherever. */
  readonly hasTestFlag: boolean;
}

/** What is to be committed. */
export interface Proposal {
  readonly text: string;
  /** The first line is the subject. */
  readonly message: string;
  /** Empty when nothing changes. */
  readonly patch: string;
  /** What was left open, and so stands in the ebuild as a comment. */
  readonly open: readonly string[];
}

/** The longest subject line (GLEP 66). */
const longestSubject = 69;
/** Columns of the message's body. */
const columns = 72;

/** Makes the proposal. */
export async function propose(ebuild: Ebuild, findings: Findings, ask: Asker): Promise<Proposal> {
  let { text } = ebuild;
  const lines: string[] = [];
  const declared: string[] = [];
  const withdrawn: string[] = [];
  const open: string[] = [];
  let lacksTestFlag = false;
  const leaveOpen = (addition: Pick<Addition, 'variable'>, comment: string): void => {
    text = annotate(text, addition.variable, wrap(`TODO: ${comment}`, columns - 2));
    open.push(comment);
  };
  for (const addition of findings.additions) {
    const decision = await decide(addition, findings.outcome, ask);
    const { atom, condition, comments } = decision;
    if (atom !== undefined) {
      text = declareAll(text, { ...addition, condition }, atom);
      declared.push(atom);
      lines.push(evidenceFor(addition, decision, atom, ebuild.hasTestFlag));
      lacksTestFlag ||= !ebuild.hasTestFlag && hasFlag(condition, 'test');
    }
    // They stand above the variable, which may not have been there before.
    for (const comment of comments) leaveOpen(addition, comment);
  }
  for (const { variable, atom, cpv } of findings.withdrawals) {
    const removal = withdraw(text, variable, atom);
    const name = plainPackageName(cpv);
    if ('obstacle' in removal) {
      leaveOpen({ variable }, `nothing of ${name} is used, but it was not taken away: ${removal.obstacle}`);
      continue;
    }
    ({ text } = removal);
    withdrawn.push(atom);
    lines.push(
      `${variable}: without ${atom}: nothing of it was read, and without it the result is the same.`,
    );
  }
  if (lacksTestFlag) {
    text = declareTests(text);
    lines.push('IUSE, RESTRICT: test: only the tests need what is declared under it.');
  }
  const message = messageOf(packageName(ebuild.cpv), declared, withdrawn, lines);
  return { text, message, patch: filePatch(ebuild.path, ebuild.text, text), open };
}

/** What becomes of an addition. */
interface Decision {
  /** Undefined: it is not declared. */
  readonly atom: string | undefined;
  readonly condition: string | undefined;
  /** It is not known whether it goes with a flag, and nobody has said. */
  readonly isConditionOpen: boolean;
  /** What is left to the author. */
  readonly comments: readonly string[];
}

/** Asks what builds have not told. */
async function decide(addition: Addition, outcome: Findings['outcome'], ask: Asker): Promise<Decision> {
  const { condition, atoms } = addition;
  const comments: string[] = [];
  const question = questionAbout(addition);
  const answer = question === undefined ? { atom: atoms[0]?.atom } : await ask(question);
  if (answer === undefined) comments.push(...commentAbout(addition));
  // What the author may as well switch off is not declared unasked.
  const isLeft = answer === undefined && isAuthorsChoice(addition);
  const atom = isLeft ? undefined : (answer ?? atoms[0])?.atom;
  if (atom !== undefined && addition.kind === 'needed' && !addition.proved)
    comments.push(`that ${packageName(addition.cpv)} is needed was not proved: ${whyUntold[outcome]}`);
  const isOpen = condition === undefined && addition.untold.length > 0 && (atom !== undefined || isLeft);
  if (!isOpen) return { atom, condition, isConditionOpen: false, comments };
  const chosen = atom === undefined ? undefined : await ask(conditionQuestion(addition, atom));
  if (chosen !== undefined) return { atom, condition: chosen.condition, isConditionOpen: false, comments };
  comments.push(conditionComment(addition, outcome));
  return { atom, condition, isConditionOpen: true, comments };
}

/** Flags at most that are named. */
const namedFlags = 12;

function conditionQuestion({ cpv, untold, kind }: Addition, atom: string): Question {
  return {
    cpv,
    text: `${packageName(cpv)} is ${kindText[kind]}; under which USE flag (no build has told)`,
    answers: [
      { text: `${atom}, whatever the flags are`, atom },
      ...untold
        .slice(0, namedFlags)
        .map((condition) => ({ text: `${condition}? ( ${atom} )`, atom, condition })),
    ],
  };
}

function conditionComment({ cpv, untold }: Addition, outcome: Findings['outcome']): string {
  const named = untold.slice(0, namedFlags).map((flag) => `${flag}?`);
  const more = untold.length - named.length;
  const flags = named.join(' ') + (more > 0 ? ` and ${more} more` : '');
  return `whether ${packageName(cpv)} goes with ${untold.length === 1 ? 'the flag' : 'one of the flags'} ${flags} was not found out: ${whyUntold[outcome]}`;
}

const whyUntold: Readonly<Record<Findings['outcome'], string>> = {
  done: 'nothing could be built with them switched',
  open: 'there were to be no more builds',
  own: 'the build fails whatever is shown',
  unsteady: 'the same build fails one time and succeeds another',
};

/** An atom under each alternative of its condition. */
function declareAll(
  text: string,
  { variable, condition, linked }: Pick<Addition, 'variable' | 'linked'> & Pick<Decision, 'condition'>,
  atom: string,
): string {
  if (condition === undefined) return declare(text, { variable, atom, linked });
  return alternativesOf(condition).reduce(
    (changed, flags) => declare(changed, { variable, atom, linked, condition: flags.join(' ') }),
    text,
  );
}

/** Whether a condition has a flag that has to be on. */
function hasFlag(condition: string | undefined, flag: string): boolean {
  return condition !== undefined && alternativesOf(condition).flat().includes(flag);
}

/** An automagic dependency that no flag goes with: it may be declared, or switched off. */
function isAuthorsChoice({ kind, condition }: Addition): boolean {
  return kind === 'automagic' && condition === undefined;
}

function questionAbout(addition: Addition): Question | undefined {
  const { cpv, atoms, variable } = addition;
  const choices: Answer[] = atoms.map(({ atom, reason }) => ({
    text: `${variable}="${atom}"${reason === '' ? '' : `: ${reason}`}`,
    atom,
  }));
  const name = packageName(cpv);
  if (isAuthorsChoice(addition)) {
    const files = addition.files.slice(0, 3).join(' ');
    return {
      cpv,
      text: `${name} is picked up where it is installed${files === '' ? '' : `, and changes ${files}`}; is it to be declared`,
      answers: [...choices, { text: 'not declared: the ebuild will switch it off' }],
    };
  }
  if (atoms.length < 2) return undefined;
  return { cpv, text: `${name} is ${kindText[addition.kind]}; which of these is meant`, answers: choices };
}

const kindText: Readonly<Record<Addition['kind'], string>> = {
  needed: 'needed',
  automagic: 'picked up where it is installed',
  'second-hand': 'used',
};

function commentAbout(addition: Addition): string[] {
  const { atoms, cpv, files } = addition;
  const name = packageName(cpv);
  if (isAuthorsChoice(addition)) {
    const changes = files.length === 0 ? '' : ` (it changes ${files.slice(0, 3).join(' ')})`;
    return [`${name} is used where it is installed${changes}: declare it, or switch it off`];
  }
  const [first, ...others] = atoms;
  if (first === undefined || others.length === 0) return [];
  return [`${first.atom} is one of several that have it; or ${others.map(({ atom }) => atom).join(', or ')}`];
}

/** What was seen of a dependency, as sentences. */
function evidenceFor(
  addition: Addition,
  { condition, isConditionOpen }: Decision,
  atom: string,
  hasTestFlag: boolean,
): string {
  const { variable, kind, linked, proved, messages, paths, files, from } = addition;
  const where = condition === undefined ? variable : `${variable}, ${conditionText(condition)}`;
  const said = {
    needed: proved
      ? 'without it the build fails, and succeeds with it.'
      : 'the build gave up over it; that it succeeds with it is not proved.',
    automagic: `without it the result differs${files.length === 0 ? '' : `: ${files.slice(0, 3).join(' ')}`}.`,
    'second-hand': `it is used, and there only because of ${from.map(packageName).join(', ')}${proved ? '; without what it uses of it the build fails, or its result differs' : ''}.`,
  }[kind];
  const [message] = messages;
  const [path] = paths;
  const seen =
    message !== undefined
      ? ` The build said: "${message.trim().slice(0, 160)}".`
      : path === undefined
        ? ''
        : ` It has ${path}.`;
  const flag = isConditionOpen
    ? ' Whether it goes with a USE flag was not found out.'
    : flagEvidence(addition, hasTestFlag);
  const library = linked ? ' The result is linked with it, so it is needed to run as well.' : '';
  return `${where}: ${atom}: ${said}${seen}${flag}${library}`;
}

function flagEvidence({ condition, isConditionKnown }: Addition, hasTestFlag: boolean): string {
  if (condition === undefined || !isConditionKnown) return '';
  const words = negationsOf(condition).map((one) =>
    one === '-test' && !hasTestFlag ? 'no tests' : `USE="${one}"`,
  );
  return ` With ${words.join(' or ')} it is not needed.`;
}

/** `ssl?`, `ssl? gtk?`, `ssl? or gtk?`. */
function conditionText(condition: string): string {
  return alternativesOf(condition)
    .map((flags) => flags.map((flag) => `${flag}?`).join(' '))
    .join(' or ');
}

function messageOf(
  name: string,
  declared: readonly string[],
  withdrawn: readonly string[],
  lines: readonly string[],
): string {
  const parts = [
    ...(declared.length === 0 ? [] : [`declare ${declared.join(', ')}`]),
    ...(withdrawn.length === 0 ? [] : [`drop ${withdrawn.join(', ')}`]),
  ];
  const counted = [
    ...(declared.length === 0 ? [] : ['declare missing dependencies']),
    ...(withdrawn.length === 0 ? [] : ['drop unused ones']),
  ];
  const long = `${name}: ${parts.join('; ')}`;
  const subject = long.length <= longestSubject ? long : `${name}: ${counted.join('; ')}`;
  if (lines.length === 0) return `${name}: dependencies to decide on`;
  const built = 'Built with lvfs, in views of the root in which only what is declared exists.';
  return [
    subject,
    '',
    ...wrap(built, columns),
    ...lines.flatMap((line) => ['', ...wrap(line, columns)]),
  ].join('\n');
}

/** Breaks text between words. */
function wrap(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1) ?? '';
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** The proposal as a mail that `git am` takes, and `git apply` as well; the patch alone where nobody is named. */
export function asMail(
  { message, patch }: Pick<Proposal, 'message' | 'patch'>,
  author: string,
  date: Date,
): string {
  const [subject = '', ...body] = message.split('\n');
  return [
    `From ${'0'.repeat(40)} Mon Sep 17 00:00:00 2001`,
    `From: ${author}`,
    `Date: ${date.toUTCString().replace('GMT', '+0000')}`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=UTF-8',
    'Content-Transfer-Encoding: 8bit',
    `Subject: [PATCH] ${subject}`,
    ...body,
    '---',
    '',
    patch,
  ].join('\n');
}
