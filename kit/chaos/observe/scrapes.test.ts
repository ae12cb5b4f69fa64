import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { poll } from '../../../packages/prom-multiproc/test/support/poll.ts';
import { parseExposition } from '../../test-kit/exposition.ts';
import { addressOf, Ledger } from '../account/ledger.ts';
import { countsOf, Scrapes } from './scrapes.ts';
import { FaultWindows } from './windows.ts';

const series = (name: string, route: string, method: string, value: number) =>
  `${name}{method="${method}",route="${route}",status="200"} ${value}\n`;
const exposition = (get: number) =>
  `# TYPE http_requests_total counter\n${series('http_requests_total', '/ping', 'GET', get)}` +
  `# TYPE http_request_duration_seconds histogram\n${series('http_request_duration_seconds_count', '/ping', 'GET', get)}`;

interface MetricsServer {
  text: string;
  status: number;
  asked: number;
  /** If set, the server answers once it is resolved. */
  hold: PromiseWithResolvers<void> | undefined;
}

/** A metrics server that answers with `text`, and a ledger to compare it with. */
async function watch(t: TestContext) {
  const metrics: MetricsServer = { text: exposition(0), status: 200, asked: 0, hold: undefined };
  const server = createServer(async (_, response) => {
    metrics.asked += 1;
    const { text } = metrics;
    await metrics.hold?.promise;
    response.statusCode = metrics.status;
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const ledger = new Ledger();
  const windows = new FaultWindows(1);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  const scrapes = new Scrapes(url, ledger, windows);
  t.after(async () => {
    await scrapes.stop();
    server.closeAllConnections();
    server.close();
  });
  return {
    metrics,
    ledger,
    windows,
    scrapes,
    /** Waits for two more scrapes. The first may have begun before. */
    async seen() {
      const from = metrics.asked;
      await poll('scrapes', () => (metrics.asked >= from + 3 ? true : undefined), {
        deadlineMs: 30_000,
        everyMs: 10,
      });
    },
    answer(requests: number) {
      for (let i = 0; i < requests; i++) {
        const request = ledger.send('GET', 0);
        ledger.end(request, { kind: 'answered', status: 200 }, 1);
        ledger.take({
          method: 'GET',
          path: addressOf('/ping', request.id),
          status: '200',
          upstream_status: '200',
        });
      }
    },
  };
}

test('requests to the route and requests without a route are counted by method, others are not', () => {
  const text =
    `# TYPE http_requests_total counter\n` +
    [
      series('http_requests_total', '/ping', 'GET', 5),
      series('http_requests_total', 'unmatched', 'GET', 2),
      series('http_requests_total', '/readyz', 'GET', 70),
      series('http_requests_total', 'unmatched', 'POST', 3),
      series('http_requests_total', '/demo/faults/throw', 'POST', 90),
    ].join('');
  assert.deepEqual(countsOf(parseExposition(text)), {
    GET: { counter: 7, histogram: 0 },
    POST: { counter: 3, histogram: 0 },
  });
});

test('a scrape must show every request answered before it began', async (t) => {
  const { metrics, scrapes, answer, seen } = await watch(t);
  metrics.text = exposition(10);
  answer(10);
  await seen();
  assert.deepEqual(scrapes.report.behind, []);
  answer(1);
  await seen();
  assert.match(scrapes.report.behind[0]!, /GET counter: 10, but 11 were answered before$/);
  assert.match(scrapes.report.behind[1]!, /GET histogram: 10, but 11/);
});

test('a lower value is a decrease, after a restart one reset', async (t) => {
  const { metrics, ledger, scrapes, seen } = await watch(t);
  metrics.text = exposition(1_000);
  await seen();
  metrics.text = exposition(999);
  await seen();
  assert.deepEqual([scrapes.report.decreases.length, scrapes.report.resets], [2, 0]);
  ledger.beginRestart();
  metrics.text = exposition(3);
  await seen();
  ledger.endRestart();
  await seen();
  assert.deepEqual([scrapes.report.decreases.length, scrapes.report.resets], [2, 1]);
});

test('a scrape that began before a restart and ends after it does not turn the reset into a decrease', async (t) => {
  const { metrics, ledger, scrapes, seen } = await watch(t);
  metrics.text = exposition(1_000);
  await seen();
  // The answer has the old values and arrives after the restart.
  metrics.hold = Promise.withResolvers<void>();
  const asked = metrics.asked;
  await poll('a scrape in progress', () => (metrics.asked > asked ? true : undefined), {
    deadlineMs: 30_000,
    everyMs: 5,
  });
  ledger.beginRestart();
  ledger.endRestart();
  metrics.text = exposition(3);
  metrics.hold.resolve();
  metrics.hold = undefined;
  await seen();
  assert.deepEqual([scrapes.report.decreases, scrapes.report.resets], [[], 1]);
});

test('only a restart explains a failed scrape', async (t) => {
  const { metrics, windows, scrapes, seen } = await watch(t);
  windows.open('worker', 'kill', 0);
  metrics.status = 503;
  await seen();
  assert.match(scrapes.report.unexplained[0]!, /answered 503/);
  windows.open('application', 'kill-primary', Date.now());
  const before = scrapes.report.unexplained.length;
  await seen();
  assert.ok(scrapes.report.unexplained.length <= before + 1);
  assert.ok(scrapes.report.failed['kill-primary']! > 0);
});
