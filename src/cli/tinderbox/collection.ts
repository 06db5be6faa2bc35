/** The verdicts of one check as they come, and all that is made of them: what is printed, the directory of results, files, the exit status. */
import type { ExitStatus } from '../../base/index.js';
import type { Checked } from '../../library/index.js';
import type { Output } from '../output.js';
import { OutputFiles, type ResultFile } from '../outputFiles.js';
import { displayText } from '../text.js';
import { checkPage, junit } from './files.js';
import type { Recorded } from './journal.js';
import type { Results } from './results.js';
import { countsOf, overall, subjectOf, verdictJson, verdictOn, type Verdict } from './verdict.js';

/** What is made of verdicts. */
export interface CollectionOptions {
  readonly output: Output;
  readonly version: string;
  readonly results: Results | undefined;
  /** What is known already does not count. */
  readonly baseline: Recorded | undefined;
  readonly junit: string | undefined;
  readonly html: string | undefined;
}

/** See the head of this file. */
export class Collection {
  readonly #options: CollectionOptions;
  readonly #files = new OutputFiles();
  readonly #junit: ResultFile | undefined;
  readonly #html: ResultFile | undefined;
  readonly #verdicts = new Map<string, Verdict>();
  /** Pages of reports, where they are not in a directory. */
  readonly #pages = new Map<Verdict, string>();
  /** Findings of earlier runs by what they are about. */
  readonly #known: ReadonlyMap<string, ReadonlySet<string>>;

  /** @throws LvfsError CANNOT_WRITE (exit 1) */
  constructor(options: CollectionOptions) {
    this.#options = options;
    this.#junit = this.#files.result(options.junit);
    this.#html = this.#files.result(options.html);
    const known = new Map<string, Set<string>>();
    for (const verdict of options.baseline?.verdicts.values() ?? []) {
      const subject = subjectOf(verdict);
      known.set(subject, new Set([...(known.get(subject) ?? []), ...verdict.findings]));
    }
    this.#known = known;
  }

  /**
   * Notes what there is to be checked.
   *
   * @param shard which part of all that is
   */
  begin(targets: readonly string[], shard: string | undefined): void {
    const { results, version } = this.#options;
    results?.journal.add({ version, ...(shard === undefined ? {} : { shard }), targets });
  }

  /** Takes over a verdict of another run with its files, tells it, and keeps it. */
  takeOver(verdict: Verdict, directory: string): void {
    const { output, results } = this.#options;
    this.add(verdict);
    const added = this.#verdicts.get(verdict.target) ?? verdict;
    results?.take(verdict, directory);
    results?.journal.add(added);
    if (output.json) output.printJson(added);
    else this.print(added);
  }

  /** Takes over a verdict of an earlier run. */
  add(verdict: Verdict): void {
    this.#verdicts.set(verdict.target, { ...verdict, known: undefined, ...this.#knownMark(verdict) });
  }

  /** Tells the verdict on what came of a target, and keeps it. */
  take(came: Checked): Verdict {
    const { output, results, version } = this.#options;
    const { checked, files } = results?.keep(came) ?? { checked: came, files: undefined };
    const found = verdictOn(checked);
    const verdict: Verdict = {
      ...found,
      ...this.#knownMark(found),
      ...(files === undefined ? {} : { files }),
    };
    this.#verdicts.set(verdict.target, verdict);
    const json = verdictJson(checked, verdict, version);
    results?.note(verdict, json);
    const { html } = came.outcome ?? {};
    if (html !== undefined && this.#html !== undefined && results === undefined)
      this.#pages.set(verdict, html);
    if (output.json) output.printJson(json);
    else this.print(verdict);
    return verdict;
  }

  #knownMark(verdict: Verdict): Pick<Verdict, 'known'> {
    const known = this.#known.get(subjectOf(verdict));
    const isKnown = verdict.findings.length > 0 && verdict.findings.every((one) => known?.has(one) === true);
    return isKnown ? { known: true } : {};
  }

  /** Prints a verdict for people. */
  print(one: Verdict): void {
    const { output } = this.#options;
    const { target, says, seconds, failure, error, known } = one;
    const { bold, dim } = output.colors;
    const indent = ' '.repeat(verdictWidth + 1);
    const time = seconds === undefined ? '' : `; ${seconds} s`;
    const mark = known === true ? ' (known)' : '';
    output.print(`${paint(one.verdict, output)} ${bold(target)} ${dim(`${says}${time}${mark}`)}`.trimEnd());
    for (const log of failure?.logs ?? []) output.print(`${indent}${dim(`its log is ${displayText(log)}`)}`);
    if (error?.hint !== undefined) output.print(`${indent}${dim(`hint: ${error.hint}`)}`);
  }

  /** All so far. */
  get verdicts(): readonly Verdict[] {
    return [...this.#verdicts.values()];
  }

  /** How many there are of each word. */
  get counts(): string {
    return countsOf(this.#verdicts.values());
  }

  has(target: string): boolean {
    return this.#verdicts.has(target);
  }

  /** Brings the page with all verdicts up to date, now and then. */
  onTheWay(targets: readonly string[]): void {
    this.#options.results?.writeIndex(this.#verdicts.values(), this.#left(targets), false);
  }

  #left(targets: readonly string[]): string[] {
    return targets.filter((target) => !this.#verdicts.has(target));
  }

  /**
   * Writes everything. Of a run that was interrupted, what is there.
   *
   * @param targets all that there was to be checked
   * @returns what the command ends with
   */
  end(targets: readonly string[]): ExitStatus {
    const { output, results } = this.#options;
    const left = this.#left(targets);
    const { verdicts } = this;
    this.#junit?.write(junit(verdicts, left));
    this.#html?.write(
      checkPage(verdicts, left, (verdict) => this.#pages.get(verdict) ?? results?.pageOf(verdict)),
    );
    results?.writeIndex(verdicts, left, true);
    results?.journal.flush();
    const status = this.#files.end(overall(verdicts), output);
    const failure = results?.journal.failure;
    if (failure === undefined) return status;
    output.complain(failure);
    return status === 0 ? failure.exit : status;
  }

  /** Nothing is written afterwards. */
  close(): void {
    this.#files.close();
    this.#options.results?.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Columns of a verdict. */
const verdictWidth = 10;

function paint(word: Verdict['verdict'], { colors }: Output): string {
  const color = { clean: colors.green, undeclared: colors.yellow, failed: colors.red, error: colors.red }[
    word
  ];
  return color(word.padEnd(verdictWidth));
}
