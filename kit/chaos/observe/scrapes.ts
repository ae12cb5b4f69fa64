import { type Exposition, total } from '../../test-kit/exposition.ts';
import type { Decrease } from '../../test-kit/monotonic.ts';
import { scrape } from '../../test-kit/scrape.ts';
import { type Ledger, METHODS, type Method } from '../account/ledger.ts';
import { changeBetween } from '../account/lives.ts';
import type { FaultWindows } from './windows.ts';

const EVERY_MS = 100;
const TIMEOUT_MS = 20_000;
/** nginx tries a request at most so often; health checks and readiness come on top. */
const TRIES = 3;
const OTHERS_REQUESTS = 100;

/** What the application says it counted, in each of the metrics that count its requests. */
export type Counts = Record<Method, { readonly counter: number; readonly histogram: number }>;

export const NOTHING: Counts = { GET: { counter: 0, histogram: 0 }, POST: { counter: 0, histogram: 0 } };

export interface ScrapesReport {
  scrapes: number;
  /** By the fault that explains them. */
  readonly failed: Record<string, number>;
  readonly unexplained: string[];
  readonly decreases: Decrease[];
  /** Times that every series was set back together. */
  resets: number;
  /** Scrapes that lacked something which had been answered before they began. */
  readonly behind: string[];
  slowestMs: number;
}

/**
 * Requests of the load, and of nobody else: to /ping, which takes no POST, or turned away before they came to any route.
 * Nobody else asks the app for what it does not have.
 */
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

/** A scrape every 100 ms, each held against the one before it and against what had been answered when it began. */
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
  /** Most slot files at one time since the application began to live. */
  mostSlots = 0;
  /** Slots that could not be trusted, in the last scrape. */
  unreadable = 0;
  /** Added to what was counted when the book was opened, this is the least that a scrape must show. */
  base: Counts = NOTHING;
  /** Whether counts may be lost on purpose, as while files are damaged. */
  lossAllowed = false;
  readonly #url: string;
  readonly #ledger: Ledger;
  readonly #windows: FaultWindows;
  #before: { readonly exposition: Exposition; readonly life: number | undefined } | undefined;
  #stopped = false;
  readonly #loop: Promise<void>;

  constructor(url: string, ledger: Ledger, windows: FaultWindows) {
    this.#url = url;
    this.#ledger = ledger;
    this.#windows = windows;
    this.#loop = this.#run();
  }

  /** The next scrape that begins from now on. */
  async next(): Promise<Exposition> {
    return scrape(this.#url, TIMEOUT_MS);
  }

  beginLife(): void {
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
    const { stage, pages } = this.#ledger;
    const floor = { GET: pages.GET.answered, POST: pages.POST.answered };
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
    // A slot that is held while another file took its place counts twice.
    this.unreadable = total(exposition, 'prom_multiproc_unreadable_slots');
    if (stage === this.#ledger.stage) {
      this.mostSlots = Math.max(this.mostSlots, total(exposition, 'prom_multiproc_slots'));
    }
    this.#compare(exposition, stage, now);
    // The page may have been turned, or the life ended, while it was taken.
    if (stage % 2 === 0 && stage === this.#ledger.stage && base === this.base && !this.lossAllowed) {
      for (const method of METHODS) this.#requireAnswered(method, base, floor[method], counts, now);
    }
  }

  #compare(exposition: Exposition, stageAtBegin: number, at: number): void {
    const { stage } = this.#ledger;
    const before = this.#before;
    // Undefined where the life ended while it was taken: it may show either.
    const life = stageAtBegin === stage && stage % 2 === 0 ? stage : undefined;
    this.#before = { exposition, life };
    if (before === undefined) return;
    const sameLife = life !== undefined && before.life === life;
    const since = sameLife ? undefined : this.#ledger.sentSinceEndOfLife * TRIES + OTHERS_REQUESTS;
    const change = changeBetween(before.exposition, exposition, at, since);
    if (change.kind === 'set back') this.report.resets += 1;
    if (change.kind === 'fell') this.report.decreases.push(...change.decreases);
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
