/** What lvfs has saved for its next run. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { scanContents } from '../../../src/portage/contents.js';
import { SavedValues } from '../../../src/portage/savedValues.js';
import { hostLinks } from '../../../src/view/canonical.js';
import { loadIndex, openIndex } from '../../../src/view/indexStore.js';
import { savedOwners } from '../../../src/view/savedOwners.js';
import { smallIndex } from '../../helpers/indexedHost.js';
import type { FuzzTarget } from '../fuzz.js';
import { hold, same } from '../holds.js';
import { pkg } from '../../helpers/installed.js';

function scratch(): string {
  return mkdtempSync(join(tmpdir(), 'lvfs-fuzz-'));
}

export function savedIndex(): FuzzTarget {
  const root = scratch();
  const directory = join(root, 'vdb/a/b-1');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'CONTENTS'), 'dir /usr\nobj /usr/a d41d8cd98f00b204e9800998ecf8427e 1\n');
  const cacheFile = join(root, 'cache/index');
  const packages = [{ cpv: pkg('a/b-1'), directory }];
  const links = hostLinks(root);
  const options = {
    packages,
    preserved: undefined,
    scan: scanContents,
    links,
    cacheFile,
    warn: () => undefined,
  };
  openIndex({ ...options, saved: smallIndex() }).save();
  const sound = readFileSync(cacheFile);
  const path = Buffer.from('/usr/a');
  return {
    name: 'index',
    seeds: [sound],
    words: ['"nodes":', '"sums":', '"directoryBytes":', '4294967295', '-1', '1e9', 'lvfs-ix\n'],
    share: 20,
    // It has times and places of this machine in it.
    isKept: false,
    async run(input) {
      writeFileSync(cacheFile, input);
      const isSound = input.equals(sound);
      same((await loadIndex(cacheFile, () => undefined)) !== undefined, isSound, 'is believed');
      const owners = savedOwners({ cacheFile, links, preserved: undefined, installed: () => packages }, [
        path,
      ]);
      if (owners !== undefined) same(owners, [['a/b-1']], 'owners');
      hold(owners !== undefined || !isSound, 'a sound one is used');
    },
    close: () => rmSync(root, { recursive: true }),
  };
}

export function savedValues(): FuzzTarget {
  const root = scratch();
  const database = '/vdb';
  const entry = join(root, 'entry');
  mkdirSync(entry);
  utimesSync(entry, 1000, 1000);
  const stat = statSync(entry, { bigint: true });
  const made = new SavedValues(root, database);
  made.open(pkg('a/b-1'), stat)['SLOT'] = '0';
  made.noteNew();
  made.save(() => true);
  const file = join(root, readdirSync(root).find((name) => name.startsWith('values-')) ?? '');
  const sound = readFileSync(file);
  const body = sound.subarray(sound.indexOf('\n') + 1);
  const magic = sound.toString('latin1', 0, sound.indexOf(' '));
  return {
    name: 'values',
    seeds: [body, '{"database":"/vdb","entries":{}}', 'null', '[]'],
    words: ['"entries":', '{"a/b-1":', '"identity":', '"values":', 'null', '[]', '{}', '__proto__'],
    share: 5,
    run(input) {
      // Once as it is, and once with a checksum that agrees: nobody else can write that, but a disk or a bug may.
      writeFileSync(file, input);
      same(new SavedValues(root, database).open(pkg('a/b-1'), stat), {}, 'values without a checksum');
      writeFileSync(file, Buffer.concat([Buffer.from(`${magic} ${crc32(input)}\n`), input]));
      const values = new SavedValues(root, database).open(pkg('a/b-1'), stat);
      hold(Object.getPrototypeOf(values) === Object.prototype, 'values are a plain object');
      for (const value of Object.values(values)) hold(typeof value === 'string', 'values are texts');
      if (input.equals(body)) same(values, { SLOT: '0' }, 'values');
    },
    close: () => rmSync(root, { recursive: true }),
  };
}
