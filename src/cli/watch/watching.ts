/** `lvfs watch` at work: keys change the board and the view, and the screen follows. */
import type { Key } from 'node:readline';
import type { Denial } from '../../audit/index.js';
import { describeError, errorCode, LvfsError } from '../../base/index.js';
import type { View } from '../../library/index.js';
import type { Settings } from '../config.js';
import type { Output } from '../output.js';
import { OutputFiles } from '../outputFiles.js';
import { displayText, localTime, targetNames } from '../text.js';
import { reportJson, reportText } from '../reportText.js';
import { wantedPath } from '../workshop/lastDenials.js';
import { askedInShared, Board, type Group } from './board.js';
import { drawBoard, drawText, roomFor, wrapped } from './drawing.js';
import { Screen } from './screen.js';

/** How often the screen is drawn at most, in milliseconds: a configure script is refused hundreds of paths a second. */
const frameMs = 80;

/** Denials of a package that an explanation lists. */
const mostListed = 20;

/** A line that is being typed. */
interface Question {
  readonly label: string;
  text: string;
  readonly done: (text: string) => Promise<void>;
}

/** A question, of which half of the line is left for the answer; of a longer answer the end, where it is being typed. */
function questionLine({ label, text }: Question, columns: number): string {
  const half = Math.floor(columns / 2);
  const asked = label.length <= half ? label : `${label.slice(0, half - 2)}… `;
  return asked + text.slice(-Math.max(1, columns - 1 - asked.length));
}

/** How watching ended. */
export interface WatchEnd {
  /** What asked for it; undefined: a key, or the end of the view. */
  readonly signal: NodeJS.Signals | undefined;
  /** Whether the view is gone. */
  readonly isViewGone: boolean;
  /** What was ignored, as it would be written into lvfs.conf. */
  readonly ignored: Board['ignored'];
}

/** A view that is watched. */
export interface Watched {
  readonly view: View;
  readonly targets: readonly string[];
  readonly settings: Settings;
}

/** See the head of this file. */
export class Watching {
  readonly #watched: Watched;
  readonly #output: Output;
  readonly #board: Board;
  readonly #screen: Screen;
  #chosen: string | undefined;
  #message = '';
  #question: Question | undefined;
  #text: { readonly lines: readonly string[]; from: number } | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** What is asked of the view; nothing else is meanwhile. */
  #isBusy = false;
  #isOver = false;
  #end: (signal: NodeJS.Signals | undefined) => void = () => undefined;

  constructor(watched: Watched, output: Output) {
    this.#watched = watched;
    this.#output = output;
    this.#board = new Board(watched.targets, watched.settings.ignore);
    this.#screen = new Screen({
      key: (key, text) => this.#key(key, text),
      redraw: () => this.#draw(),
      end: (signal) => this.#end(signal),
    });
  }

  /** Shows the view until it is gone or somebody has seen enough. The terminal is then as it was. */
  async run(): Promise<WatchEnd> {
    const asked = new Promise<NodeJS.Signals | undefined>((done) => (this.#end = done));
    this.#screen.open();
    try {
      this.#draw();
      const gone = this.#watched.view.follow((denial) => void this.#take(denial)).then(() => 'gone' as const);
      const end = await Promise.race([gone, asked]);
      return {
        signal: end === 'gone' ? undefined : end,
        isViewGone: end === 'gone',
        ignored: this.#board.ignored,
      };
    } finally {
      this.#isOver = true;
      clearTimeout(this.#timer);
      this.#screen.close();
    }
  }

  /** Below a directory that many packages have, the file that was asked for says whose business it is. */
  async #take(denial: Denial): Promise<void> {
    const asked = askedInShared(denial);
    let known = denial;
    if (asked !== undefined) {
      try {
        const [{ owners } = { owners: [] }] = await this.#watched.view.why([asked]);
        if (owners.length > 0) known = { ...denial, path: asked, owners };
      } catch (error) {
        // A view that is gone is told of by who follows it.
        if (!(error instanceof LvfsError)) throw error;
      }
    }
    this.#board.add(known);
    this.#soon();
  }

  get #index(): number {
    return Math.max(
      0,
      this.#board.groups.findIndex(({ name }) => name === this.#chosen),
    );
  }

  /** The choice stays with its package, wherever that moves. */
  #choose(index: number): void {
    const { groups } = this.#board;
    this.#chosen = groups[Math.max(0, Math.min(index, groups.length - 1))]?.name;
  }

  #soon(): void {
    if (this.#isOver) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#draw();
    }, frameMs);
  }

  #draw(): void {
    const { size } = this.#screen;
    const { colors } = this.#output;
    if (this.#text !== undefined) {
      this.#screen.draw(drawText(this.#text.lines, this.#text.from, { size, colors }));
      return;
    }
    const question = this.#question;
    const message = question === undefined ? this.#message : questionLine(question, size.columns);
    const title = targetNames(this.#watched.targets);
    const lines = drawBoard({ title, board: this.#board, chosen: this.#index, message, size, colors });
    const cursor = { column: message.length, row: size.rows - 2 };
    this.#screen.draw(lines, question === undefined ? undefined : cursor);
  }

  #key(key: Key, text: string): void {
    const isControl = key.ctrl === true;
    if (isControl && key.name === 'c') this.#end(undefined);
    else if (this.#question !== undefined) this.#type(this.#question, key, text);
    else if (this.#text !== undefined) this.#read(key);
    else if (!isControl) this.#command(key.name ?? text, text);
    this.#draw();
  }

  #type(question: Question, { name = '', ctrl = false, meta = false }: Key, text: string): void {
    if (name === 'return' || name === 'enter') {
      this.#question = undefined;
      this.#do(() => question.done(question.text.trim()));
    } else if (name === 'escape') this.#question = undefined;
    else if (name === 'backspace') question.text = [...question.text].slice(0, -1).join('');
    else if (ctrl && name === 'u') question.text = '';
    else if (!ctrl && !meta && text !== '' && !/\p{Cc}/u.test(text)) question.text += text;
  }

  #read({ name = '' }: Key): void {
    const shown = this.#text;
    if (shown === undefined) return;
    const { columns, rows } = this.#screen.size;
    const last = Math.max(0, wrapped(shown.lines, columns).length - (rows - 1));
    const step = { up: -1, k: -1, down: 1, j: 1, pageup: 1 - rows, pagedown: rows - 1, space: rows - 1 }[
      name
    ];
    if (step === undefined) this.#text = undefined;
    else shown.from = Math.max(0, Math.min(last, shown.from + step));
  }

  #command(name: string, text: string): void {
    const page = roomFor(this.#screen.size);
    const steps: Readonly<Record<string, number>> = {
      ...{ up: -1, k: -1, down: 1, j: 1, pageup: -page, pagedown: page },
      ...{ home: -Infinity, end: Infinity },
    };
    const step = steps[name];
    const group = this.#board.groups[this.#index];
    if (step !== undefined) this.#choose(this.#index + step);
    else if (name === 'q') this.#end(undefined);
    else if (name === 'f') this.#board.nextPhase();
    else if (name === 's') this.#askWhereToSave();
    else if (group !== undefined) this.#about(group, name === 'enter' ? 'return' : name, text);
  }

  #about(group: Group, name: string, text: string): void {
    // From now on it is this one, however others come before it.
    this.#chosen = group.name;
    if (name === 'a') this.#do(() => this.#change('allow', group));
    else if (name === 'd') this.#do(() => this.#change('deny', group));
    else if (name === 'i') this.#askWhyToIgnore(group);
    else if (name === 'return' || name === 'e' || text === '?') this.#do(() => this.#explain(group));
  }

  /** Does something that may fail, and says so. */
  #do(action: () => Promise<void>): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    action()
      .catch((error: unknown) => {
        if (!(error instanceof LvfsError) && errorCode(error) === undefined) throw error;
        this.#message = displayText(`lvfs: ${describeError(error)}`);
      })
      .finally(() => {
        this.#isBusy = false;
        this.#draw();
      });
  }

  async #change(verb: 'allow' | 'deny', { name }: Group): Promise<void> {
    const { shown, hidden, paths } = await this.#watched.view[verb]([name]);
    const changed = [...shown.map((cpv) => `+${cpv}`), ...hidden.map((cpv) => `-${cpv}`), ...paths];
    this.#board.mark(name, verb === 'allow' ? 'allowed' : 'denied');
    this.#message = displayText(changed.length === 0 ? `${name}: nothing changed` : changed.join(' '));
  }

  #askWhyToIgnore(group: Group): void {
    this.#question = {
      label: `why is ${displayText(group.name)} no evidence? `,
      text: '',
      done: (reason) => {
        if (reason !== '') this.#board.ignore(group, reason);
        this.#message =
          reason === '' ? 'not ignored: a reason is needed' : `${displayText(group.name)} is ignored`;
        return Promise.resolve();
      },
    };
  }

  #askWhereToSave(): void {
    const [target = 'view'] = this.#watched.targets;
    this.#question = {
      label: 'save the report as (.html, .json, else text): ',
      text: `${target.slice(target.indexOf('/') + 1)}.html`,
      done: async (path) => {
        if (path === '') return;
        await this.#save(path);
        this.#message = `${displayText(path)} is written`;
      },
    };
  }

  async #report(html: boolean) {
    const { view, settings } = this.#watched;
    const ignore = [...settings.ignore, ...this.#board.ignored];
    return view.report({ ignore, habitsOff: settings.habitsOff, html });
  }

  /** @throws LvfsError CANNOT_WRITE */
  async #save(path: string): Promise<void> {
    using files = new OutputFiles();
    const file = files.result(path);
    const { report, html = '' } = await this.#report(path.endsWith('.html'));
    if (path.endsWith('.html')) file?.write(html);
    else if (path.endsWith('.json'))
      file?.write(`${JSON.stringify({ schemaVersion: 1, ...reportJson(report) })}\n`);
    else file?.write(`${reportText(report, this.#output.withoutColors)}\n`);
    if (file?.failure !== undefined) throw file.failure;
  }

  async #explain({ name, owner, telling, denials }: Group): Promise<void> {
    this.#message = '';
    const { whyInReport } = await import('../../audit/index.js');
    const { report } = await this.#report(false);
    const sentences = owner === undefined ? [] : whyInReport(report, owner);
    const suggestion = report.missing.find(({ cpv }) => cpv === owner)?.suggest;
    const paths = await this.#watched.view.why([wantedPath(telling)]);
    const rules = paths.map(
      ({ rule, owners }) => `rule: ${rule}${owners.length === 0 ? '' : `, owned by ${owners.join(' ')}`}`,
    );
    const latest = [...denials].sort((a, b) => b.last - a.last).slice(0, mostListed);
    this.#text = {
      from: 0,
      lines: [
        displayText(owner ?? name),
        '',
        ...(sentences.length > 0 ? sentences : ['The report does not speak of it.']).map(displayText),
        ...(suggestion === undefined ? [] : ['', `  ${suggestion}`]),
        '',
        ...rules.map((rule) => displayText(`${wantedPath(telling)}: ${rule}`)),
        '',
        `looked for (the last ${latest.length} of ${denials.length}):`,
        ...latest.map((denial) => {
          const who = denial.cmdline === '' ? denial.comm : denial.cmdline;
          const phase = denial.phase === '' ? '' : ` in ${denial.phase}`;
          return displayText(
            `  ${localTime(new Date(denial.last))} ${denial.operation} ${wantedPath(denial)}${phase} by ${who}`,
          );
        }),
      ],
    };
  }
}
