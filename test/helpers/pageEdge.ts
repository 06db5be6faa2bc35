/**
 * Asks for a path whose last byte is the last of a page of memory, behind which lies a page of a file that nobody has read yet.
 *
 *     node pageEdge.js PATH FILE OFFSET
 *
 * Prints the errno with which the path cannot be opened.
 */
import { openSync, writeFileSync } from 'node:fs';
import { native, outcome } from './pathCalls.js';

const [path = '', file = '', offset = ''] = process.argv.slice(2);
const page = 4096;
const [read, mmap, openat] = [0, 9, 257];
const [readable, writable, isPrivate, fixed, anonymous] = [1, 2, 2, 0x10, 0x20];

const map = native(['intptr_t', 'size_t', 'int', 'int', 'int', 'long']);
const start = map(mmap, 0, 2 * page, readable | writable, isPrivate | anonymous, -1, 0);
map(mmap, start + page, page, readable, isPrivate | fixed, openSync(file, 'r'), Number(offset));
// The kernel reads it in words of eight bytes.
const directory = path.lastIndexOf('/');
const padding = '/'.repeat((8 - ((Buffer.byteLength(path) + 1) % 8)) % 8);
const text = Buffer.from(`${path.slice(0, directory)}${padding}${path.slice(directory)}\0`);
const place = start + page - text.length;
writeFileSync('/tmp/path', text);
native(['int', 'intptr_t', 'size_t'])(read, openSync('/tmp/path', 'r'), place, text.length);
console.log(outcome(native(['int', 'intptr_t', 'int', 'int'])(openat, -100, place, 0, 0)));
