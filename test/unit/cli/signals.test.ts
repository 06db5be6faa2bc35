/** Signals while something runs in a view. */
import { constants } from 'node:os';
import test from 'ava';
import { Signals } from '../../../src/cli/inside.js';

const send = (name: NodeJS.Signals): boolean => process.emit(name, name);

test.serial('the first signal ends what has not begun, and all go to the command', (t) => {
  using signals = new Signals();
  t.false(signals.signal.aborted);
  t.is(signals.status, undefined);
  send('SIGTERM');
  t.true(signals.signal.aborted);
  t.is(signals.status, 128 + constants.signals.SIGTERM);
  const received: string[] = [];
  const stop = signals.passTo((name) => received.push(name));
  t.deepEqual(received, ['SIGTERM'], 'those that came before the command as well');
  send('SIGUSR1');
  send('SIGTERM');
  stop();
  send('SIGHUP');
  t.deepEqual(received, ['SIGTERM', 'SIGUSR1', 'SIGTERM']);
  t.is(signals.status, 128 + constants.signals.SIGTERM, 'the first counts');
});

test.serial('afterwards signals do what they did before', (t) => {
  const names = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;
  const listeners = (): number[] => names.map((name) => process.listenerCount(name));
  const before = listeners();
  const signals = new Signals();
  t.deepEqual(
    listeners(),
    before.map((count) => count + 1),
  );
  signals.release();
  t.deepEqual(listeners(), before);
});

test.serial('a process dies of the signal of its command only if it has had it', (t) => {
  using signals = new Signals();
  // Otherwise this process would be gone.
  signals.dieLike(0);
  signals.dieLike(128 + constants.signals.SIGKILL);
  t.is(signals.status, undefined);
});
