/** What proofs make of reports. */
import test from 'ava';
import {
  failureSigns,
  imageFacts,
  imageFile,
  missingGroups,
  withDifferenceProof,
  withFailureProof,
  type DifferenceProof,
  type Evidence,
  type FailureProof,
  type Missing,
  type Report,
} from '../../../src/audit/index.js';
import { emptyReport } from '../../helpers/auditInput.js';
import { pkg, pkgs } from '../../helpers/installed.js';

const missing = (cpv: string, certainty: Missing['certainty'], variable = 'BDEPEND'): Missing => ({
  cpv: pkg(cpv),
  suggest: `${variable}="${cpv.replace(/-\d.*/, '')}"`,
  suggestions: [{ suggest: `${variable}="${cpv.replace(/-\d.*/, '')}"`, reason: '' }],
  certainty,
  hits: 1,
  paths: [],
  processes: [],
  phases: [],
  messages: [],
});

const report: Report = {
  ...emptyReport,
  missing: [missing('a/needed-1', 'needed'), missing('a/probed-1', 'probed'), missing('a/other-1', 'probed')],
};

const nothing: Evidence = { reported: new Map(), used: new Map(), hasSysroot: false };
const failure = (outcome: FailureProof['outcome'], ...packages: string[]): FailureProof => ({
  outcome,
  packages: pkgs(...packages),
  builds: 1,
});
const names = (list: readonly { cpv: string }[] | undefined): string[] | undefined =>
  list?.map(({ cpv }) => cpv);

test('what a build fails without is needed, and proved; everything else is ruled out', (t) => {
  const proved = withFailureProof(report, failure('needs', 'a/probed-1'), nothing);
  t.like(proved.missing, [{ cpv: 'a/probed-1', certainty: 'needed', proved: true }]);
  t.deepEqual(names(proved.missing), ['a/probed-1']);
  t.deepEqual(names(proved.ruledOut), ['a/needed-1', 'a/other-1']);
  t.like(missingGroups(proved), { isProved: true, automagic: [], lookedFor: [] });
});

test('nobody is to blame for a failure of the package’s own but what got it further', (t) => {
  t.deepEqual(withFailureProof(report, failure('own'), nothing).missing, []);
  const half = withFailureProof(report, failure('own', 'a/needed-1'), nothing);
  t.deepEqual(names(half.missing), ['a/needed-1']);
  t.is(half.missing[0]?.proved, undefined);
  t.deepEqual(names(half.ruledOut), ['a/probed-1', 'a/other-1']);
});

test('a proof without an end changes nothing', (t) => {
  t.is(withFailureProof(report, failure('open'), nothing), report);
  t.is(withFailureProof(report, failure('unsteady'), nothing), report);
});

test('a package that the first report did not name is described by how it was used, or by later reports', (t) => {
  const used = new Map([
    [pkg('b/library-2'), { atom: 'b/library:2', paths: ['/usr/include/l.h', '/usr/lib64/libl.so'] }],
    [pkg('b/tool-1'), { atom: 'b/tool', paths: ['/usr/bin/tool', '/usr/lib64/libtool.so.1'] }],
  ]);
  const reported = new Map([[pkg('b/later-1'), missing('b/later-1', 'needed', 'DEPEND')]]);
  const packages = ['b/library-2', 'b/tool-1', 'b/later-1', 'b/looked-at-1'];
  const proved = withFailureProof(report, failure('needs', ...packages), { ...nothing, used, reported });
  t.deepEqual(
    proved.missing.map(({ suggest }) => suggest),
    ['DEPEND="b/library:2"', 'BDEPEND="b/tool"', 'DEPEND="b/later"', 'DEPEND="b/looked-at"'],
  );
});

test('what the user has shown stays, and is no candidate of a proof', (t) => {
  const shown = { ...report, missing: [missing('a/shown-1', 'allowed'), ...report.missing] };
  const proved = withFailureProof(shown, failure('needs', 'a/probed-1'), nothing);
  t.deepEqual(names(proved.missing), ['a/probed-1', 'a/shown-1']);
  t.deepEqual(names(proved.ruledOut), ['a/needed-1', 'a/other-1']);
});

test('how a package was used when it was shown decides about its variable', (t) => {
  const reported = new Map([[pkg('a/probed-1'), missing('a/probed-1', 'allowed', 'DEPEND')]]);
  const proved = withFailureProof(report, failure('needs', 'a/probed-1'), { ...nothing, reported });
  t.like(proved.missing, [{ suggest: 'DEPEND="a/probed"', certainty: 'needed', proved: true }]);
});

test('with two systems the package’s own decides about the variable', (t) => {
  const packages = ['b/lib-1@sysroot', 'b/lib-1'];
  const proved = withFailureProof(report, failure('needs', ...packages), { ...nothing, hasSysroot: true });
  t.deepEqual(
    proved.missing.map(({ suggest }) => suggest),
    ['DEPEND="b/lib"', 'BDEPEND="b/lib"'],
  );
});

const difference = (outcome: DifferenceProof['outcome'], subjects: readonly string[]): DifferenceProof => ({
  outcome,
  culprits: [{ packages: [pkg('a/probed-1')], subjects }],
  unsteady: [],
  unexplained: [],
  shown: [],
  builds: 2,
});

test('what makes a difference is proved, with the files; what is linked with belongs in DEPEND', (t) => {
  const pc = (text: string) => new Map([['/x.pc', imageFile('/x.pc', Buffer.from(text))]]);
  const subjects = [...imageFacts(pc('Requires: a\n'), pc('Requires: a b\n')).keys()];
  const proved = withDifferenceProof(report, difference('compared', subjects), nothing);
  t.like(proved.missing, [
    { cpv: 'a/probed-1', certainty: 'probed', proved: true, files: ['/x.pc'], suggest: 'DEPEND="a/probed"' },
  ]);
  t.deepEqual(names(proved.ruledOut), ['a/needed-1', 'a/other-1']);
  t.deepEqual(names(missingGroups(proved).automagic), ['a/probed-1']);
});

test('a comparison that was cut short rules nobody out', (t) => {
  const proved = withDifferenceProof(report, difference('open', []), nothing);
  t.deepEqual(names(proved.missing), ['a/probed-1', 'a/needed-1', 'a/other-1']);
  t.is(proved.ruledOut, undefined);
});

/** Whether two outputs look like the same failure. */
const isSame = (a: string, b: string): boolean =>
  [...failureSigns(a)].some((sign) => failureSigns(b).has(sign));
const frame = ` * ERROR: a/b-1::r failed (compile phase):\n *   emake failed\n * If you need support, post the output\nmake[1]: *** [Makefile:10: x] Error 1\n`;

test('the same failure is known again, whatever its numbers, directories and colours', (t) => {
  t.true(
    isSame(
      `/var/tmp/portage/a/b-1/work/x.c:10: error: expected ';'\n${frame}`,
      `\x1b[31m/other/portage/a/b-1/work/x.c:10: error: expected ';'\x1b[0m\n${frame}`,
    ),
  );
  t.true(isSame('/tmp/cc1.o: undefined reference to `f`\n', '/tmp/cc2.o: undefined reference to `f`\n'));
});

test('what stands below every failure does not make two the same', (t) => {
  t.false(isSame(`x.c:10: error: expected ';'\n${frame}`, `sh: bison: not found\n${frame}`));
  t.true(isSame(frame, frame), 'where there is nothing else');
  const probes =
    'checking for unknown... not found\n-- Performing Test X - Failed\na.c:1: warning: unknown option\n';
  t.false(isSame(`${probes}x.c:10: error: expected ';'\n`, `${probes}sh: bison: not found\n`));
  t.is(failureSigns('all is well\n').size, 0);
});
