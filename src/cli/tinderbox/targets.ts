/** The targets of `lvfs check`: what its operands stand for, and the part of them that a machine is given. */
import type { Logger } from '../../base/index.js';
import { errorCode, kindAt, LvfsError, readNamed } from '../../base/index.js';
import { withoutSets, type ViewRequest } from '../../daemon/index.js';
import { UsageError } from '../errors.js';

/** One of several parts of the targets. */
export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

/**
 * Reads `I/N`.
 *
 * @throws UsageError
 */
export function parseShard(text: string): Shard {
  const [, index = 0, count = 0] = (/^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? []).map(Number);
  if (index >= 1 && index <= count) return { index, count };
  throw new UsageError(`check: --shard: '${text}' is not I/N with I from 1 to N`, undefined, {
    name: 'check',
  });
}

/**
 * All targets, each once: sets replaced by their members, `-` by the words of standard input, a file that is no ebuild by the words in
 * it; `#` begins a comment.
 *
 * @throws LvfsError NO_TARGETS (exit 1): a list cannot be read, or there is nothing to be checked; exit 20: a set is unknown
 */
export async function expandTargets(
  operands: readonly string[],
  locations: ViewRequest['locations'],
  log: Logger,
): Promise<string[]> {
  const named = operands.flatMap((operand) => {
    if (operand === '-') return wordsOf(readList(0, 'standard input'));
    return isList(operand) ? wordsOf(readList(operand, operand)) : [operand];
  });
  const targets = [...new Set(await withoutSets(named, locations, log))];
  if (targets.length === 0) throw new LvfsError('NO_TARGETS', `${operands.join(' ')}: names no target`);
  return targets;
}

/** A part of the targets; they are dealt out like cards, so that what takes long together is taken apart. */
export function shardOf(targets: readonly string[], { index, count }: Shard): string[] {
  return targets.filter((_, i) => i % count === index - 1);
}

function isList(operand: string): boolean {
  if (operand.endsWith('.ebuild') || !/^\.{0,2}\//.test(operand)) return false;
  return kindAt(operand) === 'other';
}

/** Bytes: more than all ebuilds there are. */
const longestList = 64 << 20;

function readList(file: string | 0, name: string): string {
  try {
    return readNamed(file, longestList).toString('utf8');
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    throw new LvfsError('NO_TARGETS', `${name}: cannot be read`, { cause: error });
  }
}

function wordsOf(text: string): string[] {
  return text
    .replace(/#.*/g, '')
    .split(/\s+/)
    .filter((word) => word !== '');
}
