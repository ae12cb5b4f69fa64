import { pollUntilStable, until } from '../../packages/prom-multiproc/test/support/poll.ts';
import { total } from './exposition.ts';
import { type LoadOptions, type LoadReport, startLoad } from './load.ts';
import { scrape } from './scrape.ts';
import { startScraping } from './scraping.ts';

/** Base URLs of the two ports of a stack. */
interface Addresses {
  readonly publicUrl: string;
  readonly metricsUrl: string;
}

export interface UnderLoad {
  /** What was sent, answered, counted and scraped, in one line. */
  readonly summary: string;
  /** What was expected and did not hold; empty if no request failed, no count was lost and no counter decreased. */
  readonly failures: readonly string[];
  /** Largest number of workers at one time. */
  readonly mostWorkers: number;
}

/** An unknown path: the 404 of the app is a response like any other, and nginx never retries a POST. */
const POST_PATH = '/no-such-page';
const BODY = 'x'.repeat(2_000);
const TIMEOUT_MS = 20_000;
const DEADLINE_MS = 60_000;
const SETTLED = { forMs: 1_500, deadlineMs: DEADLINE_MS };
/** Requests of each method before the operation starts and after it has ended. */
const AROUND = 200;

/** Runs an operation while clients send GET and POST. The stack must have no other requests to these routes. */
export async function underLoad(
  { publicUrl, metricsUrl }: Addresses,
  load: Omit<LoadOptions, 'url' | 'body'>,
  operate: () => Promise<void>,
): Promise<UnderLoad> {
  const url = `${metricsUrl}/metrics`;
  const counted = () => pollUntilStable('the counts', () => countsOf(url), SETTLED);
  const before = await counted();
  let mostWorkers = 0;
  const scraping = startScraping({
    url,
    everyMs: 100,
    timeoutMs: TIMEOUT_MS,
    onScrape: (shown) => {
      mostWorkers = Math.max(mostWorkers, total(shown, 'app_workers'));
    },
  });
  const get = startLoad({ ...load, url: `${publicUrl}/ping` });
  const post = startLoad({ ...load, url: publicUrl + POST_PATH, body: BODY });
  const answers = async () => {
    const wanted = [get, post].map(({ report }) => [report, report.answered + AROUND] as const);
    const reached = () => wanted.every(([report, number]) => report.answered >= number);
    await until('answers', reached, { deadlineMs: DEADLINE_MS });
  };
  try {
    await answers();
    await operate();
    await answers();
  } finally {
    await Promise.all([get.stop(), post.stop()]);
    await scraping.stop();
  }
  const after = await counted();
  const { scrapes, failed, firstFailure, decreases, slowestMs } = scraping.report;
  const [gets, posts] = [after.get - before.get, after.post - before.post];
  const expected = {
    'each GET is answered with 200': isEachAnswered(get.report, 200),
    'each POST is answered with 404': isEachAnswered(post.report, 404),
    'each answered GET is counted': gets === get.report.answered,
    'each answered POST is counted': posts === post.report.answered,
    'each scrape succeeds': Object.keys(failed).length === 0,
    'no counter decreases': decreases.length === 0,
  };
  return {
    summary:
      `GET ${asText(get.report)}; POST ${asText(post.report)}; counted ${gets} and ${posts}; ` +
      `${scrapes} scrapes, slowest ${slowestMs.toFixed(0)} ms, failed ${JSON.stringify(failed)} (${firstFailure ?? 'none'}); ` +
      `${decreases.length} decreases ${JSON.stringify(decreases.slice(0, 3))}; at most ${mostWorkers} workers at a time`,
    failures: Object.entries(expected).flatMap(([what, holds]) => (holds ? [] : what)),
    mostWorkers,
  };
}

async function countsOf(url: string): Promise<{ get: number; post: number }> {
  const shown = await scrape(url, TIMEOUT_MS);
  return {
    get: total(shown, 'http_requests_total', { route: '/ping' }),
    post: total(shown, 'http_requests_total', { method: 'POST', route: 'unmatched' }),
  };
}

function isEachAnswered({ sent, byStatus }: LoadReport, status: number): boolean {
  return Object.keys(byStatus).length === 1 && byStatus[status] === sent;
}

function asText({ sent, byStatus, byCause }: LoadReport): string {
  return `${sent} sent, ${JSON.stringify(byStatus)}, failed ${JSON.stringify(byCause)}`;
}
