import { expect, test } from '@playwright/test';
import { ComposeStack } from '../../e2e/support/compose-stack.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { baseImage } from '../test-kit/base-images.ts';
import { startLoad } from '../test-kit/load.ts';
import { isAgent } from '../test-kit/prometheus.ts';
import { missingSamples, receivedSamples, type Sample, samplesOfMatrix } from '../test-kit/samples.ts';
import { getText } from '../test-kit/scrape.ts';

const TIMEOUT_MS = 15 * 60_000;
const DEADLINE = { deadlineMs: 120_000, everyMs: 1_000 };
const ANSWER_TIMEOUT_MS = 10_000;
const OUTAGE_MS = 60_000;
const SCRAPE_INTERVAL_MS = 5_000;
const RECEIVER = 'victoria-metrics';
const RECEIVER_URL = 'http://victoria-metrics:8428/api/v1/write';
/** About 50 requests a second. */
const LOAD = {
  connections: 2,
  maxRequests: 30_000,
  durationMs: 8 * 60_000,
  pauseMs: 40,
  requestTimeoutMs: 20_000,
};
/** Whole numbers only: VictoriaMetrics rounds to 15 digits, and stores no NaN. */
const COUNTERS = '__name__=~"http_requests_total|http_request_duration_seconds_(bucket|count)|up",job="app"';
const PINGS = '__name__="http_requests_total",job="app",route="/ping"';

/** Values of the label `deployment`, one for each Prometheus. */
const DEPLOYMENTS = ['agent', 'server', 'restarted'];
/** Not the agent: it answers no queries. */
type Server = 'prometheus-server' | 'prometheus-restarted';

test.describe.configure({ mode: 'serial' });

let stack: ComposeStack;

test.beforeAll(async () => {
  test.setTimeout(TIMEOUT_MS);
  stack = await ComposeStack.start({
    sharing: true,
    overrides: ['prometheus/remote-write.compose.yml', 'kit/specs/fixtures/remote-write-outage.compose.yml'],
    environment: {
      REMOTE_WRITE_URL: RECEIVER_URL,
      REMOTE_WRITE_DEPLOYMENT: 'agent',
      PROMETHEUS_AGENT: '1',
      VICTORIA_METRICS_BASE: baseImage('NODE_BASE', 'demo-app/Dockerfile'),
    },
  });
});

test.afterAll(() => stack?.down());

/** Returns the stored samples. Queries inside the container, because its port is not published. */
async function own(service: Server): Promise<Sample[]> {
  const url = `http://127.0.0.1:9090/api/v1/query?query=${encodeURIComponent(`{${COUNTERS}}[30m]`)}`;
  return samplesOfMatrix(await stack.exec(service, 'wget', '-q', '-O', '-', url));
}

/** Reads the port each time, because it changes with a restart. */
async function received(deployment: string, selector = COUNTERS): Promise<Sample[]> {
  const url = await stack.published(RECEIVER, 8428);
  return receivedSamples(url, `{${selector},deployment="${deployment}"}`);
}

const lastTime = (samples: readonly Sample[]) => Math.max(...samples.map(({ at }) => at));

/** The sum of the last sample of each series. */
function total(samples: readonly Sample[]): number {
  const last = new Map<string, Sample>();
  for (const sample of samples)
    if (sample.at >= (last.get(sample.series)?.at ?? 0)) last.set(sample.series, sample);
  return [...last.values()].reduce((sum, { value }) => sum + value, 0);
}

/** Waits until a Prometheus has scraped the app at `time` or later. */
function scrapedAt(service: Server, time: number): Promise<true> {
  return poll(
    `a scrape of ${service} after ${new Date(time).toISOString()}`,
    async () => lastTime(await own(service)) >= time || undefined,
    DEADLINE,
  );
}

/** Waits until samples taken at `time` or later have arrived from each Prometheus. */
async function arrivedFromAll(time: number): Promise<void> {
  for (const deployment of DEPLOYMENTS)
    await poll(
      `samples of ${deployment} at the receiver`,
      async () => lastTime(await received(deployment)) >= time || undefined,
      DEADLINE,
    );
}

/** Waits until no sample taken at `time` or later is missing at the receiver; returns the earlier ones that are. */
function missingAt(deployment: string, sent: readonly Sample[], time: number): Promise<Sample[]> {
  return poll(
    `all samples of ${deployment} at the receiver`,
    async () => {
      const missing = missingSamples(sent, await received(deployment));
      const late = missing.filter(({ at }) => at >= time);
      if (late.length > 0) throw new Error(`${late.length} missing: ${JSON.stringify(late.slice(0, 3))}`);
      return missing;
    },
    DEADLINE,
  );
}

/** Intervals between samples of one Prometheus in which at least one scrape is missing, as pairs of times. */
function gaps(samples: readonly Sample[]): [number, number][] {
  const times = [
    ...new Set(samples.filter(({ series }) => series.includes('"up"')).map(({ at }) => at)),
  ].sort((a, b) => a - b);
  return times
    .slice(1)
    .map((at, i): [number, number] => [times[i]!, at])
    .filter(([from, to]) => to - from >= 2 * SCRAPE_INTERVAL_MS);
}

test('what was counted is at the receiver, sample by sample, after a restart and an outage of 60 s', async () => {
  test.setTimeout(TIMEOUT_MS);
  const load = startLoad({ ...LOAD, url: `${stack.publicUrl}/ping` });
  await arrivedFromAll(Date.now());

  await stack.compose('restart', RECEIVER);
  await stack.compose('restart', 'prometheus', 'prometheus-server');
  await arrivedFromAll(Date.now());

  const outage = { from: Date.now(), to: 0, restart: 0 };
  await stack.compose('stop', RECEIVER);
  await scrapedAt('prometheus-restarted', Date.now() + 2 * SCRAPE_INTERVAL_MS);
  await stack.compose('restart', 'prometheus-restarted');
  outage.restart = Date.now();
  await scrapedAt('prometheus-server', outage.from + OUTAGE_MS);
  await stack.compose('start', RECEIVER);
  outage.to = Date.now();
  await arrivedFromAll(outage.to);

  const { byStatus } = await load.stop();
  const { 200: answered, ...others } = byStatus;
  expect(others).toEqual({});
  for (const deployment of DEPLOYMENTS)
    await poll(
      `${answered} requests from ${deployment} at the receiver`,
      async () => {
        const seen = total(await received(deployment, PINGS));
        if (seen !== answered) throw new Error(`${seen}`);
        return true;
      },
      DEADLINE,
    );

  const sent = await own('prometheus-server');
  await missingAt('server', sent, 0);
  const during = sent.filter(({ at }) => at >= outage.from && at <= outage.to);
  const ofAgent = await received('agent');
  const duringByAgent = ofAgent.filter(({ at }) => at >= outage.from && at <= outage.to);
  // Prometheus does not remember what it has sent: https://github.com/prometheus/prometheus/issues/8809
  const ofRestarted = await own('prometheus-restarted');
  const missing = await missingAt('restarted', ofRestarted, outage.restart);
  console.log(
    `remote write: ${answered} answered, and counted at VictoriaMetrics from each Prometheus; outage of ` +
      `${Math.round((outage.to - outage.from) / 1000)} s; server: ${sent.length} samples, 0 missing, ${during.length} of the outage; ` +
      `agent: ${ofAgent.length} samples, ${duringByAgent.length} of the outage; ` +
      `restarted during the outage: ${ofRestarted.length} samples, ${missing.length} missing`,
  );
  expect(during.length).toBeGreaterThan(0);
  expect(gaps(ofAgent).filter(([, to]) => to > outage.from)).toEqual([]);
  expect(
    missing.length,
    'the comparison detects samples that were not sent before a restart',
  ).toBeGreaterThan(0);
  expect(missing.filter(({ at }) => at < outage.from - SCRAPE_INTERVAL_MS)).toEqual([]);
});

test('an agent is ready, answers no queries, and does not start without a receiver or with alerts', async () => {
  await stack.settle();
  expect(await getText(`${stack.prometheusUrl}/-/ready`, ANSWER_TIMEOUT_MS)).toContain('Agent is Ready');
  expect(await isAgent(stack.prometheusUrl)).toBe(true);
  for (const [variable, reason] of [
    ['REMOTE_WRITE_URL=', 'PROMETHEUS_AGENT is 1, but REMOTE_WRITE_URL is not set'],
    ['ACTIVE_PROFILES=alertmanager', 'PROMETHEUS_AGENT is 1, but COMPOSE_PROFILES contains alertmanager'],
    ['PROMETHEUS_AGENT=yes', 'PROMETHEUS_AGENT must be 0 or 1'],
  ] as const) {
    const error = await stack
      .compose('exec', '--no-TTY', '--env', variable, 'prometheus', 'run-prometheus', '--version')
      .then(
        () => undefined,
        (thrown: Error & { code: number; stderr: string }) => thrown,
      );
    expect([error?.code, error?.stderr.split('\n')[0]], variable).toEqual([1, `error: ${reason}`]);
  }
});
