/** docs/tutorial.md is true: each of its commands is run, and what it shows is what comes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { testDriver } from '../helpers/withMemoryMount.js';
import { whyNotMount } from '../helpers/inView.js';
import { tutorialRoot } from '../helpers/tutorialRoot.js';

const reason =
  whyNotMount() ??
  (testDriver().capabilities.callers
    ? undefined
    : 'this driver does not tell who asks, and the document does');
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

const file = fileURLToPath(new URL('../../../docs/tutorial.md', import.meta.url));

/** A command of the document, and what it shows. */
interface Shown {
  readonly command: string;
  readonly lines: string[];
}

/** The document as prose and commands, in their order. */
function partsOf(text: string): (string | Shown[])[] {
  return text.split(/^```/m).map((part, i) => {
    if (i % 2 === 0) return part;
    const [kind, ...lines] = part.trimEnd().split('\n');
    if (kind !== 'console') throw new Error(`a block of another kind than console: ${kind ?? ''}`);
    const found: Shown[] = [];
    for (const line of lines)
      if (line.startsWith('# ')) found.push({ command: line.slice(2), lines: [] });
      else found.at(-1)?.lines.push(line);
    return found;
  });
}

/** What no two runs have in common. */
const steady = (line: string): string =>
  line
    .replaceAll(/\d+(?:\.\d+)? s\b/g, 'N s')
    .replace(/^(Date: ).*/, '$1…')
    .replace(/\blvfs \d+\.\d+\.\d+/, 'lvfs N')
    // As dash has it, and as bash.
    .replace('sh: line 1: yacc: command not found', 'sh: 1: yacc: not found');

/** Whether lines are those that a document shows, in which `…` stands for any number. */
function agrees(shown: readonly string[], came: readonly string[]): boolean {
  const [first, ...others] = shown;
  if (first === undefined) return came.length === 0;
  if (first === '…') return came.some((_, i) => agrees(others, came.slice(i))) || others.length === 0;
  return came.length > 0 && steady(first) === steady(came[0] ?? '') && agrees(others, came.slice(1));
}

mountTest(`each command of the tutorial shows what it says${skipped}`, async (t) => {
  t.timeout(300_000);
  const root = await tutorialRoot(t);
  const text = readFileSync(file, 'utf8');
  const parts = partsOf(text);
  for (const part of parts) {
    if (typeof part === 'string') continue;
    for (const one of part) {
      const { shown, status } = root.type(one.command);
      const came = shown.trimEnd() === '' ? [] : shown.trimEnd().split('\n');
      if (process.env['LVFS_TEST_UPDATE'] !== undefined && !agrees(one.lines, came))
        one.lines.splice(0, one.lines.length, ...came);
      t.true(agrees(one.lines, came), `${one.command} (status ${status}) shows\n${shown}`);
    }
  }
  const written = parts.map((part) =>
    typeof part === 'string'
      ? part
      : `console\n${part.flatMap(({ command, lines }) => [`# ${command}`, ...lines]).join('\n')}\n`,
  );
  if (process.env['LVFS_TEST_UPDATE'] !== undefined) writeFileSync(file, written.join('```'));
  t.is(written.join('```'), text, 'the document is as it was');
});
