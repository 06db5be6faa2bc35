/** A thread that opens and saves an index again and again, to meet others that do the same. */
import { rmSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { scanContents } from '../../src/portage/contents.js';
import { hostLinks } from '../../src/view/canonical.js';
import { loadIndex, openIndex, type InstalledState } from '../../src/view/indexStore.js';

const { root, cacheFile, packages, rounds } = workerData as InstalledState & {
  root: string;
  cacheFile: string;
  rounds: number;
};
const warnings: string[] = [];
const open = async (warn: (warning: { message: string }) => void) =>
  openIndex({
    packages,
    scan: scanContents,
    links: hostLinks(root),
    cacheFile,
    saved: await loadIndex(cacheFile, warn),
    warn,
  });
for (let round = 0; round < rounds; round++) {
  const store = await open(({ message }) => warnings.push(message));
  if (store.index.packages.length !== packages.length) warnings.push('packages are missing');
  if (round % 3 === 2) rmSync(cacheFile, { force: true });
  else store.save();
}
(await open(() => undefined)).save();
parentPort?.postMessage(warnings);
