import { docker } from '../../kit/test-kit/docker.ts';
import { getText } from '../../kit/test-kit/scrape.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { expect, test } from '../support/compose-fixtures.ts';
import type { ComposeStack, Service } from '../support/compose-stack.ts';

const SERVICES: readonly Service[] = ['app', 'nginx', 'nginx-exporter', 'prometheus'];
const TIMEOUT_MS = 10_000;
const DEADLINE_MS = 90_000;
/** Log messages of a drain that was cut short. */
const FORCED = /drain deadline exceeded|exiting at once/;

interface Inspected {
  readonly State: { ExitCode: number; Status: string; OOMKilled: boolean; Health?: { Status: string } };
  readonly NetworkSettings: { Ports: Record<string, { HostIp: string; HostPort: string }[] | null> };
}

async function inspect(stack: ComposeStack, service: Service): Promise<Inspected> {
  const [inspected] = JSON.parse(await docker(['inspect', await stack.containerId(service)])) as [Inspected];
  return inspected;
}

test('the page, /ping, /livez and /readyz answer on the public port', async ({ stack }) => {
  const page = await getText(`${stack.publicUrl}/`, TIMEOUT_MS);
  expect(page).toContain('<html');
  expect(page).toMatch(/Pandora/);
  expect(await getText(`${stack.publicUrl}/ping`, TIMEOUT_MS)).toBe('Pong');
  expect((await getText(`${stack.publicUrl}/livez`, TIMEOUT_MS)).trim()).toBe('ok');
  expect((await getText(`${stack.publicUrl}/readyz`, TIMEOUT_MS)).trim()).toBe('ok');
});

test('every container is healthy; the exporter, which has no health check, runs', async ({ stack }) => {
  for (const service of SERVICES) {
    const wanted = service === 'nginx-exporter' ? 'running' : 'healthy';
    // After an earlier test disturbed a container, its next health check is due within 30 seconds.
    await poll(
      `${service} ${wanted}`,
      async () => {
        const { Health, Status } = (await inspect(stack, service)).State;
        const now = Health?.Status ?? Status;
        if (now !== wanted) throw new Error(`it is ${now}`);
        return true;
      },
      { deadlineMs: DEADLINE_MS },
    );
  }
});

test('only the public port is published beyond this machine', async ({ stack }) => {
  const published: Record<string, string[]> = {};
  for (const service of SERVICES) {
    const { Ports } = (await inspect(stack, service)).NetworkSettings;
    for (const [port, bindings] of Object.entries(Ports)) {
      if (bindings) published[port] = [...new Set(bindings.map(({ HostIp }) => HostIp))];
    }
  }
  const { '8040/tcp': everyone, ...others } = published;
  expect(everyone).toContain('0.0.0.0');
  expect(others).toEqual({ '9040/tcp': ['127.0.0.1'], '9090/tcp': ['127.0.0.1'] });
});

test('the app container can be recreated while nginx runs', async ({ stack }) => {
  const [before, nginx] = [await stack.containerId('app'), await stack.containerId('nginx')];
  await stack.compose('up', '--detach', '--no-deps', '--force-recreate', '--wait', 'app');
  expect(await stack.containerId('app')).not.toBe(before);
  expect(await stack.containerId('nginx')).toBe(nginx);
  await poll(
    'requests and metrics through the same nginx',
    async () => {
      await getText(`${stack.publicUrl}/ping`, TIMEOUT_MS);
      return (await getText(`${stack.metricsUrl}/metrics`, TIMEOUT_MS)).includes('http_requests_total');
    },
    { deadlineMs: DEADLINE_MS },
  );
  await stack.settle();
});

test('compose stop ends each container with exit code 0, and the app drains completely', async ({
  stack,
}) => {
  const log = async () => (await stack.compose('logs', '--no-color', '--no-log-prefix', 'app')).split('\n');
  const before = (await log()).length;
  for (const service of SERVICES) {
    await stack.compose('stop', service);
    const { State } = await inspect(stack, service);
    console.log(`stack: ${service} stopped with exit code ${State.ExitCode}`);
    expect([State.Status, State.ExitCode, State.OOMKilled], service).toEqual(['exited', 0, false]);
  }
  const lines = (await log()).slice(before - 1);
  expect(lines.filter((line) => line.includes('"msg":"drained; exiting"')).length, lines.join('\n')).toBe(1);
  expect(lines.filter((line) => FORCED.test(line))).toEqual([]);
  await stack.compose('up', '--detach', '--wait', '--no-build');
  await stack.settle();
});
