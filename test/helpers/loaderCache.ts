/** The loader's cache for tests; see `dl-cache.h` of glibc. */

/** `/etc/ld.so.cache` as ldconfig would write it for these libraries, in the order given. */
export function loaderCacheOf(paths: readonly string[]): Buffer {
  const head = Buffer.alloc(48 + paths.length * 24);
  head.write('glibc-ld.so.cache1.1', 'latin1');
  head.writeUInt32LE(paths.length, 20);
  // Little-endian.
  head.writeUInt8(2, 28);
  const strings: Buffer[] = [];
  let end = head.length;
  const place = (text: string): number => {
    const at = end;
    strings.push(Buffer.from(`${text}\0`));
    end += text.length + 1;
    return at;
  };
  paths.forEach((path, i) => {
    const at = 48 + i * 24;
    // An ELF library of x86-64.
    head.writeInt32LE(0x303, at);
    head.writeUInt32LE(place(path.slice(path.lastIndexOf('/') + 1)), at + 4);
    head.writeUInt32LE(place(path), at + 8);
  });
  head.writeUInt32LE(end - head.length, 24);
  return Buffer.concat([head, ...strings]);
}

/** The paths in a cache. */
export function pathsIn(cache: Buffer): string[] {
  const paths: string[] = [];
  for (let i = 0; i < cache.readUInt32LE(20); i++) {
    const start = cache.readUInt32LE(48 + i * 24 + 8);
    paths.push(cache.toString('latin1', start, cache.indexOf(0, start)));
  }
  return paths;
}
