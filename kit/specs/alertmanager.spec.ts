import { expect, test } from '@playwright/test';
import { ComposeStack } from '../../e2e/support/compose-stack.ts';
import { Rules } from '../../e2e/support/rules.ts';
import { freePorts } from '../../packages/prom-multiproc/test/support/free-ports.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { chooseBaseImages } from '../test-kit/base-images.ts';
import { docker } from '../test-kit/docker.ts';
import { hasSetId, type Image, isCommand, mayBeWrittenByAll, readImage } from '../test-kit/image-files.ts';
import { startLoad } from '../test-kit/load.ts';
import { alerts, query, targets } from '../test-kit/prometheus.ts';
import { getText } from '../test-kit/scrape.ts';
import {
  configurationWith,
  inhibited,
  type Message,
  messages,
  send,
  suppressed,
} from './support/alertmanager.ts';
import { HARDENED, inspect, networksOf } from './support/container-facts.ts';

const START_TIMEOUT_MS = 15 * 60_000;
const DEADLINE = { deadlineMs: 150_000, everyMs: 1_000 };
const ANSWER_TIMEOUT_MS = 10_000;
const REPLICAS = 2;
const MEBI = 1024 * 1024;
/** An alert with `for: 1m` then waits 10 seconds. */
const DIVISOR = 6;
const LOAD = { durationMs: 60_000, requestTimeoutMs: 20_000 };

let stack: ComposeStack;

test.beforeAll(async () => {
  test.setTimeout(START_TIMEOUT_MS);
  const COMPOSE_PROFILES = 'alertmanager';
  const bases: NodeJS.ProcessEnv = { ...process.env, COMPOSE_PROFILES };
  chooseBaseImages(bases);
  const [PROMETHEUS_PORT] = await freePorts();
  const rules = new Rules();
  rules.shorten(DIVISOR);
  stack = await ComposeStack.start({
    sharing: true,
    overrides: ['e2e/fixtures/given-rules.compose.yml', 'kit/specs/fixtures/alertmanager.compose.yml'],
    environment: {
      COMPOSE_PROFILES,
      ALERTMANAGER_BASE: bases.ALERTMANAGER_BASE!,
      RULES_DIRECTORY: rules.directory,
      ALERTMANAGER_CONFIGURATION: configurationWith('http://webhook:8080/'),
      PROMETHEUS_PORT,
      // Otherwise a replica that was paused kills its workers.
      WORKER_TIMEOUT_MS: '0',
    },
  });
  await poll(
    'scrapes of both replicas',
    async () => {
      const app = (await targets(stack.prometheusUrl)).filter(({ job }) => job === 'app');
      return app.length === REPLICAS && app.every(({ health }) => health === 'up') ? true : undefined;
    },
    DEADLINE,
  );
});

test.afterAll(() => stack?.down());

/** As `firing TargetDown`, in the order of arrival. */
const shown = (received: readonly Message[]) =>
  received.map(({ status, groupLabels }) => `${status} ${groupLabels.alertname}`);

const amtool = (...args: string[]) => stack.exec('alertmanager', 'amtool', ...args);

const fail = () => fetch(`${stack.publicUrl}/demo/faults/error`, { method: 'POST' });

const ping = () => fetch(`${stack.publicUrl}/ping`);

const failures = 'sum(http_requests_total{job="app",status="500"})';

async function failuresReach(count: number): Promise<void> {
  await poll(
    `${count} failures in Prometheus`,
    async () => ((await query(stack.prometheusUrl, failures))[0]?.value === count ? true : undefined),
    DEADLINE,
  );
}

async function firingInPrometheus(...names: string[]): Promise<void> {
  await poll(
    `firing: ${names.join(', ')}`,
    async () => {
      const firing = (await alerts(stack.prometheusUrl)).filter(({ state }) => state === 'firing');
      const found = new Set(firing.map(({ name }) => name));
      if (!names.every((name) => found.has(name))) throw new Error(`firing: ${[...found].join(', ')}`);
      return true;
    },
    DEADLINE,
  );
}

async function messagesBecome(...wanted: string[]): Promise<Message[]> {
  return poll(
    `messages: ${wanted.join(', ')}`,
    async () => {
      const received = await messages(stack);
      if (shown(received).join() !== wanted.join()) throw new Error(shown(received).join(', '));
      return received;
    },
    DEADLINE,
  );
}

test('3 % of failed requests send one message, whose links open', async () => {
  test.setTimeout(START_TIMEOUT_MS);
  expect(shown(await messages(stack))).toEqual([]);
  // Increases are seen only of series that exist: in both replicas.
  for (let i = 0; i < 8; i++) await fail();
  for (let i = 0; i < 8; i++) await ping();
  await failuresReach(8);
  const { byStatus } = await startLoad({
    ...LOAD,
    url: `${stack.publicUrl}/ping`,
    connections: 4,
    maxRequests: 600,
  }).done;
  expect(byStatus).toEqual({ 200: 600 });
  for (let i = 0; i < 20; i++) await fail();
  await failuresReach(28);

  const [message] = await messagesBecome('firing ErrorBudgetBurningFast');
  console.log(`alertmanager: ${JSON.stringify(message)}`);
  const [alert] = message!.alerts;
  expect(alert!.labels).toMatchObject({ slo: 'availability', severity: 'critical' });
  const { runbook_url } = alert!.annotations;
  const [page, anchor] = runbook_url!.split('#');
  expect(await getText(page!, ANSWER_TIMEOUT_MS)).toContain(`<h3 id="${anchor}">ErrorBudgetBurningFast</h3>`);
  expect(alert!.generatorURL).toContain(`${stack.prometheusUrl.replace('127.0.0.1', 'localhost')}/graph?`);
});

test('a dead replica sends no message while silenced, then one without its consequences, and one when it is back', async () => {
  test.setTimeout(START_TIMEOUT_MS);
  const before = shown(await messages(stack));
  const id = (
    await amtool('silence', 'add', 'alertname=TargetDown', '--duration=1h', '--comment=test')
  ).trim();
  const [replica] = (await stack.compose('ps', '--quiet', 'app')).trim().split('\n');
  const { silence, inhibition } = {
    silence: await suppressed(stack, 'silence'),
    inhibition: await suppressed(stack, 'inhibition'),
  };
  await docker(['pause', replica!]);
  const load = startLoad({
    ...LOAD,
    url: `${stack.publicUrl}/ping`,
    connections: 16,
    maxRequests: 6_000,
    durationMs: 150_000,
    pauseMs: 50,
  });
  try {
    await firingInPrometheus('TargetDown', 'NginxRefusing');
    const increased = async (reason: string, from: number) =>
      (await suppressed(stack, reason)) > from ? true : undefined;
    await poll('a message suppressed by the silence', () => increased('silence', silence), DEADLINE);
    await poll('a message suppressed by the cause', () => increased('inhibition', inhibition), DEADLINE);
    expect(shown(await messages(stack))).toEqual(before);

    await amtool('silence', 'expire', id);
    const received = await messagesBecome(...before, 'firing TargetDown');
    const down = received.at(-1)!.alerts;
    console.log(`alertmanager: ${JSON.stringify(received.at(-1))}`);
    expect(down.map(({ labels }) => labels.job)).toEqual(['app']);
    await firingInPrometheus('TargetDown', 'NginxRefusing', 'ErrorBudgetBurningFast');
  } finally {
    load.stop();
    await load.done;
    await docker(['unpause', replica!]);
  }
  await messagesBecome(...before, 'firing TargetDown', 'resolved TargetDown');
});

test('two dead replicas and all their consequences are one message', async () => {
  test.setTimeout(START_TIMEOUT_MS);
  const before = shown(await messages(stack));
  const consequences = [
    { alertname: 'NginxRefusing', job: 'nginx-own-answers', status: '504' },
    { alertname: 'Shedding', job: 'app', reason: 'wait' },
    { alertname: 'WorkersMissing', job: 'app', instance: 'a:9041' },
    { alertname: 'ErrorBudgetBurningSlowly', slo: 'latency' },
  ];
  const dead = ['a:9041', 'b:9041'].map((instance) => ({ alertname: 'TargetDown', job: 'app', instance }));
  await send(stack, [...dead, ...consequences]);
  await poll(
    'all consequences are inhibited',
    async () => {
      const names = await inhibited(stack);
      if (!consequences.every(({ alertname }) => names.includes(alertname)))
        throw new Error(names.join(', '));
      return true;
    },
    DEADLINE,
  );
  const received = await messagesBecome(...before, 'firing TargetDown');
  expect(received.at(-1)!.alerts.map(({ labels }) => labels.instance)).toEqual(['a:9041', 'b:9041']);
});

test('the engine restricts Alertmanager as the other services, and publishes no port of it', async () => {
  expect(await networksOf(stack, 'alertmanager')).toEqual(['monitoring']);
  const { Config, HostConfig, Mounts, NetworkSettings } = await inspect(stack, 'alertmanager');
  expect(Config.User).toBe('nobody');
  expect(HostConfig).toMatchObject({
    ...HARDENED,
    Memory: 128 * MEBI,
    MemorySwap: 128 * MEBI,
    PidsLimit: 64,
  });
  expect([HostConfig.CapAdd ?? [], HostConfig.Devices ?? []]).toEqual([[], []]);
  expect(Mounts.map(({ Type, Destination }) => `${Type} ${Destination}`).sort()).toEqual([
    'bind /etc/alertmanager/alertmanager.yml',
    'volume /alertmanager',
  ]);
  expect(Object.values(NetworkSettings.Ports).flatMap((bindings) => bindings ?? [])).toEqual([]);
});

test('the image of Alertmanager has only its programs and those of the image of Prometheus, and none runs as another user', async () => {
  const imageOf = async (service: string) => readImage((await inspect(stack, service)).Config.Image);
  const [own, other] = [await imageOf('alertmanager'), await imageOf('prometheus')];
  const commands = ({ files }: Image) =>
    files.filter(isCommand).map(({ path }) => path.slice(path.lastIndexOf('/') + 1));
  const known = new Set(commands(other));
  const further = commands(own).filter((name) => !known.has(name));
  expect([...new Set(further)].sort()).toEqual(['alertmanager', 'amtool', 'run-alertmanager']);
  expect(own.files.filter((file) => hasSetId(file) || mayBeWrittenByAll(file))).toEqual([]);
});

test('Prometheus scrapes Alertmanager, and the alert NotificationsFailing selects an existing series', async () => {
  const failed = 'alertmanager_notifications_failed_total{job="alertmanager"}';
  await poll(
    failed,
    async () => ((await query(stack.prometheusUrl, failed)).length > 0 ? true : undefined),
    DEADLINE,
  );
  const errors = await query(stack.prometheusUrl, 'sum(prometheus_notifications_errors_total)');
  expect(errors.map(({ value }) => value)).toEqual([0]);
});

test('Alertmanager fails if --profile starts it, because Prometheus would not send to it', async () => {
  const run = ['run', '--rm', '--no-deps', '--env', 'COMPOSE_PROFILES=', 'alertmanager'];
  const error = await stack.compose(...run).then(
    () => undefined,
    (thrown: Error & { code: number; stderr: string }) => thrown,
  );
  expect(error?.code).toBe(1);
  expect(error?.stderr).toContain('error: COMPOSE_PROFILES is "", so Prometheus sends no alerts here');
});
