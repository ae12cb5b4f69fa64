import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COUNTER, definition, GAUGE, HISTOGRAM, SUMMARY } from '../../test/support/slot-files.ts';
import { type LabelPair, type MetricDefinition, RECORD_METRIC, RECORD_SERIES } from './layout.ts';
import { BadLogError, decodeLog, encodeMetric, encodeSeries, type LogRecord } from './log-codec.ts';

const decode = (log: Buffer): LogRecord[] => [...decodeLog(log, [])];

const METRICS: MetricDefinition[] = [
  COUNTER,
  SUMMARY,
  { ...GAUGE, aggregator: 'mostrecent', labelNames: [] },
  { ...HISTOGRAM, bounds: [-2.5, 0, 1e-300, 1e300], labelNames: ['a', 'b', 'c'] },
  definition({ help: '' }),
  definition({ help: 'ü 日本 🙂\n\0"\\\uFEFF', labelNames: Array.from({ length: 60 }, (_, i) => `l${i}`) }),
  definition({ type: 'histogram', bounds: Array.from({ length: 8190 }, (_, i) => i) }),
];

const LABELS: LabelPair[][] = [
  [],
  [[0, '']],
  [[0, '\uFEFFbyte order mark, ü 日本 🙂\n\0"\\']],
  [
    [2, 'c'],
    [0, 'a'],
    [1, 'b'],
  ],
  [[1, 'x'.repeat(200_000)]],
];

test('decoding returns the metrics and series that were encoded', () => {
  const wide = definition({ labelNames: ['a', 'b', 'c'] });
  const log = [...METRICS, wide].map(encodeMetric);
  log.push(...LABELS.map((labels) => encodeSeries(METRICS.length, labels)));
  assert.ok(log.every((record) => record.length % 8 === 0));
  const expected = [
    ...[...METRICS, wide].map((definition) => ({ kind: 'metric', definition })),
    ...LABELS.map((labels) => ({ kind: 'series', metric: METRICS.length, labels })),
  ];
  assert.deepEqual(decode(Buffer.concat(log)), expected);
});

test('half a surrogate pair is encoded as U+FFFD', () => {
  const [, series] = decode(Buffer.concat([encodeMetric(COUNTER), encodeSeries(0, [[0, 'half \ud83d']])]));
  assert.deepEqual(series, { kind: 'series', metric: 0, labels: [[0, 'half \ufffd']] });
});

test('a log truncated at any byte of a record is rejected', () => {
  const metric = encodeMetric(HISTOGRAM);
  const log = Buffer.concat([metric, encodeSeries(0, [[0, 'value']])]);
  for (let length = 1; length < log.length; length++) {
    if (length === metric.length) continue;
    // A record truncated within its padding is complete.
    const payload = (from: number) => 8 + log.readUInt32LE(from);
    const whole =
      length < metric.length ? length >= payload(0) : length >= metric.length + payload(metric.length);
    if (!whole) assert.throws(() => decode(log.subarray(0, length)), BadLogError, `${length} bytes`);
  }
});

test('a record with any invalid field is rejected', () => {
  const metric = encodeMetric(HISTOGRAM);
  const series = encodeSeries(0, [[0, 'value']]);
  const u32 = (at: number, value: number) => (log: Buffer) => log.writeUInt32LE(value, at);
  const f64 = (at: number, value: number) => (log: Buffer) => log.writeDoubleLE(value, at);
  const inSeries = metric.length;
  const damages: Record<string, (log: Buffer) => unknown> = {
    'length too large': u32(0, 0xffffffff),
    'length too large by one word': u32(0, metric.readUInt32LE(0) + 8),
    'length zero': u32(0, 0),
    'length too small': u32(0, metric.readUInt32LE(0) - 1),
    'kind 0': u32(4, 0),
    'kind 3': u32(4, 3),
    'series instead of a metric': u32(4, 2),
    'type 0': u32(8, 0),
    'type 5': u32(8, 5),
    'more label names than bytes': u32(12, 0x7fffffff),
    'one label name more': u32(12, 2),
    'one label name less': u32(12, 0),
    'more bounds than bytes': u32(16, 0x10000000),
    'one bound more': u32(16, 4),
    'one bound less': u32(16, 2),
    'descending bounds': f64(24, 3),
    'the same bound twice': f64(32, 1),
    'a bound of NaN': f64(24, Number.NaN),
    'a bound of +Inf': f64(40, Number.POSITIVE_INFINITY),
    'a bound of -Inf': f64(24, Number.NEGATIVE_INFINITY),
    'name longer than the record': u32(48, 0xfffffff0),
    'name not UTF-8': (log) => log.writeUInt8(0xff, 52),
    'unknown metric': u32(inSeries + 8, 1),
    'more labels than names': u32(inSeries + 12, 2),
    'more labels than bytes': u32(inSeries + 12, 0xffffffff),
    'no labels, but bytes of one': u32(inSeries + 12, 0),
    'label index beyond the names': u32(inSeries + 16, 1),
    'label longer than the record': u32(inSeries + 20, 6),
    'label shorter than its bytes': u32(inSeries + 20, 4),
    'label not UTF-8': (log) => log.writeUInt8(0xc0, inSeries + 24),
  };
  for (const [what, damage] of Object.entries(damages)) {
    const log = Buffer.concat([metric, series]);
    assert.equal(decode(log).length, 2);
    damage(log);
    assert.throws(() => decode(log), BadLogError, what);
  }
});

test('a series with the same label twice is rejected', () => {
  const metric = encodeMetric(definition({ labelNames: ['a', 'b'] }));
  const twice = encodeSeries(0, [
    [1, 'x'],
    [1, 'y'],
  ]);
  assert.throws(() => decode(Buffer.concat([metric, twice])), BadLogError);
});

test('the message about a bad record names its kind, its place and its length', () => {
  const short = Buffer.alloc(16);
  short.writeUInt32LE(2, 0);
  short.writeUInt32LE(RECORD_SERIES, 4);
  assert.throws(() => decode(short), { message: 'series record at byte 0 is too short: 2 bytes' });
  short.writeUInt32LE(RECORD_METRIC, 4);
  assert.throws(() => decode(short), {
    message: 'metric record is too short: 4 more bytes expected (payload byte 8 of 10)',
  });
  short.writeUInt32LE(9, 0);
  assert.throws(() => decode(short), { message: 'record at byte 0 exceeds the log: 9 bytes' });
});
