/** What `metricsHandler()` answers to a scraper that prefers OpenMetrics. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import client from 'prom-client';
import { metricsHandler } from '../src/index.ts';
import { parseOpenMetrics } from './support/parse-openmetrics.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';
import { shareIn } from './support/twin-registries.ts';

const ACCEPT = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
const OPEN_METRICS = client.Registry.OPENMETRICS_CONTENT_TYPE;

interface Answer {
  readonly type: string | null;
  readonly text: string;
}

/** The answer of a handler of these registries to Prometheus. */
async function scrape(
  t: TestContext,
  [register, ...others]: readonly client.Registry[],
  path = '',
): Promise<Answer> {
  const server = createServer(metricsHandler(register, ...others)).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const headers = { Accept: ACCEPT, Connection: 'close' };
  const answer = await fetch(`http://127.0.0.1:${port}/metrics${path}`, { headers });
  return { type: answer.headers.get('content-type'), text: await answer.text() };
}

function registry(contentType: string = OPEN_METRICS): client.Registry {
  const register = new client.Registry();
  register.setContentType(contentType as never);
  return register;
}

function traced(register: client.Registry, name = 'traced_total'): client.Registry {
  // The constructor refuses registries whose content type is text.
  const counter = new client.Counter({ name, help: 'T', enableExemplars: true, registers: [] });
  register.registerMetric(counter);
  counter.inc({ exemplarLabels: { trace_id: 'abc' } } as never);
  return register;
}

test('a registry without metrics does not make the page unreadable', async (t) => {
  const empty = registry();
  shareIn(temporaryDirectory(t), empty);
  const text = registry(client.Registry.PROMETHEUS_CONTENT_TYPE);
  const pages = [
    [empty],
    [registry()],
    [empty, registry()],
    [empty, traced(registry()), registry(), traced(registry(), 'b_total')],
    [traced(registry()), registry()],
    [text, traced(registry(client.Registry.PROMETHEUS_CONTENT_TYPE)), text],
  ];
  const answers = await Promise.all(pages.map((registries) => scrape(t, registries)));
  for (const { type } of answers) assert.equal(type, OPEN_METRICS);
  assert.deepEqual(
    parseOpenMetrics(answers.map((answer) => answer.text)).map((parsed) =>
      typeof parsed === 'string' ? parsed : parsed.map(({ name }) => name),
    ),
    [[], [], [], ['traced', 'b'], ['traced'], ['traced']],
  );
});
