/** Builds that prove something: the options about them, and what they have shown, for a terminal. */
import type { ImageDifference, SettingChange } from '../audit/index.js';
import { packageName } from '../base/index.js';
import {
  usualProofTime,
  type AnyBuildOptions,
  type Comparison,
  type Effort,
  type EffortEnd,
  type Proof,
} from '../library/index.js';
import type { OptionValues } from './command.js';
import type { Settings } from './config.js';
import type { Output } from './output.js';

/** Options that `build` and `check` share. */
export const buildOptions = {
  command: {
    type: 'string',
    value: 'COMMAND',
    describe: 'Build with this, run by sh -c in the current directory, instead of emerge',
    more: 'Where the view does not have that directory, the host’s is shown at its place, writable, unless --no-binds is given.',
  },
  compare: {
    type: 'boolean',
    describe: 'Build again with all that is installed, and find out which packages make a difference',
    more: 'See PROOF in lvfs(1).',
  },
  'no-prove': {
    type: 'boolean',
    describe: 'Do not build again to find out what a failed build lacked',
  },
  'proof-time': {
    type: 'number',
    value: 'MINUTES',
    range: [0, 10_080],
    describe: `How long building again may take in all (default ${usualProofTime} minutes)`,
    more: 'A build that runs at that time is ended, and the report says what is left open. 0: do not build again.',
  },
  image: {
    type: 'string',
    value: 'DIR',
    describe:
      'With --command: where the result of a build lies, for --compare (default: the current directory). What builds make new there is removed before the next',
  },
} as const;

/** What these options say, for the library. */
export function buildSettings(
  { ignore, habitsOff }: Settings,
  given: OptionValues<typeof buildOptions>,
): AnyBuildOptions {
  return {
    command: given.command,
    compare: given.compare,
    prove: !given['no-prove'],
    proofTime: given['proof-time'],
    image: given.image,
    ignore,
    habitsOff,
  };
}

function effortText({ builds, seconds }: Effort): string {
  return `${builds === 1 ? 'one build' : `${builds} builds`} more, ${seconds} s`;
}

const endText: Readonly<Record<EffortEnd, string>> = {
  remains: 'it failed again on what the first build had left, which may be why',
  time: 'the time for it was over (--proof-time)',
  interrupted: 'it was interrupted',
  builds: 'it would take too many builds',
};

/** What building again has shown, for a terminal. */
export function proofText(proof: Proof, output: Output): string {
  const { bold, dim } = output.colors;
  const names = proof.packages.map(packageName).join(' ');
  const said = {
    needs: `it fails without ${names}, and builds with ${proof.packages.length === 1 ? 'it' : 'them'}.`,
    own:
      names === ''
        ? 'it fails in the same way with all that is installed: the failure is its own.'
        : `with ${names} it gets further, and then fails with all that is installed as well: that failure is its own.`,
    unsteady: 'the same build fails one time and succeeds another; nothing hidden is to blame.',
    open: `nothing is proved: ${endText[proof.end ?? 'builds']}.${names === '' ? '' : ` With ${names} it gets further.`}`,
  }[proof.outcome];
  return `${bold('Proof:')} ${said} ${dim(`(${effortText(proof)})`)}`;
}

/** What `--compare` has shown, for a terminal. */
export function comparisonText(comparison: Comparison, output: Output): string {
  const { bold, dim } = output.colors;
  const { outcome, difference, automagic, unsteady, unexplained } = comparison;
  const effort = dim(`(${effortText(comparison)})`);
  if (outcome === 'impossible')
    return `${bold('Comparison:')} nothing could be compared: ${comparison.reason ?? ''}`;
  const lines: string[] = [];
  for (const { packages, files, settings } of automagic) {
    const names = packages.map(packageName).join(' and ');
    lines.push(`  with ${names}:`, ...changes(files, difference), ...settings.slice(0, 6).map(settingText));
  }
  if (unexplained.length > 0) lines.push('  with something hidden:', ...changes(unexplained, difference));
  if (unsteady.length > 0)
    lines.push(dim(`  ${unsteady.length} files differ from build to build, whatever is shown`));
  const said = {
    same: 'with all that is installed the result is the same.',
    differs: 'the result depends on what is hidden (automagic):',
    open: `not all is known, for ${endText[comparison.end ?? 'builds']}${lines.length === 0 ? '.' : ':'}`,
  }[outcome];
  return [`${bold('Comparison:')} ${said} ${effort}`, ...lines].join('\n');
}

function settingText({ file, name, without, with: present }: SettingChange): string {
  return `    ${name} ${without ?? 'unset'} → ${present ?? 'unset'} (${file})`;
}

/** How files differ, a line each. */
function changes(files: readonly string[], difference: ImageDifference | undefined): string[] {
  const most = 20;
  const of = (path: string): string => {
    if (difference?.onlySecond.includes(path) === true) return `    + ${path}`;
    if (difference?.onlyFirst.includes(path) === true) return `    - ${path}`;
    const details = [...(difference?.needs ?? []), ...(difference?.symbols ?? [])]
      .filter((one) => one.path === path)
      .flatMap((one) => [
        ...one.onlySecond.map((name) => `+${name}`),
        ...one.onlyFirst.map((name) => `-${name}`),
      ]);
    const shown = details.slice(0, 8).join(' ');
    return `    ~ ${path}${shown === '' ? '' : `: ${shown}${details.length > 8 ? ' …' : ''}`}`;
  };
  const rest = files.length - most;
  return [...files.slice(0, most).map(of), ...(rest > 0 ? [`    and ${rest} more`] : [])];
}
