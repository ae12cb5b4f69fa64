import type { LoadStack } from './stack.ts';
import { allAnswered, p99, trial } from './trial.ts';

const SCRAPE_EVERY_MS = 1000;
const SCRAPE_TIMEOUT_MS = 10_000;

export interface ScrapingSide {
  readonly p99: number;
  readonly longestStallMs: number;
  readonly scrapeMs: readonly number[];
  readonly scrapeBytes: number;
}

/**
 * Sends load with or without one scrape per second. Reads event-loop stalls from the log of the primary.
 * @throws Error if a request fails
 */
export async function scrapingSide(
  stack: LoadStack,
  { rate, seconds, scraped }: { readonly rate: number; readonly seconds: number; readonly scraped: boolean },
): Promise<ScrapingSide> {
  const since = new Date();
  const scrapeMs: number[] = [];
  let scrapeBytes = 0;
  const load = trial({ url: `${stack.publicUrl}/ping`, rate, seconds });
  if (scraped) {
    const ends = performance.now() + seconds * 1000;
    while (performance.now() < ends) {
      const began = performance.now();
      scrapeBytes = await scrapeOnce(`${stack.metricsUrl}/metrics`);
      scrapeMs.push(performance.now() - began);
      await new Promise((resolve) =>
        setTimeout(resolve, Math.max(0, began + SCRAPE_EVERY_MS - performance.now())),
      );
    }
  }
  const report = await load;
  if (!allAnswered(report))
    throw new Error(`some requests were not answered: ${JSON.stringify(report.byStatus)}`);
  const stalls = (await stack.log(since)).flatMap((line) =>
    line.includes('primary stall') ? [Number((JSON.parse(line) as { ms: number }).ms)] : [],
  );
  return { p99: p99(report), longestStallMs: Math.max(...stalls), scrapeMs, scrapeBytes };
}

/** Scrapes with gzip as Prometheus does; returns the uncompressed size in bytes. */
async function scrapeOnce(url: string): Promise<number> {
  const response = await fetch(url, {
    headers: { 'Accept-Encoding': 'gzip' },
    signal: AbortSignal.timeout(SCRAPE_TIMEOUT_MS),
  });
  const { byteLength } = await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
  return byteLength;
}
