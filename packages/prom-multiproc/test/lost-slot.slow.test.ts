/** A process whose slot file is lost continues in another slot, and no reader loses counts. */
import assert from 'node:assert/strict';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import client from 'prom-client';
import { CHUNK_BYTES, HEADER_BYTES } from '../src/format/layout.ts';
import { processSlot } from '../src/process/process-slot.ts';
import { AppProcess } from './support/application.ts';
import { TextReader } from './support/directory-text.ts';
import { until } from './support/poll.ts';
import { sample } from './support/sample.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';
import { shareIn } from './support/twin-registries.ts';

const HOME = '{route="/"}';
const OFTEN = { PROMETHEUS_MULTIPROC_REFRESH_MS: '10' };
const NEVER = { PROMETHEUS_MULTIPROC_REFRESH_MS: '3600000' };

/** A process that has counted 3 in each metric in slot 0, and a witness in slot 1 that has read the slots. */
async function counted(t: TestContext, env: Record<string, string>) {
  const directory = join(temporaryDirectory(t), 'metrics');
  mkdirSync(directory);
  const app = await AppProcess.start(t, directory, env);
  const witness = await AppProcess.start(t, directory, env);
  const count = async (amount: number) => {
    await app.call('requests', 'inc', { route: '/' }, amount);
    await app.call('seconds', 'observe', { route: '/' }, amount);
    await app.call('sizes', 'observe', { route: '/' }, amount);
  };
  await count(3);
  await app.call('inFlight', 'set', 4);
  await witness.call('plain', 'inc', 7);
  const path = join(directory, 'slot-0.metrics');
  const totals = async (of: AppProcess) => {
    const text = await of.metrics();
    return [
      `requests_total${HOME}`,
      `seconds_sum${HOME}`,
      `sizes_sum${HOME}`,
      'in_flight',
      'plain_total',
    ].map((name) => sample(text, name));
  };
  assert.deepEqual(await totals(witness), [3, 3, 3, 4, 7]);
  return { directory, path, app, witness, count, totals };
}

/** Waits until the process has reported its lost file. */
function lossWarning(app: AppProcess): Promise<string> {
  return until('the warning', async () => (await app.warnings()).find((text) => text.includes('from zero')));
}

const files = (directory: string) => readdirSync(directory).sort();

function overwrite(path: string, at: number, bytes: Buffer): void {
  const fd = openSync(path, 'r+');
  writeSync(fd, bytes, 0, bytes.length, at);
  closeSync(fd);
}

interface Damage {
  readonly damage: (path: string, app: AppProcess) => unknown;
  readonly warning: RegExp;
  /** The slot files after it. */
  readonly files: readonly string[];
  /** The value after it of the gauge that was 4. */
  readonly gauge: number;
}

const DAMAGES: Record<string, Damage> = {
  removed: {
    damage: (path) => unlinkSync(path),
    warning: /slot-0\.metrics was removed/,
    files: ['slot-0.metrics', 'slot-1.metrics'],
    gauge: 4,
  },
  replaced: {
    damage: (path) => {
      writeFileSync(`${path}.new`, 'x'.repeat(2 * CHUNK_BYTES));
      renameSync(`${path}.new`, path);
    },
    warning: /slot-0\.metrics was (replaced|removed)/,
    files: ['slot-0.metrics', 'slot-1.metrics', 'slot-2.metrics'],
    gauge: 4,
  },
  'truncated to zero bytes': {
    damage: (path, app) => app.truncate(path),
    warning: /slot-0\.metrics was truncated to 0 bytes/,
    files: ['slot-0.metrics', 'slot-1.metrics', 'slot-2.metrics'],
    gauge: 0,
  },
  'truncated by one byte': {
    damage: (path) => truncateSync(path, statSync(path).size - 1),
    warning: /slot-0\.metrics was truncated to \d+ bytes/,
    files: ['slot-0.metrics', 'slot-1.metrics', 'slot-2.metrics'],
    gauge: 0,
  },
  overwritten: {
    damage: (path) => overwrite(path, 0, Buffer.alloc(HEADER_BYTES)),
    warning: /slot-0\.metrics was overwritten/,
    files: ['slot-0.metrics', 'slot-1.metrics', 'slot-2.metrics'],
    gauge: 0,
  },
};

for (const [what, expected] of Object.entries(DAMAGES)) {
  test(`a process whose slot file was ${what} reports it once and continues in another slot`, async (t) => {
    const { directory, path, app, witness, count, totals } = await counted(t, OFTEN);
    await expected.damage(path, app);
    assert.match(await lossWarning(app), expected.warning);
    await count(2);
    assert.deepEqual(
      await totals(witness),
      [5, 5, 5, expected.gauge, 7],
      'the counts of the lost file and the new ones',
    );
    assert.equal(sample(await witness.metrics(), 'prom_multiproc_workers'), 2);
    assert.deepEqual(files(directory), expected.files);
    const stranger = await AppProcess.start(t, directory);
    assert.deepEqual(
      await totals(stranger),
      [2, 2, 2, expected.gauge, 7],
      'a process that had not read the lost file',
    );
    assert.deepEqual(await app.changes(), [], 'the process could share all the time');
    const warnings = (await app.warnings()).filter((text) => text.includes('from zero'));
    assert.equal(warnings.length, 1);

    await app.callAndKill('requests', 'inc', { route: '/' });
    const successor = await AppProcess.start(t, directory);
    await successor.call('requests', 'inc', { route: '/' });
    assert.equal(sample(await witness.metrics(), `requests_total${HOME}`), 7, 'taken over');
    assert.deepEqual(files(directory), expected.files);
  });
}

test('a process that counts in a truncated file is ended by SIGBUS, and its successor skips the file', async (t) => {
  const { directory, path, app, witness, totals } = await counted(t, NEVER);
  truncateSync(path, HEADER_BYTES);
  const signal = await app.callAndCrash('requests', 'inc', { route: '/' });
  assert.equal(signal, 'SIGBUS');
  const successor = await AppProcess.start(t, directory, NEVER);
  await successor.call('requests', 'inc', { route: '/' });
  assert.deepEqual(files(directory), ['slot-0.metrics', 'slot-1.metrics', 'slot-2.metrics']);
  assert.equal(statSync(path).size, HEADER_BYTES, 'the file is not changed');
  const [requests, ...others] = await totals(witness);
  assert.equal(requests, 4);
  assert.deepEqual(others.slice(0, 2), [3, 3]);
});

test('a process whose directory cannot be created again keeps counting and later shares all these counts', async (t) => {
  const { directory, app, witness, count, totals } = await counted(t, OFTEN);
  replaceByFile(directory);
  await lossWarning(app);
  await lossWarning(witness);
  await count(2);
  await assert.rejects(app.metrics(), /cannot share metrics in .*is not a directory/);
  rmSync(directory);
  await until('both processes to share', async () =>
    (await Promise.all([app.changes(), witness.changes()])).every(
      (changes) => changes.at(-1) === 'recovered',
    ),
  );
  await count(1);
  assert.deepEqual(await totals(witness), [6, 6, 6, 4, 7]);
  assert.deepEqual(files(directory), ['slot-0.metrics', 'slot-1.metrics']);
});

/** Replaces the directory by a file. Retries, because living processes create the directory again. */
function replaceByFile(directory: string): void {
  for (;;) {
    try {
      rmSync(directory, { recursive: true, force: true });
      writeFileSync(directory, '', { flag: 'wx' });
      return;
    } catch (error) {
      if (!['EEXIST', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code!)) throw error;
    }
  }
}

test('children and timers created before the loss count in the new slot', async (t) => {
  const directory = temporaryDirectory(t);
  const register = new client.Registry();
  shareIn(directory, register);
  const registers = [register];
  const labelNames = ['route'];
  const counter = new client.Counter({ name: 'a_total', help: 'A', labelNames, registers });
  const histogram = new client.Histogram({ name: 'b', help: 'B', labelNames, buckets: [1e6], registers });
  const gauge = new client.Gauge({ name: 'c', help: 'C', labelNames, registers });
  const summary = new client.Summary({ name: 'd', help: 'D', labelNames, percentiles: [], registers });
  const [incs, observes, sets] = [counter.labels('/'), histogram.labels('/'), gauge.labels('/')];
  const act = () => {
    incs.inc();
    counter.inc({ route: '/' });
    observes.observe(1);
    histogram.startTimer({ route: '/' })();
    sets.inc();
    summary.observe({ route: '/' }, 1);
  };
  act();
  const end = histogram.startTimer({ route: '/' });
  const before = new TextReader(t, directory);
  before.text();
  unlinkSync(join(directory, 'slot-0.metrics'));
  await processSlot(directory).refresh();
  act();
  end();
  const read = (text: string) =>
    ['a_total', 'b_count', 'c', 'd_count'].map((name) => sample(text, `${name}${HOME}`));
  assert.deepEqual(read(before.text()), [4, 5, 2, 2]);
  assert.deepEqual(read(new TextReader(t, directory).text()), [2, 3, 2, 1]);
  counter.reset();
  gauge.remove('/');
  assert.deepEqual(read(new TextReader(t, directory).text()), [undefined, 3, undefined, 1]);
});

test('a gauge whose collect() is pending during the loss is shown from the new slot', async (t) => {
  const directory = temporaryDirectory(t);
  const register = new client.Registry();
  shareIn(directory, register);
  let finish: (() => void) | undefined;
  const gauge = new client.Gauge({
    name: 'a',
    help: 'A',
    registers: [register],
    collect: () => new Promise<void>((resolve) => (finish = resolve)),
  });
  gauge.set(1);
  const slot = processSlot(directory);
  const refreshed = slot.refresh();
  unlinkSync(join(directory, 'slot-0.metrics'));
  const again = slot.refresh();
  gauge.set(2);
  finish!();
  await Promise.all([refreshed, again]);
  assert.equal(sample(new TextReader(t, directory).text(), 'a'), 2);
});

test('a process does not grow a truncated file', async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'slot-0.metrics');
  const register = new client.Registry();
  shareIn(directory, register);
  const counter = new client.Counter({
    name: 'a_total',
    help: 'A',
    labelNames: ['x'],
    registers: [register],
  });
  counter.inc({ x: '1' });
  const whole = readFileSync(path);
  // The used cells are in the pages that remain.
  truncateSync(path, whole.length - 1);
  counter.inc({ x: 'y'.repeat(CHUNK_BYTES) });
  assert.equal(statSync(path).size, whole.length - 1);
  await processSlot(directory).refresh();
  const text = new TextReader(t, directory).text();
  assert.equal(
    sample(text, `a_total{x="${'y'.repeat(CHUNK_BYTES)}"}`),
    1,
    'refused at first, stored in the new slot',
  );
});
