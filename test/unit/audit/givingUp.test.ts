import test from 'ava';
import { makeReport, type ProcessEnd, type Report, type ReportInput } from '../../../src/audit/index.js';
import { denial, processRecord, processTable, reportInput } from '../../helpers/auditInput.js';
import { pkgs } from '../../helpers/installed.js';

const end = (status: number, alive = 20, ended = alive + 5): ProcessEnd => ({ status, alive, ended });

const sh = { comm: 'sh', program: '/bin/sh' };

/** `make` runs a shell, which was refused flex at the time 10. */
function failedBuild(changes: Partial<ReportInput> = {}): ReportInput {
  return reportInput({
    processes: processTable(
      processRecord(1, { comm: 'make', program: '/usr/bin/make', arguments: ['make'], phase: '' }),
      processRecord(2, { ...sh, parent: 1, arguments: ['sh', '-c', 'flex x.l'], phase: '' }),
    ),
    ends: new Map([
      [1, end(2)],
      [2, end(127)],
    ]),
    denials: [
      denial('/usr/bin/flex', ['sys-devel/flex-2'], {
        operation: 'exec',
        phase: '',
        processes: [2],
        asked: [10],
      }),
    ],
    ownersOf: (path) =>
      path === '/usr/bin/make' ? pkgs('dev-build/make-4') : path === '/bin/sh' ? pkgs('a/sh-1') : [],
    ...changes,
  });
}

const needed = (input: ReportInput): Report['missing'] =>
  makeReport(input).missing.filter(({ certainty }) => certainty === 'needed');

test('what was refused before all ended with an error is needed, with who ended', (t) => {
  t.like(needed(failedBuild()), [
    {
      cpv: 'sys-devel/flex-2',
      suggest: 'BDEPEND="sys-devel/flex"',
      ended: [
        { process: 'sh', status: 127 },
        { process: 'make', status: 2 },
      ],
    },
  ]);
});

const silent: readonly [about: string, changes: Partial<ReportInput>][] = [
  ['nobody tells how processes end', { ends: new Map() }],
  [
    'the build went well',
    {
      ends: new Map([
        [1, end(0)],
        [2, end(127)],
      ]),
    },
  ],
  [
    'who was refused went well',
    {
      ends: new Map([
        [1, end(2)],
        [2, end(0)],
      ]),
    },
  ],
  ['how the build ended is not known', { ends: new Map([[2, end(127)]]) }],
  [
    'the build went on for long',
    {
      ends: new Map([
        [1, end(2, 9_000)],
        [2, end(127)],
      ]),
    },
  ],
  [
    'who was refused went on for long',
    {
      ends: new Map([
        [1, end(2, 9_100)],
        [2, end(127, 9_000)],
      ]),
    },
  ],
  ['the build is known to have succeeded', { status: 0 }],
];

for (const [about, changes] of silent) {
  test(`nothing is needed when ${about}`, (t) => {
    t.deepEqual(needed(failedBuild(changes)), []);
  });
}

test('other work that failed later is why a build failed; what goes well beside it is not', (t) => {
  const later = (status: number) => {
    const base = failedBuild();
    const compiler = processRecord(3, { parent: 1, seen: 11, phase: '' });
    return {
      ...base,
      processes: new Map([...base.processes, [3, compiler]]),
      ends: new Map([...base.ends, [3, end(status)]]),
    };
  };
  t.deepEqual(needed(later(1)), []);
  t.is(needed(later(0)).length, 1);
});

test('a script goes on when it starts other work, and not when it takes leave', (t) => {
  const followedBy = (program: string) => {
    const base = failedBuild();
    const script = { ...sh, parent: 1, arguments: ['sh', './configure'], phase: '' };
    return {
      ...base,
      processes: processTable(
        processRecord(1, { ...sh, arguments: ['sh', '-c', './configure && make'], phase: '' }),
        processRecord(2, script),
        processRecord(3, { parent: 2, seen: 11, program, arguments: [program], phase: '' }),
      ),
      ends: new Map([...base.ends, [3, end(0)]]),
    };
  };
  t.deepEqual(needed(followedBy('/usr/bin/gcc')), []);
  t.is(needed(followedBy('/usr/bin/sed')).length, 1);
});

test('a phase ends when Portage tells emerge so, however long that takes', (t) => {
  const portage = '/usr/lib/portage/bin';
  const phase = (leavesAt: number) => ({
    processes: processTable(
      processRecord(1, {
        ...sh,
        program: '/bin/bash',
        arguments: ['bash', `${portage}/ebuild.sh`, 'compile'],
      }),
      processRecord(2, {
        parent: 1,
        program: '/usr/bin/python3',
        arguments: ['python3', `${portage}/ebuild-ipc.py`, 'exit', '1'],
        seen: leavesAt,
      }),
    ),
    ends: new Map([
      [1, end(1, 60_000)],
      [2, end(0, 60_000)],
    ]),
    denials: [
      denial('/usr/bin/flex', ['sys-devel/flex-2'], { operation: 'exec', processes: [1], asked: [10] }),
    ],
    ownersOf: (path: string) =>
      path.startsWith(portage) ? pkgs('sys-apps/portage-3') : path.startsWith('/work') ? [] : pkgs('a/b-1'),
  });
  t.is(needed(failedBuild(phase(4_000))).length, 1);
  t.deepEqual(needed(failedBuild(phase(40_000))), []);
});

test('a shell that somebody types into is no part of a build', (t) => {
  const base = failedBuild();
  const prompt = processRecord(9, { ...sh, arguments: ['-sh'], phase: '' });
  const make = base.processes.get(1);
  t.not(make, undefined);
  const below = new Map(base.processes);
  below.set(9, prompt);
  if (make !== undefined) below.set(1, { ...make, parent: 9 });
  t.is(needed({ ...base, processes: below }).length, 1);
  const typed = [denial('/usr/bin/flex', ['sys-devel/flex-2'], { phase: '', processes: [9], asked: [10] })];
  const ends = new Map([[9, end(127)]]);
  for (const words of [['-sh'], ['bash', '--rcfile', '/proc/self/fd/4', '-i'], ['zsh', '-o', 'vi', '-i']]) {
    const processes = processTable({ ...prompt, arguments: words });
    t.deepEqual(needed({ ...base, processes, ends, denials: typed }), [], words.join(' '));
  }
});

test('what a tool said is more than that it ended', (t) => {
  const log = 'make: bison: No such file or directory\n';
  const bison = { path: '/usr/bin/bison', owners: pkgs('sys-devel/bison-3'), distance: 0 } as const;
  const findHidden: ReportInput['findHidden'] = (wanted) => new Map(wanted.map((one) => [one, [bison]]));
  t.deepEqual(
    needed(failedBuild({ log, findHidden, status: 2 })).map(({ cpv }) => cpv),
    ['sys-devel/bison-3'],
  );
});
