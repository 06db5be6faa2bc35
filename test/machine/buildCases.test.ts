import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { buildCases, copyProject, missingTools } from '../helpers/buildCases.js';
import { makeDebianVdb } from '../../examples/debianVdb.js';

/** Which Gentoo packages this host has, as the example sees them; undefined where there is no dpkg. */
const installed = (() => {
  if (!existsSync('/var/lib/dpkg/status')) return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-builds-'));
  try {
    return new Set(makeDebianVdb(directory).packages.map((one) => one.cpv.replace(/-\d[^-]*(-r\d+)?$/, '')));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
})();

test('every removal is of something that is declared', (t) => {
  for (const one of buildCases) {
    t.true(one.removals.length > 0, one.name);
    for (const removal of one.removals) {
      t.true(one[removal.variable].includes(removal.atom), `${one.name}: ${removal.atom}`);
      t.is(removal.outcome === 'without', one.printsWithout !== undefined && removal === one.removals[0]);
    }
  }
});

for (const one of buildCases) {
  const missing =
    installed === undefined
      ? ['dpkg']
      : missingTools(one, (atom) => installed.has(atom) || atom.startsWith('virtual/'));
  const reason = missing.length === 0 ? '' : ` (skipped: no ${missing.join(', ')} here)`;
  (reason === '' ? test : test.skip)(`${one.name} builds outside of a view: ${one.about}${reason}`, (t) => {
    const top = mkdtempSync(join(tmpdir(), 'lvfs-build-'));
    t.teardown(() => rmSync(top, { recursive: true, force: true }));
    const cwd = copyProject(one, join(top, one.name));
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', HOME: top };
    const built = spawnSync('sh', ['-c', one.build], { cwd, env, encoding: 'utf8' });
    t.is(built.status, 0, built.stdout + built.stderr);
    const ran = spawnSync('sh', ['-c', one.run], { cwd, env, encoding: 'utf8' });
    t.is(ran.stdout.trimEnd(), one.prints, ran.stderr);
  });
}
