/**
 * `npm run screenshots`: starts the stack of this checkout and writes the screenshots of the page in docs/images/: before and after a
 * worker is killed, in light and dark.
 */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { browserOptions } from '../e2e/support/browser.ts';
import { ComposeStack } from '../e2e/support/compose-stack.ts';
import { chooseBaseImages } from './test-kit/base-images.ts';

const IMAGES = resolve(import.meta.dirname, '../docs/images');
/** High enough for both panels; the screenshots are clipped. */
const SIZE = { width: 1120, height: 1300 };
/** Seconds of pings before and after the kill; their sum fills the charts. */
const BEFORE_SECONDS = 17;
const AFTER_SECONDS = 12;

async function takeScreenshots(page: Page, name: string): Promise<void> {
  // No button has the hover style.
  await page.mouse.move(0, 0);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const file = resolve(IMAGES, `page-${name}-${colorScheme}.png`);
    await page.screenshot({ path: file, clip: await panelsOf(page) });
    console.log(`${file}: ${Math.round(statSync(file).size / 1024)} kB`);
  }
}

/** The area from the top of the page to the end of both panels. */
async function panelsOf(page: Page) {
  const box = (await page.locator('.panels').boundingBox())!;
  return { x: 0, y: 0, width: SIZE.width, height: Math.ceil(box.y + box.height + 12) };
}

chooseBaseImages();
const stack = await ComposeStack.start({ sharing: true });
const browser = await chromium.launch(browserOptions());
try {
  const page = await browser.newPage({ viewport: SIZE });
  await page.goto(`${stack.publicUrl}/`);
  await page.getByRole('button', { name: 'Start pinging' }).click();
  await page.waitForTimeout(BEFORE_SECONDS * 1000);
  await takeScreenshots(page, 'before');
  await page.getByRole('button', { name: 'Kill a worker' }).click();
  await page.waitForTimeout(AFTER_SECONDS * 1000);
  await takeScreenshots(page, 'after');
} finally {
  await browser.close();
  await stack.down();
}
