import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { poll } from '../scripts/measure/poll.ts';
import { expect as base, test } from './fixtures.ts';
import { Stack } from './stack.ts';

const DEADLINE_MS = 90_000;
const START_TIMEOUT_MS = 15 * 60_000;
const NARROW = { width: 320, height: 640 };

const expect = base.configure({ timeout: DEADLINE_MS });

/** What a reader finds wrong with it, in the console of the browser. */
function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('requestfailed', (request) => {
    // A question that was not answered in time is given up: that is what the page is for.
    if (request.failure()?.errorText !== 'net::ERR_ABORTED') complaints.push(`failed: ${request.url()}`);
  });
  return complaints;
}

const numberIn = async (page: Page, id: string): Promise<number> =>
  Number((await page.locator(`#${id}`).innerText()).replace(/\D/g, '') || Number.NaN);
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

/** As soon as the number is as wanted; undefined shows as a failure at the deadline. */
function numberWhen(page: Page, id: string, wanted: (value: number) => boolean): Promise<number> {
  return poll(
    `the number ${id} of the page`,
    async () => {
      const value = await numberIn(page, id);
      if (wanted(value)) return value;
      throw new Error(`it is ${value}`);
    },
    { deadlineMs: DEADLINE_MS },
  );
}

/** Waits until the page was answered by a worker that is not among the old ones. */
function newcomerHeard(page: Page, old: readonly number[]): Promise<boolean> {
  return poll(
    'an answer of a new worker',
    async () => {
      const heard = await page.locator('#workers li').allInnerTexts();
      return heard.some((text) => !old.includes(Number(/worker (\d+)/.exec(text)?.[1]))) || undefined;
    },
    { deadlineMs: DEADLINE_MS },
  );
}

async function open(page: Page, stack: Stack): Promise<void> {
  await page.goto(`${stack.publicUrl}/`);
  await numberWhen(page, 'shared-now', (value) => value >= 0);
}

test('every ping that was answered is in the shared count, and one worker alone shows other numbers that fall', async ({
  page,
  stack,
}) => {
  const complaints = complaintsOf(page);
  await open(page, stack);
  const before = await numberIn(page, 'shared-now');
  await button(page, 'Send one ping').click();
  await expect(page.getByRole('status')).toHaveText('The ping was answered.');
  await numberWhen(page, 'shared-now', (value) => value === before + 1);

  await button(page, 'Start pinging').click();
  await numberWhen(page, 'answered', (value) => value > 50);
  await numberWhen(page, 'own-falls', (value) => value >= 3);
  await button(page, 'Stop pinging').click();
  await expect(page.getByRole('status')).toContainText('Stopped.');
  const unanswered = Number(/(\d+) were not/.exec(await page.getByRole('status').innerText())?.[1] ?? 0);
  // One that was on its way is answered and counted yet.
  await poll(
    'as many pings counted as answered',
    async () => {
      const [answered, counted] = [await numberIn(page, 'answered'), await numberIn(page, 'shared-increase')];
      if (answered <= counted && counted <= answered + unanswered) return counted;
      throw new Error(`${answered} answered, ${unanswered} not, ${counted} counted`);
    },
    { deadlineMs: DEADLINE_MS },
  );
  const [counted, ownIncrease] = [
    await numberIn(page, 'shared-increase'),
    await numberIn(page, 'own-increase'),
  ];
  console.log(
    `page: ${counted} pings counted, ${unanswered} not answered, increase() of one worker's ${ownIncrease}`,
  );
  expect(await numberIn(page, 'shared-falls')).toBe(0);
  expect(await numberIn(page, 'shared-now')).toBe(before + counted);
  expect(await page.locator('#workers li').count(), 'several workers were heard').toBeGreaterThan(1);
  expect(complaints).toEqual([]);
});

test('a worker that is killed takes its own count along and nothing of the shared one', async ({
  page,
  stack,
}) => {
  const complaints = complaintsOf(page);
  await open(page, stack);
  await button(page, 'Start pinging').click();
  await numberWhen(page, 'answered', (value) => value > 30);
  const old = (await stack.status()).workers.map(({ id }) => id);
  await button(page, 'Kill a worker').click();
  await expect(page.getByRole('status')).toContainText(/^Worker \d+ was killed/);
  const falls = await numberIn(page, 'own-falls');
  const counted = await numberIn(page, 'shared-now');
  await newcomerHeard(page, old);
  await numberWhen(page, 'own-falls', (value) => value > falls);
  await button(page, 'Stop pinging').click();
  expect(await numberIn(page, 'shared-falls')).toBe(0);
  expect(await numberIn(page, 'shared-now')).toBeGreaterThan(counted);
  expect(complaints).toEqual([]);
  await stack.settle();
});

test('a blocked worker has no count of its own to tell, and the shared one is told by another', async ({
  page,
  stack,
}) => {
  await open(page, stack);
  let asked = 0;
  // The block may end before that worker was asked: then another one.
  await poll(
    'a gap in what one worker tells, and none in the shared count',
    async () => {
      if (asked++ % 12 === 0) await button(page, 'Block one for 4 s').click();
      const rows = await page
        .locator('#readings tr')
        .evaluateAll((all) => all.map(({ textContent }) => textContent));
      return rows.some((row) => /no answer–\d/.test(row ?? '')) || undefined;
    },
    { deadlineMs: DEADLINE_MS, everyMs: 500 },
  );
  await stack.settle();
});

test('a reload replaces every worker: each begins at 0, and the shared count goes on', async ({
  page,
  stack,
}) => {
  await open(page, stack);
  const old = (await stack.status()).workers.map(({ id }) => id);
  await button(page, 'Start pinging').click();
  await numberWhen(page, 'answered', (value) => value > 30);
  const counted = await numberIn(page, 'shared-now');
  await button(page, 'Replace them all').click();
  await poll(
    'new workers',
    async () => {
      const { workers, reloading } = await stack.status();
      return (!reloading && workers.every(({ id }) => !old.includes(id))) || undefined;
    },
    { deadlineMs: DEADLINE_MS },
  );
  await newcomerHeard(page, old);
  await numberWhen(page, 'own-falls', (value) => value > 0);
  await button(page, 'Stop pinging').click();
  expect(await numberIn(page, 'shared-falls')).toBe(0);
  expect(await numberIn(page, 'shared-now')).toBeGreaterThan(counted);
  await stack.settle();
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`on a narrow screen and a wide one, ${colorScheme}, it fits and has no fault that axe-core finds`, async ({
    page,
    stack,
  }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const size of [NARROW, { width: 1400, height: 900 }]) {
      await page.setViewportSize(size);
      await open(page, stack);
      await page.getByText('The last readings, as a table').click();
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
      expect(wide, 'no horizontal scrolling').toBeLessThanOrEqual(size.width);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual(
        [],
      );
    }
    const background = await page.evaluate<string>(
      'getComputedStyle(document.documentElement).backgroundColor',
    );
    const brightness = Math.max(...background.match(/\d+/g)!.map(Number));
    expect(brightness > 128, background).toBe(colorScheme === 'light');
  });
}

test('by keyboard alone: pings, their rate and the table of readings', async ({ page, stack }) => {
  await open(page, stack);
  const tabTo = async (name: string) => {
    await poll(
      `the focus on ${name}`,
      async () => {
        await page.keyboard.press('Tab');
        const text = await page.evaluate<string>(
          'document.activeElement.textContent || document.activeElement.id',
        );
        return text === name || undefined;
      },
      { deadlineMs: DEADLINE_MS, everyMs: 0 },
    );
    const outline = await page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle');
    expect(outline, `${name} shows the focus`).toBe('solid');
  };
  await tabTo('Start pinging');
  await page.keyboard.press('Enter');
  await numberWhen(page, 'answered', (value) => value > 3);
  await page.keyboard.press('Space');
  await expect(button(page, 'Start pinging')).toBeFocused();
  await tabTo('rate');
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('slider', { name: 'Pings a second' })).toHaveValue('21');
  await expect(page.locator('#rate-shown')).toHaveText('21');
  await tabTo('The last readings, as a table');
  await page.keyboard.press('Enter');
  await expect(
    page.getByRole('table', { name: 'The last ten readings' }).getByRole('row').nth(1),
  ).toBeVisible();
  await expect(page.getByRole('img', { name: /the shared count.*now \d/ })).toBeVisible();
});

test('its Content-Security-Policy allows nothing but its own files, and nothing of it is inline', async ({
  page,
  stack,
}) => {
  const complaints = complaintsOf(page);
  const answer = await page.goto(`${stack.publicUrl}/`);
  const policy = answer!.headers()['content-security-policy'] ?? '';
  expect(policy.split('; ').sort()).toEqual([
    "base-uri 'none'",
    "connect-src 'self'",
    "default-src 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    'img-src data:',
    "script-src 'self'",
    "style-src 'self'",
  ]);
  await numberWhen(page, 'shared-now', (value) => value >= 0);
  const asked = await page.evaluate<string[]>(
    "performance.getEntriesByType('resource').map(({ name }) => name)",
  );
  expect(asked.length).toBeGreaterThan(5);
  expect(asked.filter((url) => !url.startsWith(stack.publicUrl))).toEqual([]);
  expect(complaints).toEqual([]);
});

test('of the page’s folder nothing else is served', async ({ page, stack }) => {
  for (const path of ['tsconfig.json', 'readings.test.ts', 'vendor/LICENSE', 'index.html', '../nginx.conf']) {
    const { status } = await page.request
      .get(`${stack.publicUrl}/page/${path}`)
      .then((a) => ({ status: a.status() }));
    expect(status, path).toBe(404);
  }
  expect((await page.request.get(`${stack.publicUrl}/page/main.js`)).status()).toBe(200);
});

test('where nothing is measured there is no number and the reason, and without DEMO_CONTROLS there is nothing to break', async ({
  page,
}) => {
  test.setTimeout(START_TIMEOUT_MS);
  const stack = await Stack.start({ sharing: true, environment: { METRICS: '0', DEMO_CONTROLS: '' } });
  try {
    const complaints = complaintsOf(page);
    await page.goto(`${stack.publicUrl}/`);
    await expect(page.getByRole('alert')).toContainText('METRICS=0');
    await button(page, 'Send one ping').click();
    await numberWhen(page, 'own-now', (value) => value >= 0);
    await expect(page.locator('#shared-now')).toHaveText('–');
    for (const name of ['Kill a worker', 'Block one for 4 s', 'Replace them all']) {
      await expect(button(page, name)).toBeHidden();
    }
    await expect(page.getByText('DEMO_CONTROLS=1')).toBeVisible();
    expect(complaints).toEqual([]);
  } finally {
    await stack.down();
  }
});
