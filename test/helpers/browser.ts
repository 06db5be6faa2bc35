/** Pages in a real browser: what can be seen, pressed and read aloud. */
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import axe from 'axe-core';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { removeTree } from './removeTree.js';

const program = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));

/** Why pages cannot be opened here; undefined when they can. */
export const whyNoBrowser = program === undefined ? 'there is no chromium here' : undefined;

/** Wide and light, dark, and as a phone has it. */
export const looks: Readonly<Record<string, BrowserContextOptions>> = {
  'wide and light': { viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
  'wide and dark': { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
  'a phone, light': { viewport: { width: 360, height: 740 }, colorScheme: 'light', isMobile: true },
  'a phone, dark': { viewport: { width: 360, height: 740 }, colorScheme: 'dark', isMobile: true },
};

/** A browser, and a page opened in it. */
export class Pages {
  readonly #browser: Browser;
  readonly #directory: string;
  #count = 0;

  private constructor(browser: Browser, directory: string) {
    this.#browser = browser;
    this.#directory = directory;
  }

  /** A browser that ends with the test. */
  static async open(t: ExecutionContext): Promise<Pages> {
    const directory = mkdtempSync(join(tmpdir(), 'lvfs-page-'));
    t.teardown(() => removeTree(directory));
    const home = join(directory, 'home');
    mkdirSync(home);
    const browser = await chromium.launch({
      executablePath: program ?? '',
      args: ['--no-sandbox', '--disable-gpu'],
      env: { ...process.env, HOME: home },
    });
    t.teardown(() => browser.close());
    return new Pages(browser, directory);
  }

  /** Opens a page from a file, as users do; what its policy forbids, and its errors, are in `complaints`. */
  async show(
    html: string,
    options: BrowserContextOptions = {},
    fragment = '',
  ): Promise<{ page: Page; complaints: string[] }> {
    const file = join(this.#directory, `${this.#count++}.html`);
    writeFileSync(file, html);
    const context = await this.#browser.newContext(options);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (!/^(file|about|data):/.test(request.url())) complaints.push(`loads ${request.url()}`);
    });
    await page.goto(`file://${file}${fragment}`);
    return { page, complaints };
  }
}

/** What axe-core, with all its rules, finds wrong in a page: rule and element. */
export async function violations(page: Page): Promise<string[]> {
  // By the debugger, since the page's policy forbids code that it does not know.
  await page.evaluate(axe.source);
  return page.evaluate<string[]>(
    `axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } }).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ': ' + target.join(' ') + ': ' + failureSummary)))`,
  );
}
