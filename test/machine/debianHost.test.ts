/** The VDB that is described for a Debian host, compared with what the host has. */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { makeDebianVdb } from '../../examples/debianVdb.js';
import { removeTree } from '../helpers/removeTree.js';

const md5 = (content: Buffer): string => createHash('md5').update(content).digest('hex');

const hasDpkg = existsSync('/var/lib/dpkg/status');
(hasDpkg ? test : test.skip)(
  `the VDB of this host agrees with its files${hasDpkg ? '' : ' (skipped: no dpkg here)'}`,
  (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'lvfs-debian-'));
    t.teardown(() => removeTree(directory));
    const made = makeDebianVdb(directory);
    let checked = 0;
    let seen = 0;
    for (const { cpv } of made.packages) {
      for (const line of readFileSync(join(made.vdb, cpv, 'CONTENTS'), 'latin1').split('\n')) {
        const [, path = '', sum, mtime] = /^obj (.+) ([0-9a-f]{32}) (\d+)$/.exec(line) ?? [];
        if (sum === undefined || ++seen % 40 !== 0 || mtime === '0') continue;
        const host = Buffer.from(path, 'latin1');
        const stat = lstatSync(host, { throwIfNoEntry: false });
        if (stat === undefined || stat.size > 4e6) continue;
        t.is(Math.floor(stat.mtimeMs / 1000), Number(mtime), path);
        t.is(md5(readFileSync(host)), sum, path);
        checked++;
      }
    }
    t.log(`${made.packages.length} packages, ${checked} files compared`);
    t.true(checked > 0);
  },
);
