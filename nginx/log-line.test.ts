/** Computes the longest possible line of the access log from the configuration and compares it with docs/guides/harden.md. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const read = (path: string) => readFileSync(join(import.meta.dirname, path), 'utf8');
const CONF = read('nginx.conf');
/** Fields that the engine's json-file driver adds to a line. */
const ENGINE = JSON.stringify({ log: '\n', stream: 'stdout', time: '2026-01-01T00:00:00.000000000Z' });

const [, format] = /log_format json escape=json\n((?:\s+'.*'\n?)+)/.exec(CONF)!;
const literal = [...format!.matchAll(/'(.*)'/g)].map(([, text]) => text).join('');
const [, pathBytes] = /\{0,(\d+)\}\)\(\?:/.exec(read('log-path.conf'))!;
const [, tries] = /^\s*proxy_next_upstream_tries (\d+);/m.exec(CONF)!;
const [, methodBytes] = /<word>\[A-Za-z_-\]\{1,(\d+)\}/.exec(CONF)!;
const IPV6 = 45;
const list = (bytes: number) => Number(tries) * (bytes + ', '.length);

/** The longest value of each variable, after escaping. A client controls the first two. */
const LONGEST: Record<string, string> = {
  logged_path: `${'"'.repeat(Number(pathBytes))} (cut)`,
  method_sent: 'M'.repeat(Number(methodBytes)),
  time_iso8601: '2026-01-01T00:00:00+00:00',
  request_id: 'f'.repeat(32),
  server_port: '65535',
  remote_addr: 'f'.repeat(IPV6),
  status: '200',
  bytes_sent: '9'.repeat(20),
  request_time: '9'.repeat(14),
  upstream_addr: 'f'.repeat(list(IPV6 + '[]:65535'.length)),
  upstream_status: '5'.repeat(list(3)),
  upstream_response_time: '9'.repeat(list(14)),
};

const ORDINARY: Record<string, string> = {
  ...LONGEST,
  logged_path: '/ping',
  method_sent: 'GET',
  server_port: '8040',
  remote_addr: '198.51.100.23',
  bytes_sent: '345',
  request_time: '0.002',
  upstream_addr: '192.168.100.2:8041',
  upstream_status: '200',
  upstream_response_time: '0.002',
};

function lineOf(values: Record<string, string>): string {
  return literal.replace(/\$(\w+)/g, (_, name: string) => {
    const value = values[name];
    assert.ok(value !== undefined, `$${name} has no bound: limit it in nginx.conf and add it to LONGEST`);
    return JSON.stringify(value).slice(1, -1);
  });
}

const inFile = (line: string) => ENGINE.length + JSON.stringify(line).length - 2;

test('every value of a line is bounded, and the page states the longest line and its size in Docker’s log file', () => {
  const line = lineOf(LONGEST);
  assert.equal(JSON.parse(line).path, LONGEST.logged_path);
  assert.ok(line.length < 4096, 'a write of up to 4096 bytes to a pipe is atomic');
  const page = read('../docs/guides/harden.md').replace(/\s+/g, ' ');
  assert.ok(
    page.includes(`a line has at most ${line.length} bytes, ${inFile(line)} in Docker's log file`),
    `${line.length} bytes, ${inFile(line)} in Docker's log file`,
  );
});

test('failed requests are logged at once, and every other write is atomic', () => {
  const logs = [...CONF.matchAll(/^\s*access_log (\S+) json(.*) if=\$(\w+);/gm)].map(
    ([, file, options, condition]) => ({ file, options, condition }),
  );
  assert.deepEqual(
    logs.map(({ condition, options }) => [condition, options === '']),
    [
      ['succeeded', false],
      ['failed', true],
      ['by_nginx', false],
    ],
  );
  // A file has one buffer, also if only one of its lines in the configuration names it.
  assert.equal(new Set(logs.map(({ file }) => file)).size, logs.length);
  for (const { options } of logs.filter((log) => log.options !== '')) {
    assert.match(options!, /^ buffer=[1-4]k flush=(\d+ms|1s)$/);
  }
});

const UNITS = [
  ['days', 86_400],
  ['hours', 3_600],
  ['minutes', 60],
  ['seconds', 1],
] as const;

function duration(seconds: number): string {
  const [unit, size] = UNITS.find(([, one]) => seconds >= 2 * one)!;
  return `${Math.floor(seconds / size)} ${unit}`;
}

test('the page states how long the access log lasts at each request rate, with the sizes of the compose file', () => {
  const nginx = read('../docker-compose.yml')
    .split(/^ {2}nginx:\n/m)[1]!
    .split(/^ {2}\S/m)[0]!;
  const [, megabytes, files] = /max-size: (\d+)m\n\s+max-file: "(\d+)"/.exec(nginx)!;
  // The current file may be empty.
  const kept = (Number(files) - 1) * Number(megabytes) * 1e6;
  const page = read('../docs/guides/harden.md').replace(/\s+/g, ' ');
  for (const rate of [1, 100, 10_000]) {
    const [ordinary, longest] = [ORDINARY, LONGEST].map((values) => kept / inFile(lineOf(values)) / rate);
    const unit = rate === 1 ? ' per second' : '';
    const part = `${duration(ordinary!)} (${duration(longest!)}) at ${rate.toLocaleString('en')}${unit}`;
    assert.ok(page.includes(part), part);
  }
});
