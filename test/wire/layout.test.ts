import test from 'ava';
import { existsSync, readFileSync } from 'node:fs';
import * as layout from '../../src/fuse/layout.js';

const structs = Object.values<unknown>({ ...layout }).filter(
  (value): value is layout.Struct => typeof value === 'object' && value !== null && 'sizeAt' in value,
);

// sizeof() of the structs of linux/fuse.h, as a C compiler on a 64-bit machine has them.
const sizes: Record<string, number> = {
  fuse_in_header: 40,
  fuse_out_header: 16,
  fuse_attr: 88,
  fuse_entry_out: 128,
  fuse_attr_out: 104,
  fuse_kstatfs: 80,
  fuse_dirent: 24,
  fuse_direntplus: 152,
  fuse_init_in: 64,
  fuse_init_out: 64,
  fuse_forget_in: 8,
  fuse_forget_one: 16,
  fuse_batch_forget_in: 8,
  fuse_getattr_in: 16,
  fuse_open_in: 8,
  fuse_open_out: 16,
  fuse_read_in: 40,
  fuse_write_in: 40,
  fuse_release_in: 24,
  fuse_flush_in: 24,
  fuse_setattr_in: 88,
  fuse_mknod_in: 16,
  fuse_mkdir_in: 8,
  fuse_rename_in: 8,
  fuse_rename2_in: 16,
  fuse_link_in: 8,
  fuse_create_in: 16,
  fuse_fsync_in: 16,
  fuse_setxattr_in: 8, // FUSE_COMPAT_SETXATTR_IN_SIZE
  fuse_getxattr_in: 8,
  fuse_getxattr_out: 8,
  fuse_access_in: 8,
  fuse_file_lock: 24,
  fuse_lk_in: 48,
  fuse_interrupt_in: 8,
  fuse_bmap_in: 16,
  fuse_ioctl_in: 32,
  fuse_poll_in: 24,
  fuse_fallocate_in: 32,
  fuse_lseek_in: 24,
  fuse_copy_file_range_in: 56,
  fuse_notify_inval_inode_out: 24,
  fuse_notify_inval_entry_out: 16,
};

test('every struct has the size that linux/fuse.h gives it', (t) => {
  t.deepEqual(Object.fromEntries(structs.map(({ name, size }) => [name, size])), sizes);
});

test('every field is aligned to its own size', (t) => {
  for (const { name, fields, offset } of structs) {
    for (const [field, type] of fields) {
      const alignment = typeof type === 'string' ? Number(type.slice(1)) / 8 : 8;
      t.is(offset[field]! % alignment, 0, `${name}.${field}`);
    }
  }
});

const compat = test.macro({
  title: (_, struct: layout.Struct, minor: number, size: number) =>
    `at 7.${minor}, ${struct.name} has ${size} bytes`,
  exec: (t, struct: layout.Struct, minor: number, size: number) => t.is(struct.sizeAt(minor), size),
});

test(compat, layout.entryOut, 8, 120); // FUSE_COMPAT_ENTRY_OUT_SIZE
test(compat, layout.entryOut, 9, 128);
test(compat, layout.attrOut, 8, 96); // FUSE_COMPAT_ATTR_OUT_SIZE
test(compat, layout.mknodIn, 11, 8); // FUSE_COMPAT_MKNOD_IN_SIZE
test(compat, layout.writeIn, 8, 24); // FUSE_COMPAT_WRITE_IN_SIZE
test(compat, layout.kstatfs, 3, 48); // FUSE_COMPAT_STATFS_SIZE
test(compat, layout.initOut, 4, 8); // FUSE_COMPAT_INIT_OUT_SIZE
test(compat, layout.initOut, 22, 24); // FUSE_COMPAT_22_INIT_OUT_SIZE
test(compat, layout.initOut, 23, 64);
test(compat, layout.initIn, 5, 8);
test(compat, layout.initIn, 35, 16);
test(compat, layout.initIn, 36, 64);
test(compat, layout.getattrIn, 8, 0);

test('no opcode is listed twice, and the table is as long as it says', (t) => {
  const numbers = layout.opcodes.map(({ number }) => number);
  t.is(new Set(numbers).size, numbers.length);
  t.is(Math.max(...numbers) + 1, layout.opcodeLimit);
});

const header = '/usr/include/linux/fuse.h';
const headerTest = existsSync(header) ? test : test.skip;

headerTest(
  `opcodes and flags agree with ${header}${existsSync(header) ? '' : ' (skipped: not installed)'}`,
  (t) => {
    const text = readFileSync(header, 'utf8');
    const flags: Record<string, number> = layout.initFlag;
    const known = new Map(layout.opcodes.map(({ name, number }) => [name, number]));
    for (const [, name, number] of text.matchAll(/^\tFUSE_(\w+)\s*=\s*(\d+),/gm)) {
      if (name!.startsWith('NOTIFY_') && name !== 'NOTIFY_REPLY') continue;
      if (name!.endsWith('RESERVED') || name === 'MAX_NR_SECCTX') continue;
      if (Number(number) >= layout.opcodeLimit) continue; // newer than this code
      t.is(known.get(name!), Number(number), name);
    }
    for (const [, name, bit] of text.matchAll(/^#define FUSE_(\w+)\s+\(1(?:ULL)? << (\d+)\)/gm)) {
      if (name! in flags) t.is(flags[name!], Number(bit), name);
    }
  },
);
