import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { makeReport, reportHtml } from '../../src/audit/index.js';
import { drawn, reportInput, use } from '../helpers/auditInput.js';
import { removeTree } from '../helpers/removeTree.js';
import { origin } from '../helpers/origin.js';

const browser = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
const pageTest = browser === undefined ? test.skip : test;
const skipped = browser === undefined ? ' (skipped: there is no chromium here)' : '';

const input = reportInput({
  targets: ['a/target-1'],
  declared: [
    { variable: 'DEPEND', atom: 'dev-libs/a', cpv: 'dev-libs/a-1' },
    { variable: 'BDEPEND', atom: 'dev-util/idle', cpv: 'dev-util/idle-1' },
  ],
  visible: new Map([
    ['dev-libs/a-1', [{ from: origin('target'), variable: 'DEPEND', atom: 'dev-libs/a' }]],
    ['dev-libs/b-1', [{ from: origin('dev-libs/a-1'), variable: 'RDEPEND', atom: 'dev-libs/b' }]],
    ['dev-util/idle-1', [{ from: origin('target'), variable: 'BDEPEND', atom: 'dev-util/idle' }]],
  ]),
  system: new Set(),
  uses: [use('/usr/include/b.h', 'dev-libs/b-1')],
  log: 'fatal error: <zlib>.h: x\nfatal error: zlib.h: No such file or directory\n',
  findHidden: (wanted) =>
    new Map(
      wanted
        .filter(({ name }) => name === 'zlib.h')
        .map((one) => [one, [{ path: '/usr/include/zlib.h', owners: ['sys-libs/zlib-1.3'], distance: 0 }]]),
    ),
  status: 0,
});

pageTest(`the report's page opens in a browser, with its picture${skipped}`, (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-page-'));
  t.teardown(() => removeTree(directory));
  const file = join(directory, 'report.html');
  writeFileSync(file, reportHtml(makeReport(input), drawn(input)));
  const options = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    `--user-data-dir=${join(directory, 'profile')}`,
  ];
  const { status, stdout, error } = spawnSync(browser ?? '', [...options, '--dump-dom', `file://${file}`], {
    encoding: 'utf8',
    timeout: 120_000,
    maxBuffer: 1 << 26,
  });
  t.is(error, undefined);
  t.is(status, 0);
  for (const text of ['<svg', 'sys-libs/zlib-1.3', 'MISSING', 'SECOND-HAND', 'declared, unused']) {
    t.true(stdout.includes(text), text);
  }
});
