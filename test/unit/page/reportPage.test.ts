import test from 'ava';
import { makeReport, type ReportInput } from '../../../src/audit/index.js';
import { reportPage } from '../../../src/page/index.js';
import { denial, drawn, reportInput, use } from '../../helpers/auditInput.js';
import { origin } from '../../helpers/origin.js';
import { pkg } from '../../helpers/installed.js';

const input = reportInput({
  targets: ['a/target-1'],
  declared: [
    { variable: 'DEPEND', atom: 'dev-libs/a', cpv: pkg('dev-libs/a-1') },
    { variable: 'BDEPEND', atom: 'dev-util/idle', cpv: pkg('dev-util/idle-1') },
  ],
  visible: new Map([
    [pkg('dev-libs/a-1'), [{ from: origin('target'), variable: 'DEPEND', atom: 'dev-libs/a' }]],
    [pkg('dev-util/idle-1'), [{ from: origin('target'), variable: 'BDEPEND', atom: 'dev-util/idle' }]],
    [pkg('dev-libs/m-1'), [{ from: origin('dev-libs/a-1'), variable: 'RDEPEND', atom: 'dev-libs/m' }]],
    [pkg('dev-libs/b-1'), [{ from: origin('dev-libs/m-1'), variable: 'RDEPEND', atom: 'dev-libs/b' }]],
  ]),
  system: new Set(),
  denials: [denial('/usr/include/<evil>&.h', ['sys-libs/zlib-1.3'], { count: 3 })],
  uses: [use('/usr/include/a.h', 'dev-libs/a-1'), use('/usr/include/b.h', 'dev-libs/b-1')],
  status: 0,
});

const page = (of: ReportInput, status?: number): string => reportPage(makeReport(of), drawn(of), status);

test('the page shows the line to paste, and every class of finding in picture and table', (t) => {
  const html = page(input);
  for (const part of [
    'DEPEND=&#34;sys-libs/zlib&#34;',
    'class="probed"',
    'class="second-hand"',
    'class="unused"',
  ])
    t.true(html.includes(part), part);
  t.true(
    html.includes('dev-libs/m-1 → dev-libs/b-1: RDEPEND dev-libs/b'),
    'the chain to a second-hand package',
  );
});

test('the head counts what the sections have', (t) => {
  const html = page(input);
  t.true(html.includes('0 missing · 1 looked for · 1 second-hand · 1 unused'), html);
  t.false(html.includes('id="missing"'));
  t.true(html.includes('<h2 id="looked-for">Looked for <small>1</small></h2>'));
});

test('the page says how the build ended, where that is known', (t) => {
  t.true(page(input, 3).includes('The build failed with status 3.'));
  t.true(page(input, 0).includes('Built.'));
  t.notRegex(page(input), /Built\.|failed with/);
});

test('nothing is loaded from elsewhere, and nothing runs but what the page names', (t) => {
  const html = page(input);
  t.notRegex(html, /\bsrc=|\bhref="(?!#)|https?:|\bon\w+=|<\w[^>]* style=/);
  t.regex(html, /content="default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; /);
  t.is(html.match(/<script/g)?.length, 1);
});

test('names from the host are escaped', (t) => {
  const html = page(input);
  t.false(html.includes('<evil>'));
  t.true(html.includes('&#60;evil&#62;&#38;.h'));
});

test('a report without findings is a page too', (t) => {
  const empty = { ...input, denials: [], uses: [], declared: [] };
  t.true(page(empty).includes('0 missing'));
});
