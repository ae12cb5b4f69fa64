/** A real Prometheus stores the same series, with the same values, whichever format it asks a shared registry for. */
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
import { until } from '../../packages/prom-multiproc/test/support/poll.ts';
import { temporaryDirectory } from '../../packages/prom-multiproc/test/support/temporary-directory.ts';
import { shareIn } from '../../packages/prom-multiproc/test/support/twin-registries.ts';
import { PrometheusProcess } from '../bench/prometheus/measure/prometheus-process.ts';
import { query } from '../test-kit/prometheus.ts';

/** The `scrape_protocols` of each job. Default: those of Prometheus. */
const PROTOCOLS: Readonly<Record<string, readonly string[] | undefined>> = {
  protobuf: ['PrometheusProto'],
  text1: ['PrometheusText1.0.0'],
  text0: ['PrometheusText0.0.4'],
  preferred: undefined,
};

/** What a registry of each content type answers. */
const PROTOBUF =
  'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';
const TEXT_1 = 'text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8';
const TEXT_0 = 'text/plain; version=0.0.4; charset=utf-8';
const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
const REGISTRIES = [
  {
    contentType: TEXT_0,
    answers: { protobuf: PROTOBUF, text1: TEXT_1, text0: TEXT_0, preferred: TEXT_1 },
  },
  {
    contentType: OPEN_METRICS,
    answers: {
      protobuf: PROTOBUF,
      text1: TEXT_1,
      text0: TEXT_0,
      preferred: `${OPEN_METRICS}; escaping=allow-utf-8`,
    },
  },
];

/** Serves a shared registry with metrics of each type, and a private one. */
async function serve(t: TestContext, contentType: string) {
  const [shared, own] = [new client.Registry(), new client.Registry()];
  for (const register of [shared, own]) register.setContentType(contentType as never);
  shareIn(temporaryDirectory(t), shared);
  const labelNames = ['x'];
  const registers = [shared];
  const counter = new client.Counter({ name: 'requests_total', help: 'C', labelNames, registers });
  for (const [i, x] of ['', 'ü', '"\\\n', 'x'.repeat(20_000)].entries()) counter.inc({ x }, 0.1 + i);
  new client.Counter({ name: 'unused_total', help: 'U', labelNames, registers });
  new client.Counter({ name: 'untyped', help: 'U', registers }).inc(2);
  const gauge = new client.Gauge({ name: 'gauge', help: 'G', labelNames, registers });
  for (const value of [-1.5, 1e300, Infinity, 0]) gauge.set({ x: `${value}` }, value);
  const histogram = new client.Histogram({ name: 'seconds', help: 'H', labelNames, registers });
  for (const value of [0.003, 0.2, 1, 50]) histogram.observe({ x: '1' }, value);
  new client.Summary({ name: 'bytes', help: 'S', registers }).observe(7);
  new client.Histogram({ name: 'own_seconds', help: 'O', buckets: [1, 2.5], registers: [own] }).observe(2);
  new client.Summary({ name: 'own_bytes', help: 'O', percentiles: [0.5], registers: [own] }).observe(3);
  const handler = metricsHandler(shared, own);
  const seen = new Map<string, { readonly accept: string; readonly contentType: string }>();
  const server = createServer((request, response) => {
    response.once('finish', () => {
      const accept = String(request.headers.accept);
      seen.set(request.url!.slice(1), { accept, contentType: String(response.getHeader('content-type')) });
    });
    handler(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

if (hasHostPrometheus()) {
  for (const { contentType, answers } of REGISTRIES) {
    const what = contentType.split(';', 1)[0];
    test(`Prometheus stores the same of a registry of the content type ${what} in each format`, async (t) => {
      const { address, seen } = await serve(t, contentType);
      const [configuration, data] = [temporaryDirectory(t), temporaryDirectory(t)];
      const jobs = Object.entries(PROTOCOLS).map(([job, scrape_protocols]) => ({
        job_name: job,
        metrics_path: `/${job}`,
        scrape_interval: '500ms',
        scrape_timeout: '500ms',
        static_configs: [{ targets: [address] }],
        ...(scrape_protocols === undefined ? {} : { scrape_protocols }),
      }));
      writeFileSync(join(configuration, 'prometheus.yml'), stringify({ scrape_configs: jobs }));
      const prometheus = await PrometheusProcess.start(configuration, data);
      t.after(() => prometheus.stop());
      const scrapes = () => query(prometheus.url, 'sum by (job) (count_over_time(up[1m])) >= 3');
      await until('three scrapes of each job', async () => (await scrapes()).length === jobs.length);
      const failed = await query(prometheus.url, 'min_over_time(up[1m]) < 1');
      assert.deepEqual(failed, []);
      for (const [job, expected] of Object.entries(answers)) {
        assert.equal(seen.get(job)!.contentType, expected, seen.get(job)!.accept);
      }
      const stored = await Promise.all(
        jobs.map(async ({ job_name }) => {
          const series = await query(prometheus.url, `{job="${job_name}",__name__!~"up|scrape_.*"}`);
          return series
            .map(({ labels: { job, ...labels }, value }) => JSON.stringify([labels, String(value)]))
            .sort();
        }),
      );
      assert.ok(stored[0]!.some((one) => one.includes('seconds_bucket') && one.includes('"le":"1.0"')));
      assert.ok(stored[0]!.length > 30, `${stored[0]!.length} series`);
      for (const [i, { job_name }] of jobs.entries()) assert.deepEqual(stored[i], stored[0], job_name);
      t.diagnostic(JSON.stringify(Object.fromEntries(seen), null, 1));
    });
  }
}
