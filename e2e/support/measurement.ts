import { type LoadReport, startLoad } from '../../kit/test-kit/load.ts';
import { type ScrapingReport, startScraping } from '../../kit/test-kit/scraping.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { Random } from '../../packages/prom-multiproc/test/support/random.ts';
import { startKilling } from './killing.ts';
import type { Stack } from './stack.ts';

const CONNECTIONS = 12;
/** Leaves CPU time to workers that start. */
const PAUSE_MS = 5;
const SCRAPE_EVERY_MS = 100;
const KILL_EVERY_MS = 1_000;
const REQUEST_TIMEOUT_MS = 15_000;
const SCRAPE_TIMEOUT_MS = 20_000;
const MAX_REQUESTS = 200_000;
const MAX_DURATION_MS = 240_000;

export interface Measurement {
  readonly seed: number;
  readonly seconds: number;
  readonly load: LoadReport;
  readonly scraping: ScrapingReport;
  readonly kills: number;
}

export interface MeasurementOptions {
  readonly scrapeUrl: string;
  /** The measurement lasts at least `seconds`, and until `kills` workers were killed. */
  readonly seconds: number;
  readonly kills: number;
  readonly seed: number;
}

/** Sends load to /ping, scrapes every 100 ms and kills a random worker every second, all at the same time. */
export async function measureUnderKills(
  stack: Stack,
  { scrapeUrl, seconds, kills, seed }: MeasurementOptions,
): Promise<Measurement> {
  console.log(`e2e: seed ${seed} (repeat with E2E_SEED=${seed})`);
  const began = Date.now();
  const scraping = startScraping({ url: scrapeUrl, everyMs: SCRAPE_EVERY_MS, timeoutMs: SCRAPE_TIMEOUT_MS });
  const load = startLoad({
    url: `${stack.publicUrl}/ping`,
    connections: CONNECTIONS,
    pauseMs: PAUSE_MS,
    maxRequests: MAX_REQUESTS,
    durationMs: MAX_DURATION_MS,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
  });
  const killing = startKilling(stack, KILL_EVERY_MS, new Random(seed));
  try {
    const enough = () => Date.now() - began >= seconds * 1_000 && killing.killed.length >= kills;
    await poll(`${kills} kills`, () => (enough() || killing.failed() ? true : undefined), {
      deadlineMs: MAX_DURATION_MS,
    });
  } finally {
    // Scraping stops last, so the last scrape shows all requests and kills.
    await Promise.allSettled([load.stop(), killing.stop()]).then(() => scraping.stop());
  }
  await killing.stop();
  return {
    seed,
    seconds: (Date.now() - began) / 1_000,
    load: load.report,
    scraping: scraping.report,
    kills: killing.killed.length,
  };
}

export function figures({ seed, seconds, load, scraping, kills }: Measurement): string {
  const failed = Object.entries({ ...load.byCause, ...otherThanOk(load.byStatus) }).map(
    ([k, n]) => `${k} x${n}`,
  );
  const lost = Object.entries(scraping.failed).map(([k, n]) => `${k} x${n}`);
  return [
    `${load.sent} requests in ${seconds.toFixed(1)} s`,
    `${load.byStatus[200] ?? 0} answered 200`,
    `others: ${failed.join(', ') || 'none'}`,
    `${kills} kills`,
    `${scraping.scrapes} scrapes, failed: ${lost.join(', ') || 'none'}, slowest ${scraping.slowestMs.toFixed(0)} ms`,
    `${scraping.decreases.length} decreases`,
    `seed ${seed}`,
  ].join('; ');
}

function otherThanOk(byStatus: Readonly<Record<string, number>>): Record<string, number> {
  const others = Object.entries(byStatus).filter(([status]) => status !== '200');
  return Object.fromEntries(others.map(([status, n]) => [`status ${status}`, n]));
}
