import test from 'ava';
import { newNumberingKey, Numbering } from '../../../src/filesystem/index.js';

const two32 = 2 ** 32;
const firstLinked = 2 ** 31;

test('what the kernel has leads back to what it stands for, and the root stays the root', (t) => {
  const numbering = new Numbering(newNumberingKey());
  t.is(numbering.toKernel(1), 1);
  t.is(numbering.toKernel(0), 0);
  const ids = [
    1,
    2,
    3,
    77,
    2 ** 20,
    2 ** 30 - 1,
    2 ** 30,
    5 * two32 + 9,
    (2 ** 21 - 1) * two32 + 2 ** 29 + 3,
  ];
  for (const id of ids) {
    t.is(numbering.toView(numbering.toKernel(id)), id);
    t.is(Math.floor(numbering.toKernel(id) / two32), Math.floor(id / two32), 'the file stays told apart');
  }
  for (const offset of [0, 1, 2, 3, 4, 5, 2 ** 30]) {
    t.is(numbering.offsetToView(numbering.offsetToKernel(offset)), offset);
  }
});

test('no two have the same number, and the two kinds of them stay apart', (t) => {
  const numbering = new Numbering(newNumberingKey());
  const count = 50_000;
  const nodes = new Set(Array.from({ length: count }, (_, i) => numbering.inode(i + 1)));
  const linked = new Set(Array.from({ length: count }, (_, i) => numbering.inode(firstLinked + i)));
  t.is(nodes.size, count);
  t.is(linked.size, count);
  t.true([...nodes].every((ino) => ino > 0 && ino < firstLinked));
  t.true([...linked].every((ino) => ino >= firstLinked && ino < two32));
});

test('two mounts number differently', (t) => {
  const [a, b] = [new Numbering(newNumberingKey()), new Numbering(newNumberingKey())];
  const same = Array.from({ length: 1000 }, (_, i) => i + 2).filter(
    (id) => a.toKernel(id) === b.toKernel(id),
  );
  t.true(same.length < 10);
});
