import { CaseProcess } from '../case-process.ts';
import { RawScraper } from '../raw-scrape.ts';

export type Kind = 'counters' | 'histograms';

export interface Size {
  readonly kind: Kind;
  readonly series: number;
  readonly workers: number;
}

/** A case process that serves /metrics, with one connection to it. */
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

  /** Milliseconds of one scrape in the format that `accept` prefers. @throws Error unless the status is 200 */
  async scrape(accept?: string): Promise<number> {
    const { ms, status, body } = await this.#scraper.scrape(accept);
    if (status !== 200)
      throw new Error(`scrape failed with status ${status}: ${body.toString('utf8', 0, 200)}`);
    return ms;
  }

  async body(): Promise<string> {
    return (await this.#scraper.scrape()).body.toString('utf8');
  }

  async bytes(accept?: string): Promise<number> {
    return (await this.#scraper.scrape(accept)).body.length;
  }

  /** Makes each worker count once in each series. */
  async count(): Promise<void> {
    await this.#case.request('count');
  }

  /** Longest stall of the primary's event loop during a scrape, in milliseconds. */
  async stall(): Promise<number> {
    await this.#case.request('watch');
    await this.scrape();
    return this.#case.request<number>('longest-stall');
  }

  async end(): Promise<void> {
    this.#scraper.close();
    await this.#case.end();
  }
}

/** Starts a target for each side in turn, calls `use`, and always ends all of them. */
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
