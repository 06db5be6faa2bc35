/**
 * Made-up inputs for everything that reads what others have written: nothing is thrown that is not a refusal, nothing takes longer than a
 * second, memory does not grow, and nothing is believed that a second opinion does not confirm. `LVFS_FUZZ` says how many;
 * `LVFS_FUZZ_KEEP=1` keeps those that ran new code, `LVFS_FUZZ_ONLY` names one target.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { fewest, fuzz } from './fuzz.js';
import { fuzzTargets } from './targets/index.js';

const inputs = Number(process.env['LVFS_FUZZ'] ?? 10_000);
const seed = Number(process.env['LVFS_SEED'] ?? 2012);
const only = process.env['LVFS_FUZZ_ONLY'];
const most = 16 << 20;

/** An input a line, as the JSON of its bytes as latin1. */
const corpusOf = (name: string): URL =>
  new URL(`../../../test/fuzz/corpus/${name.replace(' ', '-')}.txt`, import.meta.url);

function readCorpus(file: URL): Buffer[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => Buffer.from(JSON.parse(line) as string, 'latin1'));
}

for (const [name, open] of Object.entries(fuzzTargets)) {
  (only === undefined || only === name ? test.serial : test.skip)(`made-up ${name}`, async (t) => {
    t.timeout(24 * 3600_000);
    const file = corpusOf(name);
    const target = await open();
    const { tried, kept, slowestMs, grownBytes } = await fuzz(target, {
      inputs,
      seed,
      corpus: readCorpus(file),
    });
    t.log(
      `${tried} inputs, ${kept.length} kept, ${slowestMs.toFixed(1)} ms at most, ${grownBytes >> 10} KiB`,
    );
    t.true(grownBytes < most, `memory grew by ${grownBytes} bytes`);
    if (process.env['LVFS_FUZZ_KEEP'] !== '1' || target.isKept === false) return;
    const again = await open();
    const lines = (await fewest(again, kept)).map((input) => JSON.stringify(input.toString('latin1')));
    again.close?.();
    writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  });
}
