import { difficultClients } from '../../kit/test-kit/difficult-clients.ts';
import { type Exposition, total } from '../../kit/test-kit/exposition.ts';
import { startLoad } from '../../kit/test-kit/load.ts';
import { startOpenLoop } from '../../kit/test-kit/open-loop.ts';
import { scrape } from '../../kit/test-kit/scrape.ts';
import { startScraping } from '../../kit/test-kit/scraping.ts';
import { poll, pollUntilStable } from '../../packages/prom-multiproc/test/support/poll.ts';
import { expect, test } from '../support/compose-fixtures.ts';
import { ComposeStack } from '../support/compose-stack.ts';

const OVERRIDES = ['kit/test-kit/load.compose.yml', 'e2e/fixtures/short-wait.compose.yml'];
/** Fewer requests at a time than nginx passes on, and ten times what a worker may start in one turn. */
const OVERLOAD = { rate: 4_000, durationMs: 60, maxConnections: 160, timeoutMs: 60_000 };
/** All at the same time, before nginx has a connection to the app: a worker accepts one connection per turn. */
const BURST = { rate: 100_000, durationMs: 1, maxConnections: 100, timeoutMs: 60_000 };
/** More requests at a time than nginx passes on (`max_conns`). */
const FULL = { rate: 100_000, durationMs: 4, maxConnections: 400, timeoutMs: 60_000 };
const WAIT = '/wait?ms=8000';
const WORK = '/work?ms=10';
const EACH = 5;
const TIMEOUT_MS = 10_000;
const START_TIMEOUT_MS = 15 * 60_000;

interface Counts {
  readonly work: number;
  readonly unavailable: number;
  readonly shed: number;
  readonly aborted: number;
  readonly halfSent: number;
  readonly slow: number;
  readonly longLived: number;
}

function countsOf(shown: Exposition): Counts {
  const requests = (labels: Record<string, string>) => total(shown, 'http_requests_total', labels);
  return {
    work: requests({ route: '/work', status: '200' }),
    unavailable: requests({ status: '503' }),
    shed: total(shown, 'app_requests_shed_total'),
    aborted: requests({ route: '/aborted' }),
    halfSent: requests({ route: '/half-sent' }),
    slow: requests({ route: '/ping', status: '200' }),
    longLived: requests({ route: '/stream', status: '200' }),
  };
}

const counts = (stack: ComposeStack): Promise<Counts> =>
  pollUntilStable(
    'the counts',
    async () => countsOf(await scrape(`${stack.metricsUrl}/metrics`, TIMEOUT_MS)),
    {
      deadlineMs: 60_000,
      forMs: 500,
    },
  );

test.describe(() => {
  let stack: ComposeStack;
  test.beforeAll(async () => {
    test.setTimeout(START_TIMEOUT_MS);
    stack = await ComposeStack.start({ sharing: true, overrides: OVERRIDES });
  });
  test.afterAll(async () => {
    await stack?.down();
  });

  test('requests that wait in connections not yet accepted are shed too', async () => {
    const before = await counts(stack);
    const { byStatus, byCause } = await startOpenLoop({ ...BURST, url: stack.publicUrl + WORK }).done;
    const { 200: admitted = 0, 503: shed = 0, ...others } = byStatus;
    expect([others, byCause]).toEqual([{}, {}]);
    expect(admitted).toBeGreaterThan(0);
    expect(shed).toBeGreaterThan(0);
    const after = await counts(stack);
    expect([after.work - before.work, after.shed - before.shed], 'admitted and shed').toEqual([
      admitted,
      shed,
    ]);
    console.log(`shedding: of ${BURST.maxConnections} at one time ${admitted} admitted, ${shed} shed`);
  });

  test('under overload requests are shed with 503 and Retry-After, all are counted, and shedding stops afterwards', async () => {
    const before = await counts(stack);
    const scraping = startScraping({
      url: `${stack.metricsUrl}/metrics`,
      everyMs: 100,
      timeoutMs: TIMEOUT_MS,
    });
    const { report, done } = startOpenLoop({ ...OVERLOAD, url: stack.publicUrl + WORK });
    await poll('responses with 503', () => ((report.byStatus[503] ?? 0) > 0 ? true : undefined), {
      deadlineMs: 60_000,
    });
    expect((await fetch(`${stack.publicUrl}/readyz`)).status, 'ready during the overload').toBe(200);
    await done;
    await scraping.stop();

    const { 200: admitted = 0, 503: shed = 0, ...others } = report.byStatus;
    expect(others).toEqual({});
    expect(report.byCause).toEqual({});
    expect(admitted).toBeGreaterThan(0);
    expect(shed).toBeGreaterThan(0);
    expect(report.withoutRetryAfter).toBe(0);
    const after = await counts(stack);
    expect(after.work - before.work, 'admitted').toBe(admitted);
    expect(after.unavailable - before.unavailable, 'responses with 503').toBe(shed);
    expect(after.shed - before.shed, 'shed').toBe(shed);
    expect(scraping.report.failed).toEqual({});
    expect(scraping.report.decreases).toEqual([]);

    const calm = { connections: 1, maxRequests: 50, durationMs: 60_000, requestTimeoutMs: TIMEOUT_MS };
    const { byStatus } = await startLoad({ ...calm, url: stack.publicUrl + WORK }).done;
    expect(byStatus, 'afterwards').toEqual({ 200: calm.maxRequests });
    console.log(
      `shedding: ${report.intended} sent, ${admitted} admitted, ${shed} shed, all counted; ` +
        `${scraping.report.scrapes} scrapes meanwhile`,
    );
  });

  test('with as many requests in the app as nginx passes on, the next gets 503 at once, and health checks are answered', async () => {
    const { report, done } = startOpenLoop({ ...FULL, url: stack.publicUrl + WAIT });
    await poll('responses with 503', () => ((report.byStatus[503] ?? 0) > 0 ? true : undefined), {
      deadlineMs: 60_000,
    });
    const health = await Promise.all(['/livez', '/readyz'].map((path) => fetch(stack.publicUrl + path)));
    expect(health.map(({ status }) => status)).toEqual([200, 200]);
    expect(report.byStatus[200], 'all are still in the app').toBeUndefined();
    await done;
    const { 200: admitted = 0, 503: shed = 0, ...others } = report.byStatus;
    expect([others, report.byCause]).toEqual([{}, {}]);
    expect(admitted + shed).toBe(report.intended);
    expect(report.withoutRetryAfter).toBe(0);
  });

  test('long-lived, slow, aborted and half-sent requests are each accounted for', async () => {
    const before = await counts(stack);
    const outcomes = await difficultClients(stack.publicUrl, EACH, 1);
    const after = await counts(stack);
    console.log(`difficult clients: ${JSON.stringify(outcomes)}`);
    expect(outcomes['long-lived'], 'whole').toEqual({ 200: EACH });
    expect(outcomes.slow).toEqual({ 200: EACH });
    expect(outcomes.aborted).toEqual({ aborted: EACH });
    expect(outcomes['half-sent']['still open'], 'cut off by nginx').toBeUndefined();
    expect(after.longLived - before.longLived).toBe(EACH);
    expect(after.slow - before.slow).toBe(EACH);
    expect(after.aborted - before.aborted, 'each is counted once').toBe(EACH);
    expect(after.halfSent - before.halfSent, 'never reached the app').toBe(0);
  });
});
