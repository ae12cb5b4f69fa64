/**
 * One client's share of what nginx and the app have, added up from the files as they are shipped. A value that is changed alone
 * fails here, and says which sum no longer holds; docs/reference/client-limits.md has the sums.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { readSettings } from '../packages/cluster-runtime/src/core/settings.ts';

const SHARE = 1 / 4;
/** Requests a second that two workers answer: docs/explanation/load.md, `requests_per_second`, the faster of its two runs. */
const SERVED_PER_SECOND = 3_250;
/** Of a connection in nginx, without its headers: measured with 8,192 of them, the kernel's part included. */
const CONNECTION_BYTES = 12 * 1024;
/** nginx with its connections allocated and none in use: measured. */
const AT_REST_BYTES = 24 * 1024 * 1024;
/** Descriptors that a process of nginx has beside its connections. */
const OWN_FILES = 100;

const text = (path: string) => readFileSync(join(import.meta.dirname, '..', path), 'utf8');
const conf = (name: string) => text(`nginx/${name}`).replace(/^\s*#.*$/gm, '');
const nginx = conf('nginx.conf');
const limits = conf('limits.conf');

/** The one place where a file has this; the groups of it. */
function only(source: string, pattern: RegExp): string[] {
  const found = [...source.matchAll(new RegExp(pattern, 'gm'))];
  assert.equal(found.length, 1, `${pattern} is there ${found.length} times`);
  return found[0]!.slice(1);
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };
function bytes(size: string): number {
  const [, number, unit] = /^(\d+)([kmg]?)$/i.exec(size) ?? assert.fail(`${size} is no size`);
  return Number(number) * UNITS[unit!.toLowerCase()]!;
}
const seconds = (time: string) =>
  Number(/^(\d+)s$/.exec(time)?.[1] ?? assert.fail(`${time} is no time in seconds`));
const setting = (name: string) => only(nginx, new RegExp(`^\\s*${name} ([^;]+);`))[0]!;

interface Service {
  readonly mem_limit: string;
  readonly tmpfs: string;
  readonly ulimits: { readonly nofile: number };
}
const compose = (parse(text('docker-compose.yml'), { merge: true }) as { services: { nginx: Service } })
  .services.nginx;

const [requestsOfOne] = only(limits, /^limit_conn client_requests (\d+);/).map(Number);
const [rateOfOne] = only(limits, /zone=client_rate:\w+ rate=(\d+)r\/s;/).map(Number);
const [burstOfOne] = only(limits, /^limit_req zone=client_rate burst=(\d+) nodelay;/).map(Number);
const [application] = only(conf('compose.conf'), /^upstream application \{([^}]*)\}/);
const inTheApp = [...application!.matchAll(/server app:8041 .*max_conns=(\d+)/g)]
  .map(([, most]) => Number(most))
  .reduce((sum, most) => sum + most, 0);
const connections = Number(setting('worker_processes')) * Number(setting('worker_connections'));
const headerBytes = () => {
  const [count, size] = setting('large_client_header_buffers').split(' ');
  return Number(count) * bytes(size!);
};
const answerBytes = () => {
  const [count, size] = setting('proxy_buffers').split(' ');
  return (Number(count) + 1) * bytes(size!);
};

test('requests: one client has at most its share of those that the app works on', () => {
  assert.ok(inTheApp > 0);
  assert.ok(requestsOfOne! <= SHARE * inTheApp, `${requestsOfOne} of ${inTheApp}`);
});

test('rate: one client has at most its share of what is served, and no more than that at once', () => {
  assert.ok(rateOfOne! <= SHARE * SERVED_PER_SECOND, `${rateOfOne} of ${SERVED_PER_SECOND}`);
  assert.ok(burstOfOne! <= SHARE * SERVED_PER_SECOND, `${burstOfOne} of ${SERVED_PER_SECOND}`);
});

test('log: one client has at most its share of the lines in a second', () => {
  const mostLines = (name: string) => Number(only(text(`nginx/${name}`), /^\s*MOST_LINES = (\d+)$/)[0]);
  const statuses = only(text('nginx/own-answers.awk'), /split\("([\d ]+)"/)[0]!.split(' ').length;
  // One more line says how many were left out.
  const refused = statuses * (mostLines('own-answers.awk') + 1);
  const errors = mostLines('error-log.awk') + 1;
  const lines = rateOfOne! + refused + errors;
  assert.ok(lines <= SHARE * SERVED_PER_SECOND, `${lines} of ${SERVED_PER_SECOND}`);
});

test('disk: bodies and answers of one client fill at most its share of the one place to write', () => {
  const place = bytes(only(compose.tmpfs, /size=(\w+)/)[0]!);
  const inMemory = bytes(setting('client_body_buffer_size'));
  const kept =
    setting('proxy_request_buffering') === 'off'
      ? 10 ** Number(only(nginx, /"~\^\[0-9\]\{1,(\d+)\}\$" 0;/)[0]) - 1
      : bytes(setting('client_max_body_size'));
  assert.ok(
    setting('proxy_request_buffering') !== 'off' || kept <= inMemory,
    `a small body is ${kept} bytes`,
  );
  const body = kept <= inMemory ? 0 : kept;
  const answer = bytes(setting('proxy_max_temp_file_size'));
  const share = requestsOfOne! * (body + answer);
  assert.ok(share <= SHARE * place, `${share} of ${place} bytes`);
  // Where a body is kept until it is whole, it is one that is known to be small.
  assert.deepEqual(
    [...conf('public.conf').matchAll(/if \(\$streamed\) \{[^}]*\}\s*proxy_request_buffering on;/g)].length,
    [
      ...readdirSync(import.meta.dirname)
        .filter((name) => name.endsWith('.conf') && name !== 'nginx.conf')
        .map(conf)
        .join('\n')
        .matchAll(/proxy_request_buffering on;/g),
    ].length,
  );
});

test('connections: one client, as the host guide limits it, has at most its share, and half of one process', () => {
  const [ofOne4] = only(text('nginx/one-client.nft'), /ip saddr ct count over (\d+) /).map(Number);
  const [ofOne6] = only(text('nginx/one-client.nft'), /ffff:: ct count over (\d+) /).map(Number);
  for (const ofOne of [ofOne4!, ofOne6!]) {
    assert.ok(ofOne <= SHARE * connections, `${ofOne} of ${connections}`);
    assert.ok(ofOne <= Number(setting('worker_connections')) / 2, `${ofOne} in one process`);
  }
  const files = compose.ulimits.nofile;
  const needed = Number(setting('worker_connections')) + OWN_FILES;
  assert.ok(files >= needed, `nofile is ${files}, and one process may need ${needed}`);
});

test('memory: all connections with the largest headers fit, and all answers that wait', () => {
  const most = AT_REST_BYTES + connections * (CONNECTION_BYTES + headerBytes()) + inTheApp * answerBytes();
  const room = bytes(compose.mem_limit);
  assert.ok(most <= room, `${most} of ${room} bytes`);
  const ofOne = SHARE * connections * (CONNECTION_BYTES + headerBytes()) + requestsOfOne! * answerBytes();
  assert.ok(ofOne <= SHARE * room, `one client: ${ofOne} of ${room} bytes`);
});

test('time: headers and bodies have a deadline in all, and none is shorter than the gap that is allowed in it', () => {
  const deadline = readSettings({}).requestTimeoutMs / 1000;
  for (const gap of ['client_body_timeout', 'proxy_send_timeout']) {
    assert.ok(seconds(setting(gap)) < deadline, `${gap} is not below ${deadline} s`);
  }
  for (const each of ['client_header_timeout', 'send_timeout'])
    assert.ok(seconds(setting(each)) <= deadline, each);
});
