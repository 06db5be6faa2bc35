import {
  chmodSync,
  chownSync,
  lchownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { OutputFiles } from '../../../src/cli/outputFiles.js';
import { Journal } from '../../../src/cli/tinderbox/journal.js';

const nobody = 65534;
const asRoot = process.getuid?.() === 0 ? test : test.skip;

/** A directory in which everybody can make names, and a file beside it that nobody is to write to. */
function shared(t: ExecutionContext, mode = 0o1777): { directory: string; victim: string } {
  const base = mkdtempSync(join(tmpdir(), 'lvfs-output-'));
  t.teardown(() => rmSync(base, { recursive: true }));
  const [directory, victim] = [join(base, 'shared'), join(base, 'victim')];
  mkdirSync(directory);
  chmodSync(directory, mode);
  writeFileSync(victim, 'mine');
  return { directory, victim };
}

const refused = { code: 'CANNOT_WRITE' };

function write(path: string): void {
  const files = new OutputFiles();
  files.result(path)?.write('text');
  files.close();
}

asRoot("another's link in a shared directory is not followed (root only)", (t) => {
  const { directory, victim } = shared(t);
  const link = join(directory, 'link');
  symlinkSync(victim, link);
  lchownSync(link, nobody, nobody);
  const files = new OutputFiles();
  t.throws(() => files.result(link), refused);
  t.throws(() => files.lines(link), refused);
  t.throws(() => files.lines(link, 'add'), refused);
  t.throws(() => new Journal(link), refused);
  t.is(readFileSync(victim, 'utf8'), 'mine');
});

asRoot("another's file in a shared directory is not written to (root only)", (t) => {
  const { directory } = shared(t);
  const file = join(directory, 'file');
  writeFileSync(file, 'his');
  chownSync(file, nobody, nobody);
  t.throws(() => write(file), refused);
  t.throws(() => new OutputFiles().lines(file), refused);
  t.is(readFileSync(file, 'utf8'), 'his');
});

test('a link of whoever writes is followed where nobody else can exchange it', (t) => {
  const { directory, victim } = shared(t);
  const link = join(directory, 'link');
  symlinkSync(victim, link);
  write(link);
  t.is(readFileSync(victim, 'utf8'), 'text');
});

test('in a directory where everybody can take away names no link is followed', (t) => {
  const { directory, victim } = shared(t, 0o777);
  const link = join(directory, 'link');
  symlinkSync(victim, link);
  t.throws(() => write(link), refused);
  t.is(readFileSync(victim, 'utf8'), 'mine');
});

asRoot("another's directory is one in which others can make names (root only)", (t) => {
  const { directory, victim } = shared(t, 0o755);
  const [link, file] = [join(directory, 'link'), join(directory, 'file')];
  symlinkSync(victim, link);
  writeFileSync(file, 'his');
  for (const [uid, gid, mode] of [
    [nobody, nobody, 0o755],
    [0, nobody, 0o775],
  ] as const) {
    chownSync(directory, uid, gid);
    chmodSync(directory, mode);
    t.throws(() => write(link), refused);
    t.is(readFileSync(victim, 'utf8'), 'mine');
    chownSync(file, uid, gid);
    write(file);
    t.is(readFileSync(file, 'utf8'), 'text');
  }
  chownSync(directory, 0, 0);
  write(link);
  t.is(readFileSync(victim, 'utf8'), 'text');
});

test('a file that has another name is not written to where others can make names', (t) => {
  const { directory, victim } = shared(t);
  const name = join(directory, 'name');
  linkSync(victim, name);
  t.throws(() => write(name), refused);
  t.is(readFileSync(victim, 'utf8'), 'mine');
});

test('files are made, emptied and added to', (t) => {
  const { directory } = shared(t);
  const file = join(directory, 'file');
  write(file);
  write(file);
  t.is(readFileSync(file, 'utf8'), 'text');
  const files = new OutputFiles();
  files.lines(file, 'add');
  t.is(readFileSync(file, 'utf8'), 'text');
  files.lines(file);
  t.is(readFileSync(file, 'utf8'), '');
  files.close();
});
