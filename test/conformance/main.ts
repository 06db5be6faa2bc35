/**
 * Checks lvfs against answers of the real Portage: `npm run conformance -- DIR [--gentoo-repo DIR] [family...]`.
 * Prints a line per family; exits 1 when any vector fails, 2 on wrong usage.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { inspect, parseArgs } from 'node:util';
import { type Family, runFamily, Vectors } from './family.js';
import { families as configuration } from './configuration.js';
import { families as installed } from './installed.js';
import { families as language } from './language.js';

/** Every family this runner knows, in the order in which they run. */
const families: readonly Family[] = [...language, ...configuration, ...installed];

const usage = `usage: npm run conformance -- DIR [--gentoo-repo DIR] [FAMILY...]

Runs the vectors in DIR (vercmp.jsonl, atoms.jsonl, ...) and prints "family: passed/total" for each.
The Gentoo repository they speak of is DIR/gentoo-repo, DIR/../gentoo-repo or what --gentoo-repo names.
With FAMILY (one of ${families.map((family) => family.name).join(', ')}) only these run.`;

/** A value on one line, cut when very long. */
function show(value: unknown): string {
  const text =
    typeof value === 'string'
      ? value
      : inspect(value, { depth: 10, breakLength: Infinity, maxArrayLength: 50 });
  return text.length > 2000 ? `${text.slice(0, 2000)}...` : text;
}

/** Files of the folder that are vectors by their names and that no family reads. */
function unknownFiles(directory: string): string[] {
  const known = new Set(families.flatMap((family) => [family.file, ...(family.alsoReads ?? [])]));
  // The archives that go with vdb.json may have any name.
  const isKnown = (file: string): boolean => known.has(file) || /^vdb.*\.tar\.gz$/.test(file);
  return readdirSync(directory).filter((file) => /\.(?:jsonl?|tar\.gz)$/.test(file) && !isKnown(file));
}

/** Runs the families and answers the exit status. */
async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: { 'gentoo-repo': { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
  });
  if (values.help === true) {
    console.log(usage);
    return 0;
  }
  const [folder, ...wanted] = positionals;
  if (folder === undefined) {
    console.error(usage);
    return 2;
  }
  const directory = resolve(folder);
  if (!existsSync(directory) || !statSync(directory).isDirectory()) {
    console.error(`conformance: ${folder} is no directory`);
    return 2;
  }
  const strange = wanted.find((name) => !families.some((family) => family.name === name));
  if (strange !== undefined) {
    console.error(
      `conformance: no family ${strange}; there are ${families.map((family) => family.name).join(', ')}`,
    );
    return 2;
  }
  const repo = values['gentoo-repo'];
  const vectors = new Vectors(directory, repo === undefined ? undefined : resolve(repo));
  let ran = 0;
  let failed = 0;
  try {
    for (const family of families) {
      if (!vectors.has(family.file) || (wanted.length > 0 && !wanted.includes(family.name))) continue;
      const tally = await runFamily(family, vectors);
      ran++;
      if (tally.passed < tally.total) failed++;
      console.log(`${tally.family}: ${tally.passed}/${tally.total}`);
      for (const { what, expected, got } of tally.failures) {
        console.log(`  ${show(what)}`);
        if (expected !== undefined) console.log(`    expected ${show(expected)}`);
        if (got !== undefined) console.log(`    got      ${show(got)}`);
      }
    }
  } finally {
    vectors.close();
  }
  for (const file of unknownFiles(directory)) console.error(`conformance: ${file}: not known to this runner`);
  if (ran === 0) {
    console.error(
      `conformance: ${folder} has no vectors of ${(wanted.length > 0 ? wanted : ['any family']).join(', ')}`,
    );
    return 2;
  }
  return failed === 0 ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')))
    throw error;
  console.error(`conformance: ${error.message}\n${usage}`);
  process.exitCode = 2;
}
