/**
 * With start times, a real Prometheus knows what was counted before its first scrape and across a restart of the application; without
 * them it does not. It stores the exemplars of shared metrics.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import client from 'prom-client';
import { stringify } from 'yaml';
import { hasHostPrometheus } from '../../e2e/support/host-prometheus.ts';
import { metricsHandler } from '../../packages/prom-multiproc/src/index.ts';
import type { PageHandler } from '../../packages/prom-multiproc/src/page-handler.ts';
import { until } from '../../packages/prom-multiproc/test/support/poll.ts';
import { temporaryDirectory } from '../../packages/prom-multiproc/test/support/temporary-directory.ts';
import { shareIn } from '../../packages/prom-multiproc/test/support/twin-registries.ts';
import { PrometheusProcess } from '../bench/prometheus/measure/prometheus-process.ts';
import { exemplarsIn, increaseOf, samplesIn } from '../test-kit/prometheus.ts';

const ZERO_INGESTION = '--enable-feature=created-timestamp-zero-ingestion';
const EXEMPLAR_STORAGE = '--enable-feature=exemplar-storage';
/** Counted by the first application and, after a restart with an empty directory, by the second. The second ones are higher. */
const COUNTS = [
  { first: 5, later: 2 },
  { first: 40, later: 3 },
];
const COUNTED = 50;

type Count = (amount: number) => void;

/** An application in a new directory, as after a whole restart. Each amount goes to a counter, a histogram and a summary. */
function application(t: TestContext): { handler: PageHandler; count: Count } {
  const register = new client.Registry();
  shareIn(temporaryDirectory(t), register);
  const config = { help: 'x', labelNames: ['route'], registers: [register] };
  const counter = new client.Counter({ ...config, name: 'requests_total' });
  const histogram = new client.Histogram({ ...config, name: 'seconds', buckets: [1] });
  const summary = new client.Summary({ ...config, name: 'bytes', percentiles: [] });
  return {
    handler: metricsHandler(register),
    count(amount) {
      counter.inc({ route: '/' }, amount);
      for (let i = 0; i < amount; i++) {
        histogram.observe({ route: '/' }, 0.5);
        summary.observe({ route: '/' }, 1);
      }
    },
  };
}

async function listen(t: TestContext, handler: PageHandler): Promise<string> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function start(t: TestContext, address: string, options: readonly string[], protocols?: string[]) {
  const [configuration, data] = [temporaryDirectory(t), temporaryDirectory(t)];
  const job = {
    job_name: 'app',
    scrape_interval: '500ms',
    scrape_timeout: '500ms',
    static_configs: [{ targets: [address] }],
    ...(protocols && { scrape_protocols: protocols }),
  };
  writeFileSync(join(configuration, 'prometheus.yml'), stringify({ scrape_configs: [job] }));
  const prometheus = await PrometheusProcess.start(configuration, data, options);
  t.after(() => prometheus.stop());
  return prometheus;
}

/** The raw samples of one series. */
async function samples({ url }: PrometheusProcess, name: string): Promise<number[]> {
  const [series] = await samplesIn(url, name, '1h');
  return series?.samples.map(([, value]) => value) ?? [];
}

/** Neighbouring equal values once. */
const changes = (values: readonly number[]) => values.filter((value, i) => value !== values[i - 1]);

if (hasHostPrometheus()) {
  test('with start times, raw samples add up to all counts over a first scrape and a whole restart; without, they do not', async (t) => {
    let running = application(t);
    const address = await listen(t, (request, response) => running.handler(request, response));
    running.count(COUNTS[0]!.first);
    const both = [await start(t, address, [ZERO_INGESTION]), await start(t, address, [])];
    const stored = (value: number) =>
      until(`${value} to be stored by both`, async () => {
        const last = await Promise.all(
          both.map(async (one) => (await samples(one, 'requests_total')).at(-1)),
        );
        return last.every((one) => one === value);
      });
    await stored(COUNTS[0]!.first);
    running.count(COUNTS[0]!.later);
    await stored(COUNTS[0]!.first + COUNTS[0]!.later);
    running = application(t);
    running.count(COUNTS[1]!.first);
    await stored(COUNTS[1]!.first);
    running.count(COUNTS[1]!.later);
    await stored(COUNTS[1]!.first + COUNTS[1]!.later);
    for (const name of [
      'requests_total',
      'seconds_count',
      'seconds_bucket{le="1.0"}',
      'bytes_count',
      'bytes_sum',
    ]) {
      const [withStart, without] = await Promise.all(both.map((one) => samples(one, name)));
      assert.deepEqual(changes(withStart!), [0, 5, 7, 0, 40, 43], name);
      assert.equal(increaseOf(withStart!), COUNTED, name);
      const plain = name.replace('1.0', '1');
      const found = without!.length > 0 ? without! : await samples(both[1]!, plain);
      assert.deepEqual(changes(found), [5, 7, 40, 43], plain);
      assert.equal(
        increaseOf(found),
        38,
        `${plain}: the first 5 and, because 40 is above 7, another 7 are missing`,
      );
      t.diagnostic(`${name}: with start times ${changes(withStart!)}, without ${changes(found)}`);
    }
  });

  for (const protocols of [['PrometheusProto'], ['OpenMetricsText1.0.0']]) {
    test(`Prometheus stores the exemplars of shared metrics from ${protocols}`, async (t) => {
      const register = new client.Registry();
      register.setContentType(client.Registry.OPENMETRICS_CONTENT_TYPE as never);
      shareIn(temporaryDirectory(t), register);
      const config = { help: 'x', labelNames: ['route'], enableExemplars: true, registers: [register] };
      const counter = new client.Counter({ ...config, name: 'requests_total' } as never);
      const histogram = new client.Histogram({ ...config, name: 'seconds', buckets: [1, 2] } as never);
      const labels = { route: '/ü' };
      counter.inc({ labels, exemplarLabels: { trace_id: 'of the counter' } } as never);
      for (const value of [0.5, 7]) {
        histogram.observe({ labels, value, exemplarLabels: { trace_id: `of ${value}` } } as never);
      }
      const address = await listen(t, metricsHandler(register));
      const prometheus = await start(t, address, [EXEMPLAR_STORAGE], protocols);
      const exemplars = await until('three exemplars to be stored', async () => {
        const found = await exemplarsIn(prometheus.url, '{job="app"}');
        return found.length === 3 && found;
      });
      assert.deepEqual(
        exemplars
          .map(({ series, labels: { trace_id }, value }) => [series.__name__, series.le, trace_id, value])
          .sort(),
        [
          ['requests_total', undefined, 'of the counter', 1],
          ['seconds_bucket', '+Inf', 'of 7', 7],
          ['seconds_bucket', '1.0', 'of 0.5', 0.5],
        ],
      );
      t.diagnostic(JSON.stringify(exemplars));
    });
  }
}
