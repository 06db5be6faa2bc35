/** The pages of lvfs in a browser: the report, and the verdicts of `lvfs check`. */
import { writeFileSync } from 'node:fs';
import test from 'ava';
import { makeReport, type ReportInput } from '../../src/audit/index.js';
import type { Origin, PackageId } from '../../src/base/index.js';
import { reportPage } from '../../src/page/index.js';
import { checkPage } from '../../src/cli/tinderbox/files.js';
import { indexPage } from '../../src/cli/tinderbox/indexPage.js';
import type { Verdict } from '../../src/cli/tinderbox/verdict.js';
import { denial, drawn, reportInput, use } from '../helpers/auditInput.js';
import { origin } from '../helpers/origin.js';
import { looks, Pages, violations, whyNoBrowser } from '../helpers/browser.js';
import { pkg, pkgs } from '../helpers/installed.js';

const pageTest = whyNoBrowser === undefined ? test.serial : test.serial.skip;
const skipped = whyNoBrowser === undefined ? '' : ` (skipped: ${whyNoBrowser})`;

const declared = Array.from({ length: 300 }, (_, i) => ({
  variable: i % 3 === 0 ? 'BDEPEND' : 'DEPEND',
  atom: `dev-libs/library-${'abcdefghij'[i % 10]}${i}`,
  cpv: pkg(`dev-libs/library-${'abcdefghij'[i % 10]}${i}-1.${i}`),
}));

/** A build with 300 declared dependencies, of which it has used sixty, and findings of all kinds. */
const large = reportInput({
  targets: ['kde-apps/kmail-24.08.3'],
  declared,
  visible: new Map<PackageId, readonly { from: Origin; variable: string; atom: string }[]>([
    ...declared.map(
      ({ cpv, variable, atom }) => [cpv, [{ from: origin('target'), variable, atom }]] as const,
    ),
    ...Array.from({ length: 4 }, (_, i) => {
      const from = origin(declared[i]?.cpv ?? '');
      return [pkg(`dev-libs/second-${i}`), [{ from, variable: 'RDEPEND', atom: `dev-libs/second` }]] as const;
    }),
    [pkg('sys-devel/gcc-13'), [{ from: origin('@system'), variable: '', atom: 'sys-devel/gcc' }]] as const,
  ]),
  system: new Set(pkgs('sys-devel/gcc-13')),
  denials: Array.from({ length: 20 }, (_, i) =>
    denial(`/usr/include/probed${i}.h`, [`dev-libs/probed-${i}`], { count: i + 1 }),
  ),
  uses: [
    ...declared.slice(0, 60).map(({ cpv }, i) => use(`/usr/include/used${i}.h`, cpv)),
    ...Array.from({ length: 4 }, (_, i) => use(`/usr/include/second${i}.h`, `dev-libs/second-${i}`)),
    use('/usr/bin/gcc', 'sys-devel/gcc-13'),
  ],
  log: 'fatal error: zlib.h: No such file or directory\n',
  findHidden: (wanted) =>
    new Map(
      wanted
        .filter(({ name }) => name === 'zlib.h')
        .map((one) => [
          one,
          [{ path: '/usr/include/zlib.h', owners: pkgs('sys-libs/zlib-1.3'), distance: 0 }],
        ]),
    ),
  status: 0,
});

const pageOf = (input: ReportInput): string => reportPage(makeReport(input), drawn(input), input.status);
const report = pageOf(large);

const verdict = (target: string, changes: Partial<Verdict> = {}): Verdict => ({
  target,
  targets: [target],
  verdict: 'clean',
  says: 'clean',
  findings: [],
  details: [],
  seconds: 3,
  files: { page: 'a.html', log: 'a.log', json: 'a.json' },
  ...changes,
});
const verdicts = [
  verdict('a/b-1'),
  verdict('a/c-10', { verdict: 'undeclared', says: 'builds, but without X', known: true }),
  verdict('a/d-9', { verdict: 'failed', says: 'fails without X', seconds: 20 }),
  verdict('a/e-1', { verdict: 'error', says: 'there is no such package' }),
];
const index = indexPage(verdicts, ['left/over']);
const check = checkPage(verdicts, ['left/over'], ({ target }) => (target === 'a/b-1' ? report : undefined));

/** Opened groups included. */
const pages: readonly (readonly [string, string, string])[] = [
  ['the report', report, ''],
  ['the report with a group open', report, '#open-unused'],
  ['the verdicts', index, ''],
  ['the verdicts with their reports', check, ''],
];

pageTest(
  `no page has anything that hinders a keyboard, a screen reader or weak eyes${skipped}`,
  async (t) => {
    t.timeout(300_000);
    const browser = await Pages.open(t);
    for (const [look, options] of Object.entries(looks))
      for (const [name, html, fragment] of pages) {
        const { page, complaints } = await browser.show(html, options, fragment);
        t.deepEqual(await violations(page), [], `${name}, ${look}`);
        t.deepEqual(complaints, [], `${name}, ${look}`);
        const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
        t.true((await page.evaluate<number>(overflow)) <= 0, `${name} is no wider than ${look}`);
        const shots = process.env['LVFS_TEST_SHOTS'];
        if (shots !== undefined) writeFileSync(`${shots}/${name} ${look}.png`, await page.screenshot());
        await page.context().close();
      }
  },
);

pageTest(
  `a graph of 300 dependencies is small until its groups are opened, by keys as well${skipped}`,
  async (t) => {
    const { page } = await (await Pages.open(t)).show(report, looks['wide and light']);
    const closed = page.locator('#graph svg');
    t.true((await closed.boundingBox())!.height < 900);
    t.is(
      await page.locator('#graph [aria-label*="dev-libs/library"]').count(),
      4,
      'those that bring something in',
    );
    const top = async (name: RegExp): Promise<number> =>
      (await closed.getByRole('img', { name }).first().boundingBox())!.y;
    t.true((await top(/MISSING/)) < (await top(/: declared$/)), 'findings come first');
    const group = closed.getByRole('link', { name: /^240 declared, unused\s+▸ open$/ });
    await group.focus();
    await page.keyboard.press('Enter');
    t.false(await closed.isVisible());
    const open = page.locator('#open-unused svg');
    t.is(await open.getByRole('img', { name: /: declared, unused$/ }).count(), 240);
    await open.getByRole('link', { name: /^240 declared, unused\s+▾ fold$/ }).click();
    t.true(await closed.isVisible());
    t.false(await open.isVisible());
  },
);

pageTest(`without scripts all is there but what scripts do${skipped}`, async (t) => {
  const { page } = await (await Pages.open(t)).show(report, { javaScriptEnabled: false });
  t.is(await page.getByRole('button').count(), 0);
  t.is(
    await page
      .getByRole('table', { name: /Unused/ })
      .getByRole('row')
      .count(),
    241,
  );
  await page
    .locator('#graph')
    .getByRole('link', { name: /^240 declared/ })
    .click();
  t.true(await page.locator('#open-unused').isVisible());
  const verdictPage = await (await Pages.open(t)).show(index, { javaScriptEnabled: false });
  t.is(await verdictPage.page.getByRole('row').count(), 6);
  t.false(await verdictPage.page.locator('form').isVisible());
});

pageTest(`lines are copied, and tables sorted, by keys${skipped}`, async (t) => {
  const { page } = await (
    await Pages.open(t)
  ).show(report, {
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const button = page.getByRole('button', { name: 'copy DEPEND="sys-libs/zlib"' });
  await button.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('status').getByText('Copied: DEPEND="sys-libs/zlib"').waitFor();
  t.is(await page.evaluate('navigator.clipboard.readText()'), 'DEPEND="sys-libs/zlib"');
  const table = page.getByRole('table', { name: /^Unused/ });
  const head = table.getByRole('columnheader', { name: 'package' });
  const first = () => table.getByRole('row').nth(1).getByRole('cell').nth(2).textContent();
  await head.getByRole('button').focus();
  await page.keyboard.press('Space');
  t.is(await head.getAttribute('aria-sort'), 'ascending');
  t.is(await first(), 'dev-libs/library-a60-1.60', 'figures are compared as such');
  await page.keyboard.press('Space');
  t.is(await first(), 'dev-libs/library-j299-1.299');
});

pageTest(`on paper it is black on white, whole, and without buttons${skipped}`, async (t) => {
  const { page } = await (await Pages.open(t)).show(report, looks['wide and dark']);
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  t.is(await page.evaluate('getComputedStyle(document.body).backgroundColor'), 'rgb(255, 255, 255)');
  t.is(await page.evaluate('getComputedStyle(document.body).color'), 'rgb(0, 0, 0)');
  t.false(await page.getByRole('button', { name: /^copy/ }).first().isVisible());
  t.is(await page.locator('svg a .role:visible').count(), 0, 'nothing says that it opens');
  t.true((await page.locator('svg a').count()) > 0);
  await page.setViewportSize({ width: 794, height: 1123 });
  // A line to paste is in one piece, as long as names are as usual.
  const rows = await page.evaluate<number[]>(
    `[...document.querySelectorAll('code.paste')].map((line) => line.getClientRects().length)`,
  );
  t.true(rows.length > 0 && rows.every((one) => one === 1), rows.join(' '));
});
