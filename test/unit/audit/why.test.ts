import test from 'ava';
import { makeReport, whyInReport } from '../../../src/audit/index.js';
import { denial, processRecord, processTable, reportInput, use } from '../../helpers/auditInput.js';
import { origin } from '../../helpers/origin.js';
import { pkg, pkgs } from '../../helpers/installed.js';

const processes = processTable(
  processRecord(1, { comm: 'sh', program: '/bin/sh', arguments: ['sh', '-c', 'flex'] }),
  processRecord(2, { comm: 'doxygen', program: '/usr/bin/doxygen', arguments: ['doxygen'], parent: 1 }),
);
const report = makeReport(
  reportInput({
    processes,
    ownersOf: (path) =>
      path === '/usr/bin/doxygen'
        ? pkgs('app-text/doxygen-1')
        : path === '/bin/sh'
          ? pkgs('app-shells/dash-1')
          : [],
    visible: new Map([
      [pkg('dev-libs/a-1'), [{ from: origin('target'), variable: 'DEPEND', atom: 'dev-libs/a' }]],
      [pkg('dev-libs/b-1'), [{ from: origin('dev-libs/a-1'), variable: 'RDEPEND', atom: 'dev-libs/b' }]],
      [pkg('dev-libs/given-1'), [{ from: origin('--with'), variable: '', atom: 'dev-libs/given' }]],
    ]),
    declared: [
      { variable: 'DEPEND', atom: 'dev-libs/a', cpv: pkg('dev-libs/a-1') },
      { variable: 'BDEPEND', atom: 'dev-util/denied', cpv: pkg('dev-util/denied-1') },
    ],
    denials: [
      denial('/usr/bin/flex', ['sys-devel/flex-2'], { operation: 'exec', comm: 'sh', processes: [1] }),
      denial('/usr/bin/dot', ['media-gfx/graphviz-1'], {
        operation: 'exec',
        comm: 'doxygen',
        processes: [2],
      }),
      denial('/usr/bin/denied', ['dev-util/denied-1'], { operation: 'exec', comm: 'sh', processes: [1] }),
    ],
    uses: [
      use('/usr/include/b.h', 'dev-libs/b-1', { process: 1 }),
      use('/usr/include/given.h', 'dev-libs/given-1', { process: 1 }),
      use('/usr/include/a.h', 'dev-libs/a-1', { process: 1 }),
    ],
  }),
);

test('each package has its sentence', (t) => {
  t.regex(
    whyInReport(report, 'sys-devel/flex')[0] ?? '',
    /^sys-devel\/flex-2 was looked for: sh looked for \/usr\/bin\/flex/,
  );
  t.regex(
    whyInReport(report, 'dev-libs/b-1')[0] ?? '',
    /used by the target's own instructions.*only dev-libs\/a-1 brought it in/,
  );
  t.regex(whyInReport(report, 'dev-libs/given')[0] ?? '', /only because you have shown it/);
  t.regex(
    whyInReport(report, 'dev-util/denied')[0] ?? '',
    /is declared \(BDEPEND: dev-util\/denied\) and hidden by you/,
  );
  t.regex(
    whyInReport(report, 'media-gfx/graphviz')[0] ?? '',
    /no finding.*app-text\/doxygen-1 looked for it of its own accord/,
  );
  t.deepEqual(whyInReport(report, 'dev-lang/none'), []);
});

test('what the user had to show counts as undeclared, what a tool looked for does not', (t) => {
  t.deepEqual(
    report.missing.map(({ cpv, certainty }) => [cpv, certainty]),
    [
      ['dev-libs/given-1', 'allowed'],
      ['sys-devel/flex-2', 'probed'],
    ],
  );
});
