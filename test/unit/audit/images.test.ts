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
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import {
  compareImages,
  elfFacts,
  filesOf,
  imageFacts,
  imageFile,
  isMereContent,
  readImage,
  type Image,
} from '../../../src/audit/index.js';
import { factOf, imageEntry } from '../../../src/audit/images.js';

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
    symbols: [],
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
    symbols: [],
    changed: ['/same'],
  });
});

test('each difference is a fact; a state tells whether two images differ in the same way', (t) => {
  const first = image(t, { a: '1', 'x.pc': 'Requires: b\n', text: 's' });
  const second = image(t, { b: '1', 'x.pc': 'Requires: c\n', text: 't' });
  const third = image(t, { a: '1', 'x.pc': 'Requires: c\n', text: 'u' });
  const facts = imageFacts(first, second);
  const told = [...facts.keys()].map((one) => Object.values(factOf(one)).join(' ').trim());
  t.deepEqual(told.sort(), [
    '+ /b',
    '- /a',
    'content /text',
    'content /x.pc',
    'needs /x.pc +c',
    'needs /x.pc -b',
  ]);
  t.deepEqual(
    [...facts.keys()].filter(isMereContent).map((one) => factOf(one).path),
    ['/text', '/x.pc'],
  );
  const others = imageFacts(first, third);
  const same = [...facts].filter(([one, state]) => others.get(one) === state).map(([one]) => factOf(one));
  t.deepEqual(same.map(({ sign, path, detail }) => `${sign} ${path} ${detail}`.trim()).sort(), [
    'content /x.pc',
    'needs /x.pc +c',
    'needs /x.pc -b',
  ]);
});

test('when and where something was built is no difference', (t) => {
  const pairs: [string, string][] = [
    ['built on Nov 28 2026, 09:12:03', 'built on Dec  1 2027, 23:59:59'],
    ['Sat Nov 28 09:12:03 UTC 2026', 'Sun Jan  2 10:00:00 CEST 2028'],
    ['28-Nov-2026', '1-Dec-2026'],
    ['2026-11-28T09:12:03.5 and 2026/11/28', '2027-01-01 10:00 and 2027/01/01'],
    ['stamp=1795856400', 'stamp=1795856999.25'],
    ['/var/tmp/portage/dev-libs/foo-1/work/foo-1/a.c', '/other/portage/dev-libs/foo-1/work/foo-1/a.c'],
    ['/tmp/ccAbCdEf.o', '/tmp/ccXyZ123.o'],
  ];
  for (const [a, b] of pairs) {
    const [one, other] = [a, b].map((text) => imageFile('/f', Buffer.from(`x ${text} y`)).content);
    t.is(one, other, a);
  }
  for (const [a, b] of [
    ['version 1.2', 'version 1.3'],
    ['--with-lua', '--without-lua'],
    ['/usr/lib/a', '/usr/lib/b'],
    ['2026 files', '2027 files'],
  ] as const)
    t.not(imageFile('/f', Buffer.from(a)).content, imageFile('/f', Buffer.from(b)).content, a);
});

test('times and owners in compressed files, archives and compiled modules are no difference', (t) => {
  const packed = (text: string, time: number): Buffer => {
    const data = gzipSync(text);
    data.writeUInt32LE(time, 4);
    return data;
  };
  const archive = (text: string, time: string): Buffer =>
    Buffer.from(
      `!<arch>\n${'a.o/'.padEnd(16)}${time.padEnd(12)}${'250'.padEnd(6)}${'250'.padEnd(6)}${'100644'.padEnd(8)}${String(text.length).padEnd(10)}\`\n${text}`,
    );
  const module = (code: string, time: number): Buffer => {
    const head = Buffer.alloc(16);
    head.writeUInt16LE(3495, 0);
    head.writeUInt16LE(0x0a0d, 2);
    head.writeUInt32LE(time, 8);
    return Buffer.concat([head, Buffer.from(code)]);
  };
  const content = (data: Buffer): string => imageFile('/f', data).content;
  t.is(content(packed('same', 1)), content(packed('same', 2)));
  t.not(content(packed('same', 1)), content(packed('other', 1)));
  t.is(content(archive('same', '1')), content(archive('same', '1700')));
  t.not(content(archive('same', '1')), content(archive('othe', '1')));
  t.is(content(module('same', 1)), content(module('same', 2)));
  t.not(content(module('same', 1)), content(module('other', 1)));
  // What only begins like one is taken as it is.
  t.not(content(Buffer.from('1f8b00', 'hex')), content(Buffer.from('1f8b01', 'hex')));
});

test('what tools leave in the directory they build in is no part of the result', (t) => {
  const files = { 'config.log': '1', 'CMakeFiles/x': '1', 'sub/a.o': '1', program: '1' };
  t.deepEqual([...image(t, files).keys()].sort(), ['/link', '/program', '/sub']);
});

const lsTest = existsSync('/bin/ls') ? test : test.skip;
const whyNoLs = existsSync('/bin/ls') ? '' : ' (skipped: there is no /bin/ls)';

lsTest(`the libraries that a program needs are read from it${whyNoLs}`, (t) => {
  const program = readFileSync(process.execPath);
  const ls = readFileSync('/bin/ls');
  t.true(elfFacts(ls).needed.some((name) => /^libc\b|^ld-musl|^libc\.musl/.test(name)));
  t.deepEqual(elfFacts(ls).needed, [...elfFacts(ls).needed].sort());
  t.notThrows(() => elfFacts(program));
});

test('what is no ELF file needs nothing', (t) => {
  t.deepEqual(elfFacts(Buffer.from('#!/bin/sh\n')).needed, []);
  t.deepEqual(elfFacts(Buffer.alloc(0)).needed, []);
});

lsTest(`a damaged ELF file is read as far as it goes${whyNoLs}`, (t) => {
  const ls = readFileSync('/bin/ls');
  for (const length of [10, 52, 64, 200, 5000]) t.notThrows(() => elfFacts(ls.subarray(0, length)));
});

/** A shared library for x86-64 with a table of dynamic symbols and nothing else. */
function library(
  symbols: { name: string; info: number; other?: number; section: number }[],
  id = '',
): Buffer {
  const strings = Buffer.from(`\0${symbols.map(({ name }) => `${name}\0`).join('')}`);
  const table = Buffer.alloc(24 * symbols.length);
  let at = 1;
  symbols.forEach(({ name, info, other = 0, section }, i) => {
    table.writeUInt32LE(at, 24 * i);
    table.writeUInt8(info, 24 * i + 4);
    table.writeUInt8(other, 24 * i + 5);
    table.writeUInt16LE(section, 24 * i + 6);
    at += name.length + 1;
  });
  const names = Buffer.from('\0.note.gnu.build-id\0');
  const parts = [table, strings, names, Buffer.from(id)];
  const header = Buffer.alloc(64);
  header.write('\x7fELF', 'latin1');
  header.writeUInt8(2, 4);
  header.writeUInt8(1, 5);
  const starts: number[] = [];
  let end = 64;
  for (const part of parts) {
    starts.push(end);
    end += part.length;
  }
  header.writeBigUInt64LE(BigInt(end), 40);
  header.writeUInt16LE(64, 58);
  header.writeUInt16LE(4, 60);
  header.writeUInt16LE(2, 62);
  const sections = parts.map((part, i) => {
    const section = Buffer.alloc(64);
    section.writeUInt32LE(i === 3 ? 1 : 0, 0);
    section.writeUInt32LE(i === 0 ? 11 : i === 3 ? 7 : 3, 4);
    section.writeBigUInt64LE(BigInt(starts[i] ?? 0), 24);
    section.writeBigUInt64LE(BigInt(part.length), 32);
    section.writeUInt32LE(1, 40);
    return section;
  });
  return Buffer.concat([header, ...parts, ...sections]);
}

test('what a library offers is what others can link with', (t) => {
  const data = library([
    { name: 'weak', info: 0x22, section: 1 },
    { name: 'global', info: 0x12, section: 1 },
    { name: 'hidden', info: 0x12, other: 2, section: 1 },
    { name: 'local', info: 0x02, section: 1 },
    { name: 'wanted', info: 0x12, section: 0 },
  ]);
  t.deepEqual(elfFacts(data).exports, ['global', 'weak']);
  for (let length = 0; length < data.length; length += 7)
    t.notThrows(() => elfFacts(data.subarray(0, length)));
});

test('a build id is no difference, a symbol more is', (t) => {
  const one = { name: 'one', info: 0x12, section: 1 };
  const two = { name: 'two', info: 0x12, section: 1 };
  const lib = (data: Buffer): Image => new Map([['/l.so', imageFile('/l.so', data)]]);
  t.deepEqual(imageFacts(lib(library([one], 'abcd')), lib(library([one], 'wxyz'))), new Map());
  t.deepEqual(compareImages(lib(library([one])), lib(library([one, two]))).symbols, [
    { path: '/l.so', onlyFirst: [], onlySecond: ['two'] },
  ]);
});

test('the files that differ are named without the directories that they are in', (t) => {
  const tree = (...paths: string[]): Image =>
    new Map(paths.map((path) => [path, imageEntry(path.includes('.') ? 'file' : 'directory', '')]));
  const facts = imageFacts(tree(), tree('/usr', '/usr/share', '/usr/share/a.txt', '/usr/b.h', '/var'));
  t.deepEqual(filesOf([...facts.keys()]), ['/usr/b.h', '/usr/share/a.txt', '/var']);
});
