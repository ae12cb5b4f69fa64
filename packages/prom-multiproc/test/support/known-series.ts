import client from 'prom-client';

/** Functions that count in known series, by the way to count, for the metrics that hot paths use. */
export function waysToCount(register: client.Registry): Record<string, () => void> {
  const labels = { method: 'GET', route: '/', status: '200' };
  const config = { help: 'x', labelNames: ['method', 'route', 'status'] as const, registers: [register] };
  const counter = new client.Counter({ ...config, name: 'requests_total' });
  const histogram = new client.Histogram({ ...config, name: 'seconds', buckets: [0.1, 0.5, 1, 5] });
  const gauge = new client.Gauge({ name: 'in_flight', help: 'x', registers: [register] });
  const running = new client.Gauge({ ...config, name: 'running' });
  const [ofCounter, ofHistogram] = [counter.labels(labels), histogram.labels(labels)];
  const ofGauge = running.labels(labels);
  const ways = {
    'inc(labels)': () => counter.inc(labels),
    'inc(labels, value)': () => counter.inc(labels, 2.5),
    'labels().inc()': () => ofCounter.inc(),
    'labels(values).inc()': () => counter.labels('GET', '/', '200').inc(),
    'labels(object).inc()': () => counter.labels(labels).inc(),
    'observe(labels, value)': () => histogram.observe(labels, 0.7),
    'labels().observe(value)': () => ofHistogram.observe(0.7),
    'labels(values).observe(value)': () => histogram.labels('GET', '/', '200').observe(0.7),
    'labels(object).observe(value)': () => histogram.labels(labels).observe(0.7),
    'set(value)': () => gauge.set(7),
    'set(labels, value)': () => running.set(labels, 2.5),
    'labels().set(value)': () => ofGauge.set(2.5),
    'labels(values).set(value)': () => running.labels('GET', '/', '200').set(2.5),
    'labels(object).dec()': () => running.labels(labels).dec(),
  };
  for (const count of Object.values(ways)) count();
  return ways;
}

export function countInNewSeries(register: client.Registry): void {
  (register.getSingleMetric('requests_total') as client.Counter).inc({ route: '/new' });
}
