import { spawn } from 'node:child_process';
import { total } from '../../../kit/test-kit/exposition.ts';
import { type LoadReport, startLoad } from '../../../kit/test-kit/load.ts';
import { scrape } from '../../../kit/test-kit/scrape.ts';
import { startScraping } from '../../../kit/test-kit/scraping.ts';
import { poll } from '../../../packages/prom-multiproc/test/support/poll.ts';

/**
 * `under-load.ts PROGRAM...`: runs the program while clients send GET and POST to the stack on the default ports. Fails unless the
 * program succeeds, every request is answered and counted, and no counter falls.
 */

const PUBLIC = 'http://127.0.0.1:8040';
const METRICS = 'http://127.0.0.1:9040/metrics';
const TIMEOUT_MS = 20_000;
/** Below the rate that nginx allows one client, 550/s. */
const LOAD = {
  connections: 4,
  pauseMs: 30,
  maxRequests: 200_000,
  durationMs: 600_000,
  requestTimeoutMs: 15_000,
};
/** Requests of each kind before the program starts and after it has ended. */
const AROUND = 200;

const counted = async () => {
  const shown = await scrape(METRICS, TIMEOUT_MS);
  return {
    get: total(shown, 'http_requests_total', { route: '/ping', status: '200' }),
    post: total(shown, 'http_requests_total', { method: 'POST', route: 'unmatched' }),
  };
};

const before = await counted();
const scraping = startScraping({ url: METRICS, everyMs: 100, timeoutMs: TIMEOUT_MS });
const get = startLoad({ ...LOAD, url: `${PUBLIC}/ping` });
// An unknown path: the app answers 404, and nginx never retries a POST.
const post = startLoad({ ...LOAD, url: `${PUBLIC}/no-such-page`, body: 'x'.repeat(2_000) });

const more = async (): Promise<void> => {
  const wanted = [get, post].map(({ report }) => report.answered + AROUND);
  const reached = () =>
    get.report.answered >= wanted[0]! && post.report.answered >= wanted[1]! ? true : undefined;
  await poll('answers', reached, { deadlineMs: 60_000 });
};

await more();
const [file = '', ...args] = process.argv.slice(2);
const status = await new Promise((resolve) =>
  spawn(file, args, { stdio: 'inherit' }).on('close', (code) => resolve(code)),
);
await more();
await Promise.all([get.stop(), post.stop()]);
const sent = { get: get.report.sent, post: post.report.sent };
const after = await poll(
  'all counts',
  async () => {
    const now = await counted();
    return now.get - before.get >= sent.get && now.post - before.post >= sent.post ? now : undefined;
  },
  { deadlineMs: 30_000 },
).catch(counted);
await scraping.stop();

const show = ({ sent, byStatus, byCause }: LoadReport) =>
  `${sent} sent, ${JSON.stringify(byStatus)}, failed ${JSON.stringify(byCause)}`;
const { scrapes, failed, decreases } = scraping.report;
console.log(
  `under load: GET ${show(get.report)}; POST ${show(post.report)}; counted ${after.get - before.get} and ` +
    `${after.post - before.post}; ${scrapes} scrapes, failed ${JSON.stringify(failed)}, ${decreases.length} decreases`,
);
const right =
  status === 0 &&
  get.report.byStatus[200] === sent.get &&
  post.report.byStatus[404] === sent.post &&
  after.get - before.get === sent.get &&
  after.post - before.post === sent.post &&
  Object.keys(failed).length === 0 &&
  decreases.length === 0;
process.exitCode = right ? 0 : 1;
