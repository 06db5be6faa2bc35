/** Which extended attributes are shown; files on disk have them in test/mount/attributes.test.ts. */
import test from 'ava';
import { errno, failure, type Outcome } from '../../../src/base/index.js';
import { listAttributes, readAttribute, withoutList } from '../../../src/filesystem/extendedAttributes.js';
import { emptyEntry } from '../../../src/fuse/index.js';
import { openFiles, type Files } from '../../../src/system/index.js';

/** A file system in which every file has these; a number: what it answers instead. */
function withAttributes(attributes: Readonly<Record<string, string>> | Outcome): Files {
  return Object.assign(openFiles(), {
    attribute(_: Uint8Array, name: Uint8Array, into: Uint8Array): Outcome {
      if (typeof attributes === 'number') return attributes;
      const value = attributes[Buffer.from(name).toString('latin1')];
      if (value === undefined) return failure(errno.ENODATA);
      if (into.length > 0) into.set(Buffer.from(value));
      return value.length;
    },
    attributeNames(_: Uint8Array, into: Uint8Array): Outcome {
      if (typeof attributes === 'number') return attributes;
      const names = Buffer.from(
        Object.keys(attributes)
          .map((name) => `${name}\0`)
          .join(''),
      );
      into.set(names);
      return names.length;
    },
  });
}

const path = Buffer.from('/file');
const all = { 'user.note': 'hello', 'security.capability': 'cap', 'security.selinux': 's', 'trusted.x': 't' };

test('attributes of users and capabilities are shown, those of the host are not', (t) => {
  const files = withAttributes(all);
  const into = Buffer.alloc(64);
  const read = (name: string): Outcome => readAttribute(files, path, Buffer.from(name), into);
  t.is(read('user.note'), 5);
  t.is(into.toString('utf8', 0, 5), 'hello');
  t.is(read('security.capability'), 3);
  for (const name of ['security.selinux', 'trusted.x', 'user.other', 'user'])
    t.is(read(name), failure(errno.ENODATA), name);
  const length = listAttributes(files, path, into);
  t.is(into.toString('latin1', 0, length), 'user.note\0security.capability\0');
  t.is(listAttributes(files, path, Buffer.alloc(0)), length, 'how long it would be');
  t.is(listAttributes(files, path, Buffer.alloc(length - 1)), failure(errno.ERANGE));
});

test('what only the view has, and file systems without attributes, have none', (t) => {
  const into = Buffer.alloc(64);
  const none = withAttributes(failure(errno.EOPNOTSUPP));
  t.is(readAttribute(withAttributes(all), undefined, Buffer.from('user.note'), into), failure(errno.ENODATA));
  t.is(listAttributes(withAttributes(all), undefined, into), 0);
  t.is(readAttribute(none, path, Buffer.from('user.note'), into), failure(errno.ENODATA));
  t.is(listAttributes(none, path, into), 0);
  t.is(listAttributes(withAttributes(failure(errno.EACCES)), path, into), failure(errno.EACCES));
});

test('where lists cannot be checked, a file with one is its owner’s alone', (t) => {
  const { attr } = emptyEntry();
  attr.mode = 0o100664;
  withoutList(withAttributes(all), path, attr);
  t.is(attr.mode, 0o100664);
  withoutList(withAttributes({ 'system.posix_acl_access': 'list' }), path, attr);
  t.is(attr.mode, 0o100600);
});
