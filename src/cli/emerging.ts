/** Portage with its phases in views, for `lvfs emerge` and `lvfs ebuild`: settings for each package, reports, the summary. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { missingGroups, type Report } from '../audit/index.js';
import {
  errorCode,
  exitStatus,
  LvfsError,
  packageName,
  replaceFile,
  type ExitStatus,
} from '../base/index.js';
import {
  loadEmerge,
  type PackageEnd,
  type PackageView,
  type PhaseFacts,
  type PhaseListener,
} from '../daemon/index.js';
import { reportPage } from '../page/index.js';
import { isIncomplete, statusOf, type BuildOutcome } from '../library/index.js';
import { outcomeJson } from './buildOutput.js';
import type { Invocation, OptionTable } from './command.js';
import type { Settings } from './config.js';
import { endLike, Signals } from './inside.js';
import { schemaVersion, type Output } from './output.js';
import { OutputFiles, type LineFile } from './outputFiles.js';
import { insideProgram, standInProgram } from './programs.js';
import { counted, displayText } from './text.js';
import { locations, viewRequest } from './viewRequest.js';
import { verdictWords, type VerdictWords } from './verdictWords.js';

/** Where reports go unless something else is said. */
const usualReports = '/var/log/lvfs';

const modes = ['report', 'enforce'] as const;
type Mode = (typeof modes)[number];

/** Options that `emerge` and `ebuild` share; every other word is Portage's. */
export const emergeOptions = {
  'lvfs-mode': {
    type: 'string',
    choices: modes,
    describe: 'Hide what is not declared (enforce), or show it all and only note it (report)',
    more: 'Default: what LVFS_MODE says for the package, else enforce.',
  },
  'lvfs-strict': {
    type: 'boolean',
    describe: 'End with 30 where it would be 0 and something undeclared was found',
  },
  'lvfs-reports': {
    type: 'string',
    value: 'DIR',
    describe: `Where reports are written (default ${usualReports})`,
  },
  'lvfs-json': {
    type: 'string',
    value: 'FILE',
    describe: 'Also write one verdict a line, as JSON, as they come',
  },
  'lvfs-help': { type: 'boolean', describe: 'Show this help' },
} as const satisfies OptionTable;

/** The verdict on one package. */
interface Verdict {
  readonly package: string;
  readonly verdict: 'clean' | 'undeclared' | 'failed' | 'error' | 'interrupted';
  readonly says: string;
  /** The first finding. */
  readonly finding: string | undefined;
  /** The page of its report. */
  readonly page: string | undefined;
}

/** Runs `emerge` or `ebuild`; ends with its exit status. */
export async function runPortage(
  program: 'emerge' | 'ebuild',
  invocation: Invocation<typeof emergeOptions>,
): Promise<ExitStatus> {
  const { operands, options, output } = invocation;
  const settings = await invocation.settings();
  const { startEmerge, startPlain } = await loadEmerge();
  using files = new OutputFiles();
  using signals = new Signals();
  const isOff = isSwitchedOff(process.env['LVFS']);
  const isRoot = process.getuid?.() === 0;
  // An ordinary user looks things up with emerge, and builds nothing.
  if (!isOff && !isRoot) output.log('info', 'not root: whatever is built is built without views');
  const packages = new Packages(invocation, settings, {
    lines: files.lines(options['lvfs-json']),
    interruption: signals.signal,
  });
  const order = { program, arguments: operands };
  const running =
    isOff || !isRoot
      ? startPlain(order)
      : await startEmerge(
          {
            ...order,
            locations: locations(settings),
            standIn: standInProgram,
            isOff: isSwitchedOff,
            insideProgram,
            ignore: settings.ignore,
            version: invocation.version(),
          },
          packages,
        );
  const release = signals.passTo((name) => running.signal(name));
  const status = statusOf(await running.ended);
  release();
  packages.summarise();
  const end = files.end(status as ExitStatus, output);
  const isFound = options['lvfs-strict'] && packages.verdicts.some(({ verdict }) => verdict === 'undeclared');
  return endLike(end === exitStatus.ok && isFound ? exitStatus.undeclared : end, signals);
}

/** Whether a value of LVFS asks for no views. */
function isSwitchedOff(value = ''): boolean {
  if (/^(?:off|no|false|0)$/i.test(value)) return true;
  if (/^(?:on|yes|true|1|)$/i.test(value)) return false;
  throw new LvfsError('BAD_CONFIG', `LVFS: expected on or off, found '${value}'`);
}

/** Where verdicts go, and what makes them void. */
interface Noting {
  readonly lines: LineFile | undefined;
  /** Aborted when the user ends everything. */
  readonly interruption: AbortSignal;
}

/** What is decided and noted about packages. */
class Packages implements PhaseListener {
  readonly #settings: Settings;
  readonly #mode: Mode | undefined;
  readonly #reports: string;
  readonly #version: string;
  readonly #output: Output;
  readonly #lines: LineFile | undefined;
  readonly #interruption: AbortSignal;
  readonly verdicts: Verdict[] = [];
  readonly log: PhaseListener['log'];

  constructor(
    { options, output, version }: Invocation<typeof emergeOptions>,
    settings: Settings,
    { lines, interruption }: Noting,
  ) {
    this.#settings = settings;
    this.#mode = modes.find((mode) => mode === options['lvfs-mode']);
    this.#reports = options['lvfs-reports'] ?? usualReports;
    this.#version = version();
    this.#output = output;
    this.#lines = lines;
    this.#interruption = interruption;
    this.log = output.log;
  }

  /** Emerge has the terminal. */
  progress(): void {
    // Nothing is said of what takes a moment.
  }

  viewFor(facts: PhaseFacts): PackageView | undefined {
    const { settings } = facts;
    if (isSwitchedOff(settings['LVFS'])) return undefined;
    const mode = this.#mode ?? modeOf(settings['LVFS_MODE']);
    const list = (name: string, known: readonly string[]): readonly string[] => [
      ...new Set([...known, ...(settings[name] ?? '').split(/\s+/).filter((word) => word !== '')]),
    ];
    const all = this.#settings;
    const own: Settings = {
      ...all,
      with: list('LVFS_WITH', all.with),
      without: list('LVFS_WITHOUT', all.without),
      show: [...list('LVFS_SHOW', all.show), ...(mode === 'report' ? ['/**'] : [])],
      hide: mode === 'report' ? [] : list('LVFS_HIDE', all.hide),
    };
    const request = viewRequest(own, emergeSet, [facts.ebuild]);
    return {
      request: {
        ...request,
        set: { ...request.set, allowInvalid: true, use: facts.use },
        driver: own.driver,
        threads: own.threads,
        version: this.#version,
        binds: {
          defaults: true,
          create: false,
          binds: facts.directories.filter((path) => existsSync(path)),
          readOnlyBinds: [],
        },
        noNetwork: false,
        hostProcesses: false,
        attribute: true,
        findingsOnly: true,
      },
      reportOnly: mode === 'report',
    };
  }

  ended(given: PackageEnd): readonly string[] {
    // A phase that the user ends fails, and that says nothing about the package.
    const isOver = this.#interruption.aborted && given.status !== 0;
    const end = isOver ? { ...given, status: undefined } : given;
    const { found, error, status } = end;
    const page = join(this.#reports, `${end.package}.html`);
    if (found === undefined) {
      const says = error?.message ?? 'there is no report';
      this.#note({ package: end.package, verdict: 'error', says, finding: error?.hint, page: undefined }, {});
      return status === undefined ? [] : [`lvfs: no report: ${says}`];
    }
    const { report, graph } = found;
    const outcome: BuildOutcome = {
      targets: [end.package],
      status: status ?? 1,
      seconds: Math.round((end.ended.getTime() - end.started.getTime()) / 100) / 10,
      started: end.started.toISOString(),
      ended: end.ended.toISOString(),
      report,
      output: end.output,
      logs: [],
      interrupted: status === undefined,
    };
    const words = verdictWords(outcome);
    const findings = findingsOf(report, end.reportOnly);
    const verdict = verdictOf(status, report);
    const says = status === undefined ? `ended in the phase ${end.phase}` : words.says;
    const facts = { ...this.#json(end, words), ...outcomeJson(outcome, this.#version), verdict };
    const html = reportPage(report, graph, outcome.status);
    this.#save(`${end.package}.json`, `${JSON.stringify({ schemaVersion, ...facts })}\n`);
    this.#save(`${end.package}.html`, html);
    this.#note({ package: end.package, verdict, says, finding: findings[0], page }, facts);
    return [...findings.map((line) => `lvfs: ${line}`), ...closing(end, report, page)];
  }

  #json({ phase, reportOnly }: PackageEnd, words: VerdictWords): Record<string, unknown> {
    return { ...words, phase, mode: reportOnly ? 'report' : 'enforce' };
  }

  #note(verdict: Verdict, facts: Record<string, unknown>): void {
    this.verdicts.push(verdict);
    const { package: target, verdict: word, says } = verdict;
    this.#lines?.write({ target, verdict: word, says, ...facts });
  }

  #save(name: string, text: string): void {
    const path = join(this.#reports, name);
    try {
      replaceFile(path, [Buffer.from(text)]);
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      this.#output.log('warn', `${path}: cannot be written (${errorCode(error) ?? ''})`);
    }
  }

  /** Says at the end what came of all packages; nothing where none was built. */
  summarise(): void {
    const { verdicts } = this;
    if (verdicts.length === 0) return;
    const count = (word: Verdict['verdict']): string[] => {
      const number = verdicts.filter(({ verdict }) => verdict === word).length;
      return number === 0 ? [] : [`${number} ${word}`];
    };
    const counts = (['clean', 'undeclared', 'failed', 'interrupted', 'error'] as const).flatMap(count);
    const lines = verdicts
      .filter(({ verdict }) => verdict !== 'clean')
      .flatMap(({ verdict, package: cpv, says, finding, page }) => [
        `  ${verdict.padEnd(11)} ${cpv}: ${says}`,
        ...(finding === undefined ? [] : [`    ${finding}`]),
        ...(page === undefined ? [] : [`    ${page}`]),
      ]);
    const built = `lvfs: ${counted(verdicts.length, 'package')} built in views: ${counts.join(', ')}`;
    this.#output.tell([built, ...lines].join('\n'));
  }
}

/** What emerge has seen to itself: that everything is installed that has to be. */
const emergeSet = {
  'no-system': false,
  rdepend: false,
  test: false,
  'allow-missing': true,
  'any-of': undefined,
} as const;

function modeOf(value = ''): Mode {
  const mode = value === '' ? 'enforce' : modes.find((one) => one === value);
  if (mode !== undefined) return mode;
  throw new LvfsError('BAD_CONFIG', `LVFS_MODE: expected ${modes.join(' or ')}, found '${value}'`);
}

function verdictOf(status: number | undefined, report: Report): Verdict['verdict'] {
  if (status === undefined) return 'interrupted';
  if (status !== 0) return 'failed';
  return isIncomplete(report) ? 'undeclared' : 'clean';
}

/** What is not declared, a line each. */
function findingsOf(report: Report, reportOnly: boolean): string[] {
  const { missing, allowed, automagic } = missingGroups(report);
  const undeclared = [...missing, ...automagic, ...allowed].map((one) => {
    const [message] = one.messages;
    const who = one.processes[0] ?? 'the build';
    const did = reportOnly || one.certainty === 'allowed' ? 'used' : 'looked for';
    const evidence = message ?? `${displayText(who)} ${did} ${one.paths[0] ?? one.cpv}`;
    const where = one.phases.map((phase) => `src_${phase}`).join(', ');
    return `${one.suggest} is not declared: ${evidence}${where === '' ? '' : ` (${where})`}`;
  });
  const secondHand = report.secondHand
    .filter(({ use }) => use === 'direct')
    .map(
      ({ suggest, paths, from, cpv }) =>
        `${suggest} is not declared: ${paths[0] ?? cpv} is there only because of ${from.join(', ')}`,
    );
  return [...undeclared, ...secondHand];
}

/** What a reader of the log can do about it. */
function closing({ status, phase }: PackageEnd, report: Report, page: string): string[] {
  const { missing, lookedFor } = missingGroups(report);
  const lines: string[] = [];
  if (lookedFor.length > 0) {
    const names = lookedFor.map(({ cpv }) => packageName(cpv)).join(' ');
    lines.push(`lvfs: hidden and looked for, perhaps of no consequence: ${names}`);
  }
  if (status !== 0 && status !== undefined) {
    const names = missing.map(({ cpv }) => packageName(cpv)).join(' ');
    const again = names === '' ? 'LVFS=off' : `LVFS_WITH="${names}"`;
    lines.push(
      `lvfs: src_${phase} failed where only what is declared is visible; to build it all the same: ${again}`,
    );
  }
  return lines.length > 0 || isIncomplete(report) ? [...lines, `lvfs: the whole report: ${page}`] : [];
}
