import { type Exposition, total } from '../../test-kit/exposition.ts';
import type { Decrease } from '../../test-kit/monotonic.ts';
import { scrape } from '../../test-kit/scrape.ts';
import { type Ledger, METHODS, type Method } from '../account/ledger.ts';
import { changeBetween } from '../account/scrape-change.ts';
import type { FaultWindows } from './windows.ts';

const EVERY_MS = 100;
const TIMEOUT_MS = 20_000;
/** Most attempts of nginx per request. */
const TRIES = 3;
/** Most requests of other clients than the load. */
const OTHERS_REQUESTS = 100;

/** Requests that the app counted, by counter and by histogram. */
export type Counts = Record<Method, { readonly counter: number; readonly histogram: number }>;

export const NOTHING: Counts = { GET: { counter: 0, histogram: 0 }, POST: { counter: 0, histogram: 0 } };

export interface ScrapesReport {
  scrapes: number;
  /** Failed scrapes by the fault that explains them. */
  readonly failed: Record<string, number>;
  readonly unexplained: string[];
  readonly decreases: Decrease[];
  /** Scrapes in which every series was reset together. */
  resets: number;
  /** Scrapes without the count of a request that was answered before they began. */
  readonly behind: string[];
  slowestMs: number;
}

/** Counts of the load's requests: to /ping, or shed or rejected before they reached a route. No other client sends such requests. */
export function countsOf(exposition: Exposition): Counts {
  const of = (name: string, method: Method) =>
    total(exposition, name, { method, route: '/ping' }) +
    total(exposition, name, { method, route: 'unmatched' });
  const both = (method: Method) => ({
    counter: of('http_requests_total', method),
    histogram: of('http_request_duration_seconds_count', method),
  });
  return { GET: both('GET'), POST: both('POST') };
}

/** Scrapes every 100 ms, and compares each scrape with the one before it and with the requests answered before it began. */
export class Scrapes {
  readonly report: ScrapesReport = {
    scrapes: 0,
    failed: {},
    unexplained: [],
    decreases: [],
    resets: 0,
    behind: [],
    slowestMs: 0,
  };
  /** Largest number of slot files since the app started. */
  mostSlots = 0;
  /** `prom_multiproc_unreadable_slots` of the last scrape. */
  unreadable = 0;
  /** Counts at the start of the interval. A scrape must show at least these plus the requests answered since. */
  base: Counts = NOTHING;
  /** True while files are damaged, when counts may be lost. */
  lossAllowed = false;
  readonly #url: string;
  readonly #ledger: Ledger;
  readonly #windows: FaultWindows;
  #before: { readonly exposition: Exposition; readonly runStage: number | undefined } | undefined;
  #stopped = false;
  readonly #loop: Promise<void>;

  constructor(url: string, ledger: Ledger, windows: FaultWindows) {
    this.#url = url;
    this.#ledger = ledger;
    this.#windows = windows;
    this.#loop = this.#run();
  }

  /** Scrapes now. @throws Error if the scrape fails */
  async next(): Promise<Exposition> {
    return scrape(this.#url, TIMEOUT_MS);
  }

  endRestart(): void {
    this.mostSlots = 0;
  }

  async stop(): Promise<ScrapesReport> {
    this.#stopped = true;
    await this.#loop;
    return this.report;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const began = performance.now();
      await this.#once();
      const restMs = Math.max(0, EVERY_MS - (performance.now() - began));
      await new Promise((resolve) => setTimeout(resolve, restMs));
    }
    await this.#once();
  }

  async #once(): Promise<void> {
    const { stage, bounds } = this.#ledger;
    const floor = { GET: bounds.GET.answered, POST: bounds.POST.answered };
    const [base, began] = [this.base, Date.now()];
    let exposition: Exposition;
    try {
      exposition = await scrape(this.#url, TIMEOUT_MS);
    } catch (error) {
      this.#failed(began, error as Error);
      return;
    }
    const now = Date.now();
    const counts = countsOf(exposition);
    this.report.scrapes += 1;
    this.report.slowestMs = Math.max(this.report.slowestMs, now - began);
    this.unreadable = total(exposition, 'prom_multiproc_unreadable_slots');
    if (stage === this.#ledger.stage) {
      this.mostSlots = Math.max(this.mostSlots, total(exposition, 'prom_multiproc_slots'));
    }
    this.#compare(exposition, stage, now);
    // The interval or a restart may have changed the base during the scrape.
    if (stage % 2 === 0 && stage === this.#ledger.stage && base === this.base && !this.lossAllowed) {
      for (const method of METHODS) this.#requireAnswered(method, base, floor[method], counts, now);
    }
  }

  #compare(exposition: Exposition, stageAtBegin: number, at: number): void {
    const { stage } = this.#ledger;
    const before = this.#before;
    // Undefined if a restart began during the scrape: it may show old or new values.
    const runStage = stageAtBegin === stage && stage % 2 === 0 ? stage : undefined;
    this.#before = { exposition, runStage };
    if (before === undefined) return;
    const sameStage = runStage !== undefined && before.runStage === runStage;
    const since = sameStage ? undefined : this.#ledger.sentSinceRestart * TRIES + OTHERS_REQUESTS;
    const change = changeBetween(before.exposition, exposition, at, since);
    if (change.kind === 'reset') this.report.resets += 1;
    if (change.kind === 'decreased') this.report.decreases.push(...change.decreases);
  }

  #requireAnswered(method: Method, base: Counts, answered: number, counts: Counts, at: number): void {
    for (const which of ['counter', 'histogram'] as const) {
      const least = base[method][which] + answered;
      if (counts[method][which] >= least) continue;
      this.report.behind.push(
        `${new Date(at).toISOString()} ${method} ${which}: ${counts[method][which]}, but ${least} were answered before`,
      );
    }
  }

  #failed(began: number, error: Error): void {
    const cause = error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
    const window = this.#windows.at(['application', 'proxy'], began, Date.now());
    if (window === undefined) {
      this.report.unexplained.push(`${new Date(began).toISOString()} ${cause}`);
      return;
    }
    this.report.failed[window.what] = (this.report.failed[window.what] ?? 0) + 1;
  }
}
