import { spawnSync } from 'node:child_process';
import test from 'ava';

test('the room of a start is given back', (t) => {
  const program = `
    import { giveBackSoon } from ${JSON.stringify(new URL('../../../../src/daemon/session/heap.js', import.meta.url).href)};
    const made = [];
    for (let i = 0; i < 3e5; i++) made.push([i]);
    made.length = 0;
    const before = process.memoryUsage().heapTotal;
    giveBackSoon();
    // In a process that goes on, as a daemon does; it ends by itself when nothing is given back.
    const look = setInterval(() => {
      const now = process.memoryUsage().heapTotal;
      if (now > before - 8e6) return;
      console.log('given back');
      clearInterval(look);
    }, 200);
    setTimeout(() => clearInterval(look), 60_000).unref();
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
  });
  t.is(stdout, 'given back\n', stderr);
});
