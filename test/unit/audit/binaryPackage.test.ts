/** Images out of binary packages as Portage makes them. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { LvfsError } from '../../../src/base/index.js';
import { readBinaryPackage, readImage, type Image } from '../../../src/audit/index.js';

interface Made {
  directory: string;
  /** Runs a shell command in the directory. */
  readonly sh: (command: string) => void;
}

/** A directory with an image in it. */
function made(t: ExecutionContext): Made {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-package-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const sh = (command: string): void => {
    const { status, stderr } = spawnSync('/bin/sh', ['-ec', command], { cwd: directory, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  };
  mkdirSync(join(directory, 'image/usr/bin'), { recursive: true });
  writeFileSync(join(directory, 'image/usr/bin/tool'), '#!/bin/sh\n');
  writeFileSync(join(directory, 'image/usr/bin/größe'), 'x');
  const long = `${'d'.repeat(90)}/${'e'.repeat(90)}`;
  mkdirSync(join(directory, 'image', long), { recursive: true });
  writeFileSync(join(directory, 'image', long, 'f'), 'deep');
  sh('ln image/usr/bin/tool image/usr/bin/same; ln -s tool image/usr/bin/link');
  return { directory, sh };
}

function isWhole(t: ExecutionContext, image: Image): void {
  const name = Buffer.from('größe').toString('latin1');
  const long = `/${'d'.repeat(90)}`;
  t.deepEqual(
    [...image.keys()].sort(),
    [
      long,
      `${long}/${'e'.repeat(90)}`,
      `${long}/${'e'.repeat(90)}/f`,
      '/usr',
      '/usr/bin',
      `/usr/bin/${name}`,
      '/usr/bin/link',
      '/usr/bin/same',
      '/usr/bin/tool',
    ].sort(),
  );
  t.like(image.get('/usr/bin/link'), { kind: 'link', content: 'tool' });
  t.is(image.get('/usr/bin/same')?.content, image.get('/usr/bin/tool')?.content);
  t.is(image.get('/usr')?.kind, 'directory');
}

for (const [suffix, compress] of [
  ['', ':'],
  ['.gz', 'gzip'],
  ['.bz2', 'bzip2'],
  ['.xz', 'xz'],
  ['.zst', 'zstd -q --rm'],
] as const) {
  const [compressor = ''] = compress.split(' ');
  const isThere = spawnSync('/bin/sh', ['-c', `command -v ${compressor}`]).status === 0;
  const why = isThere ? '' : ` (skipped: there is no ${compressor} here)`;
  (isThere ? test : test.skip)(`a gpkg${suffix === '' ? '' : ` of ${suffix}`}${why}`, async (t) => {
    const { directory, sh } = made(t);
    const file = join(directory, 'foo-1-1.gpkg.tar');
    sh(`mkdir foo-1-1; touch foo-1-1/gpkg-1; tar -cf foo-1-1/metadata.tar image/usr/bin/tool
tar -cf foo-1-1/image.tar image; ${compress} foo-1-1/image.tar
tar -cf foo-1-1.gpkg.tar foo-1-1/gpkg-1 foo-1-1/metadata.tar foo-1-1/image.tar${suffix}`);
    isWhole(t, await readBinaryPackage(file));
  });
}

test('an xpak, compressed, with metadata and trailer behind it', async (t) => {
  const { directory, sh } = made(t);
  sh('tar -C image -cf foo.tar .; gzip foo.tar');
  const metadata = Buffer.from('XPAKPACK........XPAKSTOP');
  const size = Buffer.alloc(4);
  size.writeUInt32BE(metadata.length);
  const file = join(directory, 'foo-1.tbz2');
  writeFileSync(
    file,
    Buffer.concat([readFileSync(join(directory, 'foo.tar.gz')), metadata, size, Buffer.from('STOP')]),
  );
  isWhole(t, await readBinaryPackage(file));
});

test('of a file that is larger than memory should hold, size and beginning are known', async (t) => {
  const { directory, sh } = made(t);
  sh('truncate -s 300M image/large; truncate -s 3G image/hole; mkfifo image/fifo');
  const image = readImage(join(directory, 'image'));
  t.regex(image.get('/hole')?.content ?? '', new RegExp(`^${3 * 2 ** 30} [0-9a-f]{64}$`));
  t.is(image.get('/fifo')?.kind, 'other');
  sh('mkdir p; touch p/gpkg-1; rm image/hole; tar -cf p/image.tar image; tar -cf large.gpkg.tar p');
  const packed = await readBinaryPackage(join(directory, 'large.gpkg.tar'));
  t.is(packed.get('/large')?.content, image.get('/large')?.content);
});

test('a damaged package is an error that names it', async (t) => {
  const { directory, sh } = made(t);
  sh('mkdir p; touch p/gpkg-1; tar -cf none.gpkg.tar p; echo nonsense > text.gpkg.tar; : > empty.xpak');
  sh(
    'tar -cf p/image.tar image; gzip p/image.tar; head -c 200 p/image.tar.gz > p/cut; mv p/cut p/image.tar.gz',
  );
  sh('tar -cf cut.gpkg.tar p');
  for (const name of ['none.gpkg.tar', 'text.gpkg.tar', 'cut.gpkg.tar', 'empty.xpak', 'absent.gpkg.tar']) {
    const error = await t.throwsAsync(
      readBinaryPackage(join(directory, name)),
      { instanceOf: LvfsError },
      name,
    );
    t.is(error?.code, 'CANNOT_READ');
    t.true(error?.message.includes(name), error?.message);
  }
});
