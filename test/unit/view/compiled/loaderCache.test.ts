import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { filterLoaderCache } from '../../../../src/view/compiled/loaderCache.js';

const place = '/etc/ld.so.cache';
const ldconfig = ['/sbin/ldconfig', '/usr/sbin/ldconfig'].find((path) => existsSync(path));
const hasBoth = existsSync(place) && ldconfig !== undefined;
const hostTest = hasBoth ? test : test.skip;
const skipped = hasBoth ? '' : ' (skipped: needs ldconfig and its cache)';

/** The lines that ldconfig prints of a cache, without the count at the top. */
function listing(cache: Buffer): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-cache-'));
  try {
    writeFileSync(join(directory, 'cache'), cache);
    const text = execFileSync(ldconfig ?? '', ['-p', '-C', join(directory, 'cache')], { encoding: 'utf8' });
    return text.trim().split('\n').slice(1);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

hostTest(`a cache of which everything is visible says the same${skipped}`, (t) => {
  const cache = readFileSync(place);
  const filtered = filterLoaderCache(cache, () => true);
  t.deepEqual(listing(filtered ?? Buffer.alloc(0)), listing(cache));
});

hostTest(`only hidden libraries are left out, and their names are nowhere in the file${skipped}`, (t) => {
  const cache = readFileSync(place);
  const isHidden = (path: string): boolean => /libz\.|libm\./.test(path);
  const filtered = filterLoaderCache(cache, (path) => !isHidden(path)) ?? Buffer.alloc(0);
  t.deepEqual(
    listing(filtered),
    listing(cache).filter((line) => !isHidden(line)),
  );
  t.false(filtered.includes('libm.so'));
});

hostTest(`a cache that ends anywhere is refused rather than misread${skipped}`, (t) => {
  const cache = readFileSync(place);
  for (const length of [0, 20, 47, 100, Math.floor(cache.length / 2)]) {
    t.is(
      filterLoaderCache(cache.subarray(0, length), () => true),
      undefined,
      `${length} bytes`,
    );
  }
});

test('a file of another format is refused', (t) => {
  t.is(
    filterLoaderCache(Buffer.from('ld.so-1.7.0 and nothing behind it'), () => true),
    undefined,
  );
});
