import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Labels, value and Unix time. */
type ParsedExemplar = readonly [labels: Record<string, string>, value: number, timestamp: number | null];

export interface ParsedMetric {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly (readonly [
    name: string,
    labels: Record<string, string>,
    value: string,
    exemplar: ParsedExemplar | null,
  ])[];
}

const PROGRAM = join(import.meta.dirname, 'parse_openmetrics.py');
/** Where Debian installs the parser, for a Python that was installed otherwise. */
const DEBIAN = '/usr/lib/python3/dist-packages';

/** Returns the metrics of each page as the strict parser of Prometheus' Python client reads them, or the reason why it rejects the page. */
export function parseOpenMetrics(pages: readonly string[]): readonly (readonly ParsedMetric[] | string)[] {
  const { status, stdout, stderr } = spawnSync('python3', [PROGRAM], {
    encoding: 'utf8',
    input: JSON.stringify(pages),
    env: { ...process.env, PYTHONPATH: DEBIAN, PYTHONUTF8: '1' },
    maxBuffer: 2 ** 28,
  });
  assert.equal(
    status,
    0,
    `this test needs python3 and its module prometheus_client (on Debian: apt-get install python3-prometheus-client): ${stderr}`,
  );
  return JSON.parse(stdout);
}
