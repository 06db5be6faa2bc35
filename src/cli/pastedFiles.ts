/** The texts of `--markdown` and `--bugzilla`: a report as it is pasted into a bug. */
import { runSync } from '../base/index.js';
import type { PastedBuild, Report } from '../audit/index.js';
import { whoAsks } from '../library/index.js';
import type { OutputFiles, ResultFile } from './outputFiles.js';

/** Options of the verbs that report. */
export const pastedOptions = {
  markdown: {
    type: 'string',
    value: 'FILE',
    describe: 'Write the report as Markdown, ready to be pasted into a bug',
    more: 'Home directories and names of user and host are left out.',
  },
  bugzilla: {
    type: 'string',
    value: 'FILE',
    describe: 'The same as plain text for Bugzilla, with its summary',
  },
} as const;

/** Files that the texts go to. */
export class PastedFiles {
  readonly #markdown: ResultFile | undefined;
  readonly #bugzilla: ResultFile | undefined;

  /** @throws LvfsError CANNOT_WRITE (exit 1) */
  constructor(
    files: OutputFiles,
    given: { readonly markdown: string | undefined; readonly bugzilla: string | undefined },
  ) {
    this.#markdown = files.result(given.markdown);
    this.#bugzilla = files.result(given.bugzilla);
  }

  /** Writes what was asked for. */
  async write(report: Report, build: Omit<PastedBuild, 'info'>): Promise<void> {
    if (this.#markdown === undefined && this.#bugzilla === undefined) return;
    const { impersonal, reportBugzilla, reportMarkdown } = await import('../audit/index.js');
    const person = whoAsks();
    const full = { ...build, info: machineInfo() };
    this.#markdown?.write(impersonal(reportMarkdown(report, full), person));
    this.#bugzilla?.write(impersonal(reportBugzilla(report, full), person));
  }
}

/** How long emerge may take to say what the machine is, in milliseconds. */
const patience = 60_000;

/** What of `emerge --info` matters to who reads of a build; nothing where there is no emerge. */
function machineInfo(): string[] {
  const { code, stdout } = runSync('emerge', ['--info', '--color=n'], {
    env: process.env,
    timeout: patience,
  });
  if (code !== 0) return [];
  return (
    stdout
      .split('\n')
      .filter((line) =>
        /^(?:Portage \d|System uname|(?:ACCEPT_KEYWORDS|CBUILD|CHOST|CFLAGS|CXXFLAGS|LDFLAGS|FEATURES|USE)=)/.test(
          line,
        ),
      )
      // Behind USE stands what each of USE_EXPAND is, a page of it.
      .map((line) => line.replace(/^(USE="[^"]*").*/, '$1'))
  );
}
