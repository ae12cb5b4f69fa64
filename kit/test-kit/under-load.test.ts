import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { listen } from '../../packages/cluster-runtime/test/support/listen.ts';
import { underLoad } from './under-load.ts';

const LOAD = {
  connections: 4,
  pauseMs: 1,
  maxRequests: 100_000,
  durationMs: 60_000,
  requestTimeoutMs: 5_000,
};

interface Counts {
  get: number;
  post: number;
}

/** Runs `operate` on a stack that counts its answers, with its counts. */
async function failuresOf(t: TestContext, operate: (counts: Counts) => void): Promise<readonly string[]> {
  const counts: Counts = { get: 0, post: 0 };
  const { url } = await listen(t, (req, res) => {
    if (req.url === '/metrics') {
      res.end(
        '# TYPE http_requests_total counter\n' +
          `http_requests_total{method="GET",route="/ping"} ${counts.get}\n` +
          `http_requests_total{method="POST",route="unmatched"} ${counts.post}\n`,
      );
      return;
    }
    const method = req.method === 'POST' ? 'post' : 'get';
    counts[method] += 1;
    req.resume();
    res.writeHead(method === 'post' ? 404 : 200).end();
  });
  const { failures, summary } = await underLoad({ publicUrl: url, metricsUrl: url }, LOAD, async () => {
    operate(counts);
  });
  t.diagnostic(summary);
  return failures;
}

test('an operation without loss has no failures', async (t) => {
  assert.deepEqual(await failuresOf(t, () => {}), []);
});

test('lost and additional counts are failures', async (t) => {
  const failures = await failuresOf(t, (counts) => {
    counts.get -= 100_000;
    counts.post += 1;
  });
  assert.deepEqual(failures, [
    'each answered GET is counted',
    'each answered POST is counted',
    'no counter decreases',
  ]);
});
