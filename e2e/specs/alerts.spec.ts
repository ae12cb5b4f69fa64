import { expect, test } from '@playwright/test';
import { startLoad } from '../../kit/test-kit/load.ts';
import { alerts, alertsOf, query, queryRange, targets } from '../../kit/test-kit/prometheus.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { Rules } from '../support/rules.ts';
import { Stack } from '../support/stack.ts';

const START_TIMEOUT_MS = 15 * 60_000;
const DEADLINE = { deadlineMs: 150_000, everyMs: 1_000 };
/** Oftener than the rules are evaluated, so that what fires at one evaluation alone is seen. */
const STEP_S = 1;
/** More than a minute of them: what is amiss from the first one on has then fired. */
const EVALUATIONS_IN_ORDER = 14;

/** What alerts wait for a minute of, they then wait for ten seconds of. promtool holds the shipped rules: prometheus/tests. */
const DIVISOR = 6;

const rules = new Rules();
let stack: Stack;

test.beforeAll(async () => {
  test.setTimeout(START_TIMEOUT_MS);
  stack = await Stack.start({
    sharing: true,
    overrides: ['e2e/fixtures/given-rules.compose.yml'],
    // A stopped worker is otherwise killed and replaced before anybody could be told.
    environment: { WORKER_TIMEOUT_MS: '0', RULES_DIRECTORY: rules.directory },
  });
});

test.afterAll(async () => {
  await stack?.down();
});

/** Asked within its container, as people reach Prometheus through nginx, and that is stopped here. */
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
  await poll('its end', async () => ((await workerPids()).includes(pid!) ? undefined : true), DEADLINE);
  await stack.settle();
}

const nowS = () => Date.now() / 1000;

interface Fired {
  readonly name: string;
  readonly state: string;
  readonly from: number;
  readonly to: number;
}

/** Every alert that was pending or firing at an evaluation since then, as Prometheus itself recorded it. */
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

/** The rules have been evaluated so many times more, every group of them. */
async function evaluations(wanted: number): Promise<void> {
  const iterations = 'prometheus_rule_group_iterations_total';
  // Prometheus knows its own series when it has scraped itself once, which may be after its first scrape of the app.
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

/** Requests, and a reload among them, for as long as the rules take: what is no fault. */
async function lifeInOrder(): Promise<void> {
  const load = startLoad({
    url: `${stack.publicUrl}/ping`,
    connections: 2,
    maxRequests: 3_000,
    durationMs: 60_000,
    requestTimeoutMs: 20_000,
    pauseMs: 30,
  });
  await Promise.all([load.done, stack.script('reload'), evaluations(EVALUATIONS_IN_ORDER)]);
}

test('no alert fires on a stack in order, and each fires for its real cause, alone, until that is gone', async () => {
  test.setTimeout(START_TIMEOUT_MS);
  await poll(
    'scrapes of the app',
    async () => {
      const app = (await targets(stack.prometheusUrl)).filter(({ job }) => job === 'app');
      return app.length === 1 && app[0]!.health === 'up' ? true : undefined;
    },
    DEADLINE,
  );
  // While a stack comes up parts of it are down: what is pending of that could yet fire.
  await poll(
    'no alert, and none pending',
    async () => ((await alerts(stack.prometheusUrl)).length === 0 ? true : undefined),
    DEADLINE,
  );

  const inOrderSince = nowS();
  await lifeInOrder();
  const inOrder = await alertsSince(inOrderSince);
  console.log(`alerts: ${Math.round(nowS() - inOrderSince)} s in order: ${JSON.stringify(inOrder)}`);
  expect(namesOf(inOrder)).toEqual([]);
  await shortenRules();

  await stack.compose('stop', 'app');
  const asking = setInterval(() => void fetch(`${stack.publicUrl}/ping`).catch(() => {}), 500);
  try {
    // Nobody answers for a name that is gone on a network without a way out, so Prometheus keeps the address it had.
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

  // The same look as in order, so that it is known to see what fires.
  const all = [
    'NginxDown',
    'NginxRefusing',
    'StaleWorker',
    'TargetDown',
    'UnreadableSlot',
    'WorkersRestarting',
  ];
  const fired = await poll(
    'all of them in what Prometheus recorded',
    async () => {
      const since = await alertsSince(inOrderSince);
      return all.every((name) => namesOf(since).includes(name)) ? since : undefined;
    },
    DEADLINE,
  );
  for (const { name, state, from, to } of fired.toSorted((a, b) => a.from - b.from)) {
    if (state !== 'firing') continue;
    const [first, last] = [from, to].map((at) => new Date(at * 1000).toISOString().slice(11, 19));
    console.log(`alerts: ${name} fired from ${first} to ${last}`);
  }
  expect(namesOf(fired)).toEqual(all);
});
