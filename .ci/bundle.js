/**
 * Puts each program of lvfs, with all that it imports, into a few files beside the compiled modules: to load a hundred small
 * modules takes Node longer than to run them. A program finds the others and package.json relative to itself, in the bundle
 * as in the sources, so all programs lie flat in the directory of the commands.
 */
import { readdirSync, rmSync } from 'node:fs';
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
  // Loaded only for --help; it reads files beside itself.
  external: ['yargs', 'koffi'],
  legalComments: 'inline',
  logLevel: 'warning',
};

// A command needs a part of lvfs, and loads only that.
await build({ ...options, entryPoints: ['src/cli/main.ts'], splitting: true });

// The others need nearly all that they import: one file is loaded a third quicker than a dozen.
for (const name of ['cli/daemonMain', 'cli/insideMain', 'daemon/serveWorker', 'fuse/libfuseBridge'])
  await build({ ...options, entryPoints: [`src/${name}.ts`] });
