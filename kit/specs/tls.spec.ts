import { once } from 'node:events';
import { expect, test } from '@playwright/test';
import { WebSocket } from 'ws';
import { ComposeStack } from '../../e2e/support/compose-stack.ts';
import { freePorts } from '../../packages/prom-multiproc/test/support/free-ports.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { chooseBaseImages } from '../test-kit/base-images.ts';
import { containerLog } from '../test-kit/docker.ts';
import { hasSetId, type Image, isCommand, mayBeWrittenByAll, readImage } from '../test-kit/image-files.ts';
import { HARDENED, inspect, networksOf } from './support/container-facts.ts';

const START_TIMEOUT_MS = 15 * 60_000;
const DEADLINE = { deadlineMs: 60_000 };
const MEBI = 1024 * 1024;
const AUTHORITY = '/data/pki/authorities/local/root.crt';
/** `limit_conn` in nginx/limits.conf. */
const MAX_PER_CLIENT = 64;
const PROTOCOLS = [
  ['--http1.1', '1.1'],
  ['--http2', '2'],
  ['--http3-only', '3'],
] as const;

/** What Caddy must not reach, and what its clients must not. */
const FROM_CADDY = ['nginx-tls:9040', 'nginx-tls:9090', 'nginx-tls:8043', 'app:8041', 'app:9041'];
const FROM_CLIENT = ['caddy:2019', 'caddy:8042', 'caddy:80', 'nginx-tls:8044', 'nginx-edge:9040'];

let stack: ComposeStack;
let authority: string;
let port: string;

test.beforeAll(async () => {
  test.setTimeout(START_TIMEOUT_MS);
  const COMPOSE_PROFILES = 'tls';
  const bases: NodeJS.ProcessEnv = { ...process.env, COMPOSE_PROFILES };
  chooseBaseImages(bases);
  [port] = await freePorts();
  stack = await ComposeStack.start({
    sharing: true,
    limits: 'shipped',
    overrides: ['kit/specs/fixtures/long-requests.compose.yml', 'kit/specs/fixtures/tls.compose.yml'],
    environment: { COMPOSE_PROFILES, CADDY_BASE: bases.CADDY_BASE!, HTTPS_PORT: port },
  });
  authority = await poll('the authority', () => stack.exec('caddy', 'cat', AUTHORITY), DEADLINE);
  for (const client of ['client', 'another'])
    await stack.exec(client, 'sh', '-c', 'printf %s "$1" >/tmp/authority', 'sh', authority);
});

test.afterAll(() => stack?.down());

/** Runs curl in a client. It verifies the certificate of localhost, and connects to Caddy's container. */
const curl = (client: string, ...args: string[]) =>
  stack.exec(
    client,
    'curl',
    ...['--silent', '--show-error', '--cacert', '/tmp/authority', '--max-time', '20'],
    ...['--connect-to', 'localhost:8443:caddy:8443', ...args],
  );

const statusOf = (client: string, url: string, ...args: string[]) =>
  curl(client, '--output', '/dev/null', '--write-out', '%{http_code}', ...args, url);

/** Returns the targets that answer this command of a container. */
async function answering(service: string, command: string, targets: readonly string[]): Promise<string> {
  const each = `for target; do (${command} "http://$target/" 2>/dev/null && echo "$target") & done; wait`;
  return (await stack.exec(service, 'sh', '-c', each, 'sh', ...targets)).trim();
}

const addressOf = async (service: string) =>
  (await inspect(stack, service)).NetworkSettings.Networks[`${stack.project}_https`]!.IPAddress;

/** The headers of a request that reached the app. */
async function headersAtApp(...args: string[]): Promise<Record<string, string>> {
  const answer = await curl('client', ...args, 'https://localhost:8443/other/echo');
  return (JSON.parse(answer) as { headers: Record<string, string> }).headers;
}

test('a client that trusts the authority of Caddy is served over HTTP/1.1, HTTP/2 and HTTP/3, others reject it', async () => {
  for (const [option, version] of PROTOCOLS) {
    const shown = ['--output', '/dev/null', '--write-out', '%{http_code} %{http_version}'];
    expect(await curl('client', option, ...shown, 'https://localhost:8443/other/echo')).toBe(
      `200 ${version}`,
    );
  }
  const head = await curl('client', '--head', 'https://localhost:8443/livez');
  expect(head).toMatch(new RegExp(`^alt-svc: h3=":${port}"; ma=86400\r$`, 'm'));
  expect(head).not.toMatch(/caddy|^-/im);
  const without = stack.exec(
    'client',
    'curl',
    '--silent',
    '--connect-to',
    '::caddy:',
    'https://localhost:8443/',
  );
  // The certificate cannot be verified: curl(1).
  await expect(without).rejects.toMatchObject({ code: 60 });
});

test('the app sees the address of the client and https, whatever forwarding headers the client sends', async () => {
  const address = await addressOf('client');
  const forged = [
    ...['--header', 'X-Forwarded-For: 203.0.113.9', '--header', 'X-Forwarded-Proto: http'],
    ...['--header', 'X-Real-IP: 203.0.113.9', '--header', 'Forwarded: for=203.0.113.9;proto=http'],
    ...['--header', 'X-Forwarded-Host: evil.example'],
  ];
  for (const [option] of PROTOCOLS) {
    for (const args of [[], forged]) {
      const headers = await headersAtApp(option, ...args);
      expect(headers, option).toMatchObject({
        host: 'localhost',
        'x-forwarded-for': address,
        'x-forwarded-host': 'localhost',
        'x-forwarded-proto': 'https',
        'x-real-ip': address,
      });
      expect(headers.forwarded, option).toBe(undefined);
    }
  }
  const plain = await fetch(`${stack.publicUrl}/other/echo`, { headers: { 'X-Forwarded-Proto': 'https' } });
  const { headers } = (await plain.json()) as { headers: Record<string, string> };
  expect(headers['x-forwarded-proto'], 'on port 8040').toBe('http');
});

test('the limit of one client counts the client, not Caddy, and the log has its address', async () => {
  const address = await addressOf('client');
  const many = MAX_PER_CLIENT + 16;
  const flood = curl(
    'client',
    ...['--parallel', '--parallel-immediate', '--parallel-max', String(many)],
    ...['--output', '/dev/null', '--write-out', '%{http_code}\\n'],
    `https://localhost:8443/other/late?ms=8500&n=[1-${many}]`,
  );
  await poll(
    'a 429 of the client in the log',
    async () => {
      const refused = new RegExp(`"remote_addr":"${address}",.*"status":"429"`);
      return refused.test(await stack.log('nginx')) || undefined;
    },
    DEADLINE,
  );
  const url = 'https://localhost:8443/other/echo';
  expect(await Promise.all([statusOf('another', url), statusOf('client', url)])).toEqual(['200', '429']);
  const statuses = (await flood).trim().split('\n');
  expect(statuses.filter((status) => status === '200').length).toBe(MAX_PER_CLIENT);
  expect(statuses.filter((status) => status === '429').length).toBe(many - MAX_PER_CLIENT);
});

test('WebSockets and uploads above the limit pass on a path of long-requests.conf', async () => {
  const socket = new WebSocket(`wss://localhost:${port}/live/chat`, { ca: authority });
  await once(socket, 'open');
  socket.send('hello');
  const [answer] = await once(socket, 'message');
  expect(String(answer)).toBe('echo of hello');
  socket.terminate();
  for (const [option] of PROTOCOLS) {
    const upload = (path: string) =>
      stack.exec(
        'client',
        'sh',
        '-c',
        `head -c ${2 * MEBI} /dev/zero | curl --silent --cacert /tmp/authority --connect-to localhost:8443:caddy:8443 \
          ${option} --data-binary @- --header Expect: --write-out ' %{http_code}' https://localhost:8443${path}`,
      );
    expect(await upload('/live/upload'), option).toMatch(new RegExp(`^\\{"bytes":${2 * MEBI},.* 200$`));
  }
});

test('Caddy exposes neither metrics nor other services', async () => {
  const paths = ['/metrics', '/status', '/targets'].map((path) => `https://localhost:8443${path}`);
  for (const host of ['localhost', 'localhost:9040', 'nginx-edge:9040']) {
    const answers = await curl('client', '--header', `Host: ${host}`, ...paths);
    expect(answers, host).not.toMatch(/# TYPE|workersDesired|__metrics_path__/);
  }
  expect(await answering('caddy', 'wget -q -T 5 -O /dev/null', [...FROM_CADDY, 'nginx-tls:8044'])).toBe(
    'nginx-tls:8044',
  );
  expect(await answering('client', 'curl -s -m 5 -o /dev/null', FROM_CLIENT)).toBe('');
});

test('the engine restricts Caddy as the other services, and its image has only its program', async () => {
  expect(await networksOf(stack, 'caddy')).toEqual(['https', 'tls']);
  const { Config, HostConfig, Mounts, NetworkSettings } = await inspect(stack, 'caddy');
  expect(Config.User).toBe('65534:65534');
  expect(HostConfig).toMatchObject({
    ...HARDENED,
    Memory: 256 * MEBI,
    MemorySwap: 256 * MEBI,
    PidsLimit: 64,
  });
  expect([HostConfig.CapAdd ?? [], HostConfig.Devices ?? []]).toEqual([[], []]);
  expect(Mounts.map(({ Type, Destination }) => `${Type} ${Destination}`)).toEqual(['volume /data']);
  expect(Object.keys(NetworkSettings.Ports).sort()).toEqual(['8443/tcp', '8443/udp']);
  const imageOf = async (service: string) => readImage((await inspect(stack, service)).Config.Image);
  const [own, other] = [await imageOf('caddy'), await imageOf('prometheus')];
  const commands = ({ files }: Image) =>
    files.filter(isCommand).map(({ path }) => path.slice(path.lastIndexOf('/') + 1));
  const known = new Set(commands(other));
  expect([...new Set(commands(own).filter((name) => !known.has(name)))]).toEqual(['caddy']);
  expect(own.files.filter((file) => hasSetId(file) || mayBeWrittenByAll(file))).toEqual([]);
  expect(own.files.filter(({ attributes }) => attributes.includes('security.capability'))).toEqual([]);
});

test('without nginx Caddy answers 502, its log names the failure without URL and headers, and it finds nginx again', async () => {
  await stack.compose('stop', 'nginx');
  expect(
    await statusOf('client', 'https://localhost:8443/a?token=in-the-url', '--header', 'Cookie: a-cookie'),
  ).toBe('502');
  await stack.compose('start', 'nginx');
  await poll(
    'nginx behind Caddy',
    async () => (await statusOf('client', 'https://localhost:8443/other/echo')) === '200' || undefined,
    DEADLINE,
  );
  const log = await containerLog(await stack.containerId('caddy'));
  expect(log).toContain('"status":502');
  expect(log).not.toMatch(/in-the-url|a-cookie/);
});
