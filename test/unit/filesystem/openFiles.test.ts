/** Which files stay open, and that no descriptor is closed or lost but for a reason. */
import { closeSync, fstatSync, openSync } from 'node:fs';
import test from 'ava';
import { OpenFiles } from '../../../src/filesystem/openFiles.js';
import { nodeIdOf } from '../../../src/filesystem/nodeIds.js';
import type { IndexNode } from '../../../src/view/index.js';

const open = () => openSync('/dev/null', 'r');
const isOpen = (fd: number) => {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
};
const id = (node: number, file = 1) => nodeIdOf(node as IndexNode, file);

function keep(files: OpenFiles, nodeId: number, fd: number, whole = false): void {
  const set = files.enter(nodeId);
  files.keep(set, nodeId, fd, whole);
  files.leave(set);
}

function find(files: OpenFiles, nodeId: number): number {
  const set = files.enter(nodeId);
  const fd = files.find(set, nodeId);
  files.leave(set);
  return fd;
}

test('files at one path are told apart, and found by every thread', (t) => {
  const memory = OpenFiles.memory(64);
  const files = new OpenFiles(memory, closeSync);
  const [a, b] = [open(), open()];
  keep(files, id(7, 1), a);
  keep(files, id(7, 2), b);
  const others = new OpenFiles(memory, closeSync);
  t.deepEqual([find(others, id(7, 1)), find(others, id(7, 2)), find(others, id(7, 3))], [a, b, -1]);
  others.forget(id(7, 1));
  t.deepEqual([find(files, id(7, 1)), find(files, id(7, 2))], [-1, b]);
  t.false(isOpen(a));
  files.close();
  t.false(isOpen(b));
});

test('beyond the limit what was read whole goes first, then what was not read for longest', (t) => {
  const files = new OpenFiles(OpenFiles.memory(8), closeSync);
  const parts = Array.from({ length: 7 }, (_, i) => ({ id: id(i), fd: open() }));
  for (const part of parts) keep(files, part.id, part.fd);
  const whole = open();
  keep(files, id(100), whole, true);
  find(files, id(0));
  const more = [open(), open()];
  keep(files, id(101), more[0]!);
  t.false(isOpen(whole));
  t.true(parts.every(({ fd }) => isOpen(fd)));
  keep(files, id(102), more[1]!);
  t.deepEqual(
    parts.map(({ fd }) => isOpen(fd)),
    [true, false, true, true, true, true, true],
  );
  files.close();
  const again = open();
  t.is(find(files, id(2)), -1);
  closeSync(again);
});
