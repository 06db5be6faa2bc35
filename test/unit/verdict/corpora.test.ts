/** What the corpora of test/verdict promise of themselves, without building any. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import test from 'ava';
import { readCorpora, readCorpus } from '../../verdict/corpora.js';

const corpora = readCorpora(resolve(import.meta.dirname, '../../../../test/verdict'));
const cases = (name: string): (typeof corpora)[number]['cases'] =>
  corpora.find((one) => one.name === name)?.cases ?? [];

test('every case is one ebuild, and every ebuild is a case', (t) => {
  t.deepEqual(
    corpora.map((one) => one.name),
    ['correct', 'forgot', 'real'],
  );
  for (const { directory, cases: all } of corpora) {
    const [category = ''] = readFileSync(join(directory, 'profiles/categories'), 'utf8').split('\n');
    const packages = readdirSync(join(directory, category)).sort();
    t.deepEqual(all.map((one) => one.atom).sort(), packages.map((name) => `${category}/${name}`).sort());
    for (const name of packages) {
      const ebuilds = readdirSync(join(directory, category, name)).filter((file) => file.endsWith('.ebuild'));
      t.is(ebuilds.length, 1, name);
      t.true(ebuilds[0]?.startsWith(`${name}-`), name);
      t.true(existsSync(join(directory, category, name, ebuilds[0] ?? '')), name);
    }
  }
});

test('what is forgotten is said with its variable, and by its status', (t) => {
  for (const { key, expect } of [
    ...cases('forgot'),
    ...cases('real').filter((one) => one.key.includes('-without-')),
  ]) {
    t.true(expect.package.length > 0 && expect.variable.length > 0, key);
    t.true(['compare', 29, 30].includes(expect.status), key);
  }
  for (const { key, expect } of [
    ...cases('correct'),
    ...cases('real').filter((one) => !one.key.includes('-without-')),
  ]) {
    t.deepEqual(expect.package, [], key);
    t.true(expect.status === 0 || key === 'correct/c-own-failure', key);
  }
});

test('the declaration does not have what is forgotten, nor a silent case a hard status', (t) => {
  for (const { directory, cases: all } of corpora.filter((one) => one.name === 'forgot')) {
    for (const { atom, expect } of all) {
      const file = join(directory, atom, `${atom.split('/')[1]}-1.ebuild`);
      const declared = /^B?DEPEND="([^"]*)"/gm;
      const atoms = [...readFileSync(file, 'utf8').matchAll(declared)].flatMap((match) =>
        (match[1] ?? '').split(/\s+/),
      );
      const under = /\?/.test(atoms.join(' '));
      t.true(
        under || expect.package.every((name) => !atoms.some((one) => one.replace(/:.*/, '') === name)),
        atom,
      );
      t.true(!expect.unseen || expect.status === 'compare', atom);
    }
  }
});

test('the corpora are of the promised size and variety', (t) => {
  t.true(cases('forgot').length >= 45);
  t.true(cases('correct').length >= 25);
  t.true(new Set([...cases('forgot'), ...cases('correct')].map((one) => one.tool)).size >= 20);
  t.true(cases('real').filter((one) => one.key.includes('-without-')).length >= 15);
  t.true(corpora.every((one) => one.cases.some(({ quick }) => quick)));
});

test('a real source has a twin that forgets: the same ebuild under another name', (t) => {
  const corpus = corpora.find((one) => one.name === 'real');
  for (const { key, atom, source } of corpus?.cases ?? []) {
    t.not(source, '', key);
    if (!key.includes('-without-')) continue;
    const [whole = ''] = key.split('-without-');
    t.true(
      corpus?.cases.some((one) => one.key === whole && one.source === source),
      key,
    );
    const directory = join(corpus?.directory ?? '', atom);
    t.true(
      readdirSync(directory).every((file) => lstatSync(join(directory, file)).isSymbolicLink()),
      key,
    );
  }
});

test('a corpus is read, and its mistakes are said', (t) => {
  const place = mkdtempSync(join(tmpdir(), 'lvfs-corpus-'));
  const write = (toml: string): void => writeFileSync(join(place, 'expect.toml'), toml);
  try {
    mkdirSync(join(place, 'profiles'));
    writeFileSync(join(place, 'profiles/repo_name'), 'some\n');
    write(
      '[one]\npackage = "a/b"\nstatus = "compare"\nalso_ok = ["c/d"]\nunseen = true\nfeatures = "test"\nquick = true\n[two]\npackage = ""\n',
    );
    t.deepEqual(readCorpus('mine', place).cases, [
      {
        key: 'mine/one',
        atom: 'some/one',
        tool: '',
        expect: { package: ['a/b'], variable: [], status: 'compare', unseen: true, alsoOk: ['c/d'] },
        features: 'test',
        quick: true,
        source: '',
      },
      {
        key: 'mine/two',
        atom: 'some/two',
        tool: '',
        expect: { package: [], variable: [], status: 0, unseen: false, alsoOk: [] },
        features: '',
        quick: false,
        source: '',
      },
    ]);
    t.deepEqual(readCorpora(join(place, 'nowhere')), []);
    write('[one]\nstatus = "silent"\n');
    t.throws(() => readCorpus('mine', place), { message: /status/ });
    write('[one]\npackage = [1]\n');
    t.throws(() => readCorpus('mine', place), { message: /package/ });
    write('one = 1\n');
    t.throws(() => readCorpus('mine', place), { message: /one: a table/ });
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
});
