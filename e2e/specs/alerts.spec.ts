import { expect, test } from '@playwright/test';
import { startLoad } from '../../kit/test-kit/load.ts';
import { alerts, alertsOf, query, queryRange, targets } from '../../kit/test-kit/prometheus.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { ComposeStack } from '../support/compose-stack.ts';
import { Rules } from '../support/rules.ts';

const START_TIMEOUT_MS = 15 * 60_000;
const DEADLINE = { deadlineMs: 150_000, everyMs: 1_000 };
/** Shorter than the evaluation interval, so that an alert that fires at one evaluation only is seen. */
const STEP_S = 1;
/** More than a minute, so that an alert with `for: 1m` that is pending from the start has fired. */
const EVALUATIONS_WITHOUT_FAULT = 14;

/** An alert with `for: 1m` then waits 10 seconds. prometheus/tests checks the shipped rules with promtool. */
const DIVISOR = 6;

const rules = new Rules();
let stack: ComposeStack;

test.beforeAll(async () => {
  test.setTimeout(START_TIMEOUT_MS);
  stack = await ComposeStack.start({
    sharing: true,
    overrides: ['e2e/fixtures/given-rules.compose.yml'],
    // Otherwise a stopped worker is killed and replaced before the alert fires.
    environment: { WORKER_TIMEOUT_MS: '0', RULES_DIRECTORY: rules.directory },
  });
});

test.afterAll(async () => {
  await stack?.down();
});

/** Queries Prometheus inside its container, because the test stops nginx. */
async function firing(): Promise<string[]> {
  const url = 'http://127.0.0.1:9090/api/v1/alerts';
  const all = alertsOf(await stack.exec('prometheus', 'wget', '-q', '-O', '-', url));
  return [...new Set(all.filter(({ state }) => state === 'firing').map(({ name }) => name))].sort();
}

async function firingBecomes(...wanted: string[]): Promise<void> {
  const began = Date.now();
  await poll(
    `firing: ${wanted.join(', ') || 'none'}`,
    async () => {
      const now = await firing();
      if (now.join() !== wanted.join()) throw new Error(`firing: ${now.join(', ') || 'none'}`);
      return true;
    },
    DEADLINE,
  );
  console.log(
    `alerts: firing ${wanted.join(', ') || 'none'} after ${Math.round((Date.now() - began) / 1000)} s`,
  );
}

async function longestWait(): Promise<number> {
  const response = await fetch(`${stack.prometheusUrl}/api/v1/rules?type=alert`);
  const { data } = (await response.json()) as { data: { groups: { rules: { duration: number }[] }[] } };
  return Math.max(...data.groups.flatMap((group) => group.rules.map(({ duration }) => duration)));
}

async function shortenRules(): Promise<void> {
  const shipped = await longestWait();
  rules.shorten(DIVISOR);
  // Its alerts last for hours after a fault; kit/specs/alertmanager.spec.ts has them.
  rules.remove('slo.yml');
  await stack.compose('kill', '--signal', 'HUP', 'prometheus');
  await poll(
    'the shortened rules',
    async () => ((await longestWait()) === shipped / DIVISOR ? true : undefined),
    DEADLINE,
  );
}

const workerPids = async () => (await stack.status()).workers.map(({ pid }) => pid);

async function killOne(): Promise<void> {
  const [pid] = await workerPids();
  await stack.signal('KILL', pid!);
  await poll(
    'the exit of the worker',
    async () => ((await workerPids()).includes(pid!) ? undefined : true),
    DEADLINE,
  );
  await stack.settle();
}

const nowS = () => Date.now() / 1000;

interface Fired {
  readonly name: string;
  readonly state: string;
  readonly from: number;
  readonly to: number;
}

/** Returns every alert that was pending or firing since `from`, as recorded in the series `ALERTS`. */
async function alertsSince(from: number): Promise<Fired[]> {
  const range = { from, to: nowS(), stepS: STEP_S };
  return (await queryRange(stack.prometheusUrl, 'ALERTS', range)).map(({ labels, at }) => ({
    name: labels.alertname!,
    state: labels.alertstate!,
    from: at[0]!,
    to: at.at(-1)!,
  }));
}

const namesOf = (fired: readonly Fired[]) =>
  [...new Set(fired.filter(({ state }) => state === 'firing').map(({ name }) => name))].sort();

/** Waits until every rule group has been evaluated `wanted` more times. */
async function evaluations(wanted: number): Promise<void> {
  const iterations = 'prometheus_rule_group_iterations_total';
  // Prometheus has its own series after its first scrape of itself, which may follow its first scrape of the app.
  const first = await poll(
    'a scrape of Prometheus by itself',
    async () => {
      const counts = await query(stack.prometheusUrl, iterations);
      return counts.length > 0 ? counts : undefined;
    },
    DEADLINE,
  );
  const began = new Map(first.map((r) => [JSON.stringify(r.labels), r.value]));
  await poll(
    `${wanted} evaluations of the rules`,
    async () => {
      const now = await query(stack.prometheusUrl, iterations);
      const fewest = Math.min(...now.map((r) => r.value - (began.get(JSON.stringify(r.labels)) ?? 0)));
      return now.length > 0 && fewest >= wanted ? true : undefined;
    },
    DEADLINE,
  );
}

/** Sends requests and reloads once, until the rules were evaluated often enough. None of this is a fault. */
async function runWithoutFault(): Promise<void> {
  const load = startLoad({
    url: `${stack.publicUrl}/ping`,
    connections: 2,
    maxRequests: 3_000,
    durationMs: 60_000,
    requestTimeoutMs: 20_000,
    pauseMs: 30,
  });
  await Promise.all([load.done, stack.script('reload'), evaluations(EVALUATIONS_WITHOUT_FAULT)]);
}

test('no alert fires without a fault, and each fault fires exactly its alerts until it is removed', async () => {
  test.setTimeout(START_TIMEOUT_MS);
  await poll(
    'scrapes of the app',
    async () => {
      const app = (await targets(stack.prometheusUrl)).filter(({ job }) => job === 'app');
      return app.length === 1 && app[0]!.health === 'up' ? true : undefined;
    },
    DEADLINE,
  );
  // Parts of a starting stack are down, so alerts may be pending. Wait until none is.
  await poll(
    'no alert, and none pending',
    async () => ((await alerts(stack.prometheusUrl)).length === 0 ? true : undefined),
    DEADLINE,
  );

  const from = nowS();
  await runWithoutFault();
  const withoutFault = await alertsSince(from);
  console.log(`alerts: ${Math.round(nowS() - from)} s without a fault: ${JSON.stringify(withoutFault)}`);
  expect(namesOf(withoutFault)).toEqual([]);
  await shortenRules();

  await stack.compose('stop', 'app');
  const asking = setInterval(() => void fetch(`${stack.publicUrl}/ping`).catch(() => {}), 500);
  try {
    // The network has no way out, so DNS does not answer for the removed name, and Prometheus keeps the old address.
    await firingBecomes('NginxRefusing', 'TargetDown');
  } finally {
    clearInterval(asking);
  }
  await stack.compose('start', 'app');
  await stack.settle();
  await firingBecomes();

  const { primary, workers } = await stack.status();
  await stack.signal('STOP', primary.pid);
  await stack.compose('stop', 'nginx');
  await firingBecomes('NginxDown', 'TargetDown');
  await stack.signal('CONT', primary.pid);
  await firingBecomes('NginxDown');
  await stack.compose('start', 'nginx');
  await stack.settle();
  await firingBecomes();

  const stopped = workers[0]!.pid;
  await stack.signal('STOP', stopped);
  await firingBecomes('StaleWorker');
  await stack.signal('CONT', stopped);
  await firingBecomes();

  const slot = `"$PROMETHEUS_MULTIPROC_DIR"/slot-0.metrics`;
  const overwrite = `printf 'GARBAGE!' | dd of=${slot} bs=8 conv=notrunc status=none`;
  await stack.exec('app', 'sh', '-c', overwrite);
  await firingBecomes('UnreadableSlot');

  for (let i = 0; i < 3; i++) await killOne();
  await firingBecomes('UnreadableSlot', 'WorkersRestarting');

  // The query that found no alert without a fault must find all of these.
  const all = [
    'NginxDown',
    'NginxRefusing',
    'StaleWorker',
    'TargetDown',
    'UnreadableSlot',
    'WorkersRestarting',
  ];
  const fired = await poll(
    'all alerts in the series ALERTS',
    async () => {
      const since = await alertsSince(from);
      return all.every((name) => namesOf(since).includes(name)) ? since : undefined;
    },
    DEADLINE,
  );
  for (const { name, state, ...times } of fired.toSorted((a, b) => a.from - b.from)) {
    if (state !== 'firing') continue;
    const [first, last] = [times.from, times.to].map((at) => new Date(at * 1000).toISOString().slice(11, 19));
    console.log(`alerts: ${name} fired from ${first} to ${last}`);
  }
  expect(namesOf(fired)).toEqual(all);
});
