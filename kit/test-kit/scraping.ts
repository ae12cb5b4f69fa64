import type { Exposition } from './exposition.ts';
import { type Decrease, MonotonicWatch } from './monotonic.ts';
import { AnswerError, scrape } from './scrape.ts';

export interface ScrapingReport {
  scrapes: number;
  /** Failed scrapes, by status or cause. */
  readonly failed: Record<string, number>;
  /** The first failure in full. */
  firstFailure: string | undefined;
  readonly decreases: Decrease[];
  slowestMs: number;
}

export interface Scraping {
  readonly report: ScrapingReport;
  stop(): Promise<ScrapingReport>;
}

export interface ScrapingOptions {
  readonly url: string;
  readonly everyMs: number;
  readonly timeoutMs: number;
  /** Called with each successful scrape, in order. */
  readonly onScrape?: (exposition: Exposition, at: number) => void;
}

/** Scrapes every `everyMs` and checks for decreases. Scrapes do not overlap: a slow one delays the next. */
export function startScraping({ url, everyMs, timeoutMs, onScrape }: ScrapingOptions): Scraping {
  const watch = new MonotonicWatch();
  const report: ScrapingReport = {
    scrapes: 0,
    failed: {},
    firstFailure: undefined,
    decreases: watch.decreases,
    slowestMs: 0,
  };
  let stopped = false;

  const once = async (): Promise<void> => {
    const began = performance.now();
    let exposition: Exposition | undefined;
    try {
      exposition = await scrape(url, timeoutMs);
    } catch (error) {
      const why = causeOf(error);
      report.firstFailure ??= String(error);
      report.failed[why] = (report.failed[why] ?? 0) + 1;
    }
    const took = performance.now() - began;
    report.slowestMs = Math.max(report.slowestMs, took);
    if (exposition) {
      const at = Date.now();
      report.scrapes += 1;
      watch.take(exposition, at);
      onScrape?.(exposition, at);
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, everyMs - took)));
  };

  const loop = (async () => {
    while (!stopped) await once();
    // The last scrape begins after stop(), so it includes everything that happened before.
    await once();
  })();
  return {
    report,
    async stop() {
      stopped = true;
      await loop;
      return report;
    },
  };
}

function causeOf(error: unknown): string {
  if (error instanceof AnswerError) return `status ${error.status}`;
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
