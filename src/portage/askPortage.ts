/**
 * Asks the installed Portage for an ebuild's metadata, for repositories without a metadata cache and for ebuilds newer than
 * theirs: only Portage can source an ebuild.
 */
import { existsSync } from 'node:fs';
import { errorCode, runSync } from '../base/index.js';
import type { MetadataSource } from './repos/ebuildTree.js';

/** The values that lvfs needs, under the names Portage's cache has for them. */
const keys =
  'BDEPEND DEFINED_PHASES DEPEND EAPI IDEPEND IUSE KEYWORDS LICENSE PDEPEND PROPERTIES RDEPEND REQUIRED_USE RESTRICT SLOT'.split(
    ' ',
  );

/** How long Portage may take to source one ebuild. */
const timeoutMs = 60_000;

/** What a command that was run wrote, and whether it succeeded. */
export interface Ran {
  readonly succeeded: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command; undefined when it could not be run. */
export type Run = (command: string, args: readonly string[]) => Ran | undefined;

/**
 * A source of metadata that runs `portageq metadata` of the system at `root`, inside that root, and bash where Portage fails or is
 * absent, to see whether the ebuild is a script at all. It answers undefined where neither can be run, or where there is no Portage
 * and bash finds no fault.
 *
 * @param root absolute path of the system.
 * @param prefix its EPREFIX, or the empty string.
 * @param environment variables that Portage gets beside those of this process.
 */
export function askPortage(
  root: string,
  prefix: string,
  environment: Readonly<Record<string, string>> = {},
  run: Run = (command, args) => runCommand(command, args, environment),
): MetadataSource {
  const inside = (program: string, ...args: readonly string[]): Ran | undefined => {
    const path = prefix + program;
    if (!existsSync(root === '/' ? path : root + path)) return undefined;
    return root === '/' ? run(path, args) : run('chroot', [root, path, ...args]);
  };
  return (ebuild, file) => {
    const name = `${ebuild.cpv}::${ebuild.repository.name}`;
    const asked = inside('/usr/bin/portageq', 'metadata', `${prefix}/`, 'ebuild', name, ...keys);
    const values = asked?.stdout.split('\n');
    // A line per key, the last with its end.
    if (asked?.succeeded === true && values?.length === keys.length + 1) {
      return new Map(keys.map((key, index) => [key, (values[index] ?? '').trim()]));
    }
    const seen = root !== '/' && file.startsWith(`${root}/`) ? file.slice(root.length) : file;
    const parsed = inside('/bin/bash', '-n', seen);
    // Of some faults bash only speaks.
    if (parsed !== undefined && (!parsed.succeeded || /^(?!.*: warning: )./m.test(parsed.stderr))) {
      return { failure: complaint(parsed.stderr), isScript: false };
    }
    if (asked === undefined) return undefined;
    return { failure: complaint(`${asked.stdout}\n${asked.stderr}`), isScript: true };
  };
}

/** Lines of Portage's report of a failure that say nothing about it. */
const frame = /^(?:Messages for package .*|ERROR: .* failed.*|Package not found: .*)?$/;

/** What is wrong, out of all that Portage and bash say when an ebuild cannot be sourced, on one line. */
function complaint(text: string): string {
  // eslint-disable-next-line no-control-regex -- colours
  const lines = text.replace(/\x1b\[[\d;]*m/g, '').split('\n');
  const end = lines.findIndex((line) => /^\s*\*\s*Call stack:/.test(line));
  const said = lines
    .slice(0, end < 0 ? undefined : end)
    .map((line) => line.replace(/^\s*\*?\s*/, '').trim())
    .filter((line) => !frame.test(line));
  return said.length === 0 ? 'without a word' : said.join(' ');
}

const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function runCommand(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Ran | undefined {
  // Portage finds nothing without a PATH, which whatever starts lvfs at boot may not have.
  const env = { PATH: systemPath, ...process.env, ...environment };
  const { error, code, stdout, stderr } = runSync(command, args, { env, timeout: timeoutMs });
  if (errorCode(error) === 'ETIMEDOUT') {
    return { succeeded: false, stdout, stderr: `Portage was not done within ${timeoutMs / 1000} s` };
  }
  // chroot(1) and the shell say so themselves when there is nothing to run.
  if (error !== undefined || code === 125 || code === 126 || code === 127) return undefined;
  return { succeeded: code === 0, stdout, stderr };
}
