/**
 * Checks that the shipped configuration gives one client at most a quarter of each resource of nginx and the app:
 * docs/reference/client-limits.md.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { readSettings } from '../packages/cluster-runtime/src/core/settings.ts';

const SHARE = 1 / 4;
/** Requests per second that two workers answer: `requests_per_second` in docs/explanation/load.md. */
const SERVED_PER_SECOND = 3_250;
/** Memory of one connection without its headers, kernel memory included: measured with 8,192 connections. */
const CONNECTION_BYTES = 12 * 1024;
/** Memory of nginx with all connections idle: measured. */
const AT_REST_BYTES = 24 * 1024 * 1024;
/** File descriptors of an nginx process beside its connections. */
const OTHER_FILES = 100;

const text = (path: string) => readFileSync(join(import.meta.dirname, '..', path), 'utf8');
const conf = (name: string) => text(`nginx/${name}`).replace(/^\s*#.*$/gm, '');
const nginx = conf('nginx.conf');
const limits = conf('limits.conf');

/** Returns the groups of the only match of `pattern`. Fails unless there is exactly one. */
function only(source: string, pattern: RegExp): string[] {
  const found = [...source.matchAll(new RegExp(pattern, 'gm'))];
  assert.equal(found.length, 1, `${pattern} matches ${found.length} times`);
  return found[0]!.slice(1);
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };
function bytes(size: string): number {
  const [, number, unit] = /^(\d+)([kmg]?)$/i.exec(size) ?? assert.fail(`not a size: ${size}`);
  return Number(number) * UNITS[unit!.toLowerCase()]!;
}
const seconds = (time: string) =>
  Number(/^(\d+)s$/.exec(time)?.[1] ?? assert.fail(`not a time in seconds: ${time}`));
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
/** Returns the sum of max_conns of an upstream. */
function maxConns(upstream: string): number {
  const [servers] = only(conf('compose.conf'), new RegExp(`^upstream ${upstream} \\{([^}]*)\\}`));
  return [...servers!.matchAll(/server app:8041 .*max_conns=(\d+)/g)]
    .map(([, most]) => Number(most))
    .reduce((sum, most) => sum + most, 0);
}
const inTheApp = maxConns('application');
const longInTheApp = maxConns('application_long');
const [longOfOne] = only(conf('long-request.conf'), /^limit_conn client_long_requests (\d+);/).map(Number);
const connections = Number(setting('worker_processes')) * Number(setting('worker_connections'));
const headerBytes = () => {
  const [count, size] = setting('large_client_header_buffers').split(' ');
  return Number(count) * bytes(size!);
};
const answerBytes = () => {
  const [count, size] = setting('proxy_buffers').split(' ');
  return (Number(count) + 1) * bytes(size!);
};

test('requests: one client has at most its share of the requests in the app', () => {
  assert.ok(inTheApp > 0);
  assert.ok(requestsOfOne! <= SHARE * inTheApp, `${requestsOfOne} of ${inTheApp}`);
});

test('long requests: one client has at most its share of them, and they are not the ordinary requests', () => {
  assert.ok(longInTheApp > 0);
  assert.ok(longOfOne! <= SHARE * longInTheApp, `${longOfOne} of ${longInTheApp}`);
});

test('rate: one client has at most its share of the throughput, in its rate and in its burst', () => {
  assert.ok(rateOfOne! <= SHARE * SERVED_PER_SECOND, `${rateOfOne} of ${SERVED_PER_SECOND}`);
  assert.ok(burstOfOne! <= SHARE * SERVED_PER_SECOND, `${burstOfOne} of ${SERVED_PER_SECOND}`);
});

test('log: one client causes at most its share of the lines per second', () => {
  const mostLines = (name: string) => Number(only(text(`nginx/${name}`), /^\s*MOST_LINES = (\d+)$/)[0]);
  const statuses = only(text('nginx/own-answers.awk'), /split\("([\d ]+)"/)[0]!.split(' ').length;
  // One more line reports how many were left out.
  const rejected = statuses * (mostLines('own-answers.awk') + 1);
  const errors = mostLines('error-log.awk') + 1;
  const lines = rateOfOne! + rejected + errors;
  assert.ok(lines <= SHARE * SERVED_PER_SECOND, `${lines} of ${SERVED_PER_SECOND}`);
});

test('disk: bodies and answers of one client use at most its share of the writable directory', () => {
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
  // Only bodies known to be small are buffered until they are complete.
  const all = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.conf') && name !== 'nginx.conf')
    .map(conf)
    .join('\n');
  assert.equal(
    [...all.matchAll(/if \(\$streamed\) \{[^}]*\}\s*proxy_request_buffering on;/g)].length,
    [...all.matchAll(/proxy_request_buffering on;/g)].length,
  );
});

test('connections: the firewall rule gives one client at most its share, and half of one nginx process', () => {
  const [ofOne4] = only(text('nginx/client-connections.nft'), /ip saddr ct count over (\d+) /).map(Number);
  const [ofOne6] = only(text('nginx/client-connections.nft'), /ffff:: ct count over (\d+) /).map(Number);
  for (const ofOne of [ofOne4!, ofOne6!]) {
    assert.ok(ofOne <= SHARE * connections, `${ofOne} of ${connections}`);
    assert.ok(ofOne <= Number(setting('worker_connections')) / 2, `${ofOne} in one process`);
  }
  const files = compose.ulimits.nofile;
  const needed = Number(setting('worker_connections')) + OTHER_FILES;
  assert.ok(files >= needed, `nofile is ${files}; one process may need ${needed}`);
});

test('memory: all connections with the largest headers and all waiting answers fit', () => {
  const most = AT_REST_BYTES + connections * (CONNECTION_BYTES + headerBytes()) + inTheApp * answerBytes();
  const room = bytes(compose.mem_limit);
  assert.ok(most <= room, `${most} of ${room} bytes`);
  const ofOne = SHARE * connections * (CONNECTION_BYTES + headerBytes()) + requestsOfOne! * answerBytes();
  assert.ok(ofOne <= SHARE * room, `one client: ${ofOne} of ${room} bytes`);
});

test('time: the timeouts between two bytes are shorter than the timeout of a whole request', () => {
  const deadline = readSettings({}).requestTimeoutMs / 1000;
  for (const gap of ['client_body_timeout', 'proxy_send_timeout']) {
    assert.ok(seconds(setting(gap)) < deadline, `${gap} is not below ${deadline} s`);
  }
  for (const each of ['client_header_timeout', 'send_timeout'])
    assert.ok(seconds(setting(each)) <= deadline, each);
});
