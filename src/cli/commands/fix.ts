/** `lvfs fix`: builds until it is known what an ebuild should declare, and gives a patch of it. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Answer, Asker, Findings, Proposal, Question, Subject } from '../../author/index.js';
import { exitStatus, LvfsError, runSync, workingDirectory, type ExitStatus } from '../../base/index.js';
import type { Plan } from '../../daemon/index.js';
import { defineCommand } from '../command.js';
import { FixBuilds } from '../fixing.js';
import { FixState } from '../fixState.js';
import { endLike, Signals } from '../inside.js';
import { insideOptions, insideRequest } from '../insideOptions.js';
import type { Output } from '../output.js';
import { OutputFiles } from '../outputFiles.js';

/** How many builds there are at the most unless something else is said. */
const usualBuilds = 40;

export const command = defineCommand({
  name: 'fix',
  summary: 'a patch of what the ebuild forgot',
  describe:
    'Builds the ebuild in private views until it is known what it should declare: shows what was missing, takes that away again one by ' +
    'one, and switches flags that fit. Prints a patch for git apply or git am, whose message states the evidence. The ebuild itself is not changed. ' +
    '29: the build fails whatever is shown; 1: not all is known.',
  options: {
    ...insideOptions,
    unused: {
      type: 'boolean',
      describe: 'Also find out which declared build dependencies can go',
      more: 'Each of which nothing was read is hidden; when the result stays the same, it is taken out of the ebuild.',
    },
    'no-compare': {
      type: 'boolean',
      describe: 'Do not look for packages that only make the result differ (automagic)',
    },
    'dry-run': { type: 'boolean', alias: 'n', describe: 'Say what would be tried, and build nothing' },
    builds: {
      type: 'number',
      value: 'N',
      range: [1, 10_000],
      describe: `How many builds there may be (default ${usualBuilds})`,
    },
    'build-time': {
      type: 'number',
      value: 'MINUTES',
      range: [1, 10_080],
      describe: 'How long building may take in all (default: no limit)',
      more: 'No build begins after that; one that is made to find out what another lacks, or what makes a difference, is ended.',
    },
    again: {
      type: 'boolean',
      describe: 'Build everything again, also what an earlier call that was interrupted has found out',
    },
    patch: { type: 'string', value: 'FILE', describe: 'Write the patch there instead of to standard output' },
  },
  examples: [
    ['lvfs fix dev-libs/foo >foo.patch', 'what should it declare?'],
    ['lvfs fix --unused --test ./foo-1.2.ebuild', 'also what it declares in vain, with its tests'],
    ['lvfs fix dev-libs/foo | git -C /var/db/repos/mine am', 'commit it at once'],
  ],
  operands: [{ name: 'atom', is: 'target', optional: true }],
  ebuildDirectory: true,
  async run(invocation) {
    const { operands, options, output } = invocation;
    const settings = await invocation.settings();
    const files = new OutputFiles();
    const signals = new Signals();
    try {
      const patchFile = files.result(options.patch);
      const base = await insideRequest(invocation, operands, { emerge: true });
      const request = options.test ? { ...base, environment: { FEATURES: testFeatures() } } : base;
      const { makePlan } = await import('../../daemon/index.js');
      const plan = await makePlan(request, output.log);
      const ebuild = ebuildOf(plan);
      if (options['dry-run']) {
        tellPlan(ebuild, plan, options, output);
        return exitStatus.ok;
      }
      const state = new FixState(settings.cache, ebuild.cpv, [
        ...[invocation.version(), ebuild.text, process.env['USE'] ?? '', process.env['FEATURES'] ?? ''],
        ...[JSON.stringify({ ...request, version: '' }), [...plan.set.visible.keys()].join(' ')],
      ]);
      if (options.again) state.clear();
      const minutes = options['build-time'] ?? Number.POSITIVE_INFINITY;
      const limits = {
        builds: options.builds ?? usualBuilds,
        deadline: performance.now() + minutes * 60_000,
      };
      const { ignore, habitsOff } = settings;
      const builds = new FixBuilds(
        request,
        { ignore, habitsOff, show: false },
        limits,
        state,
        output,
        signals,
      );
      const { findFix, propose, asMail } = await import('../../author/index.js');
      const searched = { unused: options.unused, compare: !options['no-compare'] };
      const findings = await findFix(subjectOf(ebuild, plan), builds.build, searched);
      if (signals.status !== undefined) {
        output.log('warn', 'interrupted; the same command goes on where this one was');
        return endLike(signals.status, signals);
      }
      const proposal = await propose(
        ebuild,
        findings,
        output.json || options.quiet ? nobody : askerOn(output),
      );
      const patch = proposal.patch === '' ? '' : asMail(proposal, authorOf(ebuild.repository), new Date());
      patchFile?.write(patch);
      if (output.json) {
        const { additions, withdrawals, outcome } = findings;
        const { open, message } = proposal;
        const facts = { target: ebuild.cpv, ebuild: ebuild.file, outcome, builds: builds.count };
        output.printJson({ ...facts, additions, withdrawals, open, message, patch, steps: builds.steps });
      } else {
        tell(findings, proposal, builds, ebuild, output);
        if (patchFile === undefined && patch !== '') output.print(patch.trimEnd());
      }
      // What is known is kept until it is handed over as a whole.
      if (findings.outcome !== 'open') state.clear();
      return files.end(endOf(findings), output);
    } catch (error) {
      if (signals.status !== undefined) return endLike(signals.status, signals);
      throw error;
    } finally {
      files.close();
      signals.release();
    }
  },
});

/** FEATURES with which emerge runs the test phase. */
function testFeatures(): string {
  return `${process.env['FEATURES'] ?? ''} test`.trim();
}

/** The ebuild that is to be changed. */
interface EbuildFile {
  readonly cpv: string;
  readonly file: string;
  readonly repository: string;
  readonly text: string;
  /** From the top of the checkout that it lies in, else from that of its repository. */
  readonly path: string;
  readonly flags: Readonly<Record<string, boolean>>;
  readonly eapi: string;
}

/** @throws LvfsError NO_EBUILD, CANNOT_READ */
function ebuildOf(plan: Plan): EbuildFile {
  const [target, ...others] = plan.set.targets;
  if (target === undefined || others.length > 0)
    throw new LvfsError('ONE_TARGET', 'one ebuild at a time can be mended');
  const { cpv, ebuild, eapi } = target;
  if (ebuild === undefined) {
    throw new LvfsError('NO_EBUILD', `no repository has the ebuild of ${cpv}: there is nothing to be mended`);
  }
  const { file, repository, flags } = ebuild;
  try {
    const text = readFileSync(file, 'utf8');
    return { cpv, file, repository, text, path: relative(checkoutAround(repository), file), flags, eapi };
  } catch (error) {
    throw new LvfsError('CANNOT_READ', `${file}: cannot be read`, { cause: error });
  }
}

/** The top of the git checkout that a directory lies in; the directory itself when it lies in none. */
function checkoutAround(directory: string): string {
  for (let place = directory; ; place = dirname(place)) {
    if (existsSync(join(place, '.git'))) return place;
    if (place === dirname(place)) return directory;
  }
}

function subjectOf({ flags, eapi }: EbuildFile, plan: Plan): Subject {
  return {
    flags: new Map(Object.entries(flags)),
    libraries: (cpv) => plan.libraries(cpv),
    hasBdepend: !/^[0-6]$/.test(eapi),
  };
}

/** Who commits: as pkgdev(1) is told, else as git is. */
function authorOf(repository: string): string {
  const own = process.env['ECHANGELOG_USER'];
  if (own !== undefined && own !== '') return own;
  const { stdout } = runSync('git', ['-C', repository, 'var', 'GIT_AUTHOR_IDENT'], {
    cwd: workingDirectory(),
    env: process.env,
  });
  const [, name] = /^(.+ <[^>]+>) \d+ /.exec(stdout) ?? [];
  return name ?? 'lvfs <lvfs@localhost>';
}

const nobody: Asker = () => Promise.resolve(undefined);

/** Asks on the terminal; where there is none, nobody. */
function askerOn(output: Output): Asker {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return nobody;
  return async (question) => {
    output.tell(questionText(question));
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
      for (;;) {
        const word = (
          await terminal.question(`1-${question.answers.length}, or nothing to leave it open: `)
        ).trim();
        if (word === '') return undefined;
        const answer: Answer | undefined = question.answers[Number(word) - 1];
        if (answer !== undefined) return answer;
      }
    } finally {
      terminal.close();
    }
  };
}

function questionText({ text, answers }: Question): string {
  return [`${text}?`, ...answers.map((answer, i) => `  ${i + 1}  ${answer.text}`)].join('\n');
}

function tellPlan(
  { cpv, file, flags }: EbuildFile,
  plan: Plan,
  options: { readonly unused: boolean; readonly 'no-compare': boolean; readonly builds: number | undefined },
  output: Output,
): void {
  const switchable = Object.entries(flags).map(([flag, state]) => (state ? flag : `-${flag}`));
  const steps = [
    `build it with what it declares (${plan.set.visible.size} packages visible)`,
    'when that fails: show what its tools say they lack, and what was looked for; build again until it builds',
    'take away one by one what was added, and build again',
    ...(options['no-compare']
      ? []
      : ['build it with all that is installed, and find out who makes a difference']),
    ...(switchable.length === 0
      ? []
      : [`switch the flags that what was added may go with, out of: ${switchable.join(' ')}`]),
    ...(options.unused ? [`hide one by one what is not used of: ${plan.set.buildDeps.join(' ')}`] : []),
  ];
  const builds = options.builds ?? usualBuilds;
  if (output.json) output.printJson({ target: cpv, ebuild: file, builds, steps });
  else
    output.print(
      [`${cpv} (${file}), at most ${builds} builds:`, ...steps.map((step) => `  ${step}`)].join('\n'),
    );
}

/** What came of it, beside the patch. */
function tell(
  { outcome }: Findings,
  { open, patch }: Proposal,
  builds: FixBuilds,
  { cpv, repository }: EbuildFile,
  output: Output,
): void {
  const said = {
    done: patch === '' ? 'nothing is to be mended' : `the patch is for ${repository}`,
    own: 'the build fails with all that is installed as well: that failure is its own',
    unsteady: 'the same build fails one time and succeeds another; nothing can be proved',
    open: builds.isLimited
      ? 'not all is known: there were to be no more builds (--builds, --build-time)'
      : 'not all is known',
  }[outcome];
  output.tell(`${cpv}: ${said}; ${builds.count} builds`);
  for (const one of open) output.tell(`left open: ${one}`);
}

function endOf({ outcome }: Findings): ExitStatus {
  if (outcome === 'done') return exitStatus.ok;
  return outcome === 'own' ? exitStatus.buildFailed : exitStatus.failure;
}
