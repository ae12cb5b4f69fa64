import type { IncomingMessage, ServerResponse } from 'node:http';
import { log } from '../core/log.ts';

/** Longest wait for the final scrape. Grace periods of everything that ends the application must exceed it and the drain. */
export const FINAL_SCRAPE_MAX_MS = 15_000;
/** The wait exceeds the interval by this part of it, and by at least this time: a scrape may be late. */
const LATENESS = 0.2;
const LEAST_LATENESS_MS = 1_000;
const KEPT_INTERVALS = 2;
/** A scraper that has missed this number of intervals is gone. */
const MISSED = 2;
/** Prometheus, and what is compatible with it, sends this header with each scrape. */
const SCRAPE_HEADER = 'x-prometheus-scrape-timeout-seconds';

interface Scraper {
  /** Time of its last scrape. */
  last: number;
  /** The last two: after a late scrape the next interval is short. */
  readonly intervals: number[];
  readonly isPrometheus: boolean;
}

/**
 * Observes who scrapes the totals, so that a planned end can wait until each of them has seen the last counts. A scraper is a remote
 * address with a User-Agent: scrapers behind one address that call themselves the same count as one.
 */
export class FinalScrape {
  readonly #now: () => number;
  readonly #scrapers = new Map<string, Scraper>();
  /** Scrapers that have not scraped since the wait began; undefined before it. */
  #missing: Set<string> | undefined;
  #began = 0;
  #complete: () => void = () => {};

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Call it for each request to the metrics server. */
  readonly onRequest = (req: IncomingMessage, res: ServerResponse): void => {
    if (req.method !== 'GET' || !/^\/metrics(\?|$)/.test(req.url ?? '')) return;
    const began = this.#now();
    const name = `${req.socket.remoteAddress} ${req.headers['user-agent'] ?? ''}`;
    const isPrometheus = req.headers[SCRAPE_HEADER] !== undefined;
    res.once('finish', () => {
      if (res.statusCode === 200) this.scraped(name, began, isPrometheus);
    });
  };

  /**
   * Records a scrape that was answered.
   * @param began when its request arrived: only what was counted before is certain to be in it
   * @param isPrometheus counts as a scraper from its first scrape on, others from their second
   */
  scraped(name: string, began: number, isPrometheus: boolean): void {
    const known = this.#scrapers.get(name);
    if (known !== undefined) {
      if (known.intervals.push(began - known.last) > KEPT_INTERVALS) known.intervals.shift();
      known.last = began;
    } else {
      this.#forgetGone();
      this.#scrapers.set(name, { last: began, intervals: [], isPrometheus });
    }
    if (began >= this.#began && this.#missing?.delete(name) && this.#missing.size === 0) this.#complete();
  }

  /**
   * Waits until each scraper of its last two intervals has scraped once more, at most 1.2 of the longest interval, or 1 s more than it,
   * and at most 15 s. Call it when nothing is counted any more.
   */
  async wait(): Promise<void> {
    this.#began = this.#now();
    this.#forgetGone();
    const waitedFor = [...this.#scrapers].flatMap(([name, scraper]) => {
      const interval = longestInterval(scraper);
      return interval === undefined ? [] : [{ name, interval }];
    });
    if (waitedFor.length === 0) return;
    const longest = Math.max(...waitedFor.map(({ interval }) => interval));
    const limitMs = Math.min(longest + Math.max(LATENESS * longest, LEAST_LATENESS_MS), FINAL_SCRAPE_MAX_MS);
    const missing = new Set(waitedFor.map(({ name }) => name));
    this.#missing = missing;
    log('info', 'waiting for the final scrape', { scrapers: missing.size, limit_ms: Math.round(limitMs) });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#complete = resolve;
    const timer = setTimeout(resolve, limitMs);
    await promise;
    clearTimeout(timer);
    if (missing.size === 0)
      log('info', 'final scrape done', { after_ms: Math.round(this.#now() - this.#began) });
    else log('warn', 'a scraper did not come for the final scrape', { scrapers: [...missing] });
  }

  #forgetGone(): void {
    const now = this.#now();
    for (const [name, scraper] of this.#scrapers) {
      const interval = longestInterval(scraper) ?? FINAL_SCRAPE_MAX_MS;
      if (now - scraper.last > MISSED * interval) this.#scrapers.delete(name);
    }
  }
}

/** Undefined if it is not known. Of a Prometheus that has scraped once, the longest that is waited for. */
function longestInterval({ intervals, isPrometheus }: Scraper): number | undefined {
  if (intervals.length > 0) return Math.max(...intervals);
  return isPrometheus ? FINAL_SCRAPE_MAX_MS : undefined;
}
