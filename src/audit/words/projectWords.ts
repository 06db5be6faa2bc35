/**
 * What a project says in its own words when it ends: no table has these, but a line that ends a build and names what was
 * refused before belongs together with it.
 */
import { keyOf, wantedFor, type Wanted, type WantedKind } from './wanted.js';

/** A line with which a program ended. */
export interface GiveUp {
  /** Who printed it, as far as its form tells: `configure`, `meson`, `cmake`, `make`; else `project`. */
  readonly tool: string;
  readonly line: string;
  /** Its number, from 1. */
  readonly at: number;
  /** Words of the line that may be names of things; see {@link namesIn}. */
  readonly names: readonly string[];
  /**
   * The line has the form of an error, or something is known to have failed right after; otherwise it is only among the
   * last of the output.
   */
  readonly hasFailed: boolean;
  /** Names that the line says are missing, by its grammar; none where nothing has failed. */
  readonly missing: readonly MissingThing[];
}

/** A thing that a sentence says is missing. */
export interface MissingThing {
  readonly name: string;
  readonly kind: WantedKind;
  /** What may be meant by it, the likeliest first. */
  readonly wanted: readonly Wanted[];
}

/** Forms in which a project's own words are printed when it gives up: by the tools that it has print them, and by itself. */
const forms: readonly { tool: string; pattern: RegExp }[] = [
  // AC_MSG_ERROR: autoconf/lib/autoconf/general.m4, as_fn_error
  { tool: 'configure', pattern: /\bconfigure: error: (?<text>.+)/ },
  // error() of a meson.build: mesonbuild/interpreter/interpreter.py, func_error
  { tool: 'meson', pattern: /\bERROR: Problem encountered: (?<text>.+)/ },
  // message(FATAL_ERROR): Source/cmMessageCommand.cxx
  { tool: 'cmake', pattern: /^CMake Error at \S+ \((?:message|MESSAGE)\): (?<text>.+)/ },
  // $(error …): src/function.c, func_error
  { tool: 'make', pattern: /: \*\*\* (?!\[|No rule)(?<text>.+?)\.\s+Stop\.$/ },
  // The manner of most programs.
  {
    tool: 'project',
    pattern:
      /^(?:\s*\*\s*)?(?:[\w./-]{1,60}: )?(?:fatal|error|ERROR|FATAL|Error|Fatal)(?: error)?[:!]\s*(?<text>.+)/,
  },
];

/** What says that a program has just failed: make (src/job.c), and Portage (bin/isolated-functions.sh, die). */
const failure = /^(?:\S*make(?:\[\d+\])?: \*\*\* \[| \* ERROR: \S+ failed \(\w+ phase\))/;

/** How many lines before a failure may be about it. */
const reach = 3;
/** Lines kept at most; the last count. */
const maxGiveUps = 500;
/** The longest line that is quoted. */
const maxQuote = 500;

/** A line that may be a program's last words. */
interface LastWords {
  readonly tool: string;
  readonly line: string;
  /** What it says, without the form. */
  readonly text: string;
  readonly at: number;
  readonly hasFailed: boolean;
}

/** Source code that a compiler shows below its message (gcc and clang, with and without line numbers): nobody's words. */
const excerpt = /^ *(?:\d+ +)?\|(?: |$)|^ *# *include *[<"]/;

/** Collects the lines with which programs ended. */
export class GiveUps {
  #found: LastWords[] = [];
  #before: { line: string; at: number }[] = [];

  /** The next line of the output. */
  read(line: string, at: number): void {
    if (line === '' || excerpt.test(line)) return;
    if (failure.test(line)) this.#endWith(true);
    else if (!this.#isError(line, at)) {
      this.#before.push({ line, at });
      if (this.#before.length > reach) this.#before.shift();
    }
  }

  /** All of them; the last lines of the output are the last words of whoever wrote them. */
  end(): GiveUp[] {
    this.#endWith(false);
    return this.#found.slice(-maxGiveUps).flatMap(({ tool, line, text, at, hasFailed }) => {
      const names = namesIn(text);
      if (names.length === 0) return [];
      const missing = hasFailed ? missingIn(text) : [];
      return [{ tool, line: line.trim().slice(0, maxQuote), at, names, hasFailed, missing }];
    });
  }

  #isError(line: string, at: number): boolean {
    if (!/rror|\*\*\*|atal|ERROR|FATAL/.test(line)) return false;
    for (const { tool, pattern } of forms) {
      const text = pattern.exec(line)?.groups?.['text'];
      if (text === undefined) continue;
      this.#add({ tool, line, text, at, hasFailed: true });
      return true;
    }
    return false;
  }

  #endWith(hasFailed: boolean): void {
    for (const { line, at } of this.#before) this.#add({ tool: 'project', line, text: line, at, hasFailed });
    this.#before = [];
  }

  #add(words: LastWords): void {
    if (this.#found.length >= 2 * maxGiveUps) this.#found = this.#found.slice(-maxGiveUps);
    this.#found.push(words);
  }
}

/** A token that can be the name of a program, a file, a module or a library. */
const token = /[A-Za-z0-9_@/][\w+./:@-]*/g;

/** Words of English that are on every such line and name nothing. */
const plainWords = new Set(
  (
    'a about above after all also an and any are as at available be because been before both but by can cannot check ' +
    'checking command compile compiler configure configured could dependencies dependency detected development directory ' +
    'disable do does enable enabled error errors exist exists fail failed fatal file files find following for found from function functional get ' +
    'has have header headers help if in install installed instead into is it its libraries library like line location locate make ' +
    'manual may missing module modules must near need needed needs neither newer no nor not of older on one only option or order ' +
    'package packages path please prerequisite problem program provide proper properly recent required requires see set should ' +
    'some specify stop such sure support supported system than that the their them then there these this to tool tools try ' +
    'unable unless use used using usable valid version want was were when where which will with without working you your ' +
    'headers building build built source sources either neither encountered requirement requirements exit status usage'
  ).split(' '),
);

/** The names that a sentence may contain: everything that is not a plain word, in order, without punctuation. */
export function namesIn(line: string): string[] {
  const names = [...line.matchAll(token)].map(([word]) => word.replace(/[.:,;/-]+$/, ''));
  return [
    ...new Set(
      names.filter((word) => word.length > 1 && /[A-Za-z]/.test(word) && !plainWords.has(word.toLowerCase())),
    ),
  ];
}

/** Sentences that say that something is missing, with the name in them. The quotes are those of any locale. */
const sentences: readonly RegExp[] = (() => {
  const name = '[`"\'‘“(]?(?<name>[A-Za-z0-9_/@][\\w+./:@-]*)[\'"’”)]?';
  const noun =
    '(?: (?:\\S+ )?(?:library|libraries|headers?|header files?|development (?:files|package|headers)|program|command|tools?|utility|executable|package|modules?|perl module|python module))?';
  const version = '(?: ?\\(?(?:version )?[<>=]*=? ?v?\\d[\\d.]*\\)?(?: or (?:later|newer|higher))?)?';
  return [
    `^(?:the |a )?${name}${version}${noun}(?: \\(\\S+\\))? (?:is|are|was|were|could|can|cannot|must|has|does|not|required|missing|needed)(?= |$)(?:.*?)\\b(?:required|needed|missing|found|installed|available|located|exist|necessary)\\b`,
    `^(?:the |a )?${name}${version}${noun} (?:not found|required|missing|needed|not installed|not available)\\b`,
    `\\b(?:cannot|can't|can not|could not|couldn't|unable to|failed to|did not|didn't|not) (?:find|locate|detect) (?:the |a |an |any |required |program |library |header |command |module |suitable |usable )*${name}`,
    `\\b(?:please install|must install|need to install|should install|need(?! to\\b)|depends on|requires|require|missing|without|needs)[: ] ?(?:the |a |an |required |program |library |header |command |module )*${name}`,
    `^no (?:suitable |usable |working )?${name}${noun} (?:was |were )?found`,
  ].map((source) => new RegExp(source, 'i'));
})();

/** What a sentence says is missing. */
function missingIn(text: string): MissingThing[] {
  const found = new Map<string, MissingThing>();
  for (const sentence of sentences) {
    const name = sentence.exec(text)?.groups?.['name']?.replace(/[.:,;/-]+$/, '');
    if (name === undefined || name.length < 2 || plainWords.has(name.toLowerCase())) continue;
    const wanted = wantedByShape(name, text);
    const kind = wanted[0]?.kind;
    if (kind !== undefined) found.set(name, { name, kind, wanted });
  }
  return [...found.values()];
}

/** What a name may stand for that nothing but its form tells of. */
function wantedByShape(name: string, sentence: string): readonly Wanted[] {
  if (name.startsWith('/')) return wantedFor('executable', name);
  if (/\.(?:h|hh|hpp|hxx)$/.test(name)) return wantedFor('header', name);
  if (name.endsWith('.pc')) return wantedFor('pkg-config', name.slice(0, -'.pc'.length));
  if (/\.(?:so(?:\.[\d.]+)?|a|la)$/.test(name)) return wantedFor('library file', name);
  if (name.endsWith('.pm')) return wantedFor('perl', name);
  if (name.includes('::')) return wantedFor('perl', `${name.replaceAll('::', '/')}.pm`);
  const plain = name.replace(/^-l|^lib/, '');
  const languages: Wanted[] = [];
  if (/\bpython/i.test(sentence))
    languages.push(...wantedFor('python', name), ...wantedFor('distribution', name));
  if (/\bperl\b/i.test(sentence)) languages.push(...wantedFor('perl', `${name}.pm`));
  if (/\b(?:ruby|gem)\b/i.test(sentence)) languages.push({ kind: 'gem', name });
  const cases = [...new Set([name, name.toLowerCase()])];
  const all: Wanted[] = [
    ...languages,
    ...cases.map((one): Wanted => ({ kind: 'executable', name: one })),
    ...[...cases, plain.toLowerCase(), `lib${plain.toLowerCase()}`].map((one): Wanted => ({
      kind: 'pkg-config',
      name: one,
    })),
    ...[plain, plain.toLowerCase()].map((one): Wanted => ({ kind: 'library', name: one })),
    { kind: 'header', name: `${plain.toLowerCase()}.h` },
  ];
  return [...new Map(all.map((one) => [keyOf(one), one])).values()];
}

/**
 * What is common to all names of a thing: `libusb-1.0`, `usb.h`, `/usr/lib64/libusb.so` and `usb-config` are `usb`. It
 * joins a word of a sentence with what was looked for, and is no name of anything.
 */
export function thingOf(nameOrPath: string): string {
  const base = nameOrPath.slice(nameOrPath.lastIndexOf('/') + 1).toLowerCase();
  const bare = base
    .replace(/\.so(?:\.[\d.]+)?$|\.(?:h|hh|hpp|hxx|pc|a|la|m4|pm|py|rb|cmake)$/, '')
    .replace(/-?config$/, '')
    .replace(/^lib(?=.)/, '');
  return bare.replace(/[-_.]?\d[\d.]*$/, '').replaceAll(/[-_.+:]/g, '') || bare;
}
