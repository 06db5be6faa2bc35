/** A saved index of which one bit is another is not used. `LVFS_BITS=all` tries each of a small one. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import test from 'ava';
import { loadIndex } from '../../../src/view/indexStore.js';
import { IndexedHost, obj, ownersOf, smallIndex } from '../../helpers/indexedHost.js';

const step = process.env['LVFS_BITS'] === 'all' ? 1 : 13;

test('no flipped bit of a saved index is believed, and the index is made anew', async (t) => {
  t.timeout(24 * 3600_000);
  const host = new IndexedHost(t);
  host.install('a/a-1', obj('/usr/a'));
  (await host.open({ saved: smallIndex() })).save();
  const sound = readFileSync(host.cacheFile);
  const fd = openSync(host.cacheFile, 'r+');
  t.teardown(() => closeSync(fd));
  let tried = 0;
  const believed: number[] = [];
  for (let bit = 0; bit < 8 * sound.length; bit += step) {
    const at = bit >> 3;
    const byte = sound[at]!;
    writeSync(fd, Buffer.of(byte ^ (1 << (bit & 7))), 0, 1, at);
    if ((await loadIndex(host.cacheFile, () => undefined)) !== undefined) believed.push(bit);
    if (tried++ % 250 === 0) {
      const { index, origin } = await host.open();
      t.is(origin, 'built');
      t.deepEqual(ownersOf(index, '/usr/a'), ['a/a-1']);
    }
    writeSync(fd, Buffer.of(byte), 0, 1, at);
  }
  t.log(`${tried} of ${8 * sound.length} bits`);
  t.deepEqual(believed, []);
  t.is((await host.open()).origin, 'saved');
});
