import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { SavedValues } from '../../../src/portage/savedValues.js';
import { InstalledDatabase } from '../../../src/portage/vdb.js';
import { pkg } from '../../helpers/installed.js';

/** A database of one package, and runs of lvfs that read its slot. */
class Fixture {
  readonly directory = mkdtempSync(join(tmpdir(), 'lvfs-values-'));
  readonly entry = join(this.directory, 'vdb/a/b-1');
  readonly cache = join(this.directory, 'cache');

  constructor(t: ExecutionContext) {
    t.teardown(() => rmSync(this.directory, { recursive: true }));
    mkdirSync(this.entry, { recursive: true });
    writeFileSync(join(this.entry, 'SLOT'), '1');
    this.age(1000);
  }

  /** Makes the entry's directory as it would be when it was last changed so many seconds after the epoch. */
  age(seconds: number): void {
    utimesSync(this.entry, seconds, seconds);
  }

  /** Overwrites the slot in place, which no time of the directory tells. */
  overwrite(slot: string): void {
    truncateSync(join(this.entry, 'SLOT'));
    appendFileSync(join(this.entry, 'SLOT'), slot);
  }

  /** What a run reads. */
  run(): string | undefined {
    const vdb = join(this.directory, 'vdb');
    const db = new InstalledDatabase(vdb, () => undefined, {
      mustExist: true,
      saved: new SavedValues(this.cache, vdb),
    });
    const slot = db.get(pkg('a/b-1'))?.value('SLOT');
    db.save();
    return slot;
  }

  get file(): string {
    return join(this.cache, readdirSync(this.cache)[0] ?? '');
  }
}

test('values are those of the run before as long as the directory is the same', (t) => {
  const fixture = new Fixture(t);
  t.is(fixture.run(), '1');
  fixture.overwrite('2');
  t.is(fixture.run(), '1');
  fixture.age(1001);
  t.is(fixture.run(), '2');
  t.is(fixture.run(), '2');
});

test('a package that has just changed is not kept', (t) => {
  const fixture = new Fixture(t);
  fixture.age(Date.now() / 1000 + 3600);
  t.is(fixture.run(), '1');
  fixture.overwrite('2');
  t.is(fixture.run(), '2');
});

test('a file that is damaged, or that others may write to, is not believed', (t) => {
  const fixture = new Fixture(t);
  fixture.run();
  const sound = readFileSync(fixture.file);
  fixture.overwrite('2');
  for (let at = 0; at < sound.length; at += 3) {
    const damaged = Buffer.from(sound);
    damaged[at] = damaged[at]! ^ 1;
    writeFileSync(fixture.file, damaged);
    t.is(fixture.run(), '2');
  }
  writeFileSync(fixture.file, sound.subarray(0, sound.length / 2));
  t.is(fixture.run(), '2');
  writeFileSync(fixture.file, sound);
  chmodSync(fixture.file, 0o666);
  t.is(fixture.run(), '2');
  writeFileSync(fixture.file, sound);
  t.is(fixture.run(), '1');
});

test('what is no longer installed is dropped, and nothing is written without need', (t) => {
  const fixture = new Fixture(t);
  fixture.run();
  const vdb = join(fixture.directory, 'vdb');
  const before = readFileSync(fixture.file);
  fixture.run();
  t.deepEqual(readFileSync(fixture.file), before);

  rmSync(fixture.entry, { recursive: true });
  mkdirSync(join(vdb, 'a/c-2'));
  utimesSync(join(vdb, 'a/c-2'), 1000, 1000);
  const db = new InstalledDatabase(vdb, () => undefined, {
    mustExist: true,
    saved: new SavedValues(fixture.cache, vdb),
  });
  t.is(db.get(pkg('a/c-2'))?.value('EAPI'), '0');
  db.save();
  t.false(readFileSync(fixture.file, 'utf8').includes('a/b-1'));
});

test('where nothing can be saved values are read all the same', (t) => {
  const fixture = new Fixture(t);
  writeFileSync(fixture.cache, '');
  t.is(fixture.run(), '1');
  t.true(existsSync(fixture.cache));
  fixture.overwrite('2');
  t.is(fixture.run(), '2');
});
