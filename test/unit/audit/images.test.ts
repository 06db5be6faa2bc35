import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { compareImages, neededLibraries, readImage, type Image } from '../../../src/audit/index.js';

function image(t: ExecutionContext, files: Record<string, string>): Image {
  const top = mkdtempSync(join(tmpdir(), 'lvfs-image-'));
  t.teardown(() => rmSync(top, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(top, path)), { recursive: true });
    writeFileSync(join(top, path), text);
  }
  symlinkSync('target', join(top, 'link'));
  return readImage(top);
}

test('equal images do not differ', (t) => {
  const files = { 'usr/bin/a': 'x', 'usr/lib/a.pc': 'Requires: b >= 1, c\n' };
  t.deepEqual(compareImages(image(t, files), image(t, files)), {
    onlyFirst: [],
    onlySecond: [],
    needs: [],
    changed: [],
  });
});

test('files that only one has, modules that only one requires, and other bytes are told apart', (t) => {
  const first = image(t, { a: '1', 'x.pc': 'Requires: b >= 1, c\nRequires.private: d\n', same: 's' });
  const second = image(t, { b: '1', 'x.pc': 'Requires: c e\n', same: 't' });
  t.deepEqual(compareImages(first, second), {
    onlyFirst: ['/a'],
    onlySecond: ['/b'],
    needs: [{ path: '/x.pc', onlyFirst: ['b', 'd'], onlySecond: ['e'] }],
    changed: ['/same'],
  });
});

test('the libraries that a program needs are read from it', (t) => {
  if (!existsSync('/bin/ls')) {
    t.log('skipped: there is no /bin/ls');
    t.pass();
    return;
  }
  const program = readFileSync(process.execPath);
  const ls = readFileSync('/bin/ls');
  t.true(neededLibraries(ls).some((name) => /^libc\b|^ld-musl|^libc\.musl/.test(name)));
  t.deepEqual(neededLibraries(ls), [...neededLibraries(ls)].sort());
  t.notThrows(() => neededLibraries(program));
});

test('what is no ELF file, or a damaged one, needs nothing', (t) => {
  t.deepEqual(neededLibraries(Buffer.from('#!/bin/sh\n')), []);
  t.deepEqual(neededLibraries(Buffer.alloc(0)), []);
  if (!existsSync('/bin/ls')) return;
  const ls = readFileSync('/bin/ls');
  for (const length of [10, 52, 64, 200, 5000]) t.notThrows(() => neededLibraries(ls.subarray(0, length)));
});
