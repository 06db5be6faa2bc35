#!/usr/bin/env node
/**
 * The command `lvfs`: finds the verb, runs it, and turns what it throws into a line and an exit status. Nothing
 * else in lvfs ends the process.
 */
import { readFileSync } from 'node:fs';

const argv = process.argv.slice(2);

if (argv[0] === '--version' && argv.length === 1) {
  // The quickest way out: nothing of lvfs is loaded.
  process.stdout.write(`lvfs ${version()}\n`);
} else {
  const ahead = needsDaemon() ? await import('./daemonAhead.js') : undefined;
  ahead?.startAhead();
  const { runCommandLine } = await import('./run.js');
  process.exitCode = await runCommandLine(argv, version);
  await ahead?.dismissAhead();
}

/** Whether the command line looks like one that will need a daemon. */
function needsDaemon(): boolean {
  const without = new Set(['-f', '--foreground', '-h', '--help']);
  return argv[0] === 'mount' && argv.length > 2 && !argv.some((word) => without.has(word));
}

/** The version in package.json, which lies beside `dist`. */
function version(): string {
  const manifest = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
