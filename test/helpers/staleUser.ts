/**
 * Somebody who has had all that can be had of a visible directory when it is hidden: prints `ready` when he has, and once something is said to
 * him, as JSON, what he can still get of each.
 *
 *     node staleUser.js DIRECTORY        in which lie `read`, `unread` and `sub/below`
 */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs';
import { errorCode } from '../../src/base/index.js';
import { hasNumbers, native } from './pathCalls.js';

const [directory = ''] = process.argv.slice(2);
const opened = (name: string, flags = constants.O_RDONLY): number => openSync(`${directory}/${name}`, flags);

/** Reads so many bytes somewhere in a file. */
const bytes = (fd: number, at: number): string => {
  const into = Buffer.alloc(4);
  return into.toString('latin1', 0, readSync(fd, into, 0, 4, at));
};

const memory = hasNumbers ? openSync('/proc/self/mem', 'r') : -1;
/** Where a file is mapped. */
const mapped = (fd: number): number =>
  hasNumbers ? native(['intptr_t', 'size_t', 'int', 'int', 'int', 'long'])(9, 0, 4096, 1, 1, fd, 0) : 0;

const [read, unread, named] = [opened('read'), opened('unread'), opened('unread', 0o10000000)];
const [sub, top] = [opened('sub'), opened('.')];
const maps = [mapped(read), mapped(unread)];
bytes(read, 0);
if (hasNumbers) bytes(memory, maps[0]!);
readdirSync(`/proc/self/fd/${sub}`);
process.chdir(`${directory}/sub`);
writeSync(1, 'ready\n');
readSync(0, Buffer.alloc(1));

const attempts: Readonly<Record<string, () => unknown>> = {
  'a file that was read': () => bytes(read, 0),
  'further in it': () => bytes(read, 1 << 20),
  'a file that was only opened': () => bytes(unread, 0),
  'attributes of an open file': () => fstatSync(read).size,
  'attributes of an open directory': () => fstatSync(sub).ino,
  'an open file opened again': () => readFileSync(`/proc/self/fd/${read}`).length,
  'a file that was named, opened': () => readFileSync(`/proc/self/fd/${named}`).length,
  'a name in an open directory': () => readFileSync(`/proc/self/fd/${top}/read`).length,
  'a listing of an open directory': () => readdirSync(`/proc/self/fd/${sub}`),
  'a listing of the directory one is in': () => readdirSync('.'),
  'a name in the directory one is in': () => readFileSync('below').length,
  'the directory above': () => readdirSync('..'),
  'the name': () => readFileSync(`${directory}/read`).length,
  ...(hasNumbers
    ? {
        'a mapped file that was read': () => bytes(memory, maps[0]!),
        'a mapped file that was not': () => bytes(memory, maps[1]!),
      }
    : {}),
};
const got = Object.entries(attempts).map(([name, attempt]) => {
  try {
    return [name, attempt()];
  } catch (error) {
    return [name, errorCode(error)];
  }
});
writeSync(1, `${JSON.stringify(Object.fromEntries(got))}\n`);
closeSync(read);
