import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '../../e2e/support/compose-fixtures.ts';
import type { ComposeStack, Service } from '../../e2e/support/compose-stack.ts';
import { sendRaw } from '../../packages/cluster-runtime/test/support/raw-http.ts';
import { dockerClient } from '../test-kit/docker.ts';

const run = promisify(execFile);
const SERVICES: readonly Service[] = ['app', 'nginx', 'nginx-exporter', 'prometheus'];
const DEADLINE = { timeout: 60_000 };
const BYTES = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));
/** The longest target that nginx accepts, of characters that escaping doubles. */
const QUOTES = '"'.repeat(7_900);
const TIMES = 2_100;

const request = (line: string, ...headers: string[]) =>
  [`${line} HTTP/1.1`, 'Host: localhost', ...headers, 'Connection: close', '', ''].join('\r\n');

/** Requests with a placeholder `{}` for the byte. */
const SHAPES: readonly string[] = [
  request('GET /in-target{}[2J'),
  request('GET /in-query?{}[2J'),
  request('G{}T /in-method'),
  request('GET /in-value', 'X-Value: {}[2J', 'Referer: http://{}', 'Cookie: a={}'),
  request('GET /in-name', 'X{}Name: value'),
  'GET /in-host HTTP/1.1\r\nHost: a{}b\r\nConnection: close\r\n\r\n',
  request('POST /demo/faults/error?{}', 'X-Request-Id: {}', 'Content-Length: 0'),
  request('GET /\xc2\x9b2J', 'X-Value: \xc2{}'),
];

/** Both streams of a container's log, byte for byte. */
async function rawLog(stack: ComposeStack, service: Service): Promise<string> {
  const command = ['-c', '"$1" logs "$2" 2>&1', 'sh', dockerClient(), await stack.containerId(service)];
  const { stdout } = await run('sh', command, { encoding: 'latin1', maxBuffer: 256 * 1024 * 1024 });
  return stdout;
}

const isAccess = (line: string) => line.startsWith('{"time"') && line.includes('"upstream_status"');

/** Runs `work` for each item, at most `concurrency` at a time. */
async function eachOf<T>(all: readonly T[], concurrency: number, work: (one: T) => Promise<unknown>) {
  const left = [...all];
  const next = async (): Promise<void> => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one);
  };
  await Promise.all(Array.from({ length: concurrency }, next));
}

test('no log contains a control byte or an unescaped byte that a client sends', async ({ stack }) => {
  const publicPort = Number(new URL(stack.publicUrl).port);
  const metricsPort = Number(new URL(stack.metricsUrl).port);
  const sent = BYTES.flatMap((byte) => SHAPES.map((shape) => shape.replaceAll('{}', byte)));
  await eachOf(sent, 4, (text) => sendRaw(publicPort, text));
  await eachOf(sent.slice(0, 400), 4, (text) => sendRaw(metricsPort, text));
  // The app's own ports, without nginx: another proxy might pass these bytes on.
  const shapes = SHAPES.filter((shape) => !shape.includes('faults'));
  const insideApp = `
    const { connect } = require('node:net');
    const send = (port, text) => new Promise((done) => {
      const socket = connect(port, '127.0.0.1', () => socket.end(text, 'latin1'));
      socket.on('error', () => {}).on('close', done).resume();
    });
    (async () => {
      for (const port of [8041, 9041]) for (let byte = 0; byte < 256; byte++)
        for (const shape of ${JSON.stringify(shapes)})
          await send(port, shape.replaceAll('{}', String.fromCharCode(byte)));
    })();`;
  await stack.exec('app', 'node', '--eval', insideApp);
  await sendRaw(publicPort, request('GET /last-of-the-bytes'));
  await expect.poll(() => rawLog(stack, 'nginx'), DEADLINE).toContain('"/last-of-the-bytes"');

  for (const service of SERVICES) {
    const log = await rawLog(stack, service);
    expect(log.length, `${service} logs`).toBeGreaterThan(0);
    const text = Buffer.from(log, 'latin1').toString('utf8');
    // Prometheus logs durations with the unit µs.
    const unsafe = service === 'prometheus' ? /[^\t\x20-\x7eµ]/ : /[^\t\x20-\x7e]/;
    const bad = text.split('\n').filter((line) => unsafe.test(line));
    expect(bad.map((line) => JSON.stringify(line.slice(0, 200))).slice(0, 5), service).toEqual([]);
  }
  expect(await rawLog(stack, 'app')).toContain('"the HTTP parser refused a request"');
});

test('a flood of the longest targets does not push earlier lines out of the log', async ({ stack }) => {
  const port = Number(new URL(stack.publicUrl).port);
  const page = readFileSync(resolve(import.meta.dirname, '../../docs/guides/harden.md'), 'utf8').replace(
    /\s+/g,
    ' ',
  );
  const longest = Number(/a line has at most (\d+) bytes/.exec(page)![1]);
  await sendRaw(port, request('GET /done-before'));
  const begun = (await rawLog(stack, 'nginx')).length;
  const flood = Array.from({ length: TIMES }, () => request(`GET /${QUOTES}`));
  await eachOf(flood, 16, (text) => sendRaw(port, text));
  await sendRaw(port, request('GET /done-after'));
  await expect.poll(() => rawLog(stack, 'nginx'), DEADLINE).toContain('"/done-after"');

  const log = await rawLog(stack, 'nginx');
  const lines = log.split('\n').filter(isAccess);
  const paths = lines.map((line) => (JSON.parse(line) as { path: string }).path);
  expect(paths).toContain('/done-before');
  expect(paths).toContain(`/${'"'.repeat(255)} (cut)`);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(longest);
  console.log(`log-lines: ${TIMES} targets of ${QUOTES.length} quotes wrote ${log.length - begun} bytes`);
});

test('of a flood of rejected requests only a part is logged, and the number left out is reported', async ({
  stack,
}) => {
  const port = Number(new URL(stack.publicUrl).port);
  const flood = Array.from({ length: TIMES }, () => request('TRACE /refused-at-once'));
  await eachOf(flood, 16, (text) => sendRaw(port, text));
  const reported = async () => {
    const lines = (await rawLog(stack, 'nginx')).split('\n').filter((line) => line.startsWith('{'));
    const all = lines.map((line) => JSON.parse(line) as Record<string, string | number>);
    const shown = all.filter(({ path }) => path === '/refused-at-once').length;
    const leftOut = all
      .filter(({ left_out, status }) => left_out !== undefined && status === '405')
      .reduce((sum, { left_out }) => sum + Number(left_out), 0);
    return { shown, leftOut, all: shown + leftOut };
  };
  // The count of left-out requests includes those of other tests.
  await expect.poll(async () => (await reported()).all, DEADLINE).toBeGreaterThanOrEqual(TIMES);
  const { shown, leftOut } = await reported();
  console.log(
    `log-lines: of ${TIMES} rejected requests ${shown} are logged and ${leftOut} are reported as left out`,
  );
  expect(shown).toBeLessThan(TIMES / 2);
});
