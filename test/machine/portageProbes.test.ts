/**
 * Small systems about which both lvfs and an unmodified Portage are asked. Which questions are known to have different answers, and why,
 * is listed here; all others must have the same.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const checkout = fileURLToPath(new URL('../../..', import.meta.url));
const shared = join(checkout, '../shared');
const probes = join(shared, 'portage-probes');
const archive = join(shared, 'portage/portage.tar.xz');

/** Beginnings of questions with different answers, by folder. */
const different: Readonly<Record<string, readonly string[]>> = {
  // To show what is not installed is an error for lvfs; Portage's function then matches nothing.
  '10-build-id-profile': ['app-misc/t --with =dev-libs/a-1-4'],
  // lvfs is told of another system by options.
  '15-environment': ["{'ROOT'", "{'EPREFIX'"],
  // The probe asks dep_check without a graph, which takes the fewest packages for groups that overlap. emerge's own graph, in which
  // all that is installed costs the same, takes both, and so does lvfs (72-anyof-graph).
  '18-deps-syntax': ['app-e6/s', 'app-e8/s'],
  // emerge brings the database up to date before it looks at it; the probe looks at it as it is.
  '22-moves': ['app-misc/a', 'app-misc/b'],
  // emerge would merge what is not installed, which no view can show: lvfs names it, as missing or in a warning. `deps` looks at
  // ebuilds that emerge masks as invalid, and warns.
  '71-anyof-upgrade': ['t3', 't4', 't16', 'w3', 'w4', 'w16'].map((name) => ` app-misc/${name} `),
};

const missing = [
  existsSync(probes) ? '' : 'no ../shared/portage-probes',
  existsSync(archive) ? '' : 'no ../shared/portage/portage.tar.xz',
  spawnSync('bwrap', ['--version']).status === 0 ? '' : 'no bwrap',
  spawnSync('/usr/bin/python3', ['--version']).status === 0 ? '' : 'no python3',
].filter((reason) => reason !== '');

const folders = existsSync(probes) ? readdirSync(probes).filter((name) => /^\d/.test(name)) : ['the probes'];

let scratch = '';

test.before(() => {
  if (missing.length > 0) return;
  scratch = mkdtempSync(join(tmpdir(), 'lvfs-probes-'));
  execFileSync('tar', ['-xf', archive, '-C', scratch]);
  cpSync(probes, join(scratch, 'probes'), { recursive: true, verbatimSymlinks: true });
  // A copy that lost its links has their targets as text.
  for (const folder of folders) {
    const link = join(scratch, 'probes', folder, 'root/etc/portage/make.profile');
    if (lstatSync(link, { throwIfNoEntry: false })?.isFile() !== true) continue;
    const target = readFileSync(link, 'utf8').trim();
    rmSync(link);
    symlinkSync(target, link);
  }
});

test.after.always(() => {
  if (scratch !== '') rmSync(scratch, { recursive: true, force: true });
});

const agrees = test.macro(async (t, folder: string) => {
  t.timeout(30 * 60_000);
  const source = join(scratch, readdirSync(scratch).find((name) => name.startsWith('portage')) ?? '');
  const run = spawn('sh', [join(scratch, 'probes', folder, 'run.sh')], {
    env: { ...process.env, ORACLE_PORTAGE: source, LVFS_CHECKOUT: checkout.replace(/\/$/, '') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  run.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await new Promise((resolve) => run.on('close', resolve));
  const lines = text.split('\n');
  const found = lines
    .filter((line) => line.startsWith('DIFFER '))
    .map((line) => line.slice('DIFFER '.length));
  const known = different[folder] ?? [];
  t.deepEqual(
    found.filter((line) => !known.some((beginning) => line.startsWith(beginning))),
    [],
  );
  t.true(lines.some((line) => line.startsWith('agree ')));
});

for (const folder of folders) {
  if (missing.length === 0) test.serial(`${folder}: as Portage says`, agrees, folder);
  else test.skip(`${folder}: as Portage says (skipped: ${missing.join(', ')})`, agrees, folder);
}
