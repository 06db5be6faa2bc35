/**
 * The settings: built-in defaults, configuration files, environment and options, merged in this order, each value
 * with where it comes from. The format of the files is described in lvfs.conf(5).
 */
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import {
  defaultCache,
  driverChoices,
  errorCode,
  isAbsent,
  isTexts,
  nearest,
  readRegularFile,
  type DriverChoice,
  type Logger,
} from '../base/index.js';
import { badSetting, showValue, unknownKey, type Origin } from './badSetting.js';
import type { IgnoreSetting, SystemPathChange } from '../daemon/index.js';
import type { ConfigFile, Configured } from './configFile.js';
import { checkHabits } from './habits.js';

/** Everything that can be set outside of the operands of a command. */
export interface Settings {
  readonly root: string;
  readonly vdb: string | undefined;
  /** Undefined where targets are built for the root itself. */
  readonly sysroot: string | undefined;
  readonly configRoot: string | undefined;
  /** Empty where there is no Gentoo Prefix. */
  readonly prefix: string;
  readonly repos: readonly string[] | undefined;
  readonly cache: string;
  readonly driver: DriverChoice;
  readonly threads: number;
  readonly with: readonly string[];
  readonly without: readonly string[];
  readonly show: readonly string[];
  readonly hide: readonly string[];
  readonly systemPaths: readonly Configured<SystemPathChange>[];
  readonly ignore: readonly Configured<IgnoreSetting>[];
  /** Names of the built-in rules about the habits of tools that do not hold. */
  readonly habitsOff: readonly string[];
  /** Every simple setting by its name in the file, in a fixed order, with its origins (several for a list). */
  readonly origins: ReadonlyMap<string, { value: unknown; origins: readonly Origin[] }>;
  /** The configuration files that were read, in order. */
  readonly files: readonly string[];
}

type Kind = 'path' | 'paths' | 'strings' | 'word' | 'number';

interface Key {
  readonly kind: Kind;
  readonly variable: string;
  readonly option?: string;
  readonly choices?: readonly string[];
  readonly range?: readonly [number, number];
}

const usual = { root: '/', driver: 'auto', threads: 1 } as const;

/** The simple settings by their name in the file. Lists of kind `strings` add up, all others replace. */
const keys: Readonly<Record<string, Key>> = {
  root: { kind: 'path', variable: 'LVFS_ROOT', option: 'root' },
  vdb: { kind: 'path', variable: 'LVFS_VDB', option: 'vdb' },
  sysroot: { kind: 'path', variable: 'LVFS_SYSROOT', option: 'sysroot' },
  'config-root': { kind: 'path', variable: 'LVFS_CONFIG_ROOT', option: 'config-root' },
  prefix: { kind: 'path', variable: 'LVFS_PREFIX', option: 'prefix' },
  repos: { kind: 'paths', variable: 'LVFS_REPOS', option: 'repo' },
  cache: { kind: 'path', variable: 'LVFS_CACHE', option: 'cache' },
  driver: { kind: 'word', variable: 'LVFS_DRIVER', option: 'driver', choices: driverChoices },
  threads: { kind: 'number', variable: 'LVFS_THREADS', option: 'threads', range: [1, 64] },
  with: { kind: 'strings', variable: 'LVFS_WITH', option: 'with' },
  without: { kind: 'strings', variable: 'LVFS_WITHOUT', option: 'without' },
  show: { kind: 'strings', variable: 'LVFS_SHOW', option: 'show' },
  hide: { kind: 'strings', variable: 'LVFS_HIDE', option: 'hide' },
  'habits-off': { kind: 'strings', variable: 'LVFS_HABITS_OFF' },
};

/** Variables that are no settings: where things are, and what `lvfs emerge` looks at for each package. */
const otherVariables = ['LVFS_CONFIG', 'LVFS_RUNTIME_DIR', 'LVFS_MODE'];

type Value = string | number | readonly string[];

function textsOf(value: Value | undefined): readonly string[] {
  return typeof value === 'object' ? value : [];
}

/** The options that {@link loadSettings} looks at. */
export type OptionSource = Readonly<Record<string, unknown>>;

/**
 * Merges all sources.
 *
 * @param options the parsed options of the command; those it does not have are passed over
 * @param environment usually `process.env`
 * @param log hears of unknown `LVFS_…` variables
 * @throws LvfsError BAD_CONFIG naming file and line, variable or option
 */
export async function loadSettings(
  options: OptionSource,
  environment: NodeJS.ProcessEnv,
  log: Logger,
): Promise<Settings> {
  const merged = new Merged();
  merged.set('cache', defaultCache(environment), 'default');
  for (const [name, value] of Object.entries(usual)) merged.set(name, value, 'default');
  const explicit = typeof options['config'] === 'string' ? options['config'] : environment['LVFS_CONFIG'];
  const files = configFiles(explicit, environment);
  if (files.length > 0) {
    const { ConfigFile } = await import('./configFile.js');
    for (const { path, text } of files) readFile(new ConfigFile(path, text), merged);
  }
  readEnvironment(environment, merged, log);
  readOptions(options, merged);
  merged.setDefaultPrefix(environment);
  const settings = merged.settings(files.map((file) => file.path));
  await checkHabits(settings.habitsOff, settings.origins.get('habits-off')?.origins ?? []);
  return settings;
}

/** Collects values with their origins. */
class Merged {
  readonly #values = new Map<string, { value: Value; origins: Origin[] }>();
  readonly systemPaths: Configured<SystemPathChange>[] = [];
  readonly ignore: Configured<IgnoreSetting>[] = [];

  set(name: string, value: Value, origin: Origin): void {
    const known = this.#values.get(name);
    if (keys[name]?.kind === 'strings' && known !== undefined) {
      known.value = [...textsOf(known.value), ...textsOf(value)];
      known.origins.push(origin);
    } else {
      this.#values.set(name, { value, origins: [origin] });
    }
  }

  /** The prefix of the Portage that would be run: its own variable, or where `portageq` is found. */
  setDefaultPrefix(environment: NodeJS.ProcessEnv): void {
    if (this.#values.has('prefix') || this.#values.get('root')?.value !== '/') return;
    const override = environment['PORTAGE_OVERRIDE_EPREFIX'];
    if (override !== undefined && isAbsolute(override)) {
      this.set('prefix', override, 'PORTAGE_OVERRIDE_EPREFIX');
      return;
    }
    const program = (environment['PATH'] ?? '')
      .split(':')
      .map((directory) => join(directory, 'portageq'))
      .find((path) => isAbsolute(path) && existsSync(path));
    const found = /^(\/.+)\/usr\/bin\/portageq$/.exec(program ?? '')?.[1];
    if (found !== undefined && existsSync(join(found, 'etc/portage')))
      this.set('prefix', found, String(program));
  }

  settings(files: readonly string[]): Settings {
    const value = (name: string): Value | undefined => this.#values.get(name)?.value;
    const text = (name: string): string | undefined => {
      const given = value(name);
      return typeof given === 'string' ? given : undefined;
    };
    const list = (name: string): readonly string[] => textsOf(value(name));
    return {
      root: text('root') ?? usual.root,
      vdb: text('vdb'),
      sysroot: text('sysroot'),
      configRoot: text('config-root'),
      prefix: (text('prefix') ?? '').replace(/\/+$/, ''),
      repos: this.#values.has('repos') ? list('repos') : undefined,
      cache: text('cache') ?? '',
      driver: driverChoices.find((driver) => driver === value('driver')) ?? usual.driver,
      threads: Number(value('threads') ?? usual.threads),
      with: list('with'),
      without: list('without'),
      show: list('show'),
      hide: list('hide'),
      systemPaths: this.systemPaths,
      ignore: this.ignore,
      habitsOff: list('habits-off'),
      origins: new Map(
        Object.keys(keys).map((name) => {
          const known = this.#values.get(name);
          return [name, { value: known?.value ?? null, origins: known?.origins ?? ['default'] }];
        }),
      ),
      files,
    };
  }
}

/** The files to read, in order, with their text. One that is named explicitly must exist. */
function configFiles(
  explicit: string | undefined,
  environment: NodeJS.ProcessEnv,
): { path: string; text: string }[] {
  if (explicit !== undefined) {
    if (explicit === '') return [];
    const path = resolve(explicit);
    const text = readIfThere(path);
    if (text === undefined) throw badSetting(path, 'no such configuration file');
    return [{ path, text }];
  }
  const xdg = environment['XDG_CONFIG_HOME'];
  const user = join(
    xdg !== undefined && isAbsolute(xdg) ? xdg : join(homedir(), '.config'),
    'lvfs',
    'lvfs.conf',
  );
  const paths = ['/etc/lvfs.conf', ...dropIns('/etc/lvfs.conf.d'), user];
  return paths.flatMap((path) => {
    const text = readIfThere(path);
    return text === undefined ? [] : [{ path, text }];
  });
}

function dropIns(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith('.toml') && !name.startsWith('.'))
      .sort()
      .map((name) => join(directory, name));
  } catch (error) {
    if (isAbsent(error)) return [];
    throw badSetting(directory, 'cannot be listed');
  }
}

/** Bytes of a configuration at most. */
const largestConfiguration = 4 << 20;

function readIfThere(path: string): string | undefined {
  try {
    return readRegularFile(path, largestConfiguration).toString('utf8');
  } catch (error) {
    const code = errorCode(error);
    if (isAbsent(error)) return undefined;
    throw badSetting(path, `cannot be read (${code ?? String(error)})`);
  }
}

function readFile(file: ConfigFile, merged: Merged): void {
  for (const [name, raw] of Object.entries(file.values)) {
    if (name === 'system-path') merged.systemPaths.push(...file.systemPaths());
    else if (name === 'ignore') merged.ignore.push(...file.ignoreRules());
    else {
      const at = file.at(name);
      const key = keys[name];
      if (key === undefined) throw unknownKey(at, name, [...Object.keys(keys), 'system-path', 'ignore']);
      merged.set(name, checkValue(raw, key, `${at}: ${name}`), at);
    }
  }
}

/** Checks a value from a file; `at` names it in the error. */
function checkValue(raw: unknown, key: Key, at: string): Value {
  const { expected, read } = kinds[key.kind];
  const value = read(raw, key);
  if (value === undefined) throw badSetting(at, `expected ${expected(key)}, found ${showValue(raw)}`);
  return value;
}

/** What values of each kind are, in words, and the value of what is one. */
const kinds: Readonly<
  Record<
    Kind,
    {
      readonly expected: (key: Key) => string;
      readonly read: (raw: unknown, key: Key) => Value | undefined;
    }
  >
> = {
  strings: {
    expected: () => 'a list of strings',
    read: (raw) => (isFilled(raw) ? raw : undefined),
  },
  paths: {
    expected: () => 'a list of absolute paths',
    read: (raw) => (isFilled(raw) && raw.every(isAbsolute) ? raw : undefined),
  },
  path: {
    expected: () => 'an absolute path',
    read: (raw) => (typeof raw === 'string' && isAbsolute(raw) ? raw : undefined),
  },
  word: {
    expected: ({ choices = [] }) => choices.join(' or '),
    read: (raw, { choices = [] }) => (typeof raw === 'string' && choices.includes(raw) ? raw : undefined),
  },
  number: {
    expected: ({ range: [least, most] = anyNumber }) => `a whole number from ${least} to ${most}`,
    read: (raw, { range: [least, most] = anyNumber }) =>
      typeof raw === 'number' && Number.isInteger(raw) && raw >= least && raw <= most ? raw : undefined,
  },
};

const anyNumber = [0, Number.MAX_SAFE_INTEGER] as const;

/** Whether a value is a list of texts of which none is empty. */
function isFilled(raw: unknown): raw is readonly string[] {
  return isTexts(raw) && raw.every((text) => text !== '');
}

/** Lists are separated by white space, paths in a list by colons. An empty variable counts as unset. */
function readEnvironment(environment: NodeJS.ProcessEnv, merged: Merged, log: Logger): void {
  for (const [name, key] of Object.entries(keys)) {
    const text = environment[key.variable];
    if (text === undefined || text === '') continue;
    merged.set(name, checkValue(fromText(text, key), key, key.variable), key.variable);
  }
  const known = new Set([...Object.values(keys).map((key) => key.variable), ...otherVariables]);
  for (const name of Object.keys(environment)) {
    if (name.startsWith('LVFS_') && !known.has(name)) {
      const suggestion = nearest(name, known);
      log(
        'warn',
        `${name}: unknown variable${suggestion === undefined ? '' : `; did you mean ${suggestion}?`}`,
      );
    }
  }
}

function fromText(text: string, key: Key): unknown {
  switch (key.kind) {
    case 'paths':
      return text.split(':').map((path) => resolve(path));
    case 'strings':
      return text.split(/\s+/).filter((word) => word !== '');
    case 'path':
      return resolve(text);
    case 'number':
      return /^\d+$/.test(text) ? Number(text) : text;
    case 'word':
      return text;
  }
}

function readOptions(options: OptionSource, merged: Merged): void {
  for (const [name, key] of Object.entries(keys)) {
    if (key.option === undefined) continue;
    const raw = options[key.option];
    if (raw === undefined || (Array.isArray(raw) && raw.length === 0)) continue;
    const origin = `--${key.option}`;
    const value = Array.isArray(raw) && key.kind === 'paths' ? raw.map((path) => resolve(String(path))) : raw;
    if (value === '')
      throw badSetting(
        origin,
        'needs a value',
        'leave the option out for what is usual; is a variable empty?',
      );
    merged.set(name, checkValue(key.kind === 'path' ? resolve(String(value)) : value, key, origin), origin);
  }
}
