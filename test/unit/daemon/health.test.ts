import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { walkedByUpdatedb } from '../../../src/daemon/health.js';
import { removeTree } from '../../helpers/removeTree.js';

const directory = mkdtempSync(join(tmpdir(), 'lvfs-health-'));
test.after.always(() => removeTree(directory));
let files = 0;

const finds = test.macro<[text: string | undefined, state: string, found: RegExp]>({
  exec(t, text, state, found) {
    const file = join(directory, `updatedb-${files++}.conf`);
    if (text !== undefined) writeFileSync(file, text);
    const finding = walkedByUpdatedb(file);
    t.is(finding.state, state as never);
    t.regex(finding.found, found);
    t.is(finding.remedy, state === 'ok' ? undefined : `add fuse.lvfs to PRUNEFS in ${file}`);
  },
  title: (_, text, state) => `updatedb with ${JSON.stringify(text)} is ${state}`,
});

test(finds, undefined, 'ok', /not set up/);
test(finds, 'PRUNEFS="nfs FUSE.lvfs proc"\n', 'ok', /stays out/);
test(finds, ' PRUNE_BIND_MOUNTS = "yes"\n PRUNEFS = "nfs\tfuse.lvfs"\n', 'ok', /stays out/);
test(finds, 'PRUNEFS="nfs fuse fuse.lvfsx"\n', 'warn', /walks through/);
test(finds, '#PRUNEFS="fuse.lvfs"\n', 'warn', /walks through/);
test(finds, 'PRUNEFS="fuse.lvfs"\nPRUNEFS="nfs"\n', 'warn', /walks through/);
test(finds, '', 'warn', /walks through/);
