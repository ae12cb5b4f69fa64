import type { ClientMetric } from '../client/client-internals.ts';
import { showPlainValues } from '../client/plain-values.ts';
import type { MetricHome } from './defined-metric.ts';
import { distinguishLabels } from './exact-labels.ts';
import { installFastPath } from './fast-path.ts';
import { forgetInheritedToo } from './forget-inherited.ts';
import type { CellSource } from './metric-cells.ts';
import { SharedMetric } from './shared-metric.ts';

/** Makes a metric of prom-client count in cells of `source`, by all of its methods. */
export function captureMetric(client: ClientMetric, home: MetricHome, source: CellSource): SharedMetric {
  const metric = new SharedMetric(client, source, home);
  installFastPath(metric);
  distinguishLabels(metric);
  forgetInheritedToo(metric);
  showPlainValues(client);
  return metric;
}
