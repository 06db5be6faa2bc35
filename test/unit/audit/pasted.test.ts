/** Texts that are pasted into bugs. */
import test from 'ava';
import { bugSummary, impersonal, reportBugzilla, reportMarkdown } from '../../../src/audit/pasted.js';
import type { Missing, Report } from '../../../src/audit/findings.js';
import { emptyReport } from '../../helpers/auditInput.js';
import { pkg } from '../../helpers/installed.js';

const flex: Missing = {
  cpv: pkg('sys-devel/flex-2'),
  suggest: 'BDEPEND="sys-devel/flex"',
  suggestions: [],
  certainty: 'needed',
  proved: true,
  hits: 1,
  paths: ['/usr/bin/flex'],
  processes: ['make'],
  phases: ['compile'],
  messages: ['make: `flex` *not* found'],
};
const report: Report = {
  ...emptyReport,
  missing: [
    flex,
    {
      ...flex,
      cpv: pkg('app-text/probed-1'),
      suggest: 'BDEPEND="app-text/probed"',
      certainty: 'probed',
      proved: false,
    },
  ],
  secondHand: [
    {
      cpv: pkg('sys-libs/zlib-1.3'),
      suggest: 'DEPEND="sys-libs/zlib"',
      from: ['dev-libs/bar-1'],
      use: 'direct',
      hits: 1,
      paths: ['/usr/include/zlib.h'],
      processes: ['cc1'],
    },
  ],
};
const build = {
  targets: ['dev-libs/foo-1'],
  status: 1,
  version: '0.1.0',
  info: ['CHOST="x86_64-pc-linux-gnu"'],
};

test('the summary names what is missing', (t) => {
  t.is(bugSummary(report, build), 'dev-libs/foo-1: missing BDEPEND on sys-devel/flex and 1 more');
  t.is(bugSummary({ ...report, secondHand: [] }, build), 'dev-libs/foo-1: missing BDEPEND on sys-devel/flex');
  const summary = (missing: Missing[], status: number | null): string =>
    bugSummary({ ...report, missing, secondHand: [] }, { ...build, status });
  for (const status of [0, null])
    t.is(summary([], status), 'dev-libs/foo-1: declares all that its build uses');
  t.is(summary([], 1), 'dev-libs/foo-1: fails to build with status 1');
  const probed: Missing = { ...flex, certainty: 'probed', proved: false };
  t.is(summary([probed], 0), 'dev-libs/foo-1: looks for sys-devel/flex, which it does not declare');
});

test('Markdown: what is to be declared, the evidence as code, what was only looked for apart', (t) => {
  const text = reportMarkdown(report, build);
  t.regex(
    text,
    /^# dev-libs\/foo-1: missing .*\n\n## What was done\n\n.*lvfs 0\.1\.0 .* It failed with status 1\.\n/,
  );
  t.true(text.includes('## To be declared\n\n```\nBDEPEND="sys-devel/flex"\nDEPEND="sys-libs/zlib"\n```\n'));
  t.true(
    text.includes(
      '- sys-devel/flex-2: the build fails without it, and succeeds with it\n  - ``make: `flex` *not* found``\n',
    ),
  );
  t.true(text.includes('  - `looked for by make in src_compile`\n'));
  t.true(text.includes('- sys-libs/zlib-1.3, because of dev-libs/bar\n  - `/usr/include/zlib.h`\n'));
  t.regex(text, /## Looked for in vain; the build went on without\n\n- app-text\/probed-1\n/);
  t.true(text.endsWith('## emerge --info\n\n```\nCHOST="x86_64-pc-linux-gnu"\n```\n'));
});

test('Bugzilla: the same as plain text', (t) => {
  const text = reportBugzilla(report, { ...build, info: [], status: null });
  t.regex(
    text,
    /^Summary: dev-libs\/foo-1: missing BDEPEND on sys-devel\/flex and 1 more\n\nWhat was done:\n/,
  );
  t.regex(
    text,
    /\n\nTo be declared:\n {2}BDEPEND="sys-devel\/flex"\n {2}DEPEND="sys-libs\/zlib"\n\nEvidence:\n\* sys-devel\/flex-2: /,
  );
  t.notRegex(text, /emerge --info|It failed/);
});

test('homes and names are left out', (t) => {
  const larry = { home: '/home/larry', user: 'larry', host: 'barn' };
  t.is(impersonal('/home/larry/src by larry on barn: /home/mary/x', larry), '~/src by user on host: ~/x');
  t.is(impersonal('larryware-1 barnacle /root/x', larry), 'larryware-1 barnacle /root/x');
  const line = 'temp/environment: line 3: bison: command not found';
  t.is(impersonal(`/home/larry/tmp/portage/dev-libs/foo-1/${line}`, larry), line);
  t.is(impersonal('("/var/tmp/portage/dev-libs/foo-1-r1/work/foo-1/a.c")', larry), '("work/foo-1/a.c")');
  t.is(impersonal('root of /', { home: '/root', user: 'root', host: 'localhost' }), 'root of /');
});
