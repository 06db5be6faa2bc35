/** What the process that speaks with libfuse says first. */
import test from 'ava';
import { readBridgeStatus } from '../../../src/fuse/libfuse/frames.js';

test('how the attempt to mount went is known when its line has ended', (t) => {
  t.is(readBridgeStatus('{"mounted":true}'), undefined);
  t.deepEqual(readBridgeStatus('{"mounted":true}\n'), { mounted: true });
  const failure = { mounted: false, failed: 'load', message: 'no library' } as const;
  t.deepEqual(readBridgeStatus(`${JSON.stringify(failure)}\n`), failure);
});

for (const said of ['fuse: bad mount point', '{}', '{"mounted":false}', '{"failed":"load","message":"?"}'])
  test(`says nothing of it: ${said}`, (t) => {
    t.is(readBridgeStatus(`${said}\n`), undefined);
  });
