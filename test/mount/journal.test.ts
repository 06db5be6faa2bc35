/** The journal of `lvfs check` on a disk that is full. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Journal, readJournals } from '../../src/cli/tinderbox/journal.js';
import { whyNotMount } from '../helpers/inView.js';
import { removeTree } from '../helpers/removeTree.js';
import { verdict } from '../helpers/verdict.js';

const reason = whyNotMount();
const mountTest = reason === undefined ? test.serial : test.serial.skip;

mountTest(
  `a journal without room keeps its lines until there is some${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'lvfs-journal-'));
    t.teardown(() => removeTree(directory));
    t.is(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', directory]).status, 0);
    t.teardown(() => spawnSync('umount', ['--lazy', directory]));
    const file = join(directory, 'journal');
    const journal = new Journal(file);
    journal.add(verdict('before'));
    spawnSync('sh', ['-c', `cat /dev/zero >${directory}/fill`]);
    const long = verdict('long', { says: 'x'.repeat(10_000) });
    journal.add(long);
    journal.add(verdict('after'));
    t.regex(String(journal.failure?.message), /2 lines cannot be written/);
    t.deepEqual([...readJournals([file]).verdicts.keys()], ['before'], 'no line is there in part');
    t.true(readFileSync(file, 'utf8').endsWith('}\n'));
    spawnSync('rm', [join(directory, 'fill')]);
    journal.flush();
    t.is(journal.failure, undefined);
    t.deepEqual([...readJournals([file]).verdicts.keys()], ['before', 'long', 'after']);
    journal.close();
  },
);
