import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { type OpenMetricsContentType, Registry } from 'prom-client';
import { countRequest } from './count-request.ts';
import { httpRequestDuration } from './http-metrics.ts';

const REQUEST = { traceId: '0c5a5f0bb1a4a6c6f5e8a1a4a5c3f3f2' };

test('a duration carries the trace id of its request, and one without a trace is counted as well', async () => {
  const start = performance.now() - 30;
  countRequest('GET', '/users/:id', 200, start, REQUEST);
  countRequest('GET', '/users/:id', 200, start);
  const register = new Registry<OpenMetricsContentType>();
  register.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  register.registerMetric(httpRequestDuration);
  const text = await register.metrics();
  assert.match(text, / # \{trace_id="0c5a5f0bb1a4a6c6f5e8a1a4a5c3f3f2"\} 0\.\d+ /);
  assert.match(text, /_count\{method="GET",route="\/users\/:id",status="200"\} 2\n/);
});

test('with EXEMPLARS=0 the histogram has no room for exemplars', () => {
  const program = `import { httpRequestDuration } from ${JSON.stringify(import.meta.resolve('./http-metrics.ts'))};
    console.log(httpRequestDuration.enableExemplars);`;
  const printed = (exemplars: string) =>
    execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
      encoding: 'utf8',
      env: { EXEMPLARS: exemplars },
    });
  assert.deepEqual([printed('0'), printed('1')], ['false\n', 'true\n']);
});
