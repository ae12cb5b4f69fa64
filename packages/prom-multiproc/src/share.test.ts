import assert from 'node:assert/strict';
import { linkSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { AppProcess } from '../test/support/application.ts';
import { until } from '../test/support/poll.ts';
import { sample, samples } from '../test/support/sample.ts';
import { openWriter } from '../test/support/slot-files.ts';
import { temporaryDirectory } from '../test/support/temporary-directory.ts';
import { MAX_SLOTS, slotFileName } from './format/layout.ts';

const HOME = '{route="/"}';

function application(t: TestContext) {
  const directory = temporaryDirectory(t);
  const start = (env?: Record<string, string>) => AppProcess.start(t, directory, env);
  return { directory, start, files: () => readdirSync(directory).sort() };
}

test('without PROMETHEUS_MULTIPROC_DIR a process is plain prom-client', async (t) => {
  const one = await AppProcess.start(t, undefined);
  await one.call('plain', 'inc');
  await one.call('sizes', 'observe', { route: '/' }, 7);
  const text = await one.metrics();
  assert.equal(sample(text, 'plain_total'), 1);
  assert.equal(sample(text, 'sizes{quantile="0.5",route="/"}'), 7, 'quantiles are shown');
  assert.deepEqual(await one.warnings(), []);
});

test('every process shows the sums of counters, gauges, histograms and summaries of all processes', async (t) => {
  const { start, files } = application(t);
  const apps = await Promise.all([start(), start({ LATE_METRICS: '1' }), start()]);
  for (const [i, app] of apps.entries()) {
    await app.call('requests', 'inc', { route: '/' }, i + 1);
    await app.call('inFlight', 'set', 10);
    await app.call('highest', 'set', i);
    await app.call('seconds', 'observe', { route: '/' }, i + 1);
    await app.call('sizes', 'observe', { route: '/' }, 100);
  }
  const reader = await start();
  for (const text of await Promise.all([...apps, reader].map((app) => app.metrics()))) {
    assert.equal(sample(text, `requests_total${HOME}`), 6);
    assert.equal(sample(text, 'in_flight'), 30);
    assert.equal(sample(text, 'highest'), 2);
    assert.deepEqual(samples(text, 'seconds'), [
      'seconds_bucket{le="1",route="/"} 1',
      'seconds_bucket{le="2",route="/"} 2',
      'seconds_bucket{le="4",route="/"} 3',
      'seconds_bucket{le="+Inf",route="/"} 3',
      'seconds_sum{route="/"} 6',
      'seconds_count{route="/"} 3',
    ]);
    assert.equal(sample(text, `sizes_sum${HOME}`), 300);
    assert.equal(sample(text, `sizes_count${HOME}`), 3);
  }
  assert.equal(files().length, 3, 'the reader took no slot');
});

test('no count is lost when a process is killed right after its last increment, and the next process continues its counts', async (t) => {
  const { start, files } = application(t);
  const witness = await start();
  await witness.call('plain', 'inc', 1000);
  const first = await start();
  await first.call('requests', 'inc', { route: '/' }, 4);
  await first.call('inFlight', 'set', 3);
  await first.call('seconds', 'observe', { route: '/' }, 2);
  await first.callAndKill('requests', 'inc', { route: '/' });
  const afterDeath = await witness.metrics();
  assert.equal(sample(afterDeath, `requests_total${HOME}`), 5);
  assert.equal(sample(afterDeath, `seconds_count${HOME}`), 1);
  assert.equal(sample(afterDeath, 'in_flight'), 0, 'gauges of dead processes are not shown');

  const successor = await start();
  await successor.call('requests', 'inc', { route: '/' });
  await successor.call('seconds', 'observe', { route: '/' }, 2);
  assert.deepEqual(files(), ['slot-0.metrics', 'slot-1.metrics']);
  const text = await witness.metrics();
  assert.equal(sample(text, `requests_total${HOME}`), 6);
  assert.equal(sample(text, `seconds_bucket{le="1",route="/"}`), 0);
  assert.equal(sample(text, `seconds_bucket{le="2",route="/"}`), 2);
  assert.equal(sample(text, 'in_flight'), 0, 'a gauge restarts at zero');
});

test('the number of slot files never exceeds the number of processes alive at one time', async (t) => {
  const { start, files } = application(t);
  const alive = await Promise.all([start(), start(), start()]);
  for (const app of alive) await app.call('plain', 'inc');
  for (let kills = 0; kills < 12; kills++) {
    await alive.shift()!.callAndKill('plain', 'inc');
    const next = await start();
    await next.call('plain', 'inc');
    alive.push(next);
  }
  assert.equal(files().length, 3);
  assert.equal(sample(await alive[0]!.metrics(), 'plain_total'), 3 + 12 * 2);
});

test('importing, share() and metrics() take no slot', async (t) => {
  const { start, files } = application(t);
  const reader = await start();
  const text = await reader.metrics();
  assert.equal(sample(text, 'plain_total'), 0);
  assert.deepEqual(samples(text, 'requests_total'), []);
  assert.deepEqual(files(), []);
});

for (const [what, path, message] of [
  [
    'cannot be made',
    'file/metrics',
    /cannot share metrics in .*: .* does not exist and cannot be created in .*ENOTDIR/,
  ],
  ['is not a directory', 'file', /cannot share metrics in .*: .* is not a directory: remove it/],
] as const) {
  test(`if the directory ${what}, a process keeps counting and its metrics() rejects with a message that says what to do`, async (t) => {
    const parent = temporaryDirectory(t);
    writeFileSync(join(parent, 'file'), '');
    const app = await AppProcess.start(t, join(parent, path));
    const rejection = { message };
    await assert.rejects(app.metrics(), rejection);
    await app.call('requests', 'inc', { route: '/' });
    await app.call('seconds', 'observe', { route: '/' }, 1);
    await app.call('inFlight', 'set', 1);
    await app.call('sizes', 'observe', { route: '/' }, 1);
    await assert.rejects(app.metrics(), rejection);
    const warnings = await app.warnings();
    assert.equal(warnings.length, 1, 'reported once');
    assert.match(warnings[0]!, rejection.message);
  });
}

test('if the directory is removed while an application runs, it keeps counting and each process warns once', async (t) => {
  const { directory, start } = application(t);
  const never = { PROMETHEUS_MULTIPROC_REFRESH_MS: '3600000' };
  const [app, reader] = await Promise.all([start(never), start(never)]);
  await app.call('requests', 'inc', { route: '/' });
  assert.equal(sample(await reader.metrics(), `requests_total${HOME}`), 1);
  rmSync(directory, { recursive: true });
  writeFileSync(directory, 'so that it cannot be made again');
  for (let i = 0; i < 3; i++) {
    await app.call('requests', 'inc', { route: '/' });
    await app.call('requests', 'inc', { route: `/${i}` });
    for (const one of [app, reader])
      await assert.rejects(one.metrics(), /cannot share metrics in .* is not a directory/);
  }
  for (const one of [app, reader]) {
    const warnings = (await one.warnings()).filter((warning) => warning.includes('cannot share'));
    assert.equal(warnings.length, 1, warnings.join('\n'));
  }
});

test('if every slot is held, a process keeps counting and its metrics() rejects with the reason', async (t) => {
  const { directory, start } = application(t);
  openWriter(directory);
  const held = join(directory, slotFileName(0));
  for (let slot = 1; slot < MAX_SLOTS; slot++) linkSync(held, join(directory, slotFileName(slot)));
  const app = await start();
  await app.call('plain', 'inc');
  await assert.rejects(app.metrics(), /no free slot in .*: all 10000 are held by living processes/);
  assert.match((await app.warnings()).join(), /no free slot/);
});

test('a directory in place of a slot file is skipped, as a damaged file is', async (t) => {
  const { directory, start } = application(t);
  mkdirSync(join(directory, 'slot-0.metrics'));
  const app = await start();
  await app.call('plain', 'inc');
  assert.equal(sample(await app.metrics(), 'plain_total'), 1);
  assert.deepEqual(readdirSync(directory).sort(), ['slot-0.metrics', 'slot-1.metrics']);
});

test('NaN is dropped and reported once', async (t) => {
  const { start } = application(t);
  const app = await start();
  await app.call('plain', 'inc', 2);
  for (let i = 0; i < 3; i++) await app.call('plain', 'inc', Number.NaN);
  await app.call('plain', 'inc', 1);
  assert.equal(sample(await app.metrics(), 'plain_total'), 3);
  const warnings = await until('the warning', async () => {
    const emitted = await app.warnings();
    return emitted.length > 0 && emitted;
  });
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /plain_total: dropped the value NaN/);
});
