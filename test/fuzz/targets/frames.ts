import { readFileSync } from 'node:fs';
import { NodeHost, ViewFs } from '../../../src/filesystem/index.js';
import { Activity } from '../../../src/fuse/index.js';
import { Session } from '../../../src/fuse/server.js';
import { gentooRoot } from '../../helpers/gentooRoot.js';
import { openTestView } from '../../helpers/withView.js';
import type { Capture } from '../../wire/capture.js';
import type { FuzzTarget } from '../fuzz.js';
import { hold, same } from '../holds.js';

const fixture = new URL('../../../../test/wire/fixtures/linux-6.18.json', import.meta.url);
const capture = JSON.parse(readFileSync(fixture, 'utf8')) as Capture;
const asked = capture.exchanges.map(({ request }) => Buffer.from(request, 'hex'));
const headerBytes = 40;
/** In the names and the content of what is hidden. */
const secret = 'not-to-be-seen';

/** What the kernel asks, with a view behind it that hides one package. */
export async function frames(): Promise<FuzzTarget> {
  const gentoo = await gentooRoot({
    packages: {
      'sys-libs/shown-1': {
        files: {
          '/hello': 'hello, world\n',
          '/link': { link: 'sub/inner' },
          '/sub/inner': 'inner',
          '/sub/many/1': '',
          '/sub/many/2': { hardLink: '/hello' },
        },
      },
      [`dev-libs/${secret}-1`]: { files: { [`/${secret}`]: secret, [`/sub/${secret}`]: secret } },
    },
  });
  const { view } = openTestView({ root: gentoo.root, visible: ['sys-libs/shown-1'] });
  const complaints: string[] = [];
  const files = new ViewFs(view, new NodeHost(), {});
  const session = new Session(files, {
    activity: Activity.create(1),
    thread: 0,
    log: (level, text) => {
      if (level === 'error') complaints.push(text);
    },
    protocol: { maxReadBytes: 1 << 16 },
  });
  const ask = (frame: Buffer): void => {
    const { requestBuffer, replyBuffer } = session;
    requestBuffer.set(frame);
    const size = session.handle(frame.length);
    if (size === 0) return;
    hold(size >= 16 && size <= replyBuffer.length, `${size} bytes`);
    same(replyBuffer.readUInt32LE(0), size, 'the length of the reply');
    const error = replyBuffer.readInt32LE(4);
    // fuse_dev_do_write() of fs/fuse/dev.c refuses others.
    hold(error <= 0 && error > -512, `error ${error}`);
    hold(error === 0 || size === 16, 'an error has nothing with it');
    if (frame.length >= 16) same(replyBuffer.readBigUInt64LE(8), frame.readBigUInt64LE(8), 'whose answer');
    hold(!replyBuffer.subarray(0, size).includes(secret), 'a secret');
  };
  return {
    name: 'frames',
    seeds: [...new Map(asked.map((frame) => [frame.readUInt32LE(4), frame])).values()],
    words: ['hello\0', 'sub\0', 'inner\0', 'many\0', `${secret}\0`, '\0\0\0\0'],
    run(input) {
      complaints.length = 0;
      ask(input);
      if (input.length >= headerBytes && input.readUInt32LE(0) !== input.length) {
        // And with the length that it has.
        const right = Buffer.from(input);
        right.writeUInt32LE(right.length, 0);
        ask(right);
      }
      same(complaints, [], 'complaints');
    },
    close: () => {
      files.close();
      gentoo.cleanup();
    },
  };
}
