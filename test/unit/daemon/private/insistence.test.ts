import test from 'ava';
import { Insistence } from '../../../../src/daemon/private/insistence.js';

interface Later {
  readonly call: () => void;
  readonly ms: number;
}

/** Does something without its timers, which are returned. */
function withoutTime(work: () => void): Later[] {
  const timers: Later[] = [];
  const real = globalThis.setTimeout;
  globalThis.setTimeout = new Proxy(real, {
    apply(_, __, [call, ms]: [() => void, number]) {
      timers.push({ call, ms });
      return real(() => undefined, 0);
    },
  });
  try {
    work();
  } finally {
    globalThis.setTimeout = real;
  }
  return timers;
}

test('a command that does not end when it is asked to is killed, and then everything around it', (t) => {
  const sent: string[] = [];
  const insistence = new Insistence(
    (name) => sent.push(name),
    () => sent.push('all'),
  );
  const [kill] = withoutTime(() => {
    insistence.pass('SIGTERM');
    // Asked again, it has no more time.
    insistence.pass('SIGINT');
  });
  t.deepEqual(sent, ['SIGTERM', 'SIGINT']);
  const [killAll, ...more] = withoutTime(() => kill?.call());
  t.deepEqual(sent, ['SIGTERM', 'SIGINT', 'SIGKILL']);
  t.deepEqual([kill?.ms, killAll?.ms], [5000, 5000]);
  t.deepEqual(more, []);
  killAll?.call();
  t.deepEqual(sent.at(-1), 'all');
});

test('other signals are passed on, and ask for nothing', (t) => {
  const sent: string[] = [];
  const insistence = new Insistence(
    (name) => sent.push(name),
    () => sent.push('all'),
  );
  t.deepEqual(
    withoutTime(() => insistence.pass('SIGUSR1')),
    [],
  );
  insistence.over();
  t.deepEqual(sent, ['SIGUSR1']);
});
