/** From the output of a build to what its tools did not find. */
import { stripVTControlCharacters } from 'node:util';
import { GiveUps, thingOf, type GiveUp } from './projectWords.js';
import { wantedBy, type Groups, type Rule } from './rule.js';
import { rules } from './rules/index.js';
import { keyOf, type Wanted, type WantedKind } from './wanted.js';

/** Something that was not found, in the words of who looked for it. */
export interface Complaint {
  /** Who says it. */
  tool: string;
  /** Whose words these are: a tool's own, which mean one thing, or such as the project's, from which a name was guessed. */
  voice: 'tool' | 'project';
  kind: WantedKind;
  /** What was missing, as it was named: `zlib.h`, `docutils`, `z`, `flex`. */
  name: string;
  /** The telling line of the build's output: of several about the same thing, the last that was fatal. */
  line: string;
  /** Its number, from 1. */
  at: number;
  /** Somebody gave up over it; otherwise it may have been asked by a configure script that went on. */
  fatal: boolean;
  /** The variable of an ebuild that the message speaks of, where it does. */
  variable?: 'BDEPEND' | 'DEPEND';
  /**
   * What would have satisfied it, the likeliest first: the first that is there hidden is what was meant. None when the message
   * tells the kind only; then `name` is where it happened.
   */
  wanted: readonly Wanted[];
}

/** What a build's output says. */
export interface Words {
  /** The fatal ones first, of these the latest first. */
  complaints: readonly Complaint[];
  /** Lines in the project's own words with which a program ended, in their order. */
  giveUps: readonly GiveUp[];
}

/** The longest line that is looked at; tools' messages are short, and patterns take time in proportion. */
const maxLine = 2_000;
/** The longest line that is quoted. */
const maxQuote = 500;
/** Lines between what a tool was asked and that it was required. */
const nearby = 20;
/** Lines of one message at most. */
const maxBlock = 60;

/** Reads the output of a build; see {@link Words}. Takes time in proportion to the length. */
export function wordsIn(log: string): Words {
  const reader = new Reader();
  let at = 0;
  for (let start = 0, end: number; start <= log.length; start = end + 1) {
    end = log.indexOf('\n', start);
    if (end < 0) end = log.length;
    at += 1;
    const line = log.slice(start, end);
    // A line that was written over, as a progress bar is, is as many lines.
    if (!line.includes('\r')) reader.read(line, at);
    else for (const part of line.split('\r')) reader.read(part, at);
  }
  return reader.end();
}

/** Rules by their number in the table; a line is looked at by those whose `says` it has. */
const anyWord = new RegExp([...new Set(rules.flatMap(({ says }) => says.map(escape)))].join('|'));

function escape(literal: string): string {
  return literal.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&');
}

/** CMake breaks the lines of its errors and warnings and indents them (cmMessenger.cxx, cmDocumentationFormatter). */
const blockStart = /^CMake (?:Deprecation |Developer )?(?:Error|Warning)\b.*:$/;

class Reader {
  readonly #found = new Map<string, Complaint>();
  readonly #giveUps = new GiveUps();
  #block: { text: string; at: number; lines: number } | undefined;
  #list: { rule: Rule; items: RegExp } | undefined;

  read(raw: string, at: number): void {
    const cut = raw.length > maxLine ? raw.slice(0, maxLine) : raw;
    const line = (cut.includes('\u001B') ? stripVTControlCharacters(cut) : cut).trimEnd();
    if (this.#continuesBlock(line)) return;
    if (this.#isItem(line, at)) return;
    if (blockStart.test(line)) this.#block = { text: line, at, lines: 1 };
    else this.#sentence(line, at);
  }

  end(): Words {
    this.#endBlock();
    const giveUps = this.#giveUps.end();
    this.#join(giveUps);
    const complaints = [...this.#found.values()].sort(
      (a, b) => Number(b.fatal) - Number(a.fatal) || (a.fatal ? b.at - a.at : a.at - b.at),
    );
    return { complaints, giveUps };
  }

  /** Adds a line to the message that was begun, as long as it belongs to it. */
  #continuesBlock(line: string): boolean {
    const block = this.#block;
    if (block === undefined) return false;
    if ((line === '' || line.startsWith('  ')) && block.lines < maxBlock) {
      block.lines += 1;
      if (block.text.length < maxLine && line !== '') block.text += ` ${line.trim()}`;
      return true;
    }
    this.#endBlock();
    return false;
  }

  #endBlock(): void {
    const block = this.#block;
    this.#block = undefined;
    if (block === undefined) return;
    this.#sentence(block.text.slice(0, maxLine), block.at);
  }

  /** What no tool says in its own words may be the project's. */
  #sentence(text: string, at: number): void {
    if (!this.#understand(text, at)) this.#giveUps.read(text, at);
  }

  #isItem(line: string, at: number): boolean {
    const list = this.#list;
    if (list === undefined) return false;
    const match = list.items.exec(line);
    if (match === null) {
      this.#list = undefined;
      return false;
    }
    this.#note(list.rule, match.groups ?? {}, line, at);
    return true;
  }

  #understand(line: string, at: number): boolean {
    if (!anyWord.test(line)) return false;
    for (const rule of rules) {
      if (!rule.says.some((literal) => line.includes(literal))) continue;
      const match = rule.pattern.exec(line);
      if (match === null) continue;
      if (rule.items !== undefined) this.#list = { rule, items: rule.items };
      else if (rule.about !== undefined) this.#giveUpOver(rule.about, at);
      else this.#note(rule, match.groups ?? {}, line, at);
      return rule.isQuote !== true;
    }
    return false;
  }

  /** A message about what a tool was just asked, whose own words do not tell that it was required. */
  #giveUpOver(tool: string, at: number): void {
    for (const [key, known] of this.#found)
      if (known.tool === tool && at - known.at <= nearby) this.#found.set(key, { ...known, fatal: true });
  }

  #note(rule: Rule, groups: Groups, line: string, at: number): void {
    const { tool, looksFor, fatal, variable, isGuess } = rule;
    const named = groups['name'];
    if (named === undefined) return;
    for (const name of rule.names?.(named, groups) ?? [named]) {
      const wanted = wantedBy(rule, name, groups);
      const kind = wanted[0]?.kind ?? ('below' in looksFor ? 'file' : looksFor[0]);
      this.#add({
        tool,
        voice: isGuess === true ? 'project' : 'tool',
        kind,
        name,
        line: line.trim().slice(0, maxQuote),
        at,
        fatal,
        ...(variable === undefined ? {} : { variable }),
        wanted,
      });
    }
  }

  #add(complaint: Complaint): void {
    const first = complaint.wanted[0];
    const key = first === undefined ? `${complaint.kind}\0${complaint.name}` : keyOf(first);
    const known = this.#found.get(key);
    if (known === undefined) this.#found.set(key, complaint);
    else if (!known.fatal || complaint.fatal) {
      const variable = complaint.variable ?? known.variable;
      this.#found.set(key, {
        ...complaint,
        ...(variable === undefined ? {} : { variable }),
        wanted: merged(known.wanted, complaint.wanted),
      });
    }
  }

  /** The project's words about what was asked for before are why it ended. */
  #join(giveUps: readonly GiveUp[]): void {
    const keys = new Map<string, string[]>();
    for (const [key, { name }] of this.#found) {
      const thing = thingOf(name);
      keys.set(thing, [...(keys.get(thing) ?? []), key]);
    }
    for (const { tool, line, at, names, hasFailed, missing } of giveUps) {
      if (!hasFailed) continue;
      for (const key of names.flatMap((name) => keys.get(thingOf(name)) ?? [])) {
        const known = this.#found.get(key);
        if (known !== undefined && known.voice === 'tool' && !known.fatal && known.at < at)
          this.#found.set(key, { ...known, fatal: true, line, at });
      }
      for (const { name, kind, wanted } of missing) {
        if (keys.has(thingOf(name))) continue;
        this.#add({ tool, voice: 'project', kind, name, line, at, fatal: true, wanted });
      }
    }
  }
}

function merged(first: readonly Wanted[], second: readonly Wanted[]): readonly Wanted[] {
  return [...new Map([...second, ...first].map((one) => [keyOf(one), one])).values()];
}
