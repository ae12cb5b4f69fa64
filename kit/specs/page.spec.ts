import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect as base } from '../../e2e/support/compose-fixtures.ts';
import { ComposeStack } from '../../e2e/support/compose-stack.ts';
import { WORKERS } from '../../e2e/support/stack.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { newWorkerAnswered, numberIn, numberWhen, shownWhen, test } from './support/page-reader.ts';

const DEADLINE_MS = 90_000;
/** A reload starts and drains one worker after the other. */
const RELOAD_DEADLINE_MS = 3 * 60_000;
const START_TIMEOUT_MS = 15 * 60_000;
/** Most pings that the page has in flight. */
const MOST_IN_FLIGHT = 3;
const NARROW = { width: 320, height: 640 };

const expect = base.configure({ timeout: DEADLINE_MS });

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

async function open(page: Page, stack: ComposeStack): Promise<void> {
  await page.goto(`${stack.publicUrl}/`);
  await numberWhen(page, 'shared-now', (value) => value >= 0);
}

test('the shared count has every answered ping, while the count of a single worker decreases', async ({
  page,
  stack,
}) => {
  await open(page, stack);
  const before = await numberIn(page, 'shared-now');
  await button(page, 'Send one ping').click();
  await expect(page.getByRole('status')).toHaveText('The ping was answered.');
  await numberWhen(page, 'shared-now', (value) => value === before + 1);

  await button(page, 'Start pinging').click();
  await numberWhen(page, 'answered', (value) => value > 50);
  await numberWhen(page, 'own-falls', (value) => value >= 3);
  const fell = (values: readonly (number | null)[]) =>
    values.some((value, i) => i > 0 && value !== null && value > (values[i - 1] ?? value));
  const shown = await shownWhen(
    page,
    'ten readings in both charts, the last one answered, with a decrease of the own count only',
    ({ own, shared, ownMisplaced, sharedMisplaced }) =>
      own.length === 10 &&
      own[0] !== null &&
      fell(own) &&
      !fell(shared) &&
      ownMisplaced.length + sharedMisplaced.length === 0,
  );
  expect(shown.source).toBe(`Worker ${shown.askedLast} responded.`);
  expect(shown.current).toEqual([`worker ${shown.askedLast}`]);
  await button(page, 'Stop pinging').click();
  await expect(page.getByRole('status')).toContainText('Stopped.');
  const stopped = await page.getByRole('status').innerText();
  const [reported, unanswered] = [/(\d+) were answered/, /(\d+) were not/].map((n) =>
    Number(n.exec(stopped)?.[1] ?? 0),
  ) as [number, number];
  // Pings in flight at the stop are still answered and counted.
  await poll(
    'as many pings counted as answered',
    async () => {
      // All numbers are read in one call, because the page may update between two calls.
      const [answered, counted, now] = await page.evaluate<[number, number, number]>(
        `['answered', 'shared-increase', 'shared-now'].map(
          (id) => Number(document.getElementById(id).textContent.replace(/\\D/g, '')))`,
      );
      const all = reported <= answered && answered <= counted && counted <= answered + unanswered;
      if (all && now === before + counted) return counted;
      throw new Error(`${answered} answered, ${unanswered} not, ${counted} counted, ${before} to ${now}`);
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
  expect(await page.locator('#workers li').count(), 'workers that answered').toBeGreaterThan(1);
});

test('killing a worker loses its own count and nothing of the shared count', async ({
  page,
  stack,
  complaints,
}) => {
  await open(page, stack);
  await button(page, 'Start pinging').click();
  await numberWhen(page, 'answered', (value) => value > 30);
  // Every worker has answered before one of them is killed.
  await expect(page.locator('#workers li')).toHaveCount(WORKERS);
  const old = (await stack.status()).workers.map(({ id }) => id);
  await shownWhen(page, 'no mark in the charts', ({ marks }) => marks.every((count) => count === 0));
  await button(page, 'Kill a worker').click();
  await expect(page.getByRole('status')).toContainText(/^Worker \d+ was killed/);
  const killed = Number(/\d+/.exec(await page.getByRole('status').innerText())?.[0]);
  expect(old).toContain(killed);
  await expect(page.locator('#workers li.killed span').first()).toHaveText(`worker ${killed}`);
  await expect(page.locator('#workers li.killed')).toHaveCount(1);
  await shownWhen(page, 'a mark in both charts', ({ marks }) => marks.every((count) => count === 1));
  const falls = await numberIn(page, 'own-falls');
  const counted = await numberIn(page, 'shared-now');
  await newWorkerAnswered(page, old);
  await numberWhen(page, 'own-falls', (value) => value > falls);
  await button(page, 'Stop pinging').click();
  expect(await numberIn(page, 'shared-falls')).toBe(0);
  expect(await numberIn(page, 'shared-now')).toBeGreaterThan(counted);
  await stack.settle();
  // nginx retries a request whose worker was killed, occasionally on another connection to the same worker: then the browser gets 502.
  const lost = complaints.findIndex((complaint) => /status of 502/.test(complaint));
  if (lost !== -1) complaints.splice(lost, 1);
});

test('while a worker is blocked, its own count is missing and the shared count is shown', async ({
  page,
  stack,
}) => {
  await open(page, stack);
  let attempts = 0;
  // The block may end before the page requests that worker: then the test blocks another one.
  await poll(
    'a gap in the own count and none in the shared count',
    async () => {
      if (attempts++ % 12 === 0) await button(page, 'Block a worker for 4 s').click();
      const rows = await page
        .locator('#readings tr')
        .evaluateAll((all) => all.map(({ textContent }) => textContent));
      return rows.some((row) => /no answer–\d/.test(row ?? '')) || undefined;
    },
    { deadlineMs: DEADLINE_MS, everyMs: 500 },
  );
  await stack.settle();
});

test('after a reload each new worker starts at 0, and the shared count continues', async ({
  page,
  stack,
}) => {
  await open(page, stack);
  const old = (await stack.status()).workers.map(({ id }) => id);
  await button(page, 'Start pinging').click();
  await numberWhen(page, 'answered', (value) => value > 30);
  const counted = await numberIn(page, 'shared-now');
  await button(page, 'Reload all workers').click();
  await poll(
    'new workers',
    async () => {
      const { workers, reloading } = await stack.status();
      return (!reloading && workers.every(({ id }) => !old.includes(id))) || undefined;
    },
    { deadlineMs: RELOAD_DEADLINE_MS },
  );
  const replacedAt = await numberIn(page, 'shared-now');
  const { askedLast, own, shared } = await shownWhen(
    page,
    'an answer of a new worker, and an increased shared count',
    (shown) => Number(shown.askedLast) > Math.max(...old) && Number(shown.shared[0]) > replacedAt,
  );
  // A worker increases its own count before it answers; the shared count follows.
  const since = Number(shared[0]) - counted + MOST_IN_FLIGHT;
  expect(
    own[0],
    `own count of worker ${askedLast}, at most the ${since} pings since the start of the reload`,
  ).toBeLessThanOrEqual(since);
  await numberWhen(page, 'own-falls', (value) => value > 0);
  await button(page, 'Stop pinging').click();
  expect(await numberIn(page, 'shared-falls')).toBe(0);
  await stack.settle();
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`in ${colorScheme} mode, the page fits narrow and wide screens and axe-core finds no violation`, async ({
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

test('pings, their rate and the table of readings work with the keyboard alone', async ({ page, stack }) => {
  // Records the last interval between pings that the page sets.
  await page.addInitScript(`{
    const plain = setInterval;
    globalThis.setInterval = (run, ms, ...more) => plain(run, (globalThis.lastInterval = ms), ...more);
  }`);
  const interval = () => page.evaluate<number>('lastInterval');
  await open(page, stack);
  const tabTo = async (name: string, key = 'Tab') => {
    await poll(
      `the focus on ${name}`,
      async () => {
        await page.keyboard.press(key);
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
  expect(await interval()).toBe(1000 / 20);
  await tabTo('rate');
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('slider', { name: 'Pings per second' })).toHaveValue('21');
  await expect(page.locator('#rate-shown')).toHaveText('21');
  await expect(page.getByRole('status')).toHaveText('Sending 21 pings per second.');
  expect(await interval()).toBe(1000 / 21);
  const answered = await numberIn(page, 'answered');
  await numberWhen(page, 'answered', (value) => value > answered + 3);
  await tabTo('Stop pinging', 'Shift+Tab');
  await page.keyboard.press('Space');
  await expect(button(page, 'Start pinging')).toBeFocused();
  await tabTo('The last readings, as a table');
  await page.keyboard.press('Enter');
  await expect(
    page.getByRole('table', { name: 'The last ten readings' }).getByRole('row').nth(1),
  ).toBeVisible();
  await expect(page.getByRole('img', { name: /the shared count.*now \d/ })).toBeVisible();
});

test('the Content-Security-Policy of the page allows only its own files and nothing inline', async ({
  page,
  stack,
}) => {
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
  const requested = await page.evaluate<string[]>(
    "performance.getEntriesByType('resource').map(({ name }) => name)",
  );
  expect(requested.length).toBeGreaterThan(5);
  expect(requested.filter((url) => !url.startsWith(stack.publicUrl))).toEqual([]);
});

test('other files in the folder of the page are not served', async ({ page, stack }) => {
  for (const path of ['tsconfig.json', 'readings.test.ts', 'vendor/LICENSE', 'index.html', '../nginx.conf']) {
    const { status } = await page.request
      .get(`${stack.publicUrl}/page/${path}`)
      .then((a) => ({ status: a.status() }));
    expect(status, path).toBe(404);
  }
  expect((await page.request.get(`${stack.publicUrl}/page/main.js`)).status()).toBe(200);
});

test('with METRICS=0 the page shows the reason instead of the shared count, and without DEMO_CONTROLS no fault buttons', async ({
  page,
}) => {
  test.setTimeout(START_TIMEOUT_MS);
  const stack = await ComposeStack.start({ sharing: true, environment: { METRICS: '0', DEMO_CONTROLS: '' } });
  try {
    await page.goto(`${stack.publicUrl}/`);
    await expect(page.getByRole('alert')).toContainText('METRICS=0');
    await button(page, 'Send one ping').click();
    await numberWhen(page, 'own-now', (value) => value >= 0);
    await expect(page.locator('#shared-now')).toHaveText('–');
    for (const name of ['Kill a worker', 'Block a worker for 4 s', 'Reload all workers']) {
      await expect(button(page, name)).toBeHidden();
    }
    await expect(page.getByText('DEMO_CONTROLS=1')).toBeVisible();
  } finally {
    await page.close();
    await stack.down();
  }
});
