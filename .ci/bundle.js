/**
 * Puts each program of lvfs, with all that it imports, into a few files beside the compiled modules: to load a hundred small
 * modules takes Node longer than to run them, and the npm package needs nothing from the registry. A program finds the others and
 * package.json relative to itself, in the bundle as in the sources, so all programs lie flat in the directory of the commands.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const outdir = 'dist/src/cli';
const sharedPrefix = 'bundle-';

for (const name of readdirSync(outdir)) if (name.startsWith(sharedPrefix)) rmSync(join(outdir, name));

/** @type {import('esbuild').BuildOptions} */
const options = {
  entryNames: '[name]',
  chunkNames: `${sharedPrefix}[hash]`,
  outdir,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // Prebuilt, for each platform another one.
  external: ['koffi'],
  legalComments: 'inline',
  logLevel: 'warning',
  metafile: true,
};

const results = [
  // A command needs a part of lvfs, and loads only that; so does a program that imports the library.
  await build({
    ...options,
    entryPoints: [
      { in: 'src/cli/main.ts', out: 'main' },
      { in: 'src/library/public.ts', out: 'library' },
    ],
    splitting: true,
  }),
];
// The others need nearly all that they import: one file is loaded a third quicker than a dozen.
for (const name of [
  'cli/daemonMain',
  'cli/insideMain',
  'daemon/session/serveWorker',
  'fuse/libfuse/libfuseBridge',
])
  results.push(await build({ ...options, entryPoints: [`src/${name}.ts`] }));

// Libraries that are no ES modules ask for Node's own modules by require, which an ES module has to make.
const makesRequire = `import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\n`;
for (const { metafile } of results)
  for (const file of Object.keys(metafile?.outputs ?? {})) {
    const text = readFileSync(file, 'utf8');
    if (file.includes(sharedPrefix) && text.includes('Dynamic require of'))
      writeFileSync(file, makesRequire + text);
  }

// What is bundled is passed on, and its licences want to go with it.
const inputs = results.flatMap(({ metafile }) => Object.keys(metafile?.inputs ?? {}));
const packages = new Set(
  inputs.flatMap((input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []),
);
const licences = new Map();
for (const directory of [...packages].sort()) {
  const { name, version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const file = readdirSync(directory).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${directory} has no licence file`);
  const title = `${name} ${version} (${license})`;
  licences.set(title, `${title}\n\n${readFileSync(join(directory, file), 'utf8').trim()}\n`);
}
writeFileSync(join(outdir, 'THIRD-PARTY-LICENSES'), [...licences.values()].join(`\n${'-'.repeat(80)}\n\n`));
