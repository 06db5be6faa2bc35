/**
 * What a build has found out about the system, as it wrote it down: autoconf in config.log and config.cache, CMake in CMakeCache.txt,
 * and whoever makes a config.h. It says why a result differs, and is none: most of what configure finds makes no difference.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readRegularFile } from '../base/index.js';

/** Settings of a build: values by file (relative to the directory that was read) and name. */
export type Settings = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** A setting that two builds have differently. */
export interface SettingChange {
  /** Relative to the directory of the build. */
  readonly file: string;
  readonly name: string;
  /** Null where it is not set. */
  readonly without: string | null;
  readonly with: string | null;
}

/** Entries of directories looked at, and the size of a file, at most. */
const maxEntries = 200_000;
const largestFile = 4 << 20;
/** Changes told at most. */
const maxChanges = 50;
/** Characters of a value that are told. */
const longestValue = 200;

/** A form of settings: the files that have it, and the lines of interest with the groups `name` and `value`. */
interface Form {
  readonly files: RegExp;
  readonly line: RegExp;
  /** What a line without a value means. */
  readonly bare: string;
}

const forms: readonly Form[] = [
  {
    files: /^(?:\w+[_-])*config(?:[_-]\w+)*\.(?:h|hh|hpp)$/i,
    line: /^[ \t]*#[ \t]*define[ \t]+(?<name>[A-Za-z_]\w*)(?:[ \t]+(?<value>.*?))?[ \t]*$/gm,
    bare: '1',
  },
  // The section "Cache variables" of config.log; messages of tools stand before it and begin otherwise.
  {
    files: /^config\.(?:log|cache)$/,
    line: /^(?<name>[a-z]+_cv_\w+)=(?:\$\{\w+=)?'?(?<value>[^'}\n]*)'?\}?$/gm,
    bare: '',
  },
  {
    files: /^CMakeCache\.txt$/,
    line: /^(?<name>[A-Za-z_][\w.+-]*):(?!STATIC\b)[A-Z]+=(?<value>.*)$/gm,
    bare: '',
  },
];

/** Names that tell of where and when, or of a build system's own bookkeeping. */
const bookkeeping =
  /^(?:CMAKE_(?:CACHE|HOME|EXTRA|NUMBER|PLATFORM|PROJECT|GENERATOR)\w*|.*-(?:ADVANCED|STRINGS)|.*_(?:SOURCE|BINARY)_DIR|\w*(?:DATE|TIME|STAMP))$/;

/** Reads the settings of a build below the directory that it was made in. What cannot be read is left out. */
export function readSettings(directory: string): Settings {
  const settings = new Map<string, Map<string, string>>();
  const open = [''];
  let left = maxEntries;
  for (let at = open.pop(); at !== undefined && left > 0; at = open.pop()) {
    for (const entry of entriesOf(join(directory, at))) {
      if (--left <= 0) break;
      const path = at === '' ? entry.name : `${at}/${entry.name}`;
      if (entry.isDirectory()) {
        if (entry.name !== '.git' && entry.name !== 'CMakeFiles') open.push(path);
        continue;
      }
      const form = entry.isFile() ? forms.find(({ files }) => files.test(entry.name)) : undefined;
      const text = form === undefined ? undefined : textOf(join(directory, path));
      if (form !== undefined && text !== undefined) settings.set(path, settingsIn(text, form));
    }
  }
  return settings;
}

function entriesOf(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    // Gone, or not ours to look at.
    return [];
  }
}

function textOf(file: string): string | undefined {
  try {
    return readRegularFile(file, largestFile).toString('latin1');
  } catch {
    // Gone, too large, or not ours to look at.
    return undefined;
  }
}

function settingsIn(text: string, { line, bare }: Form): Map<string, string> {
  const found = new Map<string, string>();
  for (const { groups } of text.matchAll(line)) {
    const name = groups?.['name'] ?? '';
    if (!bookkeeping.test(name)) found.set(name, (groups?.['value'] ?? bare).slice(0, longestValue));
  }
  return found;
}

/**
 * What a second build has found otherwise than a first, the most telling first: what is there or not, before where it is.
 * Files that only one of them has are not compared.
 */
export function compareSettings(first: Settings, second: Settings): SettingChange[] {
  const changes: SettingChange[] = [];
  for (const [file, before] of first) {
    const after = second.get(file);
    if (after === undefined) continue;
    for (const name of new Set([...before.keys(), ...after.keys()])) {
      const change = { file, name, without: before.get(name) ?? null, with: after.get(name) ?? null };
      if (change.without !== change.with) changes.push(change);
    }
  }
  return changes
    .sort((a, b) => rankOf(a) - rankOf(b) || compareText(a.file, b.file) || compareText(a.name, b.name))
    .slice(0, maxChanges);
}

const answers = /^(?:|0|1|yes|no|true|false|on|off|.*-notfound)$/i;

/** Headers say it in the project's own words; answers tell more than places. */
function rankOf({ file, without, with: present }: SettingChange): number {
  const isAnswer = [without, present].every((value) => value === null || answers.test(value));
  return (isAnswer ? 0 : 2) + (/\.h\w*$/.test(file) ? 0 : 1);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
