/** The families about the database of installed packages: reading it, matching, choosing, and what a build may see. */
import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parseAtom } from '../../src/portage/atom.js';
import { openConfiguration, type Configuration } from '../../src/portage/config/configuration.js';
import { parseContents } from '../helpers/wholeContents.js';
import { DepCheck, type Selection } from '../../src/portage/depCheck.js';
import { InstalledPackages } from '../../src/portage/installed.js';
import { eapiFeatures } from '../../src/portage/eapi.js';
import { openSystem, type System, type VisibleSet } from '../../src/portage/index.js';
import { InstalledDatabase } from '../../src/portage/vdb.js';
import { compare, type Family, type Outcome, type Vectors } from './family.js';
import { pkg } from '../helpers/installed.js';

interface VdbFile {
  readonly profile: string;
  readonly files: Readonly<Record<string, string>>;
  readonly provided: readonly string[];
  readonly system: readonly string[];
  readonly system_unmatched: readonly string[];
  readonly system_best: readonly string[];
  readonly system_all: readonly string[];
  readonly base_best: readonly string[];
  readonly base_all: readonly string[];
  readonly installed: Readonly<
    Record<string, { slot: string; run: readonly string[]; run_unsat?: readonly string[] }>
  >;
  readonly no_repository?: readonly string[];
}

interface MatchRow {
  readonly a: string;
  readonly m: readonly string[];
}

interface DepCheckRow {
  readonly d: string;
  readonly atoms: readonly string[];
  readonly best: readonly string[];
  readonly unsat: readonly string[];
}

interface ClosureRow {
  readonly t: string;
  readonly use: readonly string[];
  readonly installed: boolean;
  readonly atoms: readonly string[];
  readonly build_deps: readonly string[];
  readonly build_deps_all?: readonly string[];
  readonly unsat: readonly string[];
  readonly closure: readonly string[];
  readonly visible_n: number;
  readonly visible_md5: string;
}

interface MetaRow {
  readonly note: string;
  readonly files: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, string>>;
}

interface ContentsRow {
  readonly tag: string;
  readonly text?: string;
  readonly b64?: string;
  readonly entries: readonly (readonly [path: string, ...rest: string[]])[];
  readonly errors: readonly (readonly [line: number, message: string])[];
}

function write(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(directory, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

/** One of the archives with the configuration of vdb.json. */
interface Archive {
  readonly name: string;
  readonly configuration: Configuration;
  readonly installed: InstalledPackages;
  readonly check: DepCheck;
  readonly system: System;
}

const opened = new WeakMap<Vectors, readonly Archive[]>();

/** Every `vdb-*.tar.gz` of the vectors: the answers are the same for all of them. */
function archives(vectors: Vectors): readonly Archive[] {
  let all = opened.get(vectors);
  if (all !== undefined) return all;
  const { files, profile } = vectors.json<VdbFile>('vdb.json');
  const configRoot = vectors.scratch('vdb-config');
  const repository = vectors.gentooRepo;
  write(
    configRoot,
    Object.fromEntries(
      Object.entries(files).map(([name, text]) => [name, text.replaceAll('@GENTOO@', repository)]),
    ),
  );
  symlinkSync(path.join(repository, 'profiles', profile), path.join(configRoot, 'etc/portage/make.profile'));
  const names = readdirSync(vectors.directory).filter((name) => /^vdb.*\.tar\.gz$/.test(name));
  if (names.length === 0) throw new Error(`${vectors.directory} has vdb.json but no vdb-*.tar.gz`);
  all = names.map((name) => {
    const locations = { root: '/', configRoot, vdb: path.join(vectors.archive(name), 'var/db/pkg') };
    const configuration = openConfiguration(locations);
    const database = new InstalledDatabase(locations.vdb, () => undefined);
    const installed = new InstalledPackages(database, (flag, eapi) => configuration.implicit.has(flag, eapi));
    const check = new DepCheck(installed, configuration.provided);
    return { name, configuration, installed, check, system: openSystem(locations) };
  });
  opened.set(vectors, all);
  return all;
}

/** The outcome of the first archive whose answer is wrong, or of the last. */
function onEach(vectors: Vectors, answer: (archive: Archive) => Outcome): Outcome {
  let outcome: Outcome | undefined;
  for (const archive of archives(vectors)) {
    outcome = answer(archive);
    if (!outcome.ok) return { ...outcome, what: `${archive.name}: ${outcome.what}` };
  }
  return outcome!;
}

function sorted(values: Iterable<string>): string[] {
  return [...new Set(values)].sort();
}

function bestOf({ installed }: Archive, selections: readonly Selection[]): string[] {
  return sorted(selections.flatMap(({ atoms }) => atoms.flatMap((atom) => installed.best(atom)?.cpv ?? [])));
}

function runOf(archive: Archive, cpv: string): { run: string[]; unsatisfied: string[] } {
  const found = archive.installed.get(pkg(cpv));
  if (found === undefined) return { run: [], unsatisfied: [] };
  const selections = ['RDEPEND', 'PDEPEND'].map((key) =>
    archive.check.choose(found.entry.value(key), found.use),
  );
  return {
    run: bestOf(archive, selections),
    unsatisfied: [...new Set(selections.flatMap(({ unsatisfied }) => unsatisfied))],
  };
}

function closed(archive: Archive, from: readonly string[]): string[] {
  const reached = new Set(from);
  for (const cpv of reached) for (const next of runOf(archive, cpv).run) reached.add(next);
  return [...reached].sort();
}

function* vdb(vectors: Vectors): Generator<Outcome> {
  const row = vectors.json<VdbFile>('vdb.json');
  const system = row.system.map((text) => parseAtom(text));
  const facts: Record<string, (archive: Archive) => Outcome> = {
    'installed packages': ({ installed }) =>
      compare(
        'installed packages and their slots',
        Object.fromEntries(installed.database.packages.map((entry) => [entry.cpv, entry.value('SLOT')])),
        Object.fromEntries(Object.entries(row.installed).map(([cpv, { slot }]) => [cpv, slot])),
      ),
    provided: ({ configuration }) =>
      compare('provided', sorted(configuration.provided), sorted(row.provided)),
    system: ({ configuration }) => compare('system', sorted(configuration.system), sorted(row.system)),
    system_unmatched: ({ installed }) =>
      compare(
        'system_unmatched',
        sorted(system.filter((atom) => installed.best(atom) === undefined).map(({ text }) => text)),
        sorted(row.system_unmatched),
      ),
    system_best: ({ installed }) =>
      compare(
        'system_best',
        sorted(system.flatMap((atom) => installed.best(atom)?.cpv ?? [])),
        row.system_best,
      ),
    system_all: ({ installed }) =>
      compare(
        'system_all',
        sorted(system.flatMap((atom) => installed.match(atom).map(({ cpv }) => cpv))),
        row.system_all,
      ),
    base_best: (archive) =>
      compare(
        'base_best',
        {
          closed: closed(archive, row.system_best),
          visible: [...visible(archive.system, {}).visible.keys()],
        },
        { closed: row.base_best, visible: row.base_best },
      ),
    base_all: (archive) => compare('base_all', closed(archive, row.system_all), row.base_all),
    no_repository: ({ installed }) =>
      compare(
        'no_repository',
        installed.database.packages.filter((entry) => entry.value('repository') === '').map(({ cpv }) => cpv),
        row.no_repository ?? [],
      ),
  };
  for (const fact of Object.values(facts)) yield onEach(vectors, fact);
  for (const [cpv, { run, run_unsat: unsatisfied = [] }] of Object.entries(row.installed)) {
    yield onEach(vectors, (archive) =>
      compare(`run of ${cpv}`, runOf(archive, cpv), { run, unsatisfied: [...new Set(unsatisfied)] }),
    );
  }
}

function visible(system: System, request: { target?: string; system?: boolean }): VisibleSet {
  return system.visibleSet({
    targets: request.target === undefined ? [] : [`=${request.target}`],
    system: request.system ?? true,
    allowMissing: true,
    allowInvalid: true,
  });
}

function* vdbMatch(vectors: Vectors): Generator<Outcome> {
  for (const row of vectors.rows<MatchRow>('vdbmatch.jsonl')) {
    const atom = parseAtom(row.a, { allowRepo: true, allowWildcard: true });
    yield onEach(vectors, ({ installed }) =>
      compare(
        row.a,
        installed.match(atom).map(({ cpv }) => cpv),
        row.m,
      ),
    );
  }
}

function* depCheck(vectors: Vectors): Generator<Outcome> {
  for (const row of vectors.rows<DepCheckRow>('depcheck.jsonl')) {
    yield onEach(vectors, (archive) => {
      const selection = archive.check.choose(row.d, new Set());
      return compare(
        row.d,
        {
          atoms: [...new Set(selection.atoms.map(({ text }) => text))],
          best: bestOf(archive, [selection]),
          unsat: [...new Set(selection.unsatisfied)],
        },
        { atoms: row.atoms, best: row.best, unsat: [...new Set(row.unsat)] },
      );
    });
  }
}

function* closure(vectors: Vectors): Generator<Outcome> {
  for (const row of vectors.rows<ClosureRow>('closure.jsonl')) {
    yield onEach(vectors, (archive) => closureOf(archive, row));
  }
}

/**
 * The vectors were made without a package that asks, each string by itself; what the set of a target has is chosen with its graph
 * instead, so here only what was chosen by itself is handed over to be closed.
 */
function closureOf(archive: Archive, row: ClosureRow): Outcome {
  const { system, check, installed: packages } = archive;
  const [target] = visible(system, { target: row.t, system: false }).targets;
  const variables = eapiFeatures(target?.eapi).bdepend
    ? (['DEPEND', 'BDEPEND'] as const)
    : (['DEPEND'] as const);
  const selections = variables.map((variable) =>
    check.choose(target?.dependencies[variable] ?? '', new Set(target?.use)),
  );
  const atoms = selections.flatMap((selection) => selection.atoms);
  const chosen = bestOf(archive, selections);
  const shown = { targets: [], with: chosen.map((cpv) => `=${cpv}`) };
  const alone = system.visibleSet({ ...shown, system: false });
  const whole = system.visibleSet(shown);
  const names = [...whole.visible.keys()];
  const got = {
    use: target?.use,
    installed: packages.get(pkg(row.t)) !== undefined,
    atoms: [...new Set(atoms.map(({ text }) => text))],
    unsat: [...new Set(selections.flatMap(({ unsatisfied }) => unsatisfied))],
    visible_n: names.length,
    visible_md5: createHash('md5').update(names.join('\n')).digest('hex'),
    build_deps: chosen,
    build_deps_all: sorted(atoms.flatMap((atom) => packages.match(atom).map(({ cpv }) => cpv))),
    closure: [...alone.visible.keys()],
  };
  const { use, installed, unsat, visible_n, visible_md5, build_deps, build_deps_all = build_deps } = row;
  const expected = {
    use,
    installed,
    atoms: [...new Set(row.atoms)],
    unsat,
    visible_n,
    visible_md5,
    build_deps,
    build_deps_all,
    closure: row.closure,
  };
  return compare(row.t, got, expected);
}

const keys = (
  'SLOT EAPI RDEPEND DEPEND BDEPEND PDEPEND IDEPEND USE IUSE KEYWORDS repository BUILD_TIME COUNTER DESCRIPTION ' +
  'LICENSE PROVIDES REQUIRES BUILD_ID'
).split(' ');

function* vdbMeta(vectors: Vectors): Generator<Outcome> {
  for (const row of vectors.rows<MetaRow>('vdbmeta.jsonl')) {
    const database = vectors.scratch('vdbmeta');
    const directory = path.join(database, 'cat/pkg-1');
    mkdirSync(directory, { recursive: true });
    for (const file of Object.keys(row.files)) writeFileSync(path.join(directory, file), '');
    const time = String(statSync(directory, { bigint: true }).mtimeNs);
    for (const [file, text] of Object.entries(row.files)) {
      appendFileSync(path.join(directory, file), text.replaceAll('@DIR_MTIME_NS@', time));
    }
    const entry = new InstalledDatabase(database, () => undefined).get(pkg('cat/pkg-1'));
    const got = keys.flatMap((key) => {
      const value = entry?.value(key) ?? '';
      return value === '' ? [] : [[key, value] as const];
    });
    yield compare(row.note, Object.fromEntries(got), row.values);
  }
}

function* contents(vectors: Vectors): Generator<Outcome> {
  for (const row of vectors.rows<ContentsRow>('contents.jsonl')) {
    const data = row.b64 === undefined ? Buffer.from(row.text ?? '') : Buffer.from(row.b64, 'base64');
    const { entries, problems } = parseContents(data);
    const got = [...entries].map(([name, record]) => {
      if (record.type === 'obj') return [name, 'obj', record.mtime, record.md5];
      if (record.type === 'sym') return [name, 'sym', record.mtime, record.target];
      return [name, record.type];
    });
    const byName = (a: readonly string[], b: readonly string[]): number => (a[0]! < b[0]! ? -1 : 1);
    const errors = problems.map(({ line, message }) => [line, message]);
    const same =
      isDeepStrictEqual(got.sort(byName), [...row.entries].sort(byName)) &&
      isDeepStrictEqual(errors, row.errors);
    yield same
      ? { ok: true, what: row.tag }
      : {
          ok: false,
          what: `${row.tag}: ${(row.text ?? row.b64 ?? '').slice(0, 200)}`,
          expected: { entries: row.entries, errors: row.errors },
          got: { entries: got, errors },
        };
  }
}

/** The families of this module. */
export const families: readonly Family[] = [
  { name: 'vdb', file: 'vdb.json', run: vdb },
  { name: 'vdbmatch', file: 'vdbmatch.jsonl', alsoReads: ['vdb.json'], run: vdbMatch },
  { name: 'depcheck', file: 'depcheck.jsonl', alsoReads: ['vdb.json'], run: depCheck },
  { name: 'closure', file: 'closure.jsonl', alsoReads: ['vdb.json'], run: closure },
  { name: 'vdbmeta', file: 'vdbmeta.jsonl', run: vdbMeta },
  { name: 'contents', file: 'contents.jsonl', run: contents },
];
