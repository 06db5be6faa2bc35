/**
 * Makes what a distribution builds from: `npm run release -- DIR`. Two runs on the same sources give the same bytes.
 *
 *   DIR/distfiles/lvfs-VERSION.tgz          the npm package, with koffi and its source in it
 *   DIR/distfiles/lvfs-VERSION-libfuse.tgz  fuse-native with what it needs, as source
 *   DIR/distfiles/lvfs-VERSION-tests.tgz    the checkout, built, with what the tests import
 *   DIR/overlay                             a repository of ebuilds with app-portage/lvfs and its Manifest
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create } from 'tar';

const checkout = fileURLToPath(new URL('..', import.meta.url));
const [given] = process.argv.slice(2);
if (given === undefined) {
  console.error('usage: npm run release -- DIR');
  process.exit(2);
}
const out = resolve(given);
const distfiles = join(out, 'distfiles');
const overlay = join(out, 'overlay');
for (const directory of [distfiles, overlay]) rmSync(directory, { recursive: true, force: true });
mkdirSync(distfiles, { recursive: true });

const manifestOfNpm = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'));
const { version } = manifestOfNpm;
const name = `lvfs-${version}`;

/** Packages with all that they need, as directories below `node_modules` that are there. */
function withNeeds(/** @type {readonly string[]} */ wanted) {
  const { packages } = JSON.parse(readFileSync(join(checkout, 'package-lock.json'), 'utf8'));
  /** @type {Set<string>} */
  const found = new Set();
  /** Finds a package as Node does: in the directory of whoever asks, then in those above. */
  const add = (/** @type {string} */ wantedName, /** @type {string} */ from) => {
    for (let above = from; ; above = above.slice(0, Math.max(0, above.lastIndexOf('node_modules/') - 1))) {
      const place = `${above === '' ? '' : `${above}/`}node_modules/${wantedName}`;
      if (packages[place] !== undefined) {
        if (found.has(place) || !existsSync(join(checkout, place))) return;
        found.add(place);
        const { dependencies = {}, optionalDependencies = {} } = packages[place];
        for (const next of Object.keys({ ...dependencies, ...optionalDependencies })) add(next, place);
        return;
      }
      if (above === '') return;
    }
  };
  for (const one of wanted) add(one, '');
  // What lies in another one comes with that.
  return [...found].filter((place) => ![...found].some((other) => place.startsWith(`${other}/`)));
}

/** All files below a directory, relative to the checkout. */
function filesBelow(/** @type {string} */ directory) {
  return readdirSync(join(checkout, directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(checkout, join(entry.parentPath ?? entry.path, entry.name)));
}

/** An archive of which nothing depends on when, where or by whom it is made. */
async function pack(/** @type {string} */ suffix, /** @type {readonly string[]} */ files) {
  const options = { portable: true, mtime: new Date(0), noPax: true, gzip: { level: 9 }, strict: true };
  await create(
    {
      ...options,
      cwd: checkout,
      prefix: `${name}-${suffix}`,
      file: join(distfiles, `${name}-${suffix}.tgz`),
      // Whoever packs may have another umask.
      onWriteEntry: (entry) => {
        if (entry.stat !== undefined) entry.stat.mode = entry.stat.mode & 0o111 ? 0o100755 : 0o100644;
      },
    },
    [...new Set(files)].sort(),
  );
}

execFileSync('npm', ['run', '--silent', 'modes'], { cwd: checkout });
execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', distfiles], {
  cwd: checkout,
});

const { devDependencies } = manifestOfNpm;
const tools = /^(@types\/|@eslint\/|eslint|typescript|prettier|knip|esbuild|globals$)/;

await pack(
  'libfuse',
  withNeeds(['fuse-native'])
    .flatMap(filesBelow)
    .filter((file) => !/\/(fuse-shared-library[^/]*|prebuilds|test)\//.test(file)),
);
await pack('tests', [
  ...execFileSync('git', ['ls-files', '-z'], { cwd: checkout, encoding: 'utf8' })
    .split('\0')
    .filter((file) => file !== '' && existsSync(join(checkout, file))),
  ...filesBelow('dist').filter((file) => !file.endsWith('.tsbuildinfo')),
  ...withNeeds(Object.keys(devDependencies).filter((one) => !tools.test(one))).flatMap(filesBelow),
]);

cpSync(join(checkout, 'packaging/gentoo'), overlay, { recursive: true });
const ebuilds = join(overlay, 'app-portage/lvfs');
cpSync(join(ebuilds, 'lvfs.ebuild'), join(ebuilds, `${name}.ebuild`));
rmSync(join(ebuilds, 'lvfs.ebuild'));
const manifest = readdirSync(distfiles)
  .sort()
  .map((file) => {
    const data = readFileSync(join(distfiles, file));
    const hash = (/** @type {string} */ algorithm) => createHash(algorithm).update(data).digest('hex');
    return `DIST ${file} ${statSync(join(distfiles, file)).size} BLAKE2B ${hash('blake2b512')} SHA512 ${hash('sha512')}\n`;
  });
writeFileSync(join(ebuilds, 'Manifest'), manifest.join(''));
console.log(`${distfiles}\n${overlay}`);
