import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { language, several } from '../../fixtures/results/language.ts';
import { quickstart } from '../../fixtures/results/quickstart.ts';
import {
  allFailed,
  degenerate,
  empty,
  hostile,
  membershipOnly,
  twentyRows,
} from '../../fixtures/results/variants.ts';
import { renderReport } from '../../reports/index.ts';
import { axeViolations, CHROMIUM, complaints, launch } from './browser.ts';

const REPORTS = {
  quickstart,
  hostile,
  'membership only': membershipOnly,
  'all failed': allFailed,
  empty,
  degenerate,
  'twenty rows': twentyRows,
  language,
  several,
};

const title = `the report in a browser${CHROMIUM ? '' : ' (skipped: no Chromium; set CHROMIUM to its path)'}`;

describe.skipIf(CHROMIUM === undefined)(title, () => {
  let folder: string;
  let browser: Browser;
  const address = (name: string) =>
    pathToFileURL(join(folder, `${name.replaceAll(' ', '-')}.html`)).href;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hefl-report-'));
    for (const [name, results] of Object.entries(REPORTS))
      await writeFile(new URL(address(name)), await renderReport(results()));
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Opens a report from disk, offline, and hands over what the browser complained about. */
  async function open(
    name: string,
    use: (page: Page, heard: readonly string[]) => Promise<void>,
    look: { readonly width?: number; readonly scheme?: 'light' | 'dark' } = {},
  ): Promise<void> {
    const { width = 1280, scheme = 'light' } = look;
    const context = await browser.newContext({
      viewport: { width, height: 900 },
      colorScheme: scheme,
      offline: true,
      acceptDownloads: true,
    });
    const page = await context.newPage();
    const heard = complaints(page);
    await page.goto(address(name));
    await use(page, heard);
    await context.close();
  }

  const overflow = (page: Page) =>
    page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');

  const unfoldAll = (page: Page) =>
    page.evaluate(
      `document.querySelectorAll('details').forEach((one) => { one.open = true; });
       document.querySelectorAll('button.expand').forEach((one) => one.click());`,
    );

  for (const name of Object.keys(REPORTS))
    it(`opens ${name} without complaint or overflow`, async () => {
      await open(name, async (page, heard) => {
        for (const state of ['folded', 'unfolded']) {
          if (state === 'unfolded') await unfoldAll(page);
          for (const width of [1280, 400])
            for (const colorScheme of ['light', 'dark'] as const) {
              await page.setViewportSize({ width, height: 900 });
              await page.emulateMedia({ colorScheme });
              expect(await overflow(page), `${state}, ${width}, ${colorScheme}`).toBe(0);
            }
        }
        expect(heard).toEqual([]);
      });
    });

  for (const [name, width, scheme] of [
    ['quickstart', 1280, 'light'],
    ['quickstart', 400, 'dark'],
    ['all failed', 1280, 'dark'],
    ['language', 400, 'light'],
    ['several', 1280, 'dark'],
  ] as const)
    it(`has no serious accessibility violation: ${name}, ${width}, ${scheme}`, async () => {
      await open(
        name,
        async (page) => {
          await unfoldAll(page);
          expect(await axeViolations(page)).toEqual([]);
        },
        { width, scheme },
      );
    });

  it('unfolds a defense by keyboard alone', async () => {
    await open('quickstart', async (page) => {
      const button = page.locator('button.expand').first();
      const detail = page.locator('tr.expansion').first();
      expect(await detail.isVisible()).toBe(false);
      for (let step = 0; step < 40; step += 1) {
        await page.keyboard.press('Tab');
        if (await button.evaluate((one) => one.matches(':focus'))) break;
      }
      await page.keyboard.press('Enter');
      expect(await button.getAttribute('aria-expanded')).toBe('true');
      expect(await detail.isVisible()).toBe(true);
      expect(await detail.textContent()).toContain('upper bound, never a headline');
      await page.keyboard.press('Space');
      expect(await detail.isVisible()).toBe(false);
    });
  });

  it('switches between light and dark', async () => {
    await open('quickstart', async (page) => {
      const ground = () =>
        page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
      const light = await ground();
      const toggle = page.getByRole('button', { name: 'Dark' });
      await toggle.click();
      expect(await toggle.getAttribute('aria-pressed')).toBe('true');
      const dark = await ground();
      expect(dark).not.toBe(light);
      await toggle.click();
      expect(await ground()).toBe(light);
    });
  });

  it('hands out the data it was made from', async () => {
    await open('quickstart', async (page, heard) => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Results as JSON' }).click(),
      ]);
      expect(download.suggestedFilename()).toBe('results.json');
      const text = await page.locator('#results').textContent();
      expect(JSON.parse(String(text)).name).toBe(quickstart().name);
      expect(heard).toEqual([]);
    });
  });

  it('runs nothing that a name carries', async () => {
    await open('hostile', async (page) => {
      expect(await page.title()).toContain('</script>');
      expect(await page.locator('img').count()).toBe(0);
      expect(await page.locator('script').count()).toBe(2);
    });
  });

  it('shows pictures: the sprite is decoded and drawn', async () => {
    await open('quickstart', async (page) => {
      const tile = page.locator('.gallery .tile').first();
      await tile.scrollIntoViewIfNeeded();
      const distinct = new Set(await tile.screenshot());
      const blank = await page.evaluate(
        `getComputedStyle(document.querySelector('.gallery .tile')).backgroundImage`,
      );
      expect(String(blank)).toMatch(/^url\("data:image\/webp;base64,/);
      expect(distinct.size).toBeGreaterThan(16);
    });
  });

  it('prints without its navigation', async () => {
    await open('quickstart', async (page) => {
      await page.emulateMedia({ media: 'print' });
      expect((await page.pdf({ format: 'A4' })).length).toBeGreaterThan(10_000);
      expect(await page.locator('nav').isVisible()).toBe(false);
    });
  });
});
