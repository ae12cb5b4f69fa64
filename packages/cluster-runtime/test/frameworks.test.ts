import assert from 'node:assert/strict';
import { Agent, createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { beforeEach, type TestContext } from 'node:test';
import { register } from 'prom-client';
import { until } from '../../prom-multiproc/test/support/poll.ts';
import type { App } from '../src/core/app.ts';
import { httpRequests } from '../src/http/http-metrics.ts';
import { createListener } from '../src/http/pipeline.ts';
import { type Drain, prepareDrain } from '../src/worker/graceful-shutdown.ts';

/** Each application has the routes /ok/:id, /thrown, /rejected and /streamed. */
const FRAMEWORKS = ['express', 'fastify', 'koa', 'hono', 'nest'];

/** Path, status of the response, and the labels it is counted with. */
const CASES = [
  ['/ok/7', 200, 'GET /ok/:id 200'],
  ['/thrown', 500, 'GET /thrown 500'],
  ['/rejected', 500, 'GET /rejected 500'],
  ['/nowhere', 404, 'GET unmatched 404'],
  ['/streamed', 200, 'GET /streamed 500'],
] as const;

/** Frameworks that end the response of a failed stream before they destroy it, so that it counts as ended. */
const COUNTED_AS_ENDED = new Set(['hono']);

beforeEach(() => register.resetMetrics());

async function serve(t: TestContext, app: App): Promise<{ url: string; drain: Drain }> {
  const server = createServer();
  const drain = prepareDrain(server);
  const options = { isEnding: () => false, slowRequestMs: 60_000, metrics: true };
  server.on('request', createListener(app, options));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await app.close?.();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, drain };
}

interface Answer {
  readonly status: number | undefined;
  readonly id: unknown;
  readonly connection: unknown;
  readonly whole: boolean;
}

function send(url: string, agent: Agent, id: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onResponse = (res: IncomingMessage) => {
      const { 'x-request-id': named, connection } = res.headers;
      const done = () => resolve({ status: res.statusCode, id: named, connection, whole: res.complete });
      res
        .on('error', () => {})
        .on('close', done)
        .resume();
    };
    get(url, { agent, headers: { 'X-Request-Id': id } }, onResponse).on('error', reject);
  });
}

async function counts(): Promise<Record<string, number>> {
  const { values } = await httpRequests.get();
  return Object.fromEntries(
    values.map(({ labels, value }) => [`${labels.method} ${labels.route} ${labels.status}`, value]),
  );
}

/** Waits for the count: a response that is cut off is counted when its connection closes. */
function countedWhen(times: number): Promise<Record<string, number>> {
  return until(`${times} counted`, async () => {
    const seen = await counts();
    return Object.values(seen).reduce((sum, one) => sum + one, 0) >= times && seen;
  });
}

for (const framework of FRAMEWORKS) {
  const create = async (): Promise<App> => (await import(`./support/frameworks/${framework}.ts`)).createApp();

  const expected = Object.fromEntries(
    CASES.map(([path, status, counted]) => {
      const ended = path === '/streamed' && COUNTED_AS_ENDED.has(framework);
      return [ended ? `GET ${path} ${status}` : counted, 1];
    }),
  );

  test(`${framework}: every response has the request id and is counted once, also if a handler throws or the response is cut off`, async (t) => {
    const { url } = await serve(t, await create());
    const agent = new Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    for (const [path, status] of CASES) {
      const answer = await send(url + path, agent, `id-of${path.replaceAll('/', '.')}`);
      assert.deepEqual(
        answer,
        {
          status,
          id: `id-of${path.replaceAll('/', '.')}`,
          connection: path === '/streamed' ? answer.connection : 'keep-alive',
          whole: path !== '/streamed',
        },
        path,
      );
    }
    assert.deepEqual(await countedWhen(CASES.length), expected);
  });

  test(`${framework}: every response of a draining worker closes its connection, and the drain cuts none`, async (t) => {
    const { url, drain } = await serve(t, await create());
    const agent = new Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    // One idle connection for each later request, because a draining worker accepts no new connection.
    await Promise.all(CASES.map((_, i) => send(`${url}/ok/${i}`, agent, 'before')));
    const drained = drain.start(0, 60_000);
    for (const [path, status] of CASES) {
      const { connection, ...answer } = await send(url + path, agent, 'draining');
      assert.deepEqual([answer.status, answer.id, connection], [status, 'draining', 'close'], path);
    }
    assert.equal(await drained, 0);
    const before = CASES.length;
    const ok = CASES[0][2];
    assert.deepEqual(await countedWhen(2 * before), { ...expected, [ok]: before + 1 });
  });
}
