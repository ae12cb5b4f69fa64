import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from '../../e2e/support/compose-fixtures.ts';
import type { ComposeStack, Service } from '../../e2e/support/compose-stack.ts';
import { MAX_HEADER_BYTES } from '../../packages/cluster-runtime/src/http/parse-errors.ts';
import { type RawAnswer, readAnswer, sendRaw } from '../../packages/cluster-runtime/test/support/raw-http.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { docker } from '../test-kit/docker.ts';
import { total } from '../test-kit/exposition.ts';
import { scrape } from '../test-kit/scrape.ts';
import { oddRequests } from './support/odd-requests.ts';

const TIMEOUT_MS = 20_000;
const DEADLINE = { timeout: 60_000 };
const [CONF, HEADERS] = ['nginx.conf', 'request-headers.conf'].map((name) =>
  readFileSync(resolve(import.meta.dirname, '../../nginx', name), 'utf8'),
) as [string, string];
const CONCURRENCY = 8;
/** All control characters except tab and line ends. */
const isControl = (code: number) => (code < 0x20 && ![0x09, 0x0a, 0x0d].includes(code)) || code === 0x7f;

const get = (...headers: string[]) =>
  ['GET /odd HTTP/1.1', ...headers, 'Connection: close', '', ''].join('\r\n');
const idOf = ({ text }: RawAnswer) => /^X-Request-Id: (\S+)\r$/im.exec(text)?.[1];

interface Counted {
  readonly app: number;
  readonly nginx: number;
  readonly parser: number;
}

/** The counts of nginx's own answers. nginx flushes its log every second, and own-answers.awk writes unchanged counts every ten. */
async function ownAnswers(stack: ComposeStack): Promise<string> {
  const since = Date.now() / 1000 + 1;
  return poll(
    'new counts of nginx',
    async () => {
      const text = await stack.exec('prometheus', 'wget', '-q', '-O', '-', 'http://nginx:8043/metrics');
      const [, written] = /^nginx_own_answers_written_timestamp_seconds (\d+)$/m.exec(text) ?? [];
      return Number(written) > since ? text : undefined;
    },
    { deadlineMs: 30_000 },
  );
}

/** Counts of the requests in this test. Health checks of the container have other routes. */
async function counted(stack: ComposeStack): Promise<Counted> {
  const app = await scrape(`${stack.metricsUrl}/metrics`, TIMEOUT_MS);
  const own = await ownAnswers(stack);
  return {
    app: total(app, 'http_requests_total', { route: 'unmatched' }),
    parser: total(app, 'http_parse_errors_total'),
    nginx: [...own.matchAll(/^nginx_own_answers_total\{server="public",.*\} (\d+)$/gm)].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    ),
  };
}

/** Returns which program sent an answer, by its body. */
function answererOf(answer: RawAnswer): keyof Counted | undefined {
  if (answer.text === '') return undefined;
  if (answer.body.includes('<!doctype html>\n<html lang="en">')) return 'nginx';
  if (answer.body === '' && answer.status >= 400 && idOf(answer) !== undefined) return 'parser';
  return 'app';
}

async function linesWith(
  stack: ComposeStack,
  service: Service,
  id: string,
): Promise<Record<string, unknown>[]> {
  const log = await docker(['logs', await stack.containerId(service)]);
  return log
    .split('\n')
    .filter((line) => line.startsWith('{') && line.includes(id))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('each of two thousand unusual requests is answered and counted exactly once, by the app, its parser or nginx', async ({
  stack,
}) => {
  test.setTimeout(180_000);
  const port = Number(new URL(stack.publicUrl).port);
  const before = await counted(stack);
  const answers = new Map<string, RawAnswer>();
  const queue = oddRequests();
  const sendNext = async (): Promise<void> => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      answers.set(one.name, await sendRaw(port, one.text));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, sendNext));

  const by: Record<string, string[]> = { app: [], nginx: [], parser: [], undefined: [] };
  for (const [name, answer] of answers) {
    // A line end in a request makes it two requests.
    for (const one of answer.text.split(/(?=HTTP\/1\.1 \d{3} )/)) {
      const part = readAnswer(one);
      if (part.status !== 100) by[String(answererOf(part))]!.push(name);
    }
  }
  expect(by.undefined, 'every request has an answer').toEqual([]);
  const expected = { app: by.app!.length, parser: by.parser!.length, nginx: by.nginx!.length };
  console.log(`parsers: ${answers.size} unusual requests: ${JSON.stringify(expected)}`);
  await expect
    .poll(async () => {
      const now = await counted(stack);
      return {
        app: now.app - before.app,
        parser: now.parser - before.parser,
        nginx: now.nginx - before.nginx,
      };
    }, DEADLINE)
    .toEqual(expected);
  // Only control bytes in values of unknown headers may reach Node's parser, because nginx does not check them.
  const unexpected = by.parser!.filter((name) => {
    const [, place, byte] = /^(.*) 0x(..)$/.exec(name) ?? [];
    return !/value/.test(place ?? '') || !isControl(Number.parseInt(byte!, 16));
  });
  expect(unexpected).toEqual([]);
});

test('a request that Node’s parser rejects has the same id in the answer, nginx’s log and the app’s log', async ({
  stack,
}) => {
  const port = Number(new URL(stack.publicUrl).port);
  const answer = await sendRaw(port, get('Host: localhost', 'X-Request-Id: forged', 'X-Value: a\x01b'));
  expect(answer.status).toBe(400);
  const id = idOf(answer)!;
  expect(id).toMatch(/^[0-9a-f]{32}$/);
  const line = async (service: Service) => (await linesWith(stack, service, id))[0] ?? {};
  await expect
    .poll(() => line('app'), DEADLINE)
    .toMatchObject({
      msg: 'the HTTP parser refused a request',
      code: 'HPE_INVALID_HEADER_TOKEN',
      status: 400,
      request_id: id,
    });
  await expect
    .poll(() => line('nginx'), DEADLINE)
    .toMatchObject({
      request_id: id,
      path: '/odd',
      status: '400',
      upstream_status: '400',
    });
});

const bytesOf = (size: string) => Number.parseInt(size, 10) * (size.endsWith('k') ? 1024 : 1);

test('Node’s header limit exceeds the largest headers that nginx passes on, with those that it adds', () => {
  const [, first] = /client_header_buffer_size (\w+);/.exec(CONF)!;
  const [, count, size] = /large_client_header_buffers (\d+) (\w+);/.exec(CONF)!;
  const ofClient = bytesOf(first!) + Number(count) * bytesOf(size!);
  // Two added headers contain $host; one of them replaces the client's Host.
  const added = [...HEADERS.matchAll(/proxy_set_header (?!Host )(\S+) (.+);/g)].reduce(
    (sum, [, name, value]) => {
      const longest: Record<string, number> = {
        $host: bytesOf(size!),
        $remote_addr: 45,
        $request_id: 32,
        $scheme: 5,
      };
      const length = longest[value!] ?? 32;
      return sum + name!.length + ': \r\n'.length + length;
    },
    0,
  );
  expect(added).toBeGreaterThan(bytesOf(size!));
  expect(MAX_HEADER_BYTES).toBeGreaterThan(ofClient + added);
});

test('the app answers requests with the largest headers that nginx accepts', async ({ stack }) => {
  const port = Number(new URL(stack.publicUrl).port);
  const metricsPort = Number(new URL(stack.metricsUrl).port);
  const shapes: [string, (size: number) => string, number][] = [
    ['Host and Cookie', (size) => get(`Host: ${'h'.repeat(size)}`, `Cookie: a=${'c'.repeat(size - 4)}`), 404],
    ['two headers', (size) => get('Host: a', `X-A: ${'a'.repeat(size)}`, `X-B: ${'b'.repeat(size)}`), 404],
    [
      'a target and Host',
      (size) => get(`Host: ${'h'.repeat(size)}`).replace('/odd', `/${'t'.repeat(size - 9)}`),
      404,
    ],
  ];
  for (const [what, shape, status] of shapes) {
    const statuses: number[] = [];
    for (let size = 8_192; size > 8_192 - 32 && statuses.at(-1) !== status; size--) {
      statuses.push((await sendRaw(port, shape(size))).status);
    }
    console.log(`parsers: ${what}, from 8192 bytes down: ${statuses.join(' ')}`);
    expect(statuses.at(-1), what).toBe(status);
    expect(
      statuses.slice(0, -1).filter((one) => ![400, 414, 431].includes(one)),
      what,
    ).toEqual([]);
  }
  const metrics = get('Host: localhost', `X-A: ${'a'.repeat(8_100)}`, `Cookie: a=${'c'.repeat(8_100)}`);
  expect((await sendRaw(metricsPort, metrics.replace('/odd', '/status'))).status).toBe(200);
});
