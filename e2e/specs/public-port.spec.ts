import { type RawAnswer, sendRaw } from '../../packages/cluster-runtime/test/support/raw-http.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { expect, test } from '../support/fixtures.ts';
import { smugglingCases } from '../support/smuggling-cases.ts';

/** An answer that contains one of these shows something that only the metrics port or nginx's status port may show. */
const MARKERS = [
  '# HELP',
  '# TYPE',
  'http_requests_total',
  'workersDesired',
  'demo_unshared',
  '__metrics_path__',
  'Active connections',
];
const PUBLIC_PATHS = ['/', '/ping', '/livez', '/readyz'];
const AT_ONCE = 8;
/** nginx does not answer some of the cases at all. */
const SILENCE_MS = 3_000;
const DEADLINE = { deadlineMs: 30_000 };

const portOf = (url: string): number => Number(new URL(url).port);

function request(port: number, path: string, method = 'GET'): Promise<RawAnswer> {
  return sendRaw(port, `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
}

test('each marker appears on the metrics port or on the status port of nginx', async ({ stack }) => {
  const port = portOf(stack.metricsUrl);
  const paths = ['/metrics', '/status', '/demo/unshared', '/targets'];
  // The poll is for /demo/unshared: it answers 503 when the worker takes longer than one second.
  const shown = await poll(
    '200 from every path of the metrics port',
    async () => {
      const answers = await Promise.all(paths.map((path) => request(port, path)));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      return answers;
    },
    DEADLINE,
  );
  const ofNginx = await stack.nginxStatus();
  const all = [...shown.map(({ body }) => body), ofNginx].join('\n');
  for (const marker of MARKERS) expect(all, marker).toContain(marker);
});

test('the metrics port shows the series of one worker', async ({ stack }) => {
  const port = portOf(stack.metricsUrl);
  const alone = await poll(
    'the page of one worker',
    async () => {
      const answer = await request(port, '/metrics/workers/0');
      return answer.status === 200 ? answer : undefined;
    },
    DEADLINE,
  );
  expect(alone.body).toContain('# TYPE http_requests_total counter');
});

test('no request-smuggling case reaches the metrics port through the public port', async ({ stack }) => {
  const port = portOf(stack.publicUrl);
  const pages = new Set<string>();
  for (const path of PUBLIC_PATHS) {
    const { status, body } = await request(port, path);
    expect(status, path).toBe(200);
    pages.add(body);
  }
  const cases = smugglingCases();
  const waiting = [...cases];
  const failures: string[] = [];
  const statuses: Record<string, number> = {};
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const { name, request: bytes } = next;
        const answer = await sendRaw(port, bytes, SILENCE_MS);
        statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
        const marker = MARKERS.find((m) => answer.text.includes(m));
        if (marker) failures.push(`${name}: shows ${marker}`);
        const upgraded = answer.status === 101;
        const unknownPage = answer.status >= 200 && answer.status < 300 && !isPublic(answer, pages);
        if (upgraded || unknownPage) failures.push(`${name}: ${JSON.stringify(answer.text.slice(0, 300))}`);
      }
    }),
  );
  console.log(
    `public port: ${cases.length} request-smuggling cases, answers by status ${JSON.stringify(statuses)}`,
  );
  expect(failures).toEqual([]);
  expect((await request(port, '/ping')).body, 'the public port still answers').toBe('Pong');
});

/** True if the body is a public page. If one connection carried several answers, the body of each 2xx answer must be one. */
function isPublic(answer: RawAnswer, pages: ReadonlySet<string>): boolean {
  if (pages.has(answer.body)) return true;
  const bodies = answer.text.split(/^HTTP\/1\.1 2\d\d .*\r\n(?:.+\r\n)*\r\n/m).slice(1);
  return bodies.length > 0 && bodies.every((body) => [...pages].some((page) => body.startsWith(page)));
}

test('/demo/counts shows two counts of pings, the worker, whether controls are on, and nothing else', async ({
  stack,
}) => {
  const { status, body } = await request(portOf(stack.publicUrl), '/demo/counts');
  expect(status).toBe(200);
  const counts: Record<string, unknown> = JSON.parse(body);
  expect(counts).toEqual({
    worker: expect.any(Number),
    own: expect.any(Number),
    shared: expect.any(Number),
    controls: true,
  });
});

test('the metrics port takes no writes and answers 404 on every other path', async ({ stack }) => {
  const port = portOf(stack.metricsUrl);
  for (const path of ['/metrics', '/status', '/demo/unshared', '/targets']) {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const { status, text } = await request(port, path, method);
      expect([403, 405], `${method} ${path}: ${text.slice(0, 80)}`).toContain(status);
    }
  }
  for (const path of [
    '/',
    '/ping',
    '/metricsx',
    '/metrics/x',
    '/metrics/workers',
    '/metrics/workers/',
    '/metrics/workers/x',
    '/metrics/workers/0/x',
    '/demo',
    '/demo/kill',
    '/status/1',
    '/targets/0',
    '/stub_status',
    '/readyz',
  ]) {
    expect((await request(port, path)).status, path).toBe(404);
  }
});
