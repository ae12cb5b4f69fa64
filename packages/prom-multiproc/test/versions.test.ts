/**
 * Two versions of an application with different definitions of a metric, at the same time or one after the other:
 * REFERENCE.md#labels-and-versions.
 */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Reader } from '../src/reader.ts';
import { until } from './support/poll.ts';
import { sample, samples } from './support/sample.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

interface Report {
  readonly text: string;
  readonly json: string;
  readonly warnings: readonly string[];
}

async function start(t: TestContext, directory: string, version: '1' | '2') {
  const program = join(import.meta.dirname, 'support/version-process.ts');
  const child = fork(program, [version], {
    env: { ...process.env, PROMETHEUS_MULTIPROC_DIR: directory, PROMETHEUS_MULTIPROC_REFRESH_MS: '20' },
    silent: true,
  });
  t.after(() => void child.kill('SIGKILL'));
  await once(child, 'message');
  return {
    async report(): Promise<Report> {
      child.send('report');
      const [report] = await once(child, 'message');
      return report;
    },
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

function opened(t: TestContext, directory: string): Reader {
  const reader = new Reader(directory, {
    onUnreadable(path, error) {
      throw new Error(`${path} cannot be read`, { cause: error });
    },
  });
  t.after(() => reader.close());
  return reader;
}

function headOf(text: string, name: string): string[] {
  return text.split('\n').filter((line) => new RegExp(`^# (HELP|TYPE) ${name} `).test(line));
}

/** Checks the totals of both versions, which do not depend on the order, and the help text of the first. */
function expectBoth(text: string, first: '1' | '2'): void {
  assert.deepEqual(samples(text, 'labelled_total').toSorted(), [
    'labelled_total{region="eu",route="/"} 1',
    'labelled_total{route="/"} 1',
  ]);
  assert.equal(sample(text, 'helped_total'), 2);
  assert.deepEqual(headOf(text, 'helped_total'), [
    `# HELP helped_total Help of version ${first}`,
    '# TYPE helped_total counter',
  ]);
  assert.deepEqual(samples(text, 'seconds'), [
    'seconds_bucket{le="1"} 2',
    'seconds_bucket{le="2"} 3',
    'seconds_bucket{le="3"} 4',
    'seconds_bucket{le="10"} 5',
    'seconds_bucket{le="+Inf"} 6',
    'seconds_sum 15',
    'seconds_count 6',
  ]);
  assert.equal(sample(text, 'sizes_count{route="/"}'), 2);
  assert.equal(sample(text, 'sizes_sum{route="/"}'), 8);
  assert.equal(sample(text, 'sizes_count{route="/old"}'), 1);
}

for (const [first, second] of [
  ['1', '2'],
  ['2', '1'],
] as const) {
  test(`versions ${first} and ${second} at the same time show the same totals, as does a reader`, async (t) => {
    const directory = temporaryDirectory(t);
    const early = opened(t, directory);
    const older = await start(t, directory, first);
    early.metrics();
    const newer = await start(t, directory, second);
    const reports = [await older.report(), await newer.report()];
    for (const text of [...reports.map((one) => one.text), early.metrics(), opened(t, directory).metrics()]) {
      expectBoth(text, first);
      assert.deepEqual(headOf(text, 'typed').at(1), `# TYPE typed ${first === '1' ? 'counter' : 'gauge'}`);
      assert.deepEqual(samples(text, 'typed'), [first === '1' ? 'typed 7' : 'typed 70'], 'one type only');
      assert.equal(sample(text, 'aggregated'), first === '1' ? 8 : 5);
    }
    for (const { json } of reports) assert.ok(JSON.parse(json).length > 8);
    // The warnings are emitted after the first report.
    const [ofOlder, ofNewer] = [(await older.report()).warnings, (await newer.report()).warnings];
    assert.deepEqual(ofOlder, []);
    assert.equal(ofNewer.length, 1, 'the version whose metric is not shown warns');
    assert.match(ofNewer[0]!, /^typed is a \w+ in this process but a \w+ in the metrics directory/);
    assert.equal(readdirSync(directory).length, 2);
  });

  test(`version ${second} keeps the counts of version ${first} in the same slot, and version ${first} continues them again`, async (t) => {
    const directory = temporaryDirectory(t);
    const reader = opened(t, directory);
    await (await start(t, directory, first)).kill();
    reader.metrics();
    const successor = await start(t, directory, second);
    const { text } = await successor.report();
    for (const each of [text, reader.metrics(), opened(t, directory).metrics()]) {
      expectBoth(each, first);
      assert.deepEqual(samples(each, 'typed'), first === '1' ? ['typed 7'] : [], 'a gauge is not inherited');
    }
    const quantiles = (second === '2' ? ['0.1', '0.9'] : ['0.5']).map(
      (quantile) => `sizes{quantile="${quantile}",route="/"} 4`,
    );
    // Quantiles are shown after the next refresh.
    const alone = await until('quantiles of the present version', () => {
      const shown = reader.workerMetrics(0)!;
      const own = samples(shown, 'sizes{').filter((line) => line.includes('route="/"'));
      return own.join() === quantiles.join() && shown;
    });
    assert.equal(sample(alone, 'sizes_count{route="/"}'), 2);
    await successor.kill();
    // Back to the first version: it finds its series again.
    const bytes = reader.slots()[0]!.bytes;
    const { text: third } = await (await start(t, directory, first)).report();
    assert.equal(sample(third, 'helped_total'), 3);
    assert.equal(sample(third, 'seconds_count'), 9);
    assert.equal(reader.slots()[0]!.bytes, bytes);
    assert.deepEqual(readdirSync(directory), ['slot-0.metrics']);
  });
}
