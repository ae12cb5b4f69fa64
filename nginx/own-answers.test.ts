/** Runs own-answers.awk with this machine's awk. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../packages/prom-multiproc/test/support/temporary-directory.ts';

const MOST_LINES = 10;

const line = (fields: Record<string, string>): string =>
  JSON.stringify({
    time: '2026-01-01T00:00:00+00:00',
    request_id: '0123456789abcdef0123456789abcdef',
    server_port: '8040',
    remote_addr: '192.0.2.1',
    method: 'GET',
    path: '/',
    status: '429',
    bytes_sent: '583',
    request_time: '0.000',
    upstream_addr: '',
    upstream_status: '',
    upstream_response_time: '',
    ...fields,
  });

const fileFor = (t: TestContext): string => join(temporaryDirectory(t), 'counts');

/** Returns the lines that are written to the access log. */
function run(file: string, lines: readonly string[], path = process.env.PATH): string[] {
  const args = ['-v', `file=${file}`, '-f', join(import.meta.dirname, 'own-answers.awk')];
  const input = lines.map((text) => `${text}\n`).join('');
  return execFileSync('awk', args, {
    input,
    encoding: 'utf8',
    env: { ...process.env, PATH: path, LC_ALL: 'C' },
  })
    .split('\n')
    .slice(0, -1);
}

const counts = (file: string): Record<string, number> =>
  Object.fromEntries(
    [
      ...readFileSync(file, 'utf8').matchAll(
        /^nginx_own_answers_total\{server="(\w+)",status="(\d+)"\} (\d+)$/gm,
      ),
    ]
      .filter(([, , , n]) => n !== '0')
      .map(([, server, status, n]) => [`${server} ${status}`, Number(n)]),
  );

test('each line is counted by server and status, and the counts are written at the next tick', (t) => {
  const file = fileFor(t);
  const passedOn = { status: '502', upstream_status: '502' };
  run(file, [
    line({}),
    line({ server_port: '9040', status: '405' }),
    line({}),
    line(passedOn),
    'tick',
    line({}),
  ]);
  assert.deepEqual(counts(file), { 'public 429': 2, 'public 502': 1, 'metrics 405': 1 });
});

test('an unknown server is counted under its port, and its requests are logged', (t) => {
  const file = fileFor(t);
  assert.equal(run(file, [line({ server_port: '9999' }), 'tick']).length, 1);
  assert.deepEqual(counts(file), { '9999 429': 1 });
});

test('zero counts and the time of writing are in the file from the start, in the Prometheus text format', (t) => {
  const file = fileFor(t);
  run(file, []);
  const text = readFileSync(file, 'utf8');
  for (const server of ['public', 'metrics']) {
    for (const status of [400, 408, 413, 414, 429, 431, 500, 502, 503, 504]) {
      assert.match(
        text,
        new RegExp(`^nginx_own_answers_total\\{server="${server}",status="${status}"\\} 0$`, 'm'),
      );
    }
  }
  assert.match(text, /^# TYPE nginx_own_answers_total counter$/m);
  const [, written] = /^nginx_own_answers_written_timestamp_seconds (\d+)$/m.exec(text)!;
  assert.ok(Number(written) <= Date.now() / 1000 && Number(written) > Date.now() / 1000 - 3600);
});

test('unchanged counts are not written again at the next tick, because a write starts three programs', (t) => {
  const directory = temporaryDirectory(t);
  const moves = join(directory, 'moves');
  // The program renames the file with the first mv on the PATH.
  writeFileSync(join(directory, 'mv'), `#!/bin/sh\necho >>'${moves}'\nexec /bin/mv "$@"\n`, { mode: 0o755 });
  const path = `${directory}:${process.env.PATH}`;
  run(join(directory, 'counts'), [line({}), 'tick', 'tick', 'tick', line({}), 'tick', 'tick'], path);
  assert.deepEqual(counts(join(directory, 'counts')), { 'public 429': 2 });
  assert.equal(readFileSync(moves, 'utf8').length, 3, 'writes: at the start and after each change');
});

test('a new run continues from the counts in the file', (t) => {
  const file = fileFor(t);
  run(file, [line({}), line({ status: '503' }), 'tick']);
  run(file, [line({}), 'tick']);
  assert.deepEqual(counts(file), { 'public 429': 2, 'public 503': 1 });
});

test('at most 10 lines of one status and second are logged, then the number of the others; all are counted', (t) => {
  const file = fileFor(t);
  const flood = Array.from({ length: 1000 }, (_, i) => line({ path: `/${i}` }));
  const other = line({ status: '413' });
  const later = line({ time: '2026-01-01T00:00:01+00:00' });
  const logged = run(file, [...flood, other, later, 'tick']);
  assert.deepEqual(logged.slice(0, MOST_LINES + 1), [...flood.slice(0, MOST_LINES), other]);
  assert.deepEqual(JSON.parse(logged[MOST_LINES + 1]!), {
    time: '2026-01-01T00:00:00+00:00',
    level: 'warn',
    msg: 'more requests rejected by nginx are not logged',
    server: 'public',
    status: '429',
    left_out: 1000 - MOST_LINES,
  });
  assert.deepEqual(logged.slice(MOST_LINES + 2), [later]);
  assert.deepEqual(counts(file), { 'public 429': 1001, 'public 413': 1 });
});

test('the number of lines not logged is reported at the next tick at the latest', (t) => {
  const logged = run(fileFor(t), [...Array.from({ length: 20 }, () => line({})), 'tick']);
  assert.equal((JSON.parse(logged.at(-1)!) as { left_out: number }).left_out, 20 - MOST_LINES);
});

test('a request that nginx passed on is counted and not logged a second time', (t) => {
  const file = fileFor(t);
  const lines = [
    line({ status: '503', upstream_status: '502' }),
    line({ status: '499', upstream_status: '-' }),
  ];
  assert.deepEqual(run(file, [...lines, 'tick']), []);
  assert.deepEqual(counts(file), { 'public 503': 1, 'public 499': 1 });
});

test('text in a path is not parsed as a field', (t) => {
  const file = fileFor(t);
  const path = ',"status":"200","server_port":"9040","upstream_status":"200"';
  assert.equal(run(file, [line({ path }), 'tick']).length, 1);
  assert.deepEqual(counts(file), { 'public 429': 1 });
});

test('if the file cannot be written, the program continues', (t) => {
  const file = fileFor(t);
  const missing = join(file, 'not-there', 'counts');
  assert.equal(run(missing, [line({}), 'tick', line({})]).length, 2);
  assert.equal(existsSync(missing), false);
});
