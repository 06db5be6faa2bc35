import test from 'ava';
import { displayPath } from '../../../src/base/index.js';
import { Ledger, type AccessEvent, type Denial } from '../../../src/audit/index.js';
import { processRecord } from '../../helpers/auditInput.js';
import { pkg } from '../../helpers/installed.js';

function event(path: string, changes: Partial<AccessEvent> = {}): AccessEvent {
  return {
    time: 1,
    path,
    operation: 'open',
    visible: false,
    directory: false,
    owners: [pkg('sys-libs/zlib-1.3')],
    wanted: '',
    process: 7,
    ...changes,
  };
}

test('the same denial is kept once and counted', (t) => {
  const ledger = new Ledger();
  ledger.record(event('/usr/include/zlib.h'));
  ledger.record(event('/usr/include/zlib.h', { time: 5 }));
  t.is(ledger.total, 2);
  t.deepEqual(
    ledger.denials().map(({ path, count, time }) => ({ path, count, time })),
    [{ path: '/usr/include/zlib.h', count: 2, time: 1 }],
  );
});

test('another operation, process name or phase is another denial', (t) => {
  const ledger = new Ledger();
  ledger.meet(processRecord(1));
  ledger.meet(processRecord(2, { comm: 'sh' }));
  ledger.meet(processRecord(3, { phase: 'configure' }));
  ledger.record(event('/x', { process: 1 }));
  ledger.record(event('/x', { process: 1, operation: 'stat' }));
  ledger.record(event('/x', { process: 2 }));
  ledger.record(event('/x', { process: 3 }));
  t.is(ledger.denials().length, 4);
});

test('visible accesses are not denials', (t) => {
  const ledger = new Ledger();
  ledger.record(event('/x', { visible: true }));
  t.is(ledger.total, 0);
});

test('a trace keeps visible accesses apart from denials', (t) => {
  const ledger = new Ledger({ trace: true });
  ledger.record(event('/x', { visible: true }));
  ledger.record(event('/y'));
  t.is(ledger.total, 1);
  t.deepEqual(
    ledger.denials().map(({ path }) => path),
    ['/y'],
  );
  t.deepEqual(
    ledger.accesses().map(({ path, visible }) => [path, visible]),
    [
      ['/x', true],
      ['/y', false],
    ],
  );
});

test('memory is bounded and what found no room is counted', (t) => {
  const ledger = new Ledger({ maxDenials: 2 });
  for (const path of ['/a', '/b', '/c', '/a']) ledger.record(event(path));
  t.is(ledger.denials().length, 2);
  t.is(ledger.dropped, 1);
  t.is(ledger.total, 4);
});

test('subscribers hear of new denials until they leave', (t) => {
  const ledger = new Ledger();
  const heard: Denial[] = [];
  const leave = ledger.subscribe((denial) => heard.push(denial));
  ledger.record(event('/a'));
  ledger.record(event('/a'));
  leave();
  ledger.record(event('/b'));
  t.deepEqual(
    heard.map(({ path }) => path),
    ['/a'],
  );
});

const shown = test.macro({
  exec(t, bytes: Buffer, text: string) {
    t.is(displayPath(bytes.toString('latin1')), text);
  },
  title: (_, __, text) => `displayPath writes ${text}`,
});
test(shown, Buffer.from('/usr/bin/ls'), '/usr/bin/ls');
test(shown, Buffer.from('/usr/share/Größe'), '/usr/share/Größe');
test(shown, Buffer.from([0x2f, 0xff, 0x61]), '/\\xffa');
test(shown, Buffer.from('/a\nb'), '/a\\x0ab');
test(shown, Buffer.from('/a\\b'), '/a\\\\b');
test(shown, Buffer.from([0x2f, 0xe2, 0x82]), '/\\xe2\\x82');
