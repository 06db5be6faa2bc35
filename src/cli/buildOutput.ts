/** What a build said, and what `build` and `check` print of it. */
import { stripVTControlCharacters } from 'node:util';
import type { BuildOutcome } from '../library/index.js';
import { reportJson } from './reportText.js';

/** Characters of a build's output that go into JSON; the end tells most. */
const outputInJson = 32_000;

/** The end of what a build printed, without the colours of a terminal. */
export function endOfOutput({ output }: Pick<BuildOutcome, 'output'>, characters: number): string {
  // Cut again afterwards: sequences of a terminal are a small part of it.
  return stripVTControlCharacters(output.slice(-2 * characters)).slice(-characters);
}

/** The fields that `build` and `check` have in common; docs/json.md lists them. */
export function outcomeJson(outcome: BuildOutcome, version: string): Record<string, unknown> {
  const { targets, status, seconds, started, ended, report, proof, comparison, logs, interrupted } = outcome;
  return {
    version,
    targets,
    status,
    seconds,
    started,
    ended,
    ...reportJson(report),
    ...(interrupted ? { interrupted } : {}),
    ...(proof === undefined ? {} : { proof }),
    ...(comparison === undefined ? {} : { comparison }),
    ...(status === 0 ? {} : { failure: { logs, output: endOfOutput(outcome, outputInJson) } }),
  };
}
