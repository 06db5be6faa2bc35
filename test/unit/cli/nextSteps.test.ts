import test from 'ava';
import type { Missing, Report } from '../../../src/audit/index.js';
import { nextSteps } from '../../../src/cli/nextSteps.js';
import { emptyReport } from '../../helpers/auditInput.js';
import { pkg } from '../../helpers/installed.js';

const missing = (cpv: string, certainty: Missing['certainty']): Missing => ({
  cpv: pkg(cpv),
  suggest: `BDEPEND="${cpv.replace(/-\d.*/, '')}"`,
  suggestions: [],
  certainty,
  hits: 1,
  paths: [],
  processes: [],
  phases: [],
  messages: [],
});

const report = (...list: Missing[]): Report => ({ ...emptyReport, missing: list });

type Options = Parameters<typeof nextSteps>[2];

function steps(list: readonly Missing[], options: Partial<Options> = {}, outcome = {}) {
  const all = { status: 1, interrupted: false, report: report(...list), ...outcome };
  return nextSteps(all, ['dev-libs/foo'], { command: undefined, ...options } as Options);
}

test('after a failure: commands as they were given, with what is needed', (t) => {
  const found = [missing('sys-devel/flex-2', 'needed'), missing('sys-devel/bison-3', 'probed')];
  t.deepEqual(steps(found, { config: '/my conf', with: ['a/b'], 'no-system': true, command: 'make "all"' }), {
    shell: "lvfs shell --config '/my conf' --with a/b --no-system dev-libs/foo",
    build: `lvfs build --config '/my conf' --with a/b --no-system --with sys-devel/flex --command 'make "all"' dev-libs/foo`,
    ebuild: ['BDEPEND="sys-devel/flex"'],
  });
});

test('where nothing is known to be needed, the likeliest are tried, and what was allowed is for the ebuild', (t) => {
  const found = [missing('a/allowed-1', 'allowed'), missing('a/b-1', 'probed'), missing('a/c-1', 'probed')];
  t.deepEqual(steps(found, { with: ['a/allowed'] }), {
    shell: 'lvfs shell --with a/allowed dev-libs/foo',
    build: 'lvfs build --with a/allowed --with a/b --with a/c dev-libs/foo',
    ebuild: ['BDEPEND="a/allowed"'],
  });
});

test('an interrupted build has next steps, one that went well none', (t) => {
  t.deepEqual(steps([], {}, { status: 0, interrupted: true }), {
    shell: 'lvfs shell dev-libs/foo',
    ebuild: [],
  });
  t.is(steps([], {}, { status: 0 }), undefined);
});
