/** The filesystem behind the captured exchanges. */
import type { FileSpec } from '../helpers/memoryFilesystem.js';

export const wireTree: FileSpec = {
  entries: {
    hello: { data: 'hello, world\n', mode: 0o640, uid: 3, gid: 4, nlink: 2, ino: 2 ** 40 + 7 },
    old: { data: 'x', mtime: [-86_400, 999_999_999] },
    late: { data: 'y', mtime: [2 ** 33 + 5, 1] },
    link: { link: 'sub/inner' },
    sub: { entries: { inner: { data: 'inner' }, 'caf\xe9': { data: 'latin1' } } },
    huge: { size: 5 * 2 ** 30 },
  },
};
