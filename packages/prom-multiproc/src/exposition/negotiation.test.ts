import assert from 'node:assert/strict';
import { test } from 'node:test';
import { negotiate } from './negotiation.ts';

const TEXT = 'text/plain; version=0.0.4; charset=utf-8';
const TEXT_1 = 'text/plain; version=1.0.0; charset=utf-8; escaping=';
const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
const PROTOBUF =
  'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';
const DELIMITED =
  'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';

/** `Accept` of Prometheus 2.30, 2.45 and 2.55 and 3.5, some with --enable-feature=native-histograms. */
const PROMETHEUS_2_30 =
  'application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
const PROMETHEUS_2_45 =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
const PROMETHEUS_2_45_NATIVE = `${DELIMITED},${PROMETHEUS_2_45.replace('1.0.0,', '1.0.0;q=0.8,')}`;
const PROMETHEUS_2_55 =
  'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
const PROMETHEUS_2_55_NATIVE = `${DELIMITED};q=0.5,application/openmetrics-text;version=1.0.0;q=0.4,application/openmetrics-text;version=0.0.1;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1`;
const PROMETHEUS_3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
const PROMETHEUS_3_NATIVE = `${DELIMITED};q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1`;
const PROMETHEUS_3_LEGACY_NAMES = PROMETHEUS_3.replaceAll('allow-utf-8', 'underscores');
const ONLY_PROTOBUF = `${DELIMITED};q=0.6,*/*;q=0.5`;
const ONLY_OLD_TEXT = 'text/plain;version=0.0.4;q=0.6,*/*;q=0.5';

/** What a registry answers whose content type is text, and one whose content type is OpenMetrics. */
const TABLE: readonly (readonly [accept: string | undefined, ofText: string, ofOpenMetrics: string])[] = [
  [undefined, TEXT, OPEN_METRICS],
  ['', TEXT, OPEN_METRICS],
  ['*/*', TEXT, OPEN_METRICS],
  [PROMETHEUS_2_30, TEXT, TEXT],
  [PROMETHEUS_2_45, TEXT, OPEN_METRICS],
  [PROMETHEUS_2_45_NATIVE, PROTOBUF, PROTOBUF],
  [PROMETHEUS_2_55, TEXT, OPEN_METRICS],
  [PROMETHEUS_2_55_NATIVE, PROTOBUF, PROTOBUF],
  [PROMETHEUS_3, `${TEXT_1}allow-utf-8`, `${OPEN_METRICS}; escaping=allow-utf-8`],
  [PROMETHEUS_3_LEGACY_NAMES, `${TEXT_1}underscores`, `${OPEN_METRICS}; escaping=underscores`],
  [PROMETHEUS_3_NATIVE, PROTOBUF, PROTOBUF],
  [ONLY_PROTOBUF, PROTOBUF, PROTOBUF],
  [ONLY_OLD_TEXT, TEXT, TEXT],
  // Of a browser, curl -H, and other tools.
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', TEXT, OPEN_METRICS],
  ['text/plain', TEXT, TEXT],
  ['text/*', TEXT, TEXT],
  ['application/json', TEXT, OPEN_METRICS],
  ['application/openmetrics-text', TEXT, OPEN_METRICS],
  // The highest q wins, then the first, and the most specific range counts.
  [`text/plain;version=0.0.4;q=0.5,${DELIMITED};q=0.4`, TEXT, TEXT],
  [`text/plain;version=0.0.4,${DELIMITED}`, TEXT, TEXT],
  [`${DELIMITED},text/plain;version=0.0.4`, PROTOBUF, PROTOBUF],
  [`${DELIMITED};q=0,*/*`, TEXT, OPEN_METRICS],
  // Only a scraper that names protobuf or text 1.0.0 gets it.
  ['application/*', TEXT, OPEN_METRICS],
  ['text/plain;version=0.0.4;q=0,*/*', TEXT, OPEN_METRICS],
  [
    `text/*;q=0,text/plain;version=1.0.0;q=0.1,${DELIMITED};q=0.05`,
    `${TEXT_1}underscores`,
    `${TEXT_1}underscores`,
  ],
  [
    'text/plain;version=0.0.4;q=0,text/plain;version=1.0.0;q=0.1',
    `${TEXT_1}underscores`,
    `${TEXT_1}underscores`,
  ],
  // Parameters: any case and space, quotes, unknown ones, other values.
  [
    'APPLICATION/vnd.Google.protobuf ; Proto="io.prometheus.client.MetricFamily" ; Encoding=delimited',
    PROTOBUF,
    PROTOBUF,
  ],
  [
    `${DELIMITED};more="a,b;q=0";escaping=values`,
    `${PROTOBUF}; escaping=values`,
    `${PROTOBUF}; escaping=values`,
  ],
  ['text/plain;version=1.0.0;escaping=unknown', `${TEXT_1}underscores`, `${TEXT_1}underscores`],
  ['text/plain;version=0.0.4;charset=utf-8;escaping=dots', TEXT, TEXT],
  ['text/plain;version=2.0.0', TEXT, OPEN_METRICS],
  ['application/openmetrics-text;version=2.0.0', TEXT, OPEN_METRICS],
  [DELIMITED.replace('delimited', 'text'), TEXT, OPEN_METRICS],
  [DELIMITED.replace('MetricFamily', 'Other'), TEXT, OPEN_METRICS],
  ['application/vnd.google.protobuf', TEXT, OPEN_METRICS],
  // Malformed ones are ignored.
  [`${DELIMITED};q=2`, TEXT, OPEN_METRICS],
  [`${DELIMITED};q=0x1,${DELIMITED};q=1e0`, TEXT, OPEN_METRICS],
  [`${DELIMITED};q=-1,text/plain;q=0.1`, TEXT, TEXT],
  [`${DELIMITED};q=;q=x`, TEXT, OPEN_METRICS],
  [`,;,;;=,"${DELIMITED}`, TEXT, OPEN_METRICS],
  [',,text/plain;version=1.0.0;;=;a,', `${TEXT_1}underscores`, `${TEXT_1}underscores`],
  ['__proto__;constructor=1;version', TEXT, OPEN_METRICS],
];

test('each Accept header gets the format that it prefers of those offered, and never an error', () => {
  for (const [accept, ofText, ofOpenMetrics] of TABLE) {
    assert.equal(negotiate(accept, TEXT).contentType, ofText, String(accept));
    assert.equal(negotiate(accept, OPEN_METRICS).contentType, ofOpenMetrics, String(accept));
  }
});

test('OpenMetrics is offered by a text registry only where exemplars are switched on', () => {
  for (const accept of [PROMETHEUS_3, PROMETHEUS_2_55, PROMETHEUS_2_30, 'application/openmetrics-text'])
    assert.equal(negotiate(accept, TEXT).format.syntax, 'text');
  const { contentType, format } = negotiate(PROMETHEUS_3, TEXT, true);
  assert.equal(contentType, `${OPEN_METRICS}; escaping=allow-utf-8`);
  assert.deepEqual(format, { syntax: 'openmetrics', addsTotal: false });
  assert.equal(negotiate('*/*', TEXT, true).contentType, TEXT);
});

test('a series has one name in each format: only an OpenMetrics registry adds _total', () => {
  for (const accept of [PROMETHEUS_3, ONLY_PROTOBUF, ONLY_OLD_TEXT, '*/*']) {
    assert.equal(negotiate(accept, TEXT).format.addsTotal, false);
    assert.equal(negotiate(accept, OPEN_METRICS).format.addsTotal, true);
  }
});

test('a header four times as long as Node accepts is read in linear time', () => {
  // Quadratic time would exceed the time limit of the tests.
  for (const part of ['"\\', ',', ';', '=', 'a;b="c', 'text/plain;q=0.1,'])
    assert.equal(negotiate(part.repeat(65_536 / part.length), TEXT).format.syntax, 'text');
});
