/** The page with the verdicts of `lvfs check` in a browser. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { indexPage } from '../../src/cli/tinderbox/indexPage.js';
import { removeTree } from '../helpers/removeTree.js';
import { verdict } from '../helpers/verdict.js';

const browser = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));

const many = Array.from({ length: 5_000 }, (_, i) =>
  verdict(`cat-${i % 7}/package-${i}`, {
    verdict: (['clean', 'clean', 'undeclared', 'failed', 'error'] as const)[i % 5] ?? 'clean',
    seconds: (i * 7919) % 5_003,
    says: i % 50 === 3 ? 'fails without dev-util/gperf <&>' : 'clean',
  }),
);

const pageTest = browser === undefined ? test.serial.skip : test.serial;
const skipped = browser === undefined ? ' (skipped: there is no chromium here)' : '';
pageTest(`the page sorts and filters 5 000 verdicts in a browser${skipped}`, (t) => {
  t.timeout(300_000);
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-verdicts-'));
  t.teardown(() => removeTree(directory));
  const file = join(directory, 'index.html');
  writeFileSync(file, indexPage(many, []));
  const open = (state: string): string[] => {
    const profile = join(directory, 'profile');
    mkdirSync(profile, { recursive: true });
    const options = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      `--user-data-dir=${profile}`,
      '--dump-dom',
    ];
    const { stdout, status } = spawnSync(browser ?? '', [...options, `file://${file}#${state}`], {
      encoding: 'utf8',
      timeout: 120_000,
      maxBuffer: 1 << 26,
    });
    t.is(status, 0);
    const [, count = ''] = /<output id="count">([^<]*)/.exec(stdout) ?? [];
    const shown = [...stdout.matchAll(/<tr data-verdict="[^"]*">(<td>.*?)<\/tr>/g)].map(
      ([, cells = '']) => cells,
    );
    return [count, ...shown.map((cells) => (/<td>([^<]*)/.exec(cells) ?? [])[1] ?? '')];
  };
  const expected = many.filter(({ verdict: word, says }) => word === 'failed' && says.includes('gperf'));
  const [count, first, ...rest] = open('words=GPERF+fails&verdict=failed&order=3+descending');
  t.is(count, `${expected.length} of 5000`);
  const bySeconds = expected.sort((a, b) => (b.seconds ?? 0) - (a.seconds ?? 0)).map(({ target }) => target);
  t.deepEqual([first, ...rest], bySeconds, 'others are hidden, and the slowest comes first');
  const [all, least] = open('order=0+ascending');
  t.is(all, '5000 of 5000');
  t.is(least, 'cat-0/package-0');
});
