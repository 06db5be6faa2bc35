/** What a process that makes a view and the one that waits for it say to each other. */
import test from 'ava';
import {
  hearOpening,
  readStartupMessage,
  readStartupOrder,
  sendOpening,
  startupLine,
  type OpeningMessage,
} from '../../../../src/daemon/session/startup.js';

test('what is sent to a listener is what it hears at the other end of a line', (t) => {
  const lines: string[] = [];
  const sent = sendOpening((message) => lines.push(startupLine(message)));
  sent.progress('reading\nthe VDB');
  sent.log('warn', 'slow');
  const heard: unknown[] = [];
  for (const line of lines) {
    t.is(line.indexOf('\n'), line.length - 1, 'a message is one line');
    hearOpening(
      { progress: (text) => heard.push(text), log: (level, text) => heard.push([level, text]) },
      readStartupMessage(line) as OpeningMessage,
    );
  }
  t.deepEqual(heard, ['reading\nthe VDB', ['warn', 'slow']]);
});

for (const line of [
  '',
  'Segmentation fault',
  '[]',
  '{"type":"log","text":"of no level"}',
  '{"type":"log","level":"loud","text":"of another"}',
  '{"type":"progress"}',
  '{"type":"ready"}',
  '{"type":"error","error":"in words"}',
  '{"type":"other","text":"of a later version"}',
])
  test(`no message of a starting daemon: ${line}`, (t) => {
    t.is(readStartupMessage(line), undefined);
  });

test('a line is an order only with all its parts', (t) => {
  const order = { request: {}, directory: '/run/lvfs/x', environment: { TERM: 'dumb' } };
  t.deepEqual(readStartupOrder(JSON.stringify(order)) as unknown, order);
  for (const part of Object.keys(order))
    t.is(readStartupOrder(JSON.stringify({ ...order, [part]: undefined })), undefined, part);
});
