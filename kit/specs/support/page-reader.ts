import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { test as base, expect } from '../../../e2e/support/compose-fixtures.ts';
import { poll } from '../../../packages/prom-multiproc/test/support/poll.ts';

const DEADLINE_MS = 90_000;

/** The result of page-shown.js. Readings are in order from the newest to the oldest. */
export interface PageShown {
  readonly source: string;
  readonly current: readonly string[];
  readonly askedLast: string;
  readonly own: readonly (number | null)[];
  readonly shared: readonly (number | null)[];
  readonly ownMisplaced: readonly object[];
  readonly sharedMisplaced: readonly object[];
  readonly marks: readonly [number, number];
}

/** Fails a test if the browser's console has an error or a warning that the test does not remove from `complaints`. */
export const test = base.extend<{ complaints: string[] }>({
  complaints: [
    async ({ page }, use) => {
      const complaints = complaintsOf(page);
      await page.addInitScript({ path: join(import.meta.dirname, 'page-shown.js') });
      await use(complaints);
      expect(complaints, 'in the console').toEqual([]);
    },
    { auto: true },
  ],
});

function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('requestfailed', (request) => {
    // The page aborts requests that a blocked worker does not answer in time.
    if (request.failure()?.errorText !== 'net::ERR_ABORTED') complaints.push(`failed: ${request.url()}`);
  });
  return complaints;
}

/** Resolves to the state of the page once `wanted` accepts it; rejects after 90 s. */
export function shownWhen(
  page: Page,
  what: string,
  wanted: (shown: PageShown) => boolean,
): Promise<PageShown> {
  return poll(
    what,
    async () => {
      const shown = await page.evaluate<PageShown>('pageShown()');
      if (wanted(shown)) return shown;
      throw new Error(JSON.stringify(shown));
    },
    { deadlineMs: DEADLINE_MS },
  );
}

export const numberIn = async (page: Page, id: string): Promise<number> =>
  Number((await page.locator(`#${id}`).innerText()).replace(/\D/g, '') || Number.NaN);

/** Resolves to the number in the element `id` once `wanted` accepts it; rejects after 90 s. */
export function numberWhen(page: Page, id: string, wanted: (value: number) => boolean): Promise<number> {
  return poll(
    `the number ${id} of the page`,
    async () => {
      const value = await numberIn(page, id);
      if (wanted(value)) return value;
      throw new Error(`the number is ${value}`);
    },
    { deadlineMs: DEADLINE_MS },
  );
}

/** Waits until a worker that is not in `old` has answered the page. */
export function newWorkerAnswered(page: Page, old: readonly number[]): Promise<boolean> {
  return poll(
    'an answer of a new worker',
    async () => {
      const workers = await page.locator('#workers li').allInnerTexts();
      return workers.some((text) => !old.includes(Number(/worker (\d+)/.exec(text)?.[1]))) || undefined;
    },
    { deadlineMs: DEADLINE_MS },
  );
}
