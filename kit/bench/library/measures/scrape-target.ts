import { CaseProcess } from '../case-process.ts';
import { RawScraper } from '../raw-scrape.ts';

export type Kind = 'counters' | 'histograms';

export interface Size {
  readonly kind: Kind;
  readonly series: number;
  readonly workers: number;
}

/** Whatever serves /metrics in a process of its own, with one connection to it. */
export class ScrapeTarget {
  readonly #case: CaseProcess;
  readonly #scraper: RawScraper;

  private constructor(process: CaseProcess, scraper: RawScraper) {
    this.#case = process;
    this.#scraper = scraper;
  }

  static cluster(side: string, { kind, series, workers }: Size): Promise<ScrapeTarget> {
    return ScrapeTarget.#start('cluster', [side, kind, String(series), String(workers)]);
  }

  static bareHttp(bytes: number): Promise<ScrapeTarget> {
    return ScrapeTarget.#start('bare-http', [String(bytes)]);
  }

  static async #start(name: string, args: readonly string[]): Promise<ScrapeTarget> {
    const started = await CaseProcess.start<number>(name, args);
    try {
      return new ScrapeTarget(started.case, await RawScraper.connect(started.ready));
    } catch (error) {
      await started.case.end();
      throw error;
    }
  }

  /** Milliseconds of one scrape. */
  async scrape(): Promise<number> {
    const { ms, status, body } = await this.#scraper.scrape();
    if (status !== 200) throw new Error(`a scrape was answered ${status}: ${body.toString('utf8', 0, 200)}`);
    return ms;
  }

  async body(): Promise<string> {
    return (await this.#scraper.scrape()).body.toString('utf8');
  }

  /** Each worker counts once in each series. */
  async count(): Promise<void> {
    await this.#case.ask('count');
  }

  /** The longest time in milliseconds that the event loop of the primary stood still during a scrape. */
  async stall(): Promise<number> {
    await this.#case.ask('watch');
    await this.scrape();
    return this.#case.ask<number>('longest-stall');
  }

  async end(): Promise<void> {
    this.#scraper.close();
    await this.#case.end();
  }
}

/** Starts one for each side, one after the other, and ends all of them whatever comes. */
export async function withTargets<T>(
  sides: readonly string[],
  start: (side: string) => Promise<ScrapeTarget>,
  use: (target: (side: string) => ScrapeTarget) => Promise<T>,
): Promise<T> {
  const targets = new Map<string, ScrapeTarget>();
  try {
    for (const side of sides) targets.set(side, await start(side));
    return await use((side) => targets.get(side)!);
  } finally {
    await Promise.all([...targets.values()].map((target) => target.end()));
  }
}
