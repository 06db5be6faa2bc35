/** What to do after a build that failed or was ended: command lines that can be typed as they are, and lines for the ebuild. */
import { packageName, shellWord } from '../base/index.js';
import { commonOptions, type OptionTable, type OptionValues } from './command.js';
import type { BuildOutcome } from '../library/index.js';
import { insideOptions } from './insideOptions.js';
import type { Output } from './output.js';

/** See the head of this file. */
export interface NextSteps {
  /** Looks around in what the build saw. */
  readonly shell: string;
  /** Builds with what it lacks, or probably lacks; absent when nothing is known to be missing. */
  readonly build?: string;
  /** Lines for the ebuild. */
  readonly ebuild: readonly string[];
}

/** Packages that are tried at once when none is known to be needed. */
const mostTried = 3;

/** The options of a build that its next steps need as well. */
const { config } = commonOptions;
const given = { config, ...insideOptions } as const;

/** What to do next; undefined when the build went well. */
export function nextSteps(
  { status, interrupted, report }: Pick<BuildOutcome, 'status' | 'interrupted' | 'report'>,
  operands: readonly string[],
  options: OptionValues<typeof given> & { readonly command: string | undefined },
): NextSteps | undefined {
  if (status === 0 && !interrupted) return undefined;
  const words = optionWords(given, options);
  const command = options.command === undefined ? [] : ['--command', options.command];
  const needed = report.missing.filter(({ certainty }) => certainty === 'needed');
  // What was allowed is there already.
  const hidden = report.missing.filter(({ certainty }) => certainty !== 'allowed');
  const tried = needed.length > 0 ? needed : hidden.slice(0, mostTried);
  const withThem = tried.flatMap(({ cpv }) => ['--with', packageName(cpv)]);
  const line = (...parts: readonly string[]): string => ['lvfs', ...parts].map(shellWord).join(' ');
  return {
    shell: line('shell', ...words, ...operands),
    ...(tried.length === 0 ? {} : { build: line('build', ...words, ...withThem, ...command, ...operands) }),
    ebuild: report.missing.filter(({ certainty }) => certainty !== 'probed').map(({ suggest }) => suggest),
  };
}

/** Options as they would be typed. */
function optionWords<T extends OptionTable>(table: T, options: OptionValues<T>): string[] {
  const values: Readonly<Record<string, unknown>> = options;
  return Object.keys(table).flatMap((name) => {
    const value = values[name];
    if (value === undefined || value === false) return [];
    if (value === true) return [`--${name}`];
    return (Array.isArray(value) ? value : [value]).flatMap((one) => [`--${name}`, String(one)]);
  });
}

/** The same for a terminal. */
export function nextText({ shell, build, ebuild }: NextSteps, output: Output): string {
  const { bold, dim } = output.colors;
  const lines = [
    `  ${shell}  ${dim('to look around in it')}`,
    ...(build === undefined ? [] : [`  ${build}  ${dim('to try it with that')}`]),
    ...ebuild.map((line) => `  ${line}  ${dim('in the ebuild')}`),
  ];
  return `${bold('Next:')}\n${lines.join('\n')}`;
}
