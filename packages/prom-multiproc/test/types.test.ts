/** The types of shared metrics. `tsc` checks them; the test runs the valid calls. */
import { test } from 'node:test';
import client, { Counter, Gauge, Histogram, type RegistryContentType, Summary } from 'prom-client';
import { metricsHandler, share } from '../src/index.ts';

/** Only compiled. tsc reports an unused `@ts-expect-error` if it accepts a mistake. */
export function mistakes(register: client.Registry): void {
  const config = { name: 'x', help: 'x', labelNames: ['method', 'status'], registers: [register] } as const;
  const counter = new Counter({ ...config, registers: [register] });
  const gauge = new Gauge({ name: 'g', help: 'x', labelNames: ['method', 'status'] });
  const histogram = new Histogram({ name: 'h', help: 'x', labelNames: ['method', 'status'] });
  const summary = new Summary({ name: 's', help: 'x', labelNames: ['method', 'status'] });
  share(register);

  counter.inc({ method: 'GET', status: 200 });
  // @ts-expect-error `route` is not among the label names
  counter.inc({ route: '/' });
  // @ts-expect-error `route` is not among the label names
  counter.labels({ route: '/' });
  // @ts-expect-error `route` is not among the label names
  counter.remove({ route: '/' });

  gauge.set({ method: 'GET' }, 1);
  // @ts-expect-error `route` is not among the label names
  gauge.set({ route: '/' }, 1);
  // @ts-expect-error `route` is not among the label names
  gauge.dec({ route: '/' });

  histogram.observe({ method: 'GET' }, 1);
  // @ts-expect-error `route` is not among the label names
  histogram.observe({ route: '/' }, 1);
  // @ts-expect-error `route` is not among the label names
  histogram.startTimer({ route: '/' });
  // @ts-expect-error `route` is not among the label names
  histogram.zero({ route: '/' });

  summary.observe({ method: 'GET' }, 1);
  // @ts-expect-error `route` is not among the label names
  summary.observe({ route: '/' }, 1);

  // @ts-expect-error a metric is no registry
  share(counter);
  // @ts-expect-error there is no such option
  share(register, { selfMetric: false });
}

test('share() and metricsHandler() accept registries of either content type', () => {
  const openMetrics = new client.Registry<client.OpenMetricsContentType>();
  const any = new client.Registry() as client.Registry<RegistryContentType>;
  for (const register of [openMetrics, any]) {
    share(register);
    metricsHandler(register);
  }
  share(openMetrics);
  metricsHandler(openMetrics);
});
