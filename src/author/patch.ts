/** A change of one file as a patch that git takes: `git apply`, `git apply --3way` and, with a message, `git am`. */
import { createHash } from 'node:crypto';

/** Lines of context, as git has them. */
const context = 3;

/** The difference of two texts of a file in git's form (git-diff(1), "Generating patch text with -p"); empty when there is none. */
export function filePatch(path: string, before: string, after: string): string {
  if (before === after) return '';
  const hunks = hunksOf(linesOf(before), linesOf(after));
  return [
    `diff --git a/${path} b/${path}`,
    `index ${blobName(before)}..${blobName(after)} 100644`,
    `--- a/${path}`,
    `+++ b/${path}`,
    ...hunks,
    '',
  ].join('\n');
}

/** The name that git gives a file's content. */
function blobName(text: string): string {
  const data = Buffer.from(text);
  return createHash('sha1').update(`blob ${data.length}\0`).update(data).digest('hex');
}

/** Lines with their ends; the last may have none. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

interface Step {
  readonly sign: ' ' | '-' | '+';
  readonly line: string;
}

/** Both texts as one list of lines that are kept, taken away and put in. */
function stepsBetween(before: readonly string[], after: readonly string[]): Step[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let [endBefore, endAfter] = [before.length, after.length];
  while (endBefore > start && endAfter > start && before[endBefore - 1] === after[endAfter - 1]) {
    endBefore--;
    endAfter--;
  }
  const keep = (lines: readonly string[]): Step[] => lines.map((line) => ({ sign: ' ', line }));
  return [
    ...keep(before.slice(0, start)),
    ...longestCommon(before.slice(start, endBefore), after.slice(start, endAfter)),
    ...keep(before.slice(endBefore)),
  ];
}

/** The same by the longest common sequence of lines; takes the product of their numbers. */
function longestCommon(before: readonly string[], after: readonly string[]): Step[] {
  const width = after.length + 1;
  const lengths = new Uint32Array((before.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      lengths[i * width + j] =
        before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const steps: Step[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [old, fresh] = [before[i], after[j]];
    if (old !== undefined && old === fresh) {
      steps.push({ sign: ' ', line: old });
      i++;
      j++;
    } else if (old !== undefined && (fresh === undefined || at(i + 1, j) >= at(i, j + 1))) {
      steps.push({ sign: '-', line: old });
      i++;
    } else if (fresh !== undefined) {
      steps.push({ sign: '+', line: fresh });
      j++;
    }
  }
  return steps;
}

function hunksOf(before: readonly string[], after: readonly string[]): string[] {
  const steps = stepsBetween(before, after);
  const changed = steps.flatMap(({ sign }, i) => (sign === ' ' ? [] : [i]));
  const spans: [number, number][] = [];
  for (const i of changed) {
    const last = spans.at(-1);
    if (last !== undefined && i - context <= last[1] + context + 1) last[1] = i;
    else spans.push([i, i]);
  }
  return spans.map(([first, last]) => {
    const from = Math.max(0, first - context);
    const part = steps.slice(from, last + context + 1);
    const earlier = steps.slice(0, from);
    const count = (list: readonly Step[], sign: '-' | '+'): number =>
      list.filter((step) => step.sign === ' ' || step.sign === sign).length;
    const range = (sign: '-' | '+'): string => {
      const length = count(part, sign);
      return `${count(earlier, sign) + (length === 0 ? 0 : 1)},${length}`;
    };
    return `@@ -${range('-')} +${range('+')} @@\n${part.map(lineText).join('\n')}`;
  });
}

function lineText({ sign, line }: Step): string {
  return line.endsWith('\n') ? sign + line.slice(0, -1) : `${sign}${line}\n\\ No newline at end of file`;
}
